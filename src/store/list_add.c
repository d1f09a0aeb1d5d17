#include "base/clock.h"
#include "store/event_keys.h"
#include "store/list_tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Octets in an event, at most. */
#define HEAD_ROOM 1024 /* all but the rows, actor and source */
#define ROW_ROOM 48    /* a row without its scope's name and what it names */
#define NAME_ROOM 21   /* position and number, and its node in the table of nodes */

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
    struct list_view view;
    struct list_scan scans[2]; /* what stands of people and, with 1, of domains */
    const char *scope;         /* that was found to be registered last; NULL: none was */
    struct pool pool;
    struct event_choice *rows;   /* as many as there are entries, or as an event may have */
    struct list_entry **entries; /* that the rows came from */
    size_t count;
    size_t room; /* octets that the rows may still take */
    int64_t now_ms;
};

static const char *source_of(const struct act *act)
{
    return act->source ? act->source : act->actor;
}

int list_check_act(const struct act *act, struct error *why)
{
    if (strlen(act->actor) > LIST_SOURCE_MAX || strlen(source_of(act)) > LIST_SOURCE_MAX)
        return error_set(why, ERR_TOO_LONG, "a source of more than %d octets", LIST_SOURCE_MAX);
    return 0;
}

static size_t room_for_rows(const struct act *act)
{
    return EVENT_MAX - HEAD_ROOM - strlen(act->actor) - strlen(source_of(act));
}

static size_t room_of(const struct choice *choice)
{
    return ROW_ROOM + strlen(choice->scope) + NAME_ROOM * choice->name_count;
}

/* --- one entry --- */

/* Whether the opt-in had seen the row; one without a date is given now. */
static int find_seen(struct gathering *g, const struct choice *row, const struct choice *opt_in,
                     bool *seen)
{
    struct pool pool = {0};
    struct event event;

    *seen = opt_in->asked == 0 || choice_was_said_by(row, INT64_MAX, opt_in->asked);
    if (*seen)
        return 0;
    int code = journal_event(&g->addition->list->store, g->txn, &row->event, &pool, &event);
    if (code == 0)
        *seen = choice_was_said_by(row, event.at_ms / 1000, opt_in->asked);
    pool_release(&pool);
    return code == ERR_NOT_FOUND ? ERR_CORRUPT : code;
}

/* Whether the row came after the opt-in was proposed, whenever it says that it was asked. */
static bool came_later(const struct gathering *g, const struct choice *row)
{
    const struct event_decision *decision = g->addition->act->decision;
    return decision && !list_is_earlier(g->addition->list, &row->event, &decision->proposal);
}

static int collect_names(struct gathering *g, const struct choice *rows, size_t count,
                         struct list_entry *entry, struct choice *choice)
{
    struct event_name *names = pool_take(&g->pool, (count + 1) * sizeof *names);
    if (!names)
        return -ENOMEM;
    size_t n = 0;
    entry->later = 0;
    for (size_t i = 0; i < count; i++) {
        bool seen;
        if (!choice_would_be_named(&rows[i], choice->scope, g->now_ms / 1000))
            continue;
        if (came_later(g, &rows[i])) {
            entry->later++;
            continue;
        }
        int code = find_seen(g, &rows[i], choice, &seen);
        if (code)
            return code;
        if (seen)
            names[n++] = rows[i].event;
    }
    choice->names = names;
    choice->name_count = n;
    return 0;
}

static int check_scope(struct gathering *g, const char *scope)
{
    uint32_t id;

    /* One import has many rows of few scopes. */
    if (g->scope && strcmp(g->scope, scope) == 0)
        return 0;
    int code = list_id_of(g->txn, TABLE_SCOPE, scope, &id);
    if (code == ERR_NOT_FOUND || code == ERR_TOO_LONG)
        return error_set(g->addition->why, ERR_SCOPE,
                         "scope %s is not registered: `optout scope list` shows those that are",
                         scope);
    if (code == 0)
        g->scope = scope;
    return code;
}

static void forget_places(struct gathering *g)
{
    list_scan_forget(&g->scans[0]);
    list_scan_forget(&g->scans[1]);
}

static int write_event(struct gathering *g)
{
    const struct act *act = g->addition->act;
    struct event event = {.at_ms = g->now_ms,
                          .type = EVENT_CHOICES,
                          .actor = act->actor,
                          .source = act->source,
                          .batch = act->batch,
                          .decision = act->decision,
                          .choices = g->rows,
                          .choice_count = g->count};
    if (g->count == 0)
        return 0;
    int code =
        journal_append(&g->addition->list->store, g->txn, &event, act->words, act->word_count);
    if (code == 0)
        code = list_fold(&g->addition->list->store, g->txn, &event);
    for (size_t i = 0; i < g->count; i++)
        g->entries[i]->event = event.name;
    g->count = 0;
    g->room = room_for_rows(act);
    pool_reset(&g->pool);
    forget_places(g);
    return code;
}

/* Whether the row may go while what is written now stands. An undo takes away a batch with all its
 * rows, whoever said the same meanwhile, and the newest batch first: so nothing that is said by
 * itself rests on a row of a batch, and no batch on one that began later. */
static int may_go_before(const struct gathering *g, const struct choice *row, bool *may)
{
    const struct store *store = &g->addition->list->store;
    uint64_t ours = g->addition->act->batch, batch = 0;
    bool own = memcmp(row->event.node, store->node, EVENT_NODE_SIZE) == 0;
    struct slice bytes;

    *may = false;
    if (ours && (!own || row->event.number <= ours))
        return 0;
    int code = journal_bytes(store, g->txn, &row->event, &bytes);
    if (code)
        return code == ERR_NOT_FOUND ? ERR_CORRUPT : code; /* a row always has its event */
    code = event_decode_number(bytes, KEY_BATCH, &batch);
    *may = batch > ours;
    return code == ERR_NOT_FOUND ? 0 : code;
}

/* The row that says already what the choice does, or NULL. */
static int find_known(struct gathering *g, const struct choice *choice, struct choice *rows,
                      size_t count, const struct choice **known)
{
    bool may_go = true;
    int code = 0;

    while (code == 0 && may_go &&
           (*known = choice_find_known(choice, rows, count, g->now_ms / 1000))) {
        code = may_go_before(g, *known, &may_go);
        size_t at = (size_t)(*known - rows);
        if (code == 0 && may_go)
            memmove(&rows[at], &rows[at + 1], (--count - at) * sizeof *rows);
    }
    return code;
}

/* Finds what the entry's row is and, in *known, the row that says so already or NULL. */
static int make_row(struct gathering *g, struct list_entry *entry, struct choice *choice,
                    const struct choice **known)
{
    const struct addition *addition = g->addition;
    struct choice *rows;
    size_t count;

    *choice = (struct choice){.kind = entry->kind,
                              .confirmed = entry->confirmed,
                              .domain = entry->domain,
                              .reason = entry->reason,
                              .scope = entry->scope,
                              .source = source_of(addition->act),
                              .asked = entry->asked,
                              .until = entry->until};
    int code = check_scope(g, entry->scope);
    if (code == 0)
        code = list_scan_read(&g->scans[entry->domain], &entry->subject, &g->pool, &rows, &count,
                              NULL);
    if (code == 0 && entry->confirmed && entry->kind == CHOICE_OPT_IN)
        code = collect_names(g, rows, count, entry, choice);
    return code ? code : find_known(g, choice, rows, count, known);
}

/* Adds the entry to the event, unless it is known; writes the event first where it is full. */
static int gather(struct gathering *g, struct list_entry *entry)
{
    struct choice choice;
    const struct choice *known;

    entry->known = entry->address_only;
    if (entry->address_only)
        return 0;
    int code = make_row(g, entry, &choice, &known);
    if (code)
        return code;
    entry->known = known != NULL;
    entry->named = choice.name_count;
    if (known) {
        entry->event = known->event;
    } else {
        if (g->count == EVENT_ROWS_MAX || (g->count > 0 && room_of(&choice) > g->room)) {
            code = write_event(g);
            /* What the row names was lost with the event's memory. */
            return code ? code : gather(g, entry);
        }
        size_t room = room_of(&choice);
        g->room -= room < g->room ? room : g->room;
        g->rows[g->count] = (struct event_choice){entry->subject, choice};
        g->entries[g->count++] = entry;
    }
    return 0;
}

/* --- events --- */

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

    forget_places(g);
    for (size_t i = 0; i < *left && code == 0; i++) {
        struct list_entry *entry = sorted[i];
        if (last && memcmp(last->subject.bytes, entry->subject.bytes, SUBJECT_SIZE) == 0) {
            sorted[waiting++] = entry;
            continue;
        }
        last = entry;
        code = gather(g, entry);
    }
    *left = waiting;
    return code ? code : write_event(g);
}

static int begin_gathering(struct gathering *g, const struct addition *addition, struct txn *txn)
{
    g->addition = addition;
    g->txn = txn;
    g->view = (struct list_view){.list = addition->list, .txn = txn};
    g->now_ms = clock_now_ms();
    g->room = room_for_rows(addition->act);
    int code = list_scan_begin(&g->scans[0], &g->view, TABLE_CHOICE, false);
    return code ? code : list_scan_begin(&g->scans[1], &g->view, TABLE_DOMAIN, true);
}

static void end_gathering(struct gathering *g)
{
    list_scan_end(&g->scans[0]);
    list_scan_end(&g->scans[1]);
    pool_release(&g->pool);
    free(g);
}

/* Pointers to the entries, by subject and then by their sequence. An import has them sorted. */
static struct list_entry **sort_entries(const struct addition *addition)
{
    struct list_entry **sorted = malloc(addition->count * sizeof *sorted + 1);
    bool is_sorted = true;

    for (size_t i = 0; sorted && i < addition->count; i++) {
        sorted[i] = &addition->entries[i];
        is_sorted = is_sorted && (i == 0 || compare(&sorted[i - 1], &sorted[i]) < 0);
    }
    if (sorted && !is_sorted)
        qsort(sorted, addition->count, sizeof *sorted, compare);
    return sorted;
}

/* NULL without memory. Most of the time there is one entry, and most of the rows would be cleared
 * for nothing. */
static struct gathering *new_gathering(size_t entries)
{
    size_t most = entries < EVENT_ROWS_MAX ? entries : EVENT_ROWS_MAX;
    struct gathering *g = calloc(1, sizeof *g + most * (sizeof *g->rows + sizeof *g->entries));

    if (!g)
        return NULL;
    g->rows = (struct event_choice *)(g + 1);
    g->entries = (struct list_entry **)(g->rows + most);
    return g;
}

static int add_job(struct txn *txn, void *argument)
{
    struct addition *addition = argument;
    size_t left = addition->count;
    struct list_entry **sorted = sort_entries(addition);
    struct gathering *g = new_gathering(left);
    int code = sorted && g ? list_batch_check(addition->list, txn, addition->act->batch) : -ENOMEM;

    if (code == 0)
        code = list_take_decision(addition->list, txn, addition->act, addition->why);
    if (code == 0)
        code = list_put_addresses(addition->list, txn, sorted, left);
    if (code == 0)
        code = begin_gathering(g, addition, txn);
    while (code == 0 && left > 0)
        code = write_round(g, sorted, &left);
    if (g)
        end_gathering(g);
    free(sorted);
    return code;
}

static int check_entries(const struct list_entry *entries, size_t count, struct error *why)
{
    for (size_t i = 0; i < count; i++) {
        if (entries[i].kind < CHOICE_OPT_OUT || entries[i].kind > CHOICE_OPT_IN)
            return error_set(why, -EINVAL, "no such kind of choice");
        if (entries[i].domain && entries[i].kind == CHOICE_OPT_IN)
            return error_set(why, -EINVAL, "nobody can opt in for a whole domain");
    }
    return 0;
}

static int check_addition(const struct addition *addition)
{
    struct error *why = addition->why;

    if (!addition->list->has_address_key)
        return error_set(why, ERR_KEY, "the address key is needed to write choices");
    if (addition->count > LIST_ENTRIES_MAX)
        return error_set(why, ERR_TOO_LONG, "more than %d choices at once", LIST_ENTRIES_MAX);
    int code = list_check_act(addition->act, why);
    return code ? code : check_entries(addition->entries, addition->count, why);
}

int list_add(struct list *list, struct list_entry *entries, size_t count, const struct act *act,
             struct error *why)
{
    struct addition addition = {list, entries, count, act, why};

    int code = check_addition(&addition);
    return code ? code : store_write(&list->store, add_job, &addition, why);
}

int list_add_later(struct list *list, struct list_entry *entries, size_t count,
                   const struct act *act, list_done done, void *argument)
{
    struct addition_later {
        struct later later;
        struct addition addition;
    } *l = calloc(1, sizeof *l);

    if (!l)
        return -ENOMEM;
    l->later = (struct later){.list = list, .done = done, .argument = argument};
    l->addition = (struct addition){list, entries, count, act, &l->later.why};
    int code = check_addition(&l->addition);
    if (code) {
        free(l);
        return code;
    }
    return list_write_later(&l->later, add_job, &l->addition);
}
