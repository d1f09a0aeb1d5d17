#include "tool/upkeep/manifest.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "tool/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MANIFEST_MAX (16 << 20) /* octets; a node takes 120 */

/* --- making --- */

static void put_hex(json_t *object, const char *name, const uint8_t *bytes, size_t length)
{
    char hex[2 * SEAL_DIGEST_SIZE + 1];
    text_to_hex(bytes, length, hex);
    output_put_text(object, name, hex);
}

static int put_nodes(const struct part_store *store, json_t *nodes)
{
    uint8_t hash[EVENT_HASH_SIZE];
    struct txn *txn;
    uint64_t number;

    int code = txn_begin_read(store->store->env, &txn);
    if (code)
        return code;
    for (size_t i = 0; i < store->store->node_count && code == 0; i++) {
        json_t *node = json_object();
        code = journal_head(txn, i, &number, hash);
        put_hex(node, "node", store->store->nodes[i], EVENT_NODE_SIZE);
        output_put_number(node, "number", number);
        put_hex(node, "hash", hash, sizeof hash);
        output_append(nodes, node);
    }
    txn_abort(txn);
    return code;
}

json_t *manifest_describe(const struct part_store *store, const char *file,
                          const struct manifest_file *digest, uint64_t events, struct error *why)
{
    json_t *object = json_object(), *nodes = json_array();

    int code = put_nodes(store, nodes);
    if (code) {
        env_explain(store->store->env, code, why);
        json_decref(nodes);
        json_decref(object);
        return NULL;
    }
    output_put_text(object, "file", file);
    output_put_number(object, "size", digest->size);
    put_hex(object, "sha256", digest->digest, sizeof digest->digest);
    output_put_number(object, "format", STORE_FORMAT);
    output_put_number(object, "events", events);
    output_put(object, "nodes", nodes);
    return object;
}

json_t *manifest_make(const struct lookup_key *lookup, const struct address_key *address,
                      bool with_keys, json_t *list, json_t *ledger)
{
    json_t *object = json_object(), *keys = json_object();

    put_hex(keys, "lookup", lookup->fingerprint, sizeof lookup->fingerprint);
    put_hex(keys, "address", address->fingerprint, sizeof address->fingerprint);
    output_put_bool(keys, "included", with_keys);
    output_put_number(object, "format", MANIFEST_FORMAT);
    output_put_text(object, "program", PACKAGE_STRING);
    output_put_time(object, "time", clock_now());
    output_put(object, "keys", keys);
    output_put(object, "list", list);
    output_put(object, "ledger", ledger);
    return object;
}

int manifest_write(const char *folder, const json_t *manifest, struct error *why)
{
    char *text = json_dumps(manifest, JSON_INDENT(4));
    char *path = file_join(folder, MANIFEST_FILE);
    int code = text && path ? file_replace(path, text, strlen(text), 0600, why) : -ENOMEM;
    free(text);
    free(path);
    return code;
}

/* --- reading --- */

/* A text of exactly 2 * length hex digits. */
static bool take_hex(const json_t *object, const char *name, size_t length, uint8_t *bytes)
{
    const char *hex = json_string_value(json_object_get(object, name));
    return hex && text_from_hex(hex, length, bytes) == 0;
}

static bool take_file(const json_t *object, struct manifest_file *file)
{
    json_int_t size = json_integer_value(json_object_get(object, "size"));
    file->size = (uint64_t)size;
    return size > 0 && take_hex(object, "sha256", sizeof file->digest, file->digest);
}

static int take(const json_t *object, struct manifest *m)
{
    const json_t *keys = json_object_get(object, "keys");
    const char *time = json_string_value(json_object_get(object, "time"));

    if (json_integer_value(json_object_get(object, "format")) != MANIFEST_FORMAT)
        return json_is_integer(json_object_get(object, "format")) ? ERR_FORMAT : ERR_SYNTAX;
    if (!time || strlen(time) >= sizeof m->time ||
        !take_hex(keys, "lookup", sizeof m->lookup, m->lookup) ||
        !take_hex(keys, "address", sizeof m->address, m->address) ||
        !take_file(json_object_get(object, "list"), &m->list) ||
        !take_file(json_object_get(object, "ledger"), &m->ledger))
        return ERR_SYNTAX;
    strcpy(m->time, time);
    m->with_keys = json_is_true(json_object_get(keys, "included"));
    return 0;
}

static int parse(const char *path, const char *data, size_t length, struct manifest *m,
                 struct error *why)
{
    json_error_t fault;
    json_t *object = json_loadb(data, length, JSON_REJECT_DUPLICATES, &fault);

    if (!object)
        return error_set(why, ERR_SYNTAX, "%s:%d: %s", path, fault.line, fault.text);
    int code = take(object, m);
    json_decref(object);
    if (code == ERR_FORMAT)
        return error_set(why, code,
                         "%s: a backup of another format; this program restores format %d", path,
                         MANIFEST_FORMAT);
    return code ? error_set(why, code, "%s: not a manifest that `optout backup` wrote", path) : 0;
}

int manifest_read(const char *folder, struct manifest *manifest, struct error *why)
{
    struct manifest m = {.with_keys = false};
    char *path = file_join(folder, MANIFEST_FILE), *data = NULL;
    size_t length;

    int code = path ? file_read(path, MANIFEST_MAX, &data, &length, why) : -ENOMEM;
    if (code == -ENOENT || code == -ENOTDIR)
        code = error_set(why, ERR_NOT_FOUND,
                         "%s is missing: %s holds no backup, or one that was broken off", path,
                         folder);
    if (code == 0)
        code = parse(path, data, length, &m, why);
    free(data);
    free(path);
    if (code == 0)
        *manifest = m;
    return code;
}
