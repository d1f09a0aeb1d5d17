/* The table of options: one row drives the reader, the checks, `optout config` and the manual's
 * check. */
#ifndef CONFIG_OPTIONS_H
#define CONFIG_OPTIONS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where an option may stand: in the file itself, or in a section that begins with a word and a
 * name. A row may belong to several. One that belongs to the file and to sections counts for every
 * section that does not say otherwise. */
enum option_place {
    PLACE_GLOBAL = 1,
    PLACE_STREAM = 2,
    PLACE_EXEMPT = 4,
    PLACE_SOURCE = 8,
    PLACE_BRAND = 16,
};

enum option_type {
    OPTION_TEXT,  /* one string */
    OPTION_TEXTS, /* a list of strings */
    OPTION_WORD,  /* one of `words` */
    OPTION_SIZE,  /* bytes: a number with k, M, G or T behind it */
    OPTION_NUMBER,
};

struct option {
    const char *name; /* no two rows have the same */
    unsigned places;
    enum option_type type;
    const char *default_value; /* NULL: not set; the values of a list divided by blanks */
    const char *words; /* for OPTION_WORD: "strip refuse", in the sequence of the enum's values */
    /* Checks one value; on failure leaves a sentence in `why` and returns ERR_CONFIG. NULL: any. */
    int (*check)(const char *value, struct error *why);
    const char *text; /* one sentence for the manual and `optout config options` */
};

extern const struct option option_table[];
extern const size_t option_count;

/* The row of that name; NULL: none. */
const struct option *option_find(const char *name);

/* Everything the table says about one value: no empty text, valid UTF-8 without control characters,
 * a word or number of the row's kind, the row's own check. ERR_CONFIG. */
int option_check(const struct option *option, const char *value, struct error *why);

/* Its first part, for any name or text: not empty, valid UTF-8 without control characters or blanks
 * around. ERR_CONFIG. */
int option_check_bytes(const char *value, struct error *why);

/* Which of the row's words it is, from 0 on; -1: none of them. */
int option_word(const struct option *option, const char *value);

/* "16G": a decimal number, with k, M, G or T (powers of 1024, either case) behind it or nothing.
 * ERR_SYNTAX. */
int option_size(const char *value, uint64_t *bytes);

/* "8d": a decimal number with h (hours), d (days) or w (weeks) behind it, not 0. ERR_SYNTAX. */
int option_age(const char *value, int64_t *seconds);
/* What a section of that place is called, "stream" and so on; "file" for PLACE_GLOBAL. */
const char *option_place_name(enum option_place place);

/* "text", "list", "word", "size", "number". */
const char *option_type_name(enum option_type type);

#endif
