#include "base/pool.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void what_is_taken_is_aligned_and_apart(void **state)
{
    (void)state;
    struct pool pool = {0};
    enum { COUNT = 3000 };
    unsigned char *taken[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        size_t size = i % 97 == 0 ? 5000 + i : i % 61;
        taken[i] = pool_take(&pool, size);
        assert_non_null(taken[i]);
        assert_int_equal((uintptr_t)taken[i] % alignof(max_align_t), 0);
        memset(taken[i], (int)(i % 251), size);
    }
    for (size_t i = 0; i < COUNT; i++) {
        size_t size = i % 97 == 0 ? 5000 + i : i % 61;
        for (size_t j = 0; j < size; j++)
            assert_int_equal(taken[i][j], i % 251);
    }
    pool_release(&pool);
    assert_null(pool.blocks);
    assert_int_equal(pool.used, 0);
}

static void copies_are_terminated(void **state)
{
    (void)state;
    struct pool pool = {0};
    char *a = pool_copy(&pool, "hello");
    char *b = pool_copy_bytes(&pool, "wor\0ld!!", 6);
    char *c = pool_copy_bytes(&pool, NULL, 0);
    assert_string_equal(a, "hello");
    assert_memory_equal(b, "wor\0ld", 7);
    assert_string_equal(c, "");
    pool_release(&pool);
}

static void beyond_the_limit_there_is_nothing(void **state)
{
    (void)state;
    struct pool pool = {.limit = 1000};
    size_t got = 0;
    while (pool_take(&pool, 100))
        got++;
    assert_true(got > 0 && got <= 10);
    assert_true(pool.used <= 1000);
    assert_null(pool_take(&pool, 1000));
    assert_null(pool_take(&pool, 100000));
    pool_reset(&pool);
    assert_non_null(pool_take(&pool, 100));
    pool_release(&pool);
}

static void absurd_sizes_are_refused(void **state)
{
    (void)state;
    struct pool pool = {0};
    assert_null(pool_take(&pool, SIZE_MAX));
    assert_null(pool_take(&pool, SIZE_MAX - 15));
    assert_null(pool_take(&pool, SIZE_MAX / 2 + 1));
    assert_null(pool_copy_bytes(&pool, "x", SIZE_MAX));
    assert_int_equal(pool.used, 0);
    pool_release(&pool);
}

static void a_reset_keeps_one_block_and_uses_it_again(void **state)
{
    (void)state;
    struct pool pool = {0};
    void *first = pool_take(&pool, 10);
    for (int i = 0; i < 500; i++)
        assert_non_null(pool_take(&pool, 100));
    assert_non_null(pool_take(&pool, 100000));
    pool_reset(&pool);
    assert_int_equal(pool.used, 0);
    assert_non_null(pool.blocks);
    struct pool_block *kept = pool.blocks;
    for (int message = 0; message < 100; message++) {
        assert_non_null(pool_take(&pool, 10));
        assert_ptr_equal(pool.blocks, kept);
        pool_reset(&pool);
    }
    (void)first;
    pool_release(&pool);
}

static void a_reset_gives_a_large_block_back(void **state)
{
    (void)state;
    struct pool pool = {0};
    assert_non_null(pool_take(&pool, 1 << 20));
    pool_reset(&pool);
    assert_null(pool.blocks);
    pool_release(&pool);
}

static void a_large_piece_leaves_the_block_in_use_open(void **state)
{
    (void)state;
    struct pool pool = {0};
    char *before = pool_take(&pool, 16);
    assert_non_null(pool_take(&pool, 50000));
    char *after = pool_take(&pool, 16);
    assert_ptr_equal(after, before + 16);
    pool_release(&pool);
}

static void an_unused_pool_can_be_reset_and_released(void **state)
{
    (void)state;
    struct pool pool = {0};
    pool_reset(&pool);
    pool_release(&pool);
    pool_release(&pool);
    assert_null(pool.blocks);
}

static void an_array_grows_and_keeps_what_it_has(void **state)
{
    (void)state;
    struct pool pool = {.limit = 40000};
    size_t *numbers = NULL, *larger = NULL;
    size_t count = 0, room = 0, before = 0;
    while ((larger = pool_grow(&pool, numbers, count, &room, sizeof *numbers)) != NULL) {
        if (count < before) /* there was room: it stays where it is */
            assert_ptr_equal(larger, numbers);
        before = room;
        numbers = larger;
        numbers[count] = count;
        count++;
        for (size_t i = 0; i < count; i++)
            assert_int_equal(numbers[i], i);
    }
    assert_true(count > 16 && count == room); /* full, and no more within the limit */
    assert_int_equal(numbers[count - 1], count - 1);
    assert_null(pool_grow(&pool, NULL, 0, &(size_t){0}, SIZE_MAX / 2));
    pool_release(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_taken_is_aligned_and_apart),
        cmocka_unit_test(copies_are_terminated),
        cmocka_unit_test(beyond_the_limit_there_is_nothing),
        cmocka_unit_test(absurd_sizes_are_refused),
        cmocka_unit_test(a_reset_keeps_one_block_and_uses_it_again),
        cmocka_unit_test(a_reset_gives_a_large_block_back),
        cmocka_unit_test(a_large_piece_leaves_the_block_in_use_open),
        cmocka_unit_test(an_unused_pool_can_be_reset_and_released),
        cmocka_unit_test(an_array_grows_and_keeps_what_it_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
