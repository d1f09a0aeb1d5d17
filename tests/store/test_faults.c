/* What can go wrong with a store that is open: replaced, full, scribbled into, a disk that fails.
 * Whatever it is, what was acknowledged is there afterwards. */
#include "store/env.h"

#include "site.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#define SCOPE "acme"

/* --- a disk that fails --- */

/* LMDB writes pages whole and its meta data in less than one. The program's own definition stands
 * before the C library's. */
static bool pages_fail, meta_fails;
static size_t failures;

static ssize_t write_or_fail(int fd, const void *bytes, size_t size, off_t at)
{
    if (size % 4096 == 0 ? pages_fail : meta_fails) {
        failures++;
        errno = EIO;
        return -1;
    }
    return syscall(SYS_pwrite64, fd, bytes, size, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at)
{
    return write_or_fail(fd, bytes, size, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at)
{
    return write_or_fail(fd, bytes, size, at);
}

static void disk_works(void)
{
    pages_fail = meta_fails = false;
}

/* --- people with one opt-out each, by number --- */

static int try_add(struct list *list, unsigned person, struct error *why)
{
    struct list_entry entry = opt_out_of(SCOPE, person);
    return list_add(list, &entry, 1, &by_cli, why);
}

static void add_people(struct list *list, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++)
        assert_ok(try_add(list, i, &why));
}

static void assert_people(struct list *list, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (count_rows(list, i) != 1)
            fail_msg("of %u acknowledged, number %u is lost", count, i);
    assert_ok(verify_list(list, &why));
}

static struct list *list_with_people(unsigned count)
{
    struct list *list = open_list();
    add_scope(list, SCOPE);
    add_people(list, 0, count);
    return list;
}

/* --- replaced --- */

static void copy_file(const char *from, const char *to)
{
    static char bytes[1 << 20];
    FILE *in = fopen(from, "r"), *out = fopen(to, "w");
    assert_true(in && out);
    size_t size = fread(bytes, 1, sizeof bytes, in);
    assert_true(feof(in));
    assert_int_equal(fwrite(bytes, 1, size, out), size);
    fclose(in);
    assert_int_equal(fclose(out), 0);
}

static void a_file_that_was_replaced_or_removed_is_noticed(void **state)
{
    static const char *const names[] = {"data.mdb", "lock.mdb"};
    char data[128], kept[128], copy[128];
    struct list *list = list_with_people(3);
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        snprintf(data, sizeof data, "%s/%s", site_list, names[i]);
        snprintf(kept, sizeof kept, "%s/kept", site_list);
        snprintf(copy, sizeof copy, "%s/copy", site_list);
        assert_int_equal(list_check(list), 0);
        copy_file(data, copy);
        assert_int_equal(rename(data, kept), 0);
        assert_int_equal(list_check(list), ERR_RETIRED);
        assert_refused(try_add(list, 3, &why), ERR_RETIRED, "was replaced while it was open");
        assert_int_equal(rename(copy, data), 0);
        assert_int_equal(list_check(list), ERR_RETIRED);
        assert_refused(try_add(list, 3, &why), ERR_RETIRED, "list/data.mdb");
        assert_int_equal(rename(kept, data), 0);
        assert_int_equal(list_check(list), 0);
        assert_ok(try_add(list, 3, &why));
    }
    assert_people(list, 4);
    list_close(list);
}

static void a_file_that_was_cut_while_open_is_noticed(void **state)
{
    char data[128], kept[128];
    struct stat status;
    struct list *list = list_with_people(30);
    (void)state;
    snprintf(data, sizeof data, "%s/data.mdb", site_list);
    snprintf(kept, sizeof kept, "%s/kept", site_list);
    copy_file(data, kept);
    assert_int_equal(stat(data, &status), 0);
    assert_int_equal(truncate(data, status.st_size - 4096), 0);
    assert_int_equal(list_check(list), ERR_CORRUPT);
    assert_refused(try_add(list, 30, &why), ERR_CORRUPT, "cut short");
    assert_int_equal(truncate(data, 0), 0); /* what tells how long it should be is gone as well */
    assert_int_equal(list_check(list), ERR_CORRUPT);
    assert_int_equal(list_close(list), 0);
    assert_int_equal(rename(kept, data), 0);
    list = open_list();
    assert_people(list, 30);
    list_close(list);
}

static int mark_retired(void)
{
    struct raw raw;
    raw_begin(site_list, &raw);
    raw_put(&raw, "meta", raw_val("retired", 7), raw_val("yes", 3));
    raw_end(&raw);
    return 0;
}

static void nothing_is_written_to_a_store_that_was_marked_as_retired(void **state)
{
    struct list *list = list_with_people(3);
    (void)state;
    assert_int_equal(in_child(mark_retired), 0);
    assert_refused(try_add(list, 3, &why), ERR_RETIRED, "was replaced");
    assert_people(list, 3);
    assert_int_equal(count_rows(list, 3), 0);
    list_close(list);
    list = open_list();
    assert_refused(try_add(list, 3, &why), ERR_RETIRED, "was replaced");
    list_close(list);
}

/* --- the number in the lock file, which everybody who may read the list can write --- */

struct scribble {
    size_t last;  /* number of the last transaction as the data file tells */
    long change;  /* to that number in the lock file */
    size_t found; /* places where it stood */
};
static struct scribble *scribble;

static int write_into_lock_file(void)
{
    char path[128];
    snprintf(path, sizeof path, "%s/lock.mdb", site_list);
    int fd = open(path, O_RDWR);
    size_t *words =
        fd < 0 ? MAP_FAILED : mmap(NULL, 128, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (words == MAP_FAILED)
        return 1;
    scribble->found = 0;
    for (size_t i = 0; i < 128 / sizeof *words; i++)
        if (words[i] == scribble->last) {
            words[i] += (size_t)scribble->change;
            scribble->found++;
        }
    return 0;
}

static size_t last_transaction(void)
{
    MDB_envinfo info;
    struct raw raw;
    raw_begin(site_list, &raw);
    mdb_env_info(raw.env, &info);
    mdb_txn_abort(raw.txn);
    mdb_env_close(raw.env);
    return info.me_last_txnid;
}

static void a_foreign_number_in_the_lock_file_loses_no_acknowledged_row(void **state)
{
    static const long changes[] = {-1, 1, -2, 2, -300, 5000};
    (void)state;
    scribble =
        mmap(NULL, sizeof *scribble, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(scribble != MAP_FAILED);
    list_close(list_with_people(700));
    scribble->last = last_transaction();
    assert_true(scribble->last > 700);
    struct list *list = open_list();
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        scribble->change = changes[i];
        assert_int_equal(in_child(write_into_lock_file), 0);
        assert_int_equal(scribble->found, 1);
        assert_refused(try_add(list, 700, &why), ERR_LOCK_FILE,
                       "list/lock.mdb does not fit data.mdb: stop all programs");
        assert_refused(try_add(list, 700, &why), ERR_LOCK_FILE, "lock.mdb");
        scribble->last += (size_t)changes[i]; /* back again */
        scribble->change = -changes[i];
        assert_int_equal(in_child(write_into_lock_file), 0);
        assert_int_equal(scribble->found, 1);
        scribble->last += (size_t)scribble->change;
    }
    assert_int_equal(count_rows(list, 700), 0);
    assert_ok(try_add(list, 700, &why));
    assert_people(list, 701);
    list_close(list);

    /* The way out that the sentence tells. */
    scribble->last = last_transaction();
    scribble->change = -1;
    list = open_list();
    assert_int_equal(in_child(write_into_lock_file), 0);
    assert_refused(try_add(list, 701, &why), ERR_LOCK_FILE, "remove the lock file");
    list_close(list);
    char path[128];
    snprintf(path, sizeof path, "%s/lock.mdb", site_list);
    assert_int_equal(unlink(path), 0);
    list = open_list();
    assert_ok(try_add(list, 701, &why));
    assert_people(list, 702);
    list_close(list);
    munmap(scribble, sizeof *scribble);
}

/* --- full --- */

static void at_its_reserved_size_a_store_says_so_and_goes_on_with_more(void **state)
{
    struct list *list = NULL;
    unsigned n = 0;
    int code = 0;
    (void)state;
    assert_ok(list_open(site_list, ENV_WRITE, 1 << 20, &site_lookup, &site_address, &list, &why));
    add_scope(list, SCOPE);
    while (n < 100000 && code == 0) {
        struct error why = {""};
        code = try_add(list, n, &why);
        if (code == 0)
            n++;
        else
            assert_non_null(strstr(why.text, "has reached its reserved size: raise list_size"));
    }
    assert_int_equal(code, ERR_MAP_FULL);
    assert_true(n > 100);
    assert_people(list, n);
    assert_int_equal(list_check(list), 0);
    list_close(list);
    list = open_list();
    add_people(list, n, n + 50);
    assert_people(list, n + 50);
    list_close(list);
}

/* A large piece that does not fit does not take a small one with it, nor the next. */
static void what_does_not_fit_leaves_room_for_what_does(void **state)
{
    static struct list_entry many[5000];
    struct list *list = NULL;
    (void)state;
    assert_ok(list_open(site_list, ENV_WRITE, 1 << 19, &site_lookup, &site_address, &list, &why));
    add_scope(list, SCOPE);
    for (unsigned i = 0; i < 5000; i++) {
        many[i] = opt_out_of(SCOPE, 1000 + i);
        many[i].address = "somebody.with.quite.a.long.name@department.example.com";
    }
    for (unsigned i = 0; i < 20; i++) {
        assert_refused(list_add(list, many, 5000, &by_cli, &why), ERR_MAP_FULL, "reserved size");
        assert_ok(try_add(list, i, &why));
    }
    assert_people(list, 20);
    assert_int_equal(count_rows(list, 1000), 0);
    list_close(list);
}

/* Adds people until it fails; the code, and how many there were before. */
static int add_until_it_fails(struct list *list, unsigned *count, struct error *why)
{
    for (; *count < 100000; ++*count) {
        int code = try_add(list, *count, why);
        if (code)
            return code;
    }
    return 0;
}

/* In one commit: the write of many pages at once is cut short. */
static int add_too_many(struct list *list, struct error *why)
{
    static struct list_entry many[5000];
    for (unsigned i = 0; i < 5000; i++) {
        many[i] = opt_out_of(SCOPE, 1000000 + i);
        many[i].address = "somebody.with.quite.a.long.name@department.example.com";
    }
    return list_add(list, many, 5000, &by_cli, why);
}

static bool all_are_there(struct list *list, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (count_rows(list, i) != 1)
            return false;
    return verify_list(list, NULL) == 0;
}

static int fill_a_small_disk(void)
{
    struct list *list;
    struct error why = {""};
    char ballast[128];
    unsigned count = 0;
    size_t added;
    const char *scope = SCOPE;

    if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("none", site_list, "tmpfs", 0, "size=1m,mode=0700") < 0)
        return 77;
    snprintf(ballast, sizeof ballast, "%s/ballast", site_list);
    int fd = open(ballast, O_CREAT | O_WRONLY, 0600);
    if (fd < 0 || posix_fallocate(fd, 0, 300000) != 0)
        return 1;
    close(fd);
    if (list_create(site_list, &site_lookup, &site_address, SITE_MAP, &why) ||
        list_open(site_list, ENV_WRITE, SITE_MAP, &site_lookup, &site_address, &list, &why) ||
        list_add_scopes(list, &scope, 1, &by_cli, &added, &why))
        return 2;
    if (add_too_many(list, &why) != -ENOSPC ||
        !strstr(why.text, "list/data.mdb cannot grow: no space left on the disk"))
        return 7;
    if (add_until_it_fails(list, &count, &why) != -ENOSPC ||
        !strstr(why.text, "list/data.mdb cannot grow: no space left on the disk"))
        return 3;
    if (try_add(list, count, &why) != -ENOSPC || count < 100 || !all_are_there(list, count))
        return 4;
    unlink(ballast);
    if (try_add(list, count, &why) || !all_are_there(list, count + 1))
        return 5;
    list_close(list);
    if (list_open(site_list, ENV_WRITE, SITE_MAP, &site_lookup, &site_address, &list, &why) ||
        !all_are_there(list, count + 1))
        return 6;
    list_close(list);
    return 0;
}

static void a_full_disk_says_so_and_loses_nothing(void **state)
{
    (void)state;
    int outcome = in_child(fill_a_small_disk);
    if (outcome == 77)
        skip(); /* only root can mount; the next test does without */
    assert_int_equal(outcome, 0);
}

static int fill_up_to_a_limit(void)
{
    struct rlimit limit = {300000, RLIM_INFINITY};
    struct list *list;
    struct error why = {""};
    unsigned count = 0;
    size_t added;
    const char *scope = SCOPE;

    if (list_open(site_list, ENV_WRITE, SITE_MAP, &site_lookup, &site_address, &list, &why) ||
        list_add_scopes(list, &scope, 1, &by_cli, &added, &why))
        return 1;
    setrlimit(RLIMIT_FSIZE, &limit); /* SIGXFSZ is not ignored: it must not kill */
    int code = add_until_it_fails(list, &count, &why);
    /* LMDB tells a write that was cut short from one that found no room at all. */
    if (!(code == -EFBIG && strstr(why.text, "list/data.mdb cannot grow")) &&
        !(code == -EIO && strstr(why.text, "list/data.mdb could not be written: see to the disk")))
        return 2;
    if (count < 100 || !all_are_there(list, count))
        return 3;
    limit.rlim_cur = RLIM_INFINITY;
    setrlimit(RLIMIT_FSIZE, &limit);
    if (try_add(list, count, &why) || !all_are_there(list, count + 1))
        return 4;
    list_close(list);
    return 0;
}

static void a_file_that_may_not_grow_says_so_and_loses_nothing(void **state)
{
    (void)state;
    assert_int_equal(in_child(fill_up_to_a_limit), 0);
}

static int create_without_room(void)
{
    struct rlimit limit = {20000, RLIM_INFINITY};
    struct error why = {""};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    int code = list_create(site_list, &site_lookup, &site_address, SITE_MAP, &why);
    return code && why.text[0] ? 0 : 1;
}

static void a_store_that_could_not_be_made_is_never_an_empty_list(void **state)
{
    char data[128];
    struct list *list;
    (void)state;
    snprintf(data, sizeof data, "%s/data.mdb", site_list);
    unlink(data);
    assert_int_equal(in_child(create_without_room), 0);
    struct error why = {""};
    int code = list_open(site_list, ENV_READ, SITE_MAP, &site_lookup, NULL, &list, &why);
    assert_true(code == ERR_UNINITIALISED || code == ERR_CORRUPT || code == ERR_NOT_FOUND);
    assert_non_null(strstr(why.text, "data.mdb"));
}

/* --- a disk that fails --- */

static void pages_that_cannot_be_written_fail_one_call_alone(void **state)
{
    struct list *list = list_with_people(20);
    (void)state;
    pages_fail = true;
    failures = 0;
    assert_refused(try_add(list, 20, &why), -EIO, "list/data.mdb could not be written");
    assert_true(failures > 0);
    disk_works();
    assert_int_equal(count_rows(list, 20), 0);
    assert_int_equal(list_check(list), 0);
    assert_ok(try_add(list, 20, &why));
    assert_people(list, 21);
    list_close(list);
}

static void after_a_failure_that_leaves_doubt_the_store_is_opened_again(void **state)
{
    struct list *list = list_with_people(20);
    struct list_view *view;
    (void)state;
    meta_fails = true;
    failures = 0;
    assert_refused(try_add(list, 20, &why), -EIO, "list/data.mdb");
    assert_true(failures > 0);
    disk_works();
    assert_refused(try_add(list, 21, &why), ERR_FATAL, "see to the disk, then restart");
    assert_int_equal(list_view_begin(list, &view), ERR_FATAL);
    assert_int_equal(list_check(list), ERR_FATAL);
    assert_int_equal(list_close(list), 0);
    list = open_list();
    assert_people(list, 20);
    assert_int_equal(list_check(list), 0);
    add_people(list, 20, 25);
    assert_people(list, 25);
    list_close(list);
}

static int end_test(void **state)
{
    disk_works();
    return remove_site(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_site, end_test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_that_was_replaced_or_removed_is_noticed),
        TEST(a_file_that_was_cut_while_open_is_noticed),
        TEST(nothing_is_written_to_a_store_that_was_marked_as_retired),
        TEST(a_foreign_number_in_the_lock_file_loses_no_acknowledged_row),
        TEST(at_its_reserved_size_a_store_says_so_and_goes_on_with_more),
        TEST(what_does_not_fit_leaves_room_for_what_does),
        TEST(a_full_disk_says_so_and_loses_nothing),
        TEST(a_file_that_may_not_grow_says_so_and_loses_nothing),
        TEST(a_store_that_could_not_be_made_is_never_an_empty_list),
        TEST(pages_that_cannot_be_written_fail_one_call_alone),
        TEST(after_a_failure_that_leaves_doubt_the_store_is_opened_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
