/* A ledger that was changed is found out by verify. */
#include "site.h"

#include "store/number.h"

#define NEWS "acme/news"
#define VERDICTS 5
#define LEDGER_EVENTS (1 + VERDICTS + 1) /* genesis and a reading, too */
#define HISTORY_ROWS (2 * VERDICTS + 1)

static MDB_val event_key(uint64_t number)
{
    static uint8_t key[8];
    number_put(key, 8, number);
    return raw_val(key, 8);
}

/* A copy of an event's bytes, in memory that stays. */
static MDB_val event_copy(struct raw *raw, uint64_t number)
{
    static char copy[EVENT_MAX];
    MDB_val key = event_key(number), value;
    assert_int_equal(mdb_get(raw->txn, raw_table(raw, "journal"), &key, &value), 0);
    assert_true(value.mv_size <= EVENT_MAX);
    return raw_val(memcpy(copy, value.mv_data, value.mv_size), value.mv_size);
}

static int verify_ledger_now(struct error *why)
{
    struct ledger *ledger = NULL;
    struct ledger_view *view = NULL;
    uint64_t events;
    int code = ledger_open(site_ledger, ENV_WRITE, SITE_MAP, &site_lookup, &ledger, why);
    if (code)
        return code;
    assert_int_equal(ledger_view_begin(ledger, &view), 0);
    code = ledger_verify(view, &events, why);
    ledger_view_end(view);
    ledger_close(ledger);
    return code;
}

static void write_verdicts(void)
{
    struct event_verdict_row rows[3] = {{.known = true, .state = RECIPIENT_OPTED_OUT},
                                        {.known = true, .state = RECIPIENT_OPTED_OUT},
                                        {.known = false, .state = RECIPIENT_UNREADABLE}};
    const struct event_verdict verdict = {.stream = "news",
                                          .rule = "match_login",
                                          .scope = NEWS,
                                          .queue_id = "4Q1",
                                          .action = ACTION_STRIP,
                                          .rows = rows,
                                          .row_count = 3};
    const struct event_reading reading = {.command = "person",
                                          .people = 1,
                                          .has_subject = true,
                                          .subject = subject_number(1000),
                                          .scope = NEWS};
    struct ledger *ledger = open_ledger();
    uint64_t number = 0;
    rows[1].subject = subject_number(1000);
    for (unsigned i = 0; i < VERDICTS; i++) {
        rows[0].subject = subject_number(i);
        assert_ok(ledger_write(ledger, &verdict, NULL, 0, &number, &why));
    }
    assert_int_equal(number, 1 + VERDICTS);
    assert_ok(ledger_write_reading(ledger, &reading, NULL, 0, NULL, &why));
    assert_int_equal(ledger_close(ledger), 0);
    assert_ok(verify_ledger_now(&why));
}

static void a_ledger_that_was_tampered_with_is_found(void **state)
{
    (void)state;
    write_verdicts();
    for (uint64_t number = 1; number <= LEDGER_EVENTS; number++) {
        struct raw raw;
        raw_begin(site_ledger, &raw);
        MDB_val event = event_copy(&raw, number);
        raw_delete(&raw, "journal", event_key(number));
        raw_end(&raw);
        assert_refused(verify_ledger_now(&why), ERR_CORRUPT, "ledger: ");
        for (size_t bit = random_below(17); bit < 8 * event.mv_size; bit += 17) {
            ((char *)event.mv_data)[bit / 8] ^= (char)(1 << bit % 8);
            raw_begin(site_ledger, &raw);
            raw_put(&raw, "journal", event_key(number), event);
            raw_end(&raw);
            assert_refused(verify_ledger_now(&why), ERR_CORRUPT, "ledger: ");
            ((char *)event.mv_data)[bit / 8] ^= (char)(1 << bit % 8);
        }
        raw_begin(site_ledger, &raw);
        raw_put(&raw, "journal", event_key(number), event);
        raw_end(&raw);
    }
    assert_ok(verify_ledger_now(&why));
}

static void a_history_that_lost_or_won_a_row_is_found(void **state)
{
    (void)state;
    write_verdicts();
    for (size_t i = 0; i < HISTORY_ROWS; i++) {
        struct raw raw;
        MDB_val key, value;
        raw_begin(site_ledger, &raw);
        raw_nth(&raw, "history", i, &key, &value);
        raw_delete(&raw, "history", key);
        raw_end(&raw);
        assert_refused(verify_ledger_now(&why), ERR_CORRUPT, "what is kept beside the journal");
        raw_begin(site_ledger, &raw);
        raw_put(&raw, "history", key, value);
        ((uint8_t *)key.mv_data)[23] = 77;
        raw_put(&raw, "history", key, value);
        raw_end(&raw);
        assert_refused(verify_ledger_now(&why), ERR_CORRUPT,
                       "its history does not follow from its events");
        raw_begin(site_ledger, &raw);
        raw_delete(&raw, "history", key);
        raw_end(&raw);
        assert_ok(verify_ledger_now(&why));
        raw_free(&key, &value);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_site, remove_site)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_ledger_that_was_tampered_with_is_found),
        TEST(a_history_that_lost_or_won_a_row_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
