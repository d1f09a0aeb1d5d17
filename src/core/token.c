#include "core/token.h"

#include "base/error.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT 1
#define HEAD_SIZE 2 /* format and key id */
#define IV_SIZE 16
#define PLAIN_MIN (2 + 1)
#define PLAIN_MAX (TOKEN_BYTES_MAX - HEAD_SIZE - IV_SIZE)

struct token_sealer {
    uint8_t key_id;
    EVP_CIPHER_CTX *keyed;
};

/* A context with cipher and key. NULL: OpenSSL refused. */
static EVP_CIPHER_CTX *new_keyed(const struct token_key *key, bool sealing)
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-256-SIV", NULL);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();

    bool ready = cipher && context &&
                 EVP_CipherInit_ex2(context, cipher, key->key, NULL, sealing, NULL) == 1;
    EVP_CIPHER_free(cipher);
    if (!ready) {
        EVP_CIPHER_CTX_free(context);
        return NULL;
    }
    return context;
}

/* A copy of a keyed context. NULL: OpenSSL refused. */
static EVP_CIPHER_CTX *copy_keyed(const EVP_CIPHER_CTX *keyed)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    if (context && EVP_CIPHER_CTX_copy(context, keyed) == 1)
        return context;
    EVP_CIPHER_CTX_free(context);
    return NULL;
}

/* Authenticates what stands beside the sealed bytes. */
static bool add_head(EVP_CIPHER_CTX *context, uint8_t key_id, enum token_purpose purpose)
{
    const uint8_t head[] = {FORMAT, key_id, (uint8_t)purpose};
    int n;
    return EVP_CipherUpdate(context, NULL, &n, head, sizeof head) == 1;
}

int token_sealer_new(const struct token_key *key, struct token_sealer **sealer)
{
    if (key->id == 0)
        return ERR_KEY;
    struct token_sealer *s = malloc(sizeof *s);
    if (!s)
        return -ENOMEM;
    s->key_id = key->id;
    s->keyed = new_keyed(key, true);
    if (!s->keyed) {
        free(s);
        return ERR_CRYPTO;
    }
    *sealer = s;
    return 0;
}

void token_sealer_free(struct token_sealer *sealer)
{
    if (!sealer)
        return;
    EVP_CIPHER_CTX_free(sealer->keyed);
    free(sealer);
}

/* `iv` and `sealed`, of the length of `plain`, are what comes out. OpenSSL's SIV cannot be set up
 * again without the key, so each token is made on a copy of the keyed context. */
static int seal(const struct token_sealer *sealer, enum token_purpose purpose, const uint8_t *plain,
                size_t length, uint8_t iv[IV_SIZE], uint8_t *sealed)
{
    int n, last;
    EVP_CIPHER_CTX *context = copy_keyed(sealer->keyed);
    bool done = context && add_head(context, sealer->key_id, purpose) &&
                EVP_EncryptUpdate(context, sealed, &n, plain, (int)length) == 1 &&
                (size_t)n == length && EVP_EncryptFinal_ex(context, sealed + n, &last) == 1 &&
                last == 0 && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, IV_SIZE, iv) == 1;
    EVP_CIPHER_CTX_free(context);
    return done ? 0 : ERR_CRYPTO;
}

/* The reverse. ERR_NOT_FOUND where it was sealed with something else. Frees the context. */
static int unseal(EVP_CIPHER_CTX *context, uint8_t key_id, enum token_purpose purpose,
                  uint8_t iv[IV_SIZE], const uint8_t *sealed, size_t length, uint8_t *plain)
{
    int n, last;
    int rc = ERR_CRYPTO;
    if (context && add_head(context, key_id, purpose) &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, IV_SIZE, iv) == 1)
        rc = EVP_DecryptUpdate(context, plain, &n, sealed, (int)length) == 1 &&
                     (size_t)n == length && EVP_DecryptFinal_ex(context, plain + n, &last) == 1
                 ? 0
                 : ERR_NOT_FOUND;
    EVP_CIPHER_CTX_free(context);
    return rc;
}

/* ERR_SYNTAX for one that is not. */
static int check_canonical(const struct address *address)
{
    struct address again;
    int rc = address_parse(address->text, &again);
    if (rc == 0 && strcmp(again.text, address->text) != 0)
        rc = ERR_SYNTAX;
    return rc == -ENOMEM ? rc : rc < 0 ? ERR_SYNTAX : 0;
}

int token_seal(const struct token_sealer *sealer, enum token_purpose purpose, const char *scope,
               const struct address *address, uint16_t day, char text[TOKEN_SIZE])
{
    uint8_t bytes[TOKEN_BYTES_MAX], plain[PLAIN_MAX];

    if (scope_check(scope) < 0)
        return ERR_SYNTAX;
    int rc = check_canonical(address);
    if (rc < 0)
        return rc;
    size_t scope_length = strlen(scope);
    plain[0] = (uint8_t)(day >> 8);
    plain[1] = (uint8_t)day;
    plain[2] = (uint8_t)scope_length;
    memcpy(plain + PLAIN_MIN, scope, scope_length);
    memcpy(plain + PLAIN_MIN + scope_length, address->text, address->length);
    size_t length = PLAIN_MIN + scope_length + address->length;

    bytes[0] = FORMAT;
    bytes[1] = sealer->key_id;
    rc = seal(sealer, purpose, plain, length, bytes + HEAD_SIZE, bytes + HEAD_SIZE + IV_SIZE);
    if (rc == 0)
        text_to_base64url(bytes, HEAD_SIZE + IV_SIZE + length, text);
    return rc;
}

/* What was sealed, into a token that has its key id already. */
static int read_plain(const uint8_t *plain, size_t length, struct token *token)
{
    char address[ADDRESS_MAX + 1];
    size_t scope_length = plain[2];

    if (scope_length > SCOPE_MAX || scope_length > length - PLAIN_MIN)
        return ERR_NOT_FOUND;
    size_t address_length = length - PLAIN_MIN - scope_length;
    if (address_length > ADDRESS_MAX)
        return ERR_NOT_FOUND;
    token->day = (uint16_t)(plain[0] << 8 | plain[1]);
    memcpy(token->scope, plain + PLAIN_MIN, scope_length);
    token->scope[scope_length] = '\0';
    memcpy(address, plain + PLAIN_MIN + scope_length, address_length);
    address[address_length] = '\0';
    if (strlen(token->scope) != scope_length || scope_check(token->scope) < 0 ||
        strlen(address) != address_length)
        return ERR_NOT_FOUND;
    int rc = address_parse(address, &token->address);
    if (rc == 0 && strcmp(token->address.text, address) != 0)
        rc = ERR_NOT_FOUND;
    return rc == -ENOMEM ? rc : rc < 0 ? ERR_NOT_FOUND : 0;
}

/* What was sealed is handed over; ERR_NOT_FOUND where it is not what was looked for. */
typedef int (*plain_reader)(uint8_t key_id, const uint8_t *plain, size_t length, void *result);

struct opening {
    const struct token_key *keys;
    EVP_CIPHER_CTX *const *keyed; /* a context for each key; NULL: they are set up now */
    size_t count;
    enum token_purpose purpose;
    plain_reader read;
    void *result;
};

/* With every key of that id: a list made of two may hold two. Something is always deciphered. */
static int open_bytes(const struct opening *o, uint8_t *bytes, size_t length)
{
    uint8_t plain[PLAIN_MAX];
    size_t plain_length = length - HEAD_SIZE - IV_SIZE;
    bool tried = false;

    for (size_t i = 0; i < o->count; i++) {
        bool fits = o->keys[i].id == bytes[1];
        if (!fits && (tried || i + 1 < o->count))
            continue;
        tried = true;
        int rc = unseal(o->keyed ? copy_keyed(o->keyed[i]) : new_keyed(&o->keys[i], false),
                        o->keys[i].id, o->purpose, bytes + HEAD_SIZE, bytes + HEAD_SIZE + IV_SIZE,
                        plain_length, plain);
        if (rc == 0)
            rc = fits ? o->read(bytes[1], plain, plain_length, o->result) : ERR_NOT_FOUND;
        if (rc != ERR_NOT_FOUND)
            return rc;
    }
    return ERR_NOT_FOUND;
}

/* The text as bytes; of one that cannot be a token, bytes that are none. */
static int open_text(const struct opening *o, const char *text)
{
    uint8_t bytes[TOKEN_BYTES_MAX] = {0};
    size_t length, count = strnlen(text, TOKEN_SIZE);

    if (text_from_base64url(text, count, bytes, sizeof bytes, &length) < 0 ||
        length < HEAD_SIZE + IV_SIZE + PLAIN_MIN || bytes[0] != FORMAT) {
        size_t most = count * 3 / 4;
        length = most < HEAD_SIZE + IV_SIZE + PLAIN_MIN ? HEAD_SIZE + IV_SIZE + PLAIN_MIN
                 : most > sizeof bytes                  ? sizeof bytes
                                                        : most;
        memset(bytes, 0, sizeof bytes);
        int rc = open_bytes(o, bytes, length);
        return rc == 0 ? ERR_NOT_FOUND : rc;
    }
    return open_bytes(o, bytes, length);
}

static int read_token(uint8_t key_id, const uint8_t *plain, size_t length, void *result)
{
    struct token *token = result;
    token->key_id = key_id;
    return read_plain(plain, length, token);
}

static int open_token(struct opening *opening, const char *text, struct token *token)
{
    struct token result = {.day = 0};

    opening->read = read_token;
    opening->result = &result;
    int rc = open_text(opening, text);
    if (rc == 0)
        *token = result;
    return rc;
}

int token_open(const struct token_key *keys, size_t count, enum token_purpose purpose,
               const char *text, struct token *token)
{
    struct opening opening = {.keys = keys, .count = count, .purpose = purpose};
    return open_token(&opening, text, token);
}

/* --- keys that are set up --- */

struct token_opener {
    struct token_key *keys;
    EVP_CIPHER_CTX **keyed;
    size_t count;
};

int token_opener_new(const struct token_key *keys, size_t count, struct token_opener **opener)
{
    struct token_opener *o = calloc(1, sizeof *o);
    int rc = -ENOMEM;

    if (o) {
        o->keys = calloc(count + 1, sizeof *o->keys);
        o->keyed = calloc(count + 1, sizeof(EVP_CIPHER_CTX *));
        rc = o->keys && o->keyed ? 0 : -ENOMEM;
    }
    for (size_t i = 0; i < count && rc == 0; i++) {
        o->keys[i].id = keys[i].id; /* the key itself is in the context */
        o->keyed[i] = new_keyed(&keys[i], false);
        rc = o->keyed[i] ? 0 : ERR_CRYPTO;
        o->count = i + 1;
    }
    if (rc)
        token_opener_free(o);
    else
        *opener = o;
    return rc;
}

void token_opener_free(struct token_opener *opener)
{
    if (!opener)
        return;
    for (size_t i = 0; i < opener->count; i++)
        EVP_CIPHER_CTX_free(opener->keyed[i]);
    free(opener->keyed);
    free(opener->keys);
    free(opener);
}

int token_opener_open(const struct token_opener *opener, enum token_purpose purpose,
                      const char *text, struct token *token)
{
    struct opening opening = {
        .keys = opener->keys, .keyed = opener->keyed, .count = opener->count, .purpose = purpose};
    return open_token(&opening, text, token);
}

/* --- undo --- */

#define UNDO_PLAIN_SIZE (TOKEN_UNDO_BYTES - HEAD_SIZE - IV_SIZE)

static uint8_t *put_number(uint8_t *bytes, uint64_t number)
{
    for (size_t i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(number >> (56 - 8 * i));
    return bytes + 8;
}

static uint64_t take_number(const uint8_t **bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < 8; i++)
        number = number << 8 | *(*bytes)++;
    return number;
}

int token_seal_undo(const struct token_sealer *sealer, enum token_purpose purpose,
                    const struct undo *undo, char text[TOKEN_UNDO_SIZE])
{
    uint8_t bytes[TOKEN_UNDO_BYTES], plain[UNDO_PLAIN_SIZE];
    uint8_t *end = plain;

    memcpy(end, undo->event.node, EVENT_NODE_SIZE);
    end = put_number(end + EVENT_NODE_SIZE, undo->event.number);
    end = put_number(end, (uint64_t)undo->at);
    memcpy(end, undo->subject.bytes, SUBJECT_SIZE);
    bytes[0] = FORMAT;
    bytes[1] = sealer->key_id;
    int rc =
        seal(sealer, purpose, plain, sizeof plain, bytes + HEAD_SIZE, bytes + HEAD_SIZE + IV_SIZE);
    if (rc == 0)
        text_to_base64url(bytes, sizeof bytes, text);
    return rc;
}

static int read_undo(uint8_t key_id, const uint8_t *plain, size_t length, void *result)
{
    struct undo *undo = result;
    const uint8_t *at = plain;
    (void)key_id;

    if (length != UNDO_PLAIN_SIZE)
        return ERR_NOT_FOUND;
    memcpy(undo->event.node, at, EVENT_NODE_SIZE);
    at += EVENT_NODE_SIZE;
    undo->event.number = take_number(&at);
    undo->at = (int64_t)take_number(&at);
    memcpy(undo->subject.bytes, at, SUBJECT_SIZE);
    return 0;
}

int token_open_undo(const struct token_key *keys, size_t count, enum token_purpose purpose,
                    const char *text, struct undo *undo)
{
    struct undo result;
    const struct opening opening = {
        .keys = keys, .count = count, .purpose = purpose, .read = read_undo, .result = &result};

    int rc = open_text(&opening, text);
    if (rc == 0)
        *undo = result;
    return rc;
}
