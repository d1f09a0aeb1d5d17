/* With `ledger = all` nothing is handed on that the ledger does not have; and what configurations
 * the milter ran with is told before any verdict under them. */
#include "milter.h"

#define STREAM(name, more)                                                                         \
    "stream " name " { scope = \"acme/news\" match_listener = {\"" name "\"} " more " }\n"
#define ALL " ledger = all "
static const char policy[] = "companions = {\"archive@acme.example\"}\n" STREAM("news", ALL)
    STREAM("early", ALL "suppressed = refuse") STREAM("watched", ALL "mode = monitor")
        STREAM("part", "");
static const char watching[] = STREAM("watched", "mode = monitor" ALL);

#define PUT_OFF "defer(451 4.3.0 opt-outs cannot be looked up now, try again later)"

static int set_up(void **state)
{
    if (make_milter_site(state))
        return -1;
    register_scope("acme/news");
    opt_out("gone@x.example", "acme/news");
    return 0;
}

static int tear_down(void **state)
{
    if (service)
        stop_service();
    milter_ledger_size = "64M";
    return remove_milter_site(state);
}

static void move(const char *from, const char *to)
{
    char old[160], new[160];
    snprintf(old, sizeof old, "%s/%s", site_folder, from);
    snprintf(new, sizeof new, "%s/%s", site_folder, to);
    assert_int_equal(rename(old, new), 0);
}

/* --- the ledger, in words -------------------------------------------------------------------- */

static int describe_event(struct txn *txn, const struct event *event, void *argument)
{
    static const char *const occasions[] = {"", "start", "reload", "alone", "stop"};
    struct text *text = argument;
    (void)txn;

    if (event->configuration)
        text_format(text, "[%s%s]", occasions[event->configuration->occasion],
                    event->configuration->overlaps ? " overlaps" : "");
    for (size_t i = 0; event->verdict && i < event->verdict->row_count; i++) {
        const struct event_verdict_row *row = &event->verdict->rows[i];
        text_format(text, "%s%s%s",
                    i                                      ? "+"
                    : event->verdict->mode == MODE_MONITOR ? "?"
                                                           : "",
                    recipient_state_name(row->state), row->known ? "" : " nobody");
    }
    text_append(text, event->configuration || event->verdict ? " " : "");
    return 0;
}

static void assert_ledger(const char *expected)
{
    struct text text = TEXT_EMPTY;
    walk_ledger(describe_event, &text);
    assert_string_equal(text.data ? text.data : "", expected);
    text_release(&text);
}

static void post(const char *listener, const char *to, const char *expected)
{
    const struct letter letter = {.to = to, .listener = listener};
    char *outcome = send_letter(&letter, strcmp(listener, "early") == 0);
    if (strncmp(outcome, expected, strlen(expected)) != 0)
        fail_msg("%s at %s: %s, expected %s", to, listener, outcome, expected);
    free(outcome);
}

/* --- rows ------------------------------------------------------------------------------------ */

static void everybody_has_a_row(void **state)
{
    (void)state;
    start_service(policy);
    post("news", "<anna@x.example>", "accept");
    post("part", "<anna@x.example>", "accept");
    post("part", "<gone@x.example>", "refuse");
    post("smtp", "<gone@x.example>", "accept");
    assert_ledger("[start] free opted-out ");
    post("news", "<archive@acme.example> <bad@@x>", "refuse");
    assert_ledger("[start] free opted-out companion+unreadable nobody ");
    assert_logged("verdict=pass in=1 out=1 kept_back=0 ref=3\n");
}

static void a_refusal_at_rcpt_and_the_rest_at_the_end(void **state)
{
    (void)state;
    start_service(policy);
    post("early", "<anna@x.example> <gone@x.example>", "rcpt: refuse");
    assert_ledger("[start] opted-out free ");
}

static void who_was_watched_was_handed_it(void **state)
{
    (void)state;
    start_service(policy);
    post("watched", "<gone@x.example>", "accept");
    post("watched", "<bad@@x>", "accept");
    move("list", "list.away");
    post("watched", "<anna@x.example>", "accept");
    post("news", "<anna@x.example>", PUT_OFF);
    move("list.away", "list");
    assert_ledger("[start] ?opted-out ?unreadable nobody ?unknown ");
}

static void what_cannot_be_recorded_is_put_off(void **state)
{
    (void)state;
    start_service(policy);
    move("ledger", "ledger.away");
    post("news", "<anna@x.example>", PUT_OFF);
    post("watched", "<anna@x.example>", PUT_OFF);
    assert_logged("stream=watched rule=match_listener verdict=defer in=1 out=0 kept_back=0\n");
    post("part", "<anna@x.example>", "accept");
    post("smtp", "<anna@x.example>", "accept");
    move("ledger.away", "ledger");
    post("watched", "<anna@x.example>", "accept");
    assert_ledger("[start] ?free ");
}

static void without_keys_nobody_can_be_recorded(void **state)
{
    (void)state;
    move("keys/lookup", "lookup.away");
    start_service(policy);
    post("watched", "<anna@x.example>", PUT_OFF);
    post("news", "<anna@x.example>", PUT_OFF);
    move("lookup.away", "keys/lookup");
}

static void where_all_is_watched_and_recorded_too_much_is_put_off(void **state)
{
    static char field[1 << 20];
    struct session *session;
    struct fake fake;
    (void)state;
    start_service(watching);
    session = session_new(service, false);
    assert_non_null(session);
    fake_init(&fake);
    tell_connection(session, &(struct letter){.listener = "watched"});
    begin_letter(session, &fake, &(struct letter){.to = "<anna@x.example>", .listener = "watched"});
    memset(field, 'x', sizeof field - 1);
    for (int i = 0; i < 5; i++)
        session_field(session, "List-Id", field);
    assert_int_equal(session_end(session, &fake.mta, "Q1"), ANSWER_DEFER);
    text_release(&fake.told);
    session_free(session);
}

/* --- configurations -------------------------------------------------------------------------- */

static void reload(const char *with)
{
    write_config(with);
    assert_ok(service_reload(service, &why));
}

static void what_changes_is_told_and_nothing_else(void **state)
{
    (void)state;
    start_service(policy);
    service_write_tally(service);
    service_write_tally(service);
    reload(policy);
    reload(watching);
    post("watched", "<anna@x.example>", "accept");
    reload(watching);
    reload(policy);
    service_end(service);
    service_write_tally(service);
    assert_ledger("[start] [reload] ?free [reload] [stop] ");
    post("news", "<anna@x.example>", PUT_OFF);
    post("smtp", "<anna@x.example>", "accept");
}

static void all_is_told_once_the_ledger_is_there(void **state)
{
    (void)state;
    move("ledger", "ledger.away");
    start_service(policy);
    service_write_tally(service);
    reload(watching);
    reload(policy);
    move("ledger.away", "ledger");
    post("news", "<anna@x.example>", "accept");
    assert_ledger("[start] [reload] [reload] free ");
}

/* As a restore does it, which makes a new node. */
static void another_ledger_is_told_again(void **state)
{
    char other[160];
    (void)state;
    start_service(policy);
    post("news", "<anna@x.example>", "accept");
    snprintf(other, sizeof other, "%s/other", site_folder);
    assert_int_equal(mkdir(other, 0700), 0);
    assert_ok(ledger_create(other, &site_lookup, &site_address, SITE_MAP, &why));
    move("ledger", "ledger.away");
    move("other", "ledger");
    post("news", "<anna@x.example>", "accept");
    assert_ledger("[start] free ");
    post("news", "<anna@x.example>", "accept");
    assert_ledger("[start] free free ");
}

static void mail_under_way_is_told_of_until_it_is_over(void **state)
{
    struct session *first, *second;
    struct fake fake;
    (void)state;
    start_service(policy);
    fake_init(&fake);
    first = session_new(service, false);
    second = session_new(service, false);
    assert_non_null(first);
    assert_non_null(second);
    session_mail(first, "<news@acme.example>", NULL);
    reload(policy); /* the same, and yet another one for who counts its users */
    session_mail(second, "<news@acme.example>", NULL);
    reload(watching);
    session_reset(first);
    service_write_tally(service);
    assert_ledger("[start] [reload overlaps] ");
    reload(policy);
    session_reset(second);
    service_write_tally(service);
    service_write_tally(service);
    assert_ledger("[start] [reload overlaps] [reload overlaps] [alone] ");
    reload(watching);
    assert_ledger("[start] [reload overlaps] [reload overlaps] [alone] [reload] ");
    session_mail(first, "<news@acme.example>", NULL);
    service_end(service);
    session_reset(first);
    service_write_tally(service);
    assert_ledger("[start] [reload overlaps] [reload overlaps] [alone] [reload] ");
    session_free(first);
    session_free(second);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return act_as_tool(argv);
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(everybody_has_a_row),
        TEST(a_refusal_at_rcpt_and_the_rest_at_the_end),
        TEST(who_was_watched_was_handed_it),
        TEST(what_cannot_be_recorded_is_put_off),
        TEST(without_keys_nobody_can_be_recorded),
        TEST(where_all_is_watched_and_recorded_too_much_is_put_off),
        TEST(what_changes_is_told_and_nothing_else),
        TEST(all_is_told_once_the_ledger_is_there),
        TEST(another_ledger_is_told_again),
        TEST(mail_under_way_is_told_of_until_it_is_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
