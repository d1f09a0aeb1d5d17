/* Proposals in the tool's words, as text and as JSON. */
#ifndef TOOL_PROPOSAL_SHOW_H
#define TOOL_PROPOSAL_SHOW_H

#include "base/text.h"
#include "store/list.h"
#include "tool/site.h"

#include <jansson.h>

/* "remove", "opt-in", "undo", "undo-source"; "unknown". */
const char *proposal_operation_name(enum operation operation);
/* "open", "approved", "rejected", "begun", "done"; "unknown". */
const char *proposal_state_name(enum proposal_state state);
/* The same of a decision, as the end of a sentence: "approved, and begun". */
const char *proposal_decision_text(enum proposal_state state);

/* "undo of batch 5, 300 choices". */
void proposal_append(struct text *line, const struct site *site,
                     const struct event_proposal *proposal);
/* The same into an object: operation, rows, and what it is about but for the rows themselves. */
void proposal_put(json_t *object, const struct event_proposal *proposal);

/* The rows that it is about, and what of them stands now: a line for each, or "choices" in the
 * object. Needs a view. -ENOMEM, as list_read. */
int proposal_show_rows(struct site *site, const struct event_proposal *proposal, json_t *object);

/* The row that a target names, if it stands; *found is NULL where it does not. It lies in the pool.
 * Needs a view. As list_read. */
int proposal_find_row(struct site *site, const struct event_target *target, struct pool *pool,
                      const struct choice **found);

#endif
