/* Deadlines: whose time is over is shut down, whose time does not count is not. */
#include "web/deadlines.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 20000
#define COUNT 3

static struct deadlines *deadlines;
static int pairs[COUNT][2]; /* the server's end and the client's */

static int set_up(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT; i++)
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]) < 0)
            return -1;
    return deadlines_start(&deadlines);
}

static int tear_down(void **state)
{
    (void)state;
    deadlines_stop(deadlines);
    for (int i = 0; i < COUNT; i++) {
        close(pairs[i][0]);
        close(pairs[i][1]);
    }
    return 0;
}

/* Whether the client finds its connection shut down within so many milliseconds. */
static bool is_shut(int i, int milliseconds)
{
    struct pollfd client = {.fd = pairs[i][1], .events = POLLIN};
    char byte;
    return poll(&client, 1, milliseconds) == 1 && read(pairs[i][1], &byte, 1) == 0;
}

static void test_whose_time_is_over_is_shut_down(void **state)
{
    struct deadline *late = deadlines_enter(deadlines, pairs[0][0], 1);
    struct deadline *early = deadlines_enter(deadlines, pairs[1][0], 600);
    (void)state;

    assert_non_null(late);
    assert_non_null(early);
    deadline_begin(late);
    deadline_begin(early);
    assert_true(is_shut(0, PATIENCE_MS));
    assert_false(is_shut(1, 0));
    deadlines_leave(deadlines, early);
    deadlines_leave(deadlines, late);
}

/* The last one is shut down after the first had as much time. */
static void test_what_is_held_or_left_is_not(void **state)
{
    struct deadline *held = deadlines_enter(deadlines, pairs[0][0], 1);
    struct deadline *gone = deadlines_enter(deadlines, pairs[1][0], 600);
    struct deadline *late = deadlines_enter(deadlines, pairs[2][0], 1);
    (void)state;

    deadline_begin(gone);
    deadlines_leave(deadlines, gone);
    deadline_begin(late);
    assert_true(is_shut(2, PATIENCE_MS));
    assert_false(is_shut(0, 0));
    assert_false(is_shut(1, 0));
    deadlines_leave(deadlines, late);
    deadlines_leave(deadlines, held);
}

static void test_it_begins_anew(void **state)
{
    struct deadline *one = deadlines_enter(deadlines, pairs[0][0], 1);
    (void)state;

    deadline_begin(one);
    deadline_hold(one);
    deadline_begin(one);
    assert_true(is_shut(0, PATIENCE_MS));
    deadlines_leave(deadlines, one);
}

static void test_without_memory_there_is_none(void **state)
{
    (void)state;
    deadline_begin(NULL);
    deadline_hold(NULL);
    deadlines_leave(deadlines, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_whose_time_is_over_is_shut_down, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_held_or_left_is_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_it_begins_anew, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_without_memory_there_is_none, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
