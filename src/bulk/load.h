/* Sorted records into the list: one thread finds what is new, another one writes it, in
 * transactions that keep nobody waiting for long. */
#ifndef BULK_LOAD_H
#define BULK_LOAD_H

#include "bulk/import.h"
#include "bulk/plan.h"

/* Writes what is new, all of it in one batch, which is begun with the first row unless act->batch
 * names one already, and not ended here. Counts added, known and blocked. -EINTR and others of
 * `progress` are returned between two transactions, with what was counted up to there; the batch is
 * in act->batch. */
int load_run(const struct import_request *request, const struct plan_facts *facts,
             struct runs *runs, const struct event_batch *begin, struct act *act,
             struct import_report *report, struct error *why);

/* Begins the batch, and leaves its number in the act; load_run does where there is something to be
 * written. */
int load_begin(const struct import_request *request, const struct event_batch *what,
               struct act *act, struct error *why);

#endif
