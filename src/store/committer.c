#include "store/committer.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#define GATHER_US 250
#define WATCH_MS 100 /* beyond its patience that something submitted waits, at most */

enum state {
    WAITING, /* in the queue; its caller may still take it back */
    TAKEN,   /* in a transaction; its caller waits for the outcome */
    DONE,
};

struct ticket {
    committer_job job;
    void *argument;
    committer_done done; /* NULL: its caller waits within committer_run */
    void *done_argument;
    enum state state;
    int result;
    struct timespec until; /* it waits in the queue; the time in a transaction does not count */
    pthread_cond_t turn;   /* its state is another one; where the caller waits */
    struct ticket *next;
};

struct committer {
    struct env *env;
    pthread_t thread;
    pthread_mutex_t lock; /* guards all below */
    pthread_condattr_t monotonic;
    pthread_cond_t work; /* something is waiting, or it is stopping */
    pthread_cond_t idle; /* it has ended, or nobody is waiting for an outcome */
    struct ticket *first;
    struct ticket **end;
    struct timespec taken; /* when the queue was taken last */
    bool crowd;            /* several had been submitted by then */
    unsigned callers;      /* within committer_run, or submitted and not told yet */
    bool stopping;
    bool ended;
    /* What was submitted has no caller's thread that could give up, so another one does. */
    pthread_t watcher;
    bool has_watcher;
    bool watching;          /* it looks at the queue now and then */
    pthread_cond_t watched; /* something was submitted while it did not, or it is stopping */
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
    unsigned submitted = 0;
    for (struct ticket *t = all; t; t = t->next) {
        t->state = TAKEN;
        submitted += t->done != NULL;
    }
    c->crowd = submitted > 1;
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
        if (!(*end)->done)
            pthread_cond_signal(&(*end)->turn);
        add_time(&(*end)->until, now.tv_sec - c->taken.tv_sec, now.tv_nsec - c->taken.tv_nsec);
    }
    *end = c->first;
    if (!c->first)
        c->end = end == &list ? &c->first : end;
    c->first = list;
    pthread_mutex_unlock(&c->lock);
}

/* Those that may now be told, taken out of the list; the callers of the others are woken, and their
 * tickets are gone once the lock is let go. */
static struct ticket *answer(struct ticket *list, int result)
{
    struct ticket *submitted = NULL, *next;

    for (; list; list = next) {
        next = list->next;
        list->result = result;
        list->state = DONE;
        if (list->done) {
            list->next = submitted;
            submitted = list;
        } else {
            pthread_cond_signal(&list->turn);
        }
    }
    return submitted;
}

/* Without the lock. */
static void tell(struct committer *c, struct ticket *list)
{
    struct ticket *next;
    unsigned told = 0;

    for (; list; list = next, told++) {
        next = list->next;
        list->done(list->done_argument, list->result);
        free(list);
    }
    if (told == 0)
        return;
    pthread_mutex_lock(&c->lock);
    c->callers -= told;
    if (c->callers == 0 && c->stopping)
        pthread_cond_signal(&c->idle);
    pthread_mutex_unlock(&c->lock);
}

static void finish_all(struct committer *c, struct ticket *list, int result)
{
    pthread_mutex_lock(&c->lock);
    struct ticket *submitted = answer(list, result);
    pthread_mutex_unlock(&c->lock);
    tell(c, submitted);
}

static void finish(struct committer *c, struct ticket *ticket, int result)
{
    ticket->next = NULL;
    finish_all(c, ticket, result);
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

/* Where several were submitted together the next are on their way, and each woke this thread as
 * soon as it was the first: so they are given a moment. Nobody's thread waits for it, and one who
 * comes alone has no crowd before him. */
static void gather_crowd(bool crowd)
{
    const struct timespec moment = {.tv_nsec = GATHER_US * 1000L};
    if (crowd)
        nanosleep(&moment, NULL);
}

static void *work(void *argument)
{
    struct committer *c = argument;

    for (;;) {
        pthread_mutex_lock(&c->lock);
        while (!c->first && !c->stopping)
            pthread_cond_wait(&c->work, &c->lock);
        c->ended = !c->first;
        bool end = c->ended, crowd = c->crowd && !c->stopping;
        if (end) {
            pthread_cond_signal(&c->idle);
            pthread_cond_signal(&c->watched);
        }
        pthread_mutex_unlock(&c->lock);
        if (end)
            return NULL;
        gather_crowd(crowd);
        commit_waiting(c);
    }
}

static int start_thread(pthread_t *thread, void *(*run)(void *), struct committer *c)
{
    sigset_t before;

    block_signals(&before);
    int code = pthread_create(thread, NULL, run, c);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -code;
}

int committer_start(struct env *env, struct committer **committer)
{
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
    pthread_cond_init(&c->watched, &c->monotonic);
    int code = start_thread(&c->thread, work, c);
    if (code) {
        free(c);
        return code;
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

/* Under the lock. */
static void enqueue(struct committer *c, struct ticket *ticket)
{
    c->callers++;
    *c->end = ticket;
    c->end = &ticket->next;
    pthread_cond_signal(&c->work);
}

int committer_run(struct committer *c, committer_job job, void *argument)
{
    struct ticket ticket = {.job = job, .argument = argument, .state = WAITING};
    sigset_t before;

    block_signals(&before);
    deadline(&ticket.until);
    pthread_cond_init(&ticket.turn, &c->monotonic);
    pthread_mutex_lock(&c->lock);
    enqueue(c, &ticket);
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

/* --- without waiting --- */

/* Takes what was submitted and has waited too long out of the queue. Under the lock; *more says
 * whether something submitted is still there. */
static struct ticket *take_late(struct committer *c, bool *more)
{
    struct ticket *late = NULL, **t = &c->first;

    *more = false;
    while (*t) {
        struct ticket *ticket = *t;
        if (!ticket->done || !has_passed(&ticket->until)) {
            *more = *more || ticket->done;
            t = &ticket->next;
            continue;
        }
        *t = ticket->next;
        ticket->result = ERR_BUSY;
        ticket->next = late;
        late = ticket;
    }
    c->end = t;
    return late;
}

static void *watch(void *argument)
{
    struct committer *c = argument;
    struct timespec next;

    pthread_mutex_lock(&c->lock);
    while (!c->ended) {
        struct ticket *late = take_late(c, &c->watching);
        if (late) {
            pthread_mutex_unlock(&c->lock);
            tell(c, late);
            pthread_mutex_lock(&c->lock);
            continue;
        }
        clock_gettime(CLOCK_MONOTONIC, &next);
        add_time(&next, 0, WATCH_MS * 1000000L);
        if (c->watching)
            pthread_cond_timedwait(&c->watched, &c->lock, &next);
        else
            pthread_cond_wait(&c->watched, &c->lock);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

/* Under the lock. */
static int have_watcher(struct committer *c)
{
    int code = c->has_watcher ? 0 : start_thread(&c->watcher, watch, c);
    c->has_watcher = code == 0;
    return code;
}

int committer_submit(struct committer *c, committer_job job, void *argument, committer_done done,
                     void *done_argument)
{
    struct ticket *ticket = calloc(1, sizeof *ticket);
    if (!ticket)
        return -ENOMEM;
    *ticket = (struct ticket){.job = job,
                              .argument = argument,
                              .done = done,
                              .done_argument = done_argument,
                              .state = WAITING};
    deadline(&ticket->until);
    pthread_mutex_lock(&c->lock);
    int code = have_watcher(c);
    if (code == 0) {
        enqueue(c, ticket);
        if (!c->watching)
            pthread_cond_signal(&c->watched);
        c->watching = true;
    }
    pthread_mutex_unlock(&c->lock);
    if (code)
        free(ticket);
    return code;
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
    if (c->has_watcher)
        pthread_join(c->watcher, NULL);
    pthread_cond_destroy(&c->watched);
    pthread_cond_destroy(&c->idle);
    pthread_cond_destroy(&c->work);
    pthread_condattr_destroy(&c->monotonic);
    pthread_mutex_destroy(&c->lock);
    free(c);
    return 0;
}
