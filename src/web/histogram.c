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

void histogram_append(struct histogram *histogram, const char *name, const char *help,
                      struct text *text)
{
    uint64_t count = 0;
    double second = (double)histogram->second;

    text_format(text, "# HELP %s %s\n# TYPE %s histogram\n", name, help, name);
    for (size_t i = 0; i < histogram->bound_count; i++) {
        count += atomic_load(&histogram->counts[i]);
        text_format(text, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", name,
                    (double)histogram->bounds[i] / second, count);
    }
    count += atomic_load(&histogram->counts[histogram->bound_count]);
    text_format(text, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, count);
    text_format(text, "%s_sum %.6f\n%s_count %" PRIu64 "\n", name,
                (double)atomic_load(&histogram->sum) / second, name, count);
}
