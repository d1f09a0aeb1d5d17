#include "milter/service.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TALLY_SECONDS 10

static const struct setup_kind setup_kind = {0};

struct service_private {
    /* Held while the ledger is told, which takes a setup: a reload shall not take that for a
     * message that is under way. */
    pthread_mutex_t telling;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t wake;
    bool stopping;
    pthread_t writer;
};

/* --- what the ledger is told now and then --- */

void service_write_tally(struct service *service)
{
    pthread_mutex_lock(&service->private->telling);
    struct setup *setup = setups_take(service->setups);
    struct ledger *ledger;
    struct error why;

    if (setup->key_code == 0 &&
        stores_take_ledger(service->stores, &setup->key, &ledger, &why) == 0) {
        if (chronicle_write(service->chronicle, ledger, &why))
            log_warning("the ledger does not have the configuration yet: %s", why.text);
        if (tally_write(service->tally, ledger, &why))
            log_warning("counts are kept in memory for now: %s", why.text);
        stores_give_ledger(service->stores);
    }
    setup_give(setup);
    pthread_mutex_unlock(&service->private->telling);
}

static void *write_tallies(void *argument)
{
    struct service *service = argument;
    struct service_private *p = service->private;

    pthread_mutex_lock(&p->lock);
    while (!p->stopping) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += TALLY_SECONDS;
        pthread_cond_timedwait(&p->wake, &p->lock, &until);
        if (p->stopping)
            break;
        pthread_mutex_unlock(&p->lock);
        service_write_tally(service);
        pthread_mutex_lock(&p->lock);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* --- */

static struct service *allocate(void)
{
    struct service *service = calloc(1, sizeof *service);
    struct service_private *p = calloc(1, sizeof *p);
    struct tally *tally = tally_new();

    if (!service || !p || !tally) {
        free(service);
        free(p);
        tally_free(tally);
        return NULL;
    }
    pthread_mutex_init(&p->telling, NULL);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    service->private = p;
    service->tally = tally;
    return service;
}

static void release(struct service *service)
{
    struct service_private *p = service->private;
    stores_free(service->stores);
    tally_free(service->tally);
    chronicle_free(service->chronicle);
    setups_free(service->setups);
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->lock);
    pthread_mutex_destroy(&p->telling);
    free(p);
    free(service);
}

static int open_stores(struct service *service)
{
    struct setup *setup = setups_take(service->setups);
    int code =
        stores_new(setup->config, (struct stores_access){.list = ENV_READ, .ledger = ENV_WRITE},
                   &service->stores);
    setup_give(setup);
    return code;
}

static int begin_chronicle(struct service *service)
{
    struct setup *setup = setups_take(service->setups);
    int code = -ENOMEM;

    service->chronicle = chronicle_new("milter", setup->config->listen, true);
    if (service->chronicle)
        code = chronicle_start(service->chronicle, setup->config);
    setup_give(setup);
    return code;
}

int service_start(const char *config_path, struct service **service, struct error *why)
{
    struct service *s = allocate();
    if (!s)
        return error_set(why, -ENOMEM, "no memory");
    int code = setups_new(config_path, &setup_kind, &s->setups, why);
    if (code == 0)
        code = open_stores(s);
    if (code == 0)
        code = begin_chronicle(s);
    if (code == 0)
        code = -pthread_create(&s->private->writer, NULL, write_tallies, s);
    if (code)
        release(s);
    else
        *service = s;
    return code;
}

void service_end(struct service *service)
{
    atomic_store(&service->ended, true);
    if (atomic_load(&service->messages) == 0 && chronicle_stop(service->chronicle))
        log_warning("no memory to tell the ledger of the end");
}

void service_stop(struct service *service)
{
    struct service_private *p = service->private;
    pthread_mutex_lock(&p->lock);
    p->stopping = true;
    pthread_cond_signal(&p->wake);
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->writer, NULL);
    service_write_tally(service);
    release(service);
}

/* What a reload cannot change, because it was given away at the start. */
static void warn_of_fixed(const struct config *old, const struct config *new)
{
    if (strcmp(old->data_dir, new->data_dir) != 0 || strcmp(old->listen, new->listen) != 0 ||
        old->list_size != new->list_size || old->ledger_size != new->ledger_size)
        log_warning("%s: data_dir, listen, list_size and ledger_size take effect at the next start",
                    new->path);
}

static int check_scopes(const struct setup *setup, struct list_view *view, struct error *why)
{
    const struct policy *policy = &setup->config->policy;

    for (size_t i = 0; i < policy->stream_count; i++) {
        const struct stream *stream = &policy->streams[i];
        if (list_scope_known(view, stream->scope) == ERR_SCOPE)
            return error_set(
                why, ERR_SCOPE,
                "%s: stream %s: scope %s is not registered: `optout scope add %s` does it",
                setup->config->path, stream->rule.name, stream->scope, stream->scope);
    }
    return 0;
}

int service_check_list(struct service *service, const struct setup *setup, struct error *why)
{
    struct list_view *view;
    struct list *list;

    int code = stores_take_list(service->stores, &setup->key, NULL, &list, why);
    if (code)
        return code == ERR_KEY ? code : 0; /* mail waits for the list anyway */
    if (list_view_begin(list, &view) == 0) {
        code = check_scopes(setup, view, why);
        list_view_end(view);
    }
    stores_give_list(service->stores);
    return code;
}

/* From a moment before the first message under the new one, to one behind the last under the old.
 */
static void replace(struct service *service, struct setup *fresh)
{
    int64_t since_ms = clock_now_ms();

    setup_hold(fresh);
    pthread_mutex_lock(&service->private->telling);
    setups_replace(service->setups, fresh);
    if (chronicle_change(service->chronicle, fresh->config, since_ms))
        log_error("no memory to tell the ledger of the configuration");
    pthread_mutex_unlock(&service->private->telling);
    setup_give(fresh);
    service_write_tally(service);
}

int service_reload(struct service *service, struct error *why)
{
    struct setup *fresh;

    int code = setups_read(service->setups, &fresh, why);
    if (code)
        return code;
    code = service_check_list(service, fresh, why);
    if (code) {
        setup_give(fresh);
        return code;
    }
    struct setup *old = setups_take(service->setups);
    warn_of_fixed(old->config, fresh->config);
    setup_give(old);
    replace(service, fresh);
    return 0;
}
