#include "core/effect.h"

#include "base/clock.h"
#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HOUR INT64_C(3600)

static int64_t at(const char *text)
{
    int64_t seconds;
    assert_int_equal(clock_parse(text, &seconds), 0);
    return seconds;
}

static struct effect_limit limit_of(const char *text)
{
    struct effect_limit limit;
    assert_int_equal(effect_limit_parse(text, &limit), 0);
    return limit;
}

/* --- limits --- */

static void a_limit_has_a_name_and_a_number_of_hours_days_or_business_days(void **state)
{
    char text[EFFECT_LIMIT_SIZE];
    (void)state;

    struct effect_limit limit = limit_of("gmail=48h");
    assert_string_equal(limit.name, "gmail");
    assert_false(limit.business_days);
    assert_int_equal(limit.amount, 48);
    assert_string_equal(effect_limit_format(&limit, text), "48h");
    limit = limit_of("can-spam=10bd");
    assert_true(limit.business_days);
    assert_string_equal(effect_limit_format(&limit, text), "10bd");
    limit = limit_of("a=7d");
    assert_false(limit.business_days);
    assert_int_equal(limit.amount, 168);
}

static void any_other_spelling_of_a_limit_is_an_error(void **state)
{
    static const char *const bad[] = {"",      "48h",    "=48h",   "a=",        "a=48",  "a=h",
                                      "a=0h",  "a=1H",   "a=1m",   "a=-1h",     "a= 1h", "a=1000h",
                                      "A=48h", "a=1bd ", "a b=1h", "a=1h,b=1h", "a=1.5h"};
    struct effect_limit limit = {.amount = 7};
    char name[64];
    (void)state;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(effect_limit_parse(bad[i], &limit), ERR_SYNTAX);
    snprintf(name, sizeof name, "%033d=1h", 0);
    assert_int_equal(effect_limit_parse(name, &limit), ERR_TOO_LONG);
    assert_int_equal(effect_limit_parse(name + 1, &limit), 0);
    assert_int_equal(limit.amount, 1);
}

static void hours_are_counted_by_the_second(void **state)
{
    struct effect_limit limit = limit_of("gmail=48h");
    (void)state;
    assert_int_equal(effect_deadline(&limit, 1000), 1000 + 48 * HOUR);
}

/* 2026-03-02 is a Monday. */
static void business_days_are_monday_to_friday_behind_the_day_that_was_asked(void **state)
{
    static const struct {
        const char *asked, *limit, *last;
    } known[] = {
        {"2026-03-02T00:00:00Z", "a=1bd", "2026-03-03T23:59:59Z"},
        {"2026-03-02T23:59:59Z", "a=1bd", "2026-03-03T23:59:59Z"},
        {"2026-03-02T12:00:00Z", "a=10bd", "2026-03-16T23:59:59Z"},
        {"2026-03-06T12:00:00Z", "a=1bd", "2026-03-09T23:59:59Z"}, /* Friday to Monday */
        {"2026-03-07T12:00:00Z", "a=1bd", "2026-03-09T23:59:59Z"}, /* Saturday */
        {"2026-03-08T12:00:00Z", "a=1bd", "2026-03-09T23:59:59Z"},
        {"2026-03-08T12:00:00Z", "a=5bd", "2026-03-13T23:59:59Z"},
        {"2026-03-08T12:00:00Z", "a=6bd", "2026-03-16T23:59:59Z"},
        {"1970-01-01T00:00:00Z", "a=1bd", "1970-01-02T23:59:59Z"}, /* Thursday */
        {"2024-02-28T10:00:00Z", "a=2bd", "2024-03-01T23:59:59Z"}, /* over the 29th */
    };
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct effect_limit limit = limit_of(known[i].limit);
        assert_int_equal(effect_deadline(&limit, at(known[i].asked)), at(known[i].last));
    }
}

static void business_days_before_1970_are_counted_too(void **state)
{
    struct effect_limit limit = limit_of("a=1bd");
    (void)state;
    /* 1969-12-26 was a Friday. */
    assert_int_equal(effect_deadline(&limit, -6 * 86400 + 5), -2 * 86400 - 1);
}

/* --- one opt-out --- */

static void the_delay_is_from_asked_to_recorded(void **state)
{
    struct effect effect = {.asked = 1000, .recorded_ms = 1500250};
    int64_t delay_ms;
    (void)state;
    assert_true(effect_delay(&effect, &delay_ms));
    assert_int_equal(delay_ms, 500250);
}

static void mail_in_spite_of_it_puts_the_effect_off(void **state)
{
    struct effect effect = {.asked = 1000, .recorded_ms = 1500000, .last_handed_ms = 9000000};
    int64_t delay_ms;
    (void)state;
    assert_true(effect_delay(&effect, &delay_ms));
    assert_int_equal(delay_ms, 8000000);
}

static void clocks_that_differ_make_no_negative_delay(void **state)
{
    struct effect effect = {.asked = 2000, .recorded_ms = 1999000};
    int64_t delay_ms;
    (void)state;
    assert_true(effect_delay(&effect, &delay_ms));
    assert_int_equal(delay_ms, 0);
}

static void without_a_date_nothing_is_said(void **state)
{
    struct effect_limit limit = limit_of("gmail=48h");
    struct effect effect = {.recorded_ms = 1999000};
    int64_t delay_ms;
    (void)state;
    assert_false(effect_delay(&effect, &delay_ms));
    assert_int_equal(effect_stands(&effect, &limit), EFFECT_UNDATED);
}

static void three_quarters_of_a_limit_are_near_and_a_second_more_than_all_is_over(void **state)
{
    struct effect_limit limit = limit_of("gmail=48h");
    const int64_t asked = 1000000;
    static const struct {
        int64_t delay_ms;
        enum effect_standing standing;
    } known[] = {
        {0, EFFECT_IN_TIME},
        {36 * HOUR * 1000, EFFECT_IN_TIME},
        {36 * HOUR * 1000 + 1, EFFECT_NEAR},
        {48 * HOUR * 1000, EFFECT_NEAR},
        {48 * HOUR * 1000 + 999, EFFECT_NEAR},
        {48 * HOUR * 1000 + 1000, EFFECT_OVER},
    };
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct effect effect = {.asked = asked, .recorded_ms = asked * 1000 + known[i].delay_ms};
        assert_int_equal(effect_stands(&effect, &limit), known[i].standing);
    }
}

static void the_worst_limit_counts(void **state)
{
    const struct effect_limit limits[] = {limit_of("a=48h"), limit_of("b=24h"), limit_of("c=72h")};
    struct effect effect = {.asked = 1000, .recorded_ms = 1000000 + 30 * HOUR * 1000};
    (void)state;
    assert_int_equal(effect_worst(&effect, limits, 3), EFFECT_OVER);
    assert_int_equal(effect_worst(&effect, limits, 1), EFFECT_IN_TIME);
    assert_int_equal(effect_worst(&effect, limits, 0), EFFECT_IN_TIME);
    effect.recorded_ms = 1000000 + 20 * HOUR * 1000;
    assert_int_equal(effect_worst(&effect, limits, 3), EFFECT_NEAR);
}

static void standings_have_names(void **state)
{
    (void)state;
    assert_string_equal(effect_standing_name(EFFECT_IN_TIME), "in-time");
    assert_string_equal(effect_standing_name(EFFECT_NEAR), "near");
    assert_string_equal(effect_standing_name(EFFECT_OVER), "over");
    assert_string_equal(effect_standing_name(EFFECT_UNDATED), "undated");
    assert_string_equal(effect_standing_name((enum effect_standing)9), "unknown");
}

/* --- many --- */

static void a_spread_names_values_that_are_there(void **state)
{
    int64_t values[100], few[] = {30, 10, 20}, one[] = {5};
    (void)state;

    for (int i = 0; i < 100; i++)
        values[i] = 100 - i;
    struct effect_spread spread = effect_spread(values, 100);
    assert_int_equal(spread.count, 100);
    assert_int_equal(spread.median, 50);
    assert_int_equal(spread.p90, 90);
    assert_int_equal(spread.p99, 99);
    assert_int_equal(spread.max, 100);
    spread = effect_spread(few, 3);
    assert_int_equal(spread.median, 20);
    assert_int_equal(spread.p90, 30);
    spread = effect_spread(one, 1);
    assert_int_equal(spread.median, 5);
    assert_int_equal(spread.max, 5);
    spread = effect_spread(NULL, 0);
    assert_int_equal(spread.count, 0);
    assert_int_equal(spread.max, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_limit_has_a_name_and_a_number_of_hours_days_or_business_days),
        cmocka_unit_test(any_other_spelling_of_a_limit_is_an_error),
        cmocka_unit_test(hours_are_counted_by_the_second),
        cmocka_unit_test(business_days_are_monday_to_friday_behind_the_day_that_was_asked),
        cmocka_unit_test(business_days_before_1970_are_counted_too),
        cmocka_unit_test(the_delay_is_from_asked_to_recorded),
        cmocka_unit_test(mail_in_spite_of_it_puts_the_effect_off),
        cmocka_unit_test(clocks_that_differ_make_no_negative_delay),
        cmocka_unit_test(without_a_date_nothing_is_said),
        cmocka_unit_test(three_quarters_of_a_limit_are_near_and_a_second_more_than_all_is_over),
        cmocka_unit_test(the_worst_limit_counts),
        cmocka_unit_test(standings_have_names),
        cmocka_unit_test(a_spread_names_values_that_are_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
