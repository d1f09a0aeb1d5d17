/* Choices are written, known, and read back as they were. */
#include "list_site.h"

/* --- writing and reading --- */

static void what_was_added_is_read_back_as_it_was(void **state)
{
    struct list_entry entries[] = {
        entry_of(CHOICE_OPT_OUT, NEWS, 1),
        entry_of(CHOICE_BLOCK, "/", 2),
        entry_of(CHOICE_OPT_IN, "acme/offers", 3),
        entry_of(CHOICE_BLOCK, "beta", 4),
        confirmed_opt_in("acme", 5),
    };
    const size_t count = sizeof entries / sizeof *entries;
    const struct act act = {.actor = "cli", .source = "crm-export"};
    struct pool pool = {0};
    struct choice *rows;
    (void)state;
    entries[0].asked = 1600000000;
    entries[1].reason = REASON_BOUNCE;
    entries[1].until = INT64_C(1) << 40;
    entries[2].reason = REASON_CONSENT;
    entries[2].until = INT64_C(1) << 33;
    entries[3].asked = -1;
    add_by(&act, entries, count);
    for (int again = 0; again < 2; again++) {
        for (unsigned i = 0; i < count; i++) {
            assert_false(entries[i].known);
            assert_int_equal(rows_of(list, LIST_STANDING, i + 1, &pool, &rows), 1);
            assert_row(&rows[0], &entries[i], "crm-export");
        }
        assert_int_equal(rows_of(list, LIST_STANDING, 99, &pool, &rows), 0);
        assert_int_equal(rows_of(list, LIST_PAST, 1, &pool, &rows), 0);
        reopen_as(ENV_READ);
    }
    verified();
    pool_release(&pool);
}

static void rows_of_one_subject_come_oldest_first_and_those_of_neighbours_do_not(void **state)
{
    static const char *const scopes[] = {"beta", NEWS, "/", "acme"};
    struct pool pool = {0};
    struct choice *rows;
    (void)state;
    for (unsigned i = 0; i < 4; i++)
        for (unsigned person = 1; person < 4; person++) {
            struct list_entry entry = opt_out_of(scopes[i], person);
            entry.subject = (struct subject){{0}};
            entry.subject.bytes[SUBJECT_SIZE - 1] = (uint8_t)(person == 3 ? 0xff : person);
            add_entry(list, &entry);
        }
    struct subject subject = {{0}};
    size_t count;
    subject.bytes[SUBJECT_SIZE - 1] = 2;
    struct list_view *view = view_of(list);
    assert_int_equal(list_read(view, LIST_STANDING, &subject, false, &pool, &rows, &count, NULL),
                     0);
    assert_int_equal(count, 4);
    for (unsigned i = 0; i < 4; i++)
        assert_string_equal(rows[i].scope, scopes[i]);
    subject.bytes[SUBJECT_SIZE - 1] = 3;
    assert_int_equal(list_read(view, LIST_STANDING, &subject, false, &pool, &rows, &count, NULL),
                     0);
    assert_int_equal(count, 0);
    list_view_end(view);
    pool_release(&pool);
}

static void a_source_that_is_not_given_is_the_actor(void **state)
{
    struct list_entry entry = opt_out_of(NEWS, 1);
    struct pool pool = {0};
    struct choice *rows;
    (void)state;
    add_by(&(struct act){.actor = "web"}, &entry, 1);
    assert_int_equal(rows_of(list, LIST_STANDING, 1, &pool, &rows), 1);
    assert_string_equal(rows[0].source, "web");
    verified();
    pool_release(&pool);
}

static void a_source_has_254_octets_at_most(void **state)
{
    char source[256];
    struct act act = {.actor = "cli", .source = source};
    struct list_entry entry = opt_out_of(NEWS, 1);
    struct event_withdrawal row = {subject_number(1), {{0}, 1}};
    struct event_name event;
    size_t added;
    (void)state;
    memset(source, 's', 255);
    source[255] = '\0';
    assert_refused(list_add(list, &entry, 1, &act, &why), ERR_TOO_LONG, "more than 254 octets");
    assert_refused(list_withdraw(list, &row, 1, &act, &event, &why), ERR_TOO_LONG, "254");
    assert_refused(list_add_scopes(list, NULL, 0, &act, &added, &why), ERR_TOO_LONG, "254");
    source[254] = '\0';
    add_by(&act, &entry, 1);
    verified();
}

static void nothing_at_all_writes_no_event(void **state)
{
    uint64_t before = count_events();
    size_t added = 77;
    (void)state;
    add_by(&by_cli, NULL, 0);
    assert_ok(list_add_scopes(list, NULL, 0, &by_cli, &added, &why));
    assert_int_equal(added, 0);
    assert_int_equal(count_events(), before);
}

/* --- what is known --- */

static void what_stands_already_from_the_same_source_is_known(void **state)
{
    struct list_entry first = opt_out_of(NEWS, 1), again = first, wider = opt_out_of("acme", 1),
                      block = entry_of(CHOICE_BLOCK, NEWS, 1), other = first;
    (void)state;
    add_entry(list, &first);
    uint64_t events = count_events();
    add_entry(list, &again);
    assert_true(again.known);
    assert_true(event_name_equal(&again.event, &first.event));
    assert_int_equal(count_events(), events);
    add_entry(list, &wider);
    add_entry(list, &block);
    add_by(&(struct act){.actor = "cli", .source = "crm"}, &other, 1);
    assert_false(wider.known || block.known || other.known);
    assert_int_equal(count_rows(list, 1), 4);
    verified();
}

static void what_was_withdrawn_is_new_again(void **state)
{
    struct list_entry entry = opt_out_of(NEWS, 1), again = entry;
    (void)state;
    add_entry(list, &entry);
    withdraw(1, &entry.event);
    add_entry(list, &again);
    assert_false(again.known);
    assert_int_equal(count_rows(list, 1), 1);
    verified();
}

static void duplicates_in_one_call_are_written_once(void **state)
{
    struct list_entry entries[6];
    (void)state;
    for (size_t i = 0; i < 6; i++)
        entries[i] = opt_out_of(NEWS, 1 + i % 2);
    uint64_t events = count_events();
    add_by(&by_cli, entries, 6);
    assert_int_equal(count_events(), events + 1);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(entries[i].known, i >= 2);
        assert_true(event_name_equal(&entries[i].event, &entries[0].event));
    }
    assert_int_equal(count_rows(list, 1), 1);
    assert_int_equal(count_rows(list, 2), 1);
    verified();
}

static void several_scopes_of_one_subject_in_one_call_are_all_written(void **state)
{
    struct list_entry entries[] = {opt_out_of(NEWS, 1), opt_out_of("beta", 1), opt_out_of(NEWS, 2),
                                   opt_out_of("acme/offers", 1), opt_out_of(NEWS, 1)};
    struct pool pool = {0};
    struct choice *rows;
    (void)state;
    add_by(&by_cli, entries, 5);
    assert_int_equal(rows_of(list, LIST_STANDING, 1, &pool, &rows), 3);
    assert_row(&rows[0], &entries[0], "cli");
    assert_row(&rows[1], &entries[1], "cli");
    assert_row(&rows[2], &entries[3], "cli");
    assert_true(entries[4].known);
    assert_true(event_name_equal(&entries[4].event, &entries[0].event));
    /* Each event holds a subject once. */
    assert_true(event_name_equal(&entries[0].event, &entries[2].event));
    assert_false(event_name_equal(&entries[0].event, &entries[1].event));
    verified();
    pool_release(&pool);
}

/* What the second says is seen from the first: an opt-in in one call with an opt-out names it. */
static void entries_about_one_subject_are_taken_in_their_sequence(void **state)
{
    struct list_entry out_in[] = {opt_out_of(NEWS, 1), confirmed_opt_in(NEWS, 1)};
    struct list_entry in_out[] = {confirmed_opt_in(NEWS, 2), opt_out_of(NEWS, 2)};
    (void)state;
    add_by(&by_cli, out_in, 2);
    add_by(&by_cli, in_out, 2);
    assert_int_equal(out_in[1].named, 1);
    assert_int_equal(in_out[0].named, 0);
    verified();
}

/* --- opt-ins --- */

static void a_confirmed_opt_in_names_what_stands_for_it_then(void **state)
{
    const int64_t past = 1000, future = INT64_C(1) << 40;
    struct list_entry outs[] = {
        opt_out_of(NEWS, 1),
        opt_out_of("/", 1),
        entry_of(CHOICE_BLOCK, "acme", 1),
        entry_of(CHOICE_BLOCK, NEWS, 1),
        opt_out_of("acme/offers", 1),
        opt_out_of(NEWS, 2),
        opt_out_of(NEWS, 1),
    };
    struct list_entry opt_in = confirmed_opt_in(NEWS, 1), later = opt_out_of("acme", 1);
    struct pool pool = {0};
    struct choice *rows;
    (void)state;
    outs[2].until = future;
    outs[3].until = past;
    add_by(&by_cli, outs, 6);
    add_by(&(struct act){.actor = "web"}, &outs[6], 1);
    withdraw(1, &outs[6].event);
    add_entry(list, &opt_in);
    add_entry(list, &later);
    assert_int_equal(opt_in.named, 3); /* not: ended, another scope, another person, withdrawn */
    size_t count = rows_of(list, LIST_STANDING, 1, &pool, &rows);
    assert_int_equal(count, 7);
    const struct choice *row = &rows[5]; /* the last but one */
    assert_int_equal(row->kind, CHOICE_OPT_IN);
    assert_int_equal(row->name_count, 3);
    assert_true(event_name_equal(&row->names[0], &outs[0].event));
    assert_true(event_name_equal(&row->names[1], &outs[1].event));
    assert_true(event_name_equal(&row->names[2], &outs[2].event));
    verified();
    pool_release(&pool);
}

static void an_asserted_opt_in_names_nothing(void **state)
{
    struct list_entry out = opt_out_of(NEWS, 1), in = entry_of(CHOICE_OPT_IN, NEWS, 1),
                      confirmed_out = opt_out_of(NEWS, 1);
    (void)state;
    add_entry(list, &out);
    add_entry(list, &in);
    assert_int_equal(in.named, 0);
    confirmed_out.confirmed = true; /* means nothing for an opt-out, and names nothing */
    add_by(&(struct act){.actor = "web"}, &confirmed_out, 1);
    assert_int_equal(confirmed_out.named, 0);
    verified();
}

static void many_opt_ins_that_name_much_fit_into_events(void **state)
{
    static struct list_entry outs[200 * 60], ins[200];
    static char sources[60][20];
    (void)state;
    for (unsigned i = 0; i < 60; i++) {
        snprintf(sources[i], sizeof sources[i], "source-%u", i);
        for (unsigned j = 0; j < 200; j++)
            outs[j] = opt_out_of(NEWS, j);
        add_by(&(struct act){.actor = "cli", .source = sources[i]}, outs, 200);
    }
    for (unsigned j = 0; j < 200; j++)
        ins[j] = confirmed_opt_in("acme/news", j);
    add_by(&by_cli, ins, 200);
    for (unsigned j = 0; j < 200; j++)
        assert_int_equal(ins[j].named, 60);
    assert_false(event_name_equal(&ins[0].event, &ins[199].event));
    verified();
}

static void an_opt_in_may_name_thousands(void **state)
{
    struct list_entry in = confirmed_opt_in(NEWS, 1);
    (void)state;
    for (unsigned i = 0; i < 1500; i++) {
        struct list_entry out = opt_out_of(NEWS, 1);
        char source[20];
        snprintf(source, sizeof source, "source-%u", i);
        add_by(&(struct act){.actor = "cli", .source = source}, &out, 1);
    }
    add_entry(list, &in);
    assert_int_equal(in.named, 1500);
    verified();
}

/* --- many --- */

static void as_many_entries_as_may_be_go_into_several_events(void **state)
{
    static struct list_entry entries[LIST_ENTRIES_MAX + 1];
    struct list_counts counts;
    (void)state;
    for (unsigned i = 0; i <= LIST_ENTRIES_MAX; i++)
        entries[i] = opt_out_of(i % 3 ? NEWS : "beta", i);
    assert_refused(list_add(list, entries, LIST_ENTRIES_MAX + 1, &by_cli, &why), ERR_TOO_LONG,
                   "more than 20000");
    uint64_t events = count_events(), more = LIST_ENTRIES_MAX / EVENT_ROWS_MAX;
    add_by(&by_cli, entries, LIST_ENTRIES_MAX);
    assert_int_equal(count_events(), events + more);
    struct list_view *view = view_of(list);
    assert_int_equal(list_count(view, &counts), 0);
    list_view_end(view);
    assert_int_equal(counts.choices, LIST_ENTRIES_MAX);
    assert_int_equal(counts.domains, 0);
    assert_int_equal(counts.past, 0);
    assert_int_equal(counts.scopes, 5);
    struct pool pool = {0};
    for (unsigned i = 0; i < LIST_ENTRIES_MAX; i++) {
        struct choice *rows;
        assert_false(entries[i].known);
        assert_int_equal(rows_of(list, LIST_STANDING, i, &pool, &rows), 1);
        assert_row(&rows[0], &entries[i], "cli");
        pool_reset(&pool);
    }
    add_by(&by_cli, entries, LIST_ENTRIES_MAX);
    for (unsigned i = 0; i < LIST_ENTRIES_MAX; i++)
        assert_true(entries[i].known);
    assert_int_equal(count_events(), events + more);
    verified();
    pool_release(&pool);
}

static int check_sorted(struct txn *txn, const struct event *event, void *argument)
{
    (void)txn;
    (void)argument;
    for (size_t i = 1; i < event->choice_count; i++)
        if (memcmp(&event->choices[i - 1].subject, &event->choices[i].subject, SUBJECT_SIZE) >= 0)
            return 1;
    for (size_t i = 1; i < event->withdrawal_count; i++)
        if (memcmp(&event->withdrawals[i - 1].subject, &event->withdrawals[i].subject,
                   SUBJECT_SIZE) > 0)
            return 2;
    return 0;
}

static void rows_of_an_event_are_sorted_and_each_subject_stands_there_once(void **state)
{
    struct list_entry entries[400];
    struct event_withdrawal rows[100];
    struct event_name event;
    (void)state;
    for (unsigned i = 0; i < 400; i++)
        entries[i] = opt_out_of(random_below(2) ? NEWS : "beta", random_below(150));
    add_by(&by_cli, entries, 400);
    for (unsigned i = 0, j = 0; i < 400 && j < 100; i++)
        if (!entries[i].known)
            rows[j++] = (struct event_withdrawal){entries[i].subject, entries[i].event};
    assert_ok(list_withdraw(list, rows, 100, &by_cli, &event, &why));
    struct list_view *view = view_of(list);
    assert_int_equal(list_walk(view, NULL, check_sorted, NULL), 0);
    list_view_end(view);
    verified();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_added_is_read_back_as_it_was),
        TEST(rows_of_one_subject_come_oldest_first_and_those_of_neighbours_do_not),
        TEST(a_source_that_is_not_given_is_the_actor),
        TEST(a_source_has_254_octets_at_most),
        TEST(nothing_at_all_writes_no_event),
        TEST(what_stands_already_from_the_same_source_is_known),
        TEST(what_was_withdrawn_is_new_again),
        TEST(duplicates_in_one_call_are_written_once),
        TEST(several_scopes_of_one_subject_in_one_call_are_all_written),
        TEST(entries_about_one_subject_are_taken_in_their_sequence),
        TEST(a_confirmed_opt_in_names_what_stands_for_it_then),
        TEST(an_asserted_opt_in_names_nothing),
        TEST(many_opt_ins_that_name_much_fit_into_events),
        TEST(an_opt_in_may_name_thousands),
        TEST(as_many_entries_as_may_be_go_into_several_events),
        TEST(rows_of_an_event_are_sorted_and_each_subject_stands_there_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
