/* Streams: the kinds of marketing mail that the configuration recognises, and which of them a
 * message belongs to.
 *
 * Exemptions come first, then the first stream that matches. A name's values are alternatives,
 * different names must all match. What a message says of itself counts only for clients that are
 * internal: on the machine, logged in, or in `internal`. */
#ifndef CORE_STREAM_H
#define CORE_STREAM_H

#include "core/message.h"

#include <stdbool.h>
#include <stddef.h>

/* In the sequence of the manual. */
enum criterion {
    MATCH_SENDER,    /* envelope sender */
    MATCH_FROM,      /* address in From */
    MATCH_LOGIN,     /* SASL login; a value without @ fits any realm */
    MATCH_CLIENT,    /* IP address or network, else a host name */
    MATCH_LISTENER,  /* daemon name, port, or `sendmail` for mail from sendmail(1) */
    MATCH_HEADER,    /* "Name: glob" over the unfolded value */
    MATCH_RECIPIENT, /* must hold for every recipient that is not a companion, and for one at least;
                        in an exemption it does not where one of them is routed */
    CRITERION_COUNT,
};

/* "match_sender" and so on. */
const char *criterion_name(enum criterion criterion);

/* Globs as written in the configuration; the strings belong to it. */
struct patterns {
    const char **globs;
    size_t count;
};

struct rule {
    const char *name;                       /* the title of the stream or exemption */
    struct patterns match[CRITERION_COUNT]; /* count 0: not asked for */
};

enum mode { MODE_ENFORCE, MODE_MONITOR };
enum suppressed_action { SUPPRESSED_STRIP, SUPPRESSED_REFUSE };
enum none_left_action { NONE_LEFT_REFUSE, NONE_LEFT_DISCARD };
enum consent_need { CONSENT_OPT_OUT, CONSENT_OPT_IN };
enum several_action { SEVERAL_PLAIN, SEVERAL_DEFER };
enum unsubscribe_action { UNSUBSCRIBE_REPLACE, UNSUBSCRIBE_KEEP, UNSUBSCRIBE_OFF };
/* Of whom the ledger has a row: those from whom mail was kept, or everybody. The values are stored
 * there; they never change. */
enum ledger_rows { LEDGER_SUPPRESSED, LEDGER_ALL };

struct stream {
    struct rule rule; /* rule.name is the stream's name */
    const char *scope;
    const char *title;      /* NULL: none */
    const char *list_id;    /* value of a List-Id field to add; NULL: none */
    const char *mailto;     /* address for opt-out by mail; NULL: none */
    bool mailto_local_part; /* the token in its local part where it fits, not in the subject */
    enum mode mode;
    enum suppressed_action suppressed;
    enum none_left_action none_left;
    enum consent_need consent;
    enum several_action recipients;
    enum unsubscribe_action list_unsubscribe;
    enum ledger_rows ledger;
};

/* Everything that the configuration says about mail. Belongs to the configuration. */
struct policy {
    const struct rule *exemptions;
    size_t exemption_count;
    const struct stream *streams;
    size_t stream_count;
    const struct network *internal;
    size_t internal_count;
    const struct address *companions; /* canonical */
    size_t companion_count;
    const char *public_url; /* ends in '/'; NULL: no header is written */
};

/* How much of a message is known. */
enum stage {
    STAGE_RECIPIENT, /* connection, sender and the recipients up to now; no header, and more
                        recipients may come */
    STAGE_COMPLETE,
};

enum recognised {
    RECOGNISED_NOTHING, /* not marketing, as far as the configuration goes */
    RECOGNISED_EXEMPTION,
    RECOGNISED_STREAM,
    RECOGNISED_NOT_YET, /* at STAGE_RECIPIENT only: what is still to come decides */
};

struct recognition {
    enum recognised what;
    const struct rule *rule;     /* that matched; NULL for NOTHING and NOT_YET */
    const struct stream *stream; /* only for RECOGNISED_STREAM */
};

bool policy_is_internal(const struct policy *policy, const struct message *message);
bool policy_is_companion(const struct policy *policy, const struct address *address);
/* Whether some enforcing stream that can be known by then refuses or puts off single recipients, so
 * that RCPT has to be answered. */
bool policy_answers_recipients(const struct policy *policy);

/* The stream by which RCPT is answered for the last recipient of what is known by then; NULL where
 * it is just taken, and all is decided at the end of the message. */
const struct stream *stream_answering(const struct policy *policy, const struct message *message);

/* What a message is. Anything but RECOGNISED_NOT_YET at STAGE_RECIPIENT stays so, whatever headers
 * and recipients come, as long as no recipient leaves the message's list again: who refuses one or
 * puts it off leaves it there for this purpose. A rule that asks for nothing never matches. */
struct recognition stream_recognise(const struct policy *policy, const struct message *message,
                                    enum stage stage);

/* How one rule fared at STAGE_COMPLETE, for `optout explain`. */
struct rule_trace {
    unsigned asked;      /* bit set by criterion: what the rule asks for */
    unsigned matched;    /* the subset that held */
    bool needs_internal; /* would match, but rests on the message's own words and the client is not
                            internal */
    bool conversation; /* would match by headers alone, but the message is an answer or a discussion
                        */
};

struct rule_trace rule_trace(const struct policy *policy, const struct rule *rule,
                             const struct message *message);

#endif
