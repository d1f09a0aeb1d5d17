#include "web/assets.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGEST_SHOWN 8 /* bytes */

static const char *type_of(const char *ending)
{
    static const struct {
        const char *ending, *type;
    } types[] = {{"css", "text/css; charset=utf-8"},
                 {"svg", "image/svg+xml"},
                 {"png", "image/png"},
                 {"jpg", "image/jpeg"},
                 {"jpeg", "image/jpeg"},
                 {"webp", "image/webp"}};

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (text_equal(types[i].ending, ending))
            return types[i].type;
    return NULL;
}

const struct page_asset *assets_find(const struct assets *assets, const char *name)
{
    for (size_t i = 0; i < assets->count; i++)
        if (strcmp(assets->items[i].name, name) == 0)
            return &assets->items[i];
    return NULL;
}

static int append(struct assets *assets, const struct page_asset *asset)
{
    struct page_asset *items = realloc(assets->items, (assets->count + 1) * sizeof *items);

    if (!items)
        return -ENOMEM;
    assets->items = items;
    struct page_asset copy = *asset;
    copy.name = pool_copy(&assets->pool, asset->name);
    copy.bytes = pool_copy_bytes(&assets->pool, asset->bytes, asset->length);
    if (!copy.name || !copy.bytes)
        return -ENOMEM;
    items[assets->count++] = copy;
    return 0;
}

int assets_add(struct assets *assets, const char *stem, const char *ending, const char *bytes,
               size_t length, const char **name, struct error *why)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    char hex[2 * DIGEST_SHOWN + 1], made[64];
    const char *type = type_of(ending);

    if (!type)
        return error_set(why, ERR_CONFIG, "a file of type .%.20s is not known", ending);
    if (!EVP_Digest(bytes, length, digest, NULL, EVP_sha256(), NULL))
        return error_set(why, ERR_CRYPTO, "OpenSSL has no SHA-256");
    text_to_hex(digest, DIGEST_SHOWN, hex);
    snprintf(made, sizeof made, "%s-%s.%s", stem, hex, ending);
    text_lower(made);

    const struct page_asset asset = {made, type, bytes, length};
    const struct page_asset *known = assets_find(assets, made);
    if (!known && append(assets, &asset) < 0)
        return error_set(why, -ENOMEM, "out of memory");
    *name = known ? known->name : assets->items[assets->count - 1].name;
    return 0;
}

int assets_add_file(struct assets *assets, const char *stem, const char *path, const char **name,
                    struct error *why)
{
    char *bytes = NULL;
    size_t length = 0;
    const char *dot = strrchr(path, '.');

    int rc = file_read(path, ASSET_FILE_MAX, &bytes, &length, why);
    if (rc == 0)
        rc = assets_add(assets, stem, dot ? dot + 1 : "", bytes, length, name, why);
    free(bytes);
    return rc;
}

void assets_release(struct assets *assets)
{
    free(assets->items);
    pool_release(&assets->pool);
    *assets = (struct assets){0};
}
