/* Which rows of a person keep mail back. */
#include "tool/choices/rows.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define NOW 1800000000

static const struct event_name first = {.number = 1}, second = {.number = 2};

/* The numbers of the events whose rows keep back, as a number in decimal: 12 is 1 and 2. */
static unsigned keeping(const struct choice *rows, size_t count, const char *scope)
{
    struct pool pool = {0};
    const struct choice **found;
    size_t n;
    unsigned numbers = 0;

    assert_int_equal(rows_keeping_back(rows, count, scope, NOW, &pool, &found, &n), 0);
    for (size_t i = 0; i < n; i++)
        numbers = numbers * 10 + (unsigned)found[i]->event.number;
    pool_release(&pool);
    return numbers;
}

static void an_opt_out_keeps_back_what_it_covers(void **state)
{
    const struct choice rows[] = {
        {.event = {.number = 1}, .kind = CHOICE_OPT_OUT, .scope = "acme"}};
    (void)state;
    assert_int_equal(keeping(rows, 1, "acme"), 1);
    assert_int_equal(keeping(rows, 1, "acme/news"), 1);
    assert_int_equal(keeping(rows, 1, "/"), 0);
    assert_int_equal(keeping(rows, 1, "beta"), 0);
    assert_int_equal(keeping(rows, 1, NULL), 1);
    assert_int_equal(keeping(rows, 0, NULL), 0);
}

static void what_an_opt_in_names_keeps_nothing_back_that_it_covers(void **state)
{
    struct choice rows[] = {
        {.event = {.number = 1}, .kind = CHOICE_OPT_OUT, .scope = "acme"},
        {.event = {.number = 2}, .kind = CHOICE_BLOCK, .scope = "acme/news"},
        {.event = {.number = 3}, .kind = CHOICE_OPT_IN, .confirmed = true, .scope = "acme/news"},
    };
    const struct event_name names[] = {first, second};
    (void)state;
    rows[2].names = names;
    rows[2].name_count = 2;
    assert_int_equal(keeping(rows, 3, "acme/news"), 0);
    /* All other mail of acme remains what the opt-out was about. */
    assert_int_equal(keeping(rows, 3, "acme/offers"), 1);
    assert_int_equal(keeping(rows, 3, NULL), 1);
    rows[2].name_count = 1;
    assert_int_equal(keeping(rows, 3, NULL), 12);
    rows[2].until = NOW;
    rows[2].name_count = 2;
    assert_int_equal(keeping(rows, 3, "acme/news"), 12);
}

static void an_opt_in_alone_keeps_nothing_back(void **state)
{
    const struct choice rows[] = {{.event = {.number = 1}, .kind = CHOICE_OPT_IN, .scope = "acme"}};
    (void)state;
    assert_int_equal(keeping(rows, 1, "acme"), 0);
    assert_int_equal(keeping(rows, 1, NULL), 0);
}

static void without_memory_it_says_so(void **state)
{
    const struct choice rows[] = {
        {.event = {.number = 1}, .kind = CHOICE_OPT_OUT, .scope = "acme"}};
    struct pool pool = {.limit = 1};
    const struct choice **found;
    size_t n;
    (void)state;
    assert_int_equal(rows_keeping_back(rows, 1, NULL, NOW, &pool, &found, &n), -ENOMEM);
    pool_release(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_opt_out_keeps_back_what_it_covers),
        cmocka_unit_test(what_an_opt_in_names_keeps_nothing_back_that_it_covers),
        cmocka_unit_test(an_opt_in_alone_keeps_nothing_back),
        cmocka_unit_test(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
