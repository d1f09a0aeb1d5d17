/* Entries of a JSON stream, one after the other, however large the whole is: objects or strings on
 * lines (NDJSON), in an array, or in an array that is a member of an object, as the answers of
 * providers have it. Several documents may follow each other.
 *
 * Where one entry ends is found by its brackets and quotes; jansson reads each by itself, so memory
 * is that of one entry. What cannot be read is reported, and reading goes on at the next line, or
 * in an array at the next opening brace. */
#ifndef EXCHANGE_ENTRIES_H
#define EXCHANGE_ENTRIES_H

#include "exchange/row.h"
#include "exchange/window.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ENTRIES_DEPTH_MAX 16 /* brackets open at once in an entry */

struct entry {
    json_t *value; /* object or string; of the entries, good until the next call; NULL: a fault */
    uint64_t line; /* on which it begins, from 1 */
    const char *text;
    size_t length;
    enum row_fault fault; /* FAULT_NONE, FAULT_JSON, FAULT_OBJECT, FAULT_SIZE, FAULT_CUT */
};

struct entries;

/* -ENOMEM. The window remains the caller's. `guessed`: what is no UTF-8 is CP1252. */
int entries_open(struct window *window, bool guessed, struct entries **entries);
/* NULL is allowed. */
void entries_close(struct entries *entries);

/* 1 with the next entry, 0 at the end, -ENOMEM, -errno. */
int entries_next(struct entries *entries, struct entry *entry, struct error *why);

/* Whether a document that was read says that it is a page of several: a NextToken around its list.
 */
bool entries_has_more(const struct entries *entries);

/* What stands before and behind the entries, so that some of them make a document of the same form:
 * `{"Suppressions":[` and `]}`; both empty for NDJSON. Of the last entry. */
const char *entries_head(const struct entries *entries);
const char *entries_tail(const struct entries *entries);

#endif
