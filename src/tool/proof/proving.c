#include "tool/proof/proving.h"

#include "base/clock.h"
#include "store/ledger_marks.h"

#include <errno.h>
#include <string.h>

#define MOMENT_MS 1000 /* between the end of a question up to now and the look at the clock */

struct gathering {
    struct site *site;
    const struct subject *subject;
    struct proof *proof;
    size_t message_room, doubt_room;
    /* Of the walk. */
    bool begun;
    struct event_name last;
    int64_t last_ms;
    int64_t restored_ms; /* the last event before the ledger was restored */
    struct coverage_clock clock;
    struct ledger_marks marks;
};

/* --- doubts ---------------------------------------------------------------------------------- */

static int add_doubt(struct gathering *g, const struct doubt *doubt)
{
    struct proof *proof = g->proof;
    struct doubt *doubts = pool_grow(&g->site->pool, proof->doubts, proof->doubt_count,
                                     &g->doubt_room, sizeof *doubts);
    if (!doubts)
        return -ENOMEM;
    proof->doubts = doubts;
    doubts[proof->doubt_count++] = *doubt;
    return 0;
}

/* The same found again makes one doubt of a longer time. */
static int doubt(struct gathering *g, enum doubt_kind kind, int64_t from_ms, int64_t until_ms,
                 const struct event_name *event)
{
    struct proof *proof = g->proof;

    if (!coverage_touches(&proof->question, from_ms, until_ms))
        return 0;
    for (size_t i = 0; i < proof->doubt_count; i++)
        if (proof->doubts[i].kind == kind) {
            struct doubt *known = &proof->doubts[i];
            known->from_ms = from_ms < known->from_ms ? from_ms : known->from_ms;
            known->until_ms = until_ms > known->until_ms ? until_ms : known->until_ms;
            return 0;
        }
    return add_doubt(g, &(struct doubt){.kind = kind,
                                        .from_ms = from_ms,
                                        .until_ms = until_ms,
                                        .has_event = true,
                                        .event = *event});
}

/* --- the person's mail ----------------------------------------------------------------------- */

/* The state in which they were handed the message; 0: they were not. */
static enum recipient_state state_of(const struct gathering *g, const struct event_verdict *verdict)
{
    for (size_t i = 0; i < verdict->row_count; i++) {
        const struct event_verdict_row *row = &verdict->rows[i];
        if (row->known && memcmp(&row->subject, g->subject, sizeof row->subject) == 0 &&
            recipient_was_handed_on(verdict->action, verdict->mode, row->state))
            return row->state;
    }
    return 0;
}

/* The words of a verdict in several events are those of the first one. */
static int find_message_id(struct gathering *g, const struct event *event, const char **message_id)
{
    struct pool *pool = &g->site->pool;
    struct event_name name = event->name;
    struct event first = *event;
    struct word *words;
    size_t count = 0;

    name.number = event->batch;
    int code = event->batch ? ledger_event(g->site->ledger_view, &name, pool, &first) : 0;
    if (code == 0)
        code = ledger_words(g->site->ledger_view, &first, pool, &words, &count);
    if (code == 0)
        *message_id = word_text(words, count, "message-id");
    return code == ERR_NOT_FOUND ? 0 : code;
}

static int add_message(struct gathering *g, const struct event *event, enum recipient_state state)
{
    const struct event_verdict *v = event->verdict;
    struct proof *proof = g->proof;
    struct pool *pool = &g->site->pool;
    struct handed_on *messages = pool_grow(&g->site->pool, proof->messages, proof->message_count,
                                           &g->message_room, sizeof *messages);
    if (!messages)
        return -ENOMEM;
    proof->messages = messages;
    struct handed_on one = {.event = event->name,
                            .at_ms = event->at_ms,
                            .stream = pool_copy(pool, v->stream),
                            .scope = pool_copy(pool, v->scope),
                            .queue_id = pool_copy(pool, v->queue_id),
                            .mode = v->mode,
                            .state = state};
    if (!one.stream || !one.scope || !one.queue_id)
        return -ENOMEM;
    int code = find_message_id(g, event, &one.message_id);
    if (code == 0)
        code = made_under_find(g->site, event, &one.under);
    if (code == 0)
        messages[proof->message_count++] = one;
    return code;
}

/* What `optout queue` did to a message later, or took back. Ids are given again, so it was the last
 * one that had this. */
static void note_taken(struct gathering *g, const struct event *event)
{
    const struct event_verdict *v = event->verdict;
    bool taken = v->action == ACTION_HOLD || v->action == ACTION_DELETE;
    size_t i = g->proof->message_count;

    if (*v->queue_id == '\0' || strcmp(event->actor, "milter") == 0)
        return;
    while (i > 0 && strcmp(g->proof->messages[i - 1].queue_id, v->queue_id) != 0)
        i--;
    if (i == 0)
        return;
    struct handed_on *message = &g->proof->messages[i - 1];
    message->taken = taken ? v->action : 0;
    message->taken_by = event->name;
    message->taken_ms = event->at_ms;
}

static int visit_history(struct txn *txn, const struct event *event, void *argument)
{
    struct gathering *g = argument;
    (void)txn;

    if (event->verdict)
        note_taken(g, event);
    if (!event->verdict || !coverage_is_in_time(&g->proof->question, event->at_ms))
        return 0;
    enum recipient_state state = state_of(g, event->verdict);
    if (state == 0)
        return 0;
    if (coverage_is_asked(&g->proof->question, event->verdict->scope))
        return add_message(g, event, state);
    g->proof->others++;
    return 0;
}

/* --- what the ledger can have ---------------------------------------------------------------- */

/* Events that were taken out, at the beginning or in between. Of a node that went as a whole only
 * the one that continues it tells. */
static int look_for_cut(struct gathering *g, const struct event *event)
{
    bool follows = g->begun && memcmp(g->last.node, event->name.node, EVENT_NODE_SIZE) == 0;
    bool whole_node = !g->begun && event->continues;

    if (event->name.number == (follows ? g->last.number + 1 : 1) && !whole_node)
        return 0;
    return doubt(g, DOUBT_CUT, g->begun ? g->last_ms : INT64_MIN, event->at_ms, &event->name);
}

/* What was pruned, also where nothing is left of its node. */
static int look_at_pruned(struct gathering *g, const struct event *event)
{
    int code = 0;

    for (size_t i = 0; i < event->cut->row_count && code == 0; i++) {
        const struct event_cut_row *row = &event->cut->rows[i];
        int64_t last_ms = row->last_ms > row->first_ms ? row->last_ms : row->first_ms;
        code = doubt(g, DOUBT_CUT, INT64_MIN, last_ms, &event->name);
    }
    return code;
}

static int look_at_genesis(struct gathering *g, const struct event *event)
{
    g->restored_ms = g->begun ? g->last_ms : INT64_MIN;
    if (event->genesis->address_rules == ADDRESS_RULES)
        return 0;
    return doubt(g, DOUBT_RULES, g->proof->question.since_ms, g->proof->question.until_ms,
                 &event->name);
}

static int visit_kept(struct txn *txn, const struct event *event, void *argument)
{
    struct gathering *g = argument;
    (void)txn;
    return ledger_marks_take_kept(&g->marks, event, &g->site->pool);
}

static int look_at_verdict(struct gathering *g, const struct event *event)
{
    const struct event_verdict *v = event->verdict;
    int code = 0;

    if (!coverage_is_in_time(&g->proof->question, event->at_ms))
        return 0;
    if (ledger_marks_lack(&g->marks, event))
        code = doubt(g, DOUBT_CONFIGURATION, event->at_ms, event->at_ms, &event->name);
    if (code == 0 && coverage_is_asked(&g->proof->question, v->scope) && ledger_marks_nameless(v))
        code = doubt(g, DOUBT_UNREADABLE, event->at_ms, event->at_ms, &event->name);
    return code;
}

static int visit(struct txn *txn, const struct event *event, void *argument)
{
    struct gathering *g = argument;
    (void)txn;

    int code = look_for_cut(g, event);
    coverage_follow(&g->clock, &g->proof->question, event->at_ms);
    if (code == 0 && event->genesis)
        code = look_at_genesis(g, event);
    if (code == 0 && event->cut)
        code = look_at_pruned(g, event);
    if (code == 0 && event->type == EVENT_LOSS)
        code = doubt(g, DOUBT_LOST, g->restored_ms, event->at_ms, &event->name);
    if (code == 0)
        code = ledger_marks_take(&g->marks, event, &g->site->pool);
    if (code == 0 && event->verdict)
        code = look_at_verdict(g, event);
    g->begun = true;
    g->last = event->name;
    g->last_ms = event->at_ms;
    return code;
}

/* Where the clock is behind what the ledger has, it goes through the end of the question again:
 * what came of it already lies behind. */
static void look_at_clock(struct gathering *g)
{
    int64_t now_ms = clock_now_ms();

    if (g->begun && g->clock.latest_ms > now_ms)
        coverage_follow(&g->clock, &g->proof->question, now_ms - MOMENT_MS);
}

static int add_coverage(struct gathering *g, const struct coverage *coverage)
{
    static const enum doubt_kind kinds[] = {
        [COVERAGE_UNKNOWN] = DOUBT_UNKNOWN,
        [COVERAGE_NO_STREAM] = DOUBT_NO_STREAM,
        [COVERAGE_SUPPRESSED] = DOUBT_SUPPRESSED,
    };
    struct proof *proof = g->proof;
    int code = 0;

    proof->stopped = pool_take(&g->site->pool, (coverage->span_count + 1) * sizeof *proof->stopped);
    if (!proof->stopped)
        return -ENOMEM;
    proof->streams = coverage->streams;
    proof->stream_count = coverage->stream_count;
    for (size_t i = 0; i < coverage->span_count && code == 0; i++) {
        const struct coverage_span *span = &coverage->spans[i];
        if (span->kind == COVERAGE_STOPPED)
            proof->stopped[proof->stopped_count++] = *span;
        else
            code = add_doubt(g, &(struct doubt){.kind = kinds[span->kind],
                                                .stream = span->stream,
                                                .from_ms = span->from_ms,
                                                .until_ms = span->until_ms});
    }
    return code;
}

int proving_gather(struct site *site, const struct subject *subject,
                   const struct coverage_question *question, struct proof *proof, struct error *why)
{
    struct proof result = {.question = *question};
    struct gathering g = {.site = site, .subject = subject, .proof = &result};
    struct coverage coverage;

    int code = ledger_history(site->ledger_view, subject, visit_history, &g);
    if (code == 0)
        code = ledger_configurations(site->ledger_view, visit_kept, &g);
    if (code == 0)
        code = ledger_walk(site->ledger_view, NULL, visit, &g);
    look_at_clock(&g);
    if (code == 0)
        code = coverage_find(g.marks.marks, g.marks.count, question, &site->pool, &coverage);
    if (code == 0)
        code = add_coverage(&g, &coverage);
    if (code == 0 && g.clock.doubtful)
        code = add_doubt(&g, &(struct doubt){.kind = DOUBT_CLOCK,
                                             .from_ms = g.clock.from_ms,
                                             .until_ms = g.clock.until_ms});
    if (code)
        return error_set(why, code, "the ledger in %s cannot be read: %s", site->config->data_dir,
                         error_name(code));
    *proof = result;
    return 0;
}
