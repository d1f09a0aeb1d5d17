/* Withdrawing what stands, by name. */
#include "base/clock.h"
#include "store/list_tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct withdrawal {
    struct list *list;
    struct event_withdrawal *rows;
    size_t count;
    const struct act *act;
    struct event_name event;
    struct error *why;
};

static int compare_withdrawals(const void *a, const void *b)
{
    const struct event_withdrawal *x = a, *y = b;
    int order = memcmp(x->subject.bytes, y->subject.bytes, SUBJECT_SIZE);
    return order                                 ? order
           : x->target.number < y->target.number ? -1
                                                 : x->target.number > y->target.number;
}

/* What another node withdrew already does not stand, though the fold could bear it. */
static int check_standing(const struct withdrawal *w, struct txn *txn)
{
    uint8_t key[CHOICE_KEY_SIZE];
    struct slice value;
    bool domain;
    int code = 0;

    for (size_t i = 0; i < w->count && code == 0; i++) {
        code = list_row_key(w->list, &w->rows[i].subject, &w->rows[i].target, key);
        if (code == 0)
            code = list_find_standing(txn, key, &value, &domain);
    }
    return code;
}

static int withdraw_job(struct txn *txn, void *argument)
{
    struct withdrawal *w = argument;
    struct event event = {.at_ms = clock_now_ms(),
                          .type = EVENT_WITHDRAWAL,
                          .actor = w->act->actor,
                          .source = w->act->source,
                          .batch = w->act->batch,
                          .decision = w->act->decision,
                          .withdrawals = w->rows,
                          .withdrawal_count = w->count};

    int code = list_batch_check(w->list, txn, w->act->batch);
    if (code)
        return code;
    code = list_take_decision(w->list, txn, w->act, w->why);
    if (code)
        return code;
    code = check_standing(w, txn);
    if (code == 0)
        code = journal_append(&w->list->store, txn, &event, w->act->words, w->act->word_count);
    if (code == 0)
        code = list_fold(&w->list->store, txn, &event);
    if (code == ERR_NOT_FOUND)
        error_set(w->why, code,
                  "one of these choices does not stand any more; nothing was withdrawn");
    w->event = event.name;
    return code;
}

int list_withdraw(struct list *list, const struct event_withdrawal *rows, size_t count,
                  const struct act *act, struct event_name *event, struct error *why)
{
    struct withdrawal w = {.list = list, .count = count, .act = act, .why = why};

    if (count > EVENT_ROWS_MAX)
        return error_set(why, ERR_TOO_LONG, "more than %d choices at once", EVENT_ROWS_MAX);
    int code = list_check_act(act, why);
    if (code)
        return code;
    w.rows = malloc(count * sizeof *w.rows + 1);
    if (!w.rows)
        return error_set(why, -ENOMEM, "no memory for a withdrawal");
    memcpy(w.rows, rows, count * sizeof *w.rows);
    qsort(w.rows, count, sizeof *w.rows, compare_withdrawals);
    code = store_write(&list->store, withdraw_job, &w, why);
    free(w.rows);
    if (code == 0)
        *event = w.event;
    return code;
}

int list_withdraw_later(struct list *list, const struct event_withdrawal *row,
                        const struct act *act, list_done done, void *argument)
{
    struct withdrawal_later {
        struct later later;
        struct withdrawal withdrawal;
        struct event_withdrawal row;
    } *l = calloc(1, sizeof *l);

    if (!l)
        return -ENOMEM;
    l->row = *row;
    l->later = (struct later){.list = list, .done = done, .argument = argument};
    l->withdrawal = (struct withdrawal){
        .list = list, .rows = &l->row, .count = 1, .act = act, .why = &l->later.why};
    return list_write_later(&l->later, withdraw_job, &l->withdrawal);
}
