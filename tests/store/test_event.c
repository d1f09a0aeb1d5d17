/* What an event is as octets. These never change: a journal that was written once is read, and its
 * hashes are reckoned, for as long as there are lists. */
#include "event_site.h"

static void the_octets_of_a_genesis(void **state)
{
    struct event_genesis genesis = {"list", 1, "SHA-256", 1};
    struct event event = event_of(EVENT_GENESIS, 1);
    (void)state;
    event.actor = "init";
    event.genesis = &genesis;
    memset(event.previous, 0, sizeof event.previous);
    assert_golden(&event, "a7"
                          "005820"
                          "0000000000000000000000000000000000000000000000000000000000000000"
                          "01481011121314151617"
                          "0201"
                          "031b0000018bcfe5687b"
                          "0401"
                          "0564696e6974"
                          "0d84646c697374"
                          "01675348412d323536"
                          "01");
}

static void the_octets_of_a_restored_nodes_genesis(void **state)
{
    struct event_genesis genesis = {"list", 1, "SHA-256", 1};
    struct event_continued continued = {.event = name_of(other_node, 300)};
    struct event event = event_of(EVENT_GENESIS, 24);
    (void)state;
    memset(continued.hash, 0xcd, sizeof continued.hash);
    event.genesis = &genesis;
    event.continues = &continued;
    assert_golden(&event, "a9" HEAD("1818", "01") "0a8148a0a1a2a3a4a5a6a7"
                                                  "0d84646c697374"
                                                  "01675348412d323536"
                                                  "01"
                                                  "118301"
                                                  "19012c"
                                                  "5820"
                                                  "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
                                                  "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd");
}

static void the_octets_of_a_verify(void **state)
{
    struct event_verified verified = {
        .list = {true, 300, name_of(own_node, 24)},
        .ledger = {true, 7, name_of(other_node, 7)},
        .fitting = 2,
        .misfitting = 1,
        .checkpoint_at = 1700000000,
    };
    struct event event = event_of(EVENT_VERIFIED, 24);
    (void)state;
    event.verified = &verified;
    assert_golden(&event, "a8" HEAD("1818", "1824") "0a8148a0a1a2a3a4a5a6a7"
                                                    "18198b"
                                                    "0119012c001818"
                                                    "01070107"
                                                    "02011a6553f100");
    verified.ledger = (struct event_verified_store){.whole = false};
    assert_golden(&event, "a7" HEAD("1818", "1824") "18198b"
                                                    "0119012c001818"
                                                    "00000000"
                                                    "02011a6553f100");
}

static void the_octets_of_a_reason(void **state)
{
    struct event_reason reason = {name_of(other_node, 300), "too-many"};
    struct event event = event_of(EVENT_REASON, 24);
    (void)state;
    event.reason = &reason;
    assert_golden(&event, "a8" HEAD("1818", "08") "0a8148a0a1a2a3a4a5a6a7"
                                                  "128301"
                                                  "19012c"
                                                  "68746f6f2d6d616e79");
}

static void the_octets_of_a_reading(void **state)
{
    struct event_reading one = {.command = "person", .people = 1, .has_subject = true, .scope = ""},
                         many = {.command = "export", .scope = "acme"};
    struct event event = event_of(EVENT_READING, 24);
    (void)state;
    memset(one.subject.bytes, 0xab, SUBJECT_SIZE);
    event.reading = &one;
    assert_golden(&event, "a7" HEAD("1818", "1822") "1784"
                                                    "66706572736f6e"
                                                    "01"
                                                    "50abababababababababababababababab"
                                                    "60");
    event.reading = &many;
    assert_golden(&event, "a7" HEAD("1818", "1822") "1784"
                                                    "666578706f7274"
                                                    "00"
                                                    "40"
                                                    "6461636d65");
}

static void the_octets_of_a_batch(void **state)
{
    static const uint64_t counts[BATCH_COUNTS] = {10, 5, 2, 1, 1, 1, 300};
    struct event_batch import = {.kind = BATCH_IMPORT, .has_digest = true, .size = 1000},
                       undo = {.kind = BATCH_UNDO, .undoes = name_of(other_node, 7)};
    struct event begin = event_of(EVENT_BATCH, 24), end = event_of(EVENT_BATCH_END, 24);
    (void)state;
    memset(import.digest, 0xab, sizeof import.digest);
    begin.begin = &import;
    assert_golden(
        &begin,
        "a7" HEAD("1818", "05") "0f8301"
                                "5820"
                                "abababababababababababababababababababababababababababababababab"
                                "1903e8");
    begin.begin = &undo;
    assert_golden(&begin, "a8" HEAD("1818", "05") "0a8148a0a1a2a3a4a5a6a7"
                                                  "0f850240000107");
    end.counts = counts;
    end.batch = 7;
    assert_golden(&end, "a8" HEAD("1818", "06") "0707"
                                                "10870a050201010119012c");
}

static void the_octets_of_registered_scopes(void **state)
{
    static const char *const scopes[] = {"/", "acme/news"};
    struct event event = event_of(EVENT_SCOPES, 24);
    (void)state;
    event.scopes = scopes;
    event.scope_count = 2;
    assert_golden(&event, "a7" HEAD("1818", "02") "0982612f6961636d652f6e657773");
}

static void the_octets_of_choices(void **state)
{
    struct event_name names[] = {name_of(own_node, 7), name_of(other_node, 300),
                                 name_of(own_node, 8)};
    struct event_choice rows[] = {
        {subject_of(1),
         {.kind = CHOICE_OPT_OUT, .reason = REASON_UNSUBSCRIBE, .scope = "acme/news"}},
        {subject_of(2),
         {.kind = CHOICE_BLOCK,
          .reason = REASON_BOUNCE,
          .scope = "/",
          .asked = 1699999999,
          .until = 1800000000}},
        {subject_of(3),
         {.kind = CHOICE_OPT_IN,
          .confirmed = true,
          .reason = REASON_DOUBLE_OPT_IN,
          .scope = "acme/news",
          .asked = 1699999998,
          .names = names,
          .name_count = 3}},
        {subject_of(4),
         {.kind = CHOICE_OPT_OUT, .domain = true, .reason = REASON_OBJECTION, .scope = "/"}},
    };
    static const uint8_t words[EVENT_HASH_SIZE] = {0xee, 0xef};
    struct event event = event_of(EVENT_CHOICES, 9);
    (void)state;
    event.source = "crm";
    event.batch = 5;
    event.words = words;
    event.choices = rows;
    event.choice_count = 4;
    assert_golden(
        &event,
        "ac" HEAD("09", "03") "066363726d"
                              "0705"
                              "08815820"
                              "eeef000000000000000000000000000000000000000000000000000000000000"
                              "09826961636d652f6e657773612f"
                              "0a8148a0a1a2a3a4a5a6a7"
                              "0b84"
                              "8550"
                              "01010101010101010101010101010101"
                              "01000200"
                              "8650"
                              "02020202020202020202020202020202"
                              "0201041a6553f0ff1a6b49d200"
                              "8750"
                              "03030303030303030303030303030303"
                              "0700"
                              "0a1a6553f0fe00860007"
                              "0119012c0008"
                              "8550"
                              "04040404040404040404040404040404"
                              "09010100");
}

static void the_octets_of_a_withdrawal(void **state)
{
    struct event_withdrawal rows[] = {{subject_of(1), name_of(own_node, 3)},
                                      {subject_of(2), name_of(other_node, 70000)}};
    struct event event = event_of(EVENT_WITHDRAWAL, 10);
    (void)state;
    event.withdrawals = rows;
    event.withdrawal_count = 2;
    assert_golden(&event, "a8" HEAD("0a", "04") "0a8148a0a1a2a3a4a5a6a7"
                                                "0c82"
                                                "83500101010101010101010101010101010100"
                                                "03"
                                                "83500202020202020202020202020202020201"
                                                "1a00011170");
}

static void the_octets_of_a_verdict(void **state)
{
    struct event_basis basis[] = {{name_of(own_node, 12), {0xb0, 0xb1}},
                                  {name_of(other_node, 13), {0xc0}}};
    struct event_verdict_row rows[] = {
        {.known = true,
         .subject = subject_of(9),
         .state = RECIPIENT_OPTED_OUT,
         .basis = basis,
         .basis_count = 2},
        {.known = true, .subject = subject_of(10), .state = RECIPIENT_NO_CONSENT},
        {.known = false, .state = RECIPIENT_UNREADABLE},
    };
    struct event_verdict verdict = {.stream = "newsletter",
                                    .rule = "match_login",
                                    .scope = "acme/news",
                                    .queue_id = "4Q1",
                                    .config = {1, 2, 3, 4, 5, 6, 7, 8},
                                    .action = ACTION_STRIP,
                                    .mode = MODE_MONITOR,
                                    .given = 40,
                                    .delivered = 37,
                                    .kept_back = 3,
                                    .rows = rows,
                                    .row_count = 3};
    struct event event = event_of(EVENT_VERDICT, 11);
    (void)state;
    event.actor = "milter";
    event.verdict = &verdict;
    assert_golden(&event, "a8"
                          "005820"
                          "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
                          "01481011121314151617"
                          "020b"
                          "031b0000018bcfe5687b"
                          "041820"
                          "05666d696c746572"
                          "0a8148a0a1a2a3a4a5a6a7"
                          "0e8b"
                          "6a6e6577736c6574746572"
                          "6b6d617463685f6c6f67696e"
                          "6961636d652f6e657773"
                          "63345131"
                          "480102030405060708"
                          "0201182818250383"
                          "8350090909090909090909090909090909090286000c48b0b1000000000000"
                          "010d48c000000000000000"
                          "83500a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0380"
                          "83400580");
}

/* The numbers that stand in the octets for names. */
static void numbers_that_are_stored_keep_their_meaning(void **state)
{
    (void)state;
    assert_int_equal(CHOICE_OPT_OUT, 1);
    assert_int_equal(CHOICE_BLOCK, 2);
    assert_int_equal(CHOICE_OPT_IN, 3);
    assert_int_equal(REASON_NONE, 0);
    assert_int_equal(REASON_OBJECTION, 1);
    assert_int_equal(REASON_UNSUBSCRIBE, 2);
    assert_int_equal(REASON_COMPLAINT, 3);
    assert_int_equal(REASON_BOUNCE, 4);
    assert_int_equal(REASON_SOFT_BOUNCE, 5);
    assert_int_equal(REASON_INVALID, 6);
    assert_int_equal(REASON_PAUSE, 7);
    assert_int_equal(REASON_MANUAL, 8);
    assert_int_equal(REASON_CONSENT, 9);
    assert_int_equal(REASON_DOUBLE_OPT_IN, 10);
    assert_int_equal(REASON_OTHER, 11);
    assert_int_equal(RECIPIENT_FREE, 1);
    assert_int_equal(RECIPIENT_OPTED_OUT, 2);
    assert_int_equal(RECIPIENT_NO_CONSENT, 3);
    assert_int_equal(RECIPIENT_COMPANION, 4);
    assert_int_equal(RECIPIENT_UNREADABLE, 5);
    assert_int_equal(RECIPIENT_UNREMOVABLE, 6);
    assert_int_equal(RECIPIENT_UNKNOWN, 7);
    assert_int_equal(ACTION_PASS, 1);
    assert_int_equal(ACTION_STRIP, 2);
    assert_int_equal(ACTION_REFUSE, 3);
    assert_int_equal(ACTION_DISCARD, 4);
    assert_int_equal(ACTION_DEFER, 5);
    assert_int_equal(ACTION_HOLD, 6);
    assert_int_equal(ACTION_DELETE, 7);
    assert_int_equal(MODE_ENFORCE, 0);
    assert_int_equal(MODE_MONITOR, 1);
    assert_int_equal(EVENT_GENESIS, 1);
    assert_int_equal(EVENT_SCOPES, 2);
    assert_int_equal(EVENT_CHOICES, 3);
    assert_int_equal(EVENT_WITHDRAWAL, 4);
    assert_int_equal(EVENT_VERDICT, 32);
    assert_int_equal(EVENT_CONFIGURATION, 33);
    assert_int_equal(CONFIGURATION_START, 1);
    assert_int_equal(CONFIGURATION_RELOAD, 2);
    assert_int_equal(CONFIGURATION_ALONE, 3);
    assert_int_equal(CONFIGURATION_STOP, 4);
    assert_int_equal(LEDGER_SUPPRESSED, 0);
    assert_int_equal(LEDGER_ALL, 1);
    assert_int_equal(EVENT_PROPOSAL, 10);
    assert_int_equal(EVENT_DECISION, 11);
    assert_int_equal(OPERATION_REMOVE, 1);
    assert_int_equal(OPERATION_OPT_IN, 2);
    assert_int_equal(OPERATION_UNDO, 3);
    assert_int_equal(OPERATION_SWEEP, 4);
    assert_int_equal(OPERATION_ERASE, 5);
    assert_int_equal(PROPOSAL_APPROVED, 1);
    assert_int_equal(PROPOSAL_REJECTED, 2);
    assert_int_equal(PROPOSAL_BEGUN, 3);
    assert_int_equal(PROPOSAL_DONE, 4);
}

static void event_types_have_names(void **state)
{
    (void)state;
    assert_string_equal(event_type_name(EVENT_GENESIS), "genesis");
    assert_string_equal(event_type_name(EVENT_BATCH), "batch");
    assert_string_equal(event_type_name(EVENT_BATCH_END), "batch-end");
    assert_string_equal(event_type_name(EVENT_LOSS), "loss");
    assert_string_equal(event_type_name(EVENT_SCOPES), "scopes");
    assert_string_equal(event_type_name(EVENT_CHOICES), "choices");
    assert_string_equal(event_type_name(EVENT_WITHDRAWAL), "withdrawal");
    assert_string_equal(event_type_name(EVENT_PROPOSAL), "proposal");
    assert_string_equal(event_type_name(EVENT_DECISION), "decision");
    assert_string_equal(event_type_name(EVENT_VERDICT), "verdict");
    assert_string_equal(event_type_name(EVENT_CONFIGURATION), "configuration");
    assert_string_equal(event_type_name((enum event_type)77), "unknown");
}

/* A row takes the most octets that it can without names. */
static void an_event_of_full_rows_fits_and_a_longer_one_is_refused(void **state)
{
    static struct event_choice rows[2000];
    char wide[129], source[255];
    struct event event = event_of(EVENT_CHOICES, UINT64_MAX);
    struct text bytes = TEXT_EMPTY;
    struct pool pool = {0};
    struct event read;
    (void)state;

    memset(wide, 'x', 128);
    wide[128] = '\0';
    memset(source, 's', 254);
    source[254] = '\0';
    for (size_t i = 0; i < 2000; i++)
        rows[i] = (struct event_choice){subject_of((uint8_t)i),
                                        {.kind = CHOICE_BLOCK,
                                         .reason = REASON_OTHER,
                                         .scope = wide,
                                         .asked = INT64_MAX,
                                         .until = INT64_MAX}};
    event.at_ms = INT64_MAX;
    event.source = source;
    event.batch = UINT64_MAX;
    event.words = event.previous;
    event.choices = rows;
    event.choice_count = EVENT_ROWS_MAX;
    assert_int_equal(event_encode(&event, &bytes), 0);
    assert_true(bytes.length <= EVENT_MAX);
    assert_int_equal(event_decode(SLICE(bytes.data, bytes.length), &pool, &read), 0);
    assert_int_equal(read.choice_count, EVENT_ROWS_MAX);
    assert_true(read.choices[999].choice.until == INT64_MAX);

    size_t before = bytes.length;
    event.choice_count = 2000;
    assert_int_equal(event_encode(&event, &bytes), ERR_TOO_LONG);
    assert_int_equal(bytes.length, before);
    text_release(&bytes);
    pool_release(&pool);
}

static void the_last_octet_that_fits_fits(void **state)
{
    static char actor[EVENT_MAX + 1];
    struct event event = event_of(EVENT_SCOPES, 1);
    (void)state;
    event.actor = actor;
    memset(actor, 'a', EVENT_MAX);
    for (size_t length = EVENT_MAX; length > EVENT_MAX - 100; length--) {
        struct text bytes = TEXT_EMPTY;
        actor[length] = '\0';
        int code = event_encode(&event, &bytes);
        if (code == 0) {
            assert_int_equal(bytes.length, EVENT_MAX);
            text_release(&bytes);
            return;
        }
        assert_int_equal(code, ERR_TOO_LONG);
        assert_int_equal(bytes.length, 0);
        text_release(&bytes);
    }
    fail_msg("none fitted");
}

static void times_before_1970_come_back(void **state)
{
    struct event_choice row = {
        subject_of(1), {.kind = CHOICE_BLOCK, .scope = "/", .asked = -5, .until = INT64_MIN}};
    struct event event = event_of(EVENT_CHOICES, 2), read;
    struct text bytes = TEXT_EMPTY;
    struct pool pool = {0};
    (void)state;
    event.at_ms = -1;
    event.choices = &row;
    event.choice_count = 1;
    assert_int_equal(event_encode(&event, &bytes), 0);
    assert_int_equal(event_decode(SLICE(bytes.data, bytes.length), &pool, &read), 0);
    assert_true(read.at_ms == -1);
    assert_true(read.choices[0].choice.asked == -5);
    assert_true(read.choices[0].choice.until == INT64_MIN);
    text_release(&bytes);
    pool_release(&pool);
}

static void a_choice_has_its_event_and_source_or_else_the_actor(void **state)
{
    struct event_choice row = {subject_of(1), {.kind = CHOICE_OPT_OUT, .scope = "acme"}};
    struct event event = event_of(EVENT_CHOICES, 77), read;
    struct pool pool = {0};
    (void)state;
    event.choices = &row;
    event.choice_count = 1;
    for (int with_source = 0; with_source < 2; with_source++) {
        struct text bytes = TEXT_EMPTY;
        event.source = with_source ? "crm" : NULL;
        assert_int_equal(event_encode(&event, &bytes), 0);
        assert_int_equal(event_decode(SLICE(bytes.data, bytes.length), &pool, &read), 0);
        assert_string_equal(read.choices[0].choice.source, with_source ? "crm" : "cli");
        assert_true(event_name_equal(&read.choices[0].choice.event, &event.name));
        /* The scopes are those of the choices: nothing is registered. */
        assert_int_equal(read.scope_count, 0);
        text_release(&bytes);
    }
    pool_release(&pool);
}

static void the_octets_of_a_configuration(void **state)
{
    const struct event_stream streams[] = {{"news", "acme/news", LEDGER_ALL, MODE_ENFORCE},
                                           {"s", "a", LEDGER_SUPPRESSED, MODE_MONITOR}};
    struct event_configuration configuration = {.place = "unix:/m",
                                                .occasion = CONFIGURATION_RELOAD,
                                                .since_ms = 1700000000000,
                                                .overlaps = true,
                                                .streams = streams,
                                                .stream_count = 2};
    struct event event = event_of(EVENT_CONFIGURATION, 24);
    (void)state;
    memset(configuration.digest, 0xab, sizeof configuration.digest);
    event.configuration = &configuration;
    assert_golden(&event, "a7" HEAD("1818", "1821") "1686"
                                                    "67756e69783a2f6d"
                                                    "02"
                                                    "5820"
                                                    "abababababababababababababababab"
                                                    "abababababababababababababababab"
                                                    "1b0000018bcfe56800"
                                                    "01"
                                                    "82"
                                                    "84646e6577736961636d652f6e6577730100"
                                                    "84617361610001");
}

static void the_octets_of_an_unknown_type(void **state)
{
    struct event event = event_of((enum event_type)4711, 1);
    (void)state;
    assert_golden(&event, "a6" HEAD("01", "191267"));
    assert_string_equal(event_type_name(event.type), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_octets_of_a_genesis),
        cmocka_unit_test(the_octets_of_a_restored_nodes_genesis),
        cmocka_unit_test(the_octets_of_a_reading),
        cmocka_unit_test(the_octets_of_a_reason),
        cmocka_unit_test(the_octets_of_a_verify),
        cmocka_unit_test(the_octets_of_a_batch),
        cmocka_unit_test(the_octets_of_registered_scopes),
        cmocka_unit_test(the_octets_of_choices),
        cmocka_unit_test(the_octets_of_a_withdrawal),
        cmocka_unit_test(the_octets_of_a_verdict),
        cmocka_unit_test(the_octets_of_a_configuration),
        cmocka_unit_test(the_octets_of_an_unknown_type),
        cmocka_unit_test(numbers_that_are_stored_keep_their_meaning),
        cmocka_unit_test(event_types_have_names),
        cmocka_unit_test(an_event_of_full_rows_fits_and_a_longer_one_is_refused),
        cmocka_unit_test(the_last_octet_that_fits_fits),
        cmocka_unit_test(times_before_1970_come_back),
        cmocka_unit_test(a_choice_has_its_event_and_source_or_else_the_actor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
