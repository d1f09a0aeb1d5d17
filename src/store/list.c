#include "store/list_tables.h"
#include "store/renew.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const tables[] = {
    [TABLE_META] = "meta",       [TABLE_JOURNAL] = "journal", [TABLE_PRIVATE] = "private",
    [TABLE_CHOICE] = "choice",   [TABLE_DOMAIN] = "domain",   [TABLE_PAST] = "past",
    [TABLE_ADDRESS] = "address", [TABLE_SCOPE] = "scope",     [TABLE_SOURCE] = "source",
    [TABLE_BATCH] = "batch",     [TABLE_NOTICE] = "notice",   [TABLE_PROPOSAL] = "proposal",
};

static const struct store_kind kind = {
    .name = "list",
    .tables = tables,
    .table_count = sizeof tables / sizeof *tables,
    .mode = 0640, /* who may read it may not write it */
    .fold = list_fold,
    .verify = list_verify_store,
    .carry = list_carry,
};

int list_create(const char *folder, const struct lookup_key *lookup,
                const struct address_key *address, uint64_t map_size, struct error *why)
{
    return store_create(folder, &kind, lookup->fingerprint, address->fingerprint, map_size, why);
}

int list_open(const char *folder, enum env_access access, uint64_t map_size,
              const struct lookup_key *lookup, const struct address_key *address,
              struct list **list, struct error *why)
{
    struct list *l = calloc(1, sizeof *l);
    if (!l)
        return error_set(why, -ENOMEM, "%s: no memory to open it", folder);
    int code =
        store_open(&l->store, folder, &kind, access, map_size, lookup ? lookup->fingerprint : NULL,
                   address ? address->fingerprint : NULL, why);
    if (code == 0 && lookup) {
        memcpy(l->subject_key, lookup->subject, sizeof l->subject_key);
        l->has_subject_key = true;
    }
    if (code == 0 && address) {
        code = seal_subkey(address->key, "list address", l->address_key);
        if (code == 0)
            code = seal_subkey(address->key, "list words", l->store.words_key);
        l->has_address_key = l->store.has_words_key = code == 0;
        if (code) {
            error_set(why, code, "%s: no subkey could be derived", folder);
            store_close(&l->store);
        }
    }
    if (code) {
        keys_forget(l, sizeof *l);
        free(l);
    } else {
        *list = l;
    }
    return code;
}

static struct list *volatile left_open;

int list_close(struct list *list)
{
    if (!list)
        return 0;
    int code = store_close(&list->store);
    if (code) {
        left_open = list; /* its thread still uses it, until the process ends */
        return code;
    }
    keys_forget(list->address_key, sizeof list->address_key);
    sealer_free(list->sealer);
    keys_forget(list->subject_key, sizeof list->subject_key);
    free(list);
    return 0;
}

int list_check(const struct list *list)
{
    return env_check(list->store.env);
}

int list_explain(const struct list *list, int code, struct error *why)
{
    return env_explain(list->store.env, code, why);
}

struct store *list_store(struct list *list)
{
    return &list->store;
}

const uint8_t *list_node(const struct list *list)
{
    return list->store.node;
}

/* --- views --- */

int list_view_begin(struct list *list, struct list_view **view)
{
    struct list_view *v = calloc(1, sizeof *v);
    if (!v)
        return -ENOMEM;
    *v = (struct list_view){.list = list};
    int code = txn_begin_read(list->store.env, &v->txn);
    if (code == 0 && (code = store_has_loss(v->txn, &v->loss)) != 0)
        txn_abort(v->txn);
    if (code)
        free(v);
    else
        *view = v;
    return code;
}

void list_view_end(struct list_view *view)
{
    if (!view)
        return;
    list_scan_end(&view->people);
    list_scan_end(&view->domains);
    list_scan_end(&view->past);
    txn_abort(view->txn);
    free(view);
}

struct txn *list_view_txn(struct list_view *view)
{
    return view->txn;
}

/* --- rows --- */

int list_scan_begin(struct list_scan *scan, struct list_view *view, unsigned table, bool domain)
{
    *scan = (struct list_scan){.view = view, .domain = domain};
    return cursor_open(view->txn, table, &scan->cursor);
}

void list_scan_end(struct list_scan *scan)
{
    cursor_close(scan->cursor);
    scan->cursor = NULL;
}

void list_scan_forget(struct list_scan *scan)
{
    scan->placed = false;
}

#define STEPS 4 /* on to the next row before it is searched for: who comes next is often near */

/* Moves to the first row of a subject that is not less. */
static int scan_to(struct list_scan *scan, const struct subject *subject)
{
    for (int i = 0; scan->placed; i++) {
        if (scan->code || memcmp(scan->key.data, subject->bytes, SUBJECT_SIZE) >= 0)
            return scan->code;
        if (i == STEPS)
            break;
        scan->code = cursor_next(scan->cursor, &scan->key, &scan->value);
    }
    scan->code =
        cursor_seek(scan->cursor, SLICE(subject->bytes, SUBJECT_SIZE), &scan->key, &scan->value);
    scan->placed = true;
    return scan->code;
}

/* Makes room in the pool for more rows, and the events that withdrew them. */
static int grow(struct pool *pool, size_t n, size_t *room, struct choice **rows,
                struct event_name **by)
{
    size_t wanted = *room ? 2 * *room : 4;
    struct choice *more = pool_take(pool, wanted * sizeof *more);
    struct event_name *more_by = pool_take(pool, wanted * sizeof *more_by);

    if (!more || !more_by)
        return -ENOMEM;
    if (n) {
        memcpy(more, *rows, n * sizeof *more);
        memcpy(more_by, *by, n * sizeof *more_by);
    }
    *rows = more;
    *by = more_by;
    *room = wanted;
    return 0;
}

/* Rows lie in the sequence of their events. */
int list_scan_read(struct list_scan *scan, const struct subject *subject, struct pool *pool,
                   struct choice **rows, size_t *count, struct event_name **withdrawn_by)
{
    struct list_view *view = scan->view;
    size_t n = 0, room = 0;
    struct choice *found = NULL;
    struct event_name *by = NULL;

    int code = scan_to(scan, subject);
    while (code == 0 && scan->key.size == CHOICE_KEY_SIZE &&
           memcmp(scan->key.data, subject->bytes, SUBJECT_SIZE) == 0) {
        if (n == room)
            code = grow(pool, n, &room, &found, &by);
        if (code == 0)
            code = list_row_unpack(view->list, view->txn, scan->key, scan->value, scan->domain,
                                   pool, &found[n], &by[n]);
        if (code)
            return code;
        n++;
        code = scan->code = cursor_next(scan->cursor, &scan->key, &scan->value);
    }
    if (code && code != ERR_NOT_FOUND)
        return code;
    *rows = found;
    *count = n;
    if (withdrawn_by)
        *withdrawn_by = by;
    return 0;
}

int list_read(struct list_view *view, enum list_rows which, const struct subject *subject,
              bool domain, struct pool *pool, struct choice **rows, size_t *count,
              struct event_name **withdrawn_by)
{
    unsigned table = which == LIST_PAST ? TABLE_PAST : domain ? TABLE_DOMAIN : TABLE_CHOICE;
    struct list_scan *scan = which == LIST_PAST ? &view->past
                             : domain           ? &view->domains
                                                : &view->people;

    int code = scan->cursor ? 0 : list_scan_begin(scan, view, table, domain);
    if (code)
        return code;
    list_scan_forget(scan); /* subjects come in any sequence */
    code = list_scan_read(scan, subject, pool, rows, count, withdrawn_by);
    /* `past` holds those of both, and does not tell which. */
    for (size_t i = 0; code == 0 && which == LIST_PAST && i < *count; i++)
        (*rows)[i].domain = domain;
    return code;
}

struct list_reader {
    struct list_scan people, domains;
};

int list_reader_begin(struct list_view *view, struct list_reader **reader)
{
    struct list_reader *r = calloc(1, sizeof *r);
    if (!r)
        return -ENOMEM;
    int code = list_scan_begin(&r->people, view, TABLE_CHOICE, false);
    if (code == 0)
        code = list_scan_begin(&r->domains, view, TABLE_DOMAIN, true);
    if (code)
        list_reader_end(r);
    else
        *reader = r;
    return code;
}

void list_reader_end(struct list_reader *reader)
{
    if (!reader)
        return;
    list_scan_end(&reader->people);
    list_scan_end(&reader->domains);
    free(reader);
}

int list_reader_read(struct list_reader *reader, const struct subject *subject, bool domain,
                     struct pool *pool, struct choice **rows, size_t *count)
{
    return list_scan_read(domain ? &reader->domains : &reader->people, subject, pool, rows, count,
                          NULL);
}

int list_has_domains(struct list_view *view, bool *any)
{
    uint64_t count;
    int code = txn_count(view->txn, TABLE_DOMAIN, &count);
    if (code == 0)
        *any = count > 0;
    return code;
}

void list_event_hash(struct list_view *view, const struct event_name *event,
                     uint8_t hash[EVENT_SHORT_HASH_SIZE])
{
    memset(hash, 0, EVENT_SHORT_HASH_SIZE);
    journal_short_hash(&view->list->store, view->txn, event, hash);
}

int list_check_loss(const struct list_view *view)
{
    return view->loss ? ERR_LOSS : 0;
}

int list_scope_known(struct list_view *view, const char *scope)
{
    uint32_t id;
    int code = list_id_of(view->txn, TABLE_SCOPE, scope, &id);
    return code == ERR_NOT_FOUND ? ERR_SCOPE : code;
}

struct each_scope {
    list_scope_visitor visit;
    void *argument;
};

static int visit_scope(struct slice key, struct slice value, void *argument)
{
    const struct each_scope *each = argument;
    struct pool pool = {0};
    (void)value;

    const char *name = pool_copy_bytes(&pool, (const char *)key.data + 1, key.size - 1);
    int code = name ? each->visit(name, each->argument) : -ENOMEM;
    pool_release(&pool);
    return code;
}

int list_each_scope(struct list_view *view, list_scope_visitor visit, void *argument)
{
    struct each_scope each = {visit, argument};
    return txn_each(view->txn, TABLE_SCOPE, SLICE("n", 1), visit_scope, &each);
}

int list_count(struct list_view *view, struct list_counts *counts)
{
    struct list_counts c;
    const struct {
        unsigned table;
        uint64_t *count;
    } entries[] = {
        {TABLE_CHOICE, &c.choices},    {TABLE_DOMAIN, &c.domains}, {TABLE_PAST, &c.past},
        {TABLE_ADDRESS, &c.addresses}, {TABLE_SCOPE, &c.scopes},
    };
    int code = journal_count(view->txn, &c.events);
    for (size_t i = 0; i < sizeof entries / sizeof *entries && code == 0; i++)
        code = txn_count(view->txn, entries[i].table, entries[i].count);
    if (code)
        return code;
    c.scopes /= 2; /* each has two entries */
    env_usage(view->list->store.env, &c.used, &c.size);
    *counts = c;
    return 0;
}

int list_walk(struct list_view *view, const struct event_name *after, journal_visitor visit,
              void *argument)
{
    return journal_walk(&view->list->store, view->txn, after, visit, argument);
}

int list_walk_type(struct list_view *view, enum event_type type, journal_visitor visit,
                   void *argument)
{
    return journal_walk_type(view->txn, type, visit, argument);
}

int list_head(struct list_view *view, struct event_name *head)
{
    const struct store *store = &view->list->store;
    uint8_t hash[EVENT_HASH_SIZE];

    memcpy(head->node, store->node, EVENT_NODE_SIZE);
    return journal_head(view->txn, store->node_count - 1, &head->number, hash);
}

int list_event(struct list_view *view, const struct event_name *name, struct pool *pool,
               struct event *event)
{
    return journal_event(&view->list->store, view->txn, name, pool, event);
}

int list_words(struct list_view *view, const struct event *event, struct pool *pool,
               struct word **words, size_t *count)
{
    return journal_words(&view->list->store, view->txn, event, pool, words, count);
}

int list_has_words(struct list_view *view, const struct event_name *name)
{
    return journal_has_words(&view->list->store, view->txn, name);
}
