#include "base/clock.h"
#include "tool/approval/approval.h"
#include "tool/approval/proposal_show.h"
#include "tool/command.h"
#include "tool/noted.h"
#include "tool/output.h"
#include "tool/show.h"

enum { JSON };
static const struct flag flags[] = {
    {.name = "json", .text = "one JSON object a line"},
    {0},
};

struct pending {
    struct site site;
    bool json;
    bool one; /* was asked for by name: with its rows, decided or not */
    bool shown;
};

/* --- showing --- */

static void append_state(struct text *line, const struct list_proposal *proposal)
{
    if (proposal->state == PROPOSAL_BEGUN)
        text_append(line, ", approved and not done to its end");
    else if (proposal->state != PROPOSAL_OPEN)
        text_format(line, ", %s",
                    proposal->state == PROPOSAL_REJECTED ? "rejected" : "approved and done");
}

static int show(struct pending *p, const struct list_proposal *proposal, const struct word *words,
                size_t count)
{
    const struct event *event = &proposal->event;
    char time[CLOCK_TEXT_SIZE], name[SHOW_EVENT_SIZE];
    struct text line = TEXT_EMPTY;

    text_format(&line, "%s proposal %s: ", clock_format(event->at_ms / 1000, time),
                show_event(&p->site, &event->name, name));
    proposal_append(&line, &p->site, event->proposal);
    append_state(&line, proposal);
    text_format(&line, "; by %s", event->actor);
    for (size_t i = 0; i < count; i++)
        text_format(&line, ", %s: %s", words[i].name, words[i].text);
    output_text(&line);
    return p->one ? proposal_show_rows(&p->site, event->proposal, NULL) : 0;
}

static json_t *words_object(const struct word *words, size_t count)
{
    json_t *object = json_object();
    for (size_t i = 0; i < count; i++)
        output_put_text(object, words[i].name, words[i].text);
    return object;
}

static int show_json(struct pending *p, const struct list_proposal *proposal,
                     const struct word *words, size_t count)
{
    const struct event *event = &proposal->event;
    char time[CLOCK_TEXT_SIZE];
    json_t *object = json_object();

    show_put_event(object, "event", &event->name);
    output_put_number(object, "number", event->name.number);
    output_put_text(object, "time", clock_format_ms(event->at_ms, time));
    output_put_text(object, "actor", event->actor);
    output_put_text(object, "state", proposal_state_name(proposal->state));
    proposal_put(object, event->proposal);
    output_put(object, "words", words_object(words, count));
    if (proposal->decided.number)
        show_put_event(object, "decided_by", &proposal->decided);
    else
        output_put_text(object, "decided_by", NULL);
    int code = p->one ? proposal_show_rows(&p->site, event->proposal, object) : 0;
    output_json(object);
    return code;
}

static int visit(const struct list_proposal *proposal, void *argument)
{
    struct pending *p = argument;
    struct pool pool = {0};
    struct word *words = NULL;
    size_t count = 0;

    int code = list_words(p->site.list_view, &proposal->event, &pool, &words, &count);
    if (code == ERR_KEY && !p->site.has_address)
        code = 0; /* the site told that */
    if (code == 0)
        code = p->json ? show_json(p, proposal, words, count) : show(p, proposal, words, count);
    p->shown = true;
    pool_release(&pool);
    return code;
}

/* --- */

/* Whoever is named by a proposal is shown. */
static int note(struct pending *p, const struct event_proposal *proposal, struct error *why)
{
    size_t targets = 0;
    const struct subject *last = NULL;

    for (size_t i = 0; i < proposal->target_count; i++)
        if (proposal->targets[i].known) {
            targets++;
            last = &proposal->targets[i].subject;
        }
    if (proposal->choice_count > 0)
        last = &proposal->choices[0].subject;
    struct noted noted = {.command = "pending", .people = targets + proposal->choice_count};
    if (noted.people == 1)
        noted.subject = last;
    return noted.people ? noted_reading(&p->site, &noted, NULL, why) : 0;
}

static int show_one(struct pending *p, const char *given, struct error *why)
{
    struct approval approval;

    p->one = true;
    int code = approval_find(&p->site, given, &approval, why);
    if (code == 0)
        code = note(p, approval.proposal.event.proposal, why);
    if (code == 0 && (code = visit(&approval.proposal, p)) != 0)
        site_explain(&p->site, code, why);
    approval_release(&approval);
    return code;
}

static int show_all(struct pending *p, struct error *why)
{
    int code = list_each_proposal(p->site.list_view, false, visit, p);
    if (code)
        return site_explain(&p->site, code, why);
    if (!p->shown)
        remark("Nothing waits for approval.");
    return 0;
}

static int run(const struct call *call)
{
    struct pending p = {.json = call->values[JSON]};
    struct error why = {""};

    int code = site_open(call->config_file, SITE_KEYS | SITE_WORDS | SITE_LIST, &p.site, &why);
    if (code == 0)
        code = site_view(&p.site, &why);
    if (code == 0)
        code = call->argument_count ? show_one(&p, call->arguments[0], &why) : show_all(&p, &why);
    site_close(&p.site);
    return output_status(code, &why);
}

const struct command command_pending = {
    .name = "pending",
    .arguments = "[PROPOSAL]",
    .text = "show what was proposed and waits for another person's approval",
    .flags = flags,
    .most = 1,
    .role = ROLE_EITHER,
    .run = run,
};
