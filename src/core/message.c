#include "core/message.h"

#include "base/text.h"

#include <string.h>

const struct header_field *message_field(const struct message *message, const char *name,
                                         size_t *position)
{
    while (*position < message->field_count) {
        const struct header_field *field = &message->fields[(*position)++];
        if (text_equal(field->name, name))
            return field;
    }
    return NULL;
}

bool recipient_is_same_person(const struct recipient *a, const struct recipient *b)
{
    return !a->problem && !b->problem && strcmp(a->address.text, b->address.text) == 0;
}

/* --- values ---------------------------------------------------------------------------------- */

static bool is_line_break(char c)
{
    return c == '\r' || c == '\n';
}

/* The value without the blanks and folds around it: from the pointer returned up to *end. */
static const char *trimmed(const char *value, const char **end)
{
    const char *last = value + strlen(value);
    while (text_is_space(*value))
        value++;
    while (last > value && text_is_space(last[-1]))
        last--;
    *end = last;
    return value;
}

void message_unfold(const char *value, char *line, size_t size)
{
    const char *end;
    size_t length = 0;

    if (size == 0)
        return;
    for (const char *c = trimmed(value, &end); c < end && length + 1 < size; c++)
        if (!is_line_break(*c))
            line[length++] = *c;
    line[length] = '\0';
}

void message_id(const struct message *message, char id[MESSAGE_ID_SIZE])
{
    size_t position = 0;
    const struct header_field *field = message_field(message, "Message-ID", &position);
    message_unfold(field ? field->value : "", id, MESSAGE_ID_SIZE);
}

void message_id_word(const struct message *message, char id[MESSAGE_ID_SIZE])
{
    message_id(message, id);
    for (char *c = id; *c; c++)
        if (*c <= ' ' || *c > '~')
            *c = '?';
}

static const char *over_line_breaks(const char *c, const char *end)
{
    while (c < end && is_line_break(*c))
        c++;
    return c;
}

/* The same walk as text_glob's, over the value as it lies there: a copy would need memory, and
 * without memory there would be no answer that is safe for streams and exemptions alike. */
bool message_value_fits(const char *glob, const char *value)
{
    const char *end;
    const char *c = trimmed(value, &end); /* ends are no line breaks */
    const char *star = NULL, *retry = NULL;

    while (c < end) {
        if (*glob == '*') {
            star = ++glob;
            retry = c;
        } else if (*glob && (*glob == '?' || text_lower_char(*glob) == text_lower_char(*c))) {
            glob++;
            c = over_line_breaks(c + 1, end);
        } else if (star) {
            glob = star;
            c = retry = over_line_breaks(retry + 1, end);
        } else {
            return false;
        }
    }
    while (*glob == '*')
        glob++;
    return *glob == '\0';
}

/* --- mailboxes ------------------------------------------------------------------------------- */

/* Octets of a comment or domain literal that is taken for one. With a bound, a field full of
 * brackets that are never closed takes no longer than its length allows. */
#define PIECE_MAX 1024

/* Behind a quoted string that begins at `c`, however long: a display name may hold anything, and
 * must not be taken for addresses. Behind the quote alone where it is never closed, so that a stray
 * one does not hide the address; there is no other quote to begin with then, since over_piece steps
 * over those that have a backslash before them. */
static const char *over_quoted(const char *c)
{
    for (const char *next = c + 1; *next; next++) {
        if (*next == '"')
            return next + 1;
        if (*next == '\\' && next[1])
            next++;
    }
    return c + 1;
}

/* The same for a comment, which may hold others (RFC 5322 section 3.2.2). */
static const char *over_comment(const char *c)
{
    unsigned depth = 0;

    for (const char *next = c; *next && next - c < PIECE_MAX; next++) {
        if (*next == '\\' && next[1])
            next++;
        else if (*next == '(')
            depth++;
        else if (*next == ')' && --depth == 0)
            return next + 1;
    }
    return c + 1;
}

/* Behind what stands at `c` and is one piece: a quoted string, a domain literal, a character. */
static const char *over_piece(const char *c)
{
    if (*c == '"')
        return over_quoted(c);
    if (*c == '\\' && (c[1] == '"' || c[1] == '\\'))
        return c + 2;
    if (*c == '[') {
        const char *close = memchr(c, ']', strnlen(c, PIECE_MAX));
        if (close)
            return close + 1;
    }
    return c + 1;
}

/* Up to the first of `stops` that is in no quotes, brackets or comment, or to the end. */
static const char *up_to(const char *c, const char *stops)
{
    while (*c && !strchr(stops, *c))
        c = *c == '(' ? over_comment(c) : over_piece(c);
    return c;
}

/* The text between two places without comments, and without blanks outside quotes. */
static void copy_addr_spec(const char *from, const char *to, char *address, size_t size)
{
    size_t length = 0;

    while (from < to) {
        const char *next = *from == '(' ? over_comment(from) : over_piece(from);
        bool whole = next > from + 1;
        if (whole && *from == '(')
            from = next;
        for (; from < next && from < to; from++)
            if (!is_line_break(*from) && (whole || !text_is_space(*from)) && length + 1 < size)
                address[length++] = *from;
    }
    address[length] = '\0';
}

bool message_next_mailbox(const char **value, char *address, size_t size)
{
    if (size == 0)
        return false;
    while (**value) {
        const char *begin = *value;
        const char *end = up_to(begin, "<,:;");
        bool angle = *end == '<';
        if (angle) {
            begin = end + 1;
            end = up_to(begin, ">");
        }
        *value = angle ? up_to(end, ",;") : end;
        if (**value)
            (*value)++;
        if (!angle && *end == ':')
            continue; /* the name of a group */
        copy_addr_spec(begin, end, address, size);
        if (angle ? *address != '\0' : strchr(address, '@') != NULL)
            return true;
    }
    *address = '\0';
    return false;
}

void message_from_address(const char *value, char *address, size_t size)
{
    if (size > 0)
        message_next_mailbox(&value, address, size);
}

/* --- what a message says of itself ------------------------------------------------------------ */

/* The first word of a structured value, behind blanks and comments; *length says how long. */
static const char *first_word(const char *value, size_t *length)
{
    while (text_is_space(*value) || *value == '(')
        value = *value == '(' ? over_comment(value) : value + 1;
    *length = 0;
    while (value[*length] && !text_is_space(value[*length]) && !strchr("(;", value[*length]))
        (*length)++;
    return value;
}

static bool begins_with_word(const char *value, const char *word)
{
    size_t length;
    value = first_word(value, &length);
    return length == strlen(word) && text_starts(value, word);
}

bool message_field_says(const struct message *message, const char *name, const char *word)
{
    const struct header_field *field;
    for (size_t at = 0; (field = message_field(message, name, &at)) != NULL;)
        if (!word || begins_with_word(field->value, word))
            return true;
    return false;
}

static bool can_be_posted_to(const struct message *message)
{
    const struct header_field *field;
    for (size_t at = 0; (field = message_field(message, "List-Post", &at)) != NULL;) {
        size_t length;
        first_word(field->value, &length);
        if (length > 0 && !begins_with_word(field->value, "NO"))
            return true;
    }
    return false;
}

bool message_is_conversation(const struct message *message)
{
    return (message->sender && *message->sender == '\0') ||
           message_field_says(message, "Auto-Submitted", "auto-replied") ||
           can_be_posted_to(message);
}

bool message_has_bulk_sign(const struct message *message)
{
    return message_field_says(message, "List-Unsubscribe", NULL) ||
           message_field_says(message, "List-Id", NULL) ||
           message_field_says(message, "Feedback-ID", NULL) ||
           message_field_says(message, "Precedence", "bulk");
}
