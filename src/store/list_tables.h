/* The list's own tables and the bytes in them; for list*.c only.
 *
 *     choice, domain   subject (16), local number of the node (2), number of the event (6)
 *                        -> [flags, scope id, source id, reason, asked, until, names]
 *     past             the same; behind the array: node and number of the withdrawal
 *     address          subject -> 1 octet type, then address or SHA-256 sealed; nothing behind the
 *                        type where it was erased
 *     scope, source    "n" name -> id (4 octets); "i" id (4 octets) -> name
 *     batch            local number of the node (2), number of the event that began it (6)
 *                        -> [number of its end, node and number of the batch that undoes it]
 *     proposal         local number of the node (2), number of the event that made it (6)
 *                        -> [state, node and number of the decision, node and number of the event
 *                           that says it is carried out]; the state is the decision's own
 *     notice           subject -> when it was sent one last, in seconds (8), mark (8)
 *
 * A mark is the first octets of the SHA-256 of key and what stands before it; rows of earlier
 * versions have none.
 *
 * Flags are kind + 4 * confirmed; what is 0 or empty at the end of the array is left out, and items
 * behind those that we know are skipped. Names are pairs of node and number.
 *
 * Local numbers and ids are this store's own; in the journal names stand for themselves. */
#ifndef STORE_LIST_TABLES_H
#define STORE_LIST_TABLES_H

#include "store/list.h"
#include "store/pack.h"

enum list_table {
    TABLE_CHOICE = TABLE_OWN,
    TABLE_DOMAIN,
    TABLE_PAST,
    TABLE_ADDRESS,
    TABLE_SCOPE,
    TABLE_SOURCE,
    TABLE_BATCH,
    TABLE_NOTICE,
    TABLE_PROPOSAL,
};

#define LIST_NOTICE_TIME_SIZE 8 /* of a row of `notice`, without its mark */

#define CHOICE_KEY_SIZE (SUBJECT_SIZE + JOURNAL_KEY_SIZE)

enum address_type {
    ADDRESS_CLEAR = 1,  /* sealed address */
    ADDRESS_DIGEST = 2, /* sealed SHA-256 of an address that nobody told us */
    ADDRESS_ERASED = 3,
};

struct list {
    struct store store; /* first, so that a pointer to it is one to the list */
    bool has_address_key, has_subject_key;
    uint8_t address_key[SEAL_KEY_SIZE];
    struct sealer *sealer; /* with that key, for who has the write lock; NULL: not needed yet */
    uint8_t subject_key[SUBJECT_KEY_SIZE]; /* for verifying alone */
};

/* Walks over the rows of a table; quickest to subjects in ascending sequence. */
struct list_scan {
    struct list_view *view;
    bool domain; /* its rows are those of domains */
    struct cursor *cursor;
    bool placed; /* the cursor stands at `key`, or `code` tells why not */
    int code;
    struct slice key, value;
};

struct list_view {
    struct list *list;
    struct txn *txn;
    bool loss; /* there is one to be accepted */
    /* Opened when first needed: a message asks for many subjects, all of them in one table. */
    struct list_scan people, domains, past;
};

/* --- addresses --- */

/* Writes what the entries, sorted by subject, tell of addresses that is news. */
int list_put_addresses(struct list *list, struct txn *txn, struct list_entry *const *sorted,
                       size_t count);

/* What a row of `address`, of one octet at least, tells of its subject; as list_identity. */
int list_identify(struct list_view *view, const struct subject *subject, struct slice row,
                  struct pool *pool, struct list_identity *identity);

/* --- ids --- */

/* The id of a name in `scope` or `source`. ERR_NOT_FOUND. */
int list_id_of(struct txn *txn, unsigned table, const char *name, uint32_t *id);
/* The same; a new name gets the next id. */
int list_id_make(struct txn *txn, unsigned table, const char *name, uint32_t *id);
/* The name of an id, in the pool. ERR_CORRUPT where there is none. */
int list_name_of(struct txn *txn, unsigned table, uint32_t id, struct pool *pool,
                 const char **name);

/* --- rows --- */

/* The key of a row; events of other nodes have to be known. ERR_NOT_FOUND. */
int list_row_key(const struct list *list, const struct subject *subject,
                 const struct event_name *event, uint8_t key[CHOICE_KEY_SIZE]);
/* The ids that were looked up last, as many rows have the same; {0} at first. */
struct list_ids {
    const char *scope, *source;
    uint32_t scope_id, source_id;
};

/* The bytes of a row. Its scope is registered; its source becomes known. */
int list_row_pack(const struct list *list, struct txn *txn, const struct choice *choice,
                  struct list_ids *ids, struct text *bytes);
/* The same, with ids that are known already. */
int list_row_pack_as(const struct list *list, const struct choice *choice,
                     const struct list_ids *ids, struct text *bytes);
int list_row_unpack(const struct list *list, struct txn *txn, struct slice key, struct slice value,
                    bool domain, struct pool *pool, struct choice *choice,
                    struct event_name *withdrawn_by);

int list_scan_begin(struct list_scan *scan, struct list_view *view, unsigned table, bool domain);
void list_scan_end(struct list_scan *scan);
/* To be called where the table was written meanwhile. */
void list_scan_forget(struct list_scan *scan);
/* As list_read. */
int list_scan_read(struct list_scan *scan, const struct subject *subject, struct pool *pool,
                   struct choice **rows, size_t *count, struct event_name **withdrawn_by);

/* --- the fold --- */

/* What one event does to the tables. It is the only way in which `choice`, `domain`, `past` and
 * `scope` change, and addresses are erased for good. */
int list_fold(struct store *store, struct txn *txn, const struct event *event);

/* The part of the fold that is about batches. */
int list_fold_batch(struct list *list, struct txn *txn, const struct event *event);

/* The part of the fold that is about proposals. */
int list_fold_proposal(struct list *list, struct txn *txn, const struct event *event);

/* What the table `proposal` holds of one; a number that is 0 says that there is none. */
struct proposal_row {
    enum proposal_state state;
    struct event_name decided, done;
};

/* ERR_NOT_FOUND: no proposal has this name. */
int list_proposal_row(const struct list *list, struct txn *txn, const struct event_name *name,
                      struct proposal_row *row);

/* Called with each row of the table. */
typedef int (*proposal_row_visitor)(const struct event_name *name, const struct proposal_row *row,
                                    void *argument);
int list_each_proposal_row(const struct list *list, struct txn *txn, proposal_row_visitor visit,
                           void *argument);

/* Writes the decision that an act has, or sees to it that it was made; before the event that
 * carries it out. 0 where the act has none; -EINVAL: there is no such proposal; else as
 * list_decide.
 */
int list_take_decision(struct list *list, struct txn *txn, const struct act *act,
                       struct error *why);

/* What the table `batch` holds of one; a number that is 0 says that there is none. */
struct batch_row {
    uint64_t end;
    struct event_name undone_by;
};

/* ERR_NOT_FOUND: no batch has this name. */
int list_batch_row(const struct list *list, struct txn *txn, const struct event_name *name,
                   struct batch_row *row);

/* Whether rows may be written for the batch (0: for none): -EINVAL where it never began, has
 * ended, or is being undone. */
int list_batch_check(const struct list *list, struct txn *txn, uint64_t number);

/* A name in a row: the node's local number, and the number. ERR_NOT_FOUND: the node is not known
 * here; the reader fails. */
int list_pack_name(const struct list *list, const struct event_name *name, struct text *bytes);
struct event_name list_unpack_name(const struct list *list, struct unpacker *in);

/* The hooks of the list in struct store_kind. */
int list_carry(struct store *from, struct txn *from_txn, struct store *to, struct error *why);
int list_verify_store(struct store *store, struct txn *txn, uint64_t *events, struct error *why);

/* --- verifying what is no fold; each: ERR_CORRUPT, and `why` tells of the row --- */

/* Names and ids of `scope` or `source` lead to each other, and there are `count` of them. */
int list_verify_names(const struct list *list, struct txn *txn, unsigned table, uint64_t count,
                      struct error *why);
/* Each row of `address` belongs to somebody of whom there is a choice, or of whom an event that
 * erases or proposes tells (`others`: their subjects, one behind the other); with the keys, it
 * opens and gives the subject under which it stands. */
int list_verify_addresses(struct list_view *view, struct slice others, struct error *why);
/* Rows of `notice` have the right size and mark. */
int list_verify_notices(const struct list *list, struct txn *txn, struct error *why);
/* Reads the time of a row of `notice`; ERR_CORRUPT. */
int list_notice_unpack(struct slice value, int64_t *at);

/* Whether its actor and source fit. ERR_TOO_LONG. */
int list_check_act(const struct act *act, struct error *why);

/* --- writing without waiting --- */

/* Somebody's writing, until it is known what became of it. The job leaves its sentence in `why`. */
struct later {
    struct list *list;
    list_done done;
    void *argument;
    struct error why;
};

/* Submits the job; `later` begins an allocation that is freed when `done` was told. On failure it
 * is freed at once. As store_submit. */
int list_write_later(struct later *later, committer_job job, void *argument);

/* The domain flag of a standing row, by where it stands. ERR_NOT_FOUND. */
int list_find_standing(struct txn *txn, const uint8_t key[CHOICE_KEY_SIZE], struct slice *value,
                       bool *domain);

#endif
