/* What a cut does not take away: configurations that go on being in force. And clocks that were
 * wrong. */
#include "cut_site.h"

/* --- what goes on running --- */

static void configure(const char *actor, const char *place, enum configuration_occasion occasion,
                      char octet)
{
    const struct event_stream stream = {"news", NEWS, LEDGER_ALL, MODE_ENFORCE};
    const char text[2] = {octet, '\0'};
    struct ledger_configuration c = {.actor = actor,
                                     .configuration = {.place = place,
                                                       .occasion = occasion,
                                                       .since_ms = octet,
                                                       .streams = &stream,
                                                       .stream_count = 1},
                                     .text = text};
    memset(c.configuration.digest, octet, EVENT_HASH_SIZE);
    assert_ok(ledger_configure(ledger, &c, 1, &why));
}

static struct ledger_view *shown;

static int show_configuration(struct txn *txn, const struct event *event, void *argument)
{
    const struct event_configuration *c = event->configuration;
    struct text *text = argument;
    struct pool pool = {0};
    struct word *words;
    size_t count;
    (void)txn;

    assert_int_equal(c->stream_count, 1);
    assert_string_equal(c->streams[0].scope, NEWS);
    assert_int_equal(c->since_ms, c->digest[0]);
    assert_int_equal(ledger_words(shown, event, &pool, &words, &count), 0);
    text_format(text, "%s at %s %d %c%s, ", event->actor, c->place, c->occasion, c->digest[0],
                count ? words[0].text : "");
    pool_release(&pool);
    return 0;
}

/* Actor, place, occasion, and the octet of the digest, twice where the text is there. */
static void assert_configurations(const char *expected)
{
    struct text text = TEXT_EMPTY;

    assert_int_equal(ledger_view_begin(ledger, &shown), 0);
    assert_int_equal(ledger_configurations(shown, show_configuration, &text), 0);
    ledger_view_end(shown);
    assert_string_equal(text.data ? text.data : "", expected);
    text_release(&text);
    assert_ok(verify_now(&why));
}

static void cut_all(int days)
{
    struct event_name event;
    assert_true(tell_cut(days, &event) > 0);
    while (remove_some(ledger))
        continue;
}

static uint64_t count_network(int days)
{
    const struct prune_limits limits = {.verdicts = INT64_MIN,
                                        .network = NOW_MS - days * DAY_MS,
                                        .text = INT64_MIN,
                                        .reads = INT64_MIN,
                                        .now_ms = now_ms};
    struct prune_walk walk = {.done = false};
    while (!walk.done)
        assert_ok(prune_words(ledger_store(ledger), &limits, true, &walk, &why));
    return walk.network;
}

/* It was set to 2090 for a moment. */
static void what_a_wrong_clock_dated_later_than_now_keeps_nothing_behind_it(void **state)
{
    struct event_name event;
    (void)state;
    verdict_of(5);
    verdict_of(4);
    verdict_of(-60 * 365);
    verdict_of(-60 * 365);
    verdict_of(1);
    assert_int_equal(count_network(0), 2);
    now_ms = NOW_MS;
    assert_int_equal(count_network(0), 3);
    assert_int_equal(tell_cut(2, &event), 3); /* with the genesis */
    while (remove_some(ledger))
        continue;
    now_ms = 0;
    assert_int_equal(tell_cut(0, &event), 0);
    now_ms = NOW_MS;
    assert_int_equal(tell_cut(0, &event), 4); /* with what tells of the first cut */
    while (remove_some(ledger))
        continue;
    assert_int_equal(events_in(ledger), 1);
    assert_ok(verify_now(&why));
    now_ms = 0;
}

static void what_was_in_force_at_the_cut_is_told_once_more(void **state)
{
    (void)state;
    configure("milter", "A", CONFIGURATION_START, 'a');
    configure("milter", "B", CONFIGURATION_START, 'a');
    configure("milter", "A", CONFIGURATION_RELOAD, 'b');
    configure("web", "A", CONFIGURATION_START, 'w');
    configure("milter", "C", CONFIGURATION_START, 's');
    configure("milter", "C", CONFIGURATION_STOP, 's');
    fill(20);
    configure("milter", "A", CONFIGURATION_RELOAD, 'c');
    verdict_of(1);
    cut_all(10);
    assert_configurations("milter at A 2 cc, milter at A 5 bb, milter at B 5 aa, web at A 5 ww, ");
    cut_all(5); /* nothing changes there, so nothing is told again */
    assert_configurations("milter at A 2 cc, milter at A 5 bb, milter at B 5 aa, web at A 5 ww, ");
    configure("milter", "B", CONFIGURATION_STOP, 'a');
    configure("web", "A", CONFIGURATION_START, 'w');
    verdict_of(1);
    cut_all(0);
    assert_configurations("milter at A 5 cc, web at A 5 ww, ");
}

static void whoever_stopped_behind_a_cut_is_told_to_have_stopped(void **state)
{
    (void)state;
    configure("milter", "A", CONFIGURATION_START, 'a');
    verdict_of(20);
    verdict_of(10);
    configure("milter", "A", CONFIGURATION_STOP, 'a');
    verdict_of(5);
    cut_all(15);
    assert_configurations("milter at A 4 a, milter at A 5 aa, ");
    cut_all(7);
    assert_configurations("milter at A 5 aa, milter at A 6 a, ");
    verdict_of(1);
    cut_all(0);
    assert_configurations("");
}

static void a_text_that_went_with_the_cut_is_written_again(void **state)
{
    (void)state;
    configure("milter", "A", CONFIGURATION_START, 'a');
    configure("milter", "A", CONFIGURATION_STOP, 'a');
    verdict_of(20);
    verdict_of(5);
    configure("milter", "B", CONFIGURATION_START, 'a');
    cut_all(10);
    assert_configurations("milter at B 1 a, ");
    configure("milter", "A", CONFIGURATION_START, 'a');
    assert_configurations("milter at B 1 a, milter at A 1 aa, ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_a_wrong_clock_dated_later_than_now_keeps_nothing_behind_it),
        TEST(what_was_in_force_at_the_cut_is_told_once_more),
        TEST(whoever_stopped_behind_a_cut_is_told_to_have_stopped),
        TEST(a_text_that_went_with_the_cut_is_written_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
