#include "tool/report/facts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define NOW INT64_C(1790000000) /* 2026-09-21T14:13:20Z */

/* Of a site where all is well. */
static json_t *well(void)
{
    json_t *facts = json_pack(
        "{s:{s:[{s:s, s:i, s:i}], s:[{s:i}]}, s:{s:[]}, s:[{s:s, s:s, s:n}], s:[],"
        " s:{s:s, s:b, s:b, s:i, s:i}, s:[], s:[{s:s, s:s, s:b, s:b}], s:[{s:s}]}",
        "effect", "limits", "limit", "gmail", "near", 0, "over", 0, "sources", "handed_on_after", 0,
        "monitored", "series", "streams", "stream", "news", "mode", "enforce", "without_one_click",
        "unclaimed", "verified", "time", "2026-09-20T00:00:00.000Z", "list_whole", 1,
        "ledger_whole", 1, "checkpoints_fitting", 1, "checkpoints_misfitting", 0, "losses",
        "imports", "time", "2026-09-01T00:00:00.000Z", "source", "crm", "ended", 1, "undone", 0,
        "proposals", "state", "approved");
    assert_non_null(facts);
    return facts;
}

static json_t *first_of(json_t *facts, const char *name)
{
    json_t *item = json_array_get(json_object_get(facts, name), 0);
    assert_non_null(item);
    return item;
}

/* The remarks on the facts, which are gone then, as their kinds; *remarks has all of them. */
static void assert_kinds(json_t *facts, const char *expected, json_t **remarks)
{
    char kinds[256] = "";
    json_t *array = report_remarks(facts, NOW), *item;
    size_t i;

    json_array_foreach(array, i, item)
    {
        strncat(kinds, i ? " " : "", sizeof kinds - strlen(kinds) - 1);
        strncat(kinds, json_string_value(json_object_get(item, "kind")),
                sizeof kinds - strlen(kinds) - 1);
    }
    assert_string_equal(kinds, expected);
    json_decref(facts);
    if (remarks)
        *remarks = array;
    else
        json_decref(array);
}

static void where_all_is_well_there_are_none(void **state)
{
    (void)state;
    assert_kinds(well(), "", NULL);
}

static void limits_are_told_with_their_name_and_count(void **state)
{
    json_t *facts = well(), *remarks;
    json_t *limit = json_array_get(json_object_get(json_object_get(facts, "effect"), "limits"), 0);
    json_t *source =
        json_array_get(json_object_get(json_object_get(facts, "effect"), "sources"), 0);
    (void)state;
    json_object_set_new(limit, "near", json_integer(3));
    json_object_set_new(limit, "over", json_integer(2));
    json_object_set_new(source, "handed_on_after", json_integer(5));
    assert_kinds(facts, "limit-over limit-near handed-on-after", &remarks);
    json_t *over = json_array_get(remarks, 0);
    assert_string_equal(json_string_value(json_object_get(over, "limit")), "gmail");
    assert_int_equal(json_integer_value(json_object_get(over, "count")), 2);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(remarks, 1), "count")), 3);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(remarks, 2), "count")), 5);
    json_decref(remarks);
}

static void a_verify_has_to_be_there_and_young_and_whole(void **state)
{
    json_t *facts = well();
    (void)state;
    json_object_set_new(facts, "verified", json_null());
    assert_kinds(facts, "never-verified", NULL);

    facts = well();
    json_t *verified = json_object_get(facts, "verified");
    json_object_set_new(verified, "time", json_string("2026-08-22T14:13:20.000Z"));
    assert_kinds(facts, "", NULL); /* thirty days to the second */

    facts = well();
    verified = json_object_get(facts, "verified");
    json_object_set_new(verified, "time", json_string("2026-08-22T14:13:19.000Z"));
    assert_kinds(facts, "verified-long-ago", NULL);

    facts = well();
    verified = json_object_get(facts, "verified");
    json_object_set_new(verified, "list_whole", json_false());
    json_object_set_new(verified, "checkpoints_misfitting", json_integer(1));
    assert_kinds(facts, "not-whole checkpoint-misfit", NULL);
}

static void streams_that_only_monitor_or_have_no_link_are_named(void **state)
{
    json_t *facts = well(), *remarks;
    (void)state;
    json_object_set_new(first_of(facts, "streams"), "mode", json_string("monitor"));
    json_object_set_new(first_of(facts, "streams"), "without_one_click", json_string("monitor"));
    json_array_append_new(json_object_get(json_object_get(facts, "monitored"), "series"),
                          json_pack("{s:s, s:i}", "name", "news", "total", 9));
    assert_kinds(facts, "monitor", &remarks);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(remarks, 0), "count")), 9);
    json_decref(remarks);

    static const struct {
        const char *lacks, *kinds;
    } cases[] = {{"off", "no-one-click"},
                 {"no-public-url", "no-one-click"},
                 {"several-recipients", ""},
                 {"kept-as-sent", ""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        facts = well();
        json_object_set_new(first_of(facts, "streams"), "without_one_click",
                            json_string(cases[i].lacks));
        assert_kinds(facts, cases[i].kinds, NULL);
    }
}

static void unclaimed_mail_losses_and_open_work_are_told(void **state)
{
    json_t *facts = well(), *remarks;
    (void)state;
    json_array_append_new(json_object_get(facts, "unclaimed"), json_pack("{s:i}", "messages", 4));
    json_array_append_new(json_object_get(facts, "unclaimed"), json_pack("{s:i}", "messages", 6));
    json_array_append_new(json_object_get(facts, "losses"),
                          json_pack("{s:s, s:s}", "store", "list", "time", "2026-09-02"));
    json_object_set_new(facts, "loss_open", json_true());
    json_object_set_new(first_of(facts, "imports"), "ended", json_false());
    json_object_set_new(first_of(facts, "proposals"), "state", json_string("open"));
    assert_kinds(facts, "loss-open loss unclaimed not-ended proposals-open", &remarks);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(remarks, 2), "count")), 10);
    json_decref(remarks);

    facts = well(); /* one that was broken off and is undone has come to its end */
    json_object_set_new(first_of(facts, "imports"), "ended", json_false());
    json_object_set_new(first_of(facts, "imports"), "undone", json_true());
    assert_kinds(facts, "", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_all_is_well_there_are_none),
        cmocka_unit_test(limits_are_told_with_their_name_and_count),
        cmocka_unit_test(a_verify_has_to_be_there_and_young_and_whole),
        cmocka_unit_test(streams_that_only_monitor_or_have_no_link_are_named),
        cmocka_unit_test(unclaimed_mail_losses_and_open_work_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
