/* Memory for many small things that live equally long: all facts of one message. */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stddef.h>

struct pool_block;

struct pool {
    struct pool_block *blocks;
    size_t used;  /* bytes handed out since the last reset */
    size_t limit; /* pool_take fails beyond this many; 0: no limit */
};

/* Aligned for any type, not cleared; NULL without memory or beyond the limit. */
void *pool_take(struct pool *pool, size_t size);
char *pool_copy(struct pool *pool, const char *string);
char *pool_copy_bytes(struct pool *pool, const char *bytes,
                      size_t length); /* with a NUL behind them */
/* An array in the pool with room for one more than `count`; `room` of them fit by now. Where it has
 * to move the old one stays as it was. NULL without memory. */
void *pool_grow(struct pool *pool, void *array, size_t count, size_t *room, size_t size);
/* What was taken is gone; one block is kept for the next message. */
void pool_reset(struct pool *pool);
/* All memory is given back. */
void pool_release(struct pool *pool);

#endif
