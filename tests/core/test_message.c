#include "core/message.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* --- fields ---------------------------------------------------------------------------------- */

static void fields_of_a_name_come_one_after_the_other_in_any_case(void **state)
{
    static const struct header_field fields[] = {
        {"List-Id", "first"}, {"List-Id-Old", "no"}, {"LIST-ID", "second"}, {"List", "no"}};
    const struct message message = {.fields = fields, .field_count = COUNT(fields)};
    size_t at = 0;
    (void)state;
    assert_ptr_equal(message_field(&message, "list-id", &at), &fields[0]);
    assert_ptr_equal(message_field(&message, "list-id", &at), &fields[2]);
    assert_null(message_field(&message, "list-id", &at));
    assert_null(message_field(&message, "list-id", &at));
}

static void unfolding_removes_folds_and_the_blanks_around(void **state)
{
    static const struct {
        const char *value, *line;
    } cases[] = {
        {"plain", "plain"},
        {"  plain\t ", "plain"},
        {"one\n two", "one two"},
        {"one\r\n\ttwo", "one\ttwo"},
        {"\n one\n", "one"},
        {"a\n  b\n  c", "a  b  c"},
        {"", ""},
        {" \r\n \t", ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char line[64];
        message_unfold(cases[i].value, line, sizeof line);
        assert_string_equal(line, cases[i].line);
    }
}

static void unfolding_cuts_to_fit(void **state)
{
    char line[8] = "xxxxxxx";
    (void)state;
    message_unfold("abc\n defghij", line, 6);
    assert_string_equal(line, "abc d");
    assert_int_equal(line[6], 'x');
    message_unfold("abc", line, 1);
    assert_string_equal(line, "");
    message_unfold("abc", line, 0);
    assert_string_equal(line, "");
}

/* --- globs over values ------------------------------------------------------------------------ */

static void a_value_fits_where_its_unfolded_line_does(void **state)
{
    static const char *const values[] = {
        "",          " ",         "a",          "ab",         "a\n b",
        "a\r\n b",   "\n ab \n",  "a\n\n\nb",   "News <n.a>", "News\n <n.a>",
        "aab\n aab", "ba\n ab a", "abab\n\tab", "  b  a ",
    };
    static const char *const globs[] = {
        "",      "*",  "?",    "??",   "a",      "ab",         "A B",   "a*",  "*b",
        "*a*b*", "**", "a b*", "*a?b", "*<n.a>", "News <n.a>", "n*.A>", "*ab", "a?*",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(values); i++)
        for (size_t j = 0; j < COUNT(globs); j++) {
            char line[64];
            message_unfold(values[i], line, sizeof line);
            assert_int_equal(message_value_fits(globs[j], values[i]), text_glob(globs[j], line));
        }
}

static void a_value_of_any_length_is_looked_at_to_its_end(void **state)
{
    const size_t length = 100000;
    char *value = malloc(length + 16);
    (void)state;
    assert_non_null(value);
    for (size_t i = 0; i < length; i++)
        value[i] = i % 70 == 0 ? '\n' : i % 70 == 1 ? '\t' : 'x';
    strcpy(value + length, "needl\n e");
    assert_true(message_value_fits("*needl e*", value));
    assert_false(message_value_fits("*needle*", value));
    free(value);
}

/* --- mailboxes -------------------------------------------------------------------------------- */

static void every_mailbox_of_a_from_field_is_found(void **state)
{
    static const struct {
        const char *value;
        const char *found[4];
    } cases[] = {
        {"news@acme.example", {"news@acme.example"}},
        {" <news@acme.example> ", {"news@acme.example"}},
        {"Acme News <news@acme.example>", {"news@acme.example"}},
        {"Acme News\n\t<news@acme.example>\n", {"news@acme.example"}},
        {"\"Acme, Inc. <x@y>\" <news@acme.example>", {"news@acme.example"}},
        {"\"Acme \\\" <x@y>\" <news@acme.example>", {"news@acme.example"}},
        {"Acme, Inc. <news@acme.example>", {"news@acme.example"}},
        {"Acme (the (first) <x@y>) <news@acme.example>", {"news@acme.example"}},
        {"news@acme.example (Acme, the shop)", {"news@acme.example"}},
        {"(one) news (two) @ acme.example (three)", {"news@acme.example"}},
        {"(a \\) b) news@acme.example", {"news@acme.example"}},
        {"a@x.example, B <b@x.example>,c@x.example", {"a@x.example", "b@x.example", "c@x.example"}},
        {"Team: a@x.example, B <b@x.example>; c@x.example",
         {"a@x.example", "b@x.example", "c@x.example"}},
        {"team@x.example: a@x.example;", {"a@x.example"}},
        {"undisclosed-recipients:;", {NULL}},
        {"\"a b\"@acme.example", {"\"a b\"@acme.example"}},
        {"<\"a>b,c\"@acme.example>", {"\"a>b,c\"@acme.example"}},
        {"news@[IPv6:2001:db8::1]", {"news@[IPv6:2001:db8::1]"}},
        {"<@relay.example,@other.example:news@acme.example>",
         {"@relay.example,@other.example:news@acme.example"}},
        {"=?utf-8?q?M=C3=BCller?= <news@acme.example>", {"news@acme.example"}},
        {"<www-data>", {"www-data"}},
        {"www-data", {NULL}},
        {"Acme News", {NULL}},
        {"Acme News <>", {NULL}},
        {"", {NULL}},
        {" ,;: ", {NULL}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *rest = cases[i].value;
        char address[64];
        for (size_t j = 0; cases[i].found[j]; j++) {
            assert_true(message_next_mailbox(&rest, address, sizeof address));
            assert_string_equal(address, cases[i].found[j]);
        }
        assert_false(message_next_mailbox(&rest, address, sizeof address));
        assert_string_equal(address, "");
        message_from_address(cases[i].value, address, sizeof address);
        assert_string_equal(address, cases[i].found[0] ? cases[i].found[0] : "");
    }
}

static void what_is_opened_and_never_closed_hides_no_address(void **state)
{
    static const char *const values[] = {"\"Acme <news@acme.example>",
                                         "Acme (News <news@acme.example>",
                                         "Acme [News <news@acme.example>",
                                         "Acme <news@acme.example", "\\\"Acme <news@acme.example>"};
    (void)state;
    for (size_t i = 0; i < COUNT(values); i++) {
        char address[64];
        message_from_address(values[i], address, sizeof address);
        assert_string_equal(address, "news@acme.example");
    }
}

static void a_long_display_name_hides_no_address_and_is_none(void **state)
{
    static char value[20000];
    const char *rest = value;
    char address[64];
    (void)state;
    value[0] = '"';
    for (size_t length = 1; length < 19000; length = strlen(value))
        strcat(value + length, "Acme, <shop@x.example>; \\\" (all: of us) ");
    strcat(value, "\" <news@acme.example>, last@acme.example");
    assert_true(message_next_mailbox(&rest, address, sizeof address));
    assert_string_equal(address, "news@acme.example");
    assert_true(message_next_mailbox(&rest, address, sizeof address));
    assert_string_equal(address, "last@acme.example");
    assert_false(message_next_mailbox(&rest, address, sizeof address));
}

static void an_address_is_cut_to_fit(void **state)
{
    char address[8] = "xxxxxxx";
    (void)state;
    message_from_address("<news@acme.example>", address, 5);
    assert_string_equal(address, "news");
    assert_int_equal(address[5], 'x');
    message_from_address("<news@acme.example>", address, 1);
    assert_string_equal(address, "");
}

static void a_hostile_from_takes_no_time(void **state)
{
    static const char *const pieces[] = {"(",     "\"\\",  "[",      "(\\",      "<",
                                         "<(",    "a@b\"", "((,",    "\"(:",     "\\\"",
                                         "\",\\", ",\\\"", "(\",\\", "[\\]\\\"", "\\\\\""};
    const size_t length = 60000;
    char *value = malloc(length + 1);
    (void)state;
    assert_non_null(value);
    for (size_t i = 0; i < COUNT(pieces); i++) {
        const char *rest = value;
        char address[256];
        for (size_t j = 0; j < length; j++)
            value[j] = pieces[i][j % strlen(pieces[i])];
        value[length] = '\0';
        clock_t begin = clock();
        while (message_next_mailbox(&rest, address, sizeof address))
            ;
        assert_true((clock() - begin) / CLOCKS_PER_SEC < 2);
    }
    free(value);
}

/* --- what a message says of itself ------------------------------------------------------------ */

static bool is_conversation(const char *sender, const char *name, const char *value)
{
    const struct header_field field = {name, value};
    const struct message message = {
        .sender = sender, .fields = &field, .field_count = name ? 1 : 0};
    return message_is_conversation(&message);
}

static void a_null_sender_makes_a_conversation(void **state)
{
    (void)state;
    assert_true(is_conversation("", NULL, NULL));
    assert_false(is_conversation("news@acme.example", NULL, NULL));
    assert_false(is_conversation(NULL, NULL, NULL));
}

static void an_automatic_reply_is_a_conversation_and_an_automatic_mail_is_not(void **state)
{
    static const struct {
        const char *value;
        bool conversation;
    } cases[] = {
        {"auto-replied", true},
        {" Auto-Replied ", true},
        {"auto-replied; owner-email=\"a@b\"", true},
        {"(vacation) auto-replied", true},
        {"\n auto-replied(x)", true},
        {"auto-generated", false},
        {"auto-generated (not auto-replied)", false},
        {"auto-replied-not", false},
        {"auto", false},
        {"no", false},
        {"", false},
        {"(auto-replied)", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(is_conversation("a@b.example", "Auto-submitted", cases[i].value),
                         cases[i].conversation);
}

static void a_list_that_takes_posts_is_a_conversation(void **state)
{
    static const struct {
        const char *value;
        bool conversation;
    } cases[] = {
        {"<mailto:list@acme.example>", true},
        {" <mailto:list@acme.example> (Subscribers)", true},
        {"NO", false},
        {" no (posting not allowed)", false},
        {"NO(announcements)", false},
        {"(moderated) NO", false},
        {"NOT", true},
        {"", false},
        {" \n ", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(is_conversation("a@b.example", "List-Post", cases[i].value),
                         cases[i].conversation);
}

static void every_field_of_a_name_counts(void **state)
{
    static const struct header_field fields[] = {{"List-Post", "NO"},
                                                 {"Auto-Submitted", "auto-generated"},
                                                 {"List-Post", "<mailto:list@acme.example>"}};
    struct message message = {.sender = "a@b.example", .fields = fields, .field_count = 2};
    (void)state;
    assert_false(message_is_conversation(&message));
    message.field_count = 3;
    assert_true(message_is_conversation(&message));
}

static void a_message_id_is_cut_at_a_line_and_one_word_in_the_log(void **state)
{
    static char value[70000];
    const struct header_field field = {"message-id", value}, other = {"X", "y"};
    struct message message = {.fields = &field, .field_count = 1};
    char id[MESSAGE_ID_SIZE];
    (void)state;
    memset(value, 'a', sizeof value - 1);
    message_id(&message, id);
    assert_int_equal(strlen(id), 998);
    strcpy(value, " <a\x1b[2J\r\n b\xc2\x9b\x7f@x>: opt-out\t");
    message_id(&message, id);
    assert_string_equal(id, "<a\x1b[2J b\xc2\x9b\x7f@x>: opt-out");
    message_id_word(&message, id);
    assert_string_equal(id, "<a?[2J?b???@x>:?opt-out");
    message.fields = &other;
    message_id(&message, id);
    assert_string_equal(id, "");
}

static void four_fields_are_signs_of_bulk_mail(void **state)
{
    static const struct {
        const char *name, *value;
        bool sign;
    } cases[] = {
        {"List-Unsubscribe", "<mailto:a@b>", true},
        {"list-id", "News <news.acme.example>", true},
        {"Feedback-ID", "1:2:3:esp", true},
        {"Precedence", "bulk", true},
        {"Precedence", " BULK ", true},
        {"Precedence", "list", false},
        {"Precedence", "bulky", false},
        {"X-Precedence", "bulk", false},
        {"List-Unsubscribe-Post", "List-Unsubscribe=One-Click", false},
        {"Subject", "List-Id: bulk", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct header_field field = {cases[i].name, cases[i].value};
        const struct message message = {.sender = "a@b", .fields = &field, .field_count = 1};
        assert_int_equal(message_has_bulk_sign(&message), cases[i].sign);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_of_a_name_come_one_after_the_other_in_any_case),
        cmocka_unit_test(unfolding_removes_folds_and_the_blanks_around),
        cmocka_unit_test(unfolding_cuts_to_fit),
        cmocka_unit_test(a_value_fits_where_its_unfolded_line_does),
        cmocka_unit_test(a_value_of_any_length_is_looked_at_to_its_end),
        cmocka_unit_test(a_message_id_is_cut_at_a_line_and_one_word_in_the_log),
        cmocka_unit_test(every_mailbox_of_a_from_field_is_found),
        cmocka_unit_test(what_is_opened_and_never_closed_hides_no_address),
        cmocka_unit_test(a_long_display_name_hides_no_address_and_is_none),
        cmocka_unit_test(an_address_is_cut_to_fit),
        cmocka_unit_test(a_hostile_from_takes_no_time),
        cmocka_unit_test(a_null_sender_makes_a_conversation),
        cmocka_unit_test(an_automatic_reply_is_a_conversation_and_an_automatic_mail_is_not),
        cmocka_unit_test(a_list_that_takes_posts_is_a_conversation),
        cmocka_unit_test(every_field_of_a_name_counts),
        cmocka_unit_test(four_fields_are_signs_of_bulk_mail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
