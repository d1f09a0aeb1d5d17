#include "base/text.h"
#include "store/cut.h"
#include "store/event_keys.h"
#include "store/number.h"
#include "store/pack.h"
#include "store/store.h"
#include "store/words.h"

#include <errno.h>
#include <string.h>

#define META_HEAD "head"
#define HEAD_SIZE (8 + EVENT_HASH_SIZE) /* number and hash of a node's last event */
#define HEAD_KEY_MAX (sizeof META_HEAD - 1 + 2)
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

int journal_set_head(const struct store *store, struct txn *txn, const struct event_name *last,
                     const uint8_t hash[EVENT_HASH_SIZE])
{
    uint8_t key[HEAD_KEY_MAX], head[HEAD_SIZE];
    uint64_t local;

    int code = store_local(store, last->node, &local);
    number_put(head, 8, last->number);
    memcpy(head + 8, hash, EVENT_HASH_SIZE);
    return code ? code : txn_put(txn, TABLE_META, head_key(local, key), SLICE(head, sizeof head));
}

int journal_count(struct txn *txn, uint64_t *count)
{
    return txn_count(txn, TABLE_JOURNAL, count);
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
    struct words_digests digests;
    struct text bytes = TEXT_EMPTY;

    int code = journal_head(txn, store->node_count - 1, &event->name.number, event->previous);
    if (code)
        return code;
    event->name.number++;
    memcpy(event->name.node, store->node, EVENT_NODE_SIZE);
    code = words_write(store, txn, event, words, word_count, &digests);
    if (code == 0)
        code = event_encode(event, &bytes);
    event->words = event->network = NULL;
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
    enum event_type only; /* events of another type are passed over; 0: none are */
    struct pool pool;
};

static int walk_one(struct walk *w, struct txn *txn, struct slice key, struct slice bytes)
{
    struct event event;
    uint64_t type = w->only;
    int code = w->only ? event_decode_number(bytes, KEY_TYPE, &type) : 0;
    if (code || type != w->only)
        return code ? ERR_CORRUPT : 0;
    code = event_decode(bytes, &w->pool, &event);
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

int journal_walk_type(struct txn *txn, enum event_type type, journal_visitor visit, void *argument)
{
    struct walk w = {.visit = visit, .argument = argument, .only = type};
    return walk(&w, txn, SLICE(NULL, 0));
}

/* --- verifying --- */

struct chain {
    const struct store *store;
    struct txn *txn;
    uint64_t local;  /* the node whose chain it is */
    uint64_t number; /* of its last event that fitted */
    uint8_t hash[EVENT_HASH_SIZE];
    uint64_t teller; /* of its events the last one that tells of a cut; 0: none */
    struct cut cut;
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
    int code =
        words_check(chain->store, chain->txn, event, &chain->remarks.words, &chain->remarks.erased);
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

static const struct event_cut_row *cut_here(const struct chain *chain)
{
    return cut_of(&chain->cut, store_node(chain->store, chain->local));
}

/* Where a node's chain ends, its head says the same, and what tells of cuts is what counts. */
static int check_head(struct chain *chain)
{
    const struct event_cut_row *row = cut_here(chain);
    uint8_t hash[EVENT_HASH_SIZE];
    uint64_t number, teller;

    if (chain->number == 0 && row) { /* all of it */
        chain->number = row->last.number;
        memcpy(chain->hash, row->hash, sizeof chain->hash);
    }
    int code = journal_head(chain->txn, chain->local, &number, hash);
    if (code == 0)
        code = cut_teller(chain->txn, chain->local, &teller);
    if (code)
        return code;
    if (teller != chain->teller)
        return error_set(chain->why, ERR_CORRUPT,
                         "%s: what is noted of cuts does not follow from its events",
                         env_folder(chain->store->env));
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
    if (code == ERR_NOT_FOUND && cut_covers(&chain->cut, &continued->event)) {
        const struct event_cut_row *row = cut_of(&chain->cut, continued->event.node);
        if (continued->event.number < row->last.number)
            return 0;
        memcpy(hash, row->hash, sizeof hash);
        code = 0;
    }
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
        chain->number = chain->teller = 0;
        memset(chain->hash, 0, sizeof chain->hash);
    }
    return 0;
}

/* The journal may begin with any of those that are cut, or behind them. */
static void begin_behind(struct chain *chain, const struct event *event)
{
    const struct event_cut_row *row = cut_here(chain);
    uint64_t before = event->name.number - 1;

    if (chain->number > 0 || !row || before == 0 || before > row->last.number)
        return;
    chain->number = before;
    memcpy(chain->hash, before == row->last.number ? row->hash : event->previous,
           sizeof chain->hash);
}

/* What is left of those that are cut leads to the hash that was signed. */
static int check_cut(struct chain *chain)
{
    const struct event_cut_row *row = cut_here(chain);
    return row && row->last.number == chain->number &&
                   memcmp(row->hash, chain->hash, sizeof row->hash) != 0
               ? fault(chain, "it is not the one up to which the journal was cut")
               : 0;
}

static int check_teller(struct chain *chain, const struct event *event)
{
    if (!event->cut)
        return 0;
    /* A list forgets nothing, or people would be mailed again. */
    if (!chain->store->kind->is_cut)
        return fault(chain, "it tells of a cut, and such a journal is never cut");
    chain->teller = event->name.number;
    chain->remarks.cuts++;
    if (!chain->store->ring)
        return 0;
    int code = cut_check_signature(event->cut, chain->store->ring);
    return code == ERR_KEY         ? fault(chain, "its signature is wrong")
           : code == ERR_NOT_FOUND ? fault(chain, "the key that signed it is not known here")
                                   : code;
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
    begin_behind(chain, event);
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
        code = check_teller(chain, event);
    if (code == 0)
        code = check_visit(chain, event);
    if (code == 0)
        code = digester_digest(chain->digester, bytes, chain->hash);
    if (code == 0) {
        chain->remarks.earlier += chain->number > 0 && event->at_ms < chain->at_ms;
        chain->at_ms = event->at_ms;
        chain->number = event->name.number;
        code = check_cut(chain);
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

    struct pool pool = {0};
    int code = digester_new(&chain.digester);
    if (code == 0)
        code = journal_count(txn, &chain.of);
    if (code == 0)
        code = cut_read(store, txn, &pool, &chain.cut);
    if (code == ERR_CORRUPT)
        error_set(&head, code, "%s: the event that tells of its cut is not there",
                  env_folder(store->env));
    if (code == 0)
        code = walk(&w, txn, SLICE(NULL, 0));
    if (code == 0)
        code = find_chain(&chain, store->node_count - 1);
    if (code == 0)
        code = check_head(&chain);
    if (code == 0)
        code = check_words_count(&chain);
    digester_free(chain.digester);
    pool_release(&pool);
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
