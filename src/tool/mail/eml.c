#include "tool/mail/eml.h"

#include "base/text.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* Reads as much as a header may have. */
static int read_begin(FILE *file, struct text *text, struct error *why)
{
    char buffer[65536];
    size_t n;

    while (text->length <= EML_HEADER_MAX && (n = fread(buffer, 1, sizeof buffer, file)) > 0)
        text_append_bytes(text, buffer, n);
    if (ferror(file))
        return error_set(why, -EIO, "the message cannot be read");
    return text->failed ? -ENOMEM : 0;
}

/* Cuts the text at the empty line that ends the header; every line then ends in LF alone. */
static int cut_header(struct text *text, struct error *why)
{
    size_t out = 0;

    for (size_t i = 0; i < text->length; i++) {
        char c = text->data[i];
        if (c == '\0')
            return error_set(why, ERR_SYNTAX, "a NUL in the header: is this a message?");
        if (c == '\r' && i + 1 < text->length && text->data[i + 1] == '\n')
            continue;
        if (c == '\n' && (out == 0 || text->data[out - 1] == '\n')) {
            text->length = out;
            text->data[out] = '\0';
            return 0;
        }
        text->data[out++] = c;
    }
    if (out > EML_HEADER_MAX)
        return error_set(why, ERR_TOO_LONG, "a header of more than %d bytes", EML_HEADER_MAX);
    text->length = out;
    if (out > 0 && text->data[out - 1] != '\n')
        text_append(text, "\n");
    return text->failed ? -ENOMEM : 0;
}

static bool is_folded(const char *line)
{
    return *line == ' ' || *line == '\t';
}

/* The end of the field that begins here: the line break before the next one. */
static const char *end_of_field(const char *line)
{
    const char *end = strchr(line, '\n');
    while (is_folded(end + 1))
        end = strchr(end + 1, '\n');
    return end;
}

static bool is_name(const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (name[i] < 0x21 || name[i] > 0x7e)
            return false;
    return length > 0;
}

/* One field out of [line, end). False: it is none, and the header ends before it. */
static bool split(const char *line, const char *end, struct pool *pool, struct header_field *field)
{
    const char *colon = memchr(line, ':', (size_t)(end - line));
    if (!colon)
        return false;
    size_t length = (size_t)(colon - line);
    while (length > 0 && (line[length - 1] == ' ' || line[length - 1] == '\t'))
        length--;
    if (!is_name(line, length))
        return false;
    const char *value = colon + 1;
    if (value < end && *value == ' ')
        value++; /* as an MTA leaves out the first blank */
    field->name = pool_copy_bytes(pool, line, length);
    field->value = pool_copy_bytes(pool, value, (size_t)(end - value));
    return true;
}

static int split_all(const char *header, struct pool *pool, struct header_field *fields,
                     size_t *count)
{
    size_t n = 0;

    if (strncmp(header, "From ", 5) == 0)
        header = strchr(header, '\n') + 1;
    while (*header != '\0') {
        const char *end = end_of_field(header);
        if (!split(header, end, pool, &fields[n]))
            break;
        if (!fields[n].name || !fields[n].value)
            return -ENOMEM;
        n++;
        header = end + 1;
    }
    *count = n;
    return 0;
}

int eml_read(FILE *file, struct pool *pool, const struct header_field **fields, size_t *count,
             struct error *why)
{
    struct text header = TEXT_EMPTY;
    size_t lines = 0, n = 0;

    int code = read_begin(file, &header, why);
    if (code == 0)
        code = cut_header(&header, why);
    for (size_t i = 0; i < header.length && code == 0; i++)
        lines += header.data[i] == '\n';
    struct header_field *list = pool_take(pool, (lines + 1) * sizeof *list);
    if (code == 0 && !list)
        code = -ENOMEM;
    if (code == 0 && lines > 0)
        code = split_all(header.data, pool, list, &n);
    text_release(&header);
    if (code)
        return code;
    *fields = list;
    *count = n;
    return 0;
}
