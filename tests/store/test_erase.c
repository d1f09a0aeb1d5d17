/* What was erased is gone, stays so, and takes no choice with it. */
#include "list_site.h"

#include "store/erase.h"

#include <errno.h>

static struct event_name erase_number(unsigned person, const struct event_name *events,
                                      size_t count)
{
    const struct word note = {"note", "Art. 17"};
    struct event_erasure row = {subject_number(person), events, count};
    struct event_name event;
    assert_ok(erase_write(list_store(list), &row, 1, "cli", &note, 1, NULL, &event, &why));
    return event;
}

static struct event_name add_person(unsigned person, const char *address, const char *text)
{
    const struct word note = {"note", text};
    const struct act act = {.actor = "cli", .words = &note, .word_count = 1};
    struct list_entry entry = opt_out_of(NEWS, person);
    entry.address = address;
    add_by(&act, &entry, 1);
    return entry.event;
}

static enum list_known known(struct list *of, unsigned person)
{
    struct subject subject = subject_number(person);
    struct list_view *view = view_of(of);
    struct list_identity identity;
    struct pool pool = {0};
    assert_int_equal(list_identity(view, &subject, &pool, &identity), 0);
    list_view_end(view);
    pool_release(&pool);
    return identity.known;
}

static int has_words(struct list *of, const struct event_name *event)
{
    struct list_view *view = view_of(of);
    int has = list_has_words(view, event);
    list_view_end(view);
    return has;
}

static bool has_residue(struct list *of)
{
    struct txn *txn;
    bool residue = false;
    assert_int_equal(txn_begin_read(list_store(of)->env, &txn), 0);
    assert_int_equal(erase_has_residue(txn, &residue), 0);
    txn_abort(txn);
    return residue;
}

static void address_and_words_go_and_the_choice_stays(void **state)
{
    (void)state;
    struct event_name event = add_person(1, "a@example.com", "rang up");
    struct event_name other = add_person(2, "b@example.com", "wrote");
    assert_false(has_residue(list));
    struct event_name by = erase_number(1, &event, 1);
    assert_true(has_residue(list));
    assert_int_equal(known(list, 1), LIST_KNOWS_ERASED);
    assert_int_equal(known(list, 2), LIST_KNOWS_ADDRESS);
    assert_int_equal(has_words(list, &event), 0);
    assert_int_equal(has_words(list, &other), 1);
    assert_int_equal(has_words(list, &by), 1);
    assert_int_equal(count_rows(list, 1), 1);
    verified();
}

static void nothing_seals_the_address_again(void **state)
{
    uint8_t row[LIST_SEALED_MAX], digest[32] = {7};
    struct subject subject = subject_number(1);
    struct list_entry entry = opt_out_of("beta", 1);
    struct sealer *sealer;
    size_t size;
    bool lacks;
    (void)state;
    add_person(1, "a@example.com", "x");
    erase_number(1, NULL, 0);
    add_person(1, "a@example.com", "again");
    assert_int_equal(known(list, 1), LIST_KNOWS_ERASED);
    assert_int_equal(list_sealer_new(list, &sealer), 0);
    assert_int_equal(list_seal_digest(sealer, &subject, digest, row, &size), 0);
    sealer_free(sealer);
    struct list_view *view = view_of(list);
    assert_int_equal(list_lacks_address(view, &subject, SLICE(row, size), &lacks), 0);
    list_view_end(view);
    assert_false(lacks);
    entry.sealed = SLICE(row, size);
    add_entry(list, &entry);
    assert_int_equal(known(list, 1), LIST_KNOWS_ERASED);
    assert_int_equal(count_rows(list, 1), 2);
    verified();
}

static void whoever_the_list_does_not_know_is_marked(void **state)
{
    (void)state;
    erase_number(9, NULL, 0);
    assert_false(has_residue(list));
    assert_int_equal(known(list, 9), LIST_KNOWS_ERASED);
    verified();
}

static void what_came_back_is_found(void **state)
{
    static const uint8_t clear[40] = {1};
    struct subject subject = subject_number(1);
    struct raw raw;
    MDB_val key, value;
    (void)state;
    struct event_name event = add_person(1, "a@example.com", "rang up");
    assert_int_equal(list_close(list), 0);
    raw_begin(site_list, &raw);
    raw_nth(&raw, "private", 0, &key, &value);
    raw_end(&raw);
    list = open_list();
    erase_number(1, &event, 1);
    verified();
    assert_int_equal(list_close(list), 0);
    raw_begin(site_list, &raw);
    raw_put(&raw, "private", key, value);
    raw_end(&raw);
    list = open_list();
    assert_refused(verify_list(list, &why), ERR_CORRUPT, "what is kept beside the journal");
    assert_int_equal(list_close(list), 0);
    raw_begin(site_list, &raw);
    raw_delete(&raw, "private", key);
    raw_put(&raw, "address", raw_val(subject.bytes, SUBJECT_SIZE), raw_val(clear, sizeof clear));
    raw_end(&raw);
    list = open_list();
    assert_refused(verify_list(list, &why), ERR_CORRUPT, "what is kept beside the journal");
    raw_free(&key, &value);
}

/* --- in another store --- */

static struct list *other;

static void make_other(bool copy)
{
    char folder[96], path[128];
    snprintf(folder, sizeof folder, "%s/other", site_folder);
    snprintf(path, sizeof path, "%s/" ENV_DATA_FILE, folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    if (copy)
        assert_ok(store_copy(list_store(list), path, &why));
    else
        assert_ok(store_create_like(folder, list_store(list), SITE_MAP, &why));
    assert_ok(list_open(folder, ENV_WRITE, SITE_MAP, &site_lookup, &site_address, &other, &why));
}

static int carry_to_other(struct error *why)
{
    struct txn *txn;
    assert_int_equal(txn_begin_read(list_store(list)->env, &txn), 0);
    int code = store_carry(list_store(list), txn, list_store(other), why);
    txn_abort(txn);
    return code;
}

static int tear_down_both(void **state)
{
    if (list_close(other))
        return -1;
    other = NULL;
    return tear_down(state);
}

/* The event tells of it, so it is done even where what comes behind it cannot be read. */
static void a_damaged_list_still_erases_in_an_older_copy(void **state)
{
    struct raw raw;
    MDB_val key, value;
    (void)state;
    struct event_name event = add_person(1, "a@example.com", "rang up");
    make_other(true);
    erase_number(1, &event, 1);
    add_person(2, "b@example.com", "later");
    add_person(3, "c@example.com", "and later");
    assert_int_equal(list_close(list), 0);
    raw_begin(site_list, &raw);
    raw_nth(&raw, "journal", 4, &key, &value);
    ((char *)value.mv_data)[value.mv_size - 1] ^= 1;
    raw_put(&raw, "journal", key, value);
    raw_end(&raw);
    raw_free(&key, &value);
    list = open_list();
    assert_refused(carry_to_other(&why), ERR_CORRUPT, "cannot be taken over");
    assert_int_equal(known(other, 1), LIST_KNOWS_ERASED);
    assert_int_equal(has_words(other, &event), 0);
    assert_true(has_residue(other));
    assert_ok(verify_list(other, &why));
}

static void a_list_made_anew_keeps_it_erased(void **state)
{
    (void)state;
    struct event_name event = add_person(1, "a@example.com", "rang up");
    erase_number(1, &event, 1);
    make_other(false);
    assert_ok(carry_to_other(&why));
    assert_int_equal(known(other, 1), LIST_KNOWS_ERASED);
    assert_int_equal(has_words(other, &event), 0);
    assert_false(has_residue(other));
    assert_ok(verify_list(other, &why));
}

static void the_mark_of_a_notice_goes_with_it(void **state)
{
    struct subject subject = subject_number(1);
    (void)state;
    assert_ok(list_claim_notice(list, &subject, 1000, 500, &why));
    assert_int_equal(list_claim_notice(list, &subject, 1001, 500, NULL), ERR_EXISTS);
    erase_number(1, NULL, 0);
    assert_ok(list_claim_notice(list, &subject, 1002, 500, &why));
}

static void too_much_at_once_is_refused(void **state)
{
    struct event_name *names = calloc(ERASE_EVENTS_MAX, sizeof *names), event;
    struct event_erasure row = {subject_number(1), names, ERASE_EVENTS_MAX};
    (void)state;
    assert_non_null(names);
    assert_refused(erase_write(list_store(list), &row, 1, "cli", NULL, 0, NULL, &event, &why),
                   -EINVAL, "more than 1000");
    row.event_count--;
    for (size_t i = 0; i < row.event_count; i++) { /* nothing is there, and that is fine */
        memcpy(names[i].node, list_node(list), EVENT_NODE_SIZE);
        names[i].number = UINT64_C(0xffffffffff) + i;
    }
    assert_ok(erase_write(list_store(list), &row, 1, "cli", NULL, 0, NULL, &event, &why));
    free(names);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define TEST_BOTH(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down_both)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(address_and_words_go_and_the_choice_stays),
        TEST(nothing_seals_the_address_again),
        TEST(whoever_the_list_does_not_know_is_marked),
        TEST(what_came_back_is_found),
        TEST_BOTH(a_damaged_list_still_erases_in_an_older_copy),
        TEST_BOTH(a_list_made_anew_keeps_it_erased),
        TEST(the_mark_of_a_notice_goes_with_it),
        TEST(too_much_at_once_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
