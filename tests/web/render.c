/* Writes every sample page in every language, and what they refer to, into a folder, to be looked
 * at with a browser.
 * usage: render CONFIGURATION FOLDER LANGUAGE... */
#include "samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void die(const char *what, const char *why)
{
    fprintf(stderr, "render: %s: %s\n", what, why);
    exit(1);
}

static void write_file(const char *folder, const char *name, const char *bytes, size_t length)
{
    char path[512];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    if (!file || fwrite(bytes, 1, length, file) != length || fclose(file) != 0)
        die(path, "cannot be written");
}

/* What the page loads: href of its style sheet and src and srcset of pictures. */
static void write_assets(const struct pages *pages, const char *html, const char *folder)
{
    static const char *const attributes[] = {"stylesheet\" href=\"", "icon\" href=\"", " src=\"",
                                             "srcset=\""};

    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
        const char *at = strstr(html, attributes[i]);
        char name[128];
        if (!at)
            continue;
        at += strlen(attributes[i]);
        snprintf(name, sizeof name, "%.*s", (int)strcspn(at + 1, "\""), at + 1);
        const struct page_asset *asset = pages_asset(pages, name);
        if (!asset)
            die(name, "there is no such asset");
        write_file(folder, name, asset->bytes, asset->length);
    }
}

static void write_page(const struct pages *pages, const struct sample *sample, const char *language,
                       const char *folder)
{
    struct page page = sample->page;
    struct text html = TEXT_EMPTY;
    struct error why = {""};
    char name[128];

    page.accept_language = language;
    if (page_render(pages, &page, &html, &why) < 0)
        die(sample->name, why.text);
    snprintf(name, sizeof name, "%s.%s.html", sample->name, language);
    write_file(folder, name, html.data, html.length);
    write_assets(pages, html.data, folder);
    text_release(&html);
}

int main(int argc, char **argv)
{
    struct config *config = NULL;
    struct pages *pages = NULL;
    struct error why = {""};

    if (argc < 4)
        die("usage", "render CONFIGURATION FOLDER LANGUAGE...");
    if (config_read(argv[1], &config, &why) < 0 || pages_load(config, &pages, &why) < 0)
        die(argv[1], why.text);
    for (int i = 3; i < argc; i++)
        for (size_t j = 0; j < SAMPLE_COUNT; j++)
            write_page(pages, &samples[j], argv[i], argv[2]);
    pages_free(pages);
    config_release(config);
    return 0;
}
