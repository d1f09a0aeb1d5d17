#include "store/words.h"

#include "base/text.h"
#include "store/erase.h"
#include "store/pack.h"

#include <errno.h>
#include <string.h>

#define SALT_SIZE 16

const char *word_text(const struct word *words, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i].name, name) == 0)
            return words[i].text;
    return NULL;
}

static enum words_item item_of(const struct word *word)
{
    return strcmp(word->name, "client") == 0 ? WORDS_NETWORK : WORDS_EVENT;
}

static bool is_in(const struct word *word, unsigned item)
{
    return word->text && *word->text && item_of(word) == item;
}

static size_t count_words(const struct word *words, size_t count, unsigned item)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += is_in(&words[i], item);
    return n;
}

static int words_key(const struct store *store, const struct event_name *name, unsigned item,
                     uint8_t key[WORDS_KEY_SIZE])
{
    key[JOURNAL_KEY_SIZE] = (uint8_t)item;
    return store_pack_name(store, name, key);
}

/* --- writing --- */

static int pack_words(const struct word *words, size_t count, unsigned item, struct text *plain)
{
    uint8_t salt[SALT_SIZE];
    int code = seal_random(salt, sizeof salt);
    if (code)
        return code;
    text_append_bytes(plain, (char *)salt, sizeof salt);
    pack_map(plain, count_words(words, count, item));
    for (size_t i = 0; i < count; i++)
        if (is_in(&words[i], item)) {
            pack_string(plain, words[i].name);
            pack_string(plain, words[i].text);
        }
    return plain->failed ? -ENOMEM : 0;
}

/* Seals packed words under the event's key. */
static int put_words(const struct store *store, struct txn *txn, const struct event_name *name,
                     unsigned item, const struct text *plain)
{
    uint8_t key[WORDS_KEY_SIZE];
    struct text sealed = TEXT_EMPTY;

    int code = store->has_words_key ? words_key(store, name, item, key) : ERR_KEY;
    if (code == 0)
        code = seal_append_random(store->words_key, SLICE(key, sizeof key),
                                  SLICE(plain->data, plain->length), &sealed);
    if (code == 0)
        code =
            txn_put(txn, TABLE_PRIVATE, SLICE(key, sizeof key), SLICE(sealed.data, sealed.length));
    text_release(&sealed);
    return code;
}

/* Leaves their salted digest. */
static int write_item(const struct store *store, struct txn *txn, const struct event_name *name,
                      const struct word *words, size_t count, unsigned item,
                      uint8_t digest[EVENT_HASH_SIZE])
{
    struct text plain = TEXT_EMPTY;

    int code = pack_words(words, count, item, &plain);
    if (code == 0)
        code = seal_digest(SLICE(plain.data, plain.length), digest);
    if (code == 0)
        code = put_words(store, txn, name, item, &plain);
    text_release(&plain);
    return code;
}

int words_write(const struct store *store, struct txn *txn, struct event *event,
                const struct word *words, size_t count, struct words_digests *digests)
{
    const uint8_t **places[WORDS_ITEMS] = {&event->words, &event->network};
    int code = 0;

    for (unsigned item = 0; item < WORDS_ITEMS && code == 0; item++) {
        *places[item] = NULL;
        if (count_words(words, count, item) == 0)
            continue;
        code = write_item(store, txn, &event->name, words, count, item, digests->of[item]);
        *places[item] = digests->of[item];
    }
    return code;
}

/* --- reading --- */

static int read_words(const struct store *store, struct txn *txn, const struct event_name *name,
                      unsigned item, struct text *plain)
{
    uint8_t key[WORDS_KEY_SIZE];
    struct slice sealed;

    int code = store->has_words_key ? words_key(store, name, item, key) : ERR_KEY;
    if (code == 0)
        code = txn_get(txn, TABLE_PRIVATE, SLICE(key, sizeof key), &sealed);
    return code ? code : seal_open_random(store->words_key, SLICE(key, sizeof key), sealed, plain);
}

/* They are sealed to their place, and a node's local number can be another one here. */
int journal_carry_words(const struct store *from, struct txn *from_txn, const struct store *to,
                        struct txn *to_txn, const struct event_name *name)
{
    int code = 0;

    for (unsigned item = 0; item < WORDS_ITEMS && code == 0; item++) {
        struct text plain = TEXT_EMPTY;
        code = read_words(from, from_txn, name, item, &plain);
        if (code == 0)
            code = put_words(to, to_txn, name, item, &plain);
        text_release(&plain);
        code = code == ERR_NOT_FOUND ? 0 : code;
    }
    return code;
}

static char *copy_slice(struct pool *pool, struct slice s)
{
    return pool_copy_bytes(pool, s.data ? s.data : "", s.size);
}

/* Adds them behind the *count that are in the array. */
static int unpack_words(struct text *plain, struct pool *pool, struct word **words, size_t *count)
{
    if (plain->length < SALT_SIZE)
        return ERR_CORRUPT;
    struct unpacker in = unpack_begin(SLICE(plain->data + SALT_SIZE, plain->length - SALT_SIZE));
    size_t pairs = unpack_map(&in), n = *count;
    struct word *list = pool_take(pool, (n + pairs + 1) * sizeof *list);
    if (!list)
        return -ENOMEM;
    if (n)
        memcpy(list, *words, n * sizeof *list);
    for (size_t i = n; i < n + pairs; i++) {
        list[i].name = copy_slice(pool, unpack_string(&in));
        list[i].text = copy_slice(pool, unpack_string(&in));
        if (!list[i].name || !list[i].text)
            return -ENOMEM;
    }
    if (!unpack_is_done(&in))
        return ERR_CORRUPT;
    *words = list;
    *count = n + pairs;
    return 0;
}

int journal_words(const struct store *store, struct txn *txn, const struct event *event,
                  struct pool *pool, struct word **words, size_t *count)
{
    const uint8_t *digests[WORDS_ITEMS] = {event->words, event->network};
    int code = 0;

    *count = 0;
    for (unsigned item = 0; item < WORDS_ITEMS && code == 0; item++) {
        struct text plain = TEXT_EMPTY;
        if (!digests[item])
            continue;
        code = read_words(store, txn, &event->name, item, &plain);
        if (code == 0)
            code = unpack_words(&plain, pool, words, count);
        text_release(&plain);
        code = code == ERR_NOT_FOUND ? 0 : code; /* erased */
    }
    return code;
}

static int check_item(const struct store *store, struct txn *txn, const struct event_name *name,
                      unsigned item, const uint8_t *digest)
{
    struct text plain = TEXT_EMPTY;
    uint8_t found[EVENT_HASH_SIZE], key[WORDS_KEY_SIZE];
    struct slice sealed;

    int code = words_key(store, name, item, key);
    if (code == 0)
        code = txn_get(txn, TABLE_PRIVATE, SLICE(key, sizeof key), &sealed);
    if (code || !store->has_words_key)
        return code;
    code = seal_open_random(store->words_key, SLICE(key, sizeof key), sealed, &plain);
    if (code == 0)
        code = seal_digest(SLICE(plain.data, plain.length), found);
    if (code == 0 && memcmp(found, digest, sizeof found) != 0)
        code = ERR_KEY;
    text_release(&plain);
    return code;
}

int words_check(const struct store *store, struct txn *txn, const struct event *event,
                uint64_t *there, uint64_t *erased)
{
    const uint8_t *digests[WORDS_ITEMS] = {event->words, event->network};
    int code = 0;

    for (unsigned item = 0; item < WORDS_ITEMS && code == 0; item++) {
        if (!digests[item])
            continue;
        code = check_item(store, txn, &event->name, item, digests[item]);
        *there += code == 0;
        *erased += code == ERR_NOT_FOUND;
        code = code == ERR_NOT_FOUND ? 0 : code;
    }
    return code;
}

/* --- erasing --- */

int journal_has_words(const struct store *store, struct txn *txn, const struct event_name *name)
{
    uint8_t key[WORDS_KEY_SIZE];
    struct slice value;
    int code = ERR_NOT_FOUND;

    for (unsigned item = 0; item < WORDS_ITEMS && code == ERR_NOT_FOUND; item++) {
        code = words_key(store, name, item, key);
        if (code == 0)
            code = txn_get(txn, TABLE_PRIVATE, SLICE(key, sizeof key), &value);
    }
    return code == 0 ? 1 : code == ERR_NOT_FOUND ? 0 : code;
}

int journal_forget_words(const struct store *store, struct txn *txn, const struct event_name *name)
{
    uint8_t key[WORDS_KEY_SIZE];
    int code = 0;

    for (unsigned item = 0; item < WORDS_ITEMS && code == 0; item++) {
        code = words_key(store, name, item, key);
        if (code == 0)
            code = erase_row(txn, TABLE_PRIVATE, SLICE(key, sizeof key));
    }
    return code;
}
