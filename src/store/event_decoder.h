/* Reading an event piece by piece; for event_decode*.c only. Whatever does not fit sets in.failed,
 * all further pieces are empty then, and it is looked at once, at the end. */
#ifndef STORE_EVENT_DECODER_H
#define STORE_EVENT_DECODER_H

#include "store/event.h"
#include "store/pack.h"

struct decoder {
    struct unpacker in;
    struct pool *pool;
    const char **scopes;
    size_t scope_count;
    const uint8_t (*nodes)[EVENT_NODE_SIZE];
    size_t node_count;
    unsigned seen; /* a bit for each key that we know */
    bool no_memory;
};

/* In the pool and not cleared; NULL without memory, and in.failed is set. */
void *decoder_memory(struct decoder *d, size_t count, size_t size);
/* In the pool; "" on failure. */
const char *decoder_string(struct decoder *d);
/* Octets of exactly this size. */
void decoder_octets(struct decoder *d, void *to, size_t size);
/* A number that is an enumeration's; one that we do not know stays as it is. */
int decoder_small(struct decoder *d);
/* How many items a row has. Later versions may put more behind those that we know; these are left
 * out by decoder_skip_rest. */
size_t decoder_row(struct decoder *d, size_t known);
void decoder_skip_rest(struct decoder *d, size_t items, size_t known);
/* How many groups of `size` items an array has. */
size_t decoder_groups(struct decoder *d, size_t size);
/* A scope, by its position among those of the event. */
const char *decoder_scope(struct decoder *d);
/* Position of a node and number. */
struct event_name decoder_name(struct decoder *d, const struct event *event);
const struct event_choice *decoder_choices(struct decoder *d, const struct event *event,
                                           size_t *count);

/* What stands under a key from KEY_REASON on; one that we do not know is skipped. */
void decoder_later(struct decoder *d, struct event *event, uint64_t key);

#endif
