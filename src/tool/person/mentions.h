/* What the list holds about one person: where its journal speaks of them. */
#ifndef TOOL_MENTIONS_H
#define TOOL_MENTIONS_H

#include "tool/site.h"

#include <stddef.h>
#include <stdint.h>

enum mention_kind {
    MENTION_CHOICE,
    MENTION_WITHDRAWAL,
    MENTION_REASON,
    MENTION_PROPOSAL, /* or a decision */
    MENTION_ERASURE,
};

/* An event added a choice, withdrew it, tells why it was made, proposes or decides on something
 * about the person, or erased their address and words. */
struct mention {
    struct event_name event;
    int64_t at_ms;
    enum mention_kind kind;
    struct subject subject; /* the person's or their domain's */
    struct choice choice;   /* of a choice or a withdrawal */
};

struct mentions {
    struct mention *rows; /* oldest first */
    size_t count, room;
};

/* All of them, in the site's pool, those of the domain too; of a "@domain" just those. `mentions`
 * begins as all zero. Needs a view. As list_read. */
int mentions_gather(struct site *site, const struct address *address, struct mentions *mentions,
                    struct error *why);

/* What an event says of a person's erasure; NULL: nothing. */
const struct event_erasure *mentions_erasure(const struct event *event,
                                             const struct subject *subject);

#endif
