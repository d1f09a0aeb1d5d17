/* Ed25519 signatures (RFC 8032) by the key `signing` of the key folder.
 *
 * The file is PEM, as openssl(1) reads and writes it: the private key first; behind it may stand
 * public keys of earlier ones, so that what those signed can still be checked. A key is told by its
 * id: the first octets of the SHA-256 of its SubjectPublicKeyInfo (RFC 8410) in DER.
 *
 * Whoever signs something begins its bytes with a word that tells what it is, so that a signature
 * of one thing never fits another: "optout-checkpoint 1 ". */
#ifndef STORE_SIGNING_H
#define STORE_SIGNING_H

#include "base/error.h"
#include "base/text.h"
#include "store/env.h"

#include <stddef.h>
#include <stdint.h>

#define SIGNING_ID_SIZE 8
#define SIGNING_PUBLIC_SIZE 32
#define SIGNING_SIGNATURE_SIZE 64
#define SIGNING_KEYS_MAX 32

struct signing_key; /* a private key */

struct signing_public {
    uint8_t id[SIGNING_ID_SIZE];
    uint8_t key[SIGNING_PUBLIC_SIZE];
};

/* Public keys; of those in a key folder the first one belongs to the private key. */
struct signing_ring {
    struct signing_public keys[SIGNING_KEYS_MAX];
    size_t count; /* 1 at least, once it was read */
};

/* Makes a new key in `folder`; where there is one (`replaces`), its public key is kept behind it.
 * ERR_EXISTS: there is one and it is not to be replaced; ERR_CRYPTO, -errno. */
int signing_make(const char *folder, bool replaces, struct error *why);

/* Reads the private key of the key folder, which the caller frees. `ring` may be NULL. ERR_KEY
 * (missing or not well-formed; `why` names the file), -EACCES, -errno. */
int signing_read(const char *folder, struct signing_key **key, struct signing_ring *ring,
                 struct error *why);
/* NULL is allowed. */
void signing_free(struct signing_key *key);

/* Reads the public keys of a PEM file; where a private key stands in it, that key's too. ERR_KEY,
 * -errno. */
int signing_read_ring(const char *path, struct signing_ring *ring, struct error *why);

/* Appends the public keys as PEM. ERR_CRYPTO, -ENOMEM. */
int signing_append_pem(const struct signing_ring *ring, struct text *pem);

/* The id of the private key. ERR_CRYPTO. */
int signing_id(const struct signing_key *key, uint8_t id[SIGNING_ID_SIZE]);

/* ERR_CRYPTO. */
int signing_sign(const struct signing_key *key, struct slice bytes,
                 uint8_t signature[SIGNING_SIGNATURE_SIZE]);

/* Whether the key with this id signed these bytes. ERR_NOT_FOUND: the ring has no such key;
 * ERR_KEY: it did not. */
int signing_verify(const struct signing_ring *ring, const uint8_t id[SIGNING_ID_SIZE],
                   struct slice bytes, const uint8_t signature[SIGNING_SIGNATURE_SIZE]);

#endif
