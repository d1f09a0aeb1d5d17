/* What a report tells: one object of JSON, which `--json` shows as it is and a stylesheet makes a
 * page of. So both have the same figures. No section has an address in it. */
#ifndef TOOL_REPORT_FACTS_H
#define TOOL_REPORT_FACTS_H

#include "store/ledger_reach.h"
#include "tool/progress.h"
#include "tool/report/period.h"
#include "tool/site.h"

#include <jansson.h>
#include <stdbool.h>

struct report_question {
    struct period period;
    const char *scope; /* it and what is below; NULL: all */
    bool names;        /* of staff; and notes, which can name anybody */
    int64_t now;       /* seconds */
};

/* Gathers all of it, and "loss_open": whether opt-outs may be missing and nobody has accepted that.
 * The site has both stores open and no view: what is long is read in many views. On failure *facts
 * is untouched. */
int report_facts(struct site *site, const struct report_question *question,
                 struct progress *progress, json_t **facts, struct error *why);

/* --- its sections; each adds to the object. 0 or a negative error, `why` left --- */

/* "optouts", "blocks", "optins", "removals", "erased", "refusals", "monitored", "handed_on",
 * "queue", "readings", "events", "verified", "cut", "losses", "restores", "list_begins",
 * "ledger_begins": from both journals. */
int report_journals(struct site *site, const struct report_question *question,
                    struct progress *progress, json_t *facts, struct error *why);
/* "effect": time to effect of the opt-outs of the period. */
int report_effect(struct site *site, const struct report_question *question,
                  struct ledger_reach *reach, struct progress *progress, json_t *facts,
                  struct error *why);
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
/* "approval"; "proposals": those that were made in the period. Needs a view. */
int report_proposals(struct site *site, const struct report_question *question, json_t *facts,
                     struct error *why);
/* "configurations": what daemons began to run with in the period; "recording": what the ledger is
 * to have of each stream that milters run with. Needs a view. */
int report_record(struct site *site, const struct report_question *question,
                  struct ledger_reach *reach, json_t *facts, struct error *why);

/* "look_at": what of all the others somebody should look at; [{"kind", ...}]. NULL without memory.
 */
json_t *report_remarks(json_t *facts, int64_t now);

#endif
