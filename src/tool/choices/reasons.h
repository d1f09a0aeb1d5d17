/* Why people opted out, for `optout stats --reasons`. */
#ifndef TOOL_REASONS_H
#define TOOL_REASONS_H

#include "tool/site.h"

#include <stdbool.h>
#include <stdint.h>

struct reasons_question {
    const char *scope; /* opt-outs of it and below; NULL: all */
    int64_t since_ms;  /* reasons given from then on */
    int64_t until_ms;  /* and before that; 0: no end */
    bool words;        /* with what people wrote */
    bool json;
};

/* How often one reason was given for opting out of one scope. */
struct reasons_row {
    const char *scope, *key; /* key "": words alone */
    const char **words;      /* texts, as far as they are asked for */
    uint64_t count, word_count;
};

/* Counts the reasons by scope and key; of several about one opt-out the last counts. The rows are
 * freed by reasons_free, what they point to lies in the site's pool. Needs a view. */
int reasons_gather(struct site *site, const struct reasons_question *question,
                   struct reasons_row **rows, size_t *count, struct error *why);
void reasons_free(struct reasons_row *rows, size_t count);

/* Gathers and shows them. No address stands beside what somebody wrote. Needs a view. */
int reasons_show(struct site *site, const struct reasons_question *question, struct error *why);

#endif
