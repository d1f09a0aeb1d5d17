/* What the milter would do with one message: the same questions to the same functions, without a
 * mail server and without a word to the ledger. */
#ifndef TOOL_OUTCOME_H
#define TOOL_OUTCOME_H

#include "core/edits.h"
#include "core/stream.h"
#include "core/verdict.h"
#include "store/judge.h"
#include "tool/site.h"

#include <stdbool.h>
#include <stddef.h>

struct outcome {
    struct recognition recognition;
    /* Only for a stream: */
    struct judged *judged;   /* one for each recipient of the message */
    enum rcpt *rcpt;         /* likewise: what RCPT would be answered */
    struct recipient *taken; /* those that are left at the end of the message */
    size_t taken_count;
    struct verdict verdict; /* on these; where none is left there is none */
    struct edits edits;     /* in monitor mode those that enforcing it would make */
    int code;               /* 0, or why somebody could not be looked up, in `why` */
    struct error why;
};

/* Fills everything in, in the site's pool. `open` is 0, or why the site's list could not be opened,
 * in outcome->why. -ENOMEM, or as edits_plan. */
int outcome_find(struct site *site, const struct message *message, int open,
                 struct outcome *outcome);

#endif
