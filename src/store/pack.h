/* CBOR (RFC 8949) by libcbor: what lies in journals and rows can be read by anybody's decoder, with
 * or without us.
 *
 * We write definite lengths and shortest forms only, map keys ascending (section 4.2.1). Writer and
 * reader remember the first failure, so that it is asked once, at the end. */
#ifndef STORE_PACK_H
#define STORE_PACK_H

#include "base/text.h"
#include "store/env.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Appends to `text`, whose `failed` tells of missing memory. */
void pack_uint(struct text *text, uint64_t number);
void pack_bytes(struct text *text, const void *bytes, size_t length);
/* A text string; a byte string where it is not UTF-8. */
void pack_string(struct text *text, const char *string);
void pack_array(struct text *text, size_t count);
void pack_map(struct text *text, size_t count);

/* Reads from memory that it does not own. After a failure (bytes that are cut short, or another
 * type than asked for) everything taken is 0 or empty. */
struct unpacker {
    const uint8_t *at;
    size_t left;
    bool failed;
};

struct unpacker unpack_begin(struct slice bytes);
uint64_t unpack_uint(struct unpacker *in);
struct slice unpack_bytes(struct unpacker *in);
struct slice unpack_string(struct unpacker *in); /* whatever pack_string wrote; not terminated */
size_t unpack_array(struct unpacker *in);        /* how many items follow */
size_t unpack_map(struct unpacker *in);          /* how many pairs follow */
/* One item of any type with all that is in it; damage where it is nested more than 8 deep or has an
 * indefinite length. */
void unpack_skip(struct unpacker *in);
/* Whether everything was read without failure and nothing is left. */
bool unpack_is_done(const struct unpacker *in);

#endif
