/* The ledger's own tables and the bytes in them; for ledger*.c only.
 *
 *     history    subject (16), number of the event (8) -> nothing
 *     count      stream, NUL, action (1), mode (1) -> [messages, given, delivered, kept back]
 *     unclaimed  keyed digest of what it is counted by (16)
 *                  -> sealed [login, listener, domain, messages, recipients, first, last] */
#ifndef STORE_LEDGER_TABLES_H
#define STORE_LEDGER_TABLES_H

#include "store/ledger.h"

enum ledger_table {
    TABLE_HISTORY = TABLE_OWN,
    TABLE_COUNT,
    TABLE_UNCLAIMED,
};

#define HISTORY_KEY_SIZE (SUBJECT_SIZE + 8)

struct ledger {
    struct store store;
    uint8_t unclaimed_key[SEAL_KEY_SIZE];
};

struct ledger_view {
    struct ledger *ledger;
    struct txn *txn;
};

#endif
