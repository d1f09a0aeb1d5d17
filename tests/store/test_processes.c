/* Several programs with one list: readers see whole transactions and all that was acknowledged
 * before they looked; a writer that is killed loses nothing that it acknowledged. */
#include "site.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <time.h>

#define SCOPE "acme"
#define CYCLES 30
#define WRITERS 3

/* What the processes tell each other. */
struct shared {
    atomic_uint acknowledged; /* persons below are in the list */
    atomic_bool stop;
    atomic_uint looks;
    atomic_uint ready;
};
static struct shared *shared;

static int set_up(void **state)
{
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED || make_site(state))
        return -1;
    struct list *list = open_list();
    add_scope(list, SCOPE);
    return list_close(list);
}

static int tear_down(void **state)
{
    munmap(shared, sizeof *shared);
    return remove_site(state);
}

static void sleep_us(long us)
{
    struct timespec time = {us / 1000000, us % 1000000 * 1000};
    nanosleep(&time, NULL);
}

static int has_rows(struct list_view *view, unsigned person, struct pool *pool, bool *has)
{
    struct subject subject = subject_number(person);
    struct choice *rows;
    size_t count;
    int code = list_read(view, LIST_STANDING, &subject, false, pool, &rows, &count, NULL);
    *has = code == 0 && count > 0;
    return code;
}

/* --- readers beside a writer --- */

static int look(struct list *list, unsigned *state)
{
    struct list_view *view;
    struct pool pool = {0};
    unsigned acknowledged = atomic_load(&shared->acknowledged);
    int outcome = 0;

    if (list_check(list))
        return 11; /* a commit is no damage */
    if (list_view_begin(list, &view))
        return 12;
    for (unsigned i = 0; i < 30 && outcome == 0; i++) {
        bool one, other;
        *state = *state * 1103515245 + 12345;
        unsigned pair = (*state >> 8) % (acknowledged / 2 + 20) * 2;
        if (has_rows(view, pair, &pool, &one) || has_rows(view, pair + 1, &pool, &other))
            outcome = 13;
        else if (one != other)
            outcome = 14; /* half a transaction */
        else if (pair < acknowledged && !one)
            outcome = 15; /* lost, or late */
    }
    pool_release(&pool);
    list_view_end(view);
    return outcome;
}

static int read_until_stopped(void)
{
    struct list *list;
    unsigned state = (unsigned)getpid();
    int outcome = 0;
    if (list_open(site_list, ENV_READ, SITE_MAP, &site_lookup, NULL, &list, NULL))
        return 10;
    atomic_fetch_add(&shared->ready, 1);
    while (outcome == 0 && !atomic_load(&shared->stop)) {
        outcome = look(list, &state);
        atomic_fetch_add(&shared->looks, 1);
        sleep_us(100);
    }
    list_close(list);
    return outcome;
}

static void readers_see_whole_transactions_and_all_that_was_acknowledged(void **state)
{
    pid_t readers[3];
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        readers[i] = fork();
        if (readers[i] == 0)
            _exit(read_until_stopped());
    }
    while (atomic_load(&shared->ready) < 3)
        sleep_us(1000);
    struct list *list = open_list();
    for (unsigned i = 0; i < 2000; i += 2) {
        struct list_entry pair[] = {opt_out_of(SCOPE, i), opt_out_of(SCOPE, i + 1)};
        assert_ok(list_add(list, pair, 2, &by_cli, &why));
        atomic_store(&shared->acknowledged, i + 2);
        if (i % 8 == 6) { /* and gone again, together */
            struct event_withdrawal rows[] = {{pair[0].subject, pair[0].event},
                                              {pair[1].subject, pair[1].event}};
            struct list_entry again[] = {opt_out_of("/", i), opt_out_of("/", i + 1)};
            struct event_name event;
            assert_ok(list_add(list, again, 2, &by_cli, &why));
            assert_ok(list_withdraw(list, rows, 2, &by_cli, &event, &why));
        }
    }
    while (atomic_load(&shared->looks) < 1000)
        sleep_us(1000);
    atomic_store(&shared->stop, true);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(outcome_of(readers[i]), 0);
    assert_ok(verify_list(list, &why));
    list_close(list);
}

/* --- writers beside each other --- */

static int write_two_hundred(unsigned from)
{
    struct list *list;
    if (list_open(site_list, ENV_WRITE, SITE_MAP, &site_lookup, &site_address, &list, NULL))
        return 20;
    for (unsigned i = from; i < from + 200; i++) {
        struct list_entry entry = opt_out_of(SCOPE, i);
        if (list_add(list, &entry, 1, &by_cli, NULL))
            return 21;
        sleep_us(1000); /* the lock is not fair */
    }
    return list_close(list) ? 22 : 0;
}

static void programs_that_write_at_the_same_time_lose_nothing(void **state)
{
    pid_t writers[4];
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        writers[i] = fork();
        if (writers[i] == 0)
            _exit(write_two_hundred(1000 * i));
    }
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(outcome_of(writers[i]), 0);
    struct list *list = open_list();
    for (unsigned i = 0; i < 4; i++)
        for (unsigned j = 0; j < 200; j++)
            assert_int_equal(count_rows(list, 1000 * i + j), 1);
    assert_ok(verify_list(list, &why));
    list_close(list);
}

/* --- a writer that is killed --- */

struct writing {
    struct list *list;
    unsigned from;
    int tell;
};

/* Tells of each person whose opt-out was acknowledged. */
static void *write_until_killed(void *argument)
{
    struct writing *w = argument;
    for (unsigned person = w->from;; person += WRITERS) {
        struct list_entry entry = opt_out_of(SCOPE, person);
        entry.address = "somebody@example.com";
        if (list_add(w->list, &entry, 1, &by_cli, NULL) ||
            write(w->tell, &person, sizeof person) != sizeof person)
            _exit(31);
    }
    return NULL;
}

static int write_in_threads(unsigned from, int tell)
{
    struct writing writing[WRITERS];
    struct list *list;
    pthread_t thread;
    if (list_open(site_list, ENV_WRITE, SITE_MAP, &site_lookup, &site_address, &list, NULL))
        return 30;
    for (unsigned i = 0; i < WRITERS; i++) {
        writing[i] = (struct writing){list, from + i, tell};
        if (pthread_create(&thread, NULL, write_until_killed, &writing[i]))
            return 32;
    }
    for (;;)
        pause();
}

static size_t check_acknowledged(unsigned first, int told)
{
    struct list *list = open_list(); /* at once: the dead writer's lock is in nobody's way */
    unsigned person = first;
    size_t count = 0;
    do {
        if (count_rows(list, person) != 1)
            fail_msg("person %u was acknowledged and is lost", person);
        count++;
    } while (read(told, &person, sizeof person) == sizeof person);
    assert_ok(verify_list(list, &why));
    struct list_entry entry = opt_out_of("/", 1);
    add_entry(list, &entry);
    list_close(list);
    return count;
}

static void what_a_killed_writer_acknowledged_is_there(void **state)
{
    size_t acknowledged = 0;
    (void)state;
    for (unsigned cycle = 0; cycle < CYCLES; cycle++) {
        int tell[2];
        unsigned first;
        assert_int_equal(pipe(tell), 0);
        pid_t child = fork();
        if (child == 0)
            _exit(write_in_threads(cycle * 1000000 + 10, tell[1]));
        close(tell[1]);
        assert_int_equal(read(tell[0], &first, sizeof first), sizeof first);
        sleep_us(random_below(15000));
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(outcome_of(child), 100 + SIGKILL);
        acknowledged += check_acknowledged(first, tell[0]);
        close(tell[0]);
    }
    assert_true(acknowledged > 3 * CYCLES);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(readers_see_whole_transactions_and_all_that_was_acknowledged),
        TEST(programs_that_write_at_the_same_time_lose_nothing),
        TEST(what_a_killed_writer_acknowledged_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
