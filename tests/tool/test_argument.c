#include "tool/argument.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const uint8_t own[EVENT_NODE_SIZE] = {1, 2, 3, 4, 5, 6, 7, 8};

static void a_number_is_an_event_of_this_node(void **state)
{
    struct event_name name;
    (void)state;
    assert_int_equal(argument_event("42", own, &name, NULL), 0);
    assert_int_equal(name.number, 42);
    assert_memory_equal(name.node, own, sizeof own);
}

static void a_full_name_tells_its_node(void **state)
{
    static const uint8_t other[] = {0xff, 0, 0, 0, 0, 0, 0, 0x1a};
    struct event_name name;
    (void)state;
    assert_int_equal(argument_event("ff0000000000001A-7", own, &name, NULL), 0);
    assert_int_equal(name.number, 7);
    assert_memory_equal(name.node, other, sizeof other);
}

static void what_is_no_name_of_an_event_is_an_error(void **state)
{
    static const char *const bad[] = {"",
                                      "0",
                                      "-1",
                                      "-",
                                      "7-",
                                      "1x",
                                      " 1",
                                      "1 ",
                                      "0102-5",
                                      "0102030405060708-",
                                      "99999999999999999999",
                                      "0102030405060708-0",
                                      "0102030405060708-5-6",
                                      "010203040506070g-5",
                                      "01020304050607081-5"};
    struct event_name name = {.number = 3};
    struct error why;
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(argument_event(bad[i], own, &name, &why), ERR_SYNTAX);
        assert_int_equal(name.number, 3);
    }
}

static void an_at_tells_an_address_from_an_event(void **state)
{
    (void)state;
    assert_true(argument_is_event("5"));
    assert_true(argument_is_event("0102030405060708-5"));
    assert_false(argument_is_event("5@home.example"));
    assert_false(argument_is_event("@home.example"));
    assert_false(argument_is_event(""));
}

static void an_address_is_told_from_a_domain(void **state)
{
    struct address address;
    bool domain = true;
    (void)state;
    assert_int_equal(argument_address(" Anna@Home.Example", &address, &domain, NULL), 0);
    assert_false(domain);
    assert_string_equal(address.text, "anna@home.example");
    assert_int_equal(argument_address("@Home.Example", &address, &domain, NULL), 0);
    assert_true(domain);
    assert_string_equal(address.text, "@home.example");
    assert_int_equal(argument_person("@home.example", &address, NULL), ERR_SYNTAX);
}

static void the_sentence_names_the_address_and_what_is_wrong(void **state)
{
    struct address address;
    struct error why;
    bool domain;
    (void)state;
    assert_int_equal(argument_address("nobody", &address, &domain, &why), ERR_NO_DOMAIN);
    assert_non_null(strstr(why.text, "nobody"));
    assert_non_null(strstr(why.text, "no @ in it"));
    assert_int_equal(argument_address("a@@b", &address, &domain, &why), ERR_SYNTAX);
    assert_non_null(strstr(why.text, "a@@b"));
    assert_int_not_equal(argument_address("\"a@b.example\"", &address, &domain, &why), 0);
    assert_non_null(strstr(why.text, "quotes"));
}

static void a_pattern_is_no_address_unless_it_is_quoted(void **state)
{
    static const char *const bad[] = {"*@b.example", "news?@b.example", " <*@b.example>"};
    struct address address = {.text = "untouched"};
    struct error why;
    bool domain;
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(argument_address(bad[i], &address, &domain, &why), ERR_SYNTAX);
        assert_non_null(strstr(why.text, "written @b.example"));
        assert_string_equal(address.text, "untouched");
    }
    assert_int_equal(argument_address("\"what?\"@b.example", &address, &domain, &why), 0);
    assert_string_equal(address.text, "what?@b.example");
}

static void words_are_utf_8_and_not_empty(void **state)
{
    char longest[8194];
    (void)state;
    memset(longest, 'x', sizeof longest);
    longest[8193] = '\0';
    assert_int_equal(argument_words("note", NULL, NULL), 0);
    assert_int_equal(argument_words("note", "am Telefon, sagte K\xc3\xa4the", NULL), 0);
    assert_int_equal(argument_words("note", longest + 1, NULL), 0);
    assert_int_equal(argument_words("note", longest, NULL), ERR_TOO_LONG);
    assert_int_equal(argument_words("note", "", NULL), ERR_SYNTAX);
    assert_int_equal(argument_words("note", " \t", NULL), ERR_SYNTAX);
    assert_int_equal(argument_words("note", "K\xe4the", NULL), ERR_SYNTAX);
}

static void a_source_s_name_is_printable_and_short(void **state)
{
    static const char *const bad[] = {"",    " a", "a ", "a\tb", "a\nb", "\xff", "jane@a.example",
                                      "\x7f"};
    char longest[66];
    (void)state;
    memset(longest, 'x', sizeof longest);
    longest[65] = '\0';
    assert_int_equal(argument_name("source", "Alter Shop", NULL), 0);
    assert_int_equal(argument_name("source", longest + 1, NULL), 0);
    assert_int_equal(argument_name("source", longest, NULL), ERR_SYNTAX);
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(argument_name("source", bad[i], NULL), ERR_SYNTAX);
}

static void scopes_and_times_name_what_was_typed(void **state)
{
    struct error why;
    int64_t seconds = 5;
    (void)state;
    assert_int_equal(argument_scope("acme/newsletter", NULL), 0);
    assert_int_equal(argument_scope("Acme", &why), ERR_SYNTAX);
    assert_non_null(strstr(why.text, "Acme"));
    assert_int_equal(argument_time("until", "tomorrow", &seconds, &why), ERR_SYNTAX);
    assert_non_null(strstr(why.text, "--until tomorrow"));
    assert_int_equal(seconds, 5);
    assert_int_equal(argument_time("until", "2026-03-03", &seconds, NULL), 0);
    assert_int_equal(seconds, 1772496000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_is_an_event_of_this_node),
        cmocka_unit_test(a_full_name_tells_its_node),
        cmocka_unit_test(what_is_no_name_of_an_event_is_an_error),
        cmocka_unit_test(an_at_tells_an_address_from_an_event),
        cmocka_unit_test(an_address_is_told_from_a_domain),
        cmocka_unit_test(the_sentence_names_the_address_and_what_is_wrong),
        cmocka_unit_test(a_pattern_is_no_address_unless_it_is_quoted),
        cmocka_unit_test(words_are_utf_8_and_not_empty),
        cmocka_unit_test(a_source_s_name_is_printable_and_short),
        cmocka_unit_test(scopes_and_times_name_what_was_typed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
