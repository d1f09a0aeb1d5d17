#include "store/turn.h"

#include "base/file.h"
#include "store/number.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Each source has a byte of the file to be locked, which need not be there. */
static off_t place_of(const char *source)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA256((const unsigned char *)source, strlen(source), digest);
    return (off_t)number_get(digest, 7);
}

static struct flock lock_of(const char *source)
{
    return (struct flock){.l_type = F_WRLCK,
                          .l_whence = SEEK_SET,
                          .l_start = place_of(source ? source : ""),
                          .l_len = 1};
}

int turn_take(const char *data_dir, const char *source, int *turn, struct error *why)
{
    struct flock lock = lock_of(source);
    char *path = file_join(data_dir, TURN_FILE);
    int code = 0;

    if (!path)
        return -ENOMEM;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0) {
        code = error_set(why, -errno, "cannot open %s: %s", path, strerror(errno));
    } else if (fcntl(fd, F_OFD_SETLK, &lock) < 0) {
        code = errno == EAGAIN || errno == EACCES
                   ? error_set(why, ERR_BUSY, "another import or undo of source %s is under way",
                               source ? source : "(none)")
                   : error_set(why, -errno, "cannot lock %s: %s", path, strerror(errno));
        close(fd);
    }
    free(path);
    if (code == 0)
        *turn = fd;
    return code;
}

void turn_leave(int turn)
{
    if (turn >= 0)
        close(turn);
}

int turn_is_taken(const char *data_dir, const char *source)
{
    struct flock lock = lock_of(source);
    char *path = file_join(data_dir, TURN_FILE);
    int taken = 0;

    if (!path)
        return -ENOMEM;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        taken = errno == ENOENT ? 0 : -errno;
    else
        taken = fcntl(fd, F_OFD_GETLK, &lock) < 0 ? -errno : lock.l_type != F_UNLCK;
    turn_leave(fd);
    free(path);
    return taken;
}
