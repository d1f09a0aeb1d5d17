/* Imports: what comes in, what does not, and what a second or a broken-off one does. */
#include "importing.h"

#include <errno.h>

static void what_is_new_is_added_in_one_batch(void **state)
{
    struct trial trial = new_trial();
    uint64_t before = count_events();
    (void)state;

    imports(&trial, "a@x.example\nb@x.example\nA@X.example\n", 2, 1);
    assert_int_equal(count_events(), before + 3); /* begin, choices, end */
    assert_true(trial.report.finished && !trial.report.nothing_new && !trial.report.resumed);
    assert_string_equal(trial.report.source, "plain");
    assert_int_equal(count_standing("a@x.example"), 1);
    verified();
}

static void the_same_again_writes_nothing(void **state)
{
    struct trial trial = new_trial();
    (void)state;

    imports(&trial, "a@x.example\nb@x.example\n", 2, 0);
    uint64_t before = count_events();
    imports(&trial, "a@x.example\nb@x.example\n", 0, 2);
    assert_true(trial.report.nothing_new && trial.report.batch.number == 0);
    assert_int_equal(count_events(), before);
    trial.request.source = "another";
    imports(&trial, "a@x.example\nb@x.example\n", 2, 0);
    imports(&trial, "b@x.example\n", 0, 1);
}

static void one_person_may_say_several_things(void **state)
{
    struct mapping mapping = {0};
    struct trial trial = new_trial();
    struct pool pool = {0};
    struct choice *rows;
    (void)state;

    assert_int_equal(mapping_add(&mapping, "a=acme/news", NULL), 0);
    assert_int_equal(mapping_add(&mapping, "b=acme/offers", NULL), 0);
    assert_int_equal(mapping_add(&mapping, "c=acme/offers", NULL), 0);
    trial.request.mapping = &mapping;
    trial.request.scope = "beta";
    imports(&trial, "address,tags,created_at\nq@x.example,\"a,b,c\",\nq@x.example,*,\n", 3, 0);
    assert_int_equal(standing_of("q@x.example", &pool, &rows), 3);
    assert_string_equal(rows[0].scope, NEWS);
    assert_string_equal(rows[1].scope, "acme/offers");
    assert_string_equal(rows[2].scope, "beta");
    imports(&trial, "address,tags,created_at\nq@x.example,\"a,b,c\",\nq@x.example,*,\n", 0, 3);
    pool_release(&pool);
    mapping_release(&mapping);
    verified();
}

static uint64_t commits(void)
{
    struct txn *txn;
    assert_int_equal(txn_begin_read(list_store(list)->env, &txn), 0);
    uint64_t version = txn_version(txn);
    txn_abort(txn);
    return version;
}

/* Each choice of a person reads all that were before it, and others wait for the write lock. */
static void very_much_about_one_person_is_not_written_at_once(void **state)
{
    enum { MANY = 400 };
    char names[MANY][16];
    const char *scopes[MANY];
    struct trial trial = new_trial();
    struct text text = TEXT_EMPTY;
    size_t added;
    (void)state;

    text_append(&text, "kind,address,scope\n");
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "many/s%u", i);
        scopes[i] = names[i];
        text_format(&text, "opt-out,a@x.example,%s\n", names[i]);
    }
    assert_ok(list_add_scopes(list, scopes, MANY, &by_cli, &added, &why));
    uint64_t before = commits();
    imports(&trial, text.data, MANY, 0);
    assert_true(commits() >= before + 2 + MANY / 100);
    assert_int_equal(count_standing("a@x.example"), MANY);
    verified();
    text_release(&text);
}

static void an_address_told_later_is_kept_without_a_choice(void **state)
{
    struct trial trial = new_trial();
    struct pool pool = {0};
    char line[80], hex[65];
    uint8_t bytes[32];
    const char *address = NULL;
    (void)state;

    assert_int_equal(seal_digest(SLICE("h@x.example", 11), bytes), 0);
    text_to_hex(bytes, sizeof bytes, hex);
    snprintf(line, sizeof line, "%s\n", hex);
    imports(&trial, line, 1, 0);
    uint64_t before = count_events();
    imports(&trial, "h@x.example\n", 0, 1);
    assert_int_equal(count_events(), before + 2); /* that the input came */
    struct list_view *view = view_of(list);
    struct subject subject = subject_of("h@x.example");
    assert_int_equal(list_address(view, &subject, &pool, &address), 0);
    assert_string_equal(address, "h@x.example");
    list_view_end(view);
    pool_release(&pool);
    imports(&trial, line, 0, 1);
}

/* A confirmed opt-in for somebody who is on the list already. */
static void lift(const char *address, int64_t asked)
{
    struct list_entry entry = {.subject = subject_of(address),
                               .address = address,
                               .kind = CHOICE_OPT_IN,
                               .confirmed = true,
                               .reason = REASON_DOUBLE_OPT_IN,
                               .scope = NEWS,
                               .asked = asked};
    add_by(&by_cli, &entry, 1);
    assert_true(entry.named > 0);
}

static void what_an_opt_in_lifted_stays_lifted_and_a_later_objection_counts(void **state)
{
    struct trial trial = new_trial();
    (void)state;

    imports(&trial, "email,created\nl@x.example,1500000000\n", 1, 0);
    lift("l@x.example", 1600000000);
    imports(&trial, "email,created\nl@x.example,1500000000\n", 0, 1);
    /* The first row is what was lifted, the second came after it. */
    imports(&trial, "email,created\nl@x.example,1500000000\nl@x.example,1650000000\n", 1, 1);
    imports(&trial, "email,created\nl@x.example,1500000000\nl@x.example,1650000000\n", 0, 2);
    verified();
}

static void of_several_blocks_the_longest_counts(void **state)
{
    struct trial trial = new_trial();
    struct pool pool = {0};
    struct choice *rows;
    (void)state;

    imports(&trial,
            "s@x.example,2090-01-01T00:00:00Z\ns@x.example,2095-01-01T00:00:00Z\n"
            "s@x.example,2092-01-01T00:00:00Z\n",
            1, 2);
    assert_int_equal(standing_of("s@x.example", &pool, &rows), 1);
    assert_true(rows[0].until == INT64_C(3944678400));
    imports(&trial, "s@x.example,2096-01-01T00:00:00Z\ns@x.example,2091-01-01T00:00:00Z\n", 1, 1);
    pool_release(&pool);
}

static void guards_stop_before_the_first_row(void **state)
{
    struct trial trial = new_trial();
    char *lines = many_lines(1001);
    uint64_t before = count_events();
    (void)state;

    trial.request.max_new = IMPORT_NEW_DEFAULT;
    imports(&trial, lines, 0, 0);
    assert_int_equal(trial.report.stops, IMPORT_STOP_NEW);
    assert_int_equal(trial.report.fresh, 1001);
    trial.request.all_opted_out = false;
    imports(&trial, lines, 0, 0);
    assert_int_equal(trial.report.stops, IMPORT_STOP_SAYS_NOTHING);
    trial.request.scope = NULL;
    imports(&trial, "address,tags,created_at\na@x.example,z,\n", 0, 0);
    assert_int_equal(trial.report.stops, IMPORT_STOP_SCOPE);
    trial.request.scope = NEWS;
    trial.request.strict = true;
    imports(&trial, "email,created\na@x.example,1700000000\nnobody,1700000000\n", 0, 0);
    assert_int_equal(trial.report.stops, IMPORT_STOP_STRICT);
    assert_int_equal(trial.rejects, 1);
    assert_int_equal(count_events(), before);
    free(lines);
}

static void a_dry_run_counts_as_the_import_does(void **state)
{
    static const char lines[] = "a@x.example\nb@x.example\nnobody\na@x.example\nc@x.example\n";
    struct trial dry = new_trial(), wet = new_trial();
    (void)state;

    imports(&wet, "b@x.example\n", 1, 0);
    uint64_t before = count_events();
    dry.request.dry_run = true;
    imports(&dry, lines, 2, 2);
    assert_int_equal(count_events(), before);
    imports(&wet, lines, 2, 2);
    assert_memory_equal(dry.report.counts, wet.report.counts, sizeof dry.report.counts);
}

static void an_unknown_scope_is_an_error(void **state)
{
    struct trial trial = new_trial();
    (void)state;

    trial.request.scope = "acme/none";
    assert_int_equal(import_bytes(&trial, "a@x.example\n"), ERR_SCOPE);
    trial.request.scope = NULL;
    assert_int_equal(import_bytes(&trial, "kind,address,scope\nopt-out,a@x.example,acme/none\n"),
                     ERR_SCOPE);
    assert_non_null(strstr(trial.why.text, "acme/none"));
    assert_int_equal(count_standing("a@x.example"), 0);
}

static void subjects_of_another_key_are_rejected(void **state)
{
    struct trial trial = new_trial();
    (void)state;

    trial.request.scope = NULL;
    imports(&trial,
            "kind,subject_0011223344556677,scope\nopt-out,00112233445566778899aabbccddeeff,acme\n",
            0, 0);
    assert_int_equal(trial.rejects, 1);
    assert_non_null(strstr(trial.last_reject, "key"));
}

static void subjects_of_our_key_come_back(void **state)
{
    struct trial trial = new_trial();
    char key[17], subject[33], lines[160];
    struct subject of = subject_of("e@x.example");
    (void)state;

    text_to_hex(site_lookup.fingerprint, 8, key);
    text_to_hex(of.bytes, sizeof of.bytes, subject);
    snprintf(lines, sizeof lines, "kind,subject_%s,scope\nopt-out,%s,acme\n", key, subject);
    trial.request.scope = NULL;
    imports(&trial, lines, 1, 0);
    assert_int_equal(count_standing("e@x.example"), 1);
    imports(&trial, lines, 0, 1);
}

/* --- broken off --- */

static void stopped_while_it_reads_nothing_is_written(void **state)
{
    struct trial trial = new_trial();
    char *lines = many_lines(40000);
    uint64_t before = count_events();
    (void)state;

    trial.stop_phase = IMPORT_READING;
    trial.stop_behind = 1;
    assert_int_equal(import_bytes(&trial, lines), -EINTR);
    trial.stop_phase = IMPORT_COUNTING;
    trial.request.max_new = 30000;
    trial.request.dry_run = true;
    assert_int_equal(import_bytes(&trial, lines), -EINTR);
    assert_int_equal(count_events(), before);
    free(lines);
}

/* What a killed process leaves: a begun batch with a part of the rows, here one. */
static void break_off(const char *source, const char *lines, const char *address,
                      enum choice_kind kind, const char *scope)
{
    struct act act = {.actor = "cli", .source = source};
    struct event_batch begin = {.kind = BATCH_IMPORT, .has_digest = true, .size = strlen(lines)};

    assert_int_equal(seal_digest(SLICE(lines, strlen(lines)), begin.digest), 0);
    assert_ok(list_batch_begin(list, &begin, &act, &act.batch, &why));
    struct list_entry entry = {
        .subject = subject_of(address), .address = address, .kind = kind, .scope = scope};
    add_by(&act, &entry, 1);
}

static void the_next_run_goes_on_in_the_same_batch(void **state)
{
    struct trial trial = new_trial();
    char *lines = many_lines(12000);
    uint64_t before = count_events();
    (void)state;

    trial.request.progress = NULL;
    trial.request.source = "shop";
    break_off("shop", lines, "person5@home.example", CHOICE_OPT_OUT, NEWS);
    imports(&trial, lines, 12000, 0);
    assert_true(trial.report.resumed && trial.report.finished);
    assert_int_equal(trial.report.written, 11999);
    assert_true(trial.report.batch.number == before + 1);
    imports(&trial, lines, 0, 12000);
    assert_false(trial.report.resumed);
    free(lines);
    verified();
}

/* The one that came between may be undone, being the newer one. */
static void a_resumed_batch_writes_what_a_newer_one_holds(void **state)
{
    static const char lines[] = "a@x.example\nb@x.example\n";
    struct trial trial = new_trial();
    (void)state;

    trial.request.source = "shop";
    struct act act = {.actor = "cli", .source = "shop"};
    struct event_batch begin = {.kind = BATCH_IMPORT, .has_digest = true, .size = strlen(lines)};
    assert_int_equal(seal_digest(SLICE(lines, strlen(lines)), begin.digest), 0);
    assert_ok(list_batch_begin(list, &begin, &act, &act.batch, &why));
    imports(&trial, "a@x.example\n", 1, 0);
    imports(&trial, lines, 2, 0);
    assert_true(trial.report.resumed && trial.report.batch.number == act.batch);
    assert_int_equal(count_standing("a@x.example"), 2);
    assert_int_equal(count_standing("b@x.example"), 1);
    imports(&trial, lines, 0, 2);
    verified();
}

/* What the first run wrote is not what the second one finds: it covers something else. */
static void a_batch_that_lacks_only_its_end_gets_it(void **state)
{
    struct trial trial = new_trial();
    static const char lines[] = "a@x.example\n";
    (void)state;

    break_off("plain", lines, "a@x.example", CHOICE_OPT_OUT, NEWS);
    uint64_t before = count_events();
    imports(&trial, lines, 1, 0);
    assert_int_equal(count_events(), before + 1);
    assert_int_equal(trial.report.written, 0);
}

static void for_other_scopes_it_is_another_import(void **state)
{
    struct trial trial = new_trial();
    static const char lines[] = "a@x.example\nb@x.example\n";
    uint64_t before = count_events();
    (void)state;

    break_off("plain", lines, "a@x.example", CHOICE_OPT_OUT, "acme/offers");
    imports(&trial, lines, 2, 0);
    assert_false(trial.report.resumed);
    assert_int_equal(trial.report.batch.number, before + 3);
    trial.request.scope = "acme/offers";
    imports(&trial, lines, 2, 0);
    assert_true(trial.report.resumed);
    assert_int_equal(trial.report.batch.number, before + 1);
    verified();
}

static void without_opt_ins_it_is_another_import(void **state)
{
    struct trial trial = new_trial();
    static const char lines[] = "email,status\na@x.example,subscribed\nb@x.example,unsub\n";
    (void)state;

    break_off("contacts", lines, "a@x.example", CHOICE_OPT_IN, NEWS);
    imports(&trial, lines, 1, 0);
    assert_false(trial.report.resumed);
    trial.request.opt_in = true;
    trial.request.evidence = "form";
    imports(&trial, lines, 2, 0); /* nothing rests on a batch that began later */
    assert_true(trial.report.resumed);
}

static void what_it_would_not_write_now_is_not_counted(void **state)
{
    struct trial trial = new_trial();
    static const char lines[] = "a@x.example\nb@x.example\n";
    (void)state;

    break_off("plain", lines, "a@x.example", CHOICE_BLOCK, NEWS);
    imports(&trial, lines, 2, 0);
    assert_true(trial.report.resumed);
}

static void more_than_a_transaction_takes_is_written(void **state)
{
    struct trial trial = new_trial();
    char *lines = many_lines(30000);
    (void)state;

    imports(&trial, lines, 30000, 0);
    imports(&trial, lines, 0, 30000);
    assert_int_equal(count_standing("person29999@home.example"), 1);
    free(lines);
    verified();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_new_is_added_in_one_batch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_same_again_writes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_person_may_say_several_things, set_up, tear_down),
        cmocka_unit_test_setup_teardown(very_much_about_one_person_is_not_written_at_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_address_told_later_is_kept_without_a_choice, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            what_an_opt_in_lifted_stays_lifted_and_a_later_objection_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(of_several_blocks_the_longest_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(guards_stop_before_the_first_row, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_dry_run_counts_as_the_import_does, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_unknown_scope_is_an_error, set_up, tear_down),
        cmocka_unit_test_setup_teardown(subjects_of_another_key_are_rejected, set_up, tear_down),
        cmocka_unit_test_setup_teardown(subjects_of_our_key_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stopped_while_it_reads_nothing_is_written, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_next_run_goes_on_in_the_same_batch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_resumed_batch_writes_what_a_newer_one_holds, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_batch_that_lacks_only_its_end_gets_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(for_other_scopes_it_is_another_import, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_opt_ins_it_is_another_import, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_it_would_not_write_now_is_not_counted, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(more_than_a_transaction_takes_is_written, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
