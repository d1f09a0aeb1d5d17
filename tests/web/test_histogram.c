/* Histograms and labels as Prometheus reads them. */
#include "web/histogram.h"

#include "web/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void values_are_counted_up_to_each_bound(void **state)
{
    static const int64_t bounds[] = {10, 1000};
    struct histogram histogram = {.bounds = bounds, .bound_count = 2, .second = 1000};
    struct text text = TEXT_EMPTY;
    (void)state;
    histogram_add(&histogram, 10);
    histogram_add(&histogram, 11);
    histogram_add(&histogram, 5000);
    histogram_append(&histogram, "x_seconds", "What it is.", &text);
    assert_string_equal(text.data, "# HELP x_seconds What it is.\n"
                                   "# TYPE x_seconds histogram\n"
                                   "x_seconds_bucket{le=\"0.01\"} 1\n"
                                   "x_seconds_bucket{le=\"1\"} 2\n"
                                   "x_seconds_bucket{le=\"+Inf\"} 3\n"
                                   "x_seconds_sum 5.021000\n"
                                   "x_seconds_count 3\n");
    text_release(&text);
}

static void a_label_stands_in_every_line(void **state)
{
    static const int64_t bounds[] = {10};
    struct histogram histogram = {.bounds = bounds, .bound_count = 1, .second = 1};
    struct text text = TEXT_EMPTY;
    (void)state;
    histogram_add(&histogram, 11);
    histogram_append_labelled(&histogram, "x_seconds", "source=\"web\"", &text);
    assert_string_equal(text.data, "x_seconds_bucket{source=\"web\",le=\"10\"} 0\n"
                                   "x_seconds_bucket{source=\"web\",le=\"+Inf\"} 1\n"
                                   "x_seconds_sum{source=\"web\"} 11.000000\n"
                                   "x_seconds_count{source=\"web\"} 1\n");
    text_release(&text);
}

static void a_label_cannot_break_its_line(void **state)
{
    struct text text = TEXT_EMPTY;
    (void)state;
    metrics_label(&text, "a\"b\\c\nd");
    assert_string_equal(text.data, "a\\\"b\\\\c\\nd");
    text_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_counted_up_to_each_bound),
        cmocka_unit_test(a_label_stands_in_every_line),
        cmocka_unit_test(a_label_cannot_break_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
