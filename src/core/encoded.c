#include "core/encoded.h"

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Octets between the last question marks. RFC 2047 section 2 allows 75 for the whole word; longer
 * ones are written nevertheless. */
#define WORD_MAX 1000

/* Where an encoded word lies: =?charset?encoding?text?= */
struct word {
    char encoding; /* 'b' or 'q' */
    const char *text;
    size_t length;
    const char *end; /* behind the word */
};

static bool may_stand_in_word(char c)
{
    return c > 0x20 && c < 0x7f && c != '?';
}

static const char *over_word_characters(const char *c)
{
    while (may_stand_in_word(*c))
        c++;
    return c;
}

static bool find_word(const char *c, struct word *word)
{
    if (c[0] != '=' || c[1] != '?')
        return false;
    const char *mark = over_word_characters(c + 2);
    if (mark == c + 2 || mark[0] != '?' || mark[1] == '\0' || mark[2] != '?')
        return false;
    word->encoding = text_lower_char(mark[1]);
    word->text = mark + 3;
    const char *stop = over_word_characters(word->text);
    word->length = (size_t)(stop - word->text);
    word->end = stop + 2;
    return (word->encoding == 'b' || word->encoding == 'q') && word->length <= WORD_MAX &&
           stop[0] == '?' && stop[1] == '=';
}

/* RFC 2047 section 4.1: base64, here read as its other alphabet. */
static bool decode_base64(const struct word *word, uint8_t *bytes, size_t *length)
{
    char copy[WORD_MAX];
    size_t count = word->length;

    while (count > 0 && word->text[count - 1] == '=')
        count--;
    for (size_t i = 0; i < count; i++)
        copy[i] = word->text[i] == '+' ? '-' : word->text[i] == '/' ? '_' : word->text[i];
    return text_from_base64url(copy, count, bytes, WORD_MAX, length) == 0;
}

/* Section 4.2. */
static bool decode_quoted(const struct word *word, uint8_t *bytes, size_t *length)
{
    size_t n = 0;

    for (size_t i = 0; i < word->length; i++) {
        char c = word->text[i];
        if (c == '=') {
            char hex[3] = "";
            if (word->length - i < sizeof hex)
                return false;
            memcpy(hex, word->text + i + 1, 2);
            if (text_from_hex(hex, 1, &bytes[n]) < 0)
                return false;
            i += 2;
        } else {
            bytes[n] = c == '_' ? ' ' : (uint8_t)c;
        }
        n++;
    }
    *length = n;
    return true;
}

static bool decode(const struct word *word, uint8_t *bytes, size_t *length)
{
    if (word->encoding == 'b')
        return decode_base64(word, bytes, length);
    return decode_quoted(word, bytes, length);
}

/* What was decoded is never longer than what stood there, so it fits in its place. */
static char *put(char *out, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        *out++ = bytes[i] < 0x20 || bytes[i] == 0x7f ? ' ' : (char)bytes[i];
    return out;
}

void encoded_decode(char *line)
{
    char *out = line, *gap = NULL; /* gap: nothing but blanks was written behind an encoded word */
    const char *c = line;

    while (*c) {
        uint8_t bytes[WORD_MAX];
        struct word word;
        size_t length;
        if (find_word(c, &word) && decode(&word, bytes, &length)) {
            gap = out = put(gap ? gap : out, bytes, length);
            c = word.end;
        } else {
            if (!text_is_space(*c))
                gap = NULL;
            *out++ = *c++;
        }
    }
    *out = '\0';
}

/* --- encoding -------------------------------------------------------------------------------- */

#define CHUNK_MAX 42 /* octets: 56 of base64, and a word of less than 75 around them */

/* How many octets of the line fit into one word: no character is cut (RFC 2047 section 5). */
static size_t chunk_length(const char *line)
{
    size_t length = strnlen(line, CHUNK_MAX);

    while (length > 0 && ((unsigned char)line[length] & 0xc0) == 0x80)
        length--;
    return length > 0 ? length : strnlen(line, CHUNK_MAX);
}

static void append_word(struct text *value, const char *bytes, size_t length)
{
    char text[TEXT_BASE64URL_SIZE(CHUNK_MAX)];

    text_to_base64url((const uint8_t *)bytes, length, text);
    for (char *c = text; *c; c++)
        *c = *c == '-' ? '+' : *c == '_' ? '/' : *c;
    text_format(value, "=?UTF-8?B?%s%.*s?=", text, (int)((3 - length % 3) % 3), "==");
}

static bool is_ascii(const char *line)
{
    for (; *line; line++)
        if ((unsigned char)*line >= 0x80)
            return false;
    return true;
}

void encoded_append(struct text *value, const char *line)
{
    if (is_ascii(line)) {
        text_append(value, line);
        return;
    }
    while (*line) {
        size_t length = chunk_length(line);
        append_word(value, line, length);
        line += length;
        text_append(value, *line ? "\r\n " : "");
    }
}
