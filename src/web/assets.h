/* Files that pages refer to, in memory. */
#ifndef WEB_ASSETS_H
#define WEB_ASSETS_H

#include "base/error.h"
#include "base/pool.h"
#include "web/page.h"

#include <stddef.h>

#define ASSET_FILE_MAX (256 << 10) /* bytes */

struct assets {
    struct page_asset *items;
    size_t count;
    struct pool pool; /* holds everything */
};

/* Adds a copy of the bytes as "STEM-DIGEST.ENDING", a name that changes with them; the same ones
 * are kept once. *name lives as long as `assets`. -ENOMEM, ERR_CRYPTO, ERR_CONFIG for an ending
 * that is not known. */
int assets_add(struct assets *assets, const char *stem, const char *ending, const char *bytes,
               size_t length, const char **name, struct error *why);
/* The same with the bytes and the ending of a file. -errno, ERR_TOO_LONG. */
int assets_add_file(struct assets *assets, const char *stem, const char *path, const char **name,
                    struct error *why);
void assets_release(struct assets *assets);

const struct page_asset *assets_find(const struct assets *assets, const char *name);

#endif
