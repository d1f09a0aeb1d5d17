#include "base/clock.h"
#include "tool/argument.h"
#include "tool/command.h"
#include "tool/handing.h"
#include "tool/noted.h"
#include "tool/output.h"
#include "tool/report/facts.h"
#include "tool/report/page.h"

#include <string.h>

#define DAY_SECONDS INT64_C(86400)
#define USUAL_SECONDS (30 * DAY_SECONDS) /* that are reported on where nobody says */

enum { SINCE, UNTIL, SCOPE, NAMES, HTML, JSON };
static const struct flag flags[] = {
    {.name = "since",
     .argument = "TIME",
     .text = "from then on; 30 days before the end unless given"},
    {.name = "until", .argument = "TIME", .text = "up to then; now unless given"},
    {.name = "scope", .argument = "PATH", .text = "only it and what is below"},
    {.name = "names", .text = "with names and logins of who did it, and notes"},
    {.name = "html",
     .argument = "FILE",
     .text = "a page, which loads nothing and can be printed, as a new file; -: to print",
     .excludes_next = true,
     .is_file = true,
     .guarded = true},
    {.name = "json", .text = "one JSON object"},
    {0},
};

static int read_question(const struct call *call, struct report_question *q, struct error *why)
{
    int64_t since, until = clock_now() + 1; /* what happened in this second is in */
    int code = 0;

    *q = (struct report_question){
        .scope = call->values[SCOPE], .names = call->values[NAMES], .now = until - 1};
    if (!call->values[HTML] == !call->values[JSON])
        return error_set(why, ERR_SYNTAX,
                         "say what it is to be: --html FILE (- is standard output) writes a page, "
                         "--json prints its figures");
    if (q->scope)
        code = argument_scope(q->scope, why);
    if (code == 0 && call->values[UNTIL])
        code = argument_time("until", call->values[UNTIL], &until, why);
    since = until - USUAL_SECONDS;
    since -= since % DAY_SECONDS;
    if (code == 0 && call->values[SINCE])
        code = argument_time("since", call->values[SINCE], &since, why);
    if (code == 0 && period_make(since, until, &q->period))
        code =
            error_set(why, ERR_SYNTAX, "--since has to be before --until, and not by over %d years",
                      PERIOD_PARTS_MAX);
    return code;
}

static int write_page(const char *own, const struct handing *page, json_t *facts, struct error *why)
{
    struct text html = TEXT_EMPTY;

    int code = report_page(own, facts, &html, why);
    if (code == 0)
        code = handing_write(page, &html, why);
    text_release(&html);
    return code;
}

/* Notes can have people in them. The note that this was looked at is not in the report itself. */
static int note(struct site *site, const struct report_question *question, struct error *why)
{
    const struct noted noted = {.command = "report", .scope = question->scope};
    return question->names ? noted_reading(site, &noted, NULL, why) : 0;
}

static int run(const struct call *call)
{
    unsigned needs = SITE_KEYS | SITE_WORDS | SITE_LIST;
    struct report_question question;
    struct progress progress = {0};
    struct handing page = HANDING_NOTHING;
    struct site site;
    struct error why = {""};
    json_t *facts = NULL;

    int code = read_question(call, &question, &why);
    if (code == 0 && call->values[HTML])
        code = handing_open(call->values[HTML], &page, &why);
    if (code)
        return output_status(code, &why);
    needs |= question.names ? SITE_LEDGER_WRITE : SITE_LEDGER;
    code = site_open(call->config_file, needs, &site, &why);
    if (code == 0)
        code = report_facts(&site, &question, &progress, &facts, &why);
    if (code == 0)
        code = note(&site, &question, &why);
    if (code == 0 && call->values[HTML])
        code = write_page(site.config->templates, &page, facts, &why);
    else if (code == 0)
        output_json(json_incref(facts));
    json_decref(facts);
    handing_close(&page, code);
    site_close(&site);
    return output_status(code, &why);
}

const struct command command_report = {
    .name = "report",
    .arguments = "",
    .text = "opt-outs, refusals and what else a period had, as a page",
    .flags = flags,
    .role = ROLE_COMPLIANCE,
    .run = run,
};
