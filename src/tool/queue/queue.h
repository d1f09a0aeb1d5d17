/* Mail that lies in Postfix's queue: what it is, by the ledger, and whether its recipients may
 * still have it, by the list as it is now.
 *
 * That a message is marketing is known from the verdict that let it into the queue. Its queue id
 * can have changed since: the mail log tells that, as far as it goes. What nothing is known of is
 * never touched. */
#ifndef TOOL_QUEUE_H
#define TOOL_QUEUE_H

#include "core/maillog.h"
#include "core/verdict.h"
#include "store/judge.h"
#include "tool/queue/queue_mta.h"
#include "tool/site.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct queue_recipient {
    const char *given; /* as the MTA has it now */
    struct judged judged;
    bool replaces; /* it was made of others, an alias for one, and all of those opted out */
};

/* How a message came to be known. */
enum queue_link {
    QUEUE_UNKNOWN,
    QUEUE_BY_ID,         /* a verdict has its queue id, and its time */
    QUEUE_BY_LOG,        /* a verdict has an id that it had before */
    QUEUE_BY_MESSAGE_ID, /* a verdict has its Message-ID and its sender */
};

/* One life of a message under one queue id. */
struct queue_step {
    const char *id;
    const struct queue_step *next; /* what it was called then; NULL: it is called that now */
    uint64_t end;                  /* lines of the log from this one on are not of this life */
    int64_t until; /* seconds: no later verdict can be of it; INT64_MAX: it goes on */
    bool born;     /* the log has its beginning */
    int64_t from;  /* of that, seconds */
};

enum queue_result {
    QUEUE_FREE,      /* every recipient may have it */
    QUEUE_DOUBTFUL,  /* nothing is known of it, and a recipient opted out of something */
    QUEUE_SHARED,    /* somebody must not have it, and somebody else may */
    QUEUE_MONITORED, /* nobody may have it, and the stream only monitors */
    QUEUE_FOUND,     /* nobody may have it */
    QUEUE_HELD,      /* the same, and it lies in the hold queue */
    QUEUE_DELETED,   /* it was taken out */
    QUEUE_GONE,      /* it had left the queue before it could be taken out */
};

struct queue_message {
    const char *id;
    const char *queue;  /* active, deferred, hold, ... */
    const char *sender; /* "" for bounces */
    int64_t arrived;    /* seconds */
    uint64_t size;
    struct queue_recipient *recipients; /* those who have not got it yet */
    size_t recipient_count;
    const char *message_id;   /* from the log; NULL: not known */
    struct queue_step *first; /* the earliest of its lives that is known */
    /* What it is, by the ledger. */
    enum queue_link link;
    struct event_name verdict;
    const char *stream, *scope;
    bool monitored;
    const struct subject *people; /* all whom it was handed on to; NULL: the ledger does not tell */
    size_t people_count;
    /* What is to be done. */
    enum queue_result result;
    struct event_verdict_row *rows; /* for the ledger: who must not have it */
    size_t kept_back;               /* of them */
    uint64_t reference;             /* the verdict that took it out; 0: none */
};

struct queue {
    struct pool pool;
    struct queue_message *messages;
    size_t count, room;
    uint64_t unread; /* lines of postqueue that could not be read */
};

void queue_release(struct queue *queue);

/* Reads what `postqueue -j` writes. What is no message is counted in `unread`. -ENOMEM, -errno. */
int queue_read(FILE *from, struct queue *queue, struct error *why);

/* Reads the mail logs, oldest first, for what each message was called before. -ENOMEM, -errno. */
struct queue_log {
    const char *name;
    FILE *file;
};
int queue_follow(struct queue *queue, const struct policy *policy, const struct queue_log *logs,
                 size_t count, int64_t now, struct error *why);

/* Looks for the verdicts on the messages. Needs a view of the ledger. */
int queue_find(struct queue *queue, struct site *site, struct error *why);

/* Asks the list about every recipient. Needs a view. */
int queue_judge(struct queue *queue, struct site *site, int64_t now, struct error *why);

/* Takes out what nobody may have: the verdict first, then postsuper, which waits for ids already.
 * `action`: ACTION_HOLD or ACTION_DELETE. No view is open. -EIO: postsuper failed. */
int queue_act(struct queue *queue, struct site *site, enum action action, struct mta *postsuper,
              struct error *why);

/* One message, as lines or as an object. */
void queue_show(const struct site *site, const struct queue_message *message, bool json);
const char *queue_link_name(enum queue_link link);
const char *queue_result_name(enum queue_result result);

#endif
