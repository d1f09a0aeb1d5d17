#include "store/env.h"

#include "base/file.h"

#include <errno.h>
#include <lmdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TABLES_MAX 16
#define READERS_MAX                                                                                \
    2048 /* slots in the lock file; one for each transaction under way on this machine */
#define RETIRED_KEY "retired"

struct env {
    MDB_env *mdb;
    MDB_dbi table[TABLES_MAX];
    char *folder;
    char *data_path;
    size_t page_size;
};

/* Transactions and cursors are LMDB's own; the names only keep lmdb.h out of the headers. A
 * transaction must know no more than its handle, since the environment can be asked of LMDB. */
static MDB_txn *mdb_of(struct txn *txn)
{
    return (MDB_txn *)txn;
}

static struct env *env_of(struct txn *txn)
{
    return mdb_env_get_userctx(mdb_txn_env(mdb_of(txn)));
}

static int translate(int code)
{
    switch (code) {
    case MDB_SUCCESS:
        return 0;
    case MDB_NOTFOUND:
        return ERR_NOT_FOUND;
    case MDB_KEYEXIST:
        return ERR_EXISTS;
    case MDB_MAP_FULL:
    case MDB_MAP_RESIZED:
        return ERR_MAP_FULL;
    case MDB_VERSION_MISMATCH:
        return ERR_FORMAT;
    case MDB_READERS_FULL:
        return ERR_BUSY;
    case MDB_PANIC:
        return ERR_FATAL;
    default:
        return code > 0 ? -code : ERR_CORRUPT;
    }
}

int env_explain(const struct env *env, int code, struct error *why)
{
    const char *path = env->data_path;

    switch (code) {
    case ERR_MAP_FULL:
        return error_set(why, code,
                         "%s has reached its reserved size: raise list_size or ledger_size in the "
                         "configuration, "
                         "then reload or restart",
                         path);
    case -ENOSPC:
    case -EDQUOT:
        return error_set(why, code, "%s cannot grow: no space left on the disk", path);
    case ERR_CORRUPT:
        return error_set(why, code, "%s is damaged or cut short: restore it from a backup", path);
    case ERR_RETIRED:
        return error_set(why, code, "%s was replaced or removed: restart, or restore it", path);
    case ERR_LOCK_FILE:
        return error_set(
            why, code,
            "%s/%s does not fit %s: stop all programs that use the store and remove the lock file",
            env->folder, ENV_LOCK_FILE, ENV_DATA_FILE);
    case ERR_BUSY:
        return error_set(
            why, code,
            "%s: its write lock or all reader slots are held by other programs, try again", path);
    default:
        return error_set(why, code, "%s: %s", path, error_name(code));
    }
}

/* LMDB maps what its meta page promises; a file shorter than that ends in SIGBUS at the first read
 * behind its end. */
static int check_length(const struct env *env, off_t length)
{
    MDB_envinfo info;
    mdb_env_info(env->mdb, &info);
    return (uint64_t)length < ((uint64_t)info.me_last_pgno + 1) * env->page_size ? ERR_CORRUPT : 0;
}

int env_check(const struct env *env)
{
    struct stat named, open;
    mdb_filehandle_t fd;

    if (mdb_env_get_fd(env->mdb, &fd) != 0 || fstat(fd, &open) < 0)
        return ERR_FATAL;
    if (stat(env->data_path, &named) < 0 || named.st_ino != open.st_ino ||
        named.st_dev != open.st_dev)
        return ERR_RETIRED;
    return check_length(env, open.st_size);
}

void env_usage(const struct env *env, uint64_t *used, uint64_t *size)
{
    MDB_envinfo info;
    mdb_env_info(env->mdb, &info);
    *used = ((uint64_t)info.me_last_pgno + 1) * env->page_size;
    *size = info.me_mapsize;
}

const char *env_folder(const struct env *env)
{
    return env->folder;
}

static int open_tables(struct env *env, enum env_access access, const char *const *tables,
                       size_t count)
{
    MDB_txn *txn;
    int code = mdb_txn_begin(env->mdb, NULL, access == ENV_READ ? MDB_RDONLY : 0, &txn);
    if (code)
        return translate(code);
    for (size_t i = 0; i < count && code == 0; i++)
        code = mdb_dbi_open(txn, tables[i], access == ENV_CREATE ? MDB_CREATE : 0, &env->table[i]);
    if (code == 0)
        return translate(mdb_txn_commit(txn));
    mdb_txn_abort(txn);
    return code == MDB_NOTFOUND ? ERR_UNINITIALISED : translate(code);
}

static int open_mdb(struct env *env, enum env_access access, uint64_t map_size)
{
    int code = mdb_env_create(&env->mdb);
    if (code)
        return translate(code);
    mdb_env_set_userctx(env->mdb, env);
    mdb_env_set_maxdbs(env->mdb, TABLES_MAX);
    mdb_env_set_maxreaders(env->mdb, READERS_MAX);
    mdb_env_set_mapsize(env->mdb, map_size);
    return translate(mdb_env_open(env->mdb, env->folder,
                                  MDB_NOTLS | (access == ENV_READ ? MDB_RDONLY : 0), 0660));
}

static int check_file(const struct env *env, enum env_access access, struct error *why)
{
    struct stat status;
    bool there = stat(env->data_path, &status) == 0;

    if (!there && errno != ENOENT && errno != ENOTDIR)
        return error_set(why, -errno, "%s: %s", env->data_path, strerror(errno));
    if (access == ENV_CREATE)
        return there ? error_set(why, ERR_EXISTS, "%s is there already and is left untouched",
                                 env->data_path)
                     : 0;
    if (!there)
        return error_set(
            why, ERR_NOT_FOUND,
            "%s is missing: run `optout init` for a new site, or restore it from a backup",
            env->data_path);
    if (status.st_size == 0)
        return error_set(why, ERR_CORRUPT, "%s is empty: restore it from a backup", env->data_path);
    return 0;
}

static int open_checked(struct env *env, enum env_access access, uint64_t map_size,
                        const char *const *tables, size_t table_count)
{
    MDB_stat stat_;
    struct stat file;
    int dead;

    int code = open_mdb(env, access, map_size);
    if (code)
        return code;
    mdb_env_stat(env->mdb, &stat_);
    env->page_size = stat_.ms_psize;
    if (access != ENV_CREATE) {
        if (stat(env->data_path, &file) < 0)
            return -errno;
        code = check_length(env, file.st_size);
        if (code)
            return code;
    }
    mdb_reader_check(env->mdb, &dead);
    return open_tables(env, access, tables, table_count);
}

int env_open(const char *folder, enum env_access access, uint64_t map_size,
             const char *const *tables, size_t table_count, struct env **env, struct error *why)
{
    struct env *e = calloc(1, sizeof *e);
    int code = -ENOMEM;

    if (!e || !(e->folder = strdup(folder)) || !(e->data_path = file_join(folder, ENV_DATA_FILE)))
        goto out;
    code = check_file(e, access, why);
    if (code)
        goto out;
    code = open_checked(e, access, map_size, tables, table_count);
    if (code == ERR_UNINITIALISED)
        error_set(why, code, "%s was not initialised to its end: run `optout init`, or restore it",
                  e->data_path);
    else if (code)
        env_explain(e, code, why);
out:
    if (code)
        env_close(e);
    else
        *env = e;
    return code;
}

void env_close(struct env *env)
{
    if (!env)
        return;
    if (env->mdb)
        mdb_env_close(env->mdb);
    free(env->data_path);
    free(env->folder);
    free(env);
}

int txn_begin_read(struct env *env, struct txn **txn)
{
    MDB_txn *t;
    int code = mdb_txn_begin(env->mdb, NULL, MDB_RDONLY, &t);
    if (code)
        return translate(code);
    *txn = (struct txn *)t;
    return 0;
}

/* The lock file can be written by everybody who may read the list. It says which of the two meta
 * pages the next commit replaces, so a wrong number in it would make a commit go back. The data
 * file knows better. */
static int check_write(struct env *env, MDB_txn *txn)
{
    MDB_envinfo info;
    static char retired[] = RETIRED_KEY;
    MDB_val key = {sizeof retired - 1, retired}, value;

    mdb_env_info(env->mdb, &info);
    if (mdb_txn_id(txn) != info.me_last_txnid + 1)
        return ERR_LOCK_FILE;
    int code = mdb_get(txn, env->table[0], &key, &value);
    return code == 0 ? ERR_RETIRED : code == MDB_NOTFOUND ? 0 : translate(code);
}

int txn_begin_write(struct env *env, struct txn **txn)
{
    MDB_txn *t;
    int code = env_check(env);
    if (code)
        return code;
    code = translate(mdb_txn_begin(env->mdb, NULL, 0, &t));
    if (code)
        return code;
    code = check_write(env, t);
    if (code) {
        mdb_txn_abort(t);
        return code;
    }
    *txn = (struct txn *)t;
    return 0;
}

int txn_commit(struct txn *txn)
{
    return translate(mdb_txn_commit(mdb_of(txn)));
}

void txn_abort(struct txn *txn)
{
    if (txn)
        mdb_txn_abort(mdb_of(txn));
}

static bool key_is_usable(struct slice key)
{
    return key.size > 0 && key.size <= ENV_KEY_MAX;
}

static MDB_val val(struct slice slice)
{
    return (MDB_val){slice.size, (void *)(uintptr_t)slice.data};
}

int txn_get(struct txn *txn, unsigned table, struct slice key, struct slice *value)
{
    MDB_val k = val(key), v;

    if (!key_is_usable(key))
        return -EINVAL;
    int code = translate(mdb_get(mdb_of(txn), env_of(txn)->table[table], &k, &v));
    if (code == 0)
        *value = SLICE(v.mv_data, v.mv_size);
    return code;
}

static int put(struct txn *txn, unsigned table, struct slice key, struct slice value,
               unsigned flags)
{
    MDB_val k = val(key), v = val(value);

    if (!key_is_usable(key))
        return -EINVAL;
    return translate(mdb_put(mdb_of(txn), env_of(txn)->table[table], &k, &v, flags));
}

int txn_put(struct txn *txn, unsigned table, struct slice key, struct slice value)
{
    return put(txn, table, key, value, 0);
}

int txn_insert(struct txn *txn, unsigned table, struct slice key, struct slice value)
{
    return put(txn, table, key, value, MDB_NOOVERWRITE);
}

int txn_delete(struct txn *txn, unsigned table, struct slice key)
{
    MDB_val k = val(key);

    if (!key_is_usable(key))
        return -EINVAL;
    return translate(mdb_del(mdb_of(txn), env_of(txn)->table[table], &k, NULL));
}

int txn_count(struct txn *txn, unsigned table, uint64_t *count)
{
    MDB_stat stat_;
    int code = translate(mdb_stat(mdb_of(txn), env_of(txn)->table[table], &stat_));
    if (code == 0)
        *count = stat_.ms_entries;
    return code;
}

int cursor_open(struct txn *txn, unsigned table, struct cursor **cursor)
{
    return translate(
        mdb_cursor_open(mdb_of(txn), env_of(txn)->table[table], (MDB_cursor **)cursor));
}

void cursor_close(struct cursor *cursor)
{
    if (cursor)
        mdb_cursor_close((MDB_cursor *)cursor);
}

static int move(struct cursor *cursor, MDB_val *from, MDB_cursor_op op, struct slice *key,
                struct slice *value)
{
    MDB_val v;
    int code = translate(mdb_cursor_get((MDB_cursor *)cursor, from, &v, op));
    if (code)
        return code;
    *key = SLICE(from->mv_data, from->mv_size);
    *value = SLICE(v.mv_data, v.mv_size);
    return 0;
}

int cursor_seek(struct cursor *cursor, struct slice at, struct slice *key, struct slice *value)
{
    MDB_val k = val(at);
    return move(cursor, &k, at.size ? MDB_SET_RANGE : MDB_FIRST, key, value);
}

int cursor_next(struct cursor *cursor, struct slice *key, struct slice *value)
{
    MDB_val k;
    return move(cursor, &k, MDB_NEXT, key, value);
}

int cursor_before(struct cursor *cursor, struct slice before, struct slice *key,
                  struct slice *value)
{
    MDB_val k = val(before);

    if (before.size) {
        int code = move(cursor, &k, MDB_SET_RANGE, key, value);
        if (code == 0)
            return move(cursor, &k, MDB_PREV, key, value);
        if (code != ERR_NOT_FOUND)
            return code;
    }
    return move(cursor, &k, MDB_LAST, key, value);
}
