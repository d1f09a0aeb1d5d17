/* Writing the list, or what changed in it, in one of the formats of exchange/writer.
 *
 * In our own formats a row is a choice, and in a delta a withdrawal too. The others are lists of
 * whom not to mail, so there a row is a person whom something keeps back, and what an opt-in lifts
 * is left out. */
#ifndef TOOL_EXPORTING_H
#define TOOL_EXPORTING_H

#include "exchange/writer.h"
#include "store/list_people.h"
#include "tool/site.h"

#include <stdbool.h>
#include <stdint.h>

struct exporting {
    struct site site; /* the list and the address key are open */
    const struct target *target;
    const char *scope;         /* only what covers it; NULL: all */
    enum choice_reason reason; /* only these; REASON_NONE: all */
    int64_t now;
    struct pool pool; /* for what is at hand */
    struct text text; /* what was written and not yet handed on */
    struct row row;
    bool loss; /* there is one that nobody has accepted */
    /* Results. */
    uint64_t head;    /* number of the last event that counts, of the list's own node */
    uint64_t rows;    /* written */
    uint64_t people;  /* that they are about, domains among them; not counted in a delta */
    uint64_t opt_ins; /* that a list of whom not to mail has no place for */
    uint64_t lifted;  /* people whom an opt-in lifts; not in such a list */
    uint64_t freed;   /* people who may be mailed again; such a list cannot say so in a delta */
    uint64_t lacks[WRITER_LACK_COUNT]; /* left out because of the format */
};

/* Both write to the output and hand it on while no view is open. STATUS_CANNOT: it is not taken any
 * more; or a negative error. */

/* All that stands. */
int exporting_all(struct exporting *e, struct error *why);

/* What was recorded behind event number `after` of the list's own node (0: all nodes' events), and
 * not before `since_ms`, in the sequence of the journal. ERR_NOT_FOUND: the journal does not reach
 * as far as `after`. */
int exporting_delta(struct exporting *e, uint64_t after, int64_t since_ms, struct error *why);

/* --- what both share; for exporting.c and exporting_delta.c --- */

/* Whether the flags ask for it. */
bool exporting_wants(const struct exporting *e, const struct choice *choice);

/* Makes e->row of a choice. */
void exporting_fill(struct exporting *e, const struct subject *subject,
                    const struct list_identity *identity, const struct choice *choice,
                    int64_t recorded_ms);

/* Writes e->row and counts it, unless the format lacks something for it. */
enum writer_lack exporting_put(struct exporting *e);

/* Hands on what was written. False: it is not taken. */
bool exporting_flush(struct exporting *e);

#endif
