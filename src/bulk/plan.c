#include "bulk/plan.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RECORDS_IN_VIEW 16000 /* then others may use its pages again */

struct planner {
    const struct plan_facts *facts;
    const struct plan_handler *handler;
    struct error *why;
    int64_t now;
    struct list_view *view; /* NULL: none is open */
    struct list_reader *reader;
    uint64_t done, known, pause_at;
    /* The subject that is being looked at. */
    bool begun;
    struct subject subject;
    bool domain;
    struct slice address; /* the most that was said of it */
    struct pool pool;
    struct choice *rows; /* what stands, and behind it what is accepted */
    size_t standing, count, room;
    struct record *accepted; /* by their position behind `standing` */
    struct record last_known;
};

static int fail(struct planner *p, int code)
{
    return list_explain(p->facts->list, code, p->why);
}

/* --- the view --- */

static void end_view(struct planner *p)
{
    list_reader_end(p->reader);
    list_view_end(p->view);
    p->reader = NULL;
    p->view = NULL;
}

static int need_view(struct planner *p)
{
    if (p->view)
        return 0;
    int code = list_view_begin(p->facts->list, &p->view);
    if (code == 0)
        code = list_reader_begin(p->view, &p->reader);
    return code ? fail(p, code) : 0;
}

static int pause_view(struct planner *p)
{
    end_view(p);
    p->pause_at = p->done + RECORDS_IN_VIEW;
    return p->handler->pause ? p->handler->pause(p->done, p->handler->argument) : 0;
}

/* --- one subject --- */

static int make_room(struct planner *p, size_t wanted)
{
    if (wanted <= p->room)
        return 0;
    size_t room = p->room ? p->room : 64;
    while (room < wanted)
        room *= 2;
    struct choice *rows = realloc(p->rows, room * sizeof *rows);
    if (rows)
        p->rows = rows;
    struct record *accepted = realloc(p->accepted, room * sizeof *accepted);
    if (accepted)
        p->accepted = accepted;
    if (!rows || !accepted)
        return error_set(p->why, -ENOMEM, "no memory to look at one person's choices");
    p->room = room;
    return 0;
}

static bool may_be_newer(const struct plan_facts *facts, const struct choice *row)
{
    return facts->since && row->kind != CHOICE_OPT_IN && row->event.number > facts->since &&
           memcmp(row->event.node, list_node(facts->list), EVENT_NODE_SIZE) == 0;
}

static int begin_subject(struct planner *p, const struct record *record)
{
    struct choice *rows;
    size_t count;

    pool_reset(&p->pool);
    int code = need_view(p);
    if (code)
        return code;
    code = list_reader_read(p->reader, &record->subject, record->domain, &p->pool, &rows, &count);
    if (code)
        return fail(p, code);
    code = make_room(p, count + 1);
    if (code)
        return code;
    p->count = 0;
    for (size_t i = 0; i < count; i++)
        if (!may_be_newer(p->facts, &rows[i]))
            p->rows[p->count++] = rows[i];
    p->standing = p->count;
    p->subject = record->subject;
    p->domain = record->domain;
    p->address = SLICE(NULL, 0);
    p->begun = true;
    return 0;
}

static struct choice choice_of(const struct planner *p, const struct record *record)
{
    return (struct choice){.kind = record->kind,
                           .domain = record->domain,
                           .reason = record->reason,
                           .scope = p->facts->scopes[record->scope],
                           .source = p->facts->source,
                           .asked = record->asked,
                           .until = record->until};
}

/* The record's address has to outlive it. */
static int keep_address(struct planner *p, struct slice sealed)
{
    bool is_more = p->address.size == 0 || list_address_is_news(sealed, p->address);
    if (!is_more)
        return 0;
    void *copy = pool_copy_bytes(&p->pool, sealed.data, sealed.size);
    if (!copy)
        return error_set(p->why, -ENOMEM, "no memory to look at one person's choices");
    p->address = SLICE(copy, sealed.size);
    return 0;
}

/* A block that another one outlives has nothing to say beside it. */
static bool replace_shorter(struct planner *p, const struct record *record)
{
    for (size_t i = p->standing; record->kind == CHOICE_BLOCK && i < p->count; i++) {
        const struct record *earlier = &p->accepted[i - p->standing];
        if (earlier->kind != CHOICE_BLOCK || earlier->scope != record->scope)
            continue;
        p->accepted[i - p->standing] = *record;
        p->rows[i] = choice_of(p, record);
        return true;
    }
    return false;
}

static int take(struct planner *p, const struct record *record)
{
    struct choice choice = choice_of(p, record);

    int code = record->sealed.size ? keep_address(p, record->sealed) : 0;
    if (code)
        return code;
    if (choice_find_known(&choice, p->rows, p->count, p->now) || replace_shorter(p, record)) {
        p->last_known = *record;
        p->known++;
        return 0;
    }
    code = make_room(p, p->count + 1);
    if (code)
        return code;
    p->accepted[p->count - p->standing] = *record;
    p->rows[p->count++] = choice;
    return 0;
}

/* Hands on what was accepted; nothing of it points to a record that is gone but the address. */
static int end_subject(struct planner *p)
{
    const struct plan_handler *h = p->handler;
    bool lacks = false;
    int code = 0;

    p->begun = false;
    for (size_t i = 0; i < p->count - p->standing && code == 0; i++) {
        p->accepted[i].sealed = p->address;
        code = h->take(&p->accepted[i], PLAN_FRESH, h->argument);
    }
    if (code || p->count > p->standing || p->address.size == 0)
        return code;
    code = list_lacks_address(p->view, &p->subject, p->address, &lacks);
    if (code)
        return fail(p, code);
    if (!lacks)
        return 0;
    p->last_known.sealed = p->address;
    return h->take(&p->last_known, PLAN_ADDRESS, h->argument);
}

static bool is_same_subject(const struct planner *p, const struct record *record)
{
    return p->begun && p->domain == record->domain &&
           memcmp(p->subject.bytes, record->subject.bytes, SUBJECT_SIZE) == 0;
}

/* --- all of them --- */

static int take_bytes(struct planner *p, struct slice bytes)
{
    struct record record;

    int code = record_unpack(bytes, &record);
    if (code)
        return error_set(p->why, code, "a sorted run cannot be read again");
    if (!is_same_subject(p, &record)) {
        if (p->begun)
            code = end_subject(p);
        if (code == 0 && p->done >= p->pause_at)
            code = pause_view(p);
        if (code == 0)
            code = begin_subject(p, &record);
    }
    if (code == 0)
        code = take(p, &record);
    p->done++;
    return code;
}

int plan_run(const struct plan_facts *facts, struct runs *runs, const struct plan_handler *handler,
             uint64_t *known, struct error *why)
{
    struct planner p = {.facts = facts, .handler = handler, .why = why, .now = clock_now()};
    struct merge *merge;
    struct slice bytes;

    int code = merge_open(runs, &merge, why);
    if (code)
        return code;
    while ((code = merge_next(merge, &bytes, why)) == 1)
        if ((code = take_bytes(&p, bytes)) != 0)
            break;
    if (code == 0 && p.begun)
        code = end_subject(&p);
    end_view(&p);
    merge_close(merge);
    pool_release(&p.pool);
    free(p.rows);
    free(p.accepted);
    if (code == 0)
        *known = p.known;
    return code;
}
