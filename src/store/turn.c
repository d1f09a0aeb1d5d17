#include "store/turn.h"

#include "base/file.h"
#include "store/env.h"
#include "store/number.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOCK_BASE ((uint64_t)1 << 62) /* far behind the end of any data file */

/* A place behind the end of the data file for each source, and for each of its inputs. */
static struct flock lock_of(const char *source, const uint8_t *digest, short type)
{
    const char *name = source ? source : "";
    uint8_t mixed[SHA256_DIGEST_LENGTH], both[2 * SHA256_DIGEST_LENGTH];

    SHA256((const unsigned char *)name, strlen(name), mixed);
    if (digest) {
        memcpy(both, mixed, sizeof mixed);
        memcpy(both + sizeof mixed, digest, EVENT_HASH_SIZE);
        SHA256(both, sizeof both, mixed);
    }
    return (struct flock){.l_type = type,
                          .l_whence = SEEK_SET,
                          .l_start = (off_t)(LOCK_BASE + number_get(mixed, 7)),
                          .l_len = 1};
}

/* 1: it is taken; 0: it was not, and is ours. */
static int take_lock(int fd, struct flock lock)
{
    if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
        return 0;
    return errno == EAGAIN || errno == EACCES ? 1 : -errno;
}

/* Inputs share their source, which an undo has for itself. */
static int take(int fd, const char *source, const uint8_t *digest, struct error *why)
{
    int taken = take_lock(fd, lock_of(source, NULL, digest ? F_RDLCK : F_WRLCK));
    if (taken > 0)
        return error_set(why, ERR_BUSY, "source %s is being %s just now",
                         source ? source : "(none)", digest ? "undone" : "imported or undone");
    if (taken == 0 && digest && (taken = take_lock(fd, lock_of(source, digest, F_WRLCK))) > 0)
        return error_set(why, ERR_BUSY, "this very file is being imported just now");
    return taken;
}

/* Locks of open files: unlike those of processes they know nothing of LMDB's, which lie on its lock
 * file, and leave no file of their own behind. */
int turn_take(const char *list_folder, const char *source, const uint8_t *digest, int *turn,
              struct error *why)
{
    char *path = file_join(list_folder, ENV_DATA_FILE);
    if (!path)
        return error_set(why, -ENOMEM, "no memory to begin a batch");
    int fd = open(path, O_RDWR | O_CLOEXEC);
    int code = fd < 0 ? -errno : take(fd, source, digest, why);
    if (code && code != ERR_BUSY)
        error_set(why, code, "cannot lock %s: %s", path, strerror(-code));
    free(path);
    if (code == 0)
        *turn = fd;
    else
        turn_end(fd);
    return code;
}

void turn_end(int turn)
{
    if (turn >= 0)
        close(turn);
}

int turn_is_taken(const char *list_folder, const char *source, const uint8_t *digest)
{
    struct flock lock = lock_of(source, digest, F_WRLCK);
    char *path = file_join(list_folder, ENV_DATA_FILE);
    int taken = 0;

    if (!path)
        return -ENOMEM;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fcntl(fd, F_OFD_GETLK, &lock) < 0)
        taken = -errno;
    else
        taken = lock.l_type == F_WRLCK;
    turn_end(fd);
    free(path);
    return taken;
}
