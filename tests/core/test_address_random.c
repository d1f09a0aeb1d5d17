/* What must hold of every address, over many that are made up. */
#include "core/address.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof array / sizeof *array)

static void check_shape(const struct address *address)
{
    assert_int_equal(address->length, strlen(address->text));
    assert_true(address->at < address->length);
    assert_int_equal(address->text[address->at], '@');
    assert_null(memchr(address->text + address->at + 1, '@', address->length - address->at - 1));
    assert_true(address->at <= ADDRESS_LOCAL_MAX);
    assert_true(address->length - address->at - 1 <= ADDRESS_DOMAIN_MAX);
    for (size_t i = 0; i < address->length; i++) {
        unsigned char c = (unsigned char)address->text[i];
        assert_true(c >= 0x20 && c != 0x7f && !(c >= 'A' && c <= 'Z'));
        assert_true(c < 128 || i < address->at);
    }
}

static struct address parse(const char *given)
{
    struct address address = {.length = 0};
    int rc = address_parse(given, &address);
    if (rc < 0)
        fail_msg("%s gives %s", given, error_name(rc));
    check_shape(&address);
    return address;
}

static void gives(const char *given, const char *expected)
{
    struct address address = parse(given);
    if (strcmp(address.text, expected) != 0)
        fail_msg("%s gives %s, not %s", given, address.text, expected);
    struct address again = parse(address.text);
    assert_string_equal(again.text, address.text);
    assert_int_equal(again.at, address.at);
}

static size_t below(size_t limit)
{
    return (size_t)rand() % limit;
}

static void add(char *to, const char *piece)
{
    strcat(to, piece);
}

/* What a spelling is made of; the pieces in front are the ordinary ones. */
static const char *const local_pieces[] = {"a",
                                           "B",
                                           "z.",
                                           ".",
                                           "+tag",
                                           "0",
                                           "\"q\"",
                                           "\"q r\"",
                                           "\"\\\"\"",
                                           "\"\\\\\"",
                                           "\\x",
                                           "\\ ",
                                           "\"@\"",
                                           "\xc3\x84",
                                           "o\xcc\x88",
                                           "\xc3\x9f",
                                           "\xce\xa3",
                                           "\xcd\x85",
                                           "\xcc\x93",
                                           "\xcd\xbe",
                                           "\xe2\x84\xaa",
                                           "\xc4\xb0",
                                           "\xf0\x9f\x92\xa9",
                                           "\"<\"",
                                           "\xcc\xb8",
                                           "=",
                                           "\"",
                                           "\\",
                                           " ",
                                           "@",
                                           "\xff",
                                           "\x01",
                                           "(",
                                           "longlonglonglonglonglonglong"};
static const char *const domain_pieces[] = {"a",
                                            "B",
                                            "example",
                                            "COM",
                                            "-",
                                            "_",
                                            ".",
                                            "\xe3\x80\x82",
                                            "\xef\xbd\xa1",
                                            "xn--",
                                            "XN--4CA",
                                            "\xc3\xa4",
                                            "a\xcc\x88",
                                            "\xc3\x9f",
                                            "\xef\xbd\x81",
                                            "\xc2\xad",
                                            "\xd7\x90",
                                            "\xe2\x91\xa0",
                                            "\xe2\x89\xae",
                                            "[192.0.2.1]",
                                            "[IPv6:::1]",
                                            "[",
                                            "]",
                                            " ",
                                            "@",
                                            "\xff",
                                            "/"};

static void make_up(char *given)
{
    static const char *const front[] = {"", "", "", " ", "<", "<@r:", "@r,@s:", "< "};
    static const char *const back[] = {"", "", "", ".", " ", ">", ".>", "> "};
    size_t f = below(COUNT(front));

    strcpy(given, front[f]);
    for (size_t n = 1 + below(4); n > 0; n--)
        add(given, local_pieces[below(below(3) ? 26 : COUNT(local_pieces))]);
    add(given, "@");
    for (size_t n = 1 + below(4); n > 0; n--)
        add(given, domain_pieces[below(below(3) ? 18 : COUNT(domain_pieces))]);
    add(given, below(4) == 0 ? back[below(COUNT(back))] : strchr(front[f], '<') ? ">" : "");
}

/* The canonical local part without its quotes, every ASCII character behind a backslash. */
static void spell_with_backslashes(const struct address *address, char *given)
{
    bool quoted = address->text[0] == '"';
    char *to = given;
    *to++ = '"';
    for (size_t i = quoted; i < address->at - quoted; i++) {
        char c = address->text[i];
        if (quoted && c == '\\')
            c = address->text[++i];
        if ((unsigned char)c < 128)
            *to++ = '\\';
        *to++ = c;
    }
    *to++ = '"';
    strcpy(to, address->text + address->at);
}

static void upper_case(char *string)
{
    for (; *string; string++)
        if (*string >= 'a' && *string <= 'z')
            *string = (char)(*string - 'a' + 'A');
}

static void every_spelling_of_a_canonical_form_gives_it_again(void **state)
{
    (void)state;
    unsigned taken = 0, refused = 0, quoted = 0, unicode = 0;
    srand(2);
    for (int round = 0; round < 200000; round++) {
        char given[600], name[ADDRESS_GIVEN_MAX + 1];
        struct address address;
        make_up(given);
        if (address_parse(given, &address) < 0) {
            refused++;
            continue;
        }
        taken++;
        quoted += address.text[0] == '"';
        check_shape(&address);
        gives(address.text, address.text);
        snprintf(given, sizeof given, " <@Relay.example,@[IPv6:::1]:%s.> ", address.text);
        gives(given, address.text);
        assert_int_equal(address_for_removal(given, name), 0);
        gives(name, address.text);
        upper_case(given);
        gives(given, address.text);
        for (size_t i = 0; i < address.length; i++)
            unicode += (unsigned char)address.text[i] > 127;
        spell_with_backslashes(&address, given);
        gives(given, address.text);
    }
    assert_true(taken > 40000 && refused > 40000 && quoted > 4000 && unicode > 4000);
}

static void random_bytes_do_no_harm(void **state)
{
    (void)state;
    static const char alphabet[] = "ab@@.\"\\<>[]:, \xc3\xa4\xcc\x88\xe3\x80\x82\xff\x01"
                                   "6IPv-";
    srand(3);
    for (int round = 0; round < 200000; round++) {
        char given[24], name[ADDRESS_GIVEN_MAX + 1];
        struct address address;
        size_t length = below(sizeof given);
        for (size_t i = 0; i < length; i++)
            given[i] = alphabet[below(sizeof alphabet - 1)];
        given[length] = '\0';
        if (address_parse(given, &address) == 0) {
            check_shape(&address);
            gives(address.text, address.text);
        }
        if (address_for_removal(given, name) == 0)
            assert_true(strlen(name) <= length);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_spelling_of_a_canonical_form_gives_it_again),
        cmocka_unit_test(random_bytes_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
