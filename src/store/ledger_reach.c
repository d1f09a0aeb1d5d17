#include "store/ledger_reach.h"

#include "core/address.h"
#include "core/coverage.h"
#include "core/scope.h"
#include "store/ledger_marks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define GAPS_MAX 1000 /* that are told apart; further ones make the last one longer */

/* A time of which the ledger may lack something, both ends included. */
struct gap {
    int64_t from_ms, until_ms;
    const char *scope; /* of mail of this scope alone; NULL: of any */
};

/* What the configurations leave open for one scope. */
struct open_time {
    const char *scope;
    struct coverage coverage;
    struct open_time *next;
};

struct ledger_reach {
    struct pool pool;
    struct gap gaps[GAPS_MAX];
    size_t gap_count;
    struct ledger_marks marks;
    struct open_time *open;
    /* Of the walk. */
    bool begun;
    struct event_name last;
    int64_t last_ms, latest_ms;
    int64_t restored_ms; /* the last event before the ledger was restored */
};

static void add_gap(struct ledger_reach *r, int64_t from_ms, int64_t until_ms, const char *scope)
{
    if (r->gap_count < GAPS_MAX) {
        r->gaps[r->gap_count++] = (struct gap){from_ms, until_ms, scope};
        return;
    }
    struct gap *last = &r->gaps[GAPS_MAX - 1];
    last->scope = NULL;
    last->from_ms = from_ms < last->from_ms ? from_ms : last->from_ms;
    last->until_ms = until_ms > last->until_ms ? until_ms : last->until_ms;
}

/* --- the walk -------------------------------------------------------------------------------- */

static void look_for_cut(struct ledger_reach *r, const struct event *event)
{
    bool follows = r->begun && memcmp(r->last.node, event->name.node, EVENT_NODE_SIZE) == 0;
    bool whole_node = !r->begun && event->continues; /* went, and this one tells of it alone */

    if (event->name.number != (follows ? r->last.number + 1 : 1) || whole_node)
        add_gap(r, r->begun ? r->last_ms : INT64_MIN, event->at_ms, NULL);
    /* A clock that was put back went through some time twice. */
    if (r->begun && event->at_ms < r->latest_ms)
        add_gap(r, event->at_ms, r->latest_ms, NULL);
}

/* What was pruned, also where nothing is left of its node. */
static void look_at_pruned(struct ledger_reach *r, const struct event_cut *cut)
{
    for (size_t i = 0; i < cut->row_count; i++) {
        const struct event_cut_row *row = &cut->rows[i];
        add_gap(r, INT64_MIN, row->last_ms > row->first_ms ? row->last_ms : row->first_ms, NULL);
    }
}

static void look_at_genesis(struct ledger_reach *r, const struct event *event)
{
    r->restored_ms = r->begun ? r->last_ms : INT64_MIN;
    if (event->genesis->address_rules != ADDRESS_RULES)
        add_gap(r, INT64_MIN, INT64_MAX, NULL);
}

static int visit_kept(struct txn *txn, const struct event *event, void *argument)
{
    struct ledger_reach *r = argument;
    (void)txn;
    return ledger_marks_take_kept(&r->marks, event, &r->pool);
}

/* Somebody whom nobody can name may be the person. */
static int look_at_verdict(struct ledger_reach *r, const struct event *event)
{
    const struct event_verdict *v = event->verdict;
    bool nameless = ledger_marks_nameless(v);

    if (ledger_marks_lack(&r->marks, event))
        add_gap(r, event->at_ms, event->at_ms, NULL);
    const char *scope = nameless ? pool_copy(&r->pool, v->scope) : NULL;
    if (nameless && !scope)
        return -ENOMEM;
    if (nameless)
        add_gap(r, event->at_ms, event->at_ms, scope);
    return 0;
}

static int visit(struct txn *txn, const struct event *event, void *argument)
{
    struct ledger_reach *r = argument;
    (void)txn;

    look_for_cut(r, event);
    if (event->genesis)
        look_at_genesis(r, event);
    if (event->cut)
        look_at_pruned(r, event->cut);
    if (event->type == EVENT_LOSS)
        add_gap(r, r->restored_ms, event->at_ms, NULL);
    int code = ledger_marks_take(&r->marks, event, &r->pool);
    if (code == 0 && event->verdict)
        code = look_at_verdict(r, event);
    r->begun = true;
    r->last = event->name;
    r->last_ms = event->at_ms;
    if (event->at_ms > r->latest_ms)
        r->latest_ms = event->at_ms;
    return code;
}

int ledger_reach_read(struct ledger_view *view, struct ledger_reach **reach)
{
    struct ledger_reach *r = calloc(1, sizeof *r);

    if (!r)
        return -ENOMEM;
    r->latest_ms = INT64_MIN;
    int code = ledger_configurations(view, visit_kept, r);
    if (code == 0)
        code = ledger_walk(view, NULL, visit, r);
    if (code)
        ledger_reach_free(r);
    else
        *reach = r;
    return code;
}

void ledger_reach_free(struct ledger_reach *reach)
{
    if (!reach)
        return;
    pool_release(&reach->pool);
    free(reach);
}

/* --- asking ---------------------------------------------------------------------------------- */

/* What is open for a scope, for all time, found once. */
static int find_open(struct ledger_reach *r, const char *scope, struct open_time **found)
{
    const struct coverage_question always = {scope, INT64_MIN, INT64_MAX};

    for (struct open_time *o = r->open; o; o = o->next)
        if (strcmp(o->scope, scope) == 0) {
            *found = o;
            return 0;
        }
    struct open_time *made = pool_take(&r->pool, sizeof *made);
    const char *name = pool_copy(&r->pool, scope);
    if (!made || !name)
        return -ENOMEM;
    *made = (struct open_time){.scope = name, .next = r->open};
    int code = coverage_find(r->marks.marks, r->marks.count, &always, &r->pool, &made->coverage);
    if (code == 0)
        *found = r->open = made;
    return code;
}

static bool is_open(const struct coverage *coverage, int64_t from_ms, int64_t until_ms)
{
    for (size_t i = 0; i < coverage->span_count; i++) {
        const struct coverage_span *span = &coverage->spans[i];
        if (span->kind != COVERAGE_STOPPED && span->from_ms < until_ms && span->until_ms > from_ms)
            return true;
    }
    return false;
}

int ledger_reach_covers(struct ledger_reach *reach, const char *scope, int64_t from_ms,
                        int64_t until_ms, bool *covers)
{
    struct open_time *open;

    int code = find_open(reach, scope, &open);
    if (code)
        return code;
    bool covered = !is_open(&open->coverage, from_ms, until_ms);
    for (size_t i = 0; i < reach->gap_count && covered; i++) {
        const struct gap *gap = &reach->gaps[i];
        bool concerns = !gap->scope || scope_covers(scope, gap->scope);
        covered = !concerns || gap->from_ms >= until_ms || gap->until_ms < from_ms;
    }
    *covers = covered;
    return 0;
}
