/* The front of a ledger's journal is cut: what is left can be verified at each moment, and whoever
 * cuts anything else is found out. */
#include "site.h"

#include "base/clock.h"
#include "store/checkpoint.h"
#include "store/cut.h"
#include "store/journal_file.h"
#include "store/number.h"
#include "store/prune.h"
#include "store/renew.h"

#define NEWS "acme/news"
#define DAY_MS INT64_C(86400000)
#define NOW_MS INT64_C(1900000000000)

static struct ledger *ledger, *other;
static struct signing_key *signing;
static struct signing_ring ring;

static int set_up(void **state)
{
    return make_site(state) ||
                   ledger_open(site_ledger, ENV_WRITE, SITE_MAP, &site_lookup, &ledger, NULL) ||
                   signing_read(site_keys, &signing, &ring, NULL)
               ? -1
               : 0;
}

static int tear_down(void **state)
{
    signing_free(signing);
    if (ledger_close(ledger) || ledger_close(other))
        return -1;
    ledger = other = NULL;
    return remove_site(state);
}

/* --- writing --- */

struct old {
    struct event event;
};

static int old_job(struct txn *txn, void *argument)
{
    const struct word words[] = {{"login", "mautic"}, {"client", "192.0.2.1"}};
    struct old *old = argument;
    struct store *store = ledger_store(ledger);
    int code = journal_append(store, txn, &old->event, words, 2);
    return code ? code : store->kind->fold(store, txn, &old->event);
}

/* A verdict on two people, so many days ago. */
static struct event_name verdict_of(int days)
{
    struct event_verdict_row rows[2] = {{.known = true, .subject = subject_number((unsigned)days)},
                                        {.known = true, .subject = subject_number(100000)}};
    const struct event_verdict verdict = {.stream = "news",
                                          .rule = "match_login",
                                          .scope = NEWS,
                                          .queue_id = "4Q1",
                                          .action = ACTION_REFUSE,
                                          .rows = rows,
                                          .row_count = 2};
    struct old old = {{.at_ms = NOW_MS - days * DAY_MS,
                       .type = EVENT_VERDICT,
                       .actor = "milter",
                       .verdict = &verdict}};
    assert_ok(store_write(ledger_store(ledger), old_job, &old, &why));
    return old.event.name;
}

static void fill(int count)
{
    for (int days = count; days > 0; days--)
        verdict_of(days);
}

/* --- cutting --- */

static int64_t now_ms; /* 0: not known */

/* The genesis of the tests is of today, so it is taken to be due by its number. */
static uint64_t tell_cut(int days, struct event_name *event)
{
    const struct prune_limits limits = {.verdicts = NOW_MS - days * DAY_MS,
                                        .network = INT64_MIN,
                                        .text = INT64_MIN,
                                        .reads = INT64_MIN,
                                        .now_ms = now_ms};
    struct pool pool = {0};
    struct cut cut;
    uint64_t events = 0;
    assert_ok(prune_find_cut(ledger_store(ledger), &limits, &pool, &cut, &events, &why));
    if (events)
        assert_ok(cut_write(ledger_store(ledger), &cut, signing, "prune", event, &why));
    pool_release(&pool);
    return events;
}

static bool remove_some(struct ledger *of)
{
    bool more = false;
    assert_ok(cut_remove(ledger_store(of), &more, &why));
    return more;
}

static int verify_of(struct ledger *of, const struct signing_ring *keys, struct error *why)
{
    struct ledger_view *view = NULL;
    uint64_t events;
    ledger_store(of)->ring = keys;
    assert_int_equal(ledger_view_begin(of, &view), 0);
    int code = ledger_verify(view, &events, why);
    ledger_view_end(view);
    return code;
}

static int verify_now(struct error *why)
{
    return verify_of(ledger, &ring, why);
}

static uint64_t rows_in(struct ledger *of, unsigned table)
{
    struct txn *txn;
    uint64_t count = 0;
    assert_int_equal(txn_begin_read(ledger_store(of)->env, &txn), 0);
    assert_int_equal(txn_count(txn, table, &count), 0);
    txn_abort(txn);
    return count;
}

static uint64_t events_in(struct ledger *of)
{
    return rows_in(of, TABLE_JOURNAL);
}

/* --- tests --- */

static void what_is_due_goes_with_words_and_history_and_the_rest_verifies(void **state)
{
    struct event_name event = {.number = 0};
    (void)state;
    fill(20);
    assert_int_equal(tell_cut(10, &event), 11); /* the genesis, and those of 20 to 11 days ago */
    assert_int_equal(event.number, 22);
    assert_ok(verify_now(&why)); /* nothing has gone yet */
    while (remove_some(ledger))
        assert_ok(verify_now(&why));
    assert_int_equal(events_in(ledger), 11);
    assert_int_equal(rows_in(ledger, TABLE_PRIVATE), 2 * 10);
    assert_int_equal(rows_in(ledger, TABLE_OWN), 2 * 10);
    assert_ok(verify_now(&why));
    assert_int_equal(tell_cut(10, &event), 0); /* nothing more is */
    verdict_of(0);
    assert_ok(verify_now(&why));
}

static void a_second_cut_goes_behind_the_first(void **state)
{
    struct event_name event;
    (void)state;
    fill(20);
    tell_cut(10, &event);
    while (remove_some(ledger))
        continue;
    verdict_of(0);
    assert_int_equal(tell_cut(5, &event), 5);
    assert_int_equal(event.number, 24);
    while (remove_some(ledger))
        continue;
    assert_int_equal(events_in(ledger), 8);
    assert_ok(verify_now(&why));
}

/* All of it, oneself and what told of the cut before, too. */
static void everything_may_go_but_what_tells_of_it(void **state)
{
    struct event_name event;
    (void)state;
    fill(20);
    tell_cut(10, &event);
    while (remove_some(ledger))
        continue;
    verdict_of(1);
    assert_true(tell_cut(-100000, &event) > 0);
    while (remove_some(ledger))
        assert_ok(verify_now(&why));
    assert_int_equal(events_in(ledger), 1);
    assert_ok(verify_now(&why));
    verdict_of(0);
    assert_ok(verify_now(&why));
}

/* Each number of events that may be gone at a kill. */
static void it_verifies_wherever_the_removal_was_broken_off(void **state)
{
    struct event_name event;
    uint8_t place[8];
    (void)state;
    fill(8);
    tell_cut(3, &event);
    for (uint64_t number = 1; number <= 6; number++) {
        struct raw raw;
        MDB_val key, value;
        size_t n = 0;
        assert_int_equal(ledger_close(ledger), 0);
        raw_begin(site_ledger, &raw);
        number_put(place, sizeof place, number);
        raw_delete(&raw, "journal", raw_val(place, sizeof place));
        for (uint8_t item = 0; number > 1 && item < 2; item++) { /* its words */
            uint8_t words[9];
            memcpy(words, place, sizeof place);
            words[8] = item;
            raw_delete(&raw, "private", raw_val(words, sizeof words));
        }
        for (n = 0; number > 1 && n < 2;) { /* its rows of history */
            raw_nth(&raw, "history", 0, &key, &value);
            for (size_t i = 0; memcmp((char *)key.mv_data + 16, place, 8) != 0;) {
                raw_free(&key, &value);
                raw_nth(&raw, "history", ++i, &key, &value);
            }
            raw_delete(&raw, "history", key);
            raw_free(&key, &value);
            n++;
        }
        raw_end(&raw);
        ledger = open_ledger();
        assert_ok(verify_now(&why));
    }
    assert_false(remove_some(ledger)); /* nothing is left to be done */
}

static void delete_event(uint64_t number)
{
    struct raw raw;
    uint8_t place[8];
    assert_int_equal(ledger_close(ledger), 0);
    raw_begin(site_ledger, &raw);
    number_put(place, sizeof place, number);
    raw_delete(&raw, "journal", raw_val(place, sizeof place));
    raw_end(&raw);
    ledger = open_ledger();
}

static void what_goes_beyond_the_cut_is_found(void **state)
{
    struct event_name event;
    (void)state;
    fill(8);
    tell_cut(3, &event);
    while (remove_some(ledger))
        continue;
    assert_ok(verify_now(&why));
    delete_event(7);
    assert_refused(verify_now(&why), ERR_CORRUPT, "the one before it is missing");
}

static void a_hole_in_what_goes_is_found(void **state)
{
    struct event_name event;
    (void)state;
    fill(8);
    tell_cut(3, &event);
    delete_event(3);
    assert_refused(verify_now(&why), ERR_CORRUPT, "the one before it is missing");
}

static void a_changed_event_of_what_goes_is_found(void **state)
{
    struct event_name event;
    struct raw raw;
    MDB_val key, value;
    (void)state;
    fill(8);
    tell_cut(3, &event);
    for (size_t nth = 1; nth < 6; nth += 4) { /* one of them, and the last one */
        assert_int_equal(ledger_close(ledger), 0);
        raw_begin(site_ledger, &raw);
        raw_nth(&raw, "journal", nth, &key, &value);
        ((char *)value.mv_data)[value.mv_size - 1] ^= 1;
        raw_put(&raw, "journal", key, value);
        raw_end(&raw);
        ledger = open_ledger();
        assert_int_equal(verify_now(NULL), ERR_CORRUPT);
        ((char *)value.mv_data)[value.mv_size - 1] ^= 1;
        assert_int_equal(ledger_close(ledger), 0);
        raw_begin(site_ledger, &raw);
        raw_put(&raw, "journal", key, value);
        raw_end(&raw);
        ledger = open_ledger();
        assert_ok(verify_now(&why));
        raw_free(&key, &value);
    }
}

static struct text export_ledger(void)
{
    struct text all = TEXT_EMPTY;
    struct event_name last = {.number = 0};
    struct txn *txn;
    int code = 0;
    assert_int_equal(txn_begin_read(ledger_store(ledger)->env, &txn), 0);
    while (code == 0)
        code = journal_file_read(ledger_store(ledger), txn, 1 << 20, &last, &all);
    txn_abort(txn);
    assert_int_equal(code, ERR_NOT_FOUND);
    return all;
}

/* Whoever may write the ledger has the key of its words, and not that of signatures. */
static void a_forged_cut_is_found(void **state)
{
    struct signing_ring others;
    struct signing_key *forger;
    struct event_name event;
    char folder[96];
    (void)state;
    snprintf(folder, sizeof folder, "%s/forger", site_folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_ok(signing_make(folder, false, &why));
    assert_ok(signing_read(folder, &forger, &others, &why));
    fill(8);
    struct signing_key *own = signing;
    signing = forger;
    tell_cut(3, &event);
    signing = own;
    while (remove_some(ledger))
        continue;
    signing_free(forger);
    assert_refused(verify_now(&why), ERR_CORRUPT, "the key that signed it is not known here");
    assert_ok(verify_of(ledger, NULL, &why)); /* nobody looks at it */
    struct text exported = export_ledger();
    struct slice bytes = SLICE(exported.data, exported.length);
    struct journal_file file;
    assert_refused(journal_file_verify(bytes, &ring, NULL, 0, NULL, NULL, &file, &why), ERR_CORRUPT,
                   "the key that signed it is not known here");
    assert_ok(journal_file_verify(bytes, NULL, NULL, 0, NULL, NULL, &file, &why));
    assert_int_equal(file.cuts, 1);
    text_release(&exported);
    memcpy(others.keys[0].key, ring.keys[0].key, sizeof ring.keys[0].key);
    assert_refused(verify_of(ledger, &others, &why), ERR_CORRUPT, "its signature is wrong");
}

static int cut_list_job(struct txn *txn, void *argument)
{
    struct event_cut_row row = {.last = {.number = 1}};
    const struct event_cut cut = {.rows = &row, .row_count = 1};
    struct event event = {.type = EVENT_CUT, .actor = "prune", .cut = &cut};
    struct store *store = argument;
    memcpy(row.last.node, store->node, EVENT_NODE_SIZE);
    return journal_append(store, txn, &event, NULL, 0);
}

static void a_list_that_says_it_was_cut_is_found(void **state)
{
    struct list *list = open_list();
    struct list_view *view = NULL;
    uint64_t events;
    (void)state;
    assert_ok(store_write(list_store(list), cut_list_job, list_store(list), &why));
    assert_int_equal(list_view_begin(list, &view), 0);
    assert_refused(list_verify(view, &events, &why), ERR_CORRUPT, "such a journal is never cut");
    list_view_end(view);
    assert_int_equal(list_close(list), 0);
}

static void a_signature_of_something_else_is_found(void **state)
{
    struct event_name event;
    struct raw raw;
    MDB_val key, value;
    (void)state;
    fill(8);
    tell_cut(3, &event);
    assert_int_equal(ledger_close(ledger), 0);
    raw_begin(site_ledger, &raw);
    raw_nth(&raw, "journal", 9, &key, &value);
    ((char *)value.mv_data)[value.mv_size - 1] ^= 1;
    raw_put(&raw, "journal", key, value);
    raw_end(&raw);
    raw_free(&key, &value);
    ledger = open_ledger();
    assert_refused(verify_now(&why), ERR_CORRUPT, "its signature is wrong");
}

static void a_cut_that_nothing_tells_of_is_found(void **state)
{
    struct event_name event;
    struct raw raw;
    MDB_val meta = raw_val("cut\0", 5);
    (void)state;
    fill(8);
    tell_cut(3, &event);
    while (remove_some(ledger))
        continue;
    delete_event(event.number);
    assert_refused(verify_now(&why), ERR_CORRUPT, "the event that tells of its cut is not there");
    assert_int_equal(ledger_close(ledger), 0);
    raw_begin(site_ledger, &raw);
    raw_delete(&raw, "meta", meta);
    raw_end(&raw);
    ledger = open_ledger();
    assert_int_equal(verify_now(NULL), ERR_CORRUPT);
}

/* --- another store --- */

static void make_other(bool copy)
{
    char folder[96], path[128];
    snprintf(folder, sizeof folder, "%s/other", site_folder);
    snprintf(path, sizeof path, "%s/" ENV_DATA_FILE, folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    if (copy)
        assert_ok(store_copy(ledger_store(ledger), path, &why));
    else
        assert_ok(store_create_like(folder, ledger_store(ledger), SITE_MAP, &why));
    assert_ok(ledger_open(folder, ENV_WRITE, SITE_MAP, &site_lookup, &other, &why));
}

static void carry(struct ledger *from, struct ledger *to)
{
    struct txn *txn;
    assert_int_equal(txn_begin_read(ledger_store(from)->env, &txn), 0);
    assert_ok(store_carry(ledger_store(from), txn, ledger_store(to), &why));
    txn_abort(txn);
}

/* A backup of before the cut takes over what came since, and the cut with it; one that ends before
 * the cut does, too. */
static void an_older_copy_is_cut_as_well(void **state)
{
    const int later = *(int *)*state;
    struct event_name event;
    fill(8);
    make_other(true);
    for (int i = 0; i < later; i++)
        verdict_of(2);
    tell_cut(1, &event);
    while (remove_some(ledger))
        continue;
    verdict_of(0);
    carry(ledger, other);
    assert_int_equal(events_in(other), events_in(ledger));
    assert_int_equal(rows_in(other, TABLE_PRIVATE), rows_in(ledger, TABLE_PRIVATE));
    assert_ok(verify_of(other, &ring, &why));
    carry(ledger, other);
    assert_ok(verify_of(other, &ring, &why));
}

static void one_made_anew_begins_behind_the_cut(void **state)
{
    struct event_name event;
    (void)state;
    fill(8);
    tell_cut(3, &event);
    while (remove_some(ledger))
        continue;
    make_other(false);
    carry(ledger, other);
    assert_int_equal(events_in(other), 4);
    assert_ok(verify_of(other, &ring, &why));
}

static void the_journal_of_a_node_before_may_go_as_a_whole(void **state)
{
    struct event_name event;
    (void)state;
    fill(8);
    assert_ok(store_restart(ledger_store(ledger), "restore", NULL, 0, &why));
    verdict_of(5);
    verdict_of(1);
    assert_true(tell_cut(-100000, &event) > 0);
    make_other(true);
    while (remove_some(ledger))
        assert_ok(verify_now(&why));
    assert_int_equal(events_in(ledger), 1);
    carry(ledger, other);
    assert_int_equal(events_in(other), 1);
    assert_ok(verify_of(other, &ring, &why));
    assert_ok(store_restart(ledger_store(ledger), "restore", NULL, 0, &why));
    verdict_of(0);
    assert_ok(verify_now(&why));
}

static void many_events_go_in_short_transactions(void **state)
{
    struct event_name event;
    int rounds = 0;
    (void)state;
    fill(500);
    tell_cut(0, &event);
    while (remove_some(ledger))
        rounds++;
    assert_in_range(rounds, 3, 6);
    assert_int_equal(events_in(ledger), 1);
    assert_ok(verify_now(&why));
}

/* --- elsewhere --- */

/* What checkpoints of before said of three events, and what becomes of that. */
static void an_exported_journal_and_checkpoints_begin_behind_the_cut(void **state)
{
    struct journal_witness witnesses[3] = {{.checkpoint = 0}};
    struct event_name event;
    struct journal_file file;
    enum checkpoint_fit fit;
    struct txn *txn;
    (void)state;
    verdict_of(8);
    const struct event_name first = verdict_of(7), last = verdict_of(6), later = verdict_of(1);
    const struct event_name named[3] = {first, last, later};
    assert_int_equal(txn_begin_read(ledger_store(ledger)->env, &txn), 0);
    for (size_t i = 0; i < 3; i++) {
        struct slice bytes;
        witnesses[i].head.event = named[i];
        assert_int_equal(journal_bytes(ledger_store(ledger), txn, &named[i], &bytes), 0);
        assert_int_equal(seal_digest(bytes, witnesses[i].head.hash), 0);
    }
    txn_abort(txn);
    struct journal_witness wrong = witnesses[1];
    assert_int_equal(tell_cut(3, &event), 4); /* the genesis, and all up to `last` */
    while (remove_some(ledger))
        continue;
    struct text exported = export_ledger();
    assert_ok(journal_file_verify(SLICE(exported.data, exported.length), &ring, witnesses, 3, NULL,
                                  NULL, &file, &why));
    assert_true(file.is_ledger);
    assert_int_equal(file.events, events_in(ledger));
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(txn_begin_read(ledger_store(ledger)->env, &txn), 0);
        assert_int_equal(checkpoint_compare(ledger_store(ledger), txn, &witnesses[i].head, &fit),
                         0);
        txn_abort(txn);
        assert_int_equal(fit, witnesses[i].fit);
    }
    assert_int_equal(witnesses[0].fit, CHECKPOINT_CUT);
    assert_int_equal(witnesses[1].fit, CHECKPOINT_FITS);
    assert_int_equal(witnesses[2].fit, CHECKPOINT_FITS);
    wrong.head.hash[0] ^= 1;
    exported.data[exported.length / 2] ^= 1;
    assert_int_equal(journal_file_verify(SLICE(exported.data, exported.length), &ring, &wrong, 1,
                                         NULL, NULL, &file, NULL),
                     ERR_CORRUPT);
    text_release(&exported);
}

/* --- what goes on running --- */

static void configure(const char *actor, const char *place, enum configuration_occasion occasion,
                      char octet)
{
    const struct event_stream stream = {"news", NEWS, LEDGER_ALL, MODE_ENFORCE};
    const char text[2] = {octet, '\0'};
    struct ledger_configuration c = {.actor = actor,
                                     .configuration = {.place = place,
                                                       .occasion = occasion,
                                                       .since_ms = octet,
                                                       .streams = &stream,
                                                       .stream_count = 1},
                                     .text = text};
    memset(c.configuration.digest, octet, EVENT_HASH_SIZE);
    assert_ok(ledger_configure(ledger, &c, 1, &why));
}

static struct ledger_view *shown;

static int show_configuration(struct txn *txn, const struct event *event, void *argument)
{
    const struct event_configuration *c = event->configuration;
    struct text *text = argument;
    struct pool pool = {0};
    struct word *words;
    size_t count;
    (void)txn;

    assert_int_equal(c->stream_count, 1);
    assert_string_equal(c->streams[0].scope, NEWS);
    assert_int_equal(c->since_ms, c->digest[0]);
    assert_int_equal(ledger_words(shown, event, &pool, &words, &count), 0);
    text_format(text, "%s at %s %d %c%s, ", event->actor, c->place, c->occasion, c->digest[0],
                count ? words[0].text : "");
    pool_release(&pool);
    return 0;
}

/* Actor, place, occasion, and the octet of the digest, twice where the text is there. */
static void assert_configurations(const char *expected)
{
    struct text text = TEXT_EMPTY;

    assert_int_equal(ledger_view_begin(ledger, &shown), 0);
    assert_int_equal(ledger_configurations(shown, show_configuration, &text), 0);
    ledger_view_end(shown);
    assert_string_equal(text.data ? text.data : "", expected);
    text_release(&text);
    assert_ok(verify_now(&why));
}

static void cut_all(int days)
{
    struct event_name event;
    assert_true(tell_cut(days, &event) > 0);
    while (remove_some(ledger))
        continue;
}

static uint64_t count_network(int days)
{
    const struct prune_limits limits = {.verdicts = INT64_MIN,
                                        .network = NOW_MS - days * DAY_MS,
                                        .text = INT64_MIN,
                                        .reads = INT64_MIN,
                                        .now_ms = now_ms};
    struct prune_walk walk = {.done = false};
    while (!walk.done)
        assert_ok(prune_words(ledger_store(ledger), &limits, true, &walk, &why));
    return walk.network;
}

/* It was set to 2090 for a moment. */
static void what_a_wrong_clock_dated_later_than_now_keeps_nothing_behind_it(void **state)
{
    struct event_name event;
    (void)state;
    verdict_of(5);
    verdict_of(4);
    verdict_of(-60 * 365);
    verdict_of(-60 * 365);
    verdict_of(1);
    assert_int_equal(count_network(0), 2);
    now_ms = NOW_MS;
    assert_int_equal(count_network(0), 3);
    assert_int_equal(tell_cut(2, &event), 3); /* with the genesis */
    while (remove_some(ledger))
        continue;
    now_ms = 0;
    assert_int_equal(tell_cut(0, &event), 0);
    now_ms = NOW_MS;
    assert_int_equal(tell_cut(0, &event), 4); /* with what tells of the first cut */
    while (remove_some(ledger))
        continue;
    assert_int_equal(events_in(ledger), 1);
    assert_ok(verify_now(&why));
    now_ms = 0;
}

static void what_was_in_force_at_the_cut_is_told_once_more(void **state)
{
    (void)state;
    configure("milter", "A", CONFIGURATION_START, 'a');
    configure("milter", "B", CONFIGURATION_START, 'a');
    configure("milter", "A", CONFIGURATION_RELOAD, 'b');
    configure("web", "A", CONFIGURATION_START, 'w');
    configure("milter", "C", CONFIGURATION_START, 's');
    configure("milter", "C", CONFIGURATION_STOP, 's');
    fill(20);
    configure("milter", "A", CONFIGURATION_RELOAD, 'c');
    verdict_of(1);
    cut_all(10);
    assert_configurations("milter at A 2 cc, milter at A 5 bb, milter at B 5 aa, web at A 5 ww, ");
    cut_all(5); /* nothing changes there, so nothing is told again */
    assert_configurations("milter at A 2 cc, milter at A 5 bb, milter at B 5 aa, web at A 5 ww, ");
    configure("milter", "B", CONFIGURATION_STOP, 'a');
    configure("web", "A", CONFIGURATION_START, 'w');
    verdict_of(1);
    cut_all(0);
    assert_configurations("milter at A 5 cc, web at A 5 ww, ");
}

static void whoever_stopped_behind_a_cut_is_told_to_have_stopped(void **state)
{
    (void)state;
    configure("milter", "A", CONFIGURATION_START, 'a');
    verdict_of(20);
    verdict_of(10);
    configure("milter", "A", CONFIGURATION_STOP, 'a');
    verdict_of(5);
    cut_all(15);
    assert_configurations("milter at A 4 a, milter at A 5 aa, ");
    cut_all(7);
    assert_configurations("milter at A 5 aa, milter at A 6 a, ");
    verdict_of(1);
    cut_all(0);
    assert_configurations("");
}

static void a_text_that_went_with_the_cut_is_written_again(void **state)
{
    (void)state;
    configure("milter", "A", CONFIGURATION_START, 'a');
    configure("milter", "A", CONFIGURATION_STOP, 'a');
    verdict_of(20);
    verdict_of(5);
    configure("milter", "B", CONFIGURATION_START, 'a');
    cut_all(10);
    assert_configurations("milter at B 1 a, ");
    configure("milter", "A", CONFIGURATION_START, 'a');
    assert_configurations("milter at B 1 a, milter at A 1 aa, ");
}

/* LMDB never writes a page that was added to the end of the file and emptied in one transaction; a
 * file that is shorter than its commit says would be taken for damage. */
static void a_file_that_ends_with_free_pages_is_whole(void **state)
{
    struct event_name event;
    (void)state;
    for (int round = 0; round < 30; round++) {
        for (int i = 0; i < 40 + 13 * round; i++)
            verdict_of(3);
        tell_cut(2, &event);
        do
            assert_int_equal(env_check(ledger_store(ledger)->env), 0);
        while (remove_some(ledger));
        assert_int_equal(env_check(ledger_store(ledger)->env), 0);
        assert_int_equal(ledger_close(ledger), 0);
        ledger = open_ledger();
    }
    assert_ok(verify_now(&why));
}

static int far = 20, near = 0;

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_due_goes_with_words_and_history_and_the_rest_verifies),
        TEST(a_second_cut_goes_behind_the_first),
        TEST(everything_may_go_but_what_tells_of_it),
        TEST(it_verifies_wherever_the_removal_was_broken_off),
        TEST(what_goes_beyond_the_cut_is_found),
        TEST(a_hole_in_what_goes_is_found),
        TEST(a_changed_event_of_what_goes_is_found),
        TEST(a_forged_cut_is_found),
        TEST(a_list_that_says_it_was_cut_is_found),
        TEST(a_signature_of_something_else_is_found),
        TEST(a_cut_that_nothing_tells_of_is_found),
        cmocka_unit_test_prestate_setup_teardown(an_older_copy_is_cut_as_well, set_up, tear_down,
                                                 &far),
        cmocka_unit_test_prestate_setup_teardown(an_older_copy_is_cut_as_well, set_up, tear_down,
                                                 &near),
        TEST(one_made_anew_begins_behind_the_cut),
        TEST(the_journal_of_a_node_before_may_go_as_a_whole),
        TEST(many_events_go_in_short_transactions),
        TEST(what_a_wrong_clock_dated_later_than_now_keeps_nothing_behind_it),
        TEST(what_was_in_force_at_the_cut_is_told_once_more),
        TEST(whoever_stopped_behind_a_cut_is_told_to_have_stopped),
        TEST(a_text_that_went_with_the_cut_is_written_again),
        TEST(a_file_that_ends_with_free_pages_is_whole),
        TEST(an_exported_journal_and_checkpoints_begin_behind_the_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
