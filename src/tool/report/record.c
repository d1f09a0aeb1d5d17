/* What the ledger was to record, by the configurations that the daemons have told it. */
#include "base/clock.h"
#include "core/scope.h"
#include "tool/output.h"
#include "tool/report/facts.h"
#include "tool/show.h"

#include <errno.h>
#include <string.h>

/* A daemon, and what it ran with last. */
struct place {
    const char *actor, *name;
    uint8_t digest[EVENT_HASH_SIZE];
    unsigned generation; /* counts its configurations */
    int64_t stopped_ms;  /* 0: it was not told that it stopped */
};

/* A stream that a milter ran with. */
struct run {
    size_t place;
    const char *name, *scope;
    enum ledger_rows ledger;
    enum mode mode;
    int64_t ledger_ms, mode_ms; /* since when it is so */
    unsigned generation;        /* of the place, when it was there last */
};

struct record {
    const struct report_question *question;
    struct pool pool;
    struct place *places;
    size_t place_count, place_room;
    struct run *runs;
    size_t run_count, run_room;
    size_t current; /* place of the last event that begins a configuration */
    json_t *array;
};

/* --- daemons --- */

static int find_place(struct record *r, const struct event *event, size_t *found)
{
    const char *name = event->configuration->place;
    size_t i = 0;

    while (i < r->place_count &&
           (strcmp(r->places[i].actor, event->actor) != 0 || strcmp(r->places[i].name, name) != 0))
        i++;
    if (i == r->place_count) {
        struct place *places = pool_grow(&r->pool, r->places, i, &r->place_room, sizeof *places);
        if (!places)
            return -ENOMEM;
        r->places = places;
        struct place made = {.actor = pool_copy(&r->pool, event->actor),
                             .name = pool_copy(&r->pool, name)};
        if (!made.actor || !made.name)
            return -ENOMEM;
        r->places[r->place_count++] = made;
    }
    *found = i;
    return 0;
}

static void put_configuration(struct record *r, const struct event *event, bool changed)
{
    const struct event_configuration *c = event->configuration;
    char time[CLOCK_TEXT_SIZE], hex[2 * EVENT_HASH_SIZE + 1];

    if (period_find(&r->question->period, c->since_ms / 1000) == r->question->period.count)
        return;
    json_t *object = json_object();
    text_to_hex(c->digest, EVENT_HASH_SIZE, hex);
    output_put_text(object, "time", clock_format_ms(c->since_ms, time));
    show_put_event(object, "event", &event->name);
    output_put_text(object, "actor", event->actor);
    output_put_text(object, "place", c->place);
    output_put_text(object, "occasion", show_occasion(c->occasion));
    output_put_text(object, "configuration", hex);
    output_put_bool(object, "changed", changed);
    output_append(r->array, object);
}

static int begin_configuration(struct record *r, const struct event *event)
{
    const struct event_configuration *c = event->configuration;

    int code = find_place(r, event, &r->current);
    if (code)
        return code;
    struct place *place = &r->places[r->current];
    bool stops = c->occasion == CONFIGURATION_STOP;
    bool changed = place->generation == 0 || memcmp(place->digest, c->digest, EVENT_HASH_SIZE) != 0;
    put_configuration(r, event, changed && !stops);
    place->stopped_ms = stops ? c->since_ms : 0;
    if (!stops) {
        memcpy(place->digest, c->digest, EVENT_HASH_SIZE);
        place->generation++;
    }
    return 0;
}

/* --- streams --- */

static int find_run(struct record *r, const struct event_stream *stream, struct run **found)
{
    for (size_t i = 0; i < r->run_count; i++)
        if (r->runs[i].place == r->current && strcmp(r->runs[i].name, stream->name) == 0 &&
            strcmp(r->runs[i].scope, stream->scope) == 0) {
            *found = &r->runs[i];
            return 0;
        }
    struct run *runs = pool_grow(&r->pool, r->runs, r->run_count, &r->run_room, sizeof *runs);
    if (!runs)
        return -ENOMEM;
    r->runs = runs;
    struct run made = {.place = r->current,
                       .name = pool_copy(&r->pool, stream->name),
                       .scope = pool_copy(&r->pool, stream->scope)};
    if (!made.name || !made.scope)
        return -ENOMEM;
    r->runs[r->run_count] = made;
    *found = &r->runs[r->run_count++];
    return 0;
}

static int take_streams(struct record *r, const struct event_configuration *c)
{
    unsigned generation = r->places[r->current].generation;
    struct run *run = NULL;
    int code = 0;

    for (size_t i = 0; i < c->stream_count && code == 0; i++) {
        const struct event_stream *stream = &c->streams[i];
        code = find_run(r, stream, &run);
        if (code)
            break;
        bool goes_on = run->generation > 0 && run->generation + 1 >= generation;
        if (!goes_on || run->ledger != stream->ledger)
            run->ledger_ms = c->since_ms;
        if (!goes_on || run->mode != stream->mode)
            run->mode_ms = c->since_ms;
        run->ledger = stream->ledger;
        run->mode = stream->mode;
        run->generation = generation;
    }
    return code;
}

/* One with very many streams is several events, whose batch is the first. */
static int visit(struct txn *txn, const struct event *event, void *argument)
{
    struct record *r = argument;
    (void)txn;

    if (!event->configuration)
        return 0;
    int code = event->batch ? 0 : begin_configuration(r, event);
    if (code || strcmp(event->actor, "milter") != 0 || r->place_count == 0 ||
        event->configuration->occasion == CONFIGURATION_STOP)
        return code;
    return take_streams(r, event->configuration);
}

/* --- */

static int put_run(const struct record *r, const struct run *run, struct ledger_reach *reach,
                   json_t *array)
{
    const struct period *period = &r->question->period;
    const struct place *place = &r->places[run->place];
    int64_t now_ms = r->question->now * 1000, until_ms = period->until * 1000;
    json_t *object = json_object();
    bool covers = false;

    int code = ledger_reach_covers(reach, run->scope, period->since * 1000,
                                   until_ms < now_ms ? until_ms : now_ms, &covers);
    output_put_text(object, "stream", run->name);
    output_put_text(object, "scope", run->scope);
    output_put_text(object, "place", place->name);
    output_put_text(object, "ledger", run->ledger == LEDGER_ALL ? "all" : "suppressed");
    output_put_time(object, "ledger_since", run->ledger_ms / 1000);
    output_put_text(object, "mode", run->mode == MODE_MONITOR ? "monitor" : "enforce");
    output_put_time(object, "mode_since", run->mode_ms / 1000);
    output_put_time(object, "stopped", place->stopped_ms / 1000);
    output_put_bool(object, "recorded_all", covers);
    output_append(array, object);
    return code;
}

int report_record(struct site *site, const struct report_question *question,
                  struct ledger_reach *reach, json_t *facts, struct error *why)
{
    struct record r = {.question = question, .array = json_array()};
    json_t *array = json_array();

    int code = ledger_configurations(site->ledger_view, visit, &r);
    for (size_t i = 0; i < r.run_count && code == 0; i++) {
        const struct run *run = &r.runs[i];
        if (run->generation == r.places[run->place].generation &&
            (!question->scope || scope_covers(question->scope, run->scope)))
            code = put_run(&r, run, reach, array);
    }
    output_put(facts, "configurations", r.array);
    output_put(facts, "recording", array);
    pool_release(&r.pool);
    return code ? error_set(why, code, "the ledger cannot be read: %s", error_name(code)) : 0;
}
