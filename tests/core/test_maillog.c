#include "core/maillog.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HEAD "Nov  6 00:19:04 mta postfix/"

static struct maillog_line reading(const char *text)
{
    struct maillog_line line;
    maillog_read(text, strlen(text), &line);
    return line;
}

static void is_other(const char *text)
{
    struct maillog_line line = reading(text);
    if (line.kind != MAILLOG_OTHER)
        fail_msg("read as %d: %s", (int)line.kind, text);
}

static void smtpd_tells_where_a_life_begins(void **state)
{
    (void)state;
    struct maillog_line line =
        reading(HEAD "smtpd[8903]: 60A9EA722F3: client=unknown[127.0.0.1], sasl_method=PLAIN");
    assert_int_equal(line.kind, MAILLOG_CLIENT);
    assert_string_equal(line.id, "60A9EA722F3");
    assert_string_equal(line.host, "127.0.0.1");
    assert_false(line.has_moment);
    assert_int_equal(line.local.month, 11);
    assert_int_equal(line.local.day, 6);
    assert_int_equal(line.local.hour, 0);
    assert_int_equal(line.local.minute, 19);
    assert_int_equal(line.local.second, 4);
    line = reading("2026-11-06T01:19:04.123456+01:00 mta postfix-out/submission/smtpd[1]: "
                   "4cXyz9: client=h.example[2001:db8::1]");
    assert_int_equal(line.kind, MAILLOG_CLIENT);
    assert_string_equal(line.host, "2001:db8::1");
    assert_true(line.has_moment);
    int64_t moment;
    assert_int_equal(clock_parse("2026-11-06T00:19:04Z", &moment), 0);
    assert_int_equal(line.moment, moment);
}

static void pickup_tells_what_was_put_into_the_queue_again(void **state)
{
    (void)state;
    struct maillog_line line = reading(
        HEAD "pickup[1]: 6C5CFA722F8: uid=102 from=<news@acme.example> orig_id=60A9EA722F3");
    assert_int_equal(line.kind, MAILLOG_PICKUP);
    assert_string_equal(line.id, "6C5CFA722F8");
    assert_string_equal(line.other, "60A9EA722F3");
    line = reading(HEAD "pickup[1]: 6C5CFA722F8: uid=33 from=<www-data>");
    assert_int_equal(line.kind, MAILLOG_PICKUP);
    assert_string_equal(line.other, "");
}

static void cleanup_tells_the_message_id(void **state)
{
    (void)state;
    const char *text = HEAD "cleanup[8905]: 60A9EA722F3: message-id=<a b@c>";
    struct maillog_line line = reading(text);
    assert_int_equal(line.kind, MAILLOG_MESSAGE_ID);
    assert_string_equal(line.id, "60A9EA722F3");
    assert_int_equal(line.message_id_length, 7);
    assert_memory_equal(line.message_id, "<a b@c>", 7);
    is_other(HEAD "cleanup[8905]: 60A9EA722F3: message-id=");
    is_other(HEAD "cleanup[8905]: 60A9EA722F3: resent-message-id=<a@c>");
}

#define SENT                                                                                       \
    HEAD "smtp[9]: 4Fabc: to=<a@b.example>, relay=127.0.0.1[127.0.0.1]:10026, delay=0.05, "        \
         "delays=0/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 6C5CFA722F8)"

static void smtp_tells_what_a_filter_calls_it(void **state)
{
    (void)state;
    struct maillog_line line = reading(SENT);
    assert_int_equal(line.kind, MAILLOG_QUEUED_AS);
    assert_string_equal(line.id, "4Fabc");
    assert_string_equal(line.other, "6C5CFA722F8");
    assert_string_equal(line.host, "127.0.0.1");
    line =
        reading(HEAD "lmtp[9]: 4Fabc: to=<a@b>, orig_to=<c@d>, relay=f.example[::1]:10026, "
                     "conn_use=2, delay=1, delays=0/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 from "
                     "MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4FN1z)");
    assert_int_equal(line.kind, MAILLOG_QUEUED_AS);
    assert_string_equal(line.other, "4FN1z");
    assert_string_equal(line.host, "::1");
}

static void what_strangers_write_cannot_make_a_line_of_this_kind(void **state)
{
    (void)state;
    /* An address with all of it. */
    is_other(HEAD "smtp[9]: 4Fabc: to=<\"x>, relay=127.0.0.1[127.0.0.1]:1, status=sent (250 queued "
                  "as 6C5CF)\"@e.example>, relay=mx.e.example[192.0.2.1]:25, delay=1, "
                  "dsn=2.0.0, status=sent (250 ok)");
    is_other(HEAD "smtp[9]: 4Fabc: to=<a@b>, relay=mx.e.example[192.0.2.1]:25, dsn=2.0.0, "
                  "status=sent (250 ok, relay=127.0.0.1[127.0.0.1]:1, status=sent (queued as A1))");
    is_other(HEAD "smtp[9]: 4Fabc: to=<a@b>, relay=127.0.0.1[127.0.0.1]:25, dsn=2.0.0, "
                  "status=sent (250 queued as A1 queued as B2)");
    is_other(HEAD "smtp[9]: 4Fabc: to=<a@b>, relay=127.0.0.1[127.0.0.1]:25, dsn=2.0.0, "
                  "status=sent (250 queued as A1) and more");
    is_other(HEAD "smtp[9]: 4Fabc: to=<a@b>, relay=127.0.0.1[127.0.0.1]:25, dsn=4.0.0, "
                  "status=deferred (sent (250 queued as A1))");
    is_other(HEAD "pickup[1]: 6C5C: uid=33 from=<a orig_id=B1@x> orig_id=C2");
    is_other(HEAD "pickup[1]: 6C5C: uid=33 from=<a> orig_id=C-2");
    is_other(HEAD "pickup[1]: 6C5C: uid=33 from=<\"a b\"@x>");
    is_other("Nov  6 00:19:04 mta smtpd[1]: 60A9: client=x[127.0.0.1]");
    is_other(HEAD "smtpd[1]: NOQUEUE: reject: RCPT from x[1.2.3.4]: client=y[127.0.0.1]");
    is_other(HEAD "smtpd[1]: 60-A9: client=x[127.0.0.1]");
    is_other(HEAD "qmgr[1]: 60A9: from=<client=x[127.0.0.1]>, size=324");
}

static void every_beginning_of_a_line_is_read_without_harm(void **state)
{
    static const char *const texts[] = {
        SENT, HEAD "smtpd[1]: 60A9: client=x[127.0.0.1]",
        HEAD "pickup[1]: 6C5CFA722F8: uid=102 from=<a@b> orig_id=60A9EA722F3",
        "2026-11-06T01:19:04.123456+01:00 mta postfix/cleanup[1]: 4c: message-id=<a@b>"};
    struct maillog_line line;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (size_t length = 0; length < strlen(texts[i]); length++) {
            char copy[512];
            memcpy(copy, texts[i], length); /* so that a sanitizer sees what lies behind it */
            maillog_read(copy, length, &line);
            assert_true(line.kind != MAILLOG_QUEUED_AS);
        }
    maillog_read("", 0, &line);
    assert_int_equal(line.kind, MAILLOG_OTHER);
}

static void ids_are_letters_and_digits(void **state)
{
    char longest[MAILLOG_ID_MAX + 1];
    (void)state;
    memset(longest, 'A', sizeof longest);
    assert_true(maillog_is_id("60A9EA722F3", 11));
    assert_true(maillog_is_id(longest, MAILLOG_ID_MAX));
    assert_false(maillog_is_id(longest, MAILLOG_ID_MAX + 1));
    assert_false(maillog_is_id("", 0));
    assert_false(maillog_is_id("ALL", 3));
    assert_true(maillog_is_id("ALL1", 4));
    assert_false(maillog_is_id("-d", 2));
    assert_false(maillog_is_id("ALL\n", 4));
    assert_true(maillog_is_reused("60A9EA722F3"));
    assert_false(maillog_is_reused("4cXyz9GhQrz1b"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(smtpd_tells_where_a_life_begins),
        cmocka_unit_test(pickup_tells_what_was_put_into_the_queue_again),
        cmocka_unit_test(cleanup_tells_the_message_id),
        cmocka_unit_test(smtp_tells_what_a_filter_calls_it),
        cmocka_unit_test(what_strangers_write_cannot_make_a_line_of_this_kind),
        cmocka_unit_test(every_beginning_of_a_line_is_read_without_harm),
        cmocka_unit_test(ids_are_letters_and_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
