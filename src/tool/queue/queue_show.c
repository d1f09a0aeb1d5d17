#include "tool/queue/queue.h"

#include "base/clock.h"
#include "tool/output.h"
#include "tool/show.h"

#include <inttypes.h>

const char *queue_link_name(enum queue_link link)
{
    switch (link) {
    case QUEUE_BY_ID:
        return "queue-id";
    case QUEUE_BY_LOG:
        return "log";
    case QUEUE_BY_MESSAGE_ID:
        return "message-id";
    case QUEUE_UNKNOWN:
        break;
    }
    return "unknown";
}

const char *queue_result_name(enum queue_result result)
{
    switch (result) {
    case QUEUE_FREE:
        return "free";
    case QUEUE_DOUBTFUL:
        return "unknown";
    case QUEUE_SHARED:
        return "shared";
    case QUEUE_MONITORED:
        return "monitored";
    case QUEUE_FOUND:
        return "found";
    case QUEUE_HELD:
        return "held";
    case QUEUE_DELETED:
        return "deleted";
    case QUEUE_GONE:
        return "gone";
    }
    return "?";
}

/* For people. */
static const char *sentence(enum queue_result result)
{
    switch (result) {
    case QUEUE_FREE:
        return "everybody may have it";
    case QUEUE_DOUBTFUL:
        return "no verdict on it is known, and a recipient has opted out: left alone";
    case QUEUE_SHARED:
        return "has other recipients: left alone";
    case QUEUE_MONITORED:
        return "nobody may have it, but its stream only monitors: left alone";
    case QUEUE_FOUND:
        return "nobody may have it";
    case QUEUE_HELD:
        return "nobody may have it, on hold";
    case QUEUE_DELETED:
        return "nobody may have it, deleted";
    case QUEUE_GONE:
        return "nobody may have it, but it had left the queue";
    }
    return "?";
}

/* --- lines ----------------------------------------------------------------------------------- */

static void show_recipient(const struct site *site, const struct queue_recipient *recipient)
{
    const struct judged *judged = &recipient->judged;
    char name[SHOW_EVENT_SIZE];
    struct text line = TEXT_EMPTY;

    text_format(&line, "  %s: %s", recipient->given,
                recipient->replaces ? "stands for who opted out"
                                    : recipient_state_name(judged->state));
    for (size_t i = 0; recipient_is_kept_back(judged->state) && i < judged->deciding_count; i++)
        text_format(&line, "%s%s", i ? " " : " by event ",
                    show_event(site, &judged->deciding[i]->event, name));
    output_text(&line);
}

static void show_lines(const struct site *site, const struct queue_message *message)
{
    char time[CLOCK_TEXT_SIZE];
    struct text line = TEXT_EMPTY;

    text_format(&line, "%s %s, arrived %s, from <%s>", message->id, message->queue,
                clock_format(message->arrived, time), message->sender);
    if (message->link != QUEUE_UNKNOWN)
        text_format(&line, ", %s (%s)", message->stream, message->scope);
    for (const struct queue_step *s = message->first; s->next; s = s->next)
        text_format(&line, "%s%s", s == message->first ? ", before: " : " ", s->id);
    text_format(&line, ": %s", sentence(message->result));
    if (message->link == QUEUE_BY_MESSAGE_ID && message->result != QUEUE_FREE)
        text_append(&line, ", known by its Message-ID alone: can be held, is never deleted");
    if (message->reference)
        text_format(&line, ", ref %" PRIu64, message->reference);
    output_text(&line);
    for (size_t i = 0; i < message->recipient_count; i++)
        show_recipient(site, &message->recipients[i]);
}

/* --- JSON ------------------------------------------------------------------------------------ */

static json_t *recipient_object(const struct queue_recipient *recipient)
{
    const struct judged *judged = &recipient->judged;
    json_t *object = json_object(), *events = json_array();
    char name[SHOW_EVENT_SIZE];

    output_put_text(object, "address", recipient->given);
    output_put_text(object, "state", recipient_state_name(judged->state));
    output_put_bool(object, "replaces", recipient->replaces);
    for (size_t i = 0; recipient_is_kept_back(judged->state) && i < judged->deciding_count; i++)
        output_append(events, json_string(show_event_in_full(&judged->deciding[i]->event, name)));
    output_put(object, "events", events);
    return object;
}

static void show_json(const struct queue_message *message)
{
    json_t *object = json_object(), *before = json_array(), *recipients = json_array();

    output_put_text(object, "queue_id", message->id);
    output_put_text(object, "queue", message->queue);
    output_put_time(object, "arrived", message->arrived);
    output_put_number(object, "size", message->size);
    output_put_text(object, "mail_from", message->sender);
    output_put_text(object, "result", queue_result_name(message->result));
    output_put_text(object, "known_by", queue_link_name(message->link));
    output_put_text(object, "stream", message->stream);
    output_put_text(object, "scope", message->scope);
    if (message->link == QUEUE_UNKNOWN)
        output_put_text(object, "verdict", NULL);
    else
        show_put_event(object, "verdict", &message->verdict);
    for (const struct queue_step *s = message->first; s->next; s = s->next)
        output_append(before, output_text_value(s->id));
    output_put(object, "queue_ids_before", before);
    for (size_t i = 0; i < message->recipient_count; i++)
        output_append(recipients, recipient_object(&message->recipients[i]));
    output_put(object, "recipients", recipients);
    if (message->reference)
        output_put_number(object, "ref", message->reference);
    else
        output_put_text(object, "ref", NULL);
    output_json(object);
}

void queue_show(const struct site *site, const struct queue_message *message, bool json)
{
    if (json)
        show_json(message);
    else
        show_lines(site, message);
}
