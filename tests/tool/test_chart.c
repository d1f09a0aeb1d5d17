#include "tool/report/chart.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct drawing {
    struct document document;
    xmlNode *chart; /* NULL: none */
};

static void draw(struct drawing *drawing, json_t *series)
{
    assert_non_null(series);
    document_begin(&drawing->document, "test");
    chart_add(&drawing->document, drawing->document.root, series);
    assert_false(drawing->document.failed);
    drawing->chart = drawing->document.root->children;
    json_decref(series);
}

static double attribute(xmlNode *node, const char *name)
{
    xmlChar *text = xmlGetProp(node, (const xmlChar *)name);
    assert_non_null(text);
    double value = strtod((const char *)text, NULL);
    xmlFree(text);
    return value;
}

static xmlNode *next(xmlNode *from, const char *name)
{
    while (from && strcmp((const char *)from->name, name) != 0)
        from = from->next;
    return from;
}

static size_t count(xmlNode *parent, const char *name)
{
    size_t n = 0;
    for (xmlNode *node = next(parent->children, name); node; node = next(node->next, name))
        n++;
    return n;
}

static void columns_stand_on_each_other_and_as_high_as_their_counts(void **state)
{
    struct drawing d;
    (void)state;
    draw(&d, json_pack("{s:s, s:[s,s], s:i, s:[{s:s,s:i,s:[i,i]},{s:s,s:i,s:[i,i]}]}", "unit",
                       "day", "parts", "2026-01-01", "2026-01-02", "total", 20, "series", "name",
                       "a", "total", 12, "counts", 8, 4, "name", "b", "total", 8, "counts", 2, 6));
    double bottom = attribute(d.chart, "bottom");
    xmlNode *part = next(d.chart->children, "part");
    xmlNode *first = part ? next(part->children, "bar") : NULL;
    xmlNode *second = first ? next(first->next, "bar") : NULL;
    if (!first || !second) {
        fail();
        return;
    }
    assert_true(attribute(first, "y") + attribute(first, "height") > bottom - 0.2);
    assert_true(attribute(first, "y") + attribute(first, "height") < bottom + 0.2);
    double gap = attribute(second, "y") + attribute(second, "height") - attribute(first, "y");
    assert_true(gap > -0.2 && gap < 0.2);
    double ratio = attribute(first, "height") / attribute(second, "height");
    assert_true(ratio > 3.9 && ratio < 4.1);
    assert_true(attribute(second, "y") >= 0);
    assert_int_equal(count(d.chart, "part"), 2);
    document_release(&d.document);
}

static void of_many_series_the_smallest_are_one(void **state)
{
    json_t *rows = json_array();
    struct drawing d;
    (void)state;
    for (int i = 0; i < 12; i++)
        json_array_append_new(rows, json_pack("{s:s#, s:i, s:[i]}", "name", &"abcdefghijkl"[i], 1,
                                              "total", 20 - i, "counts", 20 - i));
    draw(&d, json_pack("{s:s, s:[s], s:i, s:o}", "unit", "month", "parts", "2026-01-01", "total",
                       174, "series", rows));
    assert_int_equal(count(d.chart, "series"), CHART_SERIES);
    xmlNode *last = next(d.chart->children, "series");
    for (xmlNode *node = last; node; node = next(node->next, "series"))
        last = node;
    assert_true(attribute(last, "total") == 13 + 12 + 11 + 10 + 9);
    document_release(&d.document);
}

static void the_scale_reaches_the_highest_column_in_few_steps(void **state)
{
    static const int highest[] = {1, 2, 3, 5, 6, 11, 99, 100, 101, 12345, 2000000000};
    (void)state;
    for (size_t i = 0; i < sizeof highest / sizeof *highest; i++) {
        struct drawing d;
        draw(&d, json_pack("{s:s, s:[s], s:i, s:[{s:s,s:i,s:[i]}]}", "unit", "year", "parts",
                           "2026-01-01", "total", highest[i], "series", "name", "a", "total",
                           highest[i], "counts", highest[i]));
        double top = 0;
        for (xmlNode *l = next(d.chart->children, "line"); l; l = next(l->next, "line"))
            top = attribute(l, "label");
        assert_true(top >= highest[i] && top < 2.1 * highest[i]);
        assert_in_range(count(d.chart, "line"), 2, 6);
        document_release(&d.document);
    }
}

static void nothing_counted_is_no_chart(void **state)
{
    struct drawing d;
    (void)state;
    draw(&d, json_pack("{s:s, s:[s], s:i, s:[]}", "unit", "day", "parts", "2026-01-01", "total", 0,
                       "series"));
    assert_null(d.chart);
    document_release(&d.document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_stand_on_each_other_and_as_high_as_their_counts),
        cmocka_unit_test(of_many_series_the_smallest_are_one),
        cmocka_unit_test(the_scale_reaches_the_highest_column_in_few_steps),
        cmocka_unit_test(nothing_counted_is_no_chart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
