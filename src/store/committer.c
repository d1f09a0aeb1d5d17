#include "store/committer.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

enum state {
    WAITING, /* in the queue; its caller may still take it back */
    TAKEN,   /* in a transaction; its caller waits for the outcome */
    DONE,
};

struct ticket {
    committer_job job;
    void *argument;
    enum state state;
    int result;
    struct timespec until; /* it waits in the queue; the time in a transaction does not count */
    pthread_cond_t turn;   /* its state is another one */
    struct ticket *next;
};

struct committer {
    struct env *env;
    pthread_t thread;
    pthread_mutex_t lock; /* guards all below */
    pthread_condattr_t monotonic;
    pthread_cond_t work; /* something is waiting, or it is stopping */
    pthread_cond_t idle; /* it has ended, or nobody is within committer_run */
    struct ticket *first;
    struct ticket **end;
    struct timespec taken; /* when the queue was taken last */
    unsigned callers;      /* within committer_run */
    bool stopping;
    bool ended;
};

/* Everything but the signals that tell of a fault in this very thread. */
static void block_signals(sigset_t *before)
{
    sigset_t all;
    sigfillset(&all);
    sigdelset(&all, SIGSEGV);
    sigdelset(&all, SIGBUS);
    sigdelset(&all, SIGFPE);
    sigdelset(&all, SIGILL);
    sigdelset(&all, SIGABRT);
    pthread_sigmask(SIG_BLOCK, &all, before);
}

static void add_time(struct timespec *at, time_t seconds, long nanoseconds)
{
    at->tv_sec += seconds;
    at->tv_nsec += nanoseconds;
    if (at->tv_nsec >= 1000000000L || at->tv_nsec < 0) {
        long carry = at->tv_nsec < 0 ? -1 : 1;
        at->tv_sec += carry;
        at->tv_nsec -= carry * 1000000000L;
    }
}

static void deadline(struct timespec *at)
{
    clock_gettime(CLOCK_MONOTONIC, at);
    add_time(at, COMMITTER_PATIENCE_MS / 1000, COMMITTER_PATIENCE_MS % 1000 * 1000000L);
}

static struct ticket *take_all(struct committer *c)
{
    pthread_mutex_lock(&c->lock);
    struct ticket *all = c->first;
    for (struct ticket *t = all; t; t = t->next)
        t->state = TAKEN;
    c->first = NULL;
    c->end = &c->first;
    clock_gettime(CLOCK_MONOTONIC, &c->taken);
    pthread_mutex_unlock(&c->lock);
    return all;
}

/* Puts what was taken back to the front. Its callers may give up again meanwhile: the write lock,
 * once let go, can be long in coming back. */
static void give_back(struct committer *c, struct ticket *list)
{
    struct ticket **end = &list;
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    pthread_mutex_lock(&c->lock);
    for (; *end; end = &(*end)->next) {
        (*end)->state = WAITING;
        pthread_cond_signal(&(*end)->turn);
        add_time(&(*end)->until, now.tv_sec - c->taken.tv_sec, now.tv_nsec - c->taken.tv_nsec);
    }
    *end = c->first;
    if (!c->first)
        c->end = end == &list ? &c->first : end;
    c->first = list;
    pthread_mutex_unlock(&c->lock);
}

/* Answers a ticket, under the lock; it is gone once that is let go. */
static void answer(struct ticket *ticket, int result)
{
    ticket->result = result;
    ticket->state = DONE;
    pthread_cond_signal(&ticket->turn);
}

static void finish(struct committer *c, struct ticket *ticket, int result)
{
    pthread_mutex_lock(&c->lock);
    answer(ticket, result);
    pthread_mutex_unlock(&c->lock);
}

static void finish_all(struct committer *c, struct ticket *list, int result)
{
    pthread_mutex_lock(&c->lock);
    for (; list; list = list->next)
        answer(list, result);
    pthread_mutex_unlock(&c->lock);
}

/* Runs the jobs in the transaction. The first that fails is taken out of the list and answered; the
 * transaction is then spoilt: false. */
static bool run_jobs(struct committer *c, struct txn *txn, struct ticket **list)
{
    for (struct ticket **t = list; *t; t = &(*t)->next) {
        struct ticket *ticket = *t;
        int code = ticket->job(txn, ticket->argument);
        if (code) {
            *t = ticket->next;
            finish(c, ticket, code);
            return false;
        }
    }
    return true;
}

/* One transaction for all that waits; a piece that fails does not take the others with it. The
 * queue is taken only once the lock is ours, so that whoever waited too long could go. */
static void commit_waiting(struct committer *c)
{
    struct txn *txn;

    int code = txn_begin_write(c->env, &txn);
    struct ticket *list = take_all(c);
    if (code) {
        finish_all(c, list, code);
    } else if (!list) {
        txn_abort(txn);
    } else if (run_jobs(c, txn, &list)) {
        finish_all(c, list, txn_commit(txn));
    } else {
        txn_abort(txn);
        give_back(c, list);
    }
}

static void *work(void *argument)
{
    struct committer *c = argument;

    for (;;) {
        pthread_mutex_lock(&c->lock);
        while (!c->first && !c->stopping)
            pthread_cond_wait(&c->work, &c->lock);
        c->ended = !c->first;
        bool end = c->ended;
        if (end)
            pthread_cond_signal(&c->idle);
        pthread_mutex_unlock(&c->lock);
        if (end)
            return NULL;
        commit_waiting(c);
    }
}

int committer_start(struct env *env, struct committer **committer)
{
    sigset_t before;
    struct committer *c = calloc(1, sizeof *c);

    if (!c)
        return -ENOMEM;
    c->env = env;
    c->end = &c->first;
    pthread_mutex_init(&c->lock, NULL);
    pthread_condattr_init(&c->monotonic);
    pthread_condattr_setclock(&c->monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&c->work, NULL);
    pthread_cond_init(&c->idle, &c->monotonic);
    block_signals(&before);
    int code = pthread_create(&c->thread, NULL, work, c);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (code) {
        free(c);
        return -code;
    }
    pthread_setname_np(c->thread, "committing"); /* for top(1) and perf(1) */
    *committer = c;
    return 0;
}

static bool has_passed(const struct timespec *at)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec > at->tv_sec || (now.tv_sec == at->tv_sec && now.tv_nsec >= at->tv_nsec);
}

static void take_back(struct committer *c, struct ticket *ticket)
{
    struct ticket **t = &c->first;
    while (*t != ticket)
        t = &(*t)->next;
    *t = ticket->next;
    if (!*t)
        c->end = t;
}

int committer_run(struct committer *c, committer_job job, void *argument)
{
    struct ticket ticket = {.job = job, .argument = argument, .state = WAITING};
    sigset_t before;

    block_signals(&before);
    deadline(&ticket.until);
    pthread_cond_init(&ticket.turn, &c->monotonic);
    pthread_mutex_lock(&c->lock);
    c->callers++;
    *c->end = &ticket;
    c->end = &ticket.next;
    pthread_cond_signal(&c->work);
    while (ticket.state != DONE) {
        struct timespec until = ticket.until;
        if (ticket.state == TAKEN) {
            pthread_cond_wait(&ticket.turn, &c->lock);
        } else if (has_passed(&until)) {
            take_back(c, &ticket);
            ticket.result = ERR_BUSY;
            break;
        } else {
            pthread_cond_timedwait(&ticket.turn, &c->lock, &until);
        }
    }
    if (--c->callers == 0 && c->stopping)
        pthread_cond_signal(&c->idle);
    pthread_mutex_unlock(&c->lock);
    pthread_cond_destroy(&ticket.turn);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ticket.result;
}

int committer_stop(struct committer *c)
{
    struct timespec until;

    if (!c)
        return 0;
    deadline(&until);
    pthread_mutex_lock(&c->lock);
    c->stopping = true;
    pthread_cond_signal(&c->work);
    int code = 0;
    while (!(c->ended && c->callers == 0) && code == 0)
        code = pthread_cond_timedwait(&c->idle, &c->lock, &until);
    bool ended = c->ended && c->callers == 0;
    pthread_mutex_unlock(&c->lock);
    if (!ended)
        return ERR_BUSY;
    pthread_join(c->thread, NULL);
    pthread_cond_destroy(&c->idle);
    pthread_cond_destroy(&c->work);
    pthread_condattr_destroy(&c->monotonic);
    pthread_mutex_destroy(&c->lock);
    free(c);
    return 0;
}
