#include "store/ledger_reach.h"

#include "core/address.h"
#include "core/coverage.h"
#include "core/scope.h"

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
    struct coverage_mark *marks;
    uint8_t (*digests)[EVENT_SHORT_HASH_SIZE]; /* for each mark */
    size_t mark_count, mark_room;
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

/* --- configurations -------------------------------------------------------------------------- */

static int add_streams(struct ledger_reach *r, const struct event_configuration *configuration)
{
    struct coverage_mark *mark = &r->marks[r->mark_count - 1];
    size_t count = mark->stream_count + configuration->stream_count;
    struct coverage_stream *streams = pool_take(&r->pool, (count + 1) * sizeof *streams);

    if (!streams)
        return -ENOMEM;
    for (size_t i = 0; i < mark->stream_count; i++)
        streams[i] = mark->streams[i];
    for (size_t i = 0; i < configuration->stream_count; i++) {
        const struct event_stream *from = &configuration->streams[i];
        struct coverage_stream *to = &streams[mark->stream_count + i];
        *to = (struct coverage_stream){.name = pool_copy(&r->pool, from->name),
                                       .scope = pool_copy(&r->pool, from->scope),
                                       .ledger = from->ledger};
        if (!to->name || !to->scope)
            return -ENOMEM;
    }
    mark->streams = streams;
    mark->stream_count = count;
    return 0;
}

static int make_room(struct ledger_reach *r)
{
    if (r->mark_count < r->mark_room)
        return 0;
    size_t room = r->mark_room * 2 + 16;
    struct coverage_mark *marks = reallocarray(r->marks, room, sizeof *marks);
    if (marks)
        r->marks = marks;
    uint8_t(*digests)[EVENT_SHORT_HASH_SIZE] = reallocarray(r->digests, room, sizeof *digests);
    if (digests)
        r->digests = digests;
    if (!marks || !digests)
        return -ENOMEM;
    r->mark_room = room;
    return 0;
}

static bool stops_there(enum configuration_occasion occasion)
{
    return occasion == CONFIGURATION_STOP || occasion == CONFIGURATION_KEPT_STOP;
}

/* What several events say of one configuration is put together. */
static int add_mark(struct ledger_reach *r, const struct event *event)
{
    const struct event_configuration *c = event->configuration;

    if (strcmp(event->actor, "milter") != 0)
        return 0;
    if (event->batch && r->mark_count)
        return add_streams(r, c);
    int code = make_room(r);
    if (code)
        return code;
    const char *place = pool_copy(&r->pool, c->place);
    if (!place)
        return -ENOMEM;
    memcpy(r->digests[r->mark_count], c->digest, EVENT_SHORT_HASH_SIZE);
    r->marks[r->mark_count++] = (struct coverage_mark){.place = place,
                                                       .stops = stops_there(c->occasion),
                                                       .overlaps = c->overlaps,
                                                       .since_ms = c->since_ms,
                                                       .told_ms = event->at_ms};
    return add_streams(r, c);
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

/* Of what cuts told once more the last one of each place counts, before all others. */
static int visit_kept(struct txn *txn, const struct event *event, void *argument)
{
    struct ledger_reach *r = argument;
    const struct event_configuration *c = event->configuration;
    (void)txn;

    if (!c || !configuration_is_kept(c->occasion) || strcmp(event->actor, "milter") != 0)
        return 0;
    for (size_t i = 0; i < r->mark_count && !event->batch; i++)
        if (strcmp(r->marks[i].place, c->place) == 0) {
            size_t behind = --r->mark_count - i;
            memmove(&r->marks[i], &r->marks[i + 1], behind * sizeof *r->marks);
            memmove(r->digests[i], r->digests[i + 1], behind * sizeof *r->digests);
        }
    return add_mark(r, event);
}

static bool is_known(const struct ledger_reach *r, const uint8_t digest[EVENT_SHORT_HASH_SIZE])
{
    for (size_t i = r->mark_count; i-- > 0;)
        if (memcmp(r->digests[i], digest, EVENT_SHORT_HASH_SIZE) == 0)
            return true;
    return false;
}

/* Somebody whom nobody can name may be the person. */
static int look_at_verdict(struct ledger_reach *r, const struct event *event)
{
    const struct event_verdict *v = event->verdict;
    bool nameless = false;

    if (strcmp(event->actor, "milter") == 0 && r->mark_count && !is_known(r, v->config))
        add_gap(r, event->at_ms, event->at_ms, NULL);
    for (size_t i = 0; i < v->row_count; i++)
        nameless = nameless || (!v->rows[i].known &&
                                recipient_was_handed_on(v->action, v->mode, v->rows[i].state));
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
    int code = 0;
    (void)txn;

    look_for_cut(r, event);
    if (event->genesis)
        look_at_genesis(r, event);
    if (event->cut)
        look_at_pruned(r, event->cut);
    if (event->type == EVENT_LOSS)
        add_gap(r, r->restored_ms, event->at_ms, NULL);
    if (event->configuration && !configuration_is_kept(event->configuration->occasion))
        code = add_mark(r, event);
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
    free(reach->marks);
    free(reach->digests);
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
    int code = coverage_find(r->marks, r->mark_count, &always, &r->pool, &made->coverage);
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
