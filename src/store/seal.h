/* Sealing of stored words and addresses: AES-256-GCM with subkeys by HKDF-SHA-256 (RFC 5869), one
 * for each use. */
#ifndef STORE_SEAL_H
#define STORE_SEAL_H

#include "base/text.h"
#include "store/env.h"

#include <stddef.h>
#include <stdint.h>

#define SEAL_KEY_SIZE 32
#define SEAL_NONCE_SIZE 12
#define SEAL_TAG_SIZE 16
#define SEAL_DIGEST_SIZE 32

/* The 32 bytes that `key` gives for one use, named by `label`. ERR_CRYPTO. */
int seal_subkey(const uint8_t key[SEAL_KEY_SIZE], const char *label, uint8_t subkey[SEAL_KEY_SIZE]);

/* A cipher with its key set up, which takes four fifths of what seal_append does; on one thread at
 * a time. */
struct sealer;

/* ERR_CRYPTO, -ENOMEM. */
int sealer_new(const uint8_t key[SEAL_KEY_SIZE], struct sealer **sealer);
/* NULL is allowed. */
void sealer_free(struct sealer *sealer);
/* As seal_append, into memory that has SEAL_TAG_SIZE octets more than the plain text. */
int sealer_seal(struct sealer *sealer, const uint8_t nonce[SEAL_NONCE_SIZE],
                struct slice associated, struct slice plain, uint8_t *sealed);

/* Appends ciphertext and tag. A nonce must not be used twice with one key for different words.
 * ERR_CRYPTO. */
int seal_append(const uint8_t key[SEAL_KEY_SIZE], const uint8_t nonce[SEAL_NONCE_SIZE],
                struct slice associated, struct slice plain, struct text *out);

/* Undoes it, into a new text that the caller releases. ERR_KEY where key, nonce, associated data or
 * bytes do not fit together. */
int seal_open(const uint8_t key[SEAL_KEY_SIZE], const uint8_t nonce[SEAL_NONCE_SIZE],
              struct slice associated, struct slice sealed, struct text *plain);

/* The same with a random nonce in front of the ciphertext. */
int seal_append_random(const uint8_t key[SEAL_KEY_SIZE], struct slice associated,
                       struct slice plain, struct text *out);
int seal_open_random(const uint8_t key[SEAL_KEY_SIZE], struct slice associated, struct slice sealed,
                     struct text *plain);

/* ERR_CRYPTO. */
int seal_random(void *bytes, size_t length);
int seal_digest(struct slice bytes, uint8_t digest[SEAL_DIGEST_SIZE]);

/* Makes many of them, without setting up each; on one thread at a time. */
struct digester;

/* ERR_CRYPTO, -ENOMEM. */
int digester_new(struct digester **digester);
/* NULL is allowed. */
void digester_free(struct digester *digester);
/* As seal_digest. */
int digester_digest(struct digester *digester, struct slice bytes,
                    uint8_t digest[SEAL_DIGEST_SIZE]);

/* The first octets of the SHA-256 of a row's key and value: it tells of damage, not of whoever can
 * make one. ERR_CRYPTO. */
#define SEAL_MARK_SIZE 8
int seal_mark(struct slice key, struct slice value, uint8_t mark[SEAL_MARK_SIZE]);

/* Reads an open file to its end, writing it to `to` unless that is -1; leaves its SHA-256 and how
 * many octets it has. ERR_CRYPTO, -errno. */
int seal_copy(int from, int to, uint8_t digest[SEAL_DIGEST_SIZE], uint64_t *size);

#endif
