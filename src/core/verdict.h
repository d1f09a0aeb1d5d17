/* Verdicts: what happens to one marketing message, from what is known of each recipient. */
#ifndef CORE_VERDICT_H
#define CORE_VERDICT_H

#include "core/stream.h"

#include <stddef.h>

/* The values are stored in the ledger; they never change. */
enum recipient_state {
    RECIPIENT_FREE = 1, /* may be mailed */
    RECIPIENT_OPTED_OUT = 2,
    RECIPIENT_NO_CONSENT = 3,
    RECIPIENT_COMPANION = 4,   /* goes through with the others, and is nobody alone */
    RECIPIENT_UNREADABLE = 5,  /* cannot be looked up, but removed; a route too */
    RECIPIENT_UNREMOVABLE = 6, /* cannot be looked up, and removing it is not certain to work */
    RECIPIENT_UNKNOWN = 7,     /* the store cannot tell */
};

/* The values are stored in the ledger; they never change. */
enum action {
    ACTION_PASS = 1,    /* to all recipients */
    ACTION_STRIP = 2,   /* to those who may have it */
    ACTION_REFUSE = 3,  /* 550, to nobody */
    ACTION_DISCARD = 4, /* 250 and to nobody, because the stream says so */
    ACTION_DEFER = 5,   /* 451: cannot tell, try again */
    /* On mail that was in the MTA's queue when the opt-out came. It is written before it is done;
     * where it could not be done, an ACTION_PASS follows, whose batch it is. */
    ACTION_HOLD = 6,   /* kept in the queue */
    ACTION_DELETE = 7, /* taken out of it */
};

/* "pass", "strip", "refuse", "discard", "defer", "hold", "delete". */
const char *action_name(enum action action);

/* "free", "opted-out", "no-consent", "companion", "unreadable", "unremovable", "unknown". */
const char *recipient_state_name(enum recipient_state state);

/* Which List-Unsubscribe the message may bear. */
enum link_kind {
    LINK_NONE,
    LINK_PERSONAL, /* one person is left: a token of theirs, one-click */
    LINK_GENERAL,  /* several: the scope's general page, never one-click */
};

struct verdict {
    enum action action;
    enum link_kind link; /* LINK_NONE unless the message goes out */
    size_t only_one;     /* index of a recipient that is the one person; for LINK_PERSONAL */
    size_t delivered;    /* recipients that get it, companions included; 0 unless it goes out */
    size_t kept_back;    /* opted out, without consent, unreadable or unremovable */
    const char *refusal; /* what a refusal says in front of the scope; NULL for other actions */
};

/* Whether a recipient in this state is kept from the message. */
bool recipient_is_kept_back(enum recipient_state state);

/* Whether a message with this verdict was handed on to a recipient in this state, in spite of the
 * verdict too: in MODE_MONITOR everybody gets it. */
bool recipient_was_handed_on(enum action action, enum mode mode, enum recipient_state state);

/* What the refusal of such a recipient says in front of the scope: "opted out of". */
const char *recipient_refusal(enum recipient_state state);

/* What RCPT is answered. */
enum rcpt {
    RCPT_TAKEN,
    RCPT_REFUSED,  /* 550 5.7.1 */
    RCPT_PUT_OFF,  /* 452 4.5.3: one recipient a message */
    RCPT_DEFERRED, /* 451 4.3.0: the list cannot tell */
};

/* For a recipient in this state, by the stream that answers (stream_answering). RCPT_PUT_OFF is for
 * one who would be the second person that may be mailed; the first one is taken. */
enum rcpt rcpt_answer(const struct stream *stream, enum recipient_state state);

/* `states[i]` belongs to `recipients[i]`; only one that was read can be free. One person given
 * twice, in whatever spelling, is one person. A message with recipients that are all companions
 * passes; one that had others and lost them is left with nobody. One that the store cannot tell of
 * defers the whole, one that is not certain to be removable refuses it. So does mail from
 * sendmail(1) that would lose only some: Postfix shows a milter recipients that it has rewritten,
 * removes by the spelling that the program gave, and does not tell when there is none. Neither
 * `suppressed` nor `mode` is looked at: the first belongs to RCPT, the second to who acts. */
struct verdict verdict_make(const struct stream *stream, enum message_origin origin,
                            const struct recipient *recipients, const enum recipient_state *states,
                            size_t count);

#endif
