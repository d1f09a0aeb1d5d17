/* What holds for every policy and message, tried on random ones from a fixed seed. */
#include "core/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define MESSAGES 20000
#define RULES 3
#define RECIPIENTS 4
#define FIELDS 4

static uint64_t random_state;

static unsigned random_below(size_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)((random_state >> 11) % limit);
}

#define PICK(array) ((array)[random_below(COUNT(array))])

/* Few words, so that rules often meet their messages. */
static const char *globs[CRITERION_COUNT][3] = {
    [MATCH_SENDER] = {"a@acme.example", "*@acme.example", "<>"},
    [MATCH_FROM] = {"a@acme.example", "*@acme.example", "b*"},
    [MATCH_LOGIN] = {"mautic", "*", "shop@acme.example"},
    [MATCH_CLIENT] = {"10.0.0.0/8", "*.acme.example", "192.0.2.1"},
    [MATCH_LISTENER] = {"marketing", "2525", "sendmail"},
    [MATCH_HEADER] = {"X-A: *", "X-A: 1", "X-B: *1*"},
    [MATCH_RECIPIENT] = {"*@x.example", "a@*", "*"},
};
static const char *const senders[] = {"a@acme.example", "b@acme.example", "c@else.example", ""};
static const char *const logins[] = {NULL, NULL, "mautic", "shop@acme.example"};
static const char *const listeners[] = {NULL, "marketing", "smtp"};
static const char *const ports[] = {NULL, "25", "2525"};
static const char *const clients[] = {"10.0.0.1", "192.0.2.1", "198.51.100.1"};
static const char *const names[] = {NULL, "crm.acme.example", "[192.0.2.1]"};
static const char *const given[] = {"a@x.example", "b@x.example", "a@y.example", "broken@@"};
static const struct header_field some_fields[] = {
    {"X-A", "1"},          {"X-A", "2"},
    {"X-B", "1"},          {"From", "a@acme.example"},
    {"From", "b@else"},    {"Auto-Submitted", "auto-replied"},
    {"List-Post", "<a@b>"}};

struct scene {
    struct rule exemptions[RULES];
    struct stream streams[RULES];
    struct network internal;
    struct policy policy;
    struct recipient recipients[RECIPIENTS];
    struct header_field fields[FIELDS];
    struct message message;
};

static void make_rule(struct rule *rule)
{
    memset(rule, 0, sizeof *rule);
    for (unsigned asked = random_below(4); asked > 0; asked--) {
        enum criterion c = (enum criterion)random_below(CRITERION_COUNT);
        unsigned first = random_below(3);
        rule->match[c] = (struct patterns){&globs[c][first], 1 + random_below(3 - first)};
    }
}

static void make_policy(struct scene *scene)
{
    scene->policy = (struct policy){.exemptions = scene->exemptions,
                                    .exemption_count = random_below(RULES),
                                    .streams = scene->streams,
                                    .stream_count = random_below(RULES + 1),
                                    .internal = &scene->internal,
                                    .internal_count = 1};
    assert_int_equal(network_parse("10.0.0.0/8", &scene->internal), 0);
    for (size_t i = 0; i < RULES; i++) {
        make_rule(&scene->exemptions[i]);
        memset(&scene->streams[i], 0, sizeof scene->streams[i]);
        make_rule(&scene->streams[i].rule);
    }
}

static void make_fields(struct scene *scene)
{
    scene->message.fields = scene->fields;
    scene->message.field_count = random_below(FIELDS + 1);
    for (size_t i = 0; i < FIELDS; i++)
        scene->fields[i] = PICK(some_fields);
}

static void make_message(struct scene *scene)
{
    scene->message = (struct message){
        .origin = random_below(4) ? ORIGIN_SMTP : ORIGIN_SENDMAIL,
        .listener = PICK(listeners),
        .listener_port = PICK(ports),
        .client_name = PICK(names),
        .login = PICK(logins),
        .sender = PICK(senders),
        .recipients = scene->recipients,
        .recipient_count = RECIPIENTS,
    };
    scene->message.client_known = ip_parse(PICK(clients), &scene->message.client_ip) == 0;
    make_fields(scene);
    for (size_t i = 0; i < RECIPIENTS; i++) {
        struct recipient *recipient = &scene->recipients[i];
        recipient->given = random_below(8) ? given[random_below(2)] : PICK(given);
        recipient->problem = address_parse(recipient->given, &recipient->address);
        recipient->companion = random_below(6) == 0;
    }
}

static bool same(struct recognition a, struct recognition b)
{
    return a.what == b.what && a.rule == b.rule && a.stream == b.stream;
}

static void what_is_recognised_at_rcpt_stays_so(void **state)
{
    size_t early[4] = {0}, complete[4] = {0};
    struct scene scene;
    (void)state;
    random_state = 0x73747265616d0001;
    for (size_t i = 0; i < MESSAGES; i++) {
        make_policy(&scene);
        make_message(&scene);
        struct recognition before = {.what = RECOGNISED_NOT_YET};
        for (size_t n = 0; n <= RECIPIENTS; n++) {
            struct message message = scene.message;
            message.field_count = 0;
            message.recipient_count = n;
            struct recognition now = stream_recognise(&scene.policy, &message, STAGE_RECIPIENT);
            if (before.what != RECOGNISED_NOT_YET)
                assert_true(same(before, now));
            before = now;
        }
        early[before.what]++;
        for (size_t j = 0; j < 4; j++) {
            struct recognition end =
                stream_recognise(&scene.policy, &scene.message, STAGE_COMPLETE);
            complete[end.what]++;
            assert_int_not_equal(end.what, RECOGNISED_NOT_YET);
            if (before.what != RECOGNISED_NOT_YET)
                assert_true(same(before, end));
            make_fields(&scene);
        }
    }
    /* The property says something only where every answer is frequent. */
    for (size_t i = 0; i < 4; i++)
        assert_true(early[i] > MESSAGES / 20);
    assert_true(complete[RECOGNISED_STREAM] > MESSAGES / 5);
    assert_true(complete[RECOGNISED_EXEMPTION] > MESSAGES / 5);
    assert_true(complete[RECOGNISED_NOTHING] > MESSAGES / 5);
}

static bool trace_holds(struct rule_trace trace)
{
    return trace.asked != 0 && trace.matched == trace.asked && !trace.needs_internal &&
           !trace.conversation;
}

static void traces_and_recognition_agree(void **state)
{
    struct scene scene;
    (void)state;
    random_state = 0x73747265616d0002;
    for (size_t i = 0; i < MESSAGES; i++) {
        make_policy(&scene);
        make_message(&scene);
        const struct rule *first = NULL;
        for (size_t j = 0; j < scene.policy.exemption_count && !first; j++)
            if (trace_holds(rule_trace(&scene.policy, &scene.exemptions[j], &scene.message)))
                first = &scene.exemptions[j];
        for (size_t j = 0; j < scene.policy.stream_count && !first; j++)
            if (trace_holds(rule_trace(&scene.policy, &scene.streams[j].rule, &scene.message)))
                first = &scene.streams[j].rule;
        struct recognition end = stream_recognise(&scene.policy, &scene.message, STAGE_COMPLETE);
        assert_ptr_equal(end.rule, first);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_recognised_at_rcpt_stays_so),
        cmocka_unit_test(traces_and_recognition_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
