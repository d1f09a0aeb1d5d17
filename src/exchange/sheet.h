/* Rows of separated values, by libcsv: RFC 4180 and what is met beside it.
 *
 * A row may span lines only where its quotes are without fault and its cells as many as the
 * others'. A stray quote would otherwise swallow all rows up to the next one, and everybody in
 * them; here it costs its own line, which is reported, and the next line is read on its own. */
#ifndef EXCHANGE_SHEET_H
#define EXCHANGE_SHEET_H

#include "exchange/row.h"
#include "exchange/window.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHEET_CELLS_MAX 1024 /* in a row */
#define SHEET_LINES_MAX 200  /* that a row may span */

/* Blanks at both ends are gone; there is a NUL behind it, and perhaps one in it. */
struct cell {
    char *text;
    size_t length;
};

struct sheet_row {
    struct cell *cells;
    size_t count;
    uint64_t line;    /* of its first line, from 1 */
    const char *text; /* as it stands, without the end of its last line */
    size_t length;
    size_t full;          /* with it */
    bool ended;           /* by a line end; not so a last row that may have been cut */
    enum row_fault fault; /* FAULT_NONE, FAULT_QUOTE, FAULT_LONG, FAULT_SIZE */
};

struct sheet;

/* `delimiter` 0: as a first line `sep=;` says, or what divides the first row. -ENOMEM, -errno. The
 * window remains the caller's. */
int sheet_open(struct window *window, char delimiter, struct sheet **sheet, struct error *why);
/* NULL is allowed. */
void sheet_close(struct sheet *sheet);

/* 1 with the next row that is not empty; it is good until the next call. 0 at the end, -ENOMEM,
 * -errno. A row with a fault has its text and perhaps no cells. */
int sheet_next(struct sheet *sheet, struct sheet_row *row, struct error *why);

/* How many cells a row has that may span lines; 0: any number. */
void sheet_set_width(struct sheet *sheet, size_t width);
/* Whether lines that begin with # are passed over; they are at first. */
void sheet_set_comments(struct sheet *sheet, bool comments);

char sheet_delimiter(const struct sheet *sheet);
/* Whether the first line says so: "sep=;". */
bool sheet_has_sep(const struct sheet *sheet);

#endif
