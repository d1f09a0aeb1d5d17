#include "milter/tally.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define UNCLAIMED_MAX 1000
#define NAME_MAX_OCTETS 128 /* of a login, listener or domain; the rest is cut */

struct stream_entry {
    struct stream_count count;
    struct stream_entry *next;
};

struct unclaimed_entry {
    struct unclaimed_count count;
    char login[NAME_MAX_OCTETS + 1], listener[NAME_MAX_OCTETS + 1], domain[NAME_MAX_OCTETS + 1];
    struct unclaimed_entry *next;
};

struct tally {
    pthread_mutex_t lock;
    struct stream_entry *streams;
    struct unclaimed_entry *unclaimed;
    size_t stream_entries, unclaimed_entries;
};

struct tally *tally_new(void)
{
    struct tally *tally = calloc(1, sizeof *tally);
    if (tally)
        pthread_mutex_init(&tally->lock, NULL);
    return tally;
}

static void free_streams(struct stream_entry *list)
{
    while (list) {
        struct stream_entry *next = list->next;
        free((char *)(uintptr_t)list->count.stream);
        free(list);
        list = next;
    }
}

static void free_unclaimed(struct unclaimed_entry *list)
{
    while (list) {
        struct unclaimed_entry *next = list->next;
        free(list);
        list = next;
    }
}

void tally_free(struct tally *tally)
{
    if (!tally)
        return;
    free_streams(tally->streams);
    free_unclaimed(tally->unclaimed);
    pthread_mutex_destroy(&tally->lock);
    free(tally);
}

static struct stream_entry *find_stream(struct tally *tally, const struct stream_count *like)
{
    for (struct stream_entry *e = tally->streams; e; e = e->next)
        if (e->count.action == like->action && e->count.mode == like->mode &&
            strcmp(e->count.stream, like->stream) == 0)
            return e;
    struct stream_entry *e = calloc(1, sizeof *e);
    char *name = strdup(like->stream);
    if (!e || !name) {
        free(e);
        free(name);
        return NULL;
    }
    e->count.stream = name;
    e->count.action = like->action;
    e->count.mode = like->mode;
    e->next = tally->streams;
    tally->streams = e;
    tally->stream_entries++;
    return e;
}

static void add_stream(struct tally *tally, const struct stream_count *more)
{
    pthread_mutex_lock(&tally->lock);
    struct stream_entry *e = find_stream(tally, more);
    if (e) {
        e->count.messages += more->messages;
        e->count.given += more->given;
        e->count.delivered += more->delivered;
        e->count.kept_back += more->kept_back;
    }
    pthread_mutex_unlock(&tally->lock);
}

void tally_verdict(struct tally *tally, const struct stream *stream, enum mode mode,
                   const struct verdict *verdict, size_t given)
{
    const struct stream_count more = {.stream = stream->rule.name,
                                      .action = verdict->action,
                                      .mode = mode,
                                      .messages = 1,
                                      .given = given,
                                      .delivered = verdict->delivered,
                                      .kept_back = verdict->kept_back};
    add_stream(tally, &more);
}

static void cut(char *to, const char *from)
{
    size_t length = from ? strnlen(from, NAME_MAX_OCTETS) : 0;
    if (length)
        memcpy(to, from, length);
    to[length] = '\0';
}

static struct unclaimed_entry *find_unclaimed(const struct tally *tally,
                                              const struct unclaimed_entry *like)
{
    for (struct unclaimed_entry *e = tally->unclaimed; e; e = e->next)
        if (strcmp(e->login, like->login) == 0 && strcmp(e->listener, like->listener) == 0 &&
            strcmp(e->domain, like->domain) == 0)
            return e;
    return NULL;
}

static struct unclaimed_entry *new_unclaimed(struct tally *tally,
                                             const struct unclaimed_entry *like)
{
    struct unclaimed_entry *e = malloc(sizeof *e);
    if (!e)
        return NULL;
    *e = *like;
    e->count =
        (struct unclaimed_count){e->login, e->listener, e->domain, 0, 0, like->count.first, 0};
    e->next = tally->unclaimed;
    tally->unclaimed = e;
    tally->unclaimed_entries++;
    return e;
}

static void add_unclaimed(struct tally *tally, struct unclaimed_entry *more)
{
    pthread_mutex_lock(&tally->lock);
    struct unclaimed_entry *e = find_unclaimed(tally, more);
    if (!e && tally->unclaimed_entries >= UNCLAIMED_MAX) {
        more->login[0] = more->listener[0] = '\0';
        strcpy(more->domain, LEDGER_OTHERS);
        e = find_unclaimed(tally, more);
    }
    if (!e)
        e = new_unclaimed(tally, more);
    if (e) {
        e->count.messages += more->count.messages;
        e->count.recipients += more->count.recipients;
        if (e->count.first > more->count.first)
            e->count.first = more->count.first;
        if (e->count.last < more->count.last)
            e->count.last = more->count.last;
    }
    pthread_mutex_unlock(&tally->lock);
}

void tally_unclaimed(struct tally *tally, const char *login, const char *listener,
                     const char *sender_domain, size_t recipients, int64_t now)
{
    struct unclaimed_entry more = {
        .count = {.messages = 1, .recipients = recipients, .first = now, .last = now}};
    cut(more.login, login);
    cut(more.listener, listener);
    cut(more.domain, sender_domain);
    add_unclaimed(tally, &more);
}

/* --- writing --- */

/* What was counted up to now, taken out of the tally. */
struct taken {
    struct stream_entry *streams;
    struct unclaimed_entry *unclaimed;
    size_t stream_entries, unclaimed_entries;
};

static struct taken take(struct tally *tally)
{
    pthread_mutex_lock(&tally->lock);
    struct taken taken = {tally->streams, tally->unclaimed, tally->stream_entries,
                          tally->unclaimed_entries};
    tally->streams = NULL;
    tally->unclaimed = NULL;
    tally->stream_entries = tally->unclaimed_entries = 0;
    pthread_mutex_unlock(&tally->lock);
    return taken;
}

static void put_back(struct tally *tally, struct taken *taken)
{
    for (struct stream_entry *e = taken->streams; e; e = e->next)
        add_stream(tally, &e->count);
    for (struct unclaimed_entry *e = taken->unclaimed; e; e = e->next)
        add_unclaimed(tally, e);
}

int tally_write(struct tally *tally, struct ledger *ledger, struct error *why)
{
    struct taken taken = take(tally);
    if (!taken.streams && !taken.unclaimed)
        return 0;
    struct stream_count *streams = malloc(taken.stream_entries * sizeof *streams + 1);
    struct unclaimed_count *unclaimed = malloc(taken.unclaimed_entries * sizeof *unclaimed + 1);
    int code = error_set(why, -ENOMEM, "no memory to write them");

    if (streams && unclaimed) {
        size_t n = 0, m = 0;
        for (struct stream_entry *e = taken.streams; e; e = e->next)
            streams[n++] = e->count;
        for (struct unclaimed_entry *e = taken.unclaimed; e; e = e->next)
            unclaimed[m++] = e->count;
        code = ledger_count(ledger, streams, n, unclaimed, m, why);
    }
    if (code)
        put_back(tally, &taken);
    free(streams);
    free(unclaimed);
    free_streams(taken.streams);
    free_unclaimed(taken.unclaimed);
    return code;
}
