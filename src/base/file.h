/* Whole files, written so that a crash leaves the old or the new one. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/error.h"

#include <stddef.h>
#include <sys/types.h>

/* Reads a regular file of at most `max` bytes. On success *data is malloc'd, has *length bytes and
 * a NUL behind them. -errno (-EISDIR, -EINVAL: not a regular file), ERR_TOO_LONG. */
int file_read(const char *path, size_t max, char **data, size_t *length, struct error *why);

/* Writes all of it to an open file. -errno. */
int file_write(int fd, const void *data, size_t length);

/* Replaces `path` by `data`: a new file beside it with exactly these permissions (umask does not
 * count), fsync, rename, fsync of the folder. An old file's owner and group are kept where the
 * caller may set them. A symbolic link is replaced, not followed. -errno; the old file is then
 * still there, unless it was the fsync of the folder that failed. Who is killed on the way leaves
 * `path`.XXXXXX behind. */
int file_replace(const char *path, const void *data, size_t length, mode_t mode, struct error *why);

/* Makes one folder with exactly these permissions; one that is there already is left as it is. On
 * disk when it returns. -errno (-ENOTDIR: something else has the name). */
int file_make_folder(const char *path, mode_t mode, struct error *why);

/* Opens a new file in the folder that has no name, or loses it at once where the file system knows
 * none without: nothing of it is left, however the process ends. The descriptor, or -errno. */
int file_open_nameless(const char *folder);

/* A standard stream that is closed must not become a store's file, which would then be written over
 * by what is meant for people: something that fails when it is used takes its place. First of all
 * in a program. */
void file_hold_standard_streams(void);

/* "folder/name" in a new string, NULL without memory. */
char *file_join(const char *folder, const char *name);

#endif
