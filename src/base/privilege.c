#include "base/privilege.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define NAMES_SIZE 16384 /* room for one line of passwd or group */

int privilege_user(const char *name, uid_t *uid, gid_t *gid, struct error *why)
{
    char buffer[NAMES_SIZE];
    struct passwd entry, *found;
    int code = getpwnam_r(name, &entry, buffer, sizeof buffer, &found);

    if (code || !found)
        return error_set(why, code ? -code : -ENOENT, "user %s: %s", name,
                         code ? strerror(code) : "there is no such user");
    *uid = entry.pw_uid;
    *gid = entry.pw_gid;
    return 0;
}

int privilege_group(const char *name, gid_t *gid, struct error *why)
{
    char buffer[NAMES_SIZE];
    struct group entry, *found;
    int code = getgrnam_r(name, &entry, buffer, sizeof buffer, &found);

    if (code || !found)
        return error_set(why, code ? -code : -ENOENT, "group %s: %s", name,
                         code ? strerror(code) : "there is no such group");
    *gid = entry.gr_gid;
    return 0;
}

int privilege_become(const char *user, const char *group, struct error *why)
{
    uid_t uid;
    gid_t gid;

    if (!user || geteuid() != 0)
        return 0;
    int code = privilege_user(user, &uid, &gid, why);
    if (code == 0 && group)
        code = privilege_group(group, &gid, why);
    if (code)
        return code;
    if (uid == 0)
        return 0;
    if (initgroups(user, gid) < 0 || setgid(gid) < 0 || setuid(uid) < 0)
        return error_set(why, -errno, "becoming user %s: %s", user, strerror(errno));
    return 0;
}

int privilege_lend(uid_t uid, gid_t gid, struct error *why)
{
    if (geteuid() != 0 || uid == 0)
        return 0;
    if (setgroups(1, &gid) < 0 || setegid(gid) < 0 || seteuid(uid) < 0)
        return error_set(why, -errno, "acting as user %lu: %s", (unsigned long)uid,
                         strerror(errno));
    return 0;
}

int privilege_return(struct error *why)
{
    if (getuid() != 0 || geteuid() == 0)
        return 0;
    if (seteuid(0) < 0 || setegid(0) < 0 || setgroups(0, NULL) < 0)
        return error_set(why, -errno, "being root again: %s", strerror(errno));
    return 0;
}

void privilege_forbid_core_dump(void)
{
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none); /* to less is always allowed */
}
