#include "tool/show.h"

#include "base/clock.h"
#include "tool/output.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *show_event_in_full(const struct event_name *event, char text[SHOW_EVENT_SIZE])
{
    text_to_hex(event->node, EVENT_NODE_SIZE, text);
    snprintf(text + strlen(text), SHOW_EVENT_SIZE - strlen(text), "-%" PRIu64, event->number);
    return text;
}

const char *show_event(const struct site *site, const struct event_name *event,
                       char text[SHOW_EVENT_SIZE])
{
    if (memcmp(event->node, list_node(site->list), EVENT_NODE_SIZE) != 0)
        return show_event_in_full(event, text);
    snprintf(text, SHOW_EVENT_SIZE, "%" PRIu64, event->number);
    return text;
}

void show_append_kind(struct text *line, const struct choice *choice)
{
    const char *link = choice->kind == CHOICE_OPT_OUT ? "of"
                       : choice->kind == CHOICE_BLOCK ? "for"
                                                      : "to";
    text_format(line, "%s%s %s %s", choice->confirmed ? "confirmed " : "",
                choice_kind_name(choice->kind), link, choice->scope);
}

static void append_names(struct text *line, const struct site *site, const struct choice *choice)
{
    char name[SHOW_EVENT_SIZE];
    for (size_t i = 0; i < choice->name_count; i++)
        text_format(line, "%s%s", i ? " " : ", lifts event ",
                    show_event(site, &choice->names[i], name));
}

void show_append_choice(struct text *line, const struct site *site, const struct choice *choice)
{
    char reason[CHOICE_REASON_SIZE], time[CLOCK_TEXT_SIZE];

    show_append_kind(line, choice);
    if (choice->domain)
        text_append(line, " for the whole domain");
    if (choice->until)
        text_format(line, " until %s", clock_format(choice->until, time));
    text_format(line, ", reason %s, source %s", choice_reason_name(choice->reason, reason),
                choice->source);
    if (choice->asked)
        text_format(line, ", asked %s", clock_format(choice->asked, time));
    append_names(line, site, choice);
}

/* When an event was written, in ms; 0 where it is not there. Events can be large and are read one
 * at a time. */
static int64_t time_of(struct site *site, const struct event_name *name)
{
    struct pool pool = {0};
    struct event event;
    int64_t at = 0;

    if (list_event(site->list_view, name, &pool, &event) == 0)
        at = event.at_ms;
    pool_release(&pool);
    return at;
}

void show_row(struct site *site, const struct choice *choice)
{
    char name[SHOW_EVENT_SIZE], time[CLOCK_TEXT_SIZE];
    struct text line = TEXT_EMPTY;
    int64_t at = time_of(site, &choice->event);

    text_format(&line, "  event %s: ", show_event(site, &choice->event, name));
    show_append_choice(&line, site, choice);
    if (at)
        text_format(&line, ", %s", clock_format(at / 1000, time));
    output_text(&line);
}

void show_put_event(json_t *object, const char *name, const struct event_name *event)
{
    char text[SHOW_EVENT_SIZE];
    output_put_text(object, name, show_event_in_full(event, text));
}

void show_put_person(json_t *object, const char *address, const uint8_t *digest)
{
    char hex[2 * LIST_DIGEST_SIZE + 1];

    output_put_text(object, "address", address);
    if (digest)
        text_to_hex(digest, LIST_DIGEST_SIZE, hex);
    output_put_text(object, "sha256", digest ? hex : NULL);
}

void show_put_identity(json_t *object, const struct list_identity *identity)
{
    show_put_person(object, identity->address,
                    identity->known == LIST_KNOWS_DIGEST ? identity->digest : NULL);
}

void show_put_choice(json_t *object, const struct choice *choice)
{
    char reason[CHOICE_REASON_SIZE], name[SHOW_EVENT_SIZE];

    output_put_text(object, "kind", choice_kind_name(choice->kind));
    output_put_bool(object, "confirmed", choice->confirmed);
    output_put_bool(object, "domain", choice->domain);
    output_put_text(object, "scope", choice->scope);
    output_put_text(object, "reason", choice_reason_name(choice->reason, reason));
    output_put_text(object, "source", choice->source);
    output_put_time(object, "asked", choice->asked);
    output_put_time(object, "until", choice->until);
    json_t *names = json_array();
    for (size_t i = 0; i < choice->name_count; i++)
        output_append(names, json_string(show_event_in_full(&choice->names[i], name)));
    output_put(object, "lifts", names);
}

json_t *show_json_row(struct site *site, const struct choice *choice)
{
    json_t *object = json_object();
    int64_t at = time_of(site, &choice->event);
    char time[CLOCK_TEXT_SIZE];

    show_put_event(object, "event", &choice->event);
    output_put_text(object, "time", at ? clock_format_ms(at, time) : NULL);
    show_put_choice(object, choice);
    return object;
}

const char *show_config(const uint8_t digest[EVENT_SHORT_HASH_SIZE], char text[SHOW_CONFIG_SIZE])
{
    text_to_hex(digest, EVENT_SHORT_HASH_SIZE, text);
    return text;
}

void show_put_verdict(json_t *object, const struct event_verdict *v)
{
    output_put_text(object, "action", action_name(v->action));
    output_put_text(object, "mode", v->mode == MODE_MONITOR ? "monitor" : "enforce");
    output_put_text(object, "stream", v->stream);
    output_put_text(object, "rule", v->rule);
    output_put_text(object, "scope", v->scope);
    output_put_text(object, "queue_id", *v->queue_id ? v->queue_id : NULL);
}

/* --- batches --- */

static const char *const count_names[BATCH_COUNTS] = {
    [BATCH_READ] = "read",
    [BATCH_ADDED] = "added",
    [BATCH_KNOWN] = "known",
    [BATCH_BLOCKED] = "blocked",
    [BATCH_LEFT_ALONE] = "left_alone",
    [BATCH_REJECTED] = "rejected",
    [BATCH_WITHDRAWN] = "withdrawn",
};

static const char *or_null(const char *text)
{
    return *text ? text : NULL;
}

void show_put_unclaimed(json_t *object, const struct unclaimed_count *count, bool logins)
{
    if (logins)
        output_put_text(object, "login", or_null(count->login));
    output_put_text(object, "listener", or_null(count->listener));
    output_put_text(object, "domain", or_null(count->domain));
    output_put_number(object, "messages", count->messages);
    output_put_number(object, "recipients", count->recipients);
    output_put_time(object, "first", count->first);
    output_put_time(object, "last", count->last);
}

void show_put_batch(json_t *object, const struct event_batch *begin, const char *source)
{
    char digest[2 * EVENT_HASH_SIZE + 1];

    text_to_hex(begin->digest, sizeof begin->digest, digest);
    output_put_text(object, "kind", begin->kind == BATCH_UNDO ? "undo" : "import");
    output_put_text(object, "source", source);
    output_put_text(object, "sha256", begin->has_digest ? digest : NULL);
    output_put_number(object, "size", begin->size);
    if (begin->undoes.number)
        show_put_event(object, "undoes", &begin->undoes);
}

void show_put_counts(json_t *object, const uint64_t counts[BATCH_COUNTS])
{
    for (size_t i = 0; i < BATCH_COUNTS; i++)
        output_put_number(object, count_names[i], counts[i]);
}

void show_append_counts(struct text *line, const uint64_t counts[BATCH_COUNTS])
{
    const char *before = " ";
    for (size_t i = 0; i < BATCH_COUNTS; i++)
        if (counts[i] || i == BATCH_READ) {
            text_format(line, "%s%" PRIu64 " %s", before, counts[i],
                        i == BATCH_LEFT_ALONE ? "left alone" : count_names[i]);
            before = ", ";
        }
}

const char *show_occasion(enum configuration_occasion occasion)
{
    switch (occasion) {
    case CONFIGURATION_START:
        return "start";
    case CONFIGURATION_RELOAD:
        return "reload";
    case CONFIGURATION_ALONE:
        return "alone";
    case CONFIGURATION_STOP:
        return "stop";
    case CONFIGURATION_KEPT:
        return "kept";
    case CONFIGURATION_KEPT_STOP:
        return "kept-stop";
    }
    return "unknown";
}

void show_put_streams(json_t *object, const struct event_configuration *configuration)
{
    json_t *streams = json_array();

    for (size_t i = 0; i < configuration->stream_count; i++) {
        const struct event_stream *stream = &configuration->streams[i];
        json_t *one = json_object();
        output_put_text(one, "stream", stream->name);
        output_put_text(one, "scope", stream->scope);
        output_put_text(one, "ledger", stream->ledger == LEDGER_ALL ? "all" : "suppressed");
        output_put_text(one, "mode", stream->mode == MODE_MONITOR ? "monitor" : "enforce");
        output_append(streams, one);
    }
    output_put(object, "streams", streams);
}

const char *show_ledger_event(const struct site *site, const struct event_name *event,
                              char text[SHOW_EVENT_SIZE])
{
    if (memcmp(event->node, ledger_node(site->ledger), EVENT_NODE_SIZE) != 0)
        return show_event_in_full(event, text);
    snprintf(text, SHOW_EVENT_SIZE, "%" PRIu64, event->number);
    return text;
}
