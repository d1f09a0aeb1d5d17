#include "bulk/turn.h"

#include "base/file.h"
#include "store/env.h"
#include "store/number.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOCK_BASE ((uint64_t)1 << 62) /* far behind the end of any data file */

/* A place behind the end of the data file for each input and source. */
static off_t place_of(const uint8_t *digest, size_t size, const char *source)
{
    uint64_t mixed = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

    for (size_t i = 0; i < size; i++)
        mixed = (mixed ^ digest[i]) * UINT64_C(0x100000001b3);
    for (const char *c = source; *c; c++)
        mixed = (mixed ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
    return (off_t)(LOCK_BASE + mixed % (LOCK_BASE - 1));
}

/* Locks of open files: unlike those of processes they know nothing of LMDB's, which lie on its lock
 * file, and leave no file of their own behind. */
int turn_take(const char *list_folder, const uint8_t *digest, size_t size, const char *source,
              int *turn, struct error *why)
{
    struct flock lock = {.l_type = F_WRLCK,
                         .l_whence = SEEK_SET,
                         .l_start = place_of(digest, size, source),
                         .l_len = 1};
    char *path = file_join(list_folder, ENV_DATA_FILE);
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    int code = 0;

    if (!path)
        code = error_set(why, -ENOMEM, "no memory to begin a batch");
    else if (fd < 0)
        code = error_set(why, -errno, "cannot open %s: %s", path, strerror(errno));
    else if (fcntl(fd, F_OFD_SETLK, &lock) < 0 && (errno == EAGAIN || errno == EACCES))
        code = error_set(why, ERR_BUSY, "this very file is being imported just now");
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
