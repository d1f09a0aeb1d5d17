/*
 * milter-drive: plays the MTA to a milter, without an MTA. Each connection is a thread that sends
 * message after message (12 header fields, no body) in the steps the milter negotiated, and waits
 * only where the milter said it would answer. Prints the messages a second, how long a message
 * took, and what became of them.
 *
 * Recipients are <N@...>: a number before a given address, counted on over all messages, as
 * smtp-source(1) -N does it, so that one list serves both.
 */
#include <arpa/inet.h>
#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>

#include "wire.h"

struct settings {
    const char *socket; /* unix:PATH or inet:PORT@HOST, as smfi_setconn() takes it */
    unsigned connections;
    unsigned messages; /* for each connection */
    unsigned recipients;
    const char *sender;
    const char *recipient; /* the part behind the number */
    const char *list_id;
};

/* Counts of one connection, added up at the end. */
struct tally {
    unsigned long accepted, changed, refused, tempfailed, discarded;
    unsigned long rcpt_refused, rcpt_deleted;
};

struct connection {
    const struct settings *settings;
    struct wire wire;
    unsigned index;
    unsigned done; /* messages */
    char queue_id[24], rcpt[320];
    struct tally tally;
    uint32_t *microseconds; /* one for each message */
};

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void begin_connection(struct connection *c)
{
    struct wire *w = &c->wire;
    char family = SMFIA_INET;
    uint16_t port = htons(40000);
    size_t start;

    wire_open(w, c->settings->socket);
    w->queue_id = c->queue_id;
    w->sender = c->settings->sender;
    w->rcpt = c->rcpt;
    if (!wire_has(w, SMFIP_NOCONNECT)) {
        wire_macros(w, SMFIM_CONNECT, SMFIC_CONNECT);
        start = wire_begin(w, SMFIC_CONNECT);
        wire_text(w, "localhost");
        wire_bytes(w, &family, 1);
        wire_bytes(w, &port, sizeof(port));
        wire_text(w, "127.0.0.1");
        wire_end(w, start);
        if (wire_reply(w, SMFIP_NR_CONN) != SMFIR_CONTINUE)
            wire_die("connection %u not wanted", c->index);
    }
    if (!wire_has(w, SMFIP_NOHELO)) {
        wire_macros(w, SMFIM_HELO, SMFIC_HELO);
        start = wire_begin(w, SMFIC_HELO);
        wire_text(w, "app.acme.example");
        wire_end(w, start);
        if (wire_reply(w, SMFIP_NR_HELO) != SMFIR_CONTINUE)
            wire_die("HELO of connection %u not wanted", c->index);
    }
}

/* MAIL or RCPT, with its macros. */
static char send_address(struct wire *w, int stage, char command, const char *address,
                         uint32_t no_reply)
{
    char text[340];
    size_t start;

    wire_macros(w, stage, command);
    start = wire_begin(w, command);
    snprintf(text, sizeof(text), "<%s>", address);
    wire_text(w, text);
    wire_end(w, start);
    return wire_reply(w, no_reply);
}

/* MAIL and each RCPT. The reply that ends the message early, or SMFIR_CONTINUE. */
static char send_envelope(struct connection *c)
{
    const struct settings *s = c->settings;
    unsigned long number = ((unsigned long)c->index * s->messages + c->done) * s->recipients;
    unsigned live = 0;
    char reply;

    reply = send_address(&c->wire, SMFIM_ENVFROM, SMFIC_MAIL, s->sender, SMFIP_NR_MAIL);
    if (reply != SMFIR_CONTINUE)
        return reply;
    for (unsigned i = 0; i < s->recipients; i++) {
        snprintf(c->rcpt, sizeof(c->rcpt), "%lu%s", ++number, s->recipient);
        reply = send_address(&c->wire, SMFIM_ENVRCPT, SMFIC_RCPT, c->rcpt, SMFIP_NR_RCPT);
        if (reply == SMFIR_REJECT || reply == SMFIR_TEMPFAIL)
            c->tally.rcpt_refused++;
        else if (reply != SMFIR_CONTINUE)
            return reply;
        else
            live++;
    }
    return live > 0 ? SMFIR_CONTINUE : SMFIR_REJECT;
}

/* The header of a newsletter as such tools write it, 12 fields. */
static char send_headers(struct connection *c)
{
    char id[96];
    const char *const fields[][2] = {
        {"Received",
         "from app.acme.example (localhost [127.0.0.1]) by mta.example (Postfix) with ESMTP;"
         " Mon, 6 Jan 2025 10:00:00 +0000 (UTC)"},
        {"Date", "Mon, 6 Jan 2025 10:00:00 +0000"},
        {"From", "Acme Newsletter <news@acme.example>"},
        {"To", c->rcpt},
        {"Reply-To", "service@acme.example"},
        {"Subject", "What is new at Acme this week"},
        {"Message-ID", id},
        {"MIME-Version", "1.0"},
        {"Content-Type", "multipart/alternative; boundary=\"b1_0123456789abcdef\""},
        {"List-Id", c->settings->list_id},
        {"Precedence", "bulk"},
        {"X-Mailer", "Acme Mailings 1.0"},
    };
    char reply = SMFIR_CONTINUE;

    snprintf(id, sizeof(id), "<%s@app.acme.example>", c->queue_id);
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]) && reply == SMFIR_CONTINUE; i++) {
        size_t start = wire_begin(&c->wire, SMFIC_HEADER);

        wire_text(&c->wire, fields[i][0]);
        wire_text(&c->wire, fields[i][1]);
        wire_end(&c->wire, start);
        reply = wire_reply(&c->wire, SMFIP_NR_HDR);
    }
    return reply;
}

/* A step that has no data, unless the milter does not want it. */
static char send_step(struct wire *w, int stage, char command, uint32_t left_out, uint32_t no_reply)
{
    if (wire_has(w, left_out))
        return SMFIR_CONTINUE;
    wire_macros(w, stage, command);
    wire_plain(w, command);
    return wire_reply(w, no_reply);
}

/* From MAIL to the final reply, which is returned. */
static char send_message(struct connection *c, struct wire_changes *changes)
{
    struct wire *w = &c->wire;
    char reply = send_envelope(c);

    if (reply != SMFIR_CONTINUE) {
        wire_plain(w, SMFIC_ABORT);
        return reply;
    }
    reply = send_step(w, SMFIM_DATA, SMFIC_DATA, SMFIP_NODATA, SMFIP_NR_DATA);
    if (reply == SMFIR_CONTINUE && !wire_has(w, SMFIP_NOHDRS))
        reply = send_headers(c);
    if (reply == SMFIR_CONTINUE)
        reply = send_step(w, SMFIM_EOH, SMFIC_EOH, SMFIP_NOEOH, SMFIP_NR_EOH);
    if (reply != SMFIR_CONTINUE)
        return reply;
    wire_macros(w, SMFIM_EOM, SMFIC_BODYEOB);
    wire_plain(w, SMFIC_BODYEOB);
    return wire_await(w, changes);
}

static void *run_connection(void *argument)
{
    struct connection *c = argument;

    begin_connection(c);
    for (; c->done < c->settings->messages; c->done++) {
        struct wire_changes changes = {0};
        uint64_t start = now_ns();

        snprintf(c->queue_id, sizeof(c->queue_id), "4Q%03X%08X", c->index, c->done);
        switch (send_message(c, &changes)) {
        case SMFIR_REJECT:
            c->tally.refused++;
            break;
        case SMFIR_TEMPFAIL:
            c->tally.tempfailed++;
            break;
        case SMFIR_DISCARD:
            c->tally.discarded++;
            break;
        default:
            c->tally.accepted++;
            c->tally.changed += changes.all > 0;
            c->tally.rcpt_deleted += changes.deleted;
        }
        c->microseconds[c->done] = (uint32_t)((now_ns() - start) / 1000);
    }
    wire_close(&c->wire);
    return NULL;
}

static int compare_u32(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static void print_result(const struct connection *all, const struct settings *s, uint32_t *times,
                         double seconds)
{
    size_t count = (size_t)s->connections * s->messages;
    struct tally t = {0};

    for (unsigned i = 0; i < s->connections; i++) {
        t.accepted += all[i].tally.accepted;
        t.changed += all[i].tally.changed;
        t.refused += all[i].tally.refused;
        t.tempfailed += all[i].tally.tempfailed;
        t.discarded += all[i].tally.discarded;
        t.rcpt_refused += all[i].tally.rcpt_refused;
        t.rcpt_deleted += all[i].tally.rcpt_deleted;
    }
    qsort(times, count, sizeof(*times), compare_u32);
    printf("messages/s %.0f\nseconds %.3f\np50_us %u\np99_us %u\n", (double)count / seconds,
           seconds, times[count / 2], times[count * 99 / 100]);
    printf("accepted %lu\nchanged %lu\nrefused %lu\ntempfailed %lu\ndiscarded %lu\n", t.accepted,
           t.changed, t.refused, t.tempfailed, t.discarded);
    printf("rcpt_refused %lu\nrcpt_deleted %lu\n", t.rcpt_refused, t.rcpt_deleted);
}

static void drive(const struct settings *s)
{
    struct connection *all = calloc(s->connections, sizeof(*all));
    pthread_t *threads = calloc(s->connections, sizeof(*threads));
    uint32_t *times = calloc((size_t)s->connections * s->messages, sizeof(*times));
    uint64_t start = now_ns();

    if (all == NULL || threads == NULL || times == NULL)
        wire_die("out of memory");
    for (unsigned i = 0; i < s->connections; i++) {
        all[i].settings = s;
        all[i].index = i;
        all[i].microseconds = times + (size_t)i * s->messages;
        if (pthread_create(&threads[i], NULL, run_connection, &all[i]) != 0)
            wire_die("cannot start a thread");
    }
    for (unsigned i = 0; i < s->connections; i++)
        pthread_join(threads[i], NULL);
    print_result(all, s, times, (double)(now_ns() - start) / 1e9);
    free(all);
    free(threads);
    free(times);
}

static _Noreturn void usage(FILE *to, int status)
{
    fputs("usage: milter-drive [options] unix:PATH | inet:PORT@HOST\n"
          "  --connections N   at the same time (4)\n"
          "  --messages N      on each connection (1000)\n"
          "  --recipients N    of each message (1)\n"
          "  --sender A        news@acme.example\n"
          "  --recipient A     what follows the number, user@bench.example\n"
          "  --list-id V       the List-Id field, <news.newsletter.acme.example>\n",
          to);
    exit(status);
}

static unsigned parse_count(const char *text)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (*end != '\0' || value < 1 || value > 10000000)
        wire_die("%s: not a number from 1 to 10000000", text);
    return (unsigned)value;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"connections", required_argument, NULL, 'c'},
        {"messages", required_argument, NULL, 'm'},
        {"recipients", required_argument, NULL, 'r'},
        {"sender", required_argument, NULL, 's'},
        {"recipient", required_argument, NULL, 't'},
        {"list-id", required_argument, NULL, 'l'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct settings s = {.connections = 4,
                         .messages = 1000,
                         .recipients = 1,
                         .sender = "news@acme.example",
                         .recipient = "user@bench.example",
                         .list_id = "<news.newsletter.acme.example>"};
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            s.connections = parse_count(optarg);
            break;
        case 'm':
            s.messages = parse_count(optarg);
            break;
        case 'r':
            s.recipients = parse_count(optarg);
            break;
        case 's':
            s.sender = optarg;
            break;
        case 't':
            s.recipient = optarg;
            break;
        case 'l':
            s.list_id = optarg;
            break;
        case 'h':
            usage(stdout, 0);
        default:
            usage(stderr, 2);
        }
    }
    if (optind + 1 != argc || strlen(s.recipient) > 256 || strlen(s.sender) > 256)
        usage(stderr, 2);
    s.socket = argv[optind];
    drive(&s);
    return 0;
}
