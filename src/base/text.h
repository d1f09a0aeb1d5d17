/* Text and bytes, in ASCII and without regard to the locale. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A string that grows. `data` is always terminated once something was appended (before: NULL,
 * length 0). The first failed append sets `failed`; later appends do nothing, so that it is asked
 * once, at the end. */
struct text {
    char *data;
    size_t length;
    size_t size;
    bool failed;
};

#define TEXT_EMPTY ((struct text){0})

void text_append(struct text *text, const char *string);
void text_append_bytes(struct text *text, const char *bytes, size_t length);
static inline void text_append_char(struct text *text, char c)
{
    if (text->failed || text->size - text->length < 2) {
        text_append_bytes(text, &c, 1);
        return;
    }
    text->data[text->length++] = c;
    text->data[text->length] = '\0';
}
void text_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Frees the memory and leaves an empty text. */
void text_release(struct text *text);

/* ASCII letters only; other bytes stay as they are. */
static inline char text_lower_char(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}
void text_lower(char *string);
bool text_equal(const char *a, const char *b);            /* without regard to case */
bool text_starts(const char *string, const char *prefix); /* without regard to case */

/* Blank, tab, CR, LF. */
static inline bool text_is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Whether `string` as a whole fits the pattern, without regard to ASCII case. `*` stands for any
 * bytes, `?` for one byte; nothing else is special. Time is at most length of pattern times length
 * of string, whoever wrote them (fnmatch(3) does not promise that, and gives `[` a meaning). */
bool text_glob(const char *pattern, const char *string);

/* The whole string as an unsigned decimal number of at most `max`: 0, ERR_SYNTAX. */
int text_to_u64(const char *string, uint64_t max, uint64_t *number);

/* Lower-case hex: `hex` takes 2 * length + 1 bytes. */
void text_to_hex(const uint8_t *bytes, size_t length, char *hex);
/* The whole string, exactly 2 * length digits of either case: 0, ERR_SYNTAX. */
int text_from_hex(const char *hex, size_t length, uint8_t *bytes);

/* RFC 4648 section 5 without padding. `text` takes TEXT_BASE64URL_SIZE(length) bytes, the final NUL
 * counted. */
#define TEXT_BASE64URL_SIZE(length) (((length)*4 + 2) / 3 + 1)
void text_to_base64url(const uint8_t *bytes, size_t length, char *text);
/* Decodes `count` characters into at most `size` bytes. Only the one canonical spelling of the
 * bytes is taken: 0, ERR_SYNTAX, ERR_TOO_LONG. */
int text_from_base64url(const char *text, size_t count, uint8_t *bytes, size_t size,
                        size_t *length);

#endif
