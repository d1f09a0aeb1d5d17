/* Sessions with real stores and an MTA that writes down what it is told: what becomes of a letter.
 */
#include "milter.h"

#include "milter/facts.h"

/* The rules that rest on headers come last: behind them nothing would be known at RCPT. */
static const char policy[] =
    "public_url = \"" URL "\"\n"
    "companions = {\"archive@acme.example\"}\n"
    "exempt receipts { match_sender = {\"shop@acme.example\"} }\n"
    "stream news { scope = \"acme/news\" match_login = {\"mautic\"} }\n"
    "stream early {\n"
    "  scope = \"acme/news\" match_listener = {\"early\"}\n"
    "  suppressed = refuse recipients = defer\n"
    "}\n"
    "stream single {\n"
    "  scope = \"acme/news\" match_listener = {\"single\"}\n"
    "  recipients = defer\n"
    "}\n"
    "stream own {\n"
    "  scope = \"acme/news\" match_sender = {\"own@acme.example\"}\n"
    "  suppressed = refuse recipients = defer\n"
    "}\n"
    "stream silent {\n"
    "  scope = \"acme/news\" match_listener = {\"silent\"}\n"
    "  none_left = discard\n"
    "}\n"
    "stream asked {\n"
    "  scope = \"acme/news\" match_listener = {\"asked\"} consent = opt-in\n"
    "}\n"
    "stream watched {\n"
    "  scope = \"acme/news\" match_listener = {\"watched\"}\n"
    "  suppressed = refuse recipients = defer mode = monitor\n"
    "}\n"
    "stream tagged {\n"
    "  scope = \"acme/news\" match_header = {\"X-Campaign: *\"}\n"
    "}\n";

static int set_up_group(void **state)
{
    if (make_milter_site(state))
        return -1;
    register_scope("acme/news");
    opt_out("gone@x.example", "acme/news");
    opt_out("left@x.example", "acme");
    opt_out("other@x.example", "acme/news");
    by_tool("opt-in", "other@x.example", "acme/news");
    opt_out("@closed.example", "acme/news");
    by_tool("opt-in", "asked@x.example", "acme");
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

#define LINK(address) " +List-Unsubscribe(" address ", acme/news)" POST
#define POST " +List-Unsubscribe-Post(List-Unsubscribe=One-Click)"
#define GENERAL " +List-Unsubscribe(<" URL "s/acme/news>)"
#define NOT_ALONE                                                                                  \
    "refuse(550 5.7.1 send it to each recipient alone, some must not have it: acme/news, ref)"
#define REFUSED "refuse(550 5.7.1 opted out of acme/news, ref)"

/* --- at the end of the message ------------------------------------------------------------------
 */

static const struct {
    const char *sentence;
    struct letter letter;
    const char *outcome;
} letters[] = {
    {"What is not marketing is accepted as it is.", {.to = "<gone@x.example>"}, "accept"},
    {"So is what is exempt.",
     {"<gone@x.example>", .login = "mautic", .sender = "<shop@acme.example>"},
     "accept"},
    {"One person gets a link of their own.",
     {"<anna@x.example>", .login = "mautic"},
     "accept" LINK("anna@x.example")},
    {"A realm behind the login makes no difference.",
     {"<anna@x.example>", .login = "mautic@mta.example"},
     "accept" LINK("anna@x.example")},
    {"Several get a general one.",
     {"<anna@x.example> <ben@x.example>", .login = "mautic"},
     "accept" GENERAL},
    {"Who opted out is stripped, and the link belongs to who is left.",
     {"<gone@x.example> <anna@x.example>", .login = "mautic"},
     "accept -<gone@x.example>" LINK("anna@x.example")},
    {"An opt-out of more than the stream counts.",
     {"<left@x.example> <anna@x.example>", .login = "mautic"},
     "accept -<left@x.example>" LINK("anna@x.example")},
    {"One that was named by an opt-in does not.",
     {"<other@x.example>", .login = "mautic"},
     "accept" LINK("other@x.example")},
    {"A domain that wants nothing gets nothing.",
     {"<anna@closed.example> <anna@x.example>", .login = "mautic"},
     "accept -<anna@closed.example>" LINK("anna@x.example")},
    {"The spelling of the MTA is given back, byte by byte.",
     {"<GONE@X.Example.> <\"gone\"@x.example> <anna@x.example> <gone@x.example>",
      .login = "mautic"},
     "accept -<GONE@X.Example.> -<\"gone\"@x.example> -<gone@x.example>" LINK("anna@x.example")},
    {"But without a source route, which the MTA has dropped.",
     {"<@relay.example:gone@x.example> <anna@x.example>", .login = "mautic"},
     "accept -<gone@x.example>" LINK("anna@x.example")},
    {"Who cannot be read is stripped.",
     {"<nodomain> <anna@x.example>", .login = "mautic"},
     "accept -<nodomain>" LINK("anna@x.example")},
    {"Where stripping is not certain to work, nobody gets it.",
     {"<two<a@x.example>> <anna@x.example>", .login = "mautic"},
     "refuse(550 5.7.1 a recipient cannot be read, for acme/news, ref)"},
    {"Whether or not the list knows who it is.",
     {"<\tgone@x.example> <anna@x.example>", .login = "mautic"},
     "refuse(550 5.7.1 a recipient cannot be read, for acme/news, ref)"},
    {"Nobody left is refused, and told why and where to look it up.",
     {"<gone@x.example>", .login = "mautic"},
     REFUSED},
    {"Or swallowed, where the stream says so.",
     {"<gone@x.example>", .listener = "silent"},
     "discard"},
    {"A companion gets it beside somebody.",
     {"<archive@acme.example> <gone@x.example> <anna@x.example>", .login = "mautic"},
     "accept -<gone@x.example>" LINK("anna@x.example")},
    {"A companion alone gets it, without a link.",
     {"<archive@acme.example>", .login = "mautic"},
     "accept"},
    {"A companion left alone does not.",
     {"<archive@acme.example> <gone@x.example>", .login = "mautic"},
     REFUSED},
    {"Without consent nothing, where consent is asked for.",
     {"<anna@x.example>", .listener = "asked"},
     "refuse(550 5.7.1 no consent for acme/news, ref)"},
    {"With consent it goes.",
     {"<asked@x.example>", .listener = "asked"},
     "accept" LINK("asked@x.example")},
    {"One person twice is one person.",
     {"<anna@x.example> <Anna@X.example>", .login = "mautic"},
     "accept" LINK("anna@x.example")},
    {"A header can be the mark.", {"<gone@x.example>", .header = "X-Campaign: 7"}, REFUSED},
    {"The application's link is replaced, last field first.",
     {"<anna@x.example>", .login = "mautic",
      .header = "List-Unsubscribe: <a> | Subject: x | List-Unsubscribe: <b>"},
     "accept -List-Unsubscribe:2 -List-Unsubscribe:1" LINK("anna@x.example")},
    {"Mail from sendmail(1) is judged as well.",
     {"<gone@x.example>", .header = "X-Campaign: 7", .by_sendmail = true},
     REFUSED},
    {"It goes to all or to nobody.",
     {"<gone@x.example> <anna@x.example>", .header = "X-Campaign: 7", .by_sendmail = true},
     NOT_ALONE},
    {"Where all may have it, it goes.",
     {"<anna@x.example>", .header = "X-Campaign: 7", .by_sendmail = true},
     "accept" LINK("anna@x.example")},
    {"A watched stream changes nothing.",
     {"<gone@x.example> <anna@x.example>", .listener = "watched"},
     "accept"},
};

static void a_letter_becomes_what_the_table_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(letters); i++)
        assert_outcome(letters[i].sentence, &letters[i].letter, false, letters[i].outcome);
    assert_int_equal(atomic_load(&service->messages), 0);
}

/* What is not recognised before its end, or strips, is not answered at RCPT. */
static void an_answering_connection_says_nothing_more_of_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(letters); i++)
        assert_outcome(letters[i].sentence, &letters[i].letter, true, letters[i].outcome);
}

/* --- at RCPT ------------------------------------------------------------------------------------
 */

#define AGAIN "defer(452 4.5.3 one recipient a message, send this one again on its own)"

static const struct {
    const char *sentence;
    struct letter letter;
    const char *answered; /* on a connection that answers, and on one that does not */
    const char *silent;
} early[] = {
    {"Who opted out is refused, the rest gets it.",
     {"<gone@x.example> <anna@x.example>", .listener = "early"},
     "rcpt: " REFUSED " continue; accept" LINK("anna@x.example"),
     "accept -<gone@x.example>" LINK("anna@x.example")},
    {"The second who may be mailed has to come alone.",
     {"<anna@x.example> <ben@x.example> <gone@x.example>", .listener = "early"},
     "rcpt: " AGAIN " " REFUSED "; accept" LINK("anna@x.example"),
     "accept -<gone@x.example>" GENERAL},
    {"The same person again does not, a companion neither.",
     {"<anna@x.example> <ANNA@x.example> <archive@acme.example>", .listener = "early"},
     "accept" LINK("anna@x.example"),
     "accept" LINK("anna@x.example")},
    {"Who comes behind a companion does not.",
     {"<archive@acme.example> <anna@x.example>", .listener = "early"},
     "accept" LINK("anna@x.example"),
     "accept" LINK("anna@x.example")},
    {"Nor who comes behind one that is to be stripped.",
     {"<gone@x.example> <anna@x.example> <ben@x.example>", .listener = "single"},
     "rcpt: " AGAIN "; accept -<gone@x.example>" LINK("anna@x.example"),
     "accept -<gone@x.example>" GENERAL},
    {"Who cannot be read is refused as well.",
     {"<nodomain> <anna@x.example>", .listener = "early"},
     "rcpt: refuse(550 5.7.1 a recipient cannot be read, for acme/news, ref) continue; "
     "accept" LINK("anna@x.example"),
     "accept -<nodomain>" LINK("anna@x.example")},
    {"A sender of this host can be known at RCPT.",
     {"<gone@x.example> <anna@x.example>", .sender = "<own@acme.example>"},
     "rcpt: " REFUSED " continue; accept" LINK("anna@x.example"),
     "accept -<gone@x.example>" LINK("anna@x.example")},
    {"But sendmail(1) takes no answer.",
     {"<gone@x.example> <anna@x.example>", .sender = "<own@acme.example>", .by_sendmail = true},
     NOT_ALONE,
     NOT_ALONE},
    {"What is only watched is not answered.",
     {"<gone@x.example> <anna@x.example> <ben@x.example>", .listener = "watched"},
     "accept",
     "accept"},
    {"Where all were refused and the message goes on all the same, they are judged again.",
     {"<gone@x.example>", .listener = "early"},
     "rcpt: " REFUSED "; " REFUSED,
     REFUSED},
};

static void a_recipient_is_answered_as_the_table_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(early); i++)
        assert_outcome(early[i].sentence, &early[i].letter, true, early[i].answered);
}

static void a_connection_that_was_negotiated_silent_stays_silent(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(early); i++)
        assert_outcome(early[i].sentence, &early[i].letter, false, early[i].silent);
}

/* --- several messages on one connection ---------------------------------------------------------
 */

static char *next_letter(struct session *session, const struct letter *letter)
{
    struct fake fake;
    fake_init(&fake);
    begin_letter(session, &fake, letter);
    end_letter(session, &fake);
    return fake.told.data;
}

static void nothing_of_one_message_reaches_the_next(void **state)
{
    struct session *session = session_new(service, false);
    const struct letter tagged = {"<gone@x.example>", .header = "X-Campaign: 7"},
                        plain = {.to = "<gone@x.example>"},
                        login = {"<gone@x.example> <anna@x.example>", .login = "mautic"};
    char *outcome;
    (void)state;
    assert_non_null(session);
    tell_connection(session, &plain);
    for (int i = 0; i < 3; i++) {
        outcome = next_letter(session, &tagged);
        assert_int_equal(strncmp(outcome, "refuse", 6), 0);
        free(outcome);
        outcome = next_letter(session, &plain);
        assert_string_equal(outcome, "accept");
        free(outcome);
        outcome = next_letter(session, &login);
        assert_string_equal(outcome, "accept -<gone@x.example>" LINK("anna@x.example"));
        free(outcome);
    }
    session_free(session);
}

/* RSET, or a new MAIL without one. */
static void a_message_that_was_given_up_leaves_nothing_behind(void **state)
{
    struct session *session = session_new(service, true);
    const struct letter first = {"<anna@x.example> <gone@x.example>", .listener = "early"},
                        second = {"<ben@x.example>", .listener = "early"};
    struct fake fake;
    (void)state;
    assert_non_null(session);
    tell_connection(session, &first);
    for (int reset = 0; reset < 2; reset++) {
        fake_init(&fake);
        begin_letter(session, &fake, &first);
        text_release(&fake.told);
        if (reset)
            session_reset(session);
        assert_int_equal(atomic_load(&service->messages), reset ? 0 : 1);
        char *outcome = next_letter(session, &second);
        assert_string_equal(outcome, "accept" LINK("ben@x.example"));
        free(outcome);
    }
    session_free(session);
    assert_int_equal(atomic_load(&service->messages), 0);
    assert_int_equal(atomic_load(&service->connections), 0);
}

static void an_opt_out_holds_for_the_next_message(void **state)
{
    const struct letter letter = {"<dora@x.example>", .login = "mautic"};
    (void)state;
    assert_outcome("before", &letter, false, "accept" LINK("dora@x.example"));
    opt_out("dora@x.example", "acme/news");
    assert_outcome("after", &letter, false, REFUSED);
}

/* --- what is not known
 * ---------------------------------------------------------------------------- */

#define UNKNOWN "defer(451 4.3.0 opt-outs cannot be looked up now, try again later)"

static void an_end_without_a_beginning_is_put_off(void **state)
{
    struct session *session = session_new(service, false);
    struct fake fake;
    (void)state;
    assert_non_null(session);
    fake_init(&fake);
    session_field(session, "X-Campaign", "7");
    assert_int_equal(session_recipient(session, &fake.mta, "<gone@x.example>", NULL),
                     ANSWER_CONTINUE);
    end_letter(session, &fake);
    assert_string_equal(fake.told.data, UNKNOWN);
    text_release(&fake.told);
    session_free(session);
}

static void a_connection_that_nobody_told_of_is_put_off(void **state)
{
    struct session *session = session_new(service, false);
    char *outcome;
    (void)state;
    assert_non_null(session);
    outcome = next_letter(session, &(struct letter){.to = "<gone@x.example>"});
    assert_string_equal(outcome, UNKNOWN);
    free(outcome);
    session_free(session);
}

/* --- reload
 * --------------------------------------------------------------------------------------- */

static void a_message_ends_with_the_configuration_it_began_with(void **state)
{
    struct session *session = session_new(service, false);
    const struct letter letter = {"<gone@x.example> <anna@x.example>", .login = "mautic"};
    struct fake fake;
    (void)state;
    assert_non_null(session);
    fake_init(&fake);
    tell_connection(session, &letter);
    begin_letter(session, &fake, &letter);
    write_config("stream other { scope = \"acme/news\" match_login = {\"nobody\"} }");
    assert_ok(service_reload(service, &why));
    end_letter(session, &fake);
    assert_string_equal(fake.told.data, "accept -<gone@x.example>" LINK("anna@x.example"));
    text_release(&fake.told);
    char *outcome = next_letter(session, &letter);
    assert_string_equal(outcome, "accept");
    free(outcome);
    session_free(session);
}

static void a_bad_configuration_leaves_the_old_one(void **state)
{
    const struct letter letter = {"<gone@x.example>", .login = "mautic"};
    (void)state;
    write_config("stream news { scope = \"acme/news\" match_logn = {\"mautic\"} }");
    assert_refused(service_reload(service, &why), ERR_CONFIG, ":6: ");
    write_config("stream news { scope = \"acme/newz\" match_login = {\"mautic\"} }");
    assert_refused(service_reload(service, &why), ERR_SCOPE, "optout scope add acme/newz");
    assert_outcome("as before", &letter, false, REFUSED);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return act_as_tool(argv);
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_letter_becomes_what_the_table_says),
        TEST(an_answering_connection_says_nothing_more_of_them),
        TEST(a_recipient_is_answered_as_the_table_says),
        TEST(a_connection_that_was_negotiated_silent_stays_silent),
        TEST(nothing_of_one_message_reaches_the_next),
        TEST(a_message_that_was_given_up_leaves_nothing_behind),
        TEST(an_opt_out_holds_for_the_next_message),
        TEST(an_end_without_a_beginning_is_put_off),
        TEST(a_connection_that_nobody_told_of_is_put_off),
        TEST(a_message_ends_with_the_configuration_it_began_with),
        TEST(a_bad_configuration_leaves_the_old_one),
    };
    return cmocka_run_group_tests(tests, set_up_group, remove_milter_site);
}
