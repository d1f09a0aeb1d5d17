#include "store/ledger.h"

#include "base/clock.h"
#include "store/cut.h"
#include "store/erase.h"
#include "store/ledger_tables.h"
#include "store/renew.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Octets in an event, at most. */
#define HEAD_ROOM 1024 /* all but the rows and the texts of the verdict */
#define ROW_ROOM 32    /* a row without its basis */
#define BASIS_ROOM 30  /* name and hash of an event, and its node in the table of nodes */

static const char *const tables[] = {
    [TABLE_META] = "meta",       [TABLE_JOURNAL] = "journal", [TABLE_PRIVATE] = "private",
    [TABLE_HISTORY] = "history", [TABLE_COUNT] = "count",     [TABLE_UNCLAIMED] = "unclaimed",
};

static int write_history(struct store *store, struct txn *txn, const struct event *event);
static int verify(struct store *store, struct txn *txn, uint64_t *events, struct error *why);

static const struct store_kind kind = {
    .name = "ledger",
    .is_cut = true,
    .tables = tables,
    .table_count = sizeof tables / sizeof *tables,
    .mode = 0660, /* the milter's and the list owner's users both write it */
    .fold = write_history,
    .verify = verify,
    .carry = ledger_carry_counts,
};

int ledger_create(const char *folder, const struct lookup_key *lookup,
                  const struct address_key *address, uint64_t map_size, struct error *why)
{
    return store_create(folder, &kind, lookup->fingerprint, address->fingerprint, map_size, why);
}

int ledger_open(const char *folder, enum env_access access, uint64_t map_size,
                const struct lookup_key *lookup, struct ledger **ledger, struct error *why)
{
    struct ledger *l = calloc(1, sizeof *l);
    if (!l)
        return error_set(why, -ENOMEM, "%s: no memory to open it", folder);
    int code = store_open(&l->store, folder, &kind, access, map_size,
                          lookup ? lookup->fingerprint : NULL, NULL, why);
    if (code == 0 && lookup) {
        code = seal_subkey(lookup->subject, "ledger words", l->store.words_key);
        if (code == 0)
            code = seal_subkey(lookup->subject, "ledger unclaimed", l->unclaimed_key);
        if (code) {
            error_set(why, code, "%s: no subkey could be derived", folder);
            store_close(&l->store);
        }
        l->store.has_words_key = l->has_unclaimed_key = code == 0;
    }
    if (code)
        free(l);
    else
        *ledger = l;
    return code;
}

static struct ledger *volatile left_open;

int ledger_close(struct ledger *ledger)
{
    if (!ledger)
        return 0;
    int code = store_close(&ledger->store);
    if (code) {
        left_open = ledger; /* its thread still uses it, until the process ends */
        return code;
    }
    keys_forget(ledger->unclaimed_key, sizeof ledger->unclaimed_key);
    free(ledger);
    return 0;
}

const uint8_t *ledger_node(const struct ledger *ledger)
{
    return ledger->store.node;
}

struct store *ledger_store(struct ledger *ledger)
{
    return &ledger->store;
}

int ledger_check(const struct ledger *ledger)
{
    return env_check(ledger->store.env);
}

/* --- writing verdicts --- */

struct writing {
    struct ledger *ledger;
    const char *actor;
    uint64_t about;               /* 0: none */
    struct event_verdict verdict; /* its rows are our sorted copy */
    const struct word *words;
    size_t word_count;
    uint64_t number;
};

/* By subject; those without one come last. */
static int compare_rows(const void *a, const void *b)
{
    const struct event_verdict_row *x = a, *y = b;
    if (!x->known || !y->known)
        return y->known - x->known;
    return memcmp(x->subject.bytes, y->subject.bytes, SUBJECT_SIZE);
}

static int history_key(const struct store *store, const struct subject *subject,
                       const struct event_name *event, uint8_t key[HISTORY_KEY_SIZE])
{
    memcpy(key, subject->bytes, SUBJECT_SIZE);
    return store_pack_name(store, event, key + SUBJECT_SIZE);
}

size_t ledger_subjects(const struct event *event)
{
    if (event->verdict)
        return event->verdict->row_count;
    return event->erasure_count ? event->erasure_count : event->reading || event->configuration;
}

const struct subject *ledger_subject(const struct event *event, size_t i)
{
    if (event->verdict)
        return event->verdict->rows[i].known ? &event->verdict->rows[i].subject : NULL;
    if (event->erasure_count)
        return &event->erasures[i].subject;
    if (event->configuration)
        return &ledger_nobody;
    return event->reading->has_subject ? &event->reading->subject : NULL;
}

static int write_history(struct store *store, struct txn *txn, const struct event *event)
{
    uint8_t key[HISTORY_KEY_SIZE];
    int code = erase_fold(store, txn, event);
    if (code == 0)
        code = cut_fold(store, txn, event);
    for (size_t i = 0; i < ledger_subjects(event) && code == 0; i++) {
        const struct subject *subject = ledger_subject(event, i);
        if (!subject)
            continue;
        code = history_key(store, subject, &event->name, key);
        if (code == 0)
            code = txn_put(txn, TABLE_HISTORY, SLICE(key, sizeof key), SLICE("", 0));
    }
    return code;
}

int ledger_append(struct ledger *ledger, struct txn *txn, struct event *event,
                  const struct word *words, size_t word_count)
{
    int code = journal_append(&ledger->store, txn, event, words, word_count);
    return code ? code : write_history(&ledger->store, txn, event);
}

/* How many of the rows fit into one event; at least one. */
static size_t count_fitting(const struct event_verdict *verdict, size_t left)
{
    size_t texts = strlen(verdict->stream) + strlen(verdict->rule) + strlen(verdict->scope) +
                   strlen(verdict->queue_id);
    size_t room = texts < EVENT_MAX - HEAD_ROOM ? EVENT_MAX - HEAD_ROOM - texts : 0;
    size_t n = 0;

    for (; n < left; n++) {
        size_t needed = ROW_ROOM + BASIS_ROOM * verdict->rows[n].basis_count;
        if (n > 0 && needed > room)
            break;
        room -= needed < room ? needed : room;
    }
    return n;
}

static int write_job(struct txn *txn, void *argument)
{
    struct writing *w = argument;
    struct event_verdict part = w->verdict;
    size_t left = w->verdict.row_count;
    int64_t now_ms = clock_now_ms();
    int code = 0;

    w->number = 0;
    do {
        struct event event = {.at_ms = now_ms,
                              .type = EVENT_VERDICT,
                              .actor = w->actor,
                              .batch = w->number ? w->number : w->about,
                              .verdict = &part};
        part.row_count = count_fitting(&part, left);
        code = ledger_append(w->ledger, txn, &event, w->words, w->number == 0 ? w->word_count : 0);
        if (w->number == 0)
            w->number = event.name.number;
        part.rows += part.row_count;
        left -= part.row_count;
    } while (code == 0 && left > 0);
    return code;
}

int ledger_write(struct ledger *ledger, const struct event_verdict *verdict,
                 const struct word *words, size_t word_count, uint64_t *number, struct error *why)
{
    return ledger_write_by(ledger, "milter", 0, verdict, words, word_count, number, why);
}

int ledger_write_by(struct ledger *ledger, const char *actor, uint64_t about,
                    const struct event_verdict *verdict, const struct word *words,
                    size_t word_count, uint64_t *number, struct error *why)
{
    struct writing w = {.ledger = ledger,
                        .actor = actor,
                        .about = about,
                        .verdict = *verdict,
                        .words = words,
                        .word_count = word_count};
    struct event_verdict_row *rows = malloc(verdict->row_count * sizeof *rows + 1);

    if (!rows)
        return error_set(why, -ENOMEM, "no memory for a verdict");
    for (size_t i = 0; i < verdict->row_count; i++) {
        rows[i] = verdict->rows[i];
        if (rows[i].basis_count > LEDGER_BASIS_MAX)
            rows[i].basis_count = LEDGER_BASIS_MAX;
    }
    qsort(rows, verdict->row_count, sizeof *rows, compare_rows);
    w.verdict.rows = rows;
    int code = store_write(&ledger->store, write_job, &w, why);
    free(rows);
    if (code == 0)
        *number = w.number;
    return code;
}

/* --- who was shown what --- */

struct noting {
    struct ledger *ledger;
    const struct event_reading *reading;
    const struct word *words;
    size_t word_count;
    struct event_name event;
};

static int note_job(struct txn *txn, void *argument)
{
    struct noting *n = argument;
    struct event event = {
        .at_ms = clock_now_ms(), .type = EVENT_READING, .actor = "cli", .reading = n->reading};

    int code = journal_append(&n->ledger->store, txn, &event, n->words, n->word_count);
    if (code == 0)
        code = write_history(&n->ledger->store, txn, &event);
    n->event = event.name;
    return code;
}

int ledger_write_reading(struct ledger *ledger, const struct event_reading *reading,
                         const struct word *words, size_t word_count, struct event_name *event,
                         struct error *why)
{
    struct noting n = {
        .ledger = ledger, .reading = reading, .words = words, .word_count = word_count};

    int code = store_write(&ledger->store, note_job, &n, why);
    if (code == 0 && event)
        *event = n.event;
    return code;
}

/* --- writing the result of a verify --- */

struct verified_noting {
    struct ledger *ledger;
    const struct event_verified *verified;
    const struct word *words;
    size_t word_count;
};

static int note_verified_job(struct txn *txn, void *argument)
{
    const struct verified_noting *n = argument;
    struct event event = {
        .at_ms = clock_now_ms(), .type = EVENT_VERIFIED, .actor = "cli", .verified = n->verified};
    return journal_append(&n->ledger->store, txn, &event, n->words, n->word_count);
}

int ledger_note_verified(struct ledger *ledger, const struct event_verified *verified,
                         const struct word *words, size_t word_count, struct error *why)
{
    struct verified_noting n = {ledger, verified, words, word_count};
    return store_write(&ledger->store, note_verified_job, &n, why);
}

/* --- reading --- */

int ledger_view_begin(struct ledger *ledger, struct ledger_view **view)
{
    struct ledger_view *v = malloc(sizeof *v);
    if (!v)
        return -ENOMEM;
    v->ledger = ledger;
    int code = txn_begin_read(ledger->store.env, &v->txn);
    if (code)
        free(v);
    else
        *view = v;
    return code;
}

void ledger_view_end(struct ledger_view *view)
{
    if (!view)
        return;
    txn_abort(view->txn);
    free(view);
}

struct txn *ledger_view_txn(struct ledger_view *view)
{
    return view->txn;
}

int ledger_walk(struct ledger_view *view, const struct event_name *after, journal_visitor visit,
                void *argument)
{
    return journal_walk(&view->ledger->store, view->txn, after, visit, argument);
}

static int visit_history(const struct ledger_view *view, struct slice key, struct pool *pool,
                         journal_visitor visit, void *argument)
{
    const struct store *store = &view->ledger->store;
    struct event_name name;
    struct event event;

    int code = store_unpack_name(store, (const uint8_t *)key.data + SUBJECT_SIZE, &name);
    if (code == 0)
        code = journal_event(store, view->txn, &name, pool, &event);
    if (code == ERR_NOT_FOUND)
        return 0; /* cut off by retention */
    return code ? code : visit(view->txn, &event, argument);
}

int ledger_history(struct ledger_view *view, const struct subject *subject, journal_visitor visit,
                   void *argument)
{
    struct cursor *cursor;
    struct slice key, value;
    struct pool pool = {0};
    int visited = 0;

    int code = cursor_open(view->txn, TABLE_HISTORY, &cursor);
    if (code)
        return code;
    code = cursor_seek(cursor, SLICE(subject->bytes, SUBJECT_SIZE), &key, &value);
    while (code == 0 && visited == 0 && key.size == HISTORY_KEY_SIZE &&
           memcmp(key.data, subject->bytes, SUBJECT_SIZE) == 0) {
        visited = visit_history(view, key, &pool, visit, argument);
        pool_reset(&pool);
        if (visited == 0)
            code = cursor_next(cursor, &key, &value);
    }
    pool_release(&pool);
    cursor_close(cursor);
    return visited ? visited : code == ERR_NOT_FOUND ? 0 : code;
}

int ledger_event(struct ledger_view *view, const struct event_name *name, struct pool *pool,
                 struct event *event)
{
    return journal_event(&view->ledger->store, view->txn, name, pool, event);
}

int ledger_words(struct ledger_view *view, const struct event *event, struct pool *pool,
                 struct word **words, size_t *count)
{
    return journal_words(&view->ledger->store, view->txn, event, pool, words, count);
}

int ledger_has_words(struct ledger_view *view, const struct event_name *name)
{
    return journal_has_words(&view->ledger->store, view->txn, name);
}

int ledger_measure(struct ledger_view *view, struct ledger_extent *extent)
{
    struct ledger_extent e;
    int code = journal_count(view->txn, &e.events);
    if (code)
        return code;
    env_usage(view->ledger->store.env, &e.used, &e.size);
    *extent = e;
    return 0;
}

struct history_check {
    const struct store *store;
    uint64_t rows;
};

static int check_row(struct history_check *check, struct txn *txn, const struct subject *subject,
                     const struct event *event)
{
    uint8_t key[HISTORY_KEY_SIZE];
    struct slice value;

    int code = history_key(check->store, subject, &event->name, key);
    if (code == 0)
        code = txn_get(txn, TABLE_HISTORY, SLICE(key, sizeof key), &value);
    check->rows++;
    return code == ERR_NOT_FOUND ? ERR_CORRUPT : code;
}

static int check_event(struct txn *txn, const struct event *event, void *argument)
{
    struct history_check *check = argument;
    const struct subject *last = NULL;
    int code = erase_check(check->store, txn, event);

    for (size_t i = 0; i < ledger_subjects(event) && code == 0; i++) {
        const struct subject *subject = ledger_subject(event, i);
        if (!subject || (last && memcmp(last, subject, sizeof *last) == 0))
            continue;
        last = subject;
        code = check_row(check, txn, subject, event);
    }
    return code;
}

static int verify(struct store *store, struct txn *txn, uint64_t *events, struct error *why)
{
    struct history_check check = {.store = store};
    uint64_t rows;

    int code = store_verify_frame(store, txn, why);
    if (code == 0)
        code = journal_verify(store, txn, check_event, &check, events, why);
    if (code)
        return code;
    code = txn_count(txn, TABLE_HISTORY, &rows);
    if (code)
        return env_explain(store->env, code, why);
    if (rows != check.rows)
        return error_set(why, ERR_CORRUPT, "%s: its history does not follow from its events",
                         env_folder(store->env));
    return ledger_verify_counts((const struct ledger *)store, txn, why);
}

int ledger_verify(struct ledger_view *view, uint64_t *events, struct error *why)
{
    return verify(&view->ledger->store, view->txn, events, why);
}
