/* How long opt-outs took from what a person asked until they were recorded, for /metrics. Who uses
 * it sees to it that one thread does at a time. */
#ifndef WEB_DELAYS_H
#define WEB_DELAYS_H

#include "base/text.h"
#include "core/effect.h"
#include "web/histogram.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of all sources, by limit. */
struct delays {
    struct effect_limit limits[EFFECT_LIMITS_MAX];
    size_t limit_count;
    uint64_t near[EFFECT_LIMITS_MAX], over[EFFECT_LIMITS_MAX];
};

/* Of one source. */
struct source_delay {
    struct histogram histogram; /* s */
    uint64_t undated;
};

void delays_begin(struct source_delay *source);

/* Takes these limits. True where others held before, so that what was counted is void. */
bool delays_limit(struct delays *delays, const struct effect_limit *limits, size_t count);

/* Counts one opt-out; what is asked is `asked` and `recorded_ms`. */
void delays_add(struct delays *delays, struct source_delay *source, const struct effect *effect);

/* The lines of the limits; and those of one source, behind the heads that come once. */
void delays_append(const struct delays *delays, struct text *text);
void delays_append_heads(struct text *text);
void delays_append_source(const struct source_delay *source, const char *name, struct text *text);

#endif
