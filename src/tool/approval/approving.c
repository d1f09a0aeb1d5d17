#include "tool/approval/approving.h"

#include "tool/approval/proposal_show.h"
#include "tool/choices/adding.h"
#include "tool/choices/removing.h"
#include "tool/choices/sweeping.h"
#include "tool/choices/undoing.h"
#include "tool/interrupt.h"
#include "tool/output.h"
#include "tool/person/erasing.h"
#include "tool/show.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* --- what all have in common --- */

enum { STAFF, NOTE, EVIDENCE, APPROVER, WORDS };
enum { DECIDER, DECIDER_NOTE, DECIDER_WORDS };

/* An act, with what it points to. */
struct doing {
    struct act act;
    struct event_decision decision;
    struct word words[WORDS];                  /* of what is done */
    struct word decision_words[DECIDER_WORDS]; /* of the decision */
};

static const struct list_proposal *proposal_of(const struct approving *a)
{
    return &a->approval->proposal;
}

static void fill(const struct approving *a, enum proposal_state state, struct doing *d)
{
    *d = (struct doing){
        .decision = {proposal_of(a)->event.name, state},
        .words = {[STAFF] = {"staff", a->staff},
                  [NOTE] = {"note", approval_word(a->approval, "note")},
                  [EVIDENCE] = {"evidence", approval_word(a->approval, "evidence")},
                  [APPROVER] = {"approver", a->approver}},
        .decision_words =
            {[DECIDER] = {"staff", a->site->staff}, [DECIDER_NOTE] = {"note", a->note}},
    };
    d->act = (struct act){.actor = "cli",
                          .source = proposal_of(a)->event.source,
                          .words = d->words,
                          .word_count = WORDS,
                          .decision = &d->decision,
                          .decision_words = d->decision_words,
                          .decision_word_count = DECIDER_WORDS};
}

/* A decision by itself. */
static int decide(const struct approving *a, enum proposal_state state, struct error *why)
{
    struct doing d;

    fill(a, state, &d);
    const struct act act = {.actor = "cli", .words = d.decision_words, .word_count = DECIDER_WORDS};
    return list_decide(a->site->list, &d.decision, &act, why);
}

/* Before the first transaction of many; a run that was killed has done so. */
static int begin(const struct approving *a, struct error *why)
{
    return proposal_of(a)->state == PROPOSAL_BEGUN ? 0 : decide(a, PROPOSAL_BEGUN, why);
}

/* --- removals --- */

/* Those of the rows that still stand, into the site's pool. */
static int find_rows(struct approving *a, struct removing **rows, size_t *count, struct error *why)
{
    const struct event_proposal *p = proposal_of(a)->event.proposal;
    struct removing *found = pool_take(&a->site->pool, (p->target_count + 1) * sizeof *found);
    size_t n = 0;

    if (!found)
        return -ENOMEM;
    int code = site_view(a->site, why);
    for (size_t i = 0; i < p->target_count && code == 0; i++) {
        const struct choice *row;
        code = proposal_find_row(a->site, &p->targets[i], &a->site->pool, &row);
        if (code)
            site_explain(a->site, code, why);
        else if (row)
            removing_fill(a->site, &p->targets[i].subject, row, &found[n++]);
    }
    site_end_view(a->site);
    if (code == 0) {
        *rows = found;
        *count = n;
    }
    return code;
}

static void tell_vanished(size_t vanished)
{
    if (vanished)
        remark("%zu choice%s did not stand any more", vanished, vanished == 1 ? "" : "s");
}

/* Somebody may withdraw one of the rows between our look and our turn to write. */
static int approve_removal(struct approving *a, struct error *why)
{
    size_t proposed = proposal_of(a)->event.proposal->target_count, count = 0;
    struct removing *rows = NULL;
    struct doing d;
    int code;

    fill(a, PROPOSAL_APPROVED, &d);
    do {
        code = find_rows(a, &rows, &count, why);
        if (code == 0 && count == 0)
            code = decide(a, PROPOSAL_APPROVED, why);
        else if (code == 0)
            code = removing_run(a->site, rows, count, &d.act, a->json, why);
    } while (code == ERR_NOT_FOUND && count > 0);
    if (code == 0)
        tell_vanished(proposed - count);
    return code;
}

/* --- opt-ins --- */

static struct list_entry entry_of(const struct event_choice *row)
{
    return (struct list_entry){.subject = row->subject,
                               .kind = row->choice.kind,
                               .confirmed = row->choice.confirmed,
                               .reason = row->choice.reason,
                               .scope = row->choice.scope,
                               .asked = row->choice.asked,
                               .until = row->choice.until};
}

static int tell_opt_ins(struct approving *a, struct list_entry *entries, size_t count,
                        struct error *why)
{
    struct list_identity identity;

    int code = site_view(a->site, why);
    for (size_t i = 0; i < count && code == 0; i++) {
        site_identity(a->site, &entries[i].subject, &identity);
        entries[i].address = a->json ? identity.address : site_identity_text(&identity);
        adding_tell(a->site, &entries[i], a->json);
    }
    site_end_view(a->site);
    return code;
}

static int approve_opt_ins(struct approving *a, struct error *why)
{
    const struct event_proposal *p = proposal_of(a)->event.proposal;
    struct list_entry *entries = calloc(p->choice_count + 1, sizeof *entries);
    struct doing d;

    if (!entries)
        return -ENOMEM;
    fill(a, PROPOSAL_APPROVED, &d);
    for (size_t i = 0; i < p->choice_count; i++)
        entries[i] = entry_of(&p->choices[i]);
    int code = list_add(a->site->list, entries, p->choice_count, &d.act, why);
    if (code == 0)
        code = tell_opt_ins(a, entries, p->choice_count, why);
    free(entries);
    return code;
}

/* --- undos --- */

/* Killed between the end of the undo and the event that says it is done. */
static int is_undone(struct approving *a, const struct event_name *batch, bool *undone,
                     struct error *why)
{
    struct list_batch read, undo = {.ended_ms = 0};
    struct pool pool = {0};

    *undone = false;
    if (proposal_of(a)->state != PROPOSAL_BEGUN)
        return 0;
    int code = site_view(a->site, why);
    if (code == 0) {
        code = list_batch(a->site->list_view, batch, &pool, &read);
        if (code == 0 && read.undone_by.number)
            code = list_batch(a->site->list_view, &read.undone_by, &pool, &undo);
        if (code)
            site_explain(a->site, code, why);
    }
    *undone = undo.ended_ms != 0;
    site_end_view(a->site);
    pool_release(&pool);
    return code;
}

/* An import that was broken off may have been gone on with: what came since nobody has seen who
 * proposed to undo it. */
static int check_grown(const struct approving *a, const struct undoing *u)
{
    struct event_name last = u->batch.name;

    if (proposal_of(a)->state != PROPOSAL_OPEN || u->events.count == 0)
        return 0;
    last.number = u->events.values[u->events.count - 1];
    if (list_is_earlier(a->site->list, &last, &proposal_of(a)->event.name))
        return 0;
    complain("the import went on since its undo was proposed: reject that and propose it again");
    return STATUS_STOPPED;
}

static int undo_batch(struct approving *a, const struct event_name *batch, struct error *why)
{
    char name[SHOW_EVENT_SIZE];
    struct doing d;
    struct undoing u = {.site = a->site, .json = a->json, .turn = -1};

    fill(a, PROPOSAL_BEGUN, &d);
    u.act = d.act;
    u.progress.quiet = a->quiet;
    int code = undoing_begin(&u, show_event_in_full(batch, name), why);
    if (code == 0)
        code = check_grown(a, &u);
    if (code == 0)
        code = begin(a, why);
    if (code == 0)
        code = undoing_run(&u, why);
    if (code < 0 && u.undo)
        remark("%" PRIu64 " choices are withdrawn; approve it again to go on", u.withdrawn);
    if (code == 0)
        code = decide(a, PROPOSAL_DONE, why);
    if (code == 0 && (a->json || !a->quiet))
        undoing_show(&u);
    undoing_release(&u);
    return code;
}

static int approve_undo(struct approving *a, struct error *why)
{
    const struct event_proposal *p = proposal_of(a)->event.proposal;
    bool undone;

    if (p->target_count != 1)
        return error_set(why, ERR_CORRUPT, "the proposal names no batch");
    int code = is_undone(a, &p->targets[0].event, &undone, why);
    if (code == 0 && undone)
        return decide(a, PROPOSAL_DONE, why);
    return code ? code : undo_batch(a, &p->targets[0].event, why);
}

static int approve_sweep(struct approving *a, struct error *why)
{
    const struct event_proposal *p = proposal_of(a)->event.proposal;
    struct doing d;

    fill(a, PROPOSAL_BEGUN, &d);
    struct sweeping s = {.site = a->site,
                         .act = &d.act,
                         .source = p->source,
                         .since_ms = p->since_ms,
                         .until_ms = p->until_ms,
                         .before = &proposal_of(a)->event.name};
    int code = begin(a, why);
    if (code == 0)
        code = sweeping_run(&s, why);
    if (code < 0 && s.withdrawn)
        remark("%" PRIu64 " opt-outs are withdrawn; approve it again to go on", s.withdrawn);
    if (code == 0)
        code = decide(a, PROPOSAL_DONE, why);
    if (code == 0 && (a->json || !a->quiet))
        sweeping_show(&s, a->json);
    return code;
}

/* --- erasures --- */

/* The same again does what a run that was killed has left. */
static int erase_people(struct approving *a, struct erasing *e, struct error *why)
{
    const struct event_proposal *p = proposal_of(a)->event.proposal;
    int code = 0;

    for (size_t i = 0; i < p->target_count && code == 0; i++) {
        const struct subject *subject = &p->targets[i].subject;
        code = site_view(a->site, why);
        if (code)
            return code;
        struct list_identity identity;
        site_identity(a->site, subject, &identity);
        site_end_view(a->site);
        if (interrupt_came())
            code = error_set(why, -EINTR, "interrupted; approve it again to go on");
        else
            code = erasing_subject(e, subject,
                                   a->json ? identity.address : site_identity_text(&identity), why);
    }
    return code;
}

static int approve_erasure(struct approving *a, struct error *why)
{
    struct doing d;

    fill(a, PROPOSAL_BEGUN, &d);
    int code = site_open_ledger(a->site, ENV_WRITE, why);
    if (code == 0)
        code = begin(a, why);
    struct erasing e = {.list = a->site->list,
                        .ledger = a->site->ledger,
                        .words = d.words,
                        .word_count = WORDS,
                        .decision = &d.decision,
                        .json = a->json};
    if (code == 0)
        code = erase_people(a, &e, why);
    if (code == 0)
        code = decide(a, PROPOSAL_DONE, why);
    if (e.erased > 0)
        remark("What was erased still lies in free pages of the files, sealed: `optout compact` "
               "takes it away. Backups, exports and mail logs of before still hold it.");
    return code;
}

/* --- */

int approving_run(struct approving *a, struct error *why)
{
    static const struct {
        enum operation operation;
        int (*run)(struct approving *approving, struct error *why);
    } operations[] = {{OPERATION_REMOVE, approve_removal},
                      {OPERATION_OPT_IN, approve_opt_ins},
                      {OPERATION_UNDO, approve_undo},
                      {OPERATION_SWEEP, approve_sweep},
                      {OPERATION_ERASE, approve_erasure}};

    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
        if (operations[i].operation == proposal_of(a)->event.proposal->operation)
            return operations[i].run(a, why);
    return error_set(why, ERR_FORMAT, "a later version proposed this, and has to carry it out");
}
