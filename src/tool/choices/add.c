#include "base/clock.h"
#include "tool/approval/approval.h"
#include "tool/argument.h"
#include "tool/choices/adding.h"
#include "tool/command.h"
#include "tool/output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define REASONS                                                                                    \
    "objection, unsubscribe, complaint, bounce, soft-bounce, invalid, pause, manual, other"
#define OPT_IN_REASONS "consent, double-opt-in, manual, other"

enum { SCOPE, BLOCK, OPT_IN, EVIDENCE, UNTIL, ASKED, REASON, SOURCE, NOTE, JSON };
static const struct flag flags[] = {
    {.name = "scope", .argument = "PATH", .text = "what it covers", .required = true},
    {.name = "block",
     .text = "a block: a bounce or a pause, perhaps with an end",
     .excludes_next = true},
    {.name = "opt-in", .text = "an opt-in; without --evidence it lifts nothing"},
    {.name = "evidence", .argument = "TEXT", .text = "how the person confirmed the opt-in"},
    {.name = "until", .argument = "TIME", .text = "the end of a block or opt-in"},
    {.name = "asked", .argument = "TIME", .text = "when the person said so"},
    {.name = "reason", .argument = "REASON", .text = REASONS "; for an opt-in " OPT_IN_REASONS},
    {.name = "source", .argument = "SOURCE", .text = "who said so, instead of cli"},
    {.name = "note", .argument = "TEXT", .text = "words for those who ask later"},
    {.name = "json", .text = "one JSON object a line"},
    {0},
};

/* --- what to add --- */

static bool suits_opt_in(enum choice_reason reason)
{
    return reason == REASON_CONSENT || reason == REASON_DOUBLE_OPT_IN;
}

static int read_reason(const char *given, struct list_entry *model, struct error *why)
{
    bool opt_in = model->kind == CHOICE_OPT_IN;

    if (!given) {
        model->reason = opt_in                        ? REASON_CONSENT
                        : model->kind == CHOICE_BLOCK ? REASON_PAUSE
                                                      : REASON_MANUAL;
        return 0;
    }
    if (choice_reason_parse(given, &model->reason) || model->reason == REASON_NONE)
        return error_set(why, ERR_SYNTAX,
                         "--reason %.60s: not one of " REASONS "; for an opt-in " OPT_IN_REASONS,
                         given);
    bool either = model->reason == REASON_MANUAL || model->reason == REASON_OTHER;
    if (!either && suits_opt_in(model->reason) != opt_in)
        return error_set(why, ERR_SYNTAX, "--reason %s: not one for an %s", given,
                         opt_in ? "opt-in: " OPT_IN_REASONS : "opt-out or a block: " REASONS);
    return 0;
}

static int read_times(const struct call *call, struct list_entry *model, struct error *why)
{
    const char *until = call->values[UNTIL], *asked = call->values[ASKED];
    int64_t now = clock_now();
    int code = 0;

    if (until) {
        if (model->kind == CHOICE_OPT_OUT)
            return error_set(why, ERR_SYNTAX, "--until: an opt-out has no end, a --block may");
        code = argument_time("until", until, &model->until, why);
        if (code == 0 && model->until <= now)
            code = error_set(why, ERR_SYNTAX, "--until %s: is not in the future", until);
    }
    /* An opt-in needs its moment, to be told from what was said before and after. */
    model->asked = model->kind == CHOICE_OPT_IN ? now : 0;
    if (code == 0 && asked) {
        code = argument_time("asked", asked, &model->asked, why);
        if (code == 0 && model->asked > now)
            code = error_set(why, ERR_SYNTAX, "--asked %s: is not in the past", asked);
    }
    return code;
}

static int read_model(const struct call *call, struct list_entry *model, struct error *why)
{
    struct list_entry m = {.kind = CHOICE_OPT_OUT, .scope = call->values[SCOPE]};

    int code = argument_scope(m.scope, why);
    if (code)
        return code;
    if (call->values[BLOCK] && call->values[OPT_IN])
        return error_set(why, ERR_SYNTAX, "--block and --opt-in exclude each other");
    if (call->values[EVIDENCE] && !call->values[OPT_IN])
        return error_set(why, ERR_SYNTAX, "--evidence belongs to an --opt-in");
    if (call->values[BLOCK])
        m.kind = CHOICE_BLOCK;
    if (call->values[OPT_IN])
        m.kind = CHOICE_OPT_IN;
    m.confirmed = call->values[EVIDENCE] != NULL;
    code = read_reason(call->values[REASON], &m, why);
    if (code == 0)
        code = read_times(call, &m, why);
    if (code == 0)
        *model = m;
    return code;
}

static int read_texts(const struct call *call, struct adding *adding, struct error *why)
{
    const char *source = call->values[SOURCE] ? call->values[SOURCE] : "cli";

    int code = argument_name("source", source, why);
    if (code == 0)
        code = argument_words("note", call->values[NOTE], why);
    if (code == 0)
        code = argument_words("evidence", call->values[EVIDENCE], why);
    adding->words[ADDING_NOTE] = (struct word){"note", call->values[NOTE]};
    adding->words[ADDING_EVIDENCE] = (struct word){"evidence", call->values[EVIDENCE]};
    adding->act = (struct act){
        .actor = "cli", .source = source, .words = adding->words, .word_count = ADDING_WORDS};
    return code;
}

/* --- whom --- */

/* All are read before the first is written. */
static int read_people(const struct call *call, struct adding *adding, struct person *people,
                       struct error *why)
{
    int code = 0;
    for (size_t i = 0; i < call->argument_count && code == 0; i++)
        code = adding_read(adding, call->arguments[i], &people[i], why);
    return code;
}

static int add_arguments(const struct call *call, struct adding *adding, struct error *why)
{
    struct person *people = calloc(call->argument_count, sizeof *people);
    if (!people)
        return -ENOMEM;
    int code = read_people(call, adding, people, why);
    for (size_t i = 0; i < call->argument_count && code == 0; i += LIST_ENTRIES_MAX) {
        size_t left = call->argument_count - i;
        code = adding_write(adding, people + i, left < LIST_ENTRIES_MAX ? left : LIST_ENTRIES_MAX,
                            why);
        if (code == 0 && !output_flush()) {
            remark("%" PRIu64 " added, %" PRIu64 " known already, which could not be told",
                   adding->added, adding->known);
            code = STATUS_CANNOT;
        }
    }
    free(people);
    return code;
}

static int check_scope(struct adding *adding, struct error *why)
{
    int code = site_view(&adding->site, why);
    if (code == 0)
        code = site_check_scope(&adding->site, adding->model.scope, why);
    site_end_view(&adding->site);
    return code;
}

static int run(const struct call *call)
{
    struct adding adding = {.json = call->values[JSON]};
    struct error why = {""};
    bool from_input = false;

    for (size_t i = 0; i < call->argument_count; i++)
        from_input = from_input || strcmp(call->arguments[i], "-") == 0;
    int code = read_model(call, &adding.model, &why);
    if (code == 0)
        code = read_texts(call, &adding, &why);
    if (code == 0 && from_input && call->argument_count > 1)
        code = error_set(&why, ERR_SYNTAX, "add - reads addresses, and takes no others beside");
    if (code)
        return output_status(code, &why);
    code = site_open(call->config_file, SITE_KEYS | SITE_WRITE, &adding.site, &why);
    adding.words[ADDING_STAFF] = (struct word){"staff", adding.site.staff};
    if (code == 0)
        code = check_scope(&adding, &why);
    adding.proposes = code == 0 && adding.model.confirmed && adding.site.config->approval;
    if (adding.proposes)
        code = approval_check_person(&adding.site, &why);
    if (code == 0)
        code = from_input ? adding_from_input(&adding, stdin, &why)
                          : add_arguments(call, &adding, &why);
    if (code >= 0 && adding.model.kind == CHOICE_OPT_IN && !adding.model.confirmed)
        remark("Without --evidence an opt-in is only asserted: it lifts nothing.");
    if (code == 0 && adding.proposed > 0)
        code = STATUS_PROPOSED;
    site_close(&adding.site);
    return output_status(code, &why);
}

const struct command command_add = {
    .name = "add",
    .arguments = "ADDRESS...",
    .text = "add an opt-out, a block or an opt-in for each address",
    .flags = flags,
    .least = 1,
    .most = SIZE_MAX,
    .role = ROLE_OPS,
    .run = run,
};
