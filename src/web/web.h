/* What all requests share: the configuration with its keys and pages, the stores, the limits and
 * what is counted. */
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include "base/error.h"
#include "daemon/chronicle.h"
#include "daemon/setup.h"
#include "daemon/stores.h"
#include "web/limits.h"
#include "web/page.h"
#include "web/request.h"

#include <stdatomic.h>
#include <stdint.h>

struct keyed;
struct metrics;
struct notifier;

struct web {
    struct setups *setups;
    struct stores *stores;
    struct limits *limits;
    struct keyed *keyed;
    struct metrics *metrics;
    struct notifier *notifier;
    struct chronicle *chronicle;
    atomic_bool notifier_stops; /* and what it has under way is broken off */
    atomic_bool draining;       /* stopping: connections are not kept */
};

/* One request on its way through the handlers. */
struct visit {
    struct web *web;
    struct request *request;
    struct setup *setup;
    const char *path; /* behind the public URL's; begins with / */
};

/* Reads the configuration with its pages. Missing keys or stores are no error here: what needs them
 * is answered with 503 until they are there. As setups_new. */
int web_start(const char *config_path, struct web **web, struct error *why);
/* No request may be left. A list whose writer is still held up stays open. */
void web_stop(struct web *web);

/* Makes the pages of a configuration and throws them away: with others it does not start. */
int web_check(const struct config *config, struct error *why);

/* Reads everything again. On failure the old stays. */
int web_reload(struct web *web, struct error *why);

/* Tells the log what will be answered with 503 as things are, and the ledger of the configuration.
 */
void web_warn(struct web *web);

/* Tells the ledger of the configuration, where it was not told yet; waits for the disk. */
int web_tell(struct web *web, struct error *why);

const struct pages *web_pages(const struct setup *setup);

/* Microseconds of a clock that only goes on. */
int64_t web_clock(void);

#endif
