/* What happened in the period, by the journals of list and ledger. */
#include "tool/report/journals.h"
#include "base/clock.h"
#include "core/scope.h"
#include "tool/output.h"

#include <errno.h>
#include <string.h>

#define PAUSE 1001       /* ends a walk that goes on in another view */
#define VIEW_EVENTS 2000 /* in one view: an old one lets a store grow */

bool journals_is_asked(const struct journals *j, const char *scope)
{
    return !j->question->scope || scope_covers(j->question->scope, scope);
}

/* --- whenever it was --- */

static void replace(json_t **old, json_t *new)
{
    json_decref(*old);
    *old = new;
}

static json_t *verified_json(const struct event *event)
{
    const struct event_verified *verified = event->verified;
    char time[CLOCK_TEXT_SIZE];
    json_t *object = json_object();

    output_put_text(object, "time", clock_format_ms(event->at_ms, time));
    output_put_bool(object, "list_whole", verified->list.whole);
    output_put_bool(object, "ledger_whole", verified->ledger.whole);
    output_put_number(object, "checkpoints_fitting", verified->fitting);
    output_put_number(object, "checkpoints_misfitting", verified->misfitting);
    output_put_time(object, "last_checkpoint", (int64_t)verified->checkpoint_at);
    return object;
}

/* The newest one tells all that the others did. */
static json_t *cut_json(const struct event *event)
{
    char time[CLOCK_TEXT_SIZE];
    json_t *object = json_object();
    uint64_t events = 0;
    int64_t last_ms = 0;

    for (size_t i = 0; i < event->cut->row_count; i++) {
        events += event->cut->rows[i].last.number;
        if (event->cut->rows[i].last_ms > last_ms)
            last_ms = event->cut->rows[i].last_ms;
    }
    output_put_text(object, "time", clock_format_ms(event->at_ms, time));
    output_put_number(object, "events", events);
    output_put_time(object, "until", last_ms / 1000);
    return object;
}

static void note_moment(const struct journals *j, const struct event *event, json_t *array)
{
    char time[CLOCK_TEXT_SIZE];
    json_t *object = json_object();

    output_put_text(object, "time", clock_format_ms(event->at_ms, time));
    output_put_text(object, "store", j->in_ledger ? "ledger" : "list");
    output_append(array, object);
}

static void take_always(struct journals *j, const struct event *event)
{
    int64_t *begins_ms = j->in_ledger ? &j->ledger_begins_ms : &j->list_begins_ms;

    if (*begins_ms == 0)
        *begins_ms = event->at_ms;
    if (event->verified)
        replace(&j->verified, verified_json(event));
    if (event->cut)
        replace(&j->cut, cut_json(event));
    if (event->type == EVENT_LOSS)
        note_moment(j, event, j->losses);
    if (event->continues)
        note_moment(j, event, j->restores);
}

/* --- the walk --- */

static int visit(struct txn *txn, const struct event *event, void *argument)
{
    struct journals *j = argument;
    int code = 0;
    (void)txn;

    j->last = event->name;
    j->seen++;
    take_always(j, event);
    if (period_find(&j->question->period, event->at_ms / 1000) < j->question->period.count) {
        j->types[event->type < JOURNALS_TYPES_MAX ? event->type : 0]++;
        code = j->in_ledger ? journals_take_ledger(j, event) : journals_take_list(j, event);
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

/* --- */

static json_t *types_json(const struct journals *j)
{
    json_t *types = json_object();

    for (unsigned i = 1; i < JOURNALS_TYPES_MAX; i++)
        if (j->types[i])
            output_put_number(types, event_type_name((enum event_type)i), j->types[i]);
    return types;
}

static json_t *queue_json(const struct journals *j)
{
    const struct queue_count *counts[] = {&j->held, &j->deleted};
    static const char *const names[] = {"held", "deleted"};
    json_t *object = json_object();

    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        json_t *member = json_object();
        output_put_number(member, "messages", counts[i]->messages);
        output_put_number(member, "recipients", counts[i]->recipients);
        output_put(object, names[i], member);
    }
    return object;
}

static void put(struct journals *j, json_t *facts)
{
    output_put(facts, "optouts", series_json(&j->optouts));
    output_put_number(facts, "blocks", j->blocks);
    output_put_number(facts, "optins", j->opt_ins);
    output_put_number(facts, "optins_confirmed", j->confirmed);
    output_put(facts, "removals", json_incref(j->removals));
    output_put_number(facts, "erased", j->erased);
    output_put(facts, "refusals", series_json(&j->refusals));
    output_put(facts, "monitored", series_json(&j->monitored));
    output_put(facts, "handed_on", series_json(&j->handed_on));
    output_put(facts, "queue", queue_json(j));
    output_put(facts, "readings", journals_readings(j));
    output_put(facts, "events", types_json(j));
    output_put_time(facts, "list_begins", j->list_begins_ms / 1000);
    output_put_time(facts, "ledger_begins", j->ledger_begins_ms / 1000);
    output_put(facts, "verified", j->verified ? json_incref(j->verified) : json_null());
    output_put(facts, "cut", j->cut ? json_incref(j->cut) : json_null());
    output_put(facts, "losses", json_incref(j->losses));
    output_put(facts, "restores", json_incref(j->restores));
}

static void release(struct journals *j)
{
    json_decref(j->removals);
    json_decref(j->losses);
    json_decref(j->restores);
    json_decref(j->verified);
    json_decref(j->cut);
    pool_release(j->pool);
}

int report_journals(struct site *site, const struct report_question *question,
                    struct progress *progress, json_t *facts, struct error *why)
{
    struct pool pool = {0};
    const struct series_set none = {.period = &question->period, .pool = &pool};
    struct journals j = {.site = site,
                         .question = question,
                         .progress = progress,
                         .pool = &pool,
                         .optouts = none,
                         .refusals = none,
                         .monitored = none,
                         .handed_on = none,
                         .removals = json_array(),
                         .losses = json_array(),
                         .restores = json_array()};

    progress_begin(progress, "reading", "events");
    int code = measure(&j, why);
    if (code == 0)
        code = walk(&j, walk_list, why);
    j.in_ledger = true;
    if (code == 0)
        code = walk(&j, walk_ledger, why);
    progress_clear(progress);
    if (code == 0)
        put(&j, facts);
    release(&j);
    return code;
}
