#include "speech/template.h"

#include "../web/files.h"

#include <libxml/parser.h>

#define SHEET(inner)                                                                               \
    "<xsl:stylesheet version='1.0' xmlns:xsl='http://www.w3.org/1999/XSL/Transform' "              \
    "xmlns:exsl='http://exslt.org/common' extension-element-prefixes='exsl'>" inner                \
    "<xsl:output method='html'/></xsl:stylesheet>"
#define PAGE(inner) SHEET("<xsl:template match='/'><html><p>" inner "</p></html></xsl:template>")

static struct template *load(const char *sheet)
{
    struct template *template = NULL;
    struct error why;
    if (template_load(put_file("t.xsl", sheet), folder, &template, &why) != 0)
        fail_msg("%s", why.text);
    return template;
}

/* What it makes of <page a="..."/>, or its error; `html` has both behind each other. */
static int apply(const char *sheet, struct text *html)
{
    struct template *template = load(sheet);
    xmlDoc *document = xmlReadMemory("<page a='&lt;b>'/>", 18, NULL, NULL, 0);
    struct error why = {""};
    int code = template_apply(template, document, html, &why);

    text_append(html, why.text);
    xmlFreeDoc(document);
    template_free(template);
    return code;
}

static void text_is_escaped_by_itself(void **state)
{
    (void)state;
    struct text html = TEXT_EMPTY;
    assert_int_equal(
        apply(PAGE("<i title='{page/@a}\"'><xsl:value-of select='page/@a'/></i>"), &html), 0);
    assert_non_null(strstr(html.data, "&lt;b&gt;</i>"));
    assert_non_null(strstr(html.data, "<i title='&lt;b&gt;\"'>"));
    text_release(&html);
}

static void no_file_is_read(void **state)
{
    (void)state;
    static const char *const functions[] = {"document('%s')", "document('file://%s')",
                                            "document('%s', /)"};
    put_file("secret.xml", "<s>SECRET</s>");
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        struct text html = TEXT_EMPTY, sheet = TEXT_EMPTY, select = TEXT_EMPTY;
        const char *rest = strchr(functions[i], '%') + 2;
        text_format(&select, "%.*s%s%s", (int)(rest - 2 - functions[i]), functions[i],
                    path_of("secret.xml"), rest);
        text_format(&sheet, PAGE("[<xsl:value-of select=\"%s\"/>]"), select.data);
        apply(sheet.data, &html);
        assert_null(strstr(html.data, "SECRET"));
        text_release(&html);
        text_release(&sheet);
        text_release(&select);
    }
}

static void no_file_is_written(void **state)
{
    (void)state;
    static const char *const elements[] = {"exsl:document", "xsl:document"};
    for (size_t i = 0; i < sizeof elements / sizeof *elements; i++) {
        struct text html = TEXT_EMPTY, sheet = TEXT_EMPTY;
        text_format(&sheet, PAGE("<%s href='%s'>x</%s>"), elements[i], path_of("written"),
                    elements[i]);
        struct template *template = NULL;
        if (template_load(put_file("t.xsl", sheet.data), folder, &template, NULL) == 0)
            assert_int_equal(apply(sheet.data, &html), ERR_CONFIG);
        template_free(template);
        assert_int_equal(access(path_of("written"), F_OK), -1);
        text_release(&html);
        text_release(&sheet);
    }
}

static void no_host_is_reached(void **state)
{
    (void)state;
    struct text html = TEXT_EMPTY;
    apply(PAGE("[<xsl:value-of select=\"count(document('http://127.0.0.1:9/'))\"/>]"), &html);
    assert_non_null(html.data);
    assert_null(strstr(html.data, "[1]"));
    text_release(&html);
}

static void refuses(const char *sheet, const char *sentence)
{
    struct template *template = NULL;
    struct error why = {""};

    assert_int_equal(template_load(put_file("t.xsl", sheet), folder, &template, &why), ERR_CONFIG);
    assert_null(template);
    if (!strstr(why.text, sentence) || !strstr(why.text, "t.xsl"))
        fail_msg("\"%s\" does not say \"%s\"", why.text, sentence);
}

static void other_stylesheets_are_imported_from_one_folder_alone(void **state)
{
    (void)state;
    struct text sheet = TEXT_EMPTY, html = TEXT_EMPTY;
    put_file("base.xsl", PAGE("base"));
    text_format(&sheet, SHEET("<xsl:import href='%s'/>"), path_of("base.xsl"));
    assert_int_equal(apply(sheet.data, &html), 0);
    assert_non_null(strstr(html.data, "base"));
    text_release(&html);

    struct template *template = NULL;
    struct error why = {""};
    assert_int_equal(template_load(put_file("t.xsl", sheet.data), "/elsewhere", &template, &why),
                     ERR_CONFIG);
    text_release(&sheet);
    text_format(&sheet, SHEET("<xsl:include href='%s/../base.xsl'/>"), folder);
    refuses(sheet.data, "unable to load");
    text_release(&sheet);
    refuses(SHEET("<xsl:import href='/etc/passwd'/>"), "unable to load");
    refuses(SHEET("<xsl:import href='http://127.0.0.1:9/a.xsl'/>"), "unable to load");
}

static void what_is_wrong_is_told_when_it_is_loaded(void **state)
{
    (void)state;
    refuses("<a", "t.xsl:1: is not XML");
    refuses("<!DOCTYPE x [<!ENTITY e SYSTEM '/etc/passwd'>]>" PAGE("&e;"), "document type");
    refuses(SHEET("<xsl:template match='/'><xsl:value-of/></xsl:template>"), "select");
    refuses(SHEET("<xsl:template match='///'/>"), "///");
}

static void what_fails_or_does_not_end_is_an_error(void **state)
{
    (void)state;
    struct text html = TEXT_EMPTY;
    assert_int_equal(apply(SHEET("<xsl:template match='/' name='t'><p/>"
                                 "<xsl:call-template name='t'/></xsl:template>"),
                           &html),
                     ERR_CONFIG);
    text_release(&html);
    assert_int_equal(apply(SHEET("<xsl:template match='/'><xsl:message terminate='yes'>no"
                                 "</xsl:message></xsl:template>"),
                           &html),
                     ERR_CONFIG);
    assert_non_null(strstr(html.data, "no"));
    text_release(&html);
    assert_int_equal(apply(SHEET("<xsl:template match='/'/>"), &html), ERR_CONFIG);
    text_release(&html);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_escaped_by_itself),
        cmocka_unit_test(no_file_is_read),
        cmocka_unit_test(no_file_is_written),
        cmocka_unit_test(no_host_is_reached),
        cmocka_unit_test(other_stylesheets_are_imported_from_one_folder_alone),
        cmocka_unit_test(what_is_wrong_is_told_when_it_is_loaded),
        cmocka_unit_test(what_fails_or_does_not_end_is_an_error),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
