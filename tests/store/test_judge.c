/* Judging recipients by what a real list says of them. */
#include "site.h"

#include "store/judge.h"

#include <errno.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define NOW 1800000000

static struct list *list;
static struct subject_hasher *hasher;
static struct pool pool;

static int set_up(void **state)
{
    if (make_site(state) || subject_hasher_new(site_lookup.subject, &hasher))
        return -1;
    list = open_list();
    add_scope(list, "acme/news");
    add_scope(list, "other");
    return 0;
}

static int tear_down(void **state)
{
    pool_release(&pool);
    pool.limit = 0;
    subject_hasher_free(hasher);
    return list_close(list) || remove_site(state) ? -1 : 0;
}

/* --- the list and the recipients
 * ------------------------------------------------------------------ */

/* The number of the event that holds it. */
static uint64_t say(const char *whom, enum choice_kind kind, const char *scope, int64_t until)
{
    struct address address;
    struct list_entry entry = {.domain = *whom == '@',
                               .kind = kind,
                               .scope = scope,
                               .until = until,
                               .confirmed = kind == CHOICE_OPT_IN};
    assert_int_equal(
        entry.domain ? address_parse_domain(whom, &address) : address_parse(whom, &address), 0);
    assert_int_equal(subject_of_address(hasher, address.text, address.length, &entry.subject), 0);
    add_entry(list, &entry);
    return entry.event.number;
}

static struct recipient recipient_of(const char *given)
{
    struct recipient recipient = {.given = given};
    recipient.problem = address_parse(given, &recipient.address);
    return recipient;
}

static const struct stream news = {.scope = "acme/news"},
                           asking = {.scope = "acme/news", .consent = CONSENT_OPT_IN};

static struct judged judge(const char *given, const struct stream *stream)
{
    struct recipient recipient = recipient_of(given);
    struct judged judged;
    struct list_view *view = view_of(list);
    assert_int_equal(judge_recipients(view, hasher, stream, &recipient, 1, NOW, &pool, &judged), 0);
    list_view_end(view);
    return judged;
}

/* --- one recipient -------------------------------------------------------------------------------
 */

static void who_said_nothing_is_free(void **state)
{
    (void)state;
    struct judged judged = judge("<anna@x.example>", &news);
    assert_int_equal(judged.state, RECIPIENT_FREE);
    assert_true(judged.has_subject);
    assert_int_equal(judged.deciding_count, 0);
}

static void who_opted_out_is_told_with_what_decided(void **state)
{
    uint64_t first, second;
    (void)state;
    first = say("anna@x.example", CHOICE_OPT_OUT, "acme/news", 0);
    say("anna@x.example", CHOICE_OPT_OUT, "other", 0);
    say("anna@x.example", CHOICE_BLOCK, "acme", NOW); /* is over */
    second = say("@x.example", CHOICE_OPT_OUT, "acme", 0);
    struct judged judged = judge("<ANNA@X.example>", &news);
    assert_int_equal(judged.state, RECIPIENT_OPTED_OUT);
    assert_int_equal(judged.deciding_count, 2);
    assert_int_equal(judged.deciding[0]->event.number, first);
    assert_int_equal(judged.deciding[1]->event.number, second);
    assert_true(judged.deciding[1]->domain);
}

static void a_domain_alone_is_enough(void **state)
{
    (void)state;
    say("@x.example", CHOICE_BLOCK, "acme/news", NOW + 1);
    assert_int_equal(judge("<anna@x.example>", &news).state, RECIPIENT_OPTED_OUT);
    assert_int_equal(judge("<anna@sub.x.example>", &news).state, RECIPIENT_FREE);
    assert_int_equal(judge("<x.example@other.example>", &news).state, RECIPIENT_FREE);
}

static void a_person_s_opt_in_does_not_lift_the_domain(void **state)
{
    (void)state;
    say("anna@x.example", CHOICE_OPT_OUT, "acme/news", 0);
    say("anna@x.example", CHOICE_OPT_IN, "acme/news", 0);
    assert_int_equal(judge("<anna@x.example>", &news).state, RECIPIENT_FREE);
    say("@x.example", CHOICE_OPT_OUT, "acme/news", 0);
    assert_int_equal(judge("<anna@x.example>", &news).state, RECIPIENT_OPTED_OUT);
}

static void consent_is_asked_for_where_the_stream_does(void **state)
{
    (void)state;
    assert_int_equal(judge("<anna@x.example>", &asking).state, RECIPIENT_NO_CONSENT);
    say("anna@x.example", CHOICE_OPT_IN, "acme", 0);
    assert_int_equal(judge("<anna@x.example>", &asking).state, RECIPIENT_FREE);
}

static void who_cannot_be_read_is_not_looked_up(void **state)
{
    struct recipient companion = recipient_of("<anna@x.example>");
    struct judged judged;
    struct list_view *view;
    (void)state;
    say("anna@x.example", CHOICE_OPT_OUT, "acme/news", 0);
    judged = judge("<nodomain>", &news);
    assert_int_equal(judged.state, RECIPIENT_UNREADABLE);
    assert_false(judged.has_subject);
    assert_int_equal(judge("<a <b@x.example>>", &news).state, RECIPIENT_UNREMOVABLE);
    companion.companion = true;
    view = view_of(list);
    assert_int_equal(judge_recipients(view, hasher, &news, &companion, 1, NOW, &pool, &judged), 0);
    list_view_end(view);
    assert_int_equal(judged.state, RECIPIENT_COMPANION);
    assert_false(judged.has_subject);
}

/* --- where the list cannot tell
 * ------------------------------------------------------------------- */

enum { SOME = 4 };

static void some_recipients(struct recipient recipients[SOME])
{
    recipients[0] = recipient_of("<anna@x.example>");
    recipients[1] = recipient_of("<nodomain>");
    recipients[2] = recipient_of("<archive@acme.example>");
    recipients[2].companion = true;
    recipients[3] = recipient_of("<ben@x.example>");
}

static void assert_unknown(int code, const struct judged judged[SOME], int expected)
{
    assert_int_equal(code, expected);
    assert_int_equal(judged[0].state, RECIPIENT_UNKNOWN);
    assert_int_equal(judged[1].state, RECIPIENT_UNREADABLE);
    assert_int_equal(judged[2].state, RECIPIENT_COMPANION);
    assert_int_equal(judged[3].state, RECIPIENT_UNKNOWN);
}

static void without_a_list_whoever_had_to_be_looked_up_is_unknown(void **state)
{
    struct recipient recipients[SOME];
    struct judged judged[SOME];
    struct list_view *view = view_of(list);
    (void)state;
    some_recipients(recipients);
    assert_unknown(judge_recipients(NULL, hasher, &news, recipients, SOME, NOW, &pool, judged),
                   judged, 0);
    assert_unknown(judge_recipients(view, NULL, &news, recipients, SOME, NOW, &pool, judged),
                   judged, 0);
    list_view_end(view);
}

static void a_scope_that_was_renamed_brings_nobody_back(void **state)
{
    const struct stream renamed = {.scope = "acme/newz"};
    struct recipient recipients[SOME];
    struct judged judged[SOME];
    struct list_view *view = view_of(list);
    (void)state;
    some_recipients(recipients);
    assert_unknown(judge_recipients(view, hasher, &renamed, recipients, SOME, NOW, &pool, judged),
                   judged, ERR_SCOPE);
    list_view_end(view);
}

static void without_memory_nobody_is_free(void **state)
{
    struct recipient recipients[SOME];
    struct judged judged[SOME];
    struct list_view *view;
    size_t failures = 0;
    int code;
    (void)state;
    say("anna@x.example", CHOICE_OPT_OUT, "acme/news", 0);
    say("@x.example", CHOICE_OPT_OUT, "acme/news", 0);
    some_recipients(recipients);
    view = view_of(list);
    for (size_t limit = 16;; limit += 16) {
        pool_reset(&pool);
        pool.limit = limit;
        code = judge_recipients(view, hasher, &news, recipients, SOME, NOW, &pool, judged);
        for (size_t i = 0; i < SOME; i++)
            assert_int_not_equal(judged[i].state, RECIPIENT_FREE);
        if (code == 0)
            break;
        assert_int_equal(code, -ENOMEM);
        assert_int_equal(judged[3].state, RECIPIENT_UNKNOWN);
        failures++;
    }
    list_view_end(view);
    assert_true(failures > 4);
    assert_int_equal(judged[0].state, RECIPIENT_OPTED_OUT);
    assert_int_equal(judged[3].state, RECIPIENT_OPTED_OUT);
}

/* A row that cannot be read may be an opt-out. */
static void a_damaged_row_is_unknown_and_the_others_are_judged(void **state)
{
    struct recipient recipients[SOME];
    struct judged judged[SOME];
    struct list_view *view;
    MDB_val key, value;
    struct raw raw;
    (void)state;
    say("anna@x.example", CHOICE_OPT_OUT, "acme/news", 0);
    assert_int_equal(list_close(list), 0);
    raw_begin(site_list, &raw);
    raw_nth(&raw, "choice", 0, &key, &value);
    raw_put(&raw, "choice", key, raw_val("\xff", 1));
    raw_end(&raw);
    raw_free(&key, &value);
    list = open_list();
    some_recipients(recipients);
    view = view_of(list);
    assert_int_equal(judge_recipients(view, hasher, &news, recipients, SOME, NOW, &pool, judged),
                     ERR_CORRUPT);
    list_view_end(view);
    assert_int_equal(judged[0].state, RECIPIENT_UNKNOWN);
    assert_int_equal(judged[3].state, RECIPIENT_FREE);
}

/* --- spellings
 * ------------------------------------------------------------------------------------ */

/* `<` + tab + `anna@x.example>` can be looked up, and an MTA may know it by another spelling. */
static void who_is_kept_back_and_not_sure_to_be_removed_is_unremovable(void **state)
{
    uint64_t event;
    (void)state;
    assert_int_equal(judge("<\tanna@x.example>", &news).state, RECIPIENT_FREE);
    event = say("anna@x.example", CHOICE_OPT_OUT, "acme/news", 0);
    struct judged judged = judge("<\tanna@x.example>", &news);
    assert_int_equal(judged.state, RECIPIENT_UNREMOVABLE);
    assert_true(judged.has_subject);
    assert_int_equal(judged.deciding_count, 1);
    assert_int_equal(judged.deciding[0]->event.number, event);
}

/* An MTA may take it for anna@x.example, or for somebody of whom nothing is known. */
static void a_route_is_kept_back_whoever_is_behind_it(void **state)
{
    static const char *const routes[] = {"<anna%x.example@y.example>", "<x.example!anna@y.example>",
                                         "<\"anna@x.example\"@y.example>"};
    (void)state;
    for (size_t i = 0; i < COUNT(routes); i++) {
        struct judged judged = judge(routes[i], &news);
        assert_int_equal(judged.state, RECIPIENT_UNREADABLE);
        assert_false(judged.has_subject);
        assert_int_equal(judged.deciding_count, 0);
    }
}

static void random_spelling(char given[128])
{
    static const char *const pieces[] = {
        "a", "B", "@", ".", "\"", "\\", "<",   ">",  " ",        "(",  ")",    "[",
        "]", ":", ",", ";", "+t", "1",  "@r:", "\t", "\xc3\xa9", "\n", "\xff", "[1.2.3.4]"};
    bool brackets = random_below(2);

    strcpy(given, brackets ? "<" : "");
    for (unsigned n = random_below(4); n > 0; n--)
        strcat(given, pieces[random_below(COUNT(pieces))]);
    if (random_below(4))
        strcat(given, "a@x.example");
    for (unsigned n = random_below(3); n > 0; n--)
        strcat(given, pieces[random_below(COUNT(pieces))]);
    strcat(given, brackets ? ">" : "");
}

static void whoever_is_to_be_stripped_can_be(void **state)
{
    unsigned stripped = 0, others = 0;
    (void)state;
    say("@x.example", CHOICE_OPT_OUT, "acme/news", 0);
    for (unsigned i = 0; i < 30000; i++) {
        char given[128], name[ADDRESS_GIVEN_MAX + 1];
        random_spelling(given);
        struct judged judged = judge(given, &news);
        bool strip = judged.state == RECIPIENT_OPTED_OUT || judged.state == RECIPIENT_UNREADABLE;
        if (strip && address_for_removal(given, name) != 0)
            fail_msg("to be stripped and not removable: %s", given);
        stripped += judged.state == RECIPIENT_OPTED_OUT;
        others += judged.state == RECIPIENT_UNREMOVABLE;
        pool_reset(&pool);
    }
    assert_true(stripped > 1000 && others > 1000);
}

/* --- where only the subject is known ---------------------------------------------------------- */

static enum recipient_state judge_hash(const char *whom, bool consent_asked)
{
    struct subject subject;
    struct judged judged;
    struct list_view *view = view_of(list);
    assert_int_equal(subject_of_address(hasher, whom, strlen(whom), &subject), 0);
    assert_int_equal(judge_subject(view, &subject, "acme/news", consent_asked, NOW, &pool, &judged),
                     0);
    assert_true(judged.has_subject);
    assert_memory_equal(judged.subject.bytes, subject.bytes, SUBJECT_SIZE);
    list_view_end(view);
    return judged.state;
}

static void a_subject_is_judged_by_its_own_choices(void **state)
{
    (void)state;
    say("anna@x.example", CHOICE_OPT_OUT, "acme/news", 0);
    say("bert@x.example", CHOICE_OPT_IN, "acme/news", 0);
    assert_int_equal(judge_hash("anna@x.example", false), RECIPIENT_OPTED_OUT);
    assert_int_equal(judge_hash("bert@x.example", true), RECIPIENT_FREE);
    assert_int_equal(judge_hash("carl@x.example", false), RECIPIENT_FREE);
    assert_int_equal(judge_hash("carl@x.example", true), RECIPIENT_NO_CONSENT);
}

static void with_choices_of_domains_no_subject_is_free(void **state)
{
    (void)state;
    say("@y.example", CHOICE_OPT_OUT, "acme/news", 0);
    say("anna@x.example", CHOICE_OPT_OUT, "acme/news", 0);
    assert_int_equal(judge_hash("anna@x.example", false), RECIPIENT_OPTED_OUT);
    assert_int_equal(judge_hash("carl@x.example", false), RECIPIENT_UNKNOWN);
    assert_int_equal(judge_hash("carl@x.example", true), RECIPIENT_NO_CONSENT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(who_said_nothing_is_free),
        TEST(who_opted_out_is_told_with_what_decided),
        TEST(a_domain_alone_is_enough),
        TEST(a_person_s_opt_in_does_not_lift_the_domain),
        TEST(consent_is_asked_for_where_the_stream_does),
        TEST(who_cannot_be_read_is_not_looked_up),
        TEST(without_a_list_whoever_had_to_be_looked_up_is_unknown),
        TEST(a_scope_that_was_renamed_brings_nobody_back),
        TEST(without_memory_nobody_is_free),
        TEST(a_damaged_row_is_unknown_and_the_others_are_judged),
        TEST(who_is_kept_back_and_not_sure_to_be_removed_is_unremovable),
        TEST(a_route_is_kept_back_whoever_is_behind_it),
        TEST(whoever_is_to_be_stripped_can_be),
        TEST(a_subject_is_judged_by_its_own_choices),
        TEST(with_choices_of_domains_no_subject_is_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
