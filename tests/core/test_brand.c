#include "core/brand.h"

#include "base/error.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void the_longest_scope_that_covers_wins(void **state)
{
    (void)state;
    const struct brand brands[] = {
        {.scope = "acme/shop"}, {.scope = "acme"}, {.scope = "/"}, {.scope = "acme/shop/sale"}};
    assert_ptr_equal(brand_of(brands, 4, "acme/shop"), &brands[0]);
    assert_ptr_equal(brand_of(brands, 4, "acme/shop/x"), &brands[0]);
    assert_ptr_equal(brand_of(brands, 4, "acme/shop/sale/x"), &brands[3]);
    assert_ptr_equal(brand_of(brands, 4, "acme/shopping"), &brands[1]);
    assert_ptr_equal(brand_of(brands, 4, "globex"), &brands[2]);
    assert_ptr_equal(brand_of(brands, 4, "/"), &brands[2]);
    assert_null(brand_of(brands, 2, "globex"));
    assert_null(brand_of(brands, 2, "/"));
    assert_null(brand_of(NULL, 0, "acme"));
}

static void reason_is(const char *entry, const char *key, const char *language, const char *text)
{
    struct reason reason;
    assert_int_equal(reason_parse(entry, &reason), 0);
    assert_string_equal(reason.key, key);
    assert_string_equal(reason.language, language);
    if (text)
        assert_string_equal(reason.text, text);
    else
        assert_null(reason.text);
}

static void a_reason_has_a_key_and_may_have_a_language_and_a_text(void **state)
{
    (void)state;
    reason_is("other", "other", "", NULL);
    reason_is("moved: I moved: away", "moved", "", "I moved: away");
    reason_is("moved:x", "moved", "", "x");
    reason_is("a-1[de]: Umzug", "a-1", "de", "Umzug");
    reason_is("a[pt-br]: b", "a", "pt-br", "b");
}

static void other_spellings_of_a_reason_are_refused(void **state)
{
    (void)state;
    static const char *const others[] = {
        "",      ":",         ": x",     "a b",      "a:",       "a: ",      "A: x",
        "a[de]", "a[]: x",    "a[d]: x", "a[de: x",  "a[DE]: x", "a] : x",   "a[de]x",
        "ä: x",  "a[de-]: x", " a: x",   "a[de]:  ", "a_b: x",   "a[x-y]: x"};
    struct reason reason = {.key = "untouched"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (reason_parse(others[i], &reason) != ERR_SYNTAX)
            fail_msg("taken: \"%s\"", others[i]);
    assert_int_equal(reason_parse("a2345678901234567890123456789012x: y", &reason), ERR_TOO_LONG);
    assert_string_equal(reason.key, "untouched");
}

static void a_key_is_on_the_list_or_not(void **state)
{
    (void)state;
    const struct brand brand = {.reasons = reasons_known, .reason_count = 2};
    assert_true(brand_has_reason(&brand, "too-many"));
    assert_false(brand_has_reason(&brand, "too"));
    assert_false(brand_has_reason(&brand, ""));
    assert_false(brand_has_reason(&brand, reasons_known[2].key));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_longest_scope_that_covers_wins),
        cmocka_unit_test(a_reason_has_a_key_and_may_have_a_language_and_a_text),
        cmocka_unit_test(other_spellings_of_a_reason_are_refused),
        cmocka_unit_test(a_key_is_on_the_list_or_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
