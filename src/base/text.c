#include "base/text.h"

#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 64

/* Makes room for `more` bytes and the NUL behind them. */
static bool reserve(struct text *text, size_t more)
{
    if (text->failed)
        return false;
    if (more < text->size && text->length < text->size - more)
        return true;
    size_t size = text->size ? text->size : FIRST_SIZE;
    while (size <= more || size - more <= text->length) {
        if (size > SIZE_MAX / 2) {
            text->failed = true;
            return false;
        }
        size *= 2;
    }
    char *data = realloc(text->data, size);
    if (!data) {
        text->failed = true;
        return false;
    }
    text->data = data;
    text->size = size;
    return true;
}

void text_append_bytes(struct text *text, const char *bytes, size_t length)
{
    if (!reserve(text, length))
        return;
    if (length > 0)
        memcpy(text->data + text->length, bytes, length);
    text->length += length;
    text->data[text->length] = '\0';
}

void text_append(struct text *text, const char *string)
{
    text_append_bytes(text, string, strlen(string));
}

void text_format(struct text *text, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    if (length < 0) {
        text->failed = true;
    } else if (reserve(text, (size_t)length)) {
        vsnprintf(text->data + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
    va_end(args);
}

void text_release(struct text *text)
{
    free(text->data);
    *text = TEXT_EMPTY;
}

void text_lower(char *string)
{
    for (; *string; string++)
        *string = text_lower_char(*string);
}

bool text_equal(const char *a, const char *b)
{
    while (*a && text_lower_char(*a) == text_lower_char(*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

bool text_starts(const char *string, const char *prefix)
{
    while (*prefix && text_lower_char(*string) == text_lower_char(*prefix)) {
        string++;
        prefix++;
    }
    return *prefix == '\0';
}

bool text_glob(const char *pattern, const char *string)
{
    /* Where a mismatch goes back to: behind the last star, which then takes one byte more. Earlier
     * stars never have to be tried again, as the shortest match of what is between two stars leaves
     * the most to the rest; that is what bounds the time. */
    const char *after_star = NULL;
    const char *retry = NULL;

    while (*string) {
        if (*pattern == '*') {
            after_star = ++pattern;
            retry = string;
        } else if (*pattern == '?' ||
                   (*pattern && text_lower_char(*pattern) == text_lower_char(*string))) {
            pattern++;
            string++;
        } else if (after_star) {
            pattern = after_star;
            string = ++retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

int text_to_u64(const char *string, uint64_t max, uint64_t *number)
{
    uint64_t n = 0;

    if (*string == '\0')
        return ERR_SYNTAX;
    for (; *string; string++) {
        if (*string < '0' || *string > '9')
            return ERR_SYNTAX;
        unsigned digit = (unsigned)(*string - '0');
        if (digit > max || n > (max - digit) / 10)
            return ERR_SYNTAX;
        n = n * 10 + digit;
    }
    *number = n;
    return 0;
}

void text_to_hex(const uint8_t *bytes, size_t length, char *hex)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < length; i++) {
        *hex++ = digits[bytes[i] >> 4];
        *hex++ = digits[bytes[i] & 15];
    }
    *hex = '\0';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = text_lower_char(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int text_from_hex(const char *hex, size_t length, uint8_t *bytes)
{
    if (strlen(hex) != 2 * length)
        return ERR_SYNTAX;
    for (size_t i = 0; i < 2 * length; i++)
        if (hex_value(hex[i]) < 0)
            return ERR_SYNTAX;
    for (size_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)(hex_value(hex[2 * i]) << 4 | hex_value(hex[2 * i + 1]));
    return 0;
}

void text_to_base64url(const uint8_t *bytes, size_t length, char *text)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint32_t waiting = 0; /* its low `bits` bits are still to be written */
    unsigned bits = 0;

    for (size_t i = 0; i < length; i++) {
        waiting = waiting << 8 | bytes[i];
        for (bits += 8; bits >= 6; bits -= 6)
            *text++ = alphabet[waiting >> (bits - 6) & 63];
    }
    if (bits > 0)
        *text++ = alphabet[waiting << (6 - bits) & 63];
    *text = '\0';
}

/* The value of each character of the alphabet and one; 0: it is not in there. */
static const uint8_t base64url_values[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['-'] = 63, ['_'] = 64,
};

/* What is in no alphabet has the highest bit. */
static unsigned base64url_value(char c)
{
    return base64url_values[(uint8_t)c] - 1u;
}

int text_from_base64url(const char *text, size_t count, uint8_t *bytes, size_t size, size_t *length)
{
    static const unsigned unused_bits[] = {0, 63, 15, 3}; /* of the last character, by count % 4 */
    unsigned all = 0;

    for (size_t i = 0; i < count; i++)
        all |= base64url_value(text[i]);
    if (all > 63)
        return ERR_SYNTAX;
    if (count % 4 == 1 || (count > 0 && base64url_value(text[count - 1]) & unused_bits[count % 4]))
        return ERR_SYNTAX;
    size_t decoded = count / 4 * 3 + count % 4 * 3 / 4;
    if (decoded > size)
        return ERR_TOO_LONG;

    uint32_t waiting = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < count; i++) {
        waiting = waiting << 6 | base64url_value(text[i]);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            *bytes++ = (uint8_t)(waiting >> bits);
        }
    }
    *length = decoded;
    return 0;
}
