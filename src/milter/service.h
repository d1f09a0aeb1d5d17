/* The service: what all sessions share. The configuration with its keys, which a reload replaces as
 * a whole; the stores; the tally; and how much is under way. */
#ifndef MILTER_SERVICE_H
#define MILTER_SERVICE_H

#include "daemon/chronicle.h"
#include "daemon/setup.h"
#include "daemon/stores.h"
#include "milter/tally.h"

#include <stdatomic.h>
#include <stdbool.h>

struct service {
    struct setups *setups;
    struct stores *stores;
    struct tally *tally;
    struct chronicle *chronicle;
    atomic_uint connections; /* open */
    atomic_uint messages;    /* between MAIL and their end */
    atomic_bool draining;    /* stopping: new connections are told 451 */
    atomic_bool ended;       /* no marketing mail is handed on any more */
    struct service_private *private;
};

/* Reads the configuration and the keys. Missing keys are no error here: mail that needs them is put
 * off until they are there. -errno, ERR_CONFIG. */
int service_start(const char *config_path, struct service **service, struct error *why);

/* Writes the tally and closes the stores. No session may be left. */
void service_stop(struct service *service);

/* Whether the list knows the scope of every stream: a scope that was renamed in the configuration
 * alone would bring everybody back who opted out of it. ERR_SCOPE; ERR_KEY where the list belongs
 * to other keys than the setup's, which must be there; 0 also where there is no list to ask. */
int service_check_list(struct service *service, const struct setup *setup, struct error *why);

/* Reads configuration and keys again. On failure the old ones stay. */
int service_reload(struct service *service, struct error *why);

/* Tells the ledger what it was not told yet: the configuration, and the tally. */
void service_write_tally(struct service *service);

/* Ends what is told of the configuration, unless a message is still under way. */
void service_end(struct service *service);

#endif
