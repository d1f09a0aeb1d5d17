/* Erasing what list and ledger hold of a person in words, for `optout erase`; their choices and the
 * verdicts about them go on holding. */
#ifndef TOOL_ERASING_H
#define TOOL_ERASING_H

#include "core/address.h"
#include "store/ledger.h"
#include "store/list.h"

#include <stdbool.h>
#include <stdint.h>

struct erasing {
    struct list *list; /* both open to write */
    struct ledger *ledger;
    struct subject_hasher *hasher;
    const struct word *words; /* of the events that tell of it */
    size_t word_count;
    const struct event_decision *decision; /* that allowed it; NULL: nobody had to be asked */
    bool json;
    uint64_t erased, already, unknown; /* people */
};

/* Erases the address and the words of the events that tell of nobody else, or only of people who
 * were erased too, and tells of it. Whoever neither store knows is left alone. What was begun and
 * broken off is done by the same again. As erase_write. */
int erasing_person(struct erasing *erasing, const struct address *address, struct error *why);
/* The same of who has this subject, shown as `shown`; NULL: nothing is told. */
int erasing_subject(struct erasing *erasing, const struct subject *subject, const char *shown,
                    struct error *why);

#endif
