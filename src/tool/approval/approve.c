#include "tool/approval/approving.h"
#include "tool/argument.h"
#include "tool/command.h"
#include "tool/interrupt.h"
#include "tool/output.h"
#include "tool/show.h"

#include <string.h>

enum { NOTE, JSON, QUIET };
static const struct flag flags[] = {
    {.name = "note", .argument = "TEXT", .text = "words for those who ask later"},
    {.name = "json", .text = "one JSON object a line"},
    {.name = "quiet", .letter = 'q', .text = "tell of errors only"},
    {0},
};

/* Two persons, and both known. */
static int check_persons(struct approving *a, struct error *why)
{
    char name[SHOW_EVENT_SIZE];

    int code = approval_check_person(a->site, why);
    if (code)
        return code;
    show_event(a->site, &a->approval->proposal.event.name, name);
    if (!a->staff) {
        complain("who made proposal %s cannot be told any more: reject it and propose it again",
                 name);
        return STATUS_NO;
    }
    if (strcmp(a->staff, a->site->staff) == 0) {
        complain("proposal %s is %s's own: another person has to approve it", name, a->staff);
        return STATUS_NO;
    }
    return 0;
}

/* Going on with what was approved is no decision, and anybody may. */
static int check(struct approving *a, struct pool *pool, struct error *why)
{
    const struct list_proposal *proposal = &a->approval->proposal;

    a->staff = approval_word(a->approval, "staff");
    a->approver = a->site->staff;
    if (proposal->state == PROPOSAL_BEGUN) {
        a->approver = approval_staff(a->site, &proposal->decided, pool);
        return 0;
    }
    int code = approval_check_open(a->site, proposal);
    return code ? code : check_persons(a, why);
}

static int run(const struct call *call)
{
    struct site site;
    struct approval approval = {.word_count = 0};
    struct approving a = {.site = &site,
                          .approval = &approval,
                          .note = call->values[NOTE],
                          .json = call->values[JSON],
                          .quiet = call->values[QUIET]};
    struct error why = {""};

    int code = argument_words("note", a.note, &why);
    if (code)
        return output_status(code, &why);
    interrupt_await();
    code = site_open(call->config_file, SITE_KEYS | SITE_WRITE, &site, &why);
    if (code == 0)
        code = site_view(&site, &why);
    if (code == 0)
        code = approval_find(&site, call->arguments[0], &approval, &why);
    if (code == 0)
        code = check(&a, &approval.pool, &why);
    site_end_view(&site);
    if (code == 0)
        code = approving_run(&a, &why);
    if (code == ERR_EXISTS) { /* somebody else was quicker */
        complain("%s", why.text);
        code = STATUS_NO;
    }
    approval_release(&approval);
    site_close(&site);
    return output_status(code, &why);
}

const struct command command_approve = {
    .name = "approve",
    .arguments = "PROPOSAL",
    .text = "do what another person proposed",
    .flags = flags,
    .least = 1,
    .most = 1,
    .role = ROLE_OPS,
    .run = run,
};
