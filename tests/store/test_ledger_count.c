/* The ledger: what is counted, by stream and by where bulk mail came from. */
#include "ledger_site.h"

static void verified(uint64_t expected)
{
    struct ledger_view *view = view_of_ledger();
    struct ledger_extent extent;
    uint64_t events = 0;
    assert_ok(ledger_verify(view, &events, &why));
    assert_int_equal(events, expected);
    assert_int_equal(ledger_measure(view, &extent), 0);
    assert_int_equal(extent.events, expected);
    assert_true(extent.used > 0 && extent.used <= extent.size);
    ledger_view_end(view);
}

/* --- streams --- */

static void count_streams(const struct stream_count *counts, size_t count)
{
    assert_ok(ledger_count(ledger, counts, count, NULL, 0, &why));
}

struct streams {
    struct stream_count counts[8];
    char names[8][200];
    size_t count;
    int answer;
};

static int note_stream(const struct stream_count *count, void *argument)
{
    struct streams *streams = argument;
    streams->counts[streams->count] = *count;
    strcpy(streams->names[streams->count++], count->stream);
    return streams->answer;
}

static void counters_of_streams_add_up(void **state)
{
    const struct stream_count first[] = {{"news", ACTION_PASS, MODE_ENFORCE, 1, 10, 10, 0},
                                         {"news", ACTION_STRIP, MODE_ENFORCE, 2, 20, 15, 5},
                                         {"news", ACTION_PASS, MODE_MONITOR, 4, 40, 40, 0},
                                         {"offers", ACTION_PASS, MODE_ENFORCE, 8, 8, 8, 0}};
    const struct stream_count more[] = {{"news", ACTION_PASS, MODE_ENFORCE, 100, 300, 200, 1000}};
    struct streams streams = {.count = 0};
    (void)state;
    count_streams(first, 4);
    count_streams(more, 1);
    assert_int_equal(ledger_close(ledger), 0);
    ledger = open_ledger();
    struct ledger_view *view = view_of_ledger();
    assert_int_equal(ledger_each_stream(view, note_stream, &streams), 0);
    assert_int_equal(streams.count, 4);
    assert_string_equal(streams.names[0], "news");
    assert_int_equal(streams.counts[0].action, ACTION_PASS);
    assert_int_equal(streams.counts[0].mode, MODE_ENFORCE);
    assert_int_equal(streams.counts[0].messages, 101);
    assert_int_equal(streams.counts[0].given, 310);
    assert_int_equal(streams.counts[0].delivered, 210);
    assert_int_equal(streams.counts[0].kept_back, 1000);
    assert_int_equal(streams.counts[1].mode, MODE_MONITOR);
    assert_int_equal(streams.counts[1].messages, 4);
    assert_int_equal(streams.counts[2].action, ACTION_STRIP);
    assert_string_equal(streams.names[3], "offers");
    streams = (struct streams){.answer = ERR_NOT_FOUND};
    assert_int_equal(ledger_each_stream(view, note_stream, &streams), ERR_NOT_FOUND);
    assert_int_equal(streams.count, 1);
    ledger_view_end(view);
    verified(1); /* they are no events */
}

static void a_stream_with_a_long_name_is_counted_too(void **state)
{
    char name[200];
    struct stream_count count = {name, ACTION_PASS, MODE_ENFORCE, 1, 2, 2, 0};
    struct streams streams = {.count = 0};
    (void)state;
    memset(name, 'n', sizeof name);
    name[128] = '\0';
    count_streams(&count, 1);
    name[128] = 'n';
    name[199] = '\0';
    count_streams(&count, 1);
    struct ledger_view *view = view_of_ledger();
    assert_int_equal(ledger_each_stream(view, note_stream, &streams), 0);
    ledger_view_end(view);
    assert_int_equal(streams.count, 1);
    assert_int_equal(strlen(streams.names[0]), 128);
    assert_int_equal(streams.counts[0].messages, 2);
}

static void a_damaged_counter_is_an_error(void **state)
{
    static const struct {
        const char *key, *value;
        size_t key_size, value_size;
    } cases[] = {
        {"ab", "\x84\1\1\1\1", 2, 5},        {"a\0\1\0", "\x84\1\1\1", 4, 4},
        {"a\0\1\0", "\x84\1\1\1\1\1", 4, 6}, {"a\0\1\0", "\x83\1\1\1\1", 4, 5},
        {"abcd", "\x84\1\1\1\1", 4, 5}, /* no NUL behind the name */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct streams streams = {.count = 0};
        struct raw raw;
        assert_int_equal(ledger_close(ledger), 0);
        raw_begin(site_ledger, &raw);
        raw_put(&raw, "count", raw_val(cases[i].key, cases[i].key_size),
                raw_val(cases[i].value, cases[i].value_size));
        raw_end(&raw);
        ledger = open_ledger();
        struct ledger_view *view = view_of_ledger();
        assert_int_equal(ledger_each_stream(view, note_stream, &streams), ERR_CORRUPT);
        ledger_view_end(view);
        assert_int_equal(ledger_close(ledger), 0);
        raw_begin(site_ledger, &raw);
        raw_delete(&raw, "count", raw_val(cases[i].key, cases[i].key_size));
        raw_end(&raw);
        ledger = open_ledger();
    }
}

/* --- mail that no stream claims --- */

struct unclaimed {
    struct unclaimed_count counts[8];
    char texts[8][3][100];
    size_t count;
};

static int note_unclaimed(const struct unclaimed_count *count, void *argument)
{
    struct unclaimed *u = argument;
    u->counts[u->count] = *count;
    strcpy(u->texts[u->count][0], count->login);
    strcpy(u->texts[u->count][1], count->listener);
    strcpy(u->texts[u->count++][2], count->domain);
    return 0;
}

static void bulk_that_nobody_claims_adds_up_by_where_it_came_from(void **state)
{
    const struct unclaimed_count first[] = {{"mautic", "submission", "acme.example", 1, 10, 50, 60},
                                            {"", "", "acme.example", 2, 20, 51, 61},
                                            {"", "acme.example", "", 4, 40, 52, 62}};
    const struct unclaimed_count more[] = {{"mautic", "submission", "acme.example", 8, 80, 70, 80}};
    struct unclaimed u = {.count = 0};
    (void)state;
    assert_ok(ledger_count(ledger, NULL, 0, first, 3, &why));
    assert_ok(ledger_count(ledger, NULL, 0, more, 1, &why));
    struct ledger_view *view = view_of_ledger();
    assert_int_equal(ledger_each_unclaimed(view, note_unclaimed, &u), 0);
    ledger_view_end(view);
    assert_int_equal(u.count, 3);
    for (size_t i = 0; i < 3; i++) {
        const struct unclaimed_count *count = &u.counts[i];
        if (strcmp(u.texts[i][0], "mautic") == 0) {
            assert_string_equal(u.texts[i][1], "submission");
            assert_int_equal(count->messages, 9);
            assert_int_equal(count->recipients, 90);
            assert_int_equal(count->first, 50);
            assert_int_equal(count->last, 80);
        } else {
            assert_int_equal(count->messages, u.texts[i][1][0] ? 4 : 2);
        }
    }
}

static int sum_unclaimed(const struct unclaimed_count *count, void *argument)
{
    uint64_t *sums = argument; /* places, messages, messages of the others */
    sums[0]++;
    sums[1] += count->messages;
    sums[2] += strcmp(count->domain, LEDGER_OTHERS) == 0 ? count->messages : 0;
    return 0;
}

static void strangers_cannot_fill_the_ledger_with_their_names(void **state)
{
    static struct unclaimed_count counts[LEDGER_UNCLAIMED_MAX + 3];
    static char names[LEDGER_UNCLAIMED_MAX + 3][16];
    const size_t count = sizeof counts / sizeof *counts;
    uint64_t sums[3] = {0};
    (void)state;
    for (size_t i = 0; i < count; i++) {
        snprintf(names[i], sizeof names[i], "%zu.example", i);
        counts[i] = (struct unclaimed_count){"", "25", names[i], 1, 1, 50, 60};
    }
    assert_ok(ledger_count(ledger, NULL, 0, counts, count, &why));
    assert_ok(ledger_count(ledger, NULL, 0, counts, 1, &why));
    struct ledger_view *view = view_of_ledger();
    assert_int_equal(ledger_each_unclaimed(view, sum_unclaimed, sums), 0);
    ledger_view_end(view);
    assert_int_equal(sums[0], LEDGER_UNCLAIMED_MAX + 1);
    assert_int_equal(sums[1], count + 1);
    assert_int_equal(sums[2], 3);
}

static void an_unclaimed_row_that_was_changed_is_an_error(void **state)
{
    const struct unclaimed_count count = {"login", "listener", "example.com", 1, 1, 1, 1};
    struct unclaimed u = {.count = 0};
    struct raw raw;
    MDB_val key, value;
    uint64_t events;
    (void)state;
    assert_ok(ledger_count(ledger, NULL, 0, &count, 1, &why));
    assert_int_equal(ledger_close(ledger), 0);
    raw_begin(site_ledger, &raw);
    raw_nth(&raw, "unclaimed", 0, &key, &value);
    ((char *)value.mv_data)[20] ^= 1;
    raw_put(&raw, "unclaimed", key, value);
    raw_end(&raw);
    raw_free(&key, &value);
    ledger = open_ledger();
    struct ledger_view *view = view_of_ledger();
    assert_int_equal(ledger_each_unclaimed(view, note_unclaimed, &u), ERR_KEY);
    ledger_view_end(view);
    assert_int_equal(ledger_count(ledger, NULL, 0, &count, 1, NULL), ERR_KEY);
    view = view_of_ledger();
    assert_refused(ledger_verify(view, &events, &why), ERR_CORRUPT, "unclaimed");
    ledger_view_end(view);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_ledger_site, remove_ledger_site)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(counters_of_streams_add_up),
        TEST(a_stream_with_a_long_name_is_counted_too),
        TEST(a_damaged_counter_is_an_error),
        TEST(bulk_that_nobody_claims_adds_up_by_where_it_came_from),
        TEST(strangers_cannot_fill_the_ledger_with_their_names),
        TEST(an_unclaimed_row_that_was_changed_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
