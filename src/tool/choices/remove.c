#include "base/clock.h"
#include "base/text.h"
#include "tool/approval/approval.h"
#include "tool/argument.h"
#include "tool/choices/removing.h"
#include "tool/choices/rows.h"
#include "tool/command.h"
#include "tool/output.h"
#include "tool/show.h"
#include "tool/site.h"

#include <errno.h>
#include <string.h>

enum { NOTE, SCOPE, JSON };
static const struct flag flags[] = {
    {.name = "note", .argument = "WHY", .text = "for those who ask later", .required = true},
    {.name = "scope", .argument = "PATH", .text = "of the choice, where no event is named"},
    {.name = "json", .text = "one JSON object a line"},
    {0},
};

struct removal {
    struct site site;
    const char *scope;      /* NULL: by event */
    const char *event_text; /* NULL: by address and scope */
    bool has_address;
    struct address address;
    struct removing *targets;
    size_t count;
};

/* --- finding --- */

static void add_target(struct removal *r, const struct subject *subject,
                       const struct choice *choice)
{
    removing_fill(&r->site, subject, choice, &r->targets[r->count++]);
}

/* Of an event's row: the same one, if it still stands. */
static int find_standing(struct removal *r, const struct event_choice *row, struct error *why)
{
    struct choice *rows;
    size_t count;
    int code = list_read(r->site.list_view, LIST_STANDING, &row->subject, row->choice.domain,
                         &r->site.pool, &rows, &count, NULL);
    if (code)
        return site_explain(&r->site, code, why);
    for (size_t i = 0; i < count; i++)
        if (event_name_equal(&rows[i].event, &row->choice.event))
            add_target(r, &row->subject, &rows[i]);
    return 0;
}

static int read_event(struct removal *r, struct event *event, struct error *why)
{
    struct event_name name;

    int code = argument_event(r->event_text, list_node(r->site.list), &name, why);
    if (code)
        return code;
    code = list_event(r->site.list_view, &name, &r->site.pool, event);
    if (code == ERR_NOT_FOUND) {
        complain("the list has no event %s", r->event_text);
        return STATUS_NO;
    }
    return code ? site_explain(&r->site, code, why) : 0;
}

static int find_by_event(struct removal *r, struct error *why)
{
    struct event event;
    struct subject subject = {{0}};

    int code = read_event(r, &event, why);
    if (code == 0 && r->has_address)
        code = site_subject(&r->site, &r->address, &subject, why);
    if (code)
        return code;
    r->targets = pool_take(&r->site.pool, (event.choice_count + 1) * sizeof *r->targets);
    if (!r->targets)
        return -ENOMEM;
    for (size_t i = 0; i < event.choice_count && code == 0; i++)
        if (!r->has_address || memcmp(&event.choices[i].subject, &subject, sizeof subject) == 0)
            code = find_standing(r, &event.choices[i], why);
    if (code == 0 && r->count == 0) {
        complain("nothing of event %s stands%s%s: `optout log` shows what became of it",
                 r->event_text, r->has_address ? " for " : "",
                 r->has_address ? r->address.text : "");
        code = STATUS_NO;
    }
    return code;
}

static bool is_fitting(const struct removal *r, const struct choice *row)
{
    return row->domain == (r->address.at == 0) && strcmp(row->scope, r->scope) == 0;
}

/* Not exactly one: shows those that fit, or where none does what there is. */
static int tell_unclear(struct removal *r, struct choice *rows, size_t count, size_t fitting)
{
    for (size_t i = 0; i < count; i++)
        if (fitting == 0 || is_fitting(r, &rows[i]))
            show_row(&r->site, &rows[i]);
    if (fitting > 0)
        complain("%s has %zu choices for %s, nothing was removed: name the event", r->address.text,
                 fitting, r->scope);
    else
        complain("%s has no choice for exactly %s, nothing was removed%s", r->address.text,
                 r->scope, count > 0 ? "; above is what stands" : "");
    return STATUS_NO;
}

static int find_by_scope(struct removal *r, struct error *why)
{
    struct choice *rows;
    struct subject subject;
    const struct choice *found = NULL;
    size_t count, fitting = 0;

    int code = site_subject(&r->site, &r->address, &subject, why);
    if (code == 0)
        code = rows_read(&r->site, LIST_STANDING, &r->address, &rows, &count, NULL, why);
    if (code)
        return code;
    count = rows_keep_standing(rows, count, clock_now());
    for (size_t i = 0; i < count; i++)
        if (is_fitting(r, &rows[i])) {
            found = &rows[i];
            fitting++;
        }
    if (fitting != 1)
        return tell_unclear(r, rows, count, fitting);
    r->targets = pool_take(&r->site.pool, sizeof *r->targets);
    if (!r->targets)
        return -ENOMEM;
    add_target(r, &subject, found);
    return 0;
}

/* --- withdrawing --- */

static int propose(struct removal *r, const struct act *act, bool json, struct error *why)
{
    struct event_target *targets = pool_take(&r->site.pool, r->count * sizeof *targets);
    const struct event_proposal proposal = {.operation = OPERATION_REMOVE,
                                            .rows = r->count,
                                            .source = "",
                                            .targets = targets,
                                            .target_count = r->count};
    if (!targets)
        return -ENOMEM;
    for (size_t i = 0; i < r->count; i++)
        targets[i] = (struct event_target){true, r->targets[i].subject, r->targets[i].choice.event};
    return approval_propose(&r->site, &proposal, NULL, 0, act, json, why);
}

static int withdraw(struct removal *r, const char *note, bool json, struct error *why)
{
    const struct word words[] = {{"staff", r->site.staff}, {"note", note}};
    const struct act act = {.actor = "cli", .words = words, .word_count = 2};

    if (r->site.config->approval)
        return propose(r, &act, json, why);
    int code = removing_run(&r->site, r->targets, r->count, &act, json, why);
    if (code == ERR_NOT_FOUND) {
        complain("%s", why->text);
        return STATUS_NO;
    }
    return code;
}

/* --- */

static int read_arguments(const struct call *call, struct removal *r, struct error *why)
{
    const char *first = call->arguments[0];
    const char *address = argument_is_event(first) ? NULL : first;
    bool domain;

    if (!address)
        r->event_text = first;
    if (call->argument_count > 1) {
        if (address)
            return error_set(why, ERR_SYNTAX, "one address at a time: %.60s is one too many",
                             call->arguments[1]);
        address = call->arguments[1];
    }
    r->scope = call->values[SCOPE];
    r->has_address = address != NULL;
    if (!r->event_text && !r->scope)
        return error_set(why, ERR_SYNTAX, "remove ADDRESS needs --scope, or name the event");
    if (r->event_text && r->scope)
        return error_set(why, ERR_SYNTAX, "--scope belongs to an address, an event has its own");
    int code = argument_words("note", call->values[NOTE], why);
    if (code == 0 && r->scope)
        code = argument_scope(r->scope, why);
    if (code == 0 && address)
        code = argument_address(address, &r->address, &domain, why);
    return code;
}

static int run(const struct call *call)
{
    struct removal r = {.scope = NULL};
    struct error why = {""};

    int code = read_arguments(call, &r, &why);
    if (code)
        return output_status(code, &why);
    code = site_open(call->config_file, SITE_KEYS | SITE_WRITE, &r.site, &why);
    if (code == 0)
        code = site_view(&r.site, &why);
    if (code == 0)
        code = r.event_text ? find_by_event(&r, &why) : find_by_scope(&r, &why);
    site_end_view(&r.site);
    if (code == 0)
        code = withdraw(&r, call->values[NOTE], call->values[JSON], &why);
    site_close(&r.site);
    return output_status(code, &why);
}

const struct command command_remove = {
    .name = "remove",
    .arguments = "EVENT [ADDRESS] | ADDRESS",
    .usage = "usage: optout [-c FILE] remove EVENT [ADDRESS] --note WHY [--json]\n"
             "       optout [-c FILE] remove ADDRESS --scope PATH --note WHY [--json]\n",
    .text = "withdraw a choice that was a mistake",
    .flags = flags,
    .least = 1,
    .most = 2,
    .role = ROLE_OPS,
    .run = run,
};
