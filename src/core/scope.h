/* Scopes: what a choice covers. `acme/newsletter`, `acme` for all below it, `/` for everything.
 *
 * A scope is a plain C string; one that came through scope_check has segments of [a-z0-9._-],
 * divided by single slashes, none in front or behind, and SCOPE_MAX bytes at most. No segment is
 * "." or "..": in the link of a general page a browser would resolve it to another scope. Any other
 * spelling is an error, never mended: two spellings of one scope would let mail through. */
#ifndef CORE_SCOPE_H
#define CORE_SCOPE_H

#include <stdbool.h>

#define SCOPE_MAX 128

/* 0, ERR_SYNTAX, ERR_TOO_LONG. */
int scope_check(const char *path);

/* Whether `wide` covers `narrow`, compared by segment: `acme` covers `acme` and `acme/news`, not
 * `acmeplus`. Both were checked. */
bool scope_covers(const char *wide, const char *narrow);

/* The scope above: `acme` of `acme/news`, `/` of `acme`. False for `/`, which has none. `parent`
 * takes SCOPE_MAX + 1 bytes. */
bool scope_parent(const char *path, char *parent);

#endif
