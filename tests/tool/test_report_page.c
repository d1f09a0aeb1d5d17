/* The installed stylesheet, with facts that a site would need years for. */
#include "tool/report/page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char templates[4096];

static int set_up(void **state)
{
    const char *source = getenv("srcdir"); /* automake's */
    (void)state;
    return snprintf(templates, sizeof templates, "%s/share/templates", source ? source : "..") < 0;
}

static size_t count(const char *text, const char *part)
{
    size_t n = 0;
    while ((text = strstr(text, part))) {
        text += strlen(part);
        n++;
    }
    return n;
}

/* The page of the facts, which are gone then. */
static void make(json_t *facts, struct text *html)
{
    struct error why = {""};
    assert_non_null(facts);
    int code = report_page(templates, facts, html, &why);
    json_decref(facts);
    if (code)
        fail_msg("%s", why.text);
}

static json_t *removals(unsigned number)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < number; i++)
        json_array_append_new(array,
                              json_pack("{s:s, s:s, s:i}", "time", "2026-01-01T00:00:00.000Z",
                                        "actor", "a-web", "choices", 1));
    return array;
}

static void of_many_rows_the_first_are_shown_and_the_others_counted(void **state)
{
    struct text html = TEXT_EMPTY;
    (void)state;
    make(json_pack("{s:o}", "removals", removals(510)), &html);
    assert_int_equal(count(html.data, "a-web"), 500);
    assert_int_equal(count(html.data, "And 10"), 1);
    assert_int_equal(count(html.data, "<dd>510</dd>"), 1);
    text_release(&html);
}

static void as_many_as_there_is_room_for_are_all(void **state)
{
    struct text html = TEXT_EMPTY;
    (void)state;
    make(json_pack("{s:o}", "removals", removals(500)), &html);
    assert_int_equal(count(html.data, "a-web"), 500);
    assert_null(strstr(html.data, "And "));
    text_release(&html);
}

static void durations_are_told_in_two_units(void **state)
{
    static const struct {
        double seconds;
        const char *text;
    } cases[] = {{0.25, "250\u00a0ms"},
                 {59.9, "59\u00a0s"},
                 {60, "1\u00a0min\u00a00\u00a0s"},
                 {3725.5, "1\u00a0h\u00a02\u00a0min"},
                 {216000.246, "2\u00a0d\u00a012\u00a0h"},
                 {1e8, "1157\u00a0d\u00a09\u00a0h"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text html = TEXT_EMPTY, wanted = TEXT_EMPTY;
        make(json_pack("{s:{s:f}}", "effect", "longest", cases[i].seconds), &html);
        text_format(&wanted, "<dd>%s</dd>", cases[i].text);
        if (!strstr(html.data, wanted.data))
            fail_msg("%f is not told as %s", cases[i].seconds, cases[i].text);
        text_release(&wanted);
        text_release(&html);
    }
}

static void every_remark_has_words(void **state)
{
    static const char *const kinds[] = {
        "loss",       "never-verified", "verified-long-ago", "not-whole",    "checkpoint-misfit",
        "limit-over", "limit-near",     "handed-on-after",   "no-one-click", "monitor",
        "unclaimed",  "not-ended",      "proposals-open",
    };
    json_t *array = json_array();
    struct text html = TEXT_EMPTY;
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        json_array_append_new(array, json_pack("{s:s}", "kind", kinds[i]));
    make(json_pack("{s:o}", "look_at", array), &html);
    const char *list = strstr(html.data, "<ul>");
    assert_non_null(list);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        list = strstr(list, "<li>");
        assert_non_null(list);
        list += strlen("<li>");
        if (strncmp(list, "<span class=\"bad\">", 18) != 0 && strncmp(list, "<strong>", 8) != 0)
            fail_msg("%s has no words", kinds[i]);
    }
    text_release(&html);
}

static void what_was_before_the_journals_begin_is_not_known(void **state)
{
    static const struct {
        const char *begins;
        bool told;
    } cases[] = {{"2026-01-01T00:00:01Z", true},
                 {"2026-01-01T00:00:00Z", false},
                 {"2025-12-31T23:59:59Z", false},
                 {"2026-02-01T00:00:00Z", true}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text html = TEXT_EMPTY;
        make(json_pack("{s:s, s:s, s:s}", "since", "2026-01-01T00:00:00Z", "list_begins",
                       "2025-01-01T00:00:00Z", "ledger_begins", cases[i].begins),
             &html);
        assert_int_equal(count(html.data, "nothing is known"), cases[i].told);
        assert_int_equal(count(html.data, "Of mail before"), cases[i].told);
        text_release(&html);
    }
}

static void what_others_wrote_is_escaped_in_a_drawing_too(void **state)
{
    struct text html = TEXT_EMPTY;
    (void)state;
    make(json_pack("{s:{s:s, s:[s], s:i, s:[{s:s, s:i, s:[i]}]}}", "optouts", "unit", "day",
                   "parts", "2026-01-01", "total", 3, "series", "name", "<script>\"&'\x01</script>",
                   "total", 3, "counts", 3),
         &html);
    assert_null(strstr(html.data, "<script>"));
    assert_non_null(strstr(html.data, "2026-01-01, &lt;script&gt;\"&amp;'?&lt;/script&gt;: 3"));
    text_release(&html);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_many_rows_the_first_are_shown_and_the_others_counted),
        cmocka_unit_test(as_many_as_there_is_room_for_are_all),
        cmocka_unit_test(durations_are_told_in_two_units),
        cmocka_unit_test(every_remark_has_words),
        cmocka_unit_test(what_was_before_the_journals_begin_is_not_known),
        cmocka_unit_test(what_others_wrote_is_escaped_in_a_drawing_too),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
