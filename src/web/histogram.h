/* A histogram as Prometheus knows it: how many values were no greater than each bound. */
#ifndef WEB_HISTOGRAM_H
#define WEB_HISTOGRAM_H

#include "base/text.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_BOUNDS_MAX 16

struct histogram {
    const int64_t *bounds; /* ascending, in thousandths or millionths of a second */
    size_t bound_count;    /* HISTOGRAM_BOUNDS_MAX at most */
    int64_t second;        /* what a second is in that unit */
    _Atomic uint64_t counts[HISTOGRAM_BOUNDS_MAX + 1]; /* of each bound alone; last, beyond all */
    _Atomic int64_t sum;
};

/* Safe from any thread. */
void histogram_add(struct histogram *histogram, int64_t value);

/* The lines of a family, with its # HELP and # TYPE, in seconds. */
void histogram_append(struct histogram *histogram, const char *name, const char *help,
                      struct text *text);

/* The lines alone, with a label for each: `source="web"`. */
void histogram_append_labelled(const struct histogram *histogram, const char *name,
                               const char *label, struct text *text);

#endif
