/* What a report counts of a ledger's verdicts and readings, and what it tells of configurations. */
#include "base/clock.h"
#include "tool/report/journals.h"

/* The tool has a function of this name. */
#define site_address site_address_key
#include "../store/site.h"
#undef site_address

#define NEWS "acme/news"

static struct site site;
static struct report_question question;

static int set_up(void **state)
{
    int64_t now = clock_now();

    question = (struct report_question){.now = now};
    return period_make(now - 86400, now + 86400, &question.period) || make_site(state) ? -1 : 0;
}

/* --- writing --- */

static struct event_verdict_row rows[] = {
    {.known = true, .subject = {{1}}, .state = RECIPIENT_FREE},
    {.known = true, .subject = {{2}}, .state = RECIPIENT_FREE},
    {.known = true, .subject = {{3}}, .state = RECIPIENT_OPTED_OUT},
    {.known = false, .state = RECIPIENT_UNKNOWN},
};

static uint64_t write_by(const char *actor, const char *rule, uint64_t about, enum action action,
                         enum mode mode, const char *scope)
{
    const struct event_verdict verdict = {.stream = "news",
                                          .rule = rule,
                                          .scope = scope,
                                          .queue_id = "4Q1",
                                          .action = action,
                                          .mode = mode,
                                          .given = 4,
                                          .kept_back = 1,
                                          .rows = rows,
                                          .row_count = sizeof rows / sizeof *rows};
    struct ledger *ledger = open_ledger();
    uint64_t number = 0;

    assert_ok(ledger_write_by(ledger, actor, about, &verdict, NULL, 0, &number, &why));
    assert_int_equal(ledger_close(ledger), 0);
    return number;
}

static void write_verdict(enum action action, enum mode mode)
{
    write_by("milter", "match_login", 0, action, mode, NEWS);
}

static uint64_t write_queue(uint64_t about, enum action action)
{
    return write_by("cli", "queue", about, action, MODE_ENFORCE, NEWS);
}

static void write_reading(const char *command, uint64_t people, const char *staff)
{
    const struct event_reading reading = {.command = command, .people = people, .scope = ""};
    const struct word word = {"staff", staff};
    struct ledger *ledger = open_ledger();

    assert_ok(ledger_write_reading(ledger, &reading, &word, 1, NULL, &why));
    assert_int_equal(ledger_close(ledger), 0);
}

/* --- asking --- */

static int visit(struct txn *txn, const struct event *event, void *argument)
{
    (void)txn;
    return journals_take_ledger(argument, event);
}

static void open_site(void)
{
    site.ledger = open_ledger();
    assert_int_equal(ledger_view_begin(site.ledger, &site.ledger_view), 0);
}

static void close_site(void)
{
    ledger_view_end(site.ledger_view);
    assert_int_equal(ledger_close(site.ledger), 0);
    memset(&site, 0, sizeof site);
}

static struct pool pool;

/* All that the ledger has; what it points to lies in the pool. */
static struct journals taken(const char *scope, bool names)
{
    const struct series_set none = {.period = &question.period, .pool = &pool};
    question.scope = scope;
    question.names = names;
    struct journals j = {.site = &site,
                         .question = &question,
                         .pool = &pool,
                         .in_ledger = true,
                         .refusals = none,
                         .monitored = none,
                         .handed_on = none};
    open_site();
    assert_int_equal(ledger_walk(site.ledger_view, NULL, visit, &j), 0);
    close_site();
    return j;
}

static uint64_t total(const struct series_set *set)
{
    return set->count ? set->rows[0].total : 0;
}

static void assert_totals(const struct journals *j, uint64_t refused, uint64_t monitored,
                          uint64_t handed_on)
{
    assert_int_equal(total(&j->refusals), refused);
    assert_int_equal(total(&j->monitored), monitored);
    assert_int_equal(total(&j->handed_on), handed_on);
    pool_release(&pool);
}

static void each_recipient_is_counted_as_what_became_of_them(void **state)
{
    struct journals j;
    (void)state;
    write_verdict(ACTION_STRIP, MODE_ENFORCE); /* one kept back; two, and one unknown, go on */
    j = taken(NULL, false);
    assert_totals(&j, 1, 0, 3);
    write_verdict(ACTION_REFUSE, MODE_ENFORCE); /* nobody goes on */
    j = taken(NULL, false);
    assert_totals(&j, 2, 0, 3);
    write_verdict(ACTION_DISCARD, MODE_ENFORCE);
    j = taken(NULL, false);
    assert_totals(&j, 3, 0, 3);
    write_verdict(ACTION_DEFER, MODE_ENFORCE); /* comes again */
    j = taken(NULL, false);
    assert_totals(&j, 3, 0, 3);
    write_verdict(ACTION_REFUSE, MODE_MONITOR); /* all go on, one in spite of an opt-out */
    j = taken(NULL, false);
    assert_totals(&j, 3, 1, 6);
}

static void another_scope_is_not_counted(void **state)
{
    (void)state;
    write_verdict(ACTION_STRIP, MODE_ENFORCE);
    write_by("milter", "match_login", 0, ACTION_STRIP, MODE_ENFORCE, "acmeplus");
    struct journals j = taken("acme", false);
    assert_totals(&j, 1, 0, 3);
    j = taken("acme/offers", false);
    assert_totals(&j, 0, 0, 0);
}

static void what_is_done_in_the_queue_is_counted_by_itself_and_taken_back(void **state)
{
    struct journals j;
    (void)state;
    uint64_t held = write_queue(0, ACTION_HOLD);
    write_queue(0, ACTION_HOLD);
    uint64_t deleted = write_queue(0, ACTION_DELETE);
    j = taken(NULL, false);
    assert_int_equal(j.held.messages, 2);
    assert_int_equal(j.held.recipients, 2);
    assert_int_equal(j.deleted.messages, 1);
    assert_totals(&j, 0, 0, 0);
    write_queue(held, ACTION_PASS);
    j = taken(NULL, false);
    assert_int_equal(j.held.messages, 1);
    assert_int_equal(j.held.recipients, 1);
    assert_int_equal(j.deleted.messages, 1);
    assert_totals(&j, 0, 0, 0);
    write_queue(deleted, ACTION_PASS);
    j = taken(NULL, false);
    assert_int_equal(j.held.messages, 1);
    assert_int_equal(j.deleted.messages, 0);
    assert_int_equal(j.deleted.recipients, 0);
    assert_totals(&j, 0, 0, 0);
}

static void readings_are_added_up_by_command_and_by_name_where_asked(void **state)
{
    (void)state;
    write_reading("person", 1, "anna");
    write_reading("person", 1, "bert");
    write_reading("export", 0, "anna");
    write_reading("person", 1, "anna");
    struct journals j = taken(NULL, false);
    assert_int_equal(j.reading_count, 2);
    assert_string_equal(j.readings[0].command, "person");
    assert_null(j.readings[0].staff);
    assert_int_equal(j.readings[0].times, 3);
    assert_int_equal(j.readings[0].people, 3);
    pool_release(&pool);
    j = taken(NULL, true);
    assert_int_equal(j.reading_count, 3);
    assert_string_equal(j.readings[0].staff, "anna");
    assert_int_equal(j.readings[0].times, 2);
    assert_string_equal(j.readings[1].staff, "bert");
    pool_release(&pool);
}

/* --- configurations --- */

struct run {
    const char *place;
    enum configuration_occasion occasion;
    int64_t since_ms;
    char octet;
    enum ledger_rows ledger;
    enum mode mode;
    size_t streams; /* how many of the two below */
};

static void configure(const struct run *run)
{
    struct event_stream streams[] = {{"news", NEWS, run->ledger, run->mode},
                                     {"offers", "acme/offers", LEDGER_ALL, MODE_ENFORCE}};
    struct ledger_configuration c = {.actor = "milter",
                                     .configuration = {.place = run->place,
                                                       .occasion = run->occasion,
                                                       .since_ms = run->since_ms,
                                                       .streams = streams,
                                                       .stream_count = run->streams},
                                     .text = "text"};
    struct ledger *ledger = open_ledger();

    memset(c.configuration.digest, run->octet, EVENT_HASH_SIZE);
    assert_ok(ledger_configure(ledger, &c, 1, &why));
    assert_int_equal(ledger_close(ledger), 0);
}

/* "news all 1970-01-01T00:00:01Z enforce 1970-01-01T00:00:01Z", and so on. */
static void describe(json_t *recording, struct text *text)
{
    json_t *item;
    size_t i;

    json_array_foreach(recording, i, item)
    {
        const char *stopped = json_string_value(json_object_get(item, "stopped"));
        const char *const names[] = {"stream", "ledger", "ledger_since", "mode", "mode_since"};
        for (size_t n = 0; n < sizeof names / sizeof *names; n++)
            text_format(text, "%s%s", i + n ? " " : "",
                        json_string_value(json_object_get(item, names[n])));
        if (stopped)
            text_format(text, " until %s", stopped);
    }
}

static void assert_recording(const char *expected, size_t configurations)
{
    struct text text = TEXT_EMPTY;
    struct ledger_reach *reach;
    json_t *facts = json_object();

    question.scope = NULL;
    open_site();
    assert_int_equal(ledger_reach_read(site.ledger_view, &reach), 0);
    assert_ok(report_record(&site, &question, reach, facts, &why));
    describe(json_object_get(facts, "recording"), &text);
    assert_string_equal(text.data ? text.data : "", expected);
    assert_int_equal(json_array_size(json_object_get(facts, "configurations")), configurations);
    ledger_reach_free(reach);
    close_site();
    text_release(&text);
    json_decref(facts);
}

#define AT(n) "2001-09-09T01:46:4" #n "Z"
#define MS(n) (INT64_C(1000000000000) + (n)*1000)

static void a_stream_is_recorded_as_it_was_since_that_changed_last(void **state)
{
    (void)state;
    assert_recording("", 0);
    configure(&(struct run){"a", CONFIGURATION_START, MS(1), 'a', LEDGER_ALL, MODE_MONITOR, 2});
    assert_recording("news all " AT(1) " monitor " AT(1) " offers all " AT(1) " enforce " AT(1), 0);
    configure(&(struct run){"a", CONFIGURATION_RELOAD, MS(2), 'b', LEDGER_ALL, MODE_ENFORCE, 1});
    assert_recording("news all " AT(1) " enforce " AT(2), 0);
    configure(
        &(struct run){"a", CONFIGURATION_RELOAD, MS(3), 'c', LEDGER_SUPPRESSED, MODE_ENFORCE, 2});
    assert_recording(
        "news suppressed " AT(3) " enforce " AT(2) " offers all " AT(3) " enforce " AT(3), 0);
    configure(&(struct run){"a", CONFIGURATION_STOP, MS(4), 'c', LEDGER_ALL, MODE_MONITOR, 0});
    assert_recording("news suppressed " AT(3) " enforce " AT(2) " until " AT(4) " offers all " AT(
                         3) " enforce " AT(3) " until " AT(4),
                     0);
    configure(&(struct run){"a", CONFIGURATION_START, MS(5), 'c', LEDGER_ALL, MODE_ENFORCE, 1});
    assert_recording("news all " AT(5) " enforce " AT(2), 0);
}

static void two_milters_are_told_apart(void **state)
{
    (void)state;
    configure(&(struct run){"a", CONFIGURATION_START, MS(1), 'a', LEDGER_ALL, MODE_ENFORCE, 1});
    configure(
        &(struct run){"b", CONFIGURATION_START, MS(2), 'b', LEDGER_SUPPRESSED, MODE_ENFORCE, 1});
    assert_recording(
        "news all " AT(1) " enforce " AT(1) " news suppressed " AT(2) " enforce " AT(2), 0);
}

static void configurations_of_the_period_are_told(void **state)
{
    int64_t now_ms = question.now * 1000;
    (void)state;
    configure(&(struct run){"a", CONFIGURATION_START, MS(1), 'a', LEDGER_ALL, MODE_ENFORCE, 0});
    configure(&(struct run){"a", CONFIGURATION_RELOAD, now_ms, 'b', LEDGER_ALL, MODE_ENFORCE, 0});
    configure(&(struct run){"a", CONFIGURATION_STOP, now_ms, 'b', LEDGER_ALL, MODE_ENFORCE, 0});
    assert_recording("", 2);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, remove_site)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_recipient_is_counted_as_what_became_of_them),
        TEST(another_scope_is_not_counted),
        TEST(what_is_done_in_the_queue_is_counted_by_itself_and_taken_back),
        TEST(readings_are_added_up_by_command_and_by_name_where_asked),
        TEST(a_stream_is_recorded_as_it_was_since_that_changed_last),
        TEST(two_milters_are_told_apart),
        TEST(configurations_of_the_period_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
