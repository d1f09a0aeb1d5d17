/* A source's folder below a drop folder, where others put files: what is there to be taken, and
 * where it goes.
 *
 * Whoever may write there may do anything there, at any time. So nothing is reached by a path but
 * by an open folder, no symbolic link is followed, and nothing that is there is ever replaced. */
#ifndef TOOL_DROP_H
#define TOOL_DROP_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#define DROP_DONE "done"
#define DROP_FAILED "failed"
#define DROP_NAME_MAX 200 /* octets of a file's name: others are put behind it */

struct drop {
    int folder;
    char **names; /* of what may be to be taken, sorted; the caller may look at them */
    size_t count;
};

/* Opens the folder `name` in the open folder `top`. ERR_NOT_FOUND: there is none. -errno. `why`
 * speaks of it by its name. To be closed whatever it returns. */
int drop_open(int top, const char *name, struct drop *drop, struct error *why);
void drop_close(struct drop *drop);

/* A file that was opened to be read. */
struct drop_file {
    const char *name;
    int fd;
    struct stat was; /* when it was opened */
};

/* Opens the file of that name. ERR_BUSY: it is being written, or changed less than `settle` seconds
 * ago. ERR_NOT_FOUND: it is gone. ERR_FORMAT: it is no regular file, or its name is too long.
 * -errno. */
int drop_take(const struct drop *drop, const char *name, int64_t settle, struct drop_file *file,
              struct error *why);

/* Makes a file of our own beside the others, hidden, and leaves its descriptor; what has the name
 * is removed. -errno. */
int drop_make(const struct drop *drop, const char *name, int *fd, struct error *why);
void drop_remove(const struct drop *drop, const char *name);

/* What goes along with a file: made by drop_make, or NULL. */
struct drop_companion {
    const char *name;
    const char *suffix; /* what it gets behind the file's name */
};

/* Moves the file, and what goes along with it, to `end` (DROP_DONE, DROP_FAILED), with the time
 * behind its name where that is taken; the name it got is left in `final`. ERR_BUSY: it was changed
 * or replaced since it was opened, and stays. -errno. */
int drop_move(const struct drop *drop, const struct drop_file *file, const char *end,
              const struct drop_companion *companions, size_t count, char final[2 * DROP_NAME_MAX],
              struct error *why);

#endif
