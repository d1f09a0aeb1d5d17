#include "core/inbound.h"

#include "base/error.h"
#include "base/text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define PERSON "anna@example.com"

/* A message with one field beside its Subject. */
static const char *automatic(const char *sender, const char *name, const char *value)
{
    const struct header_field fields[] = {{"Subject", "x"}, {name, value}};
    const struct message message = {.sender = sender, .fields = fields, .field_count = 2};
    return inbound_automatic(&message);
}

static void what_no_person_sent_is_known_by_its_sender_and_fields(void **state)
{
    (void)state;
    assert_non_null(automatic("", "X", ""));
    assert_non_null(automatic("<>", "X", ""));
    assert_non_null(automatic("MAILER-DAEMON", "X", ""));
    assert_non_null(automatic("mailer-daemon@mx.example", "X", ""));
    assert_non_null(automatic(PERSON, "Auto-Submitted", "auto-replied"));
    assert_non_null(automatic(PERSON, "auto-submitted", " (a comment) auto-generated; x=y"));
    assert_non_null(automatic(PERSON, "Auto-Submitted", ""));
    assert_non_null(automatic(PERSON, "Content-Type", "multipart/report; report-type=feedback"));
    assert_non_null(automatic(PERSON, "Content-Type", "Multipart/Report;\n boundary=x"));
    assert_non_null(automatic(PERSON, "Precedence", "list"));
    assert_non_null(automatic(PERSON, "Precedence", "JUNK"));
    assert_non_null(automatic(PERSON, "Precedence", "bulk"));
    assert_non_null(automatic(PERSON, "List-Id", "<a.example>"));
    assert_non_null(automatic(PERSON, "List-Post", "NO"));
}

static void what_a_person_sends_is_not_automatic(void **state)
{
    (void)state;
    assert_null(automatic(PERSON, "X-Mailer", "a program"));
    assert_null(automatic(NULL, "X-Mailer", "a program"));
    assert_null(automatic("mailer-daemons@example.com", "X", ""));
    assert_null(automatic(PERSON, "Auto-Submitted", "no"));
    assert_null(automatic(PERSON, "Auto-Submitted", " No (really)"));
    assert_null(automatic(PERSON, "Content-Type", "multipart/alternative; boundary=report"));
    assert_null(automatic(PERSON, "Precedence", "first-class"));
}

static void the_button_of_apple_is_a_person(void **state)
{
    const struct header_field fields[] = {{"Auto-Submitted", "auto-replied"},
                                          {"X-Apple-Unsubscribe", "true"}};
    struct message message = {.sender = PERSON, .fields = fields, .field_count = 2};
    (void)state;
    assert_null(inbound_automatic(&message));
    message.sender = "";
    assert_non_null(inbound_automatic(&message));
}

/* --- words --- */

struct seen {
    char words[256];
    const char *wanted;
};

static int note(const char *word, void *argument)
{
    struct seen *seen = argument;
    strcat(strcat(seen->words, word), "|");
    return seen->wanted && strcmp(word, seen->wanted) == 0 ? 0 : ERR_NOT_FOUND;
}

static void assert_words(const char *recipient, const char *subject, const char *words)
{
    const struct header_field fields[] = {{"Subject", subject}};
    const struct recipient recipients[] = {{.given = recipient}};
    const struct message message = {.fields = fields,
                                    .field_count = subject ? 1 : 0,
                                    .recipients = recipients,
                                    .recipient_count = recipient ? 1 : 0};
    struct seen seen = {.wanted = NULL};
    assert_int_equal(inbound_each_word(&message, note, &seen), ERR_NOT_FOUND);
    assert_string_equal(seen.words, words);
}

static void words_come_from_recipient_and_subject(void **state)
{
    (void)state;
    assert_words("optout+AQx-_9@acme.example", NULL, "AQx-_9|");
    assert_words("<opt+out+AQx@acme.example>", NULL, "AQx|");
    assert_words("optout@acme+x.example", NULL, "");
    assert_words("optout+x", NULL, "");
    assert_words(NULL, "AQx", "AQx|AQx|");
    assert_words(NULL, "[EXT] Re: AQx\t", "[EXT]Re:AQx|[EXT]|Re:|AQx|");
    assert_words(NULL, "AQ\n x", "AQx|AQ|x|");
    assert_words(NULL, "=?utf-8?Q?AQ?=\n =?utf-8?Q?x?=", "AQx|AQx|");
    assert_words(NULL, "", "|");
    assert_words("optout+AB@acme.example", "CD", "AB|CD|CD|");
}

static void the_right_word_ends_the_search(void **state)
{
    const struct header_field fields[] = {{"subject", "no yes never"}, {"Subject", "never"}};
    const struct message message = {.fields = fields, .field_count = 2};
    struct seen seen = {.wanted = "yes"};
    (void)state;
    assert_int_equal(inbound_each_word(&message, note, &seen), 0);
    assert_string_equal(seen.words, "noyesnever|no|yes|");
}

static int count_wanted(const char *word, void *argument)
{
    struct seen *seen = argument;
    strcat(strcat(seen->words, word), "|");
    return strncmp(word, "yes", 3) == 0 ? 0 : strcmp(word, "stop") == 0 ? -ENOMEM : ERR_NOT_FOUND;
}

static void every_recipient_counts_and_then_no_subject(void **state)
{
    const struct header_field fields[] = {{"Subject", "yes"}};
    struct recipient recipients[] = {{.given = "optout+no@acme.example"},
                                     {.given = "optout+yes1@acme.example"},
                                     {.given = "optout@acme.example"},
                                     {.given = "optout+yes2@acme.example"}};
    const struct message message = {
        .fields = fields, .field_count = 1, .recipients = recipients, .recipient_count = 4};
    struct seen seen = {.wanted = NULL}, stopped = {.wanted = NULL};
    (void)state;
    assert_int_equal(inbound_each_word(&message, count_wanted, &seen), 0);
    assert_string_equal(seen.words, "no|yes1|yes2|");
    recipients[2].given = "optout+stop@acme.example";
    assert_int_equal(inbound_each_word(&message, count_wanted, &stopped), -ENOMEM);
    assert_string_equal(stopped.words, "no|yes1|stop|");
}

/* --- subject and author --- */

static void the_subject_is_told_as_a_whole(void **state)
{
    const struct header_field fields[] = {{"Subject", " acme\n =?utf-8?Q?/news?= "}};
    const struct message message = {.fields = fields, .field_count = 1}, empty = {.fields = NULL};
    struct text subject = TEXT_EMPTY;
    (void)state;
    assert_int_equal(inbound_subject(&message, &subject), 0);
    assert_string_equal(subject.data, "acme /news");
    text_release(&subject);
    assert_int_equal(inbound_subject(&empty, &subject), 0);
    assert_string_equal(subject.data, "");
    text_release(&subject);
}

static int author(const char *first, const char *second, struct address *address)
{
    const struct header_field fields[] = {{"From", first}, {"From", second}};
    const struct message message = {.fields = fields, .field_count = second ? 2 : first ? 1 : 0};
    return inbound_author(&message, address);
}

static void the_author_is_the_one_mailbox_of_the_one_from(void **state)
{
    struct address address = {.length = 0};
    (void)state;
    assert_int_equal(author("Anna <Anna@EXAMPLE.com>", NULL, &address), 0);
    assert_string_equal(address.text, "anna@example.com");
    assert_int_equal(author(NULL, NULL, &address), ERR_NOT_FOUND);
    assert_int_equal(author("anna", NULL, &address), ERR_NOT_FOUND);
    assert_int_equal(author("<@>", NULL, &address), ERR_NOT_FOUND);
    assert_int_equal(author("a@b.example, c@d.example", NULL, &address), ERR_NOT_FOUND);
    assert_int_equal(author("a@b.example", "a@b.example", &address), ERR_NOT_FOUND);
    assert_string_equal(address.text, "anna@example.com");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_no_person_sent_is_known_by_its_sender_and_fields),
        cmocka_unit_test(what_a_person_sends_is_not_automatic),
        cmocka_unit_test(the_button_of_apple_is_a_person),
        cmocka_unit_test(words_come_from_recipient_and_subject),
        cmocka_unit_test(the_right_word_ends_the_search),
        cmocka_unit_test(every_recipient_counts_and_then_no_subject),
        cmocka_unit_test(the_subject_is_told_as_a_whole),
        cmocka_unit_test(the_author_is_the_one_mailbox_of_the_one_from),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
