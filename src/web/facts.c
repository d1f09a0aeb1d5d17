#include "web/facts.h"

#include "core/brand.h"
#include "core/scope.h"
#include "speech/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Marks that keep a value of the other writing direction together: FSI and PDI of Unicode. */
#define ISOLATE_BEGIN "\xe2\x81\xa8"
#define ISOLATE_END "\xe2\x81\xa9"

#define TIME_SLOTS 6
#define SLOTS 4

/* A document that is being built. */
struct builder {
    const struct facts_ground *ground;
    const struct look *look;
    size_t language;
    const struct page *page;
    const char *title; /* of the stream; NULL: the page is about all advertising of the brand */
    char brand_name[SCOPE_MAX + 1]; /* of who has no brand; "": the look's */
    struct document document;
};

const char *facts_kind_name(enum page_kind kind)
{
    static const char *const names[PAGE_KIND_COUNT] = {
        [PAGE_ASK] = "ask",
        [PAGE_DONE] = "done",
        [PAGE_THANKS] = "thanks",
        [PAGE_ASK_UNDO] = "ask-undo",
        [PAGE_UNDONE] = "undone",
        [PAGE_UNDO_LATE] = "undo-late",
        [PAGE_GENERAL] = "general",
        [PAGE_GENERAL_DONE] = "general-done",
        [PAGE_NOT_FOUND] = "not-found",
        [PAGE_BAD_REQUEST] = "bad-request",
        [PAGE_LIMITED] = "limited",
        [PAGE_FAILED] = "failed",
    };
    return names[kind];
}

/* An asset's place in the site. */
static void add_link(struct builder *builder, xmlNode *node, const char *attribute,
                     const char *asset)
{
    char path[512];

    if (!asset)
        return;
    snprintf(path, sizeof path, "%s%s", builder->ground->root, asset);
    document_set(&builder->document, node, attribute, path);
}

/* --- what it is about ------------------------------------------------------------------------ */

static void settle_subject(struct builder *builder)
{
    const char *scope = builder->page->scope;

    builder->title =
        scope ? brand_title(builder->look->brand, &builder->ground->config->policy, scope) : NULL;
    if (scope && !builder->look->brand->scope && strcmp(scope, "/") != 0)
        snprintf(builder->brand_name, sizeof builder->brand_name, "%.*s", (int)strcspn(scope, "/"),
                 scope);
}

static const char *name_of(const struct builder *builder)
{
    return builder->brand_name[0] ? builder->brand_name : builder->look->brand->name;
}

/* --- texts ----------------------------------------------------------------------------------- */

static void fill_time(const struct builder *builder, struct text *filled)
{
    char numbers[TIME_SLOTS - 1][12];
    time_t when = (time_t)builder->page->when;
    struct tm parts;

    if (!localtime_r(&when, &parts))
        return;
    const int values[] = {parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                          parts.tm_min};
    for (size_t i = 0; i < TIME_SLOTS - 1; i++)
        snprintf(numbers[i], sizeof numbers[i], "%02d", values[i]);
    const struct slot slots[TIME_SLOTS] = {{"year", numbers[0]},   {"month", numbers[1]},
                                           {"day", numbers[2]},    {"hour", numbers[3]},
                                           {"minute", numbers[4]}, {"zone", parts.tm_zone}};
    const char *pattern = texts_get(builder->ground->texts, "time", builder->language);
    texts_fill(pattern ? pattern : "", slots, TIME_SLOTS, filled);
}

static void fill_address(const struct builder *builder, struct text *filled)
{
    const char *address = builder->page->masked_address;
    bool foreign = address && (unsigned char)address[0] >= 0x80;

    text_append(filled, foreign ? ISOLATE_BEGIN : "");
    text_append(filled, address ? address : "");
    text_append(filled, foreign ? ISOLATE_END : "");
}

static void add_texts(struct builder *builder)
{
    const struct texts *texts = builder->ground->texts;
    struct text time = TEXT_EMPTY, address = TEXT_EMPTY, filled = TEXT_EMPTY;

    fill_time(builder, &time);
    fill_address(builder, &address);
    const struct slot slots[SLOTS] = {{"time", time.data},
                                      {"address", address.data},
                                      {"title", builder->title},
                                      {"brand", name_of(builder)}};
    for (size_t i = 0; i < texts->count && !builder->document.failed; i++) {
        const char *pattern = texts_get(texts, texts->ids[i], builder->language);
        texts_fill(pattern ? pattern : "", slots, SLOTS, &filled);
        builder->document.failed |= filled.failed;
        if (builder->document.failed)
            break;
        xmlNode *node =
            document_add(&builder->document, builder->document.root, "text", filled.data);
        document_set(&builder->document, node, "id", texts->ids[i]);
        filled.length = 0;
    }
    builder->document.failed |= time.failed || address.failed;
    text_release(&time);
    text_release(&address);
    text_release(&filled);
}

/* --- the brand ------------------------------------------------------------------------------- */

static void add_brand(struct builder *builder)
{
    const struct brand *brand = builder->look->brand;
    xmlNode *node = document_add(&builder->document, builder->document.root, "brand", NULL);

    document_set(&builder->document, node, "name", name_of(builder));
    add_link(builder, node, "logo", builder->look->logo);
    add_link(builder, node, "logo-dark", builder->look->logo_dark);
    document_set(&builder->document, node, "imprint", brand->imprint_url);
    document_set(&builder->document, node, "privacy", brand->privacy_url);
    document_set(&builder->document, node, "accessibility", brand->accessibility_url);
    for (size_t i = 0; i < brand->postal_address_count; i++)
        document_add(&builder->document, node, "line", brand->postal_address[i]);
}

/* The brand's own text in the page's language, else the one for all, else that of the texts, else
 * whatever there is. */
static const char *reason_text(const struct builder *builder, const char *key)
{
    const struct brand *brand = builder->look->brand;
    const char *language = builder->ground->texts->languages[builder->language];
    const char *any = NULL, *general = NULL;
    char id[REASON_KEY_MAX + 8];

    for (size_t i = 0; i < brand->reason_count; i++) {
        const struct reason *reason = &brand->reasons[i];
        if (strcmp(reason->key, key) != 0 || !reason->text)
            continue;
        if (strcmp(reason->language, language) == 0)
            return reason->text;
        if (reason->language[0])
            any = any ? any : reason->text;
        else
            general = reason->text;
    }
    snprintf(id, sizeof id, "reason-%s", key);
    if (!general)
        general = texts_get(builder->ground->texts, id, builder->language);
    return general ? general : any;
}

static void add_reasons(struct builder *builder)
{
    const struct brand *brand = builder->look->brand;

    for (size_t i = 0; i < brand->reason_count; i++) {
        const char *key = brand->reasons[i].key;
        size_t first = 0;
        while (strcmp(brand->reasons[first].key, key) != 0)
            first++;
        if (first < i)
            continue;
        const char *text = reason_text(builder, key);
        xmlNode *node =
            document_add(&builder->document, builder->document.root, "reason", text ? text : key);
        document_set(&builder->document, node, "key", key);
    }
}

/* --- all of it ------------------------------------------------------------------------------- */

static void add_page(struct builder *builder)
{
    const struct page *page = builder->page;
    char text_max[16];

    snprintf(text_max, sizeof text_max, "%d", PAGE_TEXT_MAX);
    document_set(&builder->document, builder->document.root, "kind", facts_kind_name(page->kind));
    document_set(&builder->document, builder->document.root, "lang",
                 builder->ground->texts->languages[builder->language]);
    document_set(&builder->document, builder->document.root, "wide", builder->title ? NULL : "yes");
    document_set(&builder->document, builder->document.root, "all",
                 page->wider_scope ? "yes" : NULL);
    document_set(&builder->document, builder->document.root, "address", page->masked_address);
    document_set_foreign(&builder->document, builder->document.root, "undo", page->undo);
    document_set_foreign(&builder->document, builder->document.root, "typed", page->typed);
    document_set(&builder->document, builder->document.root, "text-max", text_max);
    xmlNode *style = document_add(&builder->document, builder->document.root, "style", NULL);
    add_link(builder, style, "href", builder->look->style);
    add_link(builder, style, "icon", builder->look->icon);
}

xmlDoc *facts_build(const struct facts_ground *ground, const struct look *look, size_t language,
                    const struct page *page)
{
    struct builder builder = {.ground = ground, .look = look, .language = language, .page = page};

    document_begin(&builder.document, "page");
    settle_subject(&builder);
    add_page(&builder);
    add_brand(&builder);
    add_reasons(&builder);
    add_texts(&builder);
    if (builder.document.failed)
        document_release(&builder.document);
    return builder.document.tree;
}
