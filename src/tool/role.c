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

/* Whoever could name a configuration of their own could name one without groups, or without
 * approval. One that is not there, or that this user may not read, is nobody's rule. */
static int check_named(const struct call *call, const char *installed, enum role role,
                       struct error *why)
{
    struct config *config = NULL;
    struct error reason;

    if (is_installed_one(call, installed))
        return 0;
    int code = config_read(installed, &config, &reason);
    bool groups = code == 0 && names_groups(config);
    bool approval = code == 0 && role == ROLE_OPS && config->approval;
    config_release(config);
    if (code == ERR_CONFIG)
        return error_set(why, -EPERM, "-c is for root, as long as %s cannot be read: %.300s",
                         installed, reason.text);
    if (!groups && !approval)
        return 0;
    return error_set(why, -EPERM, "-c is for root: %s says %s, and another file may not", installed,
                     groups ? "which group may do what" : "what another person has to approve");
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

/* What somebody wants to run, and who may. */
struct wanted {
    const struct command *command;
    const char *flag; /* for whose sake it is this role's; NULL: it is the subcommand's */
    enum role role;
};

/* Flags that change something, or show people, are of who may do that. */
static struct wanted wanted_by(const struct command *command, const struct call *call)
{
    for (size_t i = 0; command->flags[i].name; i++)
        if (command->flags[i].role != ROLE_UNSET && call->values[i])
            return (struct wanted){command, command->flags[i].name, command->flags[i].role};
    return (struct wanted){command, NULL, command->role};
}

static int refuse(const struct wanted *wanted, const struct staff *staff,
                  const struct config *config, struct error *why)
{
    const char *ops = config->ops_group, *compliance = config->compliance_group;
    const char *verb = wanted->command->verb;
    bool either = wanted->role == ROLE_EITHER;

    return error_set(why, -EPERM, "%s%s%s%s%s is for members of %s%s%s, and %s is none",
                     wanted->command->name, verb ? " " : "", verb ? verb : "",
                     wanted->flag ? " --" : "", wanted->flag ? wanted->flag : "",
                     wanted->role == ROLE_COMPLIANCE ? compliance : ops, either ? " or " : "",
                     either ? compliance : "", staff->name);
}

/* *changes: whether they may change something. */
static int check_groups(const struct wanted *wanted, const struct staff *staff,
                        const struct config *config, bool *changes, struct error *why)
{
    bool ops = false, compliance = false;
    enum role role = wanted->role;

    int code = check_member(staff, config->ops_group, &ops, why);
    if (code == 0)
        code = check_member(staff, config->compliance_group, &compliance, why);
    if (code)
        return code;
    bool may = role == ROLE_OPS          ? ops
               : role == ROLE_COMPLIANCE ? compliance
                                         : role == ROLE_ANYBODY || ops || compliance;
    *changes = ops;
    return may ? 0 : refuse(wanted, staff, config, why);
}

/* --- files --- */

static bool is_named(const char *file)
{
    return file && strcmp(file, "-") != 0;
}

/* A file that the process would open, of those that are guarded or of all; NULL: none. */
static const char *named_file(const struct command *command, const struct call *call, bool guarded)
{
    if (!guarded && command->reads_file && call->argument_count > 0 && is_named(call->arguments[0]))
        return call->arguments[0];
    for (size_t i = 0; command->flags[i].name; i++) {
        const struct flag *flag = &command->flags[i];
        if (!call->values[i] || (guarded ? !flag->guarded : !flag->is_file))
            continue;
        for (size_t j = 0; flag->repeats && j < call->several_count; j++)
            if (is_named(call->several[j]))
                return call->several[j];
        if (is_named(call->values[i]))
            return call->values[i];
    }
    return NULL;
}

/* A file is opened as who the process is: whoever only reads the list is not to read what else its
 * owner may, and nobody is to make, or write over, what is the owner's. */
static int check_files(const struct command *command, const struct call *call,
                       const struct staff *staff, bool changes, struct error *why)
{
    const char *file = named_file(command, call, changes);

    if (!file)
        return 0;
    return error_set(
        why, -EPERM,
        "%s: would be opened by another user than %s; name - and let the shell open it", file,
        staff->name);
}

static int allows_one(const struct command *command, const struct call *call, const char *installed,
                      const struct staff *staff, struct error *why)
{
    const struct wanted wanted = wanted_by(command, call);
    struct config *config = NULL;
    bool files = staff->for_another && named_file(command, call, false), changes = false;
    int code = 0;

    if ((wanted.role == ROLE_ANYBODY && !files) || staff->uid == 0)
        return 0;
    code = check_named(call, installed, wanted.role, why);
    if (code)
        return code;
    /* What is wrong with it the subcommand tells. */
    if (config_read(call->config_file, &config, NULL))
        return 0;
    if (names_groups(config) && !is_owner(staff, config)) {
        code = check_groups(&wanted, staff, config, &changes, why);
        if (code == 0 && files)
            code = check_files(command, call, staff, changes, why);
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
