/* The subcommands that there are. */
#include "tool/command.h"

const struct command *const command_table[] = {
    &command_init,        &command_add,         &command_import,       &command_sync,
    &command_export,      &command_diff,        &command_scrub,        &command_remove,
    &command_erase,       &command_prune,       &command_check,        &command_explain,
    &command_log,         &command_person,      &command_stats,        &command_receive,
    &command_batches,     &command_undo,        &command_sources,      &command_scope_list,
    &command_scope_add,   &command_token_make,  &command_token_open,   &command_keys_list,
    &command_keys_rotate, &command_config_show, &command_config_check, &command_config_options,
    &command_verify,      &command_backup,      &command_restore,      &command_compact,
    &command_migrate,     &command_complete,    &command_checkpoint,   &command_keys_signing,
};
const size_t command_count = sizeof command_table / sizeof *command_table;
