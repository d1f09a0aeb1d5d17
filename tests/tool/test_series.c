#include "tool/report/series.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int64_t at(const char *text)
{
    int64_t seconds = -1;
    assert_int_equal(clock_parse(text, &seconds), 0);
    return seconds;
}

struct fixture {
    struct period period;
    struct pool pool;
    struct series_set set;
};

static void begin(struct fixture *f)
{
    *f = (struct fixture){0};
    assert_int_equal(period_make(at("2026-02-01"), at("2026-02-04"), &f->period), 0);
    f->set = (struct series_set){.period = &f->period, .pool = &f->pool};
}

/* The JSON of the set, which is gone then. */
static void assert_json(struct fixture *f, const char *expected)
{
    json_t *made = series_json(&f->set);
    char *text = json_dumps(made, JSON_COMPACT);
    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
    json_decref(made);
    pool_release(&f->pool);
}

static void each_count_is_in_its_part(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f);
    assert_int_equal(series_add(&f.set, "a", at("2026-02-01"), 2), 0);
    assert_int_equal(series_add(&f.set, "a", at("2026-02-03T23:59:59Z"), 1), 0);
    assert_int_equal(series_add(&f.set, "b", at("2026-02-02T12:00:00Z"), 7), 0);
    assert_int_equal(series_add(&f.set, "b", at("2026-02-02T13:00:00Z"), 1), 0);
    assert_json(&f, "{\"unit\":\"day\",\"parts\":[\"2026-02-01\",\"2026-02-02\",\"2026-02-03\"],"
                    "\"total\":11,\"series\":["
                    "{\"name\":\"b\",\"total\":8,\"counts\":[0,8,0]},"
                    "{\"name\":\"a\",\"total\":3,\"counts\":[2,0,1]}]}");
}

static void what_lies_outside_is_not_counted(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f);
    assert_int_equal(series_add(&f.set, "a", at("2026-01-31T23:59:59Z"), 2), 0);
    assert_int_equal(series_add(&f.set, "a", at("2026-02-04"), 2), 0);
    assert_json(&f, "{\"unit\":\"day\",\"parts\":[\"2026-02-01\",\"2026-02-02\",\"2026-02-03\"],"
                    "\"total\":0,\"series\":[]}");
}

static void many_names_keep_their_counts(void **state)
{
    struct fixture f;
    uint64_t total = 0;
    (void)state;
    begin(&f);
    for (unsigned round = 0; round < 2; round++)
        for (unsigned i = 0; i < 200; i++) {
            char name[16];
            snprintf(name, sizeof name, "name%u", i);
            assert_int_equal(series_add(&f.set, name, at("2026-02-02"), i), 0);
        }
    assert_int_equal(f.set.count, 200);
    for (unsigned i = 0; i < f.set.count; i++)
        total += f.set.rows[i].total;
    assert_int_equal(total, 199 * 200);
    json_t *made = series_json(&f.set);
    json_t *first = json_array_get(json_object_get(made, "series"), 0);
    assert_string_equal(json_string_value(json_object_get(first, "name")), "name199");
    assert_int_equal(json_integer_value(json_object_get(first, "total")), 398);
    json_decref(made);
    pool_release(&f.pool);
}

static void of_equal_ones_the_name_decides(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f);
    assert_int_equal(series_add(&f.set, "b", at("2026-02-01"), 1), 0);
    assert_int_equal(series_add(&f.set, "a", at("2026-02-02"), 1), 0);
    assert_json(&f, "{\"unit\":\"day\",\"parts\":[\"2026-02-01\",\"2026-02-02\",\"2026-02-03\"],"
                    "\"total\":2,\"series\":["
                    "{\"name\":\"a\",\"total\":1,\"counts\":[0,1,0]},"
                    "{\"name\":\"b\",\"total\":1,\"counts\":[1,0,0]}]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_count_is_in_its_part),
        cmocka_unit_test(what_lies_outside_is_not_counted),
        cmocka_unit_test(many_names_keep_their_counts),
        cmocka_unit_test(of_equal_ones_the_name_decides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
