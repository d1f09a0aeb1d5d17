#include "tool/handing.h"

#include "base/file.h"
#include "tool/output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int handing_open(const char *path, struct handing *handing, struct error *why)
{
    *handing = HANDING_NOTHING;
    if (strcmp(path, "-") == 0)
        return 0;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    int code = fd < 0 ? -errno : 0;
    if (code)
        return error_set(why, code, "%s: %s", path,
                         code == -EEXIST ? "is there already, and is not written over"
                                         : strerror(-code));
    *handing = (struct handing){path, fd};
    return 0;
}

int handing_write(const struct handing *handing, const struct text *page, struct error *why)
{
    if (handing->fd < 0) {
        output_bytes(page->data, page->length);
        return 0;
    }
    int code = file_write(handing->fd, page->data, page->length);
    if (code == 0 && fsync(handing->fd) < 0 && errno != EINVAL)
        code = -errno;
    return code ? error_set(why, code, "%s: %s", handing->path, strerror(-code)) : 0;
}

void handing_close(struct handing *handing, int code)
{
    if (handing->fd < 0)
        return;
    close(handing->fd);
    if (code < 0 && unlink(handing->path) < 0)
        complain("%s is left behind, and is not the whole", handing->path);
    *handing = HANDING_NOTHING;
}
