/* Who asks: X-Forwarded-For counts from the end, and as far as our own proxies wrote it. */
#include "web/client.h"

#include "web/access.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct network proxies[2];
static struct web_config web = {.proxies = proxies, .proxy_count = 2};

static int set_up(void **state)
{
    (void)state;
    return network_parse("127.0.0.0/8", &proxies[0]) || network_parse("10.1.0.0/16", &proxies[1]);
}

static struct ip ip_of(const char *text)
{
    struct ip ip;
    if (ip_parse(text, &ip))
        fail_msg("%s", text);
    return ip;
}

static void assert_client(const char *peer, const char *forwarded, const char *expected)
{
    struct ip from = ip_of(peer), wanted = ip_of(expected);
    struct ip client = client_of(&web, &from, forwarded);
    if (memcmp(&client, &wanted, sizeof wanted) != 0)
        fail_msg("%s, \"%s\": not %s", peer, forwarded ? forwarded : "(none)", expected);
}

static void the_client_is_the_last_one_that_is_no_proxy(void **state)
{
    (void)state;
    assert_client("127.0.0.1", "203.0.113.7", "203.0.113.7");
    assert_client("127.0.0.1", "198.51.100.1, 203.0.113.7", "203.0.113.7");
    assert_client("127.0.0.1", "198.51.100.1,203.0.113.7 , 10.1.2.3", "203.0.113.7");
    assert_client("127.0.0.1", "10.1.0.1", "10.1.0.1");
    assert_client("127.0.0.1", "2001:db8::7", "2001:db8::7");
    assert_client("127.0.0.1", "[2001:db8::7]:4711", "2001:db8::7");
    assert_client("127.0.0.1", "203.0.113.7:4711", "203.0.113.7");
}

static void without_the_field_or_with_rubbish_it_is_who_connected(void **state)
{
    (void)state;
    assert_client("127.0.0.1", NULL, "127.0.0.1");
    assert_client("127.0.0.1", "", "127.0.0.1");
    assert_client("127.0.0.1", ",", "127.0.0.1");
    assert_client("127.0.0.1", "unknown", "127.0.0.1");
    assert_client("127.0.0.1", "203.0.113.7, _hidden", "127.0.0.1");
    assert_client("127.0.0.1", "203.0.113.7, unknown, 10.1.2.3", "10.1.2.3");
}

static void whoever_is_no_proxy_is_not_believed(void **state)
{
    (void)state;
    assert_client("203.0.113.9", "198.51.100.1", "203.0.113.9");
    assert_client("10.2.0.1", "198.51.100.1", "10.2.0.1");
}

static void a_unix_socket_leads_from_a_proxy_of_this_host(void **state)
{
    struct sockaddr unix_socket = {.sa_family = AF_UNIX};
    struct ip peer = client_peer(&unix_socket);
    struct ip client = client_of(&web, &peer, "203.0.113.7"), wanted = ip_of("203.0.113.7");
    (void)state;
    assert_true(client_is_proxy(&web, &peer));
    assert_memory_equal(&client, &wanted, sizeof wanted);
    assert_true(client_is_local(&peer, NULL));
    assert_false(client_is_local(&peer, "203.0.113.7"));
}

static void addresses_are_read_from_sockets(void **state)
{
    struct sockaddr_in ipv4 = {.sin_family = AF_INET};
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};
    (void)state;
    inet_pton(AF_INET, "192.0.2.5", &ipv4.sin_addr);
    inet_pton(AF_INET6, "2001:db8::5", &ipv6.sin6_addr);
    struct ip four = client_peer((struct sockaddr *)&ipv4), want4 = ip_of("192.0.2.5");
    struct ip six = client_peer((struct sockaddr *)&ipv6), want6 = ip_of("2001:db8::5");
    assert_memory_equal(&four, &want4, sizeof want4);
    assert_memory_equal(&six, &want6, sizeof want6);
    assert_false(client_is_local(&four, NULL));
    assert_false(client_is_local(&six, NULL));
}

static void this_host_is_local_without_a_proxy(void **state)
{
    struct ip four = ip_of("127.1.2.3"), six = ip_of("::1");
    (void)state;
    assert_true(client_is_local(&four, NULL));
    assert_true(client_is_local(&six, NULL));
    assert_false(client_is_local(&four, ""));
}

static void the_log_shows_no_full_address(void **state)
{
    char text[ACCESS_CLIENT_SIZE];
    struct ip four = ip_of("192.0.2.77"), six = ip_of("2001:db8:1:2:3:4:5:6");
    (void)state;
    assert_string_equal(access_client(&four, text), "192.0.2.x");
    assert_string_equal(access_client(&six, text), "2001:db8:1::");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_client_is_the_last_one_that_is_no_proxy),
        cmocka_unit_test(without_the_field_or_with_rubbish_it_is_who_connected),
        cmocka_unit_test(whoever_is_no_proxy_is_not_believed),
        cmocka_unit_test(a_unix_socket_leads_from_a_proxy_of_this_host),
        cmocka_unit_test(addresses_are_read_from_sockets),
        cmocka_unit_test(this_host_is_local_without_a_proxy),
        cmocka_unit_test(the_log_shows_no_full_address),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
