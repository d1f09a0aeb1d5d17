/* Writers of one process share commits; nobody waits without limit; what was answered with an error
 * is never done later. */
#include "committing.h"

#include <dlfcn.h>

static void what_is_answered_with_success_is_there(void **state)
{
    struct piece piece = {.row = 7};
    (void)state;
    run_piece(&piece);
    assert_int_equal(piece.result, 0);
    assert_int_equal(piece.runs, 1);
    assert_true(row_is_there(7));
}

static void an_error_of_the_job_reaches_its_caller_and_nothing_is_written(void **state)
{
    struct piece piece = {.row = 7, .answer = ERR_SCOPE};
    (void)state;
    run_piece(&piece);
    assert_int_equal(piece.result, ERR_SCOPE);
    assert_false(row_is_there(7));
}

static void those_who_wait_share_one_commit(void **state)
{
    struct piece pieces[40] = {{0}};
    (void)state;
    holder_takes_lock();
    start(pieces, 40);
    holder_lets_go();
    join(pieces, 40);
    for (size_t i = 0; i < 40; i++) {
        assert_int_equal(pieces[i].result, 0);
        assert_int_equal(pieces[i].runs, 1);
        assert_int_equal(pieces[i].txn, pieces[0].txn);
        assert_true(row_is_there((unsigned)i + 1));
    }
}

static void *run_many(void *argument)
{
    unsigned first = *(unsigned *)argument;
    for (unsigned i = 0; i < 50; i++) {
        struct piece piece = {.row = first + i};
        run_piece(&piece);
        if (piece.result || piece.runs != 1)
            return argument;
    }
    return NULL;
}

static void many_threads_write_and_lose_nothing(void **state)
{
    pthread_t threads[32];
    unsigned first[32];
    (void)state;
    for (unsigned i = 0; i < 32; i++) {
        first[i] = 1000 * i;
        assert_int_equal(pthread_create(&threads[i], NULL, run_many, &first[i]), 0);
    }
    for (unsigned i = 0; i < 32; i++) {
        void *wrong;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
    for (unsigned i = 0; i < 32; i++)
        for (unsigned j = 0; j < 50; j++)
            assert_true(row_is_there(1000 * i + j));
    struct piece last = {.row = 1000000};
    run_piece(&last);
    assert_true(last.txn < 32 * 50); /* so some were shared */
}

static void a_piece_that_fails_does_not_take_the_others_with_it(void **state)
{
    struct piece pieces[12] = {{0}};
    (void)state;
    pieces[0].answer = ERR_TOO_LONG;
    pieces[5].answer = ERR_SCOPE;
    pieces[11].answer = ERR_EXISTS;
    holder_takes_lock();
    start(pieces, 12);
    holder_lets_go();
    join(pieces, 12);
    for (size_t i = 0; i < 12; i++) {
        assert_int_equal(pieces[i].result, pieces[i].answer);
        assert_int_equal(row_is_there((unsigned)i + 1), pieces[i].answer == 0);
    }
}

/* One that spoils LMDB's transaction itself: the map is full. */
static int write_too_much(struct txn *txn, void *argument)
{
    static char megabyte[1 << 20];
    int code = 0;
    (void)argument;
    for (unsigned i = 0; i < 100 && code == 0; i++) {
        unsigned row = 5000 + i;
        code = txn_put(txn, ROWS, SLICE(&row, sizeof row), SLICE(megabyte, sizeof megabyte));
    }
    return code;
}

static void *run_too_much(void *argument)
{
    *(int *)argument = committer_run(committer, write_too_much, NULL);
    return NULL;
}

static void a_piece_that_spoils_the_transaction_fails_alone(void **state)
{
    struct piece pieces[5] = {{0}};
    pthread_t thread;
    int result = 1;
    (void)state;
    holder_takes_lock();
    assert_int_equal(pthread_create(&thread, NULL, run_too_much, &result), 0);
    start(pieces, 5);
    holder_lets_go();
    join(pieces, 5);
    pthread_join(thread, NULL);
    assert_int_equal(result, ERR_MAP_FULL);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(pieces[i].result, 0);
    assert_false(row_is_there(5000));
}

static void assert_gives_up(struct piece *piece)
{
    double before = seconds();
    run_piece(piece);
    double waited = seconds() - before;
    assert_int_equal(piece->result, ERR_BUSY);
    assert_true(waited > 1.9 && waited < 4);
    assert_int_equal(piece->runs, 0);
}

static void a_held_lock_is_busy_in_two_seconds_and_nothing_is_done_later(void **state)
{
    struct piece given_up = {.row = 1}, next = {.row = 2};
    (void)state;
    holder_takes_lock();
    assert_gives_up(&given_up);
    holder_lets_go();
    run_piece(&next);
    assert_int_equal(next.result, 0);
    sleep_ms(100);
    assert_int_equal(given_up.runs, 0);
    assert_false(row_is_there(1));
    assert_true(row_is_there(2));
}

static void a_stopped_holder_is_busy_too_and_its_work_is_not_lost(void **state)
{
    struct piece given_up = {.row = 1}, next = {.row = 2};
    int status;
    (void)state;
    holder_takes_lock();
    assert_int_equal(kill(holder, SIGSTOP), 0);
    assert_int_equal(waitpid(holder, &status, WUNTRACED), holder);
    assert_true(WIFSTOPPED(status));
    assert_gives_up(&given_up);
    assert_int_equal(kill(holder, SIGCONT), 0);
    tell_holder('c');
    await_holder();
    run_piece(&next);
    assert_int_equal(next.result, 0);
    assert_true(is_there(SLICE("holder", 6)));
    assert_false(row_is_there(1));
}

static void a_killed_holder_lets_go_at_once_and_wrote_nothing(void **state)
{
    struct piece next = {.row = 2};
    (void)state;
    holder_takes_lock();
    end_holder();
    double before = seconds();
    run_piece(&next);
    assert_int_equal(next.result, 0);
    assert_true(seconds() - before < 1);
    assert_false(is_there(SLICE("holder", 6)));
}

static void who_comes_while_others_wait_has_two_seconds_of_their_own(void **state)
{
    struct piece pieces[2] = {{0}};
    (void)state;
    holder_takes_lock();
    start(pieces, 1);
    sleep_ms(1500);
    pieces[1].row = 2;
    assert_int_equal(pthread_create(&pieces[1].thread, NULL, run_piece, &pieces[1]), 0);
    assert_int_equal(pthread_join(pieces[0].thread, NULL), 0);
    assert_int_equal(pieces[0].result, ERR_BUSY);
    holder_lets_go();
    assert_int_equal(pthread_join(pieces[1].thread, NULL), 0);
    assert_int_equal(pieces[1].result, 0);
    assert_false(row_is_there(1));
    assert_true(row_is_there(2));
}

/* After an abort the write lock can go to somebody else: here it always does. The program's own
 * definition stands before LMDB's. */
static atomic_bool give_way;

void mdb_txn_abort(MDB_txn *txn)
{
    static void (*real)(MDB_txn *);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "mdb_txn_abort");
    real(txn);
    if (atomic_exchange(&give_way, false))
        sleep_ms(300);
}

static atomic_bool all_came_back;

/* A committer that waits for ever shall fail the test, not hang it. */
static void *end_holder_at_last(void *argument)
{
    (void)argument;
    for (int i = 0; i < 100 && !all_came_back; i++)
        sleep_ms(100);
    if (!all_came_back)
        end_holder();
    return NULL;
}

static void after_anothers_failure_nobody_waits_for_ever(void **state)
{
    struct piece pieces[3] = {{0}};
    pthread_t guard;
    (void)state;
    pieces[0].answer = ERR_SCOPE;
    pieces[0].pause_ms = 300;
    holder_takes_lock();
    start(pieces, 3);
    holder_lets_go();
    while (pieces[0].runs == 0)
        sleep_ms(1);
    tell_holder('t'); /* it waits for the lock while the first piece is at work */
    sleep_ms(100);
    give_way = true;
    double before = seconds();
    assert_int_equal(pthread_create(&guard, NULL, end_holder_at_last, NULL), 0);
    join(pieces, 3);
    all_came_back = true;
    double waited = seconds() - before;
    pthread_join(guard, NULL);
    assert_true(waited < 4);
    await_holder(); /* it has it, and has had it all the time */
    assert_int_equal(pieces[0].result, ERR_SCOPE);
    assert_int_equal(pieces[1].result, ERR_BUSY);
    assert_int_equal(pieces[2].result, ERR_BUSY);
    holder_lets_go();
    struct piece next = {.row = 9};
    run_piece(&next);
    assert_int_equal(next.result, 0);
    assert_false(row_is_there(2));
    assert_false(row_is_there(3));
}

static void *stop_it(void *argument)
{
    *(int *)argument = committer_stop(committer);
    return NULL;
}

static void stopping_does_first_what_waits(void **state)
{
    struct piece pieces[10] = {{0}};
    pthread_t thread;
    int result = 1;
    (void)state;
    holder_takes_lock();
    start(pieces, 10);
    assert_int_equal(pthread_create(&thread, NULL, stop_it, &result), 0);
    sleep_ms(100);
    holder_lets_go();
    join(pieces, 10);
    pthread_join(thread, NULL);
    assert_int_equal(result, 0);
    committer = NULL;
    for (size_t i = 0; i < 10; i++) {
        assert_int_equal(pieces[i].result, 0);
        assert_true(row_is_there((unsigned)i + 1));
    }
}

static void stopping_gives_up_where_the_thread_is_held_up(void **state)
{
    struct piece given_up = {.row = 1};
    (void)state;
    holder_takes_lock();
    assert_gives_up(&given_up);
    double before = seconds();
    assert_int_equal(committer_stop(committer), ERR_BUSY);
    assert_true(seconds() - before < 4);
    holder_lets_go();
    assert_false(row_is_there(1));
}

static volatile sig_atomic_t signals_seen;

static void on_signal(int number)
{
    (void)number;
    signals_seen++;
}

static int stop_signals_in_job(struct txn *txn, void *argument)
{
    (void)txn;
    kill(getpid(), SIGTSTP);
    kill(getpid(), SIGTERM);
    kill(getpid(), SIGINT);
    sleep_ms(100);
    *(int *)argument = signals_seen;
    return 0;
}

static void signals_wait_until_the_write_lock_is_free(void **state)
{
    static const int numbers[] = {SIGTSTP, SIGTERM, SIGINT};
    struct sigaction act = {.sa_handler = on_signal}, before[3];
    int seen_in_job = -1;
    (void)state;
    for (size_t i = 0; i < 3; i++)
        sigaction(numbers[i], &act, &before[i]);
    assert_int_equal(committer_run(committer, stop_signals_in_job, &seen_in_job), 0);
    for (int i = 0; i < 100 && signals_seen < 3; i++)
        sleep_ms(10);
    for (size_t i = 0; i < 3; i++)
        sigaction(numbers[i], &before[i], NULL);
    assert_int_equal(seen_in_job, 0);
    assert_int_equal(signals_seen, 3);
}

static void nothing_to_stop_is_no_error(void **state)
{
    (void)state;
    assert_int_equal(committer_stop(NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_answered_with_success_is_there),
        TEST(an_error_of_the_job_reaches_its_caller_and_nothing_is_written),
        TEST(those_who_wait_share_one_commit),
        TEST(many_threads_write_and_lose_nothing),
        TEST(a_piece_that_fails_does_not_take_the_others_with_it),
        TEST(a_piece_that_spoils_the_transaction_fails_alone),
        TEST(a_held_lock_is_busy_in_two_seconds_and_nothing_is_done_later),
        TEST(a_stopped_holder_is_busy_too_and_its_work_is_not_lost),
        TEST(a_killed_holder_lets_go_at_once_and_wrote_nothing),
        TEST(who_comes_while_others_wait_has_two_seconds_of_their_own),
        TEST(after_anothers_failure_nobody_waits_for_ever),
        TEST(stopping_does_first_what_waits),
        TEST(stopping_gives_up_where_the_thread_is_held_up),
        TEST(signals_wait_until_the_write_lock_is_free),
        cmocka_unit_test(nothing_to_stop_is_no_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
