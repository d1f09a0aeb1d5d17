#include "exchange/mapping.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *mapping_find(const struct mapping *mapping, const char *tag)
{
    for (size_t i = 0; i < mapping->count; i++)
        if (text_equal(mapping->entries[i].tag, tag))
            return mapping->entries[i].scope;
    return NULL;
}

int mapping_add(struct mapping *mapping, const char *pair, struct error *why)
{
    const char *equals = strrchr(pair, '=');
    if (!equals || equals == pair)
        return error_set(why, ERR_SYNTAX, "\"%s\" is not of the form TAG=SCOPE", pair);
    int rc = scope_check(equals + 1);
    if (rc < 0)
        return error_set(why, rc, "\"%s\" is not a scope: %s", equals + 1, error_name(rc));
    char *tag = strndup(pair, (size_t)(equals - pair));
    if (!tag)
        return -ENOMEM;
    const char *known = mapping_find(mapping, tag);
    if (known) {
        rc = strcmp(known, equals + 1) == 0
                 ? 0
                 : error_set(why, ERR_EXISTS, "the tag \"%s\" is given two scopes", tag);
        free(tag);
        return rc;
    }
    struct mapping_entry *entries =
        realloc(mapping->entries, (mapping->count + 1) * sizeof *entries);
    if (!entries) {
        free(tag);
        return -ENOMEM;
    }
    mapping->entries = entries;
    entries[mapping->count].tag = tag;
    strcpy(entries[mapping->count].scope, equals + 1);
    mapping->count++;
    return 0;
}

void mapping_release(struct mapping *mapping)
{
    for (size_t i = 0; i < mapping->count; i++)
        free(mapping->entries[i].tag);
    free(mapping->entries);
    *mapping = (struct mapping){0};
}
