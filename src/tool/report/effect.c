/* How long opt-outs took until they held, and how that compares with the limits. */
#include "tool/output.h"
#include "tool/proof/effect_show.h"
#include "tool/report/facts.h"

#include <errno.h>

#define PAUSE 1001     /* ends a walk that goes on in another view */
#define VIEW_ROWS 5000 /* opt-outs in one view: an old one lets a store grow */

struct timing {
    struct site *site;
    struct progress *progress;
    struct effects_question question;
    struct effects_gatherer *gatherer;
    struct event_name last; /* looked at; number 0: none */
    uint64_t seen, of;      /* opt-outs */
    size_t in_view;
    uint64_t near, over; /* opt-outs, each by the worst of its limits */
    int64_t longest_ms;
};

static void take_row(struct timing *t, const struct effect *effect)
{
    enum effect_standing worst = effect_worst(effect, t->question.limits, t->question.limit_count);
    int64_t delay_ms = 0;

    t->near += worst == EFFECT_NEAR;
    t->over += worst == EFFECT_OVER;
    if (effect_delay(effect, &delay_ms) && delay_ms > t->longest_ms)
        t->longest_ms = delay_ms;
}

static int visit(const struct effects_row *rows, size_t count, void *argument)
{
    struct timing *t = argument;

    t->last = rows->event->name;
    t->seen += count;
    t->in_view += count;
    for (size_t i = 0; i < count; i++)
        take_row(t, &rows[i].effect);
    int code = effects_gatherer_take(t->gatherer, rows, count);
    return code ? code : t->in_view >= VIEW_ROWS ? PAUSE : 0;
}

static int walk(struct timing *t, struct error *why)
{
    int code = PAUSE;

    while (code == PAUSE) {
        t->in_view = 0;
        code = site_view(t->site, why);
        if (code == 0)
            code = effects_walk(t->site->list_view, t->site->ledger_view, &t->question,
                                t->last.number ? &t->last : NULL, visit, t);
        site_end_view(t->site);
        progress_tell(t->progress, t->seen, t->of, t->seen);
    }
    return code;
}

static json_t *limits_json(const struct timing *t, const struct effects *effects)
{
    json_t *array = json_array();
    char text[EFFECT_LIMIT_SIZE];

    for (size_t i = 0; i < t->question.limit_count; i++) {
        json_t *object = json_object();
        uint64_t near = 0, over = 0, past = 0;
        for (size_t s = 0; s < effects->source_count; s++) {
            near += effects->sources[s].near[i];
            over += effects->sources[s].over[i];
            past += effects->sources[s].handed_past[i];
        }
        output_put_text(object, "limit", t->question.limits[i].name);
        output_put_text(object, "allowed", effect_limit_format(&t->question.limits[i], text));
        output_put_number(object, "near", near);
        output_put_number(object, "over", over);
        output_put_number(object, "handed_on_past", past);
        output_append(array, object);
    }
    return array;
}

static json_t *sums_json(const struct timing *t, const struct effects *effects)
{
    json_t *object = json_object(), *sources = json_array();
    uint64_t dated = 0;

    for (size_t i = 0; i < effects->source_count; i++) {
        output_append(sources, effect_show_source(&effects->sources[i], &t->question));
        dated += effects->sources[i].delay.count;
    }
    output_put_number(object, "dated", dated);
    output_put_number(object, "near", t->near);
    output_put_number(object, "over", t->over);
    output_put(object, "longest", dated ? json_real((double)t->longest_ms / 1000) : json_null());
    output_put(object, "limits", limits_json(t, effects));
    output_put(object, "sources", sources);
    return object;
}

int report_effect(struct site *site, const struct report_question *question,
                  struct ledger_reach *reach, struct progress *progress, json_t *facts,
                  struct error *why)
{
    struct timing t = {.site = site,
                       .progress = progress,
                       .question = {.since_ms = question->period.since * 1000,
                                    .until_ms = question->period.until * 1000,
                                    .scope = question->scope,
                                    .limits = site->config->effect_limits,
                                    .limit_count = site->config->effect_limit_count,
                                    .reach = reach}};
    struct effects effects = {0};
    int code = 0;

    /* What comes from now on is of another time than what the ledger was asked about. */
    if (question->period.until > question->now)
        t.question.until_ms = (question->now + 1) * 1000;
    t.of =
        (uint64_t)json_integer_value(json_object_get(json_object_get(facts, "optouts"), "total"));
    t.gatherer = effects_gatherer_new(&t.question);
    if (!t.gatherer)
        return -ENOMEM;
    progress_begin(progress, "looking up", "opt-outs");
    code = walk(&t, why);
    progress_clear(progress);
    if (code == 0)
        code = effects_gatherer_sum(t.gatherer, &effects);
    if (code == 0)
        output_put(facts, "effect", sums_json(&t, &effects));
    effects_release(&effects);
    effects_gatherer_free(t.gatherer);
    return code;
}
