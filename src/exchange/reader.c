#include "exchange/reader.h"

#include "base/text.h"
#include "exchange/cells.h"
#include "exchange/reader_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int is_json(struct window *window, bool *json, struct error *why)
{
    size_t at = 0;

    for (;;) {
        for (; at < window_length(window); at++)
            if (!text_is_space(window_text(window)[at])) {
                char c = window_text(window)[at];
                *json = c == '{' || c == '[';
                return 0;
            }
        int rc = window_more(window, why);
        if (rc < 0 && rc != ERR_TOO_LONG)
            return rc;
        if (rc != 1) {
            *json = false;
            return 0;
        }
    }
}

int reader_choose(struct reader *reader, const struct reader_options *options,
                  const char (*words)[WORD_SIZE], size_t count, struct error *why)
{
    const char *file = input_name(reader->window.input);
    const struct format *format = options->format
                                      ? format_by_name(options->format, words, count, file)
                                      : format_by_words(words, count, file);
    if (!format && options->format)
        return error_set(
            why, ERR_NOT_FOUND,
            "there is no format \"%s\": optout(1) has those that there are, under Formats",
            options->format);
    if (!format)
        return ERR_FORMAT;
    reader->facts.format = format;
    reader->translation.format = format;
    reader->cells.guarded = format->own && !reader->facts.json;
    reader->cells.guessed = input_is_guessed(reader->window.input) && !format->own;
    return 0;
}

void reader_settle(struct reader *reader, const enum column *columns, size_t count)
{
    bool says = translate_says(reader->facts.format, columns, count);
    reader->translation.says = says;
    reader->facts.says_nothing = !says;
}

bool reader_subject_key(char word[WORD_SIZE], uint8_t key[ROW_KEY_SIZE])
{
    static const char name[] = "subject";
    size_t length = strlen(name);

    if (strncmp(word, name, length) != 0 || text_from_hex(word + length, ROW_KEY_SIZE, key) < 0)
        return false;
    word[length] = '\0';
    return true;
}

int reader_open(struct input *input, const struct reader_options *options, struct reader **reader,
                struct error *why)
{
    static const struct zone utc = {.changes = {{0, 0}}, .count = 1};
    struct reader *made = calloc(1, sizeof *made);
    if (!made)
        return error_set(why, -ENOMEM, "cannot read %s: %s", input_name(input),
                         error_name(-ENOMEM));
    made->cells.pool = &made->pool;
    made->translation.people = options->people;
    made->translation.order = options->dates;
    made->translation.zone = options->zone ? options->zone : &utc;
    int rc = window_open(&made->window, input);
    if (rc == 0)
        rc = is_json(&made->window, &made->facts.json, why);
    if (rc == 0)
        rc = made->facts.json ? reader_open_entries(made, options, why)
                              : reader_open_sheet(made, options, why);
    if (rc < 0) {
        if (rc == -ENOMEM)
            error_set(why, rc, "cannot read %s: %s", input_name(input), error_name(rc));
        reader_close(made);
        return rc;
    }
    *reader = made;
    return 0;
}

void reader_close(struct reader *reader)
{
    if (!reader)
        return;
    sheet_close(reader->sheet);
    entries_close(reader->entries);
    window_close(&reader->window);
    pool_release(&reader->pool);
    text_release(&reader->head);
    free(reader->columns);
    free(reader->members);
    free(reader->words);
    free(reader);
}

int reader_next(struct reader *reader, struct row *row, struct error *why)
{
    return reader->facts.json ? reader_next_entry(reader, row, why)
                              : reader_next_line(reader, row, why);
}

void reader_reject(struct row *row, enum row_fault fault, uint64_t line, const char *text,
                   size_t length)
{
    memset(row, 0, sizeof *row);
    row->what = ROW_REJECTED;
    row->fault = fault;
    row->line = line;
    row->text = text;
    row->length = length;
}

bool reader_has_more(const struct reader *reader)
{
    return reader->entries && entries_has_more(reader->entries);
}

const struct reader_facts *reader_facts(const struct reader *reader)
{
    return &reader->facts;
}

const struct reader_frame *reader_frame(const struct reader *reader)
{
    return &reader->frame;
}
