/* For the tests of cuts: a ledger that is open, verdicts of any age, and cutting it. */
#ifndef TESTS_STORE_CUT_SITE_H
#define TESTS_STORE_CUT_SITE_H

#include "site.h"

#include "base/clock.h"
#include "store/cut.h"
#include "store/prune.h"

#define NEWS "acme/news"
#define DAY_MS INT64_C(86400000)
#define NOW_MS INT64_C(1900000000000)

static struct ledger *ledger, *other;
static struct signing_key *signing;
static struct signing_ring ring;

static inline int set_up(void **state)
{
    return make_site(state) ||
                   ledger_open(site_ledger, ENV_WRITE, SITE_MAP, &site_lookup, &ledger, NULL) ||
                   signing_read(site_keys, &signing, &ring, NULL)
               ? -1
               : 0;
}

static inline int tear_down(void **state)
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

static inline int old_job(struct txn *txn, void *argument)
{
    const struct word words[] = {{"login", "mautic"}, {"client", "192.0.2.1"}};
    struct old *old = argument;
    struct store *store = ledger_store(ledger);
    int code = journal_append(store, txn, &old->event, words, 2);
    return code ? code : store->kind->fold(store, txn, &old->event);
}

/* A verdict on two people, so many days ago. */
static inline struct event_name verdict_of(int days)
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

static inline void fill(int count)
{
    for (int days = count; days > 0; days--)
        verdict_of(days);
}

/* --- cutting --- */

static int64_t now_ms; /* 0: not known */

/* The genesis of the tests is of today, so it is taken to be due by its number. */
static inline uint64_t tell_cut(int days, struct event_name *event)
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

static inline bool remove_some(struct ledger *of)
{
    bool more = false;
    assert_ok(cut_remove(ledger_store(of), &more, &why));
    return more;
}

static inline int verify_of(struct ledger *of, const struct signing_ring *keys, struct error *why)
{
    struct ledger_view *view = NULL;
    uint64_t events;
    ledger_store(of)->ring = keys;
    assert_int_equal(ledger_view_begin(of, &view), 0);
    int code = ledger_verify(view, &events, why);
    ledger_view_end(view);
    return code;
}

static inline int verify_now(struct error *why)
{
    return verify_of(ledger, &ring, why);
}

static inline uint64_t rows_in(struct ledger *of, unsigned table)
{
    struct txn *txn;
    uint64_t count = 0;
    assert_int_equal(txn_begin_read(ledger_store(of)->env, &txn), 0);
    assert_int_equal(txn_count(txn, table, &count), 0);
    txn_abort(txn);
    return count;
}

static inline uint64_t events_in(struct ledger *of)
{
    return rows_in(of, TABLE_JOURNAL);
}

#endif
