#include "core/scope.h"
#include "files.h"
#include "samples.h"
#include "speech/template.h"
#include "web/page.h"

#include <errno.h>
#include <libxml/parser.h>
#include <pthread.h>

#define PAGE_XML                                                                                   \
    "<page kind='general' typed='a' lang='en'><brand name='Acme'/><text "                          \
    "id='general-title'>Title</text></page>"
#define BRAND(lines) "brand acme {\n scope = acme\n name = 'Acme'\n" lines "\n}\n"

static const char *const languages[] = {"en", "de", "fr"};
#define LANGUAGES (sizeof languages / sizeof *languages)

/* The caller frees it. */
static char *render(const struct pages *pages, const struct page *page)
{
    struct text html = TEXT_EMPTY;
    struct error why = {""};
    if (page_render(pages, page, &html, &why) != 0)
        fail_msg("%s", why.text);
    return html.data;
}

static void has(const char *html, const char *part)
{
    if (!strstr(html, part))
        fail_msg("\"%s\" is not in %s", part, html);
}

static void has_not(const char *html, const char *part)
{
    if (strstr(html, part))
        fail_msg("\"%s\" is in %s", part, html);
}

static size_t count_of(const char *html, const char *part)
{
    size_t count = 0;
    for (const char *at = strstr(html, part); at; at = strstr(at + 1, part))
        count++;
    return count;
}

/* --- every page --- */

static void every_page_in_every_language_is_whole(void **state)
{
    (void)state;
    struct pages *pages = load_pages(BRAND(""));
    for (size_t i = 0; i < SAMPLE_COUNT; i++)
        for (size_t j = 0; j < LANGUAGES; j++) {
            struct page page = samples[i].page;
            char lang[32];
            page.accept_language = languages[j];
            char *html = render(pages, &page);
            snprintf(lang, sizeof lang, "<html lang=\"%s\"", languages[j]);
            has(html, "<!DOCTYPE html");
            has(html, lang);
            assert_int_equal(count_of(html, "<h1>"), 1);
            assert_int_equal(count_of(html, "<main>"), 1);
            has_not(html, "<h1></h1>");
            has_not(html, "<p></p>");
            has_not(html, "<title></title>");
            has_not(html, "{"); /* a name that was not filled in */
            free(html);
        }
    pages_free(pages);
}

static void no_page_has_a_script_a_style_or_a_foreign_link(void **state)
{
    (void)state;
    struct pages *pages = load_pages(BRAND("imprint_url = 'https://acme.example/i?a=1&b=2'"));
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        char *html = render(pages, &samples[i].page);
        has_not(html, "<script");
        has_not(html, "style=");
        has_not(html, "<style");
        has_not(html, " onclick");
        has_not(html, " onload");
        bool branded = !samples[i].page.scope || strncmp(samples[i].page.scope, "acme", 4) == 0;
        assert_int_equal(count_of(html, "://"), branded);
        assert_int_equal(count_of(html, "href=\"https://acme.example/i?a=1&amp;b=2\""), branded);
        free(html);
    }
    pages_free(pages);
}

/* --- what a page says --- */

static char *show(const struct pages *pages, struct page page, const char *language)
{
    page.accept_language = language;
    page.masked_address = page.masked_address ? page.masked_address : SAMPLE_ADDRESS;
    return render(pages, &page);
}

static void it_asks_for_the_newsletter_and_for_the_brand(void **state)
{
    (void)state;
    struct pages *pages = load_pages(BRAND(""));
    struct page page = {.kind = PAGE_ASK, .scope = SAMPLE_NEWS, .wider_scope = SAMPLE_BRAND};
    char *html = show(pages, page, "de");
    has(html, ">Abmelden: Acme Newsletter (a\xe2\x80\xa6@e\xe2\x80\xa6)</button>");
    has(html, ">Alle Werbe-E-Mails von Acme abbestellen</button>");
    has_not(html, "reason");
    has_not(html, "undo");
    free(html);

    page.wider_scope = NULL;
    html = show(pages, page, "de");
    assert_int_equal(count_of(html, "<button"), 1);
    free(html);

    page.scope = SAMPLE_BRAND;
    html = show(pages, page, "de");
    has(html, "value=\"this\" class=\"primary\">Alle Werbe-E-Mails von Acme abbestellen (");
    free(html);
    pages_free(pages);
}

static void without_a_brand_or_title_the_scope_speaks(void **state)
{
    (void)state;
    struct pages *pages = load_pages("");
    struct page page = {.kind = PAGE_ASK, .scope = SAMPLE_OTHER, .wider_scope = "globex"};
    char *html = show(pages, page, "en");
    has(html, "Unsubscribe: globex/offers");
    has(html, "all advertising emails from globex<");
    free(html);
    page.scope = "/";
    html = show(pages, page, "en");
    has(html, "all advertising emails from unsubscribe.example.com");
    free(html);
    pages_free(pages);
}

/* A brand with one newsletter at its own scope: its title tells more than "all advertising". */
static void a_brand_of_one_stream_goes_by_its_title(void **state)
{
    (void)state;
    struct pages *pages = load_pages("stream i { scope = initech title = News match_login = d }\n"
                                     "brand j { scope = initech name = Initech }");
    struct page page = {.kind = PAGE_ASK, .scope = "initech"};
    char *html = show(pages, page, "en");
    has(html, "Unsubscribe: News (");
    free(html);
    pages_free(pages);
}

static void done_tells_what_holds_and_from_when(void **state)
{
    (void)state;
    struct pages *pages = load_pages(BRAND(""));
    setenv("TZ", "CET-1", 1);
    tzset();
    struct page page = {.kind = PAGE_DONE, .scope = SAMPLE_NEWS, .when = SAMPLE_WHEN};
    char *html = show(pages, page, "de");
    has(html, "nicht mehr: Acme Newsletter");
    has(html, "Das gilt ab sofort (25.11.2026, 21:46 Uhr CET).");
    assert_int_equal(count_of(html, "<form"), 0); /* without undo there is no reason either */
    free(html);

    page.undo = "UNDO";
    html = show(pages, page, "de");
    assert_int_equal(count_of(html, "name=\"undo\" value=\"UNDO\""), 2);
    has(html, "value=\"too-many\"");
    has(html, "maxlength=\"800\"");
    has(html, "keine sensiblen Angaben");
    assert_true(strstr(html, "value=\"undo\"") < strstr(html, "<textarea"));
    free(html);
    pages_free(pages);
}

static void reasons_are_those_of_the_brand_in_the_page_s_language(void **state)
{
    (void)state;
    struct pages *pages = load_pages(
        BRAND("reasons = {'other', 'moved: I moved', 'moved[de]: Umzug', 'nur[de]: Nur deutsch',\n"
              "'too-many: Far too many'}"));
    struct page page = {.kind = PAGE_DONE, .scope = SAMPLE_NEWS, .undo = "U"};
    char *html = show(pages, page, "de");
    has(html, "value=\"moved\"><span>Umzug<");
    has(html, "<span>Ein anderer Grund<");
    has(html, "<span>Far too many<");
    has_not(html, "never-signed-up");
    assert_int_equal(count_of(html, "type=\"radio\""), 4);
    free(html);
    html = show(pages, page, "en");
    has(html, "<span>I moved<");
    has(html, "<span>Nur deutsch<");
    free(html);
    assert_true(pages_reason_known(pages, SAMPLE_NEWS, "moved"));
    assert_false(pages_reason_known(pages, SAMPLE_NEWS, "not-relevant"));
    assert_true(pages_reason_known(pages, SAMPLE_OTHER, "not-relevant"));
    pages_free(pages);

    pages = load_pages(BRAND("reasons = {}"));
    html = show(pages, page, "en");
    has(html, "value=\"undo\"");
    has_not(html, "textarea");
    free(html);
    pages_free(pages);
}

static void the_language_is_the_browser_s_else_the_brand_s(void **state)
{
    (void)state;
    struct pages *pages = load_pages("language = fr\n" BRAND("language = de"));
    struct page page = {.kind = PAGE_ASK, .scope = SAMPLE_NEWS};
    static const char *const cases[][3] = {{SAMPLE_NEWS, "it", "de"},
                                           {SAMPLE_NEWS, "it, en;q=0.1", "en"},
                                           {SAMPLE_OTHER, NULL, "fr"},
                                           {SAMPLE_OTHER, "de-CH", "de"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char lang[32];
        page.scope = cases[i][0];
        char *html = show(pages, page, cases[i][1]);
        snprintf(lang, sizeof lang, "<html lang=\"%s\"", cases[i][2]);
        has(html, lang);
        free(html);
    }
    pages_free(pages);
    pages_refused("language = it", ERR_CONFIG, "there are no texts in it, but in: en");
}

/* --- what others wrote --- */

#define HOSTILE "\"><script>alert(1)</script>'&{brand}"
#define ESCAPED "<script"

static void what_is_foreign_is_escaped(void **state)
{
    (void)state;
    struct pages *pages = load_pages(
        "stream h { scope = acme/h title = \"\\\"><script>'&{brand}\" match_login = h }\n"
        "brand acme {\n scope = acme\n name = \"<script>\\\"\"\n postal_address = {\"<script>\"}\n"
        " reasons = {\"x: <script>\\\"\"}\n}\n");
    for (enum page_kind kind = 0; kind < PAGE_KIND_COUNT; kind++) {
        struct page page = {.kind = kind,
                            .scope = "acme/h",
                            .wider_scope = "acme",
                            .undo = HOSTILE,
                            .typed = HOSTILE,
                            .masked_address = HOSTILE};
        char *html = show(pages, page, "en");
        has_not(html, ESCAPED);
        has_not(html, "\"\">");
        free(html);
    }
    pages_free(pages);
}

static void bytes_that_are_no_text_do_no_harm(void **state)
{
    (void)state;
    static const char *const typed[] = {"\xff\xfe",     "a\x01\x1f\x7f", "\xef\xbf\xbf",
                                        "\xed\xa0\x80", "\xc3",          ""};
    struct pages *pages = load_pages("");
    for (size_t i = 0; i < sizeof typed / sizeof *typed; i++) {
        struct page page = {.kind = PAGE_GENERAL, .scope = SAMPLE_NEWS, .typed = typed[i]};
        char *html = show(pages, page, "en");
        has(html, "aria-invalid=\"true\"");
        has(html, "</html>");
        for (const char *c = html; *c; c++)
            assert_true((unsigned char)*c >= 0x20 || *c == '\n');
        free(html);
    }
    pages_free(pages);
}

static void masks(const char *address, const char *masked)
{
    char made[PAGE_MASK_SIZE];
    page_mask(address, made);
    assert_string_equal(made, masked);
}

static void a_mask_shows_one_character_of_each_side(void **state)
{
    (void)state;
    masks("anna@example.org", "a…@e…");
    masks("a@b", "a…@b…");
    masks("\"a b\"@example.org", "a…@e…");
    masks("\"\\\"x\"@example.org", "x…@e…");
    masks("\"@\"@example.org", "…@e…");
    masks("élan@xn--mller-kva.example", "é…@x…");
    masks("\xf0\x9f\x98\x80@example.org", "\xf0\x9f\x98\x80…@e…");
    masks("\"a@secret\"@example.org", "a…@e…");
    masks("user@[192.0.2.1]", "u…@[…");
    masks("@example.org", "…@e…");
    masks("nothing", "n…@…");
    masks("", "…@…");
}

static void an_address_in_another_script_is_kept_together(void **state)
{
    (void)state;
    struct pages *pages = load_pages("");
    struct page page = {.kind = PAGE_ASK, .scope = SAMPLE_NEWS, .masked_address = "م…@e…"};
    char *html = show(pages, page, "en");
    has(html, "(\xe2\x81\xa8م…@e…\xe2\x81\xa9)");
    free(html);
    pages_free(pages);
}

/* --- files --- */

static void assets_are_those_that_pages_name(void **state)
{
    (void)state;
    char lines[512];
    put_file("logo.svg", "<svg/>");
    put_file("dark.png", "png");
    snprintf(lines, sizeof lines,
             BRAND("color = '#7a1fa2'\n logo = '%s/logo.svg'\n logo_dark = '%s/dark.png'"), folder,
             folder);
    struct pages *pages = load_pages(lines);
    struct page page = {.kind = PAGE_ASK, .scope = SAMPLE_NEWS};
    char *html = show(pages, page, "en"), name[64];

    const char *link = strstr(html, "href=\"/x/page-");
    assert_non_null(link);
    snprintf(name, sizeof name, "%.*s", (int)strcspn(link + 9, "\""), link + 9);
    const struct page_asset *css = pages_asset(pages, name);
    assert_non_null(css);
    has(css->bytes, "--accent: #7a1fa2; --on-accent: #ffffff;");
    has(html, "rel=\"icon\" href=\"/x/icon-");
    has(html, "src=\"/x/logo-");
    has(html, "srcset=\"/x/logo-");
    has(html, "alt=\"Acme\"");
    assert_null(pages_asset(pages, "page.css"));
    free(html);
    pages_free(pages);
}

static void files_that_cannot_be_used_are_named(void **state)
{
    (void)state;
    pages_refused(BRAND("logo = '/none/logo.svg'"), -ENOENT, "/none/logo.svg");
    put_file("page.xsl", "<a");
    pages_refused("", ERR_CONFIG, "page.xsl:1: is not XML");
    put_file("page.xsl", "<xsl:stylesheet version='1.0' "
                         "xmlns:xsl='http://www.w3.org/1999/XSL/Transform'><xsl:template match='/'>"
                         "<xsl:if test=\"page/@kind='limited' and page/@lang='fr'\">"
                         "<xsl:message terminate='yes'>late</xsl:message></xsl:if><p/>"
                         "</xsl:template></xsl:stylesheet>");
    pages_refused("", ERR_CONFIG, "late");
    put_templates();
    put_file("texts.xml", "<texts><text/></texts>");
    pages_refused("", ERR_CONFIG, "texts.xml:1: needs the id");
    put_templates();
}

/* What the manual recommends: import the installed stylesheet, and write one of its templates anew;
 * texts lie over the installed ones. Here both come from one folder. */
static void a_site_changes_a_part(void **state)
{
    (void)state;
    char sheet[512];
    char *installed = get_file(path_of("page.xsl"));
    put_file("installed.xsl", installed);
    snprintf(sheet, sizeof sheet,
             "<xsl:stylesheet version='1.0' xmlns:xsl='http://www.w3.org/1999/XSL/Transform'>"
             "<xsl:import href='%s'/><xsl:template name='header'><p>Own header of "
             "<xsl:value-of select='brand/@name'/></p></xsl:template></xsl:stylesheet>",
             path_of("installed.xsl"));
    struct template *template = NULL;
    struct error why;
    for (int i = 0; i < 3; i++) {
        if (template_load(put_file("own.xsl", sheet), folder, &template, &why) != 0)
            fail_msg("%s", why.text);
        xmlDoc *document = xmlReadMemory(PAGE_XML, strlen(PAGE_XML), NULL, NULL, XML_PARSE_NODICT);
        struct text html = TEXT_EMPTY;
        assert_int_equal(template_apply(template, document, &html, &why), 0);
        has(html.data, "Own header of Acme");
        has(html.data, "<h1>");
        text_release(&html);
        xmlFreeDoc(document);
        template_free(template);
    }
    free(installed);
}

/* The colours that the contrast is checked against are those of the style sheet. */
static void the_papers_are_those_of_the_style_sheet(void **state)
{
    (void)state;
    char *css = get_file(path_of("page.css"));
    has(css, "--paper: #ffffff;");
    has(css, "--paper: #1c1e22;");
    has_not(css, "url(");
    has_not(css, "@import");
    free(css);
}

static void the_wider_scope_is_the_brand_s(void **state)
{
    (void)state;
    char wider[SCOPE_MAX + 1];
    struct pages *pages = load_pages("brand s { scope = acme/shop name = Shop }\n" BRAND(""));
    assert_true(pages_wider_scope(pages, "acme/shop/sale", wider));
    assert_string_equal(wider, "acme/shop");
    assert_true(pages_wider_scope(pages, "acme/newsletter", wider));
    assert_string_equal(wider, "acme");
    assert_true(pages_wider_scope(pages, "globex/a/b", wider));
    assert_string_equal(wider, "globex");
    assert_false(pages_wider_scope(pages, "acme", wider));
    assert_false(pages_wider_scope(pages, "acme/shop", wider));
    assert_false(pages_wider_scope(pages, "globex", wider));
    assert_false(pages_wider_scope(pages, "/", wider));
    pages_free(pages);

    pages = load_pages("brand all { scope = '/' name = All }");
    assert_true(pages_wider_scope(pages, "acme/newsletter", wider));
    assert_string_equal(wider, "/");
    assert_true(pages_wider_scope(pages, "a", wider));
    assert_false(pages_wider_scope(pages, "/", wider));
    pages_free(pages);
}

static void *render_many(void *argument)
{
    const struct pages *pages = argument;
    for (size_t i = 0; i < 20 * SAMPLE_COUNT; i++) {
        struct text html = TEXT_EMPTY;
        if (page_render(pages, &samples[i % SAMPLE_COUNT].page, &html, NULL) != 0)
            return argument;
        text_release(&html);
    }
    return NULL;
}

static void many_threads_render_at_once(void **state)
{
    (void)state;
    struct pages *pages = load_pages(BRAND(""));
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, render_many, pages), 0);
    for (size_t i = 0; i < 4; i++) {
        void *failed = NULL;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    /* A reload while they run is another set of pages. */
    pages_free(pages);
}

/* --- pages that are about nobody --- */

static void what_is_about_nobody_is_made_once_in_each_language(void **state)
{
    (void)state;
    struct pages *pages = load_pages(BRAND("language = 'fr'"));
    for (size_t i = 0; i <= LANGUAGES; i++)
        for (enum page_kind kind = PAGE_NOT_FOUND; kind < PAGE_KIND_COUNT; kind++) {
            const char *language = i < LANGUAGES ? languages[i] : "xx";
            struct page page = {.kind = kind, .accept_language = language};
            char *html = render(pages, &page);
            const struct text *fixed = page_fixed(pages, kind, language);
            assert_string_equal(fixed->data, html);
            assert_int_equal(fixed->length, strlen(html));
            assert_ptr_equal(fixed, page_fixed(pages, kind, language));
            free(html);
        }
    has(page_fixed(pages, PAGE_LIMITED, NULL)->data, "<html lang=\"fr\"");
    pages_free(pages);
}

static void the_limit_of_the_free_text_stands_in_the_hint_and_at_the_field(void **state)
{
    (void)state;
    struct pages *pages = load_pages(BRAND(""));
    struct page page = {.kind = PAGE_DONE, .scope = SAMPLE_NEWS, .undo = SAMPLE_UNDO};
    char number[16], attribute[32];
    snprintf(number, sizeof number, " %d ", PAGE_TEXT_MAX);
    snprintf(attribute, sizeof attribute, "maxlength=\"%d\"", PAGE_TEXT_MAX);
    for (size_t j = 0; j < LANGUAGES; j++) {
        char *html = show(pages, page, languages[j]);
        const char *hint = strstr(html, "id=\"text-hint\">");
        has(html, attribute);
        assert_non_null(hint);
        char before[64]; /* with a blank before a number that stands first */
        snprintf(before, sizeof before, " %.50s", strchr(hint, '>') + 1);
        has(before, number);
        free(html);
    }
    pages_free(pages);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_page_in_every_language_is_whole),
        cmocka_unit_test(no_page_has_a_script_a_style_or_a_foreign_link),
        cmocka_unit_test(it_asks_for_the_newsletter_and_for_the_brand),
        cmocka_unit_test(without_a_brand_or_title_the_scope_speaks),
        cmocka_unit_test(a_brand_of_one_stream_goes_by_its_title),
        cmocka_unit_test(done_tells_what_holds_and_from_when),
        cmocka_unit_test(reasons_are_those_of_the_brand_in_the_page_s_language),
        cmocka_unit_test(the_language_is_the_browser_s_else_the_brand_s),
        cmocka_unit_test(what_is_foreign_is_escaped),
        cmocka_unit_test(bytes_that_are_no_text_do_no_harm),
        cmocka_unit_test(a_mask_shows_one_character_of_each_side),
        cmocka_unit_test(an_address_in_another_script_is_kept_together),
        cmocka_unit_test(assets_are_those_that_pages_name),
        cmocka_unit_test(files_that_cannot_be_used_are_named),
        cmocka_unit_test(a_site_changes_a_part),
        cmocka_unit_test(the_papers_are_those_of_the_style_sheet),
        cmocka_unit_test(the_wider_scope_is_the_brand_s),
        cmocka_unit_test(what_is_about_nobody_is_made_once_in_each_language),
        cmocka_unit_test(the_limit_of_the_free_text_stands_in_the_hint_and_at_the_field),
        cmocka_unit_test(many_threads_render_at_once),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
