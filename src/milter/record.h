/* Recording a verdict: in the ledger, and as one line of the mail log. */
#ifndef MILTER_RECORD_H
#define MILTER_RECORD_H

#include "milter/facts.h"
#include "store/judge.h"

#include <stddef.h>
#include <stdint.h>

/* A verdict with all that led to it. */
struct record {
    struct session *session;
    const struct stream *stream;
    const struct rule *rule;
    const struct recipient *recipients;
    const struct judged *judged;
    size_t count;
    struct verdict verdict;
    enum mode mode;                 /* that the message is treated by; the stream's */
    const char *queue_id;           /* "" where there is none yet */
    struct event_verdict_row *rows; /* made by record_prepare */
    size_t row_count;
    uint64_t reference; /* the ledger's event; 0: none */
};

/* Gathers what the ledger will say of those who were kept back, or of everybody where the stream
 * says so, while the view that judged them is still open (NULL: there is none). -ENOMEM, ERR_KEY,
 * ERR_CRYPTO: the record has no rows then. */
int record_prepare(struct record *record, struct list_view *view);

/* Whether the message may be handed on only once the ledger has all its recipients. */
bool record_is_needed(const struct record *record);

/* Writes the verdict to the ledger, if it has rows, and returns when it is on disk. */
int record_write(struct record *record, struct error *why);

/* What the message is called in the log: its queue id, or NOQUEUE. */
const char *record_name(const struct record *record);

/* The line: queue id, stream, rule, verdict, recipients in and out, and the events behind each
 * refusal. */
void record_log(const struct record *record);

#endif
