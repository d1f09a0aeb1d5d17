/* For the tests of this folder: a configuration from a text, and what is wrong with it. */
#ifndef TESTS_CONFIG_READING_H
#define TESTS_CONFIG_READING_H

#include "config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* A stream and a brand that have what they need. */
#define STREAM(lines) "stream s {\n scope = a/b\n match_login = x\n" lines "}\n"
#define BRAND(lines) "brand b {\n scope = a\n name = A\n" lines "}\n"

static char reading_folder[64];
static char reading_path[96];

static int make_reading_folder(void **state)
{
    (void)state;
    strcpy(reading_folder, "/tmp/optout-test-config-XXXXXX");
    if (!mkdtemp(reading_folder))
        return -1;
    snprintf(reading_path, sizeof reading_path, "%s/optout.conf", reading_folder);
    return 0;
}

static int remove_reading_folder(void **state)
{
    (void)state;
    unlink(reading_path);
    return rmdir(reading_folder);
}

static void write_bytes(const char *bytes, size_t length)
{
    FILE *file = fopen(reading_path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

/* The caller releases it. */
static inline struct config *read_text(const char *text)
{
    struct config *config = NULL;
    struct error why = {""};

    write_bytes(text, strlen(text));
    if (config_read(reading_path, &config, &why) != 0)
        fail_msg("refused: %s\n%s", why.text, text);
    return config;
}

static void refuses_bytes(const char *bytes, size_t length, unsigned line, const char *sentence)
{
    struct config *untouched = (struct config *)(void *)&reading_path, *config = untouched;
    struct error why = {""};
    char start[128];

    write_bytes(bytes, length);
    int rc = config_read(reading_path, &config, &why);
    snprintf(start, sizeof start, line ? "%s:%u: " : "%s: ", reading_path, line);
    if (rc != ERR_CONFIG || strncmp(why.text, start, strlen(start)) != 0 ||
        !strstr(why.text, sentence))
        fail_msg("gave %d \"%s\" instead of \"%s...%s\" for:\n%s", rc, why.text, start, sentence,
                 bytes);
    assert_ptr_equal(config, untouched);
}

/* The text is refused in this line (0: the file as a whole) with a message that has the sentence in
 * it. */
static inline void refuses(const char *text, unsigned line, const char *sentence)
{
    refuses_bytes(text, strlen(text), line, sentence);
}

static inline void takes(const char *text)
{
    config_release(read_text(text));
}

#endif
