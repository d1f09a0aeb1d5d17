#include "core/fields.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define URL "https://out.acme.example/"

static void assert_personal(const struct unsubscribe_targets *targets, const char *token,
                            const char *expected)
{
    struct text value = TEXT_EMPTY;
    assert_int_equal(fields_personal(targets, token, &value), 0);
    assert_string_equal(value.data, expected);
    text_release(&value);
}

static void assert_general(const struct unsubscribe_targets *targets, const char *scope,
                           const char *expected)
{
    struct text value = TEXT_EMPTY;
    assert_int_equal(fields_general(targets, scope, &value), 0);
    assert_string_equal(value.data, expected);
    text_release(&value);
}

static void refuse_personal(const struct unsubscribe_targets *targets, const char *token)
{
    struct text value = TEXT_EMPTY;
    assert_int_equal(fields_personal(targets, token, &value), ERR_SYNTAX);
    assert_null(value.data);
    assert_int_equal(value.length, 0);
}

/* --- List-Unsubscribe ------------------------------------------------------------------------- */

static void the_link_stands_first_and_the_mail_address_on_a_line_of_its_own(void **state)
{
    const struct unsubscribe_targets link = {.public_url = URL};
    const struct unsubscribe_targets both = {.public_url = URL,
                                             .mailto = "unsubscribe@acme.example"};
    (void)state;
    assert_personal(&link, "AQ_b-9", "<" URL "AQ_b-9>");
    assert_personal(&both, "AQ_b-9",
                    "<" URL "AQ_b-9>,\n\t<mailto:unsubscribe@acme.example?subject=AQ_b-9>");
}

static void a_token_goes_into_the_local_part_up_to_64_octets(void **state)
{
    const struct unsubscribe_targets targets = {
        .public_url = URL, .mailto = "unsubscribe@acme.example", .mailto_local_part = true};
    /* "unsubscribe+" has 12 octets */
    static const char fits[] = "0123456789012345678901234567890123456789012345678901";
    static const char too_long[] = "01234567890123456789012345678901234567890123456789012";
    char expected[512];
    (void)state;
    assert_int_equal(strlen(fits), 52);
    snprintf(expected, sizeof expected, "<" URL "%s>,\n\t<mailto:unsubscribe+%s@acme.example>",
             fits, fits);
    assert_personal(&targets, fits, expected);
    snprintf(expected, sizeof expected,
             "<" URL "%s>,\n\t<mailto:unsubscribe@acme.example?subject=%s>", too_long, too_long);
    assert_personal(&targets, too_long, expected);
}

static void a_quoted_local_part_is_left_alone(void **state)
{
    const struct unsubscribe_targets targets = {
        .public_url = URL, .mailto = "\"un sub\"@acme.example", .mailto_local_part = true};
    (void)state;
    assert_personal(&targets, "AQ",
                    "<" URL "AQ>,\n\t<mailto:%22un%20sub%22@acme.example?subject=AQ>");
}

static void a_mail_address_is_percent_encoded(void **state)
{
    const struct unsubscribe_targets targets = {.public_url = URL,
                                                .mailto = "a%b?c&d=e,m\xc3\xbc+x@acme.example"};
    (void)state;
    assert_personal(&targets, "AQ",
                    "<" URL
                    "AQ>,\n\t<mailto:a%25b%3Fc%26d%3De%2Cm%C3%BC+x@acme.example?subject=AQ>");
}

static void the_general_page_is_that_of_the_scope(void **state)
{
    const struct unsubscribe_targets link = {.public_url = URL};
    const struct unsubscribe_targets both = {
        .public_url = URL, .mailto = "unsubscribe@acme.example", .mailto_local_part = true};
    (void)state;
    assert_general(&link, "acme/newsletter", "<" URL "s/acme/newsletter>");
    assert_general(&link, "/", "<" URL "s/>");
    assert_general(&both, "acme/news",
                   "<" URL
                   "s/acme/news>,\n\t<mailto:unsubscribe@acme.example?subject=acme%2Fnews>");
    assert_general(&both, "/", "<" URL "s/>,\n\t<mailto:unsubscribe@acme.example?subject=%2F>");
}

static void a_scope_of_full_length_fits(void **state)
{
    const struct unsubscribe_targets link = {.public_url = URL};
    char scope[130], expected[256];
    (void)state;
    memset(scope, 'a', sizeof scope);
    scope[128] = '\0';
    snprintf(expected, sizeof expected, "<" URL "s/%s>", scope);
    assert_general(&link, scope, expected);
    scope[128] = 'a';
    scope[129] = '\0';
    struct text value = TEXT_EMPTY;
    assert_int_equal(fields_general(&link, scope, &value), ERR_SYNTAX);
    assert_int_equal(fields_general(&link, "Acme", &value), ERR_SYNTAX);
    assert_null(value.data);
}

static void what_could_break_out_of_the_field_is_refused(void **state)
{
    static const char *const urls[] = {
        "http://out.acme.example/",
        "https://out.acme.example",
        "https:///",
        "https://a/>,<https://b/",
        "https://a b/",
        "https://a\r\nX: y/",
        "https://m\xc3\xbcller.example/",
        "https://a/?x=/",
        "https://a/#/",
        "",
        "mailto:a@b/",
        "https://",
    };
    static const char *const tokens[] = {"", "a b", "a\nb", "a>b", "a=", "a/b", "a+b", "\xc3\xbc"};
    const struct unsubscribe_targets good = {.public_url = URL};
    const struct unsubscribe_targets none = {.public_url = NULL};
    const struct unsubscribe_targets no_domain = {.public_url = URL, .mailto = "unsubscribe"};
    (void)state;
    for (size_t i = 0; i < COUNT(urls); i++)
        refuse_personal(&(struct unsubscribe_targets){.public_url = urls[i]}, "AQ");
    for (size_t i = 0; i < COUNT(tokens); i++)
        refuse_personal(&good, tokens[i]);
    refuse_personal(&none, "AQ");
    refuse_personal(&no_domain, "AQ");
}

static void a_line_that_an_mta_would_break_is_refused(void **state)
{
    /* "List-Unsubscribe: " has 18 octets, URL 25, the brackets 2 */
    const struct unsubscribe_targets link = {.public_url = URL};
    char token[1024];
    struct text value = TEXT_EMPTY;
    (void)state;
    memset(token, 'a', sizeof token);
    token[998 - 18 - 25 - 2] = '\0';
    assert_int_equal(fields_personal(&link, token, &value), 0);
    text_release(&value);
    token[998 - 18 - 25 - 2] = 'a';
    token[998 - 18 - 25 - 1] = '\0';
    refuse_personal(&link, token);
}

/* --- values that are safe --------------------------------------------------------------------- */

static void a_safe_value_is_ascii_and_folded_by_line_feed_and_tab(void **state)
{
    static const char *const safe[] = {
        "x",       "List-Unsubscribe=One-Click", "a b\tc", "<https://a/b>,\n\t<mailto:c@d>", " x",
        "a\n\t b",
    };
    static const char *const unsafe[] = {
        "",      " ",     "\t",       "a\r\n\tb",    "a\rb",     "a\nb",
        "a\n b", "a\n",   "a\n\t",    "a\n\t \n\tb", "\n\ta",    "m\xc3\xbc",
        "a\x01", "a\x7f", "a\n\tb\n", "a\n\n\tb",    "a\x1b[0m", "a\nBcc: b@c",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(safe); i++)
        assert_true(fields_is_safe("List-Id", safe[i]));
    for (size_t i = 0; i < COUNT(unsafe); i++)
        assert_false(fields_is_safe("List-Id", unsafe[i]));
}

static void a_safe_name_is_visible_ascii_without_a_colon(void **state)
{
    static const char *const unsafe[] = {"", "A B", "A:", "A\n", "M\xc3\xbc", "A\t"};
    (void)state;
    assert_true(fields_is_safe("X-a_1!", "x"));
    for (size_t i = 0; i < COUNT(unsafe); i++)
        assert_false(fields_is_safe(unsafe[i], "x"));
}

static void no_line_is_longer_than_998_octets(void **state)
{
    char value[2048];
    (void)state;
    memset(value, 'a', sizeof value);
    value[998 - 3] = '\0'; /* behind "A: " */
    assert_true(fields_is_safe("A", value));
    assert_false(fields_is_safe("AB", value));
    value[998 - 3] = '\n';
    value[998 - 2] = '\t';
    value[998 - 2 + 998] = '\0';
    assert_true(fields_is_safe("A", value));
    value[998 - 2 + 998] = 'a';
    value[998 - 2 + 999] = '\0';
    assert_false(fields_is_safe("A", value));
}

/* --- DKIM-Signature --------------------------------------------------------------------------- */

static const char signature[] =
    "v=1; a=rsa-sha256; c=relaxed/simple; d=acme.example;\n\ts=mail; t=1; bh=abc=;\n"
    "\th=From:To:Subject :\n\t List-Unsubscribe : list-unsubscribe-post:Date;\n"
    "\tb=h=Bcc;z=x|d=other.example";

static void the_fields_that_a_signature_covers_are_found(void **state)
{
    (void)state;
    assert_true(fields_signature_covers(signature, "From"));
    assert_true(fields_signature_covers(signature, "from"));
    assert_true(fields_signature_covers(signature, "Subject"));
    assert_true(fields_signature_covers(signature, "List-Unsubscribe"));
    assert_true(fields_signature_covers(signature, "List-Unsubscribe-Post"));
    assert_true(fields_signature_covers(signature, "Date"));
    assert_false(fields_signature_covers(signature, "List"));
    assert_false(fields_signature_covers(signature, "List-Unsub"));
    assert_false(fields_signature_covers(signature, "Bcc"));
    assert_false(fields_signature_covers(signature, "To:Subject"));
    assert_false(fields_signature_covers(signature, "simple"));
}

static void the_list_may_be_the_only_tag_or_not_there(void **state)
{
    (void)state;
    assert_true(fields_signature_covers("h=From", "From"));
    assert_true(fields_signature_covers(" h \n\t=\n\tFrom\n", "From"));
    assert_true(fields_signature_covers("; ;h=From;", "From"));
    assert_false(fields_signature_covers("H=From", "From"));
    assert_false(fields_signature_covers("bh=From; xh=From", "From"));
    assert_false(fields_signature_covers("h=", "From"));
    assert_false(fields_signature_covers("h", "From"));
    assert_false(fields_signature_covers("", "From"));
    assert_false(fields_signature_covers("h=Fro", "From"));
    assert_true(fields_signature_covers("h=:From:", "From"));
}

static void the_signing_domain_is_found_and_cut_to_fit(void **state)
{
    char domain[32] = "unchanged";
    (void)state;
    fields_signature_domain(signature, domain, sizeof domain);
    assert_string_equal(domain, "acme.example");
    fields_signature_domain(signature, domain, 5);
    assert_string_equal(domain, "acme");
    fields_signature_domain("v=1; d =\n\t shop.example ; h=d", domain, sizeof domain);
    assert_string_equal(domain, "shop.example");
    fields_signature_domain("v=1; dd=x; h=d", domain, sizeof domain);
    assert_string_equal(domain, "");
    strcpy(domain, "unchanged");
    fields_signature_domain(signature, domain, 0);
    assert_string_equal(domain, "unchanged");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_link_stands_first_and_the_mail_address_on_a_line_of_its_own),
        cmocka_unit_test(a_token_goes_into_the_local_part_up_to_64_octets),
        cmocka_unit_test(a_quoted_local_part_is_left_alone),
        cmocka_unit_test(a_mail_address_is_percent_encoded),
        cmocka_unit_test(the_general_page_is_that_of_the_scope),
        cmocka_unit_test(a_scope_of_full_length_fits),
        cmocka_unit_test(what_could_break_out_of_the_field_is_refused),
        cmocka_unit_test(a_line_that_an_mta_would_break_is_refused),
        cmocka_unit_test(a_safe_value_is_ascii_and_folded_by_line_feed_and_tab),
        cmocka_unit_test(a_safe_name_is_visible_ascii_without_a_colon),
        cmocka_unit_test(no_line_is_longer_than_998_octets),
        cmocka_unit_test(the_fields_that_a_signature_covers_are_found),
        cmocka_unit_test(the_list_may_be_the_only_tag_or_not_there),
        cmocka_unit_test(the_signing_domain_is_found_and_cut_to_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
