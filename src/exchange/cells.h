/* What the cells of one row say, column by column, before anything is made of it. */
#ifndef EXCHANGE_CELLS_H
#define EXCHANGE_CELLS_H

#include "base/pool.h"
#include "exchange/format.h"
#include "exchange/row.h"
#include "exchange/sheet.h"

#include <stdbool.h>
#include <stddef.h>

struct cells {
    bool guessed;      /* what is no UTF-8 is CP1252; else it is a fault */
    bool guarded;      /* a leading apostrophe is a guard against spreadsheets, and goes */
    struct pool *pool; /* for what has to be made */
    struct cell cells[COLUMN_COUNT]; /* length 0: empty, or not there; the text is never NULL */
    struct cell later_end;           /* another COLUMN_UNTIL */
    const char *tags[ROW_TAGS_MAX];
    size_t tag_count;
    enum row_fault fault; /* of the first cell that cannot be */
};

/* Begins a row. */
void cells_clear(struct cells *cells);

/* Takes a cell, of which the text must live until the row is done, with a NUL behind it. What is
 * there twice has to be the same; of dates the first counts, of ends both. -ENOMEM. */
int cells_put(struct cells *cells, enum column column, char *text, size_t length);

/* Takes one tag out of a list. -ENOMEM. */
int cells_put_tag(struct cells *cells, const char *text, size_t length);

#endif
