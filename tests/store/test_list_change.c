/* Choices are withdrawn by name; scopes are registered, and no other is taken. */
#include "list_site.h"

#include <errno.h>

/* --- withdrawing --- */

static void what_is_withdrawn_is_past_and_says_by_what(void **state)
{
    struct list_entry entries[] = {opt_out_of(NEWS, 1), opt_out_of("beta", 1),
                                   confirmed_opt_in("beta", 1)};
    struct subject subject = subject_number(1);
    struct pool pool = {0};
    struct choice *rows;
    struct event_name *by;
    size_t count;
    (void)state;
    add_by(&by_cli, entries, 3);
    struct event_name second = withdraw(1, &entries[1].event);
    struct event_name third = withdraw(1, &entries[2].event);
    assert_int_equal(count_rows(list, 1), 1);
    reopen_as(ENV_READ);
    struct list_view *view = view_of(list);
    assert_int_equal(list_read(view, LIST_PAST, &subject, false, &pool, &rows, &count, &by), 0);
    assert_int_equal(count, 2);
    assert_row(&rows[0], &entries[1], "cli");
    assert_row(&rows[1], &entries[2], "cli");
    assert_true(event_name_equal(&rows[1].names[0], &entries[1].event));
    assert_true(event_name_equal(&by[0], &second));
    assert_true(event_name_equal(&by[1], &third));
    list_view_end(view);
    verified();
    pool_release(&pool);
}

static void what_does_not_stand_is_not_withdrawn_and_nothing_with_it(void **state)
{
    struct list_entry entries[] = {opt_out_of(NEWS, 1), opt_out_of(NEWS, 2)};
    struct event_name event = {{9}, 99};
    (void)state;
    add_by(&by_cli, entries, 2);
    const struct event_withdrawal one = {subject_number(1), entries[0].event},
                                  other = {subject_number(2), entries[1].event};
    struct event_withdrawal nobody = {subject_number(3), entries[0].event},
                            not_yet = {subject_number(1), {{0}, 4711}}, foreign = one;
    memcpy(not_yet.target.node, list_node(list), EVENT_NODE_SIZE);
    foreign.target.node[0] ^= 1;
    const struct event_withdrawal cases[][2] = {
        {one, nobody}, {one, not_yet}, {one, foreign}, {one, one}};
    uint64_t events = count_events();
    for (size_t i = 0; i < 4; i++) {
        assert_refused(list_withdraw(list, cases[i], 2, &by_cli, &event, &why), ERR_NOT_FOUND,
                       "does not stand any more; nothing was withdrawn");
        assert_int_equal(event.number, 99);
        assert_int_equal(count_rows(list, 1), 1);
    }
    assert_int_equal(count_events(), events);
    const struct event_withdrawal both[] = {other, one};
    assert_ok(list_withdraw(list, both, 2, &by_cli, &event, &why));
    assert_int_equal(event.number, events + 1);
    assert_refused(list_withdraw(list, &one, 1, &by_cli, &event, &why), ERR_NOT_FOUND,
                   "does not stand");
    verified();
}

static void a_thousand_rows_are_withdrawn_at_once_and_no_more(void **state)
{
    static struct list_entry entries[1001];
    static struct event_withdrawal rows[1001];
    struct event_name event;
    (void)state;
    for (unsigned i = 0; i < 1001; i++)
        entries[i] = opt_out_of(NEWS, i);
    add_by(&by_cli, entries, 1001);
    for (unsigned i = 0; i < 1001; i++)
        rows[i] = (struct event_withdrawal){entries[i].subject, entries[i].event};
    assert_refused(list_withdraw(list, rows, 1001, &by_cli, &event, &why), ERR_TOO_LONG,
                   "more than 1000");
    assert_ok(list_withdraw(list, rows, 1000, &by_cli, &event, &why));
    for (unsigned i = 0; i < 1001; i++)
        assert_int_equal(count_rows(list, i), i == 1000);
    verified();
}

/* --- scopes --- */

struct scopes {
    char names[20][SCOPE_MAX + 1];
    size_t count;
    int answer;
};

static int note_scope(const char *scope, void *argument)
{
    struct scopes *scopes = argument;
    strcpy(scopes->names[scopes->count++], scope);
    return scopes->answer;
}

static void scopes_are_registered_once_with_those_above(void **state)
{
    static const char *const more[] = {"gamma/x/y", NEWS, "gamma/x/y", "gamma/x/z"};
    static const char *const all[] = {"/",     "acme",    NEWS,        "acme/offers", "beta",
                                      "gamma", "gamma/x", "gamma/x/y", "gamma/x/z"};
    struct scopes scopes = {.count = 0};
    struct list_counts counts;
    size_t added = 0;
    (void)state;
    assert_ok(list_add_scopes(list, more, 4, &by_cli, &added, &why));
    assert_int_equal(added, 4);
    uint64_t events = count_events();
    assert_ok(list_add_scopes(list, more, 4, &by_cli, &added, &why));
    assert_int_equal(added, 0);
    assert_int_equal(count_events(), events);
    struct list_view *view = view_of(list);
    assert_int_equal(list_each_scope(view, note_scope, &scopes), 0);
    assert_int_equal(scopes.count, 9);
    for (size_t i = 0; i < 9; i++) {
        assert_string_equal(scopes.names[i], all[i]);
        assert_int_equal(list_scope_known(view, all[i]), 0);
    }
    assert_int_equal(list_scope_known(view, "gamm"), ERR_SCOPE);
    assert_int_equal(list_scope_known(view, "gamma/x/y/z"), ERR_SCOPE);
    assert_int_equal(list_count(view, &counts), 0);
    assert_int_equal(counts.scopes, 9);
    scopes = (struct scopes){.answer = ERR_NOT_FOUND};
    assert_int_equal(list_each_scope(view, note_scope, &scopes), ERR_NOT_FOUND);
    assert_int_equal(scopes.count, 1);
    list_view_end(view);
    verified();
}

static void another_spelling_is_no_scope(void **state)
{
    static const char *const wrong[] = {"",           "Acme", "acme/",   "/acme",
                                        "acme//news", "a me", "acme/..", "acme/\xc3\xbc"};
    char wide[SCOPE_MAX + 2];
    const char *pair[] = {"gamma", NULL};
    size_t added = 77;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        pair[1] = wrong[i];
        assert_refused(list_add_scopes(list, pair, 2, &by_cli, &added, &why), ERR_SYNTAX,
                       "is no scope");
    }
    memset(wide, 'x', SCOPE_MAX + 1);
    wide[SCOPE_MAX + 1] = '\0';
    pair[1] = wide;
    assert_refused(list_add_scopes(list, pair, 2, &by_cli, &added, &why), ERR_TOO_LONG, "128");
    assert_int_equal(added, 77);
    struct list_view *view = view_of(list);
    assert_int_equal(list_scope_known(view, "gamma"), ERR_SCOPE);
    list_view_end(view);
    wide[SCOPE_MAX] = '\0';
    assert_ok(list_add_scopes(list, pair, 2, &by_cli, &added, &why));
    assert_int_equal(added, 2);
    verified();
}

static void many_long_scopes_are_registered_in_several_events(void **state)
{
    static char names[1500][SCOPE_MAX + 1];
    static const char *scopes[1500];
    size_t added;
    (void)state;
    for (unsigned i = 0; i < 1500; i++) {
        memset(names[i], 'x', SCOPE_MAX);
        snprintf(names[i] + 100, 29, "%028u", i);
        scopes[i] = names[i];
    }
    uint64_t events = count_events();
    assert_ok(list_add_scopes(list, scopes, 1500, &by_cli, &added, &why));
    assert_int_equal(added, 1500);
    assert_true(count_events() > events + 2);
    struct list_view *view = view_of(list);
    assert_int_equal(list_scope_known(view, names[1499]), 0);
    list_view_end(view);
    verified();
    /* And a thousand choices, each of a scope of its own. */
    static struct list_entry entries[1500];
    for (unsigned i = 0; i < 1500; i++)
        entries[i] = opt_out_of(names[i], i);
    add_by(&by_cli, entries, 1500);
    verified();
}

static void an_unknown_scope_writes_nothing_of_the_call(void **state)
{
    static struct list_entry entries[3000];
    char wide[300];
    (void)state;
    for (unsigned i = 0; i < 3000; i++)
        entries[i] = opt_out_of(NEWS, i);
    entries[2999].scope = "acme/newsletter";
    uint64_t events = count_events();
    assert_refused(list_add(list, entries, 3000, &by_cli, &why), ERR_SCOPE,
                   "scope acme/newsletter is not registered");
    memset(wide, 'x', sizeof wide - 1);
    wide[sizeof wide - 1] = '\0';
    entries[2999].scope = wide;
    assert_refused(list_add(list, entries, 3000, &by_cli, &why), ERR_SCOPE, "xxx");
    entries[2999].scope = "";
    assert_refused(list_add(list, entries, 3000, &by_cli, &why), ERR_SCOPE, "not registered");
    assert_int_equal(count_events(), events);
    for (unsigned i = 0; i < 3000; i++)
        assert_int_equal(count_rows(list, i), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_withdrawn_is_past_and_says_by_what),
        TEST(what_does_not_stand_is_not_withdrawn_and_nothing_with_it),
        TEST(a_thousand_rows_are_withdrawn_at_once_and_no_more),
        TEST(scopes_are_registered_once_with_those_above),
        TEST(another_spelling_is_no_scope),
        TEST(many_long_scopes_are_registered_in_several_events),
        TEST(an_unknown_scope_writes_nothing_of_the_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
