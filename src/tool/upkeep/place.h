/* Folders and files with an owner, put in their place in a way that can be killed at any moment and
 * done again.
 *
 * Root does this in folders that others may write, who must not make it give away, empty or remove
 * anything else: no symbolic link is followed unless said so. */
#ifndef TOOL_PLACE_H
#define TOOL_PLACE_H

#include "base/error.h"

#include <stdbool.h>
#include <sys/types.h>

struct owner {
    uid_t uid; /* -1: as it comes */
    gid_t gid;
};

/* Makes a folder with this owner and mode. One that is there is brought to them only as long as it
 * is empty; else it is somebody's and stays as it is. `follow`: it may be a symbolic link, since
 * nobody else may write where it lies. -errno. */
int place_folder(const char *path, bool follow, mode_t mode, const struct owner *owner,
                 struct error *why);

/* Whether `folder` has an entry of that name: 1 or 0; -errno where it cannot be told. */
int place_has(const char *folder, const char *name, struct error *why);

/* Moves a file that we made, and only we know of, up to where others look, after it got owner and
 * mode. What is
 * there is never replaced: ERR_EXISTS. Both folders are on one file system. -errno. */
int place_file(const char *from, const char *to, const char *name, mode_t mode,
               const struct owner *owner, struct error *why);

/* Lets two folders beside each other change places, in one moment; one that is not there yet just
 * gets the other. -ENOTSUP: this file system cannot. -errno. */
int place_exchange(const char *path, const char *other, struct error *why);

/* Whether it could, tried out in `folder`. As place_exchange. */
int place_try_exchange(const char *folder, struct error *why);

/* Whether a store's folder holds nothing else; one that is not there is fine. -EEXIST: `why` names
 * what. -errno. */
int place_check_store(const char *path, struct error *why);

/* Gives a folder with a store that user `maker` made to its owner, with these permissions of the
 * folder and of the data file. Follows no link. -EPERM, -errno. */
int place_give(const char *folder, uid_t maker, mode_t mode, mode_t data_mode,
               const struct owner *owner, struct error *why);

/* Removes the files in a folder. -errno. */
int place_empty(const char *path, struct error *why);

/* Removes a folder and the files in it, or what has its place; one that is not there is fine.
 * -errno. */
int place_remove(const char *path, struct error *why);

/* Writes the names in a folder to disk. -errno. */
int place_sync(const char *folder, struct error *why);

#endif
