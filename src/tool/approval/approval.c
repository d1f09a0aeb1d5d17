#include "tool/approval/approval.h"

#include "base/clock.h"
#include "tool/approval/proposal_show.h"
#include "tool/argument.h"
#include "tool/output.h"
#include "tool/show.h"
#include "tool/staff.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>

#define NAMES_SIZE 16384

/* --- persons --- */

static bool is_root(const char *name)
{
    char buffer[NAMES_SIZE];
    struct passwd entry, *found;
    return getpwnam_r(name, &entry, buffer, sizeof buffer, &found) == 0 && found &&
           entry.pw_uid == 0;
}

int approval_check_person(const struct site *site, struct error *why)
{
    const char *owner = site->config->user;

    /* Who has a name at other times, or another one, would be two. */
    if (!staff_is_person(site->staff))
        return error_set(
            why, -EPERM,
            "\"%s\" is not the name of one person, and approval = on needs to know who "
            "this is: log in as yourself and use sudo",
            site->staff);
    if (!is_root(site->staff) && !(owner && strcmp(owner, site->staff) == 0))
        return 0;
    return error_set(why, -EPERM,
                     "%s is nobody's own name, and approval = on needs to know who this is: log in "
                     "as yourself and use sudo",
                     site->staff);
}

/* --- proposing --- */

static void tell(struct site *site, const struct event *event, bool json)
{
    char name[SHOW_EVENT_SIZE];
    struct text line = TEXT_EMPTY;

    show_event(site, &event->name, name);
    if (json) {
        json_t *object = json_object();
        show_put_event(object, "proposed", &event->name);
        output_put_number(object, "number", event->name.number);
        proposal_put(object, event->proposal);
        output_json(object);
        return;
    }
    text_format(&line, "proposal %s: ", name);
    proposal_append(&line, site, event->proposal);
    text_format(&line, "; nothing is done until somebody else says `optout approve %s`", name);
    output_text(&line);
}

int approval_propose(struct site *site, const struct event_proposal *proposal,
                     struct list_entry *entries, size_t count, const struct act *act, bool json,
                     struct error *why)
{
    struct event event = {.proposal = proposal};

    int code = approval_check_person(site, why);
    if (code == 0)
        code = list_propose(site->list, proposal, entries, count, act, &event.name, why);
    if (code)
        return code;
    tell(site, &event, json);
    return STATUS_PROPOSED;
}

/* --- finding --- */

int approval_find(struct site *site, const char *given, struct approval *approval,
                  struct error *why)
{
    struct event_name name;

    *approval = (struct approval){.word_count = 0};
    int code = argument_event(given, list_node(site->list), &name, why);
    if (code)
        return code;
    code = list_proposal(site->list_view, &name, &approval->pool, &approval->proposal);
    if (code == ERR_NOT_FOUND) {
        complain("there is no proposal %s: `optout pending` shows those that wait", given);
        return STATUS_NO;
    }
    if (code == 0)
        code = list_words(site->list_view, &approval->proposal.event, &approval->pool,
                          &approval->words, &approval->word_count);
    if (code == ERR_KEY && !site->has_address)
        code = 0; /* the site told that */
    return code ? site_explain(site, code, why) : 0;
}

void approval_release(struct approval *approval)
{
    pool_release(&approval->pool);
}

const char *approval_word(const struct approval *approval, const char *name)
{
    return word_text(approval->words, approval->word_count, name);
}

const char *approval_staff(struct site *site, const struct event_name *event, struct pool *pool)
{
    struct event read;
    struct word *words = NULL;
    size_t count = 0;

    if (event->number && list_event(site->list_view, event, pool, &read) == 0 &&
        list_words(site->list_view, &read, pool, &words, &count))
        return NULL;
    return word_text(words, count, "staff");
}

/* --- about one person --- */

struct about {
    struct site *site;
    const struct subject *subject;
    approval_visitor visit;
    void *argument;
};

static bool is_same(const struct subject *a, const struct subject *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

bool approval_is_about(const struct event_proposal *proposal, const struct subject *subject)
{
    for (size_t i = 0; i < proposal->target_count; i++)
        if (proposal->targets[i].known && is_same(&proposal->targets[i].subject, subject))
            return true;
    for (size_t i = 0; i < proposal->choice_count; i++)
        if (is_same(&proposal->choices[i].subject, subject))
            return true;
    return false;
}

static int visit_about(const struct list_proposal *proposal, void *argument)
{
    const struct about *about = argument;
    struct pool pool = {0};
    struct event decision;

    if (!approval_is_about(proposal->event.proposal, about->subject))
        return 0;
    int code = about->visit(&proposal->event, about->argument);
    if (code == 0 && proposal->decided.number) {
        code = list_event(about->site->list_view, &proposal->decided, &pool, &decision);
        if (code == 0)
            code = about->visit(&decision, about->argument);
    }
    pool_release(&pool);
    return code;
}

int approval_each_about(struct site *site, const struct subject *subject, approval_visitor visit,
                        void *argument, struct error *why)
{
    struct about about = {site, subject, visit, argument};
    int code = list_each_proposal(site->list_view, true, visit_about, &about);
    return code < 0 ? site_explain(site, code, why) : code;
}

/* --- deciding --- */

int approval_check_open(struct site *site, const struct list_proposal *proposal)
{
    char name[SHOW_EVENT_SIZE], time[CLOCK_TEXT_SIZE] = "";
    struct event decided;
    struct pool pool = {0};

    if (proposal->state == PROPOSAL_OPEN)
        return 0;
    const char *staff = approval_staff(site, &proposal->decided, &pool);
    if (list_event(site->list_view, &proposal->decided, &pool, &decided) == 0)
        clock_format(decided.at_ms / 1000, time);
    complain("proposal %s was %s already, %s%s%s", show_event(site, &proposal->event.name, name),
             proposal->state == PROPOSAL_REJECTED ? "rejected" : "approved", time,
             staff ? " by " : "", staff ? staff : "");
    pool_release(&pool);
    return STATUS_NO;
}
