#include "tool/spool.h"

#include "base/file.h"
#include "tool/stops.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int failed(const char *what, struct error *why)
{
    int code = errno ? -errno : -EIO;
    return error_set(why, code, "%s: %s", what, strerror(-code));
}

/* Where the file system knows no files without a name, one that has lost it. */
static int open_nameless(const char *folder)
{
    int fd = open(folder, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
        return fd;
    char *name = file_join(folder, "optout.XXXXXX");
    fd = name ? mkostemp(name, O_CLOEXEC) : -1;
    if (fd >= 0)
        unlink(name);
    free(name);
    return fd;
}

int spool_open(int *fd, struct error *why)
{
    const char *folder = getenv("TMPDIR");

    if (!folder || !*folder)
        folder = "/tmp";
    int made = open_nameless(folder);
    if (made < 0)
        return error_set(why, -errno,
                         "no temporary file in %.200s: %s; TMPDIR names another folder", folder,
                         strerror(errno));
    *fd = made;
    return 0;
}

static int write_all(const char *bytes, size_t length, struct error *why)
{
    while (length > 0) {
        ssize_t n = write(STDOUT_FILENO, bytes, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return failed("standard output", why);
        bytes += n;
        length -= (size_t)n;
    }
    return 0;
}

int spool_hand_over(int fd, struct error *why)
{
    char buffer[65536];
    bool held = stops_release();
    ssize_t n = 0;
    int code = lseek(fd, 0, SEEK_SET) < 0 ? failed("the temporary file", why) : 0;

    while (code == 0 && (n = read(fd, buffer, sizeof buffer)) > 0)
        code = write_all(buffer, (size_t)n, why);
    if (code == 0 && n < 0)
        code = failed("the temporary file", why);
    if (held)
        stops_hold();
    return code;
}
