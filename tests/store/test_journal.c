/* A journal: numbered, chained by hashes, with words that can be erased beside it. */
#include "store/store.h"

#include "site.h"

#include <errno.h>

static const char *const tables[] = {"meta", "journal", "private"};
static const struct store_kind kind = {
    .name = "test", .tables = tables, .table_count = 3, .mode = 0600};

static const uint8_t fingerprint[KEYS_FINGERPRINT_SIZE] = {1, 2, 3, 4, 5, 6, 7, 8};
static struct store store;

static int open_store_as(enum env_access access)
{
    struct error why = {""};
    int code = store_open(&store, site_list, &kind, access, SITE_MAP, fingerprint, NULL, &why);
    if (code)
        fprintf(stderr, "%s\n", why.text);
    memset(store.words_key, 7, sizeof store.words_key);
    store.has_words_key = true;
    return code;
}

static int set_up(void **state)
{
    if (make_folders(state) ||
        store_create(site_list, &kind, fingerprint, fingerprint, SITE_MAP, NULL))
        return -1;
    return open_store_as(ENV_WRITE);
}

static int tear_down(void **state)
{
    if (store.env && store_close(&store))
        return -1;
    return remove_site(state);
}

static void reopen(void)
{
    if (store.env)
        assert_int_equal(store_close(&store), 0);
    assert_int_equal(open_store_as(ENV_WRITE), 0);
}

/* --- appending --- */

struct appending {
    struct event event;
    const struct word *words;
    size_t word_count;
    int then; /* what the job returns when it was appended */
};

static int append_job(struct txn *txn, void *argument)
{
    struct appending *a = argument;
    int code = journal_append(&store, txn, &a->event, a->words, a->word_count);
    return code ? code : a->then;
}

static int append_words(const struct word *words, size_t count, struct event_name *name)
{
    static const char *const scopes[] = {"acme"};
    struct appending a = {{.at_ms = 1700000000123,
                           .type = EVENT_SCOPES,
                           .actor = "test",
                           .scopes = scopes,
                           .scope_count = 1},
                          words,
                          count,
                          0};
    int code = store_write(&store, append_job, &a, NULL);
    if (code == 0 && name)
        *name = a.event.name;
    return code;
}

/* An event of the store's own node. */
static const struct event_name *named(uint64_t number)
{
    static struct event_name name;
    memcpy(name.node, store.node, sizeof name.node);
    name.number = number;
    return &name;
}

static void append_some(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(append_words(NULL, 0, NULL), 0);
}

static int verify(struct error *why)
{
    struct txn *txn;
    uint64_t count;
    assert_int_equal(txn_begin_read(store.env, &txn), 0);
    int code = journal_verify(&store, txn, NULL, NULL, &count, why);
    txn_abort(txn);
    return code;
}

static uint64_t verified_count(void)
{
    struct txn *txn;
    uint64_t count = 0;
    assert_int_equal(txn_begin_read(store.env, &txn), 0);
    assert_ok(journal_verify(&store, txn, NULL, NULL, &count, &why));
    txn_abort(txn);
    return count;
}

/* --- events --- */

static void the_first_event_tells_kind_format_and_algorithm(void **state)
{
    static const uint8_t zeros[EVENT_HASH_SIZE] = {0};
    struct pool pool = {0};
    struct event event;
    struct slice bytes;
    struct txn *txn;
    (void)state;
    assert_int_equal(txn_begin_read(store.env, &txn), 0);
    assert_int_equal(journal_bytes(&store, txn, named(1), &bytes), 0);
    assert_int_equal(event_decode(bytes, &pool, &event), 0);
    assert_int_equal(event.type, EVENT_GENESIS);
    assert_int_equal(event.name.number, 1);
    assert_memory_equal(event.name.node, store.node, EVENT_NODE_SIZE);
    assert_memory_equal(event.previous, zeros, EVENT_HASH_SIZE);
    assert_string_equal(event.genesis->kind, "test");
    assert_int_equal(event.genesis->format, 1);
    assert_string_equal(event.genesis->hash, "SHA-256");
    assert_int_equal(event.genesis->address_rules, 1);
    assert_true(event.at_ms > 1700000000000);
    txn_abort(txn);
    pool_release(&pool);
}

static void nodes_are_new_for_each_store(void **state)
{
    uint8_t first[EVENT_NODE_SIZE];
    (void)state;
    memcpy(first, store.node, sizeof first);
    assert_int_equal(store_close(&store), 0);
    assert_ok(store_create(site_ledger, &kind, fingerprint, fingerprint, SITE_MAP, &why));
    assert_ok(store_open(&store, site_ledger, &kind, ENV_READ, SITE_MAP, NULL, NULL, &why));
    assert_memory_not_equal(first, store.node, sizeof first);
}

static void each_event_carries_the_hash_of_the_one_before(void **state)
{
    uint8_t hash[EVENT_HASH_SIZE], head[EVENT_HASH_SIZE], first[EVENT_SHORT_HASH_SIZE];
    struct pool pool = {0};
    struct slice bytes;
    struct txn *txn;
    uint64_t last;
    (void)state;
    append_some(30);
    assert_int_equal(txn_begin_read(store.env, &txn), 0);
    memset(hash, 0, sizeof hash);
    for (uint64_t i = 1; i <= 31; i++) {
        struct event event;
        assert_int_equal(journal_bytes(&store, txn, named(i), &bytes), 0);
        assert_int_equal(event_decode(bytes, &pool, &event), 0);
        assert_true(event.name.number == i);
        assert_memory_equal(event.previous, hash, sizeof hash);
        assert_int_equal(event_decode_previous(bytes, head), 0);
        assert_memory_equal(event.previous, head, sizeof head);
        assert_int_equal(event_decode_previous(SLICE(bytes.data, 20), head), ERR_CORRUPT);
        assert_int_equal(event_decode_previous(SLICE(bytes.data, 0), head), ERR_CORRUPT);
        assert_int_equal(seal_digest(bytes, hash), 0);
        assert_int_equal(journal_short_hash(&store, txn, named(i), first), 0);
        assert_memory_equal(first, hash, sizeof first);
    }
    assert_int_equal(journal_head(txn, 0, &last, head), 0);
    assert_int_equal(last, 31);
    assert_memory_equal(head, hash, sizeof hash);
    assert_int_equal(journal_bytes(&store, txn, named(32), &bytes), ERR_NOT_FOUND);
    assert_int_equal(journal_short_hash(&store, txn, named(32), first), ERR_NOT_FOUND);
    txn_abort(txn);
    pool_release(&pool);
    assert_int_equal(verified_count(), 31);
}

static void an_event_is_named_by_node_and_number(void **state)
{
    struct event_name one, other;
    (void)state;
    assert_int_equal(append_words(NULL, 0, &one), 0);
    reopen();
    assert_int_equal(append_words(NULL, 0, &other), 0);
    assert_int_equal(one.number, 2);
    assert_int_equal(other.number, 3);
    assert_memory_equal(one.node, store.node, EVENT_NODE_SIZE);
    assert_memory_equal(other.node, store.node, EVENT_NODE_SIZE);
}

static void what_fails_after_its_event_leaves_no_event(void **state)
{
    struct appending a = {{.type = EVENT_SCOPES, .actor = "test"}, NULL, 0, ERR_SCOPE};
    (void)state;
    assert_int_equal(store_write(&store, append_job, &a, NULL), ERR_SCOPE);
    assert_int_equal(verified_count(), 1);
    append_some(1);
    assert_int_equal(verified_count(), 2);
}

static void an_event_that_is_too_long_is_not_written(void **state)
{
    static char actor[EVENT_MAX + 1];
    struct appending a = {{.type = EVENT_SCOPES, .actor = actor}, NULL, 0, 0};
    (void)state;
    memset(actor, 'a', EVENT_MAX);
    assert_refused(store_write(&store, append_job, &a, &why), ERR_TOO_LONG, "too long");
    assert_int_equal(verified_count(), 1);
}

/* --- walking --- */

struct seen {
    uint64_t numbers[100];
    size_t count, end_at;
    int answer;
};

static int see(struct txn *txn, const struct event *event, void *argument)
{
    struct seen *seen = argument;
    (void)txn;
    seen->numbers[seen->count++] = event->name.number;
    return seen->count == seen->end_at ? seen->answer : 0;
}

static void a_walk_goes_from_a_number_to_the_end(void **state)
{
    struct txn *txn;
    (void)state;
    append_some(9);
    assert_int_equal(txn_begin_read(store.env, &txn), 0);
    for (uint64_t from = 0; from < 14; from++) {
        struct seen seen = {.count = 0};
        assert_int_equal(journal_walk(&store, txn, from ? named(from - 1) : NULL, see, &seen), 0);
        uint64_t first = from ? from : 1;
        assert_int_equal(seen.count, first <= 10 ? 11 - first : 0);
        for (size_t i = 0; i < seen.count; i++)
            assert_int_equal(seen.numbers[i], first + i);
    }
    txn_abort(txn);
}

static void a_visitors_answer_ends_the_walk_and_is_returned(void **state)
{
    static const int answers[] = {1, -EIO, ERR_NOT_FOUND, ERR_CORRUPT};
    struct txn *txn;
    (void)state;
    append_some(9);
    assert_int_equal(txn_begin_read(store.env, &txn), 0);
    for (size_t i = 0; i < 4; i++)
        for (size_t end_at = 1; end_at <= 10; end_at++) {
            struct seen seen = {.end_at = end_at, .answer = answers[i]};
            assert_int_equal(journal_walk(&store, txn, NULL, see, &seen), answers[i]);
            assert_int_equal(seen.count, end_at);
        }
    txn_abort(txn);
}

static void verifying_names_the_event_that_a_visitor_does_not_like(void **state)
{
    static const int answers[] = {ERR_NOT_FOUND, ERR_CORRUPT};
    struct txn *txn;
    uint64_t count = 77;
    (void)state;
    append_some(9);
    assert_int_equal(txn_begin_read(store.env, &txn), 0);
    for (size_t i = 0; i < 2; i++) {
        struct seen seen = {.end_at = 6, .answer = answers[i]};
        assert_refused(journal_verify(&store, txn, see, &seen, &count, &why), ERR_CORRUPT,
                       "list: event 6: what is kept beside the journal");
    }
    struct seen seen = {.end_at = 6, .answer = -EIO};
    assert_int_equal(journal_verify(&store, txn, see, &seen, &count, NULL), -EIO);
    assert_int_equal(count, 77);
    txn_abort(txn);
}

/* --- words --- */

static size_t words_of(uint64_t number, struct pool *pool, struct word **words)
{
    struct event event;
    struct slice bytes;
    struct txn *txn;
    size_t count = 99;
    assert_int_equal(txn_begin_read(store.env, &txn), 0);
    assert_int_equal(journal_bytes(&store, txn, named(number), &bytes), 0);
    assert_int_equal(event_decode(bytes, pool, &event), 0);
    assert_int_equal(journal_words(&store, txn, &event, pool, words, &count), 0);
    txn_abort(txn);
    return count;
}

static const struct word note = {"note", "Anna M\u00fcller called, and was not amused"};

static void words_come_back_and_those_without_text_do_not(void **state)
{
    static char long_text[20000];
    const struct word words[] = {
        note, {"client", NULL}, {"file", ""}, {"raw", "\xff\xfe"}, {"long", long_text}};
    struct pool pool = {0};
    struct word *read;
    (void)state;
    memset(long_text, 'x', sizeof long_text - 1);
    assert_int_equal(append_words(words, 5, NULL), 0);
    assert_int_equal(append_words(words + 1, 2, NULL), 0);
    assert_int_equal(append_words(NULL, 0, NULL), 0);
    assert_int_equal(words_of(2, &pool, &read), 3);
    assert_string_equal(read[0].name, "note");
    assert_string_equal(read[0].text, note.text);
    assert_string_equal(read[1].name, "raw");
    assert_string_equal(read[1].text, "\xff\xfe");
    assert_string_equal(read[2].text, long_text);
    assert_int_equal(words_of(3, &pool, &read), 0);
    assert_int_equal(words_of(4, &pool, &read), 0);
    assert_int_equal(verified_count(), 4);
    pool_release(&pool);
}

static bool contains(const char *bytes, size_t size, const char *text)
{
    return memmem(bytes, size, text, strlen(text)) != NULL;
}

/* Not in the journal either, and nobody can tell by guessing whether two events say the same. */
static void no_word_lies_in_the_file_in_the_clear(void **state)
{
    static char bytes[4 << 20];
    char path[128];
    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(append_words(&note, 1, NULL), 0);
    assert_int_equal(store_close(&store), 0);
    snprintf(path, sizeof path, "%s/data.mdb", site_list);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    assert_true(contains(bytes, size, "acme"));
    assert_false(contains(bytes, size, "Anna"));
    assert_false(contains(bytes, size, "called"));
    assert_false(contains(bytes, size, "note"));
}

static void the_same_words_twice_have_different_digests(void **state)
{
    struct pool pool = {0};
    struct event one, other;
    struct slice bytes;
    struct txn *txn;
    (void)state;
    assert_int_equal(append_words(&note, 1, NULL), 0);
    assert_int_equal(append_words(&note, 1, NULL), 0);
    assert_int_equal(txn_begin_read(store.env, &txn), 0);
    assert_int_equal(journal_bytes(&store, txn, named(2), &bytes), 0);
    assert_int_equal(event_decode(bytes, &pool, &one), 0);
    assert_int_equal(journal_bytes(&store, txn, named(3), &bytes), 0);
    assert_int_equal(event_decode(bytes, &pool, &other), 0);
    txn_abort(txn);
    assert_memory_not_equal(one.words, other.words, EVENT_HASH_SIZE);
    pool_release(&pool);
}

static void without_the_key_words_are_neither_written_nor_read(void **state)
{
    struct pool pool = {0};
    struct event event;
    struct word *words;
    struct slice bytes;
    struct txn *txn;
    size_t count;
    (void)state;
    assert_int_equal(append_words(&note, 1, NULL), 0);
    store.has_words_key = false;
    assert_int_equal(append_words(&note, 1, NULL), ERR_KEY);
    assert_int_equal(append_words(NULL, 0, NULL), 0);
    assert_int_equal(verified_count(), 3);
    assert_int_equal(txn_begin_read(store.env, &txn), 0);
    assert_int_equal(journal_bytes(&store, txn, named(2), &bytes), 0);
    assert_int_equal(event_decode(bytes, &pool, &event), 0);
    assert_int_equal(journal_words(&store, txn, &event, &pool, &words, &count), ERR_KEY);
    store.has_words_key = true;
    store.words_key[0] ^= 1;
    assert_int_equal(journal_words(&store, txn, &event, &pool, &words, &count), ERR_KEY);
    txn_abort(txn);
    pool_release(&pool);
}

/* The key of an event's words. */
static MDB_val words_key(uint8_t number)
{
    static uint8_t keys[256][9];
    keys[number][7] = number;
    return raw_val(keys[number], 9);
}

static void erased_words_are_no_damage_and_read_as_none(void **state)
{
    struct pool pool = {0};
    struct word *words;
    struct raw raw;
    (void)state;
    assert_int_equal(append_words(&note, 1, NULL), 0);
    assert_int_equal(append_words(&note, 1, NULL), 0);
    assert_int_equal(store_close(&store), 0);
    raw_begin(site_list, &raw);
    raw_delete(&raw, "private", words_key(2));
    raw_end(&raw);
    reopen();
    assert_int_equal(words_of(2, &pool, &words), 0);
    assert_int_equal(words_of(3, &pool, &words), 1);
    assert_int_equal(verified_count(), 3);
    pool_release(&pool);
}

static void changed_words_are_found(void **state)
{
    (void)state;
    assert_int_equal(append_words(&note, 1, NULL), 0);
    assert_int_equal(append_words(&note, 1, NULL), 0);
    for (unsigned i = 0; i < 40; i++) {
        struct raw raw;
        MDB_val key = words_key(3), value;
        char changed[512];
        assert_int_equal(store_close(&store), 0);
        raw_begin(site_list, &raw);
        assert_int_equal(mdb_get(raw.txn, raw_table(&raw, "private"), &key, &value), 0);
        assert_true(value.mv_size < sizeof changed);
        memcpy(changed, value.mv_data, value.mv_size);
        size_t at = random_below((unsigned)value.mv_size);
        changed[at] = (char)(changed[at] ^ 4);
        raw_put(&raw, "private", key, raw_val(changed, value.mv_size));
        raw_end(&raw);
        reopen();
        assert_refused(verify(&why), ERR_CORRUPT, "event 3: its private words were changed");
        assert_int_equal(store_close(&store), 0);
        changed[at] = (char)(changed[at] ^ 4);
        raw_begin(site_list, &raw);
        raw_put(&raw, "private", key, raw_val(changed, value.mv_size));
        raw_end(&raw);
        reopen();
        assert_int_equal(verified_count(), 3);
    }
}

/* Sealed anew by somebody who has the key: the digest in the journal tells. */
static void words_in_place_of_others_are_found(void **state)
{
    const struct word other = {"note", "Anna asked for it"};
    struct text plain = TEXT_EMPTY, sealed = TEXT_EMPTY;
    MDB_val key = words_key(2);
    struct raw raw;
    uint8_t salt[16] = {0};
    (void)state;
    assert_int_equal(append_words(&note, 1, NULL), 0);
    assert_int_equal(append_words(&other, 1, NULL), 0);
    text_append_bytes(&plain, (char *)salt, sizeof salt);
    text_append_bytes(&plain,
                      "\xa1\x64note\x71"
                      "Anna asked for it",
                      1 + 5 + 1 + 17);
    assert_int_equal(seal_append_random(store.words_key, SLICE(key.mv_data, key.mv_size),
                                        SLICE(plain.data, plain.length), &sealed),
                     0);
    assert_int_equal(store_close(&store), 0);
    raw_begin(site_list, &raw);
    raw_put(&raw, "private", key, raw_val(sealed.data, sealed.length));
    raw_end(&raw);
    reopen();
    struct pool pool = {0};
    struct word *words;
    assert_int_equal(words_of(2, &pool, &words), 1); /* they open well */
    assert_string_equal(words[0].text, "Anna asked for it");
    assert_refused(verify(&why), ERR_CORRUPT, "event 2: its private words were changed");
    pool_release(&pool);
    text_release(&plain);
    text_release(&sealed);
}

static void words_of_another_event_do_not_open(void **state)
{
    struct raw raw;
    MDB_val key = words_key(3), value;
    char copy[512];
    (void)state;
    assert_int_equal(append_words(&note, 1, NULL), 0);
    assert_int_equal(append_words(&note, 1, NULL), 0);
    assert_int_equal(store_close(&store), 0);
    raw_begin(site_list, &raw);
    assert_int_equal(mdb_get(raw.txn, raw_table(&raw, "private"), &key, &value), 0);
    size_t size = value.mv_size;
    memcpy(copy, value.mv_data, size);
    raw_put(&raw, "private", words_key(2), raw_val(copy, size));
    raw_end(&raw);
    reopen();
    assert_refused(verify(&why), ERR_CORRUPT, "event 2: its private words were changed");
}

/* --- the store --- */

static int write_nothing(struct txn *txn, void *argument)
{
    (void)txn;
    (void)argument;
    return 0;
}

static void a_store_that_was_opened_to_read_is_not_written(void **state)
{
    (void)state;
    assert_int_equal(store_close(&store), 0);
    assert_int_equal(open_store_as(ENV_READ), 0);
    assert_refused(store_write(&store, write_nothing, NULL, &why), -EROFS, "opened to read");
    assert_int_equal(verified_count(), 1);
}

static int say_why(struct txn *txn, void *argument)
{
    (void)txn;
    return error_set(argument, ERR_SCOPE, "the job's own sentence");
}

static void a_failure_is_explained_by_its_job_or_else_by_the_store(void **state)
{
    struct appending a = {{.type = EVENT_SCOPES, .actor = "test"}, NULL, 0, ERR_CORRUPT};
    struct error why = {"an old sentence"};
    (void)state;
    assert_int_equal(store_write(&store, say_why, &why, &why), ERR_SCOPE);
    assert_string_equal(why.text, "the job's own sentence");
    assert_int_equal(store_write(&store, append_job, &a, &why), ERR_CORRUPT);
    assert_non_null(strstr(why.text, "list/data.mdb is damaged"));
    assert_int_equal(store_write(&store, append_job, &a, NULL), ERR_CORRUPT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_event_tells_kind_format_and_algorithm),
        TEST(nodes_are_new_for_each_store),
        TEST(each_event_carries_the_hash_of_the_one_before),
        TEST(an_event_is_named_by_node_and_number),
        TEST(what_fails_after_its_event_leaves_no_event),
        TEST(an_event_that_is_too_long_is_not_written),
        TEST(a_walk_goes_from_a_number_to_the_end),
        TEST(a_visitors_answer_ends_the_walk_and_is_returned),
        TEST(verifying_names_the_event_that_a_visitor_does_not_like),
        TEST(words_come_back_and_those_without_text_do_not),
        TEST(no_word_lies_in_the_file_in_the_clear),
        TEST(the_same_words_twice_have_different_digests),
        TEST(without_the_key_words_are_neither_written_nor_read),
        TEST(erased_words_are_no_damage_and_read_as_none),
        TEST(changed_words_are_found),
        TEST(words_in_place_of_others_are_found),
        TEST(words_of_another_event_do_not_open),
        TEST(a_store_that_was_opened_to_read_is_not_written),
        TEST(a_failure_is_explained_by_its_job_or_else_by_the_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
