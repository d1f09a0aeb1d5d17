/* The nodes of a store, and the names of their events in keys. */
#include "store/number.h"
#include "store/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define META_NODE "node"
#define META_NODES "nodes"
#define LOCAL_SIZE 2 /* octets of a local number in a key */

static struct slice name_of(const char *key)
{
    return SLICE(key, strlen(key));
}

/* --- the table --- */

static int take_nodes(struct store *store, const void *octets, size_t count)
{
    uint8_t(*nodes)[EVENT_NODE_SIZE] = malloc(count * sizeof *nodes);
    if (!nodes)
        return -ENOMEM;
    memcpy(nodes, octets, count * sizeof *nodes);
    free(store->nodes);
    store->nodes = nodes;
    store->node_count = count;
    memcpy(store->node, nodes[count - 1], EVENT_NODE_SIZE);
    return 0;
}

int store_read_nodes(struct store *store, struct txn *txn)
{
    struct slice own, all;

    int code = txn_get(txn, TABLE_META, name_of(META_NODE), &own);
    if (code == ERR_NOT_FOUND || (code == 0 && own.size != EVENT_NODE_SIZE))
        return ERR_CORRUPT;
    if (code)
        return code;
    code = txn_get(txn, TABLE_META, name_of(META_NODES), &all);
    if (code == ERR_NOT_FOUND) {
        all = own;
        code = 0;
    }
    if (code)
        return code;
    size_t count = all.size / EVENT_NODE_SIZE;
    const uint8_t *octets = all.data;
    if (count == 0 || count > STORE_NODES_MAX || all.size % EVENT_NODE_SIZE != 0 ||
        memcmp(octets + all.size - EVENT_NODE_SIZE, own.data, EVENT_NODE_SIZE) != 0)
        return ERR_CORRUPT;
    return take_nodes(store, octets, count);
}

int store_add_node(struct store *store, struct txn *txn, const uint8_t node[EVENT_NODE_SIZE])
{
    size_t count = store->node_count + 1;

    if (count > STORE_NODES_MAX)
        return ERR_TOO_LONG;
    uint8_t(*nodes)[EVENT_NODE_SIZE] = malloc(count * sizeof *nodes);
    if (!nodes)
        return -ENOMEM;
    if (store->node_count)
        memcpy(nodes, store->nodes, store->node_count * sizeof *nodes);
    memcpy(nodes[count - 1], node, EVENT_NODE_SIZE);
    int code = txn_put(txn, TABLE_META, name_of(META_NODE), SLICE(node, EVENT_NODE_SIZE));
    if (code == 0 && count > 1)
        code = txn_put(txn, TABLE_META, name_of(META_NODES), SLICE(nodes, count * sizeof *nodes));
    if (code == 0)
        code = take_nodes(store, nodes, count);
    free(nodes);
    return code;
}

/* --- names --- */

int store_local(const struct store *store, const uint8_t node[EVENT_NODE_SIZE], uint64_t *local)
{
    /* Most of what is asked for is the store's own, or not long ago. */
    for (size_t i = store->node_count; i-- > 0;)
        if (memcmp(store->nodes[i], node, EVENT_NODE_SIZE) == 0) {
            *local = i;
            return 0;
        }
    return ERR_NOT_FOUND;
}

const uint8_t *store_node(const struct store *store, uint64_t local)
{
    return local < store->node_count ? store->nodes[local] : NULL;
}

int store_pack_name(const struct store *store, const struct event_name *name,
                    uint8_t key[JOURNAL_KEY_SIZE])
{
    uint64_t local;
    int code = store_local(store, name->node, &local);
    if (code)
        return code;
    number_put(key, LOCAL_SIZE, local);
    number_put(key + LOCAL_SIZE, JOURNAL_KEY_SIZE - LOCAL_SIZE, name->number);
    return 0;
}

int store_unpack_name(const struct store *store, const uint8_t key[JOURNAL_KEY_SIZE],
                      struct event_name *name)
{
    const uint8_t *node = store_node(store, number_get(key, LOCAL_SIZE));
    if (!node)
        return ERR_CORRUPT;
    memcpy(name->node, node, EVENT_NODE_SIZE);
    name->number = number_get(key + LOCAL_SIZE, JOURNAL_KEY_SIZE - LOCAL_SIZE);
    return 0;
}

int store_get_named(const struct store *store, struct txn *txn, unsigned table,
                    const struct event_name *name, struct slice *value)
{
    uint8_t key[JOURNAL_KEY_SIZE];
    int code = store_pack_name(store, name, key);
    return code ? code : txn_get(txn, table, SLICE(key, sizeof key), value);
}

int store_put_named(const struct store *store, struct txn *txn, unsigned table,
                    const struct event_name *name, struct slice value)
{
    uint8_t key[JOURNAL_KEY_SIZE];
    int code = store_pack_name(store, name, key);
    return code ? code : txn_put(txn, table, SLICE(key, sizeof key), value);
}
