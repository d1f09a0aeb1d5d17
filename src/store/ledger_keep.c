/* Configurations that were in force where a journal is cut: what ran then goes on running, and who
 * asks what the ledger can have needs to know. So the cut tells of them once more. */
#include "store/cut.h"
#include "store/ledger_tables.h"

#include <errno.h>
#include <string.h>

struct told {
    struct event_name name; /* number 0: none */
    struct event_configuration configuration;
};

/* What ran at one place. */
struct place {
    const char *actor;
    struct told front; /* its last event, of those that are cut */
    struct told kept;  /* the last one that told of an earlier cut */
};

struct keeping {
    struct ledger *ledger;
    const struct cut *cut;
    struct pool pool;
    struct place *places;
    size_t count, room;
    struct told *open; /* of which further events may tell more streams */
};

static bool is_kept(const struct event *event)
{
    return configuration_is_kept(event->configuration->occasion);
}

/* --- what there is --- */

static struct place *find_place(struct keeping *k, const struct event *event)
{
    for (size_t i = 0; i < k->count; i++) {
        struct place *place = &k->places[i];
        const struct told *any = place->front.name.number ? &place->front : &place->kept;
        if (strcmp(place->actor, event->actor) == 0 &&
            strcmp(any->configuration.place, event->configuration->place) == 0)
            return place;
    }
    if (k->count == k->room) {
        size_t room = 2 * k->room + 4;
        struct place *more = pool_take(&k->pool, room * sizeof *more);
        if (!more)
            return NULL;
        if (k->count)
            memcpy(more, k->places, k->count * sizeof *more);
        k->places = more;
        k->room = room;
    }
    struct place *made = &k->places[k->count];
    *made = (struct place){.actor = pool_copy(&k->pool, event->actor)};
    k->count += made->actor != NULL;
    return made->actor ? made : NULL;
}

static int add_streams(struct keeping *k, struct event_configuration *to,
                       const struct event_configuration *from)
{
    size_t count = to->stream_count + from->stream_count;
    struct event_stream *streams = pool_take(&k->pool, (count + 1) * sizeof *streams);

    if (!streams)
        return -ENOMEM;
    if (to->stream_count)
        memcpy(streams, to->streams, to->stream_count * sizeof *streams);
    for (size_t i = 0; i < from->stream_count; i++) {
        struct event_stream *one = &streams[to->stream_count + i];
        *one = from->streams[i];
        one->name = pool_copy(&k->pool, one->name);
        one->scope = pool_copy(&k->pool, one->scope);
        if (!one->name || !one->scope)
            return -ENOMEM;
    }
    to->streams = streams;
    to->stream_count = count;
    return 0;
}

static int visit(struct txn *txn, const struct event *event, void *argument)
{
    struct keeping *k = argument;
    (void)txn;

    if (!event->configuration)
        return 0;
    if (event->batch)
        return k->open ? add_streams(k, &k->open->configuration, event->configuration) : 0;
    k->open = NULL;
    if (!is_kept(event) && !cut_covers(k->cut, &event->name))
        return 0;
    struct place *place = find_place(k, event);
    const char *name = place ? pool_copy(&k->pool, event->configuration->place) : NULL;
    if (!name)
        return -ENOMEM;
    k->open = is_kept(event) ? &place->kept : &place->front;
    *k->open = (struct told){event->name, *event->configuration};
    k->open->configuration.place = name;
    k->open->configuration.streams = NULL;
    k->open->configuration.stream_count = 0;
    return add_streams(k, &k->open->configuration, event->configuration);
}

/* --- its text --- */

struct text_search {
    struct ledger *ledger;
    const struct cut *cut;
    const uint8_t *digest;
    bool stays;             /* an event has it that is not cut */
    struct event_name name; /* that has it, and is cut; number 0: none */
};

static int visit_for_text(struct txn *txn, const struct event *event, void *argument)
{
    struct text_search *s = argument;

    if (!event->configuration ||
        memcmp(event->configuration->digest, s->digest, EVENT_HASH_SIZE) != 0)
        return 0;
    int there = journal_has_words(&s->ledger->store, txn, &event->name);
    if (there <= 0)
        return there;
    if (cut_covers(s->cut, &event->name))
        s->name = event->name;
    else
        s->stays = true;
    return 0;
}

/* NULL where it need not be written once more, or cannot be read. */
static int find_text(struct keeping *k, struct ledger_view *view, const uint8_t *digest,
                     const char **text)
{
    struct text_search search = {.ledger = k->ledger, .cut = k->cut, .digest = digest};
    struct word *words;
    struct event event;
    size_t count = 0;

    *text = NULL;
    int code = ledger_configurations(view, visit_for_text, &search);
    if (code || search.stays || search.name.number == 0)
        return code;
    code = ledger_event(view, &search.name, &k->pool, &event);
    if (code == 0)
        code = ledger_words(view, &event, &k->pool, &words, &count);
    if (code == 0)
        *text = word_text(words, count, LEDGER_CONFIGURATION_WORD);
    return code == ERR_KEY ? 0 : code;
}

/* --- telling --- */

/* What the ledger has to tell of a place from now on; NULL: nothing, or it does so already. */
static const struct told *choose(const struct keeping *k, const struct place *place,
                                 enum configuration_occasion *occasion)
{
    const struct told *front = &place->front, *kept = &place->kept;
    bool stays = kept->name.number && !cut_covers(k->cut, &kept->name);

    if (front->name.number) {
        bool stops = front->configuration.occasion == CONFIGURATION_STOP;
        *occasion = stops ? CONFIGURATION_KEPT_STOP : CONFIGURATION_KEPT;
        return stops && !stays ? NULL : front;
    }
    *occasion = kept->configuration.occasion;
    return stays || *occasion == CONFIGURATION_KEPT_STOP ? NULL : kept;
}

static int tell(struct keeping *k, struct txn *txn, const struct place *place)
{
    struct ledger_view view = {k->ledger, txn};
    enum configuration_occasion occasion;
    const struct told *told = choose(k, place, &occasion);

    if (!told)
        return 0;
    struct ledger_configuration one = {.actor = place->actor, .configuration = told->configuration};
    one.configuration.occasion = occasion;
    one.configuration.overlaps = false;
    int code = find_text(k, &view, one.configuration.digest, &one.text);
    return code ? code : ledger_append_configuration(k->ledger, txn, &one, one.text != NULL);
}

int ledger_keep_configurations(struct ledger *ledger, struct txn *txn, const struct cut *cut)
{
    struct keeping k = {.ledger = ledger, .cut = cut};
    struct ledger_view view = {ledger, txn};

    int code = ledger_configurations(&view, visit, &k);
    for (size_t i = 0; i < k.count && code == 0; i++)
        code = tell(&k, txn, &k.places[i]);
    pool_release(&k.pool);
    return code;
}
