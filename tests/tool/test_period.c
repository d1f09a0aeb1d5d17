#include "tool/report/period.h"

#include "base/clock.h"
#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int64_t at(const char *text)
{
    int64_t seconds = -1;
    assert_int_equal(clock_parse(text, &seconds), 0);
    return seconds;
}

static struct period made(const char *since, const char *until)
{
    struct period period;
    assert_int_equal(period_make(at(since), at(until), &period), 0);
    return period;
}

static void assert_start(const struct period *period, size_t part, const char *date)
{
    char text[CLOCK_TEXT_SIZE];
    assert_true(part <= period->count);
    clock_format(period->starts[part], text);
    text[10] = '\0';
    assert_string_equal(text, date);
}

static void a_month_has_days(void **state)
{
    struct period period = made("2026-02-01", "2026-03-01");
    (void)state;
    assert_string_equal(period_unit_name(period.unit), "day");
    assert_int_equal(period.count, 28);
    assert_start(&period, 0, "2026-02-01");
    assert_start(&period, 27, "2026-02-28");
}

static void a_quarter_has_weeks_from_monday(void **state)
{
    struct period period = made("2026-01-01", "2026-04-01");
    (void)state;
    assert_string_equal(period_unit_name(period.unit), "week");
    assert_start(&period, 0, "2025-12-29"); /* a Monday */
    assert_start(&period, 1, "2026-01-05");
    assert_int_equal(period.count, 14);
}

static void years_have_months_and_many_years_are_years(void **state)
{
    struct period period = made("2023-05-15", "2026-05-15");
    (void)state;
    assert_string_equal(period_unit_name(period.unit), "month");
    assert_int_equal(period.count, 37);
    assert_start(&period, 36, "2026-05-01");
    period = made("1990-01-01", "2026-05-15");
    assert_string_equal(period_unit_name(period.unit), "year");
    assert_int_equal(period.count, 37);
    assert_start(&period, 0, "1990-01-01");
}

static void a_moment_lies_in_its_part_and_what_is_outside_in_none(void **state)
{
    struct period period = made("2026-02-01T12:00:00Z", "2026-02-10");
    (void)state;
    assert_int_equal(period_find(&period, at("2026-02-01T11:59:59Z")), period.count);
    assert_int_equal(period_find(&period, at("2026-02-01T12:00:00Z")), 0);
    assert_int_equal(period_find(&period, at("2026-02-01T23:59:59Z")), 0);
    assert_int_equal(period_find(&period, at("2026-02-02")), 1);
    assert_int_equal(period_find(&period, at("2026-02-09T23:59:59Z")), 8);
    assert_int_equal(period_find(&period, at("2026-02-10")), period.count);
}

static void every_moment_is_in_the_part_that_begins_before_it(void **state)
{
    static const char *const ends[] = {"2026-01-20", "2026-07-01", "2028-01-01", "2060-01-01"};
    (void)state;
    for (size_t e = 0; e < sizeof ends / sizeof *ends; e++) {
        struct period period = made("2026-01-01", ends[e]);
        int64_t step = (period.until - period.since) / 997 + 1;
        for (int64_t moment = period.since; moment < period.until; moment += step) {
            size_t part = period_find(&period, moment);
            assert_true(part < period.count);
            assert_true(period.starts[part] <= moment && moment < period.starts[part + 1]);
        }
    }
}

static void what_ends_before_it_begins_or_is_endless_is_refused(void **state)
{
    struct period period = {.count = 7};
    (void)state;
    assert_int_equal(period_make(5, 5, &period), ERR_SYNTAX);
    assert_int_equal(period_make(6, 5, &period), ERR_SYNTAX);
    assert_int_equal(period_make(at("1970-01-01"), at("9999-12-31"), &period), ERR_SYNTAX);
    assert_int_equal(period.count, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_month_has_days),
        cmocka_unit_test(a_quarter_has_weeks_from_monday),
        cmocka_unit_test(years_have_months_and_many_years_are_years),
        cmocka_unit_test(a_moment_lies_in_its_part_and_what_is_outside_in_none),
        cmocka_unit_test(every_moment_is_in_the_part_that_begins_before_it),
        cmocka_unit_test(what_ends_before_it_begins_or_is_endless_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
