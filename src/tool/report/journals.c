/* What happened in the period, by the journals of list and ledger. */
#include "base/clock.h"
#include "core/scope.h"
#include "tool/output.h"
#include "tool/report/facts.h"
#include "tool/report/series.h"
#include "tool/show.h"

#include <errno.h>
#include <string.h>

#define PAUSE 1001       /* ends a walk that goes on in another view */
#define VIEW_EVENTS 2000 /* in one view: an old one lets a store grow */
#define TYPES_MAX 64     /* of events that are counted; more are not known */

struct journals {
    struct site *site;
    const struct report_question *question;
    struct progress *progress;
    struct event_name last; /* looked at; number 0: none */
    uint64_t seen, of;
    struct series_set optouts, refusals, monitored, handed_on;
    uint64_t blocks, opt_ins, confirmed;
    uint64_t types[TYPES_MAX];
    json_t *removals;
};

static bool is_asked_for(const struct journals *j, const char *scope)
{
    return !j->question->scope || scope_covers(j->question->scope, scope);
}

/* --- the list --- */

static const char *source_of(const struct event *event, const struct choice *choice)
{
    return choice->source && *choice->source ? choice->source
           : event->source                   ? event->source
                                             : event->actor;
}

static int count_choices(struct journals *j, const struct event *event)
{
    int code = 0;

    for (size_t i = 0; i < event->choice_count && code == 0; i++) {
        const struct choice *choice = &event->choices[i].choice;
        if (!is_asked_for(j, choice->scope))
            continue;
        if (choice->kind == CHOICE_OPT_OUT)
            code = series_add(&j->optouts, source_of(event, choice), event->at_ms / 1000, 1);
        j->blocks += choice->kind == CHOICE_BLOCK;
        j->opt_ins += choice->kind == CHOICE_OPT_IN;
        j->confirmed += choice->kind == CHOICE_OPT_IN && choice->confirmed;
    }
    return code;
}

/* What a name of staff or a note is kept under among the words. */
static const char *word_of(const struct word *words, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i].name, name) == 0)
            return words[i].text;
    return NULL;
}

/* Whether one of the choices that were withdrawn is of the scope: 1 or 0. */
static int concerns(const struct journals *j, const struct event *event)
{
    int found = j->question->scope == NULL;

    for (size_t i = 0; i < event->withdrawal_count && found == 0; i++) {
        struct pool pool = {0};
        struct event about;
        int code = list_event(j->site->list_view, &event->withdrawals[i].target, &pool, &about);
        for (size_t n = 0; n < about.choice_count && code == 0 && !found; n++)
            found = memcmp(&about.choices[n].subject, &event->withdrawals[i].subject,
                           sizeof about.choices[n].subject) == 0 &&
                    is_asked_for(j, about.choices[n].choice.scope);
        pool_release(&pool);
        if (code && code != ERR_NOT_FOUND)
            return code;
    }
    return found;
}

/* The withdrawals of an undo are counted by its batch. */
static int note_removal(struct journals *j, const struct event *event)
{
    char time[CLOCK_TEXT_SIZE];
    struct pool pool = {0};
    struct word *words = NULL;
    size_t count = 0;

    if (event->batch)
        return 0;
    int code = concerns(j, event);
    if (code <= 0)
        return code;
    code = list_words(j->site->list_view, event, &pool, &words, &count);
    if (code == 0 || code == ERR_KEY) {
        json_t *object = json_object();
        output_put_text(object, "time", clock_format_ms(event->at_ms, time));
        show_put_event(object, "event", &event->name);
        output_put_text(object, "actor", event->actor);
        output_put_text(object, "source", event->source);
        output_put_number(object, "choices", event->withdrawal_count);
        output_put_text(object, "note", word_of(words, count, "note"));
        if (j->question->names)
            output_put_text(object, "staff", word_of(words, count, "staff"));
        output_append(j->removals, object);
        code = 0;
    }
    pool_release(&pool);
    return code;
}

/* --- the ledger --- */

static int count_verdict(struct journals *j, const struct event *event)
{
    const struct event_verdict *verdict = event->verdict;
    uint64_t kept_back = 0, free = 0;

    if (!is_asked_for(j, verdict->scope))
        return 0;
    for (size_t i = 0; i < verdict->row_count; i++)
        if (recipient_is_kept_back(verdict->rows[i].state))
            kept_back++;
        else
            free++;
    struct series_set *set = verdict->mode == MODE_MONITOR ? &j->monitored : &j->refusals;
    int code = kept_back ? series_add(set, verdict->stream, event->at_ms / 1000, kept_back) : 0;
    if (code == 0 && free > 0)
        code = series_add(&j->handed_on, verdict->stream, event->at_ms / 1000, free);
    return code;
}

/* --- the walk --- */

static int visit(struct txn *txn, const struct event *event, void *argument)
{
    struct journals *j = argument;
    int code = 0;
    (void)txn;

    j->last = event->name;
    j->seen++;
    if (period_find(&j->question->period, event->at_ms / 1000) < j->question->period.count) {
        j->types[event->type < TYPES_MAX ? event->type : 0]++;
        if (event->type == EVENT_CHOICES)
            code = count_choices(j, event);
        else if (event->type == EVENT_WITHDRAWAL)
            code = note_removal(j, event);
        else if (event->type == EVENT_VERDICT)
            code = count_verdict(j, event);
    }
    return code ? code : j->seen % VIEW_EVENTS == 0 ? PAUSE : 0;
}

typedef int (*walker)(struct journals *j);

static int walk_list(struct journals *j)
{
    return list_walk(j->site->list_view, j->last.number ? &j->last : NULL, visit, j);
}

static int walk_ledger(struct journals *j)
{
    return ledger_walk(j->site->ledger_view, j->last.number ? &j->last : NULL, visit, j);
}

/* In as many views as it takes. */
static int walk(struct journals *j, walker step, struct error *why)
{
    int code = PAUSE;

    j->last.number = 0;
    while (code == PAUSE) {
        code = site_view(j->site, why);
        if (code == 0)
            code = step(j);
        site_end_view(j->site);
        progress_tell(j->progress, j->seen, j->of, j->seen);
    }
    return code;
}

static int measure(struct journals *j, struct error *why)
{
    struct list_counts counts;
    struct ledger_extent extent;

    int code = site_view(j->site, why);
    if (code == 0)
        code = list_count(j->site->list_view, &counts);
    if (code == 0)
        code = ledger_measure(j->site->ledger_view, &extent);
    site_end_view(j->site);
    if (code == 0)
        j->of = counts.events + extent.events;
    return code;
}

static json_t *types_json(const struct journals *j)
{
    json_t *types = json_object();

    for (unsigned i = 1; i < TYPES_MAX; i++)
        if (j->types[i])
            output_put_number(types, event_type_name((enum event_type)i), j->types[i]);
    return types;
}

static void put(struct journals *j, json_t *facts)
{
    output_put(facts, "optouts", series_json(&j->optouts));
    output_put_number(facts, "blocks", j->blocks);
    output_put_number(facts, "optins", j->opt_ins);
    output_put_number(facts, "optins_confirmed", j->confirmed);
    output_put(facts, "removals", json_incref(j->removals));
    output_put(facts, "refusals", series_json(&j->refusals));
    output_put(facts, "monitored", series_json(&j->monitored));
    output_put(facts, "handed_on", series_json(&j->handed_on));
    output_put(facts, "events", types_json(j));
}

int report_journals(struct site *site, const struct report_question *question,
                    struct progress *progress, json_t *facts, struct error *why)
{
    struct pool pool = {0};
    const struct series_set none = {.period = &question->period, .pool = &pool};
    struct journals j = {.site = site,
                         .question = question,
                         .progress = progress,
                         .optouts = none,
                         .refusals = none,
                         .monitored = none,
                         .handed_on = none,
                         .removals = json_array()};

    progress_begin(progress, "reading", "events");
    int code = measure(&j, why);
    if (code == 0)
        code = walk(&j, walk_list, why);
    if (code == 0)
        code = walk(&j, walk_ledger, why);
    progress_clear(progress);
    if (code == 0)
        put(&j, facts);
    json_decref(j.removals);
    pool_release(&pool);
    return code;
}
