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

int spool_open(int *fd, struct error *why)
{
    const char *folder = getenv("TMPDIR");

    if (!folder || !*folder)
        folder = "/tmp";
    int made = file_open_nameless(folder);
    if (made < 0)
        return error_set(why, made, "no temporary file in %.200s: %s; TMPDIR names another folder",
                         folder, strerror(-made));
    *fd = made;
    return 0;
}

int spool_hand_over(int fd, struct error *why)
{
    char buffer[65536];
    bool held = stops_release();
    ssize_t n = 0;
    int code = lseek(fd, 0, SEEK_SET) < 0 ? failed("the temporary file", why) : 0;

    while (code == 0 && (n = read(fd, buffer, sizeof buffer)) > 0)
        if ((code = file_write(STDOUT_FILENO, buffer, (size_t)n)) != 0)
            error_set(why, code, "standard output: %s", strerror(-code));
    if (code == 0 && n < 0)
        code = failed("the temporary file", why);
    if (held)
        stops_hold();
    return code;
}
