#include "tool/proof/effect_show.h"

#include "base/clock.h"
#include "tool/output.h"
#include "tool/show.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SPAN_SIZE 32

/* "340 ms", "12 s", "4 min 10 s", "5 h 4 min", "3 d 4 h". */
static const char *format_span(int64_t ms, char text[SPAN_SIZE])
{
    int64_t seconds = ms / 1000, minutes = seconds / 60, hours = minutes / 60, days = hours / 24;

    if (days)
        snprintf(text, SPAN_SIZE, "%" PRId64 " d %" PRId64 " h", days, hours % 24);
    else if (hours)
        snprintf(text, SPAN_SIZE, "%" PRId64 " h %" PRId64 " min", hours, minutes % 60);
    else if (minutes)
        snprintf(text, SPAN_SIZE, "%" PRId64 " min %" PRId64 " s", minutes, seconds % 60);
    else if (seconds)
        snprintf(text, SPAN_SIZE, "%" PRId64 " s", seconds);
    else
        snprintf(text, SPAN_SIZE, "%" PRId64 " ms", ms);
    return text;
}

/* A count of messages that may be only the least that it can be. */
static const char *format_handed(uint64_t count, bool known, char text[SPAN_SIZE])
{
    if (known)
        snprintf(text, SPAN_SIZE, "%" PRIu64, count);
    else if (count)
        snprintf(text, SPAN_SIZE, "%" PRIu64 " or more", count);
    else
        snprintf(text, SPAN_SIZE, "not recorded");
    return text;
}

/* Seconds with their thousandths. */
static void put_span(json_t *object, const char *name, int64_t ms)
{
    output_put(object, name, json_real((double)ms / 1000));
}

/* --- sums ------------------------------------------------------------------------------------ */

static void show_line(const struct effects_source *s)
{
    char median[SPAN_SIZE] = "-", p90[SPAN_SIZE] = "-", p99[SPAN_SIZE] = "-", max[SPAN_SIZE] = "-";
    char before[SPAN_SIZE];

    if (s->delay.count) {
        format_span(s->delay.median, median);
        format_span(s->delay.p90, p90);
        format_span(s->delay.p99, p99);
        format_span(s->delay.max, max);
    }
    output_line("%-20s %8" PRIu64 " %8" PRIu64 " %12s %12s %12s %12s %14s %8" PRIu64, s->name,
                s->opt_outs, s->undated, median, p90, p99, max,
                format_handed(s->handed_before, s->handed_unknown == 0, before), s->handed_after);
}

static void show_limit(const struct effects *effects, const struct effect_limit *limit, size_t at)
{
    uint64_t near = 0, over = 0, past = 0;
    char text[EFFECT_LIMIT_SIZE];

    for (size_t i = 0; i < effects->source_count; i++) {
        near += effects->sources[i].near[at];
        over += effects->sources[i].over[at];
        past += effects->sources[i].handed_past[at];
    }
    output_line("limit %s, %s: %" PRIu64 " over, %" PRIu64 " near; messages that were recorded as "
                "handed on past it: %" PRIu64,
                limit->name, effect_limit_format(limit, text), over, near, past);
}

static void put_spread(json_t *object, const char *name, const struct effect_spread *spread)
{
    json_t *member = json_object();

    output_put_number(member, "count", spread->count);
    if (spread->count) {
        put_span(member, "median", spread->median);
        put_span(member, "p90", spread->p90);
        put_span(member, "p99", spread->p99);
        put_span(member, "max", spread->max);
    }
    output_put(object, name, member);
}

json_t *effect_show_source(const struct effects_source *s, const struct effects_question *question)
{
    json_t *object = json_object(), *limits = json_array();
    char text[EFFECT_LIMIT_SIZE];

    output_put_text(object, "source", s->name);
    output_put_number(object, "opt_outs", s->opt_outs);
    output_put_number(object, "undated", s->undated);
    put_spread(object, "to_effect", &s->delay);
    put_spread(object, "to_first_kept_back", &s->honoured);
    output_put_number(object, "handed_on_before", s->handed_before);
    output_put_number(object, "not_recorded", s->handed_unknown);
    output_put_number(object, "handed_on_after", s->handed_after);
    for (size_t i = 0; i < question->limit_count; i++) {
        json_t *limit = json_object();
        output_put_text(limit, "limit", question->limits[i].name);
        output_put_text(limit, "allowed", effect_limit_format(&question->limits[i], text));
        output_put_number(limit, "near", s->near[i]);
        output_put_number(limit, "over", s->over[i]);
        output_put_number(limit, "handed_on_past", s->handed_past[i]);
        output_append(limits, limit);
    }
    output_put(object, "limits", limits);
    return object;
}

void effect_show_sums(const struct effects *effects, const struct effects_question *question,
                      bool json)
{
    if (!json && effects->source_count == 0) {
        remark("There are no such opt-outs.");
        return;
    }
    if (!json)
        output_line("%-20s %8s %8s %12s %12s %12s %12s %14s %8s", "source", "opt-outs", "undated",
                    "median", "90 %", "99 %", "longest", "mailed before", "after");
    for (size_t i = 0; i < effects->source_count; i++)
        if (json)
            output_json(effect_show_source(&effects->sources[i], question));
        else
            show_line(&effects->sources[i]);
    for (size_t i = 0; i < question->limit_count && !json; i++)
        show_limit(effects, &question->limits[i], i);
}

/* --- one opt-out ----------------------------------------------------------------------------- */

static void append_standings(struct text *line, const struct effect *effect,
                             const struct effects_question *question)
{
    for (size_t i = 0; i < question->limit_count; i++) {
        enum effect_standing standing = effect_stands(effect, &question->limits[i]);
        if (standing == EFFECT_NEAR || standing == EFFECT_OVER)
            text_format(line, "; %s %s", effect_standing_name(standing), question->limits[i].name);
    }
}

static void show_opt_out(struct site *site, const struct effects_row *row,
                         const struct effects_question *question)
{
    const struct effect *effect = &row->effect;
    const struct choice *choice = &row->choice->choice;
    char name[SHOW_EVENT_SIZE], time[CLOCK_TEXT_SIZE], span[SPAN_SIZE];
    struct text line = TEXT_EMPTY;
    int64_t delay_ms;

    text_format(&line, "%s event %s: %s opted out of %s, source %s: ",
                clock_format(effect->recorded_ms / 1000, time),
                show_event(site, &row->event->name, name),
                site_address(site, &row->choice->subject), choice->scope,
                choice->source ? choice->source : row->event->actor);
    if (effect->asked)
        text_format(&line, "asked %s", clock_format(effect->asked, time));
    else
        text_append(&line, "nobody told when it was asked");
    if (effect_delay(effect, &delay_ms))
        text_format(&line, ", in effect after %s", format_span(delay_ms, span));
    if (effect->honoured_ms)
        text_format(&line, ", first kept back %s", clock_format(effect->honoured_ms / 1000, time));
    text_format(&line, "; mailed before: %s",
                format_handed(effect->handed_before, effect->handed_known, span));
    if (effect->handed_after)
        text_format(&line, ", in spite of it: %" PRIu64 ", last %s", effect->handed_after,
                    clock_format(effect->last_handed_ms / 1000, time));
    append_standings(&line, effect, question);
    output_text(&line);
}

static void put_time_ms(json_t *object, const char *name, int64_t at_ms)
{
    char time[CLOCK_TEXT_SIZE];
    output_put_text(object, name, at_ms ? clock_format_ms(at_ms, time) : NULL);
}

static void put_limits(json_t *object, const struct effect *effect,
                       const struct effects_question *question)
{
    json_t *limits = json_array();

    for (size_t i = 0; i < question->limit_count; i++) {
        const struct effect_limit *limit = &question->limits[i];
        json_t *member = json_object();
        output_put_text(member, "limit", limit->name);
        output_put_time(member, "deadline",
                        effect->asked ? effect_deadline(limit, effect->asked) : 0);
        output_put_text(member, "standing", effect_standing_name(effect_stands(effect, limit)));
        output_put_number(member, "handed_on_past", effect->handed_past[i]);
        output_append(limits, member);
    }
    output_put(object, "limits", limits);
}

static void show_json_opt_out(struct site *site, const struct effects_row *row,
                              const struct effects_question *question)
{
    const struct effect *effect = &row->effect;
    const struct choice *choice = &row->choice->choice;
    json_t *object = json_object();
    struct list_identity identity;
    int64_t delay_ms;

    site_identity(site, &row->choice->subject, &identity);
    show_put_event(object, "event", &row->event->name);
    show_put_identity(object, &identity);
    output_put_text(object, "scope", choice->scope);
    output_put_text(object, "source", choice->source ? choice->source : row->event->actor);
    output_put_time(object, "asked", effect->asked);
    put_time_ms(object, "recorded", effect->recorded_ms);
    put_time_ms(object, "first_kept_back", effect->honoured_ms);
    if (effect_delay(effect, &delay_ms))
        put_span(object, "seconds", delay_ms);
    else
        output_put_text(object, "seconds", NULL);
    if (effect->handed_known || effect->handed_before)
        output_put_number(object, "handed_on_before", effect->handed_before);
    else
        output_put_text(object, "handed_on_before", NULL);
    output_put_bool(object, "recorded_all", effect->handed_known);
    output_put_number(object, "handed_on_after", effect->handed_after);
    put_time_ms(object, "last_handed_on", effect->last_handed_ms);
    put_limits(object, effect, question);
    output_json(object);
}

void effect_show_row(struct site *site, const struct effects_row *row,
                     const struct effects_question *question, bool json)
{
    if (json)
        show_json_opt_out(site, row, question);
    else
        show_opt_out(site, row, question);
}
