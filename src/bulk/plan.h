/* What of many sorted records is news to the list: each is held against what stands of its subject,
 * and against what came before it in the same input. The list itself decides again when it writes;
 * this is for counting, and so that nothing is written where there is nothing new. */
#ifndef BULK_PLAN_H
#define BULK_PLAN_H

#include "bulk/record.h"
#include "bulk/runs.h"
#include "store/list.h"

#include <stdint.h>

struct plan_facts {
    struct list *list;
    const char *source;
    const char *const *scopes; /* by their number in records */
    /* An event of the list's own node, before our batch: what later ones say may belong to another
     * batch, which is undone before ours; that is for the list to decide. 0: all count alike. */
    uint64_t since;
};

enum plan_outcome {
    PLAN_FRESH,
    PLAN_ADDRESS, /* known, but the list does not have the address yet */
};

struct plan_handler {
    /* Takes a record that is to be written; those of one subject in their sequence. */
    int (*take)(const struct record *record, enum plan_outcome outcome, void *argument);
    /* Called where no view of the list is open, every few thousand records; may be NULL. Anything
     * but 0 ends the whole and is returned. */
    int (*pause)(uint64_t done, void *argument);
    void *argument;
};

/* Goes through all records once. *known says how many are known already. Errors of the list have a
 * sentence in `why`; those of the handler are returned as they are. */
int plan_run(const struct plan_facts *facts, struct runs *runs, const struct plan_handler *handler,
             uint64_t *known, struct error *why);

#endif
