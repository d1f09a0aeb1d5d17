/* Why two rows about one person say the same: nothing is overwritten, so whoever reads a record
 * meets rows that look like one too many. */
#ifndef TOOL_DOUBLES_H
#define TOOL_DOUBLES_H

#include "core/choice.h"

#include <stddef.h>
#include <stdint.h>

/* A row with what happened to it. */
struct stated {
    const struct choice *choice;
    uint64_t batch;   /* number of the event of its node that began it; 0: none */
    int64_t recorded; /* when it was written, in seconds */
    size_t withdrawn; /* position of the first row behind its withdrawal; SIZE_MAX: it stands */
};

enum double_why {
    DOUBLE_NONE,      /* nothing that stood when it was written said the same */
    DOUBLE_SOURCE,    /* what did came from another source */
    DOUBLE_NODE,      /* was written by another node: before the store was restored */
    DOUBLE_LIFTED,    /* was lifted by an opt-in in between */
    DOUBLE_LONGER,    /* ends earlier */
    DOUBLE_CONFIRMED, /* is an opt-in that is not confirmed, or that names less */
    DOUBLE_BATCH,     /* belongs to another import, or only one of them does to any */
    DOUBLE_OTHER,     /* for no reason that shows */
};

/* Why row `i` was written beside an earlier one of the same kind, scope and subject; *beside is
 * that row's position. Rows are in the sequence in which they were written. */
enum double_why double_find(const struct stated *rows, size_t count, size_t i, size_t *beside);

/* A sentence, without the names of the rows; NULL for DOUBLE_NONE. */
const char *double_text(enum double_why why);
/* "source", "node", ...; NULL for DOUBLE_NONE. */
const char *double_name(enum double_why why);

#endif
