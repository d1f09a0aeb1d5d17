/* How long something is kept. */
#include "core/retention.h"

#include "base/clock.h"
#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* What is older than `limit` is due at `now`, both as texts. */
static void assert_limit(const char *retention, const char *now, const char *limit)
{
    struct retention r;
    int64_t at, expected;
    assert_int_equal(retention_parse(retention, &r), 0);
    assert_int_equal(clock_parse(now, &at), 0);
    assert_int_equal(clock_parse(limit, &expected), 0);
    assert_int_equal(retention_limit(&r, at), expected);
}

static void years_count_from_the_end_of_the_year(void **state)
{
    (void)state;
    /* Of March 2026: kept until the end of 2029. */
    assert_limit("3y", "2029-12-31T23:59:59Z", "2026-01-01");
    assert_limit("3y", "2030-01-01T00:00:00Z", "2027-01-01");
    assert_limit("1y", "2026-07-01T12:00:00Z", "2025-01-01");
}

static void months_end_on_the_same_day_or_the_last_one(void **state)
{
    (void)state;
    assert_limit("6m", "2026-07-15T12:30:10Z", "2026-01-15T12:30:10Z");
    assert_limit("1m", "2024-03-31T00:00:00Z", "2024-02-29T00:00:00Z");
    assert_limit("1m", "2026-03-31T00:00:00Z", "2026-02-28T00:00:00Z");
    assert_limit("13m", "2026-01-10T01:02:03Z", "2024-12-10T01:02:03Z");
}

static void days_and_weeks_are_so_many_seconds(void **state)
{
    (void)state;
    assert_limit("90d", "2026-04-01T00:00:01Z", "2026-01-01T00:00:01Z");
    assert_limit("2w", "2026-04-15T00:00:00Z", "2026-04-01T00:00:00Z");
}

static void forever_lets_nothing_be_due(void **state)
{
    struct retention r;
    (void)state;
    assert_int_equal(retention_parse("forever", &r), 0);
    assert_true(retention_limit(&r, 4102444800) == INT64_MIN);
}

static void what_is_no_retention_is_refused(void **state)
{
    static const char *const bad[] = {"",   "0d",   "d",     "3",   "3h",       "-1d", "1000d",
                                      "3Y", "1.5y", "never", "3 y", "forever ", "00y"};
    struct retention r = {7, 'x'};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(retention_parse(bad[i], &r), ERR_SYNTAX);
    assert_int_equal(r.count, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(years_count_from_the_end_of_the_year),
        cmocka_unit_test(months_end_on_the_same_day_or_the_last_one),
        cmocka_unit_test(days_and_weeks_are_so_many_seconds),
        cmocka_unit_test(forever_lets_nothing_be_due),
        cmocka_unit_test(what_is_no_retention_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
