/* What one store has and another lacks. */
#include "store/cut.h"
#include "store/erase.h"
#include "store/number.h"
#include "store/renew.h"

#include <errno.h>
#include <string.h>

#define ROWS_AT_ONCE 20000 /* in one transaction: each may take a page of memory */

/* What a visitor returns to end a walk. */
#define NODE_DONE 1
#define FULL 2

struct carrying {
    struct store *from, *to;
    struct txn *from_txn, *to_txn;
    const uint8_t *node;    /* at work; of `from` */
    struct event_name last; /* of this node in `to` */
    uint64_t end;           /* number of its last event in `from`, and */
    uint8_t end_hash[EVENT_HASH_SIZE];
    struct cut from_cut, to_cut;
    struct pool pool; /* of the cuts */
    size_t room;      /* events and rows that this transaction still takes */
    bool more;
    size_t taken;      /* events that this transaction has taken over */
    size_t stop_after; /* so many, since the next one cannot be; 0: it goes on */
    struct error *why;
};

/* --- events --- */

/* Words that were damaged are lost, what was said with them need not be. */
static int carry_words(const struct carrying *c, const struct event_name *name)
{
    int code = journal_carry_words(c->from, c->from_txn, c->to, c->to_txn, name);
    return code == ERR_KEY && c->from->has_words_key && c->to->has_words_key ? 0 : code;
}

/* `from` has not got what comes next: that was cut. */
static int jump(const struct carrying *c, const struct event *event)
{
    struct event_name before = event->name;

    before.number--;
    if (!cut_covers(&c->from_cut, &before))
        return error_set(c->why, ERR_CORRUPT, "%s: events before %llu are missing",
                         env_folder(c->from->env), (unsigned long long)event->name.number);
    return journal_set_head(c->to, c->to_txn, &before, event->previous);
}

static int adopt(struct txn *from_txn, const struct event *event, void *argument)
{
    struct carrying *c = argument;
    struct slice bytes;
    int code;

    if (memcmp(event->name.node, c->node, EVENT_NODE_SIZE) != 0)
        return NODE_DONE;
    if (c->room == 0)
        return FULL;
    if (event->name.number > c->last.number + 1) {
        code = jump(c, event);
        if (code)
            return code;
    }
    c->last = event->name;
    size_t taken = 1 + event->choice_count + event->withdrawal_count;
    c->room -= taken < c->room ? taken : c->room;
    code = journal_bytes(c->from, from_txn, &event->name, &bytes);
    if (code == 0)
        code = journal_adopt(c->to, c->to_txn, event, bytes);
    if (code == 0 && c->to->kind->fold)
        code = c->to->kind->fold(c->to, c->to_txn, event);
    if (code == 0 && (event->words || event->network))
        code = carry_words(c, &event->name);
    if (code)
        return error_set(c->why, code == ERR_NOT_FOUND ? ERR_CORRUPT : code,
                         "%s: event %llu cannot be taken over: %s", env_folder(c->from->env),
                         (unsigned long long)event->name.number, error_name(code));
    return ++c->taken == c->stop_after ? FULL : 0;
}

/* ERR_NOT_FOUND: it was cut with the one behind it, so nobody can tell. */
static int hash_of(const struct store *store, struct txn *txn, const struct cut *cut,
                   const struct event_name *name, uint8_t hash[EVENT_HASH_SIZE])
{
    const struct event_cut_row *row = cut_of(cut, name->node);
    struct slice bytes;
    int code = journal_bytes(store, txn, name, &bytes);

    if (code == 0)
        return seal_digest(bytes, hash);
    if (code != ERR_NOT_FOUND || !cut_covers(cut, name))
        return code == ERR_NOT_FOUND ? ERR_CORRUPT : code;
    if (name->number == row->last.number)
        memcpy(hash, row->hash, EVENT_HASH_SIZE);
    return name->number == row->last.number ? 0 : ERR_NOT_FOUND;
}

/* Both have the node's events up to `name`. */
static int check_same(const struct carrying *c, const struct event_name *name)
{
    uint8_t from[EVENT_HASH_SIZE], to[EVENT_HASH_SIZE];

    int code = hash_of(c->from, c->from_txn, &c->from_cut, name, from);
    if (code == 0)
        code = hash_of(c->to, c->to_txn, &c->to_cut, name, to);
    if (code)
        return code == ERR_NOT_FOUND ? 0 : code;
    if (memcmp(from, to, sizeof from) != 0)
        return error_set(c->why, ERR_FOREIGN,
                         "%s and %s differ in event %llu: they went on separately from one copy",
                         env_folder(c->from->env), env_folder(c->to->env),
                         (unsigned long long)name->number);
    return 0;
}

/* Finds where the node's events end in `to`, and that they are those of `from`. */
static int find_end(struct carrying *c)
{
    uint8_t hash[EVENT_HASH_SIZE];
    uint64_t local, ours;

    memcpy(c->last.node, c->node, EVENT_NODE_SIZE);
    c->last.number = 0;
    int code = store_local(c->from, c->node, &local);
    if (code == 0)
        code = journal_head(c->from_txn, local, &c->end, c->end_hash);
    if (code)
        return code;
    code = store_local(c->to, c->node, &local);
    if (code == ERR_NOT_FOUND)
        return store_add_node(c->to, c->to_txn, c->node);
    code = journal_head(c->to_txn, local, &ours, hash);
    if (code)
        return code;
    struct event_name common = c->last;
    common.number = ours < c->end ? ours : c->end;
    c->last.number = ours;
    return common.number ? check_same(c, &common) : 0;
}

/* Of a node whose events were all cut, the head alone is there. */
static int take_head(struct carrying *c)
{
    struct event_name end = c->last;

    end.number = c->end;
    if (c->last.number >= c->end || !cut_covers(&c->from_cut, &end))
        return 0;
    return journal_set_head(c->to, c->to_txn, &end, c->end_hash);
}

/* How many events `to` has, of those that it will have at least. */
static void tell(const struct carrying *c)
{
    uint64_t done, of;
    if (journal_count(c->to_txn, &done) == 0 && journal_count(c->from_txn, &of) == 0)
        c->to->watch(done, of, c->to->watcher);
}

static int carry_job(struct txn *txn, void *argument)
{
    struct carrying *c = argument;

    c->to_txn = txn;
    c->room = ROWS_AT_ONCE;
    c->taken = 0;
    struct event_name from;
    int code = find_end(c);
    from = c->last;
    if (code == 0)
        code = journal_walk(c->from, c->from_txn, &from, adopt, c);
    c->more = code == FULL;
    if (code == 0 || code == NODE_DONE) {
        int ended = take_head(c);
        code = ended ? ended : code;
    }
    if (code >= 0 && c->to->watch)
        tell(c);
    return code == FULL || code == NODE_DONE ? 0 : code;
}

/* What cannot be taken over undoes its transaction; what came before it is taken over once more,
 * erasures among it. */
static int carry_some(struct carrying *c)
{
    int code = store_write(c->to, carry_job, c, c->why);
    if (code == 0 || c->taken == 0)
        return code;
    const struct error said = *c->why;
    c->stop_after = c->taken;
    store_write(c->to, carry_job, c, c->why);
    *c->why = said;
    return code;
}

static int carry_events(struct carrying *c)
{
    int code = 0;
    for (uint64_t local = 0; local < c->from->node_count && code == 0; local++) {
        c->node = store_node(c->from, local);
        do
            code = carry_some(c);
        while (code == 0 && c->more);
    }
    return code;
}

/* --- words --- */

/* Whether `from` has the event whose words these are, and has the words no more. */
static int was_erased(const struct carrying *c, struct slice key, bool *erased)
{
    uint8_t there[JOURNAL_KEY_SIZE + 1];
    struct event_name name;
    struct slice value;

    if (key.size != sizeof there)
        return ERR_CORRUPT;
    *erased = false;
    int code = store_unpack_name(c->to, key.data, &name);
    if (code == 0)
        code = store_pack_name(c->from, &name, there);
    if (code == 0)
        code = txn_get(c->from_txn, TABLE_JOURNAL, SLICE(there, JOURNAL_KEY_SIZE), &value);
    if (code)
        return code == ERR_NOT_FOUND ? 0 : code;
    there[JOURNAL_KEY_SIZE] = ((const uint8_t *)key.data)[JOURNAL_KEY_SIZE];
    code = txn_get(c->from_txn, TABLE_PRIVATE, SLICE(there, sizeof there), &value);
    *erased = code == ERR_NOT_FOUND;
    return *erased ? 0 : code;
}

static int erase_job(struct txn *txn, void *argument)
{
    const struct carrying *c = argument;
    uint8_t at[ENV_KEY_MAX];
    struct cursor *cursor;
    struct slice key, value;
    bool erased;

    int code = cursor_open(txn, TABLE_PRIVATE, &cursor);
    if (code)
        return code;
    code = cursor_seek(cursor, SLICE(NULL, 0), &key, &value);
    while (code == 0) {
        code = was_erased(c, key, &erased);
        if (code == 0 && !erased) {
            code = cursor_next(cursor, &key, &value);
        } else if (code == 0) {
            struct slice gone = SLICE(at, key.size);
            memcpy(at, key.data, key.size);
            code = erase_row(txn, TABLE_PRIVATE, gone);
            if (code == 0)
                code = cursor_seek(cursor, gone, &key, &value);
        }
    }
    cursor_close(cursor);
    return code == ERR_NOT_FOUND ? 0 : code;
}

/* --- what is cut --- */

static int read_cuts(struct carrying *c)
{
    struct txn *txn;

    int code = cut_read(c->from, c->from_txn, &c->pool, &c->from_cut);
    if (code == 0)
        code = txn_begin_read(c->to->env, &txn);
    if (code)
        return code;
    code = cut_read(c->to, txn, &c->pool, &c->to_cut);
    txn_abort(txn);
    return code;
}

/* What `from` had cut goes from `to` as well. */
static int remove_cut(struct carrying *c)
{
    bool more = true;
    int code = 0;

    while (code == 0 && more)
        code = cut_remove(c->to, &more, c->why);
    return code;
}

/* --- all of it --- */

int store_carry(struct store *from, struct txn *from_txn, struct store *to, struct error *why)
{
    struct error said = {""};
    struct carrying c = {.from = from, .from_txn = from_txn, .to = to, .why = &said};
    bool loss;

    int code = read_cuts(&c);
    if (code == 0)
        code = carry_events(&c);
    if (code == 0)
        code = remove_cut(&c);
    if (code == 0)
        code = store_write(to, erase_job, &c, &said);
    if (code == 0 && to->kind->carry)
        code = to->kind->carry(from, from_txn, to, &said);
    if (code == 0)
        code = store_has_loss(from_txn, &loss);
    if (code == 0 && loss)
        code = store_mark_loss(to, &said);
    pool_release(&c.pool);
    return code ? error_set(why, code, "%s", *said.text ? said.text : error_name(code)) : 0;
}
