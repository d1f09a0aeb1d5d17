/* For the tests of this folder: a folder with the templates and a configuration. */
#ifndef TESTS_WEB_FILES_H
#define TESTS_WEB_FILES_H

#include "base/file.h"
#include "web/page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static char folder[64];

static inline const char *path_of(const char *name)
{
    static char path[160];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* Returns its path. */
static inline const char *put_file(const char *name, const char *text)
{
    const char *path = path_of(name);
    assert_int_equal(file_replace(path, text, strlen(text), 0644, NULL), 0);
    return path;
}

static inline char *get_file(const char *path)
{
    char *text = NULL;
    size_t length;
    struct error why;
    if (file_read(path, 1 << 20, &text, &length, &why) != 0)
        fail_msg("%s", why.text);
    return text;
}

/* Those of the source, and the texts that the build made. */
static inline void put_templates(void)
{
    static const char *const names[] = {"page.xsl", "page.css", "texts.xml"};
    const char *source = getenv("srcdir");

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/share/templates/%s",
                 source && strcmp(names[i], "texts.xml") != 0 ? source : ".", names[i]);
        char *text = get_file(path);
        put_file(names[i], text);
        free(text);
    }
}

static inline int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/optout-test-web-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    put_templates();
    return 0;
}

static inline int remove_folder(void **state)
{
    char command[96];
    (void)state;
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

/* The configuration with those lines behind what the samples need; the caller releases it. */
static inline struct config *configuration(const char *lines)
{
    struct config *config = NULL;
    struct error why;
    char text[4096];

    snprintf(text, sizeof text,
             "public_url = 'https://unsubscribe.example.com/x'\n"
             "templates = '%s'\n"
             "stream n { scope = acme/newsletter title = 'Acme Newsletter' match_login = a }\n"
             "stream o { scope = acme/offers title = 'Acme Offers' match_login = b }\n"
             "stream g { scope = globex/offers match_login = c }\n"
             "%s\n",
             folder, lines);
    if (config_read(put_file("optout.conf", text), &config, &why) != 0)
        fail_msg("%s", why.text);
    return config;
}

static inline struct pages *load_pages(const char *lines)
{
    struct config *config = configuration(lines);
    struct pages *pages = NULL;
    struct error why = {""};

    if (pages_load(config, &pages, &why) != 0)
        fail_msg("%s", why.text);
    config_release(config);
    return pages;
}

static inline void pages_refused(const char *lines, int code, const char *sentence)
{
    struct config *config = configuration(lines);
    struct pages *pages = NULL;
    struct error why = {""};

    assert_int_equal(pages_load(config, &pages, &why), code);
    if (!strstr(why.text, sentence))
        fail_msg("\"%s\" does not say \"%s\"", why.text, sentence);
    assert_null(pages);
    config_release(config);
}

#endif
