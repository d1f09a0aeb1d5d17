#include "milter/service.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TALLY_SECONDS 10

struct service_private {
    char *config_path;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t wake;
    struct setup *setup;
    int64_t keys_tried; /* seconds; when missing keys were looked for last */
    bool stopping;
    pthread_t writer;
};

/* --- setups --- */

static void read_keys(struct setup *setup)
{
    int code = keys_read_lookup(setup->config->key_dir, &setup->key, &setup->key_why);
    if (code == 0 &&
        (code = token_sealer_new(keys_current_token(&setup->key), &setup->sealer)) != 0)
        error_set(&setup->key_why, code, "no token can be made: %s", error_name(code));
    setup->key_code = code;
}

static int read_setup(const char *path, struct setup **setup, struct error *why)
{
    struct config *config;
    int code = config_read(path, &config, why);
    if (code)
        return code;
    struct setup *s = calloc(1, sizeof *s);
    if (!s) {
        config_release(config);
        return error_set(why, -ENOMEM, "no memory for the configuration");
    }
    s->config = config;
    atomic_init(&s->users, 1);
    read_keys(s);
    *setup = s;
    return 0;
}

void service_give_setup(struct setup *setup)
{
    if (!setup || atomic_fetch_sub(&setup->users, 1) > 1)
        return;
    config_release(setup->config);
    token_sealer_free(setup->sealer);
    keys_forget(&setup->key, sizeof setup->key);
    free(setup);
}

static void replace_setup(struct service_private *p, struct setup *setup)
{
    struct setup *old = p->setup;
    p->setup = setup;
    service_give_setup(old);
}

/* Keys that were missing may have been put back; looked for once a second at most. */
static void look_for_keys(struct service_private *p)
{
    struct setup *fresh;
    int64_t now = clock_now();

    if (p->setup->key_code == 0 || p->keys_tried == now)
        return;
    p->keys_tried = now;
    fresh = calloc(1, sizeof *fresh);
    if (!fresh)
        return;
    fresh->config = config_hold(p->setup->config);
    atomic_init(&fresh->users, 1);
    read_keys(fresh);
    if (fresh->key_code == 0)
        log_info("%s: the keys are there now", fresh->config->key_dir);
    replace_setup(p, fresh);
}

struct setup *service_take_setup(struct service *service)
{
    struct service_private *p = service->private;
    pthread_mutex_lock(&p->lock);
    look_for_keys(p);
    struct setup *setup = p->setup;
    atomic_fetch_add(&setup->users, 1);
    pthread_mutex_unlock(&p->lock);
    return setup;
}

/* --- the tally --- */

void service_write_tally(struct service *service)
{
    struct setup *setup = service_take_setup(service);
    struct ledger *ledger;
    struct error why;

    if (setup->key_code == 0 &&
        stores_take_ledger(service->stores, &setup->key, &ledger, &why) == 0) {
        if (tally_write(service->tally, ledger, &why))
            log_warning("counts are kept in memory for now: %s", why.text);
        stores_give_ledger(service->stores);
    }
    service_give_setup(setup);
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

static struct service *allocate(const char *config_path)
{
    struct service *service = calloc(1, sizeof *service);
    struct service_private *p = calloc(1, sizeof *p);
    char *path = strdup(config_path);
    struct tally *tally = tally_new();

    if (!service || !p || !path || !tally) {
        free(service);
        free(p);
        free(path);
        tally_free(tally);
        return NULL;
    }
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    p->config_path = path;
    service->private = p;
    service->tally = tally;
    return service;
}

static void release(struct service *service)
{
    struct service_private *p = service->private;
    stores_free(service->stores);
    tally_free(service->tally);
    service_give_setup(p->setup);
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->lock);
    free(p->config_path);
    free(p);
    free(service);
}

int service_start(const char *config_path, struct service **service, struct error *why)
{
    struct service *s = allocate(config_path);
    if (!s)
        return error_set(why, -ENOMEM, "no memory");
    int code = read_setup(config_path, &s->private->setup, why);
    if (code == 0)
        code = stores_new(s->private->setup->config, &s->stores);
    if (code == 0)
        code = -pthread_create(&s->private->writer, NULL, write_tallies, s);
    if (code)
        release(s);
    else
        *service = s;
    return code;
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

    int code = stores_take_list(service->stores, &setup->key, &list, why);
    if (code)
        return code == ERR_KEY ? code : 0; /* mail waits for the list anyway */
    if (list_view_begin(list, &view) == 0) {
        code = check_scopes(setup, view, why);
        list_view_end(view);
    }
    stores_give_list(service->stores);
    return code;
}

int service_reload(struct service *service, struct error *why)
{
    struct service_private *p = service->private;
    struct setup *fresh;

    int code = read_setup(p->config_path, &fresh, why);
    if (code)
        return code;
    if (fresh->key_code)
        code = error_set(why, fresh->key_code, "%s", fresh->key_why.text);
    else
        code = service_check_list(service, fresh, why);
    if (code) {
        service_give_setup(fresh);
        return code;
    }
    pthread_mutex_lock(&p->lock);
    warn_of_fixed(p->setup->config, fresh->config);
    replace_setup(p, fresh);
    pthread_mutex_unlock(&p->lock);
    return 0;
}
