/* The committer: one thread of a process that does all its writing to one store.
 *
 * It gathers what is waiting, runs it in one transaction, commits once, and wakes all of them. A
 * caller that has not been taken up within COMMITTER_PATIENCE_MS gives up with ERR_BUSY: LMDB's own
 * lock knows no time limit, and everybody who may read the list can hold it. */
#ifndef STORE_COMMITTER_H
#define STORE_COMMITTER_H

#include "store/env.h"

#define COMMITTER_PATIENCE_MS 2000

struct committer;

/* One piece of writing, all or nothing. It runs on the committer's thread, perhaps a second time
 * after somebody else's piece in the same transaction failed, so it must set its results anew each
 * time. ERR_EXISTS and others that it returns reach the caller. */
typedef int (*committer_job)(struct txn *txn, void *argument);

/* -errno. The environment stays the caller's and must live longer. */
int committer_start(struct env *env, struct committer **committer);

/* Runs the job and returns when it is on disk (0), or when it is certain that it is not (any
 * error). Stop signals of the terminal are held off meanwhile: a process stopped in the middle
 * would hold the write lock. */
int committer_run(struct committer *committer, committer_job job, void *argument);

/* Called once with the outcome, as committer_run returns it, on a thread of the committer: whoever
 * keeps it long keeps others waiting. */
typedef void (*committer_done)(void *argument, int result);

/* The same without waiting: returns at once, and `done` is told. -ENOMEM, -EAGAIN: it was not
 * taken, and `done` is not called. From any thread; a caller that may be stopped by the terminal
 * uses committer_run. */
int committer_submit(struct committer *committer, committer_job job, void *argument,
                     committer_done done, void *done_argument);

/* Ends the thread after what is waiting was done and its callers know, and frees it; nobody may
 * come any more. NULL is allowed. ERR_BUSY: the thread still waits for a write lock that somebody
 * else holds; it and the environment must then be left as they are until the process ends. */
int committer_stop(struct committer *committer);

#endif
