/* What has been kept long enough: finding it, and taking away what is no event. Each call is short,
 * so that an opt-out or a verdict never waits long; who calls again and again sleeps a millisecond
 * between. */
#ifndef STORE_PRUNE_H
#define STORE_PRUNE_H

#include "store/cut.h"
#include "store/list.h"

#define PRUNE_AT_ONCE 1000 /* rows that one transaction deletes */

/* Moments, in milliseconds; what is from before has been kept long enough. INT64_MIN: nothing. */
struct prune_limits {
    int64_t verdicts, network, text, reads, addresses;
    int64_t
        now_ms; /* what is of later was written by a clock that was wrong; 0: that is not known */
};

/* How far it has come; {0} at first. */
struct prune_walk {
    uint8_t at[SUBJECT_SIZE]; /* the key to go on with */
    size_t at_size;           /* 0: the first one */
    bool done;
    uint64_t looked_at, network, text, reads, addresses; /* the last four: are due */
};

/* Erases words that are due among the next ones; in a dry run counts them. */
int prune_words(struct store *store, const struct prune_limits *limits, bool dry_run,
                struct prune_walk *walk, struct error *why);

/* Erases addresses that are due among the next ones: of people and domains for whom no choice
 * stands, and has not since the limit, and no opt-in is proposed. They may come again. */
int prune_addresses(struct list *list, const struct prune_limits *limits, int64_t now, bool dry_run,
                    struct prune_walk *walk, struct error *why);

/* Finds how far the front of a ledger's journal is due: up to the first event that is not. *events:
 * how many there are now; 0: there is nothing worth it, and what is cut already is left in *cut.
 * What a wrong clock dated later than now is due with the first event behind it. */
int prune_find_cut(struct store *store, const struct prune_limits *limits, struct pool *pool,
                   struct cut *cut, uint64_t *events, struct error *why);

#endif
