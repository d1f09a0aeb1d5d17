/* The facts of one message, as the MTA tells them one after the other. Plain data: who fills it in
 * owns the memory. */
#ifndef CORE_MESSAGE_H
#define CORE_MESSAGE_H

#include "base/network.h"
#include "core/address.h"

#include <stdbool.h>
#include <stddef.h>

/* How a message came in. sendmail(1) and PHP's mail() reach a milter without an SMTP client. */
enum message_origin {
    ORIGIN_SMTP,
    ORIGIN_SENDMAIL,
};

struct header_field {
    const char *name;
    const char *value; /* as it came, folded and undecoded */
};

struct recipient {
    const char
        *given;  /* the bytes of RCPT TO, with <> and parameters' absence as the MTA gave them */
    int problem; /* 0, or why address_parse could not read it */
    struct address address; /* canonical; only where problem is 0 */
    bool companion;         /* let through, not counted, not looked up */
};

/* Whether both are one person, in whatever spelling; who cannot be read is nobody's equal. */
bool recipient_is_same_person(const struct recipient *a, const struct recipient *b);

struct message {
    enum message_origin origin;
    const char *listener; /* the MTA's name for the daemon or port that took the connection; NULL:
                             unknown */
    const char *listener_port; /* its port in decimal; NULL: unknown */
    const char *client_name;   /* as the MTA gave it, verified or in brackets; NULL: unknown */
    bool client_known;         /* whether client_ip holds an address (not so for a Unix socket) */
    struct ip client_ip;
    const char *login;  /* SASL login as the MTA gave it, with its realm; NULL: none */
    const char *sender; /* envelope sender without <>; empty: the null sender; NULL: unknown */
    const struct header_field *fields;
    size_t field_count;
    const struct recipient *recipients; /* all that were given and not refused by the MTA itself */
    size_t recipient_count;
};

/* The first field of that name from `*position` on, which then stands behind it; NULL: no more.
 * Start at 0. */
const struct header_field *message_field(const struct message *message, const char *name,
                                         size_t *position);

/* A value with folding undone and the blanks around it removed (RFC 5322 section 2.2.3), cut to fit
 * `size` bytes. */
void message_unfold(const char *value, char *line, size_t size);

/* Whether the value, unfolded in this way, fits the glob as a whole (text_glob's meaning). A value
 * of any length is looked at to its end. */
bool message_value_fits(const char *glob, const char *value);

/* The addr-spec of the next mailbox in a From value (RFC 5322 section 3.4; members of a group
 * count), as written there but without comments and blanks, cut to fit; *value then stands behind
 * it. In angle brackets anything is taken, without them only what has an '@'. False and "" where
 * there is no more. */
bool message_next_mailbox(const char **value, char *address, size_t size);

/* The addr-spec of the first mailbox in a From value, by the same reading; "" where none is found.
 */
void message_from_address(const char *value, char *address, size_t size);

#define MESSAGE_ID_SIZE 999 /* octets of a line, RFC 5322 section 2.1.1, and the final NUL */

/* The value of the first Message-ID, unfolded and cut to fit; "" where there is none. */
void message_id(const struct message *message, char id[MESSAGE_ID_SIZE]);
/* The same as one word of a log line: each octet that is a blank or not printing ASCII is '?', so
 * that it cannot pass for what stands behind it. */
void message_id_word(const struct message *message, char id[MESSAGE_ID_SIZE]);

/* Whether there is a field of that name whose value begins with this word, behind blanks and
 * comments, without regard to case; a parameter may follow. NULL: with whatever value. */
bool message_field_says(const struct message *message, const char *name, const char *word);

/* Whether the message answers somebody or goes through a discussion list, by what it says itself: a
 * null sender, `Auto-Submitted: auto-replied` (RFC 3834) or a List-Post other than NO (RFC 2369).
 * `auto-generated` means nothing: newsletter tools set it. */
bool message_is_conversation(const struct message *message);

/* Whether it bears a sign of bulk mail: List-Unsubscribe, List-Id, Feedback-ID or `Precedence:
 * bulk`. */
bool message_has_bulk_sign(const struct message *message);

#endif
