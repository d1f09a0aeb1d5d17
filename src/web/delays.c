#include "web/delays.h"

#include "web/metrics.h"

#include <inttypes.h>
#include <string.h>

#define SECONDS "optout_recorded_after_seconds"

/* 1 s, 1 min, 1 h, 6 h, 1 d, 36 h, 2 d, 4 d, 1 w, 10 d, 2 w, 30 d */
static const int64_t bounds[] = {1,      60,     3600,   21600,  86400,   129600,
                                 172800, 345600, 604800, 864000, 1209600, 2592000};

void delays_begin(struct source_delay *source)
{
    memset(source, 0, sizeof *source);
    source->histogram.bounds = bounds;
    source->histogram.bound_count = sizeof bounds / sizeof *bounds;
    source->histogram.second = 1;
}

static bool is_same(const struct effect_limit *a, const struct effect_limit *b)
{
    return strcmp(a->name, b->name) == 0 && a->business_days == b->business_days &&
           a->amount == b->amount;
}

bool delays_limit(struct delays *delays, const struct effect_limit *limits, size_t count)
{
    bool same = delays->limit_count == count;

    for (size_t i = 0; i < count && same; i++)
        same = is_same(&delays->limits[i], &limits[i]);
    if (same)
        return false;
    memset(delays, 0, sizeof *delays);
    for (size_t i = 0; i < count; i++)
        delays->limits[i] = limits[i];
    delays->limit_count = count;
    return true;
}

void delays_add(struct delays *delays, struct source_delay *source, const struct effect *effect)
{
    int64_t delay_ms;

    if (!effect_delay(effect, &delay_ms)) {
        source->undated++;
        return;
    }
    histogram_add(&source->histogram, (delay_ms + 999) / 1000);
    for (size_t i = 0; i < delays->limit_count; i++) {
        enum effect_standing standing = effect_stands(effect, &delays->limits[i]);
        delays->near[i] += standing == EFFECT_NEAR;
        delays->over[i] += standing == EFFECT_OVER;
    }
}

void delays_append(const struct delays *delays, struct text *text)
{
    metrics_family(text, "optout_recorded_late_total", "counter",
                   "Opt-outs that were recorded near the end of a limit of effect_limits, or over "
                   "it.");
    for (size_t i = 0; i < delays->limit_count; i++) {
        const char *name = delays->limits[i].name;
        text_format(text,
                    "optout_recorded_late_total{limit=\"%s\",standing=\"near\"} %" PRIu64 "\n",
                    name, delays->near[i]);
        text_format(text,
                    "optout_recorded_late_total{limit=\"%s\",standing=\"over\"} %" PRIu64 "\n",
                    name, delays->over[i]);
    }
}

void delays_append_heads(struct text *text)
{
    metrics_family(text, SECONDS, "histogram",
                   "From what a person asked until it was recorded, by who said so, where the time "
                   "was told.");
}

void delays_append_source(const struct source_delay *source, const char *name, struct text *text)
{
    struct text label = TEXT_EMPTY;

    text_append(&label, "source=\"");
    metrics_label(&label, name);
    text_append(&label, "\"");
    if (label.failed)
        text->failed = true;
    else
        histogram_append_labelled(&source->histogram, SECONDS, label.data, text);
    text_release(&label);
}
