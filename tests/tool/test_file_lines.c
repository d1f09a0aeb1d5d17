#include "tool/file_lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Begins to read these bytes. */
static struct file_lines *open_bytes(const char *bytes, size_t length)
{
    struct file_lines *lines = calloc(1, sizeof *lines);
    assert_non_null(lines);
    lines->file = tmpfile();
    assert_non_null(lines->file);
    assert_int_equal(fwrite(bytes, 1, length, lines->file), length);
    rewind(lines->file);
    return lines;
}

#define OPEN(literal) open_bytes(literal, sizeof(literal) - 1)

static void close_lines(struct file_lines *lines)
{
    fclose(lines->file);
    free(lines);
}

static void expect(struct file_lines *lines, uint64_t number, const char *text)
{
    assert_true(file_lines_next(lines));
    assert_false(lines->bad);
    assert_int_equal(lines->number, number);
    assert_string_equal(lines->text, text);
}

static void expect_bad(struct file_lines *lines, uint64_t number)
{
    assert_true(file_lines_next(lines));
    assert_true(lines->bad);
    assert_int_equal(lines->number, number);
}

static void expect_end(struct file_lines *lines)
{
    assert_false(file_lines_next(lines));
    assert_false(ferror(lines->file));
    close_lines(lines);
}

static void each_line_comes_with_its_number(void **state)
{
    struct file_lines *lines = OPEN("a@b.example\nc@d.example\n");
    (void)state;
    expect(lines, 1, "a@b.example");
    expect(lines, 2, "c@d.example");
    expect_end(lines);
}

static void the_last_line_needs_no_line_break(void **state)
{
    struct file_lines *lines = OPEN("a@b.example\nc@d.example");
    (void)state;
    expect(lines, 1, "a@b.example");
    expect(lines, 2, "c@d.example");
    expect_end(lines);
}

static void blank_lines_are_counted_and_left_out(void **state)
{
    struct file_lines *lines = OPEN("\n \t \n\r\na@b.example\n\n");
    (void)state;
    expect(lines, 4, "a@b.example");
    expect_end(lines);
}

static void blanks_and_cr_at_either_end_are_dropped_and_others_stay(void **state)
{
    struct file_lines *lines = OPEN(" \"a b\"@c.example\t\r\n");
    (void)state;
    expect(lines, 1, "\"a b\"@c.example");
    expect_end(lines);
}

static void a_byte_order_mark_is_dropped_in_front_and_nowhere_else(void **state)
{
    struct file_lines *lines = OPEN("\xef\xbb\xbf"
                                    "a@b.example\n\xef\xbb\xbf"
                                    "c@d.example\n");
    (void)state;
    expect(lines, 1, "a@b.example");
    expect(lines, 2,
           "\xef\xbb\xbf"
           "c@d.example");
    expect_end(lines);
}

static void a_mark_alone_is_a_blank_line(void **state)
{
    struct file_lines *lines = OPEN("\xef\xbb\xbf\r\na@b.example\n");
    (void)state;
    expect(lines, 2, "a@b.example");
    expect_end(lines);
}

static void a_nul_makes_its_line_bad_and_no_other(void **state)
{
    struct file_lines *lines = OPEN("a@b.exa\0mple\nc@d.example\n\0\n");
    (void)state;
    expect_bad(lines, 1);
    expect(lines, 2, "c@d.example");
    expect_bad(lines, 3);
    expect_end(lines);
}

static void a_line_up_to_the_limit_is_read_and_a_longer_one_is_bad(void **state)
{
    char bytes[2 * ADDRESS_GIVEN_MAX + 16];
    const size_t limit = ADDRESS_GIVEN_MAX + 1;
    (void)state;
    memset(bytes, 'x', sizeof bytes);
    bytes[limit] = '\n';
    bytes[2 * limit + 2] = '\n';
    struct file_lines *lines = open_bytes(bytes, 2 * limit + 5);
    assert_true(file_lines_next(lines));
    assert_false(lines->bad);
    assert_int_equal(strlen(lines->text), limit);
    expect_bad(lines, 2);
    expect(lines, 3, "xx");
    expect_end(lines);
}

static void nothing_at_all_has_no_line(void **state)
{
    (void)state;
    expect_end(OPEN(""));
}

static void an_error_is_no_end(void **state)
{
    struct file_lines *lines = OPEN("a@b.example\n");
    (void)state;
    fclose(lines->file);
    lines->file = fopen("/", "r"); /* a folder opens, and cannot be read */
    assert_non_null(lines->file);
    assert_false(file_lines_next(lines));
    assert_true(ferror(lines->file));
    close_lines(lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_line_comes_with_its_number),
        cmocka_unit_test(the_last_line_needs_no_line_break),
        cmocka_unit_test(blank_lines_are_counted_and_left_out),
        cmocka_unit_test(blanks_and_cr_at_either_end_are_dropped_and_others_stay),
        cmocka_unit_test(a_byte_order_mark_is_dropped_in_front_and_nowhere_else),
        cmocka_unit_test(a_mark_alone_is_a_blank_line),
        cmocka_unit_test(a_nul_makes_its_line_bad_and_no_other),
        cmocka_unit_test(a_line_up_to_the_limit_is_read_and_a_longer_one_is_bad),
        cmocka_unit_test(nothing_at_all_has_no_line),
        cmocka_unit_test(an_error_is_no_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
