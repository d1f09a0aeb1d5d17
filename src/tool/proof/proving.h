/* What the ledger has about the mail that was handed on to one person in some time, and what it
 * cannot have. */
#ifndef TOOL_PROVING_H
#define TOOL_PROVING_H

#include "core/coverage.h"
#include "store/event.h"
#include "tool/made_under.h"
#include "tool/site.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A message that was handed on to them. */
struct handed_on {
    struct event_name event;
    int64_t at_ms;
    const char *stream;
    const char *scope;
    const char *queue_id;   /* "" where there was none yet */
    const char *message_id; /* NULL: it had none, or that was erased */
    enum mode mode;
    enum recipient_state state;
    struct made_under under;
    enum action taken; /* ACTION_HOLD or ACTION_DELETE: out of the queue later; else 0 */
    struct event_name taken_by;
    int64_t taken_ms;
};

/* Why it cannot be told whether there was more. */
enum doubt_kind {
    DOUBT_UNKNOWN,       /* these three are spans of core/coverage */
    DOUBT_NO_STREAM,     /* */
    DOUBT_SUPPRESSED,    /* */
    DOUBT_CUT,           /* events are missing */
    DOUBT_LOST,          /* a restored ledger lacks what it replaced */
    DOUBT_CONFIGURATION, /* verdicts under one that the ledger does not have */
    DOUBT_CLOCK,
    DOUBT_RULES,      /* addresses had another canonical form */
    DOUBT_UNREADABLE, /* handed on to somebody whose address could not be read */
};

struct doubt {
    enum doubt_kind kind;
    const char *stream;        /* of DOUBT_SUPPRESSED; else NULL */
    int64_t from_ms, until_ms; /* INT64_MIN: from the beginning */
    bool has_event;
    struct event_name event; /* where it shows first */
};

/* Everything lies in the site's pool. */
struct proof {
    struct coverage_question question;
    struct handed_on *messages; /* oldest first */
    size_t message_count;
    uint64_t others; /* messages for other scopes that were handed on to them in this time */
    struct doubt *doubts;
    size_t doubt_count;
    const char **streams; /* of the scope */
    size_t stream_count;
    struct coverage_span *stopped; /* when no milter ran */
    size_t stopped_count;
};

/* Needs the ledger and a view of it. -ENOMEM, or the ledger's errors with `why`. */
int proving_gather(struct site *site, const struct subject *subject,
                   const struct coverage_question *question, struct proof *proof,
                   struct error *why);

#endif
