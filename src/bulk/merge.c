/* Taking back what runs.c has sorted: one source for each run, and a heap of them. */
#include "bulk/runs_private.h"

#include "store/number.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFERS_SIZE ((size_t)128 << 20) /* octets of all sources together, at most */
#define BUFFER_MAX ((size_t)1 << 20)
#define BUFFER_MIN ((size_t)16 << 10) /* whatever there are of them: several records */

/* A run that is being read. */
struct source {
    uint64_t prefix; /* of its record */
    const uint8_t *record;
    size_t length;
    uint8_t *buffer;
    size_t begin, end;     /* of the buffer, not taken yet */
    uint64_t offset, stop; /* of the file, not read yet */
};

struct merge {
    struct runs *runs;
    bool begun;
    size_t next; /* of the spots, where there is no file */
    struct source *sources;
    size_t count; /* in the heap */
    size_t made;
    size_t buffer_size;
};

static bool is_before(const struct source *a, const struct source *b)
{
    if (a->prefix != b->prefix)
        return a->prefix < b->prefix;
    return memcmp(a->record, b->record, RUNS_KEY_SIZE) < 0;
}

static void sift_down(struct merge *merge, size_t at)
{
    struct source moved = merge->sources[at];

    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= merge->count)
            break;
        if (child + 1 < merge->count &&
            is_before(&merge->sources[child + 1], &merge->sources[child]))
            child++;
        if (!is_before(&merge->sources[child], &moved))
            break;
        merge->sources[at] = merge->sources[child];
        at = child;
    }
    merge->sources[at] = moved;
}

/* Reads on behind what is in the buffer. */
static int refill(struct merge *merge, struct source *source, struct error *why)
{
    memmove(source->buffer, source->buffer + source->begin, source->end - source->begin);
    source->end -= source->begin;
    source->begin = 0;
    while (source->end < merge->buffer_size && source->offset < source->stop) {
        uint64_t left = source->stop - source->offset;
        size_t room = merge->buffer_size - source->end;
        ssize_t n = pread(merge->runs->fd, source->buffer + source->end, left < room ? left : room,
                          (off_t)source->offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return error_set(why, n < 0 ? -errno : ERR_CORRUPT, "cannot read sorted runs in %s: %s",
                             merge->runs->folder,
                             n < 0 ? strerror(errno) : "the file was cut short");
        source->end += (size_t)n;
        source->offset += (uint64_t)n;
    }
    return 0;
}

/* 1 with the source's next record, 0 at its end. */
static int advance(struct merge *merge, struct source *source, struct error *why)
{
    size_t there = source->end - source->begin;

    if (there < LENGTH_SIZE + RUNS_RECORD_MAX && source->offset < source->stop) {
        int code = refill(merge, source, why);
        if (code)
            return code;
        there = source->end - source->begin;
    }
    if (there == 0)
        return 0;
    const uint8_t *at = source->buffer + source->begin;
    size_t length = there < LENGTH_SIZE ? 0 : (size_t)number_get(at, LENGTH_SIZE);
    if (length < RUNS_KEY_SIZE || there - LENGTH_SIZE < length)
        return error_set(why, ERR_CORRUPT, "sorted runs in %s cannot be read again",
                         merge->runs->folder);
    source->record = at + LENGTH_SIZE;
    source->length = length;
    source->prefix = runs_prefix(source->record);
    source->begin += LENGTH_SIZE + length;
    return 1;
}

static int open_sources(struct merge *merge, struct error *why)
{
    const struct runs *runs = merge->runs;
    size_t size = BUFFERS_SIZE / (runs->extent_count + 1);

    merge->buffer_size = size > BUFFER_MAX ? BUFFER_MAX : size < BUFFER_MIN ? BUFFER_MIN : size;
    merge->sources = calloc(runs->extent_count + 1, sizeof *merge->sources);
    for (; merge->sources && merge->made < runs->extent_count; merge->made++) {
        struct source *source = &merge->sources[merge->made];
        source->buffer = malloc(merge->buffer_size);
        if (!source->buffer)
            break;
        source->offset = runs->extents[merge->made].offset;
        source->stop = source->offset + runs->extents[merge->made].length;
    }
    if (merge->made < runs->extent_count || !merge->sources)
        return error_set(why, -ENOMEM, "no memory to merge sorted runs");
    return 0;
}

/* Reads the first record of each source, and makes a heap of them. */
static int fill_heap(struct merge *merge, struct error *why)
{
    for (size_t i = 0; i < merge->made; i++) {
        int code = advance(merge, &merge->sources[i], why);
        if (code < 0)
            return code;
    }
    merge->count = merge->made; /* no run is empty */
    for (size_t i = merge->count / 2; i-- > 0;)
        sift_down(merge, i);
    return 0;
}

int merge_open(struct runs *runs, struct merge **merge, struct error *why)
{
    struct merge *made = calloc(1, sizeof *made);

    if (!made)
        return error_set(why, -ENOMEM, "no memory to merge sorted runs");
    made->runs = runs;
    int code = open_sources(made, why);
    if (code == 0)
        code = fill_heap(made, why);
    if (code)
        merge_close(made);
    else
        *merge = made;
    return code;
}

void merge_close(struct merge *merge)
{
    if (!merge)
        return;
    for (size_t i = 0; i < merge->made; i++)
        free(merge->sources[i].buffer);
    free(merge->sources);
    free(merge);
}

/* Of records that never left the memory. */
static int next_in_memory(struct merge *merge, struct slice *record)
{
    if (merge->next == merge->runs->spot_count)
        return 0;
    *record = runs_record(merge->runs, &merge->runs->sorted[merge->next++]);
    return 1;
}

int merge_next(struct merge *merge, struct slice *record, struct error *why)
{
    if (merge->runs->extent_count == 0)
        return next_in_memory(merge, record);
    if (merge->begun && merge->count > 0) {
        int rc = advance(merge, &merge->sources[0], why);
        if (rc < 0)
            return rc;
        if (rc == 0) {
            /* Its buffer goes behind the heap, to be freed at the end. */
            struct source ended = merge->sources[0];
            merge->sources[0] = merge->sources[--merge->count];
            merge->sources[merge->count] = ended;
        }
        if (merge->count > 0)
            sift_down(merge, 0);
    }
    merge->begun = true;
    if (merge->count == 0)
        return 0;
    *record = SLICE(merge->sources[0].record, merge->sources[0].length);
    return 1;
}
