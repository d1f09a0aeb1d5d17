#include "tool/command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SCOPE, JSON, TO };
static const struct flag flags[] = {
    {.name = "scope", .argument = "PATH", .text = "what it covers", .required = true},
    {.name = "json", .text = "one JSON object a line"},
    {.name = "to", .argument = "WHOM", .text = "one or more", .several = true},
    {0},
};

static const struct flag more_flags[] = {
    {.name = "map", .argument = "PAIR", .text = "as often as one likes", .repeats = true},
    {.name = "quiet", .letter = 'q', .text = "say nothing"},
    {0},
};

static const struct command collect = {.name = "collect",
                                       .arguments = "FILE",
                                       .text = "collect",
                                       .flags = more_flags,
                                       .least = 1,
                                       .most = 1};

static const struct command command = {
    .name = "play", .arguments = "FILE", .text = "play", .flags = flags, .least = 1, .most = 1};

#define WORDS_MAX 16

/* Parses these words, which end with NULL, as behind the program's name; the call's strings live as
 * long as the words. */
static enum parsed parse_as(const struct command *of, char *argv[], struct call *call)
{
    int argc = 0;
    while (argv[argc])
        argc++;
    *call = (struct call){.config_file = "conf"};
    return command_parse(of, argc, argv, call);
}

static enum parsed parse(char *argv[], struct call *call)
{
    return parse_as(&command, argv, call);
}

#define WORDS(...)                                                                                 \
    (char *[WORDS_MAX])                                                                            \
    {                                                                                              \
        (char[]){"play"}, __VA_ARGS__, NULL                                                        \
    }
#define W(word) ((char[]){word})

static void flags_and_arguments_come_in_any_sequence(void **state)
{
    struct call call;
    (void)state;
    assert_int_equal(parse(WORDS(W("file"), W("--json"), W("--scope"), W("acme")), &call),
                     PARSED_RUN);
    assert_string_equal(call.config_file, "conf");
    assert_string_equal(call.values[SCOPE], "acme");
    assert_non_null(call.values[JSON]);
    assert_int_equal(call.argument_count, 1);
    assert_string_equal(call.arguments[0], "file");
    assert_int_equal(call.several_count, 0);
    free(call.several);
}

static void what_is_not_given_is_null(void **state)
{
    struct call call;
    (void)state;
    assert_int_equal(parse(WORDS(W("--scope=acme"), W("file")), &call), PARSED_RUN);
    assert_null(call.values[JSON]);
    assert_null(call.values[TO]);
    assert_string_equal(call.values[SCOPE], "acme");
    free(call.several);
}

static void a_flag_for_several_takes_bare_words_behind_the_argument(void **state)
{
    struct call call;
    (void)state;
    assert_int_equal(parse(WORDS(W("file"), W("--scope"), W("acme"), W("--to"), W("a"), W("b"),
                                 W("--to"), W("c"), W("d")),
                           &call),
                     PARSED_RUN);
    assert_int_equal(call.several_count, 4);
    assert_string_equal(call.several[0], "a");
    assert_string_equal(call.several[1], "c");
    assert_string_equal(call.several[2], "b");
    assert_string_equal(call.several[3], "d");
    assert_int_equal(call.argument_count, 1);
    free(call.several);
}

static void two_dashes_end_the_flags(void **state)
{
    struct call call;
    (void)state;
    assert_int_equal(parse(WORDS(W("--scope"), W("acme"), W("--"), W("--json")), &call),
                     PARSED_RUN);
    assert_string_equal(call.arguments[0], "--json");
    assert_null(call.values[JSON]);
    free(call.several);
}

static void help_is_told_whatever_else_is_missing(void **state)
{
    struct call call;
    (void)state;
    assert_int_equal(parse(WORDS(W("--help")), &call), PARSED_HELP);
}

static void wrong_usage_is_wrong(void **state)
{
    struct call call;
    (void)state;
    assert_int_equal(parse(WORDS(W("--scope"), W("acme")), &call), PARSED_WRONG);
    assert_int_equal(parse(WORDS(W("file")), &call), PARSED_WRONG);
    assert_int_equal(parse(WORDS(W("file"), W("--scope")), &call), PARSED_WRONG);
    assert_int_equal(parse(WORDS(W("file"), W("--scope"), W("a"), W("--scope"), W("b")), &call),
                     PARSED_WRONG);
    assert_int_equal(parse(WORDS(W("file"), W("--scope"), W("a"), W("--nothing")), &call),
                     PARSED_WRONG);
    assert_int_equal(parse(WORDS(W("file"), W("--scope"), W("a"), W("-j")), &call), PARSED_WRONG);
    assert_int_equal(parse(WORDS(W("file"), W("--scope"), W("a"), W("--json=1")), &call),
                     PARSED_WRONG);
}

/* What the usage or the help prints. */
static void print(void (*function)(const struct command *, FILE *), char *text, size_t size)
{
    FILE *file = fmemopen(text, size, "w");
    assert_non_null(file);
    function(&command, file);
    fclose(file);
}

static void usage_and_help_come_from_the_table(void **state)
{
    char text[2048];
    (void)state;
    print(command_print_usage, text, sizeof text);
    assert_string_equal(text,
                        "usage: optout [-c FILE] play FILE --scope PATH [--json] [--to WHOM...]\n");
    print(command_print_help, text, sizeof text);
    for (const struct flag *flag = flags; flag->name; flag++) {
        assert_non_null(strstr(text, flag->name));
        assert_non_null(strstr(text, flag->text));
    }
}

static void a_flag_that_repeats_takes_no_bare_arguments(void **state)
{
    enum { MAP, QUIET };
    struct call call;
    (void)state;
    assert_int_equal(parse_as(&collect,
                              WORDS(W("file"), W("--map"), W("a=b"), W("-q"), W("--map"), W("c=d")),
                              &call),
                     PARSED_RUN);
    assert_int_equal(call.several_count, 2);
    assert_string_equal(call.several[0], "a=b");
    assert_string_equal(call.several[1], "c=d");
    assert_non_null(call.values[QUIET]);
    free(call.several);
    assert_int_equal(parse_as(&collect, WORDS(W("file"), W("--map"), W("a=b"), W("c=d")), &call),
                     PARSED_WRONG);
}

static void a_letter_stands_for_its_flag(void **state)
{
    struct call call;
    (void)state;
    assert_int_equal(parse_as(&collect, WORDS(W("file"), W("--quiet")), &call), PARSED_RUN);
    assert_non_null(call.values[1]);
    assert_null(call.values[0]);
    free(call.several);
    assert_int_equal(parse_as(&collect, WORDS(W("file"), W("-q"), W("-q")), &call), PARSED_WRONG);
    assert_int_equal(parse_as(&collect, WORDS(W("file"), W("-z")), &call), PARSED_WRONG);
    assert_int_equal(parse(WORDS(W("file"), W("-q")), &call), PARSED_WRONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flag_that_repeats_takes_no_bare_arguments),
        cmocka_unit_test(a_letter_stands_for_its_flag),
        cmocka_unit_test(flags_and_arguments_come_in_any_sequence),
        cmocka_unit_test(what_is_not_given_is_null),
        cmocka_unit_test(a_flag_for_several_takes_bare_words_behind_the_argument),
        cmocka_unit_test(two_dashes_end_the_flags),
        cmocka_unit_test(help_is_told_whatever_else_is_missing),
        cmocka_unit_test(wrong_usage_is_wrong),
        cmocka_unit_test(usage_and_help_come_from_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
