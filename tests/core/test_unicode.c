#include "core/unicode.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>

#include <cmocka.h>

#define ROOM 256

/* The folded form, or "" where there is none. */
static const char *folded(const char *text, char result[ROOM])
{
    size_t length = strlen(text);
    memcpy(result, text, length);
    if (unicode_fold(result, &length, ROOM - 1) < 0)
        length = 0;
    result[length] = '\0';
    return result;
}

static void same(const char *a, const char *b)
{
    char x[ROOM], y[ROOM];
    folded(a, x);
    folded(b, y);
    if (x[0] == '\0' || strcmp(x, y) != 0)
        fail_msg("%s gives %s, %s gives %s", a, x, b, y);
}

static int fold_code(const char *text)
{
    char copy[ROOM] = "";
    size_t length = strlen(text);
    memcpy(copy, text, length);
    return unicode_fold(copy, &length, ROOM);
}

static void case_does_not_count(void **state)
{
    (void)state;
    same("J\xc3\x96RG", "j\xc3\xb6rg");
    same("\xce\x9f\xce\x94\xce\x9f\xce\xa3", "\xce\xbf\xce\xb4\xce\xbf\xcf\x82"); /* final sigma */
    same("\xd0\x98\xd0\x92\xd0\x90\xd0\x9d", "\xd0\xb8\xd0\xb2\xd0\xb0\xd0\xbd");
    same("STRASSE", "stra\xc3\x9f"
                    "e");
    same("\xe1\xba\x9e", "\xc3\x9f"); /* capital sharp s */
    same("\xe2\x84\xaa", "k");        /* Kelvin sign */
    same("\xf0\x90\x90\x80", "\xf0\x90\x90\xa8");
}

static void composition_does_not_count(void **state)
{
    (void)state;
    same("jo\xcc\x88rg", "j\xc3\xb6rg");
    same("\xe2\x84\xab", "\xc3\xa5"); /* Angstrom sign */
    same("a\xcc\x81\xcc\xa3", "a\xcc\xa3\xcc\x81");
    same("\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", "\xed\x95\x9c"); /* Hangul */
    /* U+0345 folds to a letter and must have found its place among the marks before. */
    same("\xce\xb1\xcd\x85\xcc\x93", "\xce\xb1\xcc\x93\xcd\x85");
    same("\xe1\xbe\xb3\xcc\x93", "\xe1\xbe\x80");
}

static void what_the_standard_keeps_apart_stays_apart(void **state)
{
    (void)state;
    static const char *const apart[] = {
        "i", "\xc4\xb1", "\xef\xbd\x89", "\xd1\x96", "j",           "\xe2\x91\xa0",
        "1", "\xc2\xb9", "\xc3\xa6",     "ae",       "\xef\xac\x81"};
    for (size_t i = 0; i < sizeof apart / sizeof *apart; i++)
        for (size_t j = 0; j < i; j++) {
            char a[ROOM], b[ROOM];
            assert_string_not_equal(folded(apart[i], a), folded(apart[j], b));
        }
}

static void what_is_not_utf8_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "\xff",
        "\xc3",
        "a\x80",
        "\xc0\xaf",
        "\xe0\x80\xaf",
        "\xed\xa0\x80",
        "\xe4\xb8",
        "\xf4\x90\x80\x80",
        "\xf8\x88\x80\x80\x80",
        "j\xf6rg", /* Latin-1 */
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(fold_code(wrong[i]), ERR_SYNTAX);
        assert_false(unicode_is_valid(wrong[i], strlen(wrong[i])));
    }
    assert_true(unicode_is_valid("\xf0\x9f\x92\xa9", 4));
    assert_true(unicode_is_valid("", 0));
}

static void what_nobody_can_see_is_refused(void **state)
{
    (void)state;
    static const char *const invisible[] = {
        "a\xc2\x80",
        "a\xc2\x85",
        "a\xc2\xa0",
        "a\xc2\xad",
        "a\xe2\x80\x8b",
        "a\xe2\x80\x8e",
        "a\xe2\x80\xa8",
        "a\xe2\x80\xae",
        "a\xe2\x81\xa0",
        "\xe3\x80\x80"
        "a",
        "\xef\xbb\xbf"
        "a",
        "a\xee\x80\x80",
        "a\xef\xbf\xbf",
        "a\xf3\xa0\x81\x81",
        "a\xcd\xb8",
    };
    for (size_t i = 0; i < sizeof invisible / sizeof *invisible; i++)
        if (fold_code(invisible[i]) != ERR_SYNTAX)
            fail_msg("number %zu was taken", i);
    /* Joiners, which Persian and emoji need. */
    assert_int_equal(fold_code("\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae"), 0);
    assert_int_equal(fold_code("\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x94\xac"), 0);
}

static void what_does_not_fit_is_refused_and_left_alone(void **state)
{
    (void)state;
    char text[8] = "\xc7\xb0\xc7\xb0\xc7\xb0"; /* each becomes three bytes and one again by NFC */
    size_t length = 6;
    assert_int_equal(unicode_fold(text, &length, 6), 0);
    assert_int_equal(length, 6);
    char grows[8] = "\xc5\x89\xc5\x89"; /* each becomes three bytes */
    length = 4;
    assert_int_equal(unicode_fold(grows, &length, 5), ERR_TOO_LONG);
    assert_memory_equal(grows, "\xc5\x89\xc5\x89", 5);
    assert_int_equal(length, 4);
    assert_int_equal(unicode_fold(grows, &length, 6), 0);
    assert_int_equal(length, 6);
}

static void a_long_text_is_folded_too(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    char *text = malloc(2 * COUNT);
    size_t length = 2 * COUNT;
    assert_non_null(text);
    for (size_t i = 0; i < COUNT; i++)
        memcpy(text + 2 * i, "\xc3\x84", 2);
    assert_int_equal(unicode_fold(text, &length, 2 * COUNT), 0);
    assert_int_equal(length, 2 * COUNT);
    assert_memory_equal(text + 2 * COUNT - 2, "\xc3\xa4", 2);
    free(text);
}

static void is_stable(const uint8_t *text, size_t length)
{
    char once[ROOM], twice[ROOM];
    memcpy(once, text, length);
    if (unicode_fold(once, &length, sizeof once) < 0)
        return;
    size_t again = length;
    memcpy(twice, once, length);
    assert_int_equal(unicode_fold(twice, &again, sizeof twice), 0);
    assert_int_equal(again, length);
    assert_memory_equal(once, twice, length);
}

static void folding_a_folded_character_changes_nothing(void **state)
{
    (void)state;
    for (ucs4_t c = 0x80; c < 0x110000; c++) {
        uint8_t text[16] = "a";
        int n = u8_uctomb(text + 1, c, 8);
        if (n > 0) {
            is_stable(text + 1, (size_t)n);
            is_stable(text, (size_t)n + 1);
        }
    }
}

/* Characters that compose, reorder, fold to several, or take part in the exceptions. */
static const ucs4_t lively[] = {
    'a',    'S',    'i',    'K',    0xc4,   0xdf,   0x130,  0x131,  0x149,  0x17f,
    0x1c4,  0x1f0,  0x300,  0x301,  0x307,  0x308,  0x30c,  0x313,  0x314,  0x323,
    0x327,  0x338,  0x342,  0x345,  0x37e,  0x390,  0x391,  0x3a3,  0x3b0,  0x3b1,
    0x3c2,  0x3c9,  0x587,  0x5b7,  0x5bc,  0x5e9,  0x9c7,  0x9be,  0xf71,  0xf72,
    0x1100, 0x1161, 0x11a8, 0x13a0, 0xab70, 0x1e9b, 0x1e9e, 0x1fb3, 0x1fb7, 0x1fbc,
    0x1fcd, 0x1ffc, 0x212b, 0x2126, 0x2260, 0xac00, 0xf900, 0xfb03, 0xfb1d, 0x10400};

static size_t random_text(uint8_t *text)
{
    size_t length = 0;
    for (int n = 1 + rand() % 6; n > 0; n--)
        length += (size_t)u8_uctomb(text + length,
                                    lively[(size_t)rand() % (sizeof lively / sizeof *lively)], 4);
    text[length] = '\0';
    return length;
}

static void every_canonical_spelling_and_case_gives_one_form(void **state)
{
    (void)state;
    srand(1);
    for (int round = 0; round < 100000; round++) {
        uint8_t text[32], nfc[ROOM], nfd[ROOM], lower[ROOM];
        size_t length = random_text(text), nfc_length = ROOM - 1, nfd_length = ROOM - 1,
               lower_length = ROOM - 1;
        is_stable(text, length);
        u8_normalize(UNINORM_NFC, text, length, nfc, &nfc_length);
        u8_normalize(UNINORM_NFD, text, length, nfd, &nfd_length);
        nfc[nfc_length] = nfd[nfd_length] = '\0';
        same((char *)text, (char *)nfc);
        same((char *)text, (char *)nfd);
        /* Not İ, which has no lower case of one character; and decomposed, so that no mark stands
         * behind U+0345 in another sequence. */
        if (!strstr((char *)nfd, "I\xcc\x87")) {
            u8_tolower(nfd, nfd_length, NULL, NULL, lower, &lower_length);
            lower[lower_length] = '\0';
            same((char *)text, (char *)lower);
        }
    }
}

static void maps(const char *domain, const char *expected)
{
    char text[ROOM];
    size_t length;
    int rc = unicode_domain(domain, strlen(domain), text, sizeof text - 1, &length);
    if (rc < 0)
        fail_msg("%s gives %d", domain, rc);
    text[length] = '\0';
    assert_string_equal(text, expected);
}

static void domains_become_a_labels(void **state)
{
    (void)state;
    maps("m\xc3\xbcnchen.de", "xn--mnchen-3ya.de");
    maps("M\xc3\x9cNCHEN.de", "xn--mnchen-3ya.de");
    maps("mu\xcc\x88nchen.de", "xn--mnchen-3ya.de");
    maps("stra\xc3\x9f"
         "e.de",
         "xn--strae-oqa.de"); /* not the transitional strasse.de */
    maps("\xe4\xb8\xad\xe5\x9b\xbd", "xn--fiqs8s");
    maps("\xef\xbd\x81.de", "a.de");
    maps("a\xe3\x80\x82"
         "b\xef\xbc\x8e"
         "c\xef\xbd\xa1"
         "d",
         "a.b.c.d");
    maps("\xe3\x80\x82", ".");
}

static void ascii_labels_beside_others_are_left_alone(void **state)
{
    (void)state;
    maps("XN--Any-Thing.\xc3\xa4.xn--a", "XN--Any-Thing.xn--4ca.xn--a");
    maps("xn--a\xe3\x80\x82\xc3\xa4", "xn--a.xn--4ca");
    maps("-a-..\xc3\xa4.", "-a-..xn--4ca.");
}

static void what_has_no_a_label_is_refused(void **state)
{
    (void)state;
    char text[ROOM] = "x", long_label[200] = "";
    size_t length = 7;
    static const char *const wrong[] = {"\xff.de",
                                        "xn--\xc3\xa4.de",
                                        "-\xc3\xa4.de",
                                        "\xcc\x88"
                                        "a.de",
                                        "\xf0\x9f\x92\xa9.la",
                                        "a\xe2\x80\x8d"
                                        "b.de"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(unicode_domain(wrong[i], strlen(wrong[i]), text, ROOM, &length),
                         ERR_SYNTAX);
    for (size_t i = 0; i < 99; i++)
        memcpy(long_label + 2 * i, "\xc3\xa4", 2);
    assert_int_equal(unicode_domain(long_label, 198, text, ROOM, &length), ERR_TOO_LONG);
    assert_int_equal(unicode_domain("\xc3\xa4.abc", 6, text, 10, &length), ERR_TOO_LONG);
    assert_int_equal(unicode_domain("\xc3\xa4.abc", 6, text, 7, &length), ERR_TOO_LONG);
    assert_int_equal(unicode_domain("\xc3\xa4.abc", 6, text, 3, &length), ERR_TOO_LONG);
    assert_int_equal(length, 7);
    assert_int_equal(unicode_domain("\xc3\xa4.abc", 6, text, 11, &length), 0);
    assert_int_equal(length, 11);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(case_does_not_count),
        cmocka_unit_test(composition_does_not_count),
        cmocka_unit_test(what_the_standard_keeps_apart_stays_apart),
        cmocka_unit_test(what_is_not_utf8_is_refused),
        cmocka_unit_test(what_nobody_can_see_is_refused),
        cmocka_unit_test(what_does_not_fit_is_refused_and_left_alone),
        cmocka_unit_test(a_long_text_is_folded_too),
        cmocka_unit_test(folding_a_folded_character_changes_nothing),
        cmocka_unit_test(every_canonical_spelling_and_case_gives_one_form),
        cmocka_unit_test(domains_become_a_labels),
        cmocka_unit_test(ascii_labels_beside_others_are_left_alone),
        cmocka_unit_test(what_has_no_a_label_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
