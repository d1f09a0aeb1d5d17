/* For the tests of this folder: a private site with keys and stores, choices to write, and hands
 * that reach into a store past its own functions. */
#ifndef TESTS_STORE_SITE_H
#define TESTS_STORE_SITE_H

#include "store/ledger.h"
#include "store/list.h"
#include "store/list_tables.h"

#include <ftw.h>
#include <lmdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SITE_MAP ((uint64_t)64 << 20)

static char site_folder[64], site_keys[80], site_list[80], site_ledger[80];
static struct lookup_key site_lookup;
static struct address_key site_address;

/* --- folders --- */

static inline int remove_one(const char *path, const struct stat *status, int type, struct FTW *at)
{
    (void)status;
    (void)type;
    (void)at;
    return remove(path);
}

static inline int remove_site(void **state)
{
    (void)state;
    return nftw(site_folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Empty folders alone. */
static inline int make_folders(void **state)
{
    (void)state;
    /* In memory where that is possible: thousands of commits wait for the disk otherwise. */
    strcpy(site_folder, access("/dev/shm", W_OK) == 0 ? "/dev/shm/optout-test-store-XXXXXX"
                                                      : "/tmp/optout-test-store-XXXXXX");
    if (!mkdtemp(site_folder))
        return -1;
    snprintf(site_keys, sizeof site_keys, "%s/keys", site_folder);
    snprintf(site_list, sizeof site_list, "%s/list", site_folder);
    snprintf(site_ledger, sizeof site_ledger, "%s/ledger", site_folder);
    return mkdir(site_keys, 0700) || mkdir(site_list, 0700) || mkdir(site_ledger, 0700) ? -1 : 0;
}

static inline int make_keys(void)
{
    struct error why = {""};
    if (keys_create(site_keys, 1700000000, &why) == 0 &&
        keys_read_lookup(site_keys, &site_lookup, &why) == 0 &&
        keys_read_address(site_keys, &site_address, &why) == 0)
        return 0;
    fprintf(stderr, "%s\n", why.text);
    return -1;
}

/* Keys, an empty list and an empty ledger. */
static inline int make_site(void **state)
{
    struct error why = {""};
    if (make_folders(state) || make_keys())
        return -1;
    if (list_create(site_list, &site_lookup, &site_address, SITE_MAP, &why) == 0 &&
        ledger_create(site_ledger, &site_lookup, &site_address, SITE_MAP, &why) == 0)
        return 0;
    fprintf(stderr, "%s\n", why.text);
    return -1;
}

/* --- other processes --- */

/* What the function returns in a process of its own, 0 to 99; 100 and the signal where it was
 * killed. It must not fail a test, only return. */
static inline int outcome_of(pid_t child)
{
    int status;
    if (waitpid(child, &status, 0) != child)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

static inline int in_child(int (*run)(void))
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        _exit(run());
    return outcome_of(child);
}

/* --- opening --- */

#define assert_ok(call)                                                                            \
    do {                                                                                           \
        struct error why = {""};                                                                   \
        int code_ = (call);                                                                        \
        if (code_)                                                                                 \
            fail_msg("%s: %d, %s", #call, code_, why.text);                                        \
    } while (0)

/* Fails with this code, and says this in the sentence. */
#define assert_refused(call, expected, sentence)                                                   \
    do {                                                                                           \
        struct error why = {""};                                                                   \
        int code_ = (call);                                                                        \
        if (code_ != (expected) || !strstr(why.text, sentence))                                    \
            fail_msg("%s: %d, \"%s\"; expected %d, \"%s\"", #call, code_, why.text, (expected),    \
                     (sentence));                                                                  \
    } while (0)

static inline struct list *open_list_as(enum env_access access)
{
    struct list *list = NULL;
    assert_ok(list_open(site_list, access, SITE_MAP, &site_lookup, &site_address, &list, &why));
    return list;
}

static inline struct list *open_list(void)
{
    return open_list_as(ENV_WRITE);
}

static inline struct ledger *open_ledger(void)
{
    struct ledger *ledger = NULL;
    assert_ok(ledger_open(site_ledger, ENV_WRITE, SITE_MAP, &site_lookup, &ledger, &why));
    return ledger;
}

static inline struct list_view *view_of(struct list *list)
{
    struct list_view *view = NULL;
    assert_int_equal(list_view_begin(list, &view), 0);
    return view;
}

/* --- choices --- */

static const struct act by_cli = {.actor = "cli"};

/* Not the keyed hash of anything: any 16 octets are a subject to the store. */
static inline struct subject subject_number(unsigned number)
{
    struct subject subject = {{0}};
    uint64_t mixed = (number + 1) * UINT64_C(0x9e3779b97f4a7c15);
    memcpy(subject.bytes, &mixed, sizeof mixed);
    memcpy(subject.bytes + 8, &number, sizeof number);
    return subject;
}

static inline struct list_entry opt_out_of(const char *scope, unsigned person)
{
    return (struct list_entry){.subject = subject_number(person),
                               .kind = CHOICE_OPT_OUT,
                               .reason = REASON_UNSUBSCRIBE,
                               .scope = scope};
}

static inline void add_scope(struct list *list, const char *scope)
{
    size_t added;
    assert_ok(list_add_scopes(list, &scope, 1, &by_cli, &added, &why));
}

static inline void add_entry(struct list *list, struct list_entry *entry)
{
    assert_ok(list_add(list, entry, 1, &by_cli, &why));
}

/* Rows that stand for a person, in the pool. */
static inline size_t rows_of(struct list *list, enum list_rows which, unsigned person,
                             struct pool *pool, struct choice **rows)
{
    struct subject subject = subject_number(person);
    struct list_view *view = view_of(list);
    size_t count = 0;
    assert_int_equal(list_read(view, which, &subject, false, pool, rows, &count, NULL), 0);
    list_view_end(view);
    return count;
}

static inline size_t count_rows(struct list *list, unsigned person)
{
    struct pool pool = {0};
    struct choice *rows;
    size_t count = rows_of(list, LIST_STANDING, person, &pool, &rows);
    pool_release(&pool);
    return count;
}

/* Subjects are no keyed hashes here, so nothing is said of the addresses beside them. */
static inline int verify_list(struct list *list, struct error *why)
{
    list->has_subject_key = false;
    struct list_view *view = view_of(list);
    uint64_t events;
    int code = list_verify(view, &events, why);
    list_view_end(view);
    return code;
}

/* --- past the store's own functions; it must not be open in this process --- */

struct raw {
    MDB_env *env;
    MDB_txn *txn;
};

static inline void raw_begin(const char *folder, struct raw *raw)
{
    assert_int_equal(mdb_env_create(&raw->env), 0);
    assert_int_equal(mdb_env_set_maxdbs(raw->env, 16), 0);
    assert_int_equal(mdb_env_set_mapsize(raw->env, SITE_MAP), 0);
    assert_int_equal(mdb_env_open(raw->env, folder, 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(raw->env, NULL, 0, &raw->txn), 0);
}

static inline void raw_end(struct raw *raw)
{
    assert_int_equal(mdb_txn_commit(raw->txn), 0);
    mdb_env_close(raw->env);
}

static inline MDB_dbi raw_table(struct raw *raw, const char *table)
{
    MDB_dbi dbi = 0;
    assert_int_equal(mdb_dbi_open(raw->txn, table, 0, &dbi), 0);
    return dbi;
}

static inline MDB_val raw_val(const void *bytes, size_t size)
{
    return (MDB_val){size, (void *)(uintptr_t)bytes};
}

static inline void raw_put(struct raw *raw, const char *table, MDB_val key, MDB_val value)
{
    assert_int_equal(mdb_put(raw->txn, raw_table(raw, table), &key, &value, 0), 0);
}

static inline void raw_delete(struct raw *raw, const char *table, MDB_val key)
{
    assert_int_equal(mdb_del(raw->txn, raw_table(raw, table), &key, NULL), 0);
}

/* A copy of the n-th entry, in memory that the caller frees. */
static inline void raw_nth(struct raw *raw, const char *table, size_t n, MDB_val *key,
                           MDB_val *value)
{
    MDB_cursor *cursor;
    assert_int_equal(mdb_cursor_open(raw->txn, raw_table(raw, table), &cursor), 0);
    assert_int_equal(mdb_cursor_get(cursor, key, value, MDB_FIRST), 0);
    while (n-- > 0)
        assert_int_equal(mdb_cursor_get(cursor, key, value, MDB_NEXT), 0);
    void *k = malloc(key->mv_size + 1), *v = malloc(value->mv_size + 1);
    assert_true(k && v);
    key->mv_data = memcpy(k, key->mv_data, key->mv_size);
    value->mv_data = memcpy(v, value->mv_data, value->mv_size);
    mdb_cursor_close(cursor);
}

static inline void raw_free(MDB_val *key, MDB_val *value)
{
    free(key->mv_data);
    free(value->mv_data);
}

/* --- numbers that look random, the same in each run --- */

static uint64_t random_state = UINT64_C(0x6f70746f75740100);

static inline uint64_t random_number(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state * UINT64_C(0x2545f4914f6cdd1d);
}

static inline unsigned random_below(unsigned limit)
{
    return (unsigned)(random_number() >> 33) % limit;
}

#endif
