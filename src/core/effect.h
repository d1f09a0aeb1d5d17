/* Time to effect: how long it takes from the moment when somebody says no until nothing reaches
 * them any more, and how that compares with what laws and mailbox providers allow.
 *
 * An opt-out that is on the list holds for the next message. What can be late is its way there (an
 * import that comes a week after the person objected), and mail that goes out in spite of it, since
 * a stream only monitors. */
#ifndef CORE_EFFECT_H
#define CORE_EFFECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EFFECT_LIMITS_MAX 8
#define EFFECT_NAME_MAX 32 /* octets of a limit's name */

/* How long an opt-out may take: in hours, or in business days, Monday to Friday in UTC. Holidays
 * are not known, so a limit in business days never ends later than it would with them. */
struct effect_limit {
    char name[EFFECT_NAME_MAX + 1];
    bool business_days;
    unsigned amount; /* 1 to 999 */
};

/* "gmail=48h", "weekly=7d", "can-spam=10bd": a name of [a-z0-9-] and a number of hours, days or
 * business days. ERR_SYNTAX, ERR_TOO_LONG. */
int effect_limit_parse(const char *text, struct effect_limit *limit);
/* "48h", "10bd". */
#define EFFECT_LIMIT_SIZE 16
const char *effect_limit_format(const struct effect_limit *limit, char text[EFFECT_LIMIT_SIZE]);

/* The last second at which an opt-out of this moment is in time. The day on which it was asked is
 * no business day of the limit; the last one counts to its end. */
int64_t effect_deadline(const struct effect_limit *limit, int64_t asked);

/* What is known of one opt-out. */
struct effect {
    int64_t asked;       /* seconds; when the person said so, 0 where nobody told */
    int64_t recorded_ms; /* when it was written */
    int64_t honoured_ms; /* of the first verdict that rests on it and kept mail back; 0: none yet */
    /* Whether the ledger knows of all mail that was handed on between asked and recorded; where it
     * does not, the count is the least that it can be. */
    bool handed_known;
    uint64_t handed_before;                  /* messages, between asked and recorded */
    uint64_t handed_after;                   /* in spite of it, once it was recorded */
    int64_t last_handed_ms;                  /* of those after it; 0: none */
    uint64_t handed_past[EFFECT_LIMITS_MAX]; /* of both: behind the deadline of each limit */
};

/* From asked until it was recorded, or until the last message was handed on in spite of it. False:
 * nobody told when it was asked. Never negative: clocks differ. */
bool effect_delay(const struct effect *effect, int64_t *delay_ms);

enum effect_standing {
    EFFECT_IN_TIME,
    EFFECT_NEAR, /* more than three quarters of the time were taken */
    EFFECT_OVER,
    EFFECT_UNDATED, /* nobody told when it was asked */
};

/* "in-time", "near", "over", "undated". */
const char *effect_standing_name(enum effect_standing standing);

enum effect_standing effect_stands(const struct effect *effect, const struct effect_limit *limit);

/* The worst one of several limits; EFFECT_IN_TIME where there are none. */
enum effect_standing effect_worst(const struct effect *effect, const struct effect_limit *limits,
                                  size_t count);

/* Values of a sorted sample, each one that is in it (nearest rank); zeros of an empty one. */
struct effect_spread {
    uint64_t count;
    int64_t median, p90, p99, max;
};

/* Sorts the values. */
struct effect_spread effect_spread(int64_t *values, size_t count);

#endif
