/* Time to effect of the opt-outs of a list, by its journal and by what the ledger tells of the same
 * people. */
#ifndef STORE_EFFECTS_H
#define STORE_EFFECTS_H

#include "core/effect.h"
#include "store/ledger.h"
#include "store/ledger_reach.h"
#include "store/list.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which opt-outs, by when they were written. */
struct effects_question {
    int64_t since_ms, until_ms;        /* the first moment, and the first one that is too late */
    const char *scope;                 /* of it and of what is below; NULL: of all */
    const char *source;                /* NULL: of all */
    const struct effect_limit *limits; /* EFFECT_LIMITS_MAX at most */
    size_t limit_count;
    struct ledger_reach *reach; /* of the ledger; NULL: it is read for the walk */
};

/* One opt-out. */
struct effects_row {
    const struct event *event; /* that wrote it */
    const struct event_choice *choice;
    struct effect effect;
};

/* The opt-outs of one event that were asked for, in the sequence of the event; good until the
 * visitor returns. Anything but 0 ends the walk and is returned; `rows->event->name` is where a
 * later one goes on. */
typedef int (*effects_visitor)(const struct effects_row *rows, size_t count, void *argument);

/* Walks the list's journal behind `after` (NULL: from its beginning). Without a ledger (NULL) what
 * it would tell stays unknown; of an opt-out of a whole domain it is not asked: it knows people.
 * -ENOMEM, or as list_walk and ledger_history. */
int effects_walk(struct list_view *list, struct ledger_view *ledger,
                 const struct effects_question *question, const struct event_name *after,
                 effects_visitor visit, void *argument);

/* What came from one source. */
struct effects_source {
    char *name;
    uint64_t opt_outs;
    uint64_t
        undated; /* of them, nobody told when it was asked: neither in `delay` nor in a limit */
    struct effect_spread delay;    /* ms, from asked to effect */
    struct effect_spread honoured; /* ms, from recorded to the first mail that was kept back; of
                                      those that there was mail for */
    uint64_t near[EFFECT_LIMITS_MAX], over[EFFECT_LIMITS_MAX]; /* opt-outs, by limit */
    uint64_t handed_before, handed_after;                      /* messages, as in struct effect */
    uint64_t handed_unknown; /* opt-outs of which the ledger does not know all messages before */
    uint64_t handed_past[EFFECT_LIMITS_MAX];
};

/* All of it, added up. */
struct effects {
    struct effects_source *sources; /* by name */
    size_t source_count;
    bool over, near; /* whether any is */
};

/* Gathers what the walk tells. To be given back by effects_release. -ENOMEM, and as effects_walk.
 */
int effects_gather(struct list_view *list, struct ledger_view *ledger,
                   const struct effects_question *question, struct effects *effects);
void effects_release(struct effects *effects);

/* The same piece by piece, for who walks anyway: takes what a visitor of effects_walk is told, and
 * makes the sums of it. */
struct effects_gatherer;
/* NULL without memory. The question stays where it is. */
struct effects_gatherer *effects_gatherer_new(const struct effects_question *question);
/* NULL is allowed. */
void effects_gatherer_free(struct effects_gatherer *gatherer);
/* -ENOMEM. */
int effects_gatherer_take(struct effects_gatherer *gatherer, const struct effects_row *rows,
                          size_t count);
/* The sums of what was taken, which it holds no more then. -ENOMEM. */
int effects_gatherer_sum(struct effects_gatherer *gatherer, struct effects *effects);

#endif
