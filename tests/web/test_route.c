/* Which path a request has, and what its fields are called. */
#include "web/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void the_path_of_the_public_url_may_be_there_or_cut_off(void **state)
{
    (void)state;
    assert_string_equal(route_path(NULL, "/token"), "/token");
    assert_string_equal(route_path("https://a.example/", "/token"), "/token");
    assert_string_equal(route_path("https://a.example/", "/"), "/");
    assert_string_equal(route_path("https://a.example/out/", "/out/token"), "/token");
    assert_string_equal(route_path("https://a.example/out/", "/out/s/acme"), "/s/acme");
    assert_string_equal(route_path("https://a.example/out/", "/token"), "/token");
    assert_string_equal(route_path("https://a.example/out/", "/outside"), "/outside");
    assert_string_equal(route_path("https://a.example/out/", "/out/"), "/");
}

static void fields_are_known_by_their_exact_names(void **state)
{
    (void)state;
    assert_int_equal(request_field_named("List-Unsubscribe"), FIELD_ONE_CLICK);
    assert_int_equal(request_field_named("action"), FIELD_ACTION);
    assert_int_equal(request_field_named("address"), FIELD_ADDRESS);
    assert_int_equal(request_field_named("Action"), FIELD_COUNT);
    assert_int_equal(request_field_named(""), FIELD_COUNT);
}

static void a_field_that_was_not_given_is_empty(void **state)
{
    struct request request = {.method = METHOD_POST};
    (void)state;
    assert_string_equal(request_field(&request, FIELD_ACTION), "");
    text_append(&request.fields[FIELD_ACTION], "this");
    assert_true(request_field_is(&request, FIELD_ACTION, "this"));
    assert_false(request_field_is(&request, FIELD_ACTION, "thi"));
    request_release(&request);
    assert_string_equal(request_field(&request, FIELD_ACTION), "");
}

static void everything_that_is_asked_for_has_a_name(void **state)
{
    (void)state;
    for (enum asked asked = 0; asked < ASKED_COUNT; asked++)
        assert_non_null(request_asked_name(asked));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_path_of_the_public_url_may_be_there_or_cut_off),
        cmocka_unit_test(fields_are_known_by_their_exact_names),
        cmocka_unit_test(a_field_that_was_not_given_is_empty),
        cmocka_unit_test(everything_that_is_asked_for_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
