#include "core/coverage.h"

#include "core/scope.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool coverage_is_asked(const struct coverage_question *question, const char *scope)
{
    return scope_covers(question->scope, scope);
}

bool coverage_is_in_time(const struct coverage_question *question, int64_t at_ms)
{
    return at_ms >= question->since_ms && at_ms < question->until_ms;
}

bool coverage_touches(const struct coverage_question *question, int64_t from_ms, int64_t until_ms)
{
    return from_ms < question->until_ms && until_ms >= question->since_ms;
}

/* --- when each configuration was in force ---------------------------------------------------- */

struct interval {
    int64_t from_ms, until_ms;
    const struct coverage_mark *mark;
};

/* To the next mark of the same milter behind which nothing of this one can be left; a clock that
 * was put back must not make it shorter. */
static struct interval interval_of(const struct coverage_mark *marks, size_t count, size_t i)
{
    struct interval in = {marks[i].since_ms, INT64_MAX, &marks[i]};
    size_t next = i + 1;

    while (next < count && (marks[next].overlaps || strcmp(marks[next].place, marks[i].place) != 0))
        next++;
    if (next < count)
        in.until_ms = marks[next].told_ms;
    if (in.until_ms < in.from_ms) {
        in.from_ms = in.until_ms;
        in.until_ms = marks[i].since_ms;
    }
    return in;
}

static int64_t cut(const struct coverage_question *question, int64_t at_ms)
{
    return at_ms < question->since_ms   ? question->since_ms
           : at_ms > question->until_ms ? question->until_ms
                                        : at_ms;
}

/* --- what of the time is not covered --------------------------------------------------------- */

struct finding {
    const struct coverage_question *question;
    struct pool *pool;
    const struct interval *intervals;
    size_t interval_count;
    int64_t known_ms; /* from here on it is known what ran */
    struct coverage found;
    size_t span_room, stream_room;
};

/* Makes the last span of that kind longer where this one follows it. */
static int add_span(struct finding *f, enum coverage_kind kind, const char *stream, int64_t from_ms,
                    int64_t until_ms)
{
    struct coverage *found = &f->found;

    for (size_t i = found->span_count; i-- > 0;) {
        struct coverage_span *span = &found->spans[i];
        if (span->kind != kind || (stream && strcmp(span->stream, stream) != 0) ||
            span->until_ms < from_ms)
            continue;
        span->until_ms = until_ms;
        return 0;
    }
    struct coverage_span *spans =
        pool_grow(f->pool, found->spans, found->span_count, &f->span_room, sizeof *spans);
    if (!spans)
        return -ENOMEM;
    found->spans = spans;
    spans[found->span_count++] = (struct coverage_span){kind, stream, from_ms, until_ms};
    return 0;
}

static int add_stream(struct finding *f, const char *name)
{
    struct coverage *found = &f->found;

    for (size_t i = 0; i < found->stream_count; i++)
        if (strcmp(found->streams[i], name) == 0)
            return 0;
    const char **streams = pool_grow(f->pool, (void *)found->streams, found->stream_count,
                                     &f->stream_room, sizeof *streams);
    if (!streams)
        return -ENOMEM;
    found->streams = streams;
    streams[found->stream_count++] = name;
    return 0;
}

/* Adds the streams of one configuration that are not recorded whole; *sends: some stream is of the
 * scope. */
static int add_streams(struct finding *f, const struct coverage_mark *mark, int64_t from_ms,
                       int64_t until_ms, bool *sends)
{
    int code = 0;
    for (size_t i = 0; i < mark->stream_count && code == 0; i++) {
        const struct coverage_stream *stream = &mark->streams[i];
        if (!coverage_is_asked(f->question, stream->scope))
            continue;
        *sends = true;
        code = add_stream(f, stream->name);
        if (code == 0 && stream->ledger != LEDGER_ALL)
            code = add_span(f, COVERAGE_SUPPRESSED, stream->name, from_ms, until_ms);
    }
    return code;
}

static bool runs_in(const struct interval *in, int64_t from_ms, int64_t until_ms)
{
    return !in->mark->stops && in->from_ms <= from_ms && in->until_ms >= until_ms;
}

static bool has_scope(const struct finding *f, const struct coverage_mark *mark)
{
    for (size_t i = 0; i < mark->stream_count; i++)
        if (coverage_is_asked(f->question, mark->streams[i].scope))
            return true;
    return false;
}

/* Whether a milter that knows the scope by now may still hand on what began when it did not. */
static bool overlaps_ignorance(const struct finding *f, int64_t from_ms, int64_t until_ms)
{
    for (size_t i = 0; i < f->interval_count; i++) {
        const struct interval *in = &f->intervals[i];
        if (!runs_in(in, from_ms, until_ms) || has_scope(f, in->mark))
            continue;
        for (size_t j = 0; j < f->interval_count; j++)
            if (runs_in(&f->intervals[j], from_ms, until_ms) &&
                strcmp(f->intervals[j].mark->place, in->mark->place) == 0 &&
                has_scope(f, f->intervals[j].mark))
                return true;
    }
    return false;
}

/* In this time nothing begins or ends. */
static int look_at(struct finding *f, int64_t from_ms, int64_t until_ms)
{
    bool runs = false, sends = false;
    int code = 0;

    for (size_t i = 0; i < f->interval_count && code == 0; i++) {
        const struct interval *in = &f->intervals[i];
        if (!runs_in(in, from_ms, until_ms))
            continue;
        runs = true;
        code = add_streams(f, in->mark, from_ms, until_ms, &sends);
    }
    if (code || (sends && !overlaps_ignorance(f, from_ms, until_ms)))
        return code;
    return add_span(f,
                    until_ms <= f->known_ms ? COVERAGE_UNKNOWN
                    : runs                  ? COVERAGE_NO_STREAM
                                            : COVERAGE_STOPPED,
                    NULL, from_ms, until_ms);
}

static int compare_times(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int coverage_find(const struct coverage_mark *marks, size_t mark_count,
                  const struct coverage_question *question, struct pool *pool,
                  struct coverage *coverage)
{
    struct interval *intervals = pool_take(pool, (mark_count + 1) * sizeof *intervals);
    int64_t *edges = pool_take(pool, (2 * mark_count + 3) * sizeof *edges);
    struct finding f = {.question = question, .pool = pool, .known_ms = INT64_MAX};
    size_t edge_count = 0;
    int code = intervals && edges ? 0 : -ENOMEM;

    if (code)
        return code;
    edges[edge_count++] = question->since_ms;
    edges[edge_count++] = question->until_ms;
    for (size_t i = 0; i < mark_count; i++) {
        struct interval in = interval_of(marks, mark_count, i);
        if (in.from_ms < f.known_ms)
            f.known_ms = in.from_ms;
        if (!coverage_touches(question, in.from_ms, in.until_ms))
            continue;
        edges[edge_count++] = cut(question, in.from_ms);
        edges[edge_count++] = cut(question, in.until_ms);
        intervals[f.interval_count++] = in;
    }
    if (f.known_ms != INT64_MAX)
        edges[edge_count++] = cut(question, f.known_ms);
    f.intervals = intervals;
    qsort(edges, edge_count, sizeof *edges, compare_times);
    for (size_t i = 0; i + 1 < edge_count && code == 0; i++)
        if (edges[i] < edges[i + 1])
            code = look_at(&f, edges[i], edges[i + 1]);
    if (code)
        return code;
    *coverage = f.found;
    return 0;
}

/* --- the clock ------------------------------------------------------------------------------- */

void coverage_follow(struct coverage_clock *clock, const struct coverage_question *question,
                     int64_t at_ms)
{
    if (!clock->begun || at_ms >= clock->latest_ms) {
        clock->begun = true;
        clock->latest_ms = at_ms;
        return;
    }
    bool since = question->since_ms > at_ms && question->since_ms <= clock->latest_ms;
    bool until = question->until_ms > at_ms && question->until_ms <= clock->latest_ms;
    if (!since && !until)
        return;
    if (!clock->doubtful || at_ms < clock->from_ms)
        clock->from_ms = at_ms;
    clock->until_ms = clock->latest_ms;
    clock->doubtful = true;
}
