#include "core/subject.h"

#include "base/error.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define DIGEST_SIZE 32
#define BLOCK_SIZE 64 /* of SHA-256 */

/* HMAC by hand, RFC 2104: `inner` and `outer` have taken in the padded key and are copied for each
 * subject. OpenSSL's one-shot HMAC() sets the key up each time and takes ten times as long. */
struct subject_hasher {
    EVP_MD *sha256;
    EVP_MD_CTX *inner;
    EVP_MD_CTX *outer;
    EVP_MD_CTX *scratch;
};

static int start_with_padded_key(EVP_MD_CTX *context, const EVP_MD *sha256,
                                 const uint8_t key[SUBJECT_KEY_SIZE], uint8_t pad)
{
    uint8_t block[BLOCK_SIZE];

    memset(block, pad, sizeof block);
    for (size_t i = 0; i < SUBJECT_KEY_SIZE; i++)
        block[i] ^= key[i];
    bool done = EVP_DigestInit_ex2(context, sha256, NULL) == 1 &&
                EVP_DigestUpdate(context, block, sizeof block) == 1;
    OPENSSL_cleanse(block, sizeof block);
    return done ? 0 : ERR_CRYPTO;
}

int subject_hasher_new(const uint8_t key[SUBJECT_KEY_SIZE], struct subject_hasher **hasher)
{
    struct subject_hasher *made = calloc(1, sizeof *made);
    if (!made)
        return -ENOMEM;
    made->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    made->inner = EVP_MD_CTX_new();
    made->outer = EVP_MD_CTX_new();
    made->scratch = EVP_MD_CTX_new();
    int rc = made->sha256 && made->inner && made->outer && made->scratch ? 0 : ERR_CRYPTO;
    if (rc == 0)
        rc = start_with_padded_key(made->inner, made->sha256, key, 0x36);
    if (rc == 0)
        rc = start_with_padded_key(made->outer, made->sha256, key, 0x5c);
    if (rc < 0) {
        subject_hasher_free(made);
        return rc;
    }
    *hasher = made;
    return 0;
}

void subject_hasher_free(struct subject_hasher *hasher)
{
    if (!hasher)
        return;
    EVP_MD_CTX_free(hasher->scratch);
    EVP_MD_CTX_free(hasher->outer);
    EVP_MD_CTX_free(hasher->inner);
    EVP_MD_free(hasher->sha256);
    free(hasher);
}

/* The digest of what `start` has taken in already and then `data`. */
static bool finish_copy(EVP_MD_CTX *scratch, const EVP_MD_CTX *start, const void *data,
                        size_t length, uint8_t digest[DIGEST_SIZE])
{
    return EVP_MD_CTX_copy_ex(scratch, start) == 1 &&
           EVP_DigestUpdate(scratch, data, length) == 1 &&
           EVP_DigestFinal_ex(scratch, digest, NULL) == 1;
}

int subject_of_digest(struct subject_hasher *hasher, const uint8_t digest[DIGEST_SIZE],
                      struct subject *subject)
{
    uint8_t mac[DIGEST_SIZE];

    if (!finish_copy(hasher->scratch, hasher->inner, digest, DIGEST_SIZE, mac) ||
        !finish_copy(hasher->scratch, hasher->outer, mac, sizeof mac, mac))
        return ERR_CRYPTO;
    memcpy(subject->bytes, mac, sizeof subject->bytes);
    return 0;
}

int subject_of_address(struct subject_hasher *hasher, const char *address, size_t length,
                       struct subject *subject)
{
    uint8_t digest[DIGEST_SIZE];

    if (EVP_DigestInit_ex2(hasher->scratch, hasher->sha256, NULL) != 1 ||
        EVP_DigestUpdate(hasher->scratch, address, length) != 1 ||
        EVP_DigestFinal_ex(hasher->scratch, digest, NULL) != 1)
        return ERR_CRYPTO;
    return subject_of_digest(hasher, digest, subject);
}
