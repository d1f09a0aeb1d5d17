#include "store/pack.h"

#include <cbor.h>
#include <string.h>
#include <unistr.h>

#define HEAD_MAX 9  /* octets of an item's head, RFC 8949 section 3 */
#define DEPTH_MAX 8 /* of what unpack_skip follows */

/* Major types, in the high bits of a head. */
enum {
    TYPE_UINT = 0x00,
    TYPE_BYTES = 0x40,
    TYPE_STRING = 0x60,
    TYPE_ARRAY = 0x80,
    TYPE_MAP = 0xa0
};

#define SMALL 24 /* numbers below it stand in the head itself; most in rows are */

/* All heads are that of a number, with another type. */
static void put_head(struct text *text, unsigned type, uint64_t number)
{
    unsigned char head[HEAD_MAX];

    if (number < SMALL) {
        text_append_char(text, (char)(type | (unsigned)number));
        return;
    }
    size_t length = cbor_encode_uint(number, head, sizeof head);
    head[0] |= (unsigned char)type;
    text_append_bytes(text, (char *)head, length);
}

void pack_uint(struct text *text, uint64_t number)
{
    put_head(text, TYPE_UINT, number);
}

void pack_bytes(struct text *text, const void *bytes, size_t length)
{
    put_head(text, TYPE_BYTES, length);
    text_append_bytes(text, bytes, length);
}

void pack_string(struct text *text, const char *string)
{
    size_t length = strlen(string);
    /* RFC 8949 section 3.1: a text string is UTF-8, and other decoders refuse one that is not. */
    bool is_text = u8_check((const uint8_t *)string, length) == NULL;
    put_head(text, is_text ? TYPE_STRING : TYPE_BYTES, length);
    text_append_bytes(text, string, length);
}

void pack_array(struct text *text, size_t count)
{
    put_head(text, TYPE_ARRAY, count);
}

void pack_map(struct text *text, size_t count)
{
    put_head(text, TYPE_MAP, count);
}

/* One decoded item: what libcbor's callbacks leave behind. */
struct item {
    enum {
        ITEM_NONE,
        ITEM_UINT,
        ITEM_BYTES,
        ITEM_STRING,
        ITEM_ARRAY,
        ITEM_MAP,
        ITEM_TAG,   /* one item follows, which it says something about */
        ITEM_OTHER, /* what we do not write: negative, floating-point, true, null, ... */
    } type;
    uint64_t number; /* value, or count of items or pairs */
    struct slice bytes;
};

static void on_uint8(void *context, uint8_t value)
{
    *(struct item *)context = (struct item){.type = ITEM_UINT, .number = value};
}

static void on_uint16(void *context, uint16_t value)
{
    *(struct item *)context = (struct item){.type = ITEM_UINT, .number = value};
}

static void on_uint32(void *context, uint32_t value)
{
    *(struct item *)context = (struct item){.type = ITEM_UINT, .number = value};
}

static void on_uint64(void *context, uint64_t value)
{
    *(struct item *)context = (struct item){.type = ITEM_UINT, .number = value};
}

static void on_bytes(void *context, cbor_data data, size_t length)
{
    *(struct item *)context = (struct item){.type = ITEM_BYTES, .bytes = SLICE(data, length)};
}

static void on_string(void *context, cbor_data data, size_t length)
{
    *(struct item *)context = (struct item){.type = ITEM_STRING, .bytes = SLICE(data, length)};
}

static void on_array(void *context, size_t count)
{
    *(struct item *)context = (struct item){.type = ITEM_ARRAY, .number = count};
}

static void on_map(void *context, size_t count)
{
    *(struct item *)context = (struct item){.type = ITEM_MAP, .number = count};
}

static void on_tag(void *context, uint64_t tag)
{
    *(struct item *)context = (struct item){.type = ITEM_TAG, .number = tag};
}

static void on_other(void *context)
{
    *(struct item *)context = (struct item){.type = ITEM_OTHER};
}

static void on_negint8(void *context, uint8_t value)
{
    (void)value;
    on_other(context);
}

static void on_negint16(void *context, uint16_t value)
{
    (void)value;
    on_other(context);
}

static void on_negint32(void *context, uint32_t value)
{
    (void)value;
    on_other(context);
}

static void on_negint64(void *context, uint64_t value)
{
    (void)value;
    on_other(context);
}

static void on_float(void *context, float value)
{
    (void)value;
    on_other(context);
}

static void on_double(void *context, double value)
{
    (void)value;
    on_other(context);
}

static void on_boolean(void *context, bool value)
{
    (void)value;
    on_other(context);
}

/* Those that are missing, of indefinite lengths, leave ITEM_NONE: nobody may write them. */
static const struct cbor_callbacks callbacks = {
    .uint8 = on_uint8,
    .uint16 = on_uint16,
    .uint32 = on_uint32,
    .uint64 = on_uint64,
    .negint8 = on_negint8,
    .negint16 = on_negint16,
    .negint32 = on_negint32,
    .negint64 = on_negint64,
    .byte_string = on_bytes,
    .byte_string_start = cbor_null_byte_string_start_callback,
    .string = on_string,
    .string_start = cbor_null_string_start_callback,
    .array_start = on_array,
    .indef_array_start = cbor_null_indef_array_start_callback,
    .map_start = on_map,
    .indef_map_start = cbor_null_indef_map_start_callback,
    .tag = on_tag,
    .float2 = on_float,
    .float4 = on_float,
    .float8 = on_double,
    .boolean = on_boolean,
    .null = on_other,
    .undefined = on_other,
    .indef_break = cbor_null_indef_break_callback,
};

static struct item take(struct unpacker *in)
{
    struct item item = {.type = ITEM_NONE};

    if (in->failed)
        return item;
    struct cbor_decoder_result result = cbor_stream_decode(in->at, in->left, &callbacks, &item);
    if (result.status != CBOR_DECODER_FINISHED || item.type == ITEM_NONE) {
        in->failed = true;
        return (struct item){.type = ITEM_NONE};
    }
    in->at += result.read;
    in->left -= result.read;
    return item;
}

static struct item take_type(struct unpacker *in, int type)
{
    struct item item = take(in);
    if ((int)item.type != type) {
        in->failed = true;
        return (struct item){.type = ITEM_NONE};
    }
    return item;
}

struct unpacker unpack_begin(struct slice bytes)
{
    return (struct unpacker){.at = bytes.data, .left = bytes.size};
}

uint64_t unpack_uint(struct unpacker *in)
{
    return take_type(in, ITEM_UINT).number;
}

struct slice unpack_bytes(struct unpacker *in)
{
    return take_type(in, ITEM_BYTES).bytes;
}

struct slice unpack_string(struct unpacker *in)
{
    struct item item = take(in);
    if (item.type == ITEM_STRING || item.type == ITEM_BYTES)
        return item.bytes;
    in->failed = true;
    return SLICE(NULL, 0);
}

/* A count that the remaining bytes cannot hold is damage; it must not make anybody reserve memory.
 */
static size_t take_count(struct unpacker *in, int type)
{
    uint64_t count = take_type(in, type).number;
    if (count > in->left) {
        in->failed = true;
        return 0;
    }
    return (size_t)count;
}

size_t unpack_array(struct unpacker *in)
{
    return take_count(in, ITEM_ARRAY);
}

size_t unpack_map(struct unpacker *in)
{
    return take_count(in, ITEM_MAP);
}

void unpack_skip(struct unpacker *in)
{
    uint64_t open[DEPTH_MAX + 1] = {1};
    size_t depth = 0;

    for (;;) {
        while (open[depth] == 0) {
            if (depth == 0)
                return;
            depth--;
        }
        open[depth]--;
        struct item item = take(in);
        if (in->failed)
            return;
        if (item.type == ITEM_TAG)
            open[depth]++;
        if (item.type != ITEM_ARRAY && item.type != ITEM_MAP)
            continue;
        if (depth == DEPTH_MAX || item.number > in->left) {
            in->failed = true;
            return;
        }
        open[++depth] = item.type == ITEM_MAP ? 2 * item.number : item.number;
    }
}

bool unpack_is_done(const struct unpacker *in)
{
    return !in->failed && in->left == 0;
}
