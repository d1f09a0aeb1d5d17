/* Counts by name and part of a period: what a chart shows. */
#ifndef TOOL_REPORT_SERIES_H
#define TOOL_REPORT_SERIES_H

#include "base/pool.h"
#include "tool/report/period.h"

#include <jansson.h>

struct series {
    const char *name;
    uint64_t total;
    uint64_t counts[PERIOD_PARTS_MAX];
};

struct series_set {
    const struct period *period;
    struct pool *pool; /* its memory */
    struct series *rows;
    size_t count, room;
};

/* Adds to what the name has at that moment; nothing where it lies outside of the period. -ENOMEM.
 */
int series_add(struct series_set *set, const char *name, int64_t at, uint64_t number);

/* {"unit", "parts": [dates on which they begin], "total", "series": [{"name", "total",
 * "counts"}]}, the largest first. */
json_t *series_json(struct series_set *set);

#endif
