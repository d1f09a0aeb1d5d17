/* The tally: what is counted reaches the ledger once, whatever fails on the way. */
#include "milter.h"

#include <pthread.h>

static struct tally *tally;
static struct ledger *ledger;

static int set_up(void **state)
{
    if (make_site(state) || !(tally = tally_new()))
        return -1;
    ledger = open_ledger();
    return 0;
}

static int tear_down(void **state)
{
    tally_free(tally);
    return ledger_close(ledger) || remove_site(state) ? -1 : 0;
}

/* --- what the ledger says
 * ------------------------------------------------------------------------- */

struct sums {
    struct text text; /* "news pass: 2 messages, ..." */
    uint64_t kinds, messages, recipients;
};

static int tell_stream(const struct stream_count *count, void *argument)
{
    struct sums *sums = argument;
    text_format(&sums->text, "%s %s%s %llu/%llu/%llu/%llu; ", count->stream,
                action_name(count->action), count->mode == MODE_MONITOR ? " watched" : "",
                (unsigned long long)count->messages, (unsigned long long)count->given,
                (unsigned long long)count->delivered, (unsigned long long)count->kept_back);
    sums->messages += count->messages;
    return 0;
}

static int tell_unclaimed(const struct unclaimed_count *count, void *argument)
{
    struct sums *sums = argument;
    sums->kinds++;
    sums->messages += count->messages;
    sums->recipients += count->recipients;
    text_format(&sums->text, "%s,%s,%s %llu/%llu %lld-%lld; ", count->login, count->listener,
                count->domain, (unsigned long long)count->messages,
                (unsigned long long)count->recipients, (long long)count->first,
                (long long)count->last);
    return 0;
}

static struct sums read_sums(bool streams)
{
    struct sums sums = {.text = TEXT_EMPTY};
    struct ledger_view *view;
    assert_int_equal(ledger_view_begin(ledger, &view), 0);
    assert_int_equal(streams ? ledger_each_stream(view, tell_stream, &sums)
                             : ledger_each_unclaimed(view, tell_unclaimed, &sums),
                     0);
    ledger_view_end(view);
    return sums;
}

static void assert_sums(bool streams, const char *expected)
{
    struct sums sums = read_sums(streams);
    assert_string_equal(sums.text.data ? sums.text.data : "", expected);
    text_release(&sums.text);
}

static const struct stream news = {.rule.name = "news"};
static const struct verdict pass = {.action = ACTION_PASS, .delivered = 2},
                            strip = {.action = ACTION_STRIP, .delivered = 1, .kept_back = 2};

/* --- tests
 * ---------------------------------------------------------------------------------------- */

static void verdicts_are_added_up_by_stream_action_and_mode(void **state)
{
    (void)state;
    tally_verdict(tally, &news, MODE_ENFORCE, &pass, 2);
    tally_verdict(tally, &news, MODE_ENFORCE, &strip, 3);
    tally_verdict(tally, &news, MODE_ENFORCE, &pass, 2);
    assert_ok(tally_write(tally, ledger, &why));
    tally_verdict(tally, &news, MODE_ENFORCE, &pass, 2);
    tally_verdict(tally, &news, MODE_MONITOR, &strip, 3);
    assert_ok(tally_write(tally, ledger, &why));
    assert_ok(tally_write(tally, ledger, &why));
    assert_sums(true, "news pass 3/6/6/0; news strip 1/3/1/2; news strip watched 1/3/1/2; ");
}

static void a_stream_is_counted_though_its_configuration_is_gone(void **state)
{
    char *name = strdup("gone");
    struct stream stream = {.rule.name = name};
    (void)state;
    assert_non_null(name);
    tally_verdict(tally, &stream, MODE_ENFORCE, &pass, 2);
    memset(name, 'x', 4);
    free(name);
    assert_ok(tally_write(tally, ledger, &why));
    assert_sums(true, "gone pass 1/2/2/0; ");
}

static void unclaimed_mail_is_added_up_by_where_it_came_from(void **state)
{
    (void)state;
    tally_unclaimed(tally, "shop", "smtp", "acme.example", 3, 200);
    tally_unclaimed(tally, NULL, "sendmail", "", 1, 100);
    tally_unclaimed(tally, "shop", "smtp", "acme.example", 2, 100);
    assert_ok(tally_write(tally, ledger, &why));
    tally_unclaimed(tally, "shop", "smtp", "acme.example", 1, 300);
    assert_ok(tally_write(tally, ledger, &why));
    struct sums sums = read_sums(false);
    assert_non_null(strstr(sums.text.data, "shop,smtp,acme.example 3/6 100-300; "));
    assert_non_null(strstr(sums.text.data, ",sendmail, 1/1 100-100; "));
    assert_int_equal(sums.kinds, 2);
    text_release(&sums.text);
}

static void very_long_names_are_cut(void **state)
{
    char login[1000];
    (void)state;
    memset(login, 'x', sizeof login - 1);
    login[sizeof login - 1] = '\0';
    tally_unclaimed(tally, login, login, login, 1, 100);
    assert_ok(tally_write(tally, ledger, &why));
    struct sums sums = read_sums(false);
    assert_int_equal(sums.kinds, 1);
    assert_true(sums.text.length < 3 * 128 + 32);
    text_release(&sums.text);
}

/* Who sends under ever new names fills no memory, and hides no others that were known before. */
static void beyond_a_thousand_kinds_the_rest_is_others(void **state)
{
    char domain[32];
    (void)state;
    for (unsigned i = 0; i < 1500; i++) {
        snprintf(domain, sizeof domain, "d%u.example", i);
        tally_unclaimed(tally, "", "smtp", domain, 1, 100 + i);
    }
    tally_unclaimed(tally, "", "smtp", "d0.example", 1, 50);
    assert_ok(tally_write(tally, ledger, &why));
    struct sums sums = read_sums(false);
    assert_int_equal(sums.kinds, 1001);
    assert_int_equal(sums.messages, 1501);
    assert_non_null(strstr(sums.text.data, ",smtp,d0.example 2/2 50-100; "));
    assert_non_null(strstr(sums.text.data, ",,others 500/500 1100-1599; "));
    text_release(&sums.text);
}

static void what_could_not_be_written_is_kept(void **state)
{
    struct ledger *reader = NULL;
    struct error said = {""};
    (void)state;
    assert_int_equal(ledger_close(ledger), 0);
    assert_ok(ledger_open(site_ledger, ENV_READ, SITE_MAP, &site_lookup, &reader, &why));
    tally_verdict(tally, &news, MODE_ENFORCE, &pass, 2);
    tally_unclaimed(tally, "shop", "smtp", "acme.example", 3, 200);
    assert_int_equal(tally_write(tally, reader, &said), -EROFS);
    assert_string_not_equal(said.text, "");
    assert_int_equal(ledger_close(reader), 0);
    ledger = open_ledger();
    tally_verdict(tally, &news, MODE_ENFORCE, &pass, 2);
    assert_ok(tally_write(tally, ledger, &why));
    assert_sums(true, "news pass 2/4/4/0; ");
    assert_sums(false, "shop,smtp,acme.example 1/3 200-200; ");
}

/* --- threads
 * ---------------------------------------------------------------------------------------- */

enum { THREADS = 4, TIMES = 5000 };

static void *count_much(void *argument)
{
    (void)argument;
    for (unsigned i = 0; i < TIMES; i++) {
        char domain[32];
        snprintf(domain, sizeof domain, "d%u.example", i % 50);
        tally_verdict(tally, &news, MODE_ENFORCE, i % 3 ? &pass : &strip, 2);
        tally_unclaimed(tally, "", "smtp", domain, 2, i);
    }
    return NULL;
}

static void nothing_is_lost_or_counted_twice_between_threads(void **state)
{
    pthread_t threads[THREADS];
    (void)state;
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_much, NULL), 0);
    for (unsigned i = 0; i < 50; i++)
        assert_ok(tally_write(tally, ledger, &why));
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_ok(tally_write(tally, ledger, &why));
    struct sums streams = read_sums(true), unclaimed = read_sums(false);
    assert_int_equal(streams.messages, THREADS * TIMES);
    assert_int_equal(unclaimed.messages, THREADS * TIMES);
    assert_int_equal(unclaimed.recipients, 2 * THREADS * TIMES);
    assert_int_equal(unclaimed.kinds, 50);
    text_release(&streams.text);
    text_release(&unclaimed.text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(verdicts_are_added_up_by_stream_action_and_mode),
        TEST(a_stream_is_counted_though_its_configuration_is_gone),
        TEST(unclaimed_mail_is_added_up_by_where_it_came_from),
        TEST(very_long_names_are_cut),
        TEST(beyond_a_thousand_kinds_the_rest_is_others),
        TEST(what_could_not_be_written_is_kept),
        TEST(nothing_is_lost_or_counted_twice_between_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
