/* Time to effect over list and ledger, and what a ledger can tell of. */
#include "store/effects.h"

#include "base/clock.h"
#include "list_site.h"
#include "store/cut.h"

#define OFFERS "acme/offers"
#define HOUR INT64_C(3600)

static struct ledger *ledger;
static const uint8_t digest[EVENT_HASH_SIZE] = {1, 2, 3};

static int begin(void **state)
{
    return set_up(state) ||
                   ledger_open(site_ledger, ENV_WRITE, SITE_MAP, &site_lookup, &ledger, NULL)
               ? -1
               : 0;
}

static int end(void **state)
{
    return ledger_close(ledger) || tear_down(state) ? -1 : 0;
}

/* --- what milters ran with, and verdicts --- */

static void configured(const struct event_stream *streams, size_t count, int64_t since_ms,
                       enum configuration_occasion occasion)
{
    struct ledger_configuration c = {.actor = "milter",
                                     .configuration = {.place = "unix:/x",
                                                       .occasion = occasion,
                                                       .since_ms = since_ms,
                                                       .streams = streams,
                                                       .stream_count = count},
                                     .text = "text"};
    memcpy(c.configuration.digest, digest, sizeof digest);
    assert_ok(ledger_configure(ledger, &c, 1, &why));
}

/* All mail under NEWS, and only what was kept back under OFFERS. */
static void configured_as_usual(int64_t since_ms)
{
    static const struct event_stream streams[] = {
        {.name = "news", .scope = NEWS, .ledger = LEDGER_ALL},
        {.name = "offers", .scope = OFFERS, .ledger = LEDGER_SUPPRESSED}};
    configured(streams, 2, since_ms, CONFIGURATION_START);
}

struct said {
    enum action action;
    enum mode mode;
    enum recipient_state state;
    const struct event_name *basis; /* NULL: none */
    bool nameless;
    bool other_configuration;
    const char *scope; /* NULL: NEWS */
};

static void decided(unsigned person, struct said said)
{
    const struct event_name none = {.number = 0};
    const struct event_basis basis = {.event = said.basis ? *said.basis : none};
    const struct event_verdict_row row = {.known = !said.nameless,
                                          .subject = subject_number(person),
                                          .state = said.state,
                                          .basis = &basis,
                                          .basis_count = said.basis != NULL};
    struct event_verdict verdict = {.stream = "news",
                                    .rule = "match_login",
                                    .scope = said.scope ? said.scope : NEWS,
                                    .queue_id = "4Q1xyz",
                                    .action = said.action,
                                    .mode = said.mode,
                                    .given = 1,
                                    .rows = &row,
                                    .row_count = 1};
    uint64_t number;
    memcpy(verdict.config, digest, sizeof verdict.config);
    verdict.config[0] ^= said.other_configuration;
    assert_ok(ledger_write(ledger, &verdict, NULL, 0, &number, &why));
}

static bool covers(const char *scope, int64_t from_ms, int64_t until_ms)
{
    struct ledger_view *view;
    struct ledger_reach *reach;
    bool result = false;
    assert_int_equal(ledger_view_begin(ledger, &view), 0);
    assert_int_equal(ledger_reach_read(view, &reach), 0);
    assert_int_equal(ledger_reach_covers(reach, scope, from_ms, until_ms, &result), 0);
    ledger_reach_free(reach);
    ledger_view_end(view);
    return result;
}

/* --- reach --- */

static void before_the_first_configuration_nothing_is_covered(void **state)
{
    int64_t now_ms = clock_now_ms();
    (void)state;
    assert_false(covers(NEWS, now_ms - 1000, now_ms));
    configured_as_usual(now_ms - 5000);
    assert_true(covers(NEWS, now_ms - 5000, now_ms));
    assert_false(covers(NEWS, now_ms - 5001, now_ms));
}

static void every_stream_that_the_scope_covers_has_to_have_all(void **state)
{
    int64_t now_ms = clock_now_ms();
    (void)state;
    configured_as_usual(now_ms - 5000);
    assert_true(covers(NEWS, now_ms - 1000, now_ms));
    assert_false(covers(OFFERS, now_ms - 1000, now_ms));
    assert_false(covers("acme", now_ms - 1000, now_ms));
    assert_false(covers("beta", now_ms - 1000, now_ms));
}

static void while_no_milter_runs_nothing_is_missed(void **state)
{
    static const struct event_stream streams[] = {
        {.name = "news", .scope = NEWS, .ledger = LEDGER_ALL}};
    int64_t now_ms = clock_now_ms();
    (void)state;
    configured(streams, 1, now_ms - 5000, CONFIGURATION_START);
    configured(streams, 1, now_ms - 3000, CONFIGURATION_STOP);
    assert_true(covers(NEWS, now_ms - 5000, now_ms));
}

static void mail_to_somebody_without_a_name_may_have_been_theirs(void **state)
{
    int64_t now_ms = clock_now_ms();
    (void)state;
    configured_as_usual(now_ms - 5000);
    decided(1,
            (struct said){.action = ACTION_STRIP, .state = RECIPIENT_UNREADABLE, .nameless = true});
    assert_true(covers(NEWS, now_ms - 1000, now_ms + 60000)); /* it was kept back */
    decided(1, (struct said){.action = ACTION_PASS,
                             .mode = MODE_MONITOR,
                             .state = RECIPIENT_UNREADABLE,
                             .nameless = true});
    assert_false(covers(NEWS, now_ms - 1000, now_ms + 60000));
    assert_true(covers(NEWS, now_ms - 5000, now_ms - 1000));
}

static void what_was_pruned_is_not_covered(void **state)
{
    int64_t now_ms = clock_now_ms();
    struct event_cut_row row = {.first_ms = now_ms - 4000, .last_ms = now_ms - 2000};
    const struct cut cut = {&row, 1};
    struct signing_key *key;
    struct signing_ring ring;
    struct event_name event;
    (void)state;
    configured_as_usual(now_ms - 5000);
    memcpy(row.last.node, ledger_node(ledger), EVENT_NODE_SIZE);
    row.last.number = 1;
    assert_ok(signing_read(site_keys, &key, &ring, &why));
    assert_ok(cut_write(ledger_store(ledger), &cut, key, "prune", &event, &why));
    signing_free(key);
    assert_false(covers(NEWS, now_ms - 5000, now_ms - 4500));
    assert_false(covers(NEWS, now_ms - 2500, now_ms));
    assert_true(covers(NEWS, now_ms - 1999, now_ms));
}

static void a_verdict_under_an_unknown_configuration_leaves_its_moment_open(void **state)
{
    int64_t now_ms = clock_now_ms();
    (void)state;
    configured_as_usual(now_ms - 5000);
    decided(1, (struct said){
                   .action = ACTION_PASS, .state = RECIPIENT_FREE, .other_configuration = true});
    assert_false(covers(NEWS, now_ms - 1000, now_ms + 60000));
    assert_true(covers(NEWS, now_ms - 5000, now_ms - 1000));
}

static void what_a_cut_told_once_more_was_in_force_before_all_others(void **state)
{
    static const struct event_stream all = {.name = "n", .scope = NEWS, .ledger = LEDGER_ALL},
                                     part = {
                                         .name = "n", .scope = NEWS, .ledger = LEDGER_SUPPRESSED};
    int64_t now_ms = clock_now_ms();
    (void)state;
    configured_as_usual(now_ms - 5000);
    assert_false(covers(NEWS, now_ms - 8000, now_ms));
    configured(&all, 1, now_ms - 9000, CONFIGURATION_KEPT);
    assert_true(covers(NEWS, now_ms - 8000, now_ms));
    configured(&part, 1, now_ms - 9000, CONFIGURATION_KEPT);
    assert_false(covers(NEWS, now_ms - 8000, now_ms - 6000));
}

static void before_a_node_that_was_cut_as_a_whole_nothing_is_covered(void **state)
{
    int64_t now_ms = clock_now_ms();
    struct raw raw;
    MDB_val key, value;
    (void)state;
    configured_as_usual(now_ms - 5000);
    assert_ok(store_restart(ledger_store(ledger), "restore", NULL, 0, &why));
    configured_as_usual(now_ms - 4000);
    assert_int_equal(ledger_close(ledger), 0);
    raw_begin(site_ledger, &raw);
    for (int i = 0; i < 2; i++) {
        raw_nth(&raw, "journal", 0, &key, &value);
        raw_delete(&raw, "journal", key);
        raw_free(&key, &value);
    }
    raw_end(&raw);
    ledger = open_ledger();
    assert_false(covers(NEWS, now_ms - 3000, now_ms - 2000));
    assert_true(covers(NEWS, now_ms + 60000, now_ms + 70000));
}

/* --- effects --- */

/* Events of one moment cannot be told apart. */
static void wait_for_the_next_moment(void)
{
    int64_t now_ms = clock_now_ms();
    while (clock_now_ms() == now_ms)
        continue;
}

static struct event_name opted_out(unsigned person, const char *scope, int64_t asked,
                                   const char *source)
{
    const struct act act = {.actor = "cli", .source = source};
    struct list_entry entry = opt_out_of(scope, person);
    entry.asked = asked;
    assert_ok(list_add(list, &entry, 1, &act, &why));
    assert_false(entry.known);
    wait_for_the_next_moment();
    return entry.event;
}

static void gathered(const struct effects_question *question, struct effects *effects)
{
    struct list_view *view = view_of(list);
    struct ledger_view *ledger_view;
    assert_int_equal(ledger_view_begin(ledger, &ledger_view), 0);
    assert_int_equal(effects_gather(view, ledger_view, question, effects), 0);
    ledger_view_end(ledger_view);
    list_view_end(view);
}

static const struct effect_limit limits[] = {{.name = "two-days", .amount = 48}};
static const struct effects_question everything = {
    .since_ms = INT64_MIN, .until_ms = INT64_MAX, .limits = limits, .limit_count = 1};

static void sources_are_told_apart(void **state)
{
    int64_t now = clock_now();
    struct effects effects;
    (void)state;

    opted_out(1, NEWS, now, "web");
    opted_out(2, NEWS, now - 40 * HOUR, "crm");
    opted_out(3, OFFERS, now - 50 * HOUR, "crm");
    opted_out(4, NEWS, 0, "crm");
    gathered(&everything, &effects);
    assert_int_equal(effects.source_count, 2);
    const struct effects_source *crm = &effects.sources[0], *web = &effects.sources[1];
    assert_string_equal(crm->name, "crm");
    assert_int_equal(crm->opt_outs, 3);
    assert_int_equal(crm->undated, 1);
    assert_int_equal(crm->delay.count, 2);
    assert_true(crm->delay.max >= 50 * HOUR * 1000 && crm->delay.max < 51 * HOUR * 1000);
    assert_int_equal(crm->near[0], 1);
    assert_int_equal(crm->over[0], 1);
    assert_string_equal(web->name, "web");
    assert_int_equal(web->opt_outs, 1);
    assert_int_equal(web->near[0] + web->over[0], 0);
    assert_true(effects.over && effects.near);
    effects_release(&effects);
}

static void only_what_was_asked_for_is_counted(void **state)
{
    int64_t now = clock_now();
    struct effects effects;
    struct effects_question question = everything;
    (void)state;

    opted_out(1, NEWS, now, "web");
    opted_out(2, OFFERS, now, "crm");
    question.scope = NEWS;
    gathered(&question, &effects);
    assert_int_equal(effects.source_count, 1);
    assert_string_equal(effects.sources[0].name, "web");
    effects_release(&effects);
    question.scope = "acme";
    question.source = "crm";
    gathered(&question, &effects);
    assert_int_equal(effects.source_count, 1);
    assert_string_equal(effects.sources[0].name, "crm");
    effects_release(&effects);
    question = everything;
    question.until_ms = (now - 60) * 1000;
    gathered(&question, &effects);
    assert_int_equal(effects.source_count, 0);
    assert_false(effects.over);
    effects_release(&effects);
}

static void mail_before_and_after_is_counted(void **state)
{
    int64_t now = clock_now();
    struct effects effects;
    (void)state;

    configured_as_usual((now - 100 * HOUR) * 1000);
    decided(1, (struct said){.action = ACTION_PASS, .state = RECIPIENT_FREE});
    decided(1, (struct said){.action = ACTION_PASS, .state = RECIPIENT_FREE, .scope = OFFERS});
    decided(1, (struct said){.action = ACTION_REFUSE, .state = RECIPIENT_NO_CONSENT});
    decided(2, (struct said){.action = ACTION_PASS, .state = RECIPIENT_FREE});
    struct event_name event = opted_out(1, NEWS, now - 50 * HOUR, "crm");
    decided(1, (struct said){.action = ACTION_STRIP,
                             .mode = MODE_MONITOR,
                             .state = RECIPIENT_OPTED_OUT,
                             .basis = &event});
    decided(1,
            (struct said){.action = ACTION_DEFER, .state = RECIPIENT_OPTED_OUT, .basis = &event});
    gathered(&everything, &effects);
    const struct effects_source *crm = &effects.sources[0];
    assert_int_equal(crm->handed_before, 1);
    assert_int_equal(crm->handed_after, 1);
    assert_int_equal(crm->handed_unknown, 0);
    assert_int_equal(crm->handed_past[0], 2);
    assert_int_equal(crm->honoured.count, 0);
    effects_release(&effects);
    decided(1,
            (struct said){.action = ACTION_DELETE, .state = RECIPIENT_OPTED_OUT, .basis = &event});
    gathered(&everything, &effects);
    assert_int_equal(effects.sources[0].honoured.count, 1);
    effects_release(&effects);
    /* It had left the queue by then. */
    decided(1, (struct said){.action = ACTION_PASS, .state = RECIPIENT_OPTED_OUT, .basis = &event});
    gathered(&everything, &effects);
    assert_int_equal(effects.sources[0].handed_after, 2);
    effects_release(&effects);
}

static void what_an_opt_in_lifted_is_no_mail_in_spite_of_it(void **state)
{
    struct effects effects;
    (void)state;

    opted_out(1, NEWS, clock_now(), "web");
    decided(1, (struct said){.action = ACTION_PASS, .state = RECIPIENT_FREE});
    gathered(&everything, &effects);
    assert_int_equal(effects.sources[0].handed_after, 0);
    assert_int_equal(effects.sources[0].handed_unknown, 1);
    effects_release(&effects);
}

#define EFFECTS_TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EFFECTS_TEST(before_the_first_configuration_nothing_is_covered),
        EFFECTS_TEST(every_stream_that_the_scope_covers_has_to_have_all),
        EFFECTS_TEST(while_no_milter_runs_nothing_is_missed),
        EFFECTS_TEST(mail_to_somebody_without_a_name_may_have_been_theirs),
        EFFECTS_TEST(what_was_pruned_is_not_covered),
        EFFECTS_TEST(a_verdict_under_an_unknown_configuration_leaves_its_moment_open),
        EFFECTS_TEST(what_a_cut_told_once_more_was_in_force_before_all_others),
        EFFECTS_TEST(before_a_node_that_was_cut_as_a_whole_nothing_is_covered),
        EFFECTS_TEST(sources_are_told_apart),
        EFFECTS_TEST(only_what_was_asked_for_is_counted),
        EFFECTS_TEST(mail_before_and_after_is_counted),
        EFFECTS_TEST(what_an_opt_in_lifted_is_no_mail_in_spite_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
