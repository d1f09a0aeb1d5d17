#include "store/signing.h"

#include "base/file.h"
#include "store/keys.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX (64 * 1024)
#define MODE_SECRET 0400

/* EVP_PKEY under a name of ours. */
struct signing_key;

static EVP_PKEY *pkey_of(const struct signing_key *key)
{
    return (EVP_PKEY *)(uintptr_t)key;
}

void signing_free(struct signing_key *key)
{
    EVP_PKEY_free(pkey_of(key));
}

/* --- public keys --- */

/* The id can be had by hand: openssl pkey -pubin -outform DER | sha256sum. */
static int describe(const EVP_PKEY *pkey, struct signing_public *public)
{
    uint8_t digest[EVP_MAX_MD_SIZE], *der = NULL;
    size_t size = sizeof public->key;
    int code = ERR_CRYPTO;

    int length = i2d_PUBKEY(pkey, &der);
    if (length > 0 && EVP_Digest(der, (size_t)length, digest, NULL, EVP_sha256(), NULL) == 1 &&
        EVP_PKEY_get_raw_public_key(pkey, public->key, &size) == 1 && size == sizeof public->key) {
        memcpy(public->id, digest, sizeof public->id);
        code = 0;
    }
    OPENSSL_free(der);
    return code;
}

int signing_id(const struct signing_key *key, uint8_t id[SIGNING_ID_SIZE])
{
    struct signing_public public;
    int code = describe(pkey_of(key), &public);
    if (code == 0)
        memcpy(id, public.id, sizeof public.id);
    return code;
}

/* Once each. */
static int add_public(const EVP_PKEY *pkey, struct signing_ring *ring)
{
    struct signing_public public;

    if (!EVP_PKEY_is_a(pkey, "ED25519"))
        return ERR_KEY;
    int code = describe(pkey, &public);
    for (size_t i = 0; i < ring->count && code == 0; i++)
        if (memcmp(ring->keys[i].key, public.key, sizeof public.key) == 0)
            return 0;
    if (code == 0 && ring->count == SIGNING_KEYS_MAX)
        code = ERR_TOO_LONG;
    if (code == 0)
        ring->keys[ring->count++] = public;
    return code;
}

static EVP_PKEY *raw_public(const struct signing_public *public)
{
    return EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, public->key, sizeof public->key);
}

int signing_append_pem(const struct signing_ring *ring, struct text *pem)
{
    int code = 0;

    for (size_t i = 0; i < ring->count && code == 0; i++) {
        char *data;
        EVP_PKEY *pkey = raw_public(&ring->keys[i]);
        BIO *memory = BIO_new(BIO_s_mem());
        if (pkey && memory && PEM_write_bio_PUBKEY(memory, pkey) == 1) {
            long length = BIO_get_mem_data(memory, &data);
            text_append_bytes(pem, data, (size_t)length);
        } else {
            code = ERR_CRYPTO;
        }
        BIO_free(memory);
        EVP_PKEY_free(pkey);
    }
    return code ? code : pem->failed ? -ENOMEM : 0;
}

/* --- reading --- */

/* One key of the file. What holds neither kind of key is no part of it. A key with a passphrase is
 * none of ours, and nobody is asked for one. */
static int add_block(const char *name, const uint8_t *der, long length, struct signing_ring *ring,
                     EVP_PKEY **private)
{
    bool is_private = strcmp(name, PEM_STRING_PKCS8INF) == 0;
    EVP_PKEY *pkey = NULL;

    if (is_private && !*private)
        pkey = d2i_AutoPrivateKey(NULL, &der, length);
    else if (strcmp(name, PEM_STRING_PUBLIC) == 0)
        pkey = d2i_PUBKEY(NULL, &der, length);
    int code = pkey ? add_public(pkey, ring) : ERR_KEY;
    if (code == 0 && is_private)
        *private = pkey;
    else
        EVP_PKEY_free(pkey);
    return code;
}

static int parse(const char *text, size_t length, struct signing_ring *ring, EVP_PKEY **private)
{
    BIO *memory = BIO_new_mem_buf(text, (int)length);
    char *name, *header;
    uint8_t *der;
    long size;
    int code = memory ? 0 : -ENOMEM;

    ERR_clear_error();
    while (code == 0 && PEM_read_bio(memory, &name, &header, &der, &size) == 1) {
        code = add_block(name, der, size, ring, private);
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_clear_free(der, (size_t)size);
    }
    /* Behind the last key is nothing, and no key that was cut short. */
    if (code == 0 && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
        code = ERR_KEY;
    ERR_clear_error();
    BIO_free(memory);
    return code == 0 && ring->count == 0 ? ERR_KEY : code;
}

static int explain(const char *path, int code, struct error *why)
{
    if (code == ERR_KEY)
        return error_set(why, code, "%s: not a key of Ed25519 in PEM", path);
    if (code == ERR_TOO_LONG)
        return error_set(why, ERR_KEY, "%s: more than %d keys", path, SIGNING_KEYS_MAX);
    return code ? error_set(why, code, "%s: %s", path, error_name(code)) : 0;
}

/* Both kinds of keys of a file; *pkey (NULL where it has no private key) is the caller's. */
static int read_file(const char *path, EVP_PKEY **pkey, struct signing_ring *ring,
                     struct error *why)
{
    struct signing_ring read = {.count = 0};
    EVP_PKEY *found = NULL;
    char *data;
    size_t length;

    int code = file_read(path, FILE_MAX, &data, &length, why);
    if (code)
        return code;
    code = parse(data, length, &read, &found);
    keys_forget(data, length);
    free(data);
    if (code) {
        EVP_PKEY_free(found);
        return explain(path, code, why);
    }
    *pkey = found;
    *ring = read;
    return 0;
}

int signing_read_ring(const char *path, struct signing_ring *ring, struct error *why)
{
    EVP_PKEY *pkey;
    int code = read_file(path, &pkey, ring, why);
    if (code == 0)
        EVP_PKEY_free(pkey);
    return code;
}

int signing_read(const char *folder, struct signing_key **key, struct signing_ring *ring,
                 struct error *why)
{
    char *path = file_join(folder, KEYS_SIGNING_FILE);
    struct signing_ring all;
    EVP_PKEY *pkey = NULL;

    if (!path)
        return error_set(why, -ENOMEM, "no memory for a key");
    int code = read_file(path, &pkey, &all, why);
    if (code == -ENOENT)
        code = error_set(why, ERR_KEY,
                         "%s is missing: restore it from a backup, or make a new one by `optout "
                         "keys signing --new`",
                         path);
    else if (code == 0 && !pkey)
        code =
            error_set(why, ERR_KEY, "%s: it holds no private key: restore it from a backup", path);
    free(path);
    if (code)
        return code;
    *key = (struct signing_key *)pkey;
    if (ring)
        *ring = all;
    return 0;
}

/* --- making --- */

static int append_new(struct text *pem)
{
    char *data;
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    BIO *memory = BIO_new(BIO_s_secmem());
    int code = ERR_CRYPTO;

    if (pkey && memory && PEM_write_bio_PrivateKey(memory, pkey, NULL, NULL, 0, NULL, NULL) == 1) {
        long length = BIO_get_mem_data(memory, &data);
        text_append_bytes(pem, data, (size_t)length);
        code = pem->failed ? -ENOMEM : 0;
    }
    BIO_free(memory);
    EVP_PKEY_free(pkey);
    return code;
}

static int write_new(const char *path, const struct signing_ring *earlier, struct error *why)
{
    struct text pem = TEXT_EMPTY;

    int code = append_new(&pem);
    if (code == 0)
        code = signing_append_pem(earlier, &pem);
    code = code ? error_set(why, code, "no Ed25519 key could be made")
                : file_replace(path, pem.data, pem.length, MODE_SECRET, why);
    if (pem.data)
        keys_forget(pem.data, pem.length);
    text_release(&pem);
    return code;
}

int signing_make(const char *folder, bool replaces, struct error *why)
{
    struct signing_ring earlier = {.count = 0};
    char *path = file_join(folder, KEYS_SIGNING_FILE);
    struct stat status;
    int code = 0;

    if (!path)
        return error_set(why, -ENOMEM, "no memory for a key");
    bool there = lstat(path, &status) == 0;
    if (!there && errno != ENOENT)
        code = error_set(why, -errno, "%s: %s", path, strerror(errno));
    else if (there && !replaces)
        code = error_set(why, ERR_EXISTS, "%s is there already; keys are never overwritten", path);
    else if (there)
        code = signing_read_ring(path, &earlier, why);
    if (code == 0 && earlier.count == SIGNING_KEYS_MAX)
        code =
            error_set(why, ERR_EXISTS, "%s holds %d keys, more do not fit", path, SIGNING_KEYS_MAX);
    if (code == 0)
        code = write_new(path, &earlier, why);
    free(path);
    return code;
}

/* --- signing --- */

int signing_sign(const struct signing_key *key, struct slice bytes,
                 uint8_t signature[SIGNING_SIGNATURE_SIZE])
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t size = SIGNING_SIGNATURE_SIZE;
    int code = context ? ERR_CRYPTO : -ENOMEM;

    if (context && EVP_DigestSignInit(context, NULL, NULL, NULL, pkey_of(key)) == 1 &&
        EVP_DigestSign(context, signature, &size, bytes.data, bytes.size) == 1 &&
        size == SIGNING_SIGNATURE_SIZE)
        code = 0;
    EVP_MD_CTX_free(context);
    return code;
}

static int verify_by(const struct signing_public *public, struct slice bytes,
                     const uint8_t signature[SIGNING_SIGNATURE_SIZE])
{
    EVP_PKEY *pkey = raw_public(public);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int code = pkey && context ? ERR_KEY : ERR_CRYPTO;

    if (code == ERR_KEY && EVP_DigestVerifyInit(context, NULL, NULL, NULL, pkey) == 1 &&
        EVP_DigestVerify(context, signature, SIGNING_SIGNATURE_SIZE, bytes.data, bytes.size) == 1)
        code = 0;
    ERR_clear_error();
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(pkey);
    return code;
}

int signing_verify(const struct signing_ring *ring, const uint8_t id[SIGNING_ID_SIZE],
                   struct slice bytes, const uint8_t signature[SIGNING_SIGNATURE_SIZE])
{
    for (size_t i = 0; i < ring->count; i++)
        if (memcmp(ring->keys[i].id, id, SIGNING_ID_SIZE) == 0)
            return verify_by(&ring->keys[i], bytes, signature);
    return ERR_NOT_FOUND;
}
