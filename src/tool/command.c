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

/* Flags of which one excludes the other, in one pair of brackets. */
static void put_flags(struct paragraph *p, const struct flag *flag, size_t count)
{
    char word[96] = "";
    size_t length = 0;

    for (size_t i = 0; i < count; i++, flag++)
        length += (size_t)snprintf(word + length, sizeof word - length, "%s--%s%s%s%s%s",
                                   i > 0            ? " | "
                                   : flag->required ? ""
                                                    : "[",
                                   flag->name, flag->argument ? " " : "",
                                   flag->argument ? flag->argument : "",
                                   flag->several || flag->repeats ? "..." : "",
                                   i + 1 < count || flag->required ? "" : "]");
    put_word(p, word);
}

void command_print_usage(const struct command *command, FILE *file)
{
    struct paragraph p = {file, 0};

    if (command->usage) {
        fputs(command->usage, file);
        return;
    }
    p.column = fprintf(file, "usage: optout [-c FILE] %s", command->name);
    if (command->verb)
        put_word(&p, command->verb);
    if (*command->arguments)
        put_word(&p, command->arguments);
    for (const struct flag *flag = command->flags; flag->name;) {
        size_t count = flag->excludes_next ? 2 : 1;
        put_flags(&p, flag, count);
        flag += count;
    }
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
        const char letter[] = {'-', flag->letter, ',', ' ', '\0'};
        snprintf(head, sizeof head, "%s--%s %s", flag->letter ? letter : "", flag->name,
                 flag->argument ? flag->argument : "");
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

/* `letters` takes COMMAND_FLAGS_MAX + 3 octets. */
static void fill_options(const struct command *command, struct option *options, char *letters)
{
    size_t n = 0;

    strcpy(letters, ":h");
    for (; command->flags[n].name; n++) {
        const struct flag *flag = &command->flags[n];
        options[n] = (struct option){flag->name, flag->argument ? required_argument : no_argument,
                                     NULL, (int)n};
        if (flag->letter)
            strncat(letters, &flag->letter, 1);
    }
    options[n++] = (struct option){"help", no_argument, NULL, HELP_FLAG};
    options[n] = (struct option){0};
}

static enum parsed take_flag(const struct command *command, struct call *call, size_t index,
                             const char *value)
{
    const struct flag *flag = &command->flags[index];

    if (call->values[index] && !flag->several && !flag->repeats)
        return wrong(command, ": given twice: --", flag->name);
    call->values[index] = flag->argument ? value : "";
    if (flag->several || flag->repeats)
        call->several[call->several_count++] = value;
    return PARSED_RUN;
}

/* The position of the flag with this letter; COMMAND_FLAGS_MAX: it is none. Positions themselves
 * are smaller than any letter. */
static size_t position_of(const struct command *command, int letter)
{
    for (size_t i = 0; letter > COMMAND_FLAGS_MAX && command->flags[i].name; i++)
        if (command->flags[i].letter == letter)
            return i;
    return COMMAND_FLAGS_MAX;
}

/* Whether the flag that getopt took just now is less than its name: with more flags to come, it
 * could mean another one. */
static bool is_cut_short(char **argv, const char *name)
{
    const char *word = argv[optind - 1];
    if (optarg == word)
        word = argv[optind - 2];
    return strcspn(word + 2, "=") < strlen(name);
}

static enum parsed take_flags(const struct command *command, int argc, char **argv,
                              struct call *call)
{
    struct option options[COMMAND_FLAGS_MAX + 2];
    char letters[COMMAND_FLAGS_MAX + 3];
    enum parsed result = PARSED_RUN;

    fill_options(command, options, letters);
    optind = 0; /* glibc's getopt begins anew */
    opterr = 0;
    while (result == PARSED_RUN) {
        char *word = argv[optind ? optind : 1];
        int c = getopt_long(argc, argv, letters, options, NULL);
        if (c == -1)
            break;
        if (c == HELP_FLAG || c == 'h')
            return PARSED_HELP;
        if (c == ':')
            return wrong(command, ": a value is missing behind ", argv[optind - 1]);
        if (c == '?')
            return wrong(command,
                         optopt == 'c' ? ": the configuration stands before the subcommand: "
                                       : ": there is no such flag: ",
                         optind > 1 && argv[optind - 1][0] == '-' ? argv[optind - 1] : word);
        size_t lettered = position_of(command, c);
        if (lettered < COMMAND_FLAGS_MAX) {
            result = take_flag(command, call, lettered, NULL);
            continue;
        }
        if (is_cut_short(argv, options[c].name))
            return wrong(command, ": flags are written in full: --", options[c].name);
        result = take_flag(command, call, (size_t)c, optarg);
    }
    return result;
}

static enum parsed check_counts(const struct command *command, struct call *call, bool several)
{
    if (call->argument_count < command->least)
        return wrong(command, " needs ", command->arguments);
    for (const struct flag *flag = command->flags; flag->name; flag++)
        if (flag->required && !call->values[flag - command->flags])
            return wrong(command, " needs --", flag->name);
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
