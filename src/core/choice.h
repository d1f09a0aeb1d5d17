/* Choices: what one person, or somebody for them, said about one scope; and the rule that decides
 * from them.
 *
 * Nothing here is overwritten and no sequence counts: a choice stands until its end or until it is
 * withdrawn by name (a withdrawn one is not among the rows). */
#ifndef CORE_CHOICE_H
#define CORE_CHOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The values are stored; they never change. */
enum choice_kind {
    CHOICE_OPT_OUT = 1, /* objection, unsubscribe, complaint: has no end */
    CHOICE_BLOCK = 2,   /* bounce, pause: may have an end */
    CHOICE_OPT_IN = 3,  /* asserted or confirmed: may have an end */
};

/* The values are stored; they never change, new ones are added behind. A reader meets numbers that
 * it does not know with their number. */
enum choice_reason {
    REASON_NONE = 0,
    REASON_OBJECTION = 1,
    REASON_UNSUBSCRIBE = 2,
    REASON_COMPLAINT = 3,
    REASON_BOUNCE = 4,
    REASON_SOFT_BOUNCE = 5,
    REASON_INVALID = 6,
    REASON_PAUSE = 7,
    REASON_MANUAL = 8,
    REASON_CONSENT = 9,
    REASON_DOUBLE_OPT_IN = 10,
    REASON_OTHER = 11,
};

#define EVENT_NODE_SIZE 8

/* An event's name: the node that wrote it and its number there, from 1 on. */
struct event_name {
    uint8_t node[EVENT_NODE_SIZE];
    uint64_t number;
};

/* One row. The strings belong to whoever gave the row. */
struct choice {
    struct event_name event; /* that wrote it */
    enum choice_kind kind;
    bool confirmed; /* an opt-in with evidence; only such a one names anything */
    bool domain;    /* about a whole domain; no opt-in names it */
    enum choice_reason reason;
    const char *scope;
    const char *source; /* who said so: `cli`, `web`, a name of an import's origin */
    int64_t asked;      /* seconds; when the person said so, 0 where the source does not tell */
    int64_t until;      /* seconds; the first moment at which it no longer stands, 0: no end */
    const struct event_name *names; /* opt-outs and blocks of the same subject that it lifts */
    size_t name_count;
};

bool event_name_equal(const struct event_name *a, const struct event_name *b);

/* Sources of what anybody can say about anybody: it holds, and makes nobody known. */
#define SOURCE_GENERAL_PAGE "general-page"
#define SOURCE_GENERAL_MAIL "general-mail"
bool choice_is_anybodys_word(const struct choice *choice);

/* "opt-out", "block", "opt-in". */
const char *choice_kind_name(enum choice_kind kind);
/* The name of a reason, as on the command line; "reason-N" in `buffer` for one that is not known.
 */
#define CHOICE_REASON_SIZE 16
const char *choice_reason_name(unsigned reason, char buffer[CHOICE_REASON_SIZE]);
/* ERR_NOT_FOUND. */
int choice_reason_parse(const char *name, enum choice_reason *reason);

/* An opt-out always does: one with an end is no opt-out, and the end is not looked at. */
bool choice_stands(const struct choice *choice, int64_t now);

/* Whether an opt-in, given at this moment, names this row: it is an opt-out or block of that very
 * subject (not of its domain) which stands and covers the opt-in's scope. */
bool choice_would_be_named(const struct choice *row, const char *opt_in_scope, int64_t now);

/* Whether the row was there to be seen when an opt-in was given: one that is written down later
 * than it was given lifts nothing that was said in between. `recorded`: when the row was written,
 * in seconds; in doubt it was not there. */
bool choice_was_said_by(const struct choice *row, int64_t recorded, int64_t given);

enum decision {
    DECISION_MAY_BE_MAILED,
    DECISION_OPTED_OUT,  /* an opt-out or block that stands, covers the stream, and is named by no
                            opt-in that does */
    DECISION_NO_CONSENT, /* the stream asks for consent and there is none */
};

/* The rule of decision, for one recipient and one stream: *Every opt-out and every block that
 * stands and covers the stream keeps the mail back, unless an opt-in that stands and covers the
 * stream names it.* A stream that asks for consent also needs an opt-in that stands and covers it.
 * `rows` are those of the address and of its domain, in whatever sequence.
 *
 * `deciding` takes up to `count` pointers into rows, *deciding_count says how many: for
 * DECISION_OPTED_OUT those that keep back; for DECISION_MAY_BE_MAILED the opt-ins that made it so
 * (that name something which would keep back, or give the consent asked for). */
enum decision choice_decide(const struct choice *rows, size_t count, const char *stream_scope,
                            bool consent_asked, int64_t now, const struct choice **deciding,
                            size_t *deciding_count);

/* The row beside which writing `candidate` would say nothing new; NULL where it would. Such a row
 * stands, from the same source, with the same scope and kind (for the caller: and the same
 * subject). `rows` are all that stand for the subject. New is:
 * - a later end;
 * - an opt-in that is confirmed where the row is not, or that names more;
 * - an opt-out or block where a confirmed opt-in that stands names the row, unless it is the very
 *   statement that was named: both dated, with the same date, and that before the opt-in's (all of
 *   its day, where only the day is told). Without dates nobody can tell, and a lost objection is
 *   worse than one written twice. */
const struct choice *choice_find_known(const struct choice *candidate, const struct choice *rows,
                                       size_t count, int64_t now);

#endif
