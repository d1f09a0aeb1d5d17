#include "list_site.h"

#include "store/turn.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

static const uint8_t one[EVENT_HASH_SIZE] = {1}, two[EVENT_HASH_SIZE] = {2};

static void takes(const char *source, const uint8_t *digest, int *turn)
{
    *turn = -1;
    assert_ok(turn_take(site_list, source, digest, turn, &why));
    assert_true(*turn >= 0);
}

static void is_busy(const char *source, const uint8_t *digest, const char *sentence)
{
    int turn = -1;
    assert_refused(turn_take(site_list, source, digest, &turn, &why), ERR_BUSY, sentence);
    assert_int_equal(turn, -1);
}

static void inputs_share_their_source_and_nobody_shares_an_input(void **state)
{
    int first, second, third;
    (void)state;
    takes("shop", one, &first);
    is_busy("shop", one, "this very file");
    takes("shop", two, &second);
    takes("crm", one, &third);
    is_busy("shop", NULL, "source shop is being imported or undone");
    turn_end(first);
    is_busy("shop", NULL, "source shop is being imported or undone");
    turn_end(second);
    takes("shop", NULL, &first);
    is_busy("shop", one, "source shop is being undone");
    is_busy("shop", NULL, "source shop is being imported or undone");
    turn_end(first);
    turn_end(third);
    turn_end(-1);
}

static void who_names_no_source_has_a_turn_too(void **state)
{
    int turn;
    (void)state;
    takes(NULL, NULL, &turn);
    is_busy(NULL, one, "(none)");
    turn_end(turn);
}

static void others_can_tell_that_a_turn_is_taken(void **state)
{
    int turn;
    (void)state;
    takes("shop", one, &turn);
    assert_int_equal(turn_is_taken(site_list, "shop", one), 1);
    assert_int_equal(turn_is_taken(site_list, "shop", two), 0);
    /* Nobody undoes anything. */
    assert_int_equal(turn_is_taken(site_list, "shop", NULL), 0);
    turn_end(turn);
    assert_int_equal(turn_is_taken(site_list, "shop", one), 0);
    takes("shop", NULL, &turn);
    assert_int_equal(turn_is_taken(site_list, "shop", NULL), 1);
    turn_end(turn);
    assert_int_equal(turn_is_taken("/nonexistent", "shop", NULL), -ENOENT);
}

static void a_turn_ends_with_its_process(void **state)
{
    int turn;
    (void)state;
    pid_t child = fork();
    if (child == 0)
        _exit(turn_take(site_list, "shop", NULL, &turn, NULL) != 0);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    takes("shop", NULL, &turn);
    turn_end(turn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(inputs_share_their_source_and_nobody_shares_an_input,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_names_no_source_has_a_turn_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(others_can_tell_that_a_turn_is_taken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_turn_ends_with_its_process, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
