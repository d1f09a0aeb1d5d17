#include "web/look.h"

#include "base/text.h"
#include "config/options.h"
#include "core/color.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int no_memory(struct error *why)
{
    return error_set(why, -ENOMEM, "out of memory");
}

/* --- the plain one --------------------------------------------------------------------------- */

/* "unsubscribe.example.com" of the public URL. */
static char *host_of(const char *public_url)
{
    const char *host = public_url ? strstr(public_url, "://") : NULL;

    return host ? strndup(host + 3, strcspn(host + 3, ":/")) : strdup("optout");
}

static int make_plain(struct looks *looks, const struct config *config, struct error *why)
{
    struct brand *plain = &looks->plain;

    looks->plain_name = host_of(config->policy.public_url);
    if (!looks->plain_name)
        return no_memory(why);
    plain->name = looks->plain_name;
    plain->language = config->language;
    color_parse(option_find("color")->default_value, &plain->color);
    plain->color_dark = color_for_dark(plain->color);
    plain->reasons = reasons_known;
    plain->reason_count = REASONS_KNOWN;
    return 0;
}

/* --- loading --------------------------------------------------------------------------------- */

static void append_colors(uint32_t color, struct text *css)
{
    text_format(css, ":root { --accent: #%06x; --on-accent: #%06x; }\n", (unsigned)color,
                (unsigned)color_ink(color));
}

static int add_style(const struct brand *brand, const char *css, struct assets *assets,
                     const char **name, struct error *why)
{
    struct text text = TEXT_EMPTY;

    text_append(&text, css);
    text_append(&text, "\n");
    append_colors(brand->color, &text);
    text_append(&text, "@media (prefers-color-scheme: dark) { ");
    append_colors(brand->color_dark, &text);
    text_append(&text, "}\n");
    int rc = text.failed ? no_memory(why)
                         : assets_add(assets, "page", "css", text.data, text.length, name, why);
    text_release(&text);
    return rc;
}

/* A tick on the brand's colour. */
static int add_icon(const struct brand *brand, struct assets *assets, const char **name,
                    struct error *why)
{
    struct text text = TEXT_EMPTY;

    text_format(&text,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 32 32\">"
                "<rect width=\"32\" height=\"32\" rx=\"7\" fill=\"#%06x\"/>"
                "<path d=\"M8 17l6 6 11-13\" fill=\"none\" stroke=\"#%06x\" stroke-width=\"4\"/>"
                "</svg>\n",
                (unsigned)brand->color, (unsigned)color_ink(brand->color));
    int rc = text.failed ? no_memory(why)
                         : assets_add(assets, "icon", "svg", text.data, text.length, name, why);
    text_release(&text);
    return rc;
}

static int load_look(struct look *look, const struct brand *brand, const char *css,
                     struct assets *assets, struct error *why)
{
    look->brand = brand;
    int rc = add_style(brand, css, assets, &look->style, why);
    if (rc == 0)
        rc = add_icon(brand, assets, &look->icon, why);
    if (rc == 0 && brand->logo)
        rc = assets_add_file(assets, "logo", brand->logo, &look->logo, why);
    if (rc == 0 && brand->logo_dark)
        rc = assets_add_file(assets, "logo", brand->logo_dark, &look->logo_dark, why);
    return rc;
}

int looks_load(struct looks *looks, const struct config *config, const char *css,
               struct assets *assets, struct error *why)
{
    size_t count = config->brand_count + 1;
    int rc = make_plain(looks, config, why);

    if (rc < 0)
        return rc;
    looks->items = calloc(count, sizeof *looks->items);
    if (!looks->items)
        return no_memory(why);
    looks->count = count;
    looks->brands = config->brands;
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = load_look(&looks->items[i], i + 1 < count ? &config->brands[i] : &looks->plain, css,
                       assets, why);
    return rc;
}

void looks_release(struct looks *looks)
{
    free(looks->items);
    free(looks->plain_name);
    *looks = (struct looks){0};
}

const struct look *looks_of(const struct looks *looks, const char *scope)
{
    const struct look *plain = &looks->items[looks->count - 1];

    if (!scope)
        return looks->count == 2 ? looks->items : plain;
    const struct brand *brand = brand_of(looks->brands, looks->count - 1, scope);
    return brand ? &looks->items[brand - looks->brands] : plain;
}
