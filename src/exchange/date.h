/* Dates as the exports of others write them, whatever the form: RFC 3339 and 5322 (2822), Unix
 * time, numbers with dots, slashes or dashes, names of months. */
#ifndef EXCHANGE_DATE_H
#define EXCHANGE_DATE_H

#include "exchange/zone.h"

#include <stddef.h>
#include <stdint.h>

/* What comes first in 03/04/2011 and 03-04-11. */
enum date_order {
    DATE_ORDER_UNKNOWN, /* an error, where it makes a difference */
    DATE_ORDER_DMY,
    DATE_ORDER_MDY,
    DATE_ORDER_ISO, /* year, month, day; 03/04/2011 is an error */
};

enum date_reading {
    DATE_READ,
    DATE_ABSENT, /* empty, or a word or date that stands for none: null, 0000-00-00, before 1970 */
    DATE_UNREADABLE,
    DATE_AMBIGUOUS, /* day or month first? */
};

/* "DMY", "MDY", "ISO". 0, ERR_NOT_FOUND. */
int date_order_parse(const char *name, enum date_order *order);

/* Reads `length` octets without blanks around. Where they do not tell the zone it is `zone`, where
 * they do not tell the time it is the first second of the day. Dots put the day first, unless the
 * order says otherwise; two digits of a year are those of 1970 to 2069. *seconds is set for
 * DATE_READ alone. */
enum date_reading date_parse(const char *text, size_t length, enum date_order order,
                             const struct zone *zone, int64_t *seconds);

#endif
