#include "base/clock.h"
#include "tool/argument.h"
#include "tool/command.h"
#include "tool/noted.h"
#include "tool/output.h"
#include "tool/proof/effect_show.h"
#include "tool/site.h"

#include <stddef.h>
#include <stdlib.h>

enum { EACH, LATE, SINCE, UNTIL, SCOPE, SOURCE, JSON };
static const struct flag flags[] = {
    {.name = "each", .text = "every opt-out by itself", .excludes_next = true},
    {.name = "late", .text = "every opt-out by itself that is near or over a limit"},
    {.name = "since", .argument = "TIME", .text = "leave out what was recorded before"},
    {.name = "until", .argument = "TIME", .text = "leave out what was recorded then and later"},
    {.name = "scope", .argument = "PATH", .text = "of this scope and what is below it"},
    {.name = "source", .argument = "SOURCE", .text = "of this source alone"},
    {.name = "json", .text = "one JSON object a line"},
    {0},
};

#define PAUSE 1001 /* a visitor has much to be written first */

struct showing {
    struct site site;
    struct effects_question question;
    bool json, late;
    bool shown, over;
    struct event_name last; /* looked at; number 0: none */
    struct error *why;
};

/* --- each by itself --------------------------------------------------------------------------- */

static int visit(const struct effects_row *rows, size_t count, void *argument)
{
    struct showing *s = argument;

    s->last = rows->event->name;
    for (size_t i = 0; i < count; i++) {
        enum effect_standing worst =
            effect_worst(&rows[i].effect, s->question.limits, s->question.limit_count);
        s->over = s->over || worst == EFFECT_OVER;
        if (s->late && worst != EFFECT_NEAR && worst != EFFECT_OVER)
            continue;
        effect_show_row(&s->site, &rows[i], &s->question, s->json);
        s->shown = true;
    }
    pool_reset(&s->site.pool); /* the addresses that were shown */
    return output_is_large() ? PAUSE : 0;
}

/* Writes while no view is open, and goes on with what has come meanwhile. */
static int write_gathered(struct showing *s)
{
    site_end_view(&s->site);
    return output_flush() ? site_view(&s->site, s->why) : STATUS_CANNOT;
}

/* Whom it will show is not known beforehand. What comes while others are written is of another time
 * than what the ledger was asked about. */
static int show_each(struct showing *s)
{
    const struct noted noted = {.command = "effect", .scope = s->question.scope};
    int64_t now_ms = clock_now_ms() + 1;

    int code = noted_reading(&s->site, &noted, NULL, s->why);
    if (code == 0)
        code = ledger_reach_read(s->site.ledger_view, &s->question.reach);
    if (code)
        return code;
    if (s->question.until_ms > now_ms)
        s->question.until_ms = now_ms;
    code = PAUSE;

    while (code == PAUSE) {
        code = effects_walk(s->site.list_view, s->site.ledger_view, &s->question,
                            s->last.number ? &s->last : NULL, visit, s);
        if (code == PAUSE) {
            int broken = write_gathered(s);
            code = broken ? broken : PAUSE;
        }
    }
    ledger_reach_free(s->question.reach);
    if (code == 0 && !s->shown && !s->json)
        remark("There are no such opt-outs%s.", s->late ? " near or over a limit" : "");
    return code;
}

/* --- sums ------------------------------------------------------------------------------------ */

static int show_sums(struct showing *s)
{
    struct effects effects;
    int code = effects_gather(s->site.list_view, s->site.ledger_view, &s->question, &effects);

    if (code)
        return code;
    s->over = effects.over;
    effect_show_sums(&effects, &s->question, s->json);
    effects_release(&effects);
    return 0;
}

/* --- */

static int read_arguments(const struct call *call, struct showing *s)
{
    const char *since = call->values[SINCE], *until = call->values[UNTIL];
    int64_t from = 0, to = 0;

    s->question.scope = call->values[SCOPE];
    s->question.source = call->values[SOURCE];
    int code = since ? argument_time("since", since, &from, s->why) : 0;
    if (code == 0 && until)
        code = argument_time("until", until, &to, s->why);
    if (code == 0 && s->question.scope)
        code = argument_scope(s->question.scope, s->why);
    if (since)
        s->question.since_ms = from * 1000;
    if (until)
        s->question.until_ms = to * 1000;
    return code;
}

static int run(const struct call *call)
{
    struct error why = {""};
    struct showing s = {.question = {.since_ms = INT64_MIN, .until_ms = INT64_MAX},
                        .json = call->values[JSON],
                        .late = call->values[LATE],
                        .why = &why};

    int code = read_arguments(call, &s);
    if (code)
        return output_status(code, &why);
    bool people = call->values[EACH] || s.late;
    code =
        site_open(call->config_file,
                  SITE_KEYS | SITE_WORDS | SITE_LIST | (people ? SITE_LEDGER_WRITE : SITE_LEDGER),
                  &s.site, &why);
    if (code == 0)
        code = site_view(&s.site, &why);
    if (code == 0 && s.question.scope)
        code = site_check_scope(&s.site, s.question.scope, &why);
    if (code == 0) {
        s.question.limits = s.site.config->effect_limits;
        s.question.limit_count = s.site.config->effect_limit_count;
        code = people ? show_each(&s) : show_sums(&s);
    }
    if (code < 0 && *why.text == '\0')
        error_set(&why, code, "a store in %s cannot be read: %s", s.site.config->data_dir,
                  error_name(code));
    site_close(&s.site);
    return output_status(code == 0 && s.over ? STATUS_NO : code, &why);
}

const struct command command_effect = {
    .name = "effect",
    .arguments = "",
    .text = "show how long opt-outs took until they held",
    .flags = flags,
    .role = ROLE_COMPLIANCE,
    .run = run,
};
