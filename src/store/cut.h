/* The front of a ledger's journal is taken away when it has been kept long enough.
 *
 * First an event is appended that tells what goes, signed: its newest one tells all that was ever
 * cut. Then events go, oldest first. What is left of them on the way still leads, hash by hash, to
 * the last one that goes, whose hash was signed; so the journal can be verified at each moment, and
 * who removes anything else is found out.
 *
 * Signed is "optout-cut 1 " and, for each row, node (8 octets), number (8), hash (32), times of the
 * first and the last event (8 each), numbers as big-endian octets. */
#ifndef STORE_CUT_H
#define STORE_CUT_H

#include "store/signing.h"
#include "store/store.h"

/* What is cut, of all nodes; in the pool. */
struct cut {
    struct event_cut_row *rows;
    size_t count;
};

int cut_read(const struct store *store, struct txn *txn, struct pool *pool, struct cut *cut);
/* Adds what is cut of a node; of two rows about one the one that goes further stays. */
int cut_add(struct pool *pool, struct cut *cut, const struct event_cut_row *row);
/* What is cut of one node; NULL: nothing. */
const struct event_cut_row *cut_of(const struct cut *cut, const uint8_t node[EVENT_NODE_SIZE]);
/* Whether this event is among them. */
bool cut_covers(const struct cut *cut, const struct event_name *name);

/* The hash of an event that was cut: of the last one of its node, which alone is known. ERR_EXISTS:
 * it is one before that. ERR_NOT_FOUND: it was not cut. */
int cut_hash(const struct store *store, struct txn *txn, const struct event_name *name,
             uint8_t hash[EVENT_HASH_SIZE]);

/* Number of the last event of a node that tells of a cut; 0: none does. */
int cut_teller(struct txn *txn, uint64_t local, uint64_t *number);

/* Appends the event that tells of it, and before it what configurations were in force there. As
 * signing_sign, journal_append. */
int cut_write(struct store *store, const struct cut *cut, const struct signing_key *key,
              const char *actor, struct event_name *event, struct error *why);

/* ERR_KEY: the signature is none of the ring's key. ERR_NOT_FOUND: the ring has not got it. */
int cut_check_signature(const struct event_cut *cut, const struct signing_ring *ring);

/* Removes some of the events that are cut, with their words and history; short, since others wait
 * for the write lock. *more: there are others. */
int cut_remove(struct store *store, bool *more, struct error *why);

/* The hooks of the ledger. */
int cut_fold(const struct store *store, struct txn *txn, const struct event *event);

#endif
