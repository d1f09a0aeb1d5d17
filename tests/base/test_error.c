#include "base/error.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void an_explanation_is_left_and_the_code_returned(void **state)
{
    (void)state;
    struct error why = {"before"};
    assert_int_equal(error_set(&why, ERR_CORRUPT, "%s has %d bytes", "data.mdb", 3), ERR_CORRUPT);
    assert_string_equal(why.text, "data.mdb has 3 bytes");
    assert_int_equal(error_set(NULL, -ENOENT, "nobody reads %s", "this"), -ENOENT);
}

static void a_long_explanation_is_cut(void **state)
{
    (void)state;
    struct error why;
    error_set(&why, ERR_SYNTAX, "%600d", 1);
    assert_int_equal(strlen(why.text), sizeof why.text - 1);
}

static void every_code_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int code = ERR_FATAL; code <= ERR_SYNTAX; code++) {
        assert_string_not_equal(error_name(code), "no error");
        for (int other = ERR_FATAL; other < code; other++)
            assert_string_not_equal(error_name(code), error_name(other));
    }
}

static void system_errors_have_the_system_s_names(void **state)
{
    (void)state;
    assert_string_equal(error_name(-ENOENT), strerror(ENOENT));
    assert_string_equal(error_name(0), "no error");
    assert_string_equal(error_name(-2000), "no error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_explanation_is_left_and_the_code_returned),
        cmocka_unit_test(a_long_explanation_is_cut),
        cmocka_unit_test(every_code_has_a_name_of_its_own),
        cmocka_unit_test(system_errors_have_the_system_s_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
