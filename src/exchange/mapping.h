/* What the tags of a file mean: --map TAG=SCOPE. */
#ifndef EXCHANGE_MAPPING_H
#define EXCHANGE_MAPPING_H

#include "base/error.h"
#include "core/scope.h"

#include <stddef.h>

struct mapping_entry {
    char *tag;
    char scope[SCOPE_MAX + 1];
};

/* Empty at first: {0}. */
struct mapping {
    struct mapping_entry *entries;
    size_t count;
};

/* "newsletter=acme/newsletter"; the last '=' divides, as a scope has none. ERR_SYNTAX,
 * ERR_TOO_LONG; ERR_EXISTS: the tag has another scope already; -ENOMEM. */
int mapping_add(struct mapping *mapping, const char *pair, struct error *why);
void mapping_release(struct mapping *mapping);

/* Without regard to the case of ASCII letters, as providers have it. NULL: there is none. */
const char *mapping_find(const struct mapping *mapping, const char *tag);

#endif
