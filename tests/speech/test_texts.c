#include "../web/files.h"
#include "speech/language.h"
#include "speech/texts.h"

static struct texts read_texts(const char *inner)
{
    struct texts texts = {0};
    struct error why;
    char xml[2048];

    snprintf(xml, sizeof xml, "<texts>%s</texts>", inner);
    if (texts_read(&texts, put_file("t.xml", xml), &why) != 0)
        fail_msg("%s", why.text);
    return texts;
}

static void translations_follow_their_text(void **state)
{
    (void)state;
    struct texts texts =
        read_texts("<text id='a'> One\n  two </text><text xml:lang='de'>Eins</text>"
                   "<text xml:lang='pt_BR'>Um</text><text id='b'>B</text>"
                   "<!-- x --><text xml:lang='de'/>");
    assert_int_equal(texts.language_count, 3);
    assert_string_equal(texts.languages[0], "en");
    assert_string_equal(texts.languages[2], "pt-br");
    assert_string_equal(texts_get(&texts, "a", 0), "One two");
    assert_string_equal(texts_get(&texts, "a", 1), "Eins");
    assert_string_equal(texts_get(&texts, "b", 2), "B"); /* English where there is none */
    assert_string_equal(texts_get(&texts, "b", 1), "");
    assert_null(texts_get(&texts, "c", 0));
    assert_int_equal(texts_lacking(&texts, 0), 0);
    assert_int_equal(texts_lacking(&texts, 1), 0);
    assert_int_equal(texts_lacking(&texts, 2), 1);
    texts_release(&texts);
}

static void a_second_file_lies_over_the_first(void **state)
{
    (void)state;
    struct texts texts = read_texts("<text id='a'>A</text><text xml:lang='de'>Ä</text>");
    put_file("t.xml", "<texts><text id='a' xml:lang='it'>Ah</text><text id='z'>Z</text></texts>");
    assert_int_equal(texts_read(&texts, path_of("t.xml"), NULL), 0);
    assert_string_equal(texts_get(&texts, "a", 0), "A");
    assert_string_equal(texts_get(&texts, "a", 1), "Ä");
    assert_string_equal(texts_get(&texts, "a", 2), "Ah");
    assert_string_equal(texts_get(&texts, "z", 2), "Z");
    texts_release(&texts);
}

static void refuses(const char *xml, const char *sentence)
{
    struct texts texts = {0};
    struct error why = {""};

    assert_int_equal(texts_read(&texts, put_file("t.xml", xml), &why), ERR_CONFIG);
    if (!strstr(why.text, sentence))
        fail_msg("\"%s\" does not say \"%s\"", why.text, sentence);
    texts_release(&texts);
}

static void other_files_are_refused(void **state)
{
    (void)state;
    refuses("", "is not XML");
    refuses("<texts>\n<text</texts>", "t.xml:2: is not XML");
    refuses("<page/>", "has no element texts");
    refuses("<texts>\n<text>A</text></texts>", "t.xml:2: needs the id");
    refuses("<texts><text id='a' xml:lang='deutsch'>A</text></texts>", "needs the id");
}

static void an_entity_reads_no_file(void **state)
{
    (void)state;
    struct texts texts = {0};
    char xml[512];
    put_file("secret", "SECRET");
    snprintf(xml, sizeof xml,
             "<!DOCTYPE texts [<!ENTITY e SYSTEM '%s'>]><texts><text id='a'>a&e;</text></texts>",
             path_of("secret"));
    if (texts_read(&texts, put_file("t.xml", xml), NULL) == 0)
        assert_null(strstr(texts_get(&texts, "a", 0), "SECRET"));
    texts_release(&texts);
}

static void names_in_braces_are_filled_in(void **state)
{
    (void)state;
    const struct slot slots[] = {{"a", "{b}"}, {"b", "B"}, {"none", NULL}};
    static const char *const cases[][2] = {
        {"", ""},       {"{b}", "B"},        {"x{a}y{b}", "x{b}yB"}, {"{none}", ""},
        {"{c}", "{c}"}, {"{b", "{b"},        {"{{b}}", "{B}"},       {"{}", "{}"},
        {"}{", "}{"},   {"{bb}{b}", "{bb}B"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text filled = TEXT_EMPTY;
        texts_fill(cases[i][0], slots, 3, &filled);
        assert_string_equal(filled.data, cases[i][1]);
        text_release(&filled);
    }
}

/* --- the texts themselves --- */

/* Whether all {names} of one stand in the other. */
static bool names_are_in(const char *one, const char *other)
{
    for (const char *at = strchr(one, '{'); at; at = strchr(at + 1, '{')) {
        char name[32];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(at, "}") + 1, at);
        if (!strstr(other, name))
            return false;
    }
    return true;
}

static void every_text_is_there_in_every_language(void **state)
{
    (void)state;
    static const char *const languages[] = {"en", "de", "fr"};
    struct texts texts = {0};
    assert_int_equal(texts_read(&texts, path_of("texts.xml"), NULL), 0);
    assert_int_equal(texts.language_count, 3);
    assert_true(texts.count > 40);
    for (size_t i = 0; i < 3; i++) {
        size_t language = language_find(languages[i], texts.languages, texts.language_count);
        assert_true(language < texts.language_count);
        for (size_t j = 0; j < texts.count; j++) {
            const char *english = texts.strings[j][0], *text = texts.strings[j][language];
            if (!text || !*text)
                fail_msg("%s is not translated into %s", texts.ids[j], languages[i]);
            if (!names_are_in(english, text) || !names_are_in(text, english))
                fail_msg("%s has other {names} in %s", texts.ids[j], languages[i]);
            /* What msgfmt of some versions escapes twice. */
            if (strpbrk(text, "&<"))
                fail_msg("%s has markup in %s", texts.ids[j], languages[i]);
        }
    }
    texts_release(&texts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(translations_follow_their_text),
        cmocka_unit_test(a_second_file_lies_over_the_first),
        cmocka_unit_test(other_files_are_refused),
        cmocka_unit_test(an_entity_reads_no_file),
        cmocka_unit_test(names_in_braces_are_filled_in),
        cmocka_unit_test(every_text_is_there_in_every_language),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
