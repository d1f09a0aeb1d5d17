#include "tool/lists/reading.h"

#include "base/text.h"
#include "tool/command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { FIRST, READING_POSITIONS, LAST };
static const struct flag flags[] = {
    {.name = "first", .text = ""}, READING_FLAGS, {.name = "last", .text = ""}, {0}};

static struct reading reading;
static char path[] = "/tmp/test_reading.XXXXXX";

static void write_list(const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static int open_list(const char *const values[LAST + 1], struct error *why)
{
    int code = reading_open(path, &reading, why);
    assert_null(reading.input);
    return code ? code : reading_begin(values + READING_FORMAT, false, &reading, why);
}

static void refuses(const char *const values[LAST + 1], int code, const char *sentence)
{
    struct error why = {""};
    assert_int_equal(open_list(values, &why), code);
    assert_non_null(strstr(why.text, sentence));
    assert_null(reading.input);
    assert_null(reading.reader);
}

static void positions_and_table_go_together(void **state)
{
    (void)state;
    assert_string_equal(flags[READING_FORMAT].name, "format");
    assert_string_equal(flags[READING_ENCODING].name, "encoding");
    assert_string_equal(flags[READING_DATES].name, "dates");
    assert_string_equal(flags[READING_ZONE].name, "tz");
    assert_string_equal(flags[LAST].name, "last");
}

static void without_flags_the_file_tells(void **state)
{
    const char *values[LAST + 1] = {NULL};
    struct row row;
    struct error why = {""};
    (void)state;

    write_list("address,tags,created_at\nanna@example.org,*,2025-01-07T19:25:45Z\n");
    assert_int_equal(open_list(values, &why), 0);
    assert_string_equal(reader_facts(reading.reader)->format->name, "mailgun");
    assert_int_equal(reader_next(reading.reader, &row, &why), 1);
    assert_int_equal(row.asked, 1736277945);
    reading_close(&reading);
}

static void flags_say_how_it_is_read(void **state)
{
    const char *values[LAST + 1] = {[READING_FORMAT] = "mailgun",
                                    [READING_ENCODING] = "CP1252",
                                    [READING_DATES] = "DMY",
                                    [READING_ZONE] = "+01:00"};
    struct row row;
    struct error why = {""};
    (void)state;

    write_list("address,tags,created_at\nanna@example.org,caf\xe9,07/01/2025 20:25:45\n");
    assert_int_equal(open_list(values, &why), 0);
    assert_int_equal(reader_next(reading.reader, &row, &why), 1);
    assert_int_equal(row.asked, 1736277945);
    assert_string_equal(row.tags[0], "caf\xc3\xa9");
    reading_close(&reading);
}

static void what_cannot_be_is_refused(void **state)
{
    const char *values[LAST + 1] = {NULL};
    (void)state;

    write_list("anna@example.org\n");
    values[READING_DATES] = "YMD";
    refuses(values, ERR_SYNTAX, "--dates YMD: not one of DMY, MDY and ISO");
    values[READING_DATES] = NULL;
    values[READING_ZONE] = "Europe/Nowhere";
    refuses(values, ERR_NOT_FOUND, "there is no time zone \"Europe/Nowhere\"");
    values[READING_ZONE] = NULL;
    values[READING_ENCODING] = "EBCDIC-NO";
    refuses(values, ERR_NOT_FOUND, "there is no encoding \"EBCDIC-NO\"");
    values[READING_ENCODING] = NULL;
    values[READING_FORMAT] = "nobodys";
    refuses(values, ERR_NOT_FOUND, "there is no format \"nobodys\"");
    values[READING_FORMAT] = NULL;
    write_list("");
    refuses(values, ERR_FORMAT, "is empty");
}

/* --- pages --- */

static struct row rows[READING_PAGE];

static size_t next_page(struct pool *pool)
{
    struct error why = {""};
    size_t count = 0;
    assert_int_equal(reading_next_page(&reading, pool, rows, &count, &why), 0);
    return count;
}

static void rows_of_a_page_stay(void **state)
{
    const char *values[LAST + 1] = {NULL};
    struct pool pool = {0};
    struct error why = {""};
    (void)state;

    write_list("kind,address,scope,source,names\n"
               "opt-out,anna@example.org,acme,shop,\n"
               "opt-in,anna@example.org,acme/news,web,0123456789abcdef-7 0123456789abcdef-9\n"
               "nonsense,,,,\n");
    assert_int_equal(open_list(values, &why), 0);
    assert_int_equal(next_page(&pool), 3);
    assert_int_equal(rows[0].what, ROW_OPT_OUT);
    assert_string_equal(rows[0].scope, "acme");
    assert_string_equal(rows[0].source, "shop");
    assert_string_equal(rows[0].text, "opt-out,anna@example.org,acme,shop,");
    assert_string_equal(rows[1].scope, "acme/news");
    assert_int_equal(rows[1].name_count, 2);
    assert_int_equal(rows[1].names[1].number, 9);
    assert_int_equal(rows[2].what, ROW_REJECTED);
    assert_int_equal(rows[2].line, 4);
    assert_int_equal(next_page(&pool), 0);
    reading_close(&reading);
    pool_release(&pool);
}

static void a_page_is_of_bounded_size(void **state)
{
    const char *values[LAST + 1] = {NULL};
    struct pool pool = {0};
    struct error why = {""};
    struct text list = TEXT_EMPTY;
    size_t total = 0, count;
    (void)state;

    text_append(&list, "email,note\n");
    for (int i = 0; i < 2500; i++)
        text_format(&list, "a%d@example.org,%01000d\n", i, i);
    write_list(list.data);
    text_release(&list);
    assert_int_equal(open_list(values, &why), 0);
    while ((count = next_page(&pool)) > 0) {
        assert_true(count <= READING_PAGE);
        assert_true(pool.used < 4 << 20);
        total += count;
        pool_reset(&pool);
    }
    assert_int_equal(total, 2500);
    reading_close(&reading);
    pool_release(&pool);
}

static void who_is_out_is_out_now(void **state)
{
    struct row row = {.what = ROW_OPT_OUT, .until = 5};
    (void)state;
    assert_true(reading_says_out(&row, 10));
    row.what = ROW_BLOCK;
    assert_false(reading_says_out(&row, 10));
    assert_false(reading_says_out(&row, 5));
    assert_true(reading_says_out(&row, 4));
    row.until = 0;
    assert_true(reading_says_out(&row, 10));
    row.what = ROW_OPT_IN;
    assert_false(reading_says_out(&row, 10));
    row.what = ROW_WITHDRAWAL;
    assert_false(reading_says_out(&row, 10));
}

static int make_file(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(positions_and_table_go_together),
        cmocka_unit_test(without_flags_the_file_tells),
        cmocka_unit_test(flags_say_how_it_is_read),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(rows_of_a_page_stay),
        cmocka_unit_test(a_page_is_of_bounded_size),
        cmocka_unit_test(who_is_out_is_out_now),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
