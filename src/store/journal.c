#include "base/text.h"
#include "store/number.h"
#include "store/pack.h"
#include "store/store.h"

#include <errno.h>
#include <string.h>

#define META_HEAD "head"
#define HEAD_SIZE (8 + EVENT_HASH_SIZE) /* number and hash of a node's last event */
#define HEAD_KEY_MAX (sizeof META_HEAD - 1 + 2)
#define ITEM_EVENT 0 /* words about the event as a whole; one item an event, up to now */
#define WORDS_KEY_SIZE (JOURNAL_KEY_SIZE + 1)
#define SALT_SIZE 16
#define TELL_EACH 1024 /* events that are verified */

/* --- heads --- */

static struct slice head_key(uint64_t local, uint8_t key[HEAD_KEY_MAX])
{
    size_t length = sizeof META_HEAD - 1;
    memcpy(key, META_HEAD, length);
    number_put(key + length, 2, local);
    return SLICE(key, local ? length + 2 : length);
}

int journal_head(struct txn *txn, uint64_t local, uint64_t *number, uint8_t hash[EVENT_HASH_SIZE])
{
    uint8_t key[HEAD_KEY_MAX];
    struct slice head;

    int code = txn_get(txn, TABLE_META, head_key(local, key), &head);
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

static int write_head(struct txn *txn, uint64_t local, uint64_t number, struct slice event)
{
    uint8_t key[HEAD_KEY_MAX], head[HEAD_SIZE];
    number_put(head, 8, number);
    int code = seal_digest(event, head + 8);
    return code ? code : txn_put(txn, TABLE_META, head_key(local, key), SLICE(head, sizeof head));
}

int journal_count(struct txn *txn, uint64_t *count)
{
    return txn_count(txn, TABLE_JOURNAL, count);
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

static int words_key(const struct store *store, const struct event_name *name,
                     uint8_t key[WORDS_KEY_SIZE])
{
    key[JOURNAL_KEY_SIZE] = ITEM_EVENT;
    return store->has_words_key ? store_pack_name(store, name, key) : ERR_KEY;
}

/* Seals packed words under the event's key. */
static int put_words(const struct store *store, struct txn *txn, const struct event_name *name,
                     const struct text *plain)
{
    uint8_t key[WORDS_KEY_SIZE];
    struct text sealed = TEXT_EMPTY;

    int code = words_key(store, name, key);
    if (code == 0)
        code = seal_append_random(store->words_key, SLICE(key, sizeof key),
                                  SLICE(plain->data, plain->length), &sealed);
    if (code == 0)
        code =
            txn_put(txn, TABLE_PRIVATE, SLICE(key, sizeof key), SLICE(sealed.data, sealed.length));
    text_release(&sealed);
    return code;
}

/* Leaves their salted digest. */
static int write_words(const struct store *store, struct txn *txn, const struct event_name *name,
                       const struct word *words, size_t count, uint8_t digest[EVENT_HASH_SIZE])
{
    struct text plain = TEXT_EMPTY;

    int code = pack_words(words, count, &plain);
    if (code == 0)
        code = seal_digest(SLICE(plain.data, plain.length), digest);
    if (code == 0)
        code = put_words(store, txn, name, &plain);
    text_release(&plain);
    return code;
}

static int read_words(const struct store *store, struct txn *txn, const struct event_name *name,
                      struct text *plain)
{
    uint8_t key[WORDS_KEY_SIZE];
    struct slice sealed;

    int code = words_key(store, name, key);
    if (code == 0)
        code = txn_get(txn, TABLE_PRIVATE, SLICE(key, sizeof key), &sealed);
    return code ? code : seal_open_random(store->words_key, SLICE(key, sizeof key), sealed, plain);
}

/* They are sealed to their place, and a node's local number can be another one here. */
int journal_carry_words(const struct store *from, struct txn *from_txn, const struct store *to,
                        struct txn *to_txn, const struct event_name *name)
{
    struct text plain = TEXT_EMPTY;

    int code = read_words(from, from_txn, name, &plain);
    if (code == 0)
        code = put_words(to, to_txn, name, &plain);
    text_release(&plain);
    return code == ERR_NOT_FOUND ? 0 : code;
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
    int code = read_words(store, txn, &event->name, &plain);
    if (code == 0)
        code = unpack_words(&plain, pool, words, count);
    text_release(&plain);
    return code == ERR_NOT_FOUND ? 0 : code; /* erased */
}

/* --- events --- */

/* Puts the event behind the last one of its node. */
static int put_event(const struct store *store, struct txn *txn, const struct event_name *name,
                     struct slice bytes)
{
    uint8_t key[JOURNAL_KEY_SIZE];
    uint64_t local = 0;

    int code = store_local(store, name->node, &local);
    if (code == 0)
        code = store_pack_name(store, name, key);
    if (code == 0)
        code = txn_insert(txn, TABLE_JOURNAL, SLICE(key, sizeof key), bytes);
    if (code == ERR_EXISTS)
        code = ERR_CORRUPT;
    return code ? code : write_head(txn, local, name->number, bytes);
}

int journal_append(struct store *store, struct txn *txn, struct event *event,
                   const struct word *words, size_t word_count)
{
    uint8_t digest[EVENT_HASH_SIZE];
    struct text bytes = TEXT_EMPTY;

    int code = journal_head(txn, store->node_count - 1, &event->name.number, event->previous);
    if (code)
        return code;
    event->name.number++;
    memcpy(event->name.node, store->node, EVENT_NODE_SIZE);
    event->words = NULL;
    if (count_words(words, word_count) > 0) {
        code = write_words(store, txn, &event->name, words, word_count, digest);
        event->words = digest;
    }
    if (code == 0)
        code = event_encode(event, &bytes);
    event->words = NULL;
    if (code == 0)
        code = put_event(store, txn, &event->name, SLICE(bytes.data, bytes.length));
    text_release(&bytes);
    return code;
}

int journal_adopt(struct store *store, struct txn *txn, const struct event *event,
                  struct slice bytes)
{
    uint8_t hash[EVENT_HASH_SIZE];
    uint64_t number, local;

    int code = store_local(store, event->name.node, &local);
    if (code == 0)
        code = journal_head(txn, local, &number, hash);
    if (code)
        return code;
    if (event->name.number != number + 1 ||
        memcmp(event->previous, hash, sizeof event->previous) != 0)
        return ERR_CORRUPT;
    return put_event(store, txn, &event->name, bytes);
}

int journal_bytes(const struct store *store, struct txn *txn, const struct event_name *name,
                  struct slice *bytes)
{
    uint8_t key[JOURNAL_KEY_SIZE];
    int code = store_pack_name(store, name, key);
    return code ? code : txn_get(txn, TABLE_JOURNAL, SLICE(key, sizeof key), bytes);
}

int journal_event(const struct store *store, struct txn *txn, const struct event_name *name,
                  struct pool *pool, struct event *event)
{
    struct slice bytes;
    int code = journal_bytes(store, txn, name, &bytes);
    return code ? code : event_decode(bytes, pool, event);
}

int journal_short_hash(const struct store *store, struct txn *txn, const struct event_name *name,
                       uint8_t hash[EVENT_SHORT_HASH_SIZE])
{
    uint8_t full[EVENT_HASH_SIZE];
    struct slice bytes;
    struct event_name next = *name;
    uint64_t local, last;

    int code = journal_bytes(store, txn, name, &bytes);
    if (code)
        return code;
    next.number++;
    code = journal_bytes(store, txn, &next, &bytes);
    if (code == 0)
        code = event_decode_previous(bytes, full);
    else if (code == ERR_NOT_FOUND && (code = store_local(store, name->node, &local)) == 0 &&
             (code = journal_head(txn, local, &last, full)) == 0)
        code = last == name->number ? 0 : ERR_CORRUPT;
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

/* From the first key on that is not less than `from`. */
static int walk(struct walk *w, struct txn *txn, struct slice from)
{
    struct cursor *cursor;
    struct slice key, bytes;
    int visited = 0;

    int code = cursor_open(txn, TABLE_JOURNAL, &cursor);
    if (code)
        return code;
    code = cursor_seek(cursor, from, &key, &bytes);
    while (code == 0 && visited == 0) {
        visited = walk_one(w, txn, key, bytes);
        if (visited == 0)
            code = cursor_next(cursor, &key, &bytes);
    }
    pool_release(&w->pool);
    cursor_close(cursor);
    return visited ? visited : code == ERR_NOT_FOUND ? 0 : code;
}

int journal_walk(const struct store *store, struct txn *txn, const struct event_name *after,
                 journal_visitor visit, void *argument)
{
    struct walk w = {.visit = visit, .argument = argument};
    uint8_t first[JOURNAL_KEY_SIZE];

    if (!after)
        return walk(&w, txn, SLICE(NULL, 0));
    struct event_name next = *after;
    next.number++;
    int code = store_pack_name(store, &next, first);
    return code ? code : walk(&w, txn, SLICE(first, sizeof first));
}

/* --- verifying --- */

struct chain {
    const struct store *store;
    struct txn *txn;
    uint64_t local;  /* the node whose chain it is */
    uint64_t number; /* of its last event that fitted */
    uint8_t hash[EVENT_HASH_SIZE];
    uint64_t count; /* events of all nodes */
    uint64_t of;
    struct store_remarks remarks;
    int64_t at_ms; /* of the event before */
    struct digester *digester;
    struct error *why;
    journal_visitor visit; /* NULL: none */
    void *argument;
    const char *fault; /* of the event behind it; NULL: its bytes cannot be read */
};

static int fault(struct chain *chain, const char *what)
{
    chain->fault = what;
    return ERR_CORRUPT;
}

static void note_words(struct chain *chain, int code)
{
    chain->remarks.words += code == 0;
    chain->remarks.erased += code == ERR_NOT_FOUND;
}

/* Without the key nothing more can be said than that they are there, or were erased. */
static int find_words(struct chain *chain, const struct event *event)
{
    uint8_t key[WORDS_KEY_SIZE];
    struct slice sealed;

    key[JOURNAL_KEY_SIZE] = ITEM_EVENT;
    int code = store_pack_name(chain->store, &event->name, key);
    if (code == 0)
        code = txn_get(chain->txn, TABLE_PRIVATE, SLICE(key, sizeof key), &sealed);
    note_words(chain, code);
    return code == ERR_NOT_FOUND ? 0 : code;
}

/* Each row of private words was found beside its event, so what else there is belongs to none. */
static int check_words_count(struct chain *chain)
{
    uint64_t rows;

    int code = txn_count(chain->txn, TABLE_PRIVATE, &rows);
    if (code == 0 && rows != chain->remarks.words)
        return error_set(chain->why, ERR_CORRUPT,
                         "%s: there are private words that belong to no event",
                         env_folder(chain->store->env));
    return code;
}

static int check_words(struct chain *chain, const struct event *event)
{
    struct text plain = TEXT_EMPTY;
    uint8_t digest[EVENT_HASH_SIZE];

    if (!event->words)
        return 0;
    if (!chain->store->has_words_key)
        return find_words(chain, event);
    int code = read_words(chain->store, chain->txn, &event->name, &plain);
    note_words(chain, code);
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

/* Where a node's chain ends, its head says the same. */
static int check_head(struct chain *chain)
{
    uint8_t hash[EVENT_HASH_SIZE];
    uint64_t number;

    int code = journal_head(chain->txn, chain->local, &number, hash);
    if (code)
        return code;
    if (number != chain->number || memcmp(hash, chain->hash, sizeof hash) != 0)
        return error_set(chain->why, ERR_CORRUPT,
                         "%s: the journal ends at event %llu, its head says %llu: events were cut "
                         "off or changed",
                         env_folder(chain->store->env), (unsigned long long)chain->number,
                         (unsigned long long)number);
    return 0;
}

/* The journal that a restored node continues is here, with its end as it was then. */
static int check_continued(struct chain *chain, const struct event_continued *continued)
{
    uint8_t hash[EVENT_HASH_SIZE];
    struct slice bytes;

    int code = journal_bytes(chain->store, chain->txn, &continued->event, &bytes);
    if (code == 0)
        code = seal_digest(bytes, hash);
    if (code == ERR_NOT_FOUND)
        return fault(chain, "the event that it continues is not there");
    if (code == 0 && memcmp(hash, continued->hash, sizeof hash) != 0)
        return fault(chain, "the event that it continues was changed");
    return code;
}

/* The next node's chain begins once that of the one before is complete. */
static int find_chain(struct chain *chain, uint64_t local)
{
    while (chain->local < local) {
        int code = check_head(chain);
        if (code)
            return code;
        chain->local++;
        chain->number = 0;
        memset(chain->hash, 0, sizeof chain->hash);
    }
    return 0;
}

static int check_link(struct slice key, struct slice bytes, const struct event *event, void *state)
{
    struct chain *chain = state;
    struct event_name place;

    if (key.size != JOURNAL_KEY_SIZE || store_unpack_name(chain->store, key.data, &place) != 0)
        return fault(chain, "it lies in no node's place");
    int code = find_chain(chain, number_get(key.data, 2));
    if (code)
        return code;
    if (place.number != event->name.number)
        return fault(chain, "it lies in another event's place");
    if (event->name.number != chain->number + 1)
        return fault(chain, "the one before it is missing");
    if (!event_name_equal(&place, &event->name))
        return fault(chain, "another node wrote it");
    if (memcmp(event->previous, chain->hash, EVENT_HASH_SIZE) != 0)
        return fault(chain, "it does not carry the hash of the one before");
    if (event->continues)
        code = check_continued(chain, event->continues);
    if (code == 0)
        code = check_words(chain, event);
    if (code == 0)
        code = check_visit(chain, event);
    if (code == 0)
        code = digester_digest(chain->digester, bytes, chain->hash);
    if (code == 0) {
        chain->remarks.earlier += chain->number > 0 && event->at_ms < chain->at_ms;
        chain->at_ms = event->at_ms;
        chain->number = event->name.number;
        chain->count++;
        if (chain->store->watch && chain->count % TELL_EACH == 0)
            chain->store->watch(chain->count, chain->of, chain->store->watcher);
    }
    return code;
}

/* Names the event behind the last one that fitted. */
static int explain_fault(const struct chain *chain, struct error *why)
{
    char node[2 * EVENT_NODE_SIZE + 2] = "";

    if (chain->local + 1 < chain->store->node_count) {
        text_to_hex(store_node(chain->store, chain->local), EVENT_NODE_SIZE, node);
        node[2 * EVENT_NODE_SIZE] = '-';
        node[2 * EVENT_NODE_SIZE + 1] = '\0';
    }
    return error_set(why, ERR_CORRUPT, "%s: event %s%llu: %s", env_folder(chain->store->env), node,
                     (unsigned long long)chain->number + 1,
                     chain->fault ? chain->fault : "its bytes are damaged");
}

int journal_verify(struct store *store, struct txn *txn, journal_visitor visit, void *argument,
                   uint64_t *count, struct error *why)
{
    struct error head = {""};
    struct chain chain = {
        .store = store, .txn = txn, .visit = visit, .argument = argument, .why = &head};
    struct walk w = {.check = check_link, .state = &chain};

    int code = digester_new(&chain.digester);
    if (code == 0)
        code = journal_count(txn, &chain.of);
    if (code == 0)
        code = walk(&w, txn, SLICE(NULL, 0));
    if (code == 0)
        code = find_chain(&chain, store->node_count - 1);
    if (code == 0)
        code = check_head(&chain);
    if (code == 0)
        code = check_words_count(&chain);
    digester_free(chain.digester);
    if (code == ERR_CORRUPT && *head.text)
        return error_set(why, code, "%s", head.text);
    if (code == ERR_CORRUPT)
        return explain_fault(&chain, why);
    if (code)
        return env_explain(store->env, code, why);
    *count = chain.count;
    chain.remarks.lost = store->remarks.lost;
    store->remarks = chain.remarks;
    return 0;
}

int journal_check(struct store *store, struct error *why)
{
    struct txn *txn;
    uint64_t count;

    int code = txn_begin_read(store->env, &txn);
    if (code)
        return env_explain(store->env, code, why);
    code = journal_verify(store, txn, NULL, NULL, &count, why);
    txn_abort(txn);
    return code;
}
