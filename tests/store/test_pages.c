/* The pages of a file that nobody damaged fit together, whatever was written to it, and while it is
 * written to. */
#include "store/pages.h"

#include "site.h"

static const char *const tables[] = {"meta", "one", "two"};
#define TABLES 3

static struct env *env;

static void open_env(enum env_access access)
{
    assert_ok(env_open(site_list, access, SITE_MAP, tables, TABLES, &env, &why));
}

static int begin(void **state)
{
    return make_folders(state);
}

static int end(void **state)
{
    env_close(env);
    env = NULL;
    return remove_site(state);
}

static void check(void)
{
    struct pages pages = {.count = 0};
    assert_ok(pages_check(env, tables, TABLES, &pages, &why));
    assert_int_equal(pages.lost, 0);
    assert_true(pages.used <= pages.count);
}

/* Keys and values of all lengths, some of many pages; as many go as come. */
static void write_some(unsigned count)
{
    static char value[40000];
    struct txn *txn;
    assert_int_equal(txn_begin_write(env, &txn), 0);
    for (unsigned i = 0; i < count; i++) {
        char key[ENV_KEY_MAX];
        unsigned table = random_below(TABLES), number = random_below(500);
        size_t length = 1 + number % 251, size = random_below(random_below(9) ? 200 : 40000);
        memset(key, (int)(number % 255), sizeof key);
        key[0] = (char)(number / 2);
        if (random_below(3))
            assert_int_equal(txn_put(txn, table, SLICE(key, length), SLICE(value, size)), 0);
        else
            (void)txn_delete(txn, table, SLICE(key, length));
    }
    if (random_below(10) == 0)
        txn_abort(txn);
    else
        assert_int_equal(txn_commit(txn), 0);
}

static void whatever_was_written_they_fit(void **state)
{
    (void)state;
    open_env(ENV_CREATE);
    check();
    for (unsigned i = 0; i < 400; i++) {
        write_some(1 + random_below(i % 50 ? 30 : 800));
        check();
    }
}

static void a_reader_of_long_ago_keeps_pages_and_they_fit(void **state)
{
    struct txn *reader;
    (void)state;
    open_env(ENV_CREATE);
    write_some(300);
    assert_int_equal(txn_begin_read(env, &reader), 0);
    for (unsigned i = 0; i < 50; i++) {
        write_some(20);
        check();
    }
    txn_abort(reader);
    for (unsigned i = 0; i < 50; i++) {
        write_some(20);
        check();
    }
}

#define CHECKS 300

static int check_many(void)
{
    struct error why = {""};
    if (env_open(site_list, ENV_READ, SITE_MAP, tables, TABLES, &env, &why))
        return 2;
    for (unsigned i = 0; i < CHECKS; i++)
        if (pages_check(env, tables, TABLES, NULL, &why)) {
            fprintf(stderr, "%s\n", why.text);
            return 1;
        }
    env_close(env);
    return 0;
}

/* Another process looks, for as long as this one writes. */
static void while_others_write_they_fit(void **state)
{
    pid_t child;
    int status;
    (void)state;
    open_env(ENV_CREATE);
    write_some(300);
    fflush(NULL);
    env_close(env);
    env = NULL;
    child = fork();
    if (child == 0)
        _exit(check_many());
    open_env(ENV_WRITE);
    while (waitpid(child, &status, WNOHANG) == 0)
        write_some(1 + random_below(5));
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void other_tables_than_ours_are_a_fault(void **state)
{
    static const char *const fewer[] = {"meta", "one"};
    static const char *const others[] = {"meta", "one", "three"};
    static const char *const more[] = {"meta", "one", "two", "three"};
    (void)state;
    open_env(ENV_CREATE);
    assert_refused(pages_check(env, fewer, 2, NULL, &why), ERR_CORRUPT, "none of ours");
    assert_refused(pages_check(env, others, 3, NULL, &why), ERR_CORRUPT, "none of ours");
    assert_refused(pages_check(env, more, 4, NULL, &why), ERR_CORRUPT, "missing");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests_[] = {
        TEST(whatever_was_written_they_fit),
        TEST(a_reader_of_long_ago_keeps_pages_and_they_fit),
        TEST(while_others_write_they_fit),
        TEST(other_tables_than_ours_are_a_fault),
    };
    return cmocka_run_group_tests(tests_, NULL, NULL);
}
