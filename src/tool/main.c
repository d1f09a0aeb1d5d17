/* optout(1): finds the subcommand in the table and runs it. */

#include "base/file.h"
#include "base/privilege.h"
#include "tool/command.h"
#include "tool/output.h"
#include "tool/role.h"

#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void print_usage(FILE *file)
{
    fprintf(file, "usage: optout [-c FILE] SUBCOMMAND [ARGUMENT...]\n"
                  "       optout SUBCOMMAND --help\n"
                  "       optout --help | --version\n\n");
    for (size_t i = 0; i < command_count; i++) {
        const struct command *c = command_table[i];
        char name[32];
        if (c->hidden)
            continue;
        snprintf(name, sizeof name, "%s %s", c->name, c->verb ? c->verb : "");
        fprintf(file, "  %-16s%s\n", name, c->text);
    }
    fprintf(file, "\n  -c FILE         the configuration, instead of %s\n", OPTOUT_CONFIG_FILE);
}

static int usage_error(const char *what, const char *word)
{
    complain("%s%s; `optout --help` shows what there is", what, word);
    return STATUS_CANNOT;
}

/* Whether some subcommand begins with this word, and goes on with a second one. */
static bool has_verbs(const char *name)
{
    for (size_t i = 0; i < command_count; i++)
        if (command_table[i]->verb && strcmp(command_table[i]->name, name) == 0)
            return true;
    return false;
}

static const struct command *find(const char *name, const char *verb)
{
    for (size_t i = 0; i < command_count; i++) {
        const struct command *c = command_table[i];
        if (strcmp(c->name, name) == 0 && (!c->verb || (verb && strcmp(c->verb, verb) == 0)))
            return c;
    }
    return NULL;
}

static bool asks_for_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* What `optout scope --help` shows, and anything but a second word of the table as an error. */
static int print_verbs(const char *name, const char *verb)
{
    FILE *file = verb && asks_for_help(verb) ? stdout : stderr;

    if (!verb)
        complain("%s: a second word is missing", name);
    else if (file == stderr)
        complain("%s: there is no %s", name, verb);
    for (size_t i = 0; i < command_count; i++)
        if (strcmp(command_table[i]->name, name) == 0)
            command_print_usage(command_table[i], file);
    return file == stdout ? output_status(STATUS_OK, NULL) : STATUS_CANNOT;
}

static int run(struct call *call, int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : NULL;
    const struct command *command = find(argv[0], verb);

    if (!command && has_verbs(argv[0]))
        return print_verbs(argv[0], verb);
    if (!command)
        return usage_error("there is no subcommand ", argv[0]);
    if (command->verb) {
        argc--;
        argv++;
    }
    switch (command_parse(command, argc, argv, call)) {
    case PARSED_HELP:
        command_print_help(command, stdout);
        return output_status(STATUS_OK, NULL);
    case PARSED_WRONG:
        return command->delivers ? STATUS_AGAIN : STATUS_CANNOT;
    case PARSED_RUN:
        break;
    }
    int status = role_check(command, call, OPTOUT_CONFIG_FILE);
    if (status == STATUS_OK)
        status = command->run(call);
    free(call->several);
    return command->delivers && status != STATUS_OK ? STATUS_AGAIN : status;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"help", no_argument, NULL, 'h'}, {"version", no_argument, NULL, 'V'}, {0}};
    struct call call = {.config_file = OPTOUT_CONFIG_FILE};

    file_hold_standard_streams();
    privilege_forbid_core_dump();
    signal(SIGPIPE, SIG_IGN); /* a reader that went away is an error like any other */
    umask(0007);              /* a lock file made anew has to be open to the group */
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, "+:c:hV", options, NULL)) != -1;) {
        switch (c) {
        case 'c':
            call.config_file = optarg;
            break;
        case 'h':
            print_usage(stdout);
            return output_status(STATUS_OK, NULL);
        case 'V':
            output_line("optout (%s)", PACKAGE_STRING);
            return output_status(STATUS_OK, NULL);
        case ':':
            return usage_error("a value is missing behind ", argv[optind - 1]);
        default:
            return usage_error("there is no such flag: ", argv[optind - 1]);
        }
    }
    if (optind == argc)
        return usage_error("a subcommand is missing", "");
    if (strcmp(argv[optind], "help") == 0) {
        print_usage(stdout);
        return output_status(STATUS_OK, NULL);
    }
    return run(&call, argc - optind, argv + optind);
}
