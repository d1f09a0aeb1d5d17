#include "core/encoded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct sample {
    const char *line, *decoded;
};

static void check(const struct sample *samples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *line = strdup(samples[i].line);
        assert_non_null(line);
        encoded_decode(line);
        assert_string_equal(line, samples[i].decoded);
        free(line);
    }
}

static void both_encodings_are_read_in_any_case(void **state)
{
    static const struct sample samples[] = {
        {"=?utf-8?Q?acme/news?=", "acme/news"},
        {"=?UTF-8?q?acme=2Fnews?=", "acme/news"},
        {"=?us-ascii?B?YWNtZS9uZXdz?=", "acme/news"},
        {"=?ISO-8859-1*en?b?YWNtZS9uZXc=?=", "acme/new"},
        {"=?utf-8?B?YWNtZS9uZQ==?=", "acme/ne"},
        {"=?utf-8?B?YWNtZS9uZQ?=", "acme/ne"},
        {"=?utf-8?Q?a_b=5F?=", "a b_"},
        {"=?utf-8?Q?J=c3=B6rg?=", "J\xc3\xb6rg"},
        {"=?utf-8?B?fn5+Pz8/?=", "~~~???"},
        {"=?utf-8?Q?"
         "?=",
         ""},
    };
    (void)state;
    check(samples, COUNT(samples));
}

static void blanks_between_two_words_go_and_others_stay(void **state)
{
    static const struct sample samples[] = {
        {"=?utf-8?Q?ab?= =?utf-8?Q?cd?=", "abcd"},
        {"=?utf-8?Q?ab?= \t =?utf-8?B?Y2Q=?=  =?utf-8?Q?ef?=", "abcdef"},
        {"=?utf-8?Q?ab?= x =?utf-8?Q?cd?=", "ab x cd"},
        {"Re: =?utf-8?Q?ab?=", "Re: ab"},
        {"=?utf-8?Q?ab?= ", "ab "},
        {"=?utf-8?Q?ab?=cd", "abcd"},
        {"=?utf-8?Q?ab?= =?utf-8?Q?"
         "?= x",
         "ab x"},
    };
    (void)state;
    check(samples, COUNT(samples));
}

static void what_is_no_encoded_word_stays(void **state)
{
    static const struct sample samples[] = {
        {"", ""},
        {"plain text = ? =?", "plain text = ? =?"},
        {"=?utf-8?Q?never closed", "=?utf-8?Q?never closed"},
        {"=?utf-8?Q?a blank?=", "=?utf-8?Q?a blank?="},
        {"=?utf-8?X?text?=", "=?utf-8?X?text?="},
        {"=??Q?text?=", "=??Q?text?="},
        {"=?utf-8?Q?bad=4?=", "=?utf-8?Q?bad=4?="},
        {"=?utf-8?Q?bad=zz?=", "=?utf-8?Q?bad=zz?="},
        {"=?utf-8?B?a*b?=", "=?utf-8?B?a*b?="},
        {"=?utf-8?", "=?utf-8?"},
        {"=?utf-8?Q", "=?utf-8?Q"},
        {"=?utf-8?Q?", "=?utf-8?Q?"},
        {"=?", "=?"},
    };
    (void)state;
    check(samples, COUNT(samples));
}

static void control_characters_become_blanks(void **state)
{
    static const struct sample samples[] = {
        {"=?utf-8?Q?a=0Ab=00c=7Fd?=", "a b c d"},
        {"=?utf-8?B?YQpi?=", "a b"},
    };
    (void)state;
    check(samples, COUNT(samples));
}

static void what_was_encoded_is_decoded(void **state)
{
    static const char *const lines[] = {
        "plain",
        "",
        "M\xc3\xbcnchen",
        "\xc3\xa4\xc3\xb6\xc3\xbc "
        "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
        "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac and more than "
        "one word",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++) {
        struct text value = TEXT_EMPTY, line = TEXT_EMPTY;
        encoded_append(&value, lines[i]);
        for (const char *c = value.data ? value.data : ""; *c; c++) {
            assert_true((unsigned char)*c < 0x80);
            if (*c != '\r' && *c != '\n')
                text_append_bytes(&line, c, 1);
        }
        text_append(&line, "");
        encoded_decode(line.data);
        assert_string_equal(line.data, lines[i]);
        for (const char *word = value.data; word && *word; word += strcspn(word, "\r") + 2) {
            assert_true(strcspn(word, "\r") <= 76);
            if (word[strcspn(word, "\r")] == '\0')
                break;
        }
        text_release(&value);
        text_release(&line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_encodings_are_read_in_any_case),
        cmocka_unit_test(blanks_between_two_words_go_and_others_stay),
        cmocka_unit_test(what_is_no_encoded_word_stays),
        cmocka_unit_test(control_characters_become_blanks),
        cmocka_unit_test(what_was_encoded_is_decoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
