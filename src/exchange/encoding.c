#include "exchange/encoding.h"

#include "base/error.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* The longer marks come first: one of UTF-32 begins like one of UTF-16. */
static const struct {
    const char *bytes;
    size_t length;
    const char *name;
} marks[] = {
    {"\xef\xbb\xbf", 3, NULL},   {"\xff\xfe\0\0", 4, "UTF-32LE"}, {"\0\0\xfe\xff", 4, "UTF-32BE"},
    {"\xff\xfe", 2, "UTF-16LE"}, {"\xfe\xff", 2, "UTF-16BE"},
};

struct encoding encoding_recognise(const char *bytes, size_t length)
{
    struct encoding plain = {NULL, 0};

    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (length >= marks[i].length && memcmp(bytes, marks[i].bytes, marks[i].length) == 0)
            return (struct encoding){marks[i].name, marks[i].length};
    if (length >= 4 && bytes[0] && !bytes[1] && bytes[2] && !bytes[3])
        plain.name = "UTF-16LE";
    else if (length >= 4 && !bytes[0] && bytes[1] && !bytes[2] && bytes[3])
        plain.name = "UTF-16BE";
    return plain;
}

bool encoding_is_utf8(const char *name)
{
    return text_equal(name, "UTF-8") || text_equal(name, "UTF8");
}

struct encoder {
    iconv_t iconv;
    bool to_utf8;
    size_t unit; /* octets to pass over where they mean nothing */
};

static size_t unit_of(const char *name)
{
    if (text_starts(name, "UTF-16") || text_starts(name, "UCS-2"))
        return 2;
    return text_starts(name, "UTF-32") || text_starts(name, "UCS-4") ? 4 : 1;
}

int encoder_new(const char *from, const char *to, struct encoder **encoder)
{
    char target[64];
    struct encoder *made = calloc(1, sizeof *made);

    if (!made)
        return -ENOMEM;
    made->to_utf8 = encoding_is_utf8(to);
    made->unit = unit_of(from);
    int length = snprintf(target, sizeof target, "%s%s", to, made->to_utf8 ? "" : "//TRANSLIT");
    /* glibc would take what is behind a slash for its own flags. */
    bool named = length > 0 && (size_t)length < sizeof target && !strchr(from, '/') &&
                 (made->to_utf8 || !strchr(to, '/')) && *from && *to;
    made->iconv = named ? iconv_open(target, from) : (iconv_t)-1;
    if (made->iconv == (iconv_t)-1) {
        int rc = !named || errno == EINVAL ? ERR_NOT_FOUND : -errno;
        free(made);
        return rc;
    }
    *encoder = made;
    return 0;
}

void encoder_free(struct encoder *encoder)
{
    if (!encoder)
        return;
    iconv_close(encoder->iconv);
    free(encoder);
}

/* iconv(3) leaves its input alone and takes it as `char **` all the same. */
static char *writable(const char *bytes)
{
    return (char *)(uintptr_t)bytes;
}

/* Writes what stands for something unreadable; false where there is no room. */
static bool put_replacement(struct encoder *encoder, char **to, size_t *room)
{
    if (encoder->to_utf8) {
        if (*room < strlen(REPLACEMENT))
            return false;
        memcpy(*to, REPLACEMENT, strlen(REPLACEMENT));
        *to += strlen(REPLACEMENT);
        *room -= strlen(REPLACEMENT);
        return true;
    }
    char *mark = writable("?");
    size_t length = 1;
    return iconv(encoder->iconv, &mark, &length, to, room) != (size_t)-1;
}

size_t encoder_run(struct encoder *encoder, const char *bytes, size_t *length, bool last, char *to,
                   size_t size)
{
    char *in = writable(bytes), *out = to;
    size_t left = *length, room = size;

    while (left > 0) {
        if (iconv(encoder->iconv, &in, &left, &out, &room) != (size_t)-1)
            continue;
        if (errno == E2BIG || (errno == EINVAL && !last))
            break;
        if (!put_replacement(encoder, &out, &room))
            break;
        size_t unit = left < encoder->unit ? left : encoder->unit;
        in += unit;
        left -= unit;
    }
    *length -= left;
    return size - room;
}

/* What CP1252 has at 0x80 to 0x9f. */
static const uint16_t cp1252_high[32] = {
    0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd, 0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e, 0x0178,
};

void encoding_append_cp1252(const char *bytes, size_t length, struct text *text)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char octet = (unsigned char)bytes[i];
        unsigned code = octet >= 0x80 && octet < 0xa0 ? cp1252_high[octet - 0x80] : octet;
        char utf8[3] = {(char)(0xe0 | code >> 12), (char)(0x80 | (code >> 6 & 63)),
                        (char)(0x80 | (code & 63))};

        if (code < 0x80) {
            text_append_bytes(text, bytes + i, 1);
        } else if (code < 0x800) {
            utf8[1] = (char)(0xc0 | code >> 6);
            text_append_bytes(text, utf8 + 1, 2);
        } else {
            text_append_bytes(text, utf8, 3);
        }
    }
}
