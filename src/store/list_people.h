/* Going through all that stands, and who it is about.
 *
 * A scan reads some thousand rows in a view of its own and goes on behind the last person in
 * another one, so that a reader that takes its time never keeps an old view open and lets the store
 * grow. What is found is therefore not the list of one moment: a person's rows are, and they are
 * those that were written up to the moment at which the scan was opened and still stood when that
 * person's turn came. Whoever goes on with the journal behind list_people_head learns of everything
 * that was written or withdrawn meanwhile, and has the whole. */
#ifndef STORE_LIST_PEOPLE_H
#define STORE_LIST_PEOPLE_H

#include "store/list.h"

#define LIST_PEOPLE_ROWS 2000 /* in one view; more where they are of one person */

/* When an event was written, in milliseconds. ERR_NOT_FOUND. */
int list_event_time(struct list_view *view, const struct event_name *name, int64_t *at_ms);

/* All that stands for one address, or one "@domain". */
struct list_person {
    struct subject subject;
    bool domain;
    struct list_identity identity;
    struct choice *rows;        /* oldest first; one at least. Ends are not looked at */
    const int64_t *recorded_ms; /* when each was written */
    size_t count;
};

struct list_people;

/* -ENOMEM, or another error: cannot tell. The list stays the caller's and lives longer. */
int list_people_open(struct list *list, struct list_people **scan);
/* NULL is allowed. */
void list_people_close(struct list_people *scan);

/* The number of the last event that counts, of the list's own node. */
uint64_t list_people_head(const struct list_people *scan);

/* The next people, addresses first, then domains, each sorted by subject, so the sequence is always
 * the same; they lie in the pool. No view is open afterwards. 0, with *count 0 at the end; any
 * error: cannot tell. */
int list_people_next(struct list_people *scan, struct pool *pool, struct list_person **people,
                     size_t *count);

#endif
