/* What is left of a verdict: an event in the ledger, and a line in the log. */
#include "milter.h"

#define STREAM(name, more)                                                                         \
    "stream " name " { scope = \"acme/news\" match_listener = {\"" name "\"} " more " }\n"
static const char policy[] = STREAM("news", "") STREAM("early", "suppressed = refuse")
    STREAM("watched", "mode = monitor") STREAM("asked", "consent = opt-in");

static int set_up_group(void **state)
{
    if (make_milter_site(state))
        return -1;
    register_scope("acme/news");
    opt_out("gone@x.example", "acme/news");
    opt_out("gone@x.example", "acme");
    opt_out("left@x.example", "acme/news");
    by_tool("thirty", "angry@x.example", "acme/news");
    opt_out("@closed.example", "acme/news");
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    start_service(policy);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    stop_service();
    return 0;
}

/* --- the last event of the ledger, in words ------------------------------------------------------
 */

struct last {
    struct ledger_view *view;
    struct text text;
    uint64_t number;
};

static void describe_rows(const struct event_verdict *verdict, struct text *text)
{
    static const uint8_t none[EVENT_SHORT_HASH_SIZE];
    for (size_t i = 0; i < verdict->row_count; i++) {
        const struct event_verdict_row *row = &verdict->rows[i];
        text_format(text, " | %s%s", recipient_state_name(row->state),
                    row->known ? "" : " unknown");
        for (size_t j = 0; j < row->basis_count; j++)
            text_format(text, " %llu%s", (unsigned long long)row->basis[j].event.number,
                        memcmp(row->basis[j].hash, none, sizeof none) == 0 ? "?" : "");
    }
}

static int describe_event(struct txn *txn, const struct event *event, void *argument)
{
    struct last *last = argument;
    const struct event_verdict *verdict = event->verdict;
    struct pool pool = {0};
    struct word *words;
    size_t count;
    (void)txn;

    text_release(&last->text);
    last->number = event->name.number;
    if (!verdict)
        return 0;
    text_format(&last->text, "%s %s %s%s given %llu delivered %llu kept %llu", verdict->stream,
                verdict->rule, action_name(verdict->action),
                verdict->mode == MODE_MONITOR ? " watched" : "", (unsigned long long)verdict->given,
                (unsigned long long)verdict->delivered, (unsigned long long)verdict->kept_back);
    describe_rows(verdict, &last->text);
    assert_string_equal(verdict->scope, "acme/news");
    assert_string_equal(verdict->queue_id, "Q1");
    assert_string_equal(event->actor, "milter");
    assert_int_equal(ledger_words(last->view, event, &pool, &words, &count), 0);
    for (size_t i = 0; i < count; i++)
        text_format(&last->text, " | %s %s", words[i].name, words[i].text);
    pool_release(&pool);
    return 0;
}

static uint64_t assert_last(const char *expected)
{
    struct last last = {.text = TEXT_EMPTY};
    struct ledger *ledger = NULL;

    assert_ok(stores_take_ledger(service->stores, &site_lookup, &ledger, &why));
    assert_int_equal(ledger_view_begin(ledger, &last.view), 0);
    assert_int_equal(ledger_walk(last.view, NULL, describe_event, &last), 0);
    ledger_view_end(last.view);
    stores_give_ledger(service->stores);
    assert_string_equal(last.text.data ? last.text.data : "", expected);
    text_release(&last.text);
    return last.number;
}

static void post(const struct letter *letter, bool answers)
{
    free(send_letter(letter, answers));
}

#define FROM " | sender news@acme.example"
#define CLIENT " | client 127.0.0.1"

/* --- what is recorded
 * ----------------------------------------------------------------------------- */

static void a_stripped_recipient_is_recorded_with_what_it_rests_on(void **state)
{
    (void)state;
    post(&(struct letter){.to = "<gone@x.example> <anna@x.example>",
                          .listener = "news",
                          .login = "mautic@mta",
                          .header = "Message-ID: <1@acme.example>"},
         false);
    uint64_t number = assert_last("news match_listener strip given 2 delivered 1 kept 1"
                                  " | opted-out 3 4" FROM " | login mautic@mta"
                                  " | message-id <1@acme.example>" CLIENT);
    char line[160];
    snprintf(line, sizeof line,
             "Q1: stream=news rule=match_listener verdict=strip in=2 out=1 kept_back=1 ref=%llu "
             "events=3,4\n",
             (unsigned long long)number);
    assert_logged(line);
}

static int note_number(struct txn *txn, const struct event *event, void *argument)
{
    (void)txn;
    *(uint64_t *)argument = event->name.number;
    return 0;
}

static void what_passes_is_logged_and_not_recorded(void **state)
{
    uint64_t before = 0, after = 0;
    (void)state;
    walk_ledger(note_number, &before);
    post(&(struct letter){.to = "<ben@x.example>", .listener = "news"}, false);
    walk_ledger(note_number, &after);
    assert_int_equal(before, after);
    assert_logged("Q1: stream=news rule=match_listener verdict=pass in=1 out=1 kept_back=0\n");
}

static void a_refusal_tells_the_number_of_its_event(void **state)
{
    struct session *session = session_new(service, false);
    const struct letter letter = {"<left@x.example>", .listener = "news"};
    struct fake fake;
    char line[64];
    (void)state;
    assert_non_null(session);
    fake_init(&fake);
    tell_connection(session, &letter);
    begin_letter(session, &fake, &letter);
    assert_int_equal(session_end(session, &fake.mta, "Q1"), ANSWER_REFUSE);
    text_release(&fake.told);
    session_free(session);
    uint64_t number = assert_last(
        "news match_listener refuse given 1 delivered 0 kept 1 | opted-out 5" FROM CLIENT);
    snprintf(line, sizeof line, "ref %llu", (unsigned long long)number);
    assert_non_null(strstr(fake.whole_reply, line));
}

static void a_refusal_at_rcpt_is_one_recipient(void **state)
{
    (void)state;
    post(&(struct letter){.to = "<anna@x.example> <left@x.example>", .listener = "early"}, true);
    assert_last("early match_listener refuse given 1 delivered 0 kept 1 | opted-out 5" FROM CLIENT);
    assert_logged(
        "Q1: stream=early rule=match_listener verdict=refuse in=1 out=0 kept_back=1 ref=");
    assert_logged("Q1: stream=early rule=match_listener verdict=pass in=1 out=1 kept_back=0\n");
}

static void what_is_watched_is_recorded_as_such(void **state)
{
    (void)state;
    post(&(struct letter){.to = "<left@x.example>", .listener = "watched"}, false);
    assert_last(
        "watched match_listener refuse watched given 1 delivered 0 kept 1 | opted-out 5" FROM
            CLIENT);
    assert_logged("stream=watched rule=match_listener verdict=refuse mode=monitor in=1 out=0");
}

static void who_has_not_consented_rests_on_nothing(void **state)
{
    (void)state;
    post(&(struct letter){.to = "<anna@x.example>", .listener = "asked"}, false);
    assert_last("asked match_listener refuse given 1 delivered 0 kept 1 | no-consent" FROM CLIENT);
}

/* Nothing else tells who they were. */
static void who_cannot_be_read_is_recorded_as_given(void **state)
{
    (void)state;
    post(&(struct letter){.to = "<nodomain> <left@x.example> <bad@@x> <anna@x.example>",
                          .listener = "news"},
         false);
    assert_last("news match_listener strip given 4 delivered 1 kept 3 | opted-out 5 | unreadable "
                "unknown | unreadable unknown" FROM " | unreadable <nodomain> <bad@@x>" CLIENT);
}

/* --- hostile words
 * -------------------------------------------------------------------------------- */

static void words_of_a_mail_make_no_second_line(void **state)
{
    (void)state;
    post(&(struct letter){.to = "<left@x.example>",
                          .listener = "news",
                          .login = "a\nQ9: stream=news verdict=pass",
                          .sender = "<a\r\nQ9: x@acme.example>",
                          .header = "Message-ID: \nQ9: y"},
         false);
    assert_false(log_says("\nQ9: "));
}

static void a_very_long_message_id_is_cut_at_the_length_of_a_line(void **state)
{
    struct session *session = session_new(service, false);
    const struct letter letter = {"<left@x.example>", .listener = "news"};
    static char id[200000];
    struct fake fake;
    (void)state;
    assert_non_null(session);
    memset(id, 0xff, sizeof id - 1); /* not UTF-8 either */
    fake_init(&fake);
    tell_connection(session, &letter);
    begin_letter(session, &fake, &letter);
    session_field(session, "Message-ID", id);
    assert_int_equal(session_end(session, &fake.mta, "Q1"), ANSWER_REFUSE);
    text_release(&fake.told);
    session_free(session);
    struct text expected = TEXT_EMPTY;
    text_format(&expected,
                "news match_listener refuse given 1 delivered 0 kept 1 | opted-out 5" FROM
                " | message-id %.998s" CLIENT,
                id);
    assert_last(expected.data);
    text_release(&expected);
}

/* The ledger notes sixteen for one recipient, the log twenty for all. */
static void many_events_behind_a_refusal_are_cut(void **state)
{
    (void)state;
    post(&(struct letter){.to = "<angry@x.example> <left@x.example> <gone@x.example>",
                          .listener = "early"},
         false);
    post(&(struct letter){.to = "<angry@x.example>", .listener = "news"}, false);
    assert_last("news match_listener refuse given 1 delivered 0 kept 1"
                " | opted-out 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21" FROM CLIENT);
    assert_logged(" events=6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,5,3,4\n");
}

static void an_event_behind_two_refusals_is_logged_once(void **state)
{
    (void)state;
    post(&(struct letter){.to = "<a@closed.example> <b@closed.example>", .listener = "news"},
         false);
    assert_last("news match_listener refuse given 2 delivered 0 kept 2"
                " | opted-out 36 | opted-out 36" FROM CLIENT);
    assert_logged(" events=36\n");
}

static void no_more_than_twenty_events_are_logged(void **state)
{
    (void)state;
    by_tool("thirty", "mad@x.example", "acme/news");
    post(&(struct letter){.to = "<angry@x.example> <mad@x.example>", .listener = "news"}, false);
    assert_logged(" events=6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,37,38,39,40,...\n");
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return act_as_tool(argv);
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_stripped_recipient_is_recorded_with_what_it_rests_on),
        TEST(what_passes_is_logged_and_not_recorded),
        TEST(a_refusal_tells_the_number_of_its_event),
        TEST(a_refusal_at_rcpt_is_one_recipient),
        TEST(what_is_watched_is_recorded_as_such),
        TEST(who_has_not_consented_rests_on_nothing),
        TEST(who_cannot_be_read_is_recorded_as_given),
        TEST(words_of_a_mail_make_no_second_line),
        TEST(a_very_long_message_id_is_cut_at_the_length_of_a_line),
        TEST(many_events_behind_a_refusal_are_cut),
        TEST(an_event_behind_two_refusals_is_logged_once),
        TEST(no_more_than_twenty_events_are_logged),
    };
    return cmocka_run_group_tests(tests, set_up_group, remove_milter_site);
}
