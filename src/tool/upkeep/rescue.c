#include "tool/upkeep/rescue.h"

#include "store/renew.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- in a process of its own --- */

/* Whether an error tells of the bytes that were read, and not of the disk, the memory or somebody
 * who holds a lock. */
static bool is_damage(int code)
{
    static const int codes[] = {ERR_CORRUPT, ERR_FORMAT, ERR_UNINITIALISED, ERR_KEY,
                                ERR_SCOPE,   ERR_EXISTS, ERR_NOT_FOUND,     ERR_SYNTAX};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i] == code)
            return true;
    return false;
}

static void fail(struct rescue *rescue, int code)
{
    rescue->result = code == ERR_FOREIGN ? RESCUE_FOREIGN
                     : is_damage(code)   ? RESCUE_FAILED
                                         : RESCUE_ABORTED;
    rescue->code = code;
}

static void take_over(struct part_store *from, struct part_store *to, struct rescue *rescue)
{
    struct txn *txn;
    uint64_t events;

    int code = txn_begin_read(from->store->env, &txn);
    if (code) {
        fail(rescue, env_explain(from->store->env, code, &rescue->why));
        return;
    }
    code = store_carry(from->store, txn, to->store, &rescue->why);
    if (code)
        fail(rescue, code);
    else if (journal_verify(from->store, txn, NULL, NULL, &events, &rescue->why))
        rescue->result = RESCUED_DAMAGED;
    else
        rescue->result = RESCUED;
    txn_abort(txn);
}

static void tell_missing(const struct part *part, struct rescue *rescue)
{
    rescue->result = RESCUE_MISSING;
    error_set(&rescue->why, ERR_NOT_FOUND, "there was none in %s", part->folder);
}

static void read_old(const struct part *part, const struct part_keys *keys, bool join,
                     struct part_store *fresh, struct rescue *rescue)
{
    struct part_store old;

    int code = part_open(part, part->folder, ENV_READ, keys, &old, &rescue->why);
    if (code) {
        fail(rescue, code);
        if (code == ERR_NOT_FOUND)
            tell_missing(part, rescue);
        return;
    }
    if (!join && !store_is_related(old.store, fresh->store)) {
        error_set(&rescue->why, ERR_FOREIGN,
                  "the backup is of another %s than the one in %s, they have no event in common: "
                  "with --join all that is in either is kept",
                  part->name, part->folder);
        rescue->result = RESCUE_FOREIGN;
    } else {
        take_over(&old, fresh, rescue);
    }
    part_close(&old);
}

static void work(const struct part *part, const struct part_keys *keys, bool join,
                 struct rescue *rescue)
{
    struct part_store fresh;

    int code = part_open(part, part->aside, ENV_WRITE, keys, &fresh, &rescue->why);
    if (code) {
        rescue->result = RESCUE_ABORTED;
        rescue->code = code;
        return;
    }
    read_old(part, keys, join, &fresh, rescue);
    part_close(&fresh);
}

/* --- in ours --- */

/* What LMDB says before it aborts, or a signal's handler, is nothing for our users. */
static void be_silent(void)
{
    int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (fd >= 0)
        dup2(fd, STDERR_FILENO);
}

static void be_child(int fd, const struct part *part, const struct part_keys *keys, bool join)
{
    struct rescue rescue = {.result = RESCUE_ABORTED, .code = -EIO};

    be_silent();
    work(part, keys, join, &rescue);
    ssize_t written = write(fd, &rescue, sizeof rescue); /* less than a pipe takes at once */
    _exit(written == (ssize_t)sizeof rescue ? 0 : 1);
}

/* Somebody's signal, or that of a system without memory, tells nothing of the store. */
static bool was_killed(int status)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (WIFSIGNALED(status) && WTERMSIG(status) == faults[i])
            return false;
    return WIFSIGNALED(status);
}

static int await(pid_t child, int fd, const struct part *part, struct rescue *rescue)
{
    struct rescue told;
    ssize_t n;
    int status;

    do
        n = read(fd, &told, sizeof told);
    while (n < 0 && errno == EINTR);
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    if (n == (ssize_t)sizeof told && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        *rescue = told;
        return 0;
    }
    if (was_killed(status)) {
        rescue->result = RESCUE_ABORTED;
        rescue->code = error_set(&rescue->why, -EAGAIN,
                                 "the process that read %s was killed by signal %d (%s), try again",
                                 part->folder, WTERMSIG(status), strsignal(WTERMSIG(status)));
        return 0;
    }
    rescue->result = RESCUE_FAILED;
    error_set(&rescue->why, ERR_CORRUPT, "%s", "it is damaged: reading it crashes LMDB");
    return 0;
}

int rescue_run(const struct part *part, const struct part_keys *keys, bool join,
               struct rescue *rescue)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    pid_t child = fork();
    if (child == 0)
        be_child(ends[1], part, keys, join);
    int code = child < 0 ? -errno : 0;
    close(ends[1]);
    if (code == 0)
        code = await(child, ends[0], part, rescue);
    close(ends[0]);
    return code;
}
