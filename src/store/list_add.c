#include "base/clock.h"
#include "store/list_tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define OPT_INS_MAX 50 /* rows in an event of opt-ins, since each may name many events */

struct addition {
    struct list *list;
    struct list_entry *entries;
    size_t count;
    const struct act *act;
    struct error *why;
};

/* The rows of the event that is being gathered, in one transaction. */
struct gathering {
    const struct addition *addition;
    struct txn *txn;
    struct pool pool;
    struct event_choice rows[EVENT_ROWS_MAX];
    struct list_entry *entries[EVENT_ROWS_MAX]; /* that the rows came from */
    size_t count;
    int64_t now_ms;
};

/* --- addresses --- */

static int seal_address(struct list *list, struct txn *txn, const struct list_entry *entry)
{
    struct slice key = SLICE(entry->subject.bytes, SUBJECT_SIZE), row;
    uint8_t nonce[SEAL_NONCE_SIZE] = {ADDRESS_CLEAR};
    struct text sealed = TEXT_EMPTY;

    int code = txn_get(txn, TABLE_ADDRESS, key, &row);
    if (code == 0 && row.size > 0 && *(const uint8_t *)row.data != ADDRESS_DIGEST)
        return 0; /* there already, or erased for good */
    if (code && code != ERR_NOT_FOUND)
        return code;
    /* One subject has one address, so a nonce made of it is never used for two texts. */
    memcpy(nonce + 1, entry->subject.bytes, sizeof nonce - 1);
    text_append_bytes(&sealed, (char *)nonce, 1);
    code = seal_append(list->address_key, nonce, key, SLICE(entry->address, strlen(entry->address)),
                       &sealed);
    if (code == 0)
        code = txn_put(txn, TABLE_ADDRESS, key, SLICE(sealed.data, sealed.length));
    text_release(&sealed);
    return code;
}

/* --- one entry --- */

static int collect_names(struct gathering *g, const struct choice *rows, size_t count,
                         struct choice *choice)
{
    struct event_name *names = pool_take(&g->pool, (count + 1) * sizeof *names);
    if (!names)
        return -ENOMEM;
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (choice_would_be_named(&rows[i], choice->scope, g->now_ms / 1000))
            names[n++] = rows[i].event;
    choice->names = names;
    choice->name_count = n;
    return 0;
}

static int check_scope(const struct addition *addition, struct txn *txn, const char *scope)
{
    uint32_t id;
    int code = list_id_of(txn, TABLE_SCOPE, scope, &id);
    if (code == ERR_NOT_FOUND)
        return error_set(addition->why, ERR_SCOPE,
                         "scope %s is not registered: `optout scope list` shows those that are",
                         scope);
    return code;
}

/* Adds the entry to the event, unless it is known. */
static int gather(struct gathering *g, struct list_entry *entry)
{
    const struct addition *addition = g->addition;
    struct list_view view = {addition->list, g->txn};
    struct choice *rows;
    size_t count;
    struct choice choice = {.kind = entry->kind,
                            .confirmed = entry->confirmed,
                            .domain = entry->domain,
                            .reason = entry->reason,
                            .scope = entry->scope,
                            .source = addition->act->source,
                            .asked = entry->asked,
                            .until = entry->until};

    int code = check_scope(addition, g->txn, entry->scope);
    if (code == 0)
        code = list_read(&view, LIST_STANDING, &entry->subject, entry->domain, &g->pool, &rows,
                         &count, NULL);
    if (code == 0 && entry->confirmed)
        code = collect_names(g, rows, count, &choice);
    if (code)
        return code;
    const struct choice *known = choice_find_known(&choice, rows, count, g->now_ms / 1000);
    entry->known = known != NULL;
    entry->named = choice.name_count;
    if (known) {
        entry->event = known->event;
        return 0;
    }
    g->rows[g->count] = (struct event_choice){entry->subject, choice};
    g->entries[g->count++] = entry;
    return entry->address ? seal_address(addition->list, g->txn, entry) : 0;
}

/* --- events --- */

static int write_event(struct gathering *g)
{
    const struct act *act = g->addition->act;
    struct event event = {.at_ms = g->now_ms,
                          .type = EVENT_CHOICES,
                          .actor = act->actor,
                          .source = act->source,
                          .choices = g->rows,
                          .choice_count = g->count};
    if (g->count == 0)
        return 0;
    int code =
        journal_append(&g->addition->list->store, g->txn, &event, act->words, act->word_count);
    if (code == 0)
        code = list_fold(g->addition->list, g->txn, &event);
    for (size_t i = 0; i < g->count; i++)
        g->entries[i]->event = event.name;
    g->count = 0;
    pool_reset(&g->pool);
    return code;
}

static int compare(const void *a, const void *b)
{
    const struct list_entry *x = *(struct list_entry *const *)a,
                            *y = *(struct list_entry *const *)b;
    int order = memcmp(x->subject.bytes, y->subject.bytes, SUBJECT_SIZE);
    return order ? order : x < y ? -1 : x > y;
}

/* Writes events out of the sorted entries: each subject once in an event, so what says more about
 * one waits for the next round. Returns how many entries are left, at the front of `sorted`. */
static int write_round(struct gathering *g, struct list_entry **sorted, size_t *left)
{
    const struct list_entry *last = NULL;
    size_t waiting = 0;
    int code = 0;

    for (size_t i = 0; i < *left && code == 0; i++) {
        struct list_entry *entry = sorted[i];
        if (last && memcmp(last->subject.bytes, entry->subject.bytes, SUBJECT_SIZE) == 0) {
            sorted[waiting++] = entry;
            continue;
        }
        last = entry;
        code = gather(g, entry);
        if (code == 0 && (g->count == EVENT_ROWS_MAX ||
                          (entry->kind == CHOICE_OPT_IN && g->count >= OPT_INS_MAX)))
            code = write_event(g);
    }
    *left = waiting;
    return code ? code : write_event(g);
}

static int add_job(struct txn *txn, void *argument)
{
    struct addition *addition = argument;
    size_t left = addition->count;
    struct list_entry **sorted = malloc(left * sizeof *sorted + 1);
    struct gathering *g = calloc(1, sizeof *g);
    int code = sorted && g ? 0 : -ENOMEM;

    if (code == 0) {
        *g = (struct gathering){.addition = addition, .txn = txn, .now_ms = clock_now_ms()};
        for (size_t i = 0; i < left; i++)
            sorted[i] = &addition->entries[i];
        qsort(sorted, left, sizeof *sorted, compare);
        while (left > 0 && code == 0)
            code = write_round(g, sorted, &left);
        pool_release(&g->pool);
    }
    free(g);
    free(sorted);
    return code;
}

int list_add(struct list *list, struct list_entry *entries, size_t count, const struct act *act,
             struct error *why)
{
    struct addition addition = {list, entries, count, act, why};

    if (!list->has_address_key)
        return error_set(why, ERR_KEY, "the address key is needed to write choices");
    if (count > LIST_ENTRIES_MAX)
        return error_set(why, ERR_TOO_LONG, "more than %d choices at once", LIST_ENTRIES_MAX);
    return store_write(&list->store, add_job, &addition, why);
}

/* --- withdrawing --- */

struct withdrawal {
    struct list *list;
    struct event_withdrawal *rows;
    size_t count;
    const struct act *act;
    struct event_name *event;
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

static int withdraw_job(struct txn *txn, void *argument)
{
    struct withdrawal *w = argument;
    struct event event = {.at_ms = clock_now_ms(),
                          .type = EVENT_WITHDRAWAL,
                          .actor = w->act->actor,
                          .source = w->act->source,
                          .withdrawals = w->rows,
                          .withdrawal_count = w->count};

    int code = journal_append(&w->list->store, txn, &event, w->act->words, w->act->word_count);
    if (code == 0)
        code = list_fold(w->list, txn, &event);
    if (code == ERR_NOT_FOUND)
        error_set(w->why, code,
                  "one of these choices does not stand any more; nothing was withdrawn");
    if (code == 0)
        *w->event = event.name;
    return code;
}

int list_withdraw(struct list *list, const struct event_withdrawal *rows, size_t count,
                  const struct act *act, struct event_name *event, struct error *why)
{
    struct withdrawal w = {.list = list, .count = count, .act = act, .event = event, .why = why};

    if (count > EVENT_ROWS_MAX)
        return error_set(why, ERR_TOO_LONG, "more than %d choices at once", EVENT_ROWS_MAX);
    w.rows = malloc(count * sizeof *w.rows + 1);
    if (!w.rows)
        return -ENOMEM;
    memcpy(w.rows, rows, count * sizeof *w.rows);
    qsort(w.rows, count, sizeof *w.rows, compare_withdrawals);
    int code = store_write(&list->store, withdraw_job, &w, why);
    free(w.rows);
    return code;
}

/* --- scopes --- */

struct registration {
    struct list *list;
    const char *const *scopes;
    size_t count;
    const struct act *act;
    size_t *added;
};

static int register_job(struct txn *txn, void *argument)
{
    struct registration *r = argument;
    size_t n = 0;
    uint32_t id;
    int code = 0;
    const char **fresh = malloc(r->count * sizeof *fresh + 1);

    if (!fresh)
        return -ENOMEM;
    for (size_t i = 0; i < r->count && code == 0; i++) {
        code = list_id_of(txn, TABLE_SCOPE, r->scopes[i], &id);
        if (code == ERR_NOT_FOUND) {
            fresh[n++] = r->scopes[i];
            code = 0;
        }
    }
    struct event event = {.at_ms = clock_now_ms(),
                          .type = EVENT_SCOPES,
                          .actor = r->act->actor,
                          .source = r->act->source,
                          .scopes = fresh,
                          .scope_count = n};
    if (code == 0 && n > 0)
        code = journal_append(&r->list->store, txn, &event, r->act->words, r->act->word_count);
    if (code == 0 && n > 0)
        code = list_fold(r->list, txn, &event);
    free(fresh);
    if (code == 0)
        *r->added = n;
    return code;
}

int list_add_scopes(struct list *list, const char *const *scopes, size_t count,
                    const struct act *act, size_t *added, struct error *why)
{
    struct registration r = {list, scopes, count, act, added};
    return store_write(&list->store, register_job, &r, why);
}
