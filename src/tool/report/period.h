/* A stretch of time, cut into parts that a chart can show: days, weeks (from Monday), months or
 * years of UTC, whichever gives at most PERIOD_PARTS_MAX of them. */
#ifndef TOOL_REPORT_PERIOD_H
#define TOOL_REPORT_PERIOD_H

#include <stddef.h>
#include <stdint.h>

#define PERIOD_PARTS_MAX 62

enum period_unit { PERIOD_DAY, PERIOD_WEEK, PERIOD_MONTH, PERIOD_YEAR };

struct period {
    int64_t since, until; /* seconds: the first moment, and the first one behind it */
    enum period_unit unit;
    size_t count;                         /* parts; the first and the last may be cut off */
    int64_t starts[PERIOD_PARTS_MAX + 1]; /* of each part, and of what comes behind the last */
};

/* Both moments lie in the years 1970 to 9999. ERR_SYNTAX: it ends before it begins, or has too many
 * years. */
int period_make(int64_t since, int64_t until, struct period *period);

/* The part that a moment lies in; period->count where it lies outside. */
size_t period_find(const struct period *period, int64_t at);

/* "day", "week", "month", "year". */
const char *period_unit_name(enum period_unit unit);

#endif
