/* Tokens: the part of an unsubscribe link that says who and what, sealed.
 *
 * A token is AES-256-SIV (RFC 5297) over scope, address and day, written in base64url. It needs no
 * row in a database and tells nothing to a proxy's log; two messages of one day give one link. It
 * never expires.
 *
 *     byte 0      1, the format
 *     byte 1      the key's id, 1 to 255
 *     16 bytes    synthetic IV
 *     the rest    sealed: day (2 bytes, big-endian), length of the scope (1 byte), scope, address
 *
 * The first two bytes and the purpose are authenticated with it.
 *
 * What withdraws an opt-out again is sealed in the same way, over the event instead of scope and
 * address: node (8 bytes), number (8), time (8, seconds), subject (16), all big-endian. No link in
 * a mail leads to one. */
#ifndef CORE_TOKEN_H
#define CORE_TOKEN_H

#include "base/text.h"
#include "core/address.h"
#include "core/choice.h"
#include "core/scope.h"
#include "core/subject.h"

#include <stddef.h>
#include <stdint.h>

#define TOKEN_KEY_SIZE 64
#define TOKEN_BYTES_MAX (2 + 16 + 2 + 1 + SCOPE_MAX + ADDRESS_MAX)
#define TOKEN_SIZE TEXT_BASE64URL_SIZE(TOKEN_BYTES_MAX) /* of the text, the final NUL counted */

struct token_key {
    uint8_t id; /* 1 to 255 */
    uint8_t key[TOKEN_KEY_SIZE];
};

/* What a token is good for; one made for one purpose does not open for another. The values are
 * sealed in; they never change. */
enum token_purpose {
    TOKEN_UNSUBSCRIBE = 'U',
    TOKEN_UNDO = 'W',   /* in the answer to the request that made the event */
    TOKEN_NOTICE = 'N', /* the same in a notice by mail */
};

struct token {
    uint8_t key_id;
    uint16_t day; /* on which the mail was sent, in days since 1970-01-01 UTC */
    char scope[SCOPE_MAX + 1];
    struct address address;
};

/* A key that is set up for making tokens, which takes longer than to make one. Many threads may
 * share it. */
struct token_sealer;

/* ERR_KEY for a key without an id; ERR_CRYPTO, -ENOMEM. The key is copied. */
int token_sealer_new(const struct token_key *key, struct token_sealer **sealer);
void token_sealer_free(struct token_sealer *sealer);

/* ERR_SYNTAX for a scope or address that is not canonical, or is a whole domain; ERR_CRYPTO,
 * -ENOMEM. */
int token_seal(const struct token_sealer *sealer, enum token_purpose purpose, const char *scope,
               const struct address *address, uint16_t day, char text[TOKEN_SIZE]);

/* Opens a token with whichever of the keys made it. ERR_NOT_FOUND for every text that is not a
 * token of these keys and this purpose: who tries is not told why, nor by the time that it takes,
 * since what cannot be a token is deciphered all the same. ERR_CRYPTO, -ENOMEM where it could not
 * be found out. */
int token_open(const struct token_key *keys, size_t count, enum token_purpose purpose,
               const char *text, struct token *token);

/* Keys that are set up for opening tokens, which takes longer than to open one. Many threads may
 * share it. */
struct token_opener;

/* ERR_CRYPTO, -ENOMEM. The keys are copied. */
int token_opener_new(const struct token_key *keys, size_t count, struct token_opener **opener);
/* NULL is allowed. */
void token_opener_free(struct token_opener *opener);

/* As token_open. */
int token_opener_open(const struct token_opener *opener, enum token_purpose purpose,
                      const char *text, struct token *token);

/* How long what was done can be undone, from then on. */
#define TOKEN_UNDO_SECONDS (30 * 60)
#define TOKEN_NOTICE_SECONDS (14 * 24 * 3600)

#define TOKEN_UNDO_BYTES (2 + 16 + EVENT_NODE_SIZE + 8 + 8 + SUBJECT_SIZE)
#define TOKEN_UNDO_SIZE TEXT_BASE64URL_SIZE(TOKEN_UNDO_BYTES) /* the final NUL counted */

/* What one event did for one subject, to be undone. */
struct undo {
    struct event_name event;
    struct subject subject;
    int64_t at; /* seconds; when it was done */
};

/* `purpose` is TOKEN_UNDO or TOKEN_NOTICE. ERR_CRYPTO. */
int token_seal_undo(const struct token_sealer *sealer, enum token_purpose purpose,
                    const struct undo *undo, char text[TOKEN_UNDO_SIZE]);

/* As token_open. Whether it comes in time is for the caller to say. */
int token_open_undo(const struct token_key *keys, size_t count, enum token_purpose purpose,
                    const char *text, struct undo *undo);

#endif
