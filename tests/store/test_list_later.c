/* Writing without waiting: its outcome is told as the blocking call would return it. */
#include "list_site.h"

#include <errno.h>
#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t woken = PTHREAD_COND_INITIALIZER;
static unsigned told;
static int outcome;
static struct error sentence;

static void note(void *argument, int code, const struct error *said)
{
    pthread_mutex_lock(&lock);
    outcome = code;
    sentence = *said;
    ++*(unsigned *)argument;
    pthread_cond_signal(&woken);
    pthread_mutex_unlock(&lock);
}

static int await(int submitted)
{
    assert_int_equal(submitted, 0);
    pthread_mutex_lock(&lock);
    while (told == 0)
        pthread_cond_wait(&woken, &lock);
    assert_int_equal(told, 1);
    told = 0;
    pthread_mutex_unlock(&lock);
    return outcome;
}

static const struct act by_web = {.actor = "web", .source = "page"};

static struct list_entry opted_out(unsigned person)
{
    struct list_entry entry = opt_out_of(NEWS, person);
    assert_int_equal(await(list_add_later(list, &entry, 1, &by_web, note, &told)), 0);
    return entry;
}

static void an_opt_out_is_told_with_its_event(void **state)
{
    struct list_entry entry = opted_out(1);
    (void)state;
    assert_true(entry.event.number > 0);
    assert_false(entry.known);
    struct list_entry again = opted_out(1);
    assert_true(again.known);
    assert_true(event_name_equal(&again.event, &entry.event));
}

static void what_cannot_be_is_told_with_a_sentence(void **state)
{
    struct list_entry entry = opt_out_of("no/such", 1);
    (void)state;
    assert_int_equal(await(list_add_later(list, &entry, 1, &by_web, note, &told)), ERR_SCOPE);
    assert_non_null(strstr(sentence.text, "no/such"));
    entry.kind = 0;
    assert_int_equal(list_add_later(list, &entry, 1, &by_web, note, &told), -EINVAL);
    assert_int_equal(told, 0);
}

static void a_withdrawal_takes_one_row_once(void **state)
{
    struct list_entry entry = opted_out(2);
    struct event_withdrawal row = {entry.subject, entry.event};
    (void)state;
    assert_int_equal(await(list_withdraw_later(list, &row, &by_web, note, &told)), 0);
    assert_int_equal(await(list_withdraw_later(list, &row, &by_web, note, &told)), ERR_NOT_FOUND);
}

static void a_reason_is_an_event_about_another(void **state)
{
    struct list_entry entry = opted_out(3);
    struct event_reason reason = {entry.event, "too-many"};
    struct word word = {"text", "zu viel"};
    struct act act = {.actor = "web", .source = "page", .words = &word, .word_count = 1};
    struct list_view *view;
    struct pool pool = {0};
    struct event event;
    struct event_name head;
    struct word *words;
    size_t count;
    uint64_t events;
    (void)state;
    assert_int_equal(await(list_reason_later(list, &reason, &act, note, &told)), 0);
    assert_int_equal(list_view_begin(list, &view), 0);
    assert_int_equal(list_head(view, &head), 0);
    assert_int_equal(list_event(view, &head, &pool, &event), 0);
    assert_int_equal(event.type, EVENT_REASON);
    assert_true(event_name_equal(&event.reason->about, &entry.event));
    assert_string_equal(event.reason->key, "too-many");
    assert_int_equal(list_words(view, &event, &pool, &words, &count), 0);
    assert_int_equal(count, 1);
    assert_string_equal(words[0].text, "zu viel");
    assert_ok(list_verify(view, &events, &why));
    pool_release(&pool);
    list_view_end(view);
    reason.about.number += 100;
    assert_int_equal(await(list_reason_later(list, &reason, &act, note, &told)), ERR_NOT_FOUND);
}

static void a_probe_leaves_nothing_that_is_seen(void **state)
{
    struct list_counts before, after;
    struct list_view *view;
    uint64_t events;
    (void)state;
    opted_out(4);
    assert_int_equal(list_view_begin(list, &view), 0);
    assert_int_equal(list_count(view, &before), 0);
    list_view_end(view);
    for (int i = 0; i < 20; i++)
        assert_int_equal(await(list_probe_later(list, note, &told)), 0);
    assert_int_equal(list_view_begin(list, &view), 0);
    assert_int_equal(list_count(view, &after), 0);
    assert_true(after.choices == before.choices && after.events == before.events &&
                after.addresses == before.addresses);
    assert_ok(list_verify(view, &events, &why));
    list_view_end(view);
}

static void a_list_that_was_opened_to_read_takes_nothing(void **state)
{
    struct list_entry entry = opt_out_of(NEWS, 5);
    (void)state;
    reopen_as(ENV_READ);
    assert_int_equal(list_add_later(list, &entry, 1, &by_web, note, &told), -EROFS);
    assert_int_equal(list_probe_later(list, note, &told), -EROFS);
    assert_int_equal(told, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_opt_out_is_told_with_its_event),
        TEST(what_cannot_be_is_told_with_a_sentence),
        TEST(a_withdrawal_takes_one_row_once),
        TEST(a_reason_is_an_event_about_another),
        TEST(a_probe_leaves_nothing_that_is_seen),
        TEST(a_list_that_was_opened_to_read_takes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
