#include "store/list_people.h"

#include "store/event_keys.h"
#include "store/list_tables.h"
#include "store/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- when --- */

int list_event_time(struct list_view *view, const struct event_name *name, int64_t *at_ms)
{
    struct slice bytes;
    uint64_t time;

    int code = journal_bytes(&view->list->store, view->txn, name, &bytes);
    if (code)
        return code;
    /* The whole event would be a thousand rows for the sake of one number near its beginning. */
    code = event_decode_number(bytes, KEY_TIME, &time);
    if (code == 0)
        *at_ms = (int64_t)time;
    return code ? ERR_CORRUPT : 0;
}

/* --- scanning --- */

struct list_people {
    struct list *list;
    struct event_name head;
    unsigned table;
    uint8_t from[SUBJECT_SIZE]; /* the first subject that was not looked at */
    bool ended;
    /* The people that are gathered. */
    struct pool *pool;
    struct list_person *people;
    size_t count, room;
    size_t looked_at;  /* rows, whether they count or not */
    size_t rows_room;  /* of the last person */
    int64_t *recorded; /* of the last person, as long as it may grow */
};

int list_people_open(struct list *list, struct list_people **scan)
{
    struct list_view *view;
    struct list_people *made = calloc(1, sizeof *made);
    if (!made)
        return -ENOMEM;
    made->list = list;
    made->table = TABLE_CHOICE;
    int code = list_view_begin(list, &view);
    if (code == 0) {
        code = list_head(view, &made->head);
        list_view_end(view);
    }
    if (code)
        free(made);
    else
        *scan = made;
    return code;
}

void list_people_close(struct list_people *scan)
{
    free(scan);
}

uint64_t list_people_head(const struct list_people *scan)
{
    return scan->head.number;
}

/* An array in the pool that has room for one more; what it held is copied. */
static int grow(struct pool *pool, void **array, size_t count, size_t *room, size_t size,
                size_t first)
{
    if (*array && count < *room)
        return 0;
    size_t more = *array ? 2 * *room : first;
    void *larger = pool_take(pool, more * size);
    if (!larger)
        return -ENOMEM;
    if (count > 0)
        memcpy(larger, *array, count * size);
    *array = larger;
    *room = more;
    return 0;
}

static int begin_person(struct list_people *scan, const void *subject)
{
    void *people = scan->people;
    int code = grow(scan->pool, &people, scan->count, &scan->room, sizeof *scan->people, 256);
    if (code)
        return code;
    scan->people = people;
    struct list_person *person = &scan->people[scan->count++];
    *person = (struct list_person){.domain = scan->table == TABLE_DOMAIN};
    memcpy(person->subject.bytes, subject, SUBJECT_SIZE);
    scan->rows_room = 0;
    scan->recorded = NULL;
    return 0;
}

static int add_row(struct list_people *scan, struct list_view *view, struct slice key,
                   struct slice value)
{
    struct list_person *person = &scan->people[scan->count - 1];
    struct event_name by;
    void *rows = person->rows, *times = scan->recorded;
    size_t rows_room = scan->rows_room, times_room = rows_room;

    int code = grow(scan->pool, &rows, person->count, &rows_room, sizeof *person->rows, 1);
    if (code == 0)
        code = grow(scan->pool, &times, person->count, &times_room, sizeof *scan->recorded, 1);
    if (code)
        return code;
    person->rows = rows;
    person->recorded_ms = scan->recorded = times;
    scan->rows_room = rows_room;
    struct choice *row = &person->rows[person->count];
    code = list_row_unpack(scan->list, view->txn, key, value, person->domain, scan->pool, row, &by);
    if (code == 0)
        code = list_event_time(view, &row->event, &scan->recorded[person->count]);
    if (code)
        return code == ERR_NOT_FOUND ? ERR_CORRUPT : code; /* a row always has its event */
    person->count++;
    return 0;
}

static bool is_of_last(const struct list_people *scan, struct slice key)
{
    const struct list_person *last = scan->count > 0 ? &scan->people[scan->count - 1] : NULL;
    return last && last->domain == (scan->table == TABLE_DOMAIN) &&
           memcmp(last->subject.bytes, key.data, SUBJECT_SIZE) == 0;
}

/* Takes a row, unless it came after the scan began. 0; 1 where it is left for the next time. */
static int take_row(struct list_people *scan, struct list_view *view, struct slice key,
                    struct slice value)
{
    if (key.size != CHOICE_KEY_SIZE)
        return ERR_CORRUPT;
    bool same = is_of_last(scan, key);
    if (!same && scan->looked_at >= LIST_PEOPLE_ROWS) {
        memcpy(scan->from, key.data, SUBJECT_SIZE);
        return 1;
    }
    scan->looked_at++;
    uint8_t head[JOURNAL_KEY_SIZE];
    int code = store_pack_name(&scan->list->store, &scan->head, head);
    if (code)
        return code;
    if (memcmp((const uint8_t *)key.data + SUBJECT_SIZE, head, sizeof head) > 0)
        return 0;
    code = same ? 0 : begin_person(scan, key.data);
    return code ? code : add_row(scan, view, key, value);
}

/* The rows of one table. 0: it has no more; 1: enough for now. */
static int take_rows(struct list_people *scan, struct list_view *view)
{
    struct cursor *cursor;
    struct slice key, value;

    int code = cursor_open(view->txn, scan->table, &cursor);
    if (code)
        return code;
    code = cursor_seek(cursor, SLICE(scan->from, SUBJECT_SIZE), &key, &value);
    while (code == 0) {
        code = take_row(scan, view, key, value);
        if (code == 0)
            code = cursor_next(cursor, &key, &value);
    }
    cursor_close(cursor);
    return code == ERR_NOT_FOUND ? 0 : code;
}

static int gather(struct list_people *scan, struct list_view *view)
{
    int code = take_rows(scan, view);
    while (code == 0 && scan->table == TABLE_CHOICE) {
        scan->table = TABLE_DOMAIN;
        memset(scan->from, 0, sizeof scan->from);
        code = take_rows(scan, view);
    }
    if (code == 0)
        scan->ended = true;
    for (size_t i = 0; code >= 0 && i < scan->count; i++) {
        int told =
            list_identity(view, &scan->people[i].subject, scan->pool, &scan->people[i].identity);
        code = told ? told : code;
    }
    return code < 0 ? code : 0;
}

/* What one view shows. */
static int look(struct list_people *scan)
{
    struct list_view *view;

    /* A store that was replaced meanwhile still shows what it held. */
    int code = list_check(scan->list);
    if (code == 0)
        code = list_view_begin(scan->list, &view);
    if (code)
        return code;
    scan->looked_at = 0;
    code = gather(scan, view);
    list_view_end(view);
    return code;
}

int list_people_next(struct list_people *scan, struct pool *pool, struct list_person **people,
                     size_t *count)
{
    int code = 0;

    scan->pool = pool;
    scan->people = NULL;
    scan->count = scan->room = 0;
    while (code == 0 && scan->count == 0 && !scan->ended)
        code = look(scan);
    if (code)
        return code;
    *people = scan->people;
    *count = scan->count;
    return 0;
}
