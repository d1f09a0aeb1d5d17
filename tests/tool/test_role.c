/* Who may run what, where the configuration names groups. */
#include "tool/role.h"

#include "base/file.h"
#include "config/config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define NOT_THERE "/nowhere/optout.conf"
#define NO_GROUPS "data_dir = /nowhere\n"
#define APPROVAL "approval = on\n"
#define GROUPS "user = sys\nops_group = daemon\ncompliance_group = bin\n"

/* uids that every Debian gives these names, with a group of the same name */
static const struct staff root = {.name = "root", .uid = 0},
                          ops = {.name = "daemon", .uid = 1, .for_another = true},
                          compliance = {.name = "bin", .uid = 2, .for_another = true},
                          owner = {.name = "sys", .uid = 3},
                          other = {.name = "games", .uid = 5, .for_another = true};

static const struct flag no_flags[] = {{0}};
static const struct flag with_file[] = {
    {.name = "json", .text = ""},
    {.name = "html", .argument = "FILE", .text = "", .is_file = true},
    {0},
};
static const struct flag with_roles[] = {
    {.name = "words", .text = "", .role = ROLE_COMPLIANCE},
    {.name = "delete", .text = "", .role = ROLE_OPS},
    {.name = "log", .argument = "FILE", .text = "", .is_file = true, .repeats = true},
    {.name = "rejects", .argument = "FILE", .text = "", .is_file = true, .guarded = true},
    {0},
};
static const struct command
    change = {.name = "add", .flags = no_flags, .role = ROLE_OPS},
    read_one = {.name = "person", .flags = with_file, .role = ROLE_COMPLIANCE},
    read_file = {.name = "diff", .flags = no_flags, .reads_file = true, .role = ROLE_COMPLIANCE},
    look_up = {.name = "check", .flags = no_flags, .role = ROLE_EITHER},
    harmless = {.name = "stats", .flags = no_flags, .role = ROLE_ANYBODY},
    mixed = {.name = "queue", .flags = with_roles, .role = ROLE_EITHER},
    public = {.name = "stats", .flags = with_roles, .role = ROLE_ANYBODY},
    writing = {.name = "import", .flags = with_roles, .reads_file = true, .role = ROLE_OPS};

static char folder[64], named[96], installed[96];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/optout-test-role-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(named, sizeof named, "%s/named.conf", folder);
    snprintf(installed, sizeof installed, "%s/installed.conf", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(named);
    unlink(installed);
    return rmdir(folder);
}

static void put(const char *path, const char *text)
{
    assert_int_equal(file_replace(path, text, strlen(text), 0644, NULL), 0);
}

static struct error why;

static int allows(const struct command *command, const struct staff *staff, const char *config_file,
                  const char *base)
{
    const struct call call = {.config_file = config_file};
    struct config *config = NULL;

    /* One that cannot be read would be left to the subcommand, and prove nothing. */
    assert_int_equal(config_read(config_file, &config, NULL), 0);
    config_release(config);
    strcpy(why.text, "");
    return role_allows(command, &call, base, staff, &why);
}

static void without_groups_everybody_may_do_everything(void **state)
{
    (void)state;
    put(named, NO_GROUPS);
    assert_int_equal(allows(&change, &other, named, NOT_THERE), 0);
    assert_int_equal(allows(&read_one, &other, named, NOT_THERE), 0);
}

static void each_group_has_its_own(void **state)
{
    (void)state;
    put(named, GROUPS);
    assert_int_equal(allows(&change, &ops, named, NOT_THERE), 0);
    assert_int_equal(allows(&change, &compliance, named, NOT_THERE), -EPERM);
    assert_string_equal(why.text, "add is for members of daemon, and bin is none");
    assert_int_equal(allows(&read_one, &compliance, named, NOT_THERE), 0);
    assert_int_equal(allows(&read_one, &ops, named, NOT_THERE), -EPERM);
    assert_string_equal(why.text, "person is for members of bin, and daemon is none");
    assert_int_equal(allows(&look_up, &ops, named, NOT_THERE), 0);
    assert_int_equal(allows(&look_up, &compliance, named, NOT_THERE), 0);
    assert_int_equal(allows(&look_up, &other, named, NOT_THERE), -EPERM);
    assert_string_equal(why.text, "check is for members of daemon or bin, and games is none");
    assert_int_equal(allows(&harmless, &other, named, NOT_THERE), 0);
}

static void root_and_the_owner_are_not_asked(void **state)
{
    (void)state;
    put(named, GROUPS);
    assert_int_equal(allows(&change, &root, named, NOT_THERE), 0);
    assert_int_equal(allows(&read_one, &root, named, NOT_THERE), 0);
    assert_int_equal(allows(&change, &owner, named, NOT_THERE), 0);
    assert_int_equal(allows(&read_one, &owner, named, NOT_THERE), 0);
}

/* Who called sudo, and says to be another one. */
static void whoever_of_two_it_is_both_are_asked(void **state)
{
    struct staff claims = {.name = "root: sudo by games", .uid = 0, .disputed = true, .caller = 5};
    (void)state;
    put(named, GROUPS);
    assert_int_equal(allows(&change, &claims, named, NOT_THERE), -EPERM);
    assert_string_equal(why.text, "add is for members of daemon, and games is none");
    claims.caller = 1;
    assert_int_equal(allows(&change, &claims, named, NOT_THERE), 0);
    claims.uid = 5;
    assert_int_equal(allows(&change, &claims, named, NOT_THERE), -EPERM);
}

static void one_group_alone_restricts_one_role(void **state)
{
    (void)state;
    put(named, "ops_group = daemon\n");
    assert_int_equal(allows(&change, &other, named, NOT_THERE), -EPERM);
    assert_int_equal(allows(&read_one, &other, named, NOT_THERE), 0);
    assert_int_equal(allows(&look_up, &other, named, NOT_THERE), 0);
}

static void a_group_that_there_is_not_has_no_members(void **state)
{
    (void)state;
    put(named, "ops_group = no-such-group\n");
    assert_int_equal(allows(&change, &ops, named, NOT_THERE), -ENOENT);
    assert_string_equal(why.text, "group no-such-group: there is no such group");
}

static void another_configuration_is_no_way_around(void **state)
{
    (void)state;
    put(installed, GROUPS);
    put(named, NO_GROUPS);
    assert_int_equal(allows(&change, &compliance, named, installed), -EPERM);
    assert_non_null(strstr(why.text, "-c is for root"));
    assert_int_equal(allows(&change, &ops, named, installed), -EPERM);
    assert_int_equal(allows(&harmless, &ops, named, installed), 0);
    assert_int_equal(allows(&change, &root, named, installed), 0);
    assert_int_equal(allows(&change, &ops, installed, installed), 0);
    assert_int_equal(allows(&change, &compliance, installed, installed), -EPERM);
    put(installed, NO_GROUPS);
    assert_int_equal(allows(&change, &other, named, installed), 0);
    put(installed, "broken {");
    assert_int_equal(allows(&change, &ops, named, installed), -EPERM);
    assert_non_null(strstr(why.text, "cannot be read"));
}

static void nor_around_an_approval(void **state)
{
    (void)state;
    put(installed, APPROVAL);
    put(named, NO_GROUPS);
    assert_int_equal(allows(&change, &other, named, installed), -EPERM);
    assert_non_null(strstr(why.text, "says what another person has to approve"));
    assert_int_equal(allows(&change, &other, installed, installed), 0);
    assert_int_equal(allows(&change, &root, named, installed), 0);
    /* Who only looks gets around nothing. */
    assert_int_equal(allows(&read_one, &other, named, installed), 0);
    assert_int_equal(allows(&look_up, &other, named, installed), 0);
    put(named, APPROVAL);
    assert_int_equal(allows(&change, &other, named, installed), -EPERM);
    put(installed, "broken {");
    assert_int_equal(allows(&change, &other, named, installed), -EPERM);
}

/* The flag's value; NULL: it is not given. */
static int with_flags(const struct command *command, const struct staff *staff, const char *words,
                      const char *delete, const char *log, const char *rejects)
{
    char list[] = "list.csv", *arguments[] = {list};
    const char *logs[] = {"-", log};
    const struct call call = {.config_file = named,
                              .values = {words, delete, log, rejects},
                              .several = logs,
                              .several_count = log ? 2 : 0,
                              .arguments = arguments,
                              .argument_count = command->reads_file ? 1 : 0};
    return role_allows(command, &call, NOT_THERE, staff, &why);
}

static void a_flag_can_be_of_one_group(void **state)
{
    (void)state;
    put(named, GROUPS);
    assert_int_equal(with_flags(&mixed, &compliance, NULL, NULL, NULL, NULL), 0);
    assert_int_equal(with_flags(&mixed, &ops, NULL, "", NULL, NULL), 0);
    assert_int_equal(with_flags(&mixed, &compliance, NULL, "", NULL, NULL), -EPERM);
    assert_string_equal(why.text, "queue --delete is for members of daemon, and bin is none");
    assert_int_equal(with_flags(&public, &other, NULL, NULL, NULL, NULL), 0);
    assert_int_equal(with_flags(&public, &other, "", NULL, NULL, NULL), -EPERM);
    assert_int_equal(with_flags(&public, &ops, "", NULL, NULL, NULL), -EPERM);
    assert_int_equal(with_flags(&public, &compliance, "", NULL, NULL, NULL), 0);
}

static void a_file_is_opened_by_who_changes_and_made_by_nobody(void **state)
{
    (void)state;
    put(named, GROUPS);
    assert_int_equal(with_flags(&mixed, &ops, NULL, NULL, "mail.log", NULL), 0);
    assert_int_equal(with_flags(&mixed, &compliance, NULL, NULL, "mail.log", NULL), -EPERM);
    assert_non_null(strstr(why.text, "mail.log: would be opened by another user than bin"));
    assert_int_equal(with_flags(&mixed, &compliance, NULL, NULL, "-", NULL), 0);
    assert_int_equal(with_flags(&public, &other, NULL, NULL, "mail.log", NULL), -EPERM);
    assert_int_equal(with_flags(&writing, &ops, NULL, NULL, NULL, NULL), 0);
    assert_int_equal(with_flags(&writing, &ops, NULL, NULL, NULL, "-"), 0);
    assert_int_equal(with_flags(&writing, &ops, NULL, NULL, NULL, "rejects.csv"), -EPERM);
    assert_int_equal(with_flags(&writing, &owner, NULL, NULL, NULL, "rejects.csv"), 0);
    assert_int_equal(with_flags(&writing, &root, NULL, NULL, NULL, "rejects.csv"), 0);
}

static int with_argument(const struct command *command, const struct staff *staff, char *argument,
                         const char *value)
{
    char *arguments[] = {argument};
    const struct call call = {
        .config_file = named, .values = {NULL, value}, .arguments = arguments, .argument_count = 1};
    return role_allows(command, &call, NOT_THERE, staff, &why);
}

static void who_only_reads_opens_no_file_as_another(void **state)
{
    char file[] = "/etc/optout/keys/address", dash[] = "-", person[] = "jane@home.example";
    struct staff self = compliance;
    (void)state;
    put(named, GROUPS);
    self.for_another = false;
    assert_int_equal(with_argument(&read_file, &compliance, dash, NULL), 0);
    assert_int_equal(with_argument(&read_file, &compliance, file, NULL), -EPERM);
    assert_non_null(strstr(why.text, "let the shell open it"));
    assert_int_equal(with_argument(&read_file, &self, file, NULL), 0);
    assert_int_equal(with_argument(&read_one, &compliance, person, NULL), 0);
    assert_int_equal(with_argument(&read_one, &compliance, person, "-"), 0);
    assert_int_equal(with_argument(&read_one, &compliance, person, "page.html"), -EPERM);
    put(named, NO_GROUPS);
    assert_int_equal(with_argument(&read_file, &compliance, file, NULL), 0);
}

static void every_file_that_a_flag_names_is_known_as_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < command_count; i++)
        for (const struct flag *flag = command_table[i]->flags; flag->name; flag++) {
            const char *argument = flag->argument ? flag->argument : "";
            bool file = strcmp(argument, "FILE") == 0 || strcmp(argument, "REJECTS") == 0 ||
                        strcmp(flag->name, "data") == 0;
            if (file != flag->is_file || (flag->guarded && !flag->is_file))
                fail_msg("%s --%s", command_table[i]->name, flag->name);
        }
}

static void every_subcommand_says_whose_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < command_count; i++)
        if (command_table[i]->role == ROLE_UNSET)
            fail_msg("%s has no role", command_table[i]->name);
}

/* Or check_files would not see it, and the list's owner would read, or replace, whatever is named.
 */
static void a_file_of_who_only_reads_is_marked_as_one(void **state)
{
    size_t found = 0;
    (void)state;
    for (size_t i = 0; i < command_count; i++) {
        const struct command *c = command_table[i];
        if (c->role != ROLE_COMPLIANCE && c->role != ROLE_EITHER)
            continue;
        if (strncmp(c->arguments, "FILE", 4) == 0 && !c->reads_file)
            fail_msg("%s: its argument is a file", c->name);
        for (const struct flag *flag = c->flags; flag->name; flag++) {
            bool is_file = flag->argument && strcmp(flag->argument, "FILE") == 0;
            if (is_file && !flag->is_file)
                fail_msg("%s: --%s is a file", c->name, flag->name);
            found += is_file;
        }
    }
    assert_true(found >= 2); /* person, report */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_groups_everybody_may_do_everything),
        cmocka_unit_test(each_group_has_its_own),
        cmocka_unit_test(root_and_the_owner_are_not_asked),
        cmocka_unit_test(whoever_of_two_it_is_both_are_asked),
        cmocka_unit_test(one_group_alone_restricts_one_role),
        cmocka_unit_test(a_group_that_there_is_not_has_no_members),
        cmocka_unit_test(another_configuration_is_no_way_around),
        cmocka_unit_test(nor_around_an_approval),
        cmocka_unit_test(a_flag_can_be_of_one_group),
        cmocka_unit_test(a_file_is_opened_by_who_changes_and_made_by_nobody),
        cmocka_unit_test(every_file_that_a_flag_names_is_known_as_one),
        cmocka_unit_test(who_only_reads_opens_no_file_as_another),
        cmocka_unit_test(every_subcommand_says_whose_it_is),
        cmocka_unit_test(a_file_of_who_only_reads_is_marked_as_one),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
