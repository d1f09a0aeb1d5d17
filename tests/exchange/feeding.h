/* Inputs out of memory, and what a reader makes of them. */
#ifndef TESTS_EXCHANGE_FEEDING_H
#define TESTS_EXCHANGE_FEEDING_H

#include "exchange/reader.h"

#include "listing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

/* An open descriptor of a file with these bytes, at its beginning. */
static inline int memory_file(const void *bytes, size_t length)
{
    int fd = memfd_create("list", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, length), length);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static inline struct input *open_bytes(const void *bytes, size_t length, const char *encoding)
{
    struct input *input = NULL;
    struct error why = {""};
    if (input_open_fd(memory_file(bytes, length), "list", encoding, &input, &why) != 0)
        fail_msg("refused: %s", why.text);
    return input;
}

/* What is read, as list_row writes it; the caller releases it. */
static inline struct text read_list(struct input *input, const struct reader_options *options)
{
    static const struct reader_options none;
    static struct row row;
    struct reader *reader = NULL;
    struct error why = {""};
    struct text out = TEXT_EMPTY;

    int rc = reader_open(input, options ? options : &none, &reader, &why);
    while (rc == 0 && (rc = reader_next(reader, &row, &why)) == 1) {
        list_row(&row, &out);
        rc = 0;
    }
    if (rc < 0)
        text_format(&out, "refused: %s\n", why.text);
    text_append(&out, "");
    reader_close(reader);
    return out;
}

static inline void reads(const char *bytes, const struct reader_options *options,
                         const char *expected)
{
    struct input *input = open_bytes(bytes, strlen(bytes), NULL);
    struct text out = read_list(input, options);

    if (strcmp(out.data, expected) != 0)
        fail_msg("gave\n%sinstead of\n%sfor\n%s", out.data, expected, bytes);
    text_release(&out);
    input_close(input);
}

/* The file is refused, with a sentence that has the part in it. */
static inline void refuses_list(const char *bytes, const struct reader_options *options,
                                const char *part)
{
    struct input *input = open_bytes(bytes, strlen(bytes), NULL);
    struct text out = read_list(input, options);

    if (strncmp(out.data, "refused: ", 9) != 0 || !strstr(out.data, part))
        fail_msg("gave\n%sinstead of a refusal with \"%s\"", out.data, part);
    text_release(&out);
    input_close(input);
}

#endif
