#include "store/effects.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Values of one source that are not added up yet. */
struct sample {
    int64_t *values;
    size_t count, room;
};

struct gathered {
    struct effects_source sums;
    struct sample delays, honoured;
};

struct effects_gatherer {
    const struct effects_question *question;
    struct gathered *sources;
    size_t source_count;
    bool over, near;
};

struct effects_gatherer *effects_gatherer_new(const struct effects_question *question)
{
    struct effects_gatherer *g = calloc(1, sizeof *g);
    if (g)
        g->question = question;
    return g;
}

void effects_gatherer_free(struct effects_gatherer *gatherer)
{
    if (!gatherer)
        return;
    for (size_t i = 0; i < gatherer->source_count; i++) {
        free(gatherer->sources[i].sums.name);
        free(gatherer->sources[i].delays.values);
        free(gatherer->sources[i].honoured.values);
    }
    free(gatherer->sources);
    free(gatherer);
}

static int sample_add(struct sample *sample, int64_t value)
{
    if (sample->count == sample->room) {
        size_t room = sample->room * 2 + 64;
        int64_t *more = reallocarray(sample->values, room, sizeof *more);
        if (!more)
            return -ENOMEM;
        sample->values = more;
        sample->room = room;
    }
    sample->values[sample->count++] = value;
    return 0;
}

/* NULL without memory. */
static struct gathered *source_named(struct effects_gatherer *g, const char *name)
{
    for (size_t i = 0; i < g->source_count; i++)
        if (strcmp(g->sources[i].sums.name, name) == 0)
            return &g->sources[i];
    struct gathered *more = reallocarray(g->sources, g->source_count + 1, sizeof *more);
    if (!more)
        return NULL;
    g->sources = more;
    more[g->source_count] = (struct gathered){.sums = {.name = strdup(name)}};
    return more[g->source_count].sums.name ? &more[g->source_count++] : NULL;
}

static void take_standings(struct effects_gatherer *g, const struct effect *effect,
                           struct effects_source *sums)
{
    for (size_t i = 0; i < g->question->limit_count; i++) {
        enum effect_standing standing = effect_stands(effect, &g->question->limits[i]);
        sums->near[i] += standing == EFFECT_NEAR;
        sums->over[i] += standing == EFFECT_OVER;
        sums->handed_past[i] += effect->handed_past[i];
        g->near = g->near || standing == EFFECT_NEAR;
        g->over = g->over || standing == EFFECT_OVER;
    }
}

static int take_one(struct effects_gatherer *g, const struct effects_row *row)
{
    const struct effect *effect = &row->effect;
    const char *source = row->choice->choice.source;
    struct gathered *to = source_named(g, source ? source : row->event->actor);
    int64_t delay_ms;

    if (!to)
        return -ENOMEM;
    bool dated = effect_delay(effect, &delay_ms);
    to->sums.opt_outs++;
    to->sums.undated += !dated;
    to->sums.handed_before += effect->handed_before;
    to->sums.handed_after += effect->handed_after;
    to->sums.handed_unknown += !effect->handed_known;
    take_standings(g, effect, &to->sums);
    int code = dated ? sample_add(&to->delays, delay_ms) : 0;
    if (code == 0 && effect->honoured_ms >= effect->recorded_ms)
        code = sample_add(&to->honoured, effect->honoured_ms - effect->recorded_ms);
    return code;
}

int effects_gatherer_take(struct effects_gatherer *gatherer, const struct effects_row *rows,
                          size_t count)
{
    int code = 0;
    for (size_t i = 0; i < count && code == 0; i++)
        code = take_one(gatherer, &rows[i]);
    return code;
}

static int compare_sources(const void *a, const void *b)
{
    const struct effects_source *x = a, *y = b;
    return strcmp(x->name, y->name);
}

int effects_gatherer_sum(struct effects_gatherer *gatherer, struct effects *effects)
{
    struct effects_source *sources = calloc(gatherer->source_count + 1, sizeof *sources);
    if (!sources)
        return -ENOMEM;
    for (size_t i = 0; i < gatherer->source_count; i++) {
        struct gathered *from = &gatherer->sources[i];
        sources[i] = from->sums;
        sources[i].delay = effect_spread(from->delays.values, from->delays.count);
        sources[i].honoured = effect_spread(from->honoured.values, from->honoured.count);
        free(from->delays.values);
        free(from->honoured.values);
    }
    qsort(sources, gatherer->source_count, sizeof *sources, compare_sources);
    *effects = (struct effects){.sources = sources,
                                .source_count = gatherer->source_count,
                                .over = gatherer->over,
                                .near = gatherer->near};
    free(gatherer->sources);
    *gatherer = (struct effects_gatherer){.question = gatherer->question};
    return 0;
}

void effects_release(struct effects *effects)
{
    for (size_t i = 0; i < effects->source_count; i++)
        free(effects->sources[i].name);
    free(effects->sources);
    *effects = (struct effects){.sources = NULL};
}

static int visit(const struct effects_row *rows, size_t count, void *argument)
{
    return effects_gatherer_take(argument, rows, count);
}

int effects_gather(struct list_view *list, struct ledger_view *ledger,
                   const struct effects_question *question, struct effects *effects)
{
    struct effects_gatherer *g = effects_gatherer_new(question);
    if (!g)
        return -ENOMEM;
    int code = effects_walk(list, ledger, question, NULL, visit, g);
    if (code == 0)
        code = effects_gatherer_sum(g, effects);
    effects_gatherer_free(g);
    return code;
}
