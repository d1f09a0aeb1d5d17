#include "exchange/format.h"

#include "base/error.h"
#include "exchange/mapping.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define WORDS_MAX 16

struct words {
    char words[WORDS_MAX][WORD_SIZE];
    size_t count;
};

/* "email,created" as words. */
static struct words split(const char *header)
{
    struct words result = {.count = 0};
    for (;;) {
        size_t length = strcspn(header, ",");
        word_of(header, length, result.words[result.count++]);
        if (!header[length])
            return result;
        header += length + 1;
    }
}

static void is_recognised(const char *header, const char *file, const char *name)
{
    struct words words = split(header);
    const struct format *format =
        format_by_words((const char(*)[WORD_SIZE])words.words, words.count, file);
    if (!format != !name || (name && strcmp(format->name, name) != 0))
        fail_msg("\"%s\" of %s is %s", header, file, format ? format->name : "unknown");
}

static void is_named(const char *given, const char *header, const char *file, const char *name)
{
    struct words words = split(header);
    const struct format *format =
        format_by_name(given, (const char(*)[WORD_SIZE])words.words, words.count, file);
    if (!format != !name || (name && strcmp(format->name, name) != 0))
        fail_msg("%s with \"%s\" of %s is %s", given, header, file,
                 format ? format->name : "unknown");
}

static void words_are_letters_and_digits(void **state)
{
    (void)state;
    static const char *const same[] = {"Email Address", "email_address", "emailAddress",
                                       "E-Mail-Address", "\"EMAIL ADDRESS\""};
    char word[WORD_SIZE], longer[200];

    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        word_of(same[i], strlen(same[i]), word);
        assert_string_equal(word, "emailaddress");
    }
    word_of("Stra\xc3\x9f"
            "e 2",
            9, word);
    assert_string_equal(word, "stra\xc3\x9f"
                              "e2");
    memset(longer, 'a', sizeof longer);
    word_of(longer, sizeof longer, word);
    assert_int_equal(strlen(word), WORD_SIZE - 1);
    word_of(NULL, 0, word);
    assert_string_equal(word, "");
}

static void headers_tell_the_format_in_any_sequence(void **state)
{
    (void)state;
    is_recognised("address,tags,created_at", "x.csv", "mailgun");
    is_recognised("created_at,address,tag", "x.csv", "mailgun");
    is_recognised("address,code,error,created_at", "x.csv", "mailgun-bounces");
    is_recognised("address,created_at", "x.csv", "mailgun-complaints");
    is_recognised("EmailAddress,Reason,LastUpdateTime", "x.csv", "ses");
    is_recognised("email,created", "x.csv", "sendgrid");
    is_recognised("created,email,ip", "x.csv", "sendgrid-spam");
    is_recognised("email,reason,created", "x.csv", "sendgrid-invalid");
    is_recognised("recipient,type,description", "x.csv", "sparkpost");
    is_recognised("email,reason,detail,created_at", "x.csv", "mandrill");
    is_recognised("EmailAddress,SuppressionReason,Origin,CreatedAt", "x.csv", "postmark");
    is_recognised("email,name,attributes", "x.csv", "listmonk");
    is_recognised("firstname,email,doNotEmail", "x.csv", "mautic");
    is_recognised("kind,address,subject,scope", "x.csv", "optout");
}

static void a_contact_list_is_not_taken_for_a_provider_s_list(void **state)
{
    (void)state;
    is_recognised("email,created,name,city", "x.csv", "contacts");
    is_recognised("address,created_at,phone", "x.csv", "contacts");
    is_recognised("recipient,type,description,shoe size", "x.csv", "contacts");
    is_recognised("Email", "x.csv", "contacts");
    is_recognised("name,phone", "x.csv", NULL);
    is_recognised("", "x.csv", NULL);
}

static void the_file_s_name_tells_what_the_header_does_not(void **state)
{
    (void)state;
    static const char bounces[] = "email,status,reason,created";
    static const char members[] = "Email Address,LEID,EUID";

    is_recognised(bounces, "suppression_bounces.csv", "sendgrid-bounces");
    is_recognised(bounces, "suppression_blocks.csv", "sendgrid-blocks");
    is_recognised(bounces, "list.csv", "sendgrid-bounces");
    is_recognised(members, "unsubscribed_segment_export_1.csv", "mailchimp-unsubscribed");
    is_recognised(members, "subscribed_segment_export_1.csv", "mailchimp-subscribed");
    is_recognised(members, "nonsubscribed_segment_export_1.csv", "mailchimp-nonsubscribed");
    is_recognised(members, "Cleaned_members.csv", "mailchimp-cleaned");
    is_recognised(members, "export.csv", "mailchimp");
}

static void a_provider_s_name_stands_for_all_its_formats(void **state)
{
    (void)state;
    is_named("sendgrid", "email,created,ip", "x.csv", "sendgrid-spam");
    is_named("SendGrid", "email,created,group", "x.csv", "sendgrid");
    is_named("sendgrid-blocks", "email,created,status,reason", "x.csv", "sendgrid-blocks");
    is_named("mailgun", "address,created_at", "x.csv", "mailgun-complaints");
    is_named("mailchimp", "Email Address,LEID", "unsubscribed.csv", "mailchimp-unsubscribed");
    is_named("mailchimp", "Email Address,UNSUB_TIME", "x.csv", "mailchimp");
    is_named("mailchimp-cleaned", "Email Address", "x.csv", "mailchimp-cleaned");
}

static void formats_have_other_names(void **state)
{
    (void)state;
    is_named("brevo", "EMAIL", "x.csv", "contacts");
    is_named("hubspot", "Email", "x.csv", "contacts");
    is_named("csv", "kind,address,scope", "x.csv", "optout");
    is_named("sha256", "", "x.csv", "plain");
    is_named("amazon", "", "x.csv", "ses");
    is_named("mail", "", "x.csv", NULL);
    is_named("csv ndjson", "", "x.csv", NULL);
    is_named("", "", "x.csv", NULL);
    is_named("a-name-that-is-much-longer-than-the-name-of-any-format-could-ever-be", "", "x.csv",
             NULL);
}

static void of_several_columns_the_preferred_one_counts(void **state)
{
    (void)state;
    struct words words = split("Address,Email,unsubscribed,opt_out");
    const char(*w)[WORD_SIZE] = (const char(*)[WORD_SIZE])words.words;
    const struct format *format = format_by_words(w, words.count, "x.csv");

    assert_string_equal(format->name, "contacts");
    assert_int_equal(format_column(format, "address", w, words.count), COLUMN_NONE);
    assert_int_equal(format_column(format, "email", w, words.count), COLUMN_ADDRESS);
    assert_int_equal(format_column(format, "unsubscribed", w, words.count), COLUMN_OPTED_OUT);
    assert_int_equal(format_column(format, "optout", w, words.count), COLUMN_OPTED_OUT);
    assert_int_equal(format_column(format, "city", w, words.count), COLUMN_NONE);
}

/* A table with a word that word_of would not make, or with one twice, could never be found. */
static void the_table_is_well_formed(void **state)
{
    (void)state;
    size_t count;
    const struct format *all = format_all(&count);
    char word[WORD_SIZE];

    for (size_t i = 0; i < count; i++) {
        assert_true(all[i].title != NULL);
        for (const struct format_column *c = all[i].columns; c->word; c++) {
            word_of(c->word, strlen(c->word), word);
            assert_string_equal(word, c->word);
            for (const struct format_column *other = all[i].columns; other != c; other++)
                assert_string_not_equal(other->word, c->word);
        }
        const struct format_status *tables[] = {all[i].statuses, all[i].origins};
        for (size_t t = 0; t < 2; t++)
            for (const struct format_status *s = tables[t]; s && s->word; s++) {
                word_of(s->word, strlen(s->word), word);
                assert_string_equal(word, s->word);
                assert_ptr_equal(format_status(tables[t], s->word), s);
            }
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(all[j].name, all[i].name);
    }
}

static void tags_are_mapped_to_scopes(void **state)
{
    (void)state;
    struct mapping mapping = {0};
    struct error why = {""};

    assert_null(mapping_find(&mapping, "news"));
    assert_int_equal(mapping_add(&mapping, "news=acme/newsletter", &why), 0);
    assert_int_equal(mapping_add(&mapping, "a=b=acme", &why), 0);
    assert_int_equal(mapping_add(&mapping, "News=acme/newsletter", &why), 0);
    assert_string_equal(mapping_find(&mapping, "NEWS"), "acme/newsletter");
    assert_string_equal(mapping_find(&mapping, "a=b"), "acme");
    assert_null(mapping_find(&mapping, "a"));
    assert_int_equal(mapping.count, 2);
    assert_int_equal(mapping_add(&mapping, "news=acme", &why), ERR_EXISTS);
    assert_int_equal(mapping_add(&mapping, "news", &why), ERR_SYNTAX);
    assert_int_equal(mapping_add(&mapping, "=acme", &why), ERR_SYNTAX);
    assert_int_equal(mapping_add(&mapping, "x=", &why), ERR_SYNTAX);
    assert_int_equal(mapping_add(&mapping, "x=Acme", &why), ERR_SYNTAX);
    assert_int_equal(mapping.count, 2);
    mapping_release(&mapping);
    assert_int_equal(mapping.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_letters_and_digits),
        cmocka_unit_test(headers_tell_the_format_in_any_sequence),
        cmocka_unit_test(a_contact_list_is_not_taken_for_a_provider_s_list),
        cmocka_unit_test(the_file_s_name_tells_what_the_header_does_not),
        cmocka_unit_test(a_provider_s_name_stands_for_all_its_formats),
        cmocka_unit_test(formats_have_other_names),
        cmocka_unit_test(of_several_columns_the_preferred_one_counts),
        cmocka_unit_test(the_table_is_well_formed),
        cmocka_unit_test(tags_are_mapped_to_scopes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
