/* Transactions, tables and cursors. */
#include "store/env.h"

#include "site.h"

#include <errno.h>

static const char *const tables[] = {"meta", "rows"};
enum { META, ROWS };

static struct env *opened(enum env_access access)
{
    struct env *env = NULL;
    assert_ok(env_open(site_list, access, SITE_MAP, tables, 2, &env, &why));
    return env;
}

static void make_env(void)
{
    env_close(opened(ENV_CREATE));
}

static void only_a_key_of_255_octets_or_less_can_be_not_there(void **state)
{
    static uint8_t key[600];
    static const size_t wrong[] = {0, 256, 511, 512, 600};
    struct slice k, value, good = SLICE(key, 255);
    struct cursor *cursor;
    struct txn *txn;
    struct env *env;
    (void)state;
    make_env();
    env = opened(ENV_WRITE);
    assert_int_equal(txn_begin_write(env, &txn), 0);
    assert_int_equal(cursor_open(txn, ROWS, &cursor), 0);
    assert_int_equal(txn_get(txn, ROWS, good, &value), ERR_NOT_FOUND);
    assert_int_equal(txn_delete(txn, ROWS, good), ERR_NOT_FOUND);
    assert_int_equal(txn_put(txn, ROWS, good, SLICE("v", 1)), 0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct slice bad = SLICE(key, wrong[i]);
        assert_int_equal(txn_get(txn, ROWS, bad, &value), -EINVAL);
        assert_int_equal(txn_put(txn, ROWS, bad, SLICE("v", 1)), -EINVAL);
        assert_int_equal(txn_insert(txn, ROWS, bad, SLICE("v", 1)), -EINVAL);
        assert_int_equal(txn_delete(txn, ROWS, bad), -EINVAL);
        if (wrong[i]) {
            assert_int_equal(cursor_seek(cursor, bad, &k, &value), -EINVAL);
            assert_int_equal(cursor_before(cursor, bad, &k, &value), -EINVAL);
        }
    }
    assert_int_equal(txn_get(txn, ROWS, good, &value), 0);
    cursor_close(cursor);
    assert_int_equal(txn_commit(txn), 0);
    env_close(env);
}

static void tables_put_insert_count_and_delete(void **state)
{
    struct slice a = SLICE("a", 1), value;
    uint64_t count;
    struct txn *txn;
    struct env *env;
    (void)state;
    make_env();
    env = opened(ENV_WRITE);
    assert_int_equal(txn_begin_write(env, &txn), 0);
    assert_int_equal(txn_insert(txn, ROWS, a, SLICE("1", 1)), 0);
    assert_int_equal(txn_insert(txn, ROWS, a, SLICE("2", 1)), ERR_EXISTS);
    assert_int_equal(txn_get(txn, ROWS, a, &value), 0);
    assert_memory_equal(value.data, "1", 1);
    assert_int_equal(txn_put(txn, ROWS, a, SLICE("3", 1)), 0);
    assert_int_equal(txn_put(txn, ROWS, SLICE("b", 1), SLICE("", 0)), 0);
    assert_int_equal(txn_get(txn, ROWS, SLICE("b", 1), &value), 0);
    assert_int_equal(value.size, 0);
    assert_int_equal(txn_get(txn, META, a, &value), ERR_NOT_FOUND);
    assert_int_equal(txn_count(txn, ROWS, &count), 0);
    assert_int_equal(count, 2);
    assert_int_equal(txn_delete(txn, ROWS, a), 0);
    assert_int_equal(txn_delete(txn, ROWS, a), ERR_NOT_FOUND);
    assert_int_equal(txn_commit(txn), 0);
    env_close(env);

    env = opened(ENV_READ);
    assert_int_equal(txn_begin_read(env, &txn), 0);
    assert_int_equal(txn_count(txn, ROWS, &count), 0);
    assert_int_equal(count, 1);
    txn_abort(txn);
    assert_int_equal(txn_begin_write(env, &txn), -EACCES); /* it was opened to read */
    env_close(env);
}

static void what_was_aborted_was_never_there(void **state)
{
    struct slice value;
    struct txn *txn;
    struct env *env;
    (void)state;
    make_env();
    env = opened(ENV_WRITE);
    assert_int_equal(txn_begin_write(env, &txn), 0);
    assert_int_equal(txn_put(txn, ROWS, SLICE("a", 1), SLICE("1", 1)), 0);
    txn_abort(txn);
    assert_int_equal(txn_begin_read(env, &txn), 0);
    assert_int_equal(txn_get(txn, ROWS, SLICE("a", 1), &value), ERR_NOT_FOUND);
    txn_abort(txn);
    txn_abort(NULL);
    env_close(env);
}

static void assert_key(struct slice key, const char *expected)
{
    assert_int_equal(key.size, strlen(expected));
    assert_memory_equal(key.data, expected, key.size);
}

static void a_cursor_goes_to_the_next_key_and_to_the_one_before(void **state)
{
    static const char *const keys[] = {"b", "d", "dd", "f"};
    struct slice key, value;
    struct cursor *cursor;
    struct txn *txn;
    struct env *env;
    (void)state;
    make_env();
    env = opened(ENV_WRITE);
    assert_int_equal(txn_begin_write(env, &txn), 0);
    assert_int_equal(cursor_open(txn, ROWS, &cursor), 0);
    assert_int_equal(cursor_seek(cursor, SLICE(NULL, 0), &key, &value), ERR_NOT_FOUND);
    assert_int_equal(cursor_before(cursor, SLICE(NULL, 0), &key, &value), ERR_NOT_FOUND);
    assert_int_equal(cursor_before(cursor, SLICE("x", 1), &key, &value), ERR_NOT_FOUND);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(
            txn_put(txn, ROWS, SLICE(keys[i], strlen(keys[i])), SLICE(keys[i], strlen(keys[i]))),
            0);
    assert_int_equal(cursor_seek(cursor, SLICE(NULL, 0), &key, &value), 0);
    assert_key(key, "b");
    assert_key(value, "b");
    assert_int_equal(cursor_seek(cursor, SLICE("c", 1), &key, &value), 0);
    assert_key(key, "d");
    assert_int_equal(cursor_next(cursor, &key, &value), 0);
    assert_key(key, "dd");
    assert_int_equal(cursor_next(cursor, &key, &value), 0);
    assert_key(key, "f");
    assert_int_equal(cursor_next(cursor, &key, &value), ERR_NOT_FOUND);
    assert_int_equal(cursor_seek(cursor, SLICE("g", 1), &key, &value), ERR_NOT_FOUND);
    assert_int_equal(cursor_before(cursor, SLICE("d", 1), &key, &value), 0);
    assert_key(key, "b");
    assert_int_equal(cursor_before(cursor, SLICE("e", 1), &key, &value), 0);
    assert_key(key, "dd");
    assert_int_equal(cursor_before(cursor, SLICE("z", 1), &key, &value), 0);
    assert_key(key, "f");
    assert_int_equal(cursor_before(cursor, SLICE(NULL, 0), &key, &value), 0);
    assert_key(key, "f");
    assert_int_equal(cursor_before(cursor, SLICE("b", 1), &key, &value), ERR_NOT_FOUND);
    assert_int_equal(cursor_before(cursor, SLICE("a", 1), &key, &value), ERR_NOT_FOUND);
    cursor_close(cursor);
    cursor_close(NULL);
    txn_abort(txn);
    env_close(env);
}

#define ENOUGH 1000 /* what a visitor returns to end a walk */

struct seen {
    char keys[64];
    const char *last; /* ends it */
};

static int note_key(struct slice key, struct slice value, void *argument)
{
    struct seen *seen = argument;
    size_t length = strlen(seen->keys);
    snprintf(seen->keys + length, sizeof seen->keys - length, "%.*s=%.*s ", (int)key.size,
             (const char *)key.data, (int)value.size, (const char *)value.data);
    return seen->last && memcmp(key.data, seen->last, key.size) == 0 ? ENOUGH : 0;
}

static void assert_seen(struct txn *txn, const char *from, const char *last, const char *keys)
{
    struct seen seen = {.last = last};
    assert_int_equal(txn_each(txn, ROWS, SLICE(from, strlen(from)), note_key, &seen),
                     last ? ENOUGH : 0);
    assert_string_equal(seen.keys, keys);
}

static void entries_are_visited_in_sequence_until_the_visitor_ends_it(void **state)
{
    static const char keys[] = "dbf";
    struct env *env;
    struct txn *txn;
    (void)state;
    make_env();
    env = opened(ENV_WRITE);
    assert_int_equal(txn_begin_write(env, &txn), 0);
    assert_seen(txn, "", NULL, "");
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(txn_put(txn, ROWS, SLICE(keys + i, 1), SLICE("1", 1)), 0);
    assert_seen(txn, "", NULL, "b=1 d=1 f=1 ");
    assert_seen(txn, "c", NULL, "d=1 f=1 ");
    assert_seen(txn, "g", NULL, "");
    assert_seen(txn, "", "d", "b=1 d=1 ");
    txn_abort(txn);
    env_close(env);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folders, remove_site)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_a_key_of_255_octets_or_less_can_be_not_there),
        TEST(tables_put_insert_count_and_delete),
        TEST(what_was_aborted_was_never_there),
        TEST(a_cursor_goes_to_the_next_key_and_to_the_one_before),
        TEST(entries_are_visited_in_sequence_until_the_visitor_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
