#include "base/clock.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void takes(const char *text, int64_t expected)
{
    int64_t seconds = -1;
    if (clock_parse(text, &seconds) < 0)
        fail_msg("%s was refused", text);
    if (seconds != expected)
        fail_msg("%s gave %lld", text, (long long)seconds);
}

static void refuses(const char *text)
{
    int64_t seconds = 42;
    if (clock_parse(text, &seconds) != ERR_SYNTAX)
        fail_msg("%s gave %lld", text, (long long)seconds);
    assert_int_equal(seconds, 42);
}

static void a_date_is_its_first_second_in_utc(void **state)
{
    (void)state;
    takes("1970-01-01", 0);
    takes("2000-01-01", 946684800);
    takes("2026-03-03", 1772496000);
    takes("9999-12-31", 253402214400);
}

static void the_standard_s_examples_are_taken(void **state)
{
    (void)state;
    takes("1985-04-12T23:20:50.52Z", 482196050);
    takes("1996-12-19T16:39:57-08:00", 851042397);
    takes("1990-12-31T23:59:60Z", 662688000);
    takes("1990-12-31T15:59:60-08:00", 662688000);
    refuses("1937-01-01T12:00:27.87+00:20"); /* before 1970 */
}

static void an_offset_is_taken_away(void **state)
{
    (void)state;
    takes("2026-03-03T12:00:00Z", 1772539200);
    takes("2026-03-03T12:00:00+00:00", 1772539200);
    takes("2026-03-03T12:00:00-00:00", 1772539200);
    takes("2026-03-03T13:00:00+01:00", 1772539200);
    takes("2026-03-03T17:45:00+05:45", 1772539200);
    takes("2026-03-04T11:59:00+23:59", 1772539200);
    takes("2026-03-02T12:01:00-23:59", 1772539200);
    refuses("2026-03-03T12:00:00+24:00");
    refuses("2026-03-03T12:00:00+01:60");
    refuses("2026-03-03T12:00:00+0100");
    refuses("2026-03-03T12:00:00+01");
    refuses("2026-03-03T12:00:00");
}

static void letters_may_be_small_and_a_blank_may_stand_for_the_t(void **state)
{
    (void)state;
    takes("2026-03-03t12:00:00z", 1772539200);
    takes("2026-03-03 12:00:00Z", 1772539200);
    refuses("2026-03-03_12:00:00Z");
    refuses("2026-03-03  12:00:00Z");
}

static void fractions_are_dropped(void **state)
{
    (void)state;
    takes("2026-03-03T12:00:00.9Z", 1772539200);
    takes("2026-03-03T12:00:00.999999999999999999999999999Z", 1772539200);
    refuses("2026-03-03T12:00:00.Z");
    refuses("2026-03-03T12:00:00,5Z");
    refuses("2026-03-03T12:00:00.5");
}

static void leap_days_are_those_of_the_calendar(void **state)
{
    (void)state;
    takes("2024-02-29", 1709164800);
    takes("2000-02-29", 951782400);
    takes("2400-02-29", 13574563200);
    refuses("2023-02-29");
    refuses("2026-02-29");
    refuses("2100-02-29");
    refuses("2024-02-30");
}

static void days_and_months_that_are_not_are_refused(void **state)
{
    (void)state;
    static const unsigned days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    refuses("2026-00-10");
    refuses("2026-13-10");
    for (unsigned month = 1; month <= 12; month++) {
        char text[] = "2026-00-00";
        text[5] = (char)('0' + month / 10);
        text[6] = (char)('0' + month % 10);
        for (unsigned day = 0; day < 100; day++) {
            int64_t seconds;
            text[8] = (char)('0' + day / 10);
            text[9] = (char)('0' + day % 10);
            assert_int_equal(clock_parse(text, &seconds),
                             day >= 1 && day <= days[month - 1] ? 0 : ERR_SYNTAX);
        }
    }
}

static void the_clock_has_no_24_hours(void **state)
{
    (void)state;
    takes("2026-03-03T23:59:59Z", 1772582399);
    refuses("2026-03-03T24:00:00Z");
    refuses("2026-03-03T12:60:00Z");
    refuses("2026-03-03T12:00:61Z");
}

static void a_leap_second_ends_a_month(void **state)
{
    (void)state;
    takes("2016-12-31T23:59:60Z", 1483228800);
    takes("2015-07-01T01:59:60.5+02:00", 1435708800);
    refuses("2026-03-03T23:59:60Z");
    refuses("2016-12-31T22:59:60Z");
    refuses("2016-12-31T23:58:60Z");
    refuses("2017-01-01T00:00:60Z");
}

static void years_out_of_range_are_refused(void **state)
{
    (void)state;
    refuses("1969-12-31");
    refuses("1970-01-01T00:00:00+00:01");
    takes("1969-12-31T23:59:00-00:01", 0);
    takes("9999-12-31T23:59:59Z", 253402300799);
    refuses("9999-12-31T23:59:59-00:01");
    refuses("10000-01-01");
    refuses("0000-01-01");
}

static void other_spellings_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        " 2026-03-03",
                                        "2026-03-03 ",
                                        "2026-3-3",
                                        "26-03-03",
                                        "2026/03/03",
                                        "03.03.2026",
                                        "20260303",
                                        "2026-03-0x",
                                        "+026-03-03",
                                        "2026-03",
                                        "2026-03-03T",
                                        "2026-03-03Z",
                                        "tomorrow",
                                        "1772539200",
                                        "2026-03-03T12:00Z",
                                        "2026-03-03T12:00:00Zx",
                                        "2026-03-03T1:00:00Z",
                                        "2026-03-03T12:00:0 Z"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        refuses(wrong[i]);
}

static void times_are_written_in_utc(void **state)
{
    (void)state;
    char text[CLOCK_TEXT_SIZE];
    assert_string_equal(clock_format(0, text), "1970-01-01T00:00:00Z");
    assert_string_equal(clock_format(1772539200, text), "2026-03-03T12:00:00Z");
    assert_string_equal(clock_format(-1, text), "1969-12-31T23:59:59Z");
    assert_string_equal(clock_format(253402300799, text), "9999-12-31T23:59:59Z");
    assert_string_equal(clock_format_ms(1772539200123, text), "2026-03-03T12:00:00.123Z");
    assert_string_equal(clock_format_ms(1772539200000, text), "2026-03-03T12:00:00.000Z");
    assert_string_equal(clock_format_ms(-1, text), "1969-12-31T23:59:59.999Z");
    assert_string_equal(clock_format_ms(-1000, text), "1969-12-31T23:59:59.000Z");
}

static void times_beyond_the_form_stay_within_it(void **state)
{
    (void)state;
    char text[CLOCK_TEXT_SIZE];
    clock_format(INT64_MAX, text);
    assert_memory_equal(text, "9999-12-31T", 11);
    clock_format(INT64_MIN, text);
    assert_memory_equal(text, "0000-01-01T", 11);
    clock_format_ms(INT64_MAX, text);
    assert_memory_equal(text, "9999-12-31T", 11);
    clock_format_ms(INT64_MIN, text);
    assert_memory_equal(text, "0000-01-01T", 11);
}

static void every_day_agrees_with_the_c_library(void **state)
{
    (void)state;
    for (int64_t day = 0; day < 366 * 450; day++) {
        char text[CLOCK_TEXT_SIZE], expected[CLOCK_TEXT_SIZE];
        int64_t seconds = day * 86400 + day % 86400;
        int64_t back;
        struct tm tm;
        time_t time = (time_t)seconds;
        assert_non_null(gmtime_r(&time, &tm));
        strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%SZ", &tm);
        clock_format(seconds, text);
        assert_string_equal(text, expected);
        assert_int_equal(clock_parse(text, &back), 0);
        assert_int_equal(back, seconds);
    }
}

static void the_zone_of_the_environment_does_not_count(void **state)
{
    (void)state;
    char text[CLOCK_TEXT_SIZE];
    setenv("TZ", "right/Pacific/Auckland", 1);
    tzset();
    takes("2026-03-03T12:00:00Z", 1772539200);
    assert_string_equal(clock_format(1772539200, text), "2026-03-03T12:00:00Z");
    setenv("TZ", "UTC0", 1);
    tzset();
}

static void the_two_clocks_agree(void **state)
{
    (void)state;
    int64_t before = clock_now();
    int64_t ms = clock_now_ms();
    int64_t after = clock_now();
    assert_true(before <= ms / 1000 && ms / 1000 <= after);
    assert_true(before <= time(NULL) && before > 1700000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_date_is_its_first_second_in_utc),
        cmocka_unit_test(the_standard_s_examples_are_taken),
        cmocka_unit_test(an_offset_is_taken_away),
        cmocka_unit_test(letters_may_be_small_and_a_blank_may_stand_for_the_t),
        cmocka_unit_test(fractions_are_dropped),
        cmocka_unit_test(leap_days_are_those_of_the_calendar),
        cmocka_unit_test(days_and_months_that_are_not_are_refused),
        cmocka_unit_test(the_clock_has_no_24_hours),
        cmocka_unit_test(a_leap_second_ends_a_month),
        cmocka_unit_test(years_out_of_range_are_refused),
        cmocka_unit_test(other_spellings_are_refused),
        cmocka_unit_test(times_are_written_in_utc),
        cmocka_unit_test(times_beyond_the_form_stay_within_it),
        cmocka_unit_test(every_day_agrees_with_the_c_library),
        cmocka_unit_test(the_zone_of_the_environment_does_not_count),
        cmocka_unit_test(the_two_clocks_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
