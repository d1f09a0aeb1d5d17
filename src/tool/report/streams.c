/* Kinds of marketing mail: how they are set up now, and what was counted of them; and bulk mail
 * that belongs to none. */
#include "core/scope.h"
#include "tool/output.h"
#include "tool/report/facts.h"
#include "tool/show.h"

#include <stdlib.h>
#include <string.h>

struct streams {
    struct site *site;
    const struct report_question *question;
    const char *name; /* whose counts are added up */
    uint64_t messages, delivered, kept_back;
    json_t *unclaimed;
};

/* While a stream only monitors, what is counted is what would have been done. */
static int add_up(const struct stream_count *count, void *argument)
{
    struct streams *s = argument;

    bool monitored = count->mode == MODE_MONITOR;

    if (strcmp(count->stream, s->name) == 0) {
        s->messages += count->messages;
        s->delivered += monitored ? count->given : count->delivered;
        s->kept_back += monitored ? 0 : count->kept_back;
    }
    return 0;
}

/* Whether its mail bears a one-click link: "always", or which of it does not, for the key
 * "without_one_click" of JSON. */
static const char *lacks_one_click(const struct policy *policy, const struct stream *stream)
{
    if (!policy->public_url)
        return "no-public-url";
    if (stream->mode == MODE_MONITOR)
        return "monitor";
    if (stream->list_unsubscribe == UNSUBSCRIBE_OFF)
        return "off";
    if (stream->list_unsubscribe == UNSUBSCRIBE_KEEP)
        return "kept-as-sent";
    if (stream->recipients == SEVERAL_PLAIN)
        return "several-recipients";
    return NULL;
}

static int put_stream(struct streams *s, const struct stream *stream, json_t *array)
{
    json_t *object = json_object();

    s->name = stream->rule.name;
    s->messages = s->delivered = s->kept_back = 0;
    int code = ledger_each_stream(s->site->ledger_view, add_up, s);
    output_put_text(object, "stream", stream->rule.name);
    output_put_text(object, "title", stream->title);
    output_put_text(object, "scope", stream->scope);
    output_put_text(object, "mode", stream->mode == MODE_MONITOR ? "monitor" : "enforce");
    output_put_text(object, "without_one_click", lacks_one_click(&s->site->config->policy, stream));
    output_put_number(object, "messages", s->messages);
    output_put_number(object, "delivered", s->delivered);
    output_put_number(object, "kept_back", s->kept_back);
    output_append(array, object);
    return code;
}

static int put_unclaimed(const struct unclaimed_count *count, void *argument)
{
    struct streams *s = argument;
    const struct period *period = &s->question->period;
    json_t *object;

    if (count->last < period->since || count->first >= period->until)
        return 0;
    object = json_object();
    show_put_unclaimed(object, count, s->question->names);
    output_append(s->unclaimed, object);
    return 0;
}

static int compare(const void *a, const void *b)
{
    json_int_t x = json_integer_value(json_object_get(*(json_t *const *)a, "messages"));
    json_int_t y = json_integer_value(json_object_get(*(json_t *const *)b, "messages"));
    return x > y ? -1 : x < y;
}

/* The same, those with most messages first. NULL without memory. */
static json_t *sorted(json_t *array)
{
    size_t count = json_array_size(array);
    json_t **items = calloc(count + 1, sizeof *items), *made = items ? json_array() : NULL;

    for (size_t i = 0; items && i < count; i++)
        items[i] = json_array_get(array, i);
    if (items)
        qsort(items, count, sizeof *items, compare);
    for (size_t i = 0; made && i < count; i++)
        output_append(made, json_incref(items[i]));
    free(items);
    json_decref(array);
    return made;
}

int report_streams(struct site *site, const struct report_question *question, json_t *facts,
                   struct error *why)
{
    const struct policy *policy = &site->config->policy;
    struct streams s = {.site = site, .question = question, .unclaimed = json_array()};
    json_t *array = json_array();
    int code = 0;

    for (size_t i = 0; i < policy->stream_count && code == 0; i++)
        if (!question->scope || scope_covers(question->scope, policy->streams[i].scope))
            code = put_stream(&s, &policy->streams[i], array);
    if (code == 0)
        code = ledger_each_unclaimed(site->ledger_view, put_unclaimed, &s);
    output_put(facts, "streams", array);
    output_put(facts, "unclaimed", sorted(s.unclaimed));
    return code ? error_set(why, code, "the ledger cannot be read: %s", error_name(code)) : 0;
}
