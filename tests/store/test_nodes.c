/* Several nodes in one list, as after restores. */
#include "list_site.h"

static void a_restarted_list_goes_on_as_another_node(void **state)
{
    struct pool pool = {0};
    struct choice *rows;
    struct event event;
    (void)state;
    struct event_name before = add_to(list, NEWS, 1);
    restart(list);
    struct event_name after = add_to(list, NEWS, 2), same = add_to(list, "beta", 1);
    assert_memory_not_equal(before.node, after.node, EVENT_NODE_SIZE);
    assert_int_equal(after.number, 2);
    verified();
    reopen_as(ENV_WRITE);
    assert_memory_equal(list_node(list), after.node, EVENT_NODE_SIZE);
    assert_int_equal(rows_of(list, LIST_STANDING, 1, &pool, &rows), 2);
    assert_event(rows[0].event, before);
    assert_event(rows[1].event, same);
    assert_true(list_is_earlier(list, &before, &after));
    assert_false(list_is_earlier(list, &after, &before));
    struct list_view *view = view_of(list);
    struct event_name first = after;
    first.number = 1;
    assert_int_equal(list_event(view, &first, &pool, &event), 0);
    assert_non_null(event.continues);
    assert_event(event.continues->event, before);
    uint8_t hash[EVENT_SHORT_HASH_SIZE];
    list_event_hash(view, &before, hash);
    assert_memory_equal(hash, event.continues->hash, sizeof hash);
    list_view_end(view);
    verified();
    pool_release(&pool);
}

static void what_an_earlier_node_wrote_is_known_named_and_withdrawn(void **state)
{
    struct list_entry again = opt_out_of(NEWS, 1), opt_in = confirmed_opt_in(NEWS, 1);
    struct pool pool = {0};
    struct choice *rows;
    (void)state;
    struct event_name before = add_to(list, NEWS, 1), other_row = add_to(list, NEWS, 2);
    restart(list);
    restart(list);
    add_entry(list, &again);
    assert_true(again.known);
    assert_event(again.event, before);
    add_entry(list, &opt_in);
    assert_int_equal(opt_in.named, 1);
    assert_int_equal(rows_of(list, LIST_STANDING, 1, &pool, &rows), 2);
    assert_event(rows[1].names[0], before);
    struct event_name by = withdraw_in(list, 2, &other_row);
    assert_event(withdrawn_by(list, 2), by);
    struct event_withdrawal twice = {subject_number(2), other_row};
    struct event_name event;
    assert_refused(list_withdraw(list, &twice, 1, &by_cli, &event, &why), ERR_NOT_FOUND,
                   "does not stand any more");
    verified();
    pool_release(&pool);
}

static void a_walk_goes_from_node_to_node(void **state)
{
    struct event_name seen[16], *next = seen, rest[16];
    (void)state;
    add_to(list, NEWS, 1);
    restart(list);
    add_to(list, NEWS, 2);
    restart(list);
    struct list_view *view = view_of(list);
    assert_int_equal(list_walk(view, NULL, note_event, &next), 0);
    assert_int_equal(next - seen, 6);
    for (size_t i = 0; i < 6; i++) {
        next = rest;
        assert_int_equal(list_walk(view, &seen[i], note_event, &next), 0);
        assert_int_equal(next - rest, 5 - i);
        assert_memory_equal(rest, seen + i + 1, (5 - i) * sizeof *seen);
        assert_true(i == 0 || list_is_earlier(list, &seen[i - 1], &seen[i]));
    }
    struct event_name foreign = {.number = 1};
    assert_int_equal(list_walk(view, &foreign, note_event, &next), ERR_NOT_FOUND);
    list_view_end(view);
}

static void batches_of_an_earlier_node_are_undone(void **state)
{
    const struct event_batch begin = {.kind = BATCH_IMPORT, .size = 1};
    struct act act = by_cli;
    struct list_entry entry = opt_out_of(NEWS, 1);
    struct event_batch undo = {.kind = BATCH_UNDO};
    const uint64_t counts[BATCH_COUNTS] = {0};
    struct pool pool = {0};
    struct list_batch batch;
    uint64_t number;
    (void)state;
    assert_ok(list_batch_begin(list, &begin, &by_cli, &act.batch, &why));
    add_by(&act, &entry, 1);
    assert_ok(list_batch_end(list, counts, &act, &why));
    undo.undoes = entry.event;
    undo.undoes.number = act.batch;
    restart(list);
    assert_ok(list_batch_begin(list, &undo, &by_cli, &number, &why));
    assert_refused(list_batch_begin(list, &undo, &by_cli, &number, &why), ERR_EXISTS,
                   "undone already");
    struct list_view *view = view_of(list);
    assert_int_equal(list_batch(view, &undo.undoes, &pool, &batch), 0);
    assert_int_equal(batch.undone_by.number, number);
    assert_memory_equal(batch.undone_by.node, list_node(list), EVENT_NODE_SIZE);
    assert_true(batch.ended_ms > 0);
    struct event_name rows[4], *next = rows;
    assert_int_equal(list_walk_batch(view, &undo.undoes, note_event, &next), 0);
    assert_int_equal(next - rows, 1);
    assert_event(rows[0], entry.event);
    list_view_end(view);
    verified();
    pool_release(&pool);
}

/* Nobody can end an undo that was broken off before a restore: another one takes its place. */
static void an_undo_that_an_earlier_node_left_open_can_be_begun_again(void **state)
{
    const struct event_batch begin = {.kind = BATCH_IMPORT, .size = 1};
    const uint64_t counts[BATCH_COUNTS] = {0};
    struct event_batch undo = {.kind = BATCH_UNDO};
    struct act act = by_cli;
    struct pool pool = {0};
    struct list_batch batch;
    (void)state;
    memcpy(undo.undoes.node, list_node(list), EVENT_NODE_SIZE);
    assert_ok(list_batch_begin(list, &begin, &by_cli, &undo.undoes.number, &why));
    act.batch = undo.undoes.number;
    assert_ok(list_batch_end(list, counts, &act, &why));
    assert_ok(list_batch_begin(list, &undo, &by_cli, &act.batch, &why));
    restart(list);
    verified();
    assert_ok(list_batch_begin(list, &undo, &by_cli, &act.batch, &why));
    verified();
    assert_ok(list_batch_end(list, counts, &act, &why));
    restart(list);
    assert_refused(list_batch_begin(list, &undo, &by_cli, &act.batch, &why), ERR_EXISTS,
                   "undone already");
    verified();
    struct list_view *view = view_of(list);
    assert_int_equal(list_batch(view, &undo.undoes, &pool, &batch), 0);
    assert_int_equal(batch.undone_by.number, 2); /* behind the genesis of the second node */
    list_view_end(view);
    pool_release(&pool);
}

static void damage_to_an_earlier_node_is_found(void **state)
{
    struct raw raw;
    char head[] = {'h', 'e', 'a', 'd', 0, 1};
    MDB_val key, value;
    (void)state;
    add_to(list, NEWS, 1);
    restart(list);
    add_to(list, NEWS, 2);
    restart(list);
    add_to(list, NEWS, 3);
    verified();
    assert_int_equal(list_close(list), 0);
    list = NULL;
    raw_begin(site_list, &raw);
    raw_nth(&raw, "journal", 4, &key, &value); /* the last of the second node */
    assert_memory_equal(key.mv_data, "\0\1\0\0\0\0\0\2", 8);
    raw_delete(&raw, "journal", key);
    raw_end(&raw);
    list = open_list();
    assert_refused(verify_list(list, &why), ERR_CORRUPT,
                   "the journal ends at event 1, its head says 2");
    assert_int_equal(list_close(list), 0);
    /* With its head put back, the next node knows better. */
    raw_begin(site_list, &raw);
    struct raw *r = &raw;
    MDB_val first_key, first, old;
    uint8_t bytes[8 + EVENT_HASH_SIZE] = {[7] = 1};
    raw_nth(r, "journal", 3, &first_key, &first);
    assert_int_equal(seal_digest(SLICE(first.mv_data, first.mv_size), bytes + 8), 0);
    old = raw_val(bytes, sizeof bytes);
    raw_put(r, "meta", raw_val(head, sizeof head), old);
    raw_end(r);
    list = open_list();
    assert_refused(verify_list(list, &why), ERR_CORRUPT,
                   "the event that it continues is not there");
    raw_free(&key, &value);
    raw_free(&first_key, &first);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_restarted_list_goes_on_as_another_node),
        TEST(what_an_earlier_node_wrote_is_known_named_and_withdrawn),
        TEST(a_walk_goes_from_node_to_node),
        TEST(batches_of_an_earlier_node_are_undone),
        TEST(an_undo_that_an_earlier_node_left_open_can_be_begun_again),
        TEST(damage_to_an_earlier_node_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
