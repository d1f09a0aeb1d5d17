/* For the tests of the committer: one with its store, another process that takes the write lock,
 * and pieces of writing. */
#ifndef TESTS_STORE_COMMITTING_H
#define TESTS_STORE_COMMITTING_H

#include "store/committer.h"

#include "site.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

static const char *const tables[] = {"meta", "rows"};
enum { META, ROWS };

static struct env *env;
static struct committer *committer;

/* --- another process, which takes the write lock when told to --- */

static pid_t holder;
static int to_holder, from_holder;

static void hold(int commands, int answers)
{
    struct env *own;
    struct txn *txn = NULL;
    char command;

    while (read(commands, &command, 1) == 1) {
        if (command == 't' &&
            (env_open(site_list, ENV_WRITE, SITE_MAP, tables, 2, &own, NULL) ||
             txn_begin_write(own, &txn) || txn_put(txn, ROWS, SLICE("holder", 6), SLICE("x", 1))))
            _exit(1);
        if (command == 'l') {
            txn_abort(txn);
            env_close(own);
        }
        if (command == 'c') {
            if (txn_commit(txn))
                _exit(2);
            env_close(own);
        }
        if (write(answers, &command, 1) != 1)
            _exit(3);
    }
    _exit(0);
}

static void tell_holder(char command)
{
    assert_int_equal(write(to_holder, &command, 1), 1);
}

static void await_holder(void)
{
    char answer;
    assert_int_equal(read(from_holder, &answer, 1), 1);
}

static void holder_takes_lock(void)
{
    tell_holder('t');
    await_holder();
}

static void holder_lets_go(void)
{
    tell_holder('l');
    await_holder();
}

static void end_holder(void)
{
    if (holder) {
        kill(holder, SIGKILL);
        outcome_of(holder);
    }
    holder = 0;
}

/* --- */

static int set_up(void **state)
{
    int commands[2], answers[2];
    struct error why;

    if (make_folders(state) || env_open(site_list, ENV_CREATE, SITE_MAP, tables, 2, &env, &why))
        return -1;
    env_close(env);
    if (pipe(commands) || pipe(answers))
        return -1;
    holder = fork(); /* before there are threads */
    if (holder == 0) {
        close(commands[1]);
        hold(commands[0], answers[1]);
    }
    close(commands[0]);
    close(answers[1]);
    to_holder = commands[1];
    from_holder = answers[0];
    return env_open(site_list, ENV_WRITE, SITE_MAP, tables, 2, &env, &why) ||
                   committer_start(env, &committer)
               ? -1
               : 0;
}

static int tear_down(void **state)
{
    end_holder();
    close(to_holder);
    close(from_holder);
    if (committer_stop(committer))
        return -1;
    committer = NULL;
    env_close(env);
    return remove_site(state);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void sleep_ms(long ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

/* --- pieces of writing --- */

struct piece {
    unsigned row;      /* that it writes */
    int answer;        /* of the job, after writing */
    long pause_ms;     /* in the job */
    atomic_int runs;   /* of the job */
    size_t txn;        /* number of the transaction that it ran in last */
    int result;        /* of committer_run */
    pthread_t thread;  /* that runs it */
    atomic_bool began; /* the thread */
};

static int write_row(struct txn *txn, void *argument)
{
    struct piece *piece = argument;
    piece->runs++;
    piece->txn = mdb_txn_id((MDB_txn *)txn);
    int code = txn_insert(txn, ROWS, SLICE(&piece->row, sizeof piece->row), SLICE("x", 1));
    if (piece->pause_ms)
        sleep_ms(piece->pause_ms);
    return code ? code : piece->answer;
}

static void *run_piece(void *argument)
{
    struct piece *piece = argument;
    piece->began = true;
    piece->result = committer_run(committer, write_row, piece);
    return NULL;
}

/* Numbered from 1 on. */
static inline void start(struct piece *pieces, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        pieces[i].row = (unsigned)i + 1;
        assert_int_equal(pthread_create(&pieces[i].thread, NULL, run_piece, &pieces[i]), 0);
        while (!pieces[i].began)
            sleep_ms(1);
    }
    sleep_ms(100); /* until all stand in the queue */
}

static inline void join(struct piece *pieces, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_int_equal(pthread_join(pieces[i].thread, NULL), 0);
}

static bool is_there(struct slice key)
{
    struct txn *txn;
    struct slice value;
    assert_int_equal(txn_begin_read(env, &txn), 0);
    int code = txn_get(txn, ROWS, key, &value);
    txn_abort(txn);
    assert_true(code == 0 || code == ERR_NOT_FOUND);
    return code == 0;
}

static bool row_is_there(unsigned row)
{
    return is_there(SLICE(&row, sizeof row));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
