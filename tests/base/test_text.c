#include "base/text.h"

#include "base/error.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void a_text_grows_and_stays_terminated(void **state)
{
    (void)state;
    struct text text = TEXT_EMPTY;
    for (int i = 0; i < 1000; i++) {
        text_append(&text, "abc");
        text_append_bytes(&text, "defgh", 2);
        text_format(&text, "%02d", i % 100);
        assert_int_equal(text.data[text.length], '\0');
    }
    assert_false(text.failed);
    assert_int_equal(text.length, 7000);
    assert_int_equal(strlen(text.data), 7000);
    assert_memory_equal(text.data, "abcde00abcde01", 14);
    assert_memory_equal(text.data + 6993, "abcde99", 8);
    text_release(&text);
    assert_null(text.data);
    assert_int_equal(text.length, 0);
}

static void an_empty_append_makes_an_empty_string(void **state)
{
    (void)state;
    struct text text = TEXT_EMPTY;
    text_append_bytes(&text, NULL, 0);
    assert_string_equal(text.data, "");
    text_release(&text);
}

static void a_formatted_piece_longer_than_the_room_is_whole(void **state)
{
    (void)state;
    struct text text = TEXT_EMPTY;
    for (int width = 0; width < 300; width++) {
        size_t before = text.length;
        text_format(&text, "%*d", width, 7);
        assert_int_equal(text.length - before, width ? width : 1);
        assert_int_equal(text.data[text.length - 1], '7');
    }
    text_release(&text);
}

static void after_a_failure_nothing_is_appended(void **state)
{
    (void)state;
    struct text text = TEXT_EMPTY;
    text_append(&text, "x");
    text_append_bytes(&text, "", SIZE_MAX);
    assert_true(text.failed);
    text_append(&text, "y");
    text_format(&text, "z");
    assert_true(text.failed);
    assert_string_equal(text.data, "x");
    text_release(&text);
    assert_false(text.failed);
}

static void only_ascii_letters_have_a_lower_case(void **state)
{
    (void)state;
    char string[] = "AZaz09@[`{ \xc3\x84\xc4\xb0";
    setlocale(LC_ALL, "C.UTF-8");
    text_lower(string);
    assert_string_equal(string, "azaz09@[`{ \xc3\x84\xc4\xb0");
    setlocale(LC_ALL, "C");
}

static void comparing_disregards_case(void **state)
{
    (void)state;
    assert_true(text_equal("", ""));
    assert_true(text_equal("List-ID", "list-id"));
    assert_false(text_equal("List-ID", "list-i"));
    assert_false(text_equal("list-i", "List-ID"));
    assert_false(text_equal("@", "`")); /* differ in the bit that tells case */
    assert_false(text_equal("\xc4", "\xe4"));
    assert_true(text_starts("Received: by", "received"));
    assert_true(text_starts("x", ""));
    assert_false(text_starts("rec", "received"));
    assert_false(text_starts("", "r"));
}

static void space_is_blank_tab_and_line_ends(void **state)
{
    (void)state;
    for (int c = -128; c < 128; c++)
        assert_int_equal(text_is_space((char)c), c == ' ' || c == '\t' || c == '\r' || c == '\n');
}

static void globs_fit_whole_strings(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *string;
        bool fits;
    } cases[] = {
        {"", "", true},
        {"", "a", false},
        {"a", "", false},
        {"*", "", true},
        {"*", "anything at all", true},
        {"***", "", true},
        {"?", "", false},
        {"?", "a", true},
        {"?", "ab", false},
        {"?*", "", false},
        {"*?", "abc", true},
        {"abc", "abc", true},
        {"ABC", "abc", true},
        {"abc", "ABC", true},
        {"abc", "abcd", false},
        {"abcd", "abc", false},
        {"*abc", "xxabc", true},
        {"*abc", "abcabcab", false},
        {"*abc", "ababcabc", true},
        {"a*c", "ac", true},
        {"a*c", "abbbc", true},
        {"a*c", "abbbcd", false},
        {"*.example.com", "news.example.com", true},
        {"*.example.com", "example.com", false},
        {"*@acme.example", "shop@acme.example", true},
        {"*@acme.example", "shop@acme.example.evil.example", false},
        {"*a*b*c*", "xxaxxbxxcxx", true},
        {"*a*b*c*", "xxcxxbxxaxx", false},
        {"*a?c*", "aaabacadc", true},
        {"*a?c", "abcaxc", true},
        {"[a-z]", "b", false},
        {"[a-z]", "[a-z]", true},
        {"\\*", "*", false},
        {"\\*", "\\anything", true},
        {"?", "\xc3\xa4", false},
        {"??", "\xc3\xa4", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (text_glob(cases[i].pattern, cases[i].string) != cases[i].fits)
            fail_msg("%s, %s", cases[i].pattern, cases[i].string);
}

/* The definition, word for word; slow. */
static bool glob_by_definition(const char *pattern, const char *string)
{
    if (*pattern == '\0')
        return *string == '\0';
    if (*pattern == '*')
        return glob_by_definition(pattern + 1, string) ||
               (*string && glob_by_definition(pattern, string + 1));
    return *string && (*pattern == '?' || *pattern == *string) &&
           glob_by_definition(pattern + 1, string + 1);
}

static void a_letter_of(const char *alphabet, unsigned long number, char *word)
{
    size_t base = strlen(alphabet) + 1;
    for (; number; number /= base)
        if (number % base)
            *word++ = alphabet[number % base - 1];
    *word = '\0';
}

static void globs_agree_with_their_definition(void **state)
{
    (void)state;
    char pattern[8], string[8];
    unsigned fitting = 0;
    for (unsigned long p = 0; p < 5 * 5 * 5 * 5 * 5; p++) {
        a_letter_of("ab*?", p, pattern);
        for (unsigned long s = 0; s < 3 * 3 * 3 * 3 * 3; s++) {
            a_letter_of("ab", s, string);
            bool expected = glob_by_definition(pattern, string);
            fitting += expected;
            if (text_glob(pattern, string) != expected)
                fail_msg("%s, %s", pattern, string);
        }
    }
    assert_true(fitting > 1000);
}

static double seconds_for_glob(const char *pattern, const char *string, bool expected)
{
    struct timespec begin, end;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    assert_int_equal(text_glob(pattern, string), expected);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    return (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
}

static void a_hostile_glob_costs_no_more_than_the_product_of_lengths(void **state)
{
    (void)state;
    enum { STARS = 50, LENGTH = 60000 };
    char pattern[2 * STARS + 2];
    char *string = malloc(LENGTH + 1);

    assert_non_null(string);
    memset(string, 'a', LENGTH);
    string[LENGTH] = '\0';
    /* Backtracking into every star would take LENGTH to the power of STARS steps. */
    for (size_t i = 0; i < STARS; i++)
        memcpy(pattern + 2 * i, "*a", 2);
    memcpy(pattern + (size_t)2 * STARS, "b", 2);
    assert_true(seconds_for_glob(pattern, string, false) < 2);

    /* The worst for one star: the tail almost fits everywhere. */
    memset(pattern, 'a', sizeof pattern);
    pattern[0] = '*';
    memcpy(pattern + sizeof pattern - 2, "b", 2);
    assert_true(seconds_for_glob(pattern, string, false) < 2);
    free(string);
}

static void a_number_is_digits_up_to_the_limit(void **state)
{
    (void)state;
    uint64_t n;
    assert_int_equal(text_to_u64("0", 0, &n), 0);
    assert_int_equal(n, 0);
    assert_int_equal(text_to_u64("007", 7, &n), 0);
    assert_int_equal(n, 7);
    assert_int_equal(text_to_u64("18446744073709551615", UINT64_MAX, &n), 0);
    assert_true(n == UINT64_MAX);
    assert_int_equal(text_to_u64("65535", 65535, &n), 0);
    assert_int_equal(n, 65535);
}

static void what_is_no_number_leaves_the_output_alone(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",        " 1", "1 ", "+1", "-1", "1x", "0x10", "65536", "1.0", "99999999999999999999999",
        "\xd9\xa1"};
    uint64_t n = 42;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(text_to_u64(wrong[i], 65535, &n), ERR_SYNTAX);
    assert_int_equal(text_to_u64("18446744073709551616", UINT64_MAX, &n), ERR_SYNTAX);
    assert_int_equal(text_to_u64("1", 0, &n), ERR_SYNTAX);
    assert_int_equal(text_to_u64("9", 8, &n), ERR_SYNTAX);
    assert_int_equal(n, 42);
}

static void hex_goes_there_and_back(void **state)
{
    (void)state;
    uint8_t all[256], back[256];
    char hex[513];
    for (int i = 0; i < 256; i++)
        all[i] = (uint8_t)i;
    text_to_hex(all, sizeof all, hex);
    assert_int_equal(strlen(hex), 512);
    assert_memory_equal(hex, "000102030405060708090a0b0c0d0e0f10", 34);
    assert_int_equal(text_from_hex(hex, sizeof back, back), 0);
    assert_memory_equal(all, back, sizeof all);
    text_to_hex(all, 0, hex);
    assert_string_equal(hex, "");
    assert_int_equal(text_from_hex("", 0, back), 0);
    assert_int_equal(text_from_hex("DEADbeef", 4, back), 0);
    assert_memory_equal(back, "\xde\xad\xbe\xef", 4);
}

static void wrong_hex_leaves_the_output_alone(void **state)
{
    (void)state;
    uint8_t bytes[2] = {1, 2};
    static const char *const wrong[] = {"", "123", "12345", "123g", "12 4", "-123", "12:4"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(text_from_hex(wrong[i], 2, bytes), ERR_SYNTAX);
    assert_int_equal(bytes[0], 1);
    assert_int_equal(bytes[1], 2);
}

/* RFC 4648 section 10, without the padding. */
static void base64url_gives_the_standard_s_examples(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "Zg", "Zm8", "Zm9v", "Zm9vYg", "Zm9vYmE", "Zm9vYmFy"};
    for (size_t n = 0; n <= 6; n++) {
        char text[TEXT_BASE64URL_SIZE(6)];
        uint8_t bytes[6];
        size_t length;
        text_to_base64url((const uint8_t *)"foobar", n, text);
        assert_string_equal(text, texts[n]);
        assert_int_equal(text_from_base64url(text, strlen(text), bytes, n, &length), 0);
        assert_int_equal(length, n);
        assert_memory_equal(bytes, "foobar", n);
    }
    char text[5];
    text_to_base64url((const uint8_t *)"\xff\xef\xbe", 3, text);
    assert_string_equal(text, "_---");
}

static void base64url_goes_there_and_back_in_exactly_the_size_promised(void **state)
{
    (void)state;
    for (size_t n = 0; n < 300; n++) {
        uint8_t *bytes = malloc(n + 1), *back = malloc(n + 1);
        char *text = malloc(TEXT_BASE64URL_SIZE(n));
        size_t length;
        assert_true(bytes && back && text);
        for (size_t i = 0; i < n; i++)
            bytes[i] = (uint8_t)(rand() >> 7);
        text_to_base64url(bytes, n, text);
        assert_int_equal(strlen(text), TEXT_BASE64URL_SIZE(n) - 1);
        assert_int_equal(text_from_base64url(text, strlen(text), back, n, &length), 0);
        assert_int_equal(length, n);
        assert_memory_equal(bytes, back, n);
        free(bytes);
        free(back);
        free(text);
    }
}

static void only_one_base64url_spelling_of_the_bytes_is_taken(void **state)
{
    (void)state;
    uint8_t bytes[3];
    size_t length;
    char text[4];
    unsigned taken = 0;
    /* All spellings of one byte, and of two with a first character. */
    for (int a = 0; a < 256; a++)
        for (int b = 0; b < 256; b++) {
            text[0] = (char)a;
            text[1] = (char)b;
            if (text_from_base64url(text, 2, bytes, 3, &length) == 0) {
                char again[3];
                taken++;
                text_to_base64url(bytes, length, again);
                assert_memory_equal(again, text, 2);
            }
        }
    assert_int_equal(taken, 256);
    assert_int_equal(text_from_base64url("Zm8", 3, bytes, 3, &length), 0);
    assert_int_equal(text_from_base64url("Zm9", 3, bytes, 3, &length), ERR_SYNTAX);
}

static void wrong_base64url_leaves_the_output_alone(void **state)
{
    (void)state;
    uint8_t bytes[3] = {1, 2, 3};
    size_t length = 77;
    static const char *const wrong[] = {"Z",    "Zm9vY",  "Zg==", "Zm+v",   "Zm/v",
                                        "Zm 9", "Zm9v\n", " Zm9", "Zm9\xc3"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(text_from_base64url(wrong[i], strlen(wrong[i]), bytes, 3, &length),
                         ERR_SYNTAX);
    assert_int_equal(text_from_base64url("Zm\0v", 4, bytes, 3, &length), ERR_SYNTAX);
    assert_int_equal(text_from_base64url("Zm9vYg", 6, bytes, 3, &length), ERR_TOO_LONG);
    assert_int_equal(length, 77);
    assert_memory_equal(bytes, "\1\2\3", 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_grows_and_stays_terminated),
        cmocka_unit_test(an_empty_append_makes_an_empty_string),
        cmocka_unit_test(a_formatted_piece_longer_than_the_room_is_whole),
        cmocka_unit_test(after_a_failure_nothing_is_appended),
        cmocka_unit_test(only_ascii_letters_have_a_lower_case),
        cmocka_unit_test(comparing_disregards_case),
        cmocka_unit_test(space_is_blank_tab_and_line_ends),
        cmocka_unit_test(globs_fit_whole_strings),
        cmocka_unit_test(globs_agree_with_their_definition),
        cmocka_unit_test(a_hostile_glob_costs_no_more_than_the_product_of_lengths),
        cmocka_unit_test(a_number_is_digits_up_to_the_limit),
        cmocka_unit_test(what_is_no_number_leaves_the_output_alone),
        cmocka_unit_test(hex_goes_there_and_back),
        cmocka_unit_test(wrong_hex_leaves_the_output_alone),
        cmocka_unit_test(base64url_gives_the_standard_s_examples),
        cmocka_unit_test(base64url_goes_there_and_back_in_exactly_the_size_promised),
        cmocka_unit_test(only_one_base64url_spelling_of_the_bytes_is_taken),
        cmocka_unit_test(wrong_base64url_leaves_the_output_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
