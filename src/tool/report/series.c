#include "tool/report/series.h"

#include "base/clock.h"
#include "tool/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DATE_LENGTH 10

static struct series *find(struct series_set *set, const char *name)
{
    for (size_t i = 0; i < set->count; i++)
        if (strcmp(set->rows[i].name, name) == 0)
            return &set->rows[i];
    struct series *rows = pool_grow(set->pool, set->rows, set->count, &set->room, sizeof *rows);
    if (rows)
        set->rows = rows;
    name = pool_copy(set->pool, name);
    if (!rows || !name)
        return NULL;
    set->rows[set->count] = (struct series){.name = name};
    return &set->rows[set->count++];
}

int series_add(struct series_set *set, const char *name, int64_t at, uint64_t number)
{
    size_t part = period_find(set->period, at);

    if (part == set->period->count)
        return 0;
    struct series *row = find(set, name);
    if (!row)
        return -ENOMEM;
    row->counts[part] += number;
    row->total += number;
    return 0;
}

static int compare(const void *a, const void *b)
{
    const struct series *x = a, *y = b;
    if (x->total != y->total)
        return x->total > y->total ? -1 : 1;
    return strcmp(x->name, y->name);
}

static json_t *row_json(const struct series *row, size_t parts)
{
    json_t *object = json_object(), *counts = json_array();

    for (size_t i = 0; i < parts; i++)
        output_append(counts, json_integer((json_int_t)row->counts[i]));
    output_put_text(object, "name", row->name);
    output_put_number(object, "total", row->total);
    output_put(object, "counts", counts);
    return object;
}

static json_t *parts_json(const struct period *period)
{
    json_t *parts = json_array();
    char time[CLOCK_TEXT_SIZE];

    for (size_t i = 0; i < period->count; i++)
        output_append(parts, json_stringn(clock_format(period->starts[i], time), DATE_LENGTH));
    return parts;
}

json_t *series_json(struct series_set *set)
{
    json_t *object = json_object(), *rows = json_array();
    uint64_t total = 0;

    if (set->count > 0)
        qsort(set->rows, set->count, sizeof *set->rows, compare);
    for (size_t i = 0; i < set->count; i++) {
        output_append(rows, row_json(&set->rows[i], set->period->count));
        total += set->rows[i].total;
    }
    output_put_text(object, "unit", period_unit_name(set->period->unit));
    output_put(object, "parts", parts_json(set->period));
    output_put_number(object, "total", total);
    output_put(object, "series", rows);
    return object;
}
