/* Recognising, as cases to read: a rule, a message, and the answer at RCPT and at its end. What
 * holds for every policy is in test_stream_random.c. */
#include "core/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define MANY 8

/* --- rules and messages in words ----------------------------------------------------------------
 *
 *     login=mautic|listmonk; header=List-Id: *news*
 *     login=mautic@acme.example; ip=192.0.2.1; to=a@x.example; List-Id: <news.acme.example> */

struct words {
    char text[512];
    char *phrases[16];
    size_t count;
};

static void split(struct words *words, const char *text)
{
    words->count = 0;
    assert_true(strlen(text) < sizeof words->text);
    strcpy(words->text, text);
    for (char *phrase = words->text; phrase;) {
        char *next = strstr(phrase, "; ");
        if (next) {
            *next = '\0';
            next += 2;
        }
        assert_true(words->count < COUNT(words->phrases));
        words->phrases[words->count++] = phrase;
        phrase = next;
    }
}

struct rule_words {
    struct words words;
    struct stream stream;
    const char *globs[CRITERION_COUNT][MANY];
};

static void read_rule(const char *text, struct rule_words *out)
{
    memset(out, 0, sizeof *out);
    if (*text == '\0')
        return;
    split(&out->words, text);
    for (size_t i = 0; i < out->words.count; i++) {
        char *value = strchr(out->words.phrases[i], '=');
        enum criterion c = 0;
        assert_non_null(value);
        *value++ = '\0';
        while (strcmp(criterion_name(c) + strlen("match_"), out->words.phrases[i]) != 0) {
            c++;
            assert_true(c < CRITERION_COUNT);
        }
        struct patterns *patterns = &out->stream.rule.match[c];
        patterns->globs = out->globs[c];
        for (char *rest, *glob = strtok_r(value, "|", &rest); glob;
             glob = strtok_r(NULL, "|", &rest))
            patterns->globs[patterns->count++] = glob;
    }
}

struct message_words {
    struct words words;
    struct message message;
    struct header_field fields[MANY];
    struct recipient recipients[MANY];
};

static void read_recipient(struct message_words *out, const char *given, bool companion)
{
    struct recipient *recipient = &out->recipients[out->message.recipient_count++];
    recipient->given = given;
    recipient->companion = companion;
    recipient->problem = address_parse(given, &recipient->address);
}

static void read_fact(struct message_words *out, const char *name, const char *value)
{
    struct message *message = &out->message;
    if (strcmp(name, "sender") == 0)
        message->sender = value;
    else if (strcmp(name, "login") == 0)
        message->login = value;
    else if (strcmp(name, "host") == 0)
        message->client_name = value;
    else if (strcmp(name, "listener") == 0)
        message->listener = value;
    else if (strcmp(name, "port") == 0)
        message->listener_port = value;
    else if (strcmp(name, "to") == 0)
        read_recipient(out, value, false);
    else if (strcmp(name, "companion") == 0)
        read_recipient(out, value, true);
    else if (strcmp(name, "ip") == 0)
        message->client_known = ip_parse(value, &message->client_ip) == 0;
    else
        fail_msg("cannot read: %s", name);
}

static void read_message(const char *text, struct message_words *out)
{
    memset(out, 0, sizeof *out);
    out->message.sender = "someone@else.example";
    out->message.fields = out->fields;
    out->message.recipients = out->recipients;
    if (*text == '\0')
        return;
    split(&out->words, text);
    for (size_t i = 0; i < out->words.count; i++) {
        char *phrase = out->words.phrases[i];
        char *end = strpbrk(phrase, "=:");
        if (strcmp(phrase, "sendmail") == 0) {
            out->message.origin = ORIGIN_SENDMAIL;
            continue;
        }
        assert_non_null(end);
        bool is_field = *end == ':';
        *end = '\0';
        if (is_field)
            out->fields[out->message.field_count++] = (struct header_field){phrase, end + 1};
        else
            read_fact(out, phrase, end + 1);
    }
}

/* --- single rules ------------------------------------------------------------------------------
 */

enum answer { NO, OPEN, YES };

/* clang-format off */
static const struct {
    const char *sentence;
    const char *rule, *message;
    enum answer early, complete;
} cases[] = {
    {"A rule that asks for nothing never matches.",
     "", "login=mautic; to=a@x.example", NO, NO},

    {"A login without @ fits any realm.", "login=mautic", "login=mautic@acme.example", YES, YES},
    {"A login without @ fits one without realm.", "login=mautic", "login=Mautic", YES, YES},
    {"The realm begins at the last @.", "login=shop@acme", "login=shop@acme@realm", NO, NO},
    {"A glob without @ sees all before the last @.", "login=shop*acme", "login=shop@acme@r", YES, YES},
    {"A login with @ is compared as a whole.", "login=m@acme.example", "login=m@other.example", NO, NO},
    {"A login with @ may be a glob.", "login=m@*.example", "login=m@other.example", YES, YES},
    {"A longer login is another.", "login=mautic", "login=mautic2", NO, NO},
    {"Nobody logged in is no login.", "login=*", "ip=127.0.0.1", NO, NO},
    {"An empty login is none.", "login=*", "login=; ip=127.0.0.1", NO, NO},
    {"Values are alternatives.", "login=mautic|listmonk", "login=listmonk", YES, YES},
    {"Different names must all match.", "login=mautic; client=10.0.0.0/8", "login=mautic", NO, NO},
    {"And do.", "login=mautic; client=10.0.0.0/8", "login=mautic; ip=10.1.2.3", YES, YES},

    {"A client is known by its network.", "client=192.0.2.0/24", "ip=192.0.2.77", YES, YES},
    {"Or is not in it.", "client=192.0.2.0/24", "ip=192.0.3.77", NO, NO},
    {"Or by its address.", "client=2001:db8::1", "ip=2001:db8::1", YES, YES},
    {"A network does not fit an unknown address.", "client=0.0.0.0/0|::/0", "host=a.example", NO, NO},
    {"A network is no host name.", "client=192.0.2.1", "ip=10.0.0.1; host=192.0.2.1", NO, NO},
    {"A client is known by its name.", "client=*.acme.example", "host=crm.Acme.example", YES, YES},
    {"A name in brackets is none.", "client=*", "host=[192.0.2.1]; ip=192.0.2.1", NO, NO},
    {"Even if the glob has brackets.", "client=[*]", "host=[192.0.2.1]; ip=192.0.2.1", NO, NO},
    {"An unknown name fits nothing.", "client=*", "ip=192.0.2.1", NO, NO},

    {"A listener is known by its name.", "listener=marketing", "listener=Marketing", YES, YES},
    {"Or by its port.", "listener=2525", "listener=x; port=2525", YES, YES},
    {"Or is another.", "listener=marketing|2525", "listener=smtp; port=25", NO, NO},
    {"An unknown one fits nothing.", "listener=*", "login=mautic", NO, NO},
    {"The word sendmail means sendmail(1).", "listener=sendmail", "sendmail; listener=mx.a", YES, YES},
    {"And no listener of that name.", "listener=sendmail", "listener=sendmail", NO, NO},
    {"The host's name is no listener of sendmail(1).", "listener=mx.a|*", "sendmail; listener=mx.a", NO, NO},

    {"A sender is compared in canonical form.",
     "sender=news@acme.example; login=*", "login=m; sender=<News@ACME.example.>", YES, YES},
    {"A glob has no case either.",
     "sender=News@*.Example; login=*", "login=m; sender=news@acme.example", YES, YES},
    {"A source route changes nothing.",
     "sender=news@acme.example; login=*", "login=m; sender=@relay.example:news@acme.example", YES, YES},
    {"A person's spelling of a domain is understood.",
     "sender=*@M\xc3\xbcller.example; login=*", "login=m; sender=news@xn--mller-kva.example", YES, YES},
    {"In the message as well.",
     "sender=*@xn--mller-kva.example; login=*", "login=m; sender=news@m\xc3\xbcller.example", YES, YES},
    {"A sender that is no address is compared as it stands.",
     "sender=www-data; login=*", "login=m; sender=WWW-data", YES, YES},
    {"The null sender fits no glob.", "sender=*; login=*", "login=m; sender=", NO, NO},
    {"But its own.", "sender=a@b.example|<>; login=*", "login=m; sender=", YES, YES},
    {"Which fits no other.", "sender=<>; login=*", "login=m; sender=a@b.example", NO, NO},

    {"A header is open until it is there.", "header=X-Campaign: *; login=m", "login=m; X-Campaign: 7", OPEN, YES},
    {"Or until it is not.", "header=X-Campaign: *; login=m", "login=m; X-Other: 7", OPEN, NO},
    {"What has failed already is not open.", "header=X-Campaign: *; login=m", "login=n; X-Campaign: 7", NO, NO},
    {"Names of fields have no case.", "header=list-ID: *news*; login=m", "login=m; List-Id: <NEWS.a>", OPEN, YES},
    {"A name is compared as a whole.", "header=List: *; login=m", "login=m; List-Id: 7", OPEN, NO},
    {"From both sides.", "header=List-Id: *; login=m", "login=m; List: 7", OPEN, NO},
    {"Any field of the name will do.", "header=X-A: 2; login=m", "login=m; X-A: 1; X-A: 2", OPEN, YES},
    {"Values are unfolded.", "header=X-A:a b; login=m", "login=m; X-A: a\n b", OPEN, YES},
    {"Blanks around the name do not count.", "header=X-A : 1; login=m", "login=m; X-A: 1", OPEN, YES},
    {"Without a colon nothing fits.", "header=X-A; login=m", "login=m; X-A: 1", OPEN, NO},
    {"Any glob will do.", "header=X-A: 1|X-B: 2; login=m", "login=m; X-B: 2", OPEN, YES},

    {"A From is known by its address.",
     "from=news@acme.example; login=m", "login=m; From: \"News, all\" <News@Acme.example>", OPEN, YES},
    {"Not by its name.",
     "from=*shop*; login=m", "login=m; From: shop <news@acme.example>", OPEN, NO},
    {"A second mailbox does not hide the first.",
     "from=a@x.example; login=m", "login=m; From: a@x.example, b@x.example", OPEN, YES},
    {"Nor the first the second.",
     "from=b@x.example; login=m", "login=m; From: a@x.example, b@x.example", OPEN, YES},
    {"Nor one field the other.",
     "from=b@x.example; login=m", "login=m; From: a@x.example; From: b@x.example", OPEN, YES},
    {"No From fits nothing.", "from=*; login=m", "login=m", OPEN, NO},

    {"Recipients are open as long as more may come.",
     "recipient=*@x.example; login=m", "login=m; to=a@x.example", OPEN, YES},
    {"One that does not fit is enough.",
     "recipient=*@x.example; login=m", "login=m; to=a@x.example; to=a@y.example", NO, NO},
    {"Each may fit another glob.",
     "recipient=*@x.example|*@y.example; login=m", "login=m; to=a@x.example; to=A@Y.example", OPEN, YES},
    {"One that cannot be read fits nothing.",
     "recipient=*; login=m", "login=m; to=a@x.example; to=a@@", NO, NO},
    {"A companion does not count.",
     "recipient=*@x.example; login=m", "login=m; to=a@x.example; companion=c@y.example", OPEN, YES},
    {"Not even for it.",
     "recipient=*@x.example; login=m", "login=m; companion=c@x.example", OPEN, NO},
    {"A person's spelling is understood here too.",
     "recipient=*@M\xc3\xbcller.example; login=m", "login=m; to=a@xn--mller-kva.example", OPEN, YES},

    {"What a message says of itself counts for internal clients.",
     "sender=*@acme.example", "ip=10.1.2.3; sender=news@acme.example", YES, YES},
    {"And for no others.", "sender=*@acme.example", "ip=192.0.2.1; sender=news@acme.example", NO, NO},
    {"Nor for unknown ones.", "sender=*@acme.example", "sender=news@acme.example", NO, NO},
    {"A login is internal.", "sender=*@acme.example", "login=x; ip=192.0.2.1; sender=a@acme.example", YES, YES},
    {"So is sendmail(1).", "sender=*@acme.example", "sendmail; sender=a@acme.example", YES, YES},
    {"So is the machine itself.", "header=X-A: *", "ip=::1; X-A: 1", OPEN, YES},
    {"From from elsewhere.", "from=*", "ip=192.0.2.1; From: a@acme.example", NO, NO},
    {"Headers from elsewhere.", "header=X-A: *", "ip=192.0.2.1; X-A: 1", NO, NO},
    {"Recipients from elsewhere.", "recipient=*@x.example", "ip=192.0.2.1; to=a@x.example", NO, NO},
    {"Recipients from within.", "recipient=*@x.example", "ip=10.0.0.1; to=a@x.example", OPEN, YES},
    {"A listener is no word of the message.",
     "listener=2525; header=X-A: *", "ip=192.0.2.1; port=2525; X-A: 1", OPEN, YES},
    {"A client is none either.",
     "client=192.0.2.1; sender=*", "ip=192.0.2.1", YES, YES},

    {"An answer is kept out of streams that match by headers alone.",
     "header=X-A: *", "login=m; X-A: 1; Auto-Submitted: auto-replied", OPEN, NO},
    {"By From alone.", "from=*", "login=m; sender=; From: a@acme.example", OPEN, NO},
    {"With recipients as well.",
     "header=X-A: *; recipient=*", "login=m; to=a@x.example; X-A: 1; List-Post: <mailto:a@b>", OPEN, NO},
    {"But not of streams by sender.",
     "sender=*; header=X-A: *", "login=m; X-A: 1; Auto-Submitted: auto-replied", OPEN, YES},
    {"Nor by login.", "login=m; header=X-A: *", "login=m; sender=; X-A: 1", OPEN, YES},
    {"Nor by client.", "client=10.0.0.0/8; from=*", "ip=10.0.0.1; sender=; From: a@b.example", OPEN, YES},
    {"Nor by listener.", "listener=2525; from=*", "port=2525; sender=; From: a@b.example", OPEN, YES},
    {"Nor by recipient alone.", "recipient=*", "login=m; sender=; to=a@x.example", OPEN, YES},
    {"A generated mail is no answer.",
     "header=X-A: *", "login=m; X-A: 1; Auto-Submitted: auto-generated", OPEN, YES},
    {"An announcement is no discussion.", "header=X-A: *", "login=m; X-A: 1; List-Post: NO", OPEN, YES},
};
/* clang-format on */

static struct network internal[2];

static int read_internal(void **state)
{
    (void)state;
    return network_parse("10.0.0.0/8", &internal[0]) || network_parse("::1", &internal[1]);
}

static enum answer ask(const struct policy *policy, const struct message *message, enum stage stage)
{
    struct recognition recognition = stream_recognise(policy, message, stage);
    if (recognition.what == RECOGNISED_NOT_YET)
        return OPEN;
    return recognition.what == RECOGNISED_NOTHING ? NO : YES;
}

static void a_stream_is_recognised_in_every_case(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct rule_words rule;
        struct message_words message;
        read_rule(cases[i].rule, &rule);
        read_message(cases[i].message, &message);
        const struct policy policy = {.streams = &rule.stream,
                                      .stream_count = 1,
                                      .internal = internal,
                                      .internal_count = COUNT(internal)};
        if (ask(&policy, &message.message, STAGE_RECIPIENT) != cases[i].early)
            fail_msg("%s (at RCPT)", cases[i].sentence);
        if (ask(&policy, &message.message, STAGE_COMPLETE) != cases[i].complete)
            fail_msg("%s (at the end)", cases[i].sentence);
    }
}

/* An exemption differs in one thing: answers are not kept out of it. */
static void an_exemption_matches_like_a_stream_but_for_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct rule_words rule;
        struct message_words message;
        read_rule(cases[i].rule, &rule);
        read_message(cases[i].message, &message);
        const struct policy policy = {.exemptions = &rule.stream.rule,
                                      .exemption_count = 1,
                                      .internal = internal,
                                      .internal_count = COUNT(internal)};
        struct rule_trace trace =
            rule_trace(&(struct policy){.internal = internal, .internal_count = COUNT(internal)},
                       &rule.stream.rule, &message.message);
        enum answer expected = trace.conversation ? YES : cases[i].complete;
        assert_int_equal(ask(&policy, &message.message, STAGE_RECIPIENT), cases[i].early);
        assert_int_equal(ask(&policy, &message.message, STAGE_COMPLETE), expected);
        if (expected == YES)
            assert_int_equal(stream_recognise(&policy, &message.message, STAGE_COMPLETE).what,
                             RECOGNISED_EXEMPTION);
    }
}

/* --- several rules -----------------------------------------------------------------------------
 */

struct policy_words {
    struct rule_words words[4];
    struct rule exemptions[2];
    struct stream streams[2];
    struct policy policy;
};

/* Two of each; NULL: none. */
static void read_policy(const char *const exemptions[2], const char *const streams[2],
                        struct policy_words *out)
{
    memset(out, 0, sizeof *out);
    out->policy = (struct policy){.exemptions = out->exemptions,
                                  .streams = out->streams,
                                  .internal = internal,
                                  .internal_count = COUNT(internal)};
    for (size_t i = 0; i < 2 && exemptions[i]; i++) {
        read_rule(exemptions[i], &out->words[i]);
        out->exemptions[out->policy.exemption_count++] = out->words[i].stream.rule;
    }
    for (size_t i = 0; i < 2 && streams[i]; i++) {
        read_rule(streams[i], &out->words[2 + i]);
        out->streams[out->policy.stream_count++] = out->words[2 + i].stream;
    }
}

/* "exemption 1", "stream 2", "nothing", "open" */
static void assert_recognised(const char *const exemptions[2], const char *const streams[2],
                              const char *text, enum stage stage, const char *expected)
{
    struct policy_words words;
    struct message_words message;
    char found[32] = "nothing";

    read_policy(exemptions, streams, &words);
    read_message(text, &message);
    struct recognition recognition = stream_recognise(&words.policy, &message.message, stage);
    if (recognition.what == RECOGNISED_NOT_YET)
        snprintf(found, sizeof found, "open");
    else if (recognition.what == RECOGNISED_EXEMPTION)
        snprintf(found, sizeof found, "exemption %d",
                 1 + (int)(recognition.rule - words.exemptions));
    else if (recognition.what == RECOGNISED_STREAM)
        snprintf(found, sizeof found, "stream %d", 1 + (int)(recognition.stream - words.streams));
    assert_string_equal(found, expected);
    assert_int_equal(recognition.stream != NULL, recognition.what == RECOGNISED_STREAM);
    if (recognition.stream)
        assert_ptr_equal(recognition.rule, &recognition.stream->rule);
}

static void exemptions_come_first_and_then_the_first_stream_that_matches(void **state)
{
    static const char *const none[2] = {NULL};
    static const char *const receipts[2] = {"sender=never@x", "sender=shop@acme.example"};
    static const char *const streams[2] = {"login=mautic", "login=*"};
    static const char *const receipt = "login=mautic; sender=shop@acme.example";
    (void)state;
    assert_recognised(receipts, streams, receipt, STAGE_COMPLETE, "exemption 2");
    assert_recognised(none, streams, receipt, STAGE_COMPLETE, "stream 1");
    assert_recognised(receipts, streams, "login=mautic", STAGE_COMPLETE, "stream 1");
    assert_recognised(receipts, streams, "login=other", STAGE_COMPLETE, "stream 2");
    assert_recognised(receipts, streams, "ip=10.0.0.1", STAGE_COMPLETE, "nothing");
    assert_recognised(receipts, none, "login=mautic", STAGE_COMPLETE, "nothing");
}

static void what_is_open_earlier_keeps_later_rules_open(void **state)
{
    static const char *const none[2] = {NULL};
    static const char *const receipts[2] = {"recipient=*@acme.example", "header=X-Receipt: *"};
    static const char *const streams[2] = {"header=X-News: *", "login=mautic"};
    static const char *const plain[2] = {"login=mautic"};
    static const char *const both = "login=mautic; to=a@acme.example; X-News: 1";
    (void)state;
    assert_recognised(receipts, plain, both, STAGE_RECIPIENT, "open");
    assert_recognised(receipts, plain, both, STAGE_COMPLETE, "exemption 1");
    assert_recognised(none, streams, both, STAGE_RECIPIENT, "open");
    assert_recognised(none, streams, both, STAGE_COMPLETE, "stream 1");
    assert_recognised(none, streams, "login=mautic", STAGE_COMPLETE, "stream 2");
    static const char *const by_recipient[2] = {"recipient=*@acme.example"};
    assert_recognised(by_recipient, plain, "login=mautic; to=a@x.example", STAGE_RECIPIENT,
                      "stream 1");
    assert_recognised(by_recipient, plain, "login=mautic", STAGE_RECIPIENT, "open");
}

/* --- traces ------------------------------------------------------------------------------------
 */

static void assert_trace(const char *rule_text, const char *message_text, bool exempt,
                         unsigned asked, unsigned matched, const char *flags)
{
    struct policy_words words;
    struct message_words message;
    const char *const rules[2] = {rule_text}, *const none[2] = {NULL};

    read_policy(exempt ? rules : none, exempt ? none : rules, &words);
    read_message(message_text, &message);
    struct rule_trace trace = rule_trace(
        &words.policy, exempt ? &words.exemptions[0] : &words.streams[0].rule, &message.message);
    assert_int_equal(trace.asked, asked);
    assert_int_equal(trace.matched, matched);
    assert_int_equal(trace.needs_internal, strstr(flags, "internal") != NULL);
    assert_int_equal(trace.conversation, strstr(flags, "conversation") != NULL);
}

static void a_trace_tells_how_a_rule_fared(void **state)
{
    const unsigned sender = 1u << MATCH_SENDER, login = 1u << MATCH_LOGIN,
                   header = 1u << MATCH_HEADER, recipient = 1u << MATCH_RECIPIENT;
    (void)state;
    assert_trace("login=m; header=X-A: 1", "login=m", false, login | header, login, "");
    assert_trace("login=m; header=X-A: 1", "X-A: 1", false, login | header, header, "");
    assert_trace("login=m; recipient=*", "login=m; to=a@x.example", false, login | recipient,
                 login | recipient, "");
    assert_trace("", "login=m", false, 0, 0, "");
    assert_trace("sender=*", "ip=192.0.2.1", false, sender, sender, "internal");
    assert_trace("sender=*", "ip=10.0.0.1", false, sender, sender, "");
    assert_trace("sender=a@b", "ip=192.0.2.1", false, sender, 0, "");
    assert_trace("header=X-A: 1", "login=m; X-A: 1; sender=", false, header, header,
                 "conversation");
    assert_trace("header=X-A: 1", "ip=192.0.2.1; X-A: 1; sender=", false, header, header,
                 "internal conversation");
    assert_trace("header=X-A: 1", "ip=192.0.2.1; X-A: 1; sender=", true, header, header,
                 "internal");
    assert_trace("header=X-A: 1", "login=m; X-A: 2; sender=", false, header, 0, "");
}

/* `jane%y.example@acme.example` may reach jane@y.example. */
static void a_route_leads_into_no_exemption_and_out_of_no_stream(void **state)
{
    static const char *const staff[2] = {"recipient=*@acme.example"}, *const none[2] = {NULL};
    static const char *const streams[2] = {"login=m; recipient=*@acme.example", "login=m"};
    static const char *const routes[] = {"to=jane%y.example@acme.example",
                                         "to=y.example!jane@acme.example",
                                         "to=\"jane@y.example\"@acme.example"};
    (void)state;
    for (size_t i = 0; i < COUNT(routes); i++) {
        char message[128];
        snprintf(message, sizeof message, "login=m; to=a@acme.example; %s", routes[i]);
        assert_recognised(staff, streams, message, STAGE_COMPLETE, "stream 1");
        assert_recognised(none, streams, message, STAGE_COMPLETE, "stream 1");
        assert_trace("recipient=*@acme.example", message, true, 1u << MATCH_RECIPIENT, 0, "");
    }
    assert_recognised(staff, streams, "login=m; to=a@acme.example; companion=c!d@acme.example",
                      STAGE_COMPLETE, "exemption 1");
}

static void criteria_have_the_names_of_their_options(void **state)
{
    (void)state;
    assert_string_equal(criterion_name(MATCH_SENDER), "match_sender");
    assert_string_equal(criterion_name(MATCH_FROM), "match_from");
    assert_string_equal(criterion_name(MATCH_LOGIN), "match_login");
    assert_string_equal(criterion_name(MATCH_CLIENT), "match_client");
    assert_string_equal(criterion_name(MATCH_LISTENER), "match_listener");
    assert_string_equal(criterion_name(MATCH_HEADER), "match_header");
    assert_string_equal(criterion_name(MATCH_RECIPIENT), "match_recipient");
}

/* --- the policy --------------------------------------------------------------------------------
 */

static void companions_are_compared_in_canonical_form(void **state)
{
    struct address companions[2], address;
    const struct policy policy = {.companions = companions, .companion_count = 2};
    (void)state;
    assert_int_equal(address_parse("archive@acme.example", &companions[0]), 0);
    assert_int_equal(address_parse("audit@m\xc3\xbcller.example", &companions[1]), 0);
    assert_int_equal(address_parse("<Archive@ACME.example>", &address), 0);
    assert_true(policy_is_companion(&policy, &address));
    assert_int_equal(address_parse("audit@xn--mller-kva.example", &address), 0);
    assert_true(policy_is_companion(&policy, &address));
    assert_int_equal(address_parse("archive@acme.example.org", &address), 0);
    assert_false(policy_is_companion(&policy, &address));
    assert_false(policy_is_companion(&(struct policy){0}, &companions[0]));
}

static void an_unknown_client_is_internal_to_no_network(void **state)
{
    struct network all;
    struct message message = {.sender = "a@b.example"};
    const struct policy policy = {.internal = &all, .internal_count = 1};
    (void)state;
    assert_int_equal(network_parse("::/0", &all), 0);
    assert_false(policy_is_internal(&policy, &message));
    message.client_known = true;
    assert_true(policy_is_internal(&policy, &message));
    assert_false(policy_is_internal(&(struct policy){0}, &message));
}

static bool answers(const char *rule, enum suppressed_action suppressed,
                    enum several_action recipients, enum mode mode)
{
    struct rule_words words;
    read_rule(rule, &words);
    words.stream.suppressed = suppressed;
    words.stream.recipients = recipients;
    words.stream.mode = mode;
    const struct stream streams[2] = {{.mode = MODE_ENFORCE}, words.stream};
    return policy_answers_recipients(&(struct policy){.streams = streams, .stream_count = 2});
}

static void recipients_are_answered_where_a_stream_does_so_and_can_be_known(void **state)
{
    const enum suppressed_action strip = SUPPRESSED_STRIP, refuse = SUPPRESSED_REFUSE;
    const enum several_action plain = SEVERAL_PLAIN, defer = SEVERAL_DEFER;
    (void)state;
    assert_false(answers("login=m", strip, plain, MODE_ENFORCE));
    assert_true(answers("login=m", refuse, plain, MODE_ENFORCE));
    assert_true(answers("login=m", strip, defer, MODE_ENFORCE));
    assert_true(answers("sender=a@b.example", refuse, defer, MODE_ENFORCE));
    assert_false(answers("login=m", refuse, defer, MODE_MONITOR));
    assert_false(answers("login=m; header=X-A: *", refuse, defer, MODE_ENFORCE));
    assert_false(answers("login=m; from=*", refuse, defer, MODE_ENFORCE));
    assert_false(answers("login=m; recipient=*", refuse, defer, MODE_ENFORCE));
}

/* Whether the second of two streams answers for a message; the first one never does. */
static bool answers_for(const char *first, const char *second, enum mode mode, const char *text)
{
    struct rule_words rules[2];
    struct message_words message;
    read_rule(first, &rules[0]);
    read_rule(second, &rules[1]);
    read_message(text, &message);
    rules[1].stream.suppressed = SUPPRESSED_REFUSE;
    rules[1].stream.mode = mode;
    const struct stream streams[2] = {rules[0].stream, rules[1].stream};
    const struct policy policy = {.streams = streams, .stream_count = 2};
    const struct stream *answering = stream_answering(&policy, &message.message);
    assert_true(!answering || answering == &streams[1]);
    return answering;
}

static void rcpt_is_answered_by_a_stream_that_is_known_by_then(void **state)
{
    (void)state;
    assert_true(answers_for("login=x", "login=m", MODE_ENFORCE, "login=m; to=a@x.example"));
    assert_false(answers_for("login=x", "login=m", MODE_MONITOR, "login=m; to=a@x.example"));
    assert_false(answers_for("login=x", "login=m", MODE_ENFORCE, "login=o; to=a@x.example"));
    assert_false(answers_for("login=m", "login=m", MODE_ENFORCE, "login=m; to=a@x.example"));
    assert_false(answers_for("login=m; recipient=*@x.example", "login=m", MODE_ENFORCE,
                             "login=m; to=a@x.example"));
    assert_true(answers_for("login=m; recipient=*@x.example", "login=m", MODE_ENFORCE,
                            "login=m; to=a@x.example; to=a@y.example"));
    assert_false(answers_for("login=x", "login=m; header=X-A: *", MODE_ENFORCE,
                             "login=m; to=a@x.example; X-A: 1"));
    assert_true(answers_for("login=x", "sender=*", MODE_ENFORCE, "login=m; sender=a@b.example"));
    assert_false(answers_for("login=x", "sender=*", MODE_ENFORCE, "sendmail; sender=a@b.example"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_is_recognised_in_every_case),
        cmocka_unit_test(an_exemption_matches_like_a_stream_but_for_answers),
        cmocka_unit_test(exemptions_come_first_and_then_the_first_stream_that_matches),
        cmocka_unit_test(what_is_open_earlier_keeps_later_rules_open),
        cmocka_unit_test(a_route_leads_into_no_exemption_and_out_of_no_stream),
        cmocka_unit_test(a_trace_tells_how_a_rule_fared),
        cmocka_unit_test(criteria_have_the_names_of_their_options),
        cmocka_unit_test(companions_are_compared_in_canonical_form),
        cmocka_unit_test(an_unknown_client_is_internal_to_no_network),
        cmocka_unit_test(recipients_are_answered_where_a_stream_does_so_and_can_be_known),
        cmocka_unit_test(rcpt_is_answered_by_a_stream_that_is_known_by_then),
    };
    return cmocka_run_group_tests(tests, read_internal, NULL);
}
