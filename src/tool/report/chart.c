#include "tool/report/chart.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LEFT 56 /* of the columns: room for the scale */
#define RIGHT 8
#define TOP 10
#define BOTTOM 28
#define PLOT_WIDTH (CHART_WIDTH - LEFT - RIGHT)
#define PLOT_HEIGHT (CHART_HEIGHT - TOP - BOTTOM)
#define LINES_MAX 5
#define MARKS_MAX 8
#define COLUMN_SHARE 0.8 /* of what there is for a part */

struct chart {
    struct document *document;
    xmlNode *node;
    json_t *parts, *series;
    size_t part_count;
    size_t shown;   /* series by themselves; the rest is one more */
    json_int_t top; /* of the scale */
};

/* A length with one decimal, whatever the locale. */
static void set_length(struct chart *c, xmlNode *node, const char *name, double length)
{
    char text[32];
    long tenths = (long)(length * 10 + 0.5);
    snprintf(text, sizeof text, "%ld.%ld", tenths / 10, tenths % 10);
    document_set(c->document, node, name, text);
}

static json_int_t count_at(const struct chart *c, size_t series, size_t part)
{
    return json_integer_value(
        json_array_get(json_object_get(json_array_get(c->series, series), "counts"), part));
}

/* What stands above one part of one class; the last class is the sum of all that have none. */
static json_int_t height_of(const struct chart *c, size_t class, size_t part)
{
    json_int_t sum = 0;

    if (class < c->shown)
        return count_at(c, class, part);
    for (size_t i = c->shown; i < json_array_size(c->series); i++)
        sum += count_at(c, i, part);
    return sum;
}

static size_t class_count(const struct chart *c)
{
    return c->shown + (json_array_size(c->series) > c->shown);
}

static const char *name_of(const struct chart *c, size_t class)
{
    return class < c->shown
               ? json_string_value(json_object_get(json_array_get(c->series, class), "name"))
               : "others";
}

static json_int_t sum_of_part(const struct chart *c, size_t part)
{
    json_int_t sum = 0;
    for (size_t i = 0; i < class_count(c); i++)
        sum += height_of(c, i, part);
    return sum;
}

/* 1, 2 or 5 times a power of ten, so that LINES_MAX of them reach `highest`. */
static json_int_t scale_step(json_int_t highest)
{
    static const int factors[] = {1, 2, 5};

    for (json_int_t power = 1;; power *= 10)
        for (size_t i = 0; i < sizeof factors / sizeof *factors; i++)
            if (factors[i] * power * LINES_MAX >= highest)
                return factors[i] * power;
}

static double y_of(const struct chart *c, json_int_t value)
{
    return TOP + PLOT_HEIGHT - (double)value * PLOT_HEIGHT / (double)c->top;
}

static void add_scale(struct chart *c)
{
    json_int_t highest = 0;

    for (size_t i = 0; i < c->part_count; i++)
        if (sum_of_part(c, i) > highest)
            highest = sum_of_part(c, i);
    json_int_t step = scale_step(highest);
    c->top = (highest + step - 1) / step * step;
    for (json_int_t value = 0; value <= c->top; value += step) {
        xmlNode *line = document_add(c->document, c->node, "line", NULL);
        set_length(c, line, "y", y_of(c, value));
        document_set_number(c->document, line, "label", (uint64_t)value);
    }
}

static void add_bars(struct chart *c, size_t part, xmlNode *node)
{
    double room = (double)PLOT_WIDTH / (double)c->part_count;
    double width = room * COLUMN_SHARE < 40 ? room * COLUMN_SHARE : 40;
    json_int_t below = 0;

    for (size_t i = 0; i < class_count(c); i++) {
        json_int_t count = height_of(c, i, part);
        if (count == 0)
            continue;
        xmlNode *bar = document_add(c->document, node, "bar", NULL);
        document_set_number(c->document, bar, "class", i);
        document_set_foreign(c->document, bar, "name", name_of(c, i));
        document_set_number(c->document, bar, "count", (uint64_t)count);
        set_length(c, bar, "x", LEFT + room * (double)part + (room - width) / 2);
        set_length(c, bar, "width", width);
        set_length(c, bar, "y", y_of(c, below + count));
        set_length(c, bar, "height", y_of(c, below) - y_of(c, below + count));
        below += count;
    }
}

/* A date as far as the unit goes: "11-26", "2026-11", "2026". */
static void add_mark(struct chart *c, const char *unit, size_t part)
{
    const char *date = json_string_value(json_array_get(c->parts, part));
    char label[11] = "";
    double room = (double)PLOT_WIDTH / (double)c->part_count;
    xmlNode *mark = document_add(c->document, c->node, "mark", NULL);

    if (strcmp(unit, "year") == 0)
        snprintf(label, sizeof label, "%.4s", date);
    else if (strcmp(unit, "month") == 0)
        snprintf(label, sizeof label, "%.7s", date);
    else
        snprintf(label, sizeof label, "%.5s", date + 5);
    document_set(c->document, mark, "label", label);
    set_length(c, mark, "x", LEFT + room * ((double)part + 0.5));
}

static void add_parts(struct chart *c, const char *unit)
{
    size_t every = (c->part_count + MARKS_MAX - 1) / MARKS_MAX;

    for (size_t i = 0; i < c->part_count; i++) {
        xmlNode *node = document_add(c->document, c->node, "part", NULL);
        document_set(c->document, node, "label", json_string_value(json_array_get(c->parts, i)));
        document_set_number(c->document, node, "total", (uint64_t)sum_of_part(c, i));
        add_bars(c, i, node);
        if (i % every == 0)
            add_mark(c, unit, i);
    }
}

static void add_series(struct chart *c)
{
    for (size_t i = 0; i < class_count(c); i++) {
        json_int_t total = 0;
        xmlNode *node = document_add(c->document, c->node, "series", NULL);
        for (size_t part = 0; part < c->part_count; part++)
            total += height_of(c, i, part);
        document_set_foreign(c->document, node, "name", name_of(c, i));
        document_set_number(c->document, node, "class", i);
        document_set_number(c->document, node, "total", (uint64_t)total);
    }
}

void chart_add(struct document *document, xmlNode *parent, json_t *series)
{
    const char *unit = json_string_value(json_object_get(series, "unit"));
    struct chart c = {.document = document,
                      .parts = json_object_get(series, "parts"),
                      .series = json_object_get(series, "series")};
    size_t count = json_array_size(c.series);

    if (json_integer_value(json_object_get(series, "total")) == 0)
        return;
    c.part_count = json_array_size(c.parts);
    c.shown = count <= CHART_SERIES ? count : CHART_SERIES - 1;
    c.node = document_add(document, parent, "chart", NULL);
    document_set(document, c.node, "unit", unit);
    document_set_number(document, c.node, "bottom", CHART_HEIGHT - BOTTOM);
    add_series(&c);
    add_scale(&c);
    add_parts(&c, unit);
}
