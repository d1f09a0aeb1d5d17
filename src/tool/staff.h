/* Who runs the tool: for the words of an event, and for what they may run. */
#ifndef TOOL_STAFF_H
#define TOOL_STAFF_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define STAFF_NAME_SIZE 64

struct staff {
    char name[STAFF_NAME_SIZE]; /* login name; "uid 1234" of who has none */
    uid_t uid;
    bool for_another; /* the process runs as somebody else than this person */
    /* sudo(8) was called by another one than who logged in, and not by root: behind su(1); or
     * nobody had logged in, as in a container, where whoever likes may tell the kernel any login
     * once. The name has both then. */
    bool disputed;
    uid_t caller;
};

/* What tells who it is. */
struct staff_clues {
    const char *login_uid_file; /* the kernel's, of this process */
    const char *sudo_user;      /* variables that sudo(8) sets; NULL where it did not */
    const char *sudo_uid;
    uid_t real;
};

/* The person: who logged in (the kernel's login uid, which su and sudo keep), else who called sudo,
 * else the real user, as with a cron job. */
void staff_find(const struct staff_clues *clues, struct staff *staff);

/* The same of this process. To be asked before privileges are given up. */
void staff_self(struct staff *staff);

/* Whether a name is that of one person: it is in the databases of users, and not disputed. */
bool staff_is_person(const char *name);

/* Who called sudo, as a person of their own. */
void staff_caller(const struct staff *disputed, struct staff *caller);

/* Its name alone. */
void staff_name(char *name, size_t size);

/* Whether the person is a member of that group, by the databases of users and groups. -ENOENT:
 * there is no such group; -errno. */
int staff_is_member(const struct staff *staff, const char *group, bool *member);

#endif
