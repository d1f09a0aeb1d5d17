/* Addresses of people for whom nothing stands any more. */
#include "store/erase.h"
#include "store/event_keys.h"
#include "store/list_tables.h"
#include "store/prune.h"

#include <errno.h>
#include <string.h>

#define LOOKED_AT_ONCE 5000 /* rows in one view */

struct due {
    struct list *list;
    int64_t now, limit_ms;
    struct subject subjects[PRUNE_AT_ONCE];
    size_t count;
    struct text proposed; /* subjects of opt-ins that wait for a decision, one behind the other */
};

/* --- opt-ins that are proposed --- */

static int note_proposed(const struct list_proposal *proposal, void *argument)
{
    const struct event_proposal *p = proposal->event.proposal;
    struct text *proposed = argument;

    for (size_t i = 0; i < p->choice_count; i++)
        text_append_bytes(proposed, (const char *)p->choices[i].subject.bytes, SUBJECT_SIZE);
    return proposed->failed ? -ENOMEM : 0;
}

static int find_proposed(struct due *due, struct list_view *view)
{
    due->proposed.length = 0;
    return list_each_proposal(view, false, note_proposed, &due->proposed);
}

static bool is_proposed(const struct due *due, const struct subject *subject)
{
    for (size_t at = 0; at < due->proposed.length; at += SUBJECT_SIZE)
        if (memcmp(due->proposed.data + at, subject->bytes, SUBJECT_SIZE) == 0)
            return true;
    return false;
}

/* --- */

/* The last moment at which one of these rows stood; *stands: one does. */
static void last_stood(const struct choice *rows, size_t count, int64_t now, bool *stands,
                       int64_t *last_ms)
{
    for (size_t i = 0; i < count; i++)
        if (choice_stands(&rows[i], now))
            *stands = true;
        else if (rows[i].until * 1000 > *last_ms)
            *last_ms = rows[i].until * 1000;
}

static int last_withdrawn(struct list_view *view, const struct subject *subject, struct pool *pool,
                          int64_t *last_ms)
{
    struct choice *rows;
    struct event_name *by;
    struct slice bytes;
    uint64_t at;
    size_t count;

    int code = list_read(view, LIST_PAST, subject, false, pool, &rows, &count, &by);
    for (size_t i = 0; i < count && code == 0; i++) {
        code = journal_bytes(&view->list->store, view->txn, &by[i], &bytes);
        if (code == 0)
            code = event_decode_number(bytes, KEY_TIME, &at);
        if (code == 0 && (int64_t)at > *last_ms)
            *last_ms = (int64_t)at;
    }
    return code == ERR_NOT_FOUND ? ERR_CORRUPT : code;
}

/* By a reader where the subjects ascend, which is quicker; NULL: there is none. */
static int is_due(const struct due *due, struct list_view *view, struct list_reader *reader,
                  const struct subject *subject, bool *is)
{
    struct pool pool = {0};
    struct choice *rows;
    size_t count;
    bool stands = false;
    int64_t last_ms = INT64_MIN;
    int code = 0;

    for (int domain = 0; domain < 2 && code == 0 && !stands; domain++) {
        code = reader ? list_reader_read(reader, subject, domain, &pool, &rows, &count)
                      : list_read(view, LIST_STANDING, subject, domain, &pool, &rows, &count, NULL);
        if (code == 0)
            last_stood(rows, count, due->now, &stands, &last_ms);
    }
    if (code == 0 && !stands)
        code = last_withdrawn(view, subject, &pool, &last_ms);
    pool_release(&pool);
    *is = code == 0 && !stands && last_ms < due->limit_ms && !is_proposed(due, subject);
    return code;
}

static int look_at(struct due *due, struct list_view *view, struct list_reader *reader,
                   struct slice key, struct slice value)
{
    struct subject subject;
    bool is;

    if (key.size != SUBJECT_SIZE || value.size == 0)
        return ERR_CORRUPT;
    if (*(const uint8_t *)value.data == ADDRESS_ERASED)
        return 0; /* that is no address, and has to stay */
    memcpy(subject.bytes, key.data, SUBJECT_SIZE);
    int code = is_due(due, view, reader, &subject, &is);
    if (code == 0 && is)
        due->subjects[due->count++] = subject;
    return code;
}

static int gather(struct due *due, struct list_view *view, struct prune_walk *walk)
{
    struct list_reader *reader = NULL;
    struct cursor *cursor = NULL;
    struct slice key, value;

    int code = find_proposed(due, view);
    if (code == 0)
        code = list_reader_begin(view, &reader);
    if (code == 0)
        code = cursor_open(view->txn, TABLE_ADDRESS, &cursor);
    if (code == 0)
        code = cursor_seek(cursor, SLICE(walk->at, walk->at_size), &key, &value);
    for (int n = 0; code == 0; n++) {
        if (n == LOOKED_AT_ONCE || due->count == PRUNE_AT_ONCE) {
            memcpy(walk->at, key.data, SUBJECT_SIZE);
            walk->at_size = SUBJECT_SIZE;
            break;
        }
        walk->looked_at++;
        code = look_at(due, view, reader, key, value);
        if (code == 0)
            code = cursor_next(cursor, &key, &value);
    }
    cursor_close(cursor);
    list_reader_end(reader);
    if (code == ERR_NOT_FOUND)
        walk->done = true;
    return code == ERR_NOT_FOUND ? 0 : code;
}

/* Somebody may have opted out meanwhile. */
static int prune_job(struct txn *txn, void *argument)
{
    struct due *due = argument;
    struct list_view view = {.list = due->list, .txn = txn};
    int code = find_proposed(due, &view);

    for (size_t i = 0; i < due->count && code == 0; i++) {
        bool is;
        code = is_due(due, &view, NULL, &due->subjects[i], &is);
        if (code == 0 && is)
            code = erase_row(txn, TABLE_ADDRESS, SLICE(due->subjects[i].bytes, SUBJECT_SIZE));
    }
    list_scan_end(&view.people);
    list_scan_end(&view.domains);
    list_scan_end(&view.past);
    return code;
}

int prune_addresses(struct list *list, const struct prune_limits *limits, int64_t now, bool dry_run,
                    struct prune_walk *walk, struct error *why)
{
    struct due due = {.list = list, .now = now, .limit_ms = limits->addresses};
    struct list_view *view;

    if (limits->addresses == INT64_MIN) {
        walk->done = true;
        return 0;
    }
    int code = list_view_begin(list, &view);
    if (code == 0) {
        code = gather(&due, view, walk);
        list_view_end(view);
    }
    if (code)
        list_explain(list, code, why);
    else if (due.count && !dry_run)
        code = store_write(&list->store, prune_job, &due, why);
    walk->addresses += code ? 0 : due.count;
    text_release(&due.proposed);
    return code;
}
