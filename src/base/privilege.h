/* What a process gives up: root, for the user that a store belongs to, and leaving core dumps. */
#ifndef BASE_PRIVILEGE_H
#define BASE_PRIVILEGE_H

#include "base/error.h"

#include <sys/types.h>

/* The ids of a user by name, and of its primary group. -ENOENT: there is no such user. */
int privilege_user(const char *name, uid_t *uid, gid_t *gid, struct error *why);
int privilege_group(const char *name, gid_t *gid, struct error *why);

/* Where the process is root, it becomes the user for good, with the user's groups, and with `group`
 * as its primary one where that is not NULL. `user` NULL, not being root, or being that user
 * already: 0 and nothing is done. -errno. */
int privilege_become(const char *user, const char *group, struct error *why);

/* Where the process is root, it acts as the user from now on, and can return: for work in a folder
 * that belongs to the user, who may have put links into it. Affects all threads. `uid` 0, or not
 * being root: 0 and nothing is done. -errno. */
int privilege_lend(uid_t uid, gid_t gid, struct error *why);
/* Ends that; 0 where there is nothing to end. */
int privilege_return(struct error *why);

/* No core dump of this process: it would hold keys and addresses in the clear. */
void privilege_forbid_core_dump(void);

#endif
