#include "base/clock.h"
#include "tool/command.h"
#include "tool/output.h"
#include "tool/show.h"
#include "tool/site.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { JSON, PROMETHEUS };
static const struct flag flags[] = {
    {.name = "json", .text = "one JSON object a line", .excludes_next = true},
    {.name = "prometheus", .text = "metrics for a textfile collector"},
    {0},
};

/* A source of the configuration, or of a batch. */
struct origin {
    const char *name;
    const struct source *profile; /* NULL: the configuration has none */
    struct event_name last;       /* its newest import that ended and was not undone; number 0 */
    int64_t came_ms;              /* when that ended; 0: never */
    uint64_t counts[BATCH_COUNTS];
};

struct origins {
    struct site site;
    struct origin *all;
    size_t count, room;
    int64_t now;
};

/* --- gathering --- */

static struct origin *find_origin(struct origins *origins, const char *name)
{
    for (size_t i = 0; i < origins->count; i++)
        if (strcmp(origins->all[i].name, name) == 0)
            return &origins->all[i];
    if (origins->count == origins->room) {
        size_t room = origins->room ? 2 * origins->room : 16;
        struct origin *all = realloc(origins->all, room * sizeof *all);
        if (!all)
            return NULL;
        origins->all = all;
        origins->room = room;
    }
    struct origin *origin = &origins->all[origins->count];
    *origin = (struct origin){.name = pool_copy(&origins->site.pool, name)};
    if (!origin->name)
        return NULL;
    origins->count++;
    return origin;
}

static int visit_batch(const struct list_batch *batch, void *argument)
{
    struct origins *origins = argument;

    if (batch->begin.kind != BATCH_IMPORT || !batch->source)
        return 0;
    struct origin *origin = find_origin(origins, batch->source);
    if (!origin)
        return -ENOMEM;
    if (batch->ended_ms == 0 || batch->undone_by.number)
        return 0;
    origin->last = batch->name;
    origin->came_ms = batch->ended_ms;
    memcpy(origin->counts, batch->counts, sizeof origin->counts);
    return 0;
}

static int compare_origins(const void *a, const void *b)
{
    const struct origin *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static int gather(struct origins *origins, struct error *why)
{
    const struct config *config = origins->site.config;

    for (size_t i = 0; i < config->source_count; i++) {
        struct origin *origin = find_origin(origins, config->sources[i].name);
        if (!origin)
            return -ENOMEM;
        origin->profile = &config->sources[i];
    }
    int code = list_each_batch(origins->site.list_view, visit_batch, origins);
    if (code)
        return site_explain(&origins->site, code, why);
    if (origins->count)
        qsort(origins->all, origins->count, sizeof *origins->all, compare_origins);
    origins->now = clock_now();
    return 0;
}

/* --- showing --- */

/* Seconds; a clock that was put back makes nothing younger than new. */
static int64_t age_of(const struct origins *origins, const struct origin *origin)
{
    int64_t age = origins->now - origin->came_ms / 1000;
    return age > 0 ? age : 0;
}

static int64_t limit_of(const struct origin *origin)
{
    return origin->profile ? origin->profile->max_age : 0;
}

static bool is_late(const struct origins *origins, const struct origin *origin)
{
    int64_t limit = limit_of(origin);
    return limit && (!origin->came_ms || age_of(origins, origin) > limit);
}

/* "3 d 4 h", "4 h 5 min", "5 min". */
static void append_age(struct text *line, int64_t seconds)
{
    int64_t minutes = seconds / 60, hours = minutes / 60, days = hours / 24;

    if (days)
        text_format(line, "%" PRId64 " d %" PRId64 " h", days, hours % 24);
    else if (hours)
        text_format(line, "%" PRId64 " h %" PRId64 " min", hours, minutes % 60);
    else
        text_format(line, "%" PRId64 " min", minutes);
}

static void show(const struct origins *origins, const struct origin *origin)
{
    char time[CLOCK_TEXT_SIZE], name[SHOW_EVENT_SIZE];
    struct text line = TEXT_EMPTY;

    text_format(&line, "%s: ", origin->name);
    if (origin->came_ms) {
        text_format(&line, "batch %s, %s, ", show_event(&origins->site, &origin->last, name),
                    clock_format(origin->came_ms / 1000, time));
        append_age(&line, age_of(origins, origin));
        text_append(&line, " ago:");
        show_append_counts(&line, origin->counts);
    } else {
        text_append(&line, "nothing was imported");
    }
    if (limit_of(origin)) {
        text_append(&line, is_late(origins, origin) ? "; LATE, at most " : "; at most ");
        append_age(&line, limit_of(origin));
    }
    output_text(&line);
}

static void show_json(const struct origins *origins, const struct origin *origin)
{
    json_t *object = json_object();

    output_put_text(object, "source", origin->name);
    output_put_bool(object, "configured", origin->profile);
    if (origin->came_ms) {
        show_put_event(object, "batch", &origin->last);
        output_put_time(object, "time", origin->came_ms / 1000);
        output_put_number(object, "age", (uint64_t)age_of(origins, origin));
        show_put_counts(object, origin->counts);
    } else {
        output_put_text(object, "batch", NULL);
        output_put_text(object, "time", NULL);
        output_put_text(object, "age", NULL);
    }
    if (limit_of(origin))
        output_put_number(object, "max_age", (uint64_t)limit_of(origin));
    else
        output_put_text(object, "max_age", NULL);
    output_put_bool(object, "late", is_late(origins, origin));
    output_json(object);
}

/* --- metrics --- */

/* A label's value, as the text format of Prometheus has it. */
static void append_label(struct text *line, const char *value)
{
    for (; *value; value++)
        if (*value == '\\' || *value == '"')
            text_format(line, "\\%c", *value);
        else
            text_append_bytes(line, value, 1);
}

static void show_metric(const char *name, const char *source, int64_t value)
{
    struct text line = TEXT_EMPTY;

    text_format(&line, "%s{source=\"", name);
    append_label(&line, source);
    text_format(&line, "\"} %" PRId64, value);
    output_text(&line);
}

/* One that never came is as old as can be. */
static void show_metrics(const struct origins *origins)
{
    static const char last[] = "optout_source_last_import_timestamp_seconds";
    static const char limit[] = "optout_source_max_age_seconds";

    output_line("# HELP %s End of the last import from the source, 0 if there was none.", last);
    output_line("# TYPE %s gauge", last);
    for (size_t i = 0; i < origins->count; i++)
        show_metric(last, origins->all[i].name, origins->all[i].came_ms / 1000);
    output_line("# HELP %s How old it may be by the configuration.", limit);
    output_line("# TYPE %s gauge", limit);
    for (size_t i = 0; i < origins->count; i++)
        if (limit_of(&origins->all[i]))
            show_metric(limit, origins->all[i].name, limit_of(&origins->all[i]));
}

/* --- */

/* STATUS_NO where one is late. */
static int show_all(const struct origins *origins, bool json)
{
    int status = STATUS_OK;

    for (size_t i = 0; i < origins->count; i++) {
        if (json)
            show_json(origins, &origins->all[i]);
        else
            show(origins, &origins->all[i]);
        if (is_late(origins, &origins->all[i]))
            status = STATUS_NO;
    }
    return status;
}

static int run(const struct call *call)
{
    struct origins origins = {.count = 0};
    struct error why = {""};

    if (call->values[JSON] && call->values[PROMETHEUS])
        return output_status(
            error_set(&why, ERR_SYNTAX, "--json and --prometheus exclude each other"), &why);
    int code = site_open(call->config_file, SITE_KEYS | SITE_LIST, &origins.site, &why);
    if (code == 0)
        code = site_view(&origins.site, &why);
    if (code == 0)
        code = gather(&origins, &why);
    if (code == 0 && call->values[PROMETHEUS])
        show_metrics(&origins); /* who collects them raises the alarm */
    else if (code == 0)
        code = show_all(&origins, call->values[JSON]);
    free(origins.all);
    site_close(&origins.site);
    return output_status(code, &why);
}

const struct command command_sources = {
    .name = "sources",
    .arguments = "",
    .text = "show where imports came from, and what is late",
    .flags = flags,
    .role = ROLE_ANYBODY,
    .run = run,
};
