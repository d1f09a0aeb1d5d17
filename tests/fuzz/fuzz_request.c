/* Requests as they come in: garbage in the head, in forms of both kinds and in X-Forwarded-For
 * gives an answer or a closed connection, and what is handed on is within its limits. */
#include "fuzz.h"

#include "base/socket.h"
#include "web/answer.h"
#include "web/client.h"
#include "web/metrics.h"
#include "web/route.h"
#include "web/server.h"

#include <unistd.h>

#define HEAD_SIZE 256

static struct web web;
static struct socket_place place;

/* In the place of the real one: what the server hands on. */
void route_request(struct web *unused, struct request *request)
{
    (void)unused;
    PROMISE(request->path && request->path[0] == '/');
    for (enum field field = 0; field < FIELD_COUNT; field++) {
        const struct text *text = &request->fields[field];
        PROMISE(text->length <= SERVER_BODY_MAX);
        PROMISE(request->given[field] || text->length == 0);
        PROMISE(request->method == METHOD_POST || !request->given[field]);
        PROMISE(strlen(request_field(request, field)) <= text->length);
    }
    answer_text(request, 200, "ok\n");
}

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static char folder[] = "/tmp/optout-fuzz-XXXXXX";
    static const struct setup_kind kind = {0};
    char path[128], listen[128];
    struct server *server;
    struct error why;
    (void)argc, (void)argv;

    PROMISE(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/conf", folder);
    snprintf(listen, sizeof listen, "unix:%s/web.sock", folder);
    FILE *file = fopen(path, "w");
    PROMISE(file);
    fprintf(file, "key_dir = \"%s\"\nweb_listen = \"%s\"\naccess_log = off\n", folder, listen);
    PROMISE(fclose(file) == 0);
    web.limits = limits_new();
    web.metrics = metrics_new();
    PROMISE(web.limits && web.metrics);
    PROMISE(setups_new(path, &kind, &web.setups, &why) == 0);
    PROMISE(server_start(&web, &server, &why) == 0);
    PROMISE(socket_parse(listen, &place) == 0);
    return 0;
}

static void send_all(int fd, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0) {
        ssize_t sent = send(fd, at, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return; /* it was closed: enough was said */
        at += sent;
        size -= (size_t)sent;
    }
}

/* As a form of one kind or the other, or as it is. */
static void send_request(int fd, const uint8_t *data, size_t size)
{
    static const char *const types[] = {"application/x-www-form-urlencoded",
                                        "multipart/form-data; boundary=x"};
    char head[HEAD_SIZE];
    unsigned kind = size > 0 ? data[0] % 3 : 0;

    if (kind < 2) {
        int length = snprintf(head, sizeof head,
                              "POST /t HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\n"
                              "Content-Length: %zu\r\n\r\n",
                              types[kind], size > 0 ? size - 1 : 0);
        send_all(fd, head, (size_t)length);
    }
    if (size > 1)
        send_all(fd, data + 1, size - 1);
    shutdown(fd, SHUT_WR);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char answer[4096];
    const struct network proxy = {.bits = 0};
    const struct web_config config = {.proxies = &proxy, .proxy_count = 1};
    const struct ip peer = {{0}};
    char *forwarded = fuzz_string(data, size);

    client_of(&config, &peer, forwarded);
    free(forwarded);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    PROMISE(fd >= 0 && connect(fd, &place.address.any, place.length) == 0);
    send_request(fd, data, size);
    ssize_t got = read(fd, answer, sizeof answer);
    PROMISE(got <= 0 || (got > 9 && memcmp(answer, "HTTP/1.", 7) == 0));
    while (got > 0)
        got = read(fd, answer, sizeof answer);
    close(fd);
    return 0;
}
