#include "web/route.h"

#include "web/answer.h"
#include "web/general.h"
#include "web/health.h"
#include "web/metrics.h"
#include "web/optout.h"

#include <stdio.h>
#include <string.h>

/* What a path leads to; the rest of the path is its argument. */
struct route {
    const char *prefix;
    bool whole; /* nothing comes behind the prefix */
    void (*get)(struct visit *visit, const char *rest);
    void (*post)(struct visit *visit, const char *rest);
};

/* --- small handlers ------------------------------------------------------------------------- */

/* Machines of this host alone: what a proxy passes on comes from elsewhere. */
static bool is_for_machines(struct visit *visit)
{
    if (visit->request->local)
        return true;
    answer_not_found(visit->request, visit->setup);
    return false;
}

static void get_health(struct visit *visit, const char *rest)
{
    (void)rest;
    visit->request->asked = ASKED_MACHINE;
    if (is_for_machines(visit))
        health_get(visit);
}

static void get_metrics(struct visit *visit, const char *rest)
{
    (void)rest;
    visit->request->asked = ASKED_MACHINE;
    if (is_for_machines(visit))
        metrics_get(visit);
}

static void get_robots(struct visit *visit, const char *rest)
{
    (void)rest;
    visit->request->asked = ASKED_ASSET;
    answer_text(visit->request, 200, "User-agent: *\nDisallow: /\n");
}

/* "s/" alone is the page of everything. */
static void get_general(struct visit *visit, const char *scope)
{
    general_get(visit, *scope ? scope : "/");
}

static void post_general(struct visit *visit, const char *scope)
{
    general_post(visit, *scope ? scope : "/");
}

static bool send_asset(struct visit *visit, const char *name)
{
    const struct page_asset *asset = pages_asset(web_pages(visit->setup), name);
    struct response *response = &visit->request->response;

    if (!asset)
        return false;
    visit->request->asked = ASKED_ASSET;
    response->status = 200;
    response->type = BODY_ASSET;
    snprintf(response->media_type, sizeof response->media_type, "%s", asset->type);
    text_append_bytes(&response->body, asset->bytes, asset->length);
    return true;
}

/* What has a dot is no token. */
static void get_link(struct visit *visit, const char *token)
{
    if (strchr(token, '.') && send_asset(visit, token))
        return;
    optout_get(visit, token);
}

static const struct route routes[] = {
    {"/healthz", true, get_health, NULL},
    {"/metrics", true, get_metrics, NULL},
    {"/robots.txt", true, get_robots, NULL},
    {"/s/", false, get_general, post_general},
    {"/u/", false, optout_get_notice, optout_post_notice},
    {"/", false, get_link, optout_post},
};

/* --- */

static bool leads_to(const struct route *route, const char *path)
{
    return route->whole ? strcmp(path, route->prefix) == 0
                        : strncmp(path, route->prefix, strlen(route->prefix)) == 0;
}

static void follow(const struct route *route, struct visit *visit)
{
    const char *rest = visit->path + strlen(route->prefix);

    if (visit->request->method == METHOD_GET || visit->request->method == METHOD_HEAD)
        route->get(visit, rest);
    else if (visit->request->method != METHOD_POST || !route->post)
        answer_method(visit->request, visit->setup, route->post ? "GET, HEAD, POST" : "GET, HEAD");
    else if (!visit->request->understood)
        answer_bad(visit->request, visit->setup);
    else
        route->post(visit, rest);
}

const char *route_path(const char *public_url, const char *path)
{
    const char *host = public_url ? strstr(public_url, "://") : NULL;
    const char *prefix = host ? strchr(host + 3, '/') : NULL;
    size_t length = prefix ? strlen(prefix) : 0; /* its last sign is a slash */

    return length > 1 && strncmp(path, prefix, length) == 0 ? path + length - 1 : path;
}

void route_request(struct web *web, struct request *request)
{
    struct setup *setup = setups_take(web->setups);
    struct visit visit = {web, request, setup,
                          route_path(setup->config->policy.public_url, request->path)};
    size_t i = 0;

    while (i < sizeof routes / sizeof *routes && !leads_to(&routes[i], visit.path))
        i++;
    if (i == sizeof routes / sizeof *routes)
        answer_not_found(request, setup);
    else
        follow(&routes[i], &visit);
    setup_give(setup);
}
