/* Undoing a batch, for `optout undo`: withdraws the rows of it that still stand, and nothing else.
 *
 * An undo is a batch itself. One that was killed has no end, and is gone on with. */
#ifndef TOOL_UNDOING_H
#define TOOL_UNDOING_H

#include "store/list.h"
#include "tool/progress.h"
#include "tool/site.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers of events, ascending. */
struct numbers {
    uint64_t *values;
    size_t count, room;
};

/* How many of the people stay kept back by choices of this kind and source. */
struct keeper {
    enum choice_kind kind;
    const char *source;
    uint64_t people;
};

#define KEEPERS_MAX 64

struct undoing {
    struct site *site; /* the list is open to write; in a dry run to read */
    struct act act;    /* who undoes, with their words, and whose decision it is */
    bool dry_run, json;
    struct progress progress; /* .quiet is the caller's */
    struct list_batch batch;  /* to be undone */
    struct pool pool;         /* of its texts, and of the keepers' */
    int turn;                 /* as turn_take; -1 */
    uint64_t undo;            /* the number of the batch that undoes it; 0: not begun */
    bool resumed;             /* that one was begun by an earlier run */
    struct numbers events;    /* that the batch wrote */
    struct numbers done;      /* that the undo wrote, in earlier runs too */
    /* Results: rows of the batch, and of those: withdrawn by this undo, and withdrawn by somebody
     * else before. */
    uint64_t rows, withdrawn, skipped;
    uint64_t kept; /* of the withdrawn: who is kept back from the row's scope by other choices */
    struct keeper keepers[KEEPERS_MAX]; /* the last one also counts what found no place */
    size_t keeper_count;
};

/* Finds the batch by what somebody gave as its name, takes the turn of its source, and looks
 * whether it may be undone. 0, or a status, told: there is no such batch, or it was undone already
 * (STATUS_NO), or a newer one of its source was not (STATUS_STOPPED). ERR_BUSY: an import or undo
 * of the source is under way. */
int undoing_begin(struct undoing *undoing, const char *batch, struct error *why);

/* How many rows would be withdrawn. -EINTR: it was interrupted. */
int undoing_count(struct undoing *undoing, uint64_t *count, struct error *why);

/* Withdraws, and writes what --json lists. -EINTR: it was interrupted; what is done is done. */
int undoing_run(struct undoing *undoing, struct error *why);

/* Writes what came of it, as a line of text or with --json an object. */
void undoing_show(const struct undoing *undoing);

/* Frees all but the site. */
void undoing_release(struct undoing *undoing);

#endif
