/* Coverage: what a ledger must have, by the marks that milters left in it. */
#include "core/coverage.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define STREAMS(list) .streams = (list), .stream_count = COUNT(list)

static const struct coverage_stream news_all[] = {{"news", "acme/news", LEDGER_ALL}};
static const struct coverage_stream news_suppressed[] = {{"news", "acme/news", LEDGER_SUPPRESSED}};
static const struct coverage_stream shop_all[] = {{"shop", "acme/shop", LEDGER_ALL}};
static const struct coverage_stream shop_suppressed[] = {{"shop", "acme/shop", LEDGER_SUPPRESSED}};
static const struct coverage_stream wide_suppressed[] = {{"all", "acme", LEDGER_SUPPRESSED},
                                                         {"news", "acme/news", LEDGER_ALL}};
static const struct coverage_stream several[] = {{"news", "acme/news", LEDGER_ALL},
                                                 {"promo", "acme/news/promo", LEDGER_SUPPRESSED},
                                                 {"more", "acme/newsplus", LEDGER_SUPPRESSED}};

/* What is not covered of the time from 100 to 200, in words. */
static char *gaps_for(const char *scope, const struct coverage_mark *marks, size_t count)
{
    static const char *const names[] = {"unknown", "no-stream", "suppressed", "stopped"};
    const struct coverage_question question = {scope, 100, 200};
    struct coverage found;
    struct pool pool = {0};
    struct text text = TEXT_EMPTY;

    assert_int_equal(coverage_find(marks, count, &question, &pool, &found), 0);
    for (size_t i = 0; i < found.span_count; i++)
        text_format(&text, "%s%s%s%s %d-%d", i ? ", " : "", names[found.spans[i].kind],
                    found.spans[i].stream ? " " : "",
                    found.spans[i].stream ? found.spans[i].stream : "", (int)found.spans[i].from_ms,
                    (int)found.spans[i].until_ms);
    for (size_t i = 0; i < found.stream_count; i++)
        text_format(&text, "%s%s", i ? " " : "; ", found.streams[i]);
    pool_release(&pool);
    return text.data ? text.data : calloc(1, 1);
}

static void assert_gaps(const char *scope, const struct coverage_mark *marks, size_t count,
                        const char *expected)
{
    char *gaps = gaps_for(scope, marks, count);
    assert_string_equal(gaps, expected);
    free(gaps);
}

/* A mark of one milter, written down at once. */
#define MARK(at, ...)                                                                              \
    {                                                                                              \
        .place = "a", .since_ms = (at), .told_ms = (at), __VA_ARGS__                               \
    }
#define GAPS(marks, expected) assert_gaps("acme/news", marks, COUNT(marks), expected)

static void one_that_ran_all_the_time_covers_it(void **state)
{
    const struct coverage_mark marks[] = {MARK(50, STREAMS(news_all))};
    (void)state;
    GAPS(marks, "; news");
}

static void without_any_mark_nothing_is_known(void **state)
{
    (void)state;
    assert_gaps("acme/news", NULL, 0, "unknown 100-200");
}

static void before_the_first_mark_nothing_is_known(void **state)
{
    const struct coverage_mark within[] = {MARK(120, STREAMS(news_all))};
    const struct coverage_mark behind[] = {MARK(200, STREAMS(news_all))};
    const struct coverage_mark first[] = {MARK(100, STREAMS(news_all))};
    (void)state;
    GAPS(within, "unknown 100-120; news");
    GAPS(behind, "unknown 100-200");
    GAPS(first, "; news");
}

static void a_stream_that_records_a_part_is_a_gap(void **state)
{
    const struct coverage_mark marks[] = {MARK(50, STREAMS(news_suppressed)),
                                          MARK(130, STREAMS(news_all)),
                                          MARK(160, STREAMS(news_suppressed))};
    (void)state;
    GAPS(marks, "suppressed news 100-130, suppressed news 160-200; news");
}

static void equal_configurations_in_a_row_make_one_gap(void **state)
{
    const struct coverage_mark marks[] = {MARK(50, STREAMS(news_suppressed)),
                                          MARK(130, STREAMS(news_suppressed)),
                                          MARK(150, STREAMS(several))};
    (void)state;
    GAPS(marks, "suppressed news 100-150, suppressed promo 150-200; news promo");
}

static void what_was_changed_before_or_behind_is_none(void **state)
{
    const struct coverage_mark marks[] = {MARK(50, STREAMS(news_suppressed)),
                                          MARK(90, STREAMS(news_all)),
                                          MARK(200, STREAMS(news_suppressed))};
    (void)state;
    GAPS(marks, "; news");
}

static void only_streams_of_the_scope_count(void **state)
{
    const struct coverage_mark wide[] = {MARK(50, STREAMS(wide_suppressed))};
    const struct coverage_mark below[] = {MARK(50, STREAMS(several))};
    (void)state;
    GAPS(wide, "; news");
    assert_gaps("acme", wide, 1, "suppressed all 100-200; all news");
    GAPS(below, "suppressed promo 100-200; news promo");
    assert_gaps("acme/news/promo", below, 1, "suppressed promo 100-200; promo");
    assert_gaps("/", below, 1,
                "suppressed promo 100-200, suppressed more 100-200; news promo more");
}

static void mail_of_no_stream_is_not_recognised(void **state)
{
    const struct coverage_mark moved[] = {MARK(50, STREAMS(shop_all)), MARK(140, STREAMS(news_all)),
                                          MARK(160, STREAMS(shop_all))};
    const struct coverage_mark empty[] = {MARK(50, .streams = NULL)};
    (void)state;
    GAPS(moved, "no-stream 100-140, no-stream 160-200; news");
    GAPS(empty, "no-stream 100-200");
    assert_gaps("acme", moved, COUNT(moved), "; shop news");
}

static void while_no_milter_ran_it_handed_on_nothing(void **state)
{
    const struct coverage_mark marks[] = {
        MARK(50, STREAMS(news_all)), MARK(120, .stops = true, STREAMS(news_all)),
        MARK(150, STREAMS(news_all)), MARK(190, .stops = true, STREAMS(news_all))};
    (void)state;
    GAPS(marks, "stopped 120-150, stopped 190-200; news");
}

static void one_that_was_killed_counts_until_the_next_start(void **state)
{
    const struct coverage_mark marks[] = {MARK(50, STREAMS(news_suppressed)),
                                          MARK(150, STREAMS(news_all))};
    (void)state;
    GAPS(marks, "suppressed news 100-150; news");
}

static void what_is_told_late_holds_from_the_beginning_on(void **state)
{
    const struct coverage_mark worse[] = {
        MARK(50, STREAMS(news_all)),
        {.place = "a", .since_ms = 120, .told_ms = 180, STREAMS(news_suppressed)}};
    const struct coverage_mark better[] = {
        MARK(50, STREAMS(news_suppressed)),
        {.place = "a", .since_ms = 120, .told_ms = 180, STREAMS(news_all)}};
    (void)state;
    GAPS(worse, "suppressed news 120-200; news");
    GAPS(better, "suppressed news 100-180; news");
}

static void mail_under_way_ends_as_it_began(void **state)
{
    const struct coverage_mark marks[] = {
        MARK(50, STREAMS(news_suppressed)), MARK(120, .overlaps = true, STREAMS(news_all)),
        MARK(130, .overlaps = true, STREAMS(news_all)), MARK(160, STREAMS(news_all))};
    const struct coverage_mark open[] = {MARK(50, STREAMS(news_suppressed)),
                                         MARK(120, .overlaps = true, STREAMS(news_all))};
    const struct coverage_mark restarted[] = {MARK(50, STREAMS(shop_all)),
                                              MARK(120, .overlaps = true, STREAMS(news_all)),
                                              MARK(140, .stops = true, STREAMS(news_all))};
    (void)state;
    GAPS(marks, "suppressed news 100-160; news");
    GAPS(open, "suppressed news 100-200; news");
    GAPS(restarted, "no-stream 100-140, stopped 140-200; news");
}

static void two_milters_are_told_apart_by_their_place(void **state)
{
    const struct coverage_mark marks[] = {
        {.place = "a", .since_ms = 50, .told_ms = 50, STREAMS(news_suppressed)},
        {.place = "b", .since_ms = 110, .told_ms = 110, STREAMS(news_all)},
        {.place = "a", .since_ms = 150, .told_ms = 150, .stops = true}};
    const struct coverage_mark other[] = {
        {.place = "a", .since_ms = 50, .told_ms = 50, STREAMS(shop_suppressed)},
        {.place = "b", .since_ms = 60, .told_ms = 60, STREAMS(news_all)}};
    (void)state;
    GAPS(marks, "suppressed news 100-150; news");
    GAPS(other, "; news");
}

static void a_clock_that_was_put_back_hides_nothing(void **state)
{
    const struct coverage_mark marks[] = {MARK(50, STREAMS(news_all)),
                                          MARK(170, STREAMS(news_suppressed)),
                                          MARK(140, STREAMS(news_all))};
    (void)state;
    GAPS(marks, "suppressed news 140-170; news");
}

/* --- at random: a milter that starts, reloads, stops and is killed ---------------------------- */

#define TIME 300
#define FORMER_MAX 8

static const struct coverage_mark configurations[] = {{STREAMS(news_all)},
                                                      {STREAMS(news_suppressed)},
                                                      {STREAMS(shop_all)},
                                                      {STREAMS(several)},
                                                      {STREAMS(wide_suppressed)}};

struct life {
    struct coverage_mark marks[TIME];
    size_t mark_count;
    bool unrecorded[TIME]; /* mail of the scope was handed on, and the ledger has it not */
    bool runs;
    size_t in_use[FORMER_MAX]; /* configurations under which something is handed on; the last one
                                  is in force */
    size_t in_use_count;
};

static unsigned below(unsigned count)
{
    return (unsigned)rand() % count;
}

static void mark(struct life *l, int64_t since, int64_t told, bool stops, bool overlaps)
{
    struct coverage_mark *made = &l->marks[l->mark_count++];
    *made = configurations[l->in_use[l->in_use_count - 1]];
    made->place = "a";
    made->since_ms = since;
    made->told_ms = told;
    made->stops = stops;
    made->overlaps = overlaps;
}

static bool is_recorded(size_t configuration)
{
    const struct coverage_mark *c = &configurations[configuration];
    bool recorded = false;
    for (size_t i = 0; i < c->stream_count; i++) {
        if (strcmp(c->streams[i].scope, "acme/news") != 0)
            continue;
        recorded = c->streams[i].ledger == LEDGER_ALL;
    }
    return recorded;
}

/* One millisecond. What is told late is told before the next that happens. */
static void live(struct life *l, int *t)
{
    int64_t late = *t + (below(3) ? 0 : (int)below(5));

    if (!l->runs && below(4) == 0) {
        l->runs = true;
        l->in_use[0] = below(COUNT(configurations));
        l->in_use_count = 1;
        mark(l, *t, late, false, false);
    } else if (l->runs && below(20) == 0) {
        l->runs = false;
        if (below(2))
            mark(l, *t, *t, true, false);
        late = *t;
    } else if (l->runs && below(10) == 0 && l->in_use_count < FORMER_MAX) {
        l->in_use[l->in_use_count++] = below(COUNT(configurations));
        mark(l, *t, late, false, true);
    } else if (l->runs && l->in_use_count > 1 && below(10) == 0) {
        l->in_use[0] = l->in_use[l->in_use_count - 1];
        l->in_use_count = 1;
        mark(l, *t, late, false, false);
    } else {
        late = *t;
    }
    for (; *t <= late && *t < TIME; ++*t)
        for (size_t i = 0; l->runs && i < l->in_use_count; i++)
            l->unrecorded[*t] |= !is_recorded(l->in_use[i]);
}

static bool is_gap(const struct coverage *found, int t)
{
    for (size_t i = 0; i < found->span_count; i++)
        if (found->spans[i].kind != COVERAGE_STOPPED && found->spans[i].from_ms <= t &&
            t < found->spans[i].until_ms)
            return true;
    return false;
}

static void what_the_ledger_has_not_got_lies_in_a_gap(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 2000; seed++) {
        const struct coverage_question question = {"acme/news", 20 + seed % 50, TIME - seed % 70};
        struct life l = {.mark_count = 0};
        struct pool pool = {0};
        struct coverage found;
        srand(seed);
        for (int t = 0; t < TIME;)
            live(&l, &t);
        assert_int_equal(coverage_find(l.marks, l.mark_count, &question, &pool, &found), 0);
        for (int t = (int)question.since_ms; t < question.until_ms; t++)
            if (l.unrecorded[t] && !is_gap(&found, t))
                fail_msg("seed %u: mail of %d ms", seed, t);
        pool_release(&pool);
    }
}

/* --- the clock ------------------------------------------------------------------------------- */

static bool is_doubtful(int64_t since, int64_t until, const int64_t *times, size_t count)
{
    const struct coverage_question question = {"/", since, until};
    struct coverage_clock clock = {0};

    for (size_t i = 0; i < count; i++)
        coverage_follow(&clock, &question, times[i]);
    return clock.doubtful;
}

static void a_moment_that_came_twice_divides_nothing(void **state)
{
    static const int64_t on[] = {10, 20, 20, 30}, back[] = {10, 100, 90, 95, 130, 120, 140};
    (void)state;
    assert_false(is_doubtful(15, 25, on, COUNT(on)));
    assert_false(is_doubtful(50, 200, back, COUNT(back)));
    assert_false(is_doubtful(50, 90, back, COUNT(back)));
    assert_true(is_doubtful(50, 91, back, COUNT(back)));
    assert_true(is_doubtful(50, 100, back, COUNT(back)));
    assert_false(is_doubtful(50, 101, back, COUNT(back)));
    assert_true(is_doubtful(97, 200, back, COUNT(back)));
    assert_true(is_doubtful(50, 125, back, COUNT(back)));
    assert_false(is_doubtful(101, 110, back, COUNT(back)));
}

static void times_touch_at_their_ends(void **state)
{
    const struct coverage_question question = {"acme", 100, 200};
    (void)state;
    assert_true(coverage_is_in_time(&question, 100));
    assert_true(coverage_is_in_time(&question, 199));
    assert_false(coverage_is_in_time(&question, 200));
    assert_false(coverage_is_in_time(&question, 99));
    assert_true(coverage_touches(&question, INT64_MIN, 100));
    assert_false(coverage_touches(&question, INT64_MIN, 99));
    assert_true(coverage_touches(&question, 199, 300));
    assert_false(coverage_touches(&question, 200, 300));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_ran_all_the_time_covers_it),
        cmocka_unit_test(without_any_mark_nothing_is_known),
        cmocka_unit_test(before_the_first_mark_nothing_is_known),
        cmocka_unit_test(a_stream_that_records_a_part_is_a_gap),
        cmocka_unit_test(equal_configurations_in_a_row_make_one_gap),
        cmocka_unit_test(what_was_changed_before_or_behind_is_none),
        cmocka_unit_test(only_streams_of_the_scope_count),
        cmocka_unit_test(mail_of_no_stream_is_not_recognised),
        cmocka_unit_test(while_no_milter_ran_it_handed_on_nothing),
        cmocka_unit_test(one_that_was_killed_counts_until_the_next_start),
        cmocka_unit_test(what_is_told_late_holds_from_the_beginning_on),
        cmocka_unit_test(mail_under_way_ends_as_it_began),
        cmocka_unit_test(two_milters_are_told_apart_by_their_place),
        cmocka_unit_test(a_clock_that_was_put_back_hides_nothing),
        cmocka_unit_test(what_the_ledger_has_not_got_lies_in_a_gap),
        cmocka_unit_test(a_moment_that_came_twice_divides_nothing),
        cmocka_unit_test(times_touch_at_their_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
