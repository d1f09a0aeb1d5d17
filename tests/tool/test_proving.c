/* What a ledger proves of one person's mail, and every way in which it cannot: ledgers that no
 * milter writes are made by hand. */
#include "tool/proof/proving.h"

#include "store/renew.h"

/* The tool has a function of this name. */
#define site_address site_address_key
#include "../store/site.h"
#undef site_address

#include "base/clock.h"
#include "store/cut.h"

#define NEWS "acme/news"
#define SINCE 1000
#define UNTIL 2000

static struct site site;

static int set_up(void **state)
{
    return make_site(state);
}

static void close_ledger(void)
{
    ledger_view_end(site.ledger_view);
    assert_int_equal(ledger_close(site.ledger), 0);
    pool_release(&site.pool);
    memset(&site, 0, sizeof site);
}

static void open_site(void)
{
    site.ledger = open_ledger();
    assert_int_equal(ledger_view_begin(site.ledger, &site.ledger_view), 0);
}

/* --- writing --------------------------------------------------------------------------------- */

static const struct event_stream streams[] = {{"news", NEWS, LEDGER_ALL, MODE_ENFORCE}};

static void write_configuration_at(const char *place, enum configuration_occasion occasion,
                                   int64_t since_ms, const struct event_stream *of, char octet)
{
    struct ledger *ledger = open_ledger();
    struct ledger_configuration c = {.actor = "milter",
                                     .configuration = {.place = place,
                                                       .occasion = occasion,
                                                       .since_ms = since_ms,
                                                       .streams = of,
                                                       .stream_count = 1},
                                     .text = "text"};
    memset(c.configuration.digest, octet, EVENT_HASH_SIZE);
    assert_ok(ledger_configure(ledger, &c, 1, &why));
    assert_int_equal(ledger_close(ledger), 0);
}

static void write_configuration(char octet)
{
    write_configuration_at("a", CONFIGURATION_START, 500, streams, octet);
}

struct written {
    const char *actor; /* NULL: the milter */
    uint64_t about;
    enum action action;
    enum mode mode;
    const char *scope;
    char configuration;
    struct event_verdict_row *rows;
    size_t row_count;
};

static void write_verdict(const struct written *w)
{
    struct ledger *ledger = open_ledger();
    struct event_verdict verdict = {.stream = "news",
                                    .rule = "match_login",
                                    .scope = w->scope ? w->scope : NEWS,
                                    .queue_id = "4Q1",
                                    .action = w->action,
                                    .mode = w->mode,
                                    .given = w->row_count,
                                    .rows = w->rows,
                                    .row_count = w->row_count};
    const struct word word = {"message-id", "<1@acme.example>"};
    uint64_t number;

    memset(verdict.config, w->configuration ? w->configuration : 'a', sizeof verdict.config);
    assert_ok(ledger_write_by(ledger, w->actor ? w->actor : "milter", w->about, &verdict, &word, 1,
                              &number, &why));
    assert_int_equal(ledger_close(ledger), 0);
}

static struct event_verdict_row row_of(unsigned person, enum recipient_state state)
{
    return (struct event_verdict_row){
        .known = true, .subject = subject_number(person), .state = state};
}

static void hand_on(unsigned person)
{
    struct event_verdict_row row = row_of(person, RECIPIENT_FREE);
    write_verdict(&(struct written){.action = ACTION_PASS, .rows = &row, .row_count = 1});
}

/* Gives the n-th event of the journal another time; its hash is then another one, too. */
static void set_time(size_t n, int64_t at_ms)
{
    static const uint8_t mark[] = {0x03, 0x1b}; /* the key, and that 8 octets follow */
    struct raw raw;
    MDB_val key, value;
    size_t at = 0;

    raw_begin(site_ledger, &raw);
    raw_nth(&raw, "journal", n, &key, &value);
    uint8_t *bytes = value.mv_data;
    while (memcmp(bytes + at, mark, sizeof mark) != 0)
        assert_true(++at < 100);
    for (int i = 0; i < 8; i++)
        bytes[at + 2 + (size_t)i] = (uint8_t)((uint64_t)at_ms >> (56 - 8 * i));
    raw_put(&raw, "journal", key, value);
    raw_free(&key, &value);
    raw_end(&raw);
}

static void set_times(const int64_t *times, size_t count)
{
    for (size_t i = 0; i < count; i++)
        set_time(i, times[i]);
}

static void cut_event(size_t n)
{
    struct raw raw;
    MDB_val key, value;

    raw_begin(site_ledger, &raw);
    raw_nth(&raw, "journal", n, &key, &value);
    raw_delete(&raw, "journal", key);
    raw_free(&key, &value);
    raw_end(&raw);
}

/* --- asking: "1 free@1500 <1@acme.example> | cut 600-1600" -------------------------------------
 */

static void describe(const struct proof *proof, struct text *text)
{
    static const char *const names[] = {
        [DOUBT_UNKNOWN] = "unknown",   [DOUBT_NO_STREAM] = "no-stream",
        [DOUBT_SUPPRESSED] = "part",   [DOUBT_CUT] = "cut",
        [DOUBT_LOST] = "lost",         [DOUBT_CONFIGURATION] = "configuration",
        [DOUBT_CLOCK] = "clock",       [DOUBT_RULES] = "rules",
        [DOUBT_UNREADABLE] = "nobody",
    };
    text_format(text, "%zu", proof->message_count);
    for (size_t i = 0; i < proof->message_count; i++) {
        const struct handed_on *m = &proof->messages[i];
        text_format(text, " %s@%d %s%s", recipient_state_name(m->state), (int)m->at_ms,
                    m->message_id ? m->message_id : "?", m->under.known ? "" : "!");
        if (m->taken)
            text_format(text, " %s %d@%d", action_name(m->taken), (int)m->taken_by.number,
                        (int)m->taken_ms);
    }
    if (proof->others)
        text_format(text, " others %d", (int)proof->others);
    for (size_t i = 0; i < proof->doubt_count; i++) {
        const struct doubt *d = &proof->doubts[i];
        if (d->from_ms == INT64_MIN)
            text_format(text, " | %s before %d", names[d->kind], (int)d->until_ms);
        else
            text_format(text, " | %s %d-%d", names[d->kind], (int)d->from_ms, (int)d->until_ms);
    }
}

static void assert_proof(unsigned person, const char *expected)
{
    const struct coverage_question question = {NEWS, SINCE, UNTIL};
    const struct subject subject = subject_number(person);
    struct text text = TEXT_EMPTY;
    struct proof proof;

    open_site();
    assert_ok(proving_gather(&site, &subject, &question, &proof, &why));
    describe(&proof, &text);
    assert_string_equal(text.data, expected);
    text_release(&text);
    close_ledger();
}

#define MESSAGE " <1@acme.example>"

/* --------------------------------------------------------------------------------------------- */

static void what_was_handed_on_in_time_is_found(void **state)
{
    static const int64_t times[] = {1, 500, 999, 1000, 1999, 2000};
    (void)state;
    write_configuration('a');
    for (int i = 0; i < 4; i++)
        hand_on(7);
    set_times(times, 6);
    assert_proof(7, "2 free@1000" MESSAGE " free@1999" MESSAGE);
    assert_proof(8, "0");
}

static void only_what_was_handed_on_counts(void **state)
{
    static const int64_t times[] = {1, 500, 1100, 1200, 1300, 1400, 1500, 1600};
    struct event_verdict_row rows[] = {row_of(7, RECIPIENT_OPTED_OUT), row_of(8, RECIPIENT_FREE)};
    struct written w = {.action = ACTION_STRIP, .rows = rows, .row_count = 2};
    (void)state;
    write_configuration('a');
    write_verdict(&w);
    w.action = ACTION_REFUSE;
    write_verdict(&w);
    w.action = ACTION_DISCARD;
    write_verdict(&w);
    w.mode = MODE_MONITOR;
    write_verdict(&w);
    w.scope = "acme";
    write_verdict(&w);
    w.scope = NEWS "/spring";
    write_verdict(&w);
    set_times(times, 8);
    assert_proof(7, "2 opted-out@1400" MESSAGE " opted-out@1600" MESSAGE " others 1");
    assert_proof(8, "3 free@1100" MESSAGE " free@1400" MESSAGE " free@1600" MESSAGE " others 1");
}

static void a_message_of_several_events_has_the_words_of_the_first(void **state)
{
    enum { MANY = 3000 };
    static struct event_verdict_row rows[MANY];
    static const int64_t times[] = {1, 500, 1100, 1100};
    (void)state;
    write_configuration('a');
    for (unsigned i = 0; i < MANY; i++)
        rows[i] = row_of(i, RECIPIENT_FREE);
    write_verdict(&(struct written){.action = ACTION_PASS, .rows = rows, .row_count = MANY});
    set_times(times, 4);
    for (unsigned i = 0; i < MANY; i += 500)
        assert_proof(i, "1 free@1100" MESSAGE);
}

/* What `optout queue` writes. */
static void act_on_queue(unsigned person, enum action action, uint64_t about)
{
    struct event_verdict_row row = row_of(person, RECIPIENT_OPTED_OUT);
    write_verdict(&(struct written){
        .actor = "cli", .about = about, .action = action, .rows = &row, .row_count = 1});
}

static void what_was_taken_out_of_the_queue_later_is_told(void **state)
{
    static const int64_t times[] = {1, 500, 1100, 1200, 1300, 2100, 2200, 2300};
    (void)state;
    write_configuration('a');
    hand_on(7);
    hand_on(8);
    act_on_queue(7, ACTION_HOLD, 0);
    act_on_queue(8, ACTION_DELETE, 0);
    set_times(times, 6);
    assert_proof(7, "1 free@1100" MESSAGE " hold 5@1300");
    assert_proof(8, "1 free@1200" MESSAGE " delete 6@2100");
    act_on_queue(7, ACTION_DELETE, 0);
    act_on_queue(8, ACTION_PASS, 6);
    set_times(times, 8);
    assert_proof(7, "1 free@1100" MESSAGE " delete 7@2200");
    /* It had left the queue. */
    assert_proof(8, "1 free@1200" MESSAGE);
}

static void of_an_id_that_was_given_again_the_last_message_was_meant(void **state)
{
    static const int64_t times[] = {1, 500, 1100, 1200, 1300};
    (void)state;
    write_configuration('a');
    hand_on(7);
    hand_on(7);
    act_on_queue(7, ACTION_HOLD, 0);
    set_times(times, 5);
    assert_proof(7, "2 free@1100" MESSAGE " free@1200" MESSAGE " hold 5@1300");
}

static void events_that_are_missing_leave_it_open(void **state)
{
    static const int64_t times[] = {1, 500, 1200, 1300, 1400};
    (void)state;
    write_configuration('a');
    for (unsigned i = 0; i < 3; i++)
        hand_on(7 + i);
    set_times(times, 5);
    cut_event(3);
    assert_proof(8, "0 | cut 1200-1400");
    assert_proof(7, "1 free@1200" MESSAGE " | cut 1200-1400");
    cut_event(2);
    assert_proof(7, "0 | cut 500-1400");
}

static void a_ledger_without_its_beginning_leaves_it_open(void **state)
{
    static const int64_t times[] = {1, 1200, 1300};
    (void)state;
    write_configuration('a');
    hand_on(7);
    set_times(times, 3);
    cut_event(0);
    assert_proof(8, "0 | cut before 1200");
}

static void what_is_missing_at_another_time_does_not(void **state)
{
    static const int64_t times[] = {1, 500, 600, 700, 2000, 2100, 2200};
    (void)state;
    write_configuration('a');
    for (unsigned i = 0; i < 5; i++)
        hand_on(7);
    set_times(times, 7);
    cut_event(5);
    cut_event(2);
    assert_proof(8, "0");
}

/* Nothing need be left of the node whose events went. */
static void what_was_pruned_leaves_it_open(void **state)
{
    static const int64_t times[] = {1, 500, 1700, 1800};
    struct event_cut_row row = {.first_ms = 1, .last_ms = 1500};
    const struct cut cut = {&row, 1};
    struct signing_key *key;
    struct signing_ring ring;
    struct event_name event;
    (void)state;
    write_configuration('a');
    struct ledger *ledger = open_ledger();
    memcpy(row.last.node, ledger_node(ledger), EVENT_NODE_SIZE);
    row.last.number = 1;
    assert_ok(signing_read(site_keys, &key, &ring, &why));
    assert_ok(cut_write(ledger_store(ledger), &cut, key, "prune", &event, &why));
    signing_free(key);
    assert_int_equal(ledger_close(ledger), 0);
    hand_on(7);
    set_times(times, 4);
    assert_proof(7, "1 free@1800" MESSAGE " | cut before 1500");
}

static void an_unknown_configuration_leaves_it_open(void **state)
{
    static const int64_t times[] = {1, 500, 1200, 1300, 2500};
    struct event_verdict_row row = row_of(7, RECIPIENT_FREE);
    struct written w = {.action = ACTION_PASS, .configuration = 'b', .rows = &row, .row_count = 1};
    (void)state;
    write_configuration('a');
    write_verdict(&w);
    write_verdict(&w);
    write_configuration('b');
    set_times(times, 5);
    assert_proof(8, "0 | configuration 1200-1300");
    assert_proof(7, "2 free@1200" MESSAGE "! free@1300" MESSAGE "! | configuration 1200-1300");
}

static void a_clock_that_was_put_back_over_an_end_leaves_it_open(void **state)
{
    static const int64_t within[] = {1, 500, 1500, 1400, 1600}, over[] = {1, 500, 2100, 1900, 2300};
    (void)state;
    write_configuration('a');
    for (unsigned i = 0; i < 3; i++)
        hand_on(7);
    set_times(within, 5);
    assert_proof(8, "0");
    set_times(over, 5);
    assert_proof(8, "0 | clock 1900-2100");
}

static void a_clock_that_is_behind_the_ledger_leaves_its_end_open(void **state)
{
    const int64_t now = clock_now_ms();
    const struct coverage_question upto_now = {NEWS, SINCE, now}, earlier = {NEWS, SINCE, now / 2};
    const struct subject subject = subject_number(8);
    struct proof proof;
    (void)state;
    write_configuration('a');
    hand_on(7);
    set_times((int64_t[]){1, 500, now + 3600000}, 3);
    open_site();
    assert_ok(proving_gather(&site, &subject, &upto_now, &proof, &why));
    assert_int_equal(proof.doubt_count, 1);
    assert_int_equal(proof.doubts[0].kind, DOUBT_CLOCK);
    assert_ok(proving_gather(&site, &subject, &earlier, &proof, &why));
    assert_int_equal(proof.doubt_count, 0);
    close_ledger();
}

static void who_has_no_name_may_be_anybody(void **state)
{
    static const int64_t times[] = {1, 500, 1200, 1300, 1400};
    struct event_verdict_row row = {.known = false, .state = RECIPIENT_UNREADABLE};
    struct written w = {.action = ACTION_REFUSE, .rows = &row, .row_count = 1};
    (void)state;
    write_configuration('a');
    write_verdict(&w);
    w.mode = MODE_MONITOR;
    write_verdict(&w);
    w.scope = "acme";
    write_verdict(&w);
    set_times(times, 5);
    assert_proof(8, "0 | nobody 1300-1300");
}

/* Another milter ran since before the cut, and records less. */
static void what_a_cut_told_once_more_was_in_force_all_the_time(void **state)
{
    static const int64_t times[] = {900, 1100, 1200, 2100, 2100, 2100};
    const struct event_stream part = {"part", NEWS, LEDGER_SUPPRESSED, MODE_ENFORCE};
    struct event_verdict_row row = row_of(7, RECIPIENT_FREE);
    struct written w = {.action = ACTION_PASS, .configuration = 'k', .rows = &row, .row_count = 1};
    (void)state;
    write_configuration_at("a", CONFIGURATION_RELOAD, 1100, streams, 'a');
    write_verdict(&w);
    write_configuration_at("b", CONFIGURATION_KEPT, 300, &part, 'p');
    write_configuration_at("a", CONFIGURATION_KEPT, 200, &part, 'q');
    write_configuration_at("a", CONFIGURATION_KEPT, 400, streams, 'k');
    set_times(times, 6);
    assert_proof(7, "1 free@1200" MESSAGE " | part 1000-2000");
    write_configuration_at("b", CONFIGURATION_KEPT_STOP, 350, &part, 'p');
    assert_proof(7, "1 free@1200" MESSAGE);
    assert_proof(8, "0");
}

static void a_node_that_was_cut_as_a_whole_leaves_it_open(void **state)
{
    static const int64_t times[] = {1400, 1500, 1600};
    (void)state;
    write_configuration('a');
    hand_on(7);
    struct ledger *ledger = open_ledger();
    assert_ok(store_restart(ledger_store(ledger), "restore", NULL, 0, &why));
    assert_int_equal(ledger_close(ledger), 0);
    write_configuration_at("a", CONFIGURATION_KEPT, 500, streams, 'a');
    hand_on(7);
    for (int i = 0; i < 3; i++)
        cut_event(0);
    set_times(times, 3);
    assert_proof(7, "1 free@1600" MESSAGE " | cut before 1400");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, remove_site)
    const struct CMUnitTest tests[] = {
        TEST(what_was_handed_on_in_time_is_found),
        TEST(only_what_was_handed_on_counts),
        TEST(a_message_of_several_events_has_the_words_of_the_first),
        TEST(what_was_taken_out_of_the_queue_later_is_told),
        TEST(of_an_id_that_was_given_again_the_last_message_was_meant),
        TEST(events_that_are_missing_leave_it_open),
        TEST(a_ledger_without_its_beginning_leaves_it_open),
        TEST(what_is_missing_at_another_time_does_not),
        TEST(what_was_pruned_leaves_it_open),
        TEST(an_unknown_configuration_leaves_it_open),
        TEST(a_clock_that_was_put_back_over_an_end_leaves_it_open),
        TEST(what_a_cut_told_once_more_was_in_force_all_the_time),
        TEST(a_node_that_was_cut_as_a_whole_leaves_it_open),
        TEST(a_clock_that_is_behind_the_ledger_leaves_its_end_open),
        TEST(who_has_no_name_may_be_anybody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
