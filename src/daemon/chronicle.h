/* The chronicle: what a daemon tells the ledger of the configurations that it runs with.
 *
 * What cannot be written, since the disk is full or the ledger away, is kept and told later, with
 * the time from which on it held; so a daemon never waits for its ledger. All of it is told before
 * any verdict that is made under it. */
#ifndef DAEMON_CHRONICLE_H
#define DAEMON_CHRONICLE_H

#include "config/config.h"
#include "store/ledger.h"

#include <stdbool.h>
#include <stdint.h>

struct chronicle;

/* `actor`, and `place` where it listens, name the daemon in the ledger; the first stays where it
 * is. A daemon whose `runs` count tells of every start and stop, another one of changes alone.
 * NULL without memory. */
struct chronicle *chronicle_new(const char *actor, const char *place, bool runs);
/* NULL is allowed. */
void chronicle_free(struct chronicle *chronicle);

/* The daemon begins with this configuration, now. -ENOMEM. */
int chronicle_start(struct chronicle *chronicle, const struct config *config);
/* It goes on with this one since then (milliseconds), in the place of the one before, which
 * messages that are under way keep to their end. One with the same text is nothing new. -ENOMEM. */
int chronicle_change(struct chronicle *chronicle, const struct config *config, int64_t since_ms);
/* It has come to its end. -ENOMEM. */
int chronicle_stop(struct chronicle *chronicle);

/* Tells the ledger all that it was not told yet; from any thread. Where there is nothing to tell it
 * takes no time. As ledger_configure. */
int chronicle_write(struct chronicle *chronicle, struct ledger *ledger, struct error *why);

#endif
