/* The ledger's own tables and the bytes in them; for ledger*.c only.
 *
 *     history    subject (16), local number of the node (2), number of the event (6) -> nothing;
 *                  of each subject of a verdict or an erasure, and of a reading that is about one;
 *                  of configurations with zeros for the subject
 *     count      stream, NUL, action (1), mode (1) -> [messages, given, delivered, kept back],
 *                  and behind the array its mark (8): the first octets of the SHA-256 of key and
 *                  array; rows of earlier versions have none
 *     unclaimed  keyed digest of what it is counted by (16)
 *                  -> sealed [login, listener, domain, messages, recipients, first, last] */
#ifndef STORE_LEDGER_TABLES_H
#define STORE_LEDGER_TABLES_H

#include "store/cut.h"
#include "store/ledger.h"

enum ledger_table {
    TABLE_HISTORY = TABLE_OWN,
    TABLE_COUNT,
    TABLE_UNCLAIMED,
};

#define HISTORY_KEY_SIZE (SUBJECT_SIZE + JOURNAL_KEY_SIZE)

struct ledger {
    struct store store; /* first, so that a pointer to it is one to the ledger */
    bool has_unclaimed_key;
    uint8_t unclaimed_key[SEAL_KEY_SIZE];
};

struct ledger_view {
    struct ledger *ledger;
    struct txn *txn;
};

/* The subject in `history` that stands for configurations; no person's is all zeros. */
extern const struct subject ledger_nobody;

/* Appends an event with what follows from it, in a write transaction. As journal_append. */
int ledger_append(struct ledger *ledger, struct txn *txn, struct event *event,
                  const struct word *words, size_t word_count);

/* Appends the event, or the events, of one configuration. As journal_append. */
int ledger_append_configuration(struct ledger *ledger, struct txn *txn,
                                const struct ledger_configuration *configuration, bool with_text);

/* Tells once more what was in force where the journal is to be cut, in the transaction that cuts
 * it. As journal_append. */
int ledger_keep_configurations(struct ledger *ledger, struct txn *txn, const struct cut *cut);

/* Rows of `count` have the right form and mark; those of `unclaimed` open, with the key.
 * ERR_CORRUPT.
 */
int ledger_verify_counts(const struct ledger *ledger, struct txn *txn, struct error *why);

/* The hook of struct store_kind: what was counted is the newer store's. */
int ledger_carry_counts(struct store *from, struct txn *from_txn, struct store *to,
                        struct error *why);

#endif
