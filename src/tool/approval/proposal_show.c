#include "tool/approval/proposal_show.h"

#include "base/clock.h"
#include "tool/output.h"
#include "tool/show.h"

#include <inttypes.h>

const char *proposal_operation_name(enum operation operation)
{
    switch (operation) {
    case OPERATION_REMOVE:
        return "remove";
    case OPERATION_OPT_IN:
        return "opt-in";
    case OPERATION_UNDO:
        return "undo";
    case OPERATION_SWEEP:
        return "undo-source";
    case OPERATION_ERASE:
        return "erase";
    }
    return "unknown";
}

const char *proposal_state_name(enum proposal_state state)
{
    switch (state) {
    case PROPOSAL_OPEN:
        return "open";
    case PROPOSAL_APPROVED:
        return "approved";
    case PROPOSAL_REJECTED:
        return "rejected";
    case PROPOSAL_BEGUN:
        return "begun";
    case PROPOSAL_DONE:
        return "done";
    }
    return "unknown";
}

const char *proposal_decision_text(enum proposal_state state)
{
    return state == PROPOSAL_BEGUN ? "approved, and begun" : proposal_state_name(state);
}

static void append_count(struct text *line, uint64_t count, const char *noun)
{
    text_format(line, "%" PRIu64 " %s%s", count, noun, count == 1 ? "" : "s");
}

void proposal_append(struct text *line, const struct site *site,
                     const struct event_proposal *proposal)
{
    char since[CLOCK_TEXT_SIZE], until[CLOCK_TEXT_SIZE], name[SHOW_EVENT_SIZE];

    switch (proposal->operation) {
    case OPERATION_REMOVE:
        text_append(line, "removal of ");
        append_count(line, proposal->rows, "choice");
        return;
    case OPERATION_OPT_IN:
        append_count(line, proposal->rows, "confirmed opt-in");
        return;
    case OPERATION_UNDO:
        text_format(line, "undo of batch %s, ",
                    proposal->target_count ? show_event(site, &proposal->targets[0].event, name)
                                           : "(none)");
        append_count(line, proposal->rows, "choice");
        return;
    case OPERATION_SWEEP:
        text_format(line, "undo of source %s from %s to %s, ", proposal->source,
                    clock_format(proposal->since_ms / 1000, since),
                    clock_format(proposal->until_ms / 1000, until));
        append_count(line, proposal->rows, "opt-out");
        return;
    case OPERATION_ERASE:
        text_append(line, "erasure of ");
        text_format(line, "%" PRIu64 " %s", proposal->rows,
                    proposal->rows == 1 ? "person" : "people");
        return;
    }
    text_append(line, "something that this version does not know");
}

void proposal_put(json_t *object, const struct event_proposal *proposal)
{
    output_put_text(object, "operation", proposal_operation_name(proposal->operation));
    output_put_number(object, "rows", proposal->rows);
    if (proposal->operation == OPERATION_UNDO && proposal->target_count)
        show_put_event(object, "batch", &proposal->targets[0].event);
    if (proposal->operation == OPERATION_SWEEP) {
        output_put_text(object, "source", proposal->source);
        output_put_time(object, "since", proposal->since_ms / 1000);
        output_put_time(object, "until", proposal->until_ms / 1000);
    }
}

/* --- rows --- */

int proposal_find_row(struct site *site, const struct event_target *target, struct pool *pool,
                      const struct choice **found)
{
    const struct choice *row = NULL;
    struct choice *rows;
    size_t count;
    int code = 0;

    for (int domain = 0; domain < 2 && code == 0 && target->known && !row; domain++) {
        code = list_read(site->list_view, LIST_STANDING, &target->subject, domain, pool, &rows,
                         &count, NULL);
        for (size_t i = 0; code == 0 && i < count; i++)
            if (event_name_equal(&rows[i].event, &target->event))
                row = &rows[i];
    }
    if (code == 0)
        *found = row;
    return code;
}

/* `choice` is NULL where the row does not stand. */
static void show_one(struct site *site, const struct subject *subject,
                     const struct event_name *event, const struct choice *choice, json_t *choices)
{
    struct list_identity identity;
    char name[SHOW_EVENT_SIZE];
    struct text line = TEXT_EMPTY;

    site_identity(site, subject, &identity);
    if (choices) {
        json_t *object = json_object();
        show_put_identity(object, &identity);
        if (event)
            show_put_event(object, "event", event);
        output_put_bool(object, "stands", event && choice);
        if (choice)
            show_put_choice(object, choice);
        output_append(choices, object);
        return;
    }
    text_format(&line, "  %s: ", site_identity_text(&identity));
    if (choice)
        show_append_choice(&line, site, choice);
    if (event)
        text_format(&line, "%s event %s%s", choice ? "," : "the choice of",
                    show_event(site, event, name), choice ? "" : " does not stand any more");
    output_text(&line);
}

static int show_targets(struct site *site, const struct event_proposal *proposal, json_t *choices)
{
    struct pool pool = {0};
    int code = 0;

    for (size_t i = 0; i < proposal->target_count && code == 0; i++) {
        const struct event_target *target = &proposal->targets[i];
        const struct choice *row;
        code = proposal_find_row(site, target, &pool, &row);
        if (code == 0)
            show_one(site, &target->subject, &target->event, row, choices);
        pool_reset(&pool);
    }
    pool_release(&pool);
    return code;
}

static void show_people(struct site *site, const struct event_proposal *proposal, json_t *choices)
{
    for (size_t i = 0; i < proposal->target_count; i++) {
        struct list_identity identity;
        json_t *object = choices ? json_object() : NULL;
        site_identity(site, &proposal->targets[i].subject, &identity);
        if (object) {
            show_put_identity(object, &identity);
            output_append(choices, object);
        } else {
            output_line("  %s", site_identity_text(&identity));
        }
    }
}

int proposal_show_rows(struct site *site, const struct event_proposal *proposal, json_t *object)
{
    json_t *choices = object ? json_array() : NULL;
    int code = 0;

    if (proposal->operation == OPERATION_ERASE)
        show_people(site, proposal, choices);
    if (proposal->operation == OPERATION_REMOVE)
        code = show_targets(site, proposal, choices);
    for (size_t i = 0; i < proposal->choice_count; i++)
        show_one(site, &proposal->choices[i].subject, NULL, &proposal->choices[i].choice, choices);
    if (object)
        output_put(object, "choices", choices);
    return code;
}
