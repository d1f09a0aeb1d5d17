#include "web/notifier.h"

#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define IDLE_SECONDS 10 /* after which the ledger is told what it could not be told before */

/* One that waits. */
struct task {
    struct setup *setup;
    struct notice notice;
    struct task *next;
};

struct notifier {
    struct web *web;
    pthread_t thread;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t work;
    struct task *first;
    struct task **end;
    unsigned count;
    bool stopping;
};

static void free_task(struct task *task)
{
    setup_give(task->setup);
    free(task);
}

/* --- sending --------------------------------------------------------------------------------- */

static int prepare_with(struct web *web, const struct task *task, struct list *list,
                        struct text *message, struct error *why)
{
    const struct setup *setup = task->setup;
    struct notice_means means = {.config = setup->config,
                                 .texts = pages_texts(web_pages(setup)),
                                 .sealer = setup->sealer,
                                 .list = list};

    int code = stores_take_ledger(web->stores, &setup->key, &means.ledger, why);
    if (code)
        return code;
    code = notice_prepare(&means, &task->notice, message, why);
    stores_give_ledger(web->stores);
    return code;
}

static int prepare(struct web *web, const struct task *task, struct text *message,
                   struct error *why)
{
    const struct setup *setup = task->setup;
    struct list *list;

    int code = stores_take_list(web->stores, &setup->key, &setup->address, &list, why);
    if (code)
        return code;
    code = prepare_with(web, task, list, message, why);
    stores_give_list(web->stores);
    return code;
}

/* No store is held while a slow mail server is waited for: one that was replaced could not be
 * opened meanwhile, and opt-outs would be answered with 503. */
static void send_notice(struct web *web, const struct task *task)
{
    struct text message = TEXT_EMPTY;
    struct error why = {"no memory"};

    int code = prepare(web, task, &message, &why);
    if (code == 0)
        code = notice_hand_over(task->setup->config, &task->notice, &message, &web->notifier_stops,
                                &why);
    text_release(&message);
    if (code && code != ERR_NOT_FOUND && code != ERR_EXISTS)
        log_warning("the notice of event %llu is lost: %s",
                    (unsigned long long)task->notice.undo.event.number, why.text);
}

/* NULL: it is the end, or there was none for some time. */
static struct task *next_task(struct notifier *n)
{
    struct timespec until;
    int code = 0;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += IDLE_SECONDS;
    pthread_mutex_lock(&n->lock);
    while (!n->first && !n->stopping && code == 0)
        code = pthread_cond_timedwait(&n->work, &n->lock, &until);
    struct task *task = n->stopping ? NULL : n->first;
    if (task) {
        n->first = task->next;
        n->count--;
        if (!n->first)
            n->end = &n->first;
    }
    pthread_mutex_unlock(&n->lock);
    return task;
}

static void *work(void *argument)
{
    struct notifier *n = argument;

    while (!n->web->notifier_stops) {
        struct task *task = next_task(n);
        if (task) {
            send_notice(n->web, task);
            free_task(task);
        } else if (!n->web->notifier_stops) {
            web_tell(n->web, NULL);
        }
    }
    return NULL;
}

/* --- */

int notifier_start(struct web *web, struct notifier **notifier)
{
    struct notifier *n = calloc(1, sizeof *n);

    if (!n)
        return -ENOMEM;
    n->web = web;
    n->end = &n->first;
    pthread_mutex_init(&n->lock, NULL);
    pthread_cond_init(&n->work, NULL);
    int code = pthread_create(&n->thread, NULL, work, n);
    if (code) {
        free(n);
        return -code;
    }
    *notifier = n;
    return 0;
}

void notifier_stop(struct notifier *n)
{
    struct task *next;

    if (!n)
        return;
    n->web->notifier_stops = true;
    pthread_mutex_lock(&n->lock);
    n->stopping = true;
    pthread_cond_signal(&n->work);
    pthread_mutex_unlock(&n->lock);
    pthread_join(n->thread, NULL);
    if (n->count)
        log_warning("%u notices that waited are lost", n->count);
    for (struct task *task = n->first; task; task = next) {
        next = task->next;
        free_task(task);
    }
    pthread_cond_destroy(&n->work);
    pthread_mutex_destroy(&n->lock);
    free(n);
}

void notifier_add(struct notifier *n, struct setup *setup, const struct notice *notice)
{
    if (!notice_is_on(setup->config, notice->scope))
        return;
    struct task *task = calloc(1, sizeof *task);
    if (!task)
        return;
    task->setup = setup_hold(setup);
    task->notice = *notice;
    pthread_mutex_lock(&n->lock);
    bool full = n->count >= NOTIFIER_MAX;
    if (!full) {
        *n->end = task;
        n->end = &task->next;
        n->count++;
        pthread_cond_signal(&n->work);
    }
    pthread_mutex_unlock(&n->lock);
    if (full) {
        log_warning("a notice is lost: %d wait already", NOTIFIER_MAX);
        free_task(task);
    }
}
