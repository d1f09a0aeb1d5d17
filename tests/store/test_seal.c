#include "store/seal.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEXT_SLICE(string) SLICE((string), strlen(string))

static const uint8_t key[SEAL_KEY_SIZE] = "an example key of 32 octets, 01";
static const uint8_t nonce[SEAL_NONCE_SIZE] = {1, 2, 3};

static void assert_hex(const void *bytes, size_t size, const char *hex)
{
    char found[512];
    assert_true(2 * size < sizeof found);
    text_to_hex(bytes, size, found);
    assert_string_equal(found, hex);
}

/* McGrew and Viega, The Galois/Counter Mode of Operation, appendix B, test case 16. */
static void sealing_is_aes_256_gcm(void **state)
{
    uint8_t k[32], n[12], a[20], p[60];
    struct text out = TEXT_EMPTY;
    (void)state;
    assert_int_equal(
        text_from_hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", 32, k),
        0);
    assert_int_equal(text_from_hex("cafebabefacedbaddecaf888", 12, n), 0);
    assert_int_equal(text_from_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2", 20, a), 0);
    assert_int_equal(
        text_from_hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                      "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
                      60, p),
        0);
    assert_int_equal(seal_append(k, n, SLICE(a, sizeof a), SLICE(p, sizeof p), &out), 0);
    assert_hex(out.data, out.length,
               "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
               "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
               "76fc6ece0f4e1768cddf8853bb2d551b");
    text_release(&out);
}

/* HKDF-SHA-256 without salt, 32 octets; reckoned apart from this program. */
static void subkeys_are_hkdf_and_differ_by_label(void **state)
{
    uint8_t one[SEAL_KEY_SIZE], other[SEAL_KEY_SIZE];
    (void)state;
    assert_int_equal(seal_subkey(key, "list address", one), 0);
    assert_hex(one, sizeof one, "97c3a2fbece2816cb0eacaf2a8091100e0aeb966150ee66ba1a09cd7bb44fe6c");
    assert_int_equal(seal_subkey(key, "list words", other), 0);
    assert_memory_not_equal(one, other, sizeof one);
}

static void what_was_sealed_opens_again(void **state)
{
    static const char *const words[] = {"", "x", "a note about somebody", "\0\1\2"};
    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct text sealed = TEXT_EMPTY, plain = TEXT_EMPTY;
        struct slice a = TEXT_SLICE("where it lies"), p = TEXT_SLICE(words[i]);
        assert_int_equal(seal_append(key, nonce, a, p, &sealed), 0);
        assert_int_equal(sealed.length, p.size + SEAL_TAG_SIZE);
        assert_int_equal(seal_open(key, nonce, a, SLICE(sealed.data, sealed.length), &plain), 0);
        assert_int_equal(plain.length, p.size);
        if (p.size)
            assert_memory_equal(plain.data, words[i], p.size);
        text_release(&sealed);
        text_release(&plain);
    }
}

static void anything_that_does_not_fit_is_refused_and_tells_nothing(void **state)
{
    struct text sealed = TEXT_EMPTY, plain = TEXT_EMPTY;
    struct slice a = TEXT_SLICE("here");
    uint8_t other_key[SEAL_KEY_SIZE], other_nonce[SEAL_NONCE_SIZE];
    (void)state;

    assert_int_equal(seal_append(key, nonce, a, TEXT_SLICE("a secret"), &sealed), 0);
    struct slice whole = SLICE(sealed.data, sealed.length);
    memcpy(other_key, key, sizeof other_key);
    other_key[31] ^= 1;
    memcpy(other_nonce, nonce, sizeof other_nonce);
    other_nonce[11] ^= 1;
    assert_int_equal(seal_open(other_key, nonce, a, whole, &plain), ERR_KEY);
    assert_int_equal(seal_open(key, other_nonce, a, whole, &plain), ERR_KEY);
    assert_int_equal(seal_open(key, nonce, TEXT_SLICE("there"), whole, &plain), ERR_KEY);
    for (size_t size = 0; size < whole.size; size++)
        assert_int_equal(seal_open(key, nonce, a, SLICE(whole.data, size), &plain), ERR_KEY);
    for (size_t bit = 0; bit < 8 * sealed.length; bit++) {
        sealed.data[bit / 8] = (char)(sealed.data[bit / 8] ^ 1 << bit % 8);
        assert_int_equal(seal_open(key, nonce, a, whole, &plain), ERR_KEY);
        sealed.data[bit / 8] = (char)(sealed.data[bit / 8] ^ 1 << bit % 8);
    }
    assert_int_equal(plain.length, 0);
    assert_int_equal(seal_open(key, nonce, a, whole, &plain), 0);
    text_release(&sealed);
    text_release(&plain);
}

static void random_nonces_differ_and_open_again(void **state)
{
    struct text one = TEXT_EMPTY, other = TEXT_EMPTY, plain = TEXT_EMPTY;
    struct slice a = TEXT_SLICE("here"), p = TEXT_SLICE("the same words");
    (void)state;
    assert_int_equal(seal_append_random(key, a, p, &one), 0);
    assert_int_equal(seal_append_random(key, a, p, &other), 0);
    assert_int_equal(one.length, SEAL_NONCE_SIZE + p.size + SEAL_TAG_SIZE);
    assert_memory_not_equal(one.data, other.data, SEAL_NONCE_SIZE);
    assert_memory_not_equal(one.data + SEAL_NONCE_SIZE, other.data + SEAL_NONCE_SIZE, p.size);
    assert_int_equal(seal_open_random(key, a, SLICE(one.data, one.length), &plain), 0);
    assert_memory_equal(plain.data, p.data, p.size);
    for (size_t size = 0; size < one.length; size++)
        assert_int_equal(seal_open_random(key, a, SLICE(one.data, size), &plain), ERR_KEY);
    text_release(&one);
    text_release(&other);
    text_release(&plain);
}

/* FIPS 180-2 appendix B.1. */
static void digests_are_sha_256(void **state)
{
    uint8_t digest[SEAL_DIGEST_SIZE];
    (void)state;
    assert_int_equal(seal_digest(TEXT_SLICE("abc"), digest), 0);
    assert_hex(digest, sizeof digest,
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sealing_is_aes_256_gcm),
        cmocka_unit_test(subkeys_are_hkdf_and_differ_by_label),
        cmocka_unit_test(what_was_sealed_opens_again),
        cmocka_unit_test(anything_that_does_not_fit_is_refused_and_tells_nothing),
        cmocka_unit_test(random_nonces_differ_and_open_again),
        cmocka_unit_test(digests_are_sha_256),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
