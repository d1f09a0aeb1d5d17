/* What one list has and another lacks is taken over: histories that went on separately come
 * together again, whichever takes over from which. */
#include "list_site.h"

#include <errno.h>

/* A second list, beside that of the site. */
static struct list *other;
static char other_folder[96];

static int set_up_two(void **state)
{
    if (set_up(state))
        return -1;
    snprintf(other_folder, sizeof other_folder, "%s/other", site_folder);
    return 0;
}

static int tear_down_two(void **state)
{
    if (list_close(other))
        return -1;
    other = NULL;
    return tear_down(state);
}

static void open_other(void)
{
    assert_ok(
        list_open(other_folder, ENV_WRITE, SITE_MAP, &site_lookup, &site_address, &other, &why));
}

/* What a backup is: the other list is the site's as it is now. */
static void copy_to_other(void)
{
    char path[128];
    snprintf(path, sizeof path, "%s/" ENV_DATA_FILE, other_folder);
    assert_int_equal(mkdir(other_folder, 0700), 0);
    assert_ok(store_copy(list_store(list), path, &why));
    open_other();
}

static int carry(struct list *from, struct list *to, struct error *why)
{
    struct txn *txn;
    assert_int_equal(txn_begin_read(list_store(from)->env, &txn), 0);
    int code = store_carry(list_store(from), txn, list_store(to), why);
    txn_abort(txn);
    return code;
}

static void carry_over(struct list *from, struct list *to)
{
    assert_ok(carry(from, to, &why));
}

static void verified_both(void)
{
    assert_ok(verify_list(list, &why));
    assert_ok(verify_list(other, &why));
}

/* --- taking over --- */

static void what_came_since_a_copy_is_taken_over_as_it_was(void **state)
{
    const struct word words[] = {{"note", "by telephone"}};
    const struct act act = {.actor = "web", .source = "hotline", .words = words, .word_count = 1};
    struct list_entry late = opt_out_of("gamma", 3);
    struct pool pool = {0};
    struct choice *ours, *theirs;
    struct event event;
    struct word *read;
    const char *address;
    size_t count;
    (void)state;
    struct event_name kept = add_to(list, NEWS, 1), gone = add_to(list, NEWS, 2);
    copy_to_other();
    add_scope(list, "gamma");
    late.address = "late@example.com";
    add_by(&act, &late, 1);
    struct event_name by = withdraw_in(list, 2, &gone);
    for (int again = 0; again < 2; again++) {
        carry_over(list, other);
        assert_int_equal(rows_of(other, LIST_STANDING, 1, &pool, &theirs), 1);
        assert_event(theirs[0].event, kept);
        assert_int_equal(rows_of(other, LIST_STANDING, 2, &pool, &theirs), 0);
        assert_event(withdrawn_by(other, 2), by);
        assert_int_equal(rows_of(list, LIST_STANDING, 3, &pool, &ours), 1);
        assert_int_equal(rows_of(other, LIST_STANDING, 3, &pool, &theirs), 1);
        assert_event(theirs[0].event, ours[0].event);
        assert_string_equal(theirs[0].scope, "gamma");
        assert_string_equal(theirs[0].source, "hotline");
    }
    struct list_view *view = view_of(other);
    assert_int_equal(list_event(view, &late.event, &pool, &event), 0);
    assert_int_equal(list_words(view, &event, &pool, &read, &count), 0);
    assert_string_equal(read[0].text, "by telephone");
    assert_int_equal(list_address(view, &late.subject, &pool, &address), 0);
    assert_string_equal(address, "late@example.com");
    list_view_end(view);
    verified_both();
    pool_release(&pool);
}

/* The same whichever takes over from which. */
static void two_histories_come_together(void **state)
{
    struct event_name ours, theirs;
    (void)state;
    struct event_name shared = add_to(list, NEWS, 1), both = add_to(list, NEWS, 2);
    copy_to_other();
    restart(other); /* a restore that knew nothing of what comes now */
    ours = add_to(list, NEWS, 3);
    theirs = add_to(other, NEWS, 4);
    add_scope(list, "gamma");
    add_scope(other, "gamma");
    struct event_name first = withdraw_in(list, 2, &both);
    withdraw_in(other, 2, &both);
    withdraw_in(other, 1, &shared);
    carry_over(list, other);
    carry_over(other, list);
    verified_both();
    struct list *lists[] = {list, other};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(count_rows(lists[i], 1), 0);
        assert_int_equal(count_rows(lists[i], 2), 0);
        assert_int_equal(count_rows(lists[i], 3), 1);
        assert_int_equal(count_rows(lists[i], 4), 1);
        assert_event(withdrawn_by(lists[i], 2), first);
    }
    (void)ours;
    (void)theirs;
}

/* Local numbers differ then, and words are sealed to their place. */
static void words_can_be_read_under_another_local_number(void **state)
{
    const struct word words[] = {{"note", "second line"}};
    const struct act act = {.actor = "cli", .words = words, .word_count = 1};
    struct list_entry entry = opt_out_of(NEWS, 7);
    struct pool pool = {0};
    struct event event;
    struct word *read;
    size_t count;
    (void)state;
    copy_to_other();
    restart(other);
    restart(list);
    add_by(&act, &entry, 1);
    carry_over(list, other);
    struct list_view *view = view_of(other);
    assert_int_equal(list_event(view, &entry.event, &pool, &event), 0);
    assert_int_equal(list_words(view, &event, &pool, &read, &count), 0);
    assert_int_equal(count, 1);
    assert_string_equal(read[0].text, "second line");
    list_view_end(view);
    verified_both();
    pool_release(&pool);
}

static void one_node_with_two_ends_is_refused(void **state)
{
    (void)state;
    copy_to_other();
    add_to(list, NEWS, 1);
    add_to(other, NEWS, 2);
    assert_refused(carry(list, other, &why), ERR_FOREIGN, "they went on separately from one copy");
}

static void a_journal_that_does_not_hold_together_is_taken_over_to_its_fault(void **state)
{
    struct raw raw;
    MDB_val key, value;
    (void)state;
    copy_to_other();
    for (unsigned person = 1; person < 5; person++)
        add_to(list, NEWS, person);
    assert_int_equal(list_close(list), 0);
    raw_begin(site_list, &raw);
    raw_nth(&raw, "journal", 4, &key, &value);
    ((char *)value.mv_data)[value.mv_size - 1] ^= 1;
    raw_put(&raw, "journal", key, value);
    raw_end(&raw);
    raw_free(&key, &value);
    list = open_list();
    assert_refused(carry(list, other, &why), ERR_CORRUPT, "cannot be taken over");
    assert_ok(verify_list(other, &why));
}

/* --- what is not in the journal --- */

static void set_address(const char *folder, unsigned person, const char *bytes, size_t size)
{
    struct raw raw;
    struct subject subject = subject_number(person);
    raw_begin(folder, &raw);
    raw_put(&raw, "address", raw_val(subject.bytes, SUBJECT_SIZE), raw_val(bytes, size));
    raw_end(&raw);
}

static int address_of(struct list *in, unsigned person, struct pool *pool, const char **address)
{
    struct subject subject = subject_number(person);
    struct list_view *view = view_of(in);
    int code = list_address(view, &subject, pool, address);
    list_view_end(view);
    return code;
}

/* An erasure there erases here; a later import of the backup does not bring the address back. */
static void what_was_erased_is_erased_here_too(void **state)
{
    const struct word words[] = {{"note", "forget me"}};
    const struct act act = {.actor = "cli", .words = words, .word_count = 1};
    struct list_entry entry = opt_out_of(NEWS, 1), second = opt_out_of(NEWS, 2);
    struct pool pool = {0};
    struct event event;
    struct word *read;
    struct raw raw;
    const char *address;
    MDB_val key, value;
    size_t count;
    (void)state;
    entry.address = "one@example.com";
    second.address = "two@example.com";
    add_by(&act, &entry, 1);
    add_by(&by_cli, &second, 1);
    copy_to_other();
    assert_int_equal(list_close(list), 0);
    set_address(site_list, 1, "\3", 1);
    raw_begin(site_list, &raw);
    raw_nth(&raw, "private", 0, &key, &value);
    raw_delete(&raw, "private", key);
    raw_end(&raw);
    raw_free(&key, &value);
    list = open_list();
    carry_over(list, other);
    assert_int_equal(address_of(other, 1, &pool, &address), 0);
    assert_string_equal(address, "");
    assert_int_equal(address_of(other, 2, &pool, &address), 0);
    assert_string_equal(address, "two@example.com");
    struct list_view *view = view_of(other);
    assert_int_equal(list_event(view, &entry.event, &pool, &event), 0);
    assert_int_equal(list_words(view, &event, &pool, &read, &count), 0);
    assert_int_equal(count, 0);
    list_view_end(view);
    verified_both();
    pool_release(&pool);
}

static void an_address_is_never_replaced_by_less(void **state)
{
    struct list_entry entry = opt_out_of(NEWS, 1);
    struct pool pool = {0};
    const char *address;
    (void)state;
    entry.address = "one@example.com";
    add_entry(list, &entry);
    copy_to_other();
    assert_int_equal(list_close(list), 0);
    set_address(site_list, 1, "\2sealed digest", 14);
    list = open_list();
    carry_over(list, other);
    assert_int_equal(address_of(other, 1, &pool, &address), 0);
    assert_string_equal(address, "one@example.com");
    pool_release(&pool);
}

/* --- anew, and in place --- */

static void a_list_can_be_made_anew_from_its_journal(void **state)
{
    struct pool pool = {0};
    struct choice *rows;
    (void)state;
    struct event_name gone = add_to(list, NEWS, 1), stays = add_to(list, "beta", 2);
    restart(list);
    withdraw_in(list, 1, &gone);
    assert_int_equal(mkdir(other_folder, 0700), 0);
    assert_ok(store_create_like(other_folder, list_store(list), SITE_MAP, &why));
    open_other();
    carry_over(list, other);
    verified_both();
    assert_int_equal(count_rows(other, 1), 0);
    assert_int_equal(rows_of(other, LIST_STANDING, 2, &pool, &rows), 1);
    assert_event(rows[0].event, stays);
    assert_memory_equal(list_node(other), list_node(list), EVENT_NODE_SIZE);
    struct list_entry more = opt_out_of(NEWS, 3);
    add_entry(other, &more);
    assert_int_equal(more.event.number, 3);
    verified_both();
    pool_release(&pool);
}

static int placed(struct txn *txn, void *argument)
{
    (void)txn;
    return *(int *)argument;
}

static void a_replaced_list_is_written_no_more(void **state)
{
    struct list_entry entry = opt_out_of(NEWS, 1);
    int outcome = -EIO;
    (void)state;
    assert_refused(store_replace(list_store(list), placed, &outcome, &why), -EIO, "");
    add_entry(list, &entry);
    outcome = 0;
    assert_ok(store_replace(list_store(list), placed, &outcome, &why));
    assert_refused(list_add(list, &entry, 1, &by_cli, &why), ERR_RETIRED, "was replaced");
    verified();
}

static int copy_list(struct error *why)
{
    char path[128];
    snprintf(path, sizeof path, "%s/copy.mdb", site_folder);
    int code = store_copy(list_store(list), path, why);
    if (code)
        assert_int_not_equal(access(path, F_OK), 0);
    return code;
}

/* Such a copy could never be written to, and would lack what came to the new one. */
static void a_replaced_list_is_not_copied_for_a_backup(void **state)
{
    char moved[128];
    int outcome = 0;
    (void)state;
    snprintf(moved, sizeof moved, "%s.moved", site_list);
    assert_int_equal(rename(site_list, moved), 0);
    assert_refused(copy_list(&why), ERR_RETIRED, "could not be copied");
    assert_int_equal(rename(moved, site_list), 0);
    assert_ok(store_replace(list_store(list), placed, &outcome, &why));
    assert_refused(copy_list(&why), ERR_RETIRED, "could not be copied");
}

static void the_version_tells_of_any_change(void **state)
{
    struct txn *before, *after;
    (void)state;
    assert_int_equal(txn_begin_read(list_store(list)->env, &before), 0);
    add_to(list, NEWS, 1);
    assert_int_equal(txn_begin_read(list_store(list)->env, &after), 0);
    assert_int_equal(txn_version(after), txn_version(before) + 1);
    txn_abort(before);
    txn_abort(after);
}

/* --- losses --- */

static int loss_in(struct list *in)
{
    struct list_view *view = view_of(in);
    int code = list_check_loss(view);
    list_view_end(view);
    return code;
}

static void a_loss_lasts_until_it_is_accepted_in_every_copy(void **state)
{
    const struct word words[] = {{"note", "the disk is gone"}};
    struct event_name event;
    struct pool pool = {0};
    struct event read;
    (void)state;
    copy_to_other();
    assert_int_equal(loss_in(list), 0);
    assert_ok(store_mark_loss(list_store(list), &why));
    assert_int_equal(loss_in(list), ERR_LOSS);
    carry_over(list, other);
    assert_int_equal(loss_in(other), ERR_LOSS);
    reopen_as(ENV_WRITE);
    assert_int_equal(loss_in(list), ERR_LOSS);
    assert_ok(store_accept_loss(list_store(list), "cli", words, 1, &event, &why));
    assert_int_equal(loss_in(list), 0);
    struct list_view *view = view_of(list);
    assert_int_equal(list_event(view, &event, &pool, &read), 0);
    assert_int_equal(read.type, EVENT_LOSS);
    assert_non_null(read.words);
    list_view_end(view);
    verified_both();
    pool_release(&pool);
}

/* --- ledgers --- */

static uint64_t refuse(struct ledger *ledger, unsigned person)
{
    const struct event_verdict_row row = {
        .known = true, .subject = subject_number(person), .state = RECIPIENT_OPTED_OUT};
    const struct event_verdict verdict = {.stream = "news",
                                          .rule = "match_login",
                                          .scope = NEWS,
                                          .queue_id = "4Q1",
                                          .action = ACTION_REFUSE,
                                          .rows = &row,
                                          .row_count = 1};
    const struct word words[] = {{"sender", "news@example.com"}};
    const struct stream_count count = {"news", ACTION_REFUSE, MODE_ENFORCE, 1, 1, 0, 1};
    uint64_t number = 0;
    assert_ok(ledger_write(ledger, &verdict, words, 1, &number, &why));
    assert_ok(ledger_count(ledger, &count, 1, NULL, 0, &why));
    return number;
}

static int add_messages(const struct stream_count *count, void *argument)
{
    *(uint64_t *)argument += count->messages;
    return 0;
}

static struct ledger *open_ledger_in(const char *folder)
{
    struct ledger *ledger = NULL;
    assert_ok(ledger_open(folder, ENV_WRITE, SITE_MAP, &site_lookup, &ledger, &why));
    return ledger;
}

static void a_persons_history_goes_on_over_nodes_and_counts_are_the_newer_ones(void **state)
{
    struct ledger *ledger = open_ledger_in(site_ledger), *copy;
    struct subject subject = subject_number(1);
    struct event_name seen[8], *next = seen;
    struct ledger_view *view;
    char path[128];
    struct txn *txn;
    uint64_t messages = 0, events;
    (void)state;
    refuse(ledger, 1);
    assert_int_equal(mkdir(other_folder, 0700), 0);
    snprintf(path, sizeof path, "%s/" ENV_DATA_FILE, other_folder);
    assert_ok(store_copy(ledger_store(ledger), path, &why));
    refuse(ledger, 1);
    refuse(ledger, 2);
    copy = open_ledger_in(other_folder);
    assert_int_equal(txn_begin_read(ledger_store(ledger)->env, &txn), 0);
    assert_ok(store_carry(ledger_store(ledger), txn, ledger_store(copy), &why));
    txn_abort(txn);
    assert_ok(store_restart(ledger_store(copy), "restore", NULL, 0, &why));
    assert_int_equal(refuse(copy, 1), 2);
    assert_int_equal(ledger_view_begin(copy, &view), 0);
    assert_int_equal(ledger_history(view, &subject, note_event, &next), 0);
    assert_int_equal(next - seen, 3);
    assert_memory_equal(seen[1].node, ledger_node(ledger), EVENT_NODE_SIZE);
    assert_memory_equal(seen[2].node, ledger_node(copy), EVENT_NODE_SIZE);
    assert_int_equal(ledger_each_stream(view, add_messages, &messages), 0);
    assert_int_equal(messages, 4);
    assert_ok(ledger_verify(view, &events, &why));
    assert_int_equal(events, 6);
    ledger_view_end(view);
    assert_int_equal(ledger_close(copy), 0);
    assert_int_equal(ledger_close(ledger), 0);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up_two, tear_down_two)
    const struct CMUnitTest tests[] = {
        TEST(what_came_since_a_copy_is_taken_over_as_it_was),
        TEST(two_histories_come_together),
        TEST(words_can_be_read_under_another_local_number),
        TEST(one_node_with_two_ends_is_refused),
        TEST(a_journal_that_does_not_hold_together_is_taken_over_to_its_fault),
        TEST(what_was_erased_is_erased_here_too),
        TEST(an_address_is_never_replaced_by_less),
        TEST(a_list_can_be_made_anew_from_its_journal),
        TEST(a_replaced_list_is_written_no_more),
        TEST(a_replaced_list_is_not_copied_for_a_backup),
        TEST(the_version_tells_of_any_change),
        TEST(a_loss_lasts_until_it_is_accepted_in_every_copy),
        TEST(a_persons_history_goes_on_over_nodes_and_counts_are_the_newer_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
