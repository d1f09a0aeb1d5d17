/* The configuration that a verdict was made under, wherever a verdict is told of. */
#ifndef TOOL_MADE_UNDER_H
#define TOOL_MADE_UNDER_H

#include "base/text.h"
#include "tool/site.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct made_under {
    uint8_t digest[EVENT_SHORT_HASH_SIZE]; /* what that of its text begins with */
    bool known;                            /* the ledger has it: */
    struct event_name event;               /* that tells of it */
    int64_t at_ms;                         /* when that was written */
};

/* Looks for it in the ledger. Needs a view. As ledger_configuration_of, but not ERR_NOT_FOUND. */
int made_under_find(struct site *site, const struct event *verdict, struct made_under *under);

/* "0123456789abcdef of event 5 of the ledger, 2026-03-03T12:00:00.000Z"; or ", which the ledger
 * does not have".
 */
void made_under_append(struct text *line, const struct site *site, const struct made_under *under);

/* "configuration", "configuration_event" and "configuration_time" into an object. */
void made_under_put(json_t *object, const struct made_under *under);

#endif
