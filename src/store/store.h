/* What list and ledger have in common: an LMDB environment with meta data, a journal, and the
 * private words of its events.
 *
 * Events are written by a node: 8 random octets, new at init and at every restore. A store that was
 * restored holds the journals of the nodes before it too, each a chain of its own. In keys and rows
 * a node has a local number, by its position in the meta entry `nodes`; the last one is the store's
 * own. So walking in the sequence of the keys goes from the oldest to the newest. */
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
    TABLE_META,    /* what is written once: format, kind, initialised, fingerprints; node (8
                      octets, the store's own) and, where there are several, nodes (8 octets each,
                      by local number); head (number and hash of the last event of node 0), of any
                      other node "head" and its local number (2 octets); loss, as long as a loss
                      has to be accepted; residue, where bytes of what was erased may still be in
                      the file; "cut" and a node's local number (2 octets), where the journal
                      was cut (number of that node's last event that tells of it); retired, once
                      another store took its place */
    TABLE_JOURNAL, /* 2 octets local number of the node, 6 of the event's number -> the event's
                      bytes */
    TABLE_PRIVATE, /* journal key, 1 octet item (0: words about the event; 1: network addresses)
                      -> sealed salt and words; not in the journal, so that it can be erased */
    TABLE_OWN,     /* the first one of list or ledger */
};

#define STORE_TABLES_MAX 16
#define JOURNAL_KEY_SIZE 8
#define STORE_NODES_MAX 65536

struct store_kind;
struct signing_ring;

/* Told now and then how many of the store's events are done, where that takes long. */
typedef void (*store_watcher)(uint64_t done, uint64_t of, void *argument);

/* What a verify saw that is no fault. */
struct store_remarks {
    uint64_t earlier; /* events with an earlier time than the one before them */
    uint64_t words;   /* events whose private words are there */
    uint64_t erased;  /* events whose private words are not */
    uint64_t cuts;    /* events that tell what was cut off the journal */
    uint64_t lost;    /* pages of the file that are neither used nor free: room, and no more */
};

struct store {
    struct env *env;
    const struct store_kind *kind;
    struct committer *committer;       /* NULL where opened to read */
    uint8_t node[EVENT_NODE_SIZE];     /* its own, that writes */
    uint8_t (*nodes)[EVENT_NODE_SIZE]; /* by local number; `node` is the last one */
    size_t node_count;                 /* 1 at least */
    bool has_words_key;
    uint8_t words_key[SEAL_KEY_SIZE];
    const struct signing_ring *ring; /* that cuts are signed with; NULL: it is not looked at */
    store_watcher watch;             /* NULL: nobody */
    void *watcher;
    struct store_remarks remarks; /* of the last verify */
};

struct store_kind {
    const char *name; /* "list", "ledger" */
    bool is_cut;      /* its journal is, by age */
    const char *const *tables;
    size_t table_count;
    mode_t mode; /* of its data file */
    /* What an event does to the tables that are a fold over the journal; called with it in the
     * transaction that writes it. */
    int (*fold)(struct store *store, struct txn *txn, const struct event *event);
    /* Checks the chain, and that those tables follow from it. */
    int (*verify)(struct store *store, struct txn *txn, uint64_t *events, struct error *why);
    /* Brings over what is no fold: see store_carry. May be NULL. */
    int (*carry)(struct store *from, struct txn *from_txn, struct store *to, struct error *why);
};

/* Makes a store in an existing, empty folder: genesis and the marker of completion in one
 * transaction. `fingerprints` are those of the lookup and the address key. ERR_EXISTS, or as
 * env_open. */
int store_create(const char *folder, const struct store_kind *kind,
                 const uint8_t lookup[KEYS_FINGERPRINT_SIZE],
                 const uint8_t address[KEYS_FINGERPRINT_SIZE], uint64_t map_size,
                 struct error *why);

/* Makes the tables of one, filled by a job in the first transaction. *filled (may be NULL) is the
 * store while the job runs. As store_create. */
int store_make(const char *folder, const struct store_kind *kind, uint64_t map_size,
               committer_job fill, void *argument, struct store **filled, struct error *why);

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

/* Private words: pairs of name and text, sealed apart from the journal. A pair without text is left
 * out. */
struct word {
    const char *name;
    const char *text;
};

/* The text of that name; NULL where there is none. */
const char *word_text(const struct word *words, size_t count, const char *name);

/* --- nodes --- */

/* The local number of a node. ERR_NOT_FOUND: no event of it is here. */
int store_local(const struct store *store, const uint8_t node[EVENT_NODE_SIZE], uint64_t *local);

/* The node with this local number; NULL: there is none. */
const uint8_t *store_node(const struct store *store, uint64_t local);

/* Reads the nodes at opening. ERR_CORRUPT, -ENOMEM. */
int store_read_nodes(struct store *store, struct txn *txn);

/* Adds a node, which becomes the store's own. Where the transaction does not succeed the store has
 * to be closed. ERR_MAP_FULL, ... */
int store_add_node(struct store *store, struct txn *txn, const uint8_t node[EVENT_NODE_SIZE]);

/* Begins a node of 8 new random octets, with its first event. As store_add_node, journal_append. */
int store_begin_node(struct store *store, struct txn *txn, const char *actor,
                     const struct event_continued *continues, const struct word *words,
                     size_t word_count);

/* The octets of an event's name in keys: local number (2) and number (6), so that keys sort as
 * events follow each other. ERR_NOT_FOUND: its node is not known here. */
int store_pack_name(const struct store *store, const struct event_name *name,
                    uint8_t key[JOURNAL_KEY_SIZE]);
/* ERR_CORRUPT. */
int store_unpack_name(const struct store *store, const uint8_t key[JOURNAL_KEY_SIZE],
                      struct event_name *name);
/* A row of a table that has names of events as its keys. As store_pack_name, txn_get and txn_put.
 */
int store_get_named(const struct store *store, struct txn *txn, unsigned table,
                    const struct event_name *name, struct slice *value);
int store_put_named(const struct store *store, struct txn *txn, unsigned table,
                    const struct event_name *name, struct slice value);

/* --- the journal --- */

/* Appends an event: fills in its node, number, and hash of the one before, and `event` holds them
 * afterwards; the digest of the words goes to its bytes alone. In a write transaction.
 * ERR_TOO_LONG, ERR_KEY (words, and no key for them). */
int journal_append(struct store *store, struct txn *txn, struct event *event,
                   const struct word *words, size_t word_count);

/* Puts an event of another store's journal behind those of its node that are here, with exactly
 * these bytes. ERR_CORRUPT: it does not follow from the last one. */
int journal_adopt(struct store *store, struct txn *txn, const struct event *event,
                  struct slice bytes);

/* The number of a node's last event, and the hash of its bytes; 0 and zeros where it has none. */
int journal_head(struct txn *txn, uint64_t local, uint64_t *number, uint8_t hash[EVENT_HASH_SIZE]);

/* Makes that the head, where a cut took away all that was before it. */
int journal_set_head(const struct store *store, struct txn *txn, const struct event_name *last,
                     const uint8_t hash[EVENT_HASH_SIZE]);

/* How many events there are, of all nodes. */
int journal_count(struct txn *txn, uint64_t *count);

/* The bytes of an event. ERR_NOT_FOUND. */
int journal_bytes(const struct store *store, struct txn *txn, const struct event_name *name,
                  struct slice *bytes);

/* The same, decoded into the pool. ERR_NOT_FOUND, as event_decode. */
int journal_event(const struct store *store, struct txn *txn, const struct event_name *name,
                  struct pool *pool, struct event *event);

/* The first octets of an event's hash, for verdicts that rest on it: as the next event or the head
 * carries it, since an event can be long. ERR_NOT_FOUND, ERR_CORRUPT. */
int journal_short_hash(const struct store *store, struct txn *txn, const struct event_name *name,
                       uint8_t hash[EVENT_SHORT_HASH_SIZE]);

/* The words of an event, name and text alternating, in the pool. *count is 0 where they were
 * erased; ERR_KEY without the key. */
int journal_words(const struct store *store, struct txn *txn, const struct event *event,
                  struct pool *pool, struct word **words, size_t *count);

/* 1 where words of the event are there, of whatever kind; 0; ERR_NOT_FOUND: its node is not known.
 */
int journal_has_words(const struct store *store, struct txn *txn, const struct event_name *name);

/* Erases the words of an event; none is fine. ERR_NOT_FOUND: its node is not known here. */
int journal_forget_words(const struct store *store, struct txn *txn, const struct event_name *name);

/* Brings the words of an event over, from one store into another that holds it too. 0 where there
 * are none. ERR_KEY: they were sealed with another key. */
int journal_carry_words(const struct store *from, struct txn *from_txn, const struct store *to,
                        struct txn *to_txn, const struct event_name *name);

/* Called for each event, in sequence; anything but 0 ends the walk and is returned. */
typedef int (*journal_visitor)(struct txn *txn, const struct event *event, void *argument);

/* Walks over the events behind `after` (which need not be there itself; NULL: over all), one node
 * behind the other. Each is decoded into a pool that is reset after it. ERR_NOT_FOUND: the node of
 * `after` is not known here. */
int journal_walk(const struct store *store, struct txn *txn, const struct event_name *after,
                 journal_visitor visit, void *argument);
/* Over all events of one type: of the others no more than the beginning is read. */
int journal_walk_type(struct txn *txn, enum event_type type, journal_visitor visit, void *argument);

/* Walks the chains of all nodes and checks numbers, nodes, hashes, what a node continues, what was
 * cut and, where the store has a ring, its signature, the digest of words that are there, and the
 * heads. ERR_CORRUPT: `why` names the first event that does not fit, or of which `visit` (may be
 * NULL) says so by ERR_CORRUPT or ERR_NOT_FOUND. *count: of all nodes. */
int journal_verify(struct store *store, struct txn *txn, journal_visitor visit, void *argument,
                   uint64_t *count, struct error *why);

/* What is verified of a store before its journal: the pages of its file, and that `meta` holds
 * what it should and nothing else. ERR_CORRUPT. */
int store_verify_frame(struct store *store, struct txn *txn, struct error *why);

/* Whether both stores were made with the same keys, as list and ledger of one site are; whoever has
 * the keys finds that out when the stores are opened. ERR_CORRUPT. */
int store_verify_keys(const struct store *list, struct txn *list_txn, const struct store *ledger,
                      struct txn *ledger_txn, struct error *why);

/* The same in a transaction of its own, about the journal alone. */
int journal_check(struct store *store, struct error *why);

#endif
