/* Posts one-click opt-outs over kept connections, each with a link of its own, and tells how many
 * were answered in a second and how long they took. Everything else than a 200 ends it.
 *
 *     web-drive PORT CONNECTIONS REQUESTS KEYS SCOPE FIRST
 *
 * KEYS: the folder of the site's keys; FIRST: number of the first address, so that runs on one list
 * write new people. It prints: requests/s, and the 50th and 99th percentile in ms. */
#include "core/token.h"
#include "store/keys.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define BODY "List-Unsubscribe=One-Click"
#define REQUEST_SIZE 512
#define ANSWER_SIZE 4096
#define EVENTS 64

struct request {
    char text[REQUEST_SIZE];
    size_t length;
};

struct connection {
    int fd;
    int64_t sent; /* ns */
    char answer[ANSWER_SIZE];
    size_t received;
};

struct drive {
    struct request *requests;
    size_t count, next, done;
    int64_t *took; /* ns */
    int epoll;
};

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void fail(const char *what)
{
    fprintf(stderr, "web-drive: %s\n", what);
    exit(1);
}

/* All requests are made before the clock starts. */
static void make_requests(struct drive *d, const char *keys, const char *scope, unsigned long first)
{
    struct lookup_key key;
    struct token_sealer *sealer;
    struct address address;
    struct error why;
    char text[64], token[TOKEN_SIZE];

    if (keys_read_lookup(keys, &key, &why))
        fail(why.text);
    if (token_sealer_new(keys_current_token(&key), &sealer))
        fail("no token can be made");
    d->requests = calloc(d->count, sizeof *d->requests);
    d->took = calloc(d->count, sizeof *d->took);
    if (!d->requests || !d->took)
        fail("no memory");
    for (size_t i = 0; i < d->count; i++) {
        snprintf(text, sizeof text, "person%lu@home.example", first + i);
        if (address_parse(text, &address) ||
            token_seal(sealer, TOKEN_UNSUBSCRIBE, scope, &address, 20000, token))
            fail("a token cannot be made");
        d->requests[i].length = (size_t)snprintf(
            d->requests[i].text, REQUEST_SIZE,
            "POST /%s HTTP/1.1\r\nHost: localhost\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %zu\r\n\r\n%s",
            token, strlen(BODY), BODY);
    }
    token_sealer_free(sealer);
}

static void send_next(struct drive *d, struct connection *c)
{
    if (d->next == d->count)
        return;
    const struct request *request = &d->requests[d->next++];
    c->received = 0;
    c->sent = now();
    if (write(c->fd, request->text, request->length) != (ssize_t)request->length)
        fail("a request could not be sent");
}

static void open_connections(struct drive *d, struct connection *all, size_t count, unsigned port)
{
    struct sockaddr_in place = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;

    for (size_t i = 0; i < count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &all[i]};
        all[i].fd = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(all[i].fd, (struct sockaddr *)&place, sizeof place) < 0)
            fail("nobody answers at that port");
        setsockopt(all[i].fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        epoll_ctl(d->epoll, EPOLL_CTL_ADD, all[i].fd, &event);
    }
}

/* Whether the answer is whole: its body is short, and ends with a line break. */
static int take_answer(struct connection *c)
{
    ssize_t got = read(c->fd, c->answer + c->received, ANSWER_SIZE - 1 - c->received);
    if (got <= 0)
        fail("a connection was closed");
    c->received += (size_t)got;
    c->answer[c->received] = '\0';
    const char *body = strstr(c->answer, "\r\n\r\n");
    if (!body || body[4] == '\0' || c->answer[c->received - 1] != '\n')
        return 0;
    if (strncmp(c->answer, "HTTP/1.1 200 ", 13) != 0)
        fail(c->answer);
    return 1;
}

static void run(struct drive *d, struct connection *all, size_t count)
{
    struct epoll_event events[EVENTS];

    for (size_t i = 0; i < count; i++)
        send_next(d, &all[i]);
    while (d->done < d->count) {
        int n = epoll_wait(d->epoll, events, EVENTS, 30000);
        if (n <= 0)
            fail("no answer within 30 s");
        for (int i = 0; i < n; i++) {
            struct connection *c = events[i].data.ptr;
            if (!take_answer(c))
                continue;
            d->took[d->done++] = now() - c->sent;
            send_next(d, c);
        }
    }
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
    struct drive d = {.epoll = epoll_create1(0)};

    if (argc != 7) {
        fprintf(stderr, "usage: web-drive PORT CONNECTIONS REQUESTS KEYS SCOPE FIRST\n");
        return 64;
    }
    size_t connections = strtoul(argv[2], NULL, 10);
    d.count = strtoul(argv[3], NULL, 10);
    struct connection *all = calloc(connections, sizeof *all);
    if (!all || d.count == 0)
        fail("nothing to do");
    make_requests(&d, argv[4], argv[5], strtoul(argv[6], NULL, 10));
    open_connections(&d, all, connections, (unsigned)atoi(argv[1]));
    int64_t begun = now();
    run(&d, all, connections);
    double seconds = (double)(now() - begun) / 1e9;
    qsort(d.took, d.count, sizeof *d.took, compare);
    printf("%.0f %.3f %.3f\n", (double)d.count / seconds, (double)d.took[d.count / 2] / 1e6,
           (double)d.took[d.count * 99 / 100] / 1e6);
    return 0;
}
