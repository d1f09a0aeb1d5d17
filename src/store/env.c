#include "store/env_private.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define READERS_MAX                                                                                \
    2048 /* slots in the lock file; one for each transaction under way on this machine */
#define DATA_MODE 0640
#define LOCK_MODE 0660
#define OPEN_PATIENCE_MS 2000
#define OPEN_TRIES 5

/* What this process has open. LMDB's locks are those of fcntl(2): if a process opened one store
 * twice, closing either would drop the locks of both, and the next program would take the lock file
 * for abandoned and clear it beneath our readers. */
static pthread_mutex_t opened_lock = PTHREAD_MUTEX_INITIALIZER;
static struct env *opened;

int env_translate(int code)
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
                         "configuration, then restart",
                         path);
    case -ENOSPC:
    case -EDQUOT:
        return error_set(why, code, "%s cannot grow: no space left on the disk", path);
    case -ENOMEM:
        return error_set(why, code,
                         "%s: no memory, or no room for a map as large as list_size or ledger_size "
                         "says (ulimit -v, LimitAS)",
                         path);
    case -EFBIG:
        return error_set(why, code, "%s cannot grow: this process may not write longer files",
                         path);
    case -EIO:
        return error_set(why, code, "%s could not be written: see to the disk, it may be full",
                         path);
    case ERR_FATAL:
        return error_set(why, code,
                         "%s could not be written to the disk for certain: see to the disk, then "
                         "restart",
                         path);
    case ERR_CORRUPT:
        return error_set(why, code, "%s is damaged or cut short: restore it from a backup", path);
    case ERR_RETIRED:
        return error_set(
            why, code,
            "%s, or the lock file beside it, was replaced while it was open, or is gone: try "
            "again, and if that does not help restore it from a backup",
            path);
    case ERR_LOSS:
        return error_set(why, code,
                         "%s was restored without what it replaced, later opt-outs may be missing: "
                         "restore what there still is, or `optout restore --accept-loss NOTE`",
                         path);
    case ERR_LOCK_FILE:
        return error_set(
            why, code,
            "%s/%s does not fit %s: stop all programs that use the store and remove the lock file",
            env->folder, ENV_LOCK_FILE, ENV_DATA_FILE);
    case ERR_UNINITIALISED:
        return error_set(why, code,
                         "%s was not initialised to its end: move it away and run `optout init`, "
                         "or restore it from a backup",
                         path);
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
static uint64_t promised_length(const struct env *env)
{
    MDB_envinfo info;
    mdb_env_info(env->mdb, &info);
    return ((uint64_t)info.me_last_pgno + 1) * env->page_size;
}

/* The promise is read before the length: a commit in between makes both larger. */
static int check_length(const struct env *env)
{
    mdb_filehandle_t fd;
    struct stat file;

    uint64_t promised = promised_length(env);
    if (mdb_env_get_fd(env->mdb, &fd) != 0 || fstat(fd, &file) < 0)
        return ERR_FATAL;
    return (uint64_t)file.st_size < promised ? ERR_CORRUPT : 0;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

/* Whether both names are still those of what is open; *named: of the data file. */
static int check_names(const struct env *env, struct stat *named)
{
    struct stat lock;

    if (stat(env->data_path, named) < 0 || !is_same_file(named, &env->data_identity) ||
        stat(env->lock_path, &lock) < 0 || !is_same_file(&lock, &env->lock_identity))
        return ERR_RETIRED;
    return 0;
}

/* The lock file says which commit is the last one. Whoever goes on with one that was removed reads
 * for ever what stood then, and two writers with one each would not know of each other. */
int env_check(const struct env *env)
{
    struct stat named;

    if (atomic_load(&env->fatal))
        return ERR_FATAL;
    int code = check_names(env, &named);
    if (code)
        return code;
    /* The promise itself stands in one of the first two pages, so the length is asked first here;
     * where it does not hold, a commit may have come in between. */
    if ((uint64_t)named.st_size < 2 * env->page_size)
        return ERR_CORRUPT;
    return (uint64_t)named.st_size >= promised_length(env) ? 0 : check_length(env);
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

int env_set_mode(struct env *env, mode_t mode)
{
    mdb_filehandle_t fd;

    int code = mdb_env_get_fd(env->mdb, &fd);
    if (code)
        return env_translate(code);
    return fchmod(fd, mode) < 0 ? -errno : 0;
}

/* --- opening --- */

/* Read-only wherever nothing is made: a write transaction would wait for the write lock, and a
 * stopped program could hold it for ever. */
static int open_tables(struct env *env, enum env_access access, const char *const *tables,
                       size_t count)
{
    MDB_txn *txn;
    int code = mdb_txn_begin(env->mdb, NULL, access == ENV_CREATE ? 0 : MDB_RDONLY, &txn);
    if (code)
        return env_translate(code);
    for (size_t i = 0; i < count && code == 0; i++)
        code = mdb_dbi_open(txn, tables[i], access == ENV_CREATE ? MDB_CREATE : 0, &env->table[i]);
    if (code == 0)
        return env_translate(mdb_txn_commit(txn));
    mdb_txn_abort(txn);
    return code == MDB_NOTFOUND ? ERR_UNINITIALISED : env_translate(code);
}

static int open_mdb(struct env *env, enum env_access access, uint64_t map_size)
{
    int code = mdb_env_create(&env->mdb);
    if (code)
        return env_translate(code);
    mdb_env_set_userctx(env->mdb, env);
    mdb_env_set_maxdbs(env->mdb, TABLES_MAX);
    mdb_env_set_maxreaders(env->mdb, READERS_MAX);
    mdb_env_set_mapsize(env->mdb, map_size);
    return env_translate(mdb_env_open(
        env->mdb, env->folder, MDB_NOTLS | (access == ENV_READ ? MDB_RDONLY : 0), DATA_MODE));
}

static int check_file(const struct env *env, enum env_access access, struct error *why)
{
    struct stat status;
    bool there = lstat(env->data_path, &status) == 0;

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
    if (!S_ISREG(status.st_mode))
        return error_set(why, -EINVAL, "%s is not a regular file", env->data_path);
    if (status.st_size == 0)
        return error_set(why, ERR_CORRUPT, "%s is empty: restore it from a backup", env->data_path);
    return 0;
}

static bool is_open_here(const struct env *env)
{
    struct stat status;

    if (lstat(env->lock_path, &status) < 0)
        return false;
    for (const struct env *e = opened; e; e = e->next)
        if (e->process == getpid() && is_same_file(&e->lock_identity, &status))
            return true;
    return false;
}

/* Whoever opens a store that nobody else has open holds its lock file alone for a moment. LMDB
 * waits for them without a limit, even for one that was stopped in that moment. */
static int wait_for_opener(int fd)
{
    const struct timespec step = {.tv_nsec = 10 * 1000000};

    for (int waited = 0; waited < OPEN_PATIENCE_MS; waited += 10) {
        struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_len = 1};
        if (fcntl(fd, F_GETLK, &lock) < 0)
            return -errno;
        if (lock.l_type == F_UNLCK)
            return 0;
        nanosleep(&step, NULL);
    }
    return ERR_BUSY;
}

/* Left to itself, LMDB would make the lock file with what the umask leaves of its permissions,
 * follow a symbolic link, and on a read-only file system go on without it: then a writer elsewhere
 * uses pages again that are being read here. */
static int prepare_lock_file(struct env *env, struct error *why)
{
    int code = 0;
    int fd =
        open(env->lock_path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, LOCK_MODE);

    /* A restored copy may lack it, and who only reads the store cannot make it. */
    if (fd < 0 && errno == EACCES && access(env->lock_path, F_OK) < 0 && errno == ENOENT)
        return error_set(why, -EACCES,
                         "%s is missing, and this user may not make it: `optout stats`, run as "
                         "root, does",
                         env->lock_path);
    if (fd < 0 || fstat(fd, &env->lock_identity) < 0)
        code = -errno;
    else if (!S_ISREG(env->lock_identity.st_mode))
        code = -EINVAL;
    else if (env->lock_identity.st_uid == geteuid() &&
             (env->lock_identity.st_mode & 07777) != LOCK_MODE && fchmod(fd, LOCK_MODE) < 0)
        code = -errno;
    else
        code = wait_for_opener(fd);
    if (fd >= 0)
        close(fd);
    if (code == ERR_BUSY)
        return env_explain(env, code, why);
    return code ? error_set(why, code, "cannot open %s: %s", env->lock_path, error_name(code)) : 0;
}

/* From now on nobody else in this process opens the store. */
static int claim(struct env *env, struct error *why)
{
    pthread_mutex_lock(&opened_lock);
    int code = is_open_here(env)
                   ? error_set(why, -EBUSY, "%s is open already in this process", env->data_path)
                   : prepare_lock_file(env, why);
    if (code == 0) {
        env->process = getpid();
        env->next = opened;
        opened = env;
    }
    pthread_mutex_unlock(&opened_lock);
    return code;
}

/* A new name is on disk only when its folder is. */
static int sync_folder(const struct env *env)
{
    int fd = open(env->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int code = fd < 0 || fsync(fd) < 0 ? -errno : 0;
    if (fd >= 0)
        close(fd);
    return code;
}

static int open_checked(struct env *env, enum env_access access, uint64_t map_size,
                        const char *const *tables, size_t table_count)
{
    MDB_stat stat_;
    struct stat named;
    mdb_filehandle_t fd;
    int dead;

    int code = open_mdb(env, access, map_size);
    if (code)
        return code;
    if (mdb_env_get_fd(env->mdb, &fd) != 0 || fstat(fd, &env->data_identity) < 0)
        return ERR_FATAL;
    /* Lock file and data file were opened one after the other, and the folder may have changed
     * places with another in between: then this lock would guard another file than all others'. */
    code = check_names(env, &named);
    if (code)
        return code;
    mdb_env_stat(env->mdb, &stat_);
    env->page_size = stat_.ms_psize;
    if (access != ENV_CREATE) {
        code = check_length(env);
        if (code)
            return code;
    }
    mdb_reader_check(env->mdb, &dead);
    code = open_tables(env, access, tables, table_count);
    if (code == 0 && access == ENV_CREATE)
        code = env_set_mode(env, DATA_MODE);
    return code == 0 && access == ENV_CREATE ? sync_folder(env) : code;
}

static int open_once(const char *folder, enum env_access access, uint64_t map_size,
                     const char *const *tables, size_t table_count, struct env **env,
                     struct error *why)
{
    struct env *e = calloc(1, sizeof *e);
    int code = -ENOMEM;

    if (!e || !(e->folder = strdup(folder)) || !(e->data_path = file_join(folder, ENV_DATA_FILE)) ||
        !(e->lock_path = file_join(folder, ENV_LOCK_FILE))) {
        error_set(why, code, "%s: no memory to open it", folder);
        goto out;
    }
    code = check_file(e, access, why);
    if (code == 0)
        code = claim(e, why);
    if (code)
        goto out;
    code = open_checked(e, access, map_size, tables, table_count);
    if (code)
        env_explain(e, code, why);
out:
    if (code)
        env_close(e);
    else
        *env = e;
    return code;
}

int env_open(const char *folder, enum env_access access, uint64_t map_size,
             const char *const *tables, size_t table_count, struct env **env, struct error *why)
{
    int code = ERR_RETIRED;
    /* Another store takes its place once in a while, not again and again. */
    for (int i = 0; i < OPEN_TRIES && code == ERR_RETIRED; i++)
        code = open_once(folder, access, map_size, tables, table_count, env, why);
    return code;
}

void env_close(struct env *env)
{
    if (!env)
        return;
    pthread_mutex_lock(&opened_lock);
    if (env->mdb)
        mdb_env_close(env->mdb);
    struct env **e = &opened;
    while (*e && *e != env)
        e = &(*e)->next;
    if (*e)
        *e = env->next;
    pthread_mutex_unlock(&opened_lock);
    free(env->lock_path);
    free(env->data_path);
    free(env->folder);
    free(env);
}
