#include "store/cut.h"

#include "base/clock.h"
#include "store/erase.h"
#include "store/ledger_tables.h"
#include "store/number.h"

#include <errno.h>
#include <string.h>

#define META_CUT "cut" /* and the local number of the node whose event tells of it */
#define META_CUT_SIZE (sizeof META_CUT - 1 + 2)
#define SIGNED_WORD "optout-cut 1 "
#define REMOVED_AT_ONCE 500 /* events and rows of history, in one transaction */

/* --- what is cut --- */

static struct slice meta_key(uint64_t local, uint8_t key[META_CUT_SIZE])
{
    memcpy(key, META_CUT, sizeof META_CUT - 1);
    number_put(key + sizeof META_CUT - 1, 2, local);
    return SLICE(key, META_CUT_SIZE);
}

int cut_teller(struct txn *txn, uint64_t local, uint64_t *number)
{
    uint8_t key[META_CUT_SIZE];
    struct slice value;

    int code = txn_get(txn, TABLE_META, meta_key(local, key), &value);
    if (code && code != ERR_NOT_FOUND)
        return code;
    *number = code == 0 ? number_get(value.data, value.size) : 0;
    return 0;
}

int cut_add(struct pool *pool, struct cut *cut, const struct event_cut_row *row)
{
    for (size_t i = 0; i < cut->count; i++)
        if (memcmp(cut->rows[i].last.node, row->last.node, EVENT_NODE_SIZE) == 0) {
            if (cut->rows[i].last.number < row->last.number)
                cut->rows[i] = *row;
            return 0;
        }
    struct event_cut_row *more = pool_take(pool, (cut->count + 1) * sizeof *more);
    if (!more)
        return -ENOMEM;
    if (cut->count)
        memcpy(more, cut->rows, cut->count * sizeof *more);
    more[cut->count++] = *row;
    cut->rows = more;
    return 0;
}

int cut_read(const struct store *store, struct txn *txn, struct pool *pool, struct cut *cut)
{
    struct cut all = {NULL, 0};
    int code = 0;

    for (uint64_t local = 0; local < store->node_count && code == 0; local++) {
        struct event_name name;
        struct event event = {.cut = NULL};
        memcpy(name.node, store_node(store, local), EVENT_NODE_SIZE);
        code = cut_teller(txn, local, &name.number);
        if (code || name.number == 0)
            continue;
        code = journal_event(store, txn, &name, pool, &event);
        if (code == ERR_NOT_FOUND || (code == 0 && !event.cut))
            code = ERR_CORRUPT;
        for (size_t i = 0; code == 0 && i < event.cut->row_count; i++)
            code = cut_add(pool, &all, &event.cut->rows[i]);
    }
    if (code == 0)
        *cut = all;
    return code;
}

const struct event_cut_row *cut_of(const struct cut *cut, const uint8_t node[EVENT_NODE_SIZE])
{
    for (size_t i = 0; i < cut->count; i++)
        if (memcmp(cut->rows[i].last.node, node, EVENT_NODE_SIZE) == 0)
            return &cut->rows[i];
    return NULL;
}

bool cut_covers(const struct cut *cut, const struct event_name *name)
{
    const struct event_cut_row *row = cut_of(cut, name->node);
    return row && name->number <= row->last.number;
}

int cut_hash(const struct store *store, struct txn *txn, const struct event_name *name,
             uint8_t hash[EVENT_HASH_SIZE])
{
    struct pool pool = {0};
    struct cut cut;

    int code = cut_read(store, txn, &pool, &cut);
    const struct event_cut_row *row = code == 0 ? cut_of(&cut, name->node) : NULL;
    if (code == 0)
        code = !row || name->number > row->last.number ? ERR_NOT_FOUND
               : name->number < row->last.number       ? ERR_EXISTS
                                                       : 0;
    if (code == 0 && row)
        memcpy(hash, row->hash, EVENT_HASH_SIZE);
    pool_release(&pool);
    return code;
}

/* --- its event --- */

static int append_signed(const struct event_cut_row *rows, size_t count, struct text *bytes)
{
    uint8_t number[8];

    text_append(bytes, SIGNED_WORD);
    for (size_t i = 0; i < count; i++) {
        text_append_bytes(bytes, (const char *)rows[i].last.node, EVENT_NODE_SIZE);
        number_put(number, sizeof number, rows[i].last.number);
        text_append_bytes(bytes, (const char *)number, sizeof number);
        text_append_bytes(bytes, (const char *)rows[i].hash, EVENT_HASH_SIZE);
        number_put(number, sizeof number, (uint64_t)rows[i].first_ms);
        text_append_bytes(bytes, (const char *)number, sizeof number);
        number_put(number, sizeof number, (uint64_t)rows[i].last_ms);
        text_append_bytes(bytes, (const char *)number, sizeof number);
    }
    return bytes->failed ? -ENOMEM : 0;
}

struct cutting {
    struct store *store;
    struct event_cut cut;
    struct cut what; /* the same */
    const char *actor;
    struct event_name event;
};

static int cut_job(struct txn *txn, void *argument)
{
    struct cutting *c = argument;
    struct event event = {
        .at_ms = clock_now_ms(), .type = EVENT_CUT, .actor = c->actor, .cut = &c->cut};

    int code = ledger_keep_configurations((struct ledger *)c->store, txn, &c->what);
    if (code == 0)
        code = journal_append(c->store, txn, &event, NULL, 0);
    c->event = event.name;
    return code ? code : c->store->kind->fold(c->store, txn, &event);
}

int cut_write(struct store *store, const struct cut *cut, const struct signing_key *key,
              const char *actor, struct event_name *event, struct error *why)
{
    struct cutting c = {.store = store,
                        .cut = {.rows = cut->rows, .row_count = cut->count},
                        .what = *cut,
                        .actor = actor};
    struct text bytes = TEXT_EMPTY;

    int code = append_signed(cut->rows, cut->count, &bytes);
    if (code == 0)
        code = signing_id(key, c.cut.key_id);
    if (code == 0)
        code = signing_sign(key, SLICE(bytes.data, bytes.length), c.cut.signature);
    text_release(&bytes);
    if (code)
        return error_set(why, code, "the cut cannot be signed: %s", error_name(code));
    code = store_write(store, cut_job, &c, why);
    if (code == 0)
        *event = c.event;
    return code;
}

int cut_check_signature(const struct event_cut *cut, const struct signing_ring *ring)
{
    struct text bytes = TEXT_EMPTY;

    int code = append_signed(cut->rows, cut->row_count, &bytes);
    if (code == 0)
        code = signing_verify(ring, cut->key_id, SLICE(bytes.data, bytes.length), cut->signature);
    text_release(&bytes);
    return code;
}

int cut_fold(const struct store *store, struct txn *txn, const struct event *event)
{
    uint8_t key[META_CUT_SIZE], number[8];
    uint64_t local;

    if (!event->cut)
        return 0;
    int code = store_local(store, event->name.node, &local);
    number_put(number, sizeof number, event->name.number);
    return code ? code
                : txn_put(txn, TABLE_META, meta_key(local, key), SLICE(number, sizeof number));
}

/* --- removing --- */

struct removing {
    struct store *store;
    size_t room; /* rows that this transaction still takes */
    struct pool pool;
};

static int remove_history(const struct store *store, struct txn *txn, const struct event *event)
{
    uint8_t key[HISTORY_KEY_SIZE];
    int code = 0;

    for (size_t i = 0; i < ledger_subjects(event) && code == 0; i++) {
        const struct subject *subject = ledger_subject(event, i);
        if (!subject)
            continue;
        memcpy(key, subject->bytes, SUBJECT_SIZE);
        code = store_pack_name(store, &event->name, key + SUBJECT_SIZE);
        if (code == 0)
            code = erase_row(txn, TABLE_HISTORY, SLICE(key, sizeof key));
    }
    return code;
}

/* Another event tells what this one did, or it would not go. */
static int remove_teller(struct txn *txn, uint64_t local, const struct event *event)
{
    uint8_t key[META_CUT_SIZE];
    uint64_t number;

    if (!event->cut)
        return 0;
    int code = cut_teller(txn, local, &number);
    return code || number != event->name.number ? code
                                                : txn_delete(txn, TABLE_META, meta_key(local, key));
}

static int remove_event(struct removing *r, struct txn *txn, struct slice key, struct slice bytes)
{
    uint8_t place[JOURNAL_KEY_SIZE];
    struct event event;

    memcpy(place, key.data, sizeof place);
    int code = event_decode(bytes, &r->pool, &event);
    if (code)
        return code;
    size_t taken = 1 + ledger_subjects(&event);
    r->room -= taken < r->room ? taken : r->room;
    code = remove_history(r->store, txn, &event);
    if (code == 0)
        code = journal_forget_words(r->store, txn, &event.name);
    if (code == 0)
        code = remove_teller(txn, number_get(place, 2), &event);
    if (code == 0)
        code = erase_row(txn, TABLE_JOURNAL, SLICE(place, sizeof place));
    pool_reset(&r->pool);
    return code;
}

/* Of one node, oldest first, until there are none of it or the transaction is full. */
static int remove_of_node(struct removing *r, struct txn *txn, struct cursor *cursor,
                          const struct event_cut_row *row)
{
    struct event_name first = row->last;
    uint8_t from[JOURNAL_KEY_SIZE], to[JOURNAL_KEY_SIZE];
    struct slice key, bytes;

    first.number = 0;
    int code = store_pack_name(r->store, &first, from);
    if (code == 0)
        code = store_pack_name(r->store, &row->last, to);
    while (code == 0 && r->room > 0) {
        code = cursor_seek(cursor, SLICE(from, sizeof from), &key, &bytes);
        if (code == 0 && (key.size != sizeof to || memcmp(key.data, to, sizeof to) > 0))
            return 0;
        if (code == 0)
            code = remove_event(r, txn, key, bytes);
    }
    return code == ERR_NOT_FOUND ? 0 : code;
}

static int remove_job(struct txn *txn, void *argument)
{
    struct removing *r = argument;
    struct pool pool = {0};
    struct cursor *cursor = NULL;
    struct cut cut;

    r->room = REMOVED_AT_ONCE;
    int code = cut_read(r->store, txn, &pool, &cut);
    if (code == 0)
        code = cursor_open(txn, TABLE_JOURNAL, &cursor);
    for (size_t i = 0; code == 0 && i < cut.count && r->room > 0; i++)
        code = remove_of_node(r, txn, cursor, &cut.rows[i]);
    cursor_close(cursor);
    pool_release(&pool);
    return code;
}

/* Whether anything that is cut is still there, so that nobody waits for a transaction in vain. */
static int is_left(const struct store *store, struct txn *txn, bool *left)
{
    struct pool pool = {0};
    struct cursor *cursor = NULL;
    struct slice key, bytes;
    struct cut cut;

    *left = false;
    int code = cut_read(store, txn, &pool, &cut);
    if (code == 0)
        code = cursor_open(txn, TABLE_JOURNAL, &cursor);
    for (size_t i = 0; code == 0 && i < cut.count && !*left; i++) {
        struct event_name first = cut.rows[i].last;
        uint8_t from[JOURNAL_KEY_SIZE], to[JOURNAL_KEY_SIZE];
        first.number = 0;
        code = store_pack_name(store, &first, from);
        if (code == 0)
            code = store_pack_name(store, &cut.rows[i].last, to);
        if (code == 0)
            code = cursor_seek(cursor, SLICE(from, sizeof from), &key, &bytes);
        *left = code == 0 && memcmp(key.data, to, sizeof to) <= 0;
        code = code == ERR_NOT_FOUND ? 0 : code;
    }
    cursor_close(cursor);
    pool_release(&pool);
    return code;
}

int cut_remove(struct store *store, bool *more, struct error *why)
{
    struct removing r = {.store = store};
    struct txn *txn;

    int code = txn_begin_read(store->env, &txn);
    if (code == 0) {
        code = is_left(store, txn, more);
        txn_abort(txn);
    }
    if (code)
        return env_explain(store->env, code, why);
    if (!*more)
        return 0;
    code = store_write(store, remove_job, &r, why);
    pool_release(&r.pool);
    return code;
}
