/* Writing without waiting: it shares commits like all other, has no more time, and whoever
 * submitted it is told once. */
#include "committing.h"

static atomic_uint told;

static void note_outcome(void *argument, int result)
{
    struct piece *piece = argument;
    piece->result = result;
    told++;
}

static void submit(struct piece *pieces, size_t count)
{
    told = 0;
    for (size_t i = 0; i < count; i++) {
        pieces[i].row = (unsigned)i + 1;
        pieces[i].result = 1;
        assert_int_equal(
            committer_submit(committer, write_row, &pieces[i], note_outcome, &pieces[i]), 0);
    }
}

static void await_told(unsigned count)
{
    for (int i = 0; i < 500 && told < count; i++)
        sleep_ms(10);
    assert_int_equal(told, count);
}

static void submitted_pieces_share_a_commit_and_each_is_told_once(void **state)
{
    struct piece pieces[50] = {{0}};
    (void)state;
    holder_takes_lock();
    submit(pieces, 50);
    sleep_ms(100);
    assert_int_equal(told, 0);
    holder_lets_go();
    await_told(50);
    for (size_t i = 0; i < 50; i++) {
        assert_int_equal(pieces[i].result, 0);
        assert_int_equal(pieces[i].txn, pieces[0].txn);
        assert_true(row_is_there((unsigned)i + 1));
    }
}

static void a_submitted_piece_that_fails_is_told_so_and_the_others_are_written(void **state)
{
    struct piece pieces[3] = {{0}, {.answer = ERR_SCOPE}, {0}};
    (void)state;
    holder_takes_lock();
    submit(pieces, 3);
    holder_lets_go();
    await_told(3);
    assert_int_equal(pieces[0].result, 0);
    assert_int_equal(pieces[1].result, ERR_SCOPE);
    assert_int_equal(pieces[2].result, 0);
    assert_false(row_is_there(2));
}

static void submitted_pieces_give_up_too_and_are_not_done_later(void **state)
{
    struct piece pieces[20] = {{0}}, waiting = {.row = 100};
    (void)state;
    holder_takes_lock();
    double before = seconds();
    submit(pieces, 20);
    run_piece(&waiting);
    await_told(20);
    assert_true(seconds() - before > 1.5 && seconds() - before < 4);
    assert_int_equal(waiting.result, ERR_BUSY);
    holder_lets_go();
    sleep_ms(100);
    for (size_t i = 0; i < 20; i++) {
        assert_int_equal(pieces[i].result, ERR_BUSY);
        assert_false(row_is_there((unsigned)i + 1));
    }
    submit(pieces, 1); /* it goes on as before */
    await_told(1);
    assert_int_equal(pieces[0].result, 0);
}

static void stopping_tells_all_who_submitted(void **state)
{
    struct piece pieces[30] = {{0}};
    (void)state;
    submit(pieces, 30);
    assert_int_equal(committer_stop(committer), 0);
    committer = NULL;
    assert_int_equal(told, 30);
    for (size_t i = 0; i < 30; i++)
        assert_int_equal(pieces[i].result, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(submitted_pieces_share_a_commit_and_each_is_told_once),
        TEST(a_submitted_piece_that_fails_is_told_so_and_the_others_are_written),
        TEST(submitted_pieces_give_up_too_and_are_not_done_later),
        TEST(stopping_tells_all_who_submitted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
