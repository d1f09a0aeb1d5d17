/* The formats that lists come in: one table. */
#ifndef EXCHANGE_FORMAT_H
#define EXCHANGE_FORMAT_H

#include "exchange/row.h"
#include "exchange/word.h"

#include <stdbool.h>
#include <stddef.h>

/* What a column, or a member of a JSON object, is to us. */
enum column {
    COLUMN_NONE, /* nothing */
    COLUMN_ADDRESS,
    COLUMN_DIGEST,    /* SHA-256 of the address */
    COLUMN_SUBJECT,   /* our own; the key's fingerprint is part of the column's name */
    COLUMN_STATUS,    /* a word for what the row is */
    COLUMN_ORIGIN,    /* a word that tells more than the status */
    COLUMN_OPTED_OUT, /* yes or no */
    COLUMN_BOUNCED,   /* yes or no */
    COLUMN_OUT_SINCE, /* a date; none: has not opted out */
    COLUMN_BAD_SINCE, /* a date; none: has not bounced */
    COLUMN_ASKED,     /* a date */
    COLUMN_UNTIL,     /* a date */
    COLUMN_TAG,
    COLUMN_KIND, /* and the rest of our own */
    COLUMN_SCOPE,
    COLUMN_SOURCE,
    COLUMN_REASON,
    COLUMN_CONFIRMED,
    COLUMN_RECORDED,
    COLUMN_EVENT,
    COLUMN_NAMES,
    COLUMN_COUNT, /* of the values above */
};

enum column_use {
    COLUMN_MAY_BE,
    COLUMN_MUST_BE, /* or it is not this format */
    COLUMN_IS_SIGN, /* one of these must be there */
};

struct format_column {
    const char *word; /* as word_of makes it; NULL ends the table */
    enum column column;
    enum column_use use;
};

/* What a word says. */
struct format_status {
    const char *word; /* as word_of makes it; NULL ends the table */
    enum row_what what;
    enum choice_reason reason;
    bool see_origin; /* the origin says more, where it is known */
};

struct format {
    const char *name;
    const char *aliases; /* other names, with blanks around each; NULL */
    const char *title;   /* for people */
    const char *file;    /* part of the name of its files; NULL: any */
    /* In the sequence in which they stand where there is no header; of several words for one
     * column the first that is there counts. */
    const struct format_column *columns;
    size_t places; /* at most so many cells without a header; 0: there is always one */
    bool closed;   /* told by its columns only where there are no others */
    bool hidden;   /* told only by its name or its file's */
    const struct format_status *statuses, *origins; /* NULL: none */
    /* A row of which no column says anything. */
    enum row_what what;
    enum choice_reason reason;
    bool says;         /* being in such a file means that one has opted out, or bounced */
    bool end_is_block; /* a row with an end is a block */
    bool own; /* ours: cells are guarded against spreadsheets, domains are taken, nothing is guessed
               */
};

/* All formats; *count says how many. */
const struct format *format_all(size_t *count);

/* The format by a name that somebody gave. A provider's name stands for all its formats: then the
 * one that has the columns is taken, or the provider's first. NULL: there is none of that name. */
const struct format *format_by_name(const char *name, const char (*words)[WORD_SIZE], size_t count,
                                    const char *file);

/* The format that has these columns and such a file; NULL: none has. */
const struct format *format_by_words(const char (*words)[WORD_SIZE], size_t count,
                                     const char *file);

/* What the column of this name is to the format, where all `count` names are there; COLUMN_NONE for
 * one that is not used, as another is preferred. */
enum column format_column(const struct format *format, const char *word,
                          const char (*words)[WORD_SIZE], size_t count);

/* NULL: the word is not in the table (which may be NULL). */
const struct format_status *format_status(const struct format_status *table, const char *word);

#endif
