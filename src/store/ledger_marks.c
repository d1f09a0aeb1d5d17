#include "store/ledger_marks.h"

#include <errno.h>
#include <string.h>

static int add_streams(struct ledger_marks *m, const struct event_configuration *configuration,
                       struct pool *pool)
{
    struct coverage_mark *mark = &m->marks[m->count - 1];
    size_t count = mark->stream_count + configuration->stream_count;
    struct coverage_stream *streams = pool_take(pool, (count + 1) * sizeof *streams);

    if (!streams)
        return -ENOMEM;
    for (size_t i = 0; i < mark->stream_count; i++)
        streams[i] = mark->streams[i];
    for (size_t i = 0; i < configuration->stream_count; i++) {
        const struct event_stream *from = &configuration->streams[i];
        struct coverage_stream *to = &streams[mark->stream_count + i];
        *to = (struct coverage_stream){.name = pool_copy(pool, from->name),
                                       .scope = pool_copy(pool, from->scope),
                                       .ledger = from->ledger};
        if (!to->name || !to->scope)
            return -ENOMEM;
    }
    mark->streams = streams;
    mark->stream_count = count;
    return 0;
}

static int make_room(struct ledger_marks *m, struct pool *pool)
{
    if (m->count < m->room)
        return 0;
    size_t room = m->room * 2 + 16;
    struct coverage_mark *marks = pool_take(pool, room * sizeof *marks);
    uint8_t(*digests)[EVENT_SHORT_HASH_SIZE] = pool_take(pool, room * sizeof *digests);
    if (!marks || !digests)
        return -ENOMEM;
    if (m->count) {
        memcpy(marks, m->marks, m->count * sizeof *marks);
        memcpy(digests, m->digests, m->count * sizeof *digests);
    }
    *m = (struct ledger_marks){marks, digests, m->count, room};
    return 0;
}

static bool stops_there(enum configuration_occasion occasion)
{
    return occasion == CONFIGURATION_STOP || occasion == CONFIGURATION_KEPT_STOP;
}

static int add(struct ledger_marks *m, const struct event *event, struct pool *pool)
{
    const struct event_configuration *c = event->configuration;

    if (event->batch && m->count)
        return add_streams(m, c, pool);
    int code = make_room(m, pool);
    const char *place = code == 0 ? pool_copy(pool, c->place) : NULL;
    if (!place)
        return -ENOMEM;
    memcpy(m->digests[m->count], c->digest, EVENT_SHORT_HASH_SIZE);
    m->marks[m->count++] = (struct coverage_mark){.place = place,
                                                  .stops = stops_there(c->occasion),
                                                  .overlaps = c->overlaps,
                                                  .since_ms = c->since_ms,
                                                  .told_ms = event->at_ms};
    return add_streams(m, c, pool);
}

static bool is_milters(const struct event *event)
{
    return event->configuration && strcmp(event->actor, "milter") == 0;
}

int ledger_marks_take(struct ledger_marks *m, const struct event *event, struct pool *pool)
{
    if (!is_milters(event) || configuration_is_kept(event->configuration->occasion))
        return 0;
    return add(m, event, pool);
}

int ledger_marks_take_kept(struct ledger_marks *m, const struct event *event, struct pool *pool)
{
    if (!is_milters(event) || !configuration_is_kept(event->configuration->occasion))
        return 0;
    for (size_t i = 0; i < m->count && !event->batch; i++)
        if (strcmp(m->marks[i].place, event->configuration->place) == 0) {
            size_t behind = --m->count - i;
            memmove(&m->marks[i], &m->marks[i + 1], behind * sizeof *m->marks);
            memmove(m->digests[i], m->digests[i + 1], behind * sizeof *m->digests);
        }
    return add(m, event, pool);
}

bool ledger_marks_lack(const struct ledger_marks *m, const struct event *verdict)
{
    if (m->count == 0 || strcmp(verdict->actor, "milter") != 0)
        return false;
    for (size_t i = m->count; i-- > 0;)
        if (memcmp(m->digests[i], verdict->verdict->config, EVENT_SHORT_HASH_SIZE) == 0)
            return false;
    return true;
}

bool ledger_marks_nameless(const struct event_verdict *verdict)
{
    for (size_t i = 0; i < verdict->row_count; i++)
        if (!verdict->rows[i].known &&
            recipient_was_handed_on(verdict->action, verdict->mode, verdict->rows[i].state))
            return true;
    return false;
}
