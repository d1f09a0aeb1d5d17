/* Going through all that stands. */
#include "list_site.h"

#include "store/list_people.h"
#include "store/list_tables.h"

static struct pool pool;

static struct list_people *scan_of(struct list *of)
{
    struct list_people *scan = NULL;
    assert_int_equal(list_people_open(of, &scan), 0);
    return scan;
}

static size_t next_people(struct list_people *scan, struct list_person **people)
{
    size_t count = 1234;
    assert_int_equal(list_people_next(scan, &pool, people, &count), 0);
    return count;
}

/* Adds opt-outs of as many people, in pieces. */
static void add_people(unsigned first, unsigned count)
{
    struct list_entry *entries = calloc(count, sizeof *entries);
    assert_non_null(entries);
    for (unsigned i = 0; i < count; i++)
        entries[i] = opt_out_of(NEWS, first + i);
    for (unsigned i = 0; i < count; i += 1000)
        add_by(&by_cli, entries + i, count - i < 1000 ? count - i : 1000);
    free(entries);
}

static int order(const struct list_person *a, const struct list_person *b)
{
    if (a->domain != b->domain)
        return a->domain ? 1 : -1;
    return memcmp(a->subject.bytes, b->subject.bytes, SUBJECT_SIZE);
}

/* Reads on to the end and checks the sequence; how many people there were. */
static size_t count_to_the_end(struct list_people *scan)
{
    struct list_person *people, last = {0};
    size_t total = 0, count;

    while ((count = next_people(scan, &people)) > 0) {
        for (size_t i = 0; i < count; i++) {
            if (total + i > 0)
                assert_true(order(i > 0 ? &people[i - 1] : &last, &people[i]) < 0);
            assert_true(people[i].count > 0);
        }
        last = people[count - 1];
        total += count;
    }
    assert_int_equal(next_people(scan, &people), 0);
    pool_release(&pool);
    return total;
}

static void an_empty_list_has_nobody(void **state)
{
    struct list_people *scan = scan_of(list);
    (void)state;
    assert_int_equal(count_to_the_end(scan), 0);
    list_people_close(scan);
    list_people_close(NULL);
}

static void a_person_comes_with_all_rows_and_their_times(void **state)
{
    struct list_entry entries[] = {opt_out_of(NEWS, 1), opt_out_of("beta", 1),
                                   confirmed_opt_in(NEWS, 1), opt_out_of(NEWS, 2)};
    struct list_person *people;
    struct list_view *view;
    (void)state;
    entries[0].address = "anna@example.com";
    for (size_t i = 0; i < 4; i++)
        add_entry(list, &entries[i]);
    struct list_people *scan = scan_of(list);
    assert_int_equal(next_people(scan, &people), 2);
    const struct subject one = subject_number(1);
    bool first = memcmp(people[0].subject.bytes, one.bytes, SUBJECT_SIZE) == 0;
    const struct list_person *anna = &people[!first], *other = &people[first];
    assert_int_equal(anna->count, 3);
    assert_string_equal(anna->identity.address, "anna@example.com");
    view = view_of(list);
    for (size_t i = 0; i < 3; i++) {
        struct event event;
        assert_row(&anna->rows[i], &entries[i], "cli");
        assert_int_equal(list_event(view, &entries[i].event, &pool, &event), 0);
        assert_true(anna->recorded_ms[i] == event.at_ms);
    }
    list_view_end(view);
    assert_int_equal(other->count, 1);
    assert_int_equal(other->identity.known, LIST_KNOWS_NOTHING);
    assert_null(other->identity.address);
    list_people_close(scan);
    pool_release(&pool);
}

static void everybody_comes_once_and_in_sequence(void **state)
{
    struct list_entry domain = opt_out_of(NEWS, 20001);
    (void)state;
    add_people(1, 2 * LIST_PEOPLE_ROWS + 17);
    domain.domain = true;
    domain.address = "@example.com";
    add_entry(list, &domain);
    struct list_people *scan = scan_of(list);
    assert_int_equal(count_to_the_end(scan), 2 * LIST_PEOPLE_ROWS + 18);
    list_people_close(scan);
}

static void a_domain_is_not_the_person_before_it(void **state)
{
    struct list_entry person = opt_out_of(NEWS, 1), domain = opt_out_of(NEWS, 1);
    struct list_person *people;
    (void)state;
    domain.domain = true;
    add_entry(list, &person);
    add_entry(list, &domain);
    struct list_people *scan = scan_of(list);
    assert_int_equal(next_people(scan, &people), 2);
    assert_false(people[0].domain);
    assert_true(people[1].domain && people[1].rows[0].domain);
    assert_int_equal(people[0].count + people[1].count, 2);
    list_people_close(scan);
    pool_release(&pool);
}

static void what_comes_later_is_left_out_and_what_goes_is_gone(void **state)
{
    struct list_person *people;
    struct list_entry gone;
    (void)state;
    add_people(1, LIST_PEOPLE_ROWS + 500);
    struct list_people *scan = scan_of(list);
    assert_int_equal(list_people_head(scan), count_events());
    size_t first = next_people(scan, &people);
    assert_int_equal(first, LIST_PEOPLE_ROWS);
    const struct subject last = people[first - 1].subject;
    pool_release(&pool);
    add_people(10001, 3 * LIST_PEOPLE_ROWS);
    /* Somebody whose turn has not come. */
    unsigned person = 1;
    struct subject subject = subject_number(person);
    while (memcmp(subject.bytes, last.bytes, SUBJECT_SIZE) <= 0)
        subject = subject_number(++person);
    gone = opt_out_of(NEWS, person);
    add_entry(list, &gone);
    assert_true(gone.known);
    withdraw(person, &gone.event);
    assert_int_equal(count_to_the_end(scan), 499);
    list_people_close(scan);
    scan = scan_of(list);
    assert_int_equal(count_to_the_end(scan), 4 * LIST_PEOPLE_ROWS + 499);
    list_people_close(scan);
}

static void somebody_with_very_many_rows_is_one_person(void **state)
{
    static char sources[LIST_PEOPLE_ROWS + 3][8];
    struct list_person *people;
    (void)state;
    for (size_t i = 0; i < LIST_PEOPLE_ROWS + 3; i++) {
        struct list_entry entry = opt_out_of(NEWS, 7);
        snprintf(sources[i], sizeof sources[i], "s%zu", i);
        const struct act act = {.actor = "cli", .source = sources[i]};
        add_by(&act, &entry, 1);
    }
    struct list_people *scan = scan_of(list);
    assert_int_equal(next_people(scan, &people), 1);
    assert_int_equal(people[0].count, LIST_PEOPLE_ROWS + 3);
    for (size_t i = 0; i < people[0].count; i++)
        assert_string_equal(people[0].rows[i].source, sources[i]);
    assert_int_equal(next_people(scan, &people), 0);
    list_people_close(scan);
    pool_release(&pool);
}

/* --- who --- */

static void put_identity(unsigned person, uint8_t type, struct slice plain)
{
    const struct subject subject = subject_number(person);
    struct slice key = SLICE(subject.bytes, SUBJECT_SIZE);
    uint8_t nonce[SEAL_NONCE_SIZE] = {type};
    struct text row = TEXT_EMPTY;
    struct txn *txn;

    memcpy(nonce + 1, subject.bytes, sizeof nonce - 1);
    text_append_bytes(&row, (const char *)nonce, 1);
    if (plain.size > 0)
        assert_int_equal(seal_append(list->address_key, nonce, key, plain, &row), 0);
    assert_int_equal(txn_begin_write(list->store.env, &txn), 0);
    assert_int_equal(txn_put(txn, TABLE_ADDRESS, key, SLICE(row.data, row.length)), 0);
    assert_int_equal(txn_commit(txn), 0);
    text_release(&row);
}

static enum list_known known_of(unsigned person, struct list_identity *identity)
{
    const struct subject subject = subject_number(person);
    struct list_view *view = view_of(list);
    assert_int_equal(list_identity(view, &subject, &pool, identity), 0);
    list_view_end(view);
    return identity->known;
}

static void what_is_known_of_somebody_is_told(void **state)
{
    struct list_identity identity;
    uint8_t digest[LIST_DIGEST_SIZE];
    (void)state;
    memset(digest, 0xd1, sizeof digest);
    put_identity(1, ADDRESS_CLEAR, SLICE("anna@example.com", 16));
    put_identity(2, ADDRESS_DIGEST, SLICE(digest, sizeof digest));
    put_identity(3, ADDRESS_ERASED, SLICE(NULL, 0));
    assert_int_equal(known_of(1, &identity), LIST_KNOWS_ADDRESS);
    assert_string_equal(identity.address, "anna@example.com");
    assert_int_equal(known_of(2, &identity), LIST_KNOWS_DIGEST);
    assert_memory_equal(identity.digest, digest, sizeof digest);
    assert_null(identity.address);
    assert_int_equal(known_of(3, &identity), LIST_KNOWS_ERASED);
    assert_int_equal(known_of(4, &identity), LIST_KNOWS_NOTHING);
    pool_release(&pool);
}

static void a_digest_of_another_size_is_damage(void **state)
{
    const struct subject subject = subject_number(1);
    struct list_identity identity;
    (void)state;
    put_identity(1, ADDRESS_DIGEST, SLICE("short", 5));
    struct list_view *view = view_of(list);
    assert_int_equal(list_identity(view, &subject, &pool, &identity), ERR_CORRUPT);
    list_view_end(view);
}

static void without_the_key_it_is_sealed(void **state)
{
    struct list_identity identity;
    (void)state;
    put_identity(1, ADDRESS_CLEAR, SLICE("anna@example.com", 16));
    put_identity(3, ADDRESS_ERASED, SLICE(NULL, 0));
    list->has_address_key = false;
    assert_int_equal(known_of(1, &identity), LIST_KNOWS_SEALED);
    assert_null(identity.address);
    assert_int_equal(known_of(3, &identity), LIST_KNOWS_ERASED);
}

static void a_scan_that_cannot_tell_says_so(void **state)
{
    struct list_entry entry = opt_out_of(NEWS, 1);
    struct list_person *people = NULL;
    size_t count = 77;
    (void)state;
    add_entry(list, &entry);
    put_identity(1, ADDRESS_CLEAR, SLICE("anna@example.com", 16));
    list->address_key[0] ^= 1;
    struct list_people *scan = scan_of(list);
    assert_int_equal(list_people_next(scan, &pool, &people, &count), ERR_KEY);
    assert_null(people);
    assert_int_equal(count, 77);
    list_people_close(scan);
    pool_release(&pool);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_list_has_nobody),
        TEST(a_person_comes_with_all_rows_and_their_times),
        TEST(everybody_comes_once_and_in_sequence),
        TEST(a_domain_is_not_the_person_before_it),
        TEST(what_comes_later_is_left_out_and_what_goes_is_gone),
        TEST(somebody_with_very_many_rows_is_one_person),
        TEST(what_is_known_of_somebody_is_told),
        TEST(a_digest_of_another_size_is_damage),
        TEST(without_the_key_it_is_sealed),
        TEST(a_scan_that_cannot_tell_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
