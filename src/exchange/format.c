#include "exchange/format.h"

#include "base/text.h"
#include "exchange/formats.h"

#include <stdio.h>
#include <string.h>

const struct format *format_all(size_t *count)
{
    *count = format_count;
    return formats;
}

/* Whether `part` is in the text, without regard to case; "subscribed" is not in "unsubscribed" or
 * "nonsubscribed", as it has to begin a word. */
static bool has_word(const char *text, const char *part)
{
    bool inside = false;

    for (; *text; text++) {
        if (!inside && text_starts(text, part))
            return true;
        char c = text_lower_char(*text);
        inside = c >= 'a' && c <= 'z';
    }
    return false;
}

static bool is_there(const char *word, const char (*words)[WORD_SIZE], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(word, words[i]) == 0)
            return true;
    return false;
}

static const struct format_column *find_column(const struct format *format, const char *word)
{
    for (const struct format_column *c = format->columns; c->word; c++)
        if (strcmp(c->word, word) == 0)
            return c;
    return NULL;
}

/* Whether the file has the columns that the format needs. */
static bool has_needed(const struct format *format, const char (*words)[WORD_SIZE], size_t count)
{
    bool needs_sign = false, has_sign = false;

    for (const struct format_column *c = format->columns; c->word; c++) {
        bool there = is_there(c->word, words, count);
        if (c->use == COLUMN_MUST_BE && !there)
            return false;
        needs_sign = needs_sign || c->use == COLUMN_IS_SIGN;
        has_sign = has_sign || (c->use == COLUMN_IS_SIGN && there);
    }
    return has_sign || !needs_sign;
}

static bool has_others(const struct format *format, const char (*words)[WORD_SIZE], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (*words[i] && !find_column(format, words[i]))
            return true;
    return false;
}

static bool fits_file(const struct format *format, const char *file)
{
    return !format->file || has_word(file, format->file);
}

const struct format *format_by_words(const char (*words)[WORD_SIZE], size_t count, const char *file)
{
    for (size_t i = 0; i < format_count; i++) {
        const struct format *format = &formats[i];
        if (!format->hidden && fits_file(format, file) && has_needed(format, words, count) &&
            !(format->closed && has_others(format, words, count)))
            return format;
    }
    return NULL;
}

static bool has_alias(const struct format *format, const char *name)
{
    char part[64];
    int length = snprintf(part, sizeof part, " %s ", name);
    return format->aliases && length > 0 && (size_t)length < sizeof part && !strchr(name, ' ') &&
           strstr(format->aliases, part);
}

/* "sendgrid" of "sendgrid-spam". */
static bool is_family(const struct format *format, const char *name)
{
    size_t length = strlen(name);
    return strncmp(format->name, name, length) == 0 &&
           (format->name[length] == '\0' || format->name[length] == '-');
}

static const struct format *find_exactly(const char *name)
{
    for (size_t i = 0; i < format_count; i++)
        if (strcmp(formats[i].name, name) == 0 || has_alias(&formats[i], name))
            return &formats[i];
    return NULL;
}

const struct format *format_by_name(const char *name, const char (*words)[WORD_SIZE], size_t count,
                                    const char *file)
{
    char lower[64];
    int length = snprintf(lower, sizeof lower, "%s", name);

    if (length <= 0 || (size_t)length >= sizeof lower)
        return NULL;
    text_lower(lower);
    const struct format *exactly = find_exactly(lower);
    if (!exactly || strchr(lower, '-'))
        return exactly;
    for (size_t i = 0; i < format_count; i++)
        if (is_family(&formats[i], lower) && fits_file(&formats[i], file) &&
            has_needed(&formats[i], words, count) && !has_others(&formats[i], words, count))
            return &formats[i];
    for (size_t i = 0; i < format_count; i++)
        if (is_family(&formats[i], lower) && fits_file(&formats[i], file) &&
            has_needed(&formats[i], words, count))
            return &formats[i];
    return exactly;
}

enum column format_column(const struct format *format, const char *word,
                          const char (*words)[WORD_SIZE], size_t count)
{
    const struct format_column *found = find_column(format, word);
    if (!found)
        return COLUMN_NONE;
    /* Of those that say yes or no, or since when, each is heard. */
    if (found->column >= COLUMN_OPTED_OUT && found->column <= COLUMN_BAD_SINCE)
        return found->column;
    for (const struct format_column *c = format->columns; c != found; c++)
        if (c->column == found->column && is_there(c->word, words, count))
            return COLUMN_NONE;
    return found->column;
}

const struct format_status *format_status(const struct format_status *table, const char *word)
{
    for (const struct format_status *s = table; s && s->word; s++)
        if (strcmp(s->word, word) == 0)
            return s;
    return NULL;
}
