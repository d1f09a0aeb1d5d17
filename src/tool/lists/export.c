#include "base/clock.h"
#include "tool/argument.h"
#include "tool/command.h"
#include "tool/lists/exporting.h"
#include "tool/noted.h"
#include "tool/output.h"
#include "tool/show.h"

#include <inttypes.h>
#include <string.h>

enum { SCOPE, SINCE, AFTER, FORMAT, REASON, JSON };
static const struct flag flags[] = {
    {.name = "scope", .argument = "PATH", .text = "only what keeps back mail of this scope"},
    {.name = "since",
     .argument = "TIME",
     .text = "only what was recorded since then, withdrawals too",
     .excludes_next = true},
    {.name = "after", .argument = "EVENT", .text = "only what was recorded behind that event"},
    {.name = "format", .argument = "FORMAT", .text = "csv (the default), ndjson, sha256, ..."},
    {.name = "reason", .argument = "REASON", .text = "only choices with this reason"},
    {.name = "json", .text = "the summary as a JSON object"},
    {0},
};

/* --- what is asked --- */

static int unknown_format(const char *given, struct error *why)
{
    struct text names = TEXT_EMPTY;
    const char *name, *title;

    for (size_t i = 0; (name = writer_name(i, &title)); i++)
        text_format(&names, "%s%s", i > 0 ? ", " : "", name);
    int code = error_set(why, ERR_SYNTAX, "--format %.60s: not one of %s", given,
                         names.failed ? "those there are" : names.data);
    text_release(&names);
    return code;
}

static int read_arguments(const struct call *call, struct exporting *e, int64_t *since,
                          struct error *why)
{
    const char *format = call->values[FORMAT] ? call->values[FORMAT] : "csv";
    const char *reason = call->values[REASON];
    int code = 0;

    if (call->values[SINCE] && call->values[AFTER])
        return error_set(why, ERR_SYNTAX, "--since and --after exclude each other");
    e->target = writer_find(format);
    if (!e->target)
        return unknown_format(format, why);
    if (reason && (choice_reason_parse(reason, &e->reason) || e->reason == REASON_NONE))
        return error_set(why, ERR_SYNTAX, "--reason %.60s: there is no such reason", reason);
    e->scope = call->values[SCOPE];
    if (e->scope)
        code = argument_scope(e->scope, why);
    if (code == 0 && call->values[SINCE])
        code = argument_time("since", call->values[SINCE], since, why);
    return code;
}

/* What is known of the list before. */
static int look_at_list(struct exporting *e, struct error *why)
{
    int code = site_view(&e->site, why);
    if (code == 0 && e->scope)
        code = site_check_scope(&e->site, e->scope, why);
    if (code == 0)
        e->loss = list_check_loss(e->site.list_view) != 0;
    site_end_view(&e->site);
    return code;
}

/* --- what came out --- */

static const char *const lack_members[WRITER_LACK_COUNT] = {
    [WRITER_LACKS_ADDRESS] = "address",
    [WRITER_LACKS_DOMAINS] = "domains",
    [WRITER_LACKS_KIND] = "kind",
    [WRITER_LACKS_END] = "end",
};

static uint64_t count_lacks(const struct exporting *e)
{
    uint64_t sum = e->freed;
    for (size_t i = WRITER_CARRIES + 1; i < WRITER_LACK_COUNT; i++)
        sum += e->lacks[i];
    return sum;
}

static struct event_name head_of(const struct exporting *e)
{
    struct event_name head = {.number = e->head};
    memcpy(head.node, list_node(e->site.list), sizeof head.node);
    return head;
}

static void tell_json(const struct exporting *e, bool delta)
{
    const struct event_name head = head_of(e);
    json_t *object = json_object(), *lacks = json_object();

    output_put_number(object, "rows", e->rows);
    if (!delta)
        output_put_number(object, "people", e->people);
    show_put_event(object, "after", &head);
    for (size_t i = WRITER_CARRIES + 1; i < WRITER_LACK_COUNT; i++)
        output_put_number(lacks, lack_members[i], e->lacks[i]);
    output_put_number(lacks, "withdrawal", e->freed);
    output_put_number(object, "not_carried", count_lacks(e));
    output_put(object, "lacking", lacks);
    output_put_text(object, "personal_data", writer_is_hashed(e->target) ? "hashes" : "addresses");
    output_put_number(object, "lifted", e->lifted);
    output_put_number(object, "opt_ins", e->opt_ins);
    output_put_bool(object, "loss", e->loss);
    remark_json(object);
}

static void tell_text(const struct exporting *e, bool delta)
{
    const struct event_name head = head_of(e);
    char name[SHOW_EVENT_SIZE];

    if (delta)
        remark("%" PRIu64 " row%s", e->rows, e->rows == 1 ? "" : "s");
    else
        remark("%" PRIu64 " row%s about %" PRIu64 " address%s or domains", e->rows,
               e->rows == 1 ? "" : "s", e->people, e->people == 1 ? "" : "es");
    for (size_t i = WRITER_CARRIES + 1; i < WRITER_LACK_COUNT; i++)
        if (e->lacks[i] > 0)
            remark("%" PRIu64 " left out: %s", e->lacks[i], writer_lack_text((enum writer_lack)i));
    if (e->freed > 0)
        remark("%" PRIu64 " may be mailed again, and the format cannot say so: export all of it",
               e->freed);
    if (e->lifted > 0)
        remark("%" PRIu64 " left out: an opt-in lifts what kept them back", e->lifted);
    if (e->opt_ins > 0)
        remark("%" PRIu64 " opt-in%s left out: this is a list of whom not to mail", e->opt_ins,
               e->opt_ins == 1 ? "" : "s");
    if (e->rows > 0)
        remark("These are personal data: %s.", writer_is_hashed(e->target)
                                                   ? "hashes of addresses, which can be guessed"
                                                   : "addresses in the clear");
    remark("What comes behind: --after %s", show_event_in_full(&head, name));
}

static int finish(struct exporting *e, bool delta, bool json)
{
    if (json)
        tell_json(e, delta);
    else
        tell_text(e, delta);
    /* Who is not in it would be mailed by whoever gets it. */
    if (e->loss)
        complain("opt-outs may be missing in this: the list was restored without what it replaced");
    return e->loss || count_lacks(e) > 0 ? STATUS_LACKS : STATUS_OK;
}

/* --- */

static int export(const struct call *call, struct exporting *e, int64_t since, struct error *why)
{
    struct event_name after = {.number = 0};
    bool delta = call->values[SINCE] || call->values[AFTER];
    int code = 0;

    if (!e->site.has_address)
        return error_set(why, ERR_KEY, "nothing is exported without the address key");
    if (call->values[AFTER])
        code = argument_event(call->values[AFTER], list_node(e->site.list), &after, why);
    if (code == 0 && after.number > 0 &&
        memcmp(after.node, list_node(e->site.list), sizeof after.node) != 0)
        code = error_set(why, ERR_NOT_FOUND,
                         "--after %s: not an event of this list, which was perhaps restored; "
                         "export all of it",
                         call->values[AFTER]);
    if (code == 0)
        code = look_at_list(e, why);
    if (code)
        return code;
    const struct noted noted = {.command = "export", .scope = e->scope};
    code = noted_reading(&e->site, &noted, NULL, why);
    if (code)
        return code;
    struct error reason = {""};
    code = delta ? exporting_delta(e, after.number, call->values[SINCE] ? since * 1000 : INT64_MIN,
                                   &reason)
                 : exporting_all(e, &reason);
    if (code < 0)
        return error_set(why, code, "%.400s%s", reason.text,
                         e->rows > 0 ? "; what was written is not the whole" : "");
    return code ? code : finish(e, delta, call->values[JSON]);
}

static int run(const struct call *call)
{
    struct exporting e = {.now = clock_now()};
    struct error why = {""};
    int64_t since = 0;

    int code = read_arguments(call, &e, &since, &why);
    if (code)
        return output_status(code, &why);
    code = site_open(call->config_file, SITE_KEYS | SITE_WORDS | SITE_LIST, &e.site, &why);
    if (code == 0)
        code = export(call, &e, since, &why);
    pool_release(&e.pool);
    text_release(&e.text);
    site_close(&e.site);
    return output_status(code, &why);
}

const struct command command_export = {
    .name = "export",
    .arguments = "",
    .text = "write the list, or what changed in it, for others",
    .flags = flags,
    .role = ROLE_COMPLIANCE,
    .run = run,
};
