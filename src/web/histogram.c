#include "web/histogram.h"

#include <inttypes.h>

void histogram_add(struct histogram *histogram, int64_t value)
{
    size_t i = 0;
    while (i < histogram->bound_count && value > histogram->bounds[i])
        i++;
    atomic_fetch_add(&histogram->counts[i], 1);
    atomic_fetch_add(&histogram->sum, value);
}

/* `label` may be empty. */
static void append_lines(const struct histogram *histogram, const char *name, const char *label,
                         struct text *text)
{
    double second = (double)histogram->second;
    const char *comma = *label ? "," : "", *open = *label ? "{" : "", *close = *label ? "}" : "";
    uint64_t count = 0;

    for (size_t i = 0; i < histogram->bound_count; i++) {
        count += atomic_load(&histogram->counts[i]);
        text_format(text, "%s_bucket{%s%sle=\"%g\"} %" PRIu64 "\n", name, label, comma,
                    (double)histogram->bounds[i] / second, count);
    }
    count += atomic_load(&histogram->counts[histogram->bound_count]);
    text_format(text, "%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n", name, label, comma, count);
    text_format(text, "%s_sum%s%s%s %.6f\n", name, open, label, close,
                (double)atomic_load(&histogram->sum) / second);
    text_format(text, "%s_count%s%s%s %" PRIu64 "\n", name, open, label, close, count);
}

void histogram_append(struct histogram *histogram, const char *name, const char *help,
                      struct text *text)
{
    text_format(text, "# HELP %s %s\n# TYPE %s histogram\n", name, help, name);
    append_lines(histogram, name, "", text);
}

void histogram_append_labelled(const struct histogram *histogram, const char *name,
                               const char *label, struct text *text)
{
    append_lines(histogram, name, label, text);
}
