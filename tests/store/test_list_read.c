/* Domains, addresses, events and views; what is damaged, or may not be written. */
#include "list_site.h"

#include "store/list_tables.h"

#include <errno.h>

/* --- domains --- */

static void rows_of_a_domain_lie_apart(void **state)
{
    struct list_entry entry = opt_out_of(NEWS, 1), plain = opt_out_of(NEWS, 2);
    struct subject subject = subject_number(1);
    struct pool pool = {0};
    struct choice *rows;
    struct event_name *by;
    size_t count;
    (void)state;
    entry.domain = true;
    entry.address = "@example.com";
    add_entry(list, &entry);
    add_entry(list, &plain);
    struct list_view *view = view_of(list);
    assert_int_equal(list_read(view, LIST_STANDING, &subject, true, &pool, &rows, &count, NULL), 0);
    assert_int_equal(count, 1);
    assert_row(&rows[0], &entry, "cli");
    assert_true(rows[0].domain);
    assert_int_equal(list_read(view, LIST_STANDING, &subject, false, &pool, &rows, &count, NULL),
                     0);
    assert_int_equal(count, 0);
    list_view_end(view);
    verified();
    struct event_name event = withdraw(1, &entry.event);
    view = view_of(list);
    assert_int_equal(list_read(view, LIST_STANDING, &subject, true, &pool, &rows, &count, NULL), 0);
    assert_int_equal(count, 0);
    assert_int_equal(list_read(view, LIST_PAST, &subject, true, &pool, &rows, &count, &by), 0);
    assert_int_equal(count, 1);
    assert_row(&rows[0], &entry, "cli");
    assert_true(event_name_equal(&by[0], &event));
    list_view_end(view);
    verified();
    pool_release(&pool);
}

static void nobody_opts_in_for_a_domain(void **state)
{
    struct list_entry entries[] = {opt_out_of(NEWS, 2), confirmed_opt_in(NEWS, 1)};
    (void)state;
    entries[1].domain = true;
    assert_refused(list_add(list, entries, 2, &by_cli, &why), -EINVAL, "for a whole domain");
    assert_int_equal(count_rows(list, 2), 0);
}

static void a_kind_that_is_none_is_refused(void **state)
{
    static const int kinds[] = {0, 4, 5, -1};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct list_entry entry = entry_of((enum choice_kind)kinds[i], NEWS, 1);
        assert_refused(list_add(list, &entry, 1, &by_cli, &why), -EINVAL, "no such kind");
    }
    assert_int_equal(count_rows(list, 1), 0);
}

/* --- addresses, words, events --- */

static void an_address_comes_back_only_with_its_key(void **state)
{
    struct list_entry with = opt_out_of(NEWS, 1), without = opt_out_of(NEWS, 2);
    struct subject one = subject_number(1), two = subject_number(2), three = subject_number(3);
    struct pool pool = {0};
    const char *address = "untouched";
    (void)state;
    with.address = "anna@example.com";
    add_entry(list, &with);
    add_entry(list, &without);
    struct list_view *view = view_of(list);
    assert_int_equal(list_address(view, &two, &pool, &address), ERR_NOT_FOUND);
    assert_int_equal(list_address(view, &three, &pool, &address), ERR_NOT_FOUND);
    assert_string_equal(address, "untouched");
    assert_int_equal(list_address(view, &one, &pool, &address), 0);
    assert_string_equal(address, "anna@example.com");
    list_view_end(view);
    assert_int_equal(list_close(list), 0);
    assert_ok(list_open(site_list, ENV_READ, SITE_MAP, &site_lookup, NULL, &list, &why));
    view = view_of(list);
    assert_int_equal(list_address(view, &one, &pool, &address), ERR_KEY);
    list_view_end(view);
    pool_release(&pool);
}

/* A hash was imported first, or the address was not told the first time. */
static void an_address_is_kept_even_if_its_choice_is_known(void **state)
{
    struct list_entry entry = opt_out_of(NEWS, 1), again = entry;
    struct subject subject = subject_number(1);
    struct pool pool = {0};
    const char *address;
    (void)state;
    add_entry(list, &entry);
    again.address = "anna@example.com";
    add_entry(list, &again);
    assert_true(again.known);
    struct list_view *view = view_of(list);
    assert_int_equal(list_address(view, &subject, &pool, &address), 0);
    assert_string_equal(address, "anna@example.com");
    list_view_end(view);
    pool_release(&pool);
}

static void put_address_row(const struct subject *subject, const void *bytes, size_t size)
{
    struct raw raw;
    assert_int_equal(list_close(list), 0);
    raw_begin(site_list, &raw);
    raw_put(&raw, "address", raw_val(subject->bytes, SUBJECT_SIZE), raw_val(bytes, size));
    raw_end(&raw);
    list = open_list();
}

/* A subject of which only the SHA-256 of the address is known. */
static void put_digest_row(const struct subject *subject)
{
    uint8_t nonce[SEAL_NONCE_SIZE] = {ADDRESS_DIGEST}, digest[SEAL_DIGEST_SIZE] = {1};
    struct text row = TEXT_EMPTY;
    memcpy(nonce + 1, subject->bytes, sizeof nonce - 1);
    text_append_bytes(&row, (const char *)nonce, 1);
    assert_int_equal(seal_append(list->address_key, nonce, SLICE(subject->bytes, SUBJECT_SIZE),
                                 SLICE(digest, sizeof digest), &row),
                     0);
    put_address_row(subject, row.data, row.length);
    text_release(&row);
}

static void an_erased_address_is_not_sealed_again_and_a_digest_is(void **state)
{
    static const uint8_t erased = ADDRESS_ERASED;
    struct list_entry one = opt_out_of(NEWS, 1), two = opt_out_of(NEWS, 2);
    struct pool pool = {0};
    const char *address;
    (void)state;
    put_address_row(&one.subject, &erased, 1);
    put_digest_row(&two.subject);
    one.address = "anna@example.com";
    two.address = "bert@example.com";
    struct list_view *view = view_of(list);
    assert_int_equal(list_address(view, &one.subject, &pool, &address), 0);
    assert_string_equal(address, "");
    assert_int_equal(list_address(view, &two.subject, &pool, &address), 0);
    assert_string_equal(address, "");
    list_view_end(view);
    add_entry(list, &one);
    add_entry(list, &two);
    assert_int_equal(count_rows(list, 1), 1); /* the choice holds all the same */
    view = view_of(list);
    assert_int_equal(list_address(view, &one.subject, &pool, &address), 0);
    assert_string_equal(address, "");
    assert_int_equal(list_address(view, &two.subject, &pool, &address), 0);
    assert_string_equal(address, "bert@example.com");
    list_view_end(view);
    pool_release(&pool);
}

static void a_damaged_address_is_an_error_and_not_an_empty_one(void **state)
{
    static const uint8_t clear[40] = {ADDRESS_CLEAR, 1, 2, 3};
    struct subject subject = subject_number(1);
    struct pool pool = {0};
    const char *address = "untouched";
    (void)state;
    for (size_t size = 0; size <= sizeof clear; size += 8) {
        put_address_row(&subject, clear, size);
        struct list_view *view = view_of(list);
        assert_int_equal(list_address(view, &subject, &pool, &address),
                         size ? ERR_KEY : ERR_CORRUPT);
        list_view_end(view);
    }
    assert_string_equal(address, "untouched");
    pool_release(&pool);
}

static void an_event_and_its_words_are_read_by_number(void **state)
{
    const struct word words[] = {{"note", "called on Monday"}};
    const struct act act = {.actor = "web", .source = "hotline", .words = words, .word_count = 1};
    struct list_entry entry = opt_out_of(NEWS, 1);
    struct pool pool = {0};
    struct event event;
    struct word *read;
    size_t count;
    uint8_t hash[EVENT_SHORT_HASH_SIZE], zeros[EVENT_SHORT_HASH_SIZE] = {0};
    (void)state;
    add_by(&act, &entry, 1);
    struct list_view *view = view_of(list);
    assert_int_equal(list_event(view, &entry.event, &pool, &event), 0);
    assert_int_equal(event.type, EVENT_CHOICES);
    assert_string_equal(event.actor, "web");
    assert_string_equal(event.source, "hotline");
    assert_int_equal(event.choice_count, 1);
    assert_int_equal(list_words(view, &event, &pool, &read, &count), 0);
    assert_int_equal(count, 1);
    assert_string_equal(read[0].text, "called on Monday");
    list_event_hash(view, &entry.event, hash);
    assert_memory_not_equal(hash, zeros, sizeof hash);
    struct event_name foreign = entry.event, future = entry.event;
    foreign.node[0] ^= 1;
    future.number = 4711;
    assert_int_equal(list_event(view, &foreign, &pool, &event), ERR_NOT_FOUND);
    assert_int_equal(list_event(view, &future, &pool, &event), ERR_NOT_FOUND);
    list_event_hash(view, &foreign, hash);
    assert_memory_equal(hash, zeros, sizeof hash);
    list_event_hash(view, &future, hash);
    assert_memory_equal(hash, zeros, sizeof hash);
    list_view_end(view);
    pool_release(&pool);
}

/* --- views and access --- */

static void a_view_does_not_see_what_comes_after_it(void **state)
{
    struct list_entry before = opt_out_of(NEWS, 1), after = opt_out_of(NEWS, 2);
    struct subject one = subject_number(1), two = subject_number(2);
    struct pool pool = {0};
    struct choice *rows;
    size_t count;
    (void)state;
    add_entry(list, &before);
    struct list_view *view = view_of(list);
    add_entry(list, &after);
    withdraw(1, &before.event);
    assert_int_equal(list_read(view, LIST_STANDING, &one, false, &pool, &rows, &count, NULL), 0);
    assert_int_equal(count, 1);
    assert_int_equal(list_read(view, LIST_STANDING, &two, false, &pool, &rows, &count, NULL), 0);
    assert_int_equal(count, 0);
    list_view_end(view);
    assert_int_equal(count_rows(list, 1), 0);
    assert_int_equal(count_rows(list, 2), 1);
    list_view_end(NULL);
    pool_release(&pool);
}

static void to_write_it_takes_access_and_the_address_key(void **state)
{
    struct list_entry entry = opt_out_of(NEWS, 1);
    struct event_withdrawal row = {subject_number(1), {{0}, 1}};
    const char *scope = "gamma";
    struct event_name event;
    size_t added;
    (void)state;
    reopen_as(ENV_READ);
    assert_refused(list_add(list, &entry, 1, &by_cli, &why), -EROFS, "opened to read");
    assert_refused(list_withdraw(list, &row, 1, &by_cli, &event, &why), -EROFS, "to read");
    assert_refused(list_add_scopes(list, &scope, 1, &by_cli, &added, &why), -EROFS, "to read");
    assert_int_equal(list_close(list), 0);
    assert_ok(list_open(site_list, ENV_WRITE, SITE_MAP, &site_lookup, NULL, &list, &why));
    assert_refused(list_add(list, &entry, 1, &by_cli, &why), ERR_KEY, "the address key is needed");
    verified();
}

static void a_damaged_row_cannot_tell_and_is_never_nobody(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
    } rows[] = {
        {"", 0},
        {"\x85\x01\x01\x01\x02", 5},                      /* cut */
        {"\x84\x01\x01\x01\x02", 5},                      /* too few */
        {"\x85\x00\x01\x01\x02\x00", 6},                  /* no kind */
        {"\x85\x01\x18\x63\x01\x02\x00", 7},              /* no such scope */
        {"\x85\x01\x01\x18\x63\x02\x00", 7},              /* no such source */
        {"\x85\x01\x01\x01\x02\x00\x01", 7},              /* half a name behind it */
        {"\x87\x03\x01\x01\x02\x00\x00\x81\x00", 9},      /* half a name in it */
        {"\x87\x03\x01\x01\x02\x00\x00\x82\x05\x01", 10}, /* a node that is not there */
        {"\x61x", 2},
    };
    struct list_entry entry = opt_out_of("/", 1);
    struct subject subject = subject_number(1);
    (void)state;
    add_entry(list, &entry);
    uint8_t key[SUBJECT_SIZE + 8] = {0};
    memcpy(key, subject.bytes, SUBJECT_SIZE);
    key[SUBJECT_SIZE + 7] = (uint8_t)entry.event.number;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pool pool = {0};
        struct choice *read;
        struct raw raw;
        size_t count = 77;
        assert_int_equal(list_close(list), 0);
        raw_begin(site_list, &raw);
        raw_put(&raw, "choice", raw_val(key, sizeof key), raw_val(rows[i].bytes, rows[i].size));
        raw_end(&raw);
        list = open_list();
        struct list_view *view = view_of(list);
        int code = list_read(view, LIST_STANDING, &subject, false, &pool, &read, &count, NULL);
        if (code != ERR_CORRUPT)
            fail_msg("row %zu: %d", i, code);
        assert_int_equal(count, 77);
        list_view_end(view);
        assert_int_equal(verify_list(list, NULL), ERR_CORRUPT);
        pool_release(&pool);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rows_of_a_domain_lie_apart),
        TEST(nobody_opts_in_for_a_domain),
        TEST(a_kind_that_is_none_is_refused),
        TEST(an_address_comes_back_only_with_its_key),
        TEST(an_address_is_kept_even_if_its_choice_is_known),
        TEST(an_erased_address_is_not_sealed_again_and_a_digest_is),
        TEST(a_damaged_address_is_an_error_and_not_an_empty_one),
        TEST(an_event_and_its_words_are_read_by_number),
        TEST(a_view_does_not_see_what_comes_after_it),
        TEST(to_write_it_takes_access_and_the_address_key),
        TEST(a_damaged_row_cannot_tell_and_is_never_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
