#include "speech/document.h"
#include "speech/paper.h"

#include "../web/files.h"

#include <errno.h>

#define SHEET(inner)                                                                               \
    "<xsl:stylesheet version='1.0' xmlns:xsl='http://www.w3.org/1999/XSL/Transform'>"              \
    "<xsl:output method='html' encoding='UTF-8' indent='no'/>"                                     \
    "<xsl:template match='/'>" inner "</xsl:template></xsl:stylesheet>"

/* The page that a sheet makes of one element <row> with this text, also its attribute `a`. */
static char *make(const char *sheet, const char *text)
{
    struct document document;
    struct text html = TEXT_EMPTY;
    struct error why = {""};

    put_file("own.xsl", sheet);
    put_file("paper.css", "p > i { color: red }\n");
    document_begin(&document, "facts");
    xmlNode *row = document_add_foreign(&document, document.root, "row", text);
    document_set_foreign(&document, row, "a", text);
    document_set(&document, row, "none", NULL);
    document_set_number(&document, row, "n", UINT64_MAX);
    if (paper_make(folder, "own.xsl", &document, &html, &why) != 0)
        fail_msg("%s", why.text);
    document_release(&document);
    return html.data;
}

static void what_others_wrote_is_escaped(void **state)
{
    (void)state;
    char *html = make(SHEET("<p title='{//row/@a}'><xsl:value-of select='//row'/></p>"),
                      "<script>alert(\"1\")</script> & '\"");
    assert_null(strstr(html, "<script"));
    assert_non_null(strstr(html, "&lt;script&gt;alert(\"1\")&lt;/script&gt; &amp; '\"</p>"));
    assert_non_null(strstr(html, "(&quot;1&quot;)"));
    free(html);
}

static void what_xml_has_no_place_for_becomes_a_question_mark(void **state)
{
    (void)state;
    char *html =
        make(SHEET("<p><xsl:value-of select='//row'/></p>"), "a\x01\x1b\x7f\tb\nc\xef\xbf\xbf.");
    assert_non_null(strstr(html, "<p>a???\tb\nc???.</p>"));
    free(html);
    html = make(SHEET("<p>[<xsl:value-of select='//row'/>]</p>"), "\xff\xfe");
    assert_non_null(strstr(html, "<p>[]</p>"));
    free(html);
}

static void a_value_that_is_not_there_is_no_attribute(void **state)
{
    (void)state;
    char *html = make(SHEET("<p><xsl:value-of select='count(//row/@none)'/>, "
                            "<xsl:value-of select='//row/@n'/></p>"),
                      "");
    assert_non_null(strstr(html, "<p>0, 18446744073709551615</p>"));
    free(html);
}

static void the_style_stands_in_the_page_as_it_is(void **state)
{
    (void)state;
    char *html =
        make(SHEET("<html><head><style><xsl:value-of select='//css'/></style></head></html>"), "");
    assert_non_null(strstr(html, "<style>p > i { color: red }"));
    free(html);
}

/* Pages have some hundred elements; what a stylesheet may do grows with them. */
static void a_long_document_is_made_as_a_whole(void **state)
{
    (void)state;
    struct document document;
    struct text html = TEXT_EMPTY;
    struct error why = {""};

    put_file("own.xsl", SHEET("<ul><xsl:for-each select='facts/row'><li><xsl:if test='@n'><b>"
                              "<xsl:value-of select='@n'/></b></xsl:if></li></xsl:for-each></ul>"));
    document_begin(&document, "facts");
    for (uint64_t i = 1; i <= 50000; i++)
        document_set_number(&document, document_add(&document, document.root, "row", NULL), "n", i);
    if (paper_make(folder, "own.xsl", &document, &html, &why) != 0)
        fail_msg("%s", why.text);
    assert_non_null(strstr(html.data, "<b>50000</b>"));
    document_release(&document);
    text_release(&html);
}

static void a_stylesheet_that_is_not_there_is_named(void **state)
{
    (void)state;
    struct document document;
    struct text html = TEXT_EMPTY;
    struct error why = {""};

    document_begin(&document, "facts");
    assert_int_equal(paper_make(folder, "nowhere.xsl", &document, &html, &why), -ENOENT);
    assert_non_null(strstr(why.text, "nowhere.xsl"));
    assert_null(html.data);
    document_release(&document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_others_wrote_is_escaped),
        cmocka_unit_test(what_xml_has_no_place_for_becomes_a_question_mark),
        cmocka_unit_test(a_value_that_is_not_there_is_no_attribute),
        cmocka_unit_test(the_style_stands_in_the_page_as_it_is),
        cmocka_unit_test(a_long_document_is_made_as_a_whole),
        cmocka_unit_test(a_stylesheet_that_is_not_there_is_named),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
