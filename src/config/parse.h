/* The text of a configuration as sections of settings. The only place that includes confuse.h. */
#ifndef CONFIG_PARSE_H
#define CONFIG_PARSE_H

#include "base/error.h"
#include "base/pool.h"
#include "config/options.h"

#include <stdbool.h>
#include <stddef.h>

struct setting {
    const char *const *values;
    size_t count;
    unsigned line; /* of the first value; 0 where there is none */
    bool given;    /* in the file, and be it as an empty list */
};

struct section {
    enum option_place place;
    const char *name;         /* its title; NULL for the file itself */
    unsigned line;            /* where it begins */
    struct setting *settings; /* one for each row of the table, in its sequence */
};

struct parsed {
    struct section *sections; /* the file itself, exemptions, streams, sources, brands */
    size_t count;
};

/* Parses `text`, which is terminated, and checks every value by the table; comments in `text` are
 * blanked out. What is returned lies in the pool. On failure `why` begins with "PATH:LINE: ".
 * libconfuse keeps its state in global variables, so one text is parsed at a time: another thread
 * waits. ERR_CONFIG, -ENOMEM. */
int parse_text(const char *path, char *text, size_t length, struct pool *pool,
               struct parsed *parsed, struct error *why);

const struct setting *section_setting(const struct section *section, const char *name);

#endif
