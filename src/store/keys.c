#include "store/keys.h"

#include "base/clock.h"
#include "base/file.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX (256 * 1024)
#define HEAD_LOOKUP "optout lookup keys 1\n"
#define HEAD_ADDRESS "optout address key 1\n"
#define MODE_LOOKUP 0440
#define MODE_SECRET 0400

void keys_forget(void *key, size_t size)
{
    OPENSSL_cleanse(key, size);
}

const struct token_key *keys_current_token(const struct lookup_key *key)
{
    return &key->tokens[key->token_count - 1];
}

/* Tells keys apart without telling anything about them. */
static int make_fingerprint(const uint8_t key[SEAL_KEY_SIZE],
                            uint8_t fingerprint[KEYS_FINGERPRINT_SIZE])
{
    uint8_t derived[SEAL_KEY_SIZE];
    int code = seal_subkey(key, "fingerprint", derived);
    if (code == 0)
        memcpy(fingerprint, derived, KEYS_FINGERPRINT_SIZE);
    return code;
}

/* --- writing --- */

static void append_hex(struct text *text, const uint8_t *bytes, size_t length)
{
    char hex[2 * TOKEN_KEY_SIZE + 1];
    text_to_hex(bytes, length, hex);
    text_append(text, hex);
    keys_forget(hex, sizeof hex);
}

static void release_secret(struct text *text)
{
    if (text->data)
        keys_forget(text->data, text->length);
    text_release(text);
}

static int write_secret(const char *folder, const char *name, struct text *text, mode_t mode,
                        struct error *why)
{
    char *path = file_join(folder, name);
    int code = -ENOMEM;
    if (path && !text->failed)
        code = file_replace(path, text->data, text->length, mode, why);
    free(path);
    release_secret(text);
    return code;
}

static int write_lookup(const char *folder, const struct lookup_key *key, struct error *why)
{
    struct text text = TEXT_EMPTY;
    char made[CLOCK_TEXT_SIZE];

    text_append(&text, HEAD_LOOKUP "subject ");
    append_hex(&text, key->subject, sizeof key->subject);
    text_append(&text, "\n");
    for (size_t i = 0; i < key->token_count; i++) {
        text_format(&text, "token %u %s ", key->tokens[i].id,
                    clock_format(key->token_made[i], made));
        append_hex(&text, key->tokens[i].key, TOKEN_KEY_SIZE);
        text_append(&text, "\n");
    }
    return write_secret(folder, KEYS_LOOKUP_FILE, &text, MODE_LOOKUP, why);
}

static int write_address(const char *folder, struct error *why)
{
    struct text text = TEXT_EMPTY;
    uint8_t key[SEAL_KEY_SIZE];
    int code = seal_random(key, sizeof key);

    if (code)
        return error_set(why, code, "no random bytes for a key");
    text_append(&text, HEAD_ADDRESS "address ");
    append_hex(&text, key, sizeof key);
    text_append(&text, "\n");
    keys_forget(key, sizeof key);
    return write_secret(folder, KEYS_ADDRESS_FILE, &text, MODE_SECRET, why);
}

static int write_signing(const char *folder, struct error *why)
{
    struct text text = TEXT_EMPTY;
    char *pem;
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    BIO *memory = BIO_new(BIO_s_secmem());
    int code = ERR_CRYPTO;

    if (key && memory && PEM_write_bio_PrivateKey(memory, key, NULL, NULL, 0, NULL, NULL) == 1) {
        long length = BIO_get_mem_data(memory, &pem);
        text_append_bytes(&text, pem, (size_t)length);
        code = write_secret(folder, KEYS_SIGNING_FILE, &text, MODE_SECRET, why);
    } else {
        error_set(why, code, "no Ed25519 key could be made");
    }
    BIO_free(memory);
    EVP_PKEY_free(key);
    return code;
}

static int check_absent(const char *folder, const char *name, struct error *why)
{
    char *path = file_join(folder, name);
    int code = !path ? -ENOMEM : access(path, F_OK) == 0 ? ERR_EXISTS : 0;
    if (code == ERR_EXISTS)
        error_set(why, code, "%s is there already; keys are never overwritten", path);
    free(path);
    return code;
}

int keys_create(const char *folder, int64_t now, struct error *why)
{
    static const char *const names[] = {KEYS_LOOKUP_FILE, KEYS_ADDRESS_FILE, KEYS_SIGNING_FILE};
    struct lookup_key key = {.token_count = 1, .token_made = {now}};
    int code = 0;

    for (size_t i = 0; i < sizeof names / sizeof *names && code == 0; i++)
        code = check_absent(folder, names[i], why);
    if (code)
        return code;
    key.tokens[0].id = 1;
    if (seal_random(key.subject, sizeof key.subject) ||
        seal_random(key.tokens[0].key, TOKEN_KEY_SIZE))
        return error_set(why, ERR_CRYPTO, "no random bytes for a key");
    code = write_address(folder, why);
    if (code == 0)
        code = write_signing(folder, why);
    /* Last, since with it the set is taken for complete. */
    if (code == 0)
        code = write_lookup(folder, &key, why);
    keys_forget(&key, sizeof key);
    return code;
}

/* --- reading --- */

static int read_file(const char *folder, const char *name, const char *head, char **path,
                     char **data, struct error *why)
{
    size_t length;

    *data = NULL;
    *path = file_join(folder, name);
    if (!*path)
        return -ENOMEM;
    int code = file_read(*path, FILE_MAX, data, &length, why);
    if (code == -ENOENT)
        return error_set(
            why, ERR_KEY,
            "%s is missing: `optout init` makes it for a new site; else restore it from a backup",
            *path);
    if (code)
        return code;
    if (strncmp(*data, head, strlen(head)) != 0)
        return error_set(why, ERR_KEY, "%s:1: not a key file of this version", *path);
    return 0;
}

/* "token ID TIME HEX" */
static int parse_token(char *line, struct lookup_key *key)
{
    char *rest = line, *id = strsep(&rest, " "), *made = strsep(&rest, " ");
    uint64_t number;
    size_t n = key->token_count;

    if (!made || !rest || n == KEYS_TOKENS_MAX || text_to_u64(id, KEYS_TOKENS_MAX, &number) ||
        number == 0)
        return ERR_KEY;
    if (n > 0 && number <= key->tokens[n - 1].id)
        return ERR_KEY;
    if (clock_parse(made, &key->token_made[n]) ||
        text_from_hex(rest, TOKEN_KEY_SIZE, key->tokens[n].key))
        return ERR_KEY;
    key->tokens[n].id = (uint8_t)number;
    key->token_count = n + 1;
    return 0;
}

static int parse_lookup(const char *path, char *data, struct lookup_key *key, struct error *why)
{
    bool subject = false;
    unsigned number = 1;

    strsep(&data, "\n");
    for (char *line; (line = strsep(&data, "\n")) != NULL && (*line || data);) {
        number++;
        int code = ERR_KEY;
        if (strncmp(line, "subject ", 8) == 0 && !subject) {
            code = text_from_hex(line + 8, SUBJECT_KEY_SIZE, key->subject);
            subject = true;
        } else if (strncmp(line, "token ", 6) == 0) {
            code = parse_token(line + 6, key);
        }
        if (code)
            return error_set(why, ERR_KEY, "%s:%u: not a line of a key file", path, number);
    }
    if (!subject || key->token_count == 0)
        return error_set(why, ERR_KEY, "%s: cut short, a key is missing", path);
    return make_fingerprint(key->subject, key->fingerprint);
}

int keys_read_lookup(const char *folder, struct lookup_key *key, struct error *why)
{
    struct lookup_key read = {0};
    char *path, *data;

    int code = read_file(folder, KEYS_LOOKUP_FILE, HEAD_LOOKUP, &path, &data, why);
    if (code == 0) {
        size_t length = strlen(data);
        code = parse_lookup(path, data, &read, why);
        keys_forget(data, length);
    }
    if (code == 0)
        *key = read;
    keys_forget(&read, sizeof read);
    free(data);
    free(path);
    return code;
}

int keys_read_address(const char *folder, struct address_key *key, struct error *why)
{
    struct address_key read;
    char *path, *data;

    int code = read_file(folder, KEYS_ADDRESS_FILE, HEAD_ADDRESS, &path, &data, why);
    if (code == 0) {
        size_t length = strlen(data);
        char *line = data + sizeof HEAD_ADDRESS - 1;
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "address ", 8) != 0 || text_from_hex(line + 8, SEAL_KEY_SIZE, read.key))
            code = error_set(why, ERR_KEY, "%s:2: not a line of a key file", path);
        else
            code = make_fingerprint(read.key, read.fingerprint);
        keys_forget(data, length);
    }
    if (code == 0)
        *key = read;
    keys_forget(&read, sizeof read);
    free(data);
    free(path);
    return code;
}

int keys_rotate(const char *folder, int64_t now, uint8_t *id, struct error *why)
{
    struct lookup_key key;
    int code = keys_read_lookup(folder, &key, why);
    if (code)
        return code;
    size_t n = key.token_count;
    unsigned next = key.tokens[n - 1].id + 1u;
    if (next > KEYS_TOKENS_MAX) {
        code = error_set(why, ERR_EXISTS,
                         "%s/" KEYS_LOOKUP_FILE " holds %u token keys, more do not fit", folder,
                         next - 1);
    } else {
        key.tokens[n].id = (uint8_t)next;
        key.token_made[n] = now;
        key.token_count = n + 1;
        code = seal_random(key.tokens[n].key, TOKEN_KEY_SIZE);
        if (code == 0)
            code = write_lookup(folder, &key, why);
    }
    keys_forget(&key, sizeof key);
    if (code == 0)
        *id = (uint8_t)next;
    return code;
}
