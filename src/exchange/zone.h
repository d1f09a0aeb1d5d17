/* Time zones of the tz database: what local time was when.
 *
 * The C library knows them, but only through TZ and tzset(3), which are the whole process's. So a
 * child process asks it, once, and what remains is a table that is only read. */
#ifndef EXCHANGE_ZONE_H
#define EXCHANGE_ZONE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

#define ZONE_CHANGES_MAX 1024 /* Europe has 2 a year, Morocco 4 */

/* From a moment on, how many seconds local time is ahead of UTC. */
struct zone_change {
    int64_t from;
    int64_t offset;
};

/* The first change is in force before its moment too. */
struct zone {
    struct zone_change changes[ZONE_CHANGES_MAX];
    size_t count;
};

/* "Europe/Berlin", "UTC", or an offset: "+01:00". Covers 1970 to 2100; what comes later is as at
 * the end. To be called before the first thread is started, as it forks. ERR_NOT_FOUND: no such
 * zone; -errno. */
int zone_load(const char *name, struct zone *zone, struct error *why);

/* The moment of a local time, both in seconds since 1970-01-01 00:00 (there, and in UTC). Of two
 * (the hour that is there twice in autumn) the earlier; of none (the hour that is left out in
 * spring) the one that the clock would show had it not been put forward. */
int64_t zone_to_utc(const struct zone *zone, int64_t local);

#endif
