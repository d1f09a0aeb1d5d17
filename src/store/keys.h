/* Keys: one folder outside the data directory, a file for each reader.
 *
 *     lookup    the subject key, which never changes, and the token keys with their ids;
 *                 milter, web and tool (0440)
 *     address   seals the addresses and words in the list; web and tool (0400)
 *     signing   Ed25519, signs checkpoints; the tool alone (0400): signing.h
 *
 * Lost keys are a lost list: nobody could be looked up any more. */
#ifndef STORE_KEYS_H
#define STORE_KEYS_H

#include "base/error.h"
#include "core/subject.h"
#include "core/token.h"
#include "store/seal.h"

#include <stddef.h>
#include <stdint.h>

#define KEYS_LOOKUP_FILE "lookup"
#define KEYS_ADDRESS_FILE "address"
#define KEYS_SIGNING_FILE "signing"
#define KEYS_FINGERPRINT_SIZE 8
#define KEYS_TOKENS_MAX 255

struct lookup_key {
    uint8_t subject[SUBJECT_KEY_SIZE];
    uint8_t fingerprint[KEYS_FINGERPRINT_SIZE]; /* of the subject key */
    size_t token_count; /* 1 at least; ids ascending, the last one makes new tokens */
    struct token_key tokens[KEYS_TOKENS_MAX];
    int64_t token_made[KEYS_TOKENS_MAX]; /* seconds */
};

struct address_key {
    uint8_t key[SEAL_KEY_SIZE];
    uint8_t fingerprint[KEYS_FINGERPRINT_SIZE];
};

/* Makes all three files in an existing folder. ERR_EXISTS where one is there: none is touched then.
 */
int keys_create(const char *folder, int64_t now, struct error *why);

/* ERR_KEY (missing or not well-formed; `why` names the file), -errno. */
int keys_read_lookup(const char *folder, struct lookup_key *key, struct error *why);
int keys_read_address(const char *folder, struct address_key *key, struct error *why);

/* Adds a token key with the next id; the old ones still open old links. ERR_EXISTS: there are 255
 * already. */
int keys_rotate(const char *folder, int64_t now, uint8_t *id, struct error *why);

/* The key that makes new tokens. */
const struct token_key *keys_current_token(const struct lookup_key *key);

/* Overwrites key material before it is freed. */
void keys_forget(void *key, size_t size);

#endif
