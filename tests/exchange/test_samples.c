/* Files as providers and people write them, in samples/, and beside each, in FILE.rows, what is to
 * be read out of it: the options (with: OPTION VALUE, ...), the format, and the rows. */
#include "exchange/reader.h"

#include "base/file.h"
#include "exchange/encoding.h"
#include "listing.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FILE_MAX 1000000

static char *folder;

static int find_folder(void **state)
{
    const char *source = getenv("srcdir");
    (void)state;
    folder = file_join(source ? source : ".", "tests/exchange/samples");
    return folder ? 0 : -1;
}

static int forget_folder(void **state)
{
    (void)state;
    free(folder);
    return 0;
}

/* The first line of what is expected may say how to read: "with: dates DMY, zone Europe/Berlin". */
struct manner {
    struct reader_options options;
    struct zone zone;
    char format[64], encoding[64];
};

static void take_option(struct manner *manner, const char *name, const char *value)
{
    if (strcmp(name, "dates") == 0) {
        assert_int_equal(date_order_parse(value, &manner->options.dates), 0);
    } else if (strcmp(name, "zone") == 0) {
        assert_int_equal(zone_load(value, &manner->zone, NULL), 0);
        manner->options.zone = &manner->zone;
    } else if (strcmp(name, "format") == 0) {
        strcpy(manner->format, value);
        manner->options.format = manner->format;
    } else if (strcmp(name, "encoding") == 0) {
        strcpy(manner->encoding, value);
    } else {
        fail_msg("unknown option %s", name);
    }
}

static void read_manner(const char *expected, struct manner *manner)
{
    char name[64], value[64];
    int length;

    memset(manner, 0, sizeof *manner);
    if (strncmp(expected, "with: ", 6) != 0)
        return;
    expected += 6;
    while (sscanf(expected, "%63[a-z] %63[^,\n]%n", name, value, &length) == 2) {
        take_option(manner, name, value);
        expected += length;
        if (strncmp(expected, ", ", 2) != 0)
            break;
        expected += 2;
    }
}

static void list_file(const char *path, const char *expected, struct text *out)
{
    static struct row row;
    struct manner manner;
    struct input *input = NULL;
    struct reader *reader = NULL;
    struct error why = {""};
    int rc;

    read_manner(expected, &manner);
    if (strncmp(expected, "with: ", 6) == 0)
        text_append_bytes(out, expected, strcspn(expected, "\n") + 1);
    rc = input_open(path, *manner.encoding ? manner.encoding : NULL, &input, &why);
    if (rc == 0)
        rc = reader_open(input, &manner.options, &reader, &why);
    if (rc == 0) {
        const struct reader_facts *facts = reader_facts(reader);
        text_format(out, "%s%s\n", facts->format->name,
                    facts->says_nothing ? ", does not say who has opted out" : "");
        while ((rc = reader_next(reader, &row, &why)) == 1)
            list_row(&row, out);
        assert_int_equal(input_done(input), input_size(input));
    }
    if (rc < 0)
        text_format(out, "refused: %s\n", why.text);
    reader_close(reader);
    input_close(input);
}

static void check_sample(const char *name)
{
    char *path = file_join(folder, name), expected_path[512], *expected = NULL;
    struct text out = TEXT_EMPTY;
    size_t length;

    snprintf(expected_path, sizeof expected_path, "%s.rows", path);
    if (file_read(expected_path, FILE_MAX, &expected, &length, NULL) < 0)
        fail_msg("%s is missing", expected_path);
    list_file(path, expected, &out);
    if (getenv("SAMPLES_WRITE")) {
        struct error why = {""};
        assert_int_equal(file_replace(expected_path, out.data, out.length, 0644, &why), 0);
    } else if (strcmp(out.data, expected) != 0) {
        fail_msg("%s gave\n%s\ninstead of\n%s", name, out.data, expected);
    }
    text_release(&out);
    free(expected);
    free(path);
}

static int is_sample(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return *entry->d_name != '.' &&
           (length < 5 || strcmp(entry->d_name + length - 5, ".rows") != 0);
}

static void each_sample_is_read_as_it_says(void **state)
{
    struct dirent **entries;
    (void)state;

    int count = scandir(folder, &entries, is_sample, alphasort);
    assert_true(count > 40);
    for (int i = 0; i < count; i++) {
        check_sample(entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_sample_is_read_as_it_says),
    };
    return cmocka_run_group_tests(tests, find_folder, forget_folder);
}
