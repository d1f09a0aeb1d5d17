/* The reader's part for separated values. */
#include "exchange/reader_private.h"

#include "core/unicode.h"
#include "exchange/encoding.h"
#include "exchange/who.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- what the first row tells --- */

/* Whether a cell is an address or a hash, and so not the name of a column. */
static bool is_data(const char *text, size_t length)
{
    struct row_who who = {0};
    int rc = who_read(text, length, &who);
    return rc == 0 || rc == FAULT_HASH || memchr(text, '@', length);
}

static bool is_header(const struct sheet_row *row)
{
    for (size_t i = 0; i < row->count; i++)
        if (is_data(row->cells[i].text, row->cells[i].length))
            return false;
    return true;
}

/* The names of columns as words; NULL without memory. */
static char (*words_of(const struct reader *reader, const struct sheet_row *row))[WORD_SIZE]
{
    char(*words)[WORD_SIZE] = calloc(row->count + 1, WORD_SIZE);

    for (size_t i = 0; words && i < row->count; i++) {
        const struct cell *cell = &row->cells[i];
        struct text utf8 = TEXT_EMPTY;
        if (input_is_guessed(reader->window.input) && !unicode_is_valid(cell->text, cell->length))
            encoding_append_cp1252(cell->text, cell->length, &utf8);
        else
            text_append_bytes(&utf8, cell->text, cell->length);
        if (!utf8.failed)
            word_of(utf8.data, utf8.length, words[i]);
        text_release(&utf8);
    }
    return words;
}

/* Columns without which nobody knows who or what is meant. The others may be missing at the end of
 * a row, as Excel leaves out cells that are empty. */
static bool is_needed(enum column column)
{
    return column != COLUMN_NONE && column != COLUMN_TAG && column != COLUMN_ASKED &&
           column != COLUMN_UNTIL && column != COLUMN_ORIGIN;
}

/* The sentence for a header that no format has. */
static int unknown_header(const struct reader *reader, const struct sheet_row *row,
                          struct error *why)
{
    struct text names = TEXT_EMPTY;
    const char *end = row->text + (row->length < 200 ? row->length : 200);

    /* Control characters have no place in a message. */
    for (const char *c = row->text; c < end; c++)
        text_append_bytes(&names, (unsigned char)*c < 0x20 ? " " : c, 1);
    int rc = error_set(why, ERR_FORMAT,
                       "%s: line %llu has no column with addresses: \"%s\"; a header has to name "
                       "one `email`, or --format has to name the format",
                       input_name(reader->window.input), (unsigned long long)row->line,
                       names.failed ? "" : names.data);
    text_release(&names);
    return rc;
}

/* --- no header --- */

static bool is_date(const struct cell *cell)
{
    static const struct zone utc = {.changes = {{0, 0}}, .count = 1};
    int64_t seconds;
    return cell->length > 0 &&
           date_parse(cell->text, cell->length, DATE_ORDER_ISO, &utc, &seconds) == DATE_READ;
}

/* The cell up to the next comma or line end. */
static struct cell cell_at(char *text, char *end)
{
    char *stop = text;
    while (stop < end && *stop != ',' && *stop != '\n' && *stop != '\r')
        stop++;
    return (struct cell){text, (size_t)(stop - text)};
}

/* Whether a line at hand is an address and an expiry, where the first one is an address alone. */
static bool has_expiry(const struct reader *reader)
{
    char *text = window_text(&reader->window), *end = text + window_length(&reader->window);

    while (text < end) {
        struct cell who = cell_at(text, end), next = {0};
        bool comma = text + who.length < end && text[who.length] == ',';
        if (comma)
            next = cell_at(text + who.length + 1, end);
        if (comma && is_data(who.text, who.length) && is_date(&next))
            return true;
        text += who.length + 1;
    }
    return false;
}

/* The name of the format of a first row that is not a header; NULL: nobody knows. */
static const char *shape_of(const struct reader *reader, const struct sheet_row *row)
{
    char word[WORD_SIZE];

    if (row->count <= 1)
        return has_expiry(reader) ? "cloudflare" : "plain";
    word_of(row->cells[1].text, row->cells[1].length, word);
    if (row->count == 2 && (strcmp(word, "bounce") == 0 || strcmp(word, "complaint") == 0))
        return "ses";
    if (row->count <= 3 && (is_date(&row->cells[1]) || !*word))
        return "cloudflare";
    return NULL;
}

static int take_shape(struct reader *reader, const struct reader_options *options,
                      const struct sheet_row *row, struct error *why)
{
    struct reader_options named = *options;
    const char *name = input_name(reader->window.input);

    if (!named.format)
        named.format = shape_of(reader, row);
    if (!named.format)
        return error_set(why, ERR_FORMAT,
                         "%s has no header, and %zu columns that say nothing by themselves; put a "
                         "line in front that names them, one of them `email`",
                         name, row->count);
    int rc = reader_choose(reader, &named, NULL, 0, why);
    if (rc < 0)
        return rc;
    const struct format *format = reader->facts.format;
    if (format->places == 0)
        return error_set(why, ERR_FORMAT,
                         "%s has no header, and files of the format %s (%s) have one", name,
                         format->name, format->title);
    free(reader->columns);
    reader->columns = calloc(format->places, sizeof *reader->columns);
    if (!reader->columns)
        return -ENOMEM;
    reader->needed = 0;
    for (size_t i = 0; i < format->places; i++) {
        reader->columns[i] = format->columns[i].column;
        if (is_needed(reader->columns[i]))
            reader->needed = i + 1;
    }
    reader->width = format->places;
    reader->first = *row;
    reader->has_first = true;
    return 0;
}

/* --- both --- */

/* Notes what each column of the header is; false where none says who is meant. */
static bool note_columns(struct reader *reader, const char (*words)[WORD_SIZE], size_t count)
{
    bool has_who = false;

    for (size_t i = 0; i < count; i++) {
        enum column column = format_column(reader->facts.format, words[i], words, count);
        reader->columns[i] = column;
        has_who = has_who || column == COLUMN_ADDRESS || column == COLUMN_DIGEST ||
                  column == COLUMN_SUBJECT;
        if (is_needed(column))
            reader->needed = i + 1;
    }
    reader->width = count;
    return has_who;
}

static int take_header(struct reader *reader, const struct reader_options *options,
                       const struct sheet_row *row, struct error *why)
{
    char(*words)[WORD_SIZE] = words_of(reader, row);

    reader->columns = calloc(row->count + 1, sizeof *reader->columns);
    int rc = words && reader->columns ? 0 : -ENOMEM;
    for (size_t i = 0; rc == 0 && i < row->count; i++)
        reader_subject_key(words[i], reader->key);
    if (rc == 0)
        rc = reader_choose(reader, options, (const char(*)[WORD_SIZE])words, row->count, why);
    if (rc == 0 && !note_columns(reader, (const char(*)[WORD_SIZE])words, row->count))
        rc = ERR_FORMAT;
    reader->has_header = rc == 0;
    free(words);
    return rc;
}

/* How the lines end, as the first row's does. */
static const char *line_end_of(const struct sheet_row *row)
{
    if (row->full == row->length || row->text[row->length] == '\n')
        return "\n";
    return row->full == row->length + 2 ? "\r\n" : "\r";
}

static int make_head(struct reader *reader, const struct sheet_row *first)
{
    struct text *head = &reader->head;
    const char *end = line_end_of(first);

    if (sheet_has_sep(reader->sheet))
        text_format(head, "sep=%c%s", sheet_delimiter(reader->sheet), end);
    if (reader->has_header) {
        text_append_bytes(head, first->text, first->length);
        text_append(head, end);
    }
    text_append(head, "");
    reader->frame = (struct reader_frame){head->data, end, end};
    return head->failed ? -ENOMEM : 0;
}

int reader_open_sheet(struct reader *reader, const struct reader_options *options,
                      struct error *why)
{
    const char *name = input_name(reader->window.input);
    struct sheet_row row;

    int rc = sheet_open(&reader->window, 0, &reader->sheet, why);
    if (rc == 0)
        rc = sheet_next(reader->sheet, &row, why);
    if (rc < 0)
        return rc;
    if (rc == 0)
        return error_set(why, ERR_FORMAT, "%s has nothing but empty lines", name);
    /* Cells without quotes may all the same be one address with quotes: "a b"@example.com. */
    if (row.fault == FAULT_LONG)
        return error_set(why, ERR_FORMAT, "%s: line %llu has more than %d columns", name,
                         (unsigned long long)row.line, SHEET_CELLS_MAX);
    if (row.fault != FAULT_NONE && !(row.fault == FAULT_QUOTE && is_data(row.text, row.length)))
        return error_set(why, ERR_FORMAT, "%s: line %llu cannot be read: %s", name,
                         (unsigned long long)row.line, row_fault_text(row.fault));
    bool header = row.fault == FAULT_NONE && is_header(&row);
    rc = header ? take_header(reader, options, &row, why) : ERR_FORMAT;
    /* Somebody who names a format without a header may have a bad first line. */
    if (rc == ERR_FORMAT && (!header || (options->format && reader->facts.format->places > 0)))
        rc = take_shape(reader, options, &row, why);
    else if (rc == ERR_FORMAT)
        rc = unknown_header(reader, &row, why);
    if (rc < 0)
        return rc;
    reader->facts.delimiter = sheet_delimiter(reader->sheet);
    reader_settle(reader, reader->columns, reader->width);
    sheet_set_comments(reader->sheet, !reader->has_header && reader->width == 1);
    if (reader->has_header)
        sheet_set_width(reader->sheet, reader->width);
    return make_head(reader, &row);
}

/* What is wrong with a row's length, whatever is in it. */
static enum row_fault check_length(const struct reader *reader, const struct sheet_row *row)
{
    /* A last line without an end may be half of one. */
    if (!row->ended && row->count < (reader->has_header ? reader->width : reader->needed))
        return FAULT_CUT;
    for (size_t i = reader->width; i < row->count; i++)
        if (row->cells[i].length > 0)
            return FAULT_LONG;
    return FAULT_NONE;
}

/* A list without columns has no separators and no quotes either: "Lee, Ann" <ann@example.com>. */
static int put_whole_line(struct reader *reader, const struct sheet_row *from)
{
    char *copy = pool_copy_bytes(&reader->pool, from->text, from->length);
    return copy ? cells_put(&reader->cells, COLUMN_ADDRESS, copy, from->length) : -ENOMEM;
}

static int put_cells(struct reader *reader, const struct sheet_row *from)
{
    size_t count = from->count < reader->width ? from->count : reader->width;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < count; i++)
        if (reader->columns[i] != COLUMN_NONE)
            rc = cells_put(&reader->cells, reader->columns[i], from->cells[i].text,
                           from->cells[i].length);
    return rc;
}

/* 0, -ENOMEM. */
static int take_row(struct reader *reader, const struct sheet_row *from, struct row *row)
{
    bool plain = !reader->has_header && reader->width == 1;
    enum row_fault fault = from->fault ? from->fault : check_length(reader, from);

    if (fault && !(plain && (fault == FAULT_QUOTE || fault == FAULT_LONG))) {
        reader_reject(row, fault, from->line, from->text, from->length);
        return 0;
    }
    cells_clear(&reader->cells);
    int rc = fault ? put_whole_line(reader, from) : put_cells(reader, from);
    if (rc == 0)
        rc = translate_row(&reader->translation, &reader->cells, row);
    if (rc < 0)
        return rc;
    memcpy(row->who.key, reader->key, sizeof reader->key);
    row->line = from->line;
    row->text = from->text;
    row->length = from->length;
    /* What is missing may have said something stricter, but nothing is stricter than an opt-out. */
    if (from->count < reader->needed && (row->what != ROW_OPT_OUT || reader->facts.format->own))
        reader_reject(row, FAULT_SHORT, from->line, from->text, from->length);
    return 0;
}

int reader_next_line(struct reader *reader, struct row *row, struct error *why)
{
    struct sheet_row from = reader->first;
    int rc = 1;

    if (reader->has_first)
        reader->has_first = false;
    else
        rc = sheet_next(reader->sheet, &from, why);
    if (rc == 1 && take_row(reader, &from, row) < 0)
        rc = error_set(why, -ENOMEM, "cannot read line %llu: %s", (unsigned long long)from.line,
                       error_name(-ENOMEM));
    return rc;
}
