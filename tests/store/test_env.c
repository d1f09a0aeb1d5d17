/* Opening a store, whatever lies there. */
#include "store/env.h"

#include "base/file.h"
#include "store/number.h"

#include "site.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>

static const char *const tables[] = {"meta", "rows"};
enum { META, ROWS };

static char path[128];

static const char *data_file(const char *folder)
{
    snprintf(path, sizeof path, "%s/data.mdb", folder);
    return path;
}

static const char *lock_file(const char *folder)
{
    snprintf(path, sizeof path, "%s/lock.mdb", folder);
    return path;
}

static int try_open(enum env_access access, struct env **env, struct error *why)
{
    return env_open(site_list, access, SITE_MAP, tables, 2, env, why);
}

static struct env *opened(enum env_access access)
{
    struct env *env = NULL;
    assert_ok(try_open(access, &env, &why));
    return env;
}

static void make_env(void)
{
    env_close(opened(ENV_CREATE));
}

static void write_file(const char *at, const void *bytes, size_t size)
{
    FILE *file = fopen(at, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* Rows of a kilobyte each. */
static void put_rows(struct env *env, unsigned from, unsigned count)
{
    struct txn *txn;
    char value[1000];
    memset(value, 'v', sizeof value);
    assert_int_equal(txn_begin_write(env, &txn), 0);
    for (unsigned i = from; i < from + count; i++) {
        uint8_t key[4];
        number_put(key, 4, i);
        assert_int_equal(txn_put(txn, ROWS, SLICE(key, 4), SLICE(value, sizeof value)), 0);
    }
    assert_int_equal(txn_commit(txn), 0);
}

/* --- opening --- */

static void a_store_that_is_missing_says_what_to_do(void **state)
{
    struct env *env;
    (void)state;
    assert_refused(try_open(ENV_READ, &env, &why), ERR_NOT_FOUND, "list/data.mdb is missing");
    assert_refused(try_open(ENV_WRITE, &env, &why), ERR_NOT_FOUND, "optout init");
    assert_refused(env_open("/nowhere/at/all", ENV_WRITE, SITE_MAP, tables, 2, &env, &why),
                   ERR_NOT_FOUND, "/nowhere/at/all/data.mdb");
    assert_refused(env_open("/nowhere/at/all", ENV_CREATE, SITE_MAP, tables, 2, &env, &why),
                   -ENOENT, "/nowhere/at/all");
    assert_int_equal(access(data_file(site_list), F_OK), -1);
}

static void a_store_that_is_there_is_not_made_again(void **state)
{
    struct env *env;
    (void)state;
    make_env();
    env = opened(ENV_WRITE);
    put_rows(env, 0, 1);
    env_close(env);
    assert_refused(try_open(ENV_CREATE, &env, &why), ERR_EXISTS, "left untouched");
    env = opened(ENV_READ);
    struct txn *txn;
    struct slice value;
    assert_int_equal(txn_begin_read(env, &txn), 0);
    assert_int_equal(txn_get(txn, ROWS, SLICE("\0\0\0\0", 4), &value), 0);
    txn_abort(txn);
    env_close(env);
}

static void an_empty_file_is_damage_and_not_an_empty_list(void **state)
{
    struct env *env;
    (void)state;
    write_file(data_file(site_list), "", 0);
    assert_refused(try_open(ENV_READ, &env, &why), ERR_CORRUPT, "data.mdb is empty");
    assert_refused(try_open(ENV_WRITE, &env, &why), ERR_CORRUPT, "restore");
    struct stat status;
    assert_int_equal(stat(data_file(site_list), &status), 0);
    assert_int_equal(status.st_size, 0);
}

static void a_file_that_is_not_lmdbs_is_damage(void **state)
{
    static char bytes[65536];
    struct env *env;
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)random_below(256);
    for (size_t size = 1; size <= sizeof bytes; size *= 4) {
        write_file(data_file(site_list), bytes, size);
        assert_refused(try_open(ENV_READ, &env, &why), ERR_CORRUPT, "data.mdb is damaged");
        assert_refused(try_open(ENV_WRITE, &env, &why), ERR_CORRUPT, "data.mdb is damaged");
    }
    unlink(data_file(site_list));
    assert_int_equal(mkdir(data_file(site_list), 0700), 0);
    assert_refused(try_open(ENV_READ, &env, &why), -EINVAL, "not a regular file");
}

/* Short of its last page LMDB would die of SIGBUS. */
static void a_file_that_was_cut_is_damage_wherever_it_was_cut(void **state)
{
    struct env *env;
    struct stat whole;
    (void)state;
    make_env();
    env = opened(ENV_WRITE);
    put_rows(env, 0, 200);
    env_close(env);
    assert_int_equal(stat(data_file(site_list), &whole), 0);
    env_close(opened(ENV_READ));
    for (off_t size = whole.st_size - 1; size > 0; size -= size > 20000 ? 4095 : 512) {
        assert_int_equal(truncate(data_file(site_list), size), 0);
        assert_refused(try_open(ENV_READ, &env, &why), ERR_CORRUPT, "data.mdb is damaged");
        assert_refused(try_open(ENV_WRITE, &env, &why), ERR_CORRUPT, "cut short");
    }
}

static void another_version_of_lmdb_is_told_from_damage(void **state)
{
    struct env *env;
    static char bytes[16384];
    (void)state;
    make_env();
    FILE *file = fopen(data_file(site_list), "r+");
    assert_non_null(file);
    assert_true(fread(bytes, 1, sizeof bytes, file) >= 8192);
    for (size_t page = 0; page < 8192; page += 4096) {
        assert_memory_equal(bytes + page + 16, "\xde\xc0\xef\xbe\x01", 5); /* magic, version */
        bytes[page + 20] = 9;
    }
    rewind(file);
    assert_int_equal(fwrite(bytes, 1, 8192, file), 8192);
    assert_int_equal(fclose(file), 0);
    assert_refused(try_open(ENV_READ, &env, &why), ERR_FORMAT, "data.mdb: another format version");
}

static void a_store_without_a_table_was_not_initialised(void **state)
{
    struct env *env;
    (void)state;
    assert_ok(env_open(site_list, ENV_CREATE, SITE_MAP, tables, 1, &env, &why));
    env_close(env);
    assert_refused(try_open(ENV_READ, &env, &why), ERR_UNINITIALISED, "optout init");
    assert_refused(try_open(ENV_WRITE, &env, &why), ERR_UNINITIALISED, "not initialised");
}

static void the_reserved_size_takes_no_room(void **state)
{
    struct env *env;
    struct stat status;
    (void)state;
    assert_ok(env_open(site_list, ENV_CREATE, (uint64_t)16 << 30, tables, 2, &env, &why));
    put_rows(env, 0, 10);
    uint64_t used, size;
    env_usage(env, &used, &size);
    assert_true(size == (uint64_t)16 << 30);
    assert_true(used < 100000);
    assert_int_equal(stat(data_file(site_list), &status), 0);
    assert_true(status.st_size < 100000);
    env_close(env);
}

/* --- permissions and the lock file --- */

static void assert_mode(const char *at, mode_t mode)
{
    struct stat status;
    assert_int_equal(stat(at, &status), 0);
    if ((status.st_mode & 07777) != mode)
        fail_msg("%s has mode %o, not %o", at, status.st_mode & 07777, mode);
}

static void readers_may_lock_and_not_write_whatever_the_umask(void **state)
{
    static const mode_t umasks[] = {0, 022, 027, 077};
    (void)state;
    for (size_t i = 0; i < sizeof umasks / sizeof *umasks; i++) {
        mode_t before = umask(umasks[i]);
        make_env();
        umask(before);
        assert_mode(data_file(site_list), 0640);
        assert_mode(lock_file(site_list), 0660);
        unlink(data_file(site_list));
        unlink(lock_file(site_list));
    }
}

static void a_lock_file_that_is_made_anew_is_for_readers_too(void **state)
{
    (void)state;
    make_env();
    unlink(lock_file(site_list));
    mode_t before = umask(077);
    env_close(opened(ENV_WRITE));
    umask(before);
    assert_mode(lock_file(site_list), 0660);
    assert_int_equal(chmod(lock_file(site_list), 0600), 0);
    env_close(opened(ENV_READ));
    assert_mode(lock_file(site_list), 0660);
    assert_mode(data_file(site_list), 0640);
}

static int open_as_nobody(void)
{
    struct env *env;
    struct error why = {""};
    if (geteuid() == 0 && setuid(65534) < 0)
        return 2;
    int code = try_open(ENV_READ, &env, &why);
    return code == -EACCES && strstr(why.text, "lock.mdb: Permission denied") ? 0 : 1;
}

static void a_lock_file_that_may_not_be_opened_is_named(void **state)
{
    (void)state;
    make_env();
    assert_int_equal(chmod(site_folder, 0755), 0);
    assert_int_equal(chmod(site_list, 0755), 0);
    assert_int_equal(chmod(data_file(site_list), 0644), 0);
    assert_int_equal(chmod(lock_file(site_list), geteuid() == 0 ? 0600 : 0000), 0);
    assert_int_equal(in_child(open_as_nobody), 0);
}

/* Who may write in the folder could otherwise have any file of ours overwritten. */
static void a_lock_file_that_is_a_link_is_refused(void **state)
{
    struct env *env;
    char victim[128];
    struct stat status;
    (void)state;
    make_env();
    snprintf(victim, sizeof victim, "%s/victim", site_folder);
    write_file(victim, "precious", 8);
    assert_int_equal(unlink(lock_file(site_list)), 0);
    assert_int_equal(symlink(victim, lock_file(site_list)), 0);
    assert_refused(try_open(ENV_READ, &env, &why), -ELOOP, "lock.mdb");
    assert_refused(try_open(ENV_WRITE, &env, &why), -ELOOP, "lock.mdb");
    assert_int_equal(stat(victim, &status), 0);
    assert_int_equal(status.st_size, 8);
    assert_int_equal(unlink(lock_file(site_list)), 0);
    assert_int_equal(mkfifo(lock_file(site_list), 0600), 0);
    assert_refused(try_open(ENV_READ, &env, &why), -EINVAL, "lock.mdb");
    assert_int_equal(unlink(lock_file(site_list)), 0);
    assert_int_equal(rename(data_file(site_list), victim), 0);
    assert_int_equal(symlink(victim, data_file(site_list)), 0);
    assert_refused(try_open(ENV_READ, &env, &why), -EINVAL, "data.mdb is not a regular file");
}

static int open_on_a_read_only_file_system(void)
{
    struct env *env;
    struct error why = {""};
    if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount(site_list, site_list, "none", MS_BIND, NULL) < 0 ||
        mount(site_list, site_list, "none", MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) < 0)
        return 77;
    int code = try_open(ENV_READ, &env, &why);
    return code == -EROFS && strstr(why.text, "lock.mdb: Read-only file system") ? 0 : 1;
}

/* LMDB would go on without its locks, and read pages that a writer elsewhere uses again. */
static void a_read_only_file_system_is_refused(void **state)
{
    (void)state;
    make_env();
    int outcome = in_child(open_on_a_read_only_file_system);
    if (outcome == 77)
        skip(); /* only root can mount */
    assert_int_equal(outcome, 0);
}

static int open_and_close(void)
{
    struct env *env;
    if (try_open(ENV_WRITE, &env, NULL))
        return 1;
    env_close(env);
    return 0;
}

static void a_process_cannot_open_a_store_twice(void **state)
{
    struct env *env, *other = NULL;
    (void)state;
    make_env();
    env = opened(ENV_READ);
    assert_refused(try_open(ENV_READ, &other, &why), -EBUSY, "open already in this process");
    assert_refused(try_open(ENV_WRITE, &other, &why), -EBUSY, "data.mdb");
    assert_null(other);
    assert_int_equal(in_child(open_and_close), 0);
    assert_ok(env_open(site_ledger, ENV_CREATE, SITE_MAP, tables, 2, &other, &why));
    env_close(other);
    env_close(env);
    env_close(opened(ENV_WRITE));
}

static struct env *child_env;

/* Begins a write transaction, tells, and never ends it. */
static int hold_write_lock(int tell)
{
    struct txn *txn;
    if (try_open(ENV_WRITE, &child_env, NULL) || txn_begin_write(child_env, &txn) ||
        write(tell, "x", 1) != 1)
        return 1;
    pause();
    return 0;
}

static void opening_never_waits_for_a_writer(void **state)
{
    int tell[2];
    char c;
    (void)state;
    make_env();
    assert_int_equal(pipe(tell), 0);
    pid_t child = fork();
    if (child == 0)
        _exit(hold_write_lock(tell[1]));
    assert_int_equal(read(tell[0], &c, 1), 1);
    alarm(20); /* or the test would wait for ever */
    env_close(opened(ENV_WRITE));
    env_close(opened(ENV_READ));
    alarm(0);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(outcome_of(child), 100 + SIGKILL);
    close(tell[0]);
    close(tell[1]);
}

/* --- kinds of stores --- */

static void a_ledger_is_not_a_list_nor_a_list_a_ledger(void **state)
{
    struct list *list;
    struct ledger *ledger;
    (void)state;
    assert_refused(list_open(site_ledger, ENV_READ, SITE_MAP, &site_lookup, NULL, &list, &why),
                   ERR_FORMAT, "is a ledger, not a list");
    assert_refused(ledger_open(site_list, ENV_WRITE, SITE_MAP, &site_lookup, &ledger, &why),
                   ERR_FORMAT, "is a list, not a ledger");
}

static void another_format_is_refused_with_both_numbers(void **state)
{
    struct list *list;
    struct raw raw;
    (void)state;
    raw_begin(site_list, &raw);
    raw_put(&raw, "meta", raw_val("format", 6), raw_val("\0\0\0\7", 4));
    raw_end(&raw);
    assert_refused(list_open(site_list, ENV_READ, SITE_MAP, &site_lookup, NULL, &list, &why),
                   ERR_FORMAT, "has format 7, this program reads format 1");
    /* Even where that format does without one of our tables. */
    raw_begin(site_list, &raw);
    assert_int_equal(mdb_drop(raw.txn, raw_table(&raw, "source"), 1), 0);
    raw_end(&raw);
    assert_refused(list_open(site_list, ENV_READ, SITE_MAP, &site_lookup, NULL, &list, &why),
                   ERR_FORMAT, "has format 7, this program reads format 1");
}

static void without_the_marker_a_store_was_not_initialised(void **state)
{
    struct list *list;
    struct ledger *ledger;
    struct raw raw;
    (void)state;
    raw_begin(site_list, &raw);
    raw_delete(&raw, "meta", raw_val("initialised", 11));
    raw_end(&raw);
    assert_refused(list_open(site_list, ENV_WRITE, SITE_MAP, &site_lookup, NULL, &list, &why),
                   ERR_UNINITIALISED, "list/data.mdb was not initialised to its end");
    raw_begin(site_ledger, &raw);
    raw_delete(&raw, "meta", raw_val("initialised", 11));
    raw_end(&raw);
    assert_refused(ledger_open(site_ledger, ENV_WRITE, SITE_MAP, &site_lookup, &ledger, &why),
                   ERR_UNINITIALISED, "move it away and run `optout init`");
}

static void meta_data_that_is_missing_is_damage(void **state)
{
    static const char *const names[] = {"format", "kind", "node", "key-lookup", "key-address"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct list *list;
        struct raw raw;
        MDB_val key = raw_val(names[i], strlen(names[i])), value;
        char saved[64];
        raw_begin(site_list, &raw);
        assert_int_equal(mdb_get(raw.txn, raw_table(&raw, "meta"), &key, &value), 0);
        MDB_val kept = {value.mv_size, memcpy(saved, value.mv_data, value.mv_size)};
        raw_delete(&raw, "meta", key);
        raw_end(&raw);
        assert_refused(
            list_open(site_list, ENV_READ, SITE_MAP, &site_lookup, &site_address, &list, &why),
            ERR_CORRUPT, "data.mdb is damaged");
        raw_begin(site_list, &raw);
        raw_put(&raw, "meta", key, kept);
        raw_end(&raw);
        list_close(open_list_as(ENV_READ));
    }
}

static void keys_of_another_site_are_refused(void **state)
{
    struct lookup_key lookup = site_lookup;
    struct address_key address = site_address;
    struct list *list;
    struct ledger *ledger;
    (void)state;
    lookup.fingerprint[0] ^= 1;
    address.fingerprint[7] ^= 1;
    assert_refused(list_open(site_list, ENV_READ, SITE_MAP, &lookup, NULL, &list, &why), ERR_KEY,
                   "was made with another lookup file in key_dir");
    assert_refused(list_open(site_list, ENV_WRITE, SITE_MAP, &site_lookup, &address, &list, &why),
                   ERR_KEY, "was made with another address file in key_dir");
    assert_refused(ledger_open(site_ledger, ENV_WRITE, SITE_MAP, &lookup, &ledger, &why), ERR_KEY,
                   "another lookup file");
    list_close(open_list());
}

static void a_map_that_has_no_room_names_option_and_limit(void **state)
{
    struct env *env = NULL;
    (void)state;
    make_env();
    assert_refused(env_open(site_list, ENV_READ, UINT64_C(1) << 56, tables, 2, &env, &why), -ENOMEM,
                   "list_size or ledger_size says (ulimit -v");
    assert_null(env);
}

static void the_list_is_its_owners_to_write_the_ledger_both_users(void **state)
{
    (void)state;
    assert_mode(data_file(site_list), 0640);
    assert_mode(lock_file(site_list), 0660);
    assert_mode(data_file(site_ledger), 0660);
    assert_mode(lock_file(site_ledger), 0660);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folders, remove_site)
#define SITE(name) cmocka_unit_test_setup_teardown(name, make_site, remove_site)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_store_that_is_missing_says_what_to_do),
        TEST(a_store_that_is_there_is_not_made_again),
        TEST(an_empty_file_is_damage_and_not_an_empty_list),
        TEST(a_file_that_is_not_lmdbs_is_damage),
        TEST(a_file_that_was_cut_is_damage_wherever_it_was_cut),
        TEST(another_version_of_lmdb_is_told_from_damage),
        TEST(a_store_without_a_table_was_not_initialised),
        TEST(the_reserved_size_takes_no_room),
        TEST(a_map_that_has_no_room_names_option_and_limit),
        TEST(readers_may_lock_and_not_write_whatever_the_umask),
        TEST(a_lock_file_that_is_made_anew_is_for_readers_too),
        TEST(a_lock_file_that_may_not_be_opened_is_named),
        TEST(a_lock_file_that_is_a_link_is_refused),
        TEST(a_read_only_file_system_is_refused),
        TEST(a_process_cannot_open_a_store_twice),
        TEST(opening_never_waits_for_a_writer),
        SITE(a_ledger_is_not_a_list_nor_a_list_a_ledger),
        SITE(another_format_is_refused_with_both_numbers),
        SITE(without_the_marker_a_store_was_not_initialised),
        SITE(meta_data_that_is_missing_is_damage),
        SITE(keys_of_another_site_are_refused),
        SITE(the_list_is_its_owners_to_write_the_ledger_both_users),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
