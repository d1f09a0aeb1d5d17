/* From the cells of a row, in the words of its format, to a row in ours. */
#ifndef EXCHANGE_TRANSLATE_H
#define EXCHANGE_TRANSLATE_H

#include "exchange/cells.h"
#include "exchange/date.h"
#include "exchange/format.h"
#include "exchange/row.h"

#include <stdbool.h>

/* How a file's rows are to be understood. */
struct translation {
    const struct format *format;
    bool people; /* only whom the rows are about is asked */
    bool says;   /* the format or one of its columns tells who has opted out; else all have */
    enum date_order order;
    const struct zone *zone;
};

/* Whether a file with these columns tells who has opted out. */
bool translate_says(const struct format *format, const enum column *columns, size_t count);

/* Fills all of the row but its place in the input. What the row points to lies in the cells and
 * their pool. 0 (also for a rejected row), -ENOMEM. */
int translate_row(const struct translation *translation, struct cells *cells, struct row *row);

/* "0123456789abcdef-5", up to a blank or the end; *text is moved behind it. ERR_SYNTAX. */
int translate_event(const char **text, struct event_name *event);

#endif
