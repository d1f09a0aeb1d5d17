/* What list and ledger have in common: an LMDB environment with meta data, a journal, and the
 * private words of its events.
 *
 * A store's journal belongs to its node: 8 random octets, new at init. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/error.h"
#include "store/committer.h"
#include "store/env.h"
#include "store/event.h"
#include "store/keys.h"
#include "store/seal.h"

#include <stdbool.h>
#include <stdint.h>

#define STORE_FORMAT 1
#define STORE_HASH "SHA-256"

/* The first tables of every store. */
enum store_table {
    TABLE_META,    /* what is written once: format, initialised, node, fingerprints; and the head of
                      the chain */
    TABLE_JOURNAL, /* 2 octets local number of the node, 6 of the event's number -> the event's
                      bytes */
    TABLE_PRIVATE, /* journal key, 1 octet item -> sealed salt and words; not in the journal, so
                      that it can be erased */
    TABLE_OWN,     /* the first one of list or ledger */
};

#define STORE_TABLES_MAX 12
#define JOURNAL_KEY_SIZE 8

struct store {
    struct env *env;
    struct committer *committer; /* NULL where opened to read */
    uint8_t node[EVENT_NODE_SIZE];
    bool has_words_key;
    uint8_t words_key[SEAL_KEY_SIZE];
};

struct store_kind {
    const char *name; /* "list", "ledger" */
    const char *const *tables;
    size_t table_count;
    mode_t mode; /* of its data file */
};

/* Makes a store in an existing, empty folder: genesis and the marker of completion in one
 * transaction. `fingerprints` are those of the lookup and the address key. ERR_EXISTS, or as
 * env_open. */
int store_create(const char *folder, const struct store_kind *kind,
                 const uint8_t lookup[KEYS_FINGERPRINT_SIZE],
                 const uint8_t address[KEYS_FINGERPRINT_SIZE], uint64_t map_size,
                 struct error *why);

/* Opens one that store_create made. A fingerprint that is NULL is not compared.
 * ERR_FORMAT, ERR_UNINITIALISED, ERR_KEY (the keys are of another store), or as env_open. */
int store_open(struct store *store, const char *folder, const struct store_kind *kind,
               enum env_access access, uint64_t map_size, const uint8_t *lookup,
               const uint8_t *address, struct error *why);

/* ERR_BUSY: its writer is still held up, nothing was closed; the process should end. */
int store_close(struct store *store);

/* Runs a job through the committer. -EROFS where the store was opened to read. On failure `why`
 * gets the sentence of env_explain unless the job left one. */
int store_write(struct store *store, committer_job job, void *argument, struct error *why);

/* The same without waiting, as committer_submit: `done` is told, and env_explain makes the
 * sentence. -EROFS, -ENOMEM, -EAGAIN: it was not taken. */
int store_submit(struct store *store, committer_job job, void *argument, committer_done done,
                 void *done_argument);

/* --- the journal --- */

/* Private words: pairs of name and text, sealed apart from the journal. A pair without text is left
 * out. */
struct word {
    const char *name;
    const char *text;
};

/* Appends an event: fills in its node, number, and hash of the one before, and `event` holds them
 * afterwards; the digest of the words goes to its bytes alone. In a write transaction.
 * ERR_TOO_LONG, ERR_KEY (words, and no key for them). */
int journal_append(struct store *store, struct txn *txn, struct event *event,
                   const struct word *words, size_t word_count);

/* The number of the last event, and the hash of its bytes. */
int journal_head(struct txn *txn, uint64_t *number, uint8_t hash[EVENT_HASH_SIZE]);

/* The bytes of an event of this store's node. ERR_NOT_FOUND. */
int journal_bytes(struct txn *txn, uint64_t number, struct slice *bytes);

/* The first octets of an event's hash, for verdicts that rest on it: as the next event or the head
 * carries it, since an event can be long. ERR_NOT_FOUND, ERR_CORRUPT. */
int journal_short_hash(struct txn *txn, uint64_t number, uint8_t hash[EVENT_SHORT_HASH_SIZE]);

/* The words of an event, name and text alternating, in the pool. *count is 0 where they were
 * erased; ERR_KEY without the key. */
int journal_words(const struct store *store, struct txn *txn, const struct event *event,
                  struct pool *pool, struct word **words, size_t *count);

/* Called for each event, in sequence; anything but 0 ends the walk and is returned. */
typedef int (*journal_visitor)(struct txn *txn, const struct event *event, void *argument);

/* Walks over the events from number `from` on. Each is decoded into a pool that is reset after it.
 */
int journal_walk(struct txn *txn, uint64_t from, journal_visitor visit, void *argument);

/* Walks the whole chain and checks numbers, node, hashes, the digest of words that are there, and
 * the head. ERR_CORRUPT: `why` names the first event that does not fit, or of which `visit` (may be
 * NULL) says so by ERR_CORRUPT or ERR_NOT_FOUND. */
int journal_verify(struct store *store, struct txn *txn, journal_visitor visit, void *argument,
                   uint64_t *count, struct error *why);

#endif
