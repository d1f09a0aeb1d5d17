#include "tool/mail/eml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct letter {
    struct pool pool;
    const struct header_field *fields;
    size_t count;
    int code;
    struct error why;
};

static struct letter read_bytes(const char *bytes, size_t length)
{
    struct letter letter = {.fields = NULL};
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    rewind(file);
    letter.code = eml_read(file, &letter.pool, &letter.fields, &letter.count, &letter.why);
    fclose(file);
    return letter;
}

#define READ(literal) read_bytes(literal, sizeof(literal) - 1)

static void assert_field(const struct letter *letter, size_t i, const char *name, const char *value)
{
    assert_int_equal(letter->code, 0);
    assert_true(i < letter->count);
    assert_string_equal(letter->fields[i].name, name);
    assert_string_equal(letter->fields[i].value, value);
}

static void finish(struct letter *letter, size_t count)
{
    assert_int_equal(letter->code, 0);
    assert_int_equal(letter->count, count);
    pool_release(&letter->pool);
}

static void fields_end_at_the_empty_line(void **state)
{
    struct letter l = READ("From: a@b.example\nSubject: hello\n\nTo: not a field\n");
    (void)state;
    assert_field(&l, 0, "From", "a@b.example");
    assert_field(&l, 1, "Subject", "hello");
    finish(&l, 2);
}

static void crlf_is_read_as_lf(void **state)
{
    struct letter l = READ("From: a@b.example\r\nSubject: one\r\n two\r\n\r\nBody: x\r\n");
    (void)state;
    assert_field(&l, 0, "From", "a@b.example");
    assert_field(&l, 1, "Subject", "one\n two");
    finish(&l, 2);
}

static void folded_lines_stay_folded(void **state)
{
    struct letter l = READ("List-Unsubscribe: <https://x/>,\n\t<mailto:y>\nTo: z\n\n");
    (void)state;
    assert_field(&l, 0, "List-Unsubscribe", "<https://x/>,\n\t<mailto:y>");
    assert_field(&l, 1, "To", "z");
    finish(&l, 2);
}

static void only_the_first_blank_behind_the_colon_is_dropped(void **state)
{
    struct letter l = READ("A:b\nC:  d \nE:\tf\nG :h\nI:\n\n");
    (void)state;
    assert_field(&l, 0, "A", "b");
    assert_field(&l, 1, "C", " d ");
    assert_field(&l, 2, "E", "\tf");
    assert_field(&l, 3, "G", "h");
    assert_field(&l, 4, "I", "");
    finish(&l, 5);
}

static void a_file_that_ends_within_the_header_has_its_fields(void **state)
{
    struct letter l = READ("A: b\nC: d");
    (void)state;
    assert_field(&l, 0, "A", "b");
    assert_field(&l, 1, "C", "d");
    finish(&l, 2);
}

static void the_header_ends_before_what_is_no_field(void **state)
{
    struct letter l = READ("A: b\nno field here\nC: d\n\n");
    struct letter m = READ("A: b\nin between: d\n\n");
    (void)state;
    assert_field(&l, 0, "A", "b");
    finish(&l, 1);
    finish(&m, 1);
}

static void a_mailbox_s_first_line_is_skipped(void **state)
{
    struct letter l = READ("From a@b.example Mon Jan  1 00:00:00 2026\nFrom: a@b.example\n\n");
    (void)state;
    assert_field(&l, 0, "From", "a@b.example");
    finish(&l, 1);
}

static void no_header_is_no_error(void **state)
{
    struct letter nothing = READ(""), body = READ("\nFrom: x\n"), folded = READ(" folded: x\n\n"),
                  mailbox = READ("From nobody");
    (void)state;
    finish(&nothing, 0);
    finish(&body, 0);
    finish(&folded, 0);
    finish(&mailbox, 0);
}

static void a_nul_is_an_error_in_the_header_and_none_behind_it(void **state)
{
    struct letter bad = READ("A: b\0c\n\n"), fine = READ("A: b\n\nc\0d\n");
    (void)state;
    assert_int_equal(bad.code, ERR_SYNTAX);
    pool_release(&bad.pool);
    finish(&fine, 1);
}

static char *long_message(size_t header, size_t body, size_t *length)
{
    char *bytes = malloc(header + 2 + body);
    assert_non_null(bytes);
    memset(bytes, 'x', header + 2 + body);
    bytes[1] = ':';
    bytes[header] = bytes[header + 1] = '\n';
    *length = header + 2 + body;
    return bytes;
}

static void a_long_body_does_not_count_and_a_long_header_is_an_error(void **state)
{
    size_t length;
    char *bytes = long_message(1000, 2 * (size_t)EML_HEADER_MAX, &length);
    struct letter l = read_bytes(bytes, length);
    (void)state;
    finish(&l, 1);
    free(bytes);
    bytes = long_message(2 * (size_t)EML_HEADER_MAX, 10, &length);
    l = read_bytes(bytes, length);
    assert_int_equal(l.code, ERR_TOO_LONG);
    pool_release(&l.pool);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_end_at_the_empty_line),
        cmocka_unit_test(crlf_is_read_as_lf),
        cmocka_unit_test(folded_lines_stay_folded),
        cmocka_unit_test(only_the_first_blank_behind_the_colon_is_dropped),
        cmocka_unit_test(a_file_that_ends_within_the_header_has_its_fields),
        cmocka_unit_test(the_header_ends_before_what_is_no_field),
        cmocka_unit_test(a_mailbox_s_first_line_is_skipped),
        cmocka_unit_test(no_header_is_no_error),
        cmocka_unit_test(a_nul_is_an_error_in_the_header_and_none_behind_it),
        cmocka_unit_test(a_long_body_does_not_count_and_a_long_header_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
