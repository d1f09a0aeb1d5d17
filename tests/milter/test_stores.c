/* Stores as the running milter holds them: missing, appearing, replaced, cut, with other keys, and
 * with a writer that hangs. */
#include "milter.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

static struct stores *stores;

static int set_up(void **state)
{
    struct config config = {
        .data_dir = site_folder, .list_size = SITE_MAP, .ledger_size = SITE_MAP};
    return make_milter_site(state) ||
                   stores_new(&config,
                              (struct stores_access){.list = ENV_READ, .ledger = ENV_WRITE},
                              &stores)
               ? -1
               : 0;
}

static int tear_down(void **state)
{
    stores_free(stores);
    return remove_milter_site(state);
}

/* --- helpers ------------------------------------------------------------------------------------
 */

static const char *in_site(const char *name)
{
    static char paths[2][128];
    static unsigned next;
    char *path = paths[next++ % 2];
    snprintf(path, sizeof paths[0], "%s/%s", site_folder, name);
    return path;
}

static void move(const char *from, const char *to)
{
    assert_int_equal(rename(in_site(from), in_site(to)), 0);
}

static void make_list_in(const char *folder)
{
    assert_int_equal(mkdir(in_site(folder), 0700), 0);
    assert_ok(list_create(in_site(folder), &site_lookup, &site_address, SITE_MAP, &why));
}

static void wait_ms(unsigned milliseconds)
{
    const struct timespec time = {.tv_sec = milliseconds / 1000,
                                  .tv_nsec = milliseconds % 1000 * 1000000L};
    nanosleep(&time, NULL);
}

static struct list *take_list(void)
{
    struct list *list = NULL;
    assert_ok(stores_take_list(stores, &site_lookup, NULL, &list, &why));
    return list;
}

#define assert_no_list(expected, sentence)                                                         \
    do {                                                                                           \
        struct list *none = NULL;                                                                  \
        assert_refused(stores_take_list(stores, &site_lookup, NULL, &none, &why), expected,        \
                       sentence);                                                                  \
        assert_null(none);                                                                         \
    } while (0)

static void assert_list(void)
{
    take_list();
    stores_give_list(stores);
}

static void assert_ledger(void)
{
    struct ledger *ledger = NULL;
    assert_ok(stores_take_ledger(stores, &site_lookup, &ledger, &why));
    assert_non_null(ledger);
    stores_give_ledger(stores);
}

/* --- tests
 * ---------------------------------------------------------------------------------------- */

static void a_store_is_opened_when_it_is_first_needed_and_stays_open(void **state)
{
    struct list *first, *second;
    (void)state;
    first = take_list();
    second = take_list();
    assert_ptr_equal(first, second);
    stores_give_list(stores);
    stores_give_list(stores);
    assert_ptr_equal(take_list(), first);
    stores_give_list(stores);
    assert_ledger();
}

static void a_missing_one_is_taken_as_soon_as_it_is_there(void **state)
{
    (void)state;
    move("list", "away");
    assert_no_list(ERR_NOT_FOUND, "is missing");
    assert_ledger();
    move("away", "list");
    assert_list();
}

static void one_that_cannot_be_opened_is_tried_again_within_a_second(void **state)
{
    (void)state;
    move("list/data.mdb", "away");
    assert_int_equal(close(open(in_site("list/data.mdb"), O_CREAT | O_WRONLY, 0600)), 0);
    assert_no_list(ERR_CORRUPT, "empty");
    move("away", "list/data.mdb");
    wait_ms(1010);
    assert_list();
    assert_logged("list: open again");
}

static void a_replaced_one_is_opened_anew(void **state)
{
    const uint8_t *node;
    uint8_t before[EVENT_NODE_SIZE];
    struct list *list;
    (void)state;
    list = take_list();
    memcpy(before, list_node(list), sizeof before);
    make_list_in("new");
    move("list", "old");
    move("new", "list");
    /* Who has it goes on with the old one; nobody else gets that. */
    assert_no_list(ERR_RETIRED, "still in use");
    assert_no_list(ERR_RETIRED, "still in use");
    struct list_view *view = view_of(list);
    list_view_end(view);
    stores_give_list(stores);
    node = list_node(take_list());
    assert_int_not_equal(memcmp(node, before, sizeof before), 0);
    stores_give_list(stores);
    assert_logged("it is opened again");
}

static void truncate_list(off_t length)
{
    assert_int_equal(truncate(in_site("list/data.mdb"), length), 0);
}

/* As `cp backup data.mdb` does, before it writes. A read of what is not there any more would end
 * the process. */
static void one_that_was_cut_in_place_is_not_touched(void **state)
{
    static const off_t lengths[] = {0, 100, 4096, 3 * 4096};
    char bytes[1 << 16];
    (void)state;
    FILE *file = fopen(in_site("list/data.mdb"), "r");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    assert_true(size > 4 * 4096 && size < sizeof bytes);
    for (size_t i = 0; i < COUNT(lengths); i++) {
        assert_list();
        truncate_list(lengths[i]);
        assert_no_list(ERR_CORRUPT, "restore it from a backup");
        file = fopen(in_site("list/data.mdb"), "r+");
        assert_non_null(file);
        assert_int_equal(fwrite(bytes, 1, size, file), size);
        assert_int_equal(fclose(file), 0);
        wait_ms(1010);
    }
    assert_list();
}

static void it_is_not_given_to_who_asks_with_another_key(void **state)
{
    static struct lookup_key other;
    struct list *list = NULL;
    struct ledger *ledger = NULL;
    (void)state;
    other = site_lookup;
    other.subject[0] ^= 1;
    other.fingerprint[0] ^= 1;
    /* not yet open */
    assert_refused(stores_take_list(stores, &other, NULL, &list, &why), ERR_KEY,
                   "another lookup file");
    assert_refused(stores_take_ledger(stores, &other, &ledger, &why), ERR_KEY,
                   "another lookup file");
    /* the right one need not wait for a second to pass */
    assert_list();
    assert_ledger();
    /* open */
    assert_refused(stores_take_list(stores, &other, NULL, &list, &why), ERR_KEY,
                   "another lookup file");
    assert_refused(stores_take_ledger(stores, &other, &ledger, &why), ERR_KEY,
                   "another lookup file");
    assert_list();
    assert_ledger();
}

/* Holds the ledger's write lock until it is killed. */
static int hold_ledger(void)
{
    struct raw raw;
    char ready = 'r';
    raw_begin(site_ledger, &raw);
    if (write(STDOUT_FILENO, &ready, 1) != 1)
        return 1;
    pause();
    return 0;
}

static pid_t start_holder(void)
{
    char *words[] = {(char *)(uintptr_t) "test", site_folder, NULL};
    posix_spawn_file_actions_t actions;
    int ends[2];
    pid_t child;
    char ready;

    assert_int_equal(pipe(ends), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    assert_int_equal(posix_spawn(&child, "/proc/self/exe", &actions, NULL, words, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    assert_int_equal(read(ends[0], &ready, 1), 1);
    close(ends[0]);
    return child;
}

static int write_count(struct error *why)
{
    const struct stream_count count = {.stream = "news", .action = ACTION_PASS, .messages = 1};
    struct ledger *ledger = NULL;
    int code = stores_take_ledger(stores, &site_lookup, &ledger, why);
    if (code)
        return code;
    code = ledger_count(ledger, &count, 1, NULL, 0, why);
    stores_give_ledger(stores);
    return code;
}

static void *write_in_vain(void *argument)
{
    struct error why;
    *(int *)argument = write_count(&why);
    return NULL;
}

/* A program that was stopped with the write lock in its hand, while the ledger is replaced. */
static void a_ledger_whose_writer_hangs_is_closed_when_it_can_be(void **state)
{
    pthread_t thread;
    int result = 0;
    (void)state;
    assert_ok(write_count(&why));
    pid_t holder = start_holder();
    assert_int_equal(pthread_create(&thread, NULL, write_in_vain, &result), 0);
    pthread_join(thread, NULL);
    assert_int_equal(result, ERR_BUSY);
    move("ledger", "away");
    assert_refused(write_count(&why), ERR_RETIRED, "still in use");
    assert_list(); /* does not wait for that */
    kill(holder, SIGKILL);
    assert_int_equal(outcome_of(holder), 100 + SIGKILL);
    wait_ms(1010);
    assert_refused(write_count(&why), ERR_NOT_FOUND, "is missing");
    move("away", "ledger");
    assert_ok(write_count(&why));
}

static int act(char **words)
{
    snprintf(site_ledger, sizeof site_ledger, "%s/ledger", words[1]);
    return words[2] ? act_as_tool(words) : hold_ledger();
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return act(argv);
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_store_is_opened_when_it_is_first_needed_and_stays_open),
        TEST(a_missing_one_is_taken_as_soon_as_it_is_there),
        TEST(one_that_cannot_be_opened_is_tried_again_within_a_second),
        TEST(a_replaced_one_is_opened_anew),
        TEST(one_that_was_cut_in_place_is_not_touched),
        TEST(it_is_not_given_to_who_asks_with_another_key),
        TEST(a_ledger_whose_writer_hangs_is_closed_when_it_can_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
