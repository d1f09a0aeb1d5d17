/* Limits: a bucket for each client and kind, filled in a minute. */
#include "web/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define START 1000000 /* ms */

static struct limits *limits;

static int set_up(void **state)
{
    (void)state;
    limits = limits_new();
    return limits ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    limits_free(limits);
    return 0;
}

static struct ip ip_of(const char *text)
{
    struct ip ip;
    if (ip_parse(text, &ip))
        fail_msg("%s", text);
    return ip;
}

static unsigned allowed_of(const char *client, enum limit limit, unsigned rate, unsigned tries,
                           int64_t now_ms)
{
    struct ip ip = ip_of(client);
    unsigned allowed = 0;
    for (unsigned i = 0; i < tries; i++)
        allowed += limits_allow(limits, limit, &ip, rate, now_ms);
    return allowed;
}

static void so_many_in_a_minute_and_no_more(void **state)
{
    (void)state;
    assert_int_equal(allowed_of("192.0.2.1", LIMIT_BAD_LINK, 20, 100, START), 20);
    assert_int_equal(allowed_of("192.0.2.1", LIMIT_BAD_LINK, 20, 100, START + 3000), 1);
    assert_int_equal(allowed_of("192.0.2.1", LIMIT_BAD_LINK, 20, 100, START + 33000), 10);
    assert_int_equal(allowed_of("192.0.2.1", LIMIT_BAD_LINK, 20, 100, START + 3600000), 20);
}

static void clients_and_kinds_have_buckets_of_their_own(void **state)
{
    (void)state;
    assert_int_equal(allowed_of("192.0.2.1", LIMIT_BAD_LINK, 5, 10, START), 5);
    assert_int_equal(allowed_of("192.0.2.2", LIMIT_BAD_LINK, 5, 10, START), 5);
    assert_int_equal(allowed_of("192.0.2.1", LIMIT_LINK, 5, 10, START), 5);
    assert_int_equal(allowed_of("192.0.2.1", LIMIT_LOOK, 5, 10, START), 5);
    assert_int_equal(allowed_of("192.0.2.1", LIMIT_BAD_LINK, 5, 10, START), 0);
}

static void an_ipv6_client_is_its_network(void **state)
{
    (void)state;
    assert_int_equal(allowed_of("2001:db8:0:1::1", LIMIT_LINK, 5, 10, START), 5);
    assert_int_equal(allowed_of("2001:db8:0:1:ffff::2", LIMIT_LINK, 5, 10, START), 0);
    assert_int_equal(allowed_of("2001:db8:0:2::1", LIMIT_LINK, 5, 10, START), 5);
}

static void without_a_limit_everything_is_allowed(void **state)
{
    (void)state;
    assert_int_equal(allowed_of("192.0.2.1", LIMIT_LINK, 0, 1000, START), 1000);
}

static void many_clients_hardly_push_each_other_out(void **state)
{
    unsigned again = 0;
    (void)state;
    for (unsigned round = 0; round < 2; round++)
        for (unsigned i = 0; i < 4000; i++) {
            char text[32];
            snprintf(text, sizeof text, "10.0.%u.%u", i / 250, i % 250);
            again += allowed_of(text, LIMIT_ADDRESS, 1, 1, START + round);
        }
    assert_true(again >= 4000 && again < 4400);
}

static void connections_are_counted_by_address(void **state)
{
    struct ip one = ip_of("192.0.2.1"), other = ip_of("192.0.2.2");
    (void)state;
    for (unsigned i = 0; i < 3; i++)
        limits_enter(limits, &one);
    limits_leave(limits, &one);
    assert_int_equal(limits_connections(limits, &one), 2);
    assert_int_equal(limits_connections(limits, &other), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(so_many_in_a_minute_and_no_more),
        TEST(clients_and_kinds_have_buckets_of_their_own),
        TEST(an_ipv6_client_is_its_network),
        TEST(without_a_limit_everything_is_allowed),
        TEST(many_clients_hardly_push_each_other_out),
        TEST(connections_are_counted_by_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
