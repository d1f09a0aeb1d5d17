/* A configuration and its keys, which may come later. */
#include "../store/site.h"
#include "daemon/setup.h"

#include <time.h>

static char path[96];
static unsigned made, released;

static int make(const struct config *config, void **extra, struct error *why)
{
    (void)config, (void)why;
    made++;
    *extra = &made;
    return 0;
}

static void release(void *extra)
{
    assert_ptr_equal(extra, &made);
    released++;
}

static const struct setup_kind kind = {.needs_address_key = true, .make = make, .release = release};

static int set_up(void **state)
{
    made = released = 0;
    if (make_folders(state))
        return -1;
    snprintf(path, sizeof path, "%s/optout.conf", site_folder);
    FILE *file = fopen(path, "w");
    if (!file)
        return -1;
    fprintf(file, "data_dir = \"%s\"\nkey_dir = \"%s\"\n", site_folder, site_keys);
    return fclose(file);
}

/* The code of the setup's keys, as they are looked for again in another second than before. */
static int key_code_later(struct setups *setups)
{
    const struct timespec moment = {.tv_nsec = 20 * 1000 * 1000};
    time_t before = time(NULL);

    while (time(NULL) == before)
        nanosleep(&moment, NULL);
    struct setup *setup = setups_take(setups);
    int code = setup->key_code;
    assert_ptr_equal(setup->extra, &made);
    setup_give(setup);
    return code;
}

static void keys_that_come_later_are_found_and_nothing_is_made_again(void **state)
{
    struct setups *setups;
    struct error why;
    (void)state;
    assert_int_equal(setups_new(path, &kind, &setups, &why), 0);
    struct setup *first = setups_take(setups);
    assert_int_not_equal(first->key_code, 0);
    assert_null(first->sealer);
    assert_int_not_equal(key_code_later(setups), 0);
    assert_int_not_equal(key_code_later(setups), 0);
    assert_int_equal(make_keys(), 0);
    assert_int_equal(key_code_later(setups), 0);
    struct setup *last = setups_take(setups);
    assert_non_null(last->sealer);
    assert_int_equal(made, 1);
    setups_free(setups);
    assert_int_equal(released, 0);
    setup_give(first);
    assert_int_equal(released, 0);
    setup_give(last);
    assert_int_equal(released, 1);
}

static void a_reload_makes_everything_again(void **state)
{
    struct setups *setups;
    struct setup *fresh;
    struct error why;
    (void)state;
    assert_int_equal(setups_new(path, &kind, &setups, &why), 0);
    assert_int_not_equal(setups_read(setups, &fresh, &why), 0);
    assert_int_equal(made, 2);
    assert_int_equal(released, 1);
    assert_int_equal(make_keys(), 0);
    assert_int_equal(key_code_later(setups), 0);
    assert_int_equal(setups_read(setups, &fresh, &why), 0);
    setups_replace(setups, fresh);
    assert_int_equal(made, 3);
    assert_int_equal(released, 2);
    setups_free(setups);
    assert_int_equal(released, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keys_that_come_later_are_found_and_nothing_is_made_again,
                                        set_up, remove_site),
        cmocka_unit_test_setup_teardown(a_reload_makes_everything_again, set_up, remove_site),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
