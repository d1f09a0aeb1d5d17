#include "core/brand.h"

#include "base/error.h"
#include "core/scope.h"

#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

const struct reason reasons_known[REASONS_KNOWN] = {
    {.key = "too-many"}, {.key = "not-relevant"}, {.key = "never-signed-up"}, {.key = "other"}};

const struct brand *brand_of(const struct brand *brands, size_t count, const char *scope)
{
    const struct brand *best = NULL;

    /* Of two that cover the same scope, one covers the other. */
    for (size_t i = 0; i < count; i++)
        if (scope_covers(brands[i].scope, scope) &&
            (!best || scope_covers(best->scope, brands[i].scope)))
            best = &brands[i];
    return best;
}

const char *brand_title(const struct brand *brand, const struct policy *policy, const char *scope)
{
    const char *title = NULL;
    bool others = false;

    for (size_t i = 0; i < policy->stream_count; i++) {
        const struct stream *stream = &policy->streams[i];
        if (strcmp(stream->scope, scope) == 0)
            title = title ? title : stream->title;
        else if (scope_covers(scope, stream->scope))
            others = true;
    }
    bool all = (brand && brand->scope && strcmp(brand->scope, scope) == 0) || !strchr(scope, '/') ||
               strcmp(scope, "/") == 0;
    if (all && (others || !title))
        return NULL;
    return title ? title : scope;
}

bool brand_has_reason(const struct brand *brand, const char *key)
{
    for (size_t i = 0; i < brand->reason_count; i++)
        if (strcmp(brand->reasons[i].key, key) == 0)
            return true;
    return false;
}

bool language_tag_check(const char *tag)
{
    size_t primary = strspn(tag, LETTERS);
    const char *rest = tag + primary;
    size_t further = *rest == '-' ? strspn(rest + 1, LETTERS DIGITS) : 0;

    if (primary < 2 || primary > 3)
        return false;
    return *rest == '\0' || (further >= 2 && further <= 8 && rest[1 + further] == '\0');
}

/* Takes `length` bytes as a string of less than `size`. */
static int cut(const char *from, size_t length, char *to, size_t size)
{
    if (length >= size)
        return ERR_TOO_LONG;
    memcpy(to, from, length);
    to[length] = '\0';
    return 0;
}

int reason_parse(const char *entry, struct reason *reason)
{
    struct reason parsed = {.language = ""};
    size_t length = strspn(entry, LETTERS DIGITS "-");
    const char *rest = entry + length;

    if (length == 0)
        return ERR_SYNTAX;
    int rc = cut(entry, length, parsed.key, sizeof parsed.key);
    if (rc == 0 && *rest == '[') {
        size_t size = strcspn(++rest, "]");
        rc = cut(rest, size, parsed.language, sizeof parsed.language);
        if (rc < 0 || rest[size] != ']' || !language_tag_check(parsed.language))
            return ERR_SYNTAX;
        rest += size + 1;
    }
    if (rc < 0)
        return rc;
    if (*rest == ':') {
        rest += 1 + strspn(rest + 1, " ");
        parsed.text = rest;
    }
    if (parsed.text ? *rest == '\0' : *rest != '\0' || parsed.language[0])
        return ERR_SYNTAX;
    *reason = parsed;
    return 0;
}
