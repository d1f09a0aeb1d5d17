#include "tool/owners.h"

#include "base/privilege.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <unistd.h>

#define GROUPS_MAX 256
#define NAMES_SIZE 16384

static bool is_outside(const char *user, gid_t primary, gid_t group)
{
    gid_t groups[GROUPS_MAX];
    int count = GROUPS_MAX;

    if (getgrouplist(user, primary, groups, &count) < 0)
        return false; /* so many that nobody can tell */
    for (int i = 0; i < count; i++)
        if (groups[i] == group)
            return false;
    return true;
}

static void name_group(gid_t gid, char *name, size_t size)
{
    char buffer[NAMES_SIZE];
    struct group entry, *found;

    if (getgrgid_r(gid, &entry, buffer, sizeof buffer, &found) == 0 && found)
        snprintf(name, size, "%s", entry.gr_name);
    else
        snprintf(name, size, "%lu", (unsigned long)gid);
}

/* Who is not root can only make files of their own. */
static int check_self(const char *option, const char *user, struct error *why)
{
    uid_t uid;
    gid_t gid;

    if (!user)
        return 0;
    int code = privilege_user(user, &uid, &gid, why);
    if (code == 0 && uid != geteuid())
        code = error_set(why, -EPERM, "%s is %s: run this as root", option, user);
    return code;
}

static int find_as_root(const struct config *config, struct owners *o, struct error *why)
{
    gid_t milter_gid;
    int code = 0;

    if (config->user)
        code = privilege_user(config->user, &o->list.uid, &o->list.gid, why);
    if (code == 0 && config->group)
        code = privilege_group(config->group, &o->list.gid, why);
    if (code || !config->milter_user)
        return code;
    code = privilege_user(config->milter_user, &o->ledger.uid, &milter_gid, why);
    if (code == 0)
        o->milter_outside = is_outside(config->milter_user, milter_gid, o->list.gid);
    return code;
}

static int find_as_self(const struct config *config, struct owners *o, struct error *why)
{
    int code = check_self("user", config->user, why);
    if (code == 0)
        code = check_self("milter_user", config->milter_user, why);
    if (code == 0 && config->group)
        code = privilege_group(config->group, &o->list.gid, why);
    return code;
}

int owners_explain(const struct config *config, int code, struct error *why)
{
    if (code != -ENOENT || !why)
        return code;
    const struct error said = *why;
    return error_set(why, code, "%.200s (%.200s names it; systemd-sysusers makes the package's)",
                     said.text, config->path);
}

int owners_check(const struct config *config, struct error *why)
{
    uid_t uid;
    gid_t gid;
    int code = 0;

    if (config->user)
        code = privilege_user(config->user, &uid, &gid, why);
    if (code == 0 && config->milter_user)
        code = privilege_user(config->milter_user, &uid, &gid, why);
    if (code == 0 && config->group)
        code = privilege_group(config->group, &gid, why);
    return owners_explain(config, code, why) == -ENOENT ? ERR_CONFIG : code;
}

int owners_find(const struct config *config, struct owners *owners, struct error *why)
{
    const struct owner self = {geteuid(), getegid()};
    struct owners o = {.list = self, .ledger = self};

    int code = self.uid == 0 ? find_as_root(config, &o, why) : find_as_self(config, &o, why);
    if (code)
        return owners_explain(config, code, why);
    o.ledger.gid = o.list.gid;
    name_group(o.list.gid, o.group, sizeof o.group);
    *owners = o;
    return 0;
}
