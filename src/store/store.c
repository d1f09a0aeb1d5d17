#include "store/store.h"

#include "base/clock.h"
#include "core/address.h"
#include "store/number.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define META_FORMAT "format"
#define META_KIND "kind"
#define META_LOOKUP "key-lookup"
#define META_ADDRESS "key-address"
#define META_INITIALISED "initialised"

static struct slice name_of(const char *key)
{
    return SLICE(key, strlen(key));
}

/* --- making --- */

struct creation {
    struct store *store;
    const uint8_t *lookup;
    const uint8_t *address;
};

static int write_meta(struct txn *txn, const struct creation *creation)
{
    uint8_t format[4];
    number_put(format, sizeof format, STORE_FORMAT);
    const struct {
        const char *key;
        struct slice value;
    } entries[] = {
        {META_FORMAT, SLICE(format, sizeof format)},
        {META_KIND, name_of(creation->store->kind->name)},
        {META_LOOKUP, SLICE(creation->lookup, KEYS_FINGERPRINT_SIZE)},
        {META_ADDRESS, SLICE(creation->address, KEYS_FINGERPRINT_SIZE)},
        {META_INITIALISED, name_of("yes")},
    };
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        int code = txn_insert(txn, TABLE_META, name_of(entries[i].key), entries[i].value);
        if (code)
            return code;
    }
    return 0;
}

static int create_job(struct txn *txn, void *argument)
{
    struct creation *creation = argument;

    int code = write_meta(txn, creation);
    return code ? code : store_begin_node(creation->store, txn, "init", NULL, NULL, 0);
}

int store_begin_node(struct store *store, struct txn *txn, const char *actor,
                     const struct event_continued *continues, const struct word *words,
                     size_t word_count)
{
    struct event_genesis genesis = {store->kind->name, STORE_FORMAT, STORE_HASH, ADDRESS_RULES};
    struct event event = {.at_ms = clock_now_ms(),
                          .type = EVENT_GENESIS,
                          .actor = actor,
                          .genesis = &genesis,
                          .continues = continues};
    uint8_t node[EVENT_NODE_SIZE];

    int code = seal_random(node, sizeof node);
    if (code == 0)
        code = store_add_node(store, txn, node);
    return code ? code : journal_append(store, txn, &event, words, word_count);
}

int store_create(const char *folder, const struct store_kind *kind,
                 const uint8_t lookup[KEYS_FINGERPRINT_SIZE],
                 const uint8_t address[KEYS_FINGERPRINT_SIZE], uint64_t map_size, struct error *why)
{
    struct creation creation = {NULL, lookup, address};
    return store_make(folder, kind, map_size, create_job, &creation, &creation.store, why);
}

int store_make(const char *folder, const struct store_kind *kind, uint64_t map_size,
               committer_job fill, void *argument, struct store **filled, struct error *why)
{
    struct store store = {.kind = kind};

    int code =
        env_open(folder, ENV_CREATE, map_size, kind->tables, kind->table_count, &store.env, why);
    if (code)
        return code;
    code = env_set_mode(store.env, kind->mode);
    if (code == 0)
        code = committer_start(store.env, &store.committer);
    if (filled)
        *filled = &store;
    if (code)
        env_explain(store.env, code, why);
    else
        code = store_write(&store, fill, argument, why);
    if (filled)
        *filled = NULL;
    store_close(&store);
    return code;
}

/* --- opening --- */

static int check_format(struct env *env, struct txn *txn, const struct store_kind *kind,
                        struct error *why)
{
    struct slice value;
    const char *folder = env_folder(env);

    int code = txn_get(txn, TABLE_META, name_of(META_INITIALISED), &value);
    if (code == ERR_NOT_FOUND)
        return env_explain(env, ERR_UNINITIALISED, why);
    if (code == 0)
        code = txn_get(txn, TABLE_META, name_of(META_FORMAT), &value);
    if (code)
        return env_explain(env, code == ERR_NOT_FOUND ? ERR_CORRUPT : code, why);
    uint64_t format = number_get(value.data, value.size);
    if (format != STORE_FORMAT)
        return error_set(
            why, ERR_FORMAT,
            "%s has format %llu, this program reads format %d: use the program that made it",
            folder, (unsigned long long)format, STORE_FORMAT);
    code = txn_get(txn, TABLE_META, name_of(META_KIND), &value);
    if (code)
        return env_explain(env, code == ERR_NOT_FOUND ? ERR_CORRUPT : code, why);
    if (value.size != strlen(kind->name) || memcmp(value.data, kind->name, value.size) != 0)
        return error_set(why, ERR_FORMAT, "%s is a %.*s, not a %s", folder, (int)value.size,
                         (const char *)value.data, kind->name);
    return 0;
}

static int check_key(struct env *env, struct txn *txn, const char *name, const uint8_t *fingerprint,
                     struct error *why)
{
    struct slice value;

    if (!fingerprint)
        return 0;
    int code = txn_get(txn, TABLE_META, name_of(name), &value);
    if (code)
        return env_explain(env, code == ERR_NOT_FOUND ? ERR_CORRUPT : code, why);
    if (value.size != KEYS_FINGERPRINT_SIZE || memcmp(value.data, fingerprint, value.size) != 0)
        return error_set(
            why, ERR_KEY,
            "%s was made with another %s file in key_dir: put back the one that belongs to it",
            env_folder(env), name + strlen("key-"));
    return 0;
}

static int check_meta(struct store *store, const struct store_kind *kind, const uint8_t *lookup,
                      const uint8_t *address, struct error *why)
{
    struct txn *txn;

    int code = txn_begin_read(store->env, &txn);
    if (code)
        return env_explain(store->env, code, why);
    code = check_format(store->env, txn, kind, why);
    if (code == 0)
        code = check_key(store->env, txn, META_LOOKUP, lookup, why);
    if (code == 0)
        code = check_key(store->env, txn, META_ADDRESS, address, why);
    if (code == 0 && (code = store_read_nodes(store, txn)) != 0)
        env_explain(store->env, code, why);
    txn_abort(txn);
    return code;
}

/* A store of another kind or format may lack a table of ours. Its meta data tells. */
static int explain_tables(const char *folder, const struct store_kind *kind, uint64_t map_size,
                          struct error *why)
{
    struct env *env;
    struct txn *txn;
    struct error other;

    if (env_open(folder, ENV_READ, map_size, kind->tables, 1, &env, &other) != 0)
        return ERR_UNINITIALISED; /* as `why` says already */
    int code = txn_begin_read(env, &txn);
    if (code == 0) {
        code = check_format(env, txn, kind, &other);
        txn_abort(txn);
    }
    env_close(env);
    return code ? error_set(why, code, "%s", other.text) : ERR_UNINITIALISED;
}

int store_open(struct store *store, const char *folder, const struct store_kind *kind,
               enum env_access access, uint64_t map_size, const uint8_t *lookup,
               const uint8_t *address, struct error *why)
{
    struct store s = {.kind = kind};

    int code = env_open(folder, access, map_size, kind->tables, kind->table_count, &s.env, why);
    if (code == ERR_UNINITIALISED)
        code = explain_tables(folder, kind, map_size, why);
    if (code)
        return code;
    code = check_meta(&s, kind, lookup, address, why);
    if (code == 0 && access != ENV_READ) {
        code = committer_start(s.env, &s.committer);
        if (code)
            error_set(why, code, "%s: no thread for writing: %s", folder, error_name(code));
    }
    if (code)
        store_close(&s);
    else
        *store = s;
    return code;
}

int store_close(struct store *store)
{
    int code = committer_stop(store->committer);
    if (code)
        return code;
    env_close(store->env);
    keys_forget(store->words_key, sizeof store->words_key);
    free(store->nodes);
    *store = (struct store){0};
    return 0;
}

int store_write(struct store *store, committer_job job, void *argument, struct error *why)
{
    if (!store->committer)
        return error_set(why, -EROFS, "%s was opened to read", env_folder(store->env));
    if (why)
        why->text[0] = '\0';
    int code = committer_run(store->committer, job, argument);
    if (code && why && why->text[0] == '\0')
        env_explain(store->env, code, why);
    return code;
}

int store_submit(struct store *store, committer_job job, void *argument, committer_done done,
                 void *done_argument)
{
    return store->committer ? committer_submit(store->committer, job, argument, done, done_argument)
                            : -EROFS;
}
