/* What env.c and txn.c share; for those two only. */
#ifndef STORE_ENV_PRIVATE_H
#define STORE_ENV_PRIVATE_H

#include "store/env.h"

#include <lmdb.h>
#include <stdatomic.h>
#include <sys/stat.h>

#define TABLES_MAX 16

struct env {
    MDB_env *mdb;
    MDB_dbi table[TABLES_MAX];
    char *folder;
    char *data_path;
    char *lock_path;
    size_t page_size;
    unsigned writes;           /* transactions begun; counted under the write lock */
    atomic_bool fatal;         /* LMDB will not do anything more with it */
    struct stat data_identity; /* of the data file */
    struct stat lock_identity; /* of the lock file */
    pid_t process;             /* that opened it; a child of it holds no lock */
    struct env *next;          /* of what is open */
};

/* LMDB's return value as ours. */
int env_translate(int mdb_code);

#endif
