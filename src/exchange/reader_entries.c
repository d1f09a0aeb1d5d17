/* The reader's part for JSON. */
#include "exchange/reader_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMBERS_MAX 64 /* names of members that are kept; more are looked up each time */

/* The name of a member, as met, and what it is. */
struct member {
    char name[WORD_SIZE];
    enum column column;
    bool has_key;
    uint8_t key[ROW_KEY_SIZE];
};

static int unknown_entry(const struct reader *reader, const struct entry *entry, struct error *why)
{
    return error_set(why, ERR_FORMAT,
                     "%s: line %llu has an entry without an address: its members are not those of "
                     "any format; one has to be `email`, or --format has to name the format",
                     input_name(reader->window.input), (unsigned long long)entry->line);
}

/* Chooses the format by the members of the first entry. */
static int choose_format(struct reader *reader, const struct reader_options *options,
                         const struct entry *entry, struct error *why)
{
    enum column columns[MEMBERS_MAX];
    uint8_t key[ROW_KEY_SIZE];
    size_t count = 0;
    const char *name;
    json_t *value;

    char(*words)[WORD_SIZE] = reader->words = calloc(MEMBERS_MAX, WORD_SIZE);
    if (!words)
        return -ENOMEM;
    json_object_foreach(entry->value, name, value)
    {
        if (count < MEMBERS_MAX) {
            word_of(name, strlen(name), words[count]);
            reader_subject_key(words[count], key);
            count++;
        }
    }
    int rc = reader_choose(reader, options, (const char(*)[WORD_SIZE])words, count, why);
    if (rc == ERR_FORMAT)
        rc = unknown_entry(reader, entry, why);
    for (size_t i = 0; rc == 0 && i < count; i++)
        columns[i] =
            format_column(reader->facts.format, words[i], (const char(*)[WORD_SIZE])words, count);
    if (rc == 0)
        reader_settle(reader, columns, count);
    reader->word_count = count;
    return rc;
}

/* A list of strings is one of addresses. */
static int choose_plain(struct reader *reader, const struct reader_options *options,
                        struct error *why)
{
    struct reader_options named = *options;

    if (!named.format)
        named.format = "plain";
    int rc = reader_choose(reader, &named, NULL, 0, why);
    if (rc == 0)
        reader_settle(reader, NULL, 0);
    return rc;
}

/* Head and tail lie in one text, with a NUL between. */
static int make_frame(struct reader *reader)
{
    bool lines = !*entries_head(reader->entries);
    struct text *text = &reader->head;

    text_append(text, entries_head(reader->entries));
    size_t tail = text->length + 1;
    text_append_bytes(text, "", 1);
    text_append(text, entries_tail(reader->entries));
    text_append(text, "\n");
    if (text->failed)
        return -ENOMEM;
    reader->frame = (struct reader_frame){text->data, lines ? "\n" : ",\n", text->data + tail};
    return 0;
}

int reader_open_entries(struct reader *reader, const struct reader_options *options,
                        struct error *why)
{
    struct entry *first = &reader->first_entry;

    reader->members = calloc(MEMBERS_MAX, sizeof *reader->members);
    if (!reader->members)
        return -ENOMEM;
    int rc =
        entries_open(&reader->window, input_is_guessed(reader->window.input), &reader->entries);
    if (rc == 0)
        rc = entries_next(reader->entries, first, why);
    if (rc < 0)
        return rc;
    if (rc == 1 && first->fault)
        return error_set(why, ERR_FORMAT, "%s: line %llu cannot be read: %s",
                         input_name(reader->window.input), (unsigned long long)first->line,
                         row_fault_text(first->fault));
    reader->has_first = rc == 1;
    /* A list without entries is one all the same. */
    rc = rc == 1 && json_is_object(first->value) ? choose_format(reader, options, first, why)
                                                 : choose_plain(reader, options, why);
    return rc < 0 ? rc : make_frame(reader);
}

/* --- rows --- */

static void make_member(const struct reader *reader, const char *name, struct member *member)
{
    char word[WORD_SIZE];

    word_of(name, strlen(name), word);
    memset(member, 0, sizeof *member);
    snprintf(member->name, sizeof member->name, "%s", name);
    member->has_key = reader_subject_key(word, member->key);
    member->column = format_column(reader->facts.format, word,
                                   (const char(*)[WORD_SIZE])reader->words, reader->word_count);
}

static const struct member *find_member(struct reader *reader, const char *name,
                                        struct member *scratch)
{
    for (size_t i = 0; i < reader->member_count; i++)
        if (strcmp(reader->members[i].name, name) == 0)
            return &reader->members[i];
    bool kept = reader->member_count < MEMBERS_MAX && strlen(name) < WORD_SIZE;
    struct member *member = kept ? &reader->members[reader->member_count++] : scratch;
    make_member(reader, name, member);
    return member;
}

/* A number as it is written, for dates mostly. */
static int put_number(struct reader *reader, enum column column, const json_t *value)
{
    char digits[64];
    int length =
        json_is_integer(value)
            ? snprintf(digits, sizeof digits, "%" JSON_INTEGER_FORMAT, json_integer_value(value))
            : snprintf(digits, sizeof digits, "%.3f", json_real_value(value));
    if (length < 0 || (size_t)length >= sizeof digits)
        return 0;
    char *copy = pool_copy(&reader->pool, digits);
    return copy ? cells_put(&reader->cells, column, copy, (size_t)length) : -ENOMEM;
}

static int put_string(struct reader *reader, enum column column, const json_t *value)
{
    char *copy =
        pool_copy_bytes(&reader->pool, json_string_value(value), json_string_length(value));
    return copy ? cells_put(&reader->cells, column, copy, strlen(copy)) : -ENOMEM;
}

/* Tags one by one, names of events with blanks between. */
static int put_array(struct reader *reader, enum column column, const json_t *array)
{
    struct text joined = TEXT_EMPTY;
    size_t i;
    json_t *value;
    int rc = 0;

    json_array_foreach(array, i, value)
    {
        const char *string = json_string_value(value);
        if (!string)
            continue;
        if (column == COLUMN_TAG && rc == 0)
            rc = cells_put_tag(&reader->cells, string, strlen(string));
        text_append(&joined, joined.length ? " " : "");
        text_append(&joined, string);
    }
    if (rc == 0 && column != COLUMN_TAG && joined.length > 0) {
        char *copy = joined.failed ? NULL : pool_copy(&reader->pool, joined.data);
        rc = copy ? cells_put(&reader->cells, column, copy, strlen(copy)) : -ENOMEM;
    }
    text_release(&joined);
    return rc;
}

static int put_value(struct reader *reader, enum column column, const json_t *value)
{
    static char yes[] = "true", no[] = "false";

    switch (json_typeof(value)) {
    case JSON_STRING:
        return put_string(reader, column, value);
    case JSON_INTEGER:
    case JSON_REAL:
        return put_number(reader, column, value);
    case JSON_TRUE:
        return cells_put(&reader->cells, column, yes, strlen(yes));
    case JSON_FALSE:
        return cells_put(&reader->cells, column, no, strlen(no));
    case JSON_ARRAY:
        return put_array(reader, column, value);
    case JSON_OBJECT:
    case JSON_NULL:
        break;
    }
    return 0;
}

static int put_members(struct reader *reader, struct row *row, json_t *object)
{
    const char *name;
    json_t *value;
    struct member scratch;

    json_object_foreach(object, name, value)
    {
        const struct member *member = find_member(reader, name, &scratch);
        if (member->has_key)
            memcpy(row->who.key, member->key, sizeof member->key);
        if (member->column != COLUMN_NONE && put_value(reader, member->column, value) < 0)
            return -ENOMEM;
    }
    return 0;
}

/* 0, -ENOMEM. */
static int take_entry(struct reader *reader, const struct entry *entry, struct row *row)
{
    if (entry->fault) {
        reader_reject(row, entry->fault, entry->line, entry->text, entry->length);
        return 0;
    }
    cells_clear(&reader->cells);
    memset(row->who.key, 0, sizeof row->who.key);
    int rc = json_is_object(entry->value) ? put_members(reader, row, entry->value)
                                          : put_string(reader, COLUMN_ADDRESS, entry->value);
    row->line = entry->line;
    row->text = entry->text;
    row->length = entry->length;
    return rc < 0 ? rc : translate_row(&reader->translation, &reader->cells, row);
}

int reader_next_entry(struct reader *reader, struct row *row, struct error *why)
{
    struct entry entry = reader->first_entry;
    int rc = 1;

    if (reader->has_first)
        reader->has_first = false;
    else
        rc = entries_next(reader->entries, &entry, why);
    if (rc == 1 && take_entry(reader, &entry, row) < 0)
        rc = error_set(why, -ENOMEM, "cannot read line %llu: %s", (unsigned long long)entry.line,
                       error_name(-ENOMEM));
    return rc;
}
