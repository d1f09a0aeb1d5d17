/* Whoever changes, removes, swaps, cuts or appends is found out by verify; so is whoever changes
 * what is kept beside the journal. */
#include "site.h"

#include "store/number.h"

#define NEWS "acme/news"
#define EVENTS 12 /* of the list */

/* Choices of all kinds, known and withdrawn; words with some. */
static int make_history(void **state)
{
    const struct word words[] = {{"note", "she called"}};
    const struct act by_web = {
        .actor = "web", .source = "hotline", .words = words, .word_count = 1};
    struct list_entry entries[4];
    struct event_name event;
    struct list *list;

    if (make_site(state))
        return -1;
    list = open_list();
    add_scope(list, NEWS);
    add_scope(list, "beta");
    for (unsigned i = 0; i < 4; i++)
        entries[i] = opt_out_of(i % 2 ? NEWS : "beta", i);
    entries[3].domain = true;
    if (list_add(list, entries, 4, &by_web, NULL))
        return -1;
    for (unsigned i = 10; i < 15; i++) {
        struct list_entry entry = opt_out_of(NEWS, i);
        add_entry(list, &entry);
    }
    struct list_entry opt_in = opt_out_of("acme", 1);
    opt_in.kind = CHOICE_OPT_IN;
    opt_in.confirmed = true;
    add_entry(list, &opt_in);
    const struct event_withdrawal rows[] = {{entries[0].subject, entries[0].event},
                                            {entries[3].subject, entries[3].event}};
    if (list_withdraw(list, rows, 1, &by_web, &event, NULL) ||
        list_withdraw(list, rows + 1, 1, &by_cli, &event, NULL) || event.number != EVENTS ||
        verify_list(list, NULL))
        return -1;
    return list_close(list);
}

/* --- hands --- */

static MDB_val event_key(uint64_t number)
{
    static uint8_t keys[4][8];
    static unsigned next;
    uint8_t *key = keys[next++ % 4];
    number_put(key, 8, number);
    return raw_val(key, 8);
}

/* A copy of an event's bytes, in memory that stays. */
static MDB_val event_copy(struct raw *raw, uint64_t number)
{
    static char copies[2][EVENT_MAX];
    static unsigned next;
    char *copy = copies[next++ % 2];
    MDB_val key = event_key(number), value;
    assert_int_equal(mdb_get(raw->txn, raw_table(raw, "journal"), &key, &value), 0);
    assert_true(value.mv_size <= EVENT_MAX);
    return raw_val(memcpy(copy, value.mv_data, value.mv_size), value.mv_size);
}

static MDB_val copy_of_head(struct raw *raw)
{
    static char copy[40];
    MDB_val key = raw_val("head", 4), value;
    assert_int_equal(mdb_get(raw->txn, raw_table(raw, "meta"), &key, &value), 0);
    assert_int_equal(value.mv_size, sizeof copy);
    return raw_val(memcpy(copy, value.mv_data, sizeof copy), sizeof copy);
}

/* The head as it should be if this were the last event. */
static void put_head(struct raw *raw, uint64_t number)
{
    uint8_t head[8 + EVENT_HASH_SIZE];
    MDB_val event = event_copy(raw, number);
    number_put(head, 8, number);
    assert_int_equal(seal_digest(SLICE(event.mv_data, event.mv_size), head + 8), 0);
    raw_put(raw, "meta", raw_val("head", 4), raw_val(head, sizeof head));
}

static int verify_now(struct error *why)
{
    struct list *list = NULL;
    int code = list_open(site_list, ENV_READ, SITE_MAP, &site_lookup, &site_address, &list, why);
    if (code)
        return code;
    code = verify_list(list, why);
    list_close(list);
    return code;
}

#define assert_found(sentence) assert_refused(verify_now(&why), ERR_CORRUPT, sentence)

static void assert_intact(void)
{
    assert_ok(verify_now(&why));
}

/* --- the journal --- */

static void a_history_that_nobody_touched_is_intact(void **state)
{
    struct list *list;
    uint64_t events = 0;
    (void)state;
    assert_intact();
    /* Without the address key the words cannot be looked at, the rest can. */
    assert_ok(list_open(site_list, ENV_READ, SITE_MAP, &site_lookup, NULL, &list, &why));
    struct list_view *view = view_of(list);
    assert_ok(list_verify(view, &events, &why));
    assert_int_equal(events, EVENTS);
    list_view_end(view);
    list_close(list);
}

/* Each of its bits, in each event. */
static void a_changed_event_is_found(void **state)
{
    struct raw raw;
    (void)state;
    raw_begin(site_list, &raw);
    size_t sizes[EVENTS + 1];
    for (uint64_t number = 1; number <= EVENTS; number++)
        sizes[number] = event_copy(&raw, number).mv_size;
    raw_end(&raw);
    for (uint64_t number = 1; number <= EVENTS; number++)
        for (size_t bit = random_below(29); bit < 8 * sizes[number]; bit += 29) {
            raw_begin(site_list, &raw);
            MDB_val event = event_copy(&raw, number);
            ((char *)event.mv_data)[bit / 8] ^= (char)(1 << bit % 8);
            raw_put(&raw, "journal", event_key(number), event);
            raw_end(&raw);
            assert_found("list: ");
            raw_begin(site_list, &raw);
            ((char *)event.mv_data)[bit / 8] ^= (char)(1 << bit % 8);
            raw_put(&raw, "journal", event_key(number), event);
            raw_end(&raw);
        }
    assert_intact();
}

static void a_changed_event_is_named(void **state)
{
    struct raw raw;
    (void)state;
    raw_begin(site_list, &raw);
    MDB_val event = event_copy(&raw, 5);
    raw_put(&raw, "journal", event_key(5), raw_val(event.mv_data, event.mv_size - 1));
    raw_end(&raw);
    assert_found("list: event 5: its bytes are damaged");
    raw_begin(site_list, &raw);
    raw_put(&raw, "journal", event_key(5), event);
    /* The time is no part of any row: only the next event's hash tells. */
    char *time = memmem(event.mv_data, event.mv_size, "\x03\x1b\0\0", 4);
    assert_non_null(time);
    time[9] ^= 1;
    raw_put(&raw, "journal", event_key(5), event);
    raw_end(&raw);
    assert_found("list: event 6: it does not carry the hash of the one before");
}

static void a_removed_event_is_found(void **state)
{
    (void)state;
    for (uint64_t number = 1; number < EVENTS; number++) {
        struct raw raw;
        char sentence[80];
        raw_begin(site_list, &raw);
        MDB_val event = event_copy(&raw, number);
        raw_delete(&raw, "journal", event_key(number));
        raw_end(&raw);
        snprintf(sentence, sizeof sentence, "event %llu: the one before it is missing",
                 (unsigned long long)number);
        assert_found(sentence);
        raw_begin(site_list, &raw);
        raw_put(&raw, "journal", event_key(number), event);
        raw_end(&raw);
    }
    assert_intact();
}

static void swapped_events_are_found(void **state)
{
    struct raw raw;
    (void)state;
    raw_begin(site_list, &raw);
    MDB_val one = event_copy(&raw, 6), other = event_copy(&raw, 7);
    raw_put(&raw, "journal", event_key(6), other);
    raw_put(&raw, "journal", event_key(7), one);
    raw_end(&raw);
    assert_found("event 6: it lies in another event's place");
}

static void a_cut_journal_is_found(void **state)
{
    (void)state;
    for (uint64_t number = EVENTS; number > 1; number--) {
        struct raw raw;
        char sentence[80];
        raw_begin(site_list, &raw);
        raw_delete(&raw, "journal", event_key(number));
        raw_end(&raw);
        snprintf(sentence, sizeof sentence, "the journal ends at event %llu, its head says %d",
                 (unsigned long long)number - 1, EVENTS);
        assert_found(sentence);
    }
    struct raw raw;
    raw_begin(site_list, &raw);
    raw_delete(&raw, "journal", event_key(1));
    raw_end(&raw);
    assert_found("the journal ends at event 0");
}

/* With the head set back as well, what is left of its rows tells. */
static void a_journal_cut_with_its_head_leaves_rows_that_no_event_wrote(void **state)
{
    (void)state;
    for (uint64_t number = EVENTS; number > 1; number--) {
        struct raw raw;
        raw_begin(site_list, &raw);
        raw_delete(&raw, "journal", event_key(number));
        put_head(&raw, number - 1);
        raw_end(&raw);
        assert_found("list: ");
    }
}

static void an_appended_event_is_found(void **state)
{
    struct raw raw;
    (void)state;
    raw_begin(site_list, &raw);
    raw_put(&raw, "journal", event_key(EVENTS + 1), event_copy(&raw, EVENTS));
    raw_end(&raw);
    assert_found("it lies in another event's place");

    /* Well made, with the right number and hash, but not told to the head. */
    struct text bytes = TEXT_EMPTY;
    static const char *const scopes[] = {"gamma"};
    struct pool pool = {0};
    struct event last,
        event = {.type = EVENT_SCOPES, .actor = "cli", .scopes = scopes, .scope_count = 1};
    raw_begin(site_list, &raw);
    MDB_val before = event_copy(&raw, EVENTS);
    assert_int_equal(event_decode(SLICE(before.mv_data, before.mv_size), &pool, &last), 0);
    event.name = last.name;
    event.name.number++;
    assert_int_equal(seal_digest(SLICE(before.mv_data, before.mv_size), event.previous), 0);
    assert_int_equal(event_encode(&event, &bytes), 0);
    raw_put(&raw, "journal", event_key(EVENTS + 1), raw_val(bytes.data, bytes.length));
    raw_end(&raw);
    assert_found("event 13: what is kept beside the journal does not follow");
    raw_begin(site_list, &raw);
    put_head(&raw, EVENTS + 1);
    raw_end(&raw);
    assert_found("event 13: what is kept beside the journal does not follow");
    event.type = EVENT_WITHDRAWAL; /* of nothing: no row could tell */
    bytes.length = 0;
    assert_int_equal(event_encode(&event, &bytes), 0);
    raw_begin(site_list, &raw);
    raw_put(&raw, "journal", event_key(EVENTS + 1), raw_val(bytes.data, bytes.length));
    uint8_t head[8 + EVENT_HASH_SIZE];
    number_put(head, 8, EVENTS);
    assert_int_equal(seal_digest(SLICE(before.mv_data, before.mv_size), head + 8), 0);
    raw_put(&raw, "meta", raw_val("head", 4), raw_val(head, sizeof head));
    raw_end(&raw);
    assert_found("the journal ends at event 13, its head says 12");
    text_release(&bytes);
    pool_release(&pool);
}

static void an_event_out_of_the_row_is_found(void **state)
{
    static const uint64_t keys[] = {0, 100, (uint64_t)1 << 48 | 1};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct raw raw;
        raw_begin(site_list, &raw);
        raw_put(&raw, "journal", event_key(keys[i]), event_copy(&raw, 3));
        raw_end(&raw);
        assert_found(i < 2 ? "it lies in another event's place" : "it lies in no node's place");
        raw_begin(site_list, &raw);
        raw_delete(&raw, "journal", event_key(keys[i]));
        raw_end(&raw);
    }
    assert_intact();
}

static void a_changed_head_or_node_is_found(void **state)
{
    struct raw raw;
    (void)state;
    for (size_t i = 0; i < 40; i += 3) {
        raw_begin(site_list, &raw);
        MDB_val head = copy_of_head(&raw);
        ((char *)head.mv_data)[i] ^= 1;
        raw_put(&raw, "meta", raw_val("head", 4), head);
        raw_end(&raw);
        assert_found("the journal ends at event 12, its head says");
        raw_begin(site_list, &raw);
        ((char *)head.mv_data)[i] ^= 1;
        raw_put(&raw, "meta", raw_val("head", 4), head);
        raw_end(&raw);
    }
    raw_begin(site_list, &raw);
    MDB_val head = copy_of_head(&raw);
    raw_delete(&raw, "meta", raw_val("head", 4));
    raw_end(&raw);
    assert_found("the journal ends at event 12, its head says 0");
    raw_begin(site_list, &raw);
    raw_put(&raw, "meta", raw_val("head", 4), head);
    raw_put(&raw, "meta", raw_val("node", 4), raw_val("another!", 8));
    raw_end(&raw);
    assert_found("event 1: another node wrote it");
}

/* --- the rows beside it --- */

static void any_row_that_was_removed_is_found(void **state)
{
    static const struct {
        const char *table;
        size_t rows;
    } tables[] = {{"choice", 8}, {"past", 2}, {"scope", 8}, {"source", 4}};
    (void)state;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        for (size_t j = 0; j < tables[i].rows; j++) {
            struct raw raw;
            MDB_val key, value;
            raw_begin(site_list, &raw);
            raw_nth(&raw, tables[i].table, j, &key, &value);
            raw_delete(&raw, tables[i].table, key);
            raw_end(&raw);
            if (verify_now(NULL) != ERR_CORRUPT)
                fail_msg("%s row %zu", tables[i].table, j);
            raw_begin(site_list, &raw);
            raw_put(&raw, tables[i].table, key, value);
            raw_end(&raw);
            raw_free(&key, &value);
        }
    assert_intact();
}

/* Each octet of each row. */
static void any_row_that_was_changed_is_found(void **state)
{
    static const struct {
        const char *table;
        size_t rows;
    } tables[] = {{"choice", 8}, {"past", 2}, {"scope", 8}, {"source", 4}};
    (void)state;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        for (size_t j = 0; j < tables[i].rows; j++) {
            struct raw raw;
            MDB_val key, value;
            raw_begin(site_list, &raw);
            raw_nth(&raw, tables[i].table, j, &key, &value);
            raw_end(&raw);
            for (size_t at = 0; at < value.mv_size; at++) {
                ((char *)value.mv_data)[at] ^= 1;
                raw_begin(site_list, &raw);
                raw_put(&raw, tables[i].table, key, value);
                raw_end(&raw);
                if (verify_now(NULL) != ERR_CORRUPT)
                    fail_msg("%s row %zu octet %zu", tables[i].table, j, at);
                ((char *)value.mv_data)[at] ^= 1;
            }
            raw_begin(site_list, &raw);
            raw_put(&raw, tables[i].table, key, value);
            raw_end(&raw);
            raw_free(&key, &value);
        }
    assert_intact();
}

static void move_row(struct raw *raw, const char *from, const char *to, MDB_val key, MDB_val value)
{
    raw_delete(raw, from, key);
    raw_put(raw, to, key, value);
}

static void an_added_row_is_found(void **state)
{
    struct raw raw;
    MDB_val key, value;
    (void)state;
    raw_begin(site_list, &raw);
    raw_nth(&raw, "choice", 0, &key, &value);
    ((char *)key.mv_data)[0] ^= 1;
    raw_put(&raw, "choice", key, value);
    raw_end(&raw);
    assert_found("choices are there, but events wrote");
    raw_begin(site_list, &raw);
    move_row(&raw, "choice", "domain", key, value);
    raw_end(&raw);
    assert_found("choices are there, but events wrote");
    raw_begin(site_list, &raw);
    move_row(&raw, "domain", "past", key, value);
    raw_end(&raw);
    assert_found("choices are withdrawn, but events withdrew 2");
    raw_begin(site_list, &raw);
    raw_delete(&raw, "past", key);
    raw_end(&raw);
    assert_intact();
    raw_free(&key, &value);
}

/* What would bring somebody back without a word in the journal. */
static void a_row_made_past_without_an_event_is_found(void **state)
{
    struct raw raw;
    MDB_val key, value;
    char past[200];
    (void)state;
    raw_begin(site_list, &raw);
    raw_nth(&raw, "choice", 0, &key, &value);
    memcpy(past, value.mv_data, value.mv_size);
    past[value.mv_size] = 0;
    past[value.mv_size + 1] = EVENTS - 1; /* a withdrawal there is, of another row */
    move_row(&raw, "choice", "past", key, raw_val(past, value.mv_size + 2));
    raw_end(&raw);
    assert_found("3 choices are withdrawn, but events withdrew 2");

    /* With the row that was withdrawn put back in its stead. */
    MDB_val other_key, other_value;
    raw_begin(site_list, &raw);
    for (size_t i = 0;; i++) {
        raw_nth(&raw, "past", i, &other_key, &other_value);
        if (memcmp(other_key.mv_data, key.mv_data, key.mv_size) != 0)
            break;
        raw_free(&other_key, &other_value);
    }
    other_value.mv_size -= 2;
    move_row(&raw, "past", "choice", other_key, other_value);
    raw_end(&raw);
    assert_found("what is kept beside the journal does not follow from it");
    raw_free(&key, &value);
    raw_free(&other_key, &other_value);
}

static void a_choice_made_one_of_a_domain_is_found(void **state)
{
    struct raw raw;
    MDB_val key, value;
    (void)state;
    raw_begin(site_list, &raw);
    raw_nth(&raw, "choice", 2, &key, &value);
    move_row(&raw, "choice", "domain", key, value);
    raw_end(&raw);
    assert_found("what is kept beside the journal does not follow from it");
    raw_free(&key, &value);
}

static void a_scope_that_no_event_registered_is_found(void **state)
{
    struct raw raw;
    (void)state;
    raw_begin(site_list, &raw);
    raw_put(&raw, "scope", raw_val("ngamma", 6), raw_val("\0\0\0\5", 4));
    raw_put(&raw, "scope", raw_val("i\0\0\0\5", 5), raw_val("gamma", 5));
    raw_end(&raw);
    assert_found("a scope is registered that no event tells of");
}

/* Each row would say something about another scope. */
static void scopes_that_changed_their_names_are_found(void **state)
{
    struct raw raw;
    (void)state;
    raw_begin(site_list, &raw);
    raw_put(&raw, "scope", raw_val("nacme/news", 10), raw_val("\0\0\0\4", 4));
    raw_put(&raw, "scope", raw_val("nbeta", 5), raw_val("\0\0\0\1", 4));
    raw_end(&raw);
    assert_found("event 2: what is kept beside");
    raw_begin(site_list, &raw);
    raw_put(&raw, "scope", raw_val("i\0\0\0\1", 5), raw_val("beta", 4));
    raw_put(&raw, "scope", raw_val("i\0\0\0\4", 5), raw_val(NEWS, 9));
    raw_end(&raw);
    assert_found("what is kept beside the journal does not follow from it");
}

/* --- beside the journal --- */

static void put_row(const char *table, const void *key, size_t key_size, const void *value,
                    size_t size)
{
    struct raw raw;
    raw_begin(site_list, &raw);
    raw_put(&raw, table, raw_val(key, key_size), raw_val(value, size));
    raw_end(&raw);
}

static void private_words_of_no_event_are_found(void **state)
{
    (void)state;
    put_row("private", "\0\0\0\0\0\0\0\2\0", 9, "words that no event tells of, as they say", 40);
    assert_found("private words that belong to no event");
}

static void an_entry_of_meta_that_nobody_wrote_is_found(void **state)
{
    (void)state;
    put_row("meta", "kinds", 5, "list", 4);
    assert_found("what it says of itself");
}

static void a_source_that_no_event_names_is_found(void **state)
{
    struct raw raw;
    MDB_stat status;
    uint8_t id[5] = {'i', 0, 0, 0, 0};
    (void)state;
    raw_begin(site_list, &raw);
    assert_int_equal(mdb_stat(raw.txn, raw_table(&raw, "source"), &status), 0);
    id[4] = (uint8_t)(status.ms_entries / 2 + 1);
    raw_put(&raw, "source", raw_val("nsomebody", 9), raw_val(id + 1, 4));
    raw_put(&raw, "source", raw_val(id, 5), raw_val("somebody", 8));
    raw_end(&raw);
    assert_found("a source is kept that no event tells of");
}

static void an_address_of_nobody_is_found(void **state)
{
    struct subject known = subject_number(10), unknown = subject_number(999);
    (void)state;
    put_row("address", &known, sizeof known, "\3", 1); /* as one that was erased */
    assert_intact();
    put_row("address", &known, sizeof known, "\3x", 2);
    assert_found("an address is kept");
    put_row("address", &known, sizeof known, "\1an address that nobody sealed", 30);
    assert_found("an address is kept");
    put_row("address", &known, sizeof known, "\3", 1);
    put_row("address", &unknown, sizeof unknown, "\3", 1);
    assert_found("an address is kept");
}

static void a_notice_that_was_changed_is_found(void **state)
{
    struct subject subject = subject_number(10);
    struct list *list = open_list();
    struct raw raw;
    MDB_val key, value;
    (void)state;
    assert_ok(list_claim_notice(list, &subject, 1800000000, 60, &why));
    assert_refused(list_claim_notice(list, &subject, 1800000059, 60, &why), ERR_EXISTS, "");
    list_close(list);
    assert_intact();
    raw_begin(site_list, &raw);
    raw_nth(&raw, "notice", 0, &key, &value);
    ((char *)value.mv_data)[7] ^= 1;
    raw_put(&raw, "notice", key, value);
    raw_end(&raw);
    assert_found("a notice was changed");
    /* What an earlier version wrote has no mark. */
    put_row("notice", key.mv_data, key.mv_size, value.mv_data, 8);
    assert_intact();
    raw_free(&key, &value);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_history, remove_site)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_history_that_nobody_touched_is_intact),
        TEST(a_changed_event_is_found),
        TEST(a_changed_event_is_named),
        TEST(a_removed_event_is_found),
        TEST(swapped_events_are_found),
        TEST(a_cut_journal_is_found),
        TEST(a_journal_cut_with_its_head_leaves_rows_that_no_event_wrote),
        TEST(an_appended_event_is_found),
        TEST(an_event_out_of_the_row_is_found),
        TEST(a_changed_head_or_node_is_found),
        TEST(any_row_that_was_removed_is_found),
        TEST(any_row_that_was_changed_is_found),
        TEST(an_added_row_is_found),
        TEST(a_row_made_past_without_an_event_is_found),
        TEST(a_choice_made_one_of_a_domain_is_found),
        TEST(a_scope_that_no_event_registered_is_found),
        TEST(scopes_that_changed_their_names_are_found),
        TEST(private_words_of_no_event_are_found),
        TEST(an_entry_of_meta_that_nobody_wrote_is_found),
        TEST(a_source_that_no_event_names_is_found),
        TEST(an_address_of_nobody_is_found),
        TEST(a_notice_that_was_changed_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
