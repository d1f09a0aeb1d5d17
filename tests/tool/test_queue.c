/* Mail in the queue: what the log tells of it, which verdict is its, and what cannot be taken out.
 */
#include "tool/queue/queue.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/network.h"

/* The tool has a function of that name. */
#define site_address test_site_address
#include "../store/list_site.h"
#undef site_address

#include <errno.h>
#include <sys/stat.h>
#include <time.h>

static struct network loopback;
static const struct policy policy = {.internal = &loopback, .internal_count = 1};

#define NOW INT64_C(1795652400) /* 2026-11-26T00:20:00Z */

/* --- what postqueue says --- */

static int reading(struct queue *queue, const char *lines)
{
    FILE *file = fmemopen((void *)(uintptr_t)lines, strlen(lines), "r");
    assert_non_null(file);
    int code = queue_read(file, queue, NULL);
    fclose(file);
    return code;
}

#define LINE(id, arrived, to)                                                                      \
    "{\"queue_name\": \"deferred\", \"queue_id\": \"" id "\", \"arrival_time\": " arrived          \
    ", \"message_size\": 324, \"sender\": \"news@acme.example\", \"recipients\": [" to "]}\n"
#define TO(address) "{\"address\": \"" address "\", \"delay_reason\": \"it waits\"}"

static void messages_are_read(void **state)
{
    struct queue queue = {.unread = 0};
    (void)state;
    assert_int_equal(
        reading(&queue, LINE("60A9EA722F3", "1795652344", TO("a@x.example") "," TO("b@x.example"))
                            LINE("4cXyz9GhQrz1b", "1795652345", "")),
        0);
    assert_int_equal(queue.count, 2);
    const struct queue_message *first = &queue.messages[0];
    assert_string_equal(first->id, "60A9EA722F3");
    assert_string_equal(first->queue, "deferred");
    assert_string_equal(first->sender, "news@acme.example");
    assert_int_equal(first->arrived, 1795652344);
    assert_int_equal(first->size, 324);
    assert_int_equal(first->recipient_count, 2);
    assert_string_equal(first->recipients[1].given, "b@x.example");
    assert_int_equal(queue.messages[1].recipient_count, 0);
    queue_release(&queue);
}

static void what_is_no_message_is_counted(void **state)
{
    static const char *const lines[] = {
        "Mail queue is empty\n",
        "{\n",
        "[]\n",
        "{\"queue_id\": \"A1\"}\n",
        LINE("ALL", "1795652344", ""),
        LINE("-d", "1795652344", ""),
        LINE("A1\\n B2", "1795652344", ""),
        LINE("A1", "\"x\"", ""),
        LINE("A1", "-1", ""),
        LINE("A1", "9223372036854775807", ""),
        LINE("A1", "1795652344", "{}"),
    };
    struct queue queue = {.unread = 0};
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        assert_int_equal(reading(&queue, lines[i]), 0);
        assert_int_equal(queue.unread, i + 1);
    }
    assert_int_equal(queue.count, 0);
    queue_release(&queue);
}

/* --- what the log says --- */

static void follow(struct queue *queue, const char *text)
{
    struct queue_log log = {"log", fmemopen((void *)(uintptr_t)text, strlen(text), "r")};
    assert_non_null(log.file);
    assert_int_equal(queue_follow(queue, &policy, &log, 1, NOW, NULL), 0);
    fclose(log.file);
}

/* "A B C": the ids that it had, and has now. */
static void is_called(const struct queue *queue, const char *ids)
{
    struct text text = TEXT_EMPTY;
    for (const struct queue_step *s = queue->messages[0].first; s; s = s->next)
        text_format(&text, "%s%s", text.length ? " " : "", s->id);
    assert_string_equal(text.data, ids);
    text_release(&text);
}

#define AT "2026-11-26T00:19:0"
#define SMTPD "+00:00 mta postfix/smtpd[1]: "
#define SENT(id, host, next)                                                                       \
    "+00:00 mta postfix/smtp[1]: " id ": to=<a@x.example>, relay=f[" host "]:10026, delay=1, "     \
    "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as " next ")\n"
#define ONE LINE("C3", "1795652344", TO("a@x.example"))

static void ids_are_followed_back_through_filter_and_requeue(void **state)
{
    struct queue queue = {.unread = 0};
    (void)state;
    reading(&queue, ONE);
    follow(&queue, AT "1" SMTPD "A1: client=x[127.0.0.1]\n" AT
                      "1+00:00 mta postfix/cleanup[1]: A1: message-id=<m@x>\n" AT "2" SMTPD
                      "B2: client=x[127.0.0.1]\n" AT "3" SENT("A1", "127.0.0.1", "B2") AT
           "4+00:00 mta postfix/pickup[1]: C3: uid=0 from=<n@x> orig_id=B2\n" AT
           "4+00:00 mta postfix/cleanup[1]: C3: message-id=<m@x>\n");
    is_called(&queue, "A1 B2 C3");
    const struct queue_step *oldest = queue.messages[0].first;
    assert_true(oldest->born);
    assert_int_equal(oldest->from, 1795652341);
    assert_int_equal(oldest->until, 1795652343);
    assert_string_equal(queue.messages[0].message_id, "<m@x>");
    queue_release(&queue);
}

static void strange_servers_and_clients_are_not_followed(void **state)
{
    struct queue queue = {.unread = 0};
    (void)state;
    reading(&queue, ONE);
    follow(&queue, AT "4" SMTPD "C3: client=x[127.0.0.1]\n" AT "5" SENT("B2", "192.0.2.1", "C3"));
    is_called(&queue, "C3");
    follow(&queue, AT "4" SMTPD "C3: client=x[192.0.2.1]\n" AT "5" SENT("B2", "127.0.0.1", "C3"));
    is_called(&queue, "C3");
    /* Before it was there, it cannot have been made. */
    follow(&queue, AT "3" SENT("B2", "127.0.0.1", "C3") AT "4" SMTPD "C3: client=x[127.0.0.1]\n");
    is_called(&queue, "C3");
    queue_release(&queue);
}

static void an_earlier_message_with_the_same_id_is_another_one(void **state)
{
    struct queue queue = {.unread = 0};
    (void)state;
    /* The log ends before this one came. */
    reading(&queue, LINE("C3", "1795652399", TO("a@x.example")));
    follow(&queue, AT "4" SMTPD "C3: client=x[127.0.0.1]\n" AT
                      "4+00:00 mta postfix/cleanup[1]: C3: message-id=<other@x>\n" AT
                      "5" SENT("B2", "127.0.0.1", "C3"));
    is_called(&queue, "C3");
    assert_null(queue.messages[0].message_id);
    queue_release(&queue);
    /* Or it has both. */
    reading(&queue, ONE);
    follow(&queue, AT "1" SMTPD "C3: client=x[127.0.0.1]\n" AT "1" SENT("B2", "127.0.0.1", "C3") AT
           "5" SMTPD "C3: client=x[127.0.0.1]\n" AT "5" SENT("A1", "127.0.0.1", "C3") AT
           "6" SMTPD "A1: client=x[127.0.0.1]\n");
    is_called(&queue, "A1 C3");
    /* The life of A1 behind that is not this one's. */
    assert_false(queue.messages[0].first->born);
    queue_release(&queue);
}

static void a_local_time_without_a_year_is_the_last_one(void **state)
{
    struct queue queue = {.unread = 0};
    (void)state;
    setenv("TZ", "UTC", 1);
    tzset();
    reading(&queue, ONE);
    follow(&queue, "Nov 26 00:19:05 mta postfix/smtpd[1]: C3: client=x[127.0.0.1]\n");
    assert_true(queue.messages[0].first->born);
    assert_int_equal(queue.messages[0].first->from, 1795652345);
    queue_release(&queue);
    /* Dec 26 is of the year before, long before the message came. */
    reading(&queue, ONE);
    follow(&queue, "Dec 26 00:19:05 mta postfix/smtpd[1]: C3: client=x[127.0.0.1]\n");
    assert_false(queue.messages[0].first->born);
    queue_release(&queue);
}

static void a_loop_ends(void **state)
{
    struct queue queue = {.unread = 0};
    (void)state;
    reading(&queue, ONE);
    struct text text = TEXT_EMPTY;
    for (int i = 0; i < 40; i++)
        text_append(&text,
                    AT "4" SMTPD "C3: client=x[127.0.0.1]\n" AT "4" SENT("C3", "127.0.0.1", "C3"));
    follow(&queue, text.data);
    text_release(&text);
    size_t steps = 0;
    for (const struct queue_step *s = queue.messages[0].first; s; s = s->next)
        steps++;
    assert_true(steps > 1 && steps < 12);
    queue_release(&queue);
}

/* --- verdicts and acting --- */

static struct ledger *ledger;
static struct site site;
static struct config config;

static int begin(void **state)
{
    if (set_up(state) ||
        ledger_open(site_ledger, ENV_WRITE, SITE_MAP, &site_lookup, &ledger, NULL) ||
        subject_hasher_new(site_lookup.subject, &site.hasher))
        return -1;
    site.config = &config;
    site.list = list;
    site.ledger = ledger;
    return 0;
}

static int end(void **state)
{
    subject_hasher_free(site.hasher);
    pool_release(&site.pool);
    return ledger_close(ledger) || tear_down(state) ? -1 : 0;
}

static struct subject subject_of(const char *text)
{
    struct address address;
    struct subject subject;
    assert_int_equal(address_parse(text, &address), 0);
    assert_int_equal(subject_of_address(site.hasher, address.text, address.length, &subject), 0);
    return subject;
}

static void opted_out(const char *address)
{
    struct list_entry entry = {.subject = subject_of(address),
                               .kind = CHOICE_OPT_OUT,
                               .reason = REASON_UNSUBSCRIBE,
                               .scope = NEWS};
    add_entry(list, &entry);
}

static void passed(const char *address, const char *queue_id)
{
    const struct event_verdict_row row = {
        .known = true, .subject = subject_of(address), .state = RECIPIENT_FREE};
    const struct event_verdict verdict = {.stream = "news",
                                          .rule = "match_login",
                                          .scope = NEWS,
                                          .queue_id = queue_id,
                                          .action = ACTION_PASS,
                                          .given = 1,
                                          .delivered = 1,
                                          .rows = &row,
                                          .row_count = 1};
    uint64_t number;
    assert_ok(ledger_write(ledger, &verdict, NULL, 0, &number, &why));
}

static void judged(struct queue *queue)
{
    assert_ok(site_view(&site, &why));
    assert_ok(queue_find(queue, &site, &why));
    assert_ok(queue_judge(queue, &site, clock_now(), &why));
    site_end_view(&site);
}

static void arrived_so_long_ago(struct queue *queue, const char *id, int64_t seconds)
{
    char line[400];
    snprintf(line, sizeof line,
             "{\"queue_name\": \"active\", \"queue_id\": \"%s\", \"arrival_time\": %lld, "
             "\"message_size\": 324, \"sender\": \"\", \"recipients\": [" TO("a@x.example") "]}\n",
             id, (long long)(clock_now() - seconds));
    assert_int_equal(reading(queue, line), 0);
}

static void a_verdict_of_another_time_is_of_another_message(void **state)
{
    struct queue queue = {.unread = 0};
    (void)state;
    passed("a@x.example", "A1");
    opted_out("a@x.example");
    arrived_so_long_ago(&queue, "A1", 0);
    arrived_so_long_ago(&queue, "A1", 1800);  /* it took half an hour to be sent */
    arrived_so_long_ago(&queue, "A1", 7200);  /* that verdict came too late for it */
    arrived_so_long_ago(&queue, "A1", -3600); /* or long before it */
    judged(&queue);
    assert_int_equal(queue.messages[0].link, QUEUE_BY_ID);
    assert_int_equal(queue.messages[0].result, QUEUE_FOUND);
    assert_int_equal(queue.messages[1].link, QUEUE_BY_ID);
    assert_int_equal(queue.messages[2].link, QUEUE_UNKNOWN);
    assert_int_equal(queue.messages[3].link, QUEUE_UNKNOWN);
    queue_release(&queue);
}

/* A program that has ended and left these words; what it is told goes nowhere. */
static struct mta program_that_said(const char *words, int status)
{
    struct mta mta = {.program = "postsuper", .in = fopen("/dev/null", "w")};
    FILE *said = tmpfile();
    assert_true(mta.in && said);
    fputs(words, said);
    fflush(said);
    mta.errors = dup(fileno(said));
    fclose(said);
    mta.pid = fork();
    if (mta.pid == 0)
        _exit(status);
    return mta;
}

struct seen {
    unsigned actions; /* a digit each, in their sequence */
    uint64_t numbers[8];
    uint64_t about;
    size_t count;
};

static int see(struct txn *txn, const struct event *event, void *argument)
{
    struct seen *seen = argument;
    (void)txn;
    if (!event->verdict || strcmp(event->actor, "cli") != 0)
        return 0;
    seen->actions = seen->actions * 10 + (unsigned)event->verdict->action;
    seen->numbers[seen->count++] = event->name.number;
    seen->about = event->batch;
    assert_int_equal(event->verdict->rows[0].basis_count, 1);
    return 0;
}

static struct seen verdicts(void)
{
    struct seen seen = {.count = 0};
    struct ledger_view *view;
    assert_int_equal(ledger_view_begin(ledger, &view), 0);
    assert_int_equal(ledger_walk(view, NULL, see, &seen), 0);
    ledger_view_end(view);
    return seen;
}

static void what_has_left_the_queue_meanwhile_is_told_and_taken_back(void **state)
{
    struct queue queue = {.unread = 0};
    struct error why = {""};
    (void)state;
    passed("a@x.example", "A1");
    passed("a@x.example", "B2");
    opted_out("a@x.example");
    arrived_so_long_ago(&queue, "A1", 0);
    arrived_so_long_ago(&queue, "B2", 0);
    judged(&queue);
    struct mta mta = program_that_said("postsuper: B2: placed on hold\n"
                                       "postsuper: A1: removed\n"
                                       "postsuper: Placed on hold: 1 message\n",
                                       0);
    assert_int_equal(queue_act(&queue, &site, ACTION_HOLD, &mta, &why), 0);
    assert_int_equal(queue.messages[0].result, QUEUE_GONE);
    assert_int_equal(queue.messages[1].result, QUEUE_HELD);
    struct seen seen = verdicts();
    assert_int_equal(seen.actions, 661); /* hold, hold, pass */
    assert_int_equal(seen.about, seen.numbers[0]);
    assert_int_equal(queue.messages[0].reference, seen.numbers[2]);
    mta_drop(&mta);
    queue_release(&queue);
}

static void where_postsuper_fails_all_is_taken_back(void **state)
{
    struct queue queue = {.unread = 0};
    struct error why = {""};
    (void)state;
    passed("a@x.example", "A1");
    opted_out("a@x.example");
    arrived_so_long_ago(&queue, "A1", 0);
    judged(&queue);
    struct mta mta = program_that_said("postsuper: fatal: no such luck\n", 1);
    assert_int_equal(queue_act(&queue, &site, ACTION_DELETE, &mta, &why), -EIO);
    assert_non_null(strstr(why.text, "no such luck"));
    assert_int_equal(queue.messages[0].result, QUEUE_FOUND);
    assert_int_equal(verdicts().actions, 71);
    mta_drop(&mta);
    queue_release(&queue);
}

/* Strangers write Message-IDs and senders. */
static void what_a_message_id_alone_tells_of_is_held_and_never_deleted(void **state)
{
    struct queue queue = {.unread = 0};
    struct error why = {""};
    (void)state;
    passed("a@x.example", "A1");
    opted_out("a@x.example");
    arrived_so_long_ago(&queue, "A1", 0);
    judged(&queue);
    queue.messages[0].link = QUEUE_BY_MESSAGE_ID;
    struct mta mta = program_that_said("postsuper: A1: removed\n", 0);
    assert_int_equal(queue_act(&queue, &site, ACTION_DELETE, &mta, &why), 0);
    assert_int_equal(queue.messages[0].result, QUEUE_FOUND);
    assert_int_equal(verdicts().actions, 0);
    mta_drop(&mta);
    mta = program_that_said("postsuper: A1: placed on hold\n", 0);
    assert_int_equal(queue_act(&queue, &site, ACTION_HOLD, &mta, &why), 0);
    assert_int_equal(queue.messages[0].result, QUEUE_HELD);
    mta_drop(&mta);
    queue_release(&queue);
}

/* --- whose Postfix it is --- */

static void write_main_cf(const char *folder)
{
    char path[128];
    snprintf(path, sizeof path, "%s/main.cf", folder);
    assert_int_equal(file_replace(path, "", 0, 0644, NULL), 0);
}

static int finding(const char *folder, const char *expected)
{
    struct error why = {""};
    char *real = NULL;
    int code = mta_find_folder(folder, &real, &why);
    if (code)
        assert_string_not_equal(why.text, "");
    else
        assert_string_equal(real, expected);
    free(real);
    return code;
}

/* It names programs that root's postqueue runs. Where these tests are not run by root, all that
 * they make is somebody else's. */
static void a_folder_that_others_can_write_is_not_root_s(void **state)
{
    char base[] = "/tmp/optout-test-queue-XXXXXX", folder[64], path[80], link[64];
    int own = geteuid() == 0 ? 0 : -EPERM;
    (void)state;
    assert_non_null(mkdtemp(base));
    snprintf(folder, sizeof folder, "%s/etc", base);
    snprintf(path, sizeof path, "%s/main.cf", folder);
    snprintf(link, sizeof link, "%s/link", base);
    assert_int_equal(finding(folder, ""), -ENOENT);
    assert_int_equal(mkdir(folder, 0755), 0);
    assert_int_equal(symlink("etc", link), 0);
    assert_int_equal(finding("/", "/"), 0);
    assert_int_equal(finding(folder, folder), own);
    write_main_cf(folder);
    assert_int_equal(finding(link, folder), own);
    assert_int_equal(chmod(path, 0666), 0);
    assert_int_equal(finding(folder, ""), -EPERM);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(chmod(folder, 0775), 0);
    assert_int_equal(finding(folder, ""), -EPERM);
    assert_int_equal(chmod(folder, 0755), 0);
    assert_int_equal(chmod(base, 0777), 0);
    assert_int_equal(finding(folder, ""), -EPERM);
    if (own == 0) {
        assert_int_equal(chmod(base, 0755), 0);
        assert_int_equal(finding(folder, folder), 0);
        assert_int_equal(chown(path, 1, 1), 0);
        assert_int_equal(finding(folder, ""), -EPERM);
    }
    unlink(path);
    unlink(link);
    rmdir(folder);
    rmdir(base);
}

#define STORE_TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_read),
        cmocka_unit_test(what_is_no_message_is_counted),
        cmocka_unit_test(ids_are_followed_back_through_filter_and_requeue),
        cmocka_unit_test(strange_servers_and_clients_are_not_followed),
        cmocka_unit_test(an_earlier_message_with_the_same_id_is_another_one),
        cmocka_unit_test(a_local_time_without_a_year_is_the_last_one),
        cmocka_unit_test(a_loop_ends),
        STORE_TEST(a_verdict_of_another_time_is_of_another_message),
        STORE_TEST(what_has_left_the_queue_meanwhile_is_told_and_taken_back),
        STORE_TEST(where_postsuper_fails_all_is_taken_back),
        STORE_TEST(what_a_message_id_alone_tells_of_is_held_and_never_deleted),
        cmocka_unit_test(a_folder_that_others_can_write_is_not_root_s),
    };
    network_parse("127.0.0.0/8", &loopback);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
