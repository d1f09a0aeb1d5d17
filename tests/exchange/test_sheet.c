#include "exchange/sheet.h"

#include "base/text.h"
#include "feeding.h"

#include <inttypes.h>
#include <stdlib.h>

/* The rows as text: "1: [a][b]", with their faults; the caller releases it. */
static struct text read_rows(const char *bytes, size_t length, char delimiter, size_t width)
{
    struct input *input = open_bytes(bytes, length, NULL);
    struct window window;
    struct sheet *sheet;
    struct sheet_row row;
    struct text out = TEXT_EMPTY;
    int rc;

    assert_int_equal(window_open(&window, input), 0);
    assert_int_equal(sheet_open(&window, delimiter, &sheet, NULL), 0);
    sheet_set_width(sheet, width);
    while ((rc = sheet_next(sheet, &row, NULL)) == 1) {
        text_format(&out, "%" PRIu64 ":", row.line);
        if (row.fault == FAULT_NONE)
            for (size_t i = 0; i < row.count; i++)
                text_format(&out, "[%s]", row.cells[i].text);
        else
            text_format(&out, " %s", row_fault_text(row.fault));
        text_append(&out, row.ended ? "\n" : " (no line end)\n");
    }
    assert_int_equal(rc, 0);
    text_append(&out, "");
    sheet_close(sheet);
    window_close(&window);
    input_close(input);
    return out;
}

static void gives_with(const char *bytes, char delimiter, size_t width, const char *expected)
{
    struct text out = read_rows(bytes, strlen(bytes), delimiter, width);
    if (strcmp(out.data, expected) != 0)
        fail_msg("gave\n%sinstead of\n%sfor\n%s", out.data, expected, bytes);
    text_release(&out);
}

static void gives(const char *bytes, const char *expected)
{
    gives_with(bytes, 0, 0, expected);
}

static void cells_are_divided(void **state)
{
    (void)state;
    gives("a,b,c\n", "1:[a][b][c]\n");
    gives("a,,\n", "1:[a][][]\n");
    gives(" a , b\t,c d \n", "1:[a][b][c d]\n");
    gives("\"a,b\",\"c \"\"d\"\"\"\n", "1:[a,b][c \"d\"]\n");
    gives("a\n", "1:[a]\n");
    gives("a", "1:[a] (no line end)\n");
    gives("\"a\"", "1:[a] (no line end)\n");
}

static void the_delimiter_is_what_divides_the_first_row(void **state)
{
    (void)state;
    gives("a;b\nc,d;e\n", "1:[a][b]\n2:[c,d][e]\n");
    gives("a\tb\tc, d\n", "1:[a][b][c, d]\n");
    gives("a|b\n", "1:[a][b]\n");
    gives("\"a,b,c\";d\n", "1:[a,b,c][d]\n");
    gives("a\t\tb\t \n", "1:[a][][b][]\n");
    gives_with("a;b,c\n", ';', 0, "1:[a][b,c]\n");
}

static void excel_names_it_in_a_line_of_its_own(void **state)
{
    (void)state;
    gives("sep=;\r\na;b,c,d\r\n", "2:[a][b,c,d]\n");
    gives("\"sep=|\"\na|b,c\n", "2:[a][b,c]\n");
    gives("SEP=,\na,b;c;d;e\n", "2:[a][b;c;d;e]\n");
    gives("sep=;x\n", "1:[sep=][x]\n");
}

static void lines_end_in_any_way(void **state)
{
    (void)state;
    gives("a,b\r\nc,d\r\n", "1:[a][b]\n2:[c][d]\n");
    gives("a,b\rc,d\r", "1:[a][b]\n2:[c][d]\n");
    gives("a,b\r\nc,d\ne,f\rg,h", "1:[a][b]\n2:[c][d]\n3:[e][f]\n4:[g][h] (no line end)\n");
}

static void empty_rows_are_passed_over(void **state)
{
    (void)state;
    gives("\n\na,b\n\n  \t\n,,\n\"\",\nc,d\n\n", "3:[a][b]\n8:[c][d]\n");
    gives("\n \r\n", "");
    gives("a,b\n,,,,\n", "1:[a][b]\n");
}

static void comments_in_front_are_passed_over(void **state)
{
    (void)state;
    gives("# of today, and no more\na;b\n", "2:[a][b]\n");
}

static void a_quoted_cell_may_span_lines(void **state)
{
    (void)state;
    gives_with("a,\"b\nc\r\nd\"\ne,f\n", 0, 2, "1:[a][b\nc\r\nd]\n4:[e][f]\n");
}

static void a_stray_quote_costs_its_own_line_alone(void **state)
{
    (void)state;
    gives_with("a,\"b\nc,\"d, e\"\nf,g\n", 0, 2,
               "1: a quote that is not closed\n2:[c][d, e]\n3:[f][g]\n");
    gives_with("a,\"b\nc,d\ne,f\n", 0, 2, "1: a quote that is not closed\n2:[c][d]\n3:[e][f]\n");
    /* Closed by another stray one: the row has too many cells then. */
    gives_with("a,\"b\nc,d\",e\nf,g\n", 0, 2,
               "1: a quote that is not closed\n2:[c][d\"][e]\n3:[f][g]\n");
    gives_with("\"\na,b\n", 0, 2, "1: a quote that is not closed\n2:[a][b]\n");
    gives_with("\"a@b\n", 0, 0, "1: a quote that is not closed\n");
}

static void quotes_in_the_middle_are_letters(void **state)
{
    (void)state;
    gives("a,5\" screen\nb,\"say \"hi\" now\"\n", "1:[a][5\" screen]\n2:[b][say \"hi\" now]\n");
}

static void a_file_that_is_cut_in_a_quoted_cell_ends_there(void **state)
{
    (void)state;
    gives_with("a,b\nc,\"d", 0, 2, "1:[a][b]\n2: a quote that is not closed (no line end)\n");
    gives_with("a,b\nc,\"d\ne f\ng", 0, 2,
               "1:[a][b]\n2: a quote that is not closed\n3:[e f]\n4:[g] (no line end)\n");
}

static void a_row_spans_so_many_lines_and_no_more(void **state)
{
    (void)state;
    for (size_t lines = SHEET_LINES_MAX; lines <= SHEET_LINES_MAX + 1; lines++) {
        struct text bytes = TEXT_EMPTY;
        text_append(&bytes, "a,\"");
        for (size_t i = 1; i < lines; i++)
            text_append(&bytes, "\n");
        text_append(&bytes, "\"\nb,c\n");
        struct text out = read_rows(bytes.data, bytes.length, 0, 2);
        if (lines == SHEET_LINES_MAX)
            assert_string_equal(out.data, "1:[a][]\n201:[b][c]\n");
        else
            assert_non_null(strstr(out.data, "1: a quote that is not closed\n"));
        assert_non_null(strstr(out.data, ":[b][c]\n"));
        text_release(&bytes);
        text_release(&out);
    }
}

static void a_line_that_is_too_long_is_told_and_passed_over(void **state)
{
    (void)state;
    static const size_t sizes[] = {WINDOW_SIZE - 5000, WINDOW_SIZE, 3 * WINDOW_SIZE + 7};
    static const char *const ends[] = {"\n", "\r\n", "\r"};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t e = 0; e < sizeof ends / sizeof *ends; e++) {
            struct text bytes = TEXT_EMPTY;
            text_append(&bytes, "a,b\n");
            for (size_t n = 0; n < sizes[i]; n++)
                text_append(&bytes, "x");
            text_format(&bytes, "%sc,d\n", ends[e]);
            struct text out = read_rows(bytes.data, bytes.length, 0, 0);
            if (i > 0)
                assert_string_equal(out.data, "1:[a][b]\n2: too large\n3:[c][d]\n");
            else
                assert_int_equal(out.length, sizes[i] + strlen("1:[a][b]\n2:[]\n3:[c][d]\n"));
            text_release(&bytes);
            text_release(&out);
        }
}

static void a_long_last_line_without_an_end_is_told(void **state)
{
    (void)state;
    struct text bytes = TEXT_EMPTY;
    text_append(&bytes, "a\n");
    for (size_t n = 0; n < 2 * WINDOW_SIZE; n++)
        text_append(&bytes, "x");
    struct text out = read_rows(bytes.data, bytes.length, 0, 0);
    assert_string_equal(out.data, "1:[a]\n2: too large\n");
    text_release(&bytes);
    text_release(&out);
}

static void rows_across_the_window_s_end_are_whole(void **state)
{
    (void)state;
    struct text bytes = TEXT_EMPTY, expected = TEXT_EMPTY;
    for (unsigned i = 1; i <= 40000; i++) {
        text_format(&bytes, "%u,\"x\n%u\"\r\n", i, i * 7);
        text_format(&expected, "%u:[%u][x\n%u]\n", 2 * i - 1, i, i * 7);
    }
    struct text out = read_rows(bytes.data, bytes.length, 0, 2);
    assert_string_equal(out.data, expected.data);
    text_release(&bytes);
    text_release(&expected);
    text_release(&out);
}

static void there_may_be_so_many_cells_and_no_more(void **state)
{
    (void)state;
    for (size_t cells = SHEET_CELLS_MAX; cells <= SHEET_CELLS_MAX + 1; cells++) {
        struct text bytes = TEXT_EMPTY;
        for (size_t i = 0; i < cells; i++)
            text_append(&bytes, i ? ",a" : "a");
        text_append(&bytes, "\nb,c\n");
        struct text out = read_rows(bytes.data, bytes.length, 0, 0);
        if (cells == SHEET_CELLS_MAX)
            assert_memory_equal(out.data, "1:[a][a]", 8);
        else
            assert_string_equal(out.data, "1: more cells than the header has\n2:[b][c]\n");
        text_release(&bytes);
        text_release(&out);
    }
}

static void a_nul_is_part_of_a_cell(void **state)
{
    (void)state;
    struct input *input = open_bytes("a\0b,c\n", 6, NULL);
    struct window window;
    struct sheet *sheet;
    struct sheet_row row;

    assert_int_equal(window_open(&window, input), 0);
    assert_int_equal(sheet_open(&window, 0, &sheet, NULL), 0);
    assert_int_equal(sheet_next(sheet, &row, NULL), 1);
    assert_int_equal(row.count, 2);
    assert_int_equal(row.cells[0].length, 3);
    assert_memory_equal(row.cells[0].text, "a\0b", 4);
    sheet_close(sheet);
    window_close(&window);
    input_close(input);
}

static void the_text_is_that_of_the_file(void **state)
{
    (void)state;
    const char *bytes = "a,\"b\nc\" \r\nd,e\r\n";
    struct input *input = open_bytes(bytes, strlen(bytes), NULL);
    struct window window;
    struct sheet *sheet;
    struct sheet_row row;

    assert_int_equal(window_open(&window, input), 0);
    assert_int_equal(sheet_open(&window, 0, &sheet, NULL), 0);
    assert_int_equal(sheet_next(sheet, &row, NULL), 1);
    assert_int_equal(row.length, strlen("a,\"b\nc\" "));
    assert_memory_equal(row.text, "a,\"b\nc\" ", row.length);
    assert_int_equal(sheet_next(sheet, &row, NULL), 1);
    assert_int_equal(row.length, 3);
    assert_memory_equal(row.text, "d,e", 3);
    assert_int_equal(sheet_next(sheet, &row, NULL), 0);
    assert_int_equal(sheet_next(sheet, &row, NULL), 0);
    sheet_close(sheet);
    window_close(&window);
    input_close(input);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_divided),
        cmocka_unit_test(the_delimiter_is_what_divides_the_first_row),
        cmocka_unit_test(excel_names_it_in_a_line_of_its_own),
        cmocka_unit_test(lines_end_in_any_way),
        cmocka_unit_test(empty_rows_are_passed_over),
        cmocka_unit_test(comments_in_front_are_passed_over),
        cmocka_unit_test(a_quoted_cell_may_span_lines),
        cmocka_unit_test(a_stray_quote_costs_its_own_line_alone),
        cmocka_unit_test(quotes_in_the_middle_are_letters),
        cmocka_unit_test(a_file_that_is_cut_in_a_quoted_cell_ends_there),
        cmocka_unit_test(a_row_spans_so_many_lines_and_no_more),
        cmocka_unit_test(a_line_that_is_too_long_is_told_and_passed_over),
        cmocka_unit_test(a_long_last_line_without_an_end_is_told),
        cmocka_unit_test(rows_across_the_window_s_end_are_whole),
        cmocka_unit_test(there_may_be_so_many_cells_and_no_more),
        cmocka_unit_test(a_nul_is_part_of_a_cell),
        cmocka_unit_test(the_text_is_that_of_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
