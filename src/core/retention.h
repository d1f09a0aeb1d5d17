/* How long something is kept: `forever`, or a number with d, w, m or y behind it, for days, weeks,
 * months and years. Years count from the end of the year in which it came, as periods of limitation
 * do: with `3y`, what is of March 2026 is kept until the end of 2029. */
#ifndef CORE_RETENTION_H
#define CORE_RETENTION_H

#include <stdint.h>

#define RETENTION_MAX 999

struct retention {
    unsigned count; /* 0: forever */
    char unit;
};

/* ERR_SYNTAX, also for 0: whether that keeps nothing or all, everybody reads it differently. */
int retention_parse(const char *text, struct retention *retention);

/* What is from before this moment has been kept long enough, in seconds; INT64_MIN: nothing has.
 * All in UTC. */
int64_t retention_limit(const struct retention *retention, int64_t now);

#endif
