#include "web/page.h"

#include "base/file.h"
#include "core/scope.h"
#include "speech/language.h"
#include "speech/template.h"
#include "speech/texts.h"
#include "web/assets.h"
#include "web/facts.h"
#include "web/look.h"

#include <errno.h>
#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <unistr.h>

#define CSS_MAX (256 << 10) /* bytes */
#define ELLIPSIS "\xe2\x80\xa6"

#define FIXED_COUNT (PAGE_KIND_COUNT - PAGE_NOT_FOUND)

struct pages {
    const struct config *config;
    struct texts texts;
    struct template *template;
    struct assets assets;
    struct looks looks;
    struct facts_ground ground;
    struct text *fixed; /* FIXED_COUNT in each language */
};

/* --- loading --------------------------------------------------------------------------------- */

static int load_template(struct pages *pages, struct error *why)
{
    char *path = template_find(pages->config->templates, "page.xsl");
    int rc = path ? template_load(path, OPTOUT_TEMPLATES, &pages->template, why)
                  : error_set(why, -ENOMEM, "out of memory");

    free(path);
    return rc;
}

static int load_looks(struct pages *pages, struct error *why)
{
    char *path = template_find(pages->config->templates, "page.css"), *css = NULL;
    size_t length = 0;
    int rc = path ? file_read(path, CSS_MAX, &css, &length, why)
                  : error_set(why, -ENOMEM, "out of memory");

    if (rc == 0)
        rc = looks_load(&pages->looks, pages->config, css, &pages->assets, why);
    free(path);
    free(css);
    return rc;
}

static int settle_language(const struct pages *pages, struct look *look, struct error *why)
{
    const struct texts *texts = &pages->texts;
    struct text known = TEXT_EMPTY;

    look->language = language_find(look->brand->language, texts->languages, texts->language_count);
    if (look->language < texts->language_count)
        return 0;
    for (size_t i = 0; i < texts->language_count; i++)
        text_format(&known, " %s", texts->languages[i]);
    int rc = error_set(why, ERR_CONFIG, "%s: language: there are no texts in %s, but in:%s",
                       pages->config->path, look->brand->language, known.data ? known.data : "");
    text_release(&known);
    return rc;
}

/* Those that are about nobody, in every language. */
static int make_fixed(struct pages *pages, struct error *why)
{
    size_t languages = pages->texts.language_count;
    int rc = 0;

    pages->fixed = calloc(languages * FIXED_COUNT, sizeof *pages->fixed);
    if (!pages->fixed)
        return error_set(why, -ENOMEM, "out of memory");
    for (size_t i = 0; i < languages * FIXED_COUNT && rc == 0; i++) {
        struct page page = {.kind = (enum page_kind)(PAGE_NOT_FOUND + i % FIXED_COUNT),
                            .accept_language = pages->texts.languages[i / FIXED_COUNT]};
        rc = page_render(pages, &page, &pages->fixed[i], why);
    }
    return rc;
}

static void release_fixed(struct pages *pages)
{
    for (size_t i = 0; pages->fixed && i < pages->texts.language_count * FIXED_COUNT; i++)
        text_release(&pages->fixed[i]);
    free(pages->fixed);
}

/* Every kind of page in every language, with and without a brand. */
static int try_all(const struct pages *pages, struct error *why)
{
    const char *scopes[] = {"optout/test",
                            pages->config->brand_count ? pages->config->brands[0].scope : "optout"};
    struct page page = {.undo = "undo", .masked_address = "a" ELLIPSIS "@d" ELLIPSIS};
    int rc = 0;

    for (size_t i = 0; i < 2 * PAGE_KIND_COUNT && rc == 0; i++) {
        page.kind = (enum page_kind)(i / 2);
        page.scope = scopes[i % 2];
        for (size_t j = 0; j < pages->texts.language_count && rc == 0; j++) {
            struct text html = TEXT_EMPTY;
            page.accept_language = pages->texts.languages[j];
            rc = page_render(pages, &page, &html, why);
            text_release(&html);
        }
    }
    return rc;
}

/* "/" or "/optout/" of the public URL. */
static const char *root_of(const char *public_url)
{
    const char *host = public_url ? strstr(public_url, "://") : NULL;
    const char *path = host ? strchr(host + 3, '/') : NULL;

    return path ? path : "/";
}

int pages_load(const struct config *config, struct pages **pages, struct error *why)
{
    struct pages *made = calloc(1, sizeof *made);
    int rc = 0;

    if (!made)
        return error_set(why, -ENOMEM, "out of memory");
    xmlInitParser();
    made->config = config_hold(config);
    made->ground = (struct facts_ground){config, &made->texts, root_of(config->policy.public_url)};
    rc = texts_load(&made->texts, made->config->templates, why);
    if (rc == 0)
        rc = load_template(made, why);
    if (rc == 0)
        rc = load_looks(made, why);
    for (size_t i = 0; i < made->looks.count && rc == 0; i++)
        rc = settle_language(made, &made->looks.items[i], why);
    if (rc == 0)
        rc = try_all(made, why);
    if (rc == 0)
        rc = make_fixed(made, why);
    if (rc < 0)
        pages_free(made);
    else
        *pages = made;
    return rc;
}

void pages_free(struct pages *pages)
{
    if (!pages)
        return;
    release_fixed(pages);
    looks_release(&pages->looks);
    assets_release(&pages->assets);
    template_free(pages->template);
    texts_release(&pages->texts);
    config_release(pages->config);
    free(pages);
}

/* --- asking ---------------------------------------------------------------------------------- */

static size_t language_of(const struct pages *pages, const struct look *look,
                          const char *accept_language)
{
    return language_choose(accept_language, pages->texts.languages, pages->texts.language_count,
                           look->language);
}

const struct text *page_fixed(const struct pages *pages, enum page_kind kind,
                              const char *accept_language)
{
    size_t language = language_of(pages, looks_of(&pages->looks, NULL), accept_language);
    return &pages->fixed[language * FIXED_COUNT + (size_t)(kind - PAGE_NOT_FOUND)];
}

int page_render(const struct pages *pages, const struct page *page, struct text *html,
                struct error *why)
{
    const struct look *look = looks_of(&pages->looks, page->scope);
    size_t language = language_of(pages, look, page->accept_language);
    xmlDoc *document = facts_build(&pages->ground, look, language, page);

    if (!document)
        return error_set(why, -ENOMEM, "out of memory");
    int rc = template_apply(pages->template, document, html, why);
    xmlFreeDoc(document);
    return rc;
}

bool pages_wider_scope(const struct pages *pages, const char *scope, char *wider)
{
    const struct brand *brand = looks_of(&pages->looks, scope)->brand;
    const char *from = brand->scope ? brand->scope : scope;
    size_t length = brand->scope ? strlen(from) : strcspn(from, "/");

    if (length == 0 || (strncmp(from, scope, length) == 0 && scope[length] == '\0'))
        return false;
    memcpy(wider, from, length);
    wider[length] = '\0';
    return true;
}

bool pages_reason_known(const struct pages *pages, const char *scope, const char *key)
{
    return brand_has_reason(looks_of(&pages->looks, scope)->brand, key);
}

const struct page_asset *pages_asset(const struct pages *pages, const char *name)
{
    return assets_find(&pages->assets, name);
}

/* The first character, without the quote or backslash that may stand before it. */
static void append_first(const char *from, char *masked)
{
    const uint8_t *start = (const uint8_t *)from + strspn(from, "\"\\");
    int length = u8_mblen(start, strnlen((const char *)start, 4));

    if (length > 0 && *start != '@')
        strncat(masked, (const char *)start, (size_t)length);
    strcat(masked, ELLIPSIS);
}

void page_mask(const char *address, char masked[PAGE_MASK_SIZE])
{
    const char *at = strrchr(address, '@');

    masked[0] = '\0';
    append_first(address, masked);
    strcat(masked, "@");
    append_first(at ? at + 1 : "", masked);
}

const struct texts *pages_texts(const struct pages *pages)
{
    return &pages->texts;
}
