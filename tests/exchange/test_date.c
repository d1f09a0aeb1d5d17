#include "exchange/date.h"

#include "base/clock.h"
#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct zone utc = {.changes = {{0, 0}}, .count = 1};
static const struct zone plus_two = {.changes = {{0, 7200}}, .count = 1};

static void is(const char *text, enum date_order order, const struct zone *zone,
               enum date_reading expected, const char *utc_text)
{
    int64_t seconds = 42;
    char written[CLOCK_TEXT_SIZE];

    enum date_reading reading = date_parse(text, strlen(text), order, zone, &seconds);
    if (reading != expected)
        fail_msg("\"%s\" gave %d instead of %d", text, reading, expected);
    if (expected != DATE_READ)
        assert_int_equal(seconds, 42);
    else if (strcmp(clock_format(seconds, written), utc_text) != 0)
        fail_msg("\"%s\" gave %s instead of %s", text, written, utc_text);
}

static void reads(const char *text, const char *expected)
{
    is(text, DATE_ORDER_UNKNOWN, &utc, DATE_READ, expected);
}

static void refuses(const char *text)
{
    is(text, DATE_ORDER_UNKNOWN, &utc, DATE_UNREADABLE, NULL);
}

static void absent(const char *text)
{
    is(text, DATE_ORDER_UNKNOWN, &utc, DATE_ABSENT, NULL);
}

static void rfc_3339_is_read(void **state)
{
    (void)state;
    reads("2025-01-07", "2025-01-07T00:00:00Z");
    reads("2025-01-07T19:25:45Z", "2025-01-07T19:25:45Z");
    reads("2025-01-07t19:25:45z", "2025-01-07T19:25:45Z");
    reads("2025-01-07T19:25:45.123456Z", "2025-01-07T19:25:45Z");
    reads("2025-01-07T19:25:45+01:00", "2025-01-07T18:25:45Z");
    reads("2019-12-17T08:58:33-05:00", "2019-12-17T13:58:33Z");
    reads("2025-01-07 19:25:45", "2025-01-07T19:25:45Z");
    reads("2025-01-07 19:25", "2025-01-07T19:25:00Z");
    reads("2025-01-07 19:25:45 UTC", "2025-01-07T19:25:45Z");
    reads("2025-01-07 19:25:45 +0100", "2025-01-07T18:25:45Z");
    reads("2025/01/07", "2025-01-07T00:00:00Z");
    reads("2025-1-7", "2025-01-07T00:00:00Z");
}

static void rfc_2822_is_read(void **state)
{
    (void)state;
    reads("Tue, 07 Jan 2025 19:25:45 UTC", "2025-01-07T19:25:45Z");
    reads("Tue, 7 Jan 2025 19:25:45 GMT", "2025-01-07T19:25:45Z");
    reads("7 Jan 2025 19:25:45 +0530", "2025-01-07T13:55:45Z");
    reads("Tue, 07 Jan 25 19:25:45 EST", "2025-01-08T00:25:45Z");
    reads("Tue, 07 Jan 2025 19:25:45 +0000 (UTC)", "2025-01-07T19:25:45Z");
    reads("Tuesday, 07-Jan-25 19:25:45 GMT", "2025-01-07T19:25:45Z");
    /* Whose weekday is wrong is forgiven. */
    reads("Mon, 07 Jan 2025 19:25:45 UTC", "2025-01-07T19:25:45Z");
}

static void unix_time_is_read(void **state)
{
    (void)state;
    reads("1736277945", "2025-01-07T19:25:45Z");
    reads("999999999", "2001-09-09T01:46:39Z");
    reads("1736277945123", "2025-01-07T19:25:45Z");
    reads("1586552585.077", "2020-04-10T21:03:05Z");
    reads("20250107", "2025-01-07T00:00:00Z");
    reads("20110122T111244", "2011-01-22T11:12:44Z");
    reads("20110122T111244Z", "2011-01-22T11:12:44Z");
    refuses("12345");
    refuses("17362779451");
    refuses("20251307");
}

static void names_of_months_are_read(void **state)
{
    (void)state;
    reads("Jan 7, 2025", "2025-01-07T00:00:00Z");
    reads("January 7, 2025 7:25 PM", "2025-01-07T19:25:00Z");
    reads("Sept 7, 2025", "2025-09-07T00:00:00Z");
    reads("7. March 2025", "2025-03-07T00:00:00Z");
    reads("07-MAY-2025", "2025-05-07T00:00:00Z");
    reads("7 Januar 2025", "2025-01-07T00:00:00Z");
    refuses("7 Ja 2025");
    refuses("7 Januaryy 2025");
    refuses("Foo 7, 2025");
}

static void dots_put_the_day_first(void **state)
{
    (void)state;
    reads("03.04.2011", "2011-04-03T00:00:00Z");
    reads("3.4.11 14:05", "2011-04-03T14:05:00Z");
    is("03.04.2011", DATE_ORDER_MDY, &utc, DATE_READ, "2011-03-04T00:00:00Z");
    is("03.04.2011", DATE_ORDER_ISO, &utc, DATE_READ, "2011-04-03T00:00:00Z");
}

static void slashes_and_dashes_are_ambiguous_without_an_order(void **state)
{
    (void)state;
    is("03/04/2011", DATE_ORDER_UNKNOWN, &utc, DATE_AMBIGUOUS, NULL);
    is("03-04-2011", DATE_ORDER_UNKNOWN, &utc, DATE_AMBIGUOUS, NULL);
    is("3/4/11", DATE_ORDER_UNKNOWN, &utc, DATE_AMBIGUOUS, NULL);
    is("03/04/2011", DATE_ORDER_DMY, &utc, DATE_READ, "2011-04-03T00:00:00Z");
    is("03/04/2011", DATE_ORDER_MDY, &utc, DATE_READ, "2011-03-04T00:00:00Z");
    is("03/04/2011", DATE_ORDER_ISO, &utc, DATE_UNREADABLE, NULL);
    is("03-04-11", DATE_ORDER_ISO, &utc, DATE_READ, "2003-04-11T00:00:00Z");
    is("1/7/2025 7:25 PM", DATE_ORDER_MDY, &utc, DATE_READ, "2025-01-07T19:25:00Z");
}

static void what_can_only_be_meant_in_one_way_is_read(void **state)
{
    (void)state;
    reads("13/04/2011", "2011-04-13T00:00:00Z");
    reads("04/13/2011", "2011-04-13T00:00:00Z");
    reads("04/04/2011", "2011-04-04T00:00:00Z");
    is("13/04/2011", DATE_ORDER_MDY, &utc, DATE_UNREADABLE, NULL);
    is("04/13/2011", DATE_ORDER_DMY, &utc, DATE_UNREADABLE, NULL);
}

static void two_digits_of_a_year_are_those_of_1970_to_2069(void **state)
{
    (void)state;
    reads("1.1.70 00:00:01", "1970-01-01T00:00:01Z");
    reads("1.1.99", "1999-01-01T00:00:00Z");
    reads("1.1.00", "2000-01-01T00:00:00Z");
    reads("1.1.69", "2069-01-01T00:00:00Z");
    refuses("1.1.123");
}

static void the_clock_may_have_twelve_hours(void **state)
{
    (void)state;
    reads("2025-01-07 12:00 AM", "2025-01-07T00:00:00Z");
    reads("2025-01-07 12:00 pm", "2025-01-07T12:00:00Z");
    reads("2025-01-07 1:00:01p.m.", "2025-01-07T13:00:01Z");
    refuses("2025-01-07 13:00 PM");
    refuses("2025-01-07 0:30 AM");
}

static void a_zone_is_taken_where_none_is_told(void **state)
{
    (void)state;
    is("2025-01-07 19:25:45", DATE_ORDER_UNKNOWN, &plus_two, DATE_READ, "2025-01-07T17:25:45Z");
    is("2025-01-07", DATE_ORDER_UNKNOWN, &plus_two, DATE_READ, "2025-01-06T22:00:00Z");
    is("2025-01-07 19:25:45Z", DATE_ORDER_UNKNOWN, &plus_two, DATE_READ, "2025-01-07T19:25:45Z");
    is("1736277945", DATE_ORDER_UNKNOWN, &plus_two, DATE_READ, "2025-01-07T19:25:45Z");
    is("2025-01-07 19:25 GMT+0100", DATE_ORDER_UNKNOWN, &plus_two, DATE_READ,
       "2025-01-07T18:25:00Z");
    refuses("2025-01-07 19:25:45 CEST");
    refuses("2025-01-07 19:25:45 +25:00");
}

static void what_stands_for_no_date_is_none(void **state)
{
    (void)state;
    static const char *const none[] = {"",
                                       "NULL",
                                       "null",
                                       "never",
                                       "N/A",
                                       "-",
                                       "0",
                                       "0000-00-00 00:00:00",
                                       "0000-00-00",
                                       "00.00.0000",
                                       "Mon, 01 Jan 0001 00:00:00 UTC",
                                       "0001-01-01T00:00:00Z",
                                       "1899-12-30",
                                       "1970-01-01"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        absent(none[i]);
}

static void what_is_no_date_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "yesterday",
        "2025-02-29",
        "2025-13-01",
        "2025-01-32",
        "2025-01-07 25:00",
        "2025-01-07 19:60",
        "2025-01-07 19:25:45 and more",
        "2025-01",
        "2025",
        "31.06.2025",
        "Tue",
        "Tue,",
        "1/2",
        "1/2/",
        "2025-01-07T19:25:45+",
        "2025-01-07 (",
        "ann@example.com",
        "2025-01-07T19:25:45Z                                                    x"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        refuses(wrong[i]);
    is("2025-01-07\0", DATE_ORDER_UNKNOWN, &utc, DATE_READ, "2025-01-07T00:00:00Z");
    int64_t seconds;
    assert_int_equal(date_parse("2025\0001-07", 10, DATE_ORDER_ISO, &utc, &seconds),
                     DATE_UNREADABLE);
}

static void every_day_is_read_in_every_form(void **state)
{
    (void)state;
    for (int64_t day = 1; day < 48000; day += 13) {
        char iso[CLOCK_TEXT_SIZE], other[16];
        int64_t seconds;
        clock_format(day * 86400, iso);
        assert_int_equal(date_parse(iso, 10, DATE_ORDER_UNKNOWN, &utc, &seconds), DATE_READ);
        assert_int_equal(seconds, day * 86400);
        memcpy(other, (char[]){iso[5], iso[6], '/', iso[8], iso[9], '/'}, 6);
        memcpy(other + 6, iso, 4);
        assert_int_equal(date_parse(other, 10, DATE_ORDER_MDY, &utc, &seconds), DATE_READ);
        assert_int_equal(seconds, day * 86400);
    }
}

static void orders_have_names(void **state)
{
    (void)state;
    enum date_order order = DATE_ORDER_UNKNOWN;
    assert_int_equal(date_order_parse("DMY", &order), 0);
    assert_int_equal(order, DATE_ORDER_DMY);
    assert_int_equal(date_order_parse("mdy", &order), 0);
    assert_int_equal(order, DATE_ORDER_MDY);
    assert_int_equal(date_order_parse("ISO", &order), 0);
    assert_int_equal(order, DATE_ORDER_ISO);
    assert_int_equal(date_order_parse("YDM", &order), ERR_NOT_FOUND);
    assert_int_equal(order, DATE_ORDER_ISO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc_3339_is_read),
        cmocka_unit_test(rfc_2822_is_read),
        cmocka_unit_test(unix_time_is_read),
        cmocka_unit_test(names_of_months_are_read),
        cmocka_unit_test(dots_put_the_day_first),
        cmocka_unit_test(slashes_and_dashes_are_ambiguous_without_an_order),
        cmocka_unit_test(what_can_only_be_meant_in_one_way_is_read),
        cmocka_unit_test(two_digits_of_a_year_are_those_of_1970_to_2069),
        cmocka_unit_test(the_clock_may_have_twelve_hours),
        cmocka_unit_test(a_zone_is_taken_where_none_is_told),
        cmocka_unit_test(what_stands_for_no_date_is_none),
        cmocka_unit_test(what_is_no_date_is_refused),
        cmocka_unit_test(every_day_is_read_in_every_form),
        cmocka_unit_test(orders_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
