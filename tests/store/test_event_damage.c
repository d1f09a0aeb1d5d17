/* What is damaged in an event is told, and what is not known is skipped. */
#include "event_site.h"

#include "store/pack.h"

/* Keys 0 to 5. */
static void pack_first_keys(struct text *bytes, enum event_type type)
{
    uint8_t zeros[EVENT_HASH_SIZE] = {0};
    pack_uint(bytes, 0);
    pack_bytes(bytes, zeros, EVENT_HASH_SIZE);
    pack_uint(bytes, 1);
    pack_bytes(bytes, zeros, EVENT_NODE_SIZE);
    pack_uint(bytes, 2);
    pack_uint(bytes, 1);
    pack_uint(bytes, 3);
    pack_uint(bytes, 1);
    pack_uint(bytes, 4);
    pack_uint(bytes, type);
    pack_uint(bytes, 5);
    pack_string(bytes, "cli");
}

static void decode_after_first_keys(size_t pairs, const char *rest, size_t size, int expected)
{
    struct text bytes = TEXT_EMPTY;
    pack_map(&bytes, 6 + pairs);
    pack_first_keys(&bytes, EVENT_CHOICES);
    text_append_bytes(&bytes, rest, size);
    if (decode_exactly(bytes.data, bytes.length) != expected)
        fail_msg("case \"\\x%02x\\x%02x...\" of %zu octets: expected %d", (uint8_t)rest[0],
                 (uint8_t)rest[1], size, expected);
    text_release(&bytes);
}

#define AFTER(pairs, literal, expected)                                                            \
    decode_after_first_keys(pairs, literal, sizeof(literal) - 1, expected)

#define SUBJECT "\x50ssssssssssssssss"

static void unknown_keys_are_skipped_whatever_lies_under_them(void **state)
{
    (void)state;
    AFTER(0, "", 0);
    AFTER(1, "\x18\x40\x01", 0);
    AFTER(1, "\x18\x64\xf6", 0);
    AFTER(1, "\x19\x01\x00\x82\x20\xf9\x00\x00", 0);
    AFTER(1, "\x1b\xff\xff\xff\xff\xff\xff\xff\xff\xa1\x61x\xc1\x00", 0);
    AFTER(1, "\x18\x40\x9f\xff", ERR_CORRUPT);
    AFTER(1, "\x18\x40", ERR_CORRUPT);
    AFTER(1, "\x20\x01", ERR_CORRUPT); /* a key is a number */
    AFTER(1, "\x61x\x01", ERR_CORRUPT);
}

#define DIGEST "\x58\x20hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh"

static void items_behind_those_that_are_known_are_skipped(void **state)
{
    (void)state;
    AFTER(2, "\x09\x81\x61/\x0b\x81\x85" SUBJECT "\x01\x00\x02\x00", 0);
    AFTER(2, "\x09\x81\x61/\x0b\x81\x89" SUBJECT "\x01\x00\x02\x00\x00\x80\xf6\x82\x01\x02", 0);
    AFTER(1, "\x0c\x81\x85" SUBJECT "\x00\x05\xf5\x81\x01", 0);
    AFTER(1, "\x0d\x85\x64list\x01\x61h\x01\x20", 0);
    AFTER(1, "\x08\x83" DIGEST DIGEST "\xf6", 0);
    AFTER(1,
          "\x0e\x8c\x61s\x61r\x61/\x61q\x48kkkkkkkk\x01\x00\x01\x01\x00\x81\x84" SUBJECT
          "\x02\x80\x20\x01",
          0);
    AFTER(1, "\x0f\x86\x01\x40\x00\x00\x07\xf6", 0);
    AFTER(1, "\x10\x88\x01\x02\x03\x04\x05\x06\x07\x20", 0);
    AFTER(1, "\x17\x85\x61p\x01" SUBJECT "\x60\xf6", 0);
}

static void rows_that_lack_something_are_damage(void **state)
{
    (void)state;
    AFTER(1, "\x0f\x82\x01\x40", ERR_CORRUPT);
    AFTER(1, "\x0f\x83\x01\x41x\x00", ERR_CORRUPT); /* a digest of one octet */
    AFTER(1, "\x10\x86\x01\x02\x03\x04\x05\x06", ERR_CORRUPT);
    AFTER(1, "\x17\x84\x61p\x01\x41s\x60", ERR_CORRUPT); /* a subject of one octet */
    AFTER(2, "\x09\x81\x61/\x0b\x81\x84" SUBJECT "\x01\x00\x02", ERR_CORRUPT);
    AFTER(2, "\x09\x81\x61/\x0b\x81\x85" SUBJECT "\x00\x00\x02\x00", ERR_CORRUPT); /* no kind */
    AFTER(2, "\x09\x81\x61/\x0b\x81\x85" SUBJECT "\x01\x01\x02\x00", ERR_CORRUPT); /* no scope */
    AFTER(1, "\x0b\x81\x85" SUBJECT "\x01\x00\x02\x00", ERR_CORRUPT);
    AFTER(2, "\x09\x81\x61/\x0b\x81\x85\x4fsssssssssssssss\x01\x00\x02\x00", ERR_CORRUPT);
    AFTER(2, "\x09\x81\x61/\x0b\x81\x87" SUBJECT "\x07\x00\x02\x00\x00\x83\x00\x01\x02",
          ERR_CORRUPT);                                       /* half a name */
    AFTER(1, "\x0c\x81\x83" SUBJECT "\x01\x05", ERR_CORRUPT); /* no such node */
    AFTER(1, "\x0c\x81\x82" SUBJECT "\x00", ERR_CORRUPT);
    AFTER(1, "\x08\x80", ERR_CORRUPT);
    AFTER(1, "\x08\x81\x41h", ERR_CORRUPT);
    AFTER(1, "\x0a\x81\x47nnnnnnn", ERR_CORRUPT);
    AFTER(1, "\x0d\x83\x64list\x01\x61h", ERR_CORRUPT);
    AFTER(1, "\x0e\x8a\x61s\x61r\x61/\x61q\x48kkkkkkkk\x01\x00\x01\x01\x00", ERR_CORRUPT);
    AFTER(1,
          "\x0e\x8b\x61s\x61r\x61/\x61q\x48kkkkkkkk\x01\x00\x01\x01\x00\x81\x83" SUBJECT
          "\x02\x81\x00",
          ERR_CORRUPT); /* a third of a basis */
    AFTER(1, "\x0e\x8b\x61s\x61r\x61/\x61q\x48kkkkkkkk\x01\x00\x01\x01\x00\x81\x83\x41s\x02\x80",
          ERR_CORRUPT);
}

static void numbers_too_large_for_what_they_count_are_damage(void **state)
{
    (void)state;
    AFTER(2, "\x09\x81\x61/\x0b\x81\x85" SUBJECT "\x01\x00\x1a\x7f\xff\xff\xff\x00", 0);
    AFTER(2, "\x09\x81\x61/\x0b\x81\x85" SUBJECT "\x01\x00\x1b\x00\x00\x00\x01\x00\x00\x00\x02\x00",
          ERR_CORRUPT);
    AFTER(1, "\x0b\x9b\xff\xff\xff\xff\xff\xff\xff\xff", ERR_CORRUPT);
    AFTER(1, "\x0c\x9a\x7f\xff\xff\xff", ERR_CORRUPT);
}

static void a_string_with_a_nul_is_damage(void **state)
{
    (void)state;
    AFTER(1,
          "\x06\x63"
          "c\0m",
          ERR_CORRUPT);
    AFTER(1,
          "\x09\x81\x66"
          "acme\0x",
          ERR_CORRUPT);
    AFTER(1, "\x06\x60", 0);
}

static void a_key_twice_is_damage(void **state)
{
    (void)state;
    AFTER(2, "\x06\x61x\x06\x61y", ERR_CORRUPT);
    AFTER(1, "\x02\x01", ERR_CORRUPT);
    AFTER(2, "\x18\x63\x01\x18\x63\x01", 0); /* not known, not ours to say */
}

static void without_its_first_six_keys_it_is_no_event(void **state)
{
    (void)state;
    for (unsigned left_out = 0; left_out < 6; left_out++) {
        struct text whole = TEXT_EMPTY, bytes = TEXT_EMPTY;
        pack_first_keys(&whole, EVENT_SCOPES);
        struct unpacker in = unpack_begin(SLICE(whole.data, whole.length));
        pack_map(&bytes, 5);
        for (unsigned key = 0; key < 6; key++) {
            const uint8_t *from = in.at;
            unpack_skip(&in);
            unpack_skip(&in);
            if (key != left_out)
                text_append_bytes(&bytes, (const char *)from, (size_t)(in.at - from));
        }
        assert_int_equal(decode_exactly(bytes.data, bytes.length), ERR_CORRUPT);
        text_release(&bytes);
        text_release(&whole);
    }
    assert_int_equal(decode_exactly("\xa0", 1), ERR_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_keys_are_skipped_whatever_lies_under_them),
        cmocka_unit_test(items_behind_those_that_are_known_are_skipped),
        cmocka_unit_test(rows_that_lack_something_are_damage),
        cmocka_unit_test(numbers_too_large_for_what_they_count_are_damage),
        cmocka_unit_test(a_string_with_a_nul_is_damage),
        cmocka_unit_test(a_key_twice_is_damage),
        cmocka_unit_test(without_its_first_six_keys_it_is_no_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
