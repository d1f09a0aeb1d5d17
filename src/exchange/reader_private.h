/* What the parts of the reader share: exchange/reader.c, and one part each for separated values and
 * for JSON. */
#ifndef EXCHANGE_READER_PRIVATE_H
#define EXCHANGE_READER_PRIVATE_H

#include "base/pool.h"
#include "base/text.h"
#include "exchange/cells.h"
#include "exchange/entries.h"
#include "exchange/reader.h"
#include "exchange/sheet.h"
#include "exchange/translate.h"
#include "exchange/window.h"

struct member;

struct reader {
    struct window window;
    struct reader_facts facts;
    struct reader_frame frame;
    struct text head; /* of the frame */
    struct translation translation;
    struct cells cells;
    struct pool pool;          /* for one row */
    uint8_t key[ROW_KEY_SIZE]; /* of subjects, in the names of columns or members */
    /* Separated values. */
    struct sheet *sheet;
    enum column *columns; /* what each cell of a row is */
    size_t width;         /* how many cells a row may have */
    size_t needed;        /* and how many it must have */
    bool has_header;
    bool has_first; /* the first row was looked at and is waiting */
    struct sheet_row first;
    /* JSON. */
    struct entries *entries;
    char (*words)[WORD_SIZE]; /* the members of the first entry */
    size_t word_count;
    struct member *members; /* that were met: their names and what they are */
    size_t member_count;
    struct entry first_entry; /* waiting, where has_first */
};

/* Separated values. As reader_open and reader_next. */
int reader_open_sheet(struct reader *reader, const struct reader_options *options,
                      struct error *why);
int reader_next_line(struct reader *reader, struct row *row, struct error *why);

/* JSON. */
int reader_open_entries(struct reader *reader, const struct reader_options *options,
                        struct error *why);
int reader_next_entry(struct reader *reader, struct row *row, struct error *why);

/* Takes the format that was named, or that has these columns. ERR_NOT_FOUND, with `why`;
 * ERR_FORMAT, without. */
int reader_choose(struct reader *reader, const struct reader_options *options,
                  const char (*words)[WORD_SIZE], size_t count, struct error *why);
/* Notes whether the columns that there are tell who has opted out. */
void reader_settle(struct reader *reader, const enum column *columns, size_t count);

/* "subject0123456789abcdef" is a column of subjects with the fingerprint of their key, and `word`
 * becomes "subject"; false for any other word. */
bool reader_subject_key(char word[WORD_SIZE], uint8_t key[ROW_KEY_SIZE]);

void reader_reject(struct row *row, enum row_fault fault, uint64_t line, const char *text,
                   size_t length);

#endif
