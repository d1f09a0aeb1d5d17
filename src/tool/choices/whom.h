/* Whom a row of a foreign list is about, in the terms of this list. */
#ifndef TOOL_WHOM_H
#define TOOL_WHOM_H

#include "exchange/row.h"
#include "tool/site.h"

#include <stdbool.h>

struct whom {
    struct subject subject;
    bool has_address; /* the row tells it, or the list knows it */
    bool domain;
    struct address address;
};

/* Needs a view. FAULT_SUBJECT (as a positive number): it was made with another key; a negative
 * error, with `why`. */
int whom_find(struct site *site, const struct row_who *who, struct whom *whom, struct error *why);

/* All rows that stand for them, those of the domain too where the address is known; in the site's
 * pool. Needs a view. As list_read. */
int whom_rows(struct site *site, const struct whom *whom, int64_t now, struct choice **rows,
              size_t *count, struct error *why);

#endif
