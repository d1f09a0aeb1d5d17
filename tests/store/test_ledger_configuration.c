/* Configurations in the ledger: told once each, with their text where it is new, and found again by
 * the verdicts that were made under them. */
#include "ledger_site.h"

#define PLACE "unix:/milter.sock"

static const struct event_stream one_stream[] = {{"news", "acme/news", LEDGER_ALL, MODE_MONITOR}};

/* A configuration whose digest is filled with an octet, and whose text is the octet alone. */
static struct ledger_configuration made(const char *actor, enum configuration_occasion occasion,
                                        char octet, int64_t since_ms)
{
    static char texts[256][2];
    struct ledger_configuration c = {.actor = actor,
                                     .configuration = {.place = PLACE,
                                                       .occasion = occasion,
                                                       .since_ms = since_ms,
                                                       .streams = one_stream,
                                                       .stream_count = 1}};
    memset(c.configuration.digest, octet, EVENT_HASH_SIZE);
    texts[(unsigned char)octet][0] = octet;
    c.text = texts[(unsigned char)octet];
    return c;
}

#define START(octet, at) made("milter", CONFIGURATION_START, octet, at)
#define RELOAD(octet, at) made("milter", CONFIGURATION_RELOAD, octet, at)

static void tell(const struct ledger_configuration *configurations, size_t count)
{
    assert_ok(ledger_configure(ledger, configurations, count, &why));
}

static void tell_one(struct ledger_configuration configuration)
{
    tell(&configuration, 1);
}

/* --- what the ledger has, in words ----------------------------------------------------------- */

struct telling {
    struct ledger_view *view;
    struct text text;
    size_t streams;
};

static int describe(struct txn *txn, const struct event *event, void *argument)
{
    struct telling *telling = argument;
    struct pool pool = {0};
    struct word *words;
    size_t count;
    (void)txn;

    assert_int_equal(event->type, EVENT_CONFIGURATION);
    assert_string_equal(event->configuration->place, PLACE);
    telling->streams += event->configuration->stream_count;
    if (event->batch)
        return 0;
    text_format(&telling->text, "%s%s %d %c@%d", telling->text.length ? ", " : "", event->actor,
                event->configuration->occasion, event->configuration->digest[0],
                (int)event->configuration->since_ms);
    assert_int_equal(ledger_words(telling->view, event, &pool, &words, &count), 0);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(words[i].name, LEDGER_CONFIGURATION_WORD);
        text_format(&telling->text, " (%s)", words[i].text);
    }
    pool_release(&pool);
    return 0;
}

/* Also that the ledger is whole. The number of streams. */
static size_t assert_told(const char *expected)
{
    struct telling telling = {.text = TEXT_EMPTY};
    uint64_t events;

    assert_int_equal(ledger_view_begin(ledger, &telling.view), 0);
    assert_int_equal(ledger_configurations(telling.view, describe, &telling), 0);
    assert_ok(ledger_verify(telling.view, &events, &why));
    ledger_view_end(telling.view);
    assert_string_equal(telling.text.data ? telling.text.data : "", expected);
    text_release(&telling.text);
    return telling.streams;
}

/* --------------------------------------------------------------------------------------------- */

static void the_text_is_kept_where_it_is_new(void **state)
{
    (void)state;
    assert_told("");
    tell_one(START('a', 1));
    tell_one(START('a', 2));
    tell_one(RELOAD('b', 3));
    tell_one(RELOAD('a', 4));
    assert_int_equal(assert_told("milter 1 a@1 (a), milter 1 a@2, milter 2 b@3 (b), "
                                 "milter 2 a@4 (a)"),
                     4);
}

static void what_is_told_twice_is_there_once(void **state)
{
    const struct ledger_configuration all[] = {START('a', 1), RELOAD('b', 2), RELOAD('c', 3)};
    (void)state;
    tell(all, 1);
    tell(all, 1);
    tell(all, 2);
    tell(all, 3);
    tell(all + 2, 1);
    assert_told("milter 1 a@1 (a), milter 2 b@2 (b), milter 2 c@3 (c)");
}

static void another_daemon_is_another_matter(void **state)
{
    struct ledger_configuration web = made("web", CONFIGURATION_START, 'a', 1);
    struct ledger_configuration other = START('a', 1);
    (void)state;
    web.if_changed = true;
    tell_one(START('a', 1));
    tell_one(web);
    web.configuration.since_ms = 2;
    tell_one(web);
    assert_told("milter 1 a@1 (a), web 1 a@1 (a)");
    other.configuration.since_ms = 5;
    tell_one(other);
    web = made("web", CONFIGURATION_RELOAD, 'b', 3);
    web.if_changed = true;
    tell_one(web);
    assert_told("milter 1 a@1 (a), web 1 a@1 (a), milter 1 a@5, web 2 b@3 (b)");
}

static void very_many_streams_take_several_events(void **state)
{
    enum { MANY = 5000 };
    static char names[MANY][64];
    static struct event_stream streams[MANY];
    struct ledger_configuration c = START('a', 1);
    struct ledger_view *view;
    struct ledger_extent extent;
    (void)state;

    for (size_t i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "a-rather-long-name-of-a-stream-%zu", i);
        streams[i] = (struct event_stream){names[i], names[i], LEDGER_ALL, MODE_ENFORCE};
    }
    c.configuration.streams = streams;
    c.configuration.stream_count = MANY;
    tell_one(c);
    tell_one(START('a', 2));
    assert_int_equal(assert_told("milter 1 a@1 (a), milter 1 a@2"), MANY + 1);
    assert_int_equal(ledger_view_begin(ledger, &view), 0);
    assert_int_equal(ledger_measure(view, &extent), 0);
    ledger_view_end(view);
    assert_true(extent.events > 4);
}

/* --- damage ---------------------------------------------------------------------------------- */

/* In memory of exactly that size, so that ASan sees an octet too many. */
static int decode(const char *bytes, size_t size)
{
    char *exact = malloc(size + 1);
    struct pool pool = {0};
    struct event event;

    assert_non_null(exact);
    memcpy(exact + 1, bytes, size);
    int code = event_decode(SLICE(exact + 1, size), &pool, &event);
    pool_release(&pool);
    free(exact);
    return code;
}

static void a_damaged_one_is_an_error_or_another_one(void **state)
{
    struct event_configuration configuration = START('a', 1700000000000).configuration;
    struct event event = {
        .type = EVENT_CONFIGURATION, .actor = "milter", .configuration = &configuration};
    struct text bytes = TEXT_EMPTY;
    (void)state;

    assert_int_equal(event_encode(&event, &bytes), 0);
    assert_int_equal(decode(bytes.data, bytes.length), 0);
    for (size_t i = 0; i < bytes.length; i++) {
        assert_int_equal(decode(bytes.data, i), ERR_CORRUPT);
        for (int bit = 0; bit < 8; bit++) {
            bytes.data[i] = (char)(bytes.data[i] ^ 1 << bit);
            int code = decode(bytes.data, bytes.length);
            assert_true(code == 0 || code == ERR_CORRUPT);
            bytes.data[i] = (char)(bytes.data[i] ^ 1 << bit);
        }
    }
    text_release(&bytes);
}

/* --- of verdicts ----------------------------------------------------------------------------- */

static void write_verdict(char octet)
{
    struct event_verdict verdict = {.stream = "news",
                                    .rule = "match_login",
                                    .scope = "acme/news",
                                    .queue_id = "",
                                    .action = ACTION_PASS,
                                    .given = 1};
    uint64_t number;

    memset(verdict.config, octet, sizeof verdict.config);
    assert_ok(ledger_write(ledger, &verdict, NULL, 0, &number, &why));
}

struct verdicts {
    struct ledger_view *view;
    struct text text;
};

static int find(struct txn *txn, const struct event *event, void *argument)
{
    struct verdicts *v = argument;
    struct pool pool = {0};
    struct event found;
    (void)txn;

    if (!event->verdict)
        return 0;
    int code = ledger_configuration_of(v->view, event, &pool, &found);
    if (code == ERR_NOT_FOUND)
        text_append(&v->text, "none ");
    else
        text_format(&v->text, "%c@%d ", found.configuration->digest[0],
                    (int)found.configuration->since_ms);
    pool_release(&pool);
    return code == ERR_NOT_FOUND ? 0 : code;
}

static void a_verdict_names_the_last_one_before_it(void **state)
{
    struct verdicts v = {.text = TEXT_EMPTY};
    (void)state;
    write_verdict('a');
    tell_one(START('a', 1));
    write_verdict('a');
    write_verdict('b');
    tell_one(RELOAD('b', 2));
    write_verdict('a');
    write_verdict('b');
    tell_one(START('a', 3));
    /* Another daemon that reads the same file decides on no mail. */
    tell_one(made("web", CONFIGURATION_START, 'a', 4));
    tell_one(made("web", CONFIGURATION_RELOAD, 'c', 5));
    write_verdict('a');
    write_verdict('c');
    assert_int_equal(ledger_view_begin(ledger, &v.view), 0);
    assert_int_equal(ledger_walk(v.view, NULL, find, &v), 0);
    ledger_view_end(v.view);
    assert_string_equal(v.text.data, "none a@1 none a@1 b@2 a@3 none ");
    text_release(&v.text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_ledger_site, remove_ledger_site)
    const struct CMUnitTest tests[] = {
        TEST(the_text_is_kept_where_it_is_new),
        TEST(what_is_told_twice_is_there_once),
        TEST(another_daemon_is_another_matter),
        TEST(very_many_streams_take_several_events),
        TEST(a_damaged_one_is_an_error_or_another_one),
        TEST(a_verdict_names_the_last_one_before_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
