/* The table of options: one row drives the reader, the checks, `optout config` and the manual's
 * check. */
#ifndef CONFIG_OPTIONS_H
#define CONFIG_OPTIONS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum option_place {
    PLACE_GLOBAL = 1,
    PLACE_STREAM = 2,
    PLACE_EXEMPT = 4,
}; /* a row may belong to several */

enum option_type {
    OPTION_TEXT,  /* one string */
    OPTION_TEXTS, /* a list of strings */
    OPTION_WORD,  /* one of `words` */
    OPTION_SIZE,  /* bytes: a number with k, M, G or T behind it */
    OPTION_NUMBER,
};

struct option {
    const char *name;
    unsigned places;
    enum option_type type;
    const char *default_value; /* NULL: not set */
    const char *words; /* for OPTION_WORD: "strip refuse", in the sequence of the enum's values */
    /* Checks one value; on failure leaves a sentence in `why` and returns ERR_CONFIG. NULL: any. */
    int (*check)(const char *value, struct error *why);
    const char *text; /* one sentence for the manual and `optout config options` */
};

extern const struct option option_table[];
extern const size_t option_count;

#endif
