#include "store/keys.h"

#include "base/clock.h"
#include "base/file.h"
#include "store/signing.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX (256 * 1024)
#define WAY_OUT "restore it from a backup"
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
    int code = path && !text->failed ? file_replace(path, text->data, text->length, mode, why)
                                     : error_set(why, -ENOMEM, "no memory for a key");
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

static void remove_key(const char *folder, const char *name)
{
    char *path = file_join(folder, name);
    if (path)
        unlink(path);
    free(path);
}

static int check_absent(const char *folder, const char *name, struct error *why)
{
    char *path = file_join(folder, name);
    struct stat status;
    int code = 0;

    if (!path)
        code = error_set(why, -ENOMEM, "no memory for a key");
    else if (lstat(path, &status) == 0)
        code = error_set(why, ERR_EXISTS, "%s is there already; keys are never overwritten", path);
    else if (errno != ENOENT)
        code = error_set(why, -errno, "%s: %s", path, strerror(errno));
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
        code = signing_make(folder, false, why);
    if (code == 0)
        code = write_lookup(folder, &key, why);
    keys_forget(&key, sizeof key);
    /* Half a set would stand in the way of the next try, and nothing was made with it yet. */
    for (size_t i = 0; i < sizeof names / sizeof *names && code; i++)
        remove_key(folder, names[i]);
    return code;
}

/* --- reading --- */

struct key_file {
    char *path;
    char *data; /* lines; a line break ends each */
    size_t length;
    char *rest; /* what was not read yet */
    unsigned line;
};

static int open_file(struct key_file *file, const char *folder, const char *name, const char *head,
                     struct error *why)
{
    *file = (struct key_file){.path = file_join(folder, name), .line = 1};
    if (!file->path)
        return error_set(why, -ENOMEM, "no memory for a key");
    int code = file_read(file->path, FILE_MAX, &file->data, &file->length, why);
    if (code == -ENOENT)
        return error_set(why, ERR_KEY,
                         "%s is missing: `optout init` makes it for a new site; else " WAY_OUT,
                         file->path);
    if (code)
        return code;
    if (strncmp(file->data, head, strlen(head)) != 0)
        return error_set(why, ERR_KEY, "%s:1: not a key file of this version: " WAY_OUT,
                         file->path);
    file->rest = file->data + strlen(head);
    return 0;
}

static void close_file(struct key_file *file)
{
    if (file->data)
        keys_forget(file->data, file->length);
    free(file->data);
    free(file->path);
}

/* The next line; NULL at the end. What lies behind a NUL, or has no line break at its end, is no
 * line: the file was damaged or cut short. */
static char *next_line(struct key_file *file, int *code, struct error *why)
{
    if (file->rest == file->data + file->length)
        return NULL;
    char *line = file->rest, *end = strchr(line, '\n');
    file->line++;
    if (!end) {
        *code = error_set(why, ERR_KEY, "%s:%u: cut short: " WAY_OUT, file->path, file->line);
        return NULL;
    }
    *end = '\0';
    file->rest = end + 1;
    return line;
}

static int bad_line(const struct key_file *file, struct error *why)
{
    return error_set(why, ERR_KEY, "%s:%u: not a line of a key file: " WAY_OUT, file->path,
                     file->line);
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

static int parse_lookup(struct key_file *file, struct lookup_key *key, struct error *why)
{
    bool subject = false;
    int code = 0;

    for (char *line; (line = next_line(file, &code, why)) != NULL;) {
        int parsed = ERR_KEY;
        if (strncmp(line, "subject ", 8) == 0 && !subject) {
            parsed = text_from_hex(line + 8, SUBJECT_KEY_SIZE, key->subject);
            subject = true;
        } else if (strncmp(line, "token ", 6) == 0) {
            parsed = parse_token(line + 6, key);
        }
        if (parsed)
            return bad_line(file, why);
    }
    if (code)
        return code;
    if (!subject || key->token_count == 0)
        return error_set(why, ERR_KEY, "%s: cut short, a key is missing: " WAY_OUT, file->path);
    code = make_fingerprint(key->subject, key->fingerprint);
    return code ? error_set(why, code, "%s: %s", file->path, error_name(code)) : 0;
}

int keys_read_lookup(const char *folder, struct lookup_key *key, struct error *why)
{
    struct lookup_key read = {0};
    struct key_file file;

    int code = open_file(&file, folder, KEYS_LOOKUP_FILE, HEAD_LOOKUP, why);
    if (code == 0)
        code = parse_lookup(&file, &read, why);
    if (code == 0)
        *key = read;
    keys_forget(&read, sizeof read);
    close_file(&file);
    return code;
}

static int parse_address(struct key_file *file, struct address_key *key, struct error *why)
{
    int code = 0;
    char *line = next_line(file, &code, why);

    if (code)
        return code;
    if (!line)
        return error_set(why, ERR_KEY, "%s: cut short, a key is missing: " WAY_OUT, file->path);
    if (strncmp(line, "address ", 8) != 0 || text_from_hex(line + 8, SEAL_KEY_SIZE, key->key))
        return bad_line(file, why);
    if (next_line(file, &code, why))
        return bad_line(file, why);
    if (code)
        return code;
    code = make_fingerprint(key->key, key->fingerprint);
    return code ? error_set(why, code, "%s: %s", file->path, error_name(code)) : 0;
}

int keys_read_address(const char *folder, struct address_key *key, struct error *why)
{
    struct address_key read;
    struct key_file file;

    int code = open_file(&file, folder, KEYS_ADDRESS_FILE, HEAD_ADDRESS, why);
    if (code == 0)
        code = parse_address(&file, &read, why);
    if (code == 0)
        *key = read;
    keys_forget(&read, sizeof read);
    close_file(&file);
    return code;
}

/* --- rotating --- */

static int add_token(const char *folder, int64_t now, uint8_t *id, struct error *why)
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
        code = code ? error_set(why, code, "no random bytes for a key")
                    : write_lookup(folder, &key, why);
    }
    keys_forget(&key, sizeof key);
    if (code == 0)
        *id = (uint8_t)next;
    return code;
}

int keys_rotate(const char *folder, int64_t now, uint8_t *id, struct error *why)
{
    /* Two at once would give one id to two keys, and the links of one of them would be dead. */
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int code = fd < 0 || flock(fd, LOCK_EX) < 0 ? -errno : 0;

    if (code)
        error_set(why, code, "cannot lock %s: %s", folder, error_name(code));
    else
        code = add_token(folder, now, id, why);
    if (fd >= 0)
        close(fd);
    return code;
}
