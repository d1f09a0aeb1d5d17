#include "store/number.h"
#include "store/pack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct unpacker from(const char *bytes, size_t size)
{
    return unpack_begin(SLICE(bytes, size));
}

#define FROM(literal) from(literal, sizeof(literal) - 1)

static void assert_packed(const struct text *text, const char *hex)
{
    char *found = malloc(2 * text->length + 1);
    assert_non_null(found);
    assert_false(text->failed);
    text_to_hex((const uint8_t *)text->data, text->length, found);
    assert_string_equal(found, hex);
    free(found);
}

/* RFC 8949 appendix A. */
static void numbers_take_the_shortest_form(void **state)
{
    static const struct {
        uint64_t number;
        const char *hex;
    } cases[] = {
        {0, "00"},
        {1, "01"},
        {10, "0a"},
        {23, "17"},
        {24, "1818"},
        {25, "1819"},
        {100, "1864"},
        {1000, "1903e8"},
        {1000000, "1a000f4240"},
        {1000000000000, "1b000000e8d4a51000"},
        {UINT64_MAX, "1bffffffffffffffff"},
        {255, "18ff"},
        {256, "190100"},
        {65535, "19ffff"},
        {65536, "1a00010000"},
        {UINT32_MAX, "1affffffff"},
        {(uint64_t)UINT32_MAX + 1, "1b0000000100000000"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text text = TEXT_EMPTY;
        pack_uint(&text, cases[i].number);
        assert_packed(&text, cases[i].hex);
        struct unpacker in = from(text.data, text.length);
        assert_true(unpack_uint(&in) == cases[i].number);
        assert_true(unpack_is_done(&in));
        text_release(&text);
    }
}

static void strings_bytes_arrays_and_maps_are_those_of_the_standard(void **state)
{
    struct text text = TEXT_EMPTY;
    (void)state;
    pack_map(&text, 2);
    pack_uint(&text, 1);
    pack_string(&text, "IETF");
    pack_uint(&text, 2);
    pack_array(&text, 3);
    pack_bytes(&text, "\1\2\3\4", 4);
    pack_string(&text, "");
    pack_string(&text, "\u00fc");
    assert_packed(&text, "a20164494554460283440102030460"
                         "62c3bc");
    struct unpacker in = from(text.data, text.length);
    assert_int_equal(unpack_map(&in), 2);
    assert_int_equal(unpack_uint(&in), 1);
    struct slice s = unpack_string(&in);
    assert_int_equal(s.size, 4);
    assert_memory_equal(s.data, "IETF", 4);
    assert_int_equal(unpack_uint(&in), 2);
    assert_int_equal(unpack_array(&in), 3);
    s = unpack_bytes(&in);
    assert_int_equal(s.size, 4);
    assert_memory_equal(s.data, "\1\2\3\4", 4);
    assert_int_equal(unpack_string(&in).size, 0);
    assert_int_equal(unpack_string(&in).size, 2);
    assert_true(unpack_is_done(&in));
    text_release(&text);
}

static void a_string_that_is_not_utf8_becomes_octets_and_comes_back(void **state)
{
    struct text text = TEXT_EMPTY;
    (void)state;
    pack_string(&text, "caf\xe9");
    assert_packed(&text, "44636166e9");
    struct unpacker in = from(text.data, text.length);
    struct slice s = unpack_string(&in);
    assert_int_equal(s.size, 4);
    assert_memory_equal(s.data, "caf\xe9", 4);
    assert_true(unpack_is_done(&in));
    text_release(&text);
}

static void another_type_than_asked_for_is_a_failure_that_lasts(void **state)
{
    (void)state;
    struct unpacker in = FROM("\x61x\x05");
    assert_int_equal(unpack_uint(&in), 0);
    assert_true(in.failed);
    assert_int_equal(unpack_string(&in).size, 0);
    assert_int_equal(unpack_uint(&in), 0);
    unpack_skip(&in);
    assert_false(unpack_is_done(&in));

    in = FROM("\x20"); /* -1 */
    unpack_uint(&in);
    assert_true(in.failed);
    in = FROM("\x41x");
    unpack_uint(&in);
    assert_true(in.failed);
    in = FROM("\x61x");
    assert_int_equal(unpack_bytes(&in).size, 0);
    assert_true(in.failed);
    in = FROM("\x80");
    unpack_map(&in);
    assert_true(in.failed);
    in = FROM("\xa0");
    unpack_array(&in);
    assert_true(in.failed);
}

static void what_is_left_over_is_not_done(void **state)
{
    (void)state;
    struct unpacker in = FROM("\x01\x02");
    assert_int_equal(unpack_uint(&in), 1);
    assert_false(unpack_is_done(&in));
    assert_false(in.failed);
    assert_int_equal(unpack_uint(&in), 2);
    assert_true(unpack_is_done(&in));
}

static void a_count_that_the_bytes_cannot_hold_is_damage(void **state)
{
    (void)state;
    struct unpacker in = FROM("\x9b\xff\xff\xff\xff\xff\xff\xff\xff\x01");
    assert_int_equal(unpack_array(&in), 0);
    assert_true(in.failed);
    in = FROM("\xba\x7f\xff\xff\xff\x01\x02");
    assert_int_equal(unpack_map(&in), 0);
    assert_true(in.failed);
    in = FROM("\x83\x01\x02"); /* two of three */
    assert_int_equal(unpack_array(&in), 0);
    assert_true(in.failed);
    in = FROM("\x82\x01\x02");
    assert_int_equal(unpack_array(&in), 2);
    assert_false(in.failed);
}

static void octets_that_are_cut_short_are_never_read_past(void **state)
{
    static const char *const whole[] = {"\x44wxyz", "\x64wxyz", "\x19\x01\x02",
                                        "\x1a\x01\x02\x03\x04",
                                        "\x1b\x01\x02\x03\x04\x05\x06\x07\x08"};
    (void)state;
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        for (size_t size = 0; size < strlen(whole[i]); size++) {
            char *exact = malloc(size ? size : 1); /* so that ASan sees an octet too many */
            assert_non_null(exact);
            memcpy(exact, whole[i], size);
            struct unpacker in = from(exact, size);
            unpack_skip(&in);
            assert_true(in.failed);
            in = from(exact, size);
            unpack_string(&in);
            assert_true(in.failed);
            in = from(exact, size);
            unpack_uint(&in);
            assert_true(in.failed);
            free(exact);
        }
}

static void any_well_formed_item_is_skipped(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
    } items[] = {
        {"\x00", 1},
        {"\x20", 1},                                 /* -1 */
        {"\x3b\x7f\xff\xff\xff\xff\xff\xff\xff", 9}, /* very negative */
        {"\x38\x64", 2},
        {"\x39\x01\x00", 3},
        {"\x3a\x00\x01\x00\x00", 5},
        {"\xf4", 1}, /* false */
        {"\xf5", 1},
        {"\xf6", 1}, /* null */
        {"\xf7", 1}, /* undefined */
        {"\xf9\x3c\x00", 3},
        {"\xfa\x47\xc3\x50\x00", 5},
        {"\xfb\x3f\xf1\x99\x99\x99\x99\x99\x9a", 9},
        {"\x43pqr", 4},
        {"\x63pqr", 4},
        {"\xc1\x1a\x51\x4b\x67\xb0", 6}, /* a tagged number */
        {"\xd8\x20\x63pqr", 6},
        {"\xc1\xc2\xc3\x01", 4}, /* tags of tags */
        {"\x80", 1},
        {"\xa0", 1},
        {"\x83\x01\x82\x02\x03\x82\x04\x05", 8},
        {"\xa2\x01\x83\xf6\x20\x61p\x02\xc1\x80", 10},
        {"\x81\x81\x81\x81\x81\x81\x81\x81\x01", 9}, /* eight deep */
    };
    (void)state;
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        char bytes[32];
        memcpy(bytes, items[i].bytes, items[i].size);
        bytes[items[i].size] = 7;
        struct unpacker in = from(bytes, items[i].size + 1);
        unpack_skip(&in);
        if (in.failed)
            fail_msg("item %zu was not skipped", i);
        assert_int_equal(unpack_uint(&in), 7);
        assert_true(unpack_is_done(&in));
    }
}

static void what_nobody_may_write_is_not_skipped(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
    } items[] = {
        {"\x81\x81\x81\x81\x81\x81\x81\x81\x81\x01", 10}, /* nine deep */
        {"\x9f\x01\xff", 3},                              /* indefinite lengths */
        {"\xbf\x01\x02\xff", 4},
        {"\x5f\x41x\xff", 4},
        {"\x7f\x61x\xff", 4},
        {"\xff", 1},
        {"\xf8\x18", 2}, /* simple values that have no meaning */
        {"\xe0", 1},
        {"\x1c", 1}, /* reserved */
        {"\x1f", 1},
        {"\xc1", 1}, /* a tag of nothing */
        {"\xc1\xc1", 2},
        {"\x82\x01", 2},
        {"\xa1\x01", 2},
        {"", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        struct unpacker in = from(items[i].bytes, items[i].size);
        unpack_skip(&in);
        if (!in.failed)
            fail_msg("item %zu was skipped", i);
    }
}

static void numbers_in_keys_sort_as_numbers_do(void **state)
{
    static const uint64_t numbers[] = {0, 1, 255, 256, 65535, 65536, 0xffffffffffff};
    uint8_t last[6] = {0}, key[6];
    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        number_put(key, sizeof key, numbers[i]);
        assert_true(number_get(key, sizeof key) == numbers[i]);
        if (i > 0)
            assert_true(memcmp(last, key, sizeof key) < 0);
        memcpy(last, key, sizeof key);
    }
    uint8_t two[2];
    number_put(two, 2, 0x12345);
    assert_memory_equal(two, "\x23\x45", 2);
    assert_int_equal(number_get("\0\0\0\0\0\0\0\x05\x09", 9), 5);
    assert_int_equal(number_get(NULL, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_take_the_shortest_form),
        cmocka_unit_test(strings_bytes_arrays_and_maps_are_those_of_the_standard),
        cmocka_unit_test(a_string_that_is_not_utf8_becomes_octets_and_comes_back),
        cmocka_unit_test(another_type_than_asked_for_is_a_failure_that_lasts),
        cmocka_unit_test(what_is_left_over_is_not_done),
        cmocka_unit_test(a_count_that_the_bytes_cannot_hold_is_damage),
        cmocka_unit_test(octets_that_are_cut_short_are_never_read_past),
        cmocka_unit_test(any_well_formed_item_is_skipped),
        cmocka_unit_test(what_nobody_may_write_is_not_skipped),
        cmocka_unit_test(numbers_in_keys_sort_as_numbers_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
