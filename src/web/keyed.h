/* The keys of the current setup, set up for use: to open a link, or to find an address's subject,
 * takes less than to set up the key for it. */
#ifndef WEB_KEYED_H
#define WEB_KEYED_H

#include "core/token.h"
#include "daemon/setup.h"

struct keyed;

/* NULL: no memory. */
struct keyed *keyed_new(void);
/* NULL is allowed. */
void keyed_free(struct keyed *keyed);

/* From any thread, with a setup whose keys count; another setup than the last one's has its keys
 * set up first. As token_open, with the purpose TOKEN_UNSUBSCRIBE. */
int keyed_open(struct keyed *keyed, struct setup *setup, const char *text, struct token *token);

/* Likewise. ERR_CRYPTO, -ENOMEM. */
int keyed_subject(struct keyed *keyed, struct setup *setup, const struct address *address,
                  struct subject *subject);

#endif
