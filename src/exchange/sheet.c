#include "exchange/sheet.h"

#include "base/text.h"
#include "exchange/lines.h"

#include <csv.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct sheet {
    struct lines lines;
    struct csv_parser parser;
    char delimiter;
    bool has_sep, comments;
    size_t width;
    /* The row that is being read. No row is longer than the window, so no cell can lack room. */
    struct cell cells[SHEET_CELLS_MAX];
    size_t count;
    bool complete, too_many;
    size_t used;
    char bytes[WINDOW_SIZE + SHEET_CELLS_MAX];
};

/* --- the first line --- */

/* Octets of a line outside of quotes that are this one. */
static size_t count_outside(const char *text, size_t length, char wanted)
{
    size_t count = 0;
    bool quoted = false;

    for (size_t i = 0; i < length; i++) {
        if (text[i] == '"')
            quoted = !quoted;
        count += !quoted && text[i] == wanted;
    }
    return count;
}

static char guess_delimiter(const char *text, size_t length)
{
    static const char candidates[] = ",;\t|";
    char best = ',';
    size_t most = 0;

    for (const char *c = candidates; *c; c++) {
        size_t count = count_outside(text, length, *c);
        if (count > most) {
            most = count;
            best = *c;
        }
    }
    return best;
}

/* Excel's first line: sep=; perhaps in quotes. */
static bool is_sep(const char *text, size_t length, char *delimiter)
{
    if (length == 7 && text[0] == '"' && text[6] == '"') {
        text++;
        length -= 2;
    }
    char start[5] = "";
    if (length != 5)
        return false;
    memcpy(start, text, 4);
    if (!text_equal(start, "sep=") || text[4] == '"')
        return false;
    *delimiter = text[4];
    return true;
}

static bool is_blank(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!text_is_space(text[i]))
            return false;
    return true;
}

static bool is_passed_over(const struct sheet *sheet, const struct line *line)
{
    const char *text = window_text(sheet->lines.window) + line->start;
    return is_blank(text, line->length) || (sheet->comments && *text == '#');
}

/* Looks at the first line that says something, and gives it back if it is a row. */
static int look_at_first_line(struct sheet *sheet, struct error *why)
{
    struct line line;
    struct line_mark before;
    int rc;

    do {
        lines_let_go(&sheet->lines);
        before = lines_mark(&sheet->lines);
        rc = lines_next(&sheet->lines, &line, why);
        if (rc == ERR_TOO_LONG)
            return 0;
        if (rc <= 0)
            return rc;
    } while (is_passed_over(sheet, &line));
    const char *text = window_text(sheet->lines.window) + line.start;
    char sep = 0;
    sheet->has_sep = is_sep(text, line.length, &sep);
    if (!sheet->delimiter)
        sheet->delimiter = sep ? sep : guess_delimiter(text, line.length);
    if (!sheet->has_sep)
        lines_back(&sheet->lines, before);
    return 0;
}

int sheet_open(struct window *window, char delimiter, struct sheet **sheet, struct error *why)
{
    struct sheet *made = malloc(sizeof *made);
    if (!made || csv_init(&made->parser, CSV_STRICT) != 0) {
        free(made);
        return error_set(why, -ENOMEM, "cannot read separated values: %s", error_name(-ENOMEM));
    }
    made->lines = (struct lines){.window = window};
    made->delimiter = delimiter;
    made->has_sep = false;
    made->comments = true;
    made->width = 0;
    int rc = look_at_first_line(made, why);
    if (rc < 0) {
        sheet_close(made);
        return rc;
    }
    csv_set_delim(&made->parser, (unsigned char)made->delimiter);
    csv_set_blk_size(&made->parser, 4096);
    *sheet = made;
    return 0;
}

void sheet_close(struct sheet *sheet)
{
    if (!sheet)
        return;
    csv_free(&sheet->parser);
    free(sheet);
}

void sheet_set_width(struct sheet *sheet, size_t width)
{
    sheet->width = width;
}

void sheet_set_comments(struct sheet *sheet, bool comments)
{
    sheet->comments = comments;
}

char sheet_delimiter(const struct sheet *sheet)
{
    return sheet->delimiter;
}

bool sheet_has_sep(const struct sheet *sheet)
{
    return sheet->has_sep;
}

/* --- rows --- */

static void take_cell(void *data, size_t length, void *argument)
{
    struct sheet *sheet = argument;
    const char *text = data;

    if (sheet->count == SHEET_CELLS_MAX) {
        sheet->too_many = true;
        return;
    }
    while (length > 0 && text_is_space(*text)) {
        text++;
        length--;
    }
    while (length > 0 && text_is_space(text[length - 1]))
        length--;
    struct cell *cell = &sheet->cells[sheet->count++];
    cell->text = sheet->bytes + sheet->used;
    cell->length = length;
    if (length > 0)
        memcpy(cell->text, text, length);
    cell->text[length] = '\0';
    sheet->used += length + 1;
}

static void take_end(int character, void *argument)
{
    struct sheet *sheet = argument;
    (void)character;
    sheet->complete = true;
}

/* Forgets a row that was begun. */
static void start_row(struct sheet *sheet, unsigned char options)
{
    csv_fini(&sheet->parser, NULL, NULL, NULL);
    csv_set_opts(&sheet->parser, options);
    sheet->count = 0;
    sheet->used = 0;
    sheet->complete = sheet->too_many = false;
}

/* Gives libcsv one line. 0, ERR_SYNTAX, -ENOMEM. */
static int feed(struct sheet *sheet, const struct line *line)
{
    const char *text = window_text(sheet->lines.window) + line->start;
    struct csv_parser *parser = &sheet->parser;

    if (csv_parse(parser, text, line->full, take_cell, take_end, sheet) == line->full &&
        (line->full > line->length || csv_parse(parser, "\n", 1, take_cell, take_end, sheet) == 1))
        return 0;
    return csv_error(parser) == CSV_EPARSE ? ERR_SYNTAX : -ENOMEM;
}

/* Reads a row whose quotes have no fault, over as many lines as that takes. *last is its last line.
 * 0, ERR_SYNTAX where there is none, -ENOMEM, -errno. */
static int read_strictly(struct sheet *sheet, struct line *last, struct error *why)
{
    start_row(sheet, CSV_STRICT);
    for (unsigned lines = 1;; lines++) {
        int rc = feed(sheet, last);
        if (rc < 0)
            return rc;
        if (sheet->complete)
            return lines == 1 || !sheet->width || sheet->count == sheet->width ? 0 : ERR_SYNTAX;
        if (lines == SHEET_LINES_MAX)
            return ERR_SYNTAX;
        rc = lines_next(&sheet->lines, last, why);
        if (rc <= 0)
            return rc == 0 || rc == ERR_TOO_LONG ? ERR_SYNTAX : rc;
    }
}

/* Reads a row out of one line, with whatever quotes. 0, -ENOMEM; *fault is FAULT_QUOTE where one is
 * left open. */
static int read_alone(struct sheet *sheet, const struct line *line, enum row_fault *fault)
{
    start_row(sheet, 0);
    int rc = feed(sheet, line);
    if (rc < 0)
        return rc;
    if (!sheet->complete)
        *fault = FAULT_QUOTE;
    return 0;
}

/* Most rows have no quotes, and their cells are what lies between the delimiters: libcsv, which
 * looks at each octet, has nothing to say of them. False where there is a quote. */
static bool read_simply(struct sheet *sheet, const struct line *line)
{
    const char *text = window_text(sheet->lines.window) + line->start;
    const char *end = text + line->length;

    if (memchr(text, '"', line->length))
        return false;
    sheet->count = sheet->used = 0;
    sheet->too_many = false;
    for (;;) {
        const char *stop = memchr(text, sheet->delimiter, (size_t)(end - text));
        take_cell((void *)(uintptr_t)text, (size_t)((stop ? stop : end) - text), sheet);
        if (!stop)
            return true;
        text = stop + 1;
    }
}

static bool is_empty(const struct sheet *sheet)
{
    for (size_t i = 0; i < sheet->count; i++)
        if (sheet->cells[i].length > 0)
            return false;
    return true;
}

static void fill_row(struct sheet *sheet, const struct line *last, uint64_t number,
                     enum row_fault fault, struct sheet_row *row)
{
    *row = (struct sheet_row){
        .cells = sheet->cells,
        .count = sheet->count,
        .line = number,
        .text = window_text(sheet->lines.window),
        .length = last->start + last->length,
        .full = last->start + last->full,
        .ended = last->full > last->length,
        .fault = fault == FAULT_NONE && sheet->too_many ? FAULT_LONG : fault,
    };
}

static int pass_over_long_line(struct sheet *sheet, struct sheet_row *row, struct error *why)
{
    int rc = lines_skip(&sheet->lines, why);
    if (rc < 0)
        return rc;
    *row = (struct sheet_row){.cells = sheet->cells,
                              .line = sheet->lines.number,
                              .text = "",
                              .ended = true,
                              .fault = FAULT_SIZE};
    return 1;
}

/* The row that begins with this line. 0, -ENOMEM, -errno. */
static int read_row(struct sheet *sheet, const struct line *first, struct sheet_row *row,
                    struct error *why)
{
    struct line_mark behind = lines_mark(&sheet->lines);
    struct line last = *first;
    enum row_fault fault = FAULT_NONE;

    int rc = read_simply(sheet, first) ? 0 : read_strictly(sheet, &last, why);
    if (rc == ERR_SYNTAX) {
        lines_back(&sheet->lines, behind);
        last = *first;
        rc = read_alone(sheet, first, &fault);
    }
    if (rc == -ENOMEM)
        return error_set(why, rc, "cannot read line %llu: %s", (unsigned long long)behind.number,
                         error_name(rc));
    if (rc == 0)
        fill_row(sheet, &last, behind.number, fault, row);
    return rc;
}

int sheet_next(struct sheet *sheet, struct sheet_row *row, struct error *why)
{
    struct line first;

    for (;;) {
        lines_let_go(&sheet->lines);
        int rc = lines_next(&sheet->lines, &first, why);
        if (rc == ERR_TOO_LONG)
            return pass_over_long_line(sheet, row, why);
        if (rc <= 0)
            return rc;
        if (is_passed_over(sheet, &first))
            continue;
        rc = read_row(sheet, &first, row, why);
        if (rc < 0)
            return rc;
        if (row->fault != FAULT_NONE || !is_empty(sheet))
            return 1;
    }
}
