#include "base/text.h"
#include "store/number.h"
#include "store/pack.h"
#include "store/store.h"

#include <errno.h>
#include <string.h>

#define META_HEAD "head" /* number (8 octets) and hash of the last event of this node */
#define HEAD_SIZE (8 + EVENT_HASH_SIZE)
#define NODE_SIZE 2  /* octets of a node's local number in a key; this store's own node is 0 */
#define ITEM_EVENT 0 /* words about the event as a whole; one item an event, up to now */
#define SALT_SIZE 16

static void make_key(uint64_t number, uint8_t key[JOURNAL_KEY_SIZE])
{
    number_put(key, NODE_SIZE, 0);
    number_put(key + NODE_SIZE, JOURNAL_KEY_SIZE - NODE_SIZE, number);
}

int journal_head(struct txn *txn, uint64_t *number, uint8_t hash[EVENT_HASH_SIZE])
{
    struct slice head;

    int code = txn_get(txn, TABLE_META, SLICE(META_HEAD, sizeof META_HEAD - 1), &head);
    if (code == ERR_NOT_FOUND) {
        *number = 0;
        memset(hash, 0, EVENT_HASH_SIZE);
        return 0;
    }
    if (code == 0 && head.size != HEAD_SIZE)
        code = ERR_CORRUPT;
    if (code)
        return code;
    *number = number_get(head.data, 8);
    memcpy(hash, (const uint8_t *)head.data + 8, EVENT_HASH_SIZE);
    return 0;
}

static int write_head(struct txn *txn, uint64_t number, struct slice event)
{
    uint8_t head[HEAD_SIZE];
    number_put(head, 8, number);
    int code = seal_digest(event, head + 8);
    return code ? code
                : txn_put(txn, TABLE_META, SLICE(META_HEAD, sizeof META_HEAD - 1),
                          SLICE(head, sizeof head));
}

/* --- private words --- */

static size_t count_words(const struct word *words, size_t count)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += words[i].text && *words[i].text;
    return n;
}

static int pack_words(const struct word *words, size_t count, struct text *plain)
{
    uint8_t salt[SALT_SIZE];
    int code = seal_random(salt, sizeof salt);
    if (code)
        return code;
    text_append_bytes(plain, (char *)salt, sizeof salt);
    pack_map(plain, count_words(words, count));
    for (size_t i = 0; i < count; i++)
        if (words[i].text && *words[i].text) {
            pack_string(plain, words[i].name);
            pack_string(plain, words[i].text);
        }
    return plain->failed ? -ENOMEM : 0;
}

/* Seals the words under the event's key and leaves their salted digest. */
static int write_words(const struct store *store, struct txn *txn,
                       const uint8_t event_key[JOURNAL_KEY_SIZE], const struct word *words,
                       size_t count, uint8_t digest[EVENT_HASH_SIZE])
{
    uint8_t key[JOURNAL_KEY_SIZE + 1];
    struct text plain = TEXT_EMPTY, sealed = TEXT_EMPTY;

    if (!store->has_words_key)
        return ERR_KEY;
    memcpy(key, event_key, JOURNAL_KEY_SIZE);
    key[JOURNAL_KEY_SIZE] = ITEM_EVENT;
    int code = pack_words(words, count, &plain);
    if (code == 0)
        code = seal_digest(SLICE(plain.data, plain.length), digest);
    if (code == 0)
        code = seal_append_random(store->words_key, SLICE(key, sizeof key),
                                  SLICE(plain.data, plain.length), &sealed);
    if (code == 0)
        code =
            txn_put(txn, TABLE_PRIVATE, SLICE(key, sizeof key), SLICE(sealed.data, sealed.length));
    text_release(&plain);
    text_release(&sealed);
    return code;
}

static int read_words(const struct store *store, struct txn *txn, uint64_t number,
                      struct text *plain)
{
    uint8_t key[JOURNAL_KEY_SIZE + 1];
    struct slice sealed;

    if (!store->has_words_key)
        return ERR_KEY;
    make_key(number, key);
    key[JOURNAL_KEY_SIZE] = ITEM_EVENT;
    int code = txn_get(txn, TABLE_PRIVATE, SLICE(key, sizeof key), &sealed);
    return code ? code : seal_open_random(store->words_key, SLICE(key, sizeof key), sealed, plain);
}

static char *copy_slice(struct pool *pool, struct slice s)
{
    return pool_copy_bytes(pool, s.data ? s.data : "", s.size);
}

static int unpack_words(struct text *plain, struct pool *pool, struct word **words, size_t *count)
{
    if (plain->length < SALT_SIZE)
        return ERR_CORRUPT;
    struct unpacker in = unpack_begin(SLICE(plain->data + SALT_SIZE, plain->length - SALT_SIZE));
    size_t pairs = unpack_map(&in);
    struct word *list = pool_take(pool, (pairs + 1) * sizeof *list);
    if (!list)
        return -ENOMEM;
    for (size_t i = 0; i < pairs; i++) {
        list[i].name = copy_slice(pool, unpack_string(&in));
        list[i].text = copy_slice(pool, unpack_string(&in));
        if (!list[i].name || !list[i].text)
            return -ENOMEM;
    }
    if (!unpack_is_done(&in))
        return ERR_CORRUPT;
    *words = list;
    *count = pairs;
    return 0;
}

int journal_words(const struct store *store, struct txn *txn, const struct event *event,
                  struct pool *pool, struct word **words, size_t *count)
{
    struct text plain = TEXT_EMPTY;

    *count = 0;
    if (!event->words)
        return 0;
    int code = read_words(store, txn, event->name.number, &plain);
    if (code == 0)
        code = unpack_words(&plain, pool, words, count);
    text_release(&plain);
    return code == ERR_NOT_FOUND ? 0 : code; /* erased */
}

/* --- events --- */

int journal_append(struct store *store, struct txn *txn, struct event *event,
                   const struct word *words, size_t word_count)
{
    uint8_t key[JOURNAL_KEY_SIZE], digest[EVENT_HASH_SIZE];
    struct text bytes = TEXT_EMPTY;

    int code = journal_head(txn, &event->name.number, event->previous);
    if (code)
        return code;
    event->name.number++;
    memcpy(event->name.node, store->node, EVENT_NODE_SIZE);
    make_key(event->name.number, key);
    event->words = NULL;
    if (count_words(words, word_count) > 0) {
        code = write_words(store, txn, key, words, word_count, digest);
        event->words = digest;
    }
    if (code == 0)
        code = event_encode(event, &bytes);
    event->words = NULL;
    if (code == 0)
        code =
            txn_insert(txn, TABLE_JOURNAL, SLICE(key, sizeof key), SLICE(bytes.data, bytes.length));
    if (code == ERR_EXISTS)
        code = ERR_CORRUPT;
    if (code == 0)
        code = write_head(txn, event->name.number, SLICE(bytes.data, bytes.length));
    text_release(&bytes);
    return code;
}

int journal_bytes(struct txn *txn, uint64_t number, struct slice *bytes)
{
    uint8_t key[JOURNAL_KEY_SIZE];
    make_key(number, key);
    return txn_get(txn, TABLE_JOURNAL, SLICE(key, sizeof key), bytes);
}

int journal_short_hash(struct txn *txn, uint64_t number, uint8_t hash[EVENT_SHORT_HASH_SIZE])
{
    uint8_t full[EVENT_HASH_SIZE];
    struct slice bytes;
    uint64_t last;

    int code = journal_bytes(txn, number, &bytes);
    if (code)
        return code;
    code = journal_bytes(txn, number + 1, &bytes);
    if (code == 0)
        code = event_decode_previous(bytes, full);
    else if (code == ERR_NOT_FOUND && (code = journal_head(txn, &last, full)) == 0)
        code = last == number ? 0 : ERR_CORRUPT;
    if (code == 0)
        memcpy(hash, full, EVENT_SHORT_HASH_SIZE);
    return code;
}

/* --- walking --- */

/* What is looked at with each event's bytes, before it is visited. */
typedef int (*bytes_check)(struct slice key, struct slice bytes, const struct event *event,
                           void *state);

struct walk {
    bytes_check check; /* NULL: none */
    void *state;
    journal_visitor visit; /* NULL: none */
    void *argument;
    struct pool pool;
};

static int walk_one(struct walk *w, struct txn *txn, struct slice key, struct slice bytes)
{
    struct event event;
    int code = event_decode(bytes, &w->pool, &event);
    if (code == 0 && w->check)
        code = w->check(key, bytes, &event, w->state);
    if (code == 0 && w->visit)
        code = w->visit(txn, &event, w->argument);
    pool_reset(&w->pool);
    return code;
}

static int walk(struct walk *w, struct txn *txn, uint64_t from)
{
    uint8_t first[JOURNAL_KEY_SIZE];
    struct cursor *cursor;
    struct slice key, bytes;
    int visited = 0;

    int code = cursor_open(txn, TABLE_JOURNAL, &cursor);
    if (code)
        return code;
    make_key(from, first);
    code = cursor_seek(cursor, SLICE(first, sizeof first), &key, &bytes);
    while (code == 0 && visited == 0) {
        visited = walk_one(w, txn, key, bytes);
        if (visited == 0)
            code = cursor_next(cursor, &key, &bytes);
    }
    pool_release(&w->pool);
    cursor_close(cursor);
    return visited ? visited : code == ERR_NOT_FOUND ? 0 : code;
}

int journal_walk(struct txn *txn, uint64_t from, journal_visitor visit, void *argument)
{
    struct walk w = {.visit = visit, .argument = argument};
    return walk(&w, txn, from);
}

struct chain {
    struct store *store;
    struct txn *txn;
    uint64_t number; /* of the last event that fitted */
    uint8_t hash[EVENT_HASH_SIZE];
    journal_visitor visit; /* NULL: none */
    void *argument;
    const char *fault; /* of the event behind it; NULL: its bytes cannot be read */
};

static int fault(struct chain *chain, const char *what)
{
    chain->fault = what;
    return ERR_CORRUPT;
}

static int check_words(struct chain *chain, const struct event *event)
{
    struct text plain = TEXT_EMPTY;
    uint8_t digest[EVENT_HASH_SIZE];

    if (!event->words || !chain->store->has_words_key)
        return 0;
    int code = read_words(chain->store, chain->txn, event->name.number, &plain);
    if (code == 0)
        code = seal_digest(SLICE(plain.data, plain.length), digest);
    if (code == 0 && memcmp(digest, event->words, sizeof digest) != 0)
        code = ERR_KEY;
    text_release(&plain);
    if (code == ERR_NOT_FOUND) /* erased, as they may be */
        return 0;
    return code == ERR_KEY ? fault(chain, "its private words were changed") : code;
}

/* Whatever is missing is damage here, never an end. */
static int check_visit(struct chain *chain, const struct event *event)
{
    int code = chain->visit ? chain->visit(chain->txn, event, chain->argument) : 0;
    return code == ERR_CORRUPT || code == ERR_NOT_FOUND
               ? fault(chain, "what is kept beside the journal does not follow from it")
               : code;
}

static int check_link(struct slice key, struct slice bytes, const struct event *event, void *state)
{
    struct chain *chain = state;

    if (key.size != JOURNAL_KEY_SIZE || number_get(key.data, key.size) != event->name.number)
        return fault(chain, "it lies in another event's place");
    if (event->name.number != chain->number + 1)
        return fault(chain, "the one before it is missing");
    if (memcmp(event->name.node, chain->store->node, EVENT_NODE_SIZE) != 0)
        return fault(chain, "another node wrote it");
    if (memcmp(event->previous, chain->hash, EVENT_HASH_SIZE) != 0)
        return fault(chain, "it does not carry the hash of the one before");
    int code = check_words(chain, event);
    if (code == 0)
        code = check_visit(chain, event);
    if (code == 0)
        code = seal_digest(bytes, chain->hash);
    if (code == 0)
        chain->number = event->name.number;
    return code;
}

static int check_head(struct chain *chain, struct error *why)
{
    uint8_t hash[EVENT_HASH_SIZE];
    uint64_t number;
    struct env *env = chain->store->env;

    int code = journal_head(chain->txn, &number, hash);
    if (code)
        return env_explain(env, code, why);
    if (number != chain->number || memcmp(hash, chain->hash, sizeof hash) != 0)
        return error_set(why, ERR_CORRUPT,
                         "%s: the journal ends at event %llu, its head says %llu: events were cut "
                         "off or changed",
                         env_folder(env), (unsigned long long)chain->number,
                         (unsigned long long)number);
    return 0;
}

int journal_verify(struct store *store, struct txn *txn, journal_visitor visit, void *argument,
                   uint64_t *count, struct error *why)
{
    struct chain chain = {.store = store, .txn = txn, .visit = visit, .argument = argument};
    struct walk w = {.check = check_link, .state = &chain};

    int code = walk(&w, txn, 0);
    if (code == ERR_CORRUPT)
        return error_set(why, code, "%s: event %llu: %s", env_folder(store->env),
                         (unsigned long long)chain.number + 1,
                         chain.fault ? chain.fault : "its bytes are damaged");
    if (code)
        return env_explain(store->env, code, why);
    code = check_head(&chain, why);
    if (code)
        return code;
    *count = chain.number;
    return 0;
}
