/* The fields of a form, as they come in pieces. */
#include "web/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct request request;

static int set_up(void **state)
{
    (void)state;
    memset(&request, 0, sizeof request);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    request_release(&request);
    return 0;
}

static void take(enum field field, uint64_t offset, const char *piece)
{
    assert_true(request_take(&request, field, *piece ? piece : NULL, offset, strlen(piece)));
}

static void has(enum field field, const char *value)
{
    assert_true(request.given[field]);
    assert_string_equal(request_field(&request, field), value);
}

static void pieces_are_put_together(void **state)
{
    (void)state;
    take(FIELD_TEXT, 0, "");
    take(FIELD_TEXT, 0, "ab");
    take(FIELD_TEXT, 2, "");
    take(FIELD_TEXT, 2, "c");
    take(FIELD_ACTION, 0, "this");
    has(FIELD_TEXT, "abc");
    has(FIELD_ACTION, "this");
    assert_false(request.given[FIELD_UNDO]);
    assert_string_equal(request_field(&request, FIELD_UNDO), "");
}

static void nothing_of_a_second_value_is_taken(void **state)
{
    (void)state;
    take(FIELD_TEXT, 0, "ab");
    take(FIELD_TEXT, 0, "xy");
    take(FIELD_TEXT, 2, "Z"); /* where the first one ended */
    take(FIELD_ACTION, 0, "a");
    take(FIELD_TEXT, 0, "");
    take(FIELD_TEXT, 2, "Q");
    has(FIELD_TEXT, "ab");
    has(FIELD_ACTION, "a");
}

static void an_empty_value_gives_way_to_one_that_says_something(void **state)
{
    (void)state;
    take(FIELD_REASON, 0, "");
    has(FIELD_REASON, "");
    take(FIELD_REASON, 0, "mo");
    take(FIELD_REASON, 2, "ved");
    has(FIELD_REASON, "moved");
}

static void a_piece_that_does_not_follow_is_left_out(void **state)
{
    (void)state;
    take(FIELD_TEXT, 3, "lost");
    take(FIELD_ONE_CLICK, 5, "lost");
    has(FIELD_TEXT, "");
    take(FIELD_TEXT, 0, "ab");
    take(FIELD_TEXT, 0, "ab");
    take(FIELD_TEXT, 1, "b");
    has(FIELD_TEXT, "ab");
    has(FIELD_ONE_CLICK, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pieces_are_put_together),
        TEST(nothing_of_a_second_value_is_taken),
        TEST(an_empty_value_gives_way_to_one_that_says_something),
        TEST(a_piece_that_does_not_follow_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
