/* Subcommands: one table tells the flags, the usage and the help of each, and reads its command
 * line. */
#ifndef TOOL_COMMAND_H
#define TOOL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define COMMAND_FLAGS_MAX 20

/* Who may run a subcommand, where the configuration names the groups. */
enum role {
    ROLE_UNSET,
    ROLE_ANYBODY,    /* it neither changes anything nor shows what is held about people */
    ROLE_OPS,        /* it changes something: ops_group */
    ROLE_COMPLIANCE, /* it shows what is held about people: compliance_group */
    ROLE_EITHER,     /* whether one address may be mailed, which both have to know */
};

struct flag {
    const char *name; /* without its dashes; all are long */
    char letter;      /* that says the same behind one dash, of a flag without a value; 0: none */
    const char *argument; /* what its value is called; NULL: it takes none */
    const char *text;     /* for --help */
    bool required;
    bool is_file;       /* its value is a file, or "-" */
    bool guarded;       /* and it is written */
    enum role role;     /* of who may give it; ROLE_UNSET: whoever may run the subcommand */
    bool excludes_next; /* one of this flag and the next one in the table */
    bool repeats; /* may be given more than once; one flag of a subcommand, or the next kind */
    bool several; /* may be given more than once, and bare arguments behind the first `least` are
                     more values of it; one flag of a subcommand at most */
};

/* One call of a subcommand. All strings are those of the command line. */
struct call {
    const char *config_file;
    const char *values[COMMAND_FLAGS_MAX]; /* by position in the table; "" for a flag that takes no
                                              value; NULL: not given */
    const char **several;                  /* values of the flag that may be given more than once */
    size_t several_count;
    char **arguments;
    size_t argument_count;
};

struct command {
    const char *name;
    const char *verb;         /* the second word, as in `scope add`; NULL: there is none */
    const char *arguments;    /* as the usage shows them; "" where there are none */
    const char *usage;        /* its lines, where the table does not tell enough; else NULL */
    const char *text;         /* one line */
    const struct flag *flags; /* ends with a name of NULL */
    size_t least, most;       /* arguments */
    /* A mail server runs it, and bounces the mail for good at any status of sysexits(3) but 0 and
     * STATUS_AGAIN: every failure, wrong usage too, is STATUS_AGAIN. */
    bool delivers;
    bool hidden; /* for programs, and not shown to people */
    enum role role;
    bool reads_file; /* the first argument is a file, or "-" */
    /* Returns the program's exit status. */
    int (*run)(const struct call *call);
};

extern const struct command command_init, command_add, command_import, command_export, command_diff,
    command_scrub, command_remove, command_check, command_explain, command_log, command_stats,
    command_receive, command_scope_list, command_scope_add, command_token_make, command_token_open,
    command_keys_list, command_keys_rotate, command_config_check, command_config_show,
    command_config_options, command_verify, command_batches, command_undo, command_sources,
    command_sync, command_complete, command_backup, command_restore, command_compact, command_erase,
    command_prune, command_migrate, command_person, command_prove, command_config_history,
    command_effect, command_queue, command_report, command_pending, command_approve, command_reject,
    command_checkpoint, command_keys_signing;

/* All of them, as --help shows them. */
extern const struct command *const command_table[];
extern const size_t command_count;

enum parsed {
    PARSED_RUN,
    PARSED_HELP,  /* --help was asked for */
    PARSED_WRONG, /* the mistake was told */
};

/* Reads the words behind the subcommand's name; argv[0] is that name and argv is permuted. On
 * PARSED_RUN the caller frees call->several. */
enum parsed command_parse(const struct command *command, int argc, char **argv, struct call *call);

/* "optout [-c FILE] add ADDRESS... --scope PATH [--note TEXT]", broken into lines. */
void command_print_usage(const struct command *command, FILE *file);
/* The usage, what it does, and its flags. */
void command_print_help(const struct command *command, FILE *file);

#endif
