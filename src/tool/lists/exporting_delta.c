/* The part of an export that is about changes. */
#include "tool/lists/exporting.h"

#include "tool/choices/rows.h"
#include "tool/output.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* What a visitor returns to end a walk. */
#define ENOUGH 1000 /* what comes now was written after the export began */
#define PAUSE 1001  /* there is much to be handed on first */

struct delta {
    struct exporting *e;
    struct event_name last; /* that was looked at; number 0: none */
    int64_t since_ms;
};

/* Who still keeps mail from the subject; all rows that stand lie in the pool. */
static int find_keeping(struct exporting *e, const struct subject *subject, bool domain,
                        const struct choice ***keeping, size_t *count)
{
    struct choice *rows;
    size_t row_count;

    int code = list_read(e->site.list_view, LIST_STANDING, subject, domain, &e->pool, &rows,
                         &row_count, NULL);
    if (code)
        return code;
    row_count = rows_keep_standing(rows, row_count, e->now);
    return rows_keeping_back(rows, row_count, e->scope, e->now, &e->pool, keeping, count);
}

static void put_or_count(struct exporting *e)
{
    enum writer_lack lack = exporting_put(e);
    if (lack != WRITER_CARRIES)
        e->lacks[lack]++;
}

/* --- choices --- */

/* In a list of whom not to mail: whether the new choice keeps mail back now. Counts those that do
 * not. */
static int keeps_back(struct exporting *e, const struct event_choice *row, bool *keeps)
{
    const struct choice **keeping;
    size_t count;

    *keeps = false;
    int code = find_keeping(e, &row->subject, row->choice.domain, &keeping, &count);
    if (code == 0 && row->choice.kind == CHOICE_OPT_IN) {
        bool lifts = row->choice.name_count > 0 && count == 0;
        e->freed += lifts;
        e->opt_ins += !lifts;
    }
    for (size_t i = 0; code == 0 && i < count; i++)
        *keeps = *keeps || event_name_equal(&keeping[i]->event, &row->choice.event);
    return code;
}

static int put_choice(struct exporting *e, const struct event *event,
                      const struct event_choice *row)
{
    struct list_identity identity;
    bool keeps = true;

    if (!exporting_wants(e, &row->choice))
        return 0;
    int code = writer_is_own(e->target) ? 0 : keeps_back(e, row, &keeps);
    if (code || !keeps)
        return code;
    code = list_identity(e->site.list_view, &row->subject, &e->pool, &identity);
    if (code)
        return code;
    exporting_fill(e, &row->subject, &identity, &row->choice, event->at_ms);
    put_or_count(e);
    return 0;
}

/* --- withdrawals --- */

/* The row that an event withdrew. */
static int find_past(struct exporting *e, const struct event_withdrawal *row, bool domain,
                     struct choice *past)
{
    struct choice *rows;
    size_t count;

    int code = list_read(e->site.list_view, LIST_PAST, &row->subject, domain, &e->pool, &rows,
                         &count, NULL);
    for (size_t i = 0; code == 0 && i < count; i++)
        if (event_name_equal(&rows[i].event, &row->target)) {
            *past = rows[i];
            return 0;
        }
    return code ? code : ERR_CORRUPT;
}

/* A list of whom not to mail cannot say that somebody is free again. Whom something else keeps back
 * is not. */
static int count_freed(struct exporting *e, const struct event_withdrawal *row,
                       const struct choice *past)
{
    const struct choice **keeping;
    size_t count;

    if (past->kind == CHOICE_OPT_IN)
        return 0;
    int code = find_keeping(e, &row->subject, past->domain, &keeping, &count);
    if (code == 0 && count == 0)
        e->freed++;
    return code;
}

static int put_withdrawal(struct exporting *e, const struct event *event,
                          const struct event_withdrawal *row)
{
    struct list_identity identity;
    struct choice past;

    int code = list_identity(e->site.list_view, &row->subject, &e->pool, &identity);
    if (code == 0)
        code = find_past(e, row, identity.address && *identity.address == '@', &past);
    if (code || !exporting_wants(e, &past))
        return code;
    if (!writer_is_own(e->target))
        return count_freed(e, row, &past);
    past.event = event->name;
    past.source = event->source ? event->source : event->actor;
    past.asked = past.until = 0;
    past.confirmed = false;
    past.names = &row->target;
    past.name_count = 1;
    exporting_fill(e, &row->subject, &identity, &past, event->at_ms);
    e->row.what = ROW_WITHDRAWAL;
    put_or_count(e);
    return 0;
}

/* --- the walk --- */

static int put_event_rows(struct exporting *e, const struct event *event)
{
    int code = 0;
    for (size_t i = 0; i < event->choice_count && code == 0; i++)
        code = put_choice(e, event, &event->choices[i]);
    for (size_t i = 0; i < event->withdrawal_count && code == 0; i++)
        code = put_withdrawal(e, event, &event->withdrawals[i]);
    pool_reset(&e->pool);
    return code;
}

static int visit(struct txn *txn, const struct event *event, void *argument)
{
    struct delta *delta = argument;
    struct exporting *e = delta->e;
    (void)txn;

    if (event->name.number > e->head &&
        memcmp(event->name.node, list_node(e->site.list), EVENT_NODE_SIZE) == 0)
        return ENOUGH;
    delta->last = event->name;
    if (event->at_ms < delta->since_ms)
        return 0;
    int code = put_event_rows(e, event);
    output_bytes(e->text.data, e->text.length);
    e->text.length = 0;
    return code == 0 && output_is_large() ? PAUSE : code;
}

/* Begins where the last view ended. 0: that was all. */
static int walk_on(struct delta *delta, struct error *why)
{
    struct site *site = &delta->e->site;

    int code = site_view(site, why);
    if (code)
        return code;
    code = list_walk(site->list_view, delta->last.number ? &delta->last : NULL, visit, delta);
    site_end_view(site);
    if (code < 0)
        return site_explain(site, code, why);
    if (!exporting_flush(delta->e))
        return STATUS_CANNOT;
    return code == ENOUGH ? 0 : code;
}

static int find_head(struct exporting *e, uint64_t after, struct error *why)
{
    struct event_name head;

    int code = site_view(&e->site, why);
    if (code)
        return code;
    code = list_head(e->site.list_view, &head);
    site_end_view(&e->site);
    if (code)
        return site_explain(&e->site, code, why);
    e->head = head.number;
    if (after > e->head)
        return error_set(why, ERR_NOT_FOUND,
                         "--after %" PRIu64 ": the list ends with event %" PRIu64
                         ", it was perhaps put back to an older copy; export all of it",
                         after, e->head);
    return 0;
}

int exporting_delta(struct exporting *e, uint64_t after, int64_t since_ms, struct error *why)
{
    struct delta delta = {.e = e, .last.number = after, .since_ms = since_ms};

    memcpy(delta.last.node, list_node(e->site.list), EVENT_NODE_SIZE);
    int code = find_head(e, after, why);
    if (code)
        return code;
    writer_begin(e->target, e->site.lookup.fingerprint, &e->text);
    do
        code = walk_on(&delta, why);
    while (code == PAUSE);
    if (code == 0)
        writer_end(e->target, &e->text);
    return code == 0 && !exporting_flush(e) ? STATUS_CANNOT : code;
}
