/* What a report tells: one object of JSON, which `--json` shows as it is and a stylesheet makes a
 * page of. So both have the same figures. No section has an address in it. */
#ifndef TOOL_REPORT_FACTS_H
#define TOOL_REPORT_FACTS_H

#include "tool/progress.h"
#include "tool/report/period.h"
#include "tool/site.h"

#include <jansson.h>
#include <stdbool.h>

struct report_question {
    struct period period;
    const char *scope; /* it and what is below; NULL: all */
    bool names;        /* of staff */
    int64_t now;       /* seconds */
};

/* Gathers all of it. The site has both stores open and no view: what is long is read in many views.
 * On failure *facts is untouched. */
int report_facts(struct site *site, const struct report_question *question,
                 struct progress *progress, json_t **facts, struct error *why);

/* --- its sections; each adds to the object. 0 or a negative error, `why` left --- */

/* "optouts", "blocks", "optins", "removals", "refusals", "monitored", "handed_on", "events":
 * from both journals. */
int report_journals(struct site *site, const struct report_question *question,
                    struct progress *progress, json_t *facts, struct error *why);
/* "imports": batches that began in the period. Needs a view. */
int report_imports(struct site *site, const struct report_question *question, json_t *facts,
                   struct error *why);
/* "reasons". Needs a view. */
int report_reasons(struct site *site, const struct report_question *question, json_t *facts,
                   struct error *why);
/* "streams": what the configuration says of them now, and what was counted since the ledger was
 * made; "unclaimed". Needs a view. */
int report_streams(struct site *site, const struct report_question *question, json_t *facts,
                   struct error *why);

#endif
