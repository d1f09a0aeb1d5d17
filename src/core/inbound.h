/* Mail that comes to the address of `mailto`: who sent it, and what in it may say what is wanted.
 * The body is never looked at. */
#ifndef CORE_INBOUND_H
#define CORE_INBOUND_H

#include "base/text.h"
#include "core/message.h"

/* What shows that no person asked for anything by this message: "a bounce", "an automatic answer",
 * ...; NULL where nothing does. An automatic answer is what RFC 3834 calls one, with one exception:
 * Apple's mail programs mark the mail that somebody sends by their button for unsubscribing in the
 * same way, and as X-Apple-Unsubscribe. The sender of a bounce may be spelled MAILER-DAEMON, as
 * pipe(8) and local(8) of Postfix do. */
const char *inbound_automatic(const struct message *message);

/* Called for each word that may be a token: 0 where it is one, ERR_NOT_FOUND where not; anything
 * else ends it and is returned. The word is good until the visitor returns. */
typedef int (*inbound_visitor)(const char *word, void *argument);

/* Visits what stands behind the last + of every recipient's local part: each token there is a wish
 * of its own. Where there was none, then each Subject up to the first token, unfolded and decoded:
 * all of it without its blanks, since long words get broken, then each of its words, since filters
 * and programs put something before them. ERR_NOT_FOUND: no token; -ENOMEM. */
int inbound_each_word(const struct message *message, inbound_visitor visit, void *argument);

/* The whole of the first Subject, unfolded and decoded, into an empty text; "" where there is none.
 * -ENOMEM. */
int inbound_subject(const struct message *message, struct text *subject);

/* The one mailbox of the one From field, in canonical form. ERR_NOT_FOUND: there is not exactly
 * one, or it cannot be read; -ENOMEM. */
int inbound_author(const struct message *message, struct address *address);

#endif
