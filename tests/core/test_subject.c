#include "core/subject.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

static uint8_t key[SUBJECT_KEY_SIZE];
static struct subject_hasher *hasher;

static int make_hasher(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)(200 - 7 * i);
    return subject_hasher_new(key, &hasher);
}

static int free_hasher(void **state)
{
    (void)state;
    subject_hasher_free(hasher);
    return 0;
}

/* As the library does it, slowly. */
static void hmac_by_the_library(const uint8_t *message, size_t length, uint8_t mac[32])
{
    size_t n = 0;
    assert_non_null(EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, sizeof key, message, length,
                              mac, 32, &n));
    assert_int_equal(n, 32);
}

static void a_subject_is_the_front_of_the_library_s_hmac_of_the_digest(void **state)
{
    (void)state;
    for (int round = 0; round < 1000; round++) {
        uint8_t digest[32], mac[32];
        struct subject subject;
        for (size_t i = 0; i < sizeof digest; i++)
            digest[i] = (uint8_t)(rand() >> 5);
        hmac_by_the_library(digest, sizeof digest, mac);
        assert_int_equal(subject_of_digest(hasher, digest, &subject), 0);
        assert_memory_equal(subject.bytes, mac, SUBJECT_SIZE);
    }
}

static void an_address_and_its_sha256_are_one_subject(void **state)
{
    (void)state;
    char address[319];
    for (size_t length = 1; length < sizeof address; length++) {
        uint8_t digest[32];
        struct subject a, b;
        address[length - 1] = (char)('!' + length % 90);
        SHA256((const uint8_t *)address, length, digest);
        assert_int_equal(subject_of_address(hasher, address, length, &a), 0);
        assert_int_equal(subject_of_digest(hasher, digest, &b), 0);
        assert_memory_equal(a.bytes, b.bytes, SUBJECT_SIZE);
    }
}

/* Worked out apart from this program (Python's hmac and hashlib), so that no change of library or
 * code can alter what is stored in lists. */
static void a_known_address_has_its_known_subject(void **state)
{
    (void)state;
    static const char address[] = "anna@example.com";
    struct subject subject;
    char hex[2 * SUBJECT_SIZE + 1];
    assert_int_equal(subject_of_address(hasher, address, strlen(address), &subject), 0);
    text_to_hex(subject.bytes, SUBJECT_SIZE, hex);
    assert_string_equal(hex, "24a5b08dcaefc0e7c014e273ce8ca83e");
}

static void another_key_gives_another_subject(void **state)
{
    (void)state;
    struct subject_hasher *other;
    struct subject a, b;
    uint8_t other_key[SUBJECT_KEY_SIZE];
    memcpy(other_key, key, sizeof key);
    other_key[31] ^= 1;
    assert_int_equal(subject_hasher_new(other_key, &other), 0);
    memset(other_key, 0, sizeof other_key); /* it was copied */
    assert_int_equal(subject_of_address(hasher, "a@b.de", 6, &a), 0);
    assert_int_equal(subject_of_address(other, "a@b.de", 6, &b), 0);
    assert_memory_not_equal(a.bytes, b.bytes, SUBJECT_SIZE);
    struct subject again;
    assert_int_equal(subject_of_address(other, "a@b.de", 6, &again), 0);
    assert_memory_equal(again.bytes, b.bytes, SUBJECT_SIZE);
    subject_hasher_free(other);
}

static void freeing_nothing_is_allowed(void **state)
{
    (void)state;
    subject_hasher_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_subject_is_the_front_of_the_library_s_hmac_of_the_digest),
        cmocka_unit_test(an_address_and_its_sha256_are_one_subject),
        cmocka_unit_test(a_known_address_has_its_known_subject),
        cmocka_unit_test(another_key_gives_another_subject),
        cmocka_unit_test(freeing_nothing_is_allowed),
    };
    return cmocka_run_group_tests(tests, make_hasher, free_hasher);
}
