#include "core/scope.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void scopes_are_segments_between_single_slashes(void **state)
{
    static const char *const good[] = {
        "/",         "a",           "acme", "acme/newsletter", "acme/newsletter/de",
        "0-9_a.b/x", ".well-known", "...",  "..a/a..",
    };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_int_equal(scope_check(good[i]), 0);
}

static void any_other_spelling_is_an_error(void **state)
{
    static const char *const bad[] = {
        "",         "//",     "/acme",  "acme/",  "acme//news", "/acme/", "Acme",          "acme ",
        " acme",    "ac me",  "acme\n", "acme/*", "a:b",        "a%2fb",  "m\xc3\xbcller", "a\\b",
        "acme/New", "acme?x", "\t",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(scope_check(bad[i]), ERR_SYNTAX);
}

static void no_segment_is_one_that_a_browser_resolves(void **state)
{
    static const char *const bad[] = {".", "..", "acme/.", "acme/..", "./acme", "acme/../other"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(scope_check(bad[i]), ERR_SYNTAX);
}

static void a_scope_has_128_bytes_at_most(void **state)
{
    char path[SCOPE_MAX + 2];
    (void)state;
    memset(path, 'a', sizeof path);
    path[SCOPE_MAX] = '\0';
    assert_int_equal(scope_check(path), 0);
    path[SCOPE_MAX] = 'a';
    path[SCOPE_MAX + 1] = '\0';
    assert_int_equal(scope_check(path), ERR_TOO_LONG);
}

static void a_scope_covers_itself_and_all_below(void **state)
{
    (void)state;
    assert_true(scope_covers("acme", "acme"));
    assert_true(scope_covers("acme", "acme/newsletter"));
    assert_true(scope_covers("acme", "acme/newsletter/de"));
    assert_true(scope_covers("acme/newsletter", "acme/newsletter/de"));
}

static void a_scope_covers_neither_what_is_above_nor_what_is_beside(void **state)
{
    (void)state;
    assert_false(scope_covers("acme/newsletter", "acme"));
    assert_false(scope_covers("acme/newsletter", "acme/shop"));
    assert_false(scope_covers("acme", "acmeplus"));
    assert_false(scope_covers("acme", "acmeplus/newsletter"));
    assert_false(scope_covers("acme/news", "acme/newsletter"));
    assert_false(scope_covers("acme", "other/acme"));
}

static void the_slash_covers_everything_and_is_covered_by_itself_alone(void **state)
{
    (void)state;
    assert_true(scope_covers("/", "/"));
    assert_true(scope_covers("/", "acme"));
    assert_true(scope_covers("/", "acme/newsletter"));
    assert_false(scope_covers("acme", "/"));
}

static void the_scope_above_is_the_path_without_its_last_segment(void **state)
{
    char parent[SCOPE_MAX + 1];
    (void)state;
    assert_true(scope_parent("acme/news/weekly", parent));
    assert_string_equal(parent, "acme/news");
    assert_true(scope_parent("acme/news", parent));
    assert_string_equal(parent, "acme");
}

static void above_a_single_segment_is_everything_and_above_that_nothing(void **state)
{
    char parent[SCOPE_MAX + 1];
    (void)state;
    assert_true(scope_parent("acme", parent));
    assert_string_equal(parent, "/");
    assert_false(scope_parent("/", parent));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_scope_above_is_the_path_without_its_last_segment),
        cmocka_unit_test(above_a_single_segment_is_everything_and_above_that_nothing),
        cmocka_unit_test(scopes_are_segments_between_single_slashes),
        cmocka_unit_test(any_other_spelling_is_an_error),
        cmocka_unit_test(no_segment_is_one_that_a_browser_resolves),
        cmocka_unit_test(a_scope_has_128_bytes_at_most),
        cmocka_unit_test(a_scope_covers_itself_and_all_below),
        cmocka_unit_test(a_scope_covers_neither_what_is_above_nor_what_is_beside),
        cmocka_unit_test(the_slash_covers_everything_and_is_covered_by_itself_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
