/* Erasing: of people's addresses and words, while the choices and verdicts about them go on
 * holding.
 *
 * LMDB frees what is deleted and does not overwrite it. So a store in which something was erased
 * bears a mark, `residue`, until a copy without free pages took its place. */
#ifndef STORE_ERASE_H
#define STORE_ERASE_H

#include "store/store.h"

#define ERASE_EVENTS_MAX 1000 /* people and events named in one call */

/* Deletes a row, if it is there, and marks that its bytes are still in the file. */
int erase_row(struct txn *txn, unsigned table, struct slice key);
/* Marks that what is written over is still there. */
int erase_mark(struct txn *txn);

/* Whether bytes of what was erased may still be in the data file. */
int erase_has_residue(struct txn *txn, bool *residue);
/* Takes the mark away, of a copy without free pages. */
int erase_clear_residue(struct store *store, struct error *why);

/* Writes the event that tells of erasures, and does what it tells; `decision` is the one that
 * allowed it, or NULL. Rows: of different people; each names events that are here. -EINVAL: too
 * many. */
int erase_write(struct store *store, const struct event_erasure *rows, size_t count,
                const char *actor, const struct word *words, size_t word_count,
                const struct event_decision *decision, struct event_name *event, struct error *why);

/* The part of the fold that is the same for both stores: the words of the events that are named. */
int erase_fold(const struct store *store, struct txn *txn, const struct event *event);
/* Whether those words are gone: ERR_CORRUPT. */
int erase_check(const struct store *store, struct txn *txn, const struct event *event);

/* Deletes rows of `private` by their keys, of WORDS_KEY_SIZE octets each. */
int erase_words(struct store *store, const uint8_t (*keys)[JOURNAL_KEY_SIZE + 1], size_t count,
                struct error *why);

#endif
