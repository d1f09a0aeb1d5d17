/* An exported journal: it comes out whole, and whoever changes a bit of it is found. */
#include "store/journal_file.h"

#include "list_site.h"

static struct text exported;

static struct text export_now(size_t enough)
{
    struct text all = TEXT_EMPTY;
    struct event_name last = {.number = 0};
    int code = 0;

    while (code == 0) {
        struct list_view *view = view_of(list);
        struct text part = TEXT_EMPTY;
        code = journal_file_read(list_store(list), view->txn, enough, &last, &part);
        list_view_end(view);
        text_append_bytes(&all, part.data ? part.data : "", part.length);
        text_release(&part);
    }
    assert_int_equal(code, ERR_NOT_FOUND);
    return all;
}

static int verify(struct journal_witness *witnesses, size_t count, struct journal_file *file,
                  struct error *why)
{
    return journal_file_verify(SLICE(exported.data, exported.length), NULL, witnesses, count, NULL,
                               NULL, file, why);
}

/* Three nodes, an event of many rows. */
static int begin(void **state)
{
    static struct list_entry entries[300];
    const struct word words[] = {{"note", "she called"}};
    const struct act act = {.actor = "web", .words = words, .word_count = 1};

    if (set_up(state))
        return -1;
    for (unsigned i = 0; i < 300; i++)
        entries[i] = opt_out_of(NEWS, i);
    if (list_add(list, entries, 300, &act, NULL))
        return -1;
    for (unsigned i = 0; i < 2; i++) {
        struct list_entry entry = opt_out_of(NEWS, 1000 + i);
        if (store_restart(list_store(list), "restore", words, 1, NULL) ||
            list_add(list, &entry, 1, &act, NULL))
            return -1;
    }
    exported = export_now(1 << 20);
    return 0;
}

static int end(void **state)
{
    text_release(&exported);
    return tear_down(state);
}

static void what_comes_out_is_whole_however_it_is_portioned(void **state)
{
    struct journal_file file;
    struct list_counts counts;
    (void)state;
    struct list_view *view = view_of(list);
    assert_int_equal(list_count(view, &counts), 0);
    list_view_end(view);
    assert_ok(verify(NULL, 0, &file, &why));
    assert_int_equal(file.events, counts.events);
    assert_int_equal(file.nodes, 3);
    assert_int_equal(file.words, 5);
    assert_false(file.is_ledger);
    assert_memory_equal(file.last.node, list_node(list), EVENT_NODE_SIZE);
    for (size_t enough = 1; enough < 5000; enough *= 7) {
        struct text again = export_now(enough);
        assert_int_equal(again.length, exported.length);
        assert_memory_equal(again.data, exported.data, exported.length);
        text_release(&again);
    }
}

/* The last event of a node that nobody continues has no other to tell of it: only a checkpoint
 * does. */
static void each_bit_is_found(void **state)
{
    struct journal_witness witness;
    struct journal_file file;
    struct checkpoint_part part;
    struct list_view *view = view_of(list);
    size_t flips = 0;
    (void)state;
    assert_ok(checkpoint_take(list_store(list), view->txn, &part, &why));
    list_view_end(view);
    for (size_t bit = random_below(8); bit < 8 * exported.length; bit += 1 + random_below(9)) {
        witness = (struct journal_witness){.head = part.heads[0]};
        exported.data[bit / 8] = (char)(exported.data[bit / 8] ^ 1 << bit % 8);
        if (verify(&witness, 1, &file, NULL) == 0 && witness.fit == CHECKPOINT_FITS)
            fail_msg("bit %zu of octet %zu", bit % 8, bit / 8);
        exported.data[bit / 8] = (char)(exported.data[bit / 8] ^ 1 << bit % 8);
        flips++;
    }
    assert_true(flips > 10000);
    assert_ok(verify(NULL, 0, &file, &why));
}

static void witnesses_are_heard(void **state)
{
    struct journal_witness witnesses[6];
    struct journal_file file;
    struct checkpoint_part part;
    struct list_view *view = view_of(list);
    (void)state;
    assert_ok(checkpoint_take(list_store(list), view->txn, &part, &why));
    list_view_end(view);
    assert_int_equal(part.count, 3);
    for (size_t i = 0; i < 6; i++)
        witnesses[i] = (struct journal_witness){.head = part.heads[i % 3], .checkpoint = i};
    witnesses[3].head.event.number++;
    witnesses[4].head.hash[0] ^= 1;
    witnesses[5].head.event.node[7] ^= 1;
    assert_ok(verify(witnesses, 6, &file, &why));
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(witnesses[i].fit, witnesses[i].checkpoint == 3   ? CHECKPOINT_MISSING
                                           : witnesses[i].checkpoint == 4 ? CHECKPOINT_OTHER
                                           : witnesses[i].checkpoint == 5 ? CHECKPOINT_UNKNOWN_NODE
                                                                          : CHECKPOINT_FITS);
}

static void what_is_cut_off_is_found_by_a_witness_or_as_half_an_event(void **state)
{
    struct journal_file file;
    struct checkpoint_part part;
    struct list_view *view = view_of(list);
    size_t whole = exported.length, at_an_end = 0;
    (void)state;
    assert_ok(checkpoint_take(list_store(list), view->txn, &part, &why));
    list_view_end(view);
    while (--exported.length > 0) {
        struct journal_witness witness = {.head = part.heads[0]};
        if (verify(&witness, 1, &file, NULL) == 0) {
            assert_int_not_equal(witness.fit, CHECKPOINT_FITS);
            at_an_end++;
        }
    }
    assert_refused(verify(NULL, 0, &file, &why), ERR_CORRUPT, "not there");
    exported.length = whole;
    assert_ok(verify(NULL, 0, &file, &why));
    assert_int_equal(at_an_end, file.events - 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_comes_out_is_whole_however_it_is_portioned),
        TEST(each_bit_is_found),
        TEST(witnesses_are_heard),
        TEST(what_is_cut_off_is_found_by_a_witness_or_as_half_an_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
