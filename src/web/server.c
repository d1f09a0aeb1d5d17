#include "web/server.h"

#include "base/socket.h"
#include "web/access.h"
#include "web/answer.h"
#include "web/client.h"
#include "web/deadlines.h"
#include "web/metrics.h"
#include "web/route.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MEMORY                                                                                     \
    24576          /* octets for the head of a request and of its answer, and a piece of the body */
#define PIECE 1024 /* octets of a form's field that are decoded at once */
#define THREADS_MIN 2
#define THREADS_MAX 8
#define SOCKET_MODE 0666 /* its folder says who may come, as with a port nobody does */
#define MOMENT_NS (20 * 1000 * 1000)
#define DRAIN_MOMENTS                                                                              \
    15 /* of 20 ms that a stop takes at least: a request may lie in its socket                     \
        */

/* The longest free text, in three octets of which each is a %XX, and all else of that form. */
_Static_assert(9 * PAGE_TEXT_MAX + 512 <= SERVER_BODY_MAX, "what the page allows has to fit");

struct server {
    struct web *web;
    struct MHD_Daemon *daemon;
    struct deadlines *deadlines;
    struct socket_place place;
    int fd;
    atomic_uint exchanges; /* requests between their first line and the end of the answer */
    atomic_bool closed;    /* no more of them are taken */
};

#define TOO_LARGE "The request is too large.\n"

/* One request and its connection. */
struct exchange {
    struct request request; /* the first member, so that it leads here */
    struct server *server;
    struct MHD_Connection *connection;
    struct MHD_PostProcessor *form;
    struct deadline *deadline; /* the connection's; NULL: there was no memory for it */
    bool counted;              /* among the client's, and to be taken out again */
    struct text forwarded;     /* all X-Forwarded-For, in one */
    size_t received;           /* octets of the body */
    bool too_large;            /* the body is only read to its end */
    bool suspended;            /* the next call comes when the handler can go on */
    bool answered;
};

/* --- answering ------------------------------------------------------------------------------ */

static const char *content_type(const struct response *response)
{
    switch (response->type) {
    case BODY_PLAIN:
        return "text/plain; charset=utf-8";
    case BODY_HTML:
        return "text/html; charset=utf-8";
    case BODY_METRICS:
        return "text/plain; version=0.0.4; charset=utf-8";
    case BODY_ASSET:
        return response->media_type;
    }
    return "application/octet-stream";
}

/* Nothing of a page is kept by whoever it passes, found by a search engine, or told to where its
 * links lead. */
static void add_fields(struct MHD_Response *out, const struct response *response, bool closing)
{
    char seconds[16];
    bool page = response->type == BODY_HTML, is_seen = page || response->type == BODY_ASSET;
    const char *cache =
        response->type == BODY_ASSET ? "public, max-age=31536000, immutable" : "no-store";
    snprintf(seconds, sizeof seconds, "%u", response->retry_after);
    const struct {
        const char *name;
        const char *value;
    } fields[] = {
        {MHD_HTTP_HEADER_CONTENT_TYPE, content_type(response)},
        {MHD_HTTP_HEADER_CACHE_CONTROL, cache},
        {"X-Content-Type-Options", "nosniff"},
        {"Content-Security-Policy", is_seen ? PAGE_CONTENT_SECURITY_POLICY : NULL},
        {"Referrer-Policy", page ? "no-referrer" : NULL},
        {"X-Robots-Tag", page ? "noindex, nofollow" : NULL},
        {MHD_HTTP_HEADER_VARY, page ? "Accept-Language" : NULL},
        {MHD_HTTP_HEADER_ALLOW, response->allow},
        {MHD_HTTP_HEADER_RETRY_AFTER, response->retry_after ? seconds : NULL},
        {MHD_HTTP_HEADER_CONNECTION, closing ? "close" : NULL},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (fields[i].value)
            MHD_add_response_header(out, fields[i].name, fields[i].value);
}

static enum MHD_Result answer(struct exchange *e)
{
    struct response *response = &e->request.response;
    struct web *web = e->server->web;
    struct text *body = &response->body;

    e->answered = true;
    if (body->failed)
        return MHD_NO; /* no memory: the connection is closed */
    struct MHD_Response *out = MHD_create_response_from_buffer(
        body->length, body->length ? body->data : NULL, MHD_RESPMEM_MUST_FREE);
    if (!out)
        return MHD_NO;
    *body = TEXT_EMPTY; /* it belongs to the response now */
    deadline_begin(e->deadline);
    add_fields(out, response, atomic_load(&web->draining));
    enum MHD_Result queued = MHD_queue_response(e->connection, response->status, out);
    MHD_destroy_response(out);
    metrics_answered(web->metrics, &e->request);
    return queued;
}

static void log_access(struct exchange *e)
{
    struct setup *setup = setups_take(e->server->web->setups);
    bool wanted = setup->config->web.access_log;
    setup_give(setup);
    if (wanted)
        access_log(&e->request, web_clock() - e->request.begun);
}

/* --- suspending ----------------------------------------------------------------------------- */

static void suspend(struct request *request)
{
    struct exchange *e = (struct exchange *)request;
    e->suspended = true;
    MHD_suspend_connection(e->connection);
}

static void resume(struct request *request)
{
    MHD_resume_connection(((struct exchange *)request)->connection);
}

/* --- reading -------------------------------------------------------------------------------- */

static enum method method_of(const char *name)
{
    if (strcmp(name, MHD_HTTP_METHOD_GET) == 0)
        return METHOD_GET;
    if (strcmp(name, MHD_HTTP_METHOD_HEAD) == 0)
        return METHOD_HEAD;
    return strcmp(name, MHD_HTTP_METHOD_POST) == 0 ? METHOD_POST : METHOD_OTHER;
}

static enum MHD_Result take_forwarded(void *argument, enum MHD_ValueKind kind, const char *name,
                                      const char *value)
{
    struct exchange *e = argument;
    (void)kind;

    if (!text_equal(name, "X-Forwarded-For") || !value)
        return MHD_YES;
    if (e->forwarded.length > 0)
        text_append(&e->forwarded, ",");
    text_append(&e->forwarded, value);
    return MHD_YES;
}

static struct ip peer_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    return client_peer(info ? info->client_addr : NULL);
}

/* Finds out whose request it is, and whether that is one too many: what comes by way of a proxy is
 * counted here and not by connections, which are the proxy's. */
static bool find_client(struct exchange *e)
{
    struct ip peer = peer_of(e->connection);
    struct limits *limits = e->server->web->limits;
    struct setup *setup = setups_take(e->server->web->setups);
    unsigned most = setup->config->web.client_connections;

    MHD_get_connection_values(e->connection, MHD_HEADER_KIND, take_forwarded, e);
    e->request.client = client_of(&setup->config->web, &peer, e->forwarded.data);
    e->request.local = client_is_local(&peer, e->forwarded.data) &&
                       !MHD_lookup_connection_value(e->connection, MHD_HEADER_KIND, "Forwarded");
    setup_give(setup);
    if (memcmp(&peer, &e->request.client, sizeof peer) == 0)
        return true;
    if (limits_connections(limits, &e->request.client) >= most)
        return false;
    limits_enter(limits, &e->request.client);
    e->counted = true;
    return true;
}

static enum MHD_Result take_field(void *argument, enum MHD_ValueKind kind, const char *key,
                                  const char *file, const char *type, const char *encoding,
                                  const char *data, uint64_t offset, size_t size)
{
    struct request *request = argument;
    enum field field = key ? request_field_named(key) : FIELD_COUNT;
    (void)kind, (void)file, (void)type, (void)encoding;

    return field == FIELD_COUNT || request_take(request, field, data, offset, size) ? MHD_YES
                                                                                    : MHD_NO;
}

/* 0, or the status of a request that is too large. A body that is not much too large is read first:
 * who still writes when the connection is closed may lose the answer. */
static unsigned check_size(struct exchange *e)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(e->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    const char *length =
        MHD_lookup_connection_value(e->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    uint64_t octets = 0;

    if (info && info->header_size > SERVER_HEADER_MAX)
        return MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE;
    if (length && (text_to_u64(length, UINT64_MAX, &octets) < 0 || octets > SERVER_BODY_READ))
        return MHD_HTTP_CONTENT_TOO_LARGE;
    e->too_large = octets > SERVER_BODY_MAX;
    return 0;
}

static enum MHD_Result refuse(struct exchange *e, unsigned status, const char *why)
{
    answer_text(&e->request, status, why);
    log_access(e);
    return answer(e);
}

static enum MHD_Result refuse_crowd(struct exchange *e)
{
    metrics_turned_away(e->server->web->metrics);
    e->request.response.retry_after = ANSWER_RETRY;
    return refuse(e, MHD_HTTP_TOO_MANY_REQUESTS, "These are too many requests at once.\n");
}

static enum MHD_Result begin(struct exchange *e, const char *path, const char *method)
{
    struct request *request = &e->request;

    request->begun = web_clock();
    request->path = path;
    request->method = method_of(method);
    request->understood = true;
    request->accept_language = MHD_lookup_connection_value(e->connection, MHD_HEADER_KIND,
                                                           MHD_HTTP_HEADER_ACCEPT_LANGUAGE);
    request->suspend = suspend;
    request->resume = resume;
    if (!find_client(e))
        return refuse_crowd(e);
    unsigned status = check_size(e);
    if (status)
        return refuse(e, status, TOO_LARGE);
    if (request->method != METHOD_POST)
        return MHD_YES;
    e->form = MHD_create_post_processor(e->connection, PIECE, take_field, request);
    request->understood = e->form != NULL;
    return MHD_YES;
}

static enum MHD_Result take_body(struct exchange *e, const char *data, size_t *size)
{
    size_t length = *size;

    *size = 0;
    e->received += length;
    if (e->received > SERVER_BODY_READ)
        return MHD_NO; /* one that did not tell its length: the connection is closed */
    e->too_large = e->too_large || e->received > SERVER_BODY_MAX;
    if (e->form && !e->too_large && e->request.understood &&
        MHD_post_process(e->form, data, length) == MHD_NO)
        e->request.understood = false;
    return MHD_YES;
}

/* The end of a form can hold back its last field. */
static void end_form(struct exchange *e)
{
    if (e->form && MHD_destroy_post_processor(e->form) == MHD_NO)
        e->request.understood = false;
    e->form = NULL;
}

/* --- what libmicrohttpd calls --------------------------------------------------------------- */

static enum MHD_Result go_on(struct exchange *e)
{
    struct request *request = &e->request;

    if (e->suspended) {
        e->suspended = false;
        request->finish(request);
    } else if (e->too_large) {
        return refuse(e, MHD_HTTP_CONTENT_TOO_LARGE, TOO_LARGE);
    } else {
        end_form(e);
        deadline_hold(e->deadline);
        route_request(e->server->web, request);
    }
    if (e->suspended)
        return MHD_YES;
    log_access(e);
    return answer(e);
}

/* Counts a request, unless the end has come. */
static bool enter(struct server *server)
{
    atomic_fetch_add(&server->exchanges, 1);
    if (!atomic_load(&server->closed))
        return true;
    atomic_fetch_sub(&server->exchanges, 1);
    return false;
}

/* What on_connection left with it. */
static struct deadline *deadline_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static enum MHD_Result on_request(void *argument, struct MHD_Connection *connection,
                                  const char *url, const char *method, const char *version,
                                  const char *data, size_t *size, void **state)
{
    struct server *server = argument;
    struct exchange *e = *state;
    (void)version;

    if (!e) {
        if (!enter(server))
            return MHD_NO;
        e = calloc(1, sizeof *e);
        if (!e) {
            atomic_fetch_sub(&server->exchanges, 1);
            return MHD_NO;
        }
        e->server = server;
        e->connection = connection;
        e->deadline = deadline_of(connection);
        *state = e;
        return begin(e, url, method);
    }
    if (*size > 0)
        return take_body(e, data, size);
    return e->answered ? MHD_YES : go_on(e);
}

static void on_completed(void *argument, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    struct exchange *e = *state;
    struct server *server = argument;
    (void)connection, (void)code;

    if (!e)
        return;
    if (e->suspended) /* it was resumed, and found its client gone */
        e->request.abandon(&e->request);
    if (e->form)
        MHD_destroy_post_processor(e->form);
    if (e->counted)
        limits_leave(server->web->limits, &e->request.client);
    deadline_begin(e->deadline);
    text_release(&e->forwarded);
    request_release(&e->request);
    free(e);
    *state = NULL;
    atomic_fetch_sub(&server->exchanges, 1);
}

/* Slow clients take connections; a proxy has many clients, whose requests are counted. */
static enum MHD_Result on_accept(void *argument, const struct sockaddr *address, socklen_t length)
{
    struct server *server = argument;
    struct ip peer = client_peer(address);
    struct setup *setup = setups_take(server->web->setups);
    const struct web_config *web = &setup->config->web;
    (void)length;

    bool welcome = client_is_proxy(web, &peer) ||
                   limits_connections(server->web->limits, &peer) < web->client_connections;
    setup_give(setup);
    if (!welcome)
        metrics_turned_away(server->web->metrics);
    return welcome ? MHD_YES : MHD_NO;
}

/* A connection that is kept may be silent before the next request begins. */
static struct deadline *enter_deadline(struct server *server, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct setup *setup = setups_take(server->web->setups);
    unsigned seconds = SERVER_IDLE_SECONDS + setup->config->web.request_seconds;

    setup_give(setup);
    struct deadline *deadline =
        info ? deadlines_enter(server->deadlines, info->connect_fd, seconds) : NULL;
    deadline_begin(deadline);
    return deadline;
}

static void on_connection(void *argument, struct MHD_Connection *connection, void **state,
                          enum MHD_ConnectionNotificationCode code)
{
    struct server *server = argument;
    struct ip peer = peer_of(connection);

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        limits_enter(server->web->limits, &peer);
        *state = enter_deadline(server, connection);
    } else {
        limits_leave(server->web->limits, &peer);
        deadlines_leave(server->deadlines, *state);
    }
}

/* --- start and stop ------------------------------------------------------------------------- */

static unsigned thread_count(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores < THREADS_MIN ? THREADS_MIN : cores > THREADS_MAX ? THREADS_MAX : (unsigned)cores;
}

static struct MHD_Daemon *start_daemon(struct server *server, unsigned connections)
{
    return MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, on_accept,
                            server, on_request, server, MHD_OPTION_LISTEN_SOCKET, server->fd,
                            MHD_OPTION_THREAD_POOL_SIZE, thread_count(),
                            MHD_OPTION_CONNECTION_LIMIT, connections, MHD_OPTION_CONNECTION_TIMEOUT,
                            (unsigned)SERVER_IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                            (size_t)MEMORY, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
                            MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_END);
}

static int serve(struct server *server, unsigned connections, struct error *why)
{
    int code = deadlines_start(&server->deadlines);
    if (code)
        return error_set(why, code, "no thread for deadlines: %s", error_name(code));
    server->daemon = start_daemon(server, connections);
    if (server->daemon)
        return 0;
    deadlines_stop(server->deadlines);
    return error_set(why, -EAGAIN, "libmicrohttpd does not start");
}

int server_start(struct web *web, struct server **server, struct error *why)
{
    struct server *s = calloc(1, sizeof *s);
    if (!s)
        return error_set(why, -ENOMEM, "no memory");
    s->web = web;
    struct setup *setup = setups_take(web->setups);
    const char *listen = setup->config->web.listen;
    struct error said;
    int code = socket_parse(listen, &s->place);
    if (code == 0)
        code = socket_listen(&s->place, SOCKET_MODE, &s->fd, &said);
    if (code) {
        error_set(why, code, "web_listen = \"%s\": %.400s", listen, said.text);
    } else {
        code = serve(s, setup->config->web.connections, why);
        if (code)
            close(s->fd);
    }
    setup_give(setup);
    if (code)
        free(s);
    else
        *server = s;
    return code;
}

/* Requests that are left. */
static unsigned wait_for_exchanges(struct server *server, time_t end)
{
    const struct timespec moment = {.tv_nsec = MOMENT_NS};

    while (atomic_load(&server->exchanges) > 0 && time(NULL) < end)
        nanosleep(&moment, NULL);
    return atomic_load(&server->exchanges);
}

unsigned server_stop(struct server *server, unsigned seconds)
{
    const struct timespec moment = {.tv_nsec = MOMENT_NS};
    time_t end = time(NULL) + (time_t)seconds;

    atomic_store(&server->web->draining, true);
    if (server->place.address.any.sa_family == AF_UNIX)
        unlink(server->place.address.path.sun_path);
    int fd = MHD_quiesce_daemon(server->daemon);
    if (fd >= 0)
        close(fd);
    for (unsigned i = 0; i < DRAIN_MOMENTS; i++)
        nanosleep(&moment, NULL);
    unsigned left = wait_for_exchanges(server, end);
    /* A connection that a proxy keeps could bring one more, which must not be suspended below. */
    atomic_store(&server->closed, true);
    left = left ? left : wait_for_exchanges(server, end);
    if (left > 0)
        return left;
    MHD_stop_daemon(server->daemon);
    deadlines_stop(server->deadlines);
    free(server);
    return 0;
}
