#include "base/pool.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT alignof(max_align_t)
#define USUAL_SIZE 8000 /* with malloc's own bytes just under two pages */

struct pool_block {
    struct pool_block *next;
    size_t size; /* of the bytes behind it */
    size_t used;
    alignas(max_align_t) char bytes[];
};

static struct pool_block *block_new(size_t size)
{
    struct pool_block *block = malloc(sizeof *block + size);
    if (block) {
        block->next = NULL;
        block->size = size;
        block->used = 0;
    }
    return block;
}

/* A block with room for `size` bytes, in the list. What is large gets one for itself, behind the
 * first, so that the rest of the first stays in use. */
static struct pool_block *block_with_room(struct pool *pool, size_t size)
{
    struct pool_block *first = pool->blocks;
    if (first && size <= first->size - first->used)
        return first;
    bool large = size > USUAL_SIZE / 4;
    struct pool_block *block = block_new(large ? size : USUAL_SIZE);
    if (!block)
        return NULL;
    if (large && first) {
        block->next = first->next;
        first->next = block;
    } else {
        block->next = first;
        pool->blocks = block;
    }
    return block;
}

void *pool_take(struct pool *pool, size_t size)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (pool->limit && (pool->used > pool->limit || size > pool->limit - pool->used))
        return NULL;
    struct pool_block *block = block_with_room(pool, size);
    if (!block)
        return NULL;
    void *taken = block->bytes + block->used;
    block->used += size;
    pool->used += size;
    return taken;
}

char *pool_copy_bytes(struct pool *pool, const char *bytes, size_t length)
{
    if (length == SIZE_MAX)
        return NULL;
    char *copy = pool_take(pool, length + 1);
    if (!copy)
        return NULL;
    if (length > 0)
        memcpy(copy, bytes, length);
    copy[length] = '\0';
    return copy;
}

char *pool_copy(struct pool *pool, const char *string)
{
    return pool_copy_bytes(pool, string, strlen(string));
}

void *pool_grow(struct pool *pool, void *array, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return array;
    size_t more = 2 * *room + 16;
    void *larger = more <= SIZE_MAX / size ? pool_take(pool, more * size) : NULL;
    if (larger) {
        if (count)
            memcpy(larger, array, count * size);
        *room = more;
    }
    return larger;
}

void pool_reset(struct pool *pool)
{
    struct pool_block *kept = NULL;
    struct pool_block *next;

    for (struct pool_block *block = pool->blocks; block; block = next) {
        next = block->next;
        /* Never a large one: one big message must not cost memory for as long as the connection
         * lasts. */
        if (!kept && block->size == USUAL_SIZE)
            kept = block;
        else
            free(block);
    }
    if (kept) {
        kept->next = NULL;
        kept->used = 0;
    }
    pool->blocks = kept;
    pool->used = 0;
}

void pool_release(struct pool *pool)
{
    pool_reset(pool);
    free(pool->blocks);
    pool->blocks = NULL;
}
