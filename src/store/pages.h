/* The pages of a store's file, looked at without LMDB.
 *
 * LMDB keeps no checksums and trusts what it maps: a bit that turned in a page makes it lose rows,
 * read behind the file's end, or write over pages that are in use. What LMDB 0.9 lays out (data
 * format version 1) is strict enough to find that out: each page has one place, each node lies
 * close to the next, keys ascend, and pages are either in use or free. */
#ifndef STORE_PAGES_H
#define STORE_PAGES_H

#include "store/env.h"

#include <stdint.h>

struct pages {
    uint64_t count; /* of the file, as far as it was ever used */
    uint64_t used;  /* with the two that everything begins at */
    uint64_t lost;  /* neither used nor free; no harm but the room they take */
};

/* Looks at all pages of the last commit, whose tables have these names and no others; others may
 * write meanwhile. ERR_CORRUPT: `why` names the page and what does not fit; -ENOMEM, -errno.
 * `pages` may be NULL. */
int pages_check(struct env *env, const char *const *tables, size_t table_count, struct pages *pages,
                struct error *why);

#endif
