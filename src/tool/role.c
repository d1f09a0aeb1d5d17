#include "tool/role.h"

#include "base/privilege.h"
#include "config/config.h"
#include "tool/output.h"

#include <errno.h>
#include <string.h>

static bool is_installed_one(const struct call *call, const char *installed)
{
    return strcmp(call->config_file, installed) == 0;
}

static bool names_groups(const struct config *config)
{
    return config->ops_group || config->compliance_group;
}

/* Whoever could name a configuration of their own could name one without groups. One that is not
 * there, or that this user may not read, is nobody's rule. */
static int check_named(const struct call *call, const char *installed, struct error *why)
{
    struct config *config = NULL;
    struct error reason;

    if (is_installed_one(call, installed))
        return 0;
    int code = config_read(installed, &config, &reason);
    bool rules = code == 0 && names_groups(config);
    config_release(config);
    if (code == ERR_CONFIG)
        return error_set(why, -EPERM, "-c is for root, as long as %s cannot be read: %.300s",
                         installed, reason.text);
    if (rules)
        return error_set(
            why, -EPERM,
            "-c is for root: %s says which group may do what, and another file may not", installed);
    return 0;
}

static bool is_owner(const struct staff *staff, const struct config *config)
{
    uid_t uid;
    gid_t gid;

    return config->user && privilege_user(config->user, &uid, &gid, NULL) == 0 && uid == staff->uid;
}

static int check_member(const struct staff *staff, const char *group, bool *member,
                        struct error *why)
{
    int code = group ? staff_is_member(staff, group, member) : 0;

    if (!group)
        *member = true;
    return code ? error_set(why, code, "group %s: %s", group,
                            code == -ENOENT ? "there is no such group" : strerror(-code))
                : 0;
}

static int refuse(const struct command *command, const struct staff *staff,
                  const struct config *config, struct error *why)
{
    const char *ops = config->ops_group, *compliance = config->compliance_group;
    bool either = command->role == ROLE_EITHER;

    return error_set(why, -EPERM, "%s%s%s is for members of %s%s%s, and %s is none", command->name,
                     command->verb ? " " : "", command->verb ? command->verb : "",
                     command->role == ROLE_COMPLIANCE ? compliance : ops, either ? " or " : "",
                     either ? compliance : "", staff->name);
}

static int check_groups(const struct command *command, const struct staff *staff,
                        const struct config *config, struct error *why)
{
    bool ops = false, compliance = false;

    int code = check_member(staff, config->ops_group, &ops, why);
    if (code == 0)
        code = check_member(staff, config->compliance_group, &compliance, why);
    if (code)
        return code;
    bool may = command->role == ROLE_OPS          ? ops
               : command->role == ROLE_COMPLIANCE ? compliance
                                                  : ops || compliance;
    return may ? 0 : refuse(command, staff, config, why);
}

/* A file is opened as who the process is: whoever only reads the list is not to read, or make, what
 * else its owner may. */
static int check_files(const struct command *command, const struct call *call,
                       const struct staff *staff, struct error *why)
{
    const char *file = command->reads_file && call->argument_count > 0 ? call->arguments[0] : NULL;

    if (!staff->for_another)
        return 0;
    for (size_t i = 0; command->flags[i].name; i++)
        if (command->flags[i].is_file && call->values[i])
            file = call->values[i];
    if (!file || strcmp(file, "-") == 0)
        return 0;
    return error_set(
        why, -EPERM,
        "%s: would be opened by another user than %s; name - and let the shell open it", file,
        staff->name);
}

static int allows_one(const struct command *command, const struct call *call, const char *installed,
                      const struct staff *staff, struct error *why)
{
    struct config *config = NULL;
    int code = 0;

    if (command->role == ROLE_ANYBODY || staff->uid == 0)
        return 0;
    code = check_named(call, installed, why);
    if (code)
        return code;
    /* What is wrong with it the subcommand tells. */
    if (config_read(call->config_file, &config, NULL))
        return 0;
    if (names_groups(config) && !is_owner(staff, config)) {
        code = check_groups(command, staff, config, why);
        if (code == 0 && command->role != ROLE_OPS)
            code = check_files(command, call, staff, why);
    }
    config_release(config);
    return code;
}

int role_allows(const struct command *command, const struct call *call, const char *installed,
                const struct staff *staff, struct error *why)
{
    struct staff caller;

    int code = allows_one(command, call, installed, staff, why);
    if (code || !staff->disputed)
        return code;
    staff_caller(staff, &caller);
    return allows_one(command, call, installed, &caller, why);
}

int role_check(const struct command *command, const struct call *call, const char *installed)
{
    struct staff staff;
    struct error why = {""};

    staff_self(&staff);
    int code = role_allows(command, call, installed, &staff, &why);
    return code ? output_status(code, &why) : STATUS_OK;
}
