#include "tool/approval/approval.h"
#include "tool/argument.h"
#include "tool/choices/sweeping.h"
#include "tool/choices/undoing.h"
#include "tool/command.h"
#include "tool/interrupt.h"
#include "tool/output.h"
#include "tool/show.h"

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

/* What was done before an error stays done. */
static void tell_unfinished(const struct undoing *u)
{
    if (u->undo)
        remark("%" PRIu64 " choices are withdrawn; run it again to go on", u->withdrawn);
}

static int propose_batch(struct undoing *u, uint64_t rows, struct error *why)
{
    const struct event_target batch = {.event = u->batch.name};
    const struct event_proposal proposal = {.operation = OPERATION_UNDO,
                                            .rows = rows,
                                            .source = "",
                                            .targets = &batch,
                                            .target_count = 1};
    return approval_propose(u->site, &proposal, NULL, 0, &u->act, u->json, why);
}

/* An undo that was approved and broke off is gone on with under its decision. */
static int check_approved(struct undoing *u, struct error *why)
{
    struct event_name name = {.number = u->undo};
    char proposal[SHOW_EVENT_SIZE];
    struct event begin;

    memcpy(name.node, list_node(u->site->list), EVENT_NODE_SIZE);
    int code = site_view(u->site, why);
    if (code == 0 && (code = list_event(u->site->list_view, &name, &u->pool, &begin)) != 0)
        site_explain(u->site, code, why);
    if (code == 0 && begin.decision) {
        show_event(u->site, &begin.decision->proposal, proposal);
        complain("this undo was approved and broken off: `optout approve %s` goes on with it",
                 proposal);
        code = STATUS_NO;
    }
    site_end_view(u->site);
    return code;
}

/* Withdraws, or where that takes two proposes it. */
static int run_batch(struct undoing *u, struct error *why)
{
    uint64_t rows = 0;

    if (u->dry_run || !u->site->config->approval)
        return undoing_run(u, why);
    int code = u->resumed ? check_approved(u, why) : 0;
    if (code == 0)
        code = undoing_count(u, &rows, why);
    if (code)
        return code;
    return rows > u->site->config->approval_rows ? propose_batch(u, rows, why)
                                                 : undoing_run(u, why);
}

static int undo_batch(const struct call *call)
{
    struct site site;
    const struct word words[] = {{"staff", site.staff}, {"note", call->values[NOTE]}};
    struct undoing u = {.site = &site,
                        .act = {.actor = "cli", .words = words, .word_count = 2},
                        .dry_run = call->values[DRY_RUN],
                        .json = call->values[JSON],
                        .turn = -1};
    struct error why = {""};

    u.progress.quiet = call->values[QUIET];
    int code = argument_words("note", call->values[NOTE], &why);
    if (code)
        return output_status(code, &why);
    interrupt_await();
    code = site_open(call->config_file,
                     SITE_KEYS | (u.dry_run ? SITE_LIST | SITE_WORDS : SITE_WRITE), &site, &why);
    if (code == 0)
        code = undoing_begin(&u, call->arguments[0], &why);
    if (code == 0) {
        code = run_batch(&u, &why);
        if (code < 0)
            tell_unfinished(&u);
    }
    if (code == 0 && (u.json || !call->values[QUIET]))
        undoing_show(&u);
    undoing_release(&u);
    site_close(&site);
    return output_status(code, &why);
}

/* --- single opt-outs of one source --- */

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

static int propose_source(const struct call *call, const struct sweeping *s, uint64_t rows,
                          struct error *why)
{
    const struct event_proposal proposal = {.operation = OPERATION_SWEEP,
                                            .rows = rows,
                                            .source = s->source,
                                            .since_ms = s->since_ms,
                                            .until_ms = s->until_ms};
    return approval_propose(s->site, &proposal, NULL, 0, s->act, call->values[JSON], why);
}

/* However few: of so short a time that it holds one opt-out alone, it would be a removal that takes
 * nobody else. */
static int run_source(const struct call *call, struct sweeping *s, struct error *why)
{
    struct sweeping count = *s;

    if (s->dry_run || !s->site->config->approval)
        return sweeping_run(s, why);
    count.dry_run = true;
    int code = sweeping_run(&count, why);
    if (code)
        return code;
    return count.withdrawn ? propose_source(call, s, count.withdrawn, why) : sweeping_run(s, why);
}

static int undo_source(const struct call *call)
{
    struct site site;
    struct error why = {""};
    const struct word words[] = {{"staff", site.staff}, {"note", call->values[NOTE]}};
    const struct act act = {.actor = "cli", .words = words, .word_count = 2};
    struct sweeping s = {.site = &site,
                         .act = &act,
                         .source = call->values[SOURCE],
                         .dry_run = call->values[DRY_RUN]};

    int code = argument_words("note", call->values[NOTE], &why);
    if (code == 0)
        code = read_times(call, &s, &why);
    if (code)
        return output_status(code, &why);
    interrupt_await();
    code =
        site_open(call->config_file, SITE_KEYS | (s.dry_run ? SITE_LIST : SITE_WRITE), &site, &why);
    if (code == 0)
        code = run_source(call, &s, &why);
    if (code == 0 && (call->values[JSON] || !call->values[QUIET]))
        sweeping_show(&s, call->values[JSON]);
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
