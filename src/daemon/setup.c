#include "daemon/setup.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct setups {
    char *config_path;
    const struct setup_kind *kind;
    pthread_mutex_t lock; /* guards all below */
    struct setup *setup;
    int64_t keys_tried; /* seconds; when missing keys were looked for last */
};

static void read_keys(struct setup *setup)
{
    const char *folder = setup->config->key_dir;

    int code = keys_read_lookup(folder, &setup->key, &setup->key_why);
    if (code == 0 &&
        (code = token_sealer_new(keys_current_token(&setup->key), &setup->sealer)) != 0)
        error_set(&setup->key_why, code, "no token can be made: %s", error_name(code));
    if (code == 0 && setup->kind->needs_address_key)
        code = keys_read_address(folder, &setup->address, &setup->key_why);
    setup->key_code = code;
}

/* Takes over the reference to the configuration, whatever happens. */
static struct setup *new_setup(const struct setup_kind *kind, const struct config *config)
{
    struct setup *s = calloc(1, sizeof *s);
    if (!s) {
        config_release(config);
        return NULL;
    }
    s->kind = kind;
    s->config = config;
    atomic_init(&s->users, 1);
    return s;
}

static int make_setup(const struct setup_kind *kind, const struct config *config,
                      struct setup **setup, struct error *why)
{
    struct setup *s = new_setup(kind, config);
    if (!s)
        return error_set(why, -ENOMEM, "no memory for the configuration");
    int code = kind->make ? kind->make(config, &s->extra, why) : 0;
    if (code) {
        setup_give(s);
        return code;
    }
    read_keys(s);
    *setup = s;
    return 0;
}

static int read_setup(const struct setups *setups, struct setup **setup, struct error *why)
{
    struct config *config;
    int code = config_read(setups->config_path, &config, why);
    return code ? code : make_setup(setups->kind, config, setup, why);
}

struct setup *setup_hold(struct setup *setup)
{
    atomic_fetch_add(&setup->users, 1);
    return setup;
}

void setup_give(struct setup *setup)
{
    if (!setup || atomic_fetch_sub(&setup->users, 1) > 1)
        return;
    if (setup->lender)
        setup_give(setup->lender);
    else if (setup->extra)
        setup->kind->release(setup->extra);
    config_release(setup->config);
    token_sealer_free(setup->sealer);
    keys_forget(&setup->key, sizeof setup->key);
    keys_forget(&setup->address, sizeof setup->address);
    free(setup);
}

/* Under the lock. */
static void replace(struct setups *setups, struct setup *setup)
{
    struct setup *old = setups->setup;
    setups->setup = setup;
    setup_give(old);
}

/* Keys that were missing may have been put back; looked for once a second at most. Everybody waits
 * meanwhile, so what was made of the configuration is borrowed: making pages takes time. */
static void look_for_keys(struct setups *setups)
{
    struct setup *old = setups->setup;
    int64_t now = clock_now();

    if (old->key_code == 0 || setups->keys_tried == now)
        return;
    setups->keys_tried = now;
    struct setup *fresh = new_setup(setups->kind, config_hold(old->config));
    if (!fresh)
        return;
    fresh->lender = setup_hold(old->lender ? old->lender : old);
    fresh->extra = old->extra;
    read_keys(fresh);
    if (fresh->key_code == 0)
        log_info("%s: the keys are there now", fresh->config->key_dir);
    replace(setups, fresh);
}

struct setup *setups_take(struct setups *setups)
{
    pthread_mutex_lock(&setups->lock);
    look_for_keys(setups);
    struct setup *setup = setup_hold(setups->setup);
    pthread_mutex_unlock(&setups->lock);
    return setup;
}

int setups_new(const char *config_path, const struct setup_kind *kind, struct setups **setups,
               struct error *why)
{
    struct setups *s = calloc(1, sizeof *s);
    char *path = strdup(config_path);
    if (!s || !path) {
        free(s);
        free(path);
        return error_set(why, -ENOMEM, "no memory");
    }
    s->config_path = path;
    s->kind = kind;
    pthread_mutex_init(&s->lock, NULL);
    int code = read_setup(s, &s->setup, why);
    if (code)
        setups_free(s);
    else
        *setups = s;
    return code;
}

void setups_free(struct setups *setups)
{
    if (!setups)
        return;
    setup_give(setups->setup);
    pthread_mutex_destroy(&setups->lock);
    free(setups->config_path);
    free(setups);
}

int setups_read(struct setups *setups, struct setup **fresh, struct error *why)
{
    struct setup *s;
    int code = read_setup(setups, &s, why);
    if (code == 0 && s->key_code) {
        code = error_set(why, s->key_code, "%s", s->key_why.text);
        setup_give(s);
    }
    if (code == 0)
        *fresh = s;
    return code;
}

void setups_replace(struct setups *setups, struct setup *fresh)
{
    pthread_mutex_lock(&setups->lock);
    replace(setups, fresh);
    pthread_mutex_unlock(&setups->lock);
}
