/* Erasures and cuts as octets. */
#include "event_site.h"

static void the_octets_of_words_with_a_network_address(void **state)
{
    static const uint8_t network[EVENT_HASH_SIZE] = {0xee, 0xef};
    struct event event = event_of(EVENT_VERDICT, 24);
    (void)state;
    event.network = network;
    assert_golden(&event, "a7" HEAD("1818", "1820") "08825820"
                                                    "00000000000000000000000000000000"
                                                    "00000000000000000000000000000000"
                                                    "5820"
                                                    "eeef0000000000000000000000000000"
                                                    "00000000000000000000000000000000");
}

static void the_octets_of_an_erasure(void **state)
{
    const struct event_name names[] = {name_of(own_node, 7), name_of(other_node, 300)};
    const struct event_erasure rows[] = {{.subject = subject_of(0x01)},
                                         {subject_of(0x02), names, 2}};
    struct event event = event_of(EVENT_ERASURE, 24);
    (void)state;
    event.erasures = rows;
    event.erasure_count = 2;
    assert_golden(&event, "a8" HEAD("1818", "09") "0a8148a0a1a2a3a4a5a6a7"
                                                  "1382"
                                                  "825001010101010101010101010101010101"
                                                  "80"
                                                  "825002020202020202020202020202020202"
                                                  "84000701"
                                                  "19012c");
}

static void the_octets_of_a_cut(void **state)
{
    struct event_cut_row rows[] = {
        {.last = name_of(own_node, 7), .first_ms = 1, .last_ms = 2},
        {.last = name_of(other_node, 300), .first_ms = 1700000000123, .last_ms = 1700000000123}};
    struct event_cut cut = {.rows = rows, .row_count = 2};
    struct event event = event_of(EVENT_CUT, 24);
    (void)state;
    memset(rows[0].hash, 0xcd, sizeof rows[0].hash);
    memset(cut.key_id, 0x11, sizeof cut.key_id);
    memset(cut.signature, 0x22, sizeof cut.signature);
    event.cut = &cut;
    assert_golden(&event, "a8" HEAD("1818", "1823") "0a8148a0a1a2a3a4a5a6a7"
                                                    "1818838a"
                                                    "0007"
                                                    "5820"
                                                    "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
                                                    "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
                                                    "0102"
                                                    "0119012c"
                                                    "5820"
                                                    "00000000000000000000000000000000"
                                                    "00000000000000000000000000000000"
                                                    "1b0000018bcfe5687b"
                                                    "1b0000018bcfe5687b"
                                                    "481111111111111111"
                                                    "5840"
                                                    "22222222222222222222222222222222"
                                                    "22222222222222222222222222222222"
                                                    "22222222222222222222222222222222"
                                                    "22222222222222222222222222222222");
}

static int decode_hex(const char *hex)
{
    uint8_t bytes[512];
    struct pool pool = {0};
    struct event event;
    size_t length = strlen(hex);
    assert_true(length / 2 <= sizeof bytes);
    assert_int_equal(text_from_hex(hex, length / 2, bytes), 0);
    int code = event_decode(SLICE(bytes, length / 2), &pool, &event);
    pool_release(&pool);
    return code;
}

#define SUBJECT_HEX "5001010101010101010101010101010101"
#define HASH_HEX "58200000000000000000000000000000000000000000000000000000000000000000"

static void an_erasure_or_a_cut_that_lacks_something_is_damage(void **state)
{
    (void)state;
    assert_int_equal(decode_hex("a7" HEAD("01", "09") "138183" SUBJECT_HEX "820001f6"), 0);
    assert_int_equal(decode_hex("a7" HEAD("01", "09") "138181" SUBJECT_HEX), ERR_CORRUPT);
    assert_int_equal(decode_hex("a7" HEAD("01", "09") "138182" SUBJECT_HEX "8100"), ERR_CORRUPT);
    assert_int_equal(decode_hex("a7" HEAD("01", "09") "138182" SUBJECT_HEX "820101"), ERR_CORRUPT);
    assert_int_equal(decode_hex("a7" HEAD("01", "09") "13818241ff80"), ERR_CORRUPT);
    assert_int_equal(decode_hex("a7" HEAD("01", "1823") "18188280481111111111111111"), ERR_CORRUPT);
    assert_int_equal(decode_hex("a7" HEAD("01", "1823") "1818838500014001014811111111111111115840"),
                     ERR_CORRUPT);
    assert_int_equal(decode_hex("a7" HEAD("01", "1823") "18188384000100014811111111111111114100"),
                     ERR_CORRUPT);
    assert_int_equal(decode_hex("a7" HEAD("01", "1820") "0882" HASH_HEX "4100"), ERR_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_octets_of_words_with_a_network_address),
        cmocka_unit_test(the_octets_of_an_erasure),
        cmocka_unit_test(the_octets_of_a_cut),
        cmocka_unit_test(an_erasure_or_a_cut_that_lacks_something_is_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
