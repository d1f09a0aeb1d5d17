#include "web/deadlines.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#define HELD INT64_MAX

struct deadline {
    struct deadline *next, **link; /* `link` leads to this one */
    int fd;
    unsigned seconds;
    _Atomic int64_t end; /* second in which the time is over; HELD: it does not count now */
};

struct deadlines {
    pthread_t thread;
    pthread_mutex_t lock; /* guards all below, and that no `fd` is closed */
    pthread_cond_t end;
    struct deadline *first;
    bool stopping;
};

static struct timespec now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time;
}

/* Under the lock. */
static void look(struct deadlines *d, int64_t second)
{
    for (struct deadline *one = d->first; one; one = one->next)
        if (atomic_load(&one->end) <= second) {
            shutdown(one->fd, SHUT_RDWR);
            atomic_store(&one->end, HELD);
        }
}

static void *watch(void *argument)
{
    struct deadlines *d = argument;

    pthread_mutex_lock(&d->lock);
    while (!d->stopping) {
        struct timespec next = now();
        look(d, next.tv_sec);
        next.tv_sec++;
        pthread_cond_timedwait(&d->end, &d->lock, &next);
    }
    pthread_mutex_unlock(&d->lock);
    return NULL;
}

int deadlines_start(struct deadlines **deadlines)
{
    struct deadlines *d = calloc(1, sizeof *d);
    pthread_condattr_t monotonic;

    if (!d)
        return -ENOMEM;
    pthread_mutex_init(&d->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&d->end, &monotonic);
    pthread_condattr_destroy(&monotonic);
    int code = pthread_create(&d->thread, NULL, watch, d);
    if (code) {
        free(d);
        return -code;
    }
    pthread_setname_np(d->thread, "deadlines");
    *deadlines = d;
    return 0;
}

void deadlines_stop(struct deadlines *d)
{
    if (!d)
        return;
    pthread_mutex_lock(&d->lock);
    d->stopping = true;
    pthread_cond_signal(&d->end);
    pthread_mutex_unlock(&d->lock);
    pthread_join(d->thread, NULL);
    pthread_cond_destroy(&d->end);
    pthread_mutex_destroy(&d->lock);
    free(d);
}

struct deadline *deadlines_enter(struct deadlines *d, int fd, unsigned seconds)
{
    struct deadline *one = calloc(1, sizeof *one);

    if (!one)
        return NULL;
    one->fd = fd;
    one->seconds = seconds;
    deadline_hold(one);
    pthread_mutex_lock(&d->lock);
    one->next = d->first;
    one->link = &d->first;
    if (one->next)
        one->next->link = &one->next;
    d->first = one;
    pthread_mutex_unlock(&d->lock);
    return one;
}

void deadlines_leave(struct deadlines *d, struct deadline *one)
{
    if (!one)
        return;
    pthread_mutex_lock(&d->lock);
    *one->link = one->next;
    if (one->next)
        one->next->link = one->link;
    pthread_mutex_unlock(&d->lock);
    free(one);
}

/* The second that has begun does not count. */
void deadline_begin(struct deadline *one)
{
    if (one)
        atomic_store(&one->end, now().tv_sec + 1 + one->seconds);
}

void deadline_hold(struct deadline *one)
{
    if (one)
        atomic_store(&one->end, HELD);
}
