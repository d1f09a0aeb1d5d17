#include "exchange/who.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void is(const char *cell, const char *address)
{
    struct row_who who = {0};
    int rc = who_read(cell, strlen(cell), &who);
    if (rc != 0)
        fail_msg("\"%s\" gave: %s", cell, row_fault_text((enum row_fault)rc));
    assert_true(who.has_address);
    assert_false(who.has_digest || who.has_subject || who.domain);
    assert_string_equal(who.address.text, address);
}

static void refuses(const char *cell, enum row_fault fault)
{
    struct row_who who = {0};
    int rc = who_read(cell, strlen(cell), &who);
    if (rc != (int)fault)
        fail_msg("\"%s\" gave \"%s\"", cell, row_fault_text((enum row_fault)rc));
}

static void addresses_are_canonical(void **state)
{
    (void)state;
    is("ann@example.com", "ann@example.com");
    is("Ann.Lee+x@Example.COM", "ann.lee+x@example.com");
    is("b\xc3\xbc"
       "b@m\xc3\xbcnchen.example",
       "b\xc3\xbc"
       "b@xn--mnchen-3ya.example");
    is("\"a b\"@example.com", "\"a b\"@example.com");
    is("o'brien@example.com", "o'brien@example.com");
}

static void blanks_around_them_go(void **state)
{
    (void)state;
    is(" ann@example.com\t", "ann@example.com");
    is("\xc2\xa0"
       "ann@example.com\xc2\xa0 ",
       "ann@example.com");
    is("\xef\xbb\xbf"
       "ann@example.com\xe2\x80\x8b",
       "ann@example.com");
    refuses("ann\xe2\x80\x8b@example.com", FAULT_ADDRESS);
}

static void names_brackets_and_schemes_around_them_go(void **state)
{
    (void)state;
    is("<ann@example.com>", "ann@example.com");
    is("Ann Lee <ann@example.com>", "ann@example.com");
    is("\"Lee, Ann\" <ann@example.com>", "ann@example.com");
    is("ann@example.com <ann@example.com>", "ann@example.com");
    is("\"'ann@example.com'\" <ann@example.com>", "ann@example.com");
    is("mailto:ann@example.com", "ann@example.com");
    is("MAILTO:ann@example.com", "ann@example.com");
}

static void apostrophes_of_spreadsheets_go(void **state)
{
    (void)state;
    is("'ann@example.com", "ann@example.com");
    is("'ann@example.com'", "ann@example.com");
    is("'+ann@example.com", "+ann@example.com");
    is("'=ann@example.com", "=ann@example.com");
}

static void hashes_are_told_from_addresses(void **state)
{
    (void)state;
    static const char hex[] = "973DFE463EC85785F5F95AF5BA3906EEDB2D931C24E69824A89EA65DBA4E813B";
    struct row_who who = {0};

    assert_int_equal(who_read(hex, strlen(hex), &who), 0);
    assert_true(who.has_digest && !who.has_address);
    assert_int_equal(who.digest[0], 0x97);
    assert_int_equal(who.digest[31], 0x3b);
    refuses("5d41402abc4b2a76b9719d911017c592", FAULT_HASH);
    refuses("aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d", FAULT_HASH);
    refuses("973DFE463EC85785F5F95AF5BA3906EEDB2D931C24E69824A89EA65DBA4E813", FAULT_ADDRESS);
    is("973dfe463ec85785f5f95af5ba3906ee@example.com",
       "973dfe463ec85785f5f95af5ba3906ee@example.com");
}

static void what_is_not_one_address_is_refused(void **state)
{
    (void)state;
    refuses("", FAULT_NO_ADDRESS);
    refuses(" ", FAULT_NO_ADDRESS);
    refuses("''", FAULT_NO_ADDRESS);
    refuses("mailto:", FAULT_NO_ADDRESS);
    refuses("Ann Lee <>", FAULT_NO_ADDRESS);
    refuses("ann", FAULT_ADDRESS);
    refuses("ann@", FAULT_ADDRESS);
    refuses("ann example.com", FAULT_ADDRESS);
    refuses("a@example.com, b@example.com", FAULT_TWO_ADDRESSES);
    refuses("a@example.com b@example.com", FAULT_TWO_ADDRESSES);
    refuses("a@example.com <b@example.com>", FAULT_TWO_ADDRESSES);
    refuses("a@example.com;b@example.com", FAULT_TWO_ADDRESSES);
}

static void a_list_of_others_blocks_no_domain(void **state)
{
    (void)state;
    struct row_who who = {0};

    refuses("@example.com", FAULT_DOMAIN);
    refuses("'@example.com", FAULT_DOMAIN);
    assert_int_equal(who_read_own("@Example.com", 12, &who), 0);
    assert_true(who.has_address && who.domain);
    assert_string_equal(who.address.text, "@example.com");
}

static void octets_that_cannot_be_are_refused(void **state)
{
    (void)state;
    struct row_who who = {0};
    char longer[ADDRESS_GIVEN_MAX + 20];

    assert_int_equal(who_read("a@example.com\0x", 15, &who), FAULT_ZERO);
    assert_int_equal(who_read_own("a@example.com\0x", 15, &who), FAULT_ZERO);
    refuses("m\xef\xbf\xbdller@example.com", FAULT_ENCODING);
    refuses("m\xfcller@example.com", FAULT_ADDRESS);
    memset(longer, 'a', sizeof longer);
    strcpy(longer + sizeof longer - 13, "@example.com");
    refuses(longer, FAULT_ADDRESS);
}

static void our_own_are_taken_as_they_are(void **state)
{
    (void)state;
    struct row_who who = {0};
    assert_int_equal(who_read_own("'a@example.com", 14, &who), 0);
    assert_string_equal(who.address.text, "'a@example.com");
    assert_int_equal(who_read_own("Ann <a@example.com>", 19, &who), FAULT_ADDRESS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_canonical),
        cmocka_unit_test(blanks_around_them_go),
        cmocka_unit_test(names_brackets_and_schemes_around_them_go),
        cmocka_unit_test(apostrophes_of_spreadsheets_go),
        cmocka_unit_test(hashes_are_told_from_addresses),
        cmocka_unit_test(what_is_not_one_address_is_refused),
        cmocka_unit_test(a_list_of_others_blocks_no_domain),
        cmocka_unit_test(octets_that_cannot_be_are_refused),
        cmocka_unit_test(our_own_are_taken_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
