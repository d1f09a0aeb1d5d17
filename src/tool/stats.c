#include "base/clock.h"
#include "tool/argument.h"
#include "tool/choices/reasons.h"
#include "tool/command.h"
#include "tool/output.h"
#include "tool/show.h"
#include "tool/site.h"

#include <inttypes.h>

enum { UNCLAIMED, REASONS, SCOPE, SINCE, WORDS, JSON };
static const struct flag flags[] = {
    {.name = "unclaimed",
     .text = "mail with signs of bulk that no stream claims",
     .excludes_next = true},
    {.name = "reasons", .text = "why people opted out, as they told on the page"},
    {.name = "scope", .argument = "PATH", .text = "reasons for opting out of it and what is below"},
    {.name = "since", .argument = "TIME", .text = "reasons that were given from then on"},
    {.name = "words",
     .text = "with what people wrote beside their reason",
     .role = ROLE_COMPLIANCE},
    {.name = "json", .text = "one JSON object a line"},
    {0},
};

#define SIZE_TEXT 32

/* "1.5M"; an estimate for people. */
static const char *format_size(uint64_t bytes, char text[SIZE_TEXT])
{
    static const char units[] = "kMGTP";
    int unit = -1;
    uint64_t rest = bytes * 10;

    for (; rest >= 10240 && units[unit + 1]; unit++)
        rest /= 1024;
    if (unit < 0)
        snprintf(text, SIZE_TEXT, "%" PRIu64, bytes);
    else
        snprintf(text, SIZE_TEXT, "%" PRIu64 ".%" PRIu64 "%c", rest / 10, rest % 10, units[unit]);
    return text;
}

/* --- the stores --- */

static void show_extent(const char *name, uint64_t events, uint64_t used, uint64_t size)
{
    char used_text[SIZE_TEXT], size_text[SIZE_TEXT];
    output_line("%s: %" PRIu64 " events, %s of %s used", name, events, format_size(used, used_text),
                format_size(size, size_text));
}

static void put_extent(json_t *object, const char *name, uint64_t events, uint64_t used,
                       uint64_t size)
{
    output_put_text(object, "store", name);
    output_put_number(object, "events", events);
    output_put_number(object, "used", used);
    output_put_number(object, "size", size);
}

static void show_list(const struct list_counts *c, bool json)
{
    if (!json) {
        show_extent("list", c->events, c->used, c->size);
        output_line("  choices: %" PRIu64 ", for whole domains: %" PRIu64 ", removed: %" PRIu64
                    "; addresses: %" PRIu64 "; scopes: %" PRIu64,
                    c->choices, c->domains, c->past, c->addresses, c->scopes);
        return;
    }
    json_t *object = json_object();
    put_extent(object, "list", c->events, c->used, c->size);
    output_put_number(object, "choices", c->choices);
    output_put_number(object, "domains", c->domains);
    output_put_number(object, "removed", c->past);
    output_put_number(object, "addresses", c->addresses);
    output_put_number(object, "scopes", c->scopes);
    output_json(object);
}

static void show_ledger(const struct ledger_extent *e, bool json)
{
    if (!json) {
        show_extent("ledger", e->events, e->used, e->size);
        return;
    }
    json_t *object = json_object();
    put_extent(object, "ledger", e->events, e->used, e->size);
    output_json(object);
}

/* --- streams --- */

struct telling {
    bool json;
    uint64_t shown;
};

static const char *mode_name(enum mode mode)
{
    return mode == MODE_MONITOR ? "monitor" : "enforce";
}

static int show_stream(const struct stream_count *c, void *argument)
{
    struct telling *telling = argument;

    if (telling->json) {
        json_t *object = json_object();
        output_put_text(object, "stream", c->stream);
        output_put_text(object, "action", action_name(c->action));
        output_put_text(object, "mode", mode_name(c->mode));
        output_put_number(object, "messages", c->messages);
        output_put_number(object, "given", c->given);
        output_put_number(object, "delivered", c->delivered);
        output_put_number(object, "kept_back", c->kept_back);
        output_json(object);
        return 0;
    }
    if (telling->shown++ == 0)
        output_line("%-20s %-8s %-8s %10s %10s %10s %10s", "stream", "action", "mode", "messages",
                    "recipients", "delivered", "kept back");
    output_line("%-20s %-8s %-8s %10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10" PRIu64, c->stream,
                action_name(c->action), mode_name(c->mode), c->messages, c->given, c->delivered,
                c->kept_back);
    return 0;
}

static int show_all(struct site *site, bool json, struct error *why)
{
    struct telling telling = {.json = json};
    struct list_counts counts;
    struct ledger_extent extent;

    int code = list_count(site->list_view, &counts);
    if (code)
        return site_explain(site, code, why);
    code = ledger_measure(site->ledger_view, &extent);
    if (code)
        return error_set(why, code, "the ledger cannot be read: %s", error_name(code));
    show_list(&counts, json);
    show_ledger(&extent, json);
    code = ledger_each_stream(site->ledger_view, show_stream, &telling);
    return code ? error_set(why, code, "the ledger cannot be read: %s", error_name(code)) : 0;
}

/* --- unclaimed --- */

static const char *or_dash(const char *text)
{
    return *text ? text : "-";
}

static int show_unclaimed(const struct unclaimed_count *c, void *argument)
{
    struct telling *telling = argument;
    char first[CLOCK_TEXT_SIZE], last[CLOCK_TEXT_SIZE];

    if (telling->json) {
        json_t *object = json_object();
        show_put_unclaimed(object, c, true);
        output_json(object);
        return 0;
    }
    if (telling->shown++ == 0)
        output_line("%-24s %-12s %-28s %8s %10s  %-20s  %s", "login", "listener", "sender's domain",
                    "messages", "recipients", "first", "last");
    output_line("%-24s %-12s %-28s %8" PRIu64 " %10" PRIu64 "  %s  %s", or_dash(c->login),
                or_dash(c->listener), or_dash(c->domain), c->messages, c->recipients,
                clock_format(c->first, first), clock_format(c->last, last));
    return 0;
}

static int show_all_unclaimed(struct site *site, bool json, struct error *why)
{
    struct telling telling = {.json = json};
    int code = ledger_each_unclaimed(site->ledger_view, show_unclaimed, &telling);
    if (code)
        return error_set(why, code, "the ledger cannot be read: %s", error_name(code));
    if (!json && telling.shown == 0)
        remark("No mail with signs of bulk went by without a stream, as far as the milter has "
               "written its counts.");
    return 0;
}

/* --- */

static int read_question(const struct call *call, struct reasons_question *q, struct error *why)
{
    const char *since = call->values[SINCE];
    int64_t seconds = 0;

    *q = (struct reasons_question){.scope = call->values[SCOPE],
                                   .since_ms = INT64_MIN,
                                   .words = call->values[WORDS],
                                   .json = call->values[JSON]};
    if (call->values[REASONS] && call->values[UNCLAIMED])
        return error_set(why, ERR_SYNTAX, "--reasons and --unclaimed exclude each other");
    if (!call->values[REASONS] && (q->scope || since || q->words))
        return error_set(why, ERR_SYNTAX, "--scope, --since and --words belong to --reasons");
    int code = q->scope ? argument_scope(q->scope, why) : 0;
    if (code == 0 && since && (code = argument_time("since", since, &seconds, why)) == 0)
        q->since_ms = seconds * 1000;
    return code;
}

static unsigned needs(const struct call *call)
{
    if (call->values[UNCLAIMED])
        return SITE_KEYS | SITE_LEDGER;
    if (call->values[REASONS])
        return SITE_KEYS | SITE_LIST | (call->values[WORDS] ? SITE_WORDS : 0);
    return SITE_KEYS | SITE_LIST | SITE_LEDGER;
}

static int run(const struct call *call)
{
    struct reasons_question question;
    struct site site;
    struct error why = {""};
    bool json = call->values[JSON];

    int code = read_question(call, &question, &why);
    if (code)
        return output_status(code, &why);
    code = site_open(call->config_file, needs(call), &site, &why);
    if (code == 0)
        code = site_view(&site, &why);
    if (code == 0)
        code = call->values[UNCLAIMED] ? show_all_unclaimed(&site, json, &why)
               : call->values[REASONS] ? reasons_show(&site, &question, &why)
                                       : show_all(&site, json, &why);
    site_close(&site);
    return output_status(code, &why);
}

const struct command command_stats = {
    .name = "stats",
    .arguments = "",
    .text = "show what the stores hold and what was decided",
    .flags = flags,
    .role = ROLE_ANYBODY,
    .run = run,
};
