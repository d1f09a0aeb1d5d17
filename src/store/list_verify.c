#include "store/list_tables.h"

#include <string.h>

struct fold_check {
    struct list *list;
    uint64_t choices; /* rows of all events */
    uint64_t withdrawals;
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

static int check_event(struct txn *txn, const struct event *event, void *argument)
{
    struct fold_check *check = argument;
    uint32_t id;
    int code = 0;

    for (size_t i = 0; i < event->scope_count && code == 0; i++)
        code = list_id_of(txn, TABLE_SCOPE, event->scopes[i], &id);
    for (size_t i = 0; i < event->choice_count && code == 0; i++)
        code = check_row(check, txn, &event->choices[i]);
    for (size_t i = 0; i < event->withdrawal_count && code == 0; i++)
        code = check_withdrawal(check, txn, event, &event->withdrawals[i]);
    check->choices += event->choice_count;
    check->withdrawals += event->withdrawal_count;
    pool_reset(&check->pool);
    return code;
}

int list_verify(struct list_view *view, uint64_t *events, struct error *why)
{
    struct fold_check check = {.list = view->list};
    uint64_t standing, domains, past;

    int code = journal_verify(&view->list->store, view->txn, check_event, &check, events, why);
    pool_release(&check.pool);
    if (code)
        return code;
    code = txn_count(view->txn, TABLE_CHOICE, &standing);
    if (code == 0)
        code = txn_count(view->txn, TABLE_DOMAIN, &domains);
    if (code == 0)
        code = txn_count(view->txn, TABLE_PAST, &past);
    if (code)
        return list_explain(view->list, code, why);
    /* Each event's rows were found, so more rows than that came from no event. */
    if (standing + domains + past != check.choices || past != check.withdrawals)
        return error_set(
            why, ERR_CORRUPT,
            "%s: it holds %llu choices and %llu withdrawn ones that no event wrote",
            env_folder(view->list->store.env),
            (unsigned long long)(standing + domains + past - check.choices),
            (unsigned long long)(past > check.withdrawals ? past - check.withdrawals : 0));
    return 0;
}
