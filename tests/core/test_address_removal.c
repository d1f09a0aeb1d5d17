#include "core/address.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof array / sizeof *array)

static void to_remove_a_recipient_its_own_bytes_are_given_back(void **state)
{
    (void)state;
    static const struct {
        const char *given, *name;
    } cases[] = {
        {"<User@Example.COM.>", "<User@Example.COM.>"},
        {"user@example.com", "user@example.com"},
        {"<\"a b\"@x>", "<\"a b\"@x>"},
        {"<\"a>b\"@x>", "<\"a>b\"@x>"},
        {"<\"a\\\"b\"@x>", "<\"a\\\"b\"@x>"},
        {"<postmaster>", "<postmaster>"},
        {"<@relay:who@dest>", "<who@dest>"},
        {"<@relay,@b:who@dest>", "<who@dest>"},
        {"@relay:Who@Dest.", "Who@Dest."},
        {" < @relay:who@dest > ", " < who@dest > "},
        {"<@[IPv6:::1]:who@[192.0.2.1]>", "<who@[192.0.2.1]>"},
        {"<\"@relay:x\"@dest>", "<\"@relay:x\"@dest>"},
        {"<j\xc3\xb6rg@m\xc3\xbcnchen.de>", "<j\xc3\xb6rg@m\xc3\xbcnchen.de>"},
        {"<a(c)@x>", "<a(c)@x>"},
        {"<(<b>:;)a@x>", "<(<b>:;)a@x>"},
        {"<\"a:b;,\"@x>", "<\"a:b;,\"@x>"},
        {"<a b@x>", "<a b@x>"},
        {"<a@b@x>", "<a@b@x>"}, /* nobody can look it up, but its bytes are its own */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char name[ADDRESS_GIVEN_MAX + 1];
        if (address_for_removal(cases[i].given, name) < 0)
            fail_msg("%s", cases[i].given);
        assert_string_equal(name, cases[i].name);
        assert_true(address_is_removable(cases[i].given));
    }
}

static void where_removing_is_not_certain_it_is_said(void **state)
{
    (void)state;
    static const char *const uncertain[] = {"",
                                            " ",
                                            "<>",
                                            "<@relay:>",
                                            "<a@x",
                                            "a@x>",
                                            "<\"a@x>",
                                            "<a@[1.2.3.4>",
                                            "<a(@x>",
                                            "<a)@x>",
                                            "<a\x01@x>",
                                            "<a\t@x>",
                                            "<a@x>\r\n",
                                            "<a\xff@x>",
                                            "<a@x\\",
                                            "<@a:@b:who@dest>",
                                            "<@a who@dest>",
                                            "<@a\"b\":who@dest>",
                                            "<a\x7f@x>",
                                            "<[a>]@x",
                                            "Anna <a@x>",
                                            "<Anna <a@x>>",
                                            "<\"Anna\" <a@x>>",
                                            "<g:a@x;>",
                                            "<a@x,b@x>",
                                            "<a;b@x>",
                                            "<a:b@x>",
                                            "<a@x>(c)>",
                                            "<a(\")\"@x>",
                                            "<a@[\"]\"]>",
                                            "<a@[[x]]>",
                                            "<a@x]>"};
    char name[ADDRESS_GIVEN_MAX + 1] = "untouched";
    for (size_t i = 0; i < COUNT(uncertain); i++) {
        if (address_is_removable(uncertain[i]))
            fail_msg("%s", uncertain[i]);
        assert_int_equal(address_for_removal(uncertain[i], name), ERR_SYNTAX);
    }
    char deep[300];
    memset(deep, '(', 150);
    memset(deep + 150, ')', 149);
    deep[299] = '\0';
    assert_false(address_is_removable(deep));
    assert_true(address_is_removable(deep + 1));
    char long_one[ADDRESS_GIVEN_MAX + 2];
    memset(long_one, 'a', sizeof long_one);
    long_one[ADDRESS_GIVEN_MAX + 1] = '\0';
    assert_false(address_is_removable(long_one));
    assert_string_equal(name, "untouched");
    long_one[ADDRESS_GIVEN_MAX] = '\0';
    assert_true(address_is_removable(long_one));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(to_remove_a_recipient_its_own_bytes_are_given_back),
        cmocka_unit_test(where_removing_is_not_certain_it_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
