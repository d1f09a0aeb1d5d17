/* LMDB, and nothing else of the project: environments, tables, transactions, cursors, with LMDB's
 * errors translated.
 *
 * Only ERR_NOT_FOUND means "not there"; every other error means "cannot tell". What a read returns
 * points into the map and is good until its transaction ends. A change counts only when txn_commit
 * has returned 0.
 *
 * The environment is opened without DUPSORT, WRITEMAP, NOSYNC and NOMETASYNC, and with NOTLS:
 * libmilter runs one session on many threads. */
#ifndef STORE_ENV_H
#define STORE_ENV_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ENV_DATA_FILE "data.mdb"
#define ENV_LOCK_FILE "lock.mdb"
#define ENV_KEY_MAX                                                                                \
    255 /* octets; below LMDB's 511, beyond which a get says "not there" for any key */

struct env;
struct txn;
struct cursor;

struct slice {
    const void *data;
    size_t size;
};

#define SLICE(pointer, length) ((struct slice){(pointer), (length)})

enum env_access {
    ENV_READ, /* the data file is opened read-only, the lock file for writing */
    ENV_WRITE,
    ENV_CREATE, /* ENV_WRITE, in an empty folder; ERR_EXISTS where a data file is there */
};

/* Opens the store in `folder`, with the tables named (their position is the number that all other
 * calls take; the first is the one of meta data). `map_size` bytes are reserved, not used. Stale
 * readers of dead processes are cleared away, now and as time goes by. A new data file gets the
 * permissions 0640, the lock file always 0660 where it is ours: who may read has to write there.
 * Never waits for the write lock. ERR_NOT_FOUND (no data file), ERR_UNINITIALISED (a table is not
 * there), ERR_CORRUPT (truncated or not LMDB's), ERR_FORMAT (another LMDB version), -EBUSY (this
 * process has it open already, which LMDB does not bear), -errno. */
int env_open(const char *folder, enum env_access access, uint64_t map_size,
             const char *const *tables, size_t table_count, struct env **env, struct error *why);
void env_close(struct env *env);

const char *env_folder(const struct env *env);

/* Gives the data file exactly these permissions. -errno. */
int env_set_mode(struct env *env, mode_t mode);

/* Whether data and lock file are still those that were opened, and the data is whole. Cheap (two
 * stat calls). ERR_RETIRED: another file or none has the name of one of them now; ERR_CORRUPT: the
 * data file is shorter than its own pages; ERR_FATAL: LMDB gave it up, it has to be closed and
 * opened again. */
int env_check(const struct env *env);

/* What is used of the map, in bytes. */
void env_usage(const struct env *env, uint64_t *used, uint64_t *size);

/* Writes a copy without free pages, of one moment, to an open file; it is not synced. Others go on
 * writing meanwhile. */
int env_copy(struct env *env, int fd);

/* Leaves the sentence for an error of this environment: what is wrong, in which file, and the way
 * out. Returns `code`. */
int env_explain(const struct env *env, int code, struct error *why);

/* A read transaction. Keep it short, and within one callback: pages that it sees are not used
 * again. */
int txn_begin_read(struct env *env, struct txn **txn);

/* A write transaction; waits for the write lock, without a limit (the committer has one). It must
 * end on the thread where it began. ERR_LOCK_FILE: the lock file would make this commit overwrite
 * the last one, somebody has written into it. ERR_RETIRED: the store was marked as replaced. */
int txn_begin_write(struct env *env, struct txn **txn);

/* The number of the last commit that it sees: another one where anything was changed. */
uint64_t txn_version(struct txn *txn);

/* Marks the store as replaced: nobody writes to it any more. */
int txn_retire(struct txn *txn);
/* Whether it has that mark: ERR_RETIRED. */
int txn_check_retired(struct txn *txn);

/* Both free the transaction, whatever they return. */
int txn_commit(struct txn *txn);
void txn_abort(struct txn *txn);

/* ERR_NOT_FOUND, or another error: cannot tell. */
int txn_get(struct txn *txn, unsigned table, struct slice key, struct slice *value);
/* Puts or replaces. ERR_MAP_FULL, -ENOSPC, ... */
int txn_put(struct txn *txn, unsigned table, struct slice key, struct slice value);
/* Puts what is not there: ERR_EXISTS. */
int txn_insert(struct txn *txn, unsigned table, struct slice key, struct slice value);
int txn_delete(struct txn *txn, unsigned table, struct slice key);
/* Many insertions in one table, which are quick where each key is behind the one before: a cursor
 * walks on, and what comes behind all that is there is appended, to full pages. */
struct inserter {
    struct cursor *cursor;
    bool appends; /* the last key was behind all others */
};
int insert_begin(struct inserter *inserter, struct txn *txn, unsigned table);
/* Before the transaction ends. */
void insert_end(struct inserter *inserter);
/* As txn_insert; with ERR_EXISTS *there is the value that is there. */
int insert_next(struct inserter *inserter, struct slice key, struct slice value,
                struct slice *there);

/* Entries in a table. */
int txn_count(struct txn *txn, unsigned table, uint64_t *count);

/* A cursor ends before its transaction. */
int cursor_open(struct txn *txn, unsigned table, struct cursor **cursor);
void cursor_close(struct cursor *cursor);
/* The first entry whose key is not less; an empty key: the first of all. ERR_NOT_FOUND: none. */
int cursor_seek(struct cursor *cursor, struct slice at, struct slice *key, struct slice *value);
int cursor_next(struct cursor *cursor, struct slice *key, struct slice *value);
/* Visits the entries of a table whose keys are not less than `from`, or all where it is empty, in
 * their sequence. Anything but 0 ends it and is returned. */
typedef int (*entry_visitor)(struct slice key, struct slice value, void *argument);
int txn_each(struct txn *txn, unsigned table, struct slice from, entry_visitor visit,
             void *argument);
/* The last entry whose key is less than `before`; an empty key: the last of all. ERR_NOT_FOUND:
 * none. */
int cursor_before(struct cursor *cursor, struct slice before, struct slice *key,
                  struct slice *value);

#endif
