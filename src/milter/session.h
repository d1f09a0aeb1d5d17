/* One connection from the MTA: gathers the facts of its messages, one after the other, and asks for
 * the verdict. Knows nothing of libmilter.
 *
 * Facts that could not be kept (no memory, or more of them than any honest message has) are
 * remembered, and the message is put off at its end: on most connections nothing is answered
 * before. */
#ifndef MILTER_SESSION_H
#define MILTER_SESSION_H

#include "milter/mta.h"
#include "milter/service.h"

#include <stdbool.h>
#include <sys/socket.h>

struct session;

/* `answers`: whether RCPT was negotiated with replies. NULL without memory. */
struct session *session_new(struct service *service, bool answers);
void session_free(struct session *session);

/* Text that is not known is NULL in all of these; nothing of it has to outlive the call. */
void session_connect(struct session *session, const char *client_name,
                     const struct sockaddr *client, const char *listener,
                     const char *listener_port);
/* MAIL: a new message, under the configuration of this moment. `sender` is the bytes given, with or
 * without <>. */
void session_mail(struct session *session, const char *sender, const char *login);
/* RCPT. Anything but ANSWER_CONTINUE keeps this one recipient out, and is returned only where the
 * session answers. */
enum answer session_recipient(struct session *session, const struct mta *mta, const char *given,
                              const char *queue_id);
void session_field(struct session *session, const char *name, const char *value);
/* End of message. */
enum answer session_end(struct session *session, const struct mta *mta, const char *queue_id);
/* The message is over, however it ended. */
void session_reset(struct session *session);

#endif
