/* Whose name stands in the words of an event. */
#include "tool/staff.h"

#include "base/file.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define UNSET "4294967295"
#define DAEMON 1 /* uids that every Debian gives these names */
#define BIN 2

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/optout-test-staff-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    char path[96];
    (void)state;
    snprintf(path, sizeof path, "%s/loginuid", folder);
    unlink(path);
    return rmdir(folder);
}

/* Who it is, with this content of the login uid's file; NULL: there is none. */
static struct staff found(const char *login, const char *sudo_user, const char *sudo_uid,
                          uid_t real)
{
    char path[96];
    struct staff staff;
    const struct staff_clues clues = {path, sudo_user, sudo_uid, real};

    snprintf(path, sizeof path, "%s/%s", folder, login ? "loginuid" : "nowhere");
    if (login)
        assert_int_equal(file_replace(path, login, strlen(login), 0600, NULL), 0);
    staff_find(&clues, &staff);
    return staff;
}

static void is(const struct staff staff, const char *name, uid_t uid, bool for_another)
{
    assert_string_equal(staff.name, name);
    assert_int_equal(staff.uid, uid);
    assert_int_equal(staff.for_another, for_another);
}

static void who_logged_in_counts(void **state)
{
    (void)state;
    is(found("1", "daemon", "1", 0), "daemon", DAEMON, true);
    is(found("1", "root", "0", BIN), "daemon", DAEMON, true); /* sudo -i, and sudo once more */
    is(found("1\n", NULL, NULL, 0), "daemon", DAEMON, true);
    is(found("1", NULL, NULL, DAEMON), "daemon", DAEMON, false);
    is(found("0", NULL, NULL, BIN), "root", 0, true);
}

/* Where nobody logged in, anybody can say who did. */
static void another_login_than_who_called_sudo_is_told_with_both(void **state)
{
    const struct staff agreed = found("1", "daemon", "1", 0), claimed = found("0", "bin", "2", 0);
    struct staff caller;
    (void)state;
    assert_false(agreed.disputed);
    assert_true(staff_is_person(agreed.name));
    is(claimed, "root: sudo by bin", 0, false);
    assert_true(claimed.disputed);
    assert_false(staff_is_person(claimed.name));
    staff_caller(&claimed, &caller);
    is(caller, "bin", BIN, true);
    assert_false(caller.disputed);
    is(found("1", "#3123456789", "3123456789", 0), "daemon: sudo by uid 3123456789", DAEMON, true);
}

static void who_called_sudo_counts_where_nobody_logged_in(void **state)
{
    (void)state;
    is(found(UNSET, "bin", "2", 0), "bin", BIN, true);
    is(found(NULL, "bin", "2", 0), "bin", BIN, true);
    is(found(NULL, "bin", NULL, BIN), "bin", BIN, false);
}

/* sudo(8) tells "#1234" of who has no name. */
static void a_number_is_enough(void **state)
{
    (void)state;
    is(found(UNSET, "#3123456789", "3123456789", 0), "uid 3123456789", 3123456789, true);
    is(found("3123456789", NULL, NULL, 0), "uid 3123456789", 3123456789, true);
    assert_false(staff_is_person("uid 3123456789"));
    assert_true(staff_is_person("uid"));
}

static void words_that_name_nobody_do_not_count(void **state)
{
    (void)state;
    is(found(UNSET, "no such user", NULL, BIN), "bin", BIN, false);
    is(found(UNSET, "", "", BIN), "bin", BIN, false);
    is(found(UNSET, NULL, "-1", BIN), "bin", BIN, false);
    is(found(UNSET, NULL, UNSET, BIN), "bin", BIN, false);
    is(found("what?", NULL, NULL, BIN), "bin", BIN, false);
    is(found("", NULL, NULL, BIN), "bin", BIN, false);
}

static void a_cron_job_is_its_users(void **state)
{
    (void)state;
    is(found(UNSET, NULL, NULL, 0), "root", 0, false);
    is(found(UNSET "\n", NULL, NULL, BIN), "bin", BIN, false);
}

static void members_are_those_of_the_databases(void **state)
{
    struct staff staff = found("1", NULL, NULL, 0);
    bool member = false;
    (void)state;
    assert_int_equal(staff_is_member(&staff, "daemon", &member), 0);
    assert_true(member); /* by its primary group */
    assert_int_equal(staff_is_member(&staff, "bin", &member), 0);
    assert_false(member);
    member = true;
    assert_int_equal(staff_is_member(&staff, "no-such-group", &member), -ENOENT);
    assert_true(member);
    staff = found("3123456789", NULL, NULL, 0);
    assert_int_equal(staff_is_member(&staff, "daemon", &member), 0);
    assert_false(member);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_logged_in_counts),
        cmocka_unit_test(another_login_than_who_called_sudo_is_told_with_both),
        cmocka_unit_test(who_called_sudo_counts_where_nobody_logged_in),
        cmocka_unit_test(a_number_is_enough),
        cmocka_unit_test(words_that_name_nobody_do_not_count),
        cmocka_unit_test(a_cron_job_is_its_users),
        cmocka_unit_test(members_are_those_of_the_databases),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
