/* Checkpoints: their line, its signature, and what has become of the events that it names. */
#include "store/checkpoint.h"

#include "list_site.h"

#include <openssl/evp.h>

static struct signing_key *key;
static struct signing_ring ring;

static int begin(void **state)
{
    return set_up(state) || signing_read(site_keys, &key, &ring, NULL);
}

static int end(void **state)
{
    signing_free(key);
    key = NULL;
    return tear_down(state);
}

static struct checkpoint_part part_now(void)
{
    struct checkpoint_part part = {.count = 0};
    struct list_view *view = view_of(list);
    assert_ok(checkpoint_take(list_store(list), view->txn, &part, &why));
    list_view_end(view);
    return part;
}

static void add_people(unsigned first, unsigned count)
{
    for (unsigned i = first; i < first + count; i++) {
        struct list_entry entry = opt_out_of(NEWS, i);
        add_entry(list, &entry);
    }
}

static struct checkpoint checkpoint_now(void)
{
    struct checkpoint checkpoint = {.at = 1700000000, .list = part_now(), .ledger = part_now()};
    return checkpoint;
}

static void sign(struct checkpoint *checkpoint, struct text *line)
{
    assert_int_equal(checkpoint_sign(checkpoint, key, line), 0);
    assert_true(line->length <= CHECKPOINT_LINE_MAX);
}

static int read_line(const char *line, struct checkpoint *checkpoint)
{
    const char *start;
    size_t length;
    return checkpoint_find(line, &start, &length)
               ? checkpoint_read(start, length, &ring, checkpoint)
               : ERR_SYNTAX;
}

static enum checkpoint_fit fit_of(const struct checkpoint_head *head)
{
    struct list_view *view = view_of(list);
    enum checkpoint_fit fit = CHECKPOINT_FITS;
    assert_int_equal(checkpoint_compare(list_store(list), view->txn, head, &fit), 0);
    list_view_end(view);
    return fit;
}

static void a_line_comes_back_as_it_was(void **state)
{
    struct checkpoint made, read;
    struct text line = TEXT_EMPTY, logged = TEXT_EMPTY;
    (void)state;
    made = checkpoint_now();
    sign(&made, &line);
    assert_ok(read_line(line.data, &read));
    assert_memory_equal(&read, &made, sizeof made);
    text_format(&logged, "Nov 14 22:13:20 mx optout[17]: %s  \r\n", line.data);
    assert_ok(read_line(logged.data, &read));
    assert_memory_equal(&read, &made, sizeof made);
    assert_int_equal(read_line("Subject: a checkpoint", &read), ERR_SYNTAX);
    text_release(&line);
    text_release(&logged);
}

static void whatever_is_changed_in_a_line_is_found(void **state)
{
    struct checkpoint made, read;
    struct text line = TEXT_EMPTY;
    (void)state;
    made = checkpoint_now();
    sign(&made, &line);
    for (size_t i = 0; i < line.length; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            line.data[i] = (char)(line.data[i] ^ 1 << bit);
            assert_int_not_equal(read_line(line.data, &read), 0);
            line.data[i] = (char)(line.data[i] ^ 1 << bit);
        }
    assert_ok(read_line(line.data, &read));
    for (size_t cut = 1; cut < line.length; cut++) {
        char *shorter = strndup(line.data, line.length - cut);
        assert_int_not_equal(read_line(shorter, &read), 0);
        free(shorter);
    }
    text_release(&line);
}

static void a_key_that_is_not_known_is_told_from_a_wrong_signature(void **state)
{
    struct checkpoint made, read;
    struct text line = TEXT_EMPTY;
    struct signing_ring before = ring;
    (void)state;
    made = checkpoint_now();
    sign(&made, &line);
    ring.keys[0].id[0] ^= 1;
    assert_int_equal(read_line(line.data, &read), ERR_NOT_FOUND);
    ring = before;
    ring.keys[0].key[0] ^= 1;
    assert_int_equal(read_line(line.data, &read), ERR_KEY);
    ring = before;
    text_release(&line);
}

static void journals_of_many_restores_fit_into_a_line(void **state)
{
    struct checkpoint made, read;
    struct text line = TEXT_EMPTY;
    (void)state;
    for (unsigned i = 0; i < 12; i++) {
        add_people(100 + i, 1);
        assert_ok(store_restart(list_store(list), "restore", NULL, 0, &why));
    }
    made = checkpoint_now();
    assert_int_equal(made.list.count, CHECKPOINT_HEADS_MAX);
    assert_int_equal(made.list.left_out, 13 - CHECKPOINT_HEADS_MAX);
    assert_memory_equal(made.list.heads[0].event.node, list_node(list), EVENT_NODE_SIZE);
    sign(&made, &line);
    assert_ok(read_line(line.data, &read));
    assert_memory_equal(&read, &made, sizeof made);
    assert_int_equal(read.list.count + read.list.left_out, 13);
    assert_int_equal(read.ledger.count + read.ledger.left_out, 13);
    for (size_t i = 0; i < read.list.count; i++)
        assert_int_equal(fit_of(&read.list.heads[i]), CHECKPOINT_FITS);
    text_release(&line);
}

static void what_came_later_changes_nothing_and_what_went_is_found(void **state)
{
    struct checkpoint_part before, later;
    struct checkpoint_head head;
    (void)state;
    add_people(0, 5);
    before = part_now();
    add_people(5, 5);
    assert_ok(store_restart(list_store(list), "restore", NULL, 0, &why));
    add_people(10, 5);
    later = part_now();
    assert_int_equal(later.count, 2);
    assert_int_equal(fit_of(&before.heads[0]), CHECKPOINT_FITS);
    assert_int_equal(fit_of(&later.heads[0]), CHECKPOINT_FITS);
    assert_int_equal(fit_of(&later.heads[1]), CHECKPOINT_FITS);
    head = later.heads[0];
    head.event.number++;
    assert_int_equal(fit_of(&head), CHECKPOINT_MISSING);
    head = before.heads[0];
    head.hash[31] ^= 1;
    assert_int_equal(fit_of(&head), CHECKPOINT_OTHER);
    head = before.heads[0];
    head.event.node[0] ^= 1;
    assert_int_equal(fit_of(&head), CHECKPOINT_UNKNOWN_NODE);
}

static void a_head_that_was_changed_is_not_signed(void **state)
{
    struct checkpoint_part part;
    struct raw raw;
    uint8_t head[40];
    MDB_val name = raw_val("head", 4), value;
    (void)state;
    list_close(list);
    raw_begin(site_list, &raw);
    assert_int_equal(mdb_get(raw.txn, raw_table(&raw, "meta"), &name, &value), 0);
    memcpy(head, value.mv_data, sizeof head);
    head[39] ^= 1;
    raw_put(&raw, "meta", name, raw_val(head, sizeof head));
    raw_end(&raw);
    list = open_list();
    struct list_view *view = view_of(list);
    assert_refused(checkpoint_take(list_store(list), view->txn, &part, &why), ERR_CORRUPT, "fit");
    list_view_end(view);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_line_comes_back_as_it_was),
        TEST(whatever_is_changed_in_a_line_is_found),
        TEST(a_key_that_is_not_known_is_told_from_a_wrong_signature),
        TEST(journals_of_many_restores_fit_into_a_line),
        TEST(what_came_later_changes_nothing_and_what_went_is_found),
        TEST(a_head_that_was_changed_is_not_signed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
