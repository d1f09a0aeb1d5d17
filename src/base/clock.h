/* Points in time: seconds since 1970 (UTC), or milliseconds where the name ends in _ms. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#define CLOCK_TEXT_SIZE 32 /* enough for any of the forms below */

int64_t clock_now(void);    /* seconds, wall clock */
int64_t clock_now_ms(void); /* milliseconds, wall clock */

/* RFC 3339 in UTC, "2026-03-03T12:00:00Z"; with milliseconds "2026-03-03T12:00:00.123Z". A day
 * outside of the years 0 to 9999, which that form cannot tell, becomes their first or last day. */
const char *clock_format(int64_t seconds, char text[CLOCK_TEXT_SIZE]);
const char *clock_format_ms(int64_t milliseconds, char text[CLOCK_TEXT_SIZE]);

/* RFC 3339 section 5.6 with any offset, fractions dropped, or a date alone (its first second in
 * UTC). Date and time may be divided by a blank. A leap second, at the end of a UTC month only, is
 * the second behind it. Years 1970 to 9999 in UTC: 0, ERR_SYNTAX. */
int clock_parse(const char *text, int64_t *seconds);

/* A date of the Gregorian calendar and a time of that day, in UTC. */
struct clock_fields {
    unsigned year, month, day, hour, minute, second;
};

/* The moment of what the fields say, by the rules of clock_parse: 0; ERR_SYNTAX where there is no
 * such day or time. */
int clock_from_fields(const struct clock_fields *fields, int64_t *seconds);

#endif
