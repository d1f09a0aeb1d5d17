/* Subjects: the 16 bytes that stand for an address in list, ledger and journal.
 *
 *     subject = first 16 bytes of HMAC-SHA-256(subject key, SHA-256(canonical address))
 *
 * The inner hash is the trade's exchange format, so lists of plain SHA-256 hashes can be imported
 * too. */
#ifndef CORE_SUBJECT_H
#define CORE_SUBJECT_H

#include <stddef.h>
#include <stdint.h>

#define SUBJECT_SIZE 16
#define SUBJECT_KEY_SIZE 32

struct subject {
    uint8_t bytes[SUBJECT_SIZE];
};

/* A keyed hash with its scratch memory: used by one thread at a time. */
struct subject_hasher;

/* ERR_CRYPTO, -ENOMEM. The key is copied. */
int subject_hasher_new(const uint8_t key[SUBJECT_KEY_SIZE], struct subject_hasher **hasher);
void subject_hasher_free(struct subject_hasher *hasher);

/* Of a canonical address or "@domain". ERR_CRYPTO. */
int subject_of_address(struct subject_hasher *hasher, const char *address, size_t length,
                       struct subject *subject);

/* Of the SHA-256 of a canonical address. ERR_CRYPTO. */
int subject_of_digest(struct subject_hasher *hasher, const uint8_t digest[32],
                      struct subject *subject);

#endif
