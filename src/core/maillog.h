/* Lines of Postfix's mail log, as far as they tell how a message came by its queue id: where its
 * life began, and which message before it became this one.
 *
 * Much of a line was written by strangers: addresses, Message-IDs, what another server answered. A
 * line that could be read in two ways is not read at all. */
#ifndef CORE_MAILLOG_H
#define CORE_MAILLOG_H

#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAILLOG_ID_MAX 64
#define MAILLOG_HOST_MAX 64 /* an IP address in brackets */

enum maillog_kind {
    MAILLOG_OTHER,
    MAILLOG_CLIENT,     /* smtpd: the life of `id` begins, from `host` */
    MAILLOG_PICKUP,     /* pickup: it begins, from sendmail(1); or `other` was put into the queue
                           again (postsuper -r) */
    MAILLOG_MESSAGE_ID, /* cleanup: its Message-ID is `message_id` */
    MAILLOG_QUEUED_AS,  /* smtp: `id` was given to `host`, whose server calls it `other` */
};

struct maillog_line {
    enum maillog_kind kind;
    char id[MAILLOG_ID_MAX + 1];
    char other[MAILLOG_ID_MAX + 1];  /* "": none */
    char host[MAILLOG_HOST_MAX + 1]; /* an IP address, without its brackets; "": none */
    const char *message_id;          /* in the line, with its <> */
    size_t message_id_length;
    /* When it was written: a moment, or a local time without a year. */
    bool has_moment;
    int64_t moment; /* seconds */
    struct clock_fields local;
};

/* Reads one line, without its line end. Whatever is none of the above is MAILLOG_OTHER, and has no
 * more than its kind. */
void maillog_read(const char *text, size_t length, struct maillog_line *line);

/* Whether it is a queue id at all: letters and digits, MAILLOG_ID_MAX at most, and not the word
 * ALL, which postsuper(1) takes for the whole queue. */
bool maillog_is_id(const char *text, size_t length);

/* Whether it is one that Postfix gives again to another message as soon as the first is gone: a
 * short one, of upper-case hex digits (enable_long_queue_ids is off). */
bool maillog_is_reused(const char *id);

#endif
