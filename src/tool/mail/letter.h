/* One message as `optout explain` is told of it. */
#ifndef TOOL_LETTER_H
#define TOOL_LETTER_H

#include "base/error.h"
#include "base/pool.h"
#include "core/message.h"
#include "core/stream.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* What the command line says; a text that is NULL is not known. */
struct letter_facts {
    const char *sender; /* with or without <> */
    const char *login;
    const char *client;   /* an IP address, or a host's name */
    const char *listener; /* a name, or a port */
    bool sendmail;
    const char **recipients;
    size_t recipient_count;
};

/* Puts the facts together with the header of `file`, as the milter would have them from the mail
 * server. All lies in the pool, but for the facts' own strings. As eml_read. */
int letter_read(FILE *file, const struct letter_facts *facts, struct pool *pool,
                struct message *message, struct error *why);

/* Marks the companions among the recipients, in a new list in the pool. -ENOMEM. */
int letter_mark_companions(const struct policy *policy, struct pool *pool, struct message *message);

#endif
