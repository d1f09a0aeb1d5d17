/* Batches: the events of one import or undo, from its begin to its end. */
#include "base/clock.h"
#include "store/list_tables.h"
#include "store/pack.h"

#include <errno.h>
#include <string.h>

/* --- the table --- */

static int pack_row(const struct list *list, const struct batch_row *row, struct text *bytes)
{
    pack_array(bytes, 3);
    pack_uint(bytes, row->end);
    if (row->undone_by.number)
        return list_pack_name(list, &row->undone_by, bytes);
    pack_uint(bytes, 0);
    pack_uint(bytes, 0);
    return 0;
}

static int unpack_row(const struct list *list, struct slice bytes, struct batch_row *row)
{
    struct unpacker in = unpack_begin(bytes);
    struct batch_row r = {0};

    size_t items = unpack_array(&in);
    r.end = unpack_uint(&in);
    r.undone_by = list_unpack_name(list, &in);
    for (size_t i = 3; i < items && !in.failed; i++)
        unpack_skip(&in); /* a later version's */
    if (items < 3 || !unpack_is_done(&in))
        return ERR_CORRUPT;
    /* Nobody undid it: then no other node is named either. */
    if (r.undone_by.number == 0 &&
        memcmp(r.undone_by.node, store_node(&list->store, 0), EVENT_NODE_SIZE) != 0)
        return ERR_CORRUPT;
    *row = r;
    return 0;
}

int list_batch_row(const struct list *list, struct txn *txn, const struct event_name *name,
                   struct batch_row *row)
{
    struct slice value;
    int code = store_get_named(&list->store, txn, TABLE_BATCH, name, &value);
    return code ? code : unpack_row(list, value, row);
}

static int put_row(const struct list *list, struct txn *txn, const struct event_name *name,
                   const struct batch_row *row)
{
    struct text bytes = TEXT_EMPTY;

    int code = pack_row(list, row, &bytes);
    if (code == 0 && bytes.failed)
        code = -ENOMEM;
    if (code == 0)
        code =
            store_put_named(&list->store, txn, TABLE_BATCH, name, SLICE(bytes.data, bytes.length));
    text_release(&bytes);
    return code;
}

static struct event_name own_name(const struct list *list, uint64_t number)
{
    struct event_name name = {.number = number};
    memcpy(name.node, list->store.node, EVENT_NODE_SIZE);
    return name;
}

int list_batch_check(const struct list *list, struct txn *txn, uint64_t number)
{
    struct event_name name = own_name(list, number);
    struct batch_row row;

    if (number == 0)
        return 0;
    int code = list_batch_row(list, txn, &name, &row);
    if (code == ERR_NOT_FOUND || (code == 0 && (row.end || row.undone_by.number)))
        return -EINVAL;
    return code;
}

/* --- the fold --- */

/* ERR_EXISTS, unless the undo was broken off before a restore: it is of another node, and has no
 * end. */
static int check_left(const struct list *list, struct txn *txn, const struct event_name *undo,
                      const uint8_t node[EVENT_NODE_SIZE])
{
    struct batch_row row;

    if (memcmp(undo->node, node, EVENT_NODE_SIZE) == 0)
        return ERR_EXISTS;
    int code = list_batch_row(list, txn, undo, &row);
    return code == 0 && row.end ? ERR_EXISTS : code;
}

static int fold_begin(struct list *list, struct txn *txn, const struct event *event)
{
    const struct event_name *target = &event->begin->undoes;
    struct batch_row row = {0};

    int code = put_row(list, txn, &event->name, &row);
    if (code || target->number == 0)
        return code;
    code = list_batch_row(list, txn, target, &row);
    /* As for a row that is withdrawn twice, the earlier event counts, unless nobody can end it. */
    if (code == 0 && row.undone_by.number && !list_is_earlier(list, &event->name, &row.undone_by))
        code = check_left(list, txn, &row.undone_by, event->name.node);
    if (code)
        return code == ERR_EXISTS ? 0 : code;
    row.undone_by = event->name;
    return put_row(list, txn, target, &row);
}

/* What is asked before a batch is begun. */
static int check_undone(const struct list *list, struct txn *txn, const struct event_batch *begin)
{
    struct batch_row row;

    if (!begin || begin->undoes.number == 0)
        return 0;
    int code = list_batch_row(list, txn, &begin->undoes, &row);
    return code == 0 && row.undone_by.number
               ? check_left(list, txn, &row.undone_by, list->store.node)
               : code;
}

static int fold_end(struct list *list, struct txn *txn, const struct event *event)
{
    struct event_name name = {.number = event->batch};
    struct batch_row row;

    memcpy(name.node, event->name.node, EVENT_NODE_SIZE);
    int code = list_batch_row(list, txn, &name, &row);
    if (code)
        return code;
    row.end = event->name.number;
    return put_row(list, txn, &name, &row);
}

int list_fold_batch(struct list *list, struct txn *txn, const struct event *event)
{
    if (event->type == EVENT_BATCH && event->begin)
        return fold_begin(list, txn, event);
    return event->type == EVENT_BATCH_END ? fold_end(list, txn, event) : 0;
}

/* --- writing --- */

struct batch_writing {
    struct list *list;
    const struct act *act;
    const struct event_batch *begin; /* NULL: it is the end */
    const uint64_t *counts;
    uint64_t number; /* of the event */
    struct error *why;
};

static int write_job(struct txn *txn, void *argument)
{
    struct batch_writing *w = argument;
    struct event event = {.at_ms = clock_now_ms(),
                          .type = w->begin ? EVENT_BATCH : EVENT_BATCH_END,
                          .actor = w->act->actor,
                          .source = w->act->source,
                          .batch = w->act->batch,
                          .decision = w->act->decision,
                          .begin = w->begin,
                          .counts = w->counts};

    int code = list_take_decision(w->list, txn, w->act, w->why);
    if (code)
        return code;
    code = list_batch_check(w->list, txn, w->act->batch);
    if (code == 0)
        code = check_undone(w->list, txn, w->begin);
    if (code == 0)
        code = journal_append(&w->list->store, txn, &event, w->act->words, w->act->word_count);
    if (code == 0)
        code = list_fold(&w->list->store, txn, &event);
    if (code == ERR_EXISTS)
        return error_set(w->why, code, "the batch was undone already");
    if (code == ERR_NOT_FOUND)
        return error_set(w->why, code, "there is no such batch to be undone");
    w->number = event.name.number;
    return code;
}

static int write_batch_event(struct batch_writing *w)
{
    if (!w->list->has_address_key)
        return error_set(w->why, ERR_KEY, "the address key is needed to write choices");
    int code = list_check_act(w->act, w->why);
    return code ? code : store_write(&w->list->store, write_job, w, w->why);
}

int list_batch_begin(struct list *list, const struct event_batch *begin, const struct act *act,
                     uint64_t *number, struct error *why)
{
    struct batch_writing w = {.list = list, .act = act, .begin = begin, .why = why};

    if (act->batch)
        return error_set(why, -EINVAL, "a batch within a batch");
    int code = write_batch_event(&w);
    if (code == 0)
        *number = w.number;
    return code;
}

int list_batch_end(struct list *list, const uint64_t counts[BATCH_COUNTS], const struct act *act,
                   struct error *why)
{
    struct batch_writing w = {.list = list, .act = act, .counts = counts, .why = why};

    if (act->batch == 0)
        return error_set(why, -EINVAL, "no batch to be ended");
    return write_batch_event(&w);
}

/* --- reading --- */

/* The texts of `begin`'s event lie in the pool. */
static int read_batch(struct list_view *view, const struct event_name *name,
                      const struct batch_row *row, struct pool *pool, struct list_batch *batch)
{
    struct event begun, ended;

    struct event_name end = *name;

    end.number = row->end;
    int code = list_event(view, name, pool, &begun);
    if (code == 0 && row->end)
        code = list_event(view, &end, pool, &ended);
    if (code == 0 && (!begun.begin || (row->end && !ended.counts)))
        code = ERR_CORRUPT;
    if (code)
        return code == ERR_NOT_FOUND ? ERR_CORRUPT : code;
    *batch = (struct list_batch){.name = *name,
                                 .begin = *begun.begin,
                                 .actor = begun.actor,
                                 .source = begun.source,
                                 .begun_ms = begun.at_ms,
                                 .undone_by = row->undone_by};
    if (row->end) {
        batch->ended_ms = ended.at_ms;
        memcpy(batch->counts, ended.counts, sizeof batch->counts);
    }
    return 0;
}

int list_batch(struct list_view *view, const struct event_name *name, struct pool *pool,
               struct list_batch *batch)
{
    struct batch_row row;
    int code = list_batch_row(view->list, view->txn, name, &row);
    return code ? code : read_batch(view, name, &row, pool, batch);
}

struct each {
    struct list_view *view;
    list_batch_visitor visit;
    void *argument;
};

static int visit_entry(struct slice key, struct slice value, void *argument)
{
    const struct each *each = argument;
    const struct list *list = each->view->list;
    struct pool pool = {0};
    struct event_name name;
    struct batch_row row;
    struct list_batch batch;

    int code = key.size == JOURNAL_KEY_SIZE ? store_unpack_name(&list->store, key.data, &name)
                                            : ERR_CORRUPT;
    if (code == 0)
        code = unpack_row(list, value, &row);
    if (code == 0)
        code = read_batch(each->view, &name, &row, &pool, &batch);
    if (code == 0)
        code = each->visit(&batch, each->argument);
    pool_release(&pool);
    return code;
}

int list_each_batch(struct list_view *view, list_batch_visitor visit, void *argument)
{
    struct each each = {view, visit, argument};
    return txn_each(view->txn, TABLE_BATCH, SLICE(NULL, 0), visit_entry, &each);
}

#define WALKED 1 /* ends a walk that has come to the batch's end */

struct batch_walk {
    const struct event_name *name;
    uint64_t end; /* of the batch; 0: it has none */
    journal_visitor visit;
    void *argument;
};

static int visit_event(struct txn *txn, const struct event *event, void *argument)
{
    const struct batch_walk *w = argument;
    if (memcmp(event->name.node, w->name->node, EVENT_NODE_SIZE) != 0 ||
        (w->end && event->name.number >= w->end))
        return WALKED;
    return event->batch == w->name->number ? w->visit(txn, event, w->argument) : 0;
}

int list_walk_batch(struct list_view *view, const struct event_name *name, journal_visitor visit,
                    void *argument)
{
    struct batch_row row;
    int code = list_batch_row(view->list, view->txn, name, &row);
    if (code)
        return code;
    struct batch_walk w = {name, row.end, visit, argument};
    code = list_walk(view, name, visit_event, &w);
    return code == WALKED ? 0 : code;
}
