#include "config/options.h"

#include "core/fields.h"
#include "core/stream.h"
#include "core/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void takes(const char *name, const char *value)
{
    struct error why = {""};
    if (option_check(option_find(name), value, &why) != 0)
        fail_msg("%s = %s was refused: %s", name, value, why.text);
}

static void refuses(const char *name, const char *value, const char *sentence)
{
    struct error why = {""};
    int rc = option_check(option_find(name), value, &why);
    if (rc != ERR_CONFIG || !strstr(why.text, sentence))
        fail_msg("%s = %s gave %d \"%s\"", name, value, rc, why.text);
    assert_int_equal(option_check(option_find(name), value, NULL), ERR_CONFIG);
}

static void every_row_is_complete_and_its_name_its_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < option_count; i++) {
        const struct option *option = &option_table[i];
        assert_ptr_equal(option_find(option->name), option);
        assert_true(option->places != 0 && option->places < 32);
        assert_string_not_equal(option_type_name(option->type), "unknown");
        assert_int_equal(option->words != NULL, option->type == OPTION_WORD);
        assert_true(strlen(option->text) > 10);
        assert_int_equal(option->text[strlen(option->text) - 1], '.');
        /* Words have one default at least: there is no enum value for "not set". */
        assert_true(option->type == OPTION_TEXT || option->type == OPTION_TEXTS ||
                    option->default_value);
    }
    assert_null(option_find("nonsense"));
    assert_null(option_find(""));
}

static void every_default_passes_its_own_check(void **state)
{
    (void)state;
    for (size_t i = 0; i < option_count; i++) {
        char values[256], *save = NULL;
        if (!option_table[i].default_value)
            continue;
        snprintf(values, sizeof values, "%s", option_table[i].default_value);
        for (char *v = strtok_r(values, " ", &save); v; v = strtok_r(NULL, " ", &save))
            takes(option_table[i].name, v);
    }
}

static void every_criterion_has_an_option_of_both_sections(void **state)
{
    (void)state;
    for (enum criterion c = 0; c < CRITERION_COUNT; c++) {
        const struct option *option = option_find(criterion_name(c));
        assert_non_null(option);
        assert_int_equal(option->places, PLACE_STREAM | PLACE_EXEMPT);
        assert_int_equal(option->type, OPTION_TEXTS);
    }
}

static void words_stand_in_the_sequence_of_their_enums(void **state)
{
    (void)state;
    static const struct {
        const char *name, *word;
        int value;
    } rows[] = {
        {"mode", "enforce", MODE_ENFORCE},
        {"mode", "monitor", MODE_MONITOR},
        {"suppressed", "strip", SUPPRESSED_STRIP},
        {"suppressed", "refuse", SUPPRESSED_REFUSE},
        {"none_left", "refuse", NONE_LEFT_REFUSE},
        {"none_left", "discard", NONE_LEFT_DISCARD},
        {"consent", "opt-out", CONSENT_OPT_OUT},
        {"consent", "opt-in", CONSENT_OPT_IN},
        {"recipients", "plain", SEVERAL_PLAIN},
        {"recipients", "defer", SEVERAL_DEFER},
        {"list_unsubscribe", "replace", UNSUBSCRIBE_REPLACE},
        {"list_unsubscribe", "keep", UNSUBSCRIBE_KEEP},
        {"list_unsubscribe", "off", UNSUBSCRIBE_OFF},
        {"ledger", "suppressed", LEDGER_SUPPRESSED},
        {"ledger", "all", LEDGER_ALL},
        {"mailto_token", "subject", 0},
        {"mailto_token", "local-part", 1},
        {"mode", "enforc", -1},
        {"mode", "enforce monitor", -1},
        {"mode", "", -1},
        {"mode", "Enforce", -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (option_word(option_find(rows[i].name), rows[i].word) != rows[i].value)
            fail_msg("%s = %s", rows[i].name, rows[i].word);
    refuses("mode", "off", "is not one of: enforce monitor");
}

static void ages_have_a_unit(void **state)
{
    (void)state;
    static const char *const bad[] = {"",   "8",   "d",    "0d",  "-1d",
                                      "8D", "8 d", "1.5d", "8dd", "1000000d"};
    int64_t seconds = 7;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (option_age(bad[i], &seconds) != ERR_SYNTAX)
            fail_msg("%s is an age", bad[i]);
    assert_int_equal(seconds, 7);
    assert_int_equal(option_age("36h", &seconds), 0);
    assert_int_equal(seconds, 36 * 3600);
    assert_int_equal(option_age("2w", &seconds), 0);
    assert_int_equal(seconds, 14 * 86400);
    assert_int_equal(option_age("999999d", &seconds), 0);
    assert_true(seconds == INT64_C(999999) * 86400);
}

static void sizes_are_powers_of_1024(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t bytes;
    } good[] = {
        {"0", 0},
        {"1", 1},
        {"4096", 4096},
        {"1k", 1024},
        {"1K", 1024},
        {"3M", UINT64_C(3) << 20},
        {"16G", UINT64_C(16) << 30},
        {"16g", UINT64_C(16) << 30},
        {"2T", UINT64_C(2) << 40},
        {"16777215T", UINT64_C(16777215) << 40},
        {"18446744073709551615", UINT64_MAX},
    };
    static const char *const bad[] = {"",
                                      "k",
                                      "G16",
                                      "1GB",
                                      "-1",
                                      "+1",
                                      "1.5G",
                                      "1 G",
                                      "0x1",
                                      "1e3",
                                      " 1G",
                                      "1G ",
                                      "1P",
                                      "16777216T",
                                      "18446744073709551616",
                                      "111111111111111111111111111111k"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        uint64_t bytes = 42;
        if (option_size(good[i].text, &bytes) != 0 || bytes != good[i].bytes)
            fail_msg("%s gave %llu", good[i].text, (unsigned long long)bytes);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint64_t bytes = 42;
        if (option_size(bad[i], &bytes) != ERR_SYNTAX || bytes != 42)
            fail_msg("%s gave %llu", bad[i], (unsigned long long)bytes);
    }
    takes("list_size", "1M");
    takes("ledger_size", "16T");
    refuses("list_size", "1023k", "between 1M and 16T");
    refuses("ledger_size", "17T", "between 1M and 16T");
    refuses("ledger_size", "many", "is not a size");
}

static void numbers_stay_in_their_range(void **state)
{
    (void)state;
    takes("connections", "1");
    takes("connections", "100000");
    refuses("connections", "0", "between 1 and 100000");
    refuses("connections", "100001", "between 1 and 100000");
    refuses("connections", "-1", "is not a number");
    refuses("connections", "1k", "is not a number");
}

static void no_value_is_empty_or_has_control_characters(void **state)
{
    (void)state;
    for (size_t i = 0; i < option_count; i++) {
        refuses(option_table[i].name, "", "is empty");
        refuses(option_table[i].name, "a\x01", "control character");
        refuses(option_table[i].name, "a\rb", "control character");
        refuses(option_table[i].name, "a\x7f", "control character");
        refuses(option_table[i].name, "a\xc2\x85", "control character"); /* U+0085 */
        refuses(option_table[i].name, "a\xff", "UTF-8");
        refuses(option_table[i].name, "a\xc3", "UTF-8");
        refuses(option_table[i].name, "\xed\xa0\x80", "UTF-8"); /* half of a surrogate pair */
        refuses(option_table[i].name, " a", "blank");
        refuses(option_table[i].name, "a ", "blank");
    }
    char longest[1000];
    memset(longest, 'a', sizeof longest);
    longest[900] = '\0';
    takes("match_login", longest);
    longest[900] = 'a';
    longest[901] = '\0';
    refuses("match_login", longest, "longer than");
    takes("title", "Äpfel & Birnen\xc2\xa0"
                   "aus Köln");
}

static void folders_are_absolute(void **state)
{
    (void)state;
    takes("data_dir", "/srv/optout");
    refuses("data_dir", "srv/optout", "not an absolute path");
    refuses("key_dir", "~/keys", "not an absolute path");
}

static void the_milter_listens_where_the_daemon_can(void **state)
{
    (void)state;
    char path[128] = "unix:/";

    takes("listen", "unix:/run/optout/milter.sock");
    takes("listen", "inet:8892@127.0.0.1");
    takes("listen", "inet:8892@localhost");
    takes("listen", "inet:65535@mx-1.example.com");
    takes("listen", "inet6:8892@[::1]");
    takes("listen", "inet6:8892@::1");
    memset(path + 6, 'a', 106);
    takes("listen", path); /* 107 bytes and the NUL: sun_path */
    path[6 + 106] = 'a';
    refuses("listen", path, "107 bytes at most");
    refuses("listen", "unix:optout/milter.sock", "relative to the queue directory");
    refuses("listen", "unix:", "absolute");
    refuses("listen", "local:/run/x", "needs the form");
    refuses("listen", "/run/x", "needs the form");
    refuses("listen", "inet:8892", "needs the form");
    refuses("listen", "inet:@localhost", "needs the form");
    refuses("listen", "inet:0@localhost", "not a port");
    refuses("listen", "inet:65536@localhost", "not a port");
    refuses("listen", "inet:smtp@localhost", "not a port");
    refuses("listen", "inet:8892@", "not a host");
    refuses("listen", "inet:8892@a b", "not a host");
    refuses("listen", "inet:8892@[::1]", "inet6:");
}

static void a_public_url_can_bear_a_token(void **state)
{
    (void)state;
    char url[300] = "https://a.example/";

    takes("public_url", "https://abmelden.example.com/");
    takes("public_url", "https://abmelden.example.com");
    takes("public_url", "https://a.example:8443/mail/u/");
    takes("public_url", "https://xn--mnchen-3ya.example/%7Ea/");
    takes("public_url", "https://[2001:db8::1]/");
    refuses("public_url", "http://a.example/", "https://");
    refuses("public_url", "HTTPS://a.example/", "https://");
    refuses("public_url", "a.example", "https://");
    refuses("public_url", "https://", "no host");
    refuses("public_url", "https:///u", "no host");
    refuses("public_url", "https://:443/u", "no host");
    refuses("public_url", "https://me@a.example/", "no host");
    refuses("public_url", "https://a.example/?u=", "token is written behind it");
    refuses("public_url", "https://a.example/#", "token is written behind it");
    refuses("public_url", "https://a.example/a b", "printable ASCII");
    refuses("public_url", "https://a.example/,b", "printable ASCII");
    refuses("public_url", "https://a.example/<b>", "printable ASCII");
    refuses("public_url", "https://a.example/\"", "printable ASCII");
    refuses("public_url", "https://a.example/{b}", "printable ASCII");
    refuses("public_url", "https://a.example/b\\c", "printable ASCII");
    refuses("public_url", "https://münchen.example/", "printable ASCII");
    memset(url + 18, 'a', 256 - 18);
    takes("public_url", url);
    url[256] = 'a';
    refuses("public_url", url, "longer than 256");
}

static void what_passes_makes_a_header_field_with_the_longest_token(void **state)
{
    (void)state;
    char url[300] = "https://a.example/", mailto[400] = "", token[TOKEN_SIZE];
    struct text value = TEXT_EMPTY;

    memset(url + 18, 'a', 255 - 18);
    strcat(url, "/");
    takes("public_url", url);
    memset(mailto, 'a', 64);
    strcat(mailto, "@");
    for (int i = 0; i < 4; i++)
        strcat(mailto, "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij.");
    strcat(mailto, "example");
    takes("mailto", mailto);
    memset(token, 'a', sizeof token - 1);
    token[sizeof token - 1] = '\0';

    struct unsubscribe_targets targets = {.public_url = url, .mailto = mailto};
    assert_int_equal(fields_personal(&targets, token, &value), 0);
    text_release(&value);
    targets.mailto = "o+p.t_u-t@a.example";
    targets.mailto_local_part = true;
    takes("mailto", targets.mailto);
    assert_int_equal(fields_personal(&targets, "abc", &value), 0);
    assert_non_null(strstr(value.data, "<mailto:o+p.t_u-t+abc@a.example>"));
    text_release(&value);
}

static void a_mailto_needs_no_quoting(void **state)
{
    (void)state;
    takes("mailto", "optout@example.com");
    takes("mailto", "opt.out+news_1-a@mail.example.com");
    refuses("mailto", "optout", "plain address");
    refuses("mailto", "@example.com", "plain address");
    refuses("mailto", "optout@", "plain address");
    refuses("mailto", "<optout@example.com>", "plain address");
    refuses("mailto", "mailto:optout@example.com", "plain address");
    refuses("mailto", "opt out@example.com", "plain address");
    refuses("mailto", "opt?out@example.com", "plain address");
    refuses("mailto", "a@b@example.com", "plain address");
    refuses("mailto", "abmelden@münchen.example", "plain address");
}

static void networks_have_no_bits_behind_the_prefix(void **state)
{
    (void)state;
    takes("internal", "10.0.0.0/8");
    takes("internal", "192.0.2.1");
    takes("internal", "2001:db8::/32");
    refuses("internal", "10.0.0.1/8", "not an IP address or network");
    refuses("internal", "10.0.0.0/33", "not an IP address or network");
    refuses("internal", "localhost", "not an IP address or network");
}

static void companions_are_addresses(void **state)
{
    (void)state;
    takes("companions", "archive@acme.example");
    takes("companions", "Archiv@münchen.example");
    refuses("companions", "archive", "not a mail address");
    refuses("companions", "@acme.example", "not a mail address");
    refuses("companions", "*@", "not a mail address");
    refuses("companions", "*@acme.example", "no patterns here");
    refuses("companions", "archive?@acme.example", "no patterns here");
    takes("companions", "\"*\"@acme.example");
}

static void accounts_are_names(void **state)
{
    (void)state;
    takes("user", "optout");
    takes("milter_user", "_optout-1.a");
    refuses("user", "opt out", "not a name");
    refuses("group", "a:b", "not a name");
    refuses("user", "-u", "not a name");
    refuses("user", "abcdefghijklmnopqrstuvwxyz0123456", "not a name");
}

static void scopes_have_one_spelling(void **state)
{
    (void)state;
    takes("scope", "acme/newsletter");
    takes("scope", "/");
    refuses("scope", "/acme", "not a scope");
    refuses("scope", "acme/", "not a scope");
    refuses("scope", "Acme", "not a scope");
    refuses("scope", "acme//news", "not a scope");
}

static void split_is_refused_with_a_reason(void **state)
{
    (void)state;
    takes("recipients", "plain");
    takes("recipients", "defer");
    refuses("recipients", "split", "is not available yet; use plain or defer");
    refuses("recipients", "splitt", "is not one of: plain defer");
}

static void a_list_id_follows_rfc_2919(void **state)
{
    (void)state;
    takes("list_id", "<news.acme.example>");
    takes("list_id", "News of Acme <news.acme.example>");
    takes("list_id", "\"News, of: Acme\" <news.acme.example>");
    takes("list_id", "<localhost.1234>");
    refuses("list_id", "news.acme.example", "needs the form");
    refuses("list_id", "<news>", "needs the form");
    refuses("list_id", "<>", "needs the form");
    refuses("list_id", "<.news>", "needs the form");
    refuses("list_id", "<news.>", "needs the form");
    refuses("list_id", "<news..acme>", "needs the form");
    refuses("list_id", "<news.acme.example> x", "needs the form");
    refuses("list_id", "<news.acme>, <b.c>", "needs the form");
    refuses("list_id", "News: Acme <news.acme>", "needs the form");
    refuses("list_id", "\"a\"b\" <news.acme>", "needs the form");
    refuses("list_id", "\"a\\\" <news.acme>", "needs the form");
    refuses("list_id", "<news acme.example>", "needs the form");
    refuses("list_id", "Äpfel <news.acme.example>", "printable ASCII");
}

static void a_glob_for_addresses_can_fit_one(void **state)
{
    (void)state;
    takes("match_sender", "shop@acme.example");
    takes("match_sender", "*@acme.example");
    takes("match_sender", "bounce+*");
    takes("match_sender", "<>");
    takes("match_recipient", "*@münchen.example");
    takes("match_from", "?*");
    refuses("match_sender", "acme.example", "no address ever fits");
    refuses("match_sender", "@acme.example", "write *@DOMAIN");
    refuses("match_from", "acme.example", "write *@DOMAIN");
    takes("match_sender", "Shop+x@ACME.example");
    refuses("match_sender", "@acme.example", "write *@DOMAIN");
    refuses("match_sender", "shop@acme.example.", "compared as shop@acme.example");
    refuses("match_from", "\"shop\"@acme.example", "compared as shop@acme.example");
    refuses("match_from", "shop@acme .example", "no address ever fits");
    refuses("match_recipient", "*@acme.example.", "without the dot at its end");
    refuses("match_from", "<>", "leave them out");
    refuses("match_recipient", "<a@acme.example>", "leave them out");
    refuses("match_sender", "*@*.münchen.example", "write its domain in ASCII");
}

static void a_client_is_an_address_a_network_or_a_name(void **state)
{
    (void)state;
    takes("match_client", "192.0.2.1");
    takes("match_client", "192.0.2.0/24");
    takes("match_client", "2001:db8::/32");
    takes("match_client", "crm.acme.example");
    takes("match_client", "*.acme.example");
    takes("match_client", "10.acme.example");
    refuses("match_client", "192.0.2.1/24", "neither");
    refuses("match_client", "192.0.2.300", "neither");
    refuses("match_client", "192.0.2.*", "neither");
    refuses("match_client", "2001:db8::/129", "neither");
    refuses("match_client", "*:1", "neither");
    refuses("match_client", "crm acme", "no host name");
}

static void a_header_has_a_name_and_a_glob(void **state)
{
    (void)state;
    takes("match_header", "List-Id: *newsletter.acme.example*");
    takes("match_header", "X-Campaign:*");
    takes("match_header", "Subject: Grüße *");
    refuses("match_header", "X-Campaign", "needs the form");
    refuses("match_header", ": x", "needs the form");
    refuses("match_header", "X Campaign: x", "without blanks");
    refuses("match_header", "X-Campaign : x", "without blanks");
    refuses("match_header", "Grüße: x", "printable ASCII");
    refuses("match_header", "X-Campaign:", "no glob");
}

static void limits_have_a_name_and_a_unit(void **state)
{
    (void)state;
    takes("effect_limits", "gmail=48h");
    takes("effect_limits", "can-spam-2=10bd");
    refuses("effect_limits", "48h", "\"48h\" is not a limit: a name, = and a number");
    refuses("effect_limits", "gmail=48", "is not a limit");
    refuses("effect_limits", "Gmail=48h", "is not a limit");
    refuses("effect_limits", "a-name-of-more-than-32-characters=1h", "more than 32 bytes");
}

static void what_people_see_is_checked(void **state)
{
    (void)state;
    takes("color", "#767676");
    refuses("color", "#777777", "#777777 has a contrast of 4.47 on the light ground #ffffff");
    refuses("color", "#777777", "take a darker shade");
    refuses("color", "blue", "is not a colour such as");
    takes("color_dark", "#8ab4f8");
    refuses("color_dark", "#0b57d0", "on the dark ground #1c1e22");
    refuses("color_dark", "#0b57d0", "take a lighter shade");
    takes("logo", "/a/b.SVG");
    refuses("logo", "a.svg", "is not an absolute path");
    refuses("logo", "/a.d/b", "does not end in .svg");
    refuses("logo", "/a.gif", "does not end in .svg");
    takes("privacy_url", "https://a.example/p?a=1#b");
    refuses("privacy_url", "javascript:alert(1)", "does not begin with https://");
    refuses("imprint_url", "//a.example", "does not begin with https://");
    refuses("accessibility_url", "https://a.example/ä", "printable ASCII only");
    takes("language", "pt-br");
    refuses("language", "German", "is not a language");
    takes("reasons", "other");
    takes("reasons", "a-b[de]: c");
    refuses("reasons", "mine", "mine needs a text");
    refuses("reasons", "My reason", "is not of the form");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_complete_and_its_name_its_own),
        cmocka_unit_test(every_default_passes_its_own_check),
        cmocka_unit_test(every_criterion_has_an_option_of_both_sections),
        cmocka_unit_test(words_stand_in_the_sequence_of_their_enums),
        cmocka_unit_test(ages_have_a_unit),
        cmocka_unit_test(sizes_are_powers_of_1024),
        cmocka_unit_test(numbers_stay_in_their_range),
        cmocka_unit_test(no_value_is_empty_or_has_control_characters),
        cmocka_unit_test(folders_are_absolute),
        cmocka_unit_test(the_milter_listens_where_the_daemon_can),
        cmocka_unit_test(a_public_url_can_bear_a_token),
        cmocka_unit_test(what_passes_makes_a_header_field_with_the_longest_token),
        cmocka_unit_test(a_mailto_needs_no_quoting),
        cmocka_unit_test(networks_have_no_bits_behind_the_prefix),
        cmocka_unit_test(companions_are_addresses),
        cmocka_unit_test(accounts_are_names),
        cmocka_unit_test(scopes_have_one_spelling),
        cmocka_unit_test(split_is_refused_with_a_reason),
        cmocka_unit_test(a_list_id_follows_rfc_2919),
        cmocka_unit_test(a_glob_for_addresses_can_fit_one),
        cmocka_unit_test(a_client_is_an_address_a_network_or_a_name),
        cmocka_unit_test(a_header_has_a_name_and_a_glob),
        cmocka_unit_test(limits_have_a_name_and_a_unit),
        cmocka_unit_test(what_people_see_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
