/* List and ledger as a running daemon holds them: opened when first needed, opened again when
 * they were replaced, mended or restored.
 *
 * A store that cannot be opened is tried again once a second at most (a missing one is looked for
 * each time), so mail that needs it is put off, and nothing else waits. Whoever asks with another
 * key than the one it was opened with does not get it. */
#ifndef DAEMON_STORES_H
#define DAEMON_STORES_H

#include "base/error.h"
#include "config/config.h"
#include "store/env.h"
#include "store/keys.h"
#include "store/ledger.h"
#include "store/list.h"

#include <stdbool.h>

struct stores;

/* ENV_READ or ENV_WRITE for each of them. */
struct stores_access {
    enum env_access list;
    enum env_access ledger;
    bool or_read; /* a ledger that this user may not write is read at least */
};

/* Nothing is opened yet. The configuration's folders and sizes count as they are now. -ENOMEM. */
int stores_new(const struct config *config, struct stores_access access, struct stores **stores);
void stores_free(struct stores *stores);

/* Takes the list or the ledger for the time of one piece of work, and gives it back. An error: it
 * cannot be had now, `why` says what to do. `key` is the lookup key of this site, ERR_KEY where the
 * store belongs to another. `address` is NULL for who neither writes nor reads addresses. */
int stores_take_list(struct stores *stores, const struct lookup_key *key,
                     const struct address_key *address, struct list **list, struct error *why);
/* The same for who only writes. Writing looks by itself whether the files were replaced, so where
 * many come at once not each of them looks here too. */
int stores_take_list_to_write(struct stores *stores, const struct lookup_key *key,
                              const struct address_key *address, struct list **list,
                              struct error *why);
void stores_give_list(struct stores *stores);
int stores_take_ledger(struct stores *stores, const struct lookup_key *key, struct ledger **ledger,
                       struct error *why);
void stores_give_ledger(struct stores *stores);

#endif
