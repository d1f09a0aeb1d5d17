#include "bulk/runs_private.h"

#include "base/file.h"
#include "store/number.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RECORD_USUAL 48       /* octets; there is a spot for each record of that size */
#define OUT_SIZE (256 * 1024) /* octets written at once */
#define BUCKETS ((size_t)1 << 16)
#define BUCKET_SHIFT 48
#define BUCKET_SMALL 32 /* records that are sorted by inserting */

uint64_t runs_prefix(const uint8_t *record)
{
    uint64_t prefix;
    memcpy(&prefix, record, sizeof prefix);
    return be64toh(prefix);
}

struct slice runs_record(const struct runs *runs, const struct spot *spot)
{
    const uint8_t *at = runs->memory + spot->at;
    return SLICE(at + LENGTH_SIZE, number_get(at, LENGTH_SIZE));
}

int runs_open(const char *folder, size_t memory, struct runs **runs, struct error *why)
{
    struct runs *made = calloc(1, sizeof *made);

    if (made) {
        made->fd = -1;
        made->size = memory < 2 * RUNS_RECORD_MAX ? 2 * RUNS_RECORD_MAX : memory;
        made->spot_room = made->size / RECORD_USUAL + 1;
        made->folder = strdup(folder);
        made->memory = malloc(made->size);
        made->spots = malloc(made->spot_room * sizeof *made->spots);
        made->sorted = malloc(made->spot_room * sizeof *made->sorted);
        made->starts = malloc((BUCKETS + 1) * sizeof *made->starts);
    }
    if (!made || !made->folder || !made->memory || !made->spots || !made->sorted || !made->starts) {
        runs_close(made);
        return error_set(why, -ENOMEM, "no memory to sort in");
    }
    *runs = made;
    return 0;
}

void runs_close(struct runs *runs)
{
    if (!runs)
        return;
    if (runs->fd >= 0)
        close(runs->fd);
    free(runs->folder);
    free(runs->memory);
    free(runs->spots);
    free(runs->sorted);
    free(runs->starts);
    free(runs->extents);
    free(runs);
}

/* --- sorting --- */

static int compare_spots(const void *a, const void *b, void *argument)
{
    const struct spot *x = a, *y = b;

    if (x->prefix != y->prefix)
        return x->prefix < y->prefix ? -1 : 1;
    const struct runs *runs = argument;
    return memcmp(runs_record(runs, x).data, runs_record(runs, y).data, RUNS_KEY_SIZE);
}

static void sort_bucket(struct runs *runs, struct spot *spots, size_t count)
{
    if (count > BUCKET_SMALL) {
        qsort_r(spots, count, sizeof *spots, compare_spots, runs);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        struct spot spot = spots[i];
        size_t at = i;
        for (; at > 0 && compare_spots(&spot, &spots[at - 1], runs) < 0; at--)
            spots[at] = spots[at - 1];
        spots[at] = spot;
    }
}

/* Keys begin with a keyed hash, so their first bits divide them evenly, into a few each. */
static void sort_spots(struct runs *runs)
{
    uint32_t *starts = runs->starts;

    memset(starts, 0, (BUCKETS + 1) * sizeof *starts);
    for (size_t i = 0; i < runs->spot_count; i++)
        starts[(runs->spots[i].prefix >> BUCKET_SHIFT) + 1]++;
    for (size_t i = 0; i < BUCKETS; i++)
        starts[i + 1] += starts[i];
    for (size_t i = 0; i < runs->spot_count; i++)
        runs->sorted[starts[runs->spots[i].prefix >> BUCKET_SHIFT]++] = runs->spots[i];
    /* Each start has moved to its bucket's end. */
    for (size_t i = 0, from = 0; i < BUCKETS; from = starts[i++])
        sort_bucket(runs, runs->sorted + from, starts[i] - from);
}

/* --- the file --- */

static int refuse(const struct runs *runs, int code, struct error *why)
{
    return error_set(why, code,
                     "cannot write sorted runs in %s: %s; another folder with room may be named by "
                     "the environment's TMPDIR",
                     runs->folder, strerror(-code));
}

static int write_out(struct runs *runs, const uint8_t *bytes, size_t length, struct error *why)
{
    while (length > 0) {
        ssize_t n = pwrite(runs->fd, bytes, length, (off_t)runs->written);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return refuse(runs, n < 0 ? -errno : -ENOSPC, why);
        runs->written += (uint64_t)n;
        bytes += n;
        length -= (size_t)n;
    }
    return 0;
}

/* Writes the records of memory in the sequence of `sorted`. */
static int write_sorted(struct runs *runs, struct error *why)
{
    uint8_t *out = malloc(OUT_SIZE);
    size_t length = 0;
    int code = 0;

    if (!out)
        return error_set(why, -ENOMEM, "no memory to write sorted runs");
    for (size_t i = 0; i < runs->spot_count && code == 0; i++) {
        struct slice record = runs_record(runs, &runs->sorted[i]);
        if (length + LENGTH_SIZE + record.size > OUT_SIZE) {
            code = write_out(runs, out, length, why);
            length = 0;
        }
        memcpy(out + length, (const uint8_t *)record.data - LENGTH_SIZE, LENGTH_SIZE + record.size);
        length += LENGTH_SIZE + record.size;
    }
    if (code == 0)
        code = write_out(runs, out, length, why);
    free(out);
    return code;
}

/* Makes a run of what is in memory. */
static int spill(struct runs *runs, struct error *why)
{
    struct extent *extents =
        realloc(runs->extents, (runs->extent_count + 1) * sizeof *runs->extents);
    if (!extents)
        return error_set(why, -ENOMEM, "no memory to write sorted runs");
    runs->extents = extents;
    if (runs->fd < 0 && (runs->fd = file_open_nameless(runs->folder)) < 0)
        return refuse(runs, runs->fd, why);
    struct extent *extent = &runs->extents[runs->extent_count];
    extent->offset = runs->written;
    sort_spots(runs);
    int code = write_sorted(runs, why);
    if (code)
        return code;
    extent->length = runs->written - extent->offset;
    runs->extent_count++;
    runs->spot_count = 0;
    runs->used = 0;
    return 0;
}

/* --- putting --- */

int runs_put(struct runs *runs, struct slice record, struct error *why)
{
    if (record.size < RUNS_KEY_SIZE || record.size > RUNS_RECORD_MAX)
        return error_set(why, ERR_TOO_LONG, "a record of %zu octets", record.size);
    if (runs->spot_count == runs->spot_room ||
        runs->size - runs->used < LENGTH_SIZE + record.size) {
        int code = spill(runs, why);
        if (code)
            return code;
    }
    uint8_t *at = runs->memory + runs->used;
    number_put(at, LENGTH_SIZE, record.size);
    memcpy(at + LENGTH_SIZE, record.data, record.size);
    runs->spots[runs->spot_count++] =
        (struct spot){runs_prefix(at + LENGTH_SIZE), (uint32_t)runs->used};
    runs->used += LENGTH_SIZE + record.size;
    runs->count++;
    return 0;
}

int runs_end(struct runs *runs, struct error *why)
{
    if (runs->extent_count == 0) {
        sort_spots(runs);
        return 0;
    }
    int code = runs->spot_count ? spill(runs, why) : 0;
    free(runs->memory);
    free(runs->spots);
    free(runs->sorted);
    runs->memory = NULL;
    runs->spots = runs->sorted = NULL;
    return code;
}

uint64_t runs_count(const struct runs *runs)
{
    return runs->count;
}

uint64_t runs_size(const struct runs *runs)
{
    return runs->written;
}
