/* The ledger: verdicts, a person's history. What is counted is in test_ledger_count.c. */
#include "ledger_site.h"

#include <errno.h>
#include <pthread.h>

#define NEWS "acme/news"

static struct event_verdict verdict_with(const struct event_verdict_row *rows, size_t count)
{
    return (struct event_verdict){.stream = "newsletter",
                                  .rule = "match_login",
                                  .scope = NEWS,
                                  .queue_id = "4Q1xyz",
                                  .config = {1, 2, 3},
                                  .action = ACTION_STRIP,
                                  .given = 3000,
                                  .delivered = 500,
                                  .kept_back = count,
                                  .rows = rows,
                                  .row_count = count};
}

static uint64_t written(const struct event_verdict *verdict, const struct word *words, size_t count)
{
    uint64_t number = 0;
    assert_ok(ledger_write(ledger, verdict, words, count, &number, &why));
    return number;
}

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

/* --- verdicts --- */

static int copy_event(struct txn *txn, const struct event *event, void *argument)
{
    (void)txn;
    if (event->type != EVENT_VERDICT)
        return 0;
    const struct event_verdict *v = event->verdict;
    *(struct event_verdict *)argument = *v;
    assert_string_equal(event->actor, "milter");
    assert_string_equal(v->stream, "newsletter");
    assert_string_equal(v->rule, "match_login");
    assert_string_equal(v->scope, NEWS);
    assert_string_equal(v->queue_id, "4Q1xyz");
    assert_int_equal(v->row_count, 3);
    assert_memory_equal(&v->rows[0].subject, "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1", SUBJECT_SIZE);
    assert_int_equal(v->rows[0].state, RECIPIENT_NO_CONSENT);
    assert_int_equal(v->rows[0].basis_count, 0);
    assert_int_equal(v->rows[1].state, RECIPIENT_OPTED_OUT);
    assert_int_equal(v->rows[1].basis_count, 2);
    assert_int_equal(v->rows[1].basis[1].event.number, 9);
    assert_memory_equal(v->rows[1].basis[1].hash, "hashhash", EVENT_SHORT_HASH_SIZE);
    assert_false(v->rows[2].known);
    assert_int_equal(v->rows[2].state, RECIPIENT_UNREADABLE);
    return 0;
}

static void a_verdict_is_read_back_with_its_rows_by_subject(void **state)
{
    const struct event_basis basis[] = {{{"node..", 7}, "12345678"}, {{"node..", 9}, "hashhash"}};
    struct event_verdict_row rows[3] = {
        {.known = false, .state = RECIPIENT_UNREADABLE},
        {.known = true, .state = RECIPIENT_OPTED_OUT, .basis = basis, .basis_count = 2},
        {.known = true, .state = RECIPIENT_NO_CONSENT},
    };
    struct event_verdict verdict = verdict_with(rows, 3), read = {0};
    (void)state;
    memset(&rows[0].subject, 0xee, SUBJECT_SIZE); /* is not looked at */
    memset(&rows[1].subject, 2, SUBJECT_SIZE);
    memset(&rows[2].subject, 1, SUBJECT_SIZE);
    verdict.mode = MODE_MONITOR;
    assert_int_equal(written(&verdict, NULL, 0), 2);
    struct ledger_view *view = view_of_ledger();
    assert_int_equal(ledger_walk(view, NULL, copy_event, &read), 0);
    ledger_view_end(view);
    assert_int_equal(read.action, ACTION_STRIP);
    assert_int_equal(read.mode, MODE_MONITOR);
    assert_int_equal(read.given, 3000);
    assert_int_equal(read.delivered, 500);
    assert_int_equal(read.kept_back, 3);
    assert_memory_equal(read.config, "\1\2\3\0\0\0\0\0", 8);
    verified(2);
}

static void a_verdict_without_rows_is_an_event_too(void **state)
{
    struct event_verdict verdict = verdict_with(NULL, 0);
    (void)state;
    assert_int_equal(written(&verdict, NULL, 0), 2);
    verified(2);
}

struct parts {
    uint64_t first, events, rows, with_words;
    struct subject last;
    bool unsorted;
};

static int count_part(struct txn *txn, const struct event *event, void *argument)
{
    struct parts *parts = argument;
    (void)txn;
    if (event->type != EVENT_VERDICT)
        return 0;
    if (parts->events++ == 0)
        parts->first = event->name.number;
    assert_int_equal(event->batch, parts->events == 1 ? 0 : parts->first);
    assert_int_equal(event->verdict->given, 3000);
    parts->with_words += event->words != NULL;
    for (size_t i = 0; i < event->verdict->row_count; i++) {
        const struct subject *subject = &event->verdict->rows[i].subject;
        parts->unsorted |= memcmp(&parts->last, subject, sizeof *subject) > 0;
        parts->last = *subject;
        parts->rows++;
    }
    return 0;
}

static void a_verdict_with_2500_rows_is_one_batch_of_events(void **state)
{
    static struct event_verdict_row rows[2500];
    const struct word words[] = {{"sender", "news@acme.example"}};
    const struct event_basis basis[] = {{{"node..", 70000}, "12345678"}};
    struct event_verdict verdict = verdict_with(rows, 2500);
    struct parts parts = {.events = 0};
    (void)state;
    for (unsigned i = 0; i < 2500; i++)
        rows[i] = (struct event_verdict_row){.known = true,
                                             .subject = subject_number(i),
                                             .state = RECIPIENT_OPTED_OUT,
                                             .basis = basis,
                                             .basis_count = 1};
    assert_int_equal(written(&verdict, words, 1), 2);
    struct ledger_view *view = view_of_ledger();
    assert_int_equal(ledger_walk(view, NULL, count_part, &parts), 0);
    ledger_view_end(view);
    assert_int_equal(parts.first, 2);
    assert_true(parts.events > 1 && parts.events < 10);
    assert_int_equal(parts.rows, 2500);
    assert_int_equal(parts.with_words, 1);
    assert_false(parts.unsorted);
    verified(1 + parts.events);
}

/* As many as the milter names for one recipient, for as many as a message may have. */
static void rows_that_rest_on_much_fit_whatever_they_rest_on(void **state)
{
    static struct event_verdict_row rows[1000];
    static struct event_basis basis[5000];
    struct event_verdict verdict = verdict_with(rows, 1000);
    struct parts parts = {.events = 0};
    (void)state;
    for (unsigned i = 0; i < 5000; i++) { /* each of a node of its own, the largest number */
        memcpy(basis[i].event.node, &i, sizeof i);
        basis[i].event.number = UINT64_MAX;
    }
    for (unsigned i = 0; i < 1000; i++)
        rows[i] = (struct event_verdict_row){.known = true,
                                             .subject = subject_number(i),
                                             .state = RECIPIENT_OPTED_OUT,
                                             .basis = basis,
                                             .basis_count = 16};
    rows[500].basis_count = 5000;
    written(&verdict, NULL, 0);
    struct ledger_view *view = view_of_ledger();
    assert_int_equal(ledger_walk(view, NULL, count_part, &parts), 0);
    ledger_view_end(view);
    assert_int_equal(parts.rows, 1000);
    verified(1 + parts.events);
}

static void one_row_names_a_thousand_events_at_most(void **state)
{
    static struct event_basis basis[LEDGER_BASIS_MAX + 1];
    struct event_verdict_row row = {.known = true,
                                    .state = RECIPIENT_OPTED_OUT,
                                    .basis = basis,
                                    .basis_count = LEDGER_BASIS_MAX + 1};
    struct event_verdict verdict = verdict_with(&row, 1);
    struct pool pool = {0};
    struct event event;
    struct raw raw;
    (void)state;
    written(&verdict, NULL, 0);
    verified(2);
    assert_int_equal(ledger_close(ledger), 0);
    raw_begin(site_ledger, &raw);
    MDB_val key = raw_val("\0\0\0\0\0\0\0\2", 8), value;
    assert_int_equal(mdb_get(raw.txn, raw_table(&raw, "journal"), &key, &value), 0);
    assert_int_equal(event_decode(SLICE(value.mv_data, value.mv_size), &pool, &event), 0);
    assert_int_equal(event.verdict->rows[0].basis_count, LEDGER_BASIS_MAX);
    raw_end(&raw);
    pool_release(&pool);
    ledger = open_ledger();
}

static int take_words(struct txn *txn, const struct event *event, void *argument)
{
    static struct ledger_view *view;
    struct pool pool = {0};
    struct word *words;
    size_t count;
    (void)txn;
    if (!event) {
        view = argument;
        return 0;
    }
    if (event->type != EVENT_VERDICT)
        return 0;
    assert_int_equal(ledger_words(view, event, &pool, &words, &count), 0);
    assert_int_equal(count, 2);
    assert_string_equal(words[0].name, "sender");
    assert_string_equal(words[0].text, "news@acme.example");
    assert_string_equal(words[1].name, "message-id");
    pool_release(&pool);
    ++*(int *)argument;
    return 0;
}

static void the_words_of_a_verdict_come_back(void **state)
{
    const struct word words[] = {
        {"sender", "news@acme.example"}, {"login", NULL}, {"message-id", "<1@acme.example>"}};
    struct event_verdict verdict = verdict_with(NULL, 0);
    int seen = 0;
    (void)state;
    written(&verdict, words, 3);
    struct ledger_view *view = view_of_ledger();
    take_words(NULL, NULL, view);
    assert_int_equal(ledger_walk(view, NULL, take_words, &seen), 0);
    ledger_view_end(view);
    assert_int_equal(seen, 1);
    verified(2);
}

/* --- history --- */

struct numbers {
    uint64_t numbers[20];
    size_t count;
    int answer;
};

static int note_number(struct txn *txn, const struct event *event, void *argument)
{
    struct numbers *numbers = argument;
    (void)txn;
    numbers->numbers[numbers->count++] = event->name.number;
    return numbers->answer;
}

static struct numbers history_of(unsigned person, int answer, int expected)
{
    struct numbers numbers = {.answer = answer};
    struct subject subject = subject_number(person);
    struct ledger_view *view = view_of_ledger();
    assert_int_equal(ledger_history(view, &subject, note_number, &numbers), expected);
    ledger_view_end(view);
    return numbers;
}

static void a_history_holds_the_verdicts_on_one_person_in_their_sequence(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        struct event_verdict_row rows[3] = {
            {.known = true, .subject = subject_number(i % 2), .state = RECIPIENT_OPTED_OUT},
            {.known = true, .subject = subject_number(i % 2), .state = RECIPIENT_OPTED_OUT},
            {.known = true, .subject = subject_number(100 + i), .state = RECIPIENT_OPTED_OUT},
        };
        struct event_verdict verdict = verdict_with(rows, 3);
        written(&verdict, NULL, 0);
    }
    struct numbers numbers = history_of(1, 0, 0);
    assert_int_equal(numbers.count, 5); /* given twice, a recipient stands there once */
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(numbers.numbers[i], 3 + 2 * i);
    numbers = history_of(104, 0, 0);
    assert_int_equal(numbers.count, 1);
    assert_int_equal(numbers.numbers[0], 6);
    assert_int_equal(history_of(999, 0, 0).count, 0);
    assert_int_equal(history_of(1, ERR_NOT_FOUND, ERR_NOT_FOUND).count, 1);
    assert_int_equal(history_of(1, 5, 5).count, 1);
    verified(11);
}

static void a_reading_about_one_person_is_in_their_history(void **state)
{
    (void)state;
    const struct word words[] = {{"staff", "jane"}};
    struct event_reading one = {.command = "person",
                                .people = 1,
                                .has_subject = true,
                                .subject = subject_number(3),
                                .scope = ""};
    struct event_reading all = {.command = "export", .scope = NEWS};
    struct event_name name = {.number = 0};

    assert_ok(ledger_write_reading(ledger, &one, words, 1, &name, &why));
    assert_int_equal(name.number, 2);
    assert_ok(ledger_write_reading(ledger, &all, words, 1, NULL, &why));
    struct event_verdict_row row = {
        .known = true, .subject = subject_number(3), .state = RECIPIENT_OPTED_OUT};
    struct event_verdict verdict = verdict_with(&row, 1);
    written(&verdict, NULL, 0);
    struct numbers numbers = history_of(3, 0, 0);
    assert_int_equal(numbers.count, 2);
    assert_int_equal(numbers.numbers[0], 2);
    assert_int_equal(numbers.numbers[1], 4);
    verified(4);
}

/* --- in the clear --- */

static void no_login_or_domain_lies_in_the_file_in_the_clear(void **state)
{
    static char bytes[4 << 20];
    const struct unclaimed_count count = {"anna.login", "listener-x", "anna.example", 1, 1, 1, 1};
    const struct word words[] = {{"sender", "anna.sender@example.com"}};
    struct event_verdict verdict = verdict_with(NULL, 0);
    char path[128];
    (void)state;
    assert_ok(ledger_count(ledger, NULL, 0, &count, 1, &why));
    written(&verdict, words, 1);
    assert_int_equal(ledger_close(ledger), 0);
    snprintf(path, sizeof path, "%s/data.mdb", site_ledger);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    assert_non_null(memmem(bytes, size, "4Q1xyz", 6));
    assert_null(memmem(bytes, size, "anna", 4));
    assert_null(memmem(bytes, size, "listener-x", 10));
    ledger = open_ledger();
}

/* --- many threads --- */

static void *write_fifty(void *argument)
{
    struct event_verdict_row row = {.known = true, .state = RECIPIENT_OPTED_OUT};
    struct event_verdict verdict = verdict_with(&row, 1);
    uint64_t number;
    row.subject = subject_number(*(unsigned *)argument);
    for (int i = 0; i < 50; i++)
        if (ledger_write(ledger, &verdict, NULL, 0, &number, NULL))
            return argument;
    return NULL;
}

static int count_event(struct txn *txn, const struct event *event, void *argument)
{
    (void)txn;
    (void)event;
    ++*(unsigned *)argument;
    return 0;
}

static void sessions_on_many_threads_write_all_their_verdicts(void **state)
{
    pthread_t threads[16];
    unsigned persons[16];
    (void)state;
    for (unsigned i = 0; i < 16; i++) {
        persons[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, write_fifty, &persons[i]), 0);
    }
    for (unsigned i = 0; i < 16; i++) {
        void *wrong;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
    for (unsigned i = 0; i < 16; i++) {
        struct subject subject = subject_number(i);
        unsigned count = 0;
        struct ledger_view *view = view_of_ledger();
        assert_int_equal(ledger_history(view, &subject, count_event, &count), 0);
        ledger_view_end(view);
        assert_int_equal(count, 50);
    }
    verified(801);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_ledger_site, remove_ledger_site)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_verdict_is_read_back_with_its_rows_by_subject),
        TEST(a_verdict_without_rows_is_an_event_too),
        TEST(a_verdict_with_2500_rows_is_one_batch_of_events),
        TEST(rows_that_rest_on_much_fit_whatever_they_rest_on),
        TEST(one_row_names_a_thousand_events_at_most),
        TEST(the_words_of_a_verdict_come_back),
        TEST(a_history_holds_the_verdicts_on_one_person_in_their_sequence),
        TEST(a_reading_about_one_person_is_in_their_history),
        TEST(no_login_or_domain_lies_in_the_file_in_the_clear),
        TEST(sessions_on_many_threads_write_all_their_verdicts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
