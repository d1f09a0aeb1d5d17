/* List and ledger as the running milter holds them: opened when first needed, opened again when
 * they were replaced, mended or restored.
 *
 * A store that cannot be opened is tried again once a second at most (a missing one is looked for
 * each time), so mail that needs it is put off, and nothing else waits. Whoever asks with another
 * key than the one it was opened with does not get it. */
#ifndef MILTER_STORES_H
#define MILTER_STORES_H

#include "base/error.h"
#include "config/config.h"
#include "store/keys.h"
#include "store/ledger.h"
#include "store/list.h"

struct stores;

/* Nothing is opened yet. The configuration's folders and sizes count as they are now. -ENOMEM. */
int stores_new(const struct config *config, struct stores **stores);
void stores_free(struct stores *stores);

/* Takes the list or the ledger for the time of one callback, and gives it back. An error: it cannot
 * be had now, `why` says what to do. `key` is the lookup key of this site, ERR_KEY where the store
 * belongs to another. */
int stores_take_list(struct stores *stores, const struct lookup_key *key, struct list **list,
                     struct error *why);
void stores_give_list(struct stores *stores);
int stores_take_ledger(struct stores *stores, const struct lookup_key *key, struct ledger **ledger,
                       struct error *why);
void stores_give_ledger(struct stores *stores);

#endif
