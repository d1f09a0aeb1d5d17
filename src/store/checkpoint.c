#include "store/checkpoint.h"

#include "base/clock.h"
#include "store/cut.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define SIGNATURE_MARK " sig="
#define SIGNATURE_TEXT 88 /* 64 octets in base64 */

#define NUMBER_DIGITS 20

/* --- taking --- */

static int take_head(const struct store *store, struct txn *txn, size_t local,
                     struct checkpoint_head *head)
{
    uint8_t hash[EVENT_HASH_SIZE];
    struct slice bytes;

    memcpy(head->event.node, store_node(store, local), EVENT_NODE_SIZE);
    int code = journal_head(txn, local, &head->event.number, head->hash);
    if (code || head->event.number == 0)
        return code;
    code = journal_bytes(store, txn, &head->event, &bytes);
    if (code == 0)
        code = seal_digest(bytes, hash);
    if (code == ERR_NOT_FOUND)
        code = cut_hash(store, txn, &head->event, hash);
    if (code == ERR_NOT_FOUND)
        return ERR_CORRUPT;
    return code ? code : memcmp(hash, head->hash, sizeof hash) == 0 ? 0 : ERR_CORRUPT;
}

int checkpoint_take(const struct store *store, struct txn *txn, struct checkpoint_part *part,
                    struct error *why)
{
    struct checkpoint_part p = {.count = 0};
    int code = 0;

    for (size_t i = store->node_count; i-- > 0 && code == 0;) {
        struct checkpoint_head head = {.event = {.number = 0}};
        code = take_head(store, txn, i, &head);
        if (code == 0 && head.event.number > 0 && p.count < CHECKPOINT_HEADS_MAX)
            p.heads[p.count++] = head;
        else if (code == 0 && head.event.number > 0)
            p.left_out++;
    }
    if (code == 0 && p.count == 0)
        code = ERR_CORRUPT;
    if (code == ERR_CORRUPT)
        return error_set(why, code,
                         "%s: the last event of its journal does not fit: `optout "
                         "verify` tells more",
                         env_folder(store->env));
    if (code)
        return env_explain(store->env, code, why);
    *part = p;
    return 0;
}

/* --- writing --- */

static void append_heads(struct text *line, const char *name, const struct checkpoint_part *part)
{
    char node[2 * EVENT_NODE_SIZE + 1], hash[2 * EVENT_HASH_SIZE + 1];

    text_format(line, " %s=", name);
    for (size_t i = 0; i < part->count; i++) {
        text_to_hex(part->heads[i].event.node, EVENT_NODE_SIZE, node);
        text_to_hex(part->heads[i].hash, EVENT_HASH_SIZE, hash);
        text_format(line, "%s%s:%llu:%s", i ? "," : "", node,
                    (unsigned long long)part->heads[i].event.number, hash);
    }
    if (part->left_out)
        text_format(line, ",+%llu", (unsigned long long)part->left_out);
}

static void append_statement(struct text *line, const struct checkpoint *checkpoint)
{
    char time[CLOCK_TEXT_SIZE], id[2 * SIGNING_ID_SIZE + 1];

    text_format(line, CHECKPOINT_WORD "%s", clock_format(checkpoint->at, time));
    append_heads(line, "list", &checkpoint->list);
    append_heads(line, "ledger", &checkpoint->ledger);
    text_to_hex(checkpoint->key, SIGNING_ID_SIZE, id);
    text_format(line, " key=%s", id);
}

/* The longer part loses the earliest node that it names. */
static void leave_out_one(struct checkpoint *checkpoint)
{
    struct checkpoint_part *part =
        checkpoint->list.count > checkpoint->ledger.count ? &checkpoint->list : &checkpoint->ledger;
    part->heads[--part->count] = (struct checkpoint_head){.event = {.number = 0}};
    part->left_out++;
}

int checkpoint_sign(struct checkpoint *checkpoint, const struct signing_key *key, struct text *line)
{
    uint8_t signature[SIGNING_SIGNATURE_SIZE], encoded[SIGNATURE_TEXT + 1];
    struct text statement = TEXT_EMPTY;

    int code = signing_id(key, checkpoint->key);
    if (code)
        return code;
    append_statement(&statement, checkpoint);
    while (statement.length > CHECKPOINT_LINE_MAX - strlen(SIGNATURE_MARK) - SIGNATURE_TEXT &&
           checkpoint->list.count + checkpoint->ledger.count > 2) {
        leave_out_one(checkpoint);
        text_release(&statement);
        append_statement(&statement, checkpoint);
    }
    code = statement.failed ? -ENOMEM
                            : signing_sign(key, SLICE(statement.data, statement.length), signature);
    if (code == 0) {
        EVP_EncodeBlock(encoded, signature, sizeof signature);
        text_append_bytes(line, statement.data, statement.length);
        text_format(line, SIGNATURE_MARK "%s", (char *)encoded);
        code = line->failed ? -ENOMEM : 0;
    }
    text_release(&statement);
    return code;
}

/* --- reading --- */

bool checkpoint_find(const char *line, const char **start, size_t *length)
{
    const char *found = strstr(line, CHECKPOINT_WORD);
    if (!found)
        return false;
    *start = found;
    *length = strcspn(found, "\r\n");
    while (*length > 0 && found[*length - 1] == ' ')
        --*length;
    return true;
}

/* Takes what stands before the next delimiter, NUL-terminated. False: it is not there, or longer
 * than `size` - 1. */
static bool take_until(const char **at, char delimiter, char *word, size_t size)
{
    const char *end = strchr(*at, delimiter);
    if (!end || (size_t)(end - *at) >= size)
        return false;
    memcpy(word, *at, (size_t)(end - *at));
    word[end - *at] = '\0';
    *at = end + 1;
    return true;
}

static bool parse_head(const char *text, struct checkpoint_head *head)
{
    char node[2 * EVENT_NODE_SIZE + 1], number[NUMBER_DIGITS + 1];
    const char *at = text;

    return take_until(&at, ':', node, sizeof node) && take_until(&at, ':', number, sizeof number) &&
           text_from_hex(node, EVENT_NODE_SIZE, head->event.node) == 0 &&
           text_to_u64(number, UINT64_MAX, &head->event.number) == 0 && head->event.number > 0 &&
           text_from_hex(at, EVENT_HASH_SIZE, head->hash) == 0;
}

/* "HEADS", and nothing behind them. */
static bool parse_heads(char *text, struct checkpoint_part *part)
{
    char *rest = text;

    for (char *one; (one = strsep(&rest, ",")) != NULL;) {
        if (*one == '+')
            return !rest && part->count > 0 &&
                   text_to_u64(one + 1, UINT64_MAX, &part->left_out) == 0;
        if (part->count == CHECKPOINT_HEADS_MAX || !parse_head(one, &part->heads[part->count]))
            return false;
        part->count++;
    }
    return part->count > 0;
}

/* The word that begins with `name` and "=", without both; NULL: another one stands there. */
static char *take_named(char **rest, const char *name)
{
    char *word = strsep(rest, " ");
    size_t length = strlen(name);
    return word && strncmp(word, name, length) == 0 && word[length] == '=' ? word + length + 1
                                                                           : NULL;
}

/* The statement, in memory that may be written to. */
static bool parse_statement(char *text, struct checkpoint *checkpoint)
{
    char *rest = text + strlen(CHECKPOINT_WORD);
    char *time = strsep(&rest, " "), *list = take_named(&rest, "list");
    char *ledger = take_named(&rest, "ledger"), *key = take_named(&rest, "key");

    return time && list && ledger && key && !rest && clock_parse(time, &checkpoint->at) == 0 &&
           parse_heads(list, &checkpoint->list) && parse_heads(ledger, &checkpoint->ledger) &&
           text_from_hex(key, SIGNING_ID_SIZE, checkpoint->key) == 0;
}

static bool parse_signature(const char *text, uint8_t signature[SIGNING_SIGNATURE_SIZE])
{
    uint8_t decoded[SIGNATURE_TEXT / 4 * 3], again[SIGNATURE_TEXT + 1];

    /* 64 octets leave two of padding, which decodes as zeros. */
    if (EVP_DecodeBlock(decoded, (const uint8_t *)text, SIGNATURE_TEXT) != sizeof decoded)
        return false;
    /* One spelling only. */
    EVP_EncodeBlock(again, decoded, SIGNING_SIGNATURE_SIZE);
    memcpy(signature, decoded, SIGNING_SIGNATURE_SIZE);
    return memcmp(again, text, SIGNATURE_TEXT) == 0;
}

int checkpoint_read(const char *start, size_t length, const struct signing_ring *ring,
                    struct checkpoint *checkpoint)
{
    char line[CHECKPOINT_LINE_MAX + 1];
    uint8_t signature[SIGNING_SIGNATURE_SIZE];
    struct checkpoint read = {.at = 0};

    if (length > CHECKPOINT_LINE_MAX)
        return ERR_SYNTAX;
    memcpy(line, start, length);
    line[length] = '\0';
    char *mark = strstr(line, SIGNATURE_MARK);
    if (!mark || strlen(mark + strlen(SIGNATURE_MARK)) != SIGNATURE_TEXT ||
        !parse_signature(mark + strlen(SIGNATURE_MARK), signature))
        return ERR_SYNTAX;
    *mark = '\0';
    if (!parse_statement(line, &read))
        return ERR_SYNTAX;
    /* The parser wrote into the copy; what was signed is in `start`. */
    int code = signing_verify(ring, read.key, SLICE(start, (size_t)(mark - line)), signature);
    if (code == 0)
        *checkpoint = read;
    return code;
}

/* --- comparing --- */

int checkpoint_compare(const struct store *store, struct txn *txn,
                       const struct checkpoint_head *head, enum checkpoint_fit *fit)
{
    uint8_t hash[EVENT_HASH_SIZE];
    struct slice bytes;
    uint64_t local;

    if (store_local(store, head->event.node, &local)) {
        *fit = CHECKPOINT_UNKNOWN_NODE;
        return 0;
    }
    int code = journal_bytes(store, txn, &head->event, &bytes);
    if (code == 0)
        code = seal_digest(bytes, hash);
    else if (code == ERR_NOT_FOUND)
        code = cut_hash(store, txn, &head->event, hash);
    if (code == ERR_NOT_FOUND || code == ERR_EXISTS) {
        *fit = code == ERR_EXISTS ? CHECKPOINT_CUT : CHECKPOINT_MISSING;
        return 0;
    }
    if (code == 0)
        *fit = memcmp(hash, head->hash, sizeof hash) == 0 ? CHECKPOINT_FITS : CHECKPOINT_OTHER;
    return code;
}
