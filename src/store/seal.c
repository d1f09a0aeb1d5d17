#include "store/seal.h"

#include "base/error.h"
#include "base/file.h"

#include <errno.h>
#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COPY_BLOCK (1 << 20)

int seal_subkey(const uint8_t key[SEAL_KEY_SIZE], const char *label, uint8_t subkey[SEAL_KEY_SIZE])
{
    char digest[] = "SHA256";
    uint8_t key_copy[SEAL_KEY_SIZE];
    int code = ERR_CRYPTO;
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;

    memcpy(key_copy, key, sizeof key_copy);
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key_copy, sizeof key_copy),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)label,
                                          strlen(label)),
        OSSL_PARAM_construct_end(),
    };
    if (context && EVP_KDF_derive(context, subkey, SEAL_KEY_SIZE, parameters) == 1)
        code = 0;
    OPENSSL_cleanse(key_copy, sizeof key_copy);
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    return code;
}

/* EVP_CIPHER_CTX under a name of ours. */
struct sealer;

static EVP_CIPHER_CTX *context_of(struct sealer *sealer)
{
    return (EVP_CIPHER_CTX *)sealer;
}

int sealer_new(const uint8_t key[SEAL_KEY_SIZE], struct sealer **sealer)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    if (!context)
        return -ENOMEM;
    if (EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, NULL) != 1) {
        EVP_CIPHER_CTX_free(context);
        return ERR_CRYPTO;
    }
    *sealer = (struct sealer *)context;
    return 0;
}

void sealer_free(struct sealer *sealer)
{
    EVP_CIPHER_CTX_free(context_of(sealer));
}

int sealer_seal(struct sealer *sealer, const uint8_t nonce[SEAL_NONCE_SIZE],
                struct slice associated, struct slice plain, uint8_t *sealed)
{
    EVP_CIPHER_CTX *context = context_of(sealer);
    int length;

    if (plain.size > INT_MAX || associated.size > INT_MAX ||
        EVP_EncryptInit_ex(context, NULL, NULL, NULL, nonce) != 1 ||
        EVP_EncryptUpdate(context, NULL, &length, associated.data, (int)associated.size) != 1 ||
        EVP_EncryptUpdate(context, sealed, &length, plain.data, (int)plain.size) != 1 ||
        EVP_EncryptFinal_ex(context, sealed + length, &length) != 1 ||
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, SEAL_TAG_SIZE, sealed + plain.size) != 1)
        return ERR_CRYPTO;
    return 0;
}

int seal_append(const uint8_t key[SEAL_KEY_SIZE], const uint8_t nonce[SEAL_NONCE_SIZE],
                struct slice associated, struct slice plain, struct text *out)
{
    struct sealer *sealer = NULL;
    uint8_t *sealed = plain.size < INT_MAX ? malloc(plain.size + SEAL_TAG_SIZE) : NULL;
    int code = sealed ? sealer_new(key, &sealer) : -ENOMEM;

    if (code == 0)
        code = sealer_seal(sealer, nonce, associated, plain, sealed);
    if (code == 0) {
        text_append_bytes(out, (char *)sealed, plain.size + SEAL_TAG_SIZE);
        code = out->failed ? -ENOMEM : 0;
    }
    sealer_free(sealer);
    free(sealed);
    return code;
}

int seal_open(const uint8_t key[SEAL_KEY_SIZE], const uint8_t nonce[SEAL_NONCE_SIZE],
              struct slice associated, struct slice sealed, struct text *plain)
{
    int length, code = ERR_KEY;
    uint8_t tag[SEAL_TAG_SIZE];

    if (sealed.size < SEAL_TAG_SIZE || sealed.size > INT_MAX)
        return ERR_KEY;
    size_t size = sealed.size - SEAL_TAG_SIZE;
    uint8_t *opened = malloc(size + 1);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    if (!opened || !context) {
        code = -ENOMEM;
        goto out;
    }
    memcpy(tag, (const uint8_t *)sealed.data + size, sizeof tag);
    if (EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, nonce) != 1 ||
        EVP_DecryptUpdate(context, NULL, &length, associated.data, (int)associated.size) != 1 ||
        EVP_DecryptUpdate(context, opened, &length, sealed.data, (int)size) != 1 ||
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, sizeof tag, tag) != 1 ||
        EVP_DecryptFinal_ex(context, opened + length, &length) != 1)
        goto out;
    text_append_bytes(plain, (char *)opened, size);
    code = plain->failed ? -ENOMEM : 0;
out:
    EVP_CIPHER_CTX_free(context);
    free(opened);
    return code;
}

int seal_append_random(const uint8_t key[SEAL_KEY_SIZE], struct slice associated,
                       struct slice plain, struct text *out)
{
    uint8_t nonce[SEAL_NONCE_SIZE];
    int code = seal_random(nonce, sizeof nonce);
    if (code)
        return code;
    text_append_bytes(out, (char *)nonce, sizeof nonce);
    return seal_append(key, nonce, associated, plain, out);
}

int seal_open_random(const uint8_t key[SEAL_KEY_SIZE], struct slice associated, struct slice sealed,
                     struct text *plain)
{
    if (sealed.size < SEAL_NONCE_SIZE)
        return ERR_KEY;
    const uint8_t *bytes = sealed.data;
    return seal_open(key, bytes, associated,
                     SLICE(bytes + SEAL_NONCE_SIZE, sealed.size - SEAL_NONCE_SIZE), plain);
}

int seal_random(void *bytes, size_t length)
{
    return RAND_bytes(bytes, (int)length) == 1 ? 0 : ERR_CRYPTO;
}

/* Looked up once: EVP_sha256() has OpenSSL search for the algorithm at each use. It stays until the
 * process ends. */
static EVP_MD *sha256;

static void fetch_sha256(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

int seal_digest(struct slice bytes, uint8_t digest[SEAL_DIGEST_SIZE])
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, fetch_sha256);
    return sha256 && EVP_Digest(bytes.data, bytes.size, digest, NULL, sha256, NULL) == 1
               ? 0
               : ERR_CRYPTO;
}

/* EVP_MD_CTX under a name of ours. */
struct digester;

int digester_new(struct digester **digester)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (!context)
        return -ENOMEM;
    if (EVP_DigestInit_ex2(context, EVP_sha256(), NULL) != 1) {
        EVP_MD_CTX_free(context);
        return ERR_CRYPTO;
    }
    *digester = (struct digester *)context;
    return 0;
}

void digester_free(struct digester *digester)
{
    EVP_MD_CTX_free((EVP_MD_CTX *)digester);
}

int digester_digest(struct digester *digester, struct slice bytes, uint8_t digest[SEAL_DIGEST_SIZE])
{
    EVP_MD_CTX *context = (EVP_MD_CTX *)digester;
    return EVP_DigestInit_ex2(context, NULL, NULL) == 1 &&
                   EVP_DigestUpdate(context, bytes.data, bytes.size) == 1 &&
                   EVP_DigestFinal_ex(context, digest, NULL) == 1
               ? 0
               : ERR_CRYPTO;
}

int seal_mark(struct slice key, struct slice value, uint8_t mark[SEAL_MARK_SIZE])
{
    uint8_t digest[SEAL_DIGEST_SIZE];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int code = context ? ERR_CRYPTO : -ENOMEM;

    if (context && EVP_DigestInit_ex2(context, EVP_sha256(), NULL) == 1 &&
        EVP_DigestUpdate(context, key.data, key.size) == 1 &&
        EVP_DigestUpdate(context, value.data, value.size) == 1 &&
        EVP_DigestFinal_ex(context, digest, NULL) == 1)
        code = 0;
    EVP_MD_CTX_free(context);
    if (code == 0)
        memcpy(mark, digest, SEAL_MARK_SIZE);
    return code;
}

static int copy_blocks(int from, int to, EVP_MD_CTX *context, uint8_t *block, uint64_t *size)
{
    for (*size = 0;;) {
        ssize_t n = read(from, block, COPY_BLOCK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : 0;
        if (EVP_DigestUpdate(context, block, (size_t)n) != 1)
            return ERR_CRYPTO;
        int code = to < 0 ? 0 : file_write(to, block, (size_t)n);
        if (code)
            return code;
        *size += (uint64_t)n;
    }
}

int seal_copy(int from, int to, uint8_t digest[SEAL_DIGEST_SIZE], uint64_t *size)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t *block = malloc(COPY_BLOCK);
    int code = context && block ? 0 : -ENOMEM;

    if (code == 0 && EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1)
        code = ERR_CRYPTO;
    if (code == 0)
        code = copy_blocks(from, to, context, block, size);
    if (code == 0 && EVP_DigestFinal_ex(context, digest, NULL) != 1)
        code = ERR_CRYPTO;
    free(block);
    EVP_MD_CTX_free(context);
    return code;
}
