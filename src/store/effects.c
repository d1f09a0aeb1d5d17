#include "store/effects.h"

#include "core/scope.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct walking {
    struct ledger_view *ledger;
    struct ledger_reach *reach;
    const struct effects_question *question;
    effects_visitor visit;
    void *argument;
    struct effects_row *rows;
    size_t room;
};

/* --- what the ledger tells of one opt-out ---------------------------------------------------- */

struct history {
    const struct effects_question *question;
    struct effects_row *row;
};

static bool rests_on(const struct event_verdict_row *row, const struct event_name *event)
{
    for (size_t i = 0; i < row->basis_count; i++)
        if (event_name_equal(&row->basis[i].event, event))
            return true;
    return false;
}

/* Whether the person's message went on, into the queue or, where it could not be taken out any
 * more, out of it. */
static bool went_on(const struct event_verdict *verdict, const struct event_verdict_row *row)
{
    return recipient_was_handed_on(verdict->action, verdict->mode, row->state) ||
           (verdict->action == ACTION_PASS && recipient_is_kept_back(row->state));
}

static bool kept_back_for_good(const struct event_verdict *verdict,
                               const struct event_verdict_row *row)
{
    return verdict->mode == MODE_ENFORCE && verdict->action != ACTION_PASS &&
           verdict->action != ACTION_DEFER && recipient_is_kept_back(row->state);
}

static void count_past(const struct effects_question *question, int64_t at_ms,
                       struct effect *effect)
{
    for (size_t i = 0; effect->asked && i < question->limit_count; i++)
        if (at_ms / 1000 > effect_deadline(&question->limits[i], effect->asked))
            effect->handed_past[i]++;
}

static void note_verdict(const struct history *history, int64_t at_ms,
                         const struct event_verdict *verdict, const struct event_verdict_row *row)
{
    struct effect *effect = &history->row->effect;
    bool rests = rests_on(row, &history->row->event->name);

    if (went_on(verdict, row)) {
        bool before = !rests && effect->asked && at_ms >= effect->asked * 1000 &&
                      at_ms <= effect->recorded_ms;
        if (!before && !rests)
            return; /* it was withdrawn by then, or an opt-in names it */
        if (before)
            effect->handed_before++;
        else
            effect->handed_after++;
        if (!before && at_ms > effect->last_handed_ms)
            effect->last_handed_ms = at_ms;
        count_past(history->question, at_ms, effect);
    } else if (rests && kept_back_for_good(verdict, row)) {
        if (effect->honoured_ms == 0 || at_ms < effect->honoured_ms)
            effect->honoured_ms = at_ms;
    }
}

static int visit_history(struct txn *txn, const struct event *event, void *argument)
{
    const struct history *history = argument;
    const struct event_choice *choice = history->row->choice;
    const struct event_verdict *verdict = event->verdict;
    (void)txn;

    if (!verdict || !scope_covers(choice->choice.scope, verdict->scope))
        return 0;
    for (size_t i = 0; i < verdict->row_count; i++) {
        const struct event_verdict_row *row = &verdict->rows[i];
        if (row->known && memcmp(&row->subject, &choice->subject, sizeof row->subject) == 0) {
            note_verdict(history, event->at_ms, verdict, row);
            break; /* somebody given twice gets one message */
        }
    }
    return 0;
}

/* --- the list's journal ---------------------------------------------------------------------- */

static bool is_asked_for(const struct effects_question *question, const struct event *event,
                         const struct choice *choice)
{
    if (choice->kind != CHOICE_OPT_OUT || event->at_ms < question->since_ms ||
        event->at_ms >= question->until_ms)
        return false;
    if (question->scope && !scope_covers(question->scope, choice->scope))
        return false;
    return !question->source || (choice->source && strcmp(choice->source, question->source) == 0);
}

static int look_at(const struct walking *w, struct effects_row *row)
{
    const struct choice *choice = &row->choice->choice;
    struct history history = {w->question, row};

    row->effect = (struct effect){.asked = choice->asked, .recorded_ms = row->event->at_ms};
    if (choice->domain || !w->ledger)
        return 0;
    int64_t asked_ms = choice->asked * 1000, recorded_ms = row->event->at_ms;
    int code = ledger_history(w->ledger, &row->choice->subject, visit_history, &history);
    if (code || choice->asked == 0)
        return code;
    return ledger_reach_covers(w->reach, choice->scope,
                               asked_ms < recorded_ms ? asked_ms : recorded_ms, recorded_ms,
                               &row->effect.handed_known);
}

static int visit_event(struct txn *txn, const struct event *event, void *argument)
{
    struct walking *w = argument;
    size_t count = 0;
    int code = 0;
    (void)txn;

    if (event->choice_count > w->room) {
        struct effects_row *more = reallocarray(w->rows, event->choice_count, sizeof *more);
        if (!more)
            return -ENOMEM;
        w->rows = more;
        w->room = event->choice_count;
    }
    for (size_t i = 0; i < event->choice_count && code == 0; i++) {
        if (!is_asked_for(w->question, event, &event->choices[i].choice))
            continue;
        w->rows[count] = (struct effects_row){.event = event, .choice = &event->choices[i]};
        code = look_at(w, &w->rows[count++]);
    }
    return code || count == 0 ? code : w->visit(w->rows, count, w->argument);
}

int effects_walk(struct list_view *list, struct ledger_view *ledger,
                 const struct effects_question *question, const struct event_name *after,
                 effects_visitor visit, void *argument)
{
    struct walking w = {
        .ledger = ledger, .question = question, .visit = visit, .argument = argument};
    struct ledger_reach *read = NULL;
    int code = ledger && !question->reach ? ledger_reach_read(ledger, &read) : 0;

    w.reach = read ? read : question->reach;
    if (code == 0)
        code = list_walk(list, after, visit_event, &w);
    free(w.rows);
    ledger_reach_free(read);
    return code;
}
