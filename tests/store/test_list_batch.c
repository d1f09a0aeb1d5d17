/* Batches: the events of one import or undo, from its begin to its end. */
#include "list_site.h"

#include <errno.h>

static struct act of_batch(uint64_t number)
{
    struct act act = by_cli;
    act.batch = number;
    return act;
}

static uint64_t begin(const struct event_batch *what)
{
    uint64_t number = 0;
    assert_ok(list_batch_begin(list, what, &by_cli, &number, &why));
    return number;
}

static struct event_name own(uint64_t number)
{
    struct event_name name = {.number = number};
    memcpy(name.node, list_node(list), EVENT_NODE_SIZE);
    return name;
}

static const struct event_batch import = {
    .kind = BATCH_IMPORT, .has_digest = true, .digest = {1, 2, 3}, .size = 4711};

static void a_batch_is_read_as_it_was_begun_and_ended(void **state)
{
    const uint64_t counts[BATCH_COUNTS] = {6, 1, 2, 1, 1, 1, 0};
    struct list_batch batch;
    struct pool pool = {0};
    (void)state;
    uint64_t number = begin(&import);
    struct event_name name = own(number);
    struct list_view *view = view_of(list);
    assert_int_equal(list_batch(view, &name, &pool, &batch), 0);
    assert_true(event_name_equal(&batch.name, &name));
    assert_memory_equal(batch.begin.digest, import.digest, sizeof import.digest);
    assert_int_equal(batch.begin.size, 4711);
    assert_int_equal(batch.ended_ms, 0);
    list_view_end(view);
    struct act act = of_batch(number);
    assert_ok(list_batch_end(list, counts, &act, &why));
    reopen_as(ENV_READ);
    view = view_of(list);
    assert_int_equal(list_batch(view, &name, &pool, &batch), 0);
    assert_true(batch.ended_ms >= batch.begun_ms && batch.begun_ms > 0);
    assert_memory_equal(batch.counts, counts, sizeof counts);
    assert_int_equal(batch.undone_by.number, 0);
    list_view_end(view);
    verified();
    pool_release(&pool);
}

static int count_batch_rows(struct txn *txn, const struct event *event, void *argument)
{
    size_t *rows = argument;
    (void)txn;
    *rows += event->choice_count + event->withdrawal_count;
    return 0;
}

static size_t batch_rows(uint64_t number)
{
    struct event_name name = own(number);
    size_t rows = 0;
    struct list_view *view = view_of(list);
    assert_int_equal(list_walk_batch(view, &name, count_batch_rows, &rows), 0);
    list_view_end(view);
    return rows;
}

static void its_events_are_found_among_those_of_others(void **state)
{
    struct list_entry entries[] = {opt_out_of(NEWS, 1), opt_out_of(NEWS, 2), opt_out_of(NEWS, 3),
                                   opt_out_of(NEWS, 4), opt_out_of(NEWS, 5), opt_out_of(NEWS, 6)};
    const uint64_t counts[BATCH_COUNTS] = {0};
    (void)state;
    uint64_t first = begin(&import), second = begin(&import);
    struct act of_first = of_batch(first), of_second = of_batch(second);
    add_by(&of_first, entries, 2);
    add_by(&by_cli, entries + 2, 1);
    add_by(&of_second, entries + 3, 1);
    assert_int_equal(batch_rows(first), 2);
    assert_ok(list_batch_end(list, counts, &of_first, &why));
    add_by(&of_second, entries + 4, 2);
    assert_int_equal(batch_rows(first), 2);
    assert_int_equal(batch_rows(second), 3);
    verified();
}

static void what_is_not_under_way_takes_no_rows(void **state)
{
    struct list_entry entry = opt_out_of(NEWS, 1), other = opt_out_of(NEWS, 2);
    const uint64_t counts[BATCH_COUNTS] = {0};
    struct event_name event;
    (void)state;
    uint64_t number = begin(&import);
    struct act act = of_batch(number), never = of_batch(number + 1);
    add_by(&act, &entry, 1);
    assert_ok(list_batch_end(list, counts, &act, &why));
    uint64_t events = count_events();
    const struct event_withdrawal row = {entry.subject, entry.event};
    assert_int_equal(list_add(list, &other, 1, &act, NULL), -EINVAL);
    assert_int_equal(list_add(list, &other, 1, &never, NULL), -EINVAL);
    assert_int_equal(list_withdraw(list, &row, 1, &act, &event, NULL), -EINVAL);
    assert_int_equal(list_batch_end(list, counts, &act, NULL), -EINVAL);
    assert_int_equal(list_batch_end(list, counts, &by_cli, NULL), -EINVAL);
    assert_int_equal(list_batch_begin(list, &import, &act, &number, NULL), -EINVAL);
    assert_int_equal(count_events(), events);
    verified();
}

static void a_batch_is_undone_once(void **state)
{
    struct event_batch undo = {.kind = BATCH_UNDO};
    struct list_batch batch;
    struct pool pool = {0};
    uint64_t number = 0;
    (void)state;
    undo.undoes = own(begin(&import));
    uint64_t undoing = begin(&undo);
    assert_refused(list_batch_begin(list, &undo, &by_cli, &number, &why), ERR_EXISTS,
                   "undone already");
    undo.undoes.number = 1; /* the genesis */
    assert_refused(list_batch_begin(list, &undo, &by_cli, &number, &why), ERR_NOT_FOUND,
                   "no such batch");
    struct event_name name = own(undoing);
    struct list_view *view = view_of(list);
    assert_int_equal(list_batch(view, &name, &pool, &batch), 0);
    assert_int_equal(batch.begin.kind, BATCH_UNDO);
    name = batch.begin.undoes;
    assert_int_equal(list_batch(view, &name, &pool, &batch), 0);
    assert_int_equal(batch.undone_by.number, undoing);
    name.number = 1;
    assert_int_equal(list_batch(view, &name, &pool, &batch), ERR_NOT_FOUND);
    list_view_end(view);
    verified();
    pool_release(&pool);
}

static void what_is_being_undone_takes_no_rows(void **state)
{
    struct list_entry entry = opt_out_of(NEWS, 1), other = opt_out_of(NEWS, 2);
    struct event_batch undo = {.kind = BATCH_UNDO};
    struct event_name event;
    (void)state;
    uint64_t number = begin(&import);
    struct act of_import = of_batch(number);
    add_by(&of_import, &entry, 1);
    undo.undoes = own(number);
    struct act of_undo = of_batch(begin(&undo));
    assert_int_equal(list_add(list, &other, 1, &of_import, NULL), -EINVAL);
    const struct event_withdrawal row = {entry.subject, entry.event};
    assert_ok(list_withdraw(list, &row, 1, &of_undo, &event, &why));
    verified();
}

/* An undo of the batch takes its rows away, and must not take away what somebody else was told to
 * be on the list. */
static void a_statement_of_its_own_does_not_rest_on_a_row_of_a_batch(void **state)
{
    struct list_entry imported = opt_out_of(NEWS, 1), single = imported, again = imported,
                      next = imported;
    (void)state;
    struct act act = of_batch(begin(&import));
    add_by(&act, &imported, 1);
    add_by(&by_cli, &single, 1);
    assert_false(single.known);
    add_by(&by_cli, &again, 1);
    assert_true(again.known);
    assert_event(again.event, single.event);
    act = of_batch(begin(&import));
    add_by(&act, &next, 1);
    assert_true(next.known);
    assert_int_equal(count_rows(list, 1), 2);
    verified();
}

/* Batches are undone newest first, so an older one that goes on does not rest on a newer one. */
static void a_batch_does_not_rest_on_rows_of_one_that_began_later(void **state)
{
    struct list_entry newer = opt_out_of(NEWS, 1), older = newer, again = newer, last = newer;
    (void)state;
    struct act first = of_batch(begin(&import)), second = of_batch(begin(&import));
    add_by(&second, &newer, 1);
    add_by(&first, &older, 1);
    assert_false(older.known);
    add_by(&first, &again, 1);
    assert_true(again.known);
    add_by(&second, &last, 1);
    assert_true(last.known);
    assert_int_equal(count_rows(list, 1), 2);
    verified();
}

/* An opt-in lifts both of them, and an opt-out without a date after it is a new one. */
static void beside_a_row_of_a_batch_that_is_lifted_one_is_new_as_well(void **state)
{
    struct list_entry imported = opt_out_of(NEWS, 1), single = imported, later = imported,
                      opt_in = confirmed_opt_in(NEWS, 1);
    (void)state;
    imported.asked = single.asked = later.asked = 0;
    struct act act = of_batch(begin(&import));
    add_by(&by_cli, &single, 1);
    add_by(&act, &imported, 1);
    assert_true(imported.known);
    add_by(&by_cli, &opt_in, 1);
    add_by(&act, &imported, 1);
    assert_false(imported.known);
    add_by(&by_cli, &later, 1);
    assert_false(later.known);
    assert_int_equal(count_rows(list, 1), 4);
    verified();
}

static int remember(const struct list_batch *batch, void *argument)
{
    uint64_t **next = argument;
    *(*next)++ = batch->name.number;
    return batch->begin.size == 3;
}

static void all_are_visited_oldest_first_until_the_visitor_ends_it(void **state)
{
    uint64_t seen[4] = {0}, *next = seen;
    (void)state;
    for (uint64_t size = 1; size <= 4; size++)
        begin(&(struct event_batch){.kind = BATCH_IMPORT, .size = size});
    struct list_view *view = view_of(list);
    assert_int_equal(list_each_batch(view, remember, &next), 1);
    list_view_end(view);
    assert_int_equal(next - seen, 3);
    assert_true(seen[0] < seen[1] && seen[1] < seen[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_batch_is_read_as_it_was_begun_and_ended, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(its_events_are_found_among_those_of_others, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_under_way_takes_no_rows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_being_undone_takes_no_rows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_batch_is_undone_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_statement_of_its_own_does_not_rest_on_a_row_of_a_batch,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_batch_does_not_rest_on_rows_of_one_that_began_later,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(beside_a_row_of_a_batch_that_is_lifted_one_is_new_as_well,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(all_are_visited_oldest_first_until_the_visitor_ends_it,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
