#include "tool/command.h"

#include "tool/output.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define LINE_WIDTH 78
#define HELP_FLAG COMMAND_FLAGS_MAX /* the number of --help, behind those of the table */

static size_t count_flags(const struct command *command)
{
    size_t count = 0;
    while (command->flags[count].name)
        count++;
    return count;
}

/* --- usage --- */

/* A line that is broken between words. */
struct paragraph {
    FILE *file;
    int column;
};

static void put_word(struct paragraph *p, const char *word)
{
    int length = (int)strlen(word);
    if (p->column + 1 + length > LINE_WIDTH) {
        fprintf(p->file, "\n          ");
        p->column = 10;
    }
    fprintf(p->file, " %s", word);
    p->column += 1 + length;
}

static void put_flag(struct paragraph *p, const struct flag *flag)
{
    char word[64];
    snprintf(word, sizeof word, "%s--%s%s%s%s%s", flag->required ? "" : "[", flag->name,
             flag->argument ? " " : "", flag->argument ? flag->argument : "",
             flag->several ? "..." : "", flag->required ? "" : "]");
    put_word(p, word);
}

void command_print_usage(const struct command *command, FILE *file)
{
    struct paragraph p = {file, 0};

    p.column = fprintf(file, "usage: optout [-c FILE] %s", command->name);
    if (command->verb)
        put_word(&p, command->verb);
    if (*command->arguments)
        put_word(&p, command->arguments);
    for (const struct flag *flag = command->flags; flag->name; flag++)
        put_flag(&p, flag);
    fputc('\n', file);
}

void command_print_help(const struct command *command, FILE *file)
{
    command_print_usage(command, file);
    fprintf(file, "\n%s\n", command->text);
    if (command->flags->name)
        fputc('\n', file);
    for (const struct flag *flag = command->flags; flag->name; flag++) {
        char head[40];
        snprintf(head, sizeof head, "--%s %s", flag->name, flag->argument ? flag->argument : "");
        fprintf(file, "  %-22s  %s\n", head, flag->text);
    }
    fprintf(file, "\nMore in optout(1).\n");
}

/* --- the command line --- */

static enum parsed wrong(const struct command *command, const char *what, const char *name)
{
    complain("%s%s%s%s%s", command->name, command->verb ? " " : "",
             command->verb ? command->verb : "", what, name);
    command_print_usage(command, stderr);
    return PARSED_WRONG;
}

static void fill_options(const struct command *command, struct option *options)
{
    size_t n = 0;
    for (; command->flags[n].name; n++)
        options[n] = (struct option){command->flags[n].name,
                                     command->flags[n].argument ? required_argument : no_argument,
                                     NULL, (int)n};
    options[n++] = (struct option){"help", no_argument, NULL, HELP_FLAG};
    options[n] = (struct option){0};
}

static enum parsed take_flag(const struct command *command, struct call *call, size_t index,
                             const char *value)
{
    const struct flag *flag = &command->flags[index];

    if (call->values[index] && !flag->several)
        return wrong(command, ": given twice: --", flag->name);
    call->values[index] = flag->argument ? value : "";
    if (flag->several)
        call->several[call->several_count++] = value;
    return PARSED_RUN;
}

static enum parsed take_flags(const struct command *command, int argc, char **argv,
                              struct call *call)
{
    struct option options[COMMAND_FLAGS_MAX + 2];
    enum parsed result = PARSED_RUN;

    fill_options(command, options);
    optind = 0; /* glibc's getopt begins anew */
    opterr = 0;
    while (result == PARSED_RUN) {
        char *word = argv[optind ? optind : 1];
        int c = getopt_long(argc, argv, ":", options, NULL);
        if (c == -1)
            break;
        if (c == HELP_FLAG)
            return PARSED_HELP;
        if (c == ':')
            return wrong(command, ": a value is missing behind ", argv[optind - 1]);
        if (c == '?')
            return wrong(command, ": there is no such flag: ",
                         optind > 1 && argv[optind - 1][0] == '-' ? argv[optind - 1] : word);
        result = take_flag(command, call, (size_t)c, optarg);
    }
    return result;
}

static enum parsed check_counts(const struct command *command, struct call *call, bool several)
{
    for (const struct flag *flag = command->flags; flag->name; flag++)
        if (flag->required && !call->values[flag - command->flags])
            return wrong(command, " needs --", flag->name);
    if (call->argument_count < command->least)
        return wrong(command, " needs ", command->arguments);
    if (several) {
        for (size_t i = command->least; i < call->argument_count; i++)
            call->several[call->several_count++] = call->arguments[i];
        call->argument_count = command->least;
    }
    if (call->argument_count > command->most)
        return wrong(command, ": one word too many: ", call->arguments[command->most]);
    return PARSED_RUN;
}

enum parsed command_parse(const struct command *command, int argc, char **argv, struct call *call)
{
    struct call c = {.config_file = call->config_file};
    bool several = false;

    c.several = calloc((size_t)argc + 1, sizeof *c.several);
    if (!c.several) {
        complain("no memory");
        return PARSED_WRONG;
    }
    for (size_t i = 0; i < count_flags(command); i++)
        several = several || command->flags[i].several;
    enum parsed result = take_flags(command, argc, argv, &c);
    if (result == PARSED_RUN) {
        c.arguments = argv + optind;
        c.argument_count = (size_t)(argc - optind);
        result = check_counts(command, &c, several);
    }
    if (result == PARSED_RUN)
        *call = c;
    else
        free(c.several);
    return result;
}
