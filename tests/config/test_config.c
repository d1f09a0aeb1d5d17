#include "config/config.h"

#include "config/options.h"
#include "core/address.h"
#include "reading.h"

#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <sys/stat.h>

/* Of the installed example; tests are run with the build's folder as the working one. */
static const char *sample_path(void)
{
    static char path[512];
    const char *source = getenv("srcdir");
    snprintf(path, sizeof path, "%s/etc/optout.conf", source ? source : ".");
    return path;
}

#define NOBODY 65534
/* --- what is read ----------------------------------------------------------------------------- */

static void what_the_file_does_not_say_has_the_table_s_default(void **state)
{
    (void)state;
    struct config *config = read_text("# nothing\n");
    assert_string_equal(config->path, reading_path);
    assert_string_equal(config->data_dir, "/var/lib/optout");
    assert_string_equal(config->key_dir, "/etc/optout/keys");
    assert_string_equal(config->listen, "unix:/var/spool/postfix/optout/milter.sock");
    assert_null(config->user);
    assert_null(config->milter_user);
    assert_null(config->group);
    assert_false(config->approval);
    assert_int_equal(config->approval_rows, 100);
    assert_true(config->list_size == UINT64_C(16) << 30);
    assert_true(config->ledger_size == UINT64_C(16) << 30);
    assert_int_equal(config->connections, 1000);
    assert_null(config->policy.public_url);
    assert_int_equal(config->policy.companion_count, 0);
    assert_int_equal(config->policy.stream_count, 0);
    assert_int_equal(config->policy.exemption_count, 0);

    struct ip ip;
    assert_int_equal(config->policy.internal_count, 2);
    ip_parse("127.200.0.1", &ip);
    assert_true(network_contains(&config->policy.internal[0], &ip));
    ip_parse("::1", &ip);
    assert_true(network_contains(&config->policy.internal[1], &ip));
    ip_parse("::2", &ip);
    assert_false(network_contains(&config->policy.internal[1], &ip));
    config_release(config);
}

static void a_stream_has_defaults_too(void **state)
{
    (void)state;
    struct config *config = read_text(STREAM(""));
    const struct stream *stream = config_stream(config, "s");
    assert_ptr_equal(stream, &config->policy.streams[0]);
    assert_string_equal(stream->rule.name, "s");
    assert_string_equal(stream->scope, "a/b");
    assert_null(stream->title);
    assert_null(stream->list_id);
    assert_null(stream->mailto);
    assert_false(stream->mailto_local_part);
    assert_int_equal(stream->mode, MODE_ENFORCE);
    assert_int_equal(stream->suppressed, SUPPRESSED_STRIP);
    assert_int_equal(stream->none_left, NONE_LEFT_REFUSE);
    assert_int_equal(stream->consent, CONSENT_OPT_OUT);
    assert_int_equal(stream->recipients, SEVERAL_PLAIN);
    assert_int_equal(stream->list_unsubscribe, UNSUBSCRIBE_REPLACE);
    assert_int_equal(stream->ledger, LEDGER_SUPPRESSED);
    for (enum criterion c = 0; c < CRITERION_COUNT; c++)
        assert_int_equal(stream->rule.match[c].count, c == MATCH_LOGIN);
    config_release(config);
}

static void everything_that_can_be_said_is_read(void **state)
{
    (void)state;
    struct config *config = read_text(
        "data_dir = /d\nkey_dir = /k\nlisten = \"inet:8892@127.0.0.1\"\npublic_url = "
        "\"https://u.example/m/\"\ninternal = {\"10.0.0.0/8\"}\n"
        "companions = {\"Archive@ACME.example\", '<copy@acme.example>'}\nuser = u\nmilter_user = "
        "m\n"
        "group = g\napproval = on\napproval_rows = 0\nlist_size = 1M\nledger_size = "
        "2T\nconnections = 7\n"
        "stream one {\n scope = a\n title = \"Äpfel\"\n suppressed = refuse\n none_left = discard\n"
        " consent = opt-in\n recipients = defer\n list_unsubscribe = keep\n list_id = '<a.b>'\n"
        " mode = monitor\n ledger = all\n mailto = out@acme.example\n mailto_token = local-part\n"
        " match_sender = {'s*', '<>'}\n match_from = 'f*'\n match_login = l\n"
        " match_client = {10.0.0.1, 'c*'}\n match_listener = {sendmail, 587}\n"
        " match_header = {'X-A: b', \"X-C: d*\"}\n match_recipient = '*@r'\n}\n");
    assert_string_equal(config->data_dir, "/d");
    assert_string_equal(config->key_dir, "/k");
    assert_string_equal(config->listen, "inet:8892@127.0.0.1");
    assert_string_equal(config->user, "u");
    assert_string_equal(config->milter_user, "m");
    assert_string_equal(config->group, "g");
    assert_true(config->approval);
    assert_int_equal(config->approval_rows, 0);
    assert_true(config->list_size == UINT64_C(1) << 20);
    assert_true(config->ledger_size == UINT64_C(2) << 40);
    assert_int_equal(config->connections, 7);
    assert_string_equal(config->policy.public_url, "https://u.example/m/");
    assert_int_equal(config->policy.internal_count, 1);
    assert_int_equal(config->policy.companion_count, 2);
    assert_string_equal(config->policy.companions[0].text, "archive@acme.example");
    assert_string_equal(config->policy.companions[1].text, "copy@acme.example");

    const struct stream *s = config_stream(config, "one");
    assert_string_equal(s->title, "Äpfel");
    assert_string_equal(s->list_id, "<a.b>");
    assert_string_equal(s->mailto, "out@acme.example");
    assert_true(s->mailto_local_part);
    assert_int_equal(s->mode, MODE_MONITOR);
    assert_int_equal(s->suppressed, SUPPRESSED_REFUSE);
    assert_int_equal(s->none_left, NONE_LEFT_DISCARD);
    assert_int_equal(s->consent, CONSENT_OPT_IN);
    assert_int_equal(s->recipients, SEVERAL_DEFER);
    assert_int_equal(s->list_unsubscribe, UNSUBSCRIBE_KEEP);
    assert_int_equal(s->ledger, LEDGER_ALL);
    static const struct {
        size_t count;
        const char *last;
    } expected[CRITERION_COUNT] = {
        [MATCH_SENDER] = {2, "<>"},     [MATCH_FROM] = {1, "f*"},
        [MATCH_LOGIN] = {1, "l"},       [MATCH_CLIENT] = {2, "c*"},
        [MATCH_LISTENER] = {2, "587"},  [MATCH_HEADER] = {2, "X-C: d*"},
        [MATCH_RECIPIENT] = {1, "*@r"},
    };
    for (enum criterion c = 0; c < CRITERION_COUNT; c++) {
        assert_int_equal(s->rule.match[c].count, expected[c].count);
        assert_string_equal(s->rule.match[c].globs[expected[c].count - 1], expected[c].last);
    }
    config_release(config);
}

static void sections_keep_the_sequence_of_the_file(void **state)
{
    (void)state;
    struct config *config = read_text("stream b {\n scope = x\n match_login = x\n}\n"
                                      "exempt z {\n match_login = x\n}\n"
                                      "stream a {\n scope = x\n match_login = x\n}\n"
                                      "exempt y {\n match_sender = '*'\n}\n"
                                      "stream B {\n scope = x\n match_login = x\n}\n");
    assert_int_equal(config->policy.stream_count, 3);
    assert_string_equal(config->policy.streams[0].rule.name, "b");
    assert_string_equal(config->policy.streams[1].rule.name, "a");
    assert_string_equal(config->policy.streams[2].rule.name, "B");
    assert_int_equal(config->policy.exemption_count, 2);
    assert_string_equal(config->policy.exemptions[0].name, "z");
    assert_string_equal(config->policy.exemptions[1].name, "y");
    assert_string_equal(config->policy.exemptions[1].match[MATCH_SENDER].globs[0], "*");
    assert_null(config_stream(config, "z"));
    assert_null(config_stream(config, "c"));
    config_release(config);
}

static void a_stream_s_own_value_overrides_the_file_s(void **state)
{
    (void)state;
    struct config *config =
        read_text(STREAM("mode = enforce\n mailto = own@a.example\n mailto_token = "
                         "subject\n") "stream t {\n scope = t\n match_login = x\n}\n"
                                      "mode = monitor\nmailto = "
                                      "all@a.example\nmailto_token = local-part\n");
    const struct stream *s = config_stream(config, "s"), *t = config_stream(config, "t");
    assert_int_equal(s->mode, MODE_ENFORCE);
    assert_string_equal(s->mailto, "own@a.example");
    assert_false(s->mailto_local_part);
    assert_int_equal(t->mode, MODE_MONITOR);
    assert_string_equal(t->mailto, "all@a.example");
    assert_true(t->mailto_local_part);
    config_release(config);
}

static void a_public_url_gets_its_final_slash(void **state)
{
    (void)state;
    struct config *config = read_text("public_url = \"https://u.example\"\n");
    assert_string_equal(config->policy.public_url, "https://u.example/");
    config_release(config);
    config = read_text("public_url = https://u.example/a\n");
    assert_string_equal(config->policy.public_url, "https://u.example/a/");
    config_release(config);
}

static void limits_are_as_many_as_are_given(void **state)
{
    (void)state;
    struct config *config = read_text("internal = '10.0.0.0/8'\n");
    assert_int_equal(config->effect_limit_count, 2);
    assert_string_equal(config->effect_limits[0].name, "gmail-yahoo");
    assert_int_equal(config->effect_limits[0].amount, 48);
    assert_true(config->effect_limits[1].business_days);
    config_release(config);
    config = read_text("effect_limits = {'a=1h', 'b=2bd', 'c=3d'}\n");
    assert_int_equal(config->effect_limit_count, 3);
    assert_int_equal(config->effect_limits[2].amount, 72);
    config_release(config);
    config = read_text("effect_limits = {}\n");
    assert_int_equal(config->effect_limit_count, 0);
    config_release(config);
    refuses("\neffect_limits = {'a=1h', 'a=2h'}\n", 2, "effect_limits has two named a");
    refuses("effect_limits = {a=1h}\n", 1, "");
    refuses("effect_limits = {'a=1h','b=1h','c=1h','d=1h','e=1h','f=1h','g=1h','h=1h','i=1h'}\n", 1,
            "effect_limits has more than 8 limits");
}

static void sizes_are_rounded_up_to_whole_pages(void **state)
{
    (void)state;
    struct config *config = read_text("list_size = 1048577\nledger_size = 1M\n");
    assert_int_equal(config->list_size, (1 << 20) + (64 << 10));
    assert_int_equal(config->ledger_size, 1 << 20);
    config_release(config);
}

static void the_digest_is_the_sha_256_of_the_file(void **state)
{
    (void)state;
    static const char text[] = "# a comment counts too\nuser = a\n";
    uint8_t digest[CONFIG_DIGEST_SIZE];
    struct config *config = read_text(text);

    EVP_Digest(text, sizeof text - 1, digest, NULL, EVP_sha256(), NULL);
    assert_memory_equal(config->digest, digest, sizeof digest);
    config_release(config);
}

/* --- what is refused -------------------------------------------------------------------------- */

static void a_refused_value_has_its_option_and_line(void **state)
{
    (void)state;
    refuses("mode = enforce\n\nlisten = unix:x\n", 3, "listen: the milter's own socket");
    refuses("internal = {\"::1\",\n \"10.0.0.1/8\"}\n", 2, "internal: \"10.0.0.1/8\"");
    refuses("companions = {a@b.example,\n\nb}\n", 3, "companions: \"b\"");
    refuses(STREAM("recipients = split\n"), 4, "recipients: split");
    refuses(STREAM("suppressed = maybe\n"), 4, "suppressed: \"maybe\" is not one of: strip refuse");
    refuses("stream s {\n scope = A\n}\n", 2, "scope: \"A\" is not a scope");
    refuses("exempt e {\n match_header = {'X: a',\n 'b'}\n}\n", 3, "match_header: needs the form");
    refuses("mode = enforce\nuser = ''\n", 2, "user: is empty");
    refuses("mode = enforce\nuser = \"a\tb\"\n", 2, "user: contains a control character");
    refuses("mode = enforce\nuser = \"\xff\"\n", 2, "user: is not valid UTF-8");
    refuses("mode = enforce\nlist_size = 1\n", 2, "list_size: 1 is not between");
    refuses("mode = enforce\nconnections = x\n", 2, "connections: \"x\" is not a number");
}

static const enum option_place section_places[] = {PLACE_STREAM, PLACE_EXEMPT, PLACE_SOURCE,
                                                   PLACE_BRAND};
#define SECTION_PLACES (sizeof section_places / sizeof *section_places)

/* Sets every option to `value` in every place where it may stand, or may not. */
static void refuses_everywhere(bool allowed, const char *value, const char *before,
                               const char *after)
{
    char text[256], sentence[64];

    for (size_t i = 0; i < option_count; i++) {
        const struct option *option = &option_table[i];
        snprintf(sentence, sizeof sentence, "%s%s%s", before, option->name, after);
        snprintf(text, sizeof text, "# x\n%s = %s\n", option->name, value);
        if (!(option->places & PLACE_GLOBAL) == !allowed)
            refuses(text, 2, sentence);
        for (size_t j = 0; j < SECTION_PLACES; j++) {
            snprintf(text, sizeof text, "%s s {\n\n%s = %s\n}\n",
                     option_place_name(section_places[j]), option->name, value);
            if (!(option->places & (unsigned)section_places[j]) == !allowed)
                refuses(text, 3, sentence);
        }
    }
}

static void every_option_is_checked_where_it_stands(void **state)
{
    (void)state;
    refuses_everywhere(true, "''", "", ": is empty");
}

static void an_option_in_the_wrong_place_is_unknown(void **state)
{
    (void)state;
    refuses_everywhere(false, "x", "no such option '", "'");
    refuses("# x\n\nscope = x\n", 3, "no such option 'scope'");
}

static void a_stream_needs_a_scope_and_something_to_match(void **state)
{
    (void)state;
    refuses("# x\nstream s {\n match_login = x\n}\n", 2, "stream \"s\" needs a scope");
    refuses("# x\n\nstream s {\n scope = x\n}\n", 3, "stream \"s\" needs at least one match_");
    refuses("exempt e {\n}\n", 1, "exempt \"e\" needs at least one match_");
    refuses(STREAM("") "exempt e {\n match_login = x\n}\nstream t {\n scope = x\n}\n", 8,
            "stream \"t\" needs");
}

/* An emptied list would widen what the section matches. */
static void an_empty_list_to_match_is_refused(void **state)
{
    (void)state;
    refuses("# x\n" STREAM(" match_sender = {}\n"), 2, "stream \"s\" has an empty match_sender");
    refuses("exempt e {\n match_login = {}\n}\n", 1, "exempt \"e\" has an empty match_login");
}

static int read_path(const char *path, struct error *why)
{
    struct config *config = NULL;
    int rc = config_read(path, &config, why);
    if (rc == 0)
        config_release(config);
    return rc;
}

static void a_file_that_cannot_be_one_is_named(void **state)
{
    (void)state;
    struct error why;

    assert_int_equal(read_path("/nonexistent/optout.conf", &why), -ENOENT);
    assert_non_null(strstr(why.text, "/nonexistent/optout.conf"));
    assert_int_equal(read_path(reading_folder, &why), -EISDIR);
    assert_non_null(strstr(why.text, reading_folder));
    refuses("", 0, "is empty");

    char *large = malloc(CONFIG_FILE_MAX + 1);
    memset(large, '\n', CONFIG_FILE_MAX + 1);
    refuses_bytes(large, CONFIG_FILE_MAX + 1, 0, "larger than 1 MiB");
    write_bytes(large, CONFIG_FILE_MAX);
    assert_int_equal(read_path(reading_path, &why), 0);
    free(large);
}

static void a_file_that_may_not_be_read_is_named(void **state)
{
    (void)state;
    struct error why;

    write_bytes("user = a\n", 9);
    assert_int_equal(chmod(reading_path, 0), 0);
    assert_int_equal(chmod(reading_folder, 0755), 0);
    bool root = geteuid() == 0; /* who may read everything */
    if (root)
        assert_int_equal(seteuid(NOBODY), 0);
    int rc = read_path(reading_path, &why);
    if (root)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(reading_path, 0600), 0);
    assert_int_equal(rc, -EACCES);
    assert_non_null(strstr(why.text, reading_path));
}

static void many_sections_with_many_values_are_read(void **state)
{
    (void)state;
    struct config *config;
    FILE *file = fopen(reading_path, "w");

    assert_non_null(file);
    for (int i = 0; i < 500; i++) {
        fprintf(file, "stream s%d { # x\n scope = s/%d\n match_sender = {", i, i);
        for (int j = 0; j < 50; j++)
            fprintf(file, "\"a%d@b.example\",", j);
        fprintf(file, "}\n}\n");
    }
    fprintf(file, "stream last {\n scope = last\n}\n");
    fclose(file);
    struct error why;
    assert_int_equal(config_read(reading_path, &config, &why), ERR_CONFIG);
    assert_non_null(strstr(why.text, ":2001: stream \"last\" needs at least one"));
}

/* --- sharing ---------------------------------------------------------------------------------- */

static void *hold_and_release(void *config)
{
    for (int i = 0; i < 10000; i++)
        config_release(config_hold(config));
    config_release(config);
    return NULL;
}

static void the_last_user_frees_it(void **state)
{
    (void)state;
    struct config *config = read_text(STREAM(""));
    pthread_t threads[4];

    for (size_t i = 0; i < 4; i++) {
        assert_ptr_equal(config_hold(config), config);
        pthread_create(&threads[i], NULL, hold_and_release, config);
    }
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_string_equal(config->policy.streams[0].scope, "a/b"); /* this user is left */
    config_release(config);
    config_release(NULL);
}

/* --- printing and the example ----------------------------------------------------------------- */

static void what_is_printed_reads_as_the_same(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "# nothing\n",
        "internal = {}\nmode = monitor\npublic_url = https://u.example\nlist_size = 20M\n",
        "mailto = out@a.example\n" STREAM("title = 'a \"b\" \\\\ $HOME ${x} Ä'\n"),
        "exempt e {\n match_header = {'A: \"*\"', \"B: \\\\\"}\n}\n" STREAM("mode = monitor\n"),
        "language = de\n" BRAND("color = '#7a1fa2'\nreasons = {}\nlanguage = fr\n"),
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct config *config = read_text(texts[i]);
        char *once = print(config);
        config_release(config);
        config = read_text(once);
        char *twice = print(config);
        config_release(config);
        assert_string_equal(once, twice);
        free(once);
        free(twice);
    }
}

static void values_that_count_are_printed(void **state)
{
    (void)state;
    struct config *config = read_text("mode = monitor\ninternal = {}\n" STREAM("title = \"$a\"\n")
                                          BRAND("color_dark = \"#ffffff\"\n") "source a {\n}\n");
    char *text = print(config);
    assert_non_null(strstr(text, "\ninternal = {}\n"));
    assert_non_null(strstr(text, "\n# user is not set\n"));
    assert_non_null(strstr(text, "\nconnections = \"1000\"\n"));
    assert_non_null(strstr(text, "\nstream s {\n    mode = \"monitor\"\n"));
    assert_non_null(strstr(text, "\n    title = \"\\$a\"\n"));
    assert_non_null(strstr(text, "\n    match_login = {\"x\"}\n"));
    for (size_t i = 0; i < option_count; i++)
        if (!strstr(text, option_table[i].name))
            fail_msg("%s is not printed", option_table[i].name);
    free(text);
    config_release(config);
}

static void the_example_is_read_and_starts_in_monitor_mode(void **state)
{
    (void)state;
    struct config *config = NULL;
    struct error why;

    if (config_read(sample_path(), &config, &why) != 0)
        fail_msg("%s", why.text);
    char *text = print(config);
    assert_non_null(strstr(text, "\nmode = \"monitor\"\n"));
    free(text);
    config_release(config);
}

/* Reads the example and takes the # away before every line that holds a setting: "#name = ..." or
 * what belongs to a section. Explanations have a blank behind the #. */
static char *sample_with_everything(void)
{
    char line[512], *text = NULL;
    size_t length = 0;
    FILE *in = fopen(sample_path(), "r"), *out = open_memstream(&text, &length);

    assert_non_null(in);
    assert_non_null(out);
    while (fgets(line, sizeof line, in)) {
        const char *start = line;
        if (line[0] == '#' && line[1] != ' ' && line[1] != '\n')
            start++;
        else if (strncmp(line, "#    ", 5) == 0)
            start++;
        fputs(start, out);
    }
    fclose(in);
    fclose(out);
    return text;
}

static void the_example_has_every_option_and_says_the_defaults(void **state)
{
    (void)state;
    char *text = sample_with_everything();
    struct config *config = read_text(text);
    char *printed = print(config), unset[64], expected[256];

    for (size_t i = 0; i < option_count; i++) {
        const struct option *option = &option_table[i];
        snprintf(unset, sizeof unset, "%s%s =", option->places & PLACE_GLOBAL ? "\n" : "\n    ",
                 option->name);
        if (!strstr(text, unset))
            fail_msg("%s is not in the example", option->name);
        if (!option->default_value || option->type == OPTION_TEXTS ||
            strcmp(option->name, "mode") == 0)
            continue;
        snprintf(expected, sizeof expected, "%s = \"%s\"\n", option->name, option->default_value);
        if (!strstr(printed, expected))
            fail_msg("the example does not give %s its default, %s", option->name,
                     option->default_value);
    }
    assert_non_null(strstr(printed, "\ninternal = {\"127.0.0.0/8\", \"::1\"}\n"));
    free(printed);
    free(text);
    config_release(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_file_does_not_say_has_the_table_s_default),
        cmocka_unit_test(a_stream_has_defaults_too),
        cmocka_unit_test(everything_that_can_be_said_is_read),
        cmocka_unit_test(sections_keep_the_sequence_of_the_file),
        cmocka_unit_test(a_stream_s_own_value_overrides_the_file_s),
        cmocka_unit_test(a_public_url_gets_its_final_slash),
        cmocka_unit_test(limits_are_as_many_as_are_given),
        cmocka_unit_test(sizes_are_rounded_up_to_whole_pages),
        cmocka_unit_test(the_digest_is_the_sha_256_of_the_file),
        cmocka_unit_test(a_refused_value_has_its_option_and_line),
        cmocka_unit_test(every_option_is_checked_where_it_stands),
        cmocka_unit_test(an_option_in_the_wrong_place_is_unknown),
        cmocka_unit_test(a_stream_needs_a_scope_and_something_to_match),
        cmocka_unit_test(an_empty_list_to_match_is_refused),
        cmocka_unit_test(a_file_that_cannot_be_one_is_named),
        cmocka_unit_test(a_file_that_may_not_be_read_is_named),
        cmocka_unit_test(many_sections_with_many_values_are_read),
        cmocka_unit_test(the_last_user_frees_it),
        cmocka_unit_test(what_is_printed_reads_as_the_same),
        cmocka_unit_test(values_that_count_are_printed),
        cmocka_unit_test(the_example_is_read_and_starts_in_monitor_mode),
        cmocka_unit_test(the_example_has_every_option_and_says_the_defaults),
    };
    return cmocka_run_group_tests(tests, make_reading_folder, remove_reading_folder);
}
