/* All that is held about one person, in time order, with what it means: for showing as text, as
 * JSON and as a page. */
#ifndef TOOL_DOSSIER_H
#define TOOL_DOSSIER_H

#include "tool/made_under.h"
#include "tool/person/doubles.h"
#include "tool/site.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fact_kind {
    FACT_CHOICE,
    FACT_WITHDRAWAL,
    FACT_REASON,
    FACT_PROPOSAL,
    FACT_DECISION, /* on a proposal */
    FACT_ERASURE,  /* in the list, and in the ledger */
    FACT_NOTICE,   /* no event: when the last one was sent is all that is kept */
    FACT_VERDICT,
    FACT_READING,
    FACT_OTHER, /* an event of the ledger that this program does not know */
};

/* What became of a message, for one person. */
enum mail_fate {
    FATE_HANDED_ON, /* to the mail server, in spite of an opt-out where the stream only monitors */
    FATE_KEPT_BACK,
    FATE_PUT_OFF,
    FATE_HELD,    /* in the mail server's queue, where it was waiting */
    FATE_DELETED, /* from there */
    FATE_LEFT,    /* it was to be held or deleted, and had left the queue: `batch` was in vain */
};

struct fact {
    enum fact_kind kind;
    int64_t at_ms;
    bool ledger;             /* `event` and `batch` are of the ledger, and not of the list */
    struct event_name event; /* number 0: none */
    const char *actor;
    struct event_name batch;    /* number 0: none */
    struct event_name approved; /* the proposal that this carries out; number 0: none */
    const struct word *words;
    size_t word_count;
    /* Of a choice, and of the one that a withdrawal took away: */
    struct choice choice;
    struct event_name withdrawn_by; /* of a choice; number 0: it stands, or has ended */
    enum double_why why;            /* of a choice: why it was written beside another one, */
    struct event_name beside;       /* which is this */
    /* Of a reason: */
    struct event_reason reason;
    /* Of a proposal, without its rows, which may be of others: */
    struct event_proposal proposal;
    struct event_decision decision;
    /* Of an erasure: */
    uint64_t erased; /* events that lost their words with it */
    /* Of a verdict, with the person's row alone: */
    struct event_verdict verdict;
    enum mail_fate fate;
    struct made_under under;
    /* Of a reading: */
    struct event_reading reading;
};

/* What a stream's mail, or mail of a scope, may do now. */
struct prospect {
    const char *stream; /* NULL: no stream has this scope */
    const char *scope;
    bool consent_asked;
    enum ledger_rows ledger; /* of a stream: whether mail that went out is kept by person */
    enum recipient_state state;
    const struct choice *const *deciding;
    size_t deciding_count;
};

struct dossier {
    struct site *site;
    struct address address;
    int64_t now;
    struct list_identity identity;
    bool loss;          /* opt-outs may be missing, since the list was restored without them */
    struct fact *facts; /* in time order */
    size_t fact_count, fact_room;
    size_t reading_count; /* among the facts */
    struct choice *standing;
    size_t standing_count;
    struct prospect *prospects; /* streams first, then scopes that no stream has */
    size_t prospect_count, prospect_room;
};

/* Gathers it, in the site's pool. Facts before `since_ms` are left out. Needs a view of both
 * stores. An error, with `why`. */
int dossier_gather(struct site *site, const struct address *address, int64_t since_ms, int64_t now,
                   struct dossier *dossier, struct error *why);

/* Whether anything is held but that the record was looked at. */
bool dossier_holds(const struct dossier *dossier);

/* "address", "hash", "sealed", "erased", "nothing": how the list holds the person. */
const char *dossier_identity_name(const struct dossier *dossier);
/* The same in a sentence. */
const char *dossier_identity_text(const struct dossier *dossier);

/* What was not searched: a sentence each, until NULL. */
extern const char *const dossier_not_searched[];

#endif
