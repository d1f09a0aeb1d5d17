#include "tool/person/person.h"

#include "base/clock.h"
#include "tool/argument.h"
#include "tool/command.h"
#include "tool/handing.h"
#include "tool/noted.h"
#include "tool/output.h"

enum { SINCE, JSON, HTML };
static const struct flag flags[] = {
    {.name = "since", .argument = "TIME", .text = "leave out of the record what was before"},
    {.name = "json",
     .text = "one JSON object that begins, and one for each entry",
     .excludes_next = true},
    {.name = "html",
     .argument = "FILE",
     .text = "a page to hand over, as a new file; -: to print",
     .is_file = true,
     .guarded = true},
    {0},
};

struct asking {
    struct site site;
    struct address address;
    int64_t since_ms;
    struct dossier dossier;
    struct handing page;
};

static int write_page(struct asking *a, struct error *why)
{
    struct text html = TEXT_EMPTY;

    int code = person_make_page(&a->dossier, &html, why);
    if (code == 0)
        code = handing_write(&a->page, &html, why);
    text_release(&html);
    return code;
}

static int show(struct asking *a, const struct call *call, struct error *why)
{
    const struct dossier *d = &a->dossier;
    int code = 0;

    if (call->values[HTML])
        code = write_page(a, why);
    else if (call->values[JSON])
        person_show_json(d);
    else
        person_show_text(d);
    if (code)
        return code;
    if (!dossier_holds(d))
        remark("Nothing is held about %s%s.", d->address.text,
               d->reading_count ? ", but that it was looked at" : "");
    return dossier_holds(d) ? STATUS_OK : STATUS_NO;
}

/* The view begins before the note is written, which is therefore not in the record. */
static int answer(struct asking *a, const struct call *call, struct error *why)
{
    const struct noted noted = {.command = "person", .people = 1, .address = &a->address};

    int code = site_view(&a->site, why);
    if (code == 0)
        code = dossier_gather(&a->site, &a->address, a->since_ms, clock_now(), &a->dossier, why);
    if (code == 0)
        code = noted_reading(&a->site, &noted, NULL, why);
    return code ? code : show(a, call, why);
}

static int read_arguments(struct asking *a, const struct call *call, struct error *why)
{
    int64_t since = 0;
    int code = 0;

    if (call->values[JSON] && call->values[HTML])
        return error_set(why, ERR_SYNTAX, "--json and --html exclude each other");
    code = argument_person(call->arguments[0], &a->address, why);
    if (code == 0 && call->values[SINCE]) {
        code = argument_time("since", call->values[SINCE], &since, why);
        a->since_ms = since * 1000;
    }
    return code;
}

static int run(const struct call *call)
{
    struct asking a = {.since_ms = INT64_MIN, .page = HANDING_NOTHING};
    struct error why = {""};

    int code = read_arguments(&a, call, &why);
    if (code)
        return output_status(code, &why);
    if (call->values[HTML])
        code = handing_open(call->values[HTML], &a.page, &why);
    if (code)
        return output_status(code, &why);
    code = site_open(call->config_file, SITE_KEYS | SITE_WORDS | SITE_LIST | SITE_LEDGER_WRITE,
                     &a.site, &why);
    if (code == 0)
        code = answer(&a, call, &why);
    handing_close(&a.page, code);
    site_close(&a.site);
    return output_status(code, &why);
}

const struct command command_person = {
    .name = "person",
    .arguments = "ADDRESS",
    .text = "show everything that is held about one person",
    .flags = flags,
    .least = 1,
    .most = 1,
    .role = ROLE_COMPLIANCE,
    .run = run,
};
