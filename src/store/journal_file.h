/* An exported journal: the bytes of its events, one behind the other and node by node, as they lie
 * in the store. It is a CBOR sequence (RFC 8742), which any decoder of CBOR reads. */
#ifndef STORE_JOURNAL_FILE_H
#define STORE_JOURNAL_FILE_H

#include "store/checkpoint.h"
#include "store/store.h"

#include <stddef.h>
#include <stdint.h>

/* Appends the bytes of events behind *last (number 0: from the first one on) until there are
 * `enough` octets or no more events, and leaves the name of the last one. ERR_NOT_FOUND: there was
 * none behind it. */
int journal_file_read(const struct store *store, struct txn *txn, size_t enough,
                      struct event_name *last, struct text *bytes);

/* An event that a checkpoint names, and whether the file holds it. */
struct journal_witness {
    struct checkpoint_head head;
    enum checkpoint_fit fit;
    size_t checkpoint; /* the caller's */
};

struct journal_file {
    bool is_ledger;
    uint64_t events, nodes;
    uint64_t earlier; /* events with an earlier time than the one before them */
    uint64_t words;   /* events with private words, which are not in the file */
    uint64_t cuts;    /* events that tell what was cut off the journal */
    struct event_name last;
    int64_t first_ms, last_ms;
};

/* Checks the chain of an exported journal that lies in memory, and looks for the witnesses, which
 * it sorts. ERR_CORRUPT: `why` names the first event that does not fit; -ENOMEM, ERR_CRYPTO.
 * `ring`: the keys that may have signed cuts; NULL: signatures are not looked at. `watch` may be
 * NULL; it is told octets. */
int journal_file_verify(struct slice bytes, const struct signing_ring *ring,
                        struct journal_witness *witnesses, size_t count, store_watcher watch,
                        void *watcher, struct journal_file *file, struct error *why);

#endif
