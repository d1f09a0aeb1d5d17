/* Sessions on many threads, while the configuration is read again, stores are taken away and
 * replaced, people opt out, and counts are written: whoever has opted out gets nothing, other mail
 * never waits, and what was refused is recorded. */
#include "milter.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#define STREAM(name, more)                                                                         \
    "stream " name " { scope = \"acme/news\" match_listener = {\"" name "\"} " more " }\n"
#define URL_LINE "public_url = \"" URL "\"\n"
/* Both say the same of who gets what, at RCPT or at the end. */
static const char one[] = URL_LINE STREAM("news", "") STREAM("early", "suppressed = refuse");
static const char other[] = "companions = {\"archive@acme.example\"}\n" URL_LINE STREAM(
    "early", "recipients = defer suppressed = refuse") STREAM("news", "none_left = refuse");

enum { SENDERS = 6, CHANGES = 25 };

static atomic_uint refused, put_off, accepted, reloads, replacements;
static atomic_bool ended;
/* No assertions on other threads: what is wrong is noted and told at the end. */
static atomic_uint wrong;
static char first_wrong[1024];

static int set_up(void **state)
{
    if (make_milter_site(state))
        return -1;
    register_scope("acme/news");
    opt_out("gone@x.example", "acme/news");
    start_service(one);
    atomic_store(&ended, false);
    atomic_store(&wrong, 0);
    return 0;
}

static int tear_down(void **state)
{
    if (service)
        stop_service();
    return remove_milter_site(state);
}

static void nap(unsigned microseconds)
{
    const struct timespec time = {.tv_nsec = microseconds * 1000L};
    nanosleep(&time, NULL);
}

/* --- senders
 * -------------------------------------------------------------------------------------- */

static void note(const char *sentence, const char *outcome)
{
    if (atomic_fetch_add(&wrong, 1) == 0)
        snprintf(first_wrong, sizeof first_wrong, "%s: %s", sentence, outcome);
}

static void check_shop(const char *outcome)
{
    if (strcmp(outcome, "accept") != 0)
        note("other mail", outcome);
}

static void check_gone(const char *outcome)
{
    if (strstr(outcome, "accept") || strstr(outcome, "discard"))
        note("opted out", outcome);
    else if (strstr(outcome, "refuse"))
        atomic_fetch_add(&refused, strstr(outcome, "; refuse") ? 2 : 1); /* at RCPT and again */
    else
        atomic_fetch_add(&put_off, 1);
}

static void check_two(const char *outcome)
{
    bool kept = strstr(outcome, " -<gone@x.example>") || strstr(outcome, "rcpt: ");
    bool link = strstr(outcome, "+List-Unsubscribe(anna@x.example, acme/news)");
    if (strstr(outcome, "accept") && (!kept || !link))
        note("one of two", outcome);
    if (strstr(outcome, "accept"))
        atomic_fetch_add(&accepted, 1);
}

static void *send_letters(void *argument)
{
    const bool answers = *(const bool *)argument;
    static const struct {
        struct letter letter;
        void (*check)(const char *);
    } kinds[] = {
        {{"<gone@x.example>", .listener = "shop"}, check_shop},
        {{"<gone@x.example>", .listener = "news"}, check_gone},
        {{"<gone@x.example> <anna@x.example>", .listener = "news"}, check_two},
        {{"<gone@x.example>", .listener = "early"}, check_gone},
        {{"<gone@x.example> <anna@x.example>", .listener = "early"}, check_two},
    };
    for (unsigned i = 0;
         atomic_load(&reloads) < CHANGES || atomic_load(&replacements) < CHANGES || i < 50; i++) {
        char *outcome = send_letter(&kinds[i % COUNT(kinds)].letter, answers);
        kinds[i % COUNT(kinds)].check(outcome);
        free(outcome);
    }
    return NULL;
}

/* --- who works beside them
 * -------------------------------------------------------------------------- */

static void *reload_often(void *argument)
{
    struct error why;
    (void)argument;
    for (unsigned i = 0; !atomic_load(&ended); i++) {
        write_config(i % 2 ? one : other);
        if (service_reload(service, &why))
            note("reload", why.text);
        service_write_tally(service);
        atomic_fetch_add(&reloads, 1);
        nap(2000);
    }
    return NULL;
}

static void copy_file(const char *from, const char *to)
{
    static char bytes[1 << 20];
    FILE *in = fopen(from, "r"), *out = fopen(to, "w");
    size_t length = in ? fread(bytes, 1, sizeof bytes, in) : 0;
    if (!out || length == 0 || length == sizeof bytes || fwrite(bytes, 1, length, out) != length)
        note("copy", from);
    if (in)
        fclose(in);
    if (out && fclose(out))
        note("copy", to);
}

static void replace_list(unsigned number)
{
    char fresh[128], old[128], from[160], to[160];
    snprintf(fresh, sizeof fresh, "%s/fresh%u", site_folder, number);
    snprintf(old, sizeof old, "%s/old%u", site_folder, number);
    snprintf(from, sizeof from, "%s/data.mdb", site_list);
    snprintf(to, sizeof to, "%s/data.mdb", fresh);
    if (mkdir(fresh, 0700))
        note("mkdir", fresh);
    copy_file(from, to);
    if (rename(site_list, old) || rename(fresh, site_list))
        note("rename", fresh);
}

static void *replace_often(void *argument)
{
    (void)argument;
    for (unsigned i = 0; !atomic_load(&ended); i++) {
        replace_list(i);
        atomic_fetch_add(&replacements, 1);
        nap(7000);
    }
    return NULL;
}

static int count_refusal(struct txn *txn, const struct event *event, void *argument)
{
    (void)txn;
    *(size_t *)argument += event->verdict && event->verdict->action == ACTION_REFUSE;
    return 0;
}

static void nothing_slips_and_nothing_else_waits(void **state)
{
    pthread_t senders[SENDERS], reloader, replacer;
    static const bool yes = true, no = false;
    size_t recorded = 0;
    (void)state;
    assert_int_equal(pthread_create(&reloader, NULL, reload_often, NULL), 0);
    assert_int_equal(pthread_create(&replacer, NULL, replace_often, NULL), 0);
    for (unsigned i = 0; i < SENDERS; i++)
        assert_int_equal(pthread_create(&senders[i], NULL, send_letters,
                                        (void *)(uintptr_t)(i % 2 ? &yes : &no)),
                         0);
    for (unsigned i = 0; i < SENDERS; i++)
        pthread_join(senders[i], NULL);
    atomic_store(&ended, true);
    pthread_join(reloader, NULL);
    pthread_join(replacer, NULL);
    if (atomic_load(&wrong))
        fail_msg("%u wrong, the first: %s", atomic_load(&wrong), first_wrong);
    print_message("# %u refused, %u put off, %u accepted; %u reloads, %u replacements\n", refused,
                  put_off, accepted, reloads, replacements);
    assert_true(atomic_load(&refused) > 0 && atomic_load(&accepted) > 0);
    walk_ledger(count_refusal, &recorded);
    assert_true(recorded >= atomic_load(&refused));
}

/* --- people who opt out meanwhile
 * ------------------------------------------------------------------- */

enum { LATE = 12 };

static atomic_uint opted_out; /* persons 0 to this one have been told that it is done */

static void *send_to_late_ones(void *argument)
{
    (void)argument;
    for (unsigned i = 0; !atomic_load(&ended); i++) {
        unsigned done = atomic_load(&opted_out);
        char given[64];
        snprintf(given, sizeof given, "<late%u@x.example>", i % LATE);
        char *outcome = send_letter(&(struct letter){given, .listener = "news"}, false);
        if (i % LATE < done && strncmp(outcome, "refuse", 6) != 0)
            note(given, outcome);
        free(outcome);
    }
    return NULL;
}

static void an_opt_out_that_was_answered_holds_on_every_thread(void **state)
{
    pthread_t senders[SENDERS];
    (void)state;
    for (unsigned i = 0; i < SENDERS; i++)
        assert_int_equal(pthread_create(&senders[i], NULL, send_to_late_ones, NULL), 0);
    for (unsigned i = 0; i < LATE; i++) {
        char address[32];
        snprintf(address, sizeof address, "late%u@x.example", i);
        opt_out(address, "acme/news");
        atomic_store(&opted_out, i + 1);
        nap(5000);
    }
    atomic_store(&ended, true);
    for (unsigned i = 0; i < SENDERS; i++)
        pthread_join(senders[i], NULL);
    if (atomic_load(&wrong))
        fail_msg("%u wrong, the first: %s", atomic_load(&wrong), first_wrong);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return act_as_tool(argv);
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(nothing_slips_and_nothing_else_waits),
        TEST(an_opt_out_that_was_answered_holds_on_every_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
