/* Configurations in the ledger: under which of them its verdicts were made. */
#include "base/clock.h"
#include "store/ledger_tables.h"

#include <string.h>

#define HEAD_ROOM 1024 /* octets of an event, at most: all but its texts and streams */
#define STREAM_ROOM 16 /* of a stream, beside its texts */

const struct subject ledger_nobody = {{0}};

int ledger_configurations(struct ledger_view *view, journal_visitor visit, void *argument)
{
    return ledger_history(view, &ledger_nobody, visit, argument);
}

/* --- writing --- */

/* What the ledger has of a daemon already. */
struct known {
    const struct ledger_configuration *like; /* actor and place */
    struct ledger *ledger;
    bool any, here;                  /* of the actor; and at this place */
    uint8_t digest[EVENT_HASH_SIZE]; /* of the actor's last one */
    bool has_text;                   /* the text of that one is here */
    struct event_configuration last; /* at this place; its texts and streams are gone */
};

static int visit_known(struct txn *txn, const struct event *event, void *argument)
{
    struct known *known = argument;

    if (event->batch || !event->configuration || strcmp(event->actor, known->like->actor) != 0)
        return 0;
    const uint8_t *digest = event->configuration->digest;
    bool kept = configuration_is_kept(event->configuration->occasion);
    bool same = known->any && memcmp(known->digest, digest, EVENT_HASH_SIZE) == 0;
    /* What a cut tells once more is older than all that the daemons told. */
    if (kept && known->any && !same)
        return 0;
    int there = journal_has_words(&known->ledger->store, txn, &event->name);
    if (there < 0)
        return there;
    known->has_text = there || (same && known->has_text);
    known->any = true;
    memcpy(known->digest, digest, EVENT_HASH_SIZE);
    if (kept)
        return 0;
    if (strcmp(event->configuration->place, known->like->configuration.place) == 0) {
        known->here = true;
        known->last = *event->configuration;
    }
    return 0;
}

static bool is_same(const struct event_configuration *a, const struct event_configuration *b)
{
    return a->occasion == b->occasion && a->since_ms == b->since_ms &&
           memcmp(a->digest, b->digest, EVENT_HASH_SIZE) == 0;
}

/* How many of the streams fit into one event; at least one, where there is any. */
static size_t count_fitting(const struct event_configuration *configuration)
{
    size_t room = EVENT_MAX - HEAD_ROOM - strlen(configuration->place);
    size_t n = 0;

    for (; n < configuration->stream_count; n++) {
        const struct event_stream *stream = &configuration->streams[n];
        size_t needed = STREAM_ROOM + strlen(stream->name) + strlen(stream->scope);
        if (n > 0 && needed > room)
            break;
        room -= needed < room ? needed : room;
    }
    return n;
}

int ledger_append_configuration(struct ledger *ledger, struct txn *txn,
                                const struct ledger_configuration *c, bool with_text)
{
    const struct word word = {LEDGER_CONFIGURATION_WORD, c->text};
    struct event_configuration part = c->configuration;
    size_t left = part.stream_count;
    uint64_t first = 0;
    int code;

    do {
        struct event event = {.at_ms = clock_now_ms(),
                              .type = EVENT_CONFIGURATION,
                              .actor = c->actor,
                              .batch = first,
                              .configuration = &part};
        part.stream_count = left;
        part.stream_count = count_fitting(&part);
        code = ledger_append(ledger, txn, &event, &word, with_text && first == 0);
        if (first == 0)
            first = event.name.number;
        part.streams += part.stream_count;
        left -= part.stream_count;
    } while (code == 0 && left > 0);
    return code;
}

struct configuring {
    struct ledger *ledger;
    const struct ledger_configuration *configurations;
    size_t count;
};

static int configure_job(struct txn *txn, void *argument)
{
    const struct configuring *c = argument;
    struct ledger_view view = {c->ledger, txn};
    struct known known = {.like = &c->configurations[0], .ledger = c->ledger};
    size_t next = 0;

    int code = ledger_configurations(&view, visit_known, &known);
    for (size_t i = 0; known.here && i < c->count; i++)
        if (is_same(&known.last, &c->configurations[i].configuration))
            next = i + 1;
    for (; next < c->count && code == 0; next++) {
        const struct ledger_configuration *one = &c->configurations[next];
        const uint8_t *digest = one->configuration.digest;
        bool changed = !known.any || memcmp(known.digest, digest, EVENT_HASH_SIZE) != 0;
        if (changed || !one->if_changed)
            code = ledger_append_configuration(c->ledger, txn, one, changed || !known.has_text);
        memcpy(known.digest, digest, EVENT_HASH_SIZE);
        known.any = known.has_text = true;
    }
    return code;
}

int ledger_configure(struct ledger *ledger, const struct ledger_configuration *configurations,
                     size_t count, struct error *why)
{
    struct configuring c = {ledger, configurations, count};
    return count == 0 ? 0 : store_write(&ledger->store, configure_job, &c, why);
}

/* --- reading --- */

struct search {
    struct ledger_view *view;
    const struct event *verdict;
    bool found;
    struct event_name name;
};

/* Of nodes that follow each other the older one has the smaller local number. */
static int is_before(const struct ledger_view *view, const struct event_name *a,
                     const struct event_name *b, bool *before)
{
    uint8_t x[JOURNAL_KEY_SIZE], y[JOURNAL_KEY_SIZE];

    int code = store_pack_name(&view->ledger->store, a, x);
    if (code == 0)
        code = store_pack_name(&view->ledger->store, b, y);
    if (code == 0)
        *before = memcmp(x, y, sizeof x) < 0;
    return code;
}

static int visit_search(struct txn *txn, const struct event *event, void *argument)
{
    struct search *s = argument;
    bool before = false;
    (void)txn;

    if (event->batch || !event->configuration || strcmp(event->actor, "milter") != 0 ||
        memcmp(event->configuration->digest, s->verdict->verdict->config, EVENT_SHORT_HASH_SIZE))
        return 0;
    int code = is_before(s->view, &event->name, &s->verdict->name, &before);
    /* What a cut tells once more was in force before all that is left. */
    if (!s->found && configuration_is_kept(event->configuration->occasion))
        before = true;
    if (code == 0 && before) {
        s->name = event->name;
        s->found = true;
    }
    return code;
}

int ledger_configuration_of(struct ledger_view *view, const struct event *verdict,
                            struct pool *pool, struct event *configuration)
{
    struct search search = {.view = view, .verdict = verdict};

    int code = ledger_configurations(view, visit_search, &search);
    if (code == 0 && !search.found)
        return ERR_NOT_FOUND;
    return code ? code
                : journal_event(&view->ledger->store, view->txn, &search.name, pool, configuration);
}
