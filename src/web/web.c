#include "web/web.h"

#include "base/clock.h"
#include "base/log.h"
#include "daemon/start.h"
#include "speech/texts.h"
#include "web/keyed.h"
#include "web/metrics.h"
#include "web/notifier.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A page that says it is in one language and is half in another is read aloud wrongly. */
static void warn_of_texts(const struct texts *texts)
{
    for (size_t i = 0; i < texts->language_count; i++) {
        size_t lacking = texts_lacking(texts, i);
        if (lacking > 0)
            log_warning("texts.xml: %zu of %zu texts are missing in %s, and %s instead", lacking,
                        texts->count, texts->languages[i], i == 0 ? "empty" : "English");
    }
}

static int make_pages(const struct config *config, void **extra, struct error *why)
{
    struct pages *pages;
    int code = pages_load(config, &pages, why);
    if (code)
        return code;
    warn_of_texts(pages_texts(pages));
    *extra = pages;
    return 0;
}

static void release_pages(void *extra)
{
    pages_free(extra);
}

int web_check(const struct config *config, struct error *why)
{
    void *pages = NULL;
    int code = make_pages(config, &pages, why);
    pages_free(pages);
    return code;
}

static const struct setup_kind setup_kind = {
    .needs_address_key = true, .make = make_pages, .release = release_pages};

const struct pages *web_pages(const struct setup *setup)
{
    return setup->extra;
}

int64_t web_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int open_stores(struct web *web)
{
    struct setup *setup = setups_take(web->setups);
    int code =
        stores_new(setup->config,
                   (struct stores_access){.list = ENV_WRITE, .ledger = ENV_WRITE, .or_read = true},
                   &web->stores);
    if (code == 0) {
        web->chronicle = chronicle_new("web", setup->config->web.listen, false);
        code = web->chronicle ? chronicle_start(web->chronicle, setup->config) : -ENOMEM;
    }
    setup_give(setup);
    return code;
}

int web_start(const char *config_path, struct web **web, struct error *why)
{
    struct web *w = calloc(1, sizeof *w);
    if (!w)
        return error_set(why, -ENOMEM, "no memory");
    int code = setups_new(config_path, &setup_kind, &w->setups, why);
    if (code == 0) {
        w->limits = limits_new();
        w->keyed = keyed_new();
        w->metrics = metrics_new();
        code = w->limits && w->keyed && w->metrics ? open_stores(w) : -ENOMEM;
        if (code == 0)
            code = notifier_start(w, &w->notifier);
        if (code)
            error_set(why, code, "%s", code == -ENOMEM ? "no memory" : error_name(code));
    }
    if (code)
        web_stop(w);
    else
        *web = w;
    return code;
}

void web_stop(struct web *web)
{
    notifier_stop(web->notifier);
    metrics_free(web->metrics);
    chronicle_free(web->chronicle);
    stores_free(web->stores);
    keyed_free(web->keyed);
    limits_free(web->limits);
    setups_free(web->setups);
    free(web);
}

/* What a reload cannot change, because it was given away at the start. */
static void warn_of_fixed(const struct config *old, const struct config *new)
{
    if (strcmp(old->data_dir, new->data_dir) != 0 ||
        strcmp(old->web.listen, new->web.listen) != 0 || old->list_size != new->list_size ||
        old->web.connections != new->web.connections)
        log_warning("%s: data_dir, web_listen, list_size and web_connections take effect at the "
                    "next start",
                    new->path);
}

int web_tell(struct web *web, struct error *why)
{
    struct setup *setup = setups_take(web->setups);
    struct ledger *ledger;

    int code = setup->key_code ? error_set(why, setup->key_code, "%s", setup->key_why.text)
                               : stores_take_ledger(web->stores, &setup->key, &ledger, why);
    if (code == 0) {
        code = chronicle_write(web->chronicle, ledger, why);
        stores_give_ledger(web->stores);
    }
    setup_give(setup);
    return code;
}

static void tell(struct web *web)
{
    struct error why;
    if (web_tell(web, &why))
        log_warning("the ledger does not have the configuration yet: %s", why.text);
}

int web_reload(struct web *web, struct error *why)
{
    struct setup *fresh;

    int code = setups_read(web->setups, &fresh, why);
    if (code)
        return code;
    struct setup *old = setups_take(web->setups);
    warn_of_fixed(old->config, fresh->config);
    setup_give(old);
    setup_hold(fresh);
    setups_replace(web->setups, fresh);
    if (chronicle_change(web->chronicle, fresh->config, clock_now_ms()))
        log_error("no memory to tell the ledger of the configuration");
    setup_give(fresh);
    tell(web);
    return 0;
}

void web_warn(struct web *web)
{
    struct setup *setup = setups_take(web->setups);
    struct list *list;
    struct error why;

    if (setup->key_code) {
        daemon_warn("opt-outs are answered with 503", setup->key_code, &setup->key_why);
    } else {
        int code = stores_take_list(web->stores, &setup->key, &setup->address, &list, &why);
        if (code)
            daemon_warn("opt-outs are answered with 503", code, &why);
        else
            stores_give_list(web->stores);
    }
    if (!setup->config->policy.public_url)
        log_warning("public_url is not set: no mail leads here");
    setup_give(setup);
    tell(web);
}
