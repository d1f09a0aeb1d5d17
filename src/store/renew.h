/* A store that takes the place of another one: a copy without free pages, one that was built anew
 * from the journal, a backup that is restored.
 *
 * The new one is made aside. It takes over what the old one has and it lacks, first while others go
 * on writing, then once more under the old one's write lock, where the two change places and the
 * old one is marked as retired. So no event is lost between them, and a crash leaves the one or the
 * other in force. */
#ifndef STORE_RENEW_H
#define STORE_RENEW_H

#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

/* Writes a copy of one moment to `path`, which must not be there. On disk when it returns; others
 * go on writing meanwhile. -EEXIST, -ENOSPC, -errno, ERR_RETIRED (another store took its place):
 * nothing is left of it. */
int store_copy(const struct store *store, const char *path, struct error *why);

/* Makes a store in an existing, empty folder, with the meta data of another one and no event yet:
 * store_carry fills it. As store_create. */
int store_create_like(const char *folder, const struct store *like, uint64_t map_size,
                      struct error *why);

/* Whether both have events of one node. */
bool store_is_related(const struct store *a, const struct store *b);

/* Takes over what `from` has and `to` lacks: events with their bytes and under their own node,
 * their words (as far as they can be opened), what follows from them, addresses, what was counted,
 * a loss that nobody accepted; and what was erased there is erased. In many transactions, each of
 * which leaves `to` whole. ERR_FOREIGN: both have events of one node that are not the same.
 * ERR_CORRUPT: the journal does not hold together, all before that was taken over; `to` is to be
 * closed then, as after any error. */
int store_carry(struct store *from, struct txn *from_txn, struct store *to, struct error *why);

/* Begins a new node behind what is there, after a restore. */
int store_restart(struct store *store, const char *actor, const struct word *words,
                  size_t word_count, struct error *why);

/* Runs `place` under the write lock of the old store, in a transaction that sees its last state,
 * and marks the old one as retired when that returned 0. What else it returns is returned, and
 * nothing was marked. */
int store_replace(struct store *old, int (*place)(struct txn *txn, void *argument), void *argument,
                  struct error *why);

/* --- losses --- */

/* Marks that events are missing, until that is accepted. */
int store_mark_loss(struct store *store, struct error *why);
int store_has_loss(struct txn *txn, bool *loss);

/* Writes the event that tells of a loss, and takes the mark away where there is one. */
int store_accept_loss(struct store *store, const char *actor, const struct word *words,
                      size_t word_count, struct event_name *event, struct error *why);

#endif
