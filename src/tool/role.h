/* Who may run which subcommand, where the configuration names a group for those who change
 * something, and one for those who are shown what is held about people.
 *
 * It is the tool that keeps to this, so it holds for whoever can reach the stores through the tool
 * alone: by a rule of sudoers(5) that allows exactly this program. Root, the list's owner and
 * whoever may become one of them in another way can do everything. */
#ifndef TOOL_ROLE_H
#define TOOL_ROLE_H

#include "base/error.h"
#include "tool/command.h"
#include "tool/staff.h"

/* STATUS_OK, or the status of the program, and then it was told why. `installed` is the
 * configuration that counts where none is named: its groups, and that what changes something needs
 * approval, cannot be got around by naming another one. */
int role_check(const struct command *command, const struct call *call, const char *installed);

/* The same for one person, or for both where that is disputed, without telling. 0, -EPERM,
 * ERR_CONFIG, or the errors of staff_is_member. */
int role_allows(const struct command *command, const struct call *call, const char *installed,
                const struct staff *staff, struct error *why);

#endif
