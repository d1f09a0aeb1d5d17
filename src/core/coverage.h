/* Coverage: whether a ledger must have all mail of a scope that was handed on in some time.
 *
 * It must where every stream of that scope was run with `ledger = all`. What milters ran with is
 * told by marks, in the sequence of the ledger; where they leave anything open, it is a span of
 * time that is not covered, never a guess. Times are milliseconds since 1970. */
#ifndef CORE_COVERAGE_H
#define CORE_COVERAGE_H

#include "base/pool.h"
#include "core/stream.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A scope, the first moment that is asked about, and the first one behind it. */
struct coverage_question {
    const char *scope;
    int64_t since_ms, until_ms;
};

/* Whether mail of a stream with this scope is asked about: what the question's scope covers. */
bool coverage_is_asked(const struct coverage_question *question, const char *scope);
bool coverage_is_in_time(const struct coverage_question *question, int64_t at_ms);
/* Whether some of the time from `from_ms` to `until_ms`, both included, is asked about. */
bool coverage_touches(const struct coverage_question *question, int64_t from_ms, int64_t until_ms);

struct coverage_stream {
    const char *name;
    const char *scope;
    enum ledger_rows ledger;
};

/* A milter runs with a configuration from now on, or has stopped. */
struct coverage_mark {
    const char *place; /* where it listens: two milters have two */
    bool stops;
    bool overlaps; /* messages that began before it may still be handed on as they began */
    int64_t since_ms;
    int64_t told_ms; /* when it was written down; by then the one before had come to its end */
    const struct coverage_stream *streams;
    size_t stream_count;
};

enum coverage_kind {
    COVERAGE_UNKNOWN,    /* before the first mark: nobody knows what ran */
    COVERAGE_NO_STREAM,  /* no stream was of that scope, its mail was not recognised */
    COVERAGE_SUPPRESSED, /* a stream was run with `ledger = suppressed` */
    COVERAGE_STOPPED, /* no milter ran. No fault of the ledger: it tells what milters handed on */
};

struct coverage_span {
    enum coverage_kind kind;
    const char *stream;        /* of COVERAGE_SUPPRESSED; else NULL */
    int64_t from_ms, until_ms; /* cut to what is asked about */
};

struct coverage {
    struct coverage_span *spans; /* all that is not covered, by its beginning */
    size_t span_count;
    const char **streams; /* those of the scope that were run in this time, each once */
    size_t stream_count;
};

/* Everything lies in the pool, names as they are in the marks. -ENOMEM. */
int coverage_find(const struct coverage_mark *marks, size_t mark_count,
                  const struct coverage_question *question, struct pool *pool,
                  struct coverage *coverage);

/* Follows the times of a ledger's events, in their sequence. Where a clock was put back, it went
 * through some time twice, and on which side of a moment in that time an event was cannot be told.
 */
struct coverage_clock {
    bool begun;
    int64_t latest_ms;
    bool doubtful; /* the first or last moment of the question is in such a time: */
    int64_t from_ms, until_ms;
};

void coverage_follow(struct coverage_clock *clock, const struct coverage_question *question,
                     int64_t at_ms);

#endif
