#include "base/clock.h"
#include "tool/argument.h"
#include "tool/command.h"
#include "tool/interrupt.h"
#include "tool/output.h"
#include "tool/show.h"
#include "tool/sweeping.h"
#include "tool/undoing.h"

#include <inttypes.h>
#include <string.h>

enum { SOURCE, SINCE, UNTIL, NOTE, DRY_RUN, JSON, QUIET };
static const struct flag flags[] = {
    {.name = "source", .argument = "SOURCE", .text = "single opt-outs of this source, not a batch"},
    {.name = "since", .argument = "TIME", .text = "of these, what came then and later"},
    {.name = "until", .argument = "TIME", .text = "and before"},
    {.name = "note", .argument = "WHY", .text = "for those who ask later", .required = true},
    {.name = "dry-run", .text = "change nothing, tell what would be done"},
    {.name = "json", .text = "one JSON object a line"},
    {.name = "quiet", .letter = 'q', .text = "tell of errors only"},
    {0},
};

static void show_keepers(const struct undoing *u)
{
    const char *before = ": ";
    struct text line = TEXT_EMPTY;

    if (u->kept == 0)
        return;
    text_format(&line, "%" PRIu64 " of them stay%s kept back by other choices", u->kept,
                u->kept == 1 ? "s" : "");
    for (size_t i = 0; i < u->keeper_count; i++) {
        const struct keeper *k = &u->keepers[i];
        text_format(&line, "%s%" PRIu64 " by %s from %s", before, k->people,
                    choice_kind_name(k->kind), k->source);
        before = ", ";
    }
    output_text(&line);
}

static void show_summary(struct undoing *u)
{
    char name[SHOW_EVENT_SIZE], time[CLOCK_TEXT_SIZE];
    struct text line = TEXT_EMPTY;

    text_format(&line, "batch %s of source %s, %s: %" PRIu64 " of %" PRIu64 " choice%s %s",
                show_event(&u->site, &u->batch.name, name),
                u->batch.source ? u->batch.source : "(none)",
                clock_format(u->batch.begun_ms / 1000, time), u->withdrawn, u->rows,
                u->rows == 1 ? "" : "s", u->dry_run ? "would be withdrawn" : "withdrawn");
    if (u->skipped)
        text_format(&line, ", %" PRIu64 " had been before", u->skipped);
    if (!u->dry_run)
        text_format(&line, "; undone by batch %" PRIu64, u->undo);
    output_text(&line);
    show_keepers(u);
}

static void show_summary_json(struct undoing *u)
{
    json_t *object = json_object(), *keepers = json_array();
    struct event_name undo = {.number = u->undo};

    memcpy(undo.node, list_node(u->site.list), EVENT_NODE_SIZE);
    show_put_event(object, "batch", &u->batch.name);
    output_put_text(object, "source", u->batch.source);
    output_put_bool(object, "dry_run", u->dry_run);
    if (u->undo)
        show_put_event(object, "undone_by", &undo);
    else
        output_put_text(object, "undone_by", NULL);
    output_put_number(object, "rows", u->rows);
    output_put_number(object, "withdrawn", u->withdrawn);
    output_put_number(object, "skipped", u->skipped);
    output_put_number(object, "kept_back", u->kept);
    for (size_t i = 0; i < u->keeper_count; i++) {
        json_t *keeper = json_object();
        output_put_text(keeper, "kind", choice_kind_name(u->keepers[i].kind));
        output_put_text(keeper, "source", u->keepers[i].source);
        output_put_number(keeper, "people", u->keepers[i].people);
        output_append(keepers, keeper);
    }
    output_put(object, "by", keepers);
    output_json(object);
}

/* What was done before an error stays done. */
static void tell_unfinished(const struct undoing *u)
{
    if (u->undo)
        remark("%" PRIu64 " choices are withdrawn; run it again to go on", u->withdrawn);
}

static int undo_batch(const struct call *call)
{
    struct undoing u = {.dry_run = call->values[DRY_RUN], .json = call->values[JSON], .turn = -1};
    struct error why = {""};

    u.progress.quiet = call->values[QUIET];
    int code = argument_words("note", call->values[NOTE], &why);
    if (code)
        return output_status(code, &why);
    interrupt_await();
    code = site_open(call->config_file,
                     SITE_KEYS | (u.dry_run ? SITE_LIST | SITE_WORDS : SITE_WRITE), &u.site, &why);
    if (code == 0)
        code = undoing_begin(&u, call->arguments[0], &why);
    if (code == 0) {
        code = undoing_run(&u, call->values[NOTE], &why);
        if (code < 0)
            tell_unfinished(&u);
    }
    if (code == 0 && u.json)
        show_summary_json(&u);
    else if (code == 0 && !call->values[QUIET])
        show_summary(&u);
    undoing_release(&u);
    site_close(&u.site);
    return output_status(code, &why);
}

/* --- single opt-outs of one source --- */

static void show_sweep(const struct call *call, const struct sweeping *s)
{
    if (call->values[JSON]) {
        json_t *object = json_object();
        output_put_text(object, "source", s->source);
        output_put_bool(object, "dry_run", s->dry_run);
        output_put_number(object, "rows", s->found);
        output_put_number(object, "withdrawn", s->withdrawn);
        output_put_number(object, "skipped", s->found - s->withdrawn);
        output_json(object);
    } else if (!call->values[QUIET]) {
        output_line("source %s: %" PRIu64 " of %" PRIu64 " opt-out%s %s", s->source, s->withdrawn,
                    s->found, s->found == 1 ? "" : "s",
                    s->dry_run ? "would be withdrawn" : "withdrawn");
    }
}

static int read_times(const struct call *call, struct sweeping *s, struct error *why)
{
    int64_t since = 0, until = 0;

    if (!call->values[SINCE] || !call->values[UNTIL])
        return error_set(why, ERR_SYNTAX, "--source needs --since and --until: of what time?");
    int code = argument_time("since", call->values[SINCE], &since, why);
    if (code == 0)
        code = argument_time("until", call->values[UNTIL], &until, why);
    if (code == 0 && until <= since)
        code = error_set(why, ERR_SYNTAX, "--until is not behind --since");
    s->since_ms = since * 1000;
    s->until_ms = until * 1000;
    return code;
}

static int undo_source(const struct call *call)
{
    struct site site;
    struct error why = {""};
    struct sweeping s = {
        .site = &site, .source = call->values[SOURCE], .dry_run = call->values[DRY_RUN]};

    int code = argument_words("note", call->values[NOTE], &why);
    if (code == 0)
        code = read_times(call, &s, &why);
    if (code)
        return output_status(code, &why);
    interrupt_await();
    code =
        site_open(call->config_file, SITE_KEYS | (s.dry_run ? SITE_LIST : SITE_WRITE), &site, &why);
    if (code == 0)
        code = sweeping_run(&s, call->values[NOTE], &why);
    if (code == 0)
        show_sweep(call, &s);
    else if (code < 0 && s.withdrawn > 0)
        remark("%" PRIu64 " opt-outs are withdrawn; run it again to go on", s.withdrawn);
    site_close(&site);
    return output_status(code, &why);
}

static int run(const struct call *call)
{
    struct error why;
    bool batch = call->argument_count > 0;

    if (batch && !call->values[SOURCE] && !call->values[SINCE] && !call->values[UNTIL])
        return undo_batch(call);
    if (!batch && call->values[SOURCE])
        return undo_source(call);
    return output_status(
        error_set(&why, ERR_SYNTAX, "either a batch, or --source with --since and --until"), &why);
}

const struct command command_undo = {
    .name = "undo",
    .arguments = "[BATCH]",
    .text = "withdraw what an import wrote, or a flood of requests, and nothing else",
    .flags = flags,
    .most = 1,
    .role = ROLE_OPS,
    .run = run,
};
