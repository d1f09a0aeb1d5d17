/* Readers that were killed: neither their pages nor their slots are lost. */
#include "store/env.h"

#include "site.h"

#include <signal.h>

#define SCOPE "acme"

static int read_and_wait(int tell)
{
    struct list *list;
    struct list_view *view;
    if (list_open(site_list, ENV_READ, SITE_MAP, &site_lookup, NULL, &list, NULL) ||
        list_view_begin(list, &view) || write(tell, "x", 1) != 1)
        return 1;
    pause();
    return 0;
}

static uint64_t used_by(struct list *list)
{
    struct list_counts counts;
    struct list_view *view = view_of(list);
    assert_int_equal(list_count(view, &counts), 0);
    list_view_end(view);
    return counts.used;
}

/* Puts the same row in and out, so that nothing but the reader makes the file grow: rows of a
 * journal of its own are written anew in each transaction. */
static void rewrite(struct env *env, unsigned times)
{
    struct txn *txn;
    char value[3000];
    memset(value, 'v', sizeof value);
    for (unsigned i = 0; i < times; i++) {
        assert_int_equal(txn_begin_write(env, &txn), 0);
        assert_int_equal(txn_put(txn, 0, SLICE("row", 3), SLICE(value, sizeof value)), 0);
        assert_int_equal(txn_commit(txn), 0);
    }
}

static void a_dead_readers_pages_are_used_again(void **state)
{
    static const char *const tables[] = {"meta"};
    struct env *env = NULL;
    uint64_t before, during, after, size;
    int tell[2];
    char c;
    (void)state;
    assert_ok(env_open(site_list, ENV_WRITE, SITE_MAP, tables, 1, &env, &why));
    rewrite(env, 20);
    env_usage(env, &before, &size);
    assert_int_equal(pipe(tell), 0);
    pid_t child = fork();
    if (child == 0)
        _exit(read_and_wait(tell[1]));
    assert_int_equal(read(tell[0], &c, 1), 1);
    rewrite(env, 200);
    env_usage(env, &during, &size);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(outcome_of(child), 100 + SIGKILL);
    assert_true(during > before + 200 * 4096); /* a reader that lives keeps its pages */
    rewrite(env, 256);
    env_usage(env, &during, &size);
    rewrite(env, 3000);
    env_usage(env, &after, &size);
    assert_true(after <= during + 20 * 4096);
    env_close(env);
    close(tell[0]);
    close(tell[1]);
}

static void a_dead_readers_slot_is_free_when_a_store_is_opened(void **state)
{
    int tell[2];
    char c;
    (void)state;
    assert_int_equal(pipe(tell), 0);
    struct list *list = open_list();
    add_scope(list, SCOPE);
    list_close(list);
    /* As many as there are slots would lock everybody out; some are enough to see. */
    for (unsigned i = 0; i < 5; i++) {
        pid_t child = fork();
        if (child == 0)
            _exit(read_and_wait(tell[1]));
        assert_int_equal(read(tell[0], &c, 1), 1);
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(outcome_of(child), 100 + SIGKILL);
    }
    list = open_list();
    uint64_t before = used_by(list);
    for (unsigned i = 0; i < 50; i++) { /* the same 50 rows would grow by 50 pages each time */
        struct subject subject = subject_number(1000);
        struct list_entry entry = opt_out_of(SCOPE, 1000);
        assert_ok(list_add(list, &entry, 1, &by_cli, &why));
        struct event_withdrawal row = {subject, entry.event};
        struct event_name event;
        assert_ok(list_withdraw(list, &row, 1, &by_cli, &event, &why));
    }
    assert_true(used_by(list) < before + 60 * 4096);
    list_close(list);
    close(tell[0]);
    close(tell[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_dead_readers_pages_are_used_again, make_site,
                                        remove_site),
        cmocka_unit_test_setup_teardown(a_dead_readers_slot_is_free_when_a_store_is_opened,
                                        make_site, remove_site),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
