/* Which octets of a data file say something: read by the layout of LMDB 0.9, by nothing of ours.
 *
 * The file is whole; what does not fit the layout fails the test. */
#ifndef TESTS_STORE_LMDB_MAP_H
#define TESTS_STORE_LMDB_MAP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What an octet is for. */
enum octet {
    OCTET_UNUSED, /* nobody reads it: free pages, gaps in pages, what the last commit replaced */
    /* A key in a branch, which only has to lie between those on its sides; or the number of the
     * commit that left pages free, which only has to be less than the next one: readers who began
     * before it have kept them from being used again, and none of them lives on in a file. */
    OCTET_BETWEEN,
    OCTET_USED,
};

struct lmdb_map {
    const uint8_t *file;
    uint8_t *octets; /* an enum octet each */
    size_t size, page_size, last_page;
    bool in_free; /* the tree of free pages is being read */
};

static uint64_t map_number(const struct lmdb_map *map, size_t at, size_t size)
{
    uint64_t number = 0;
    assert_true(at + size <= map->size);
    for (size_t i = size; i-- > 0;)
        number = number << 8 | map->file[at + i];
    return number;
}

static void map_mark(struct lmdb_map *map, size_t at, size_t size, enum octet octet)
{
    assert_true(at + size <= map->size);
    memset(map->octets + at, octet, size);
}

static void map_tree(struct lmdb_map *map, uint64_t page, uint64_t depth, bool names);

/* A value in pages of its own. */
static void map_long_value(struct lmdb_map *map, uint64_t page, size_t size)
{
    size_t at = page * map->page_size;
    assert_int_equal(map_number(map, at, 8), page);
    map_mark(map, at, 8, OCTET_USED);
    map_mark(map, at + 10, 6, OCTET_USED);
    map_mark(map, at + 16, size, OCTET_USED);
}

static void map_leaf_node(struct lmdb_map *map, size_t at, bool names)
{
    size_t size = map_number(map, at, 4), flags = map_number(map, at + 4, 2),
           key = map_number(map, at + 6, 2);

    map_mark(map, at, 8 + key + (flags & 1 ? 8 : size), OCTET_USED);
    if (key == 5 && memcmp(map->file + at + 8, "probe", key) == 0)
        map_mark(map, at + 8 + key, size, OCTET_UNUSED); /* it only had to be written */
    if (map->in_free)
        map_mark(map, at + 8, key, OCTET_BETWEEN);
    if (flags & 1)
        map_long_value(map, map_number(map, at + 8 + key, 8), size);
    if (names) {
        size_t tree = at + 8 + key;
        assert_int_equal(size, 48);
        map_tree(map, map_number(map, tree + 40, 8), map_number(map, tree + 6, 2), false);
    }
}

static void map_tree(struct lmdb_map *map, uint64_t page, uint64_t depth, bool names)
{
    size_t at = page * map->page_size;

    if (depth == 0)
        return;
    assert_int_equal(map_number(map, at, 8), page);
    size_t lower = map_number(map, at + 12, 2), count = (lower - 16) / 2;
    map_mark(map, at, 8, OCTET_USED);
    map_mark(map, at + 10, 6, OCTET_USED); /* between them lies what only LEAF2 pages use */
    map_mark(map, at + 16, 2 * count, OCTET_USED);
    for (size_t i = 0; i < count; i++) {
        size_t node = at + map_number(map, at + 16 + 2 * i, 2);
        if (depth == 1) {
            map_leaf_node(map, node, names);
            continue;
        }
        map_mark(map, node, 8, OCTET_USED);
        map_mark(map, node + 8, map_number(map, node + 6, 2), OCTET_BETWEEN);
        map_tree(map, map_number(map, node, 6), depth - 1, names);
    }
}

/* Meta pages begin with a head of 16 octets; behind it: magic (4), version (4), address (8), size
 * of the map (8), trees of free pages and of tables (48 each), last page (8), commit (8). */
static void map_file(struct lmdb_map *map)
{
    size_t of_commit[2];

    map->page_size = (size_t)map_number(map, 16 + 24, 4);
    memset(map->octets, OCTET_UNUSED, map->size);
    for (size_t i = 0; i < 2; i++) {
        size_t at = i * map->page_size;
        of_commit[i] = map_number(map, at + 16 + 128, 8);
        map_mark(map, at, 8, OCTET_USED);
        map_mark(map, at + 10, 2, OCTET_USED);
        map_mark(map, at + 16, 8, OCTET_USED);
        map_mark(map, at + 16 + 128, 8, OCTET_USED);
    }
    size_t meta = (of_commit[1] > of_commit[0]) * map->page_size + 16;
    map->last_page = map_number(map, meta + 120, 8);
    /* The size of the map is left out: whoever opens a store says it anew. */
    map_mark(map, meta + 24, 96 + 8, OCTET_USED);
    map->in_free = true;
    map_tree(map, map_number(map, meta + 24 + 40, 8), map_number(map, meta + 24 + 6, 2), false);
    map->in_free = false;
    map_tree(map, map_number(map, meta + 72 + 40, 8), map_number(map, meta + 72 + 6, 2), true);
}

#endif
