/* Things to look at, found in what else the report tells: so a page and whoever reads the JSON need
 * not know where to look. */
#include "base/clock.h"
#include "tool/output.h"
#include "tool/report/facts.h"

#include <string.h>

#define VERIFY_SECONDS (30 * INT64_C(86400)) /* a verify that is older is missed */

static json_int_t number_of(json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static const char *text_of(json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* A remark, which lives with the array. */
static json_t *remark_on(json_t *array, const char *kind)
{
    json_t *object = json_object();
    output_put_text(object, "kind", kind);
    output_append(array, object);
    return object;
}

static void remark_count(json_t *array, const char *kind, const char *name, const char *about,
                         json_int_t count)
{
    json_t *object = remark_on(array, kind);
    if (name)
        output_put_text(object, name, about);
    output_put_number(object, "count", (uint64_t)count);
}

/* --- time to effect --- */

static void look_at_limits(json_t *facts, json_t *array)
{
    json_t *effect = json_object_get(facts, "effect"), *limit, *source;
    json_int_t after = 0;
    size_t i;

    json_array_foreach(json_object_get(effect, "limits"), i, limit)
    {
        if (number_of(limit, "over"))
            remark_count(array, "limit-over", "limit", text_of(limit, "limit"),
                         number_of(limit, "over"));
        if (number_of(limit, "near"))
            remark_count(array, "limit-near", "limit", text_of(limit, "limit"),
                         number_of(limit, "near"));
    }
    json_array_foreach(json_object_get(effect, "sources"), i, source) after +=
        number_of(source, "handed_on_after");
    if (after)
        remark_count(array, "handed-on-after", NULL, NULL, after);
}

/* --- mail --- */

static json_int_t monitored(json_t *facts, const char *stream)
{
    json_t *row;
    size_t i;

    json_array_foreach(json_object_get(json_object_get(facts, "monitored"), "series"), i, row)
    {
        if (strcmp(text_of(row, "name"), stream) == 0)
            return number_of(row, "total");
    }
    return 0;
}

static void look_at_mail(json_t *facts, json_t *array)
{
    json_int_t messages = 0;
    json_t *stream, *place;
    size_t i;

    json_array_foreach(json_object_get(facts, "streams"), i, stream)
    {
        const char *lacks = text_of(stream, "without_one_click"), *name = text_of(stream, "stream");
        if (strcmp(text_of(stream, "mode"), "monitor") == 0)
            remark_count(array, "monitor", "stream", name, monitored(facts, name));
        else if (lacks && (strcmp(lacks, "off") == 0 || strcmp(lacks, "no-public-url") == 0))
            output_put_text(remark_on(array, "no-one-click"), "stream", name);
    }
    json_array_foreach(json_object_get(facts, "unclaimed"), i, place) messages +=
        number_of(place, "messages");
    if (messages)
        remark_count(array, "unclaimed", NULL, NULL, messages);
}

/* --- the record --- */

static void look_at_verified(json_t *facts, int64_t now, json_t *array)
{
    json_t *verified = json_object_get(facts, "verified");
    const char *time = text_of(verified, "time");
    int64_t at = 0;

    if (!time) {
        remark_on(array, "never-verified");
        return;
    }
    if (clock_parse(time, &at) == 0 && now - at > VERIFY_SECONDS)
        output_put_text(remark_on(array, "verified-long-ago"), "time", time);
    if (!json_is_true(json_object_get(verified, "list_whole")) ||
        !json_is_true(json_object_get(verified, "ledger_whole")))
        output_put_text(remark_on(array, "not-whole"), "time", time);
    if (number_of(verified, "checkpoints_misfitting"))
        remark_count(array, "checkpoint-misfit", "time", time,
                     number_of(verified, "checkpoints_misfitting"));
}

static void look_at_losses(json_t *facts, json_t *array)
{
    json_t *item;
    size_t i;

    if (json_is_true(json_object_get(facts, "loss_open")))
        remark_on(array, "loss-open");
    json_array_foreach(json_object_get(facts, "losses"), i, item)
    {
        json_t *object = remark_on(array, "loss");
        output_put_text(object, "store", text_of(item, "store"));
        output_put_text(object, "time", text_of(item, "time"));
    }
}

/* --- what waits for somebody --- */

static void look_at_work(json_t *facts, json_t *array)
{
    json_int_t open = 0;
    json_t *item;
    size_t i;

    json_array_foreach(json_object_get(facts, "imports"), i, item)
    {
        if (json_is_true(json_object_get(item, "ended")) ||
            json_is_true(json_object_get(item, "undone")))
            continue;
        json_t *object = remark_on(array, "not-ended");
        output_put_text(object, "time", text_of(item, "time"));
        output_put_text(object, "source", text_of(item, "source"));
    }
    json_array_foreach(json_object_get(facts, "proposals"), i, item) open +=
        strcmp(text_of(item, "state"), "open") == 0;
    if (open)
        remark_count(array, "proposals-open", NULL, NULL, open);
}

json_t *report_remarks(json_t *facts, int64_t now)
{
    json_t *array = json_array();

    look_at_losses(facts, array);
    look_at_verified(facts, now, array);
    look_at_limits(facts, array);
    look_at_mail(facts, array);
    look_at_work(facts, array);
    return array;
}
