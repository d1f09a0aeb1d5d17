#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>

_Static_assert(WIRE_STAGES == SMFIM_LAST + 1, "a macro list for each stage");

/* What a Postfix 3.7 offers: all actions, all steps of version 6. */
#define OFFERED_ACTIONS 0x1ffu
#define OFFERED_STEPS 0x1fffffu

_Noreturn void wire_die(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("milter-drive: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

void wire_bytes(struct wire *wire, const void *bytes, size_t length)
{
    if (wire->out_length + length > wire->out_size) {
        wire->out_size = 2 * (wire->out_length + length);
        wire->out = realloc(wire->out, wire->out_size);
        if (wire->out == NULL)
            wire_die("out of memory");
    }
    memcpy(wire->out + wire->out_length, bytes, length);
    wire->out_length += length;
}

void wire_text(struct wire *wire, const char *text)
{
    wire_bytes(wire, text, strlen(text) + 1);
}

static void put_number(struct wire *wire, uint32_t number)
{
    number = htonl(number);
    wire_bytes(wire, &number, sizeof(number));
}

size_t wire_begin(struct wire *wire, char command)
{
    size_t start = wire->out_length;

    put_number(wire, 0);
    wire_bytes(wire, &command, 1);
    return start;
}

void wire_end(struct wire *wire, size_t start)
{
    uint32_t length = htonl((uint32_t)(wire->out_length - start - 4));

    memcpy(wire->out + start, &length, sizeof(length));
}

void wire_plain(struct wire *wire, char command)
{
    wire_end(wire, wire_begin(wire, command));
}

static void flush(struct wire *wire)
{
    for (size_t sent = 0; sent < wire->out_length;) {
        ssize_t n = write(wire->fd, wire->out + sent, wire->out_length - sent);

        if (n < 0 && errno != EINTR)
            wire_die("write: %s", strerror(errno));
        if (n > 0)
            sent += (size_t)n;
    }
    wire->out_length = 0;
}

/* The value of a macro, or NULL where an MTA would have none at this point. */
static const char *macro_value(const struct wire *wire, const char *name)
{
    static const char *const fixed[][2] = {
        {"j", "mta.example"},
        {"v", "Postfix 3.7.11"},
        {"{daemon_name}", "mta.example"},
        {"{daemon_addr}", "127.0.0.1"},
        {"{daemon_port}", "25"},
        {"{client_addr}", "127.0.0.1"},
        {"{mail_host}", "acme.example"},
        {"{mail_mailer}", "smtp"},
        {"{rcpt_host}", "bench.example"},
        {"{rcpt_mailer}", "smtp"},
    };

    if (strcmp(name, "i") == 0)
        return wire->queue_id;
    if (strcmp(name, "{mail_addr}") == 0)
        return wire->sender;
    if (strcmp(name, "{rcpt_addr}") == 0)
        return wire->rcpt;
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
        if (strcmp(name, fixed[i][0]) == 0)
            return fixed[i][1];
    return NULL;
}

void wire_macros(struct wire *wire, int stage, char command)
{
    char list[WIRE_MACROS_MAX], *rest = list, *name;
    size_t start = wire_begin(wire, SMFIC_MACRO), empty;

    wire_bytes(wire, &command, 1);
    empty = wire->out_length;
    memcpy(list, wire->macros[stage], sizeof(list));
    while ((name = strtok_r(rest, " ,", &rest)) != NULL) {
        const char *value = macro_value(wire, name);

        if (value == NULL)
            continue;
        wire_text(wire, name);
        wire_text(wire, value);
    }
    if (wire->out_length == empty)
        wire->out_length = start;
    else
        wire_end(wire, start);
}

static void take(struct wire *wire, char *bytes, size_t length)
{
    while (length > 0) {
        size_t here = wire->in_end - wire->in_start;

        if (here == 0) {
            ssize_t n = read(wire->fd, wire->in, sizeof(wire->in));

            if (n == 0)
                wire_die("closed by the milter");
            if (n < 0 && errno != EINTR)
                wire_die("read: %s", strerror(errno));
            wire->in_start = 0;
            wire->in_end = n > 0 ? (size_t)n : 0;
            continue;
        }
        here = here < length ? here : length;
        memcpy(bytes, wire->in + wire->in_start, here);
        wire->in_start += here;
        bytes += here;
        length -= here;
    }
}

/* Reads one packet; of its data at most `size` bytes are kept, the rest is dropped. */
static char take_packet(struct wire *wire, char *data, size_t size, size_t *length)
{
    uint32_t rest;
    char reply, dropped;

    take(wire, (char *)&rest, sizeof(rest));
    rest = ntohl(rest);
    if (rest == 0)
        wire_die("empty packet");
    take(wire, &reply, 1);
    rest--;
    *length = rest < size ? rest : size;
    take(wire, data, *length);
    for (rest -= (uint32_t)*length; rest > 0; rest--)
        take(wire, &dropped, 1);
    return reply;
}

char wire_await(struct wire *wire, struct wire_changes *changes)
{
    char data[8];
    size_t length;

    flush(wire);
    for (;;) {
        char reply = take_packet(wire, data, sizeof(data), &length);

        switch (reply) {
        case SMFIR_PROGRESS:
            break;
        case SMFIR_DELRCPT:
            changes->deleted++;
            changes->all++;
            break;
        case SMFIR_ADDRCPT:
        case SMFIR_ADDRCPT_PAR:
        case SMFIR_REPLBODY:
        case SMFIR_CHGFROM:
        case SMFIR_ADDHEADER:
        case SMFIR_INSHEADER:
        case SMFIR_CHGHEADER:
        case SMFIR_QUARANTINE:
            changes->all++;
            break;
        case SMFIR_REPLYCODE:
            return length > 0 && data[0] == '4' ? SMFIR_TEMPFAIL : SMFIR_REJECT;
        case SMFIR_CONTINUE:
        case SMFIR_ACCEPT:
        case SMFIR_REJECT:
        case SMFIR_TEMPFAIL:
        case SMFIR_DISCARD:
            return reply;
        default:
            wire_die("unexpected reply '%c'", reply);
        }
    }
}

bool wire_has(const struct wire *wire, uint32_t step)
{
    return (wire->steps & step) != 0;
}

char wire_reply(struct wire *wire, uint32_t no_reply)
{
    struct wire_changes none = {0};

    return wire_has(wire, no_reply) ? SMFIR_CONTINUE : wire_await(wire, &none);
}

static int open_unix(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    if (strlen(path) >= sizeof(address.sun_path))
        wire_die("%s: too long", path);
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        wire_die("%s: %s", path, strerror(errno));
    return fd;
}

static int open_inet(const char *port_at_host)
{
    char port[16];
    const char *at = strchr(port_at_host, '@');
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    int fd, on = 1;

    if (at == NULL || (size_t)(at - port_at_host) >= sizeof(port))
        wire_die("inet:%s: not PORT@HOST", port_at_host);
    memcpy(port, port_at_host, (size_t)(at - port_at_host));
    port[at - port_at_host] = '\0';
    if (getaddrinfo(at + 1, port, &hints, &found) != 0)
        wire_die("inet:%s: no such address", port_at_host);
    fd = socket(found->ai_family, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) != 0)
        wire_die("inet:%s: %s", port_at_host, strerror(errno));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    freeaddrinfo(found);
    return fd;
}

/* Takes over the macro lists of a negotiation's answer: stage (4 bytes) and list, repeated. */
static void read_macro_lists(struct wire *wire, const char *data, const char *end)
{
    while (end - data > 4) {
        uint32_t stage;
        const char *list = data + 4;
        size_t length = strnlen(list, (size_t)(end - list));

        memcpy(&stage, data, sizeof(stage));
        stage = ntohl(stage);
        if (stage >= WIRE_STAGES || length >= WIRE_MACROS_MAX || list + length == end)
            wire_die("bad macro list");
        memcpy(wire->macros[stage], list, length + 1);
        data = list + length + 1;
    }
}

static void negotiate(struct wire *wire)
{
    static const char *const defaults[WIRE_STAGES] = {
        /* Postfix 3.7's milter_*_macros */
        [SMFIM_CONNECT] = "j {daemon_name} {daemon_addr} v",
        [SMFIM_HELO] = "",
        [SMFIM_ENVFROM] = "i {mail_addr} {mail_host} {mail_mailer}",
        [SMFIM_ENVRCPT] = "i {rcpt_addr} {rcpt_host} {rcpt_mailer}",
        [SMFIM_DATA] = "i",
        [SMFIM_EOM] = "i",
        [SMFIM_EOH] = "i",
    };
    char answer[2048];
    uint32_t numbers[3]; /* version, actions, steps */
    size_t length, start = wire_begin(wire, SMFIC_OPTNEG);

    put_number(wire, 6);
    put_number(wire, OFFERED_ACTIONS);
    put_number(wire, OFFERED_STEPS);
    wire_end(wire, start);
    flush(wire);
    if (take_packet(wire, answer, sizeof(answer), &length) != SMFIC_OPTNEG ||
        length < sizeof(numbers))
        wire_die("no negotiation");
    memcpy(numbers, answer, sizeof(numbers));
    wire->steps = ntohl(numbers[2]);
    for (int stage = 0; stage < WIRE_STAGES; stage++)
        snprintf(wire->macros[stage], WIRE_MACROS_MAX, "%s", defaults[stage]);
    read_macro_lists(wire, answer + sizeof(numbers), answer + length);
}

void wire_open(struct wire *wire, const char *where)
{
    memset(wire, 0, sizeof(*wire));
    if (strncmp(where, "unix:", 5) == 0)
        wire->fd = open_unix(where + 5);
    else if (strncmp(where, "inet:", 5) == 0)
        wire->fd = open_inet(where + 5);
    else
        wire_die("%s: neither unix:PATH nor inet:PORT@HOST", where);
    negotiate(wire);
}

void wire_close(struct wire *wire)
{
    wire_plain(wire, SMFIC_QUIT);
    flush(wire);
    close(wire->fd);
    free(wire->out);
}
