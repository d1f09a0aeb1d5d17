/* What is verified of every store, beside its journal. */
#include "store/number.h"
#include "store/pages.h"
#include "store/store.h"

#include <string.h>

#define HEAD "head"
#define CUT "cut"
#define HEAD_SIZE (8 + EVENT_HASH_SIZE)
#define YES "yes"

/* The entries that `meta` may have; the head of a node has its local number behind the name. */
struct meta_entry {
    const char *name;
    size_t size; /* of its value; 0: any */
    const char *value;
    bool needed;
};

static const struct meta_entry entries[] = {
    {.name = "format", .size = 4, .needed = true},
    {.name = "kind", .needed = true}, /* compared when the store is opened */
    {.name = "key-lookup", .size = KEYS_FINGERPRINT_SIZE, .needed = true},
    {.name = "key-address", .size = KEYS_FINGERPRINT_SIZE, .needed = true},
    {.name = "initialised", .value = YES, .needed = true},
    {.name = "node", .size = EVENT_NODE_SIZE, .needed = true},
    {.name = "nodes"}, /* read when the store is opened */
    {.name = HEAD, .size = HEAD_SIZE},
    {.name = "loss", .value = YES},
    {.name = "retired", .value = YES},
    {.name = "probe", .size = 8},
    {.name = "residue", .value = YES},
    {.name = CUT, .size = 8},
};

#define ENTRIES (sizeof entries / sizeof *entries)

static bool is_text(struct slice slice, const char *text)
{
    return slice.size == strlen(text) && memcmp(slice.data, text, slice.size) == 0;
}

/* The position of a key in the table; ENTRIES: it has none. */
static size_t find_entry(const struct store *store, struct slice key)
{
    static const char *const of_nodes[] = {HEAD, CUT};

    for (size_t i = 0; i < 2; i++) {
        size_t length = strlen(of_nodes[i]);
        if (key.size != length + 2 || memcmp(key.data, of_nodes[i], length) != 0)
            continue;
        uint64_t local = number_get((const uint8_t *)key.data + length, 2);
        bool bare = i == 0 && local == 0; /* the head of the first node has no number behind it */
        key.size = !bare && local < store->node_count ? length : 0;
        break;
    }
    for (size_t i = 0; i < ENTRIES; i++)
        if (is_text(key, entries[i].name))
            return i;
    return ENTRIES;
}

static bool value_fits(const struct meta_entry *entry, struct slice value)
{
    return entry->value ? is_text(value, entry->value)
                        : entry->size == 0 || value.size == entry->size;
}

static int verify_meta(struct store *store, struct txn *txn)
{
    struct cursor *cursor;
    struct slice key, value;
    bool seen[ENTRIES] = {false};

    int code = cursor_open(txn, TABLE_META, &cursor);
    if (code)
        return code;
    code = cursor_seek(cursor, SLICE(NULL, 0), &key, &value);
    while (code == 0) {
        size_t i = find_entry(store, key);
        code = i < ENTRIES && value_fits(&entries[i], value) ? 0 : ERR_CORRUPT;
        if (code == 0) {
            seen[i] = true;
            code = cursor_next(cursor, &key, &value);
        }
    }
    cursor_close(cursor);
    for (size_t i = 0; i < ENTRIES && code == ERR_NOT_FOUND; i++)
        if (entries[i].needed && !seen[i])
            code = ERR_CORRUPT;
    return code == ERR_NOT_FOUND ? 0 : code;
}

int store_verify_frame(struct store *store, struct txn *txn, struct error *why)
{
    struct pages pages;

    int code = pages_check(store->env, store->kind->tables, store->kind->table_count, &pages, why);
    if (code)
        return code;
    store->remarks.lost = pages.lost;
    code = verify_meta(store, txn);
    if (code == ERR_CORRUPT)
        return error_set(why, code, "%s: what it says of itself was changed",
                         env_folder(store->env));
    return code ? env_explain(store->env, code, why) : 0;
}

static int compare_entry(struct txn *a, struct txn *b, const char *name)
{
    struct slice key = SLICE(name, strlen(name)), x, y;

    int code = txn_get(a, TABLE_META, key, &x);
    if (code == 0)
        code = txn_get(b, TABLE_META, key, &y);
    if (code)
        return code == ERR_NOT_FOUND ? ERR_CORRUPT : code;
    return x.size == y.size && memcmp(x.data, y.data, x.size) == 0 ? 0 : ERR_CORRUPT;
}

int store_verify_keys(const struct store *list, struct txn *list_txn, const struct store *ledger,
                      struct txn *ledger_txn, struct error *why)
{
    int code = compare_entry(list_txn, ledger_txn, "key-lookup");
    if (code == 0)
        code = compare_entry(list_txn, ledger_txn, "key-address");
    if (code == ERR_CORRUPT)
        return error_set(why, code, "%s and %s do not belong together: they name other keys",
                         env_folder(list->env), env_folder(ledger->env));
    return code ? env_explain(ledger->env, code, why) : 0;
}
