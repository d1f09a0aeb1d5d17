#include "exchange/zone.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The moment at which clocks there show this time. */
static void shows(const char *name, const char *local, const char *utc)
{
    struct zone zone;
    struct error why = {""};
    int64_t seconds;
    char text[CLOCK_TEXT_SIZE], with_z[64];

    if (zone_load(name, &zone, &why) != 0)
        fail_msg("%s", why.text);
    strcpy(with_z, local);
    strcat(with_z, "Z");
    assert_int_equal(clock_parse(with_z, &seconds), 0);
    clock_format(zone_to_utc(&zone, seconds), text);
    if (strcmp(text, utc) != 0)
        fail_msg("%s in %s gave %s instead of %s", local, name, text, utc);
}

static void refuses(const char *name)
{
    struct zone zone = {.count = 42};
    struct error why = {""};
    assert_int_equal(zone_load(name, &zone, &why), ERR_NOT_FOUND);
    assert_non_null(strstr(why.text, "tzdata"));
    assert_int_equal(zone.count, 42);
}

static void utc_is_utc(void **state)
{
    (void)state;
    shows("UTC", "2025-07-01T12:00:00", "2025-07-01T12:00:00Z");
    shows("utc", "2025-01-01T12:00:00", "2025-01-01T12:00:00Z");
    shows("Etc/UTC", "2025-01-01T12:00:00", "2025-01-01T12:00:00Z");
}

static void offsets_are_zones(void **state)
{
    (void)state;
    shows("+01:00", "2025-07-01T12:00:00", "2025-07-01T11:00:00Z");
    shows("-05:30", "2025-07-01T12:00:00", "2025-07-01T17:30:00Z");
    refuses("+1:00");
    refuses("+01:60");
    refuses("+15:00");
    refuses("01:00");
}

static void summer_time_is_known(void **state)
{
    (void)state;
    shows("Europe/Berlin", "2025-01-01T12:00:00", "2025-01-01T11:00:00Z");
    shows("Europe/Berlin", "2025-07-01T12:00:00", "2025-07-01T10:00:00Z");
    shows("Europe/Berlin", "2025-03-30T01:59:59", "2025-03-30T00:59:59Z");
    shows("Europe/Berlin", "2025-03-30T03:00:00", "2025-03-30T01:00:00Z");
    shows("Europe/Berlin", "2025-10-26T01:59:59", "2025-10-25T23:59:59Z");
    shows("Europe/Berlin", "2025-10-26T03:00:00", "2025-10-26T02:00:00Z");
    shows("America/New_York", "2025-07-01T12:00:00", "2025-07-01T16:00:00Z");
    shows("Australia/Sydney", "2025-01-01T12:00:00", "2025-01-01T01:00:00Z");
    shows("Asia/Kathmandu", "2025-01-01T12:00:00", "2025-01-01T06:15:00Z");
}

static void the_past_had_other_rules(void **state)
{
    (void)state;
    shows("Europe/Berlin", "1975-07-01T12:00:00", "1975-07-01T11:00:00Z");
    shows("America/New_York", "2006-03-20T12:00:00", "2006-03-20T17:00:00Z");
    shows("America/New_York", "2007-03-20T12:00:00", "2007-03-20T16:00:00Z");
    shows("Asia/Kathmandu", "1980-01-01T12:00:00", "1980-01-01T06:30:00Z");
}

static void the_future_has_the_rules_of_today(void **state)
{
    (void)state;
    shows("Europe/Berlin", "2050-07-01T12:00:00", "2050-07-01T10:00:00Z");
    shows("Europe/Berlin", "2099-07-01T12:00:00", "2099-07-01T10:00:00Z");
}

static void an_hour_that_is_there_twice_is_the_first(void **state)
{
    (void)state;
    shows("Europe/Berlin", "2025-10-26T02:30:00", "2025-10-26T00:30:00Z");
}

static void an_hour_that_is_not_there_is_that_of_a_clock_not_put_forward(void **state)
{
    (void)state;
    shows("Europe/Berlin", "2025-03-30T02:30:00", "2025-03-30T01:30:00Z");
}

static void unknown_names_are_errors(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "Europe/Atlantis",
                                        "/etc/passwd",
                                        "/usr/share/zoneinfo/Europe/Berlin",
                                        "../zoneinfo/Europe/Berlin",
                                        "Europe",
                                        "zone.tab",
                                        "CET-1CEST,M3.5.0,M10.5.0/3",
                                        ":Europe/Berlin",
                                        "Europe/Berlin "};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        refuses(wrong[i]);
}

static void the_process_s_own_zone_stays(void **state)
{
    (void)state;
    struct zone zone;
    assert_int_equal(setenv("TZ", "Asia/Tokyo", 1), 0);
    assert_int_equal(zone_load("Europe/Berlin", &zone, NULL), 0);
    assert_string_equal(getenv("TZ"), "Asia/Tokyo");
    unsetenv("TZ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utc_is_utc),
        cmocka_unit_test(offsets_are_zones),
        cmocka_unit_test(summer_time_is_known),
        cmocka_unit_test(the_past_had_other_rules),
        cmocka_unit_test(the_future_has_the_rules_of_today),
        cmocka_unit_test(an_hour_that_is_there_twice_is_the_first),
        cmocka_unit_test(an_hour_that_is_not_there_is_that_of_a_clock_not_put_forward),
        cmocka_unit_test(unknown_names_are_errors),
        cmocka_unit_test(the_process_s_own_zone_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
