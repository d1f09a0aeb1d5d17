/* What writing (runs.c) and merging (merge.c) share. */
#ifndef BULK_RUNS_PRIVATE_H
#define BULK_RUNS_PRIVATE_H

#include "bulk/runs.h"

#define LENGTH_SIZE 2 /* octets in front of each record */

/* A record in memory: the first octets of its key as a number, and where its length stands. */
struct spot {
    uint64_t prefix;
    uint32_t at;
};

/* One sorted run in the file. */
struct extent {
    uint64_t offset, length;
};

struct runs {
    char *folder;
    int fd; /* -1: there is no file yet */
    uint8_t *memory;
    size_t size, used;
    struct spot *spots, *sorted; /* `sorted` is room for sorting, and holds the last run */
    size_t spot_count, spot_room;
    uint32_t *starts; /* of the parts that sorting begins with */
    struct extent *extents;
    size_t extent_count;
    uint64_t written; /* octets in the file */
    uint64_t count;
};

/* The key's first octets as a number that sorts alike. */
uint64_t runs_prefix(const uint8_t *record);

/* A record in memory. */
struct slice runs_record(const struct runs *runs, const struct spot *spot);

#endif
