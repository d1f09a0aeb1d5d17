#include "store/list_tables.h"

#include <string.h>

struct fold_check {
    struct list *list;
    uint64_t choices; /* rows of all events */
    uint64_t withdrawals;
    uint64_t scopes;
    uint64_t batches, ends, undone;
    struct pool pool;
};

static bool same_names(const struct choice *a, const struct choice *b)
{
    if (a->name_count != b->name_count)
        return false;
    for (size_t i = 0; i < a->name_count; i++)
        if (!event_name_equal(&a->names[i], &b->names[i]))
            return false;
    return true;
}

static bool same_choice(const struct choice *a, const struct choice *b)
{
    return event_name_equal(&a->event, &b->event) && a->kind == b->kind &&
           a->confirmed == b->confirmed && a->domain == b->domain && a->reason == b->reason &&
           a->asked == b->asked && a->until == b->until && strcmp(a->scope, b->scope) == 0 &&
           strcmp(a->source, b->source) == 0 && same_names(a, b);
}

/* A scope or source and its id lead to each other. */
static int check_id(struct fold_check *check, struct txn *txn, unsigned table, const char *name)
{
    const char *back;
    uint32_t id;

    int code = list_id_of(txn, table, name, &id);
    if (code == 0)
        code = list_name_of(txn, table, id, &check->pool, &back);
    return code ? code : strcmp(back, name) == 0 ? 0 : ERR_CORRUPT;
}

/* The row that an event wrote stands, or is past. */
static int check_row(struct fold_check *check, struct txn *txn, const struct event_choice *row)
{
    uint8_t key[CHOICE_KEY_SIZE];
    struct slice value;
    struct choice stored;
    struct event_name by;
    bool domain = row->choice.domain;

    int code = list_row_key(check->list, &row->subject, &row->choice.event, key);
    if (code == 0)
        code = list_find_standing(txn, key, &value, &domain);
    if (code == ERR_NOT_FOUND)
        code = txn_get(txn, TABLE_PAST, SLICE(key, sizeof key), &value);
    if (code == 0)
        code = list_row_unpack(check->list, txn, SLICE(key, sizeof key), value, domain,
                               &check->pool, &stored, &by);
    if (code == 0 && !same_choice(&stored, &row->choice))
        code = ERR_CORRUPT;
    if (code == 0)
        code = check_id(check, txn, TABLE_SOURCE, stored.source);
    return code == ERR_NOT_FOUND ? ERR_CORRUPT : code;
}

static int check_withdrawal(struct fold_check *check, struct txn *txn, const struct event *event,
                            const struct event_withdrawal *row)
{
    uint8_t key[CHOICE_KEY_SIZE];
    struct slice value;
    struct choice stored;
    struct event_name by;

    int code = list_row_key(check->list, &row->subject, &row->target, key);
    if (code == 0)
        code = txn_get(txn, TABLE_PAST, SLICE(key, sizeof key), &value);
    if (code == 0)
        code = list_row_unpack(check->list, txn, SLICE(key, sizeof key), value, false, &check->pool,
                               &stored, &by);
    if (code == 0 && !event_name_equal(&by, &event->name))
        code = ERR_CORRUPT;
    return code == ERR_NOT_FOUND ? ERR_CORRUPT : code;
}

static int check_batch(struct fold_check *check, struct txn *txn, const struct event *event)
{
    struct batch_row row;
    int code = 0;

    if (event->type == EVENT_BATCH && event->begin) {
        check->batches++;
        code = list_batch_row(check->list, txn, &event->name, &row);
        if (code == 0 && event->begin->undoes.number) {
            check->undone++;
            code = list_batch_row(check->list, txn, &event->begin->undoes, &row);
            if (code == 0 && !event_name_equal(&row.undone_by, &event->name))
                code = ERR_CORRUPT;
        }
    } else if (event->type == EVENT_BATCH_END) {
        struct event_name name = event->name;
        name.number = event->batch;
        check->ends++;
        code = list_batch_row(check->list, txn, &name, &row);
        if (code == 0 && row.end != event->name.number)
            code = ERR_CORRUPT;
    }
    return code;
}

/* A reason tells of an event that was there before it. */
static int check_reason(const struct fold_check *check, const struct event *event)
{
    uint64_t local;
    if (!event->reason)
        return 0;
    int code = list_local_number(check->list, event->reason->about.node, &local);
    return code || event->reason->about.number >= event->name.number ? ERR_CORRUPT : 0;
}

static int check_event(struct txn *txn, const struct event *event, void *argument)
{
    struct fold_check *check = argument;
    int code = 0;

    for (size_t i = 0; i < event->scope_count && code == 0; i++)
        code = check_id(check, txn, TABLE_SCOPE, event->scopes[i]);
    for (size_t i = 0; i < event->choice_count && code == 0; i++)
        code = check_row(check, txn, &event->choices[i]);
    for (size_t i = 0; i < event->withdrawal_count && code == 0; i++)
        code = check_withdrawal(check, txn, event, &event->withdrawals[i]);
    if (code == 0)
        code = check_batch(check, txn, event);
    if (code == 0)
        code = check_reason(check, event);
    check->choices += event->choice_count;
    check->withdrawals += event->withdrawal_count;
    check->scopes += event->scope_count;
    pool_reset(&check->pool);
    return code;
}

/* Each event's rows were found, so more rows than that came from no event. */
static int check_counts(struct list_view *view, const struct fold_check *check, struct error *why)
{
    uint64_t standing, domains, past, scopes;
    const char *folder = env_folder(view->list->store.env);

    int code = txn_count(view->txn, TABLE_CHOICE, &standing);
    if (code == 0)
        code = txn_count(view->txn, TABLE_DOMAIN, &domains);
    if (code == 0)
        code = txn_count(view->txn, TABLE_PAST, &past);
    if (code == 0)
        code = txn_count(view->txn, TABLE_SCOPE, &scopes);
    if (code)
        return list_explain(view->list, code, why);
    if (past != check->withdrawals)
        return error_set(why, ERR_CORRUPT,
                         "%s: %llu choices are withdrawn, but events withdrew %llu", folder,
                         (unsigned long long)past, (unsigned long long)check->withdrawals);
    if (standing + domains + past != check->choices)
        return error_set(why, ERR_CORRUPT, "%s: %llu choices are there, but events wrote %llu",
                         folder, (unsigned long long)(standing + domains + past),
                         (unsigned long long)check->choices);
    if (scopes != 2 * check->scopes)
        return error_set(why, ERR_CORRUPT, "%s: a scope is registered that no event tells of",
                         folder);
    return 0;
}

static int count_batch(const struct list_batch *batch, void *argument)
{
    struct fold_check *check = argument;
    check->batches--;
    check->ends -= batch->ended_ms != 0;
    check->undone -= batch->undone_by.number != 0;
    return 0;
}

/* Each event about a batch was found in the table, so what else the table says came from none. */
static int check_batches(struct list_view *view, struct fold_check *check, struct error *why)
{
    int code = list_each_batch(view, count_batch, check);
    if (code)
        return list_explain(view->list, code, why);
    if (check->batches || check->ends || check->undone)
        return error_set(why, ERR_CORRUPT,
                         "%s: what is kept of batches does not follow from events",
                         env_folder(view->list->store.env));
    return 0;
}

int list_verify(struct list_view *view, uint64_t *events, struct error *why)
{
    struct fold_check check = {.list = view->list};
    uint64_t count;

    int code = journal_verify(&view->list->store, view->txn, check_event, &check, &count, why);
    pool_release(&check.pool);
    if (code == 0)
        code = check_counts(view, &check, why);
    if (code == 0)
        code = check_batches(view, &check, why);
    if (code == 0)
        *events = count;
    return code;
}
