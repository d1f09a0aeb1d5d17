/* Handing a mail to the mail server, by SMTP. */
#ifndef SPEECH_HANDOVER_H
#define SPEECH_HANDOVER_H

#include "base/error.h"
#include "base/text.h"

#include <stdatomic.h>

/* Hands a message with the null sender to `server`, "HOST:PORT", within half a minute. 0: the
 * server took it. -EIO, with what libcurl or the server says; -ENOMEM. It gives up within about a
 * second where *stop becomes true; NULL: it never does. */
int handover_send(const char *server, const char *to, const struct text *message,
                  const atomic_bool *stop, struct error *why);

#endif
