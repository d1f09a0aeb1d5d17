#include "store/env_private.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define RETIRED_KEY "retired"
#define LITTLE_ROOM (1 << 20) /* octets on a disk that may not have had room for a commit */
#define WRITES_BETWEEN_CHECKS                                                                      \
    256 /* a dead process's reader keeps pages from being used again only as long as that */

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

/* A panic lasts until the environment is closed. */
static int note_fatal(struct env *env, int code)
{
    if (code == ERR_FATAL)
        atomic_store(&env->fatal, true);
    return code;
}

int txn_begin_read(struct env *env, struct txn **txn)
{
    MDB_txn *t;
    int code = mdb_txn_begin(env->mdb, NULL, MDB_RDONLY, &t);
    if (code)
        return note_fatal(env, env_translate(code));
    *txn = (struct txn *)t;
    return 0;
}

/* The lock file can be written by everybody who may read the list. It says which of the two meta
 * pages the next commit replaces, so a wrong number in it would make a commit go back. The data
 * file knows better. */
static int check_write(struct env *env, MDB_txn *txn)
{
    MDB_envinfo info;

    mdb_env_info(env->mdb, &info);
    if (mdb_txn_id(txn) != info.me_last_txnid + 1)
        return ERR_LOCK_FILE;
    return txn_check_retired((struct txn *)txn);
}

int txn_begin_write(struct env *env, struct txn **txn)
{
    MDB_txn *t;
    int code = env_check(env);
    if (code)
        return code;
    code = note_fatal(env, env_translate(mdb_txn_begin(env->mdb, NULL, 0, &t)));
    if (code)
        return code;
    if (++env->writes % WRITES_BETWEEN_CHECKS == 0) {
        int dead;
        mdb_reader_check(env->mdb, &dead);
    }
    /* Once more, since the lock may have been waited for. */
    code = env_check(env);
    if (code == 0)
        code = check_write(env, t);
    if (code) {
        mdb_txn_abort(t);
        return code;
    }
    *txn = (struct txn *)t;
    return 0;
}

uint64_t txn_version(struct txn *txn)
{
    MDB_envinfo info;
    uint64_t id = mdb_txn_id(mdb_of(txn));

    mdb_env_info(mdb_txn_env(mdb_of(txn)), &info);
    return id > info.me_last_txnid ? id - 1 : id; /* of a writer it is that of its own commit */
}

static struct slice retired_key(void)
{
    return SLICE(RETIRED_KEY, sizeof RETIRED_KEY - 1);
}

int txn_retire(struct txn *txn)
{
    return txn_put(txn, 0, retired_key(), SLICE("yes", 3));
}

int txn_check_retired(struct txn *txn)
{
    struct slice value;
    int code = txn_get(txn, 0, retired_key(), &value);
    return code == 0 ? ERR_RETIRED : code == ERR_NOT_FOUND ? 0 : code;
}

/* LMDB calls a write that was cut short an input/output error; what cuts it short is the end of the
 * disk's room. */
static int find_reason(const struct env *env, int code)
{
    struct statvfs disk;
    if (code != -EIO || statvfs(env->folder, &disk) < 0)
        return code;
    return (uint64_t)disk.f_bavail * disk.f_frsize < LITTLE_ROOM ? -ENOSPC : code;
}

/* What every transaction of LMDB 0.9 begins with. It tells nobody which page comes next. */
struct txn_beginning {
    void *parent, *child;
    size_t next_page, id;
};

/* A page that a transaction adds to the end of the file and empties again is free and never
 * written, so the file would be shorter than the commit says: which is how damage is told. So it
 * gets its length before; what is longer than it has to be does no harm. */
static int reach_end(const struct env *env, struct txn *txn)
{
    struct txn_beginning beginning;
    MDB_envinfo info;
    mdb_filehandle_t fd;
    struct stat file;

    memcpy(&beginning, txn, sizeof beginning);
    mdb_env_info(env->mdb, &info);
    if (beginning.id != mdb_txn_id(mdb_of(txn)) || beginning.id != info.me_last_txnid + 1 ||
        beginning.next_page <= info.me_last_pgno + 1)
        return 0; /* it adds none, or is no LMDB that we know */
    off_t end = (off_t)(beginning.next_page * env->page_size);
    if (mdb_env_get_fd(env->mdb, &fd) != 0 || fstat(fd, &file) < 0)
        return ERR_FATAL;
    if (file.st_size >= end || (uint64_t)end > info.me_mapsize)
        return 0;
    return ftruncate(fd, end) < 0 ? -errno : 0;
}

int txn_commit(struct txn *txn)
{
    struct env *env = env_of(txn); /* asked now: the commit frees the transaction */
    int code = reach_end(env, txn);
    if (code) {
        mdb_txn_abort(mdb_of(txn));
        return note_fatal(env, code);
    }
    code = env_translate(mdb_txn_commit(mdb_of(txn)));
    return note_fatal(env, find_reason(env, code));
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
    int code = env_translate(mdb_get(mdb_of(txn), env_of(txn)->table[table], &k, &v));
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
    return env_translate(mdb_put(mdb_of(txn), env_of(txn)->table[table], &k, &v, flags));
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
    return env_translate(mdb_del(mdb_of(txn), env_of(txn)->table[table], &k, NULL));
}

int insert_begin(struct inserter *inserter, struct txn *txn, unsigned table)
{
    inserter->appends = true; /* which the first key tells */
    return cursor_open(txn, table, &inserter->cursor);
}

void insert_end(struct inserter *inserter)
{
    cursor_close(inserter->cursor);
    inserter->cursor = NULL;
}

int insert_next(struct inserter *inserter, struct slice key, struct slice value,
                struct slice *there)
{
    MDB_cursor *cursor = (MDB_cursor *)inserter->cursor;
    MDB_val k = val(key), v = val(value);

    if (!key_is_usable(key))
        return -EINVAL;
    if (inserter->appends) {
        int code = mdb_cursor_put(cursor, &k, &v, MDB_APPEND | MDB_NOOVERWRITE);
        if (code != MDB_KEYEXIST)
            return env_translate(code);
        /* Not behind all others; whether it is there itself is not known yet. */
        inserter->appends = false;
        v = val(value);
    }
    int code = env_translate(mdb_cursor_put(cursor, &k, &v, MDB_NOOVERWRITE));
    if (code == ERR_EXISTS)
        *there = SLICE(v.mv_data, v.mv_size);
    return code;
}

int txn_count(struct txn *txn, unsigned table, uint64_t *count)
{
    MDB_stat stat_;
    int code = env_translate(mdb_stat(mdb_of(txn), env_of(txn)->table[table], &stat_));
    if (code == 0)
        *count = stat_.ms_entries;
    return code;
}

int cursor_open(struct txn *txn, unsigned table, struct cursor **cursor)
{
    return env_translate(
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
    int code = env_translate(mdb_cursor_get((MDB_cursor *)cursor, from, &v, op));
    if (code)
        return code;
    *key = SLICE(from->mv_data, from->mv_size);
    *value = SLICE(v.mv_data, v.mv_size);
    return 0;
}

int cursor_seek(struct cursor *cursor, struct slice at, struct slice *key, struct slice *value)
{
    MDB_val k = val(at);
    if (at.size > ENV_KEY_MAX)
        return -EINVAL;
    return move(cursor, &k, at.size ? MDB_SET_RANGE : MDB_FIRST, key, value);
}

int cursor_next(struct cursor *cursor, struct slice *key, struct slice *value)
{
    MDB_val k;
    return move(cursor, &k, MDB_NEXT, key, value);
}

int txn_each(struct txn *txn, unsigned table, struct slice from, entry_visitor visit,
             void *argument)
{
    struct cursor *cursor;
    struct slice key, value;
    int visited = 0;

    int code = cursor_open(txn, table, &cursor);
    if (code)
        return code;
    code = cursor_seek(cursor, from, &key, &value);
    while (code == 0 && visited == 0) {
        visited = visit(key, value, argument);
        if (visited == 0)
            code = cursor_next(cursor, &key, &value);
    }
    cursor_close(cursor);
    return visited ? visited : code == ERR_NOT_FOUND ? 0 : code;
}

int cursor_before(struct cursor *cursor, struct slice before, struct slice *key,
                  struct slice *value)
{
    MDB_val k = val(before);

    if (before.size > ENV_KEY_MAX)
        return -EINVAL;
    if (before.size) {
        int code = move(cursor, &k, MDB_SET_RANGE, key, value);
        if (code == 0)
            return move(cursor, &k, MDB_PREV, key, value);
        if (code != ERR_NOT_FOUND)
            return code;
    }
    return move(cursor, &k, MDB_LAST, key, value);
}
