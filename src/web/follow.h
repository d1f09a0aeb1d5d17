/* Follows both journals for what no table holds: how many opt-outs came from each source, and how
 * long it took from an opt-out to the first mail that it kept back. A thread reads on from where it
 * was, in small pieces, from the first event of each on. */
#ifndef WEB_FOLLOW_H
#define WEB_FOLLOW_H

#include "base/text.h"
#include "web/web.h"

struct follower;

/* NULL without memory. Nothing is read before follow_begin. */
struct follower *follow_new(void);
/* Ends the thread. NULL is allowed. */
void follow_free(struct follower *follower);

/* Starts to read; once it has begun, nothing more. */
void follow_begin(struct follower *follower, struct web *web);

/* What was read, as lines for Prometheus. */
void follow_append(struct follower *follower, struct text *text);

#endif
