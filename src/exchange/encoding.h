/* Character encodings: which one a file has, and from it to UTF-8 and back. */
#ifndef EXCHANGE_ENCODING_H
#define EXCHANGE_ENCODING_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

/* What the first bytes of a file tell. */
struct encoding {
    const char *name; /* for iconv(3); NULL: octets that stay as they are, ASCII and others */
    size_t mark;      /* octets of the byte order mark in front, to be passed over */
};

/* By its byte order mark, or by the zeros that ASCII has in UTF-16. A mark of UTF-8 gives no name.
 */
struct encoding encoding_recognise(const char *bytes, size_t length);

/* Whether it is a name of UTF-8. */
bool encoding_is_utf8(const char *name);

/* Translates a stream. */
struct encoder;

/* One of the two names is UTF-8. ERR_NOT_FOUND: iconv(3) does not know the other. -ENOMEM, -errno.
 */
int encoder_new(const char *from, const char *to, struct encoder **encoder);
/* NULL is allowed. */
void encoder_free(struct encoder *encoder);

#define ENCODER_ROOM 32 /* octets in front and behind at which encoder_run always goes on */

/* Translates as many of *length octets as fit into `size`; returns how many it wrote, *length
 * becomes how many it used. An incomplete character at the end is left unused, unless `last`.
 * Octets that mean nothing become U+FFFD, characters that the target lacks something like them or
 * '?'. */
size_t encoder_run(struct encoder *encoder, const char *bytes, size_t *length, bool last, char *to,
                   size_t size);

/* Appends octets that are no UTF-8 as what they are in CP1252, the usual 8-bit set of Windows.
 * ASCII stays ASCII; the five octets without a character there become U+FFFD. */
void encoding_append_cp1252(const char *bytes, size_t length, struct text *text);

#endif
