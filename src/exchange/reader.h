/* A list as a stream of rows: finds out what it is, and reads it. */
#ifndef EXCHANGE_READER_H
#define EXCHANGE_READER_H

#include "exchange/date.h"
#include "exchange/format.h"
#include "exchange/input.h"
#include "exchange/row.h"

#include <stdbool.h>

struct reader_options {
    const char *format; /* a name; NULL: it is recognised */
    enum date_order dates;
    const struct zone *zone; /* of dates that name none; NULL: UTC */
    bool people; /* it is only asked whom the rows are about: they come as ROW_NOTHING with `who` */
};

struct reader_facts {
    const struct format *format;
    bool says_nothing; /* neither the format nor a column tells who has opted out: all rows come as
                          opt-outs, and somebody has to be asked whether they are */
    bool json;
    char delimiter; /* where it is not JSON */
};

/* What stands around rows of the input, so that some of them make a file of the same form: what is
 * in front of the first, between two, behind the last. In UTF-8. */
struct reader_frame {
    const char *head, *between, *tail;
};

struct reader;

/* Looks at the beginning. The input remains the caller's, is read by the reader alone, and lives
 * longer; so does the zone. ERR_FORMAT: it cannot be told what this is; `why` says what could be
 * done. ERR_NOT_FOUND: there is no format of that name. -ENOMEM, -errno. */
int reader_open(struct input *input, const struct reader_options *options, struct reader **reader,
                struct error *why);
/* NULL is allowed. */
void reader_close(struct reader *reader);

/* 1 with the next row, good until the next call; 0 at the end; -ENOMEM, -errno. Empty lines are no
 * rows. What cannot be read is a row too, a rejected one. */
int reader_next(struct reader *reader, struct row *row, struct error *why);

/* Whether the list, now that it was read to its end, says of itself that it is a page of several: a
 * NextToken in JSON. */
bool reader_has_more(const struct reader *reader);

const struct reader_facts *reader_facts(const struct reader *reader);
const struct reader_frame *reader_frame(const struct reader *reader);

#endif
