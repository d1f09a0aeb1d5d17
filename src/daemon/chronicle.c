#include "daemon/chronicle.h"

#include "base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct note {
    const struct config *config; /* a reference */
    enum configuration_occasion occasion;
    int64_t since_ms;
    bool overlaps;
};

struct chronicle {
    const char *actor;
    char *place;
    bool runs;
    pthread_mutex_t lock; /* guards all below */
    struct note *notes;   /* oldest first; the last one holds now */
    size_t count;
    size_t told;                  /* of the notes; those are dropped, but for the last one */
    uint64_t dropped;             /* notes that stood before the first one */
    const struct config **former; /* a reference to each one that may still be in use */
    size_t former_count;
    bool overlaps; /* the ledger was told of it, and not yet of its end */
    bool has_node;
    uint8_t node[EVENT_NODE_SIZE]; /* of the ledger that was told */
};

struct chronicle *chronicle_new(const char *actor, const char *place, bool runs)
{
    struct chronicle *c = calloc(1, sizeof *c);
    char *copy = strdup(place);

    if (!c || !copy) {
        free(c);
        free(copy);
        return NULL;
    }
    c->actor = actor;
    c->place = copy;
    c->runs = runs;
    pthread_mutex_init(&c->lock, NULL);
    return c;
}

void chronicle_free(struct chronicle *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->count; i++)
        config_release(c->notes[i].config);
    for (size_t i = 0; i < c->former_count; i++)
        config_release(c->former[i]);
    free(c->notes);
    free(c->former);
    free(c->place);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

/* --- noting, under the lock ------------------------------------------------------------------ */

static int add_note(struct chronicle *c, const struct note *note)
{
    struct note *more = reallocarray(c->notes, c->count + 1, sizeof *more);
    if (!more)
        return -ENOMEM;
    c->notes = more;
    more[c->count] = *note;
    config_hold(more[c->count++].config);
    return 0;
}

static int add_former(struct chronicle *c, const struct config *config)
{
    const struct config **more = reallocarray(c->former, c->former_count + 1, sizeof *more);
    if (!more)
        return -ENOMEM;
    c->former = more;
    more[c->former_count++] = config_hold(config);
    return 0;
}

/* How often the chronicle itself refers to it. */
static unsigned own_references(const struct chronicle *c, const struct config *config)
{
    unsigned n = 0;
    for (size_t i = 0; i < c->count; i++)
        n += c->notes[i].config == config;
    for (size_t i = 0; i < c->former_count; i++)
        n += c->former[i] == config;
    return n;
}

/* Forgets those that no message uses any more. */
static void drop_former(struct chronicle *c)
{
    size_t kept = 0;
    for (size_t i = 0; i < c->former_count; i++)
        if (config_users(c->former[i]) > own_references(c, c->former[i])) {
            const struct config *used = c->former[i];
            c->former[i] = c->former[kept];
            c->former[kept++] = used;
        }
    for (size_t i = kept; i < c->former_count; i++)
        config_release(c->former[i]);
    c->former_count = kept;
}

static void drop_told(struct chronicle *c)
{
    size_t drop = c->told < c->count ? c->told : c->count - 1;

    if (c->count == 0 || drop == 0)
        return;
    for (size_t i = 0; i < drop; i++)
        config_release(c->notes[i].config);
    memmove(c->notes, c->notes + drop, (c->count - drop) * sizeof *c->notes);
    c->count -= drop;
    c->told -= drop;
    c->dropped += drop;
}

/* What began under former configurations may have come to its end. */
static int note_end(struct chronicle *c)
{
    if (!c->overlaps)
        return 0;
    drop_former(c);
    if (c->former_count > 0)
        return 0;
    int code = add_note(c, &(struct note){.config = c->notes[c->count - 1].config,
                                          .occasion = CONFIGURATION_ALONE,
                                          .since_ms = clock_now_ms()});
    c->overlaps = code != 0;
    return code;
}

/* --- */

int chronicle_start(struct chronicle *c, const struct config *config)
{
    pthread_mutex_lock(&c->lock);
    int code = add_note(c, &(struct note){.config = config,
                                          .occasion = CONFIGURATION_START,
                                          .since_ms = clock_now_ms()});
    pthread_mutex_unlock(&c->lock);
    return code;
}

static int change(struct chronicle *c, const struct config *config, int64_t since_ms)
{
    struct note *last = &c->notes[c->count - 1];

    int code = add_former(c, last->config);
    if (code)
        return code;
    if (memcmp(last->config->digest, config->digest, CONFIG_DIGEST_SIZE) == 0) {
        config_release(last->config);
        last->config = config_hold(config);
        return 0;
    }
    drop_former(c);
    bool overlaps = c->runs && c->former_count > 0;
    code = add_note(c, &(struct note){.config = config,
                                      .occasion = CONFIGURATION_RELOAD,
                                      .since_ms = since_ms,
                                      .overlaps = overlaps});
    if (code == 0)
        c->overlaps = overlaps;
    return code;
}

int chronicle_change(struct chronicle *c, const struct config *config, int64_t since_ms)
{
    pthread_mutex_lock(&c->lock);
    int code = change(c, config, since_ms);
    pthread_mutex_unlock(&c->lock);
    return code;
}

int chronicle_stop(struct chronicle *c)
{
    int code = 0;

    pthread_mutex_lock(&c->lock);
    if (c->runs)
        code = add_note(c, &(struct note){.config = c->notes[c->count - 1].config,
                                          .occasion = CONFIGURATION_STOP,
                                          .since_ms = clock_now_ms()});
    c->overlaps = c->overlaps && code;
    pthread_mutex_unlock(&c->lock);
    return code;
}

/* --- telling the ledger ---------------------------------------------------------------------- */

/* Notes as the ledger takes them, outside of the lock. */
struct telling {
    struct ledger_configuration *list;
    const struct config **configs; /* a reference for each */
    size_t count;
    uint64_t end; /* the number of notes, dropped ones too, that are told then */
};

static void release_telling(struct telling *t)
{
    for (size_t i = 0; i < t->count; i++) {
        free((struct event_stream *)(uintptr_t)t->list[i].configuration.streams);
        config_release(t->configs[i]);
    }
    free(t->list);
    free(t->configs);
}

static int list_streams(const struct policy *policy, struct event_configuration *configuration)
{
    struct event_stream *streams = malloc(policy->stream_count * sizeof *streams + 1);

    if (!streams)
        return -ENOMEM;
    for (size_t i = 0; i < policy->stream_count; i++) {
        const struct stream *stream = &policy->streams[i];
        streams[i] = (struct event_stream){.name = stream->rule.name,
                                           .scope = stream->scope,
                                           .ledger = stream->ledger,
                                           .mode = stream->mode};
    }
    configuration->streams = streams;
    configuration->stream_count = policy->stream_count;
    return 0;
}

static int gather_note(const struct chronicle *c, const struct note *note, struct telling *t)
{
    struct ledger_configuration one = {.actor = c->actor,
                                       .configuration = {.place = c->place,
                                                         .occasion = note->occasion,
                                                         .since_ms = note->since_ms,
                                                         .overlaps = note->overlaps},
                                       .text = note->config->text,
                                       .if_changed = !c->runs};

    memcpy(one.configuration.digest, note->config->digest, EVENT_HASH_SIZE);
    int code = list_streams(&note->config->policy, &one.configuration);
    if (code == 0) {
        t->configs[t->count] = config_hold(note->config);
        t->list[t->count++] = one;
    }
    return code;
}

static int gather(struct chronicle *c, const struct ledger *ledger, struct telling *t)
{
    bool other = c->has_node && memcmp(c->node, ledger_node(ledger), EVENT_NODE_SIZE) != 0;

    int code = note_end(c);
    /* Another ledger has been put in the place of the one that was told. */
    size_t first = other && c->told == c->count ? c->count - 1 : c->told;
    if (code || first == c->count)
        return code;
    t->list = calloc(c->count - first, sizeof *t->list);
    t->configs = calloc(c->count - first, sizeof *t->configs);
    if (!t->list || !t->configs)
        code = -ENOMEM;
    for (size_t i = first; i < c->count && code == 0; i++)
        code = gather_note(c, &c->notes[i], t);
    t->end = c->dropped + c->count;
    return code;
}

static void note_told(struct chronicle *c, const struct ledger *ledger, uint64_t end)
{
    if (end > c->dropped + c->told)
        c->told = end - c->dropped;
    memcpy(c->node, ledger_node(ledger), EVENT_NODE_SIZE);
    c->has_node = true;
    drop_told(c);
}

int chronicle_write(struct chronicle *c, struct ledger *ledger, struct error *why)
{
    struct telling t = {0};

    pthread_mutex_lock(&c->lock);
    int code = gather(c, ledger, &t);
    pthread_mutex_unlock(&c->lock);
    if (code)
        error_set(why, code, "no memory to tell the ledger of the configuration");
    if (code == 0 && t.count > 0) {
        code = ledger_configure(ledger, t.list, t.count, why);
        pthread_mutex_lock(&c->lock);
        if (code == 0)
            note_told(c, ledger, t.end);
        pthread_mutex_unlock(&c->lock);
    }
    release_telling(&t);
    return code;
}
