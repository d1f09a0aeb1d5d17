/* Sections for the sources of lists. */
#include "reading.h"

static void a_source_is_read_with_all_that_belongs_to_it(void **state)
{
    (void)state;
    struct config *config =
        read_text("stream s {\n scope = a/b\n match_login = x\n}\n"
                  "source s {\n}\n"
                  "source 'Old Shop' {\n scope = acme\n format = csv\n dates = DMY\n"
                  " tz = 'Europe/Berlin'\n encoding = CP1252\n map = {'a=b=acme/x', 'c=/'}\n"
                  " all_opted_out = yes\n max_new = none\n max_age = 8d\n}\n");
    assert_int_equal(config->source_count, 2);
    assert_null(config_source(config, "other"));
    const struct source *plain = config_source(config, "s"), *full;
    assert_ptr_equal(plain, &config->sources[0]);
    assert_null(plain->scope);
    assert_null(plain->format);
    assert_null(plain->max_new);
    assert_int_equal(plain->map_count, 0);
    assert_false(plain->all_opted_out);
    assert_int_equal(plain->max_age, 0);
    full = config_source(config, "Old Shop");
    assert_string_equal(full->scope, "acme");
    assert_string_equal(full->format, "csv");
    assert_int_equal(full->format_line, 9);
    assert_string_equal(full->dates, "DMY");
    assert_string_equal(full->tz, "Europe/Berlin");
    assert_int_equal(full->tz_line, 11);
    assert_string_equal(full->encoding, "CP1252");
    assert_int_equal(full->map_count, 2);
    assert_string_equal(full->map[0], "a=b=acme/x");
    assert_true(full->all_opted_out);
    assert_string_equal(full->max_new, "none");
    assert_true(full->max_age == 8 * 86400);
    char *printed = print(config);
    assert_non_null(strstr(printed, "\nsource \"Old Shop\" {\n"));
    struct config *again = read_text(printed);
    assert_string_equal(again->sources[1].map[1], "c=/");
    config_release(again);
    free(printed);
    config_release(config);
}

static void a_source_s_values_and_name_are_checked(void **state)
{
    (void)state;
    refuses("source s {\n dates = YMD\n}\n", 2, "dates: \"YMD\" is not one of: DMY MDY ISO");
    refuses("source s {\n map = {'a=b', 'c'}\n}\n", 2, "needs the form TAG=SCOPE");
    refuses("source s {\n map = {'=b'}\n}\n", 2, "needs the form TAG=SCOPE");
    refuses("source s {\n map = {'a=B'}\n}\n", 2, "\"B\" is not a scope");
    refuses("source s {\n scope = 'a//b'\n}\n", 2, "is not a scope");
    refuses("source s {\n max_new = '-1'\n}\n", 2, "neither a number nor none");
    refuses("source s {\n max_age = '8'\n}\n", 2, "is not an age");
    refuses("source s {\n max_age = '0d'\n}\n", 2, "is not an age");
    refuses("source s {\n max_age = 'd'\n}\n", 2, "is not an age");
    refuses("source s {\n max_age = '99999999d'\n}\n", 2, "is not an age");
    refuses("source s {\n all_opted_out = maybe\n}\n", 2, "is not one of: no yes");
    refuses("# x\nsource 'a/b' {\n}\n", 2, "needs a name");
    refuses("# x\nsource '.a' {\n}\n", 2, "needs a name");
    refuses("# x\nsource ' a' {\n}\n", 2, "needs a name");
    refuses("source a {\n}\n\nsource a {\n}\n", 4, "taken by the section in line 1");
    refuses("source a {\n match_login = x\n}\n", 2, "it may stand in a stream");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_source_is_read_with_all_that_belongs_to_it),
        cmocka_unit_test(a_source_s_values_and_name_are_checked),
    };
    return cmocka_run_group_tests(tests, make_reading_folder, remove_reading_folder);
}
