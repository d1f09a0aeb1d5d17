#include "base/network.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct ip ip(const char *text)
{
    struct ip result = {{0}};
    if (ip_parse(text, &result) < 0)
        fail_msg("%s was refused", text);
    return result;
}

static struct network network(const char *text)
{
    struct network result = {.bits = 0};
    if (network_parse(text, &result) < 0)
        fail_msg("%s was refused", text);
    return result;
}

static void same_address(const char *a, const char *b)
{
    struct ip x = ip(a), y = ip(b);
    assert_memory_equal(x.bytes, y.bytes, 16);
}

static bool holds(const char *net, const char *address)
{
    struct network n = network(net);
    struct ip i = ip(address);
    return network_contains(&n, &i);
}

static void an_ipv4_address_is_a_mapped_one(void **state)
{
    (void)state;
    static const uint8_t expected[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
    assert_memory_equal(ip("192.0.2.1").bytes, expected, 16);
    same_address("192.0.2.1", "::ffff:192.0.2.1");
    same_address("192.0.2.1", "::FFFF:c000:201");
}

static void the_dress_of_mtas_is_taken_off(void **state)
{
    (void)state;
    same_address("192.0.2.1", "[192.0.2.1]");
    same_address("2001:db8::1", "[IPv6:2001:db8::1]");
    same_address("2001:db8::1", "[ipv6:2001:DB8:0::1]");
    same_address("2001:db8::1", "IPv6:2001:db8::1");
    same_address("2001:db8::1", "[2001:db8::1]");
}

static void what_is_no_address_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        " ",
                                        "[]",
                                        "[",
                                        "[192.0.2.1",
                                        "192.0.2.1]",
                                        "192.0.2",
                                        "192.0.2.256",
                                        "192.0.2.01",
                                        "192.0.2.1 ",
                                        "192.0.2.1/32",
                                        "0x7f.1",
                                        "127.1",
                                        "IPv6:192.0.2.1",
                                        "[IPv6:]",
                                        "IPv6:[::1]",
                                        "::1::",
                                        ":::1",
                                        "12345::",
                                        "fe80::1%eth0",
                                        "localhost",
                                        "1111:2222:3333:4444:5555:6666:7777:8888:9999",
                                        "::ffff:192.0.2.1.192.0.2.1.192.0.2.1.192.0.2.1.192.0.2.1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct ip result, untouched;
        memset(&result, 7, sizeof result);
        memset(&untouched, 7, sizeof untouched);
        if (ip_parse(wrong[i], &result) != ERR_SYNTAX)
            fail_msg("%s was taken", wrong[i]);
        assert_memory_equal(&result, &untouched, sizeof result);
    }
}

static void a_prefix_of_ipv4_counts_from_its_own_first_bit(void **state)
{
    (void)state;
    assert_int_equal(network("10.0.0.0/8").bits, 104);
    assert_int_equal(network("192.0.2.1").bits, 128);
    assert_int_equal(network("192.0.2.1/32").bits, 128);
    assert_int_equal(network("0.0.0.0/0").bits, 96);
    assert_int_equal(network("2001:db8::/32").bits, 32);
    assert_int_equal(network("::1").bits, 128);
    assert_int_equal(network("[2001:db8::]/32").bits, 32);
}

static void a_network_holds_its_addresses(void **state)
{
    (void)state;
    assert_true(holds("10.0.0.0/8", "10.0.0.0"));
    assert_true(holds("10.0.0.0/8", "10.255.255.255"));
    assert_true(holds("10.0.0.0/8", "::ffff:10.1.2.3"));
    assert_false(holds("10.0.0.0/8", "9.255.255.255"));
    assert_false(holds("10.0.0.0/8", "11.0.0.0"));
    assert_true(holds("::ffff:10.0.0.0/104", "10.1.2.3"));
    assert_true(holds("192.0.2.128/25", "192.0.2.255"));
    assert_false(holds("192.0.2.128/25", "192.0.2.127"));
    assert_true(holds("192.0.2.1", "192.0.2.1"));
    assert_false(holds("192.0.2.1", "192.0.2.0"));
    assert_true(holds("2001:db8::/33", "2001:db8:7fff::1"));
    assert_false(holds("2001:db8::/33", "2001:db8:8000::1"));
    assert_true(holds("::1", "::1"));
    assert_false(holds("::1", "::2"));
}

static void ipv4_and_ipv6_stay_apart(void **state)
{
    (void)state;
    assert_true(holds("0.0.0.0/0", "203.0.113.9"));
    assert_false(holds("0.0.0.0/0", "2001:db8::1"));
    assert_false(holds("0.0.0.0/0", "::1"));
    assert_false(holds("127.0.0.0/8", "::1"));
    assert_false(holds("::7f00:1", "127.0.0.1"));
    assert_true(holds("::/0", "203.0.113.9"));
    assert_true(holds("::/0", "2001:db8::1"));
}

static void every_prefix_length_ends_where_it_should(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits <= 128; bits++) {
        struct network zero = {.bits = bits};
        for (unsigned bit = 0; bit < 128; bit++) {
            struct ip one = {{0}};
            one.bytes[bit / 8] = (uint8_t)(0x80 >> bit % 8);
            assert_int_equal(network_contains(&zero, &one), bit >= bits);
        }
    }
}

static void what_is_no_network_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "/8",
                                        "10.0.0.0/",
                                        "10.0.0.0/33",
                                        "10.0.0.0/-1",
                                        "10.0.0.1/8",
                                        "10.0.0.0/8 ",
                                        "10.0.0.0/8/8",
                                        "::/129",
                                        "2001:db8::1/64",
                                        "::1/127",
                                        "0.0.0.1/0",
                                        "10.0.0.0/255.0.0.0",
                                        "10/8",
                                        "example.com",
                                        "10.0.0.0/4294967304"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct network result, untouched;
        memset(&result, 7, sizeof result);
        memset(&untouched, 7, sizeof untouched);
        if (network_parse(wrong[i], &result) != ERR_SYNTAX)
            fail_msg("%s was taken", wrong[i]);
        assert_memory_equal(&result, &untouched, sizeof result);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ipv4_address_is_a_mapped_one),
        cmocka_unit_test(the_dress_of_mtas_is_taken_off),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(a_prefix_of_ipv4_counts_from_its_own_first_bit),
        cmocka_unit_test(a_network_holds_its_addresses),
        cmocka_unit_test(ipv4_and_ipv6_stay_apart),
        cmocka_unit_test(every_prefix_length_ends_where_it_should),
        cmocka_unit_test(what_is_no_network_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
