#include "tool/approval/approval.h"
#include "tool/approval/proposal_show.h"
#include "tool/argument.h"
#include "tool/command.h"
#include "tool/output.h"
#include "tool/show.h"

enum { NOTE, JSON };
static const struct flag flags[] = {
    {.name = "note", .argument = "WHY", .text = "for those who ask later", .required = true},
    {.name = "json", .text = "one JSON object a line"},
    {0},
};

/* Nobody is brought back by it, so anybody may, also who made the proposal. */
static int reject(struct site *site, const struct list_proposal *proposal, const char *note,
                  struct error *why)
{
    const struct event_decision decision = {proposal->event.name, PROPOSAL_REJECTED};
    const struct word words[] = {{"staff", site->staff}, {"note", note}};
    const struct act act = {.actor = "cli", .words = words, .word_count = 2};
    return list_decide(site->list, &decision, &act, why);
}

static void tell(const struct site *site, const struct list_proposal *proposal, bool json)
{
    char name[SHOW_EVENT_SIZE];
    struct text line = TEXT_EMPTY;

    if (json) {
        json_t *object = json_object();
        show_put_event(object, "rejected", &proposal->event.name);
        output_put_number(object, "number", proposal->event.name.number);
        proposal_put(object, proposal->event.proposal);
        output_json(object);
        return;
    }
    text_format(&line, "proposal %s rejected: ", show_event(site, &proposal->event.name, name));
    proposal_append(&line, site, proposal->event.proposal);
    output_text(&line);
}

static int run(const struct call *call)
{
    struct site site;
    struct approval approval = {.word_count = 0};
    struct error why = {""};

    int code = argument_words("note", call->values[NOTE], &why);
    if (code)
        return output_status(code, &why);
    code = site_open(call->config_file, SITE_KEYS | SITE_WRITE, &site, &why);
    if (code == 0)
        code = site_view(&site, &why);
    if (code == 0)
        code = approval_find(&site, call->arguments[0], &approval, &why);
    if (code == 0)
        code = approval_check_open(&site, &approval.proposal);
    site_end_view(&site);
    if (code == 0)
        code = reject(&site, &approval.proposal, call->values[NOTE], &why);
    if (code == ERR_EXISTS) { /* somebody else was quicker */
        complain("%s", why.text);
        code = STATUS_NO;
    }
    if (code == 0)
        tell(&site, &approval.proposal, call->values[JSON]);
    approval_release(&approval);
    site_close(&site);
    return output_status(code, &why);
}

const struct command command_reject = {
    .name = "reject",
    .arguments = "PROPOSAL",
    .text = "refuse what was proposed, or take it back",
    .flags = flags,
    .least = 1,
    .most = 1,
    .role = ROLE_OPS,
    .run = run,
};
