#include "store/prune.h"

#include "store/erase.h"
#include "store/event_keys.h"
#include "store/number.h"
#include "store/words.h"

#include <errno.h>
#include <string.h>

#define LOOKED_AT_ONCE 5000           /* rows or events in one view */
#define CLOCK_SLACK_MS (86400 * 1000) /* that a clock may have gone back */
#define STOP 1                        /* what a visitor returns to end a walk */
#define LATER 2

/* Such an event tells nothing of when those behind it are from. */
static bool is_of_the_future(const struct prune_limits *limits, int64_t at_ms)
{
    return limits->now_ms > 0 && at_ms > limits->now_ms + CLOCK_SLACK_MS;
}

static void go_on_at(struct prune_walk *walk, const void *key, size_t size)
{
    walk->at_size = size;
    memcpy(walk->at, key, size);
}

/* --- words --- */

struct gathering {
    const struct store *store;
    const struct prune_limits *limits;
    struct prune_walk *walk;
    uint8_t keys[PRUNE_AT_ONCE][WORDS_KEY_SIZE];
    size_t count;
};

/* How a row of `private` is counted, and its limit; NULL: it has none, and goes with its event. */
static uint64_t *limit_of(const struct gathering *g, uint8_t item, uint64_t type, int64_t *limit)
{
    if (item == WORDS_NETWORK) {
        *limit = g->limits->network;
        return &g->walk->network;
    }
    if (type == EVENT_REASON) {
        *limit = g->limits->text;
        return &g->walk->text;
    }
    *limit = g->limits->reads;
    return type == EVENT_READING ? &g->walk->reads : NULL;
}

static int64_t newest_limit(const struct prune_limits *limits)
{
    int64_t newest = limits->network > limits->text ? limits->network : limits->text;
    return newest > limits->reads ? newest : limits->reads;
}

/* Behind an event that nothing of can be due, nothing of its node is. */
static bool is_behind_all(const struct gathering *g, int64_t at_ms)
{
    int64_t newest = newest_limit(g->limits);
    return !is_of_the_future(g->limits, at_ms) && newest < INT64_MAX - CLOCK_SLACK_MS &&
           at_ms >= newest + CLOCK_SLACK_MS;
}

/* STOP: the rest of its node's rows need not be looked at. */
static int look_at(struct gathering *g, struct txn *txn, struct slice key)
{
    struct slice bytes;
    uint64_t at, type;
    int64_t limit;

    int code = key.size == WORDS_KEY_SIZE
                   ? txn_get(txn, TABLE_JOURNAL, SLICE(key.data, JOURNAL_KEY_SIZE), &bytes)
                   : ERR_CORRUPT;
    if (code == 0)
        code = event_decode_number(bytes, KEY_TIME, &at);
    if (code == 0)
        code = event_decode_number(bytes, KEY_TYPE, &type);
    if (code)
        return code == ERR_NOT_FOUND ? 0 : code;
    uint64_t *counted = limit_of(g, ((const uint8_t *)key.data)[JOURNAL_KEY_SIZE], type, &limit);
    if (counted && (int64_t)at < limit) {
        memcpy(g->keys[g->count++], key.data, WORDS_KEY_SIZE);
        ++*counted;
    }
    return is_behind_all(g, (int64_t)at) ? STOP : 0;
}

/* The first key of the next node. */
static void next_node(struct prune_walk *walk, const uint8_t *key)
{
    uint8_t next[2];
    uint64_t local = number_get(key, sizeof next);

    number_put(next, sizeof next, local + 1);
    go_on_at(walk, next, sizeof next);
    walk->done = local + 1 >= STORE_NODES_MAX;
}

static int gather(struct gathering *g, struct txn *txn)
{
    struct prune_walk *walk = g->walk;
    struct cursor *cursor;
    struct slice key, value;

    int code = cursor_open(txn, TABLE_PRIVATE, &cursor);
    if (code)
        return code;
    code = cursor_seek(cursor, SLICE(walk->at, walk->at_size), &key, &value);
    for (int n = 0; code == 0 && !walk->done; n++) {
        if (n == LOOKED_AT_ONCE || g->count == PRUNE_AT_ONCE) {
            go_on_at(walk, key.data, key.size < sizeof walk->at ? key.size : sizeof walk->at);
            break;
        }
        walk->looked_at++;
        code = look_at(g, txn, key);
        if (code == STOP) {
            next_node(walk, key.data);
            code =
                walk->done ? 0 : cursor_seek(cursor, SLICE(walk->at, walk->at_size), &key, &value);
        } else if (code == 0) {
            code = cursor_next(cursor, &key, &value);
        }
    }
    cursor_close(cursor);
    if (code == ERR_NOT_FOUND)
        walk->done = true;
    return code == ERR_NOT_FOUND ? 0 : code;
}

int prune_words(struct store *store, const struct prune_limits *limits, bool dry_run,
                struct prune_walk *walk, struct error *why)
{
    struct gathering g = {.store = store, .limits = limits, .walk = walk};
    struct txn *txn;

    int code = txn_begin_read(store->env, &txn);
    if (code == 0) {
        code = gather(&g, txn);
        txn_abort(txn);
    }
    if (code)
        return env_explain(store->env, code, why);
    return g.count && !dry_run
               ? erase_words(store, (const uint8_t(*)[WORDS_KEY_SIZE])g.keys, g.count, why)
               : 0;
}

/* --- the ledger's journal --- */

struct finding {
    struct store *store;
    const struct prune_limits *limits;
    struct pool *pool;
    struct cut *cut;
    struct event_cut_row *row; /* of the node at work */
    struct event_name last;    /* looked at; number 0: none */
    uint64_t events;
    uint64_t undated; /* of the future, behind the last of those */
    unsigned in_view;
    bool is_worth_it; /* there is more among them than what tells of cuts and beginnings */
};

static bool is_due(const struct prune_limits *limits, const struct event *event)
{
    return event->at_ms < (event->type == EVENT_READING ? limits->reads : limits->verdicts);
}

static struct event_cut_row *row_of(struct finding *f, const struct event *event)
{
    for (size_t i = 0; i < f->cut->count; i++)
        if (memcmp(f->cut->rows[i].last.node, event->name.node, EVENT_NODE_SIZE) == 0)
            return &f->cut->rows[i];
    struct event_cut_row *rows = pool_take(f->pool, (f->cut->count + 1) * sizeof *rows);
    if (!rows)
        return NULL;
    if (f->cut->count)
        memcpy(rows, f->cut->rows, f->cut->count * sizeof *rows);
    f->cut->rows = rows;
    rows[f->cut->count] = (struct event_cut_row){.first_ms = event->at_ms};
    return &rows[f->cut->count++];
}

static int visit(struct txn *txn, const struct event *event, void *argument)
{
    struct finding *f = argument;
    (void)txn;

    if (is_of_the_future(f->limits, event->at_ms)) {
        f->undated++;
        return 0;
    }
    if (!is_due(f->limits, event))
        return STOP;
    if (f->in_view++ == LOOKED_AT_ONCE)
        return LATER;
    struct event_cut_row *row = row_of(f, event);
    if (!row)
        return -ENOMEM;
    f->last = row->last = event->name;
    row->last_ms = event->at_ms;
    f->events += 1 + f->undated;
    f->undated = 0;
    f->is_worth_it = f->is_worth_it || event->verdict || event->type == EVENT_READING;
    return 0;
}

static int find_in_view(struct finding *f, struct txn *txn)
{
    if (f->last.number == 0) {
        int code = cut_read(f->store, txn, f->pool, f->cut);
        if (code)
            return code;
    }
    f->in_view = 0;
    f->undated = 0;
    return journal_walk(f->store, txn, f->last.number ? &f->last : NULL, visit, f);
}

static int take_hashes(const struct finding *f, struct txn *txn)
{
    struct slice bytes;
    int code = 0;

    for (size_t i = 0; i < f->cut->count && code == 0; i++) {
        struct event_cut_row *row = &f->cut->rows[i];
        code = journal_bytes(f->store, txn, &row->last, &bytes);
        if (code == 0)
            code = seal_digest(bytes, row->hash);
        else if (code == ERR_NOT_FOUND)
            code = 0; /* it went before, and the row has its hash */
    }
    return code;
}

int prune_find_cut(struct store *store, const struct prune_limits *limits, struct pool *pool,
                   struct cut *cut, uint64_t *events, struct error *why)
{
    struct cut found = {NULL, 0};
    struct finding f = {.store = store, .limits = limits, .pool = pool, .cut = &found};
    struct txn *txn;
    int code = LATER;

    while (code == LATER) {
        code = txn_begin_read(store->env, &txn);
        if (code)
            break;
        code = find_in_view(&f, txn);
        if (code == 0 || code == STOP)
            code = take_hashes(&f, txn);
        txn_abort(txn);
    }
    if (code)
        return env_explain(store->env, code, why);
    *cut = found;
    *events = f.is_worth_it ? f.events : 0;
    return 0;
}
