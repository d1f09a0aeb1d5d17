/* Proposals: what one person proposes and another decides on. */
#include "list_site.h"

#include "store/prune.h"

#include <errno.h>

static const struct word words_of_one[] = {{"staff", "one"}, {"note", "why"}};
static const struct word words_of_another[] = {{"staff", "another"}};
static const struct act by_one = {.actor = "cli", .words = words_of_one, .word_count = 2};
static const struct act by_another = {.actor = "cli", .words = words_of_another, .word_count = 1};

static struct event_name propose(const struct event_proposal *proposal, struct list_entry *entries,
                                 size_t count)
{
    struct event_name event = {.number = 0};
    assert_ok(list_propose(list, proposal, entries, count, &by_one, &event, &why));
    return event;
}

static struct event_name propose_removal(const struct list_entry *entry)
{
    const struct event_target target = {
        .known = true, .subject = entry->subject, .event = entry->event};
    const struct event_proposal proposal = {.operation = OPERATION_REMOVE,
                                            .rows = 1,
                                            .source = "",
                                            .targets = &target,
                                            .target_count = 1};
    return propose(&proposal, NULL, 0);
}

static struct event_name propose_opt_in(struct list_entry *entry)
{
    const struct event_proposal proposal = {.operation = OPERATION_OPT_IN, .rows = 1, .source = ""};
    return propose(&proposal, entry, 1);
}

static struct event_name propose_undo(const struct event_name *batch)
{
    const struct event_target target = {.event = *batch};
    const struct event_proposal proposal = {.operation = OPERATION_UNDO,
                                            .rows = 300,
                                            .source = "",
                                            .targets = &target,
                                            .target_count = 1};
    return propose(&proposal, NULL, 0);
}

static struct event_decision decision_on(struct event_name proposal, enum proposal_state state)
{
    return (struct event_decision){proposal, state};
}

static int decide(struct event_name proposal, enum proposal_state state, struct error *why)
{
    const struct event_decision decision = decision_on(proposal, state);
    return list_decide(list, &decision, &by_another, why);
}

static struct act carrying_out(const struct event_decision *decision)
{
    struct act act = by_one;
    act.decision = decision;
    act.decision_words = words_of_another;
    act.decision_word_count = 1;
    return act;
}

static int remove_by(const struct act *act, const struct list_entry *entry, struct error *why)
{
    const struct event_withdrawal row = {entry->subject, entry->event};
    struct event_name event;
    return list_withdraw(list, &row, 1, act, &event, why);
}

static enum proposal_state state_of(struct event_name name)
{
    struct list_proposal proposal;
    struct pool pool = {0};
    struct list_view *view = view_of(list);
    assert_int_equal(list_proposal(view, &name, &pool, &proposal), 0);
    list_view_end(view);
    pool_release(&pool);
    return proposal.state;
}

static int count_one(const struct list_proposal *proposal, void *argument)
{
    size_t *count = argument;
    assert_non_null(proposal->event.proposal);
    ++*count;
    return 0;
}

static size_t count_proposals(bool all)
{
    size_t count = 0;
    struct list_view *view = view_of(list);
    assert_int_equal(list_each_proposal(view, all, count_one, &count), 0);
    list_view_end(view);
    return count;
}

/* --- */

static void a_proposal_changes_nothing_until_it_is_approved(void **state)
{
    struct list_entry entry = opt_out_of(NEWS, 1);
    struct list_proposal read;
    struct pool pool = {0};
    struct word *words;
    size_t count;
    (void)state;
    add_entry(list, &entry);
    struct event_name name = propose_removal(&entry);
    assert_int_equal(count_rows(list, 1), 1);
    reopen_as(ENV_WRITE);
    struct list_view *view = view_of(list);
    assert_int_equal(list_proposal(view, &name, &pool, &read), 0);
    assert_int_equal(read.state, PROPOSAL_OPEN);
    assert_int_equal(read.decided.number, 0);
    assert_int_equal(read.event.proposal->operation, OPERATION_REMOVE);
    assert_int_equal(read.event.proposal->rows, 1);
    assert_int_equal(read.event.proposal->target_count, 1);
    assert_event(read.event.proposal->targets[0].event, entry.event);
    assert_int_equal(list_words(view, &read.event, &pool, &words, &count), 0);
    assert_int_equal(count, 2);
    assert_string_equal(words[0].text, "one");
    assert_int_equal(list_proposal(view, &entry.event, &pool, &read), ERR_NOT_FOUND);
    list_view_end(view);
    pool_release(&pool);
    verified();
    const struct event_decision decision = decision_on(name, PROPOSAL_APPROVED);
    const struct act act = carrying_out(&decision);
    assert_ok(remove_by(&act, &entry, &why));
    assert_int_equal(count_rows(list, 1), 0);
    assert_int_equal(state_of(name), PROPOSAL_APPROVED);
    assert_int_equal(count_proposals(false), 0);
    assert_int_equal(count_proposals(true), 1);
    verified();
}

/* The decision, and behind it what it allows. */
static void decision_and_effect_name_the_proposal(void **state)
{
    struct list_entry entry = opt_out_of(NEWS, 1);
    struct pool pool = {0};
    struct event event;
    struct word *words;
    size_t count;
    (void)state;
    add_entry(list, &entry);
    struct event_name name = propose_removal(&entry), next = name;
    const struct event_decision decision = decision_on(name, PROPOSAL_APPROVED);
    const struct act act = carrying_out(&decision);
    assert_ok(remove_by(&act, &entry, &why));
    struct list_view *view = view_of(list);
    next.number++;
    assert_int_equal(list_event(view, &next, &pool, &event), 0);
    assert_int_equal(event.type, EVENT_DECISION);
    assert_int_equal(event.decision->state, PROPOSAL_APPROVED);
    assert_event(event.decision->proposal, name);
    assert_int_equal(list_words(view, &event, &pool, &words, &count), 0);
    assert_int_equal(count, 1);
    assert_string_equal(words[0].text, "another");
    next.number++;
    assert_int_equal(list_event(view, &next, &pool, &event), 0);
    assert_int_equal(event.type, EVENT_WITHDRAWAL);
    assert_event(event.decision->proposal, name);
    list_view_end(view);
    pool_release(&pool);
}

static void what_was_decided_on_is_not_decided_on_again(void **state)
{
    static const enum proposal_state states[] = {PROPOSAL_APPROVED, PROPOSAL_REJECTED,
                                                 PROPOSAL_BEGUN};
    struct list_entry entry = opt_out_of(NEWS, 1);
    (void)state;
    add_entry(list, &entry);
    for (size_t i = 0; i < 3; i++) {
        struct event_name name = propose_removal(&entry);
        const struct event_decision approval = decision_on(name, PROPOSAL_APPROVED);
        const struct act act = carrying_out(&approval);
        assert_ok(decide(name, states[i], &why));
        uint64_t events = count_events();
        for (size_t j = 0; j < 3; j++)
            assert_refused(decide(name, states[j], &why), ERR_EXISTS, "decided on already");
        assert_refused(remove_by(&act, &entry, &why), ERR_EXISTS, "decided on already");
        assert_int_equal(count_events(), events);
        assert_int_equal(state_of(name), states[i]);
    }
    assert_int_equal(count_rows(list, 1), 1);
    assert_refused(decide(entry.event, PROPOSAL_REJECTED, &why), ERR_NOT_FOUND, "no such proposal");
    verified();
}

/* A decision without its effect would say that something was done; one beside it would be lost. */
static void where_the_effect_fails_nothing_is_decided(void **state)
{
    struct list_entry entry = opt_out_of(NEWS, 1);
    (void)state;
    add_entry(list, &entry);
    struct event_name name = propose_removal(&entry);
    const struct event_decision decision = decision_on(name, PROPOSAL_APPROVED);
    const struct act act = carrying_out(&decision);
    withdraw(1, &entry.event);
    uint64_t events = count_events();
    assert_refused(remove_by(&act, &entry, &why), ERR_NOT_FOUND, "does not stand any more");
    assert_int_equal(count_events(), events);
    assert_int_equal(state_of(name), PROPOSAL_OPEN);
    verified();
}

static void nothing_is_carried_out_that_was_not_begun(void **state)
{
    struct list_entry entry = opt_out_of(NEWS, 1), other = opt_out_of(NEWS, 2);
    (void)state;
    add_entry(list, &entry);
    add_entry(list, &other);
    struct event_name name = propose_removal(&entry);
    const struct event_decision begun = decision_on(name, PROPOSAL_BEGUN),
                                nowhere = decision_on(entry.event, PROPOSAL_BEGUN),
                                done = decision_on(name, PROPOSAL_DONE);
    const struct act act = carrying_out(&begun), lost = carrying_out(&nowhere),
                     too_late = carrying_out(&done);
    assert_refused(remove_by(&act, &entry, &why), -EINVAL, "was not approved");
    assert_refused(remove_by(&lost, &entry, &why), -EINVAL, "was not approved");
    assert_refused(decide(name, PROPOSAL_DONE, &why), -EINVAL, "was not approved");
    assert_ok(decide(name, PROPOSAL_BEGUN, &why));
    assert_int_equal(count_proposals(false), 1); /* to be gone on with */
    assert_refused(remove_by(&too_late, &entry, &why), -EINVAL, "was not approved");
    assert_ok(remove_by(&act, &entry, &why));
    assert_ok(decide(name, PROPOSAL_DONE, &why));
    assert_int_equal(state_of(name), PROPOSAL_DONE);
    assert_int_equal(count_proposals(false), 0);
    assert_refused(decide(name, PROPOSAL_DONE, &why), ERR_EXISTS, "already");
    assert_refused(remove_by(&act, &other, &why), -EINVAL, "carried out already");
    verified();
}

static void an_opt_in_lifts_what_stood_when_it_was_proposed(void **state)
{
    struct list_entry before = opt_out_of(NEWS, 1), since = opt_out_of(NEWS, 1),
                      gone = opt_out_of(NEWS, 1), opt_in = confirmed_opt_in(NEWS, 1);
    const struct act by_shop = {.actor = "cli", .source = "shop"},
                     by_crm = {.actor = "cli", .source = "crm"};
    struct pool pool = {0};
    struct choice *rows;
    (void)state;
    add_by(&by_cli, &before, 1);
    add_by(&by_crm, &gone, 1);
    opt_in.address = "jane@example.com";
    struct event_name name = propose_opt_in(&opt_in);
    /* Written down later, and said long before. */
    since.asked = 1000;
    add_by(&by_shop, &since, 1);
    withdraw(1, &gone.event);
    const struct event_decision decision = decision_on(name, PROPOSAL_APPROVED);
    const struct act act = carrying_out(&decision);
    add_by(&act, &opt_in, 1);
    assert_false(opt_in.known);
    assert_int_equal(opt_in.named, 1);
    assert_int_equal(opt_in.later, 1);
    assert_int_equal(rows_of(list, LIST_STANDING, 1, &pool, &rows), 3);
    assert_event(rows[2].names[0], before.event);
    const struct choice *deciding[3];
    size_t count;
    assert_int_equal(choice_decide(rows, 3, NEWS, false, 2000000000, deciding, &count),
                     DECISION_OPTED_OUT);
    assert_int_equal(count, 1);
    assert_event(deciding[0]->event, since.event);
    pool_release(&pool);
    verified();
}

static void the_address_of_a_proposed_opt_in_is_known(void **state)
{
    struct list_entry opt_in = confirmed_opt_in(NEWS, 1), nowhere = confirmed_opt_in("gamma", 2);
    const struct event_proposal proposal = {.operation = OPERATION_OPT_IN, .source = ""};
    struct list_proposal read;
    struct event_name event;
    struct pool pool = {0};
    const char *address;
    (void)state;
    opt_in.address = "jane@example.com";
    opt_in.asked = 1700000000;
    struct event_name name = propose_opt_in(&opt_in);
    struct list_view *view = view_of(list);
    assert_int_equal(list_address(view, &opt_in.subject, &pool, &address), 0);
    assert_string_equal(address, "jane@example.com");
    assert_int_equal(list_proposal(view, &name, &pool, &read), 0);
    assert_int_equal(read.event.proposal->choice_count, 1);
    const struct event_choice *row = &read.event.proposal->choices[0];
    assert_memory_equal(&row->subject, &opt_in.subject, SUBJECT_SIZE);
    assert_true(row->choice.confirmed && row->choice.kind == CHOICE_OPT_IN);
    assert_string_equal(row->choice.scope, NEWS);
    assert_int_equal(row->choice.asked, 1700000000);
    list_view_end(view);
    pool_release(&pool);
    assert_int_equal(count_rows(list, 1), 0);
    assert_refused(list_propose(list, &proposal, &nowhere, 1, &by_one, &event, &why), ERR_SCOPE,
                   "gamma is not registered");
    verified();
}

static void a_thousand_rows_go_into_one_proposal(void **state)
{
    static struct list_entry entries[EVENT_ROWS_MAX + 1];
    static struct event_target targets[EVENT_ROWS_MAX + 1];
    struct event_proposal proposal = {
        .operation = OPERATION_OPT_IN, .source = "", .rows = EVENT_ROWS_MAX};
    struct event_name event;
    (void)state;
    for (unsigned i = 0; i <= EVENT_ROWS_MAX; i++) {
        entries[i] = confirmed_opt_in(NEWS, i);
        entries[i].asked = entries[i].until = 4000000000;
        targets[i] = (struct event_target){true, entries[i].subject, {.number = UINT32_MAX}};
        memset(targets[i].event.node, (int)(i % 5), EVENT_NODE_SIZE);
    }
    propose(&proposal, entries, EVENT_ROWS_MAX);
    assert_refused(
        list_propose(list, &proposal, entries, EVENT_ROWS_MAX + 1, &by_one, &event, &why),
        ERR_TOO_LONG, "more than");
    proposal.operation = OPERATION_REMOVE;
    proposal.targets = targets;
    proposal.target_count = EVENT_ROWS_MAX;
    propose(&proposal, NULL, 0);
    proposal.target_count++;
    assert_refused(list_propose(list, &proposal, NULL, 0, &by_one, &event, &why), ERR_TOO_LONG,
                   "more than");
    verified();
}

static void an_undo_goes_on_under_the_decision_that_began_it(void **state)
{
    const struct event_batch import = {.kind = BATCH_IMPORT, .size = 1};
    const uint64_t counts[BATCH_COUNTS] = {0};
    struct list_entry entry = opt_out_of(NEWS, 1);
    struct act act = by_cli;
    uint64_t number;
    (void)state;
    assert_ok(list_batch_begin(list, &import, &by_cli, &act.batch, &why));
    add_by(&act, &entry, 1);
    assert_ok(list_batch_end(list, counts, &act, &why));
    struct event_name batch = entry.event;
    batch.number = act.batch;
    struct event_name name = propose_undo(&batch);
    const struct event_decision begun = decision_on(name, PROPOSAL_BEGUN);
    const struct event_batch undo = {.kind = BATCH_UNDO, .undoes = batch};
    act = carrying_out(&begun);
    assert_refused(list_batch_begin(list, &undo, &act, &number, &why), -EINVAL, "not approved");
    assert_ok(decide(name, PROPOSAL_BEGUN, &why));
    assert_ok(list_batch_begin(list, &undo, &act, &number, &why));
    act.batch = number;
    assert_ok(remove_by(&act, &entry, &why));
    reopen_as(ENV_WRITE);
    assert_int_equal(state_of(name), PROPOSAL_BEGUN);
    assert_ok(list_batch_end(list, counts, &act, &why));
    assert_ok(decide(name, PROPOSAL_DONE, &why));
    verified();
}

static void proposals_of_an_earlier_node_are_decided_on(void **state)
{
    struct list_entry entry = opt_out_of(NEWS, 1), since = opt_out_of(NEWS, 2),
                      opt_in = confirmed_opt_in(NEWS, 2);
    (void)state;
    add_entry(list, &entry);
    struct event_name name = propose_removal(&entry), second = propose_opt_in(&opt_in);
    restart(list);
    add_entry(list, &since);
    const struct event_decision decision = decision_on(name, PROPOSAL_APPROVED),
                                of_second = decision_on(second, PROPOSAL_APPROVED);
    struct act act = carrying_out(&decision);
    assert_ok(remove_by(&act, &entry, &why));
    act = carrying_out(&of_second);
    add_by(&act, &opt_in, 1);
    assert_int_equal(opt_in.named, 0);
    assert_int_equal(opt_in.later, 1);
    assert_int_equal(count_proposals(false), 0);
    verified();
}

/* --- the table --- */

static void take_over(struct list *from, struct list *to)
{
    struct txn *txn;
    assert_int_equal(txn_begin_read(list_store(from)->env, &txn), 0);
    assert_ok(store_carry(list_store(from), txn, list_store(to), &why));
    txn_abort(txn);
}

/* A copy of the list that another node goes on with. */
static struct list *fork_list(const char *name)
{
    char folder[96], path[128];
    struct list *copy;
    snprintf(folder, sizeof folder, "%s/%s", site_folder, name);
    snprintf(path, sizeof path, "%s/" ENV_DATA_FILE, folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_ok(store_copy(list_store(list), path, &why));
    assert_ok(list_open(folder, ENV_WRITE, SITE_MAP, &site_lookup, &site_address, &copy, &why));
    restart(copy);
    return copy;
}

/* Both approved what neither knew of the other. */
static void of_what_two_nodes_decided_the_earlier_event_counts(void **state)
{
    struct list_entry entry = opt_out_of(NEWS, 1);
    struct list *ours = list;
    (void)state;
    add_entry(list, &entry);
    struct event_name name = propose_removal(&entry);
    struct list *theirs = fork_list("theirs");
    const struct event_decision approval = decision_on(name, PROPOSAL_APPROVED);
    const struct act act = carrying_out(&approval);
    assert_ok(decide(name, PROPOSAL_REJECTED, &why));
    list = theirs;
    assert_ok(remove_by(&act, &entry, &why));
    assert_int_equal(state_of(name), PROPOSAL_APPROVED);
    take_over(ours, theirs);
    assert_int_equal(state_of(name), PROPOSAL_REJECTED);
    verified();
    take_over(theirs, ours);
    list = ours;
    assert_int_equal(state_of(name), PROPOSAL_REJECTED);
    assert_int_equal(count_rows(list, 1), 0); /* what was withdrawn stays so */
    verified();
    assert_int_equal(list_close(theirs), 0);
}

static void the_table_is_made_again_from_the_journal(void **state)
{
    struct list_entry entry = opt_out_of(NEWS, 1);
    struct event_name names[4];
    struct list *again;
    char folder[96];
    (void)state;
    add_entry(list, &entry);
    for (size_t i = 0; i < 4; i++)
        names[i] = propose_removal(&entry);
    assert_ok(decide(names[1], PROPOSAL_REJECTED, &why));
    assert_ok(decide(names[2], PROPOSAL_BEGUN, &why));
    assert_ok(decide(names[3], PROPOSAL_BEGUN, &why));
    assert_ok(decide(names[3], PROPOSAL_DONE, &why));
    snprintf(folder, sizeof folder, "%s/again", site_folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_ok(store_create_like(folder, list_store(list), SITE_MAP, &why));
    assert_ok(list_open(folder, ENV_WRITE, SITE_MAP, &site_lookup, &site_address, &again, &why));
    take_over(list, again);
    assert_int_equal(list_close(list), 0);
    list = again;
    assert_int_equal(state_of(names[0]), PROPOSAL_OPEN);
    assert_int_equal(state_of(names[1]), PROPOSAL_REJECTED);
    assert_int_equal(state_of(names[2]), PROPOSAL_BEGUN);
    assert_int_equal(state_of(names[3]), PROPOSAL_DONE);
    assert_int_equal(count_proposals(false), 2);
    verified();
}

/* Puts another value into the table, looks whether that is found out, and puts the old one back. */
static void assert_told(size_t n, size_t octet, uint8_t xor, const char *sentence)
{
    MDB_val key, value;
    struct raw raw;

    assert_int_equal(list_close(list), 0);
    raw_begin(site_list, &raw);
    raw_nth(&raw, "proposal", n, &key, &value);
    ((uint8_t *)value.mv_data)[octet] ^= xor;
    raw_put(&raw, "proposal", key, value);
    raw_end(&raw);
    list = open_list();
    assert_refused(verify_list(list, &why), ERR_CORRUPT, sentence);
    assert_int_equal(list_close(list), 0);
    ((uint8_t *)value.mv_data)[octet] ^= xor;
    raw_begin(site_list, &raw);
    raw_put(&raw, "proposal", key, value);
    raw_end(&raw);
    raw_free(&key, &value);
    list = open_list();
    verified();
}

#define ODD "does not follow from it"

static void a_table_that_was_changed_is_found_out(void **state)
{
    struct list_entry entry = opt_out_of(NEWS, 1);
    MDB_val key, value;
    struct raw raw;
    (void)state;
    add_entry(list, &entry);
    restart(list);
    struct event_name open = propose_removal(&entry), rejected = propose_removal(&entry);
    assert_ok(decide(rejected, PROPOSAL_REJECTED, &why));
    /* [state, node, number, node, number], each in one octet */
    assert_told(0, 1, PROPOSAL_OPEN ^ PROPOSAL_BEGUN, "does not follow from");
    assert_told(0, 2, 1, "does not follow from");
    assert_told(0, 4, 1, "does not follow from");
    assert_told(0, 3, (uint8_t)open.number, "what is kept of proposals does not follow");
    assert_told(0, 5, (uint8_t)open.number, "what is kept of proposals does not follow");
    assert_told(1, 1, PROPOSAL_REJECTED ^ PROPOSAL_APPROVED, ODD);
    assert_told(1, 3, 16, ODD);
    assert_int_equal(list_close(list), 0);
    raw_begin(site_list, &raw);
    raw_nth(&raw, "proposal", 0, &key, &value);
    raw_delete(&raw, "proposal", key);
    raw_end(&raw);
    list = open_list();
    assert_refused(verify_list(list, &why), ERR_CORRUPT, ODD);
    assert_int_equal(list_close(list), 0);
    raw_begin(site_list, &raw);
    raw_put(&raw, "proposal", key, value);
    ((uint8_t *)key.mv_data)[JOURNAL_KEY_SIZE - 1] = 99;
    raw_put(&raw, "proposal", key, value);
    raw_end(&raw);
    raw_free(&key, &value);
    list = open_list();
    assert_refused(verify_list(list, &why), ERR_CORRUPT, "does not follow from events");
}

static uint64_t prune_at(int64_t now)
{
    const struct prune_limits limits = {.addresses = (now - 86400) * 1000};
    struct prune_walk walk = {.done = false};
    while (!walk.done)
        assert_ok(prune_addresses(list, &limits, now, false, &walk, &why));
    return walk.addresses;
}

static void the_address_stays_while_its_opt_in_is_proposed(void **state)
{
    struct list_entry opt_in = confirmed_opt_in(NEWS, 2);
    (void)state;
    opt_in.address = "jane@example.com";
    struct event_name name = propose_opt_in(&opt_in);
    assert_int_equal(prune_at(2000000000), 0);
    assert_ok(decide(name, PROPOSAL_REJECTED, &why));
    assert_int_equal(prune_at(2000000000), 1);
    verified();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_proposal_changes_nothing_until_it_is_approved, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(decision_and_effect_name_the_proposal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_decided_on_is_not_decided_on_again, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(where_the_effect_fails_nothing_is_decided, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_carried_out_that_was_not_begun, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_opt_in_lifts_what_stood_when_it_was_proposed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_address_of_a_proposed_opt_in_is_known, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_address_stays_while_its_opt_in_is_proposed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_thousand_rows_go_into_one_proposal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_undo_goes_on_under_the_decision_that_began_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(proposals_of_an_earlier_node_are_decided_on, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(of_what_two_nodes_decided_the_earlier_event_counts, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_table_is_made_again_from_the_journal, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_table_that_was_changed_is_found_out, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
