/* Private words beside the journal: sealed, each event's under its own key, with a salt that lies
 * with them. For the store's own files only.
 *
 * What has a term of its own is an item of its own, so that it can be erased while the rest stays
 * and the digests in the event still hold. */
#ifndef STORE_WORDS_H
#define STORE_WORDS_H

#include "store/store.h"

/* The last octet of a key in `private`. */
enum words_item {
    WORDS_EVENT = 0,   /* about the event as a whole */
    WORDS_NETWORK = 1, /* network addresses: the word "client" */
    WORDS_ITEMS,
};

#define WORDS_KEY_SIZE (JOURNAL_KEY_SIZE + 1)

struct words_digests {
    uint8_t of[WORDS_ITEMS][EVENT_HASH_SIZE];
};

/* Seals the words of an event that has its name, and lets it point to their digests. ERR_KEY: there
 * are words and no key for them. */
int words_write(const struct store *store, struct txn *txn, struct event *event,
                const struct word *words, size_t count, struct words_digests *digests);

/* Whether those that are there are those of the event: ERR_KEY. What was erased is no fault, and
 * without the key nothing more can be told than that they are there. Counts the items
 * that are there, and those that were erased. */
int words_check(const struct store *store, struct txn *txn, const struct event *event,
                uint64_t *there, uint64_t *erased);

#endif
