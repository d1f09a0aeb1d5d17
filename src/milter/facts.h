/* A session's inside, for the files that work on it. */
#ifndef MILTER_FACTS_H
#define MILTER_FACTS_H

#include "base/pool.h"
#include "core/message.h"
#include "core/subject.h"
#include "milter/service.h"
#include "milter/session.h"

#include <stdbool.h>
#include <stddef.h>

/* What became of a recipient at RCPT. */
enum offered {
    OFFERED_UNJUDGED, /* taken, without a look at the list */
    OFFERED_LIVE,     /* taken, may be mailed */
    OFFERED_DEAD,     /* taken, to be stripped; or a companion, who does not count */
    OFFERED_OUT,      /* refused or put off: the MTA has it no more */
};

struct session {
    struct service *service;
    bool answers;

    /* Of the connection. */
    struct pool connection_pool;
    enum message_origin origin;
    bool connection_failed; /* its facts could not be kept, or nobody told them */
    const char *client_name, *listener, *listener_port;
    bool client_known;
    struct ip client_ip;
    struct subject_hasher *hasher; /* with the key of hasher_key */
    uint8_t hasher_key[SUBJECT_KEY_SIZE];

    /* Of the message. */
    bool in_message;
    bool failed; /* some fact could not be kept */
    struct setup *setup;
    struct pool pool; /* its facts: what the sender says, so it has a limit */
    struct pool work; /* what is worked out from them; empty between two callbacks */
    struct message
        message; /* its recipients are all that were offered, its fields those that count */
    struct recipient *recipients;
    enum offered *offered; /* one for each recipient */
    size_t recipient_count, recipient_room;
    struct header_field *fields;
    size_t field_count, field_room;
};

/* The facts as plain data. */
const struct message *session_message(struct session *session);

/* Adds a recipient to the message. NULL without memory; the session has then failed. */
struct recipient *session_add_recipient(struct session *session, const char *given);

/* The hasher with the key of the message's setup. ERR_KEY where there is none, -ENOMEM, ERR_CRYPTO.
 */
int session_hasher(struct session *session, struct subject_hasher **hasher, struct error *why);

#endif
