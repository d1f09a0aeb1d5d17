/* Withdrawing single opt-outs of one source and time, for `optout undo --source`: what a flood of
 * requests left behind. Choices of imports are left alone; they are undone as batches. */
#ifndef TOOL_SWEEPING_H
#define TOOL_SWEEPING_H

#include "tool/site.h"

#include <stdbool.h>
#include <stdint.h>

struct sweeping {
    struct site *site;     /* the list is open to write; in a dry run to read */
    const struct act *act; /* who withdraws, with their words, and whose decision it is */
    const char *source;
    int64_t since_ms, until_ms;      /* the first moment, and the first one that is not meant */
    const struct event_name *before; /* what came behind this event is left alone; NULL: nothing */
    bool dry_run;
    /* Results. */
    uint64_t found;     /* opt-outs of this source and time */
    uint64_t withdrawn; /* of those: stood until now, or would be withdrawn */
};

/* In one event for a thousand of them. -EINTR: it was interrupted; what is done is done, and the
 * same again goes on. */
int sweeping_run(struct sweeping *sweeping, struct error *why);

/* Writes what came of it, as a line of text or an object. */
void sweeping_show(const struct sweeping *sweeping, bool json);

#endif
