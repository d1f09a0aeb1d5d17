#include "base/error.h"
#include "store/ledger_tables.h"
#include "store/pack.h"

#include <errno.h>
#include <string.h>

#define UNCLAIMED_KEY_SIZE 16
#define NAME_MAX_OCTETS 128 /* of a stream's name in a key */

struct counting {
    struct ledger *ledger;
    const struct stream_count *streams;
    size_t stream_count;
    const struct unclaimed_count *unclaimed;
    size_t unclaimed_count;
};

/* --- streams --- */

static size_t stream_key(const struct stream_count *count, uint8_t key[NAME_MAX_OCTETS + 3])
{
    size_t length = strlen(count->stream);
    if (length > NAME_MAX_OCTETS)
        length = NAME_MAX_OCTETS;
    memcpy(key, count->stream, length);
    key[length] = '\0';
    key[length + 1] = (uint8_t)count->action;
    key[length + 2] = (uint8_t)count->mode;
    return length + 3;
}

/* Behind the array stands its mark, unless an earlier version wrote it. */
static int unpack_stream(struct slice value, struct stream_count *count)
{
    struct unpacker in = unpack_begin(value);
    size_t items = unpack_array(&in);
    count->messages += unpack_uint(&in);
    count->given += unpack_uint(&in);
    count->delivered += unpack_uint(&in);
    count->kept_back += unpack_uint(&in);
    return items == 4 && !in.failed && (in.left == 0 || in.left == SEAL_MARK_SIZE) ? 0
                                                                                   : ERR_CORRUPT;
}

static int add_stream(struct txn *txn, const struct stream_count *more)
{
    uint8_t key[NAME_MAX_OCTETS + 3];
    struct stream_count sum = *more;
    uint8_t mark[SEAL_MARK_SIZE];
    struct text bytes = TEXT_EMPTY;
    struct slice value;
    size_t size = stream_key(more, key);

    int code = txn_get(txn, TABLE_COUNT, SLICE(key, size), &value);
    if (code == 0)
        code = unpack_stream(value, &sum);
    else if (code == ERR_NOT_FOUND)
        code = 0;
    if (code)
        return code;
    pack_array(&bytes, 4);
    pack_uint(&bytes, sum.messages);
    pack_uint(&bytes, sum.given);
    pack_uint(&bytes, sum.delivered);
    pack_uint(&bytes, sum.kept_back);
    code = seal_mark(SLICE(key, size), SLICE(bytes.data, bytes.length), mark);
    text_append_bytes(&bytes, (char *)mark, sizeof mark);
    if (code == 0)
        code = bytes.failed
                   ? -ENOMEM
                   : txn_put(txn, TABLE_COUNT, SLICE(key, size), SLICE(bytes.data, bytes.length));
    text_release(&bytes);
    return code;
}

/* --- unclaimed --- */

/* The key must not tell whose login it is, not even to somebody who guesses. */
static int unclaimed_key(const struct ledger *ledger, const struct unclaimed_count *count,
                         uint8_t key[UNCLAIMED_KEY_SIZE])
{
    uint8_t digest[SEAL_DIGEST_SIZE];
    struct text text = TEXT_EMPTY;

    text_append_bytes(&text, (const char *)ledger->unclaimed_key, sizeof ledger->unclaimed_key);
    pack_string(&text, count->login);
    pack_string(&text, count->listener);
    pack_string(&text, count->domain);
    int code = text.failed ? -ENOMEM : seal_digest(SLICE(text.data, text.length), digest);
    if (code == 0)
        memcpy(key, digest, UNCLAIMED_KEY_SIZE);
    if (text.data)
        keys_forget(text.data, text.length);
    text_release(&text);
    return code;
}

static char *take_text(struct unpacker *in, struct pool *pool)
{
    struct slice s = unpack_string(in);
    return pool_copy_bytes(pool, s.data ? s.data : "", s.size);
}

static int open_unclaimed(const struct ledger *ledger, struct slice key, struct slice value,
                          struct pool *pool, struct unclaimed_count *count)
{
    struct text plain = TEXT_EMPTY;
    int code = seal_open_random(ledger->unclaimed_key, key, value, &plain);
    if (code == 0) {
        struct unpacker in = unpack_begin(SLICE(plain.data, plain.length));
        size_t items = unpack_array(&in);
        count->login = take_text(&in, pool);
        count->listener = take_text(&in, pool);
        count->domain = take_text(&in, pool);
        count->messages = unpack_uint(&in);
        count->recipients = unpack_uint(&in);
        count->first = (int64_t)unpack_uint(&in);
        count->last = (int64_t)unpack_uint(&in);
        code = items != 7 || !unpack_is_done(&in)                 ? ERR_CORRUPT
               : count->login && count->listener && count->domain ? 0
                                                                  : -ENOMEM;
    }
    text_release(&plain);
    return code;
}

static int put_unclaimed(struct ledger *ledger, struct txn *txn, struct slice key,
                         const struct unclaimed_count *count)
{
    struct text plain = TEXT_EMPTY, sealed = TEXT_EMPTY;
    pack_array(&plain, 7);
    pack_string(&plain, count->login);
    pack_string(&plain, count->listener);
    pack_string(&plain, count->domain);
    pack_uint(&plain, count->messages);
    pack_uint(&plain, count->recipients);
    pack_uint(&plain, (uint64_t)count->first);
    pack_uint(&plain, (uint64_t)count->last);
    int code = plain.failed ? -ENOMEM
                            : seal_append_random(ledger->unclaimed_key, key,
                                                 SLICE(plain.data, plain.length), &sealed);
    if (code == 0)
        code = txn_put(txn, TABLE_UNCLAIMED, key, SLICE(sealed.data, sealed.length));
    text_release(&plain);
    text_release(&sealed);
    return code;
}

static int find_unclaimed(const struct ledger *ledger, struct txn *txn,
                          const struct unclaimed_count *like, uint8_t key[UNCLAIMED_KEY_SIZE],
                          struct slice *value)
{
    int code = unclaimed_key(ledger, like, key);
    return code ? code : txn_get(txn, TABLE_UNCLAIMED, SLICE(key, UNCLAIMED_KEY_SIZE), value);
}

/* The same; a new one becomes one of the others where there are enough. Strangers choose what they
 * call themselves, and must not fill the ledger with it. */
static int find_or_make_other(const struct ledger *ledger, struct txn *txn,
                              struct unclaimed_count *sum, uint8_t key[UNCLAIMED_KEY_SIZE],
                              struct slice *value)
{
    uint64_t entries;
    int found = find_unclaimed(ledger, txn, sum, key, value);

    if (found != ERR_NOT_FOUND)
        return found;
    int code = txn_count(txn, TABLE_UNCLAIMED, &entries);
    if (code || entries < LEDGER_UNCLAIMED_MAX)
        return code ? code : found;
    sum->login = sum->listener = "";
    sum->domain = LEDGER_OTHERS;
    return find_unclaimed(ledger, txn, sum, key, value);
}

static int add_unclaimed(struct ledger *ledger, struct txn *txn, const struct unclaimed_count *more)
{
    uint8_t key[UNCLAIMED_KEY_SIZE];
    struct unclaimed_count before = {0}, sum = *more;
    struct pool pool = {0};
    struct slice value;

    int code = find_or_make_other(ledger, txn, &sum, key, &value);
    if (code == 0) {
        code = open_unclaimed(ledger, SLICE(key, sizeof key), value, &pool, &before);
        sum.messages += before.messages;
        sum.recipients += before.recipients;
        sum.first = before.first;
    } else if (code == ERR_NOT_FOUND) {
        code = 0;
    }
    if (code == 0)
        code = put_unclaimed(ledger, txn, SLICE(key, sizeof key), &sum);
    pool_release(&pool);
    return code;
}

/* --- */

static int count_job(struct txn *txn, void *argument)
{
    struct counting *c = argument;
    int code = 0;
    for (size_t i = 0; i < c->stream_count && code == 0; i++)
        code = add_stream(txn, &c->streams[i]);
    for (size_t i = 0; i < c->unclaimed_count && code == 0; i++)
        code = add_unclaimed(c->ledger, txn, &c->unclaimed[i]);
    return code;
}

int ledger_count(struct ledger *ledger, const struct stream_count *streams, size_t stream_count,
                 const struct unclaimed_count *unclaimed, size_t unclaimed_count, struct error *why)
{
    struct counting c = {ledger, streams, stream_count, unclaimed, unclaimed_count};
    return store_write(&ledger->store, count_job, &c, why);
}

static int visit_stream(struct slice key, struct slice value, stream_count_visitor visit,
                        void *argument)
{
    const uint8_t *bytes = key.data;
    char name[NAME_MAX_OCTETS + 1];
    struct stream_count count = {.stream = name};

    if (key.size < 3 || key.size > NAME_MAX_OCTETS + 3 || bytes[key.size - 3] != '\0')
        return ERR_CORRUPT;
    memcpy(name, bytes, key.size - 2);
    count.action = (enum action)bytes[key.size - 2];
    count.mode = (enum mode)bytes[key.size - 1];
    int code = unpack_stream(value, &count);
    return code ? code : visit(&count, argument);
}

int ledger_each_stream(struct ledger_view *view, stream_count_visitor visit, void *argument)
{
    struct cursor *cursor;
    struct slice key, value;
    int visited = 0;

    int code = cursor_open(view->txn, TABLE_COUNT, &cursor);
    if (code)
        return code;
    code = cursor_seek(cursor, SLICE(NULL, 0), &key, &value);
    while (code == 0 && visited == 0) {
        visited = visit_stream(key, value, visit, argument);
        if (visited == 0)
            code = cursor_next(cursor, &key, &value);
    }
    cursor_close(cursor);
    return visited ? visited : code == ERR_NOT_FOUND ? 0 : code;
}

int ledger_each_unclaimed(struct ledger_view *view, unclaimed_visitor visit, void *argument)
{
    struct cursor *cursor;
    struct slice key, value;
    struct pool pool = {0};
    int visited = 0;

    int code = cursor_open(view->txn, TABLE_UNCLAIMED, &cursor);
    if (code)
        return code;
    code = cursor_seek(cursor, SLICE(NULL, 0), &key, &value);
    while (code == 0 && visited == 0) {
        struct unclaimed_count count;
        visited = open_unclaimed(view->ledger, key, value, &pool, &count);
        if (visited == 0)
            visited = visit(&count, argument);
        pool_reset(&pool);
        if (visited == 0)
            code = cursor_next(cursor, &key, &value);
    }
    pool_release(&pool);
    cursor_close(cursor);
    return visited ? visited : code == ERR_NOT_FOUND ? 0 : code;
}

/* --- verifying --- */

static int verify_stream(struct slice key, struct slice value)
{
    uint8_t mark[SEAL_MARK_SIZE];
    struct stream_count count = {0};
    struct unpacker in = unpack_begin(value);

    int code = unpack_stream(value, &count);
    unpack_skip(&in);
    if (code || in.left == 0)
        return code;
    code = seal_mark(key, SLICE(value.data, value.size - in.left), mark);
    return code ? code : memcmp(mark, in.at, sizeof mark) == 0 ? 0 : ERR_CORRUPT;
}

static int verify_unclaimed(const struct ledger *ledger, struct slice key, struct slice value,
                            struct pool *pool)
{
    uint8_t expected[UNCLAIMED_KEY_SIZE];
    struct unclaimed_count count = {0};

    if (key.size != sizeof expected)
        return ERR_CORRUPT;
    if (!ledger->has_unclaimed_key)
        return 0;
    int code = open_unclaimed(ledger, key, value, pool, &count);
    if (code == 0)
        code = unclaimed_key(ledger, &count, expected);
    return code ? code : memcmp(key.data, expected, sizeof expected) == 0 ? 0 : ERR_CORRUPT;
}

static int verify_table(const struct ledger *ledger, struct txn *txn, unsigned table)
{
    struct cursor *cursor;
    struct slice key, value;
    struct pool pool = {0};
    int found = 0;

    int code = cursor_open(txn, table, &cursor);
    if (code)
        return code;
    code = cursor_seek(cursor, SLICE(NULL, 0), &key, &value);
    while (code == 0 && found == 0) {
        found = table == TABLE_COUNT ? verify_stream(key, value)
                                     : verify_unclaimed(ledger, key, value, &pool);
        pool_reset(&pool);
        if (found == 0)
            code = cursor_next(cursor, &key, &value);
    }
    pool_release(&pool);
    cursor_close(cursor);
    return found ? found : code == ERR_NOT_FOUND ? 0 : code;
}

int ledger_verify_counts(const struct ledger *ledger, struct txn *txn, struct error *why)
{
    const char *folder = env_folder(ledger->store.env);

    int code = verify_table(ledger, txn, TABLE_COUNT);
    if (code == ERR_CORRUPT)
        return error_set(why, code, "%s: what was counted of a stream was changed", folder);
    if (code == 0)
        code = verify_table(ledger, txn, TABLE_UNCLAIMED);
    if (code == ERR_CORRUPT || code == ERR_KEY)
        return error_set(why, ERR_CORRUPT, "%s: what was counted of unclaimed mail was changed",
                         folder);
    return code ? env_explain(ledger->store.env, code, why) : 0;
}

/* --- taking over --- */

struct count_carrying {
    struct txn *from;
    unsigned table;
};

static int carry_job(struct txn *txn, void *argument)
{
    const struct count_carrying *c = argument;
    struct cursor *cursor;
    struct slice key, value;

    int code = cursor_open(c->from, c->table, &cursor);
    if (code)
        return code;
    code = cursor_seek(cursor, SLICE(NULL, 0), &key, &value);
    while (code == 0) {
        code = txn_put(txn, c->table, key, value);
        if (code == 0)
            code = cursor_next(cursor, &key, &value);
    }
    cursor_close(cursor);
    return code == ERR_NOT_FOUND ? 0 : code;
}

int ledger_carry_counts(struct store *from, struct txn *from_txn, struct store *to,
                        struct error *why)
{
    struct count_carrying streams = {from_txn, TABLE_COUNT},
                          unclaimed = {from_txn, TABLE_UNCLAIMED};
    (void)from;
    int code = store_write(to, carry_job, &streams, why);
    return code ? code : store_write(to, carry_job, &unclaimed, why);
}
