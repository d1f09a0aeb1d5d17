/* Sessions where something fails: marketing is put off, never let through; other mail never waits
 * for a store. */
#include "milter.h"

#include "milter/facts.h"

#include <time.h>

#define STREAM(name, more)                                                                         \
    "stream " name " { scope = \"acme/news\" match_listener = {\"" name "\"} " more " }\n"
static const char policy[] = "public_url = \"" URL "\"\n" STREAM("news", "")
    STREAM("early", "suppressed = refuse") STREAM("watched", "mode = monitor");

static const struct letter shop = {"<gone@x.example>", .listener = "shop"},
                           gone = {"<gone@x.example>", .listener = "news"},
                           anna = {"<anna@x.example>", .listener = "news"},
                           watched = {"<gone@x.example>", .listener = "watched"};

#define UNKNOWN "defer(451 4.3.0 opt-outs cannot be looked up now, try again later)"
#define REFUSED "refuse(550 5.7.1 opted out of acme/news, ref)"
#define LINK                                                                                       \
    " +List-Unsubscribe(anna@x.example, acme/news)"                                                \
    " +List-Unsubscribe-Post(List-Unsubscribe=One-Click)"

static int set_up(void **state)
{
    milter_ledger_size = "64M";
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
    return remove_milter_site(state);
}

static void move(const char *from, const char *to)
{
    char a[128], b[128];
    snprintf(a, sizeof a, "%s/%s", site_folder, from);
    snprintf(b, sizeof b, "%s/%s", site_folder, to);
    assert_int_equal(rename(a, b), 0);
}

static void assert_all_is_well(void)
{
    assert_outcome("opted out", &gone, false, REFUSED);
    assert_outcome("free", &anna, false, "accept" LINK);
    assert_outcome("shop", &shop, false, "accept");
}

/* --- stores -------------------------------------------------------------------------------------
 */

static void other_mail_passes_without_any_store(void **state)
{
    (void)state;
    move("list", "list.away");
    move("ledger", "ledger.away");
    start_service(policy);
    assert_outcome("shop", &shop, false, "accept");
    assert_outcome("shop, answering", &shop, true, "accept");
    assert_outcome("opted out", &gone, false, UNKNOWN);
    assert_outcome("free", &anna, false, UNKNOWN);
    assert_outcome("watched", &watched, false, "accept");
    assert_logged("data.mdb is missing: run `optout init`");
    move("list.away", "list");
    move("ledger.away", "ledger");
    assert_all_is_well();
}

static void a_list_taken_away_puts_off_until_it_is_back(void **state)
{
    (void)state;
    start_service(policy);
    assert_all_is_well();
    move("list", "list.away");
    assert_outcome("opted out", &gone, false, UNKNOWN);
    assert_outcome("free", &anna, false, UNKNOWN);
    assert_outcome("shop", &shop, false, "accept");
    move("list.away", "list");
    assert_all_is_well();
}

/* What cannot be recorded is not done; who gets their mail needs no record. */
static void without_a_ledger_nobody_is_kept_back_for_good(void **state)
{
    const struct letter two = {"<gone@x.example> <anna@x.example>", .listener = "news"},
                        early = {"<gone@x.example> <anna@x.example>", .listener = "early"};
    (void)state;
    start_service(policy);
    move("ledger", "ledger.away");
    assert_outcome("opted out", &gone, false, UNKNOWN);
    assert_outcome("one of two", &two, false, UNKNOWN);
    assert_outcome("at RCPT", &early, true, "rcpt: " UNKNOWN " continue; accept" LINK);
    assert_outcome("free", &anna, false, "accept" LINK);
    assert_outcome("watched", &watched, false, "accept");
    move("ledger.away", "ledger");
    assert_all_is_well();
}

static int count_verdict(struct txn *txn, const struct event *event, void *argument)
{
    (void)txn;
    *(size_t *)argument += event->type == EVENT_VERDICT;
    return 0;
}

static void a_full_ledger_has_every_refusal_that_was_given(void **state)
{
    size_t refused = 0, recorded = 0;
    char *outcome;
    (void)state;
    milter_ledger_size = "1M";
    start_service(policy);
    while (strcmp(outcome = send_letter(&gone, false), REFUSED) == 0) {
        free(outcome);
        assert_true(++refused < 100000);
    }
    assert_string_equal(outcome, UNKNOWN);
    free(outcome);
    assert_logged("has reached its reserved size");
    assert_outcome("free", &anna, false, "accept" LINK);
    assert_outcome("shop", &shop, false, "accept");
    walk_ledger(count_verdict, &recorded);
    assert_true(refused > 100);
    assert_int_equal(recorded, refused);
}

/* --- keys and scopes ----------------------------------------------------------------------------
 */

static void a_second_later(void)
{
    const struct timespec second = {.tv_sec = 1, .tv_nsec = 10 * 1000 * 1000};
    nanosleep(&second, NULL);
}

static void keys_that_are_put_back_are_found(void **state)
{
    (void)state;
    move("keys/lookup", "lookup.away");
    start_service(policy);
    assert_outcome("opted out", &gone, false, UNKNOWN);
    assert_outcome("shop", &shop, false, "accept");
    assert_outcome("watched", &watched, false, "accept");
    move("lookup.away", "keys/lookup");
    a_second_later();
    assert_all_is_well();
}

static void make_other_keys(void)
{
    struct lookup_key ours = site_lookup;
    char folder[sizeof site_keys];

    strcpy(folder, site_keys);
    snprintf(site_keys, sizeof site_keys, "%s/other", site_folder);
    assert_int_equal(mkdir(site_keys, 0700), 0);
    assert_int_equal(make_keys(), 0);
    strcpy(site_keys, folder);
    site_lookup = ours;
}

/* Under another key nobody would be found, and all be mailed. */
static void other_keys_are_not_taken_by_a_reload(void **state)
{
    (void)state;
    make_other_keys();
    start_service(policy);
    assert_all_is_well();
    move("keys/lookup", "lookup.away");
    move("other/lookup", "keys/lookup");
    assert_refused(service_reload(service, &why), ERR_KEY, "put back the one that belongs to it");
    assert_all_is_well();
    move("keys/lookup", "other/lookup");
    assert_refused(service_reload(service, &why), ERR_KEY, "lookup");
    assert_all_is_well();
    move("lookup.away", "keys/lookup");
    assert_ok(service_reload(service, &why));
    assert_all_is_well();
}

static void other_keys_at_the_start_put_off(void **state)
{
    (void)state;
    make_other_keys();
    move("keys/lookup", "lookup.away");
    move("other/lookup", "keys/lookup");
    start_service(policy);
    assert_outcome("opted out", &gone, false, UNKNOWN);
    assert_outcome("free", &anna, false, UNKNOWN);
    assert_outcome("shop", &shop, false, "accept");
    assert_logged("was made with another lookup file");
}

static void a_scope_that_nobody_registered_puts_off(void **state)
{
    const struct letter letter = {"<gone@x.example>", .listener = "news"};
    (void)state;
    start_service("stream news { scope = \"acme/newz\" match_listener = {\"news\"} }");
    assert_outcome("renamed", &letter, false, UNKNOWN);
    assert_logged("scope acme/newz is not registered: `optout scope add acme/newz` does it");
    register_scope("acme/newz");
    assert_outcome("registered", &letter, false, "accept");
}

/* --- the MTA ------------------------------------------------------------------------------------
 */

static void whatever_the_mta_fails_at_the_message_is_not_accepted(void **state)
{
    const struct letter letter = {"<gone@x.example> <anna@x.example>", .listener = "news",
                                  .header = "List-Unsubscribe: <a> | List-Unsubscribe: <b>"};
    enum { CALLS = 5 };
    (void)state;
    start_service(policy);
    for (unsigned fail_at = 1; fail_at <= CALLS + 1; fail_at++) {
        struct session *session = session_new(service, false);
        struct fake fake;
        assert_non_null(session);
        fake_init(&fake);
        fake.fail_at = fail_at;
        tell_connection(session, &letter);
        begin_letter(session, &fake, &letter);
        enum answer answer = session_end(session, &fake.mta, "Q1");
        assert_int_equal(answer, fail_at <= CALLS ? ANSWER_DEFER : ANSWER_ACCEPT);
        text_release(&fake.told);
        session_free(session);
    }
}

static void a_refusal_without_its_reply_puts_off(void **state)
{
    struct session *session;
    struct fake fake;
    (void)state;
    start_service(policy);
    session = session_new(service, false);
    assert_non_null(session);
    fake_init(&fake);
    fake.fail_at = 1;
    tell_connection(session, &gone);
    begin_letter(session, &fake, &gone);
    assert_int_equal(session_end(session, &fake.mta, "Q1"), ANSWER_DEFER);
    assert_string_equal(fake.reply, "451 4.3.0 opt-outs cannot be looked up now, try again later");
    text_release(&fake.told);
    session_free(session);
}

/* --- too much -----------------------------------------------------------------------------------
 */

/* Header fields of a mebibyte each. */
static char *send_megabytes(struct session *session, const struct letter *letter, size_t count)
{
    static char value[1 << 20];
    struct fake fake;
    fake_init(&fake);
    begin_letter(session, &fake, letter);
    memset(value, 'x', sizeof value - 1);
    for (size_t i = 0; i < count; i++)
        session_field(session, "Message-ID", value);
    end_letter(session, &fake);
    return fake.told.data;
}

static void assert_megabytes(struct session *session, const struct letter *letter, size_t count,
                             const char *expected)
{
    char *outcome = send_megabytes(session, letter, count);
    assert_string_equal(outcome, expected);
    free(outcome);
}

static void more_facts_than_any_honest_message_has_put_off_this_one(void **state)
{
    struct session *session;
    (void)state;
    start_service(policy);
    session = session_new(service, false);
    assert_non_null(session);
    tell_connection(session, &anna);
    assert_megabytes(session, &anna, 1, "accept" LINK);
    assert_megabytes(session, &anna, 5, UNKNOWN);
    assert_megabytes(session, &gone, 0, REFUSED);
    tell_connection(session, &shop);
    assert_megabytes(session, &shop, 5, UNKNOWN);
    assert_megabytes(session, &shop, 0, "accept");
    session_free(session);
}

static void where_all_is_only_watched_it_passes(void **state)
{
    struct session *session;
    (void)state;
    start_service(STREAM("watched", "mode = monitor"));
    session = session_new(service, false);
    assert_non_null(session);
    tell_connection(session, &watched);
    assert_megabytes(session, &watched, 5, "accept");
    session_free(session);
}

static void ten_thousand_recipients_are_judged(void **state)
{
    enum { MANY = 10000 };
    struct session *session;
    struct fake fake;
    (void)state;
    start_service(policy);
    session = session_new(service, false);
    assert_non_null(session);
    fake_init(&fake);
    tell_connection(session, &anna);
    session_mail(session, "<news@acme.example>", NULL);
    for (unsigned i = 0; i < MANY; i++) {
        char to[64];
        snprintf(to, sizeof to, "<person%u@x.example>", i);
        session_recipient(session, &fake.mta, i == MANY / 2 ? "<gone@x.example>" : to, NULL);
    }
    end_letter(session, &fake);
    assert_string_equal(fake.told.data,
                        "accept -<gone@x.example> +List-Unsubscribe(<" URL "s/acme/news>)");
    text_release(&fake.told);
    assert_true(session->recipient_room <= 128); /* not for as long as the connection lasts */
    session_free(session);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return act_as_tool(argv);
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(other_mail_passes_without_any_store),
        TEST(a_list_taken_away_puts_off_until_it_is_back),
        TEST(without_a_ledger_nobody_is_kept_back_for_good),
        TEST(a_full_ledger_has_every_refusal_that_was_given),
        TEST(keys_that_are_put_back_are_found),
        TEST(other_keys_are_not_taken_by_a_reload),
        TEST(other_keys_at_the_start_put_off),
        TEST(a_scope_that_nobody_registered_puts_off),
        TEST(whatever_the_mta_fails_at_the_message_is_not_accepted),
        TEST(a_refusal_without_its_reply_puts_off),
        TEST(more_facts_than_any_honest_message_has_put_off_this_one),
        TEST(where_all_is_only_watched_it_passes),
        TEST(ten_thousand_recipients_are_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
