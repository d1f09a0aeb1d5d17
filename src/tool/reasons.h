/* Why people opted out, for `optout stats --reasons`. */
#ifndef TOOL_REASONS_H
#define TOOL_REASONS_H

#include "tool/site.h"

#include <stdbool.h>
#include <stdint.h>

struct reasons_question {
    const char *scope; /* opt-outs of it and below; NULL: all */
    int64_t since_ms;  /* reasons given from then on */
    bool words;        /* with what people wrote */
    bool json;
};

/* Counts the reasons by scope and key, and shows them; of several about one opt-out the last
 * counts. No address stands beside what somebody wrote. Needs a view. */
int reasons_show(struct site *site, const struct reasons_question *question, struct error *why);

#endif
