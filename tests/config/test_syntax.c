/* What stands where in the file; most of it libconfuse alone would take without a word. */
#include "config/syntax.h"

#include "reading.h"

#include <pthread.h>

static void comments_of_all_kinds_are_skipped(void **state)
{
    (void)state;
    struct config *config = read_text("# user = \"a\"\n"
                                      "// user = \"b\"\n"
                                      "/* user = \"c\"\n   group = \"d\" */\n"
                                      "group = \"e\" # user = \"f\"\n"
                                      "/**/ data_dir = /var/x // here\n");
    assert_null(config->user);
    assert_string_equal(config->group, "e");
    assert_string_equal(config->data_dir, "/var/x");
    config_release(config);
}

static void signs_of_a_comment_in_quotes_are_none(void **state)
{
    (void)state;
    struct config *config = read_text("stream s {\n scope = s\n title = \"a # b // c /* d\"\n"
                                      " match_login = {'#', \"//\", '/*'}\n}\n");
    assert_string_equal(config->policy.streams[0].title, "a # b // c /* d");
    assert_int_equal(config->policy.streams[0].rule.match[MATCH_LOGIN].count, 3);
    config_release(config);
}

static void comments_do_not_upset_the_lines_of_errors(void **state)
{
    (void)state;
    refuses("# one\n# two\n# three\nnonsense = 1\n", 4, "nonsense");
    refuses("/* one\n two */ /* three */\nnonsense = 1\n", 3, "nonsense");
    refuses("// one\n\nmode = enforce # two\nlisten = 1\n", 4, "listen");
    refuses("stream s {\n# one\n# two\nscope = s\nscop = s\n}\n", 5, "scop");
    refuses("\r\n# one\r\nnonsense = 1\r\n", 3, "nonsense");
}

static void a_file_that_was_cut_off_is_refused(void **state)
{
    (void)state;
    refuses("mode = enforce\n\nstream s {\n scope = s\n match_login = {x}\n", 3, "cut off");
    refuses("mode = enforce\nstream s {", 2, "cut off");
    refuses("mode = enforce\ninternal = {\"::1\",\n\"10.0.0.0/8\"", 2, "cut off");
    refuses("mode = enforce\nlisten =", 2, "premature end of file");
    refuses("mode = enforce\nlisten", 2, "premature end of file");
    refuses("mode = enforce\nstream s", 2, "premature end of file");
    refuses("mode = enforce\nlisten = \"unix:/x", 2, "not closed on its line");
    refuses("mode = enforce\n/* and\nso on", 2, "no end");
    refuses("listen = \"x\\", 1, "backslash");
}

static void braces_that_do_not_pair_are_refused_where_they_are(void **state)
{
    (void)state;
    refuses("mode = enforce\n}\n", 2, "closes nothing");
    refuses("stream a {\n scope = a\n\nstream b {\n}\n", 4, "begins in line 1");
    refuses("internal = {\"::1\"\nmode = enforce\n", 2, "begins in line 1");
    refuses("internal = {{\"::1\"}}\n", 1, "list within the list");
}

static void a_quote_that_is_forgotten_does_not_swallow_lines(void **state)
{
    (void)state;
    refuses("user = \"optout\nmilter_user = \"x\"\n", 1, "not closed on its line");
    refuses("user = 'optout\nmilter_user = 'x'\n", 1, "not closed on its line");
}

static void what_is_set_twice_is_refused(void **state)
{
    (void)state;
    refuses("user = a\ngroup = b\nuser = c\n", 3, "user was set already in line 1");
    refuses("internal = {\"::1\"}\ninternal = {}\n", 2, "set already in line 1");
    refuses("internal = {}\n\ninternal = {}\n", 3, "set already in line 1");
    refuses("stream s {\n scope = s\n match_login = {a}\n match_login = {b}\n}\n", 4,
            "match_login was set already in line 3");
    refuses("mode = enforce\nexempt e {\n match_login = a\n}\nmode = monitor\n", 5,
            "mode was set already in line 1");
    /* In another section it is another option. */
    takes("mode = enforce\nstream s {\n mode = monitor\n scope = s\n match_login = a\n}\n"
          "stream t {\n mode = monitor\n scope = s\n match_login = a\n}\n");
}

static void a_list_is_never_added_to(void **state)
{
    (void)state;
    refuses("internal = {\"10.0.0.0/8\"}\ninternal += {\"::1\"}\n", 2, "with = alone");
}

static void signs_outside_of_quotes_are_not_dropped(void **state)
{
    (void)state;
    refuses("exempt e {\n match_sender = {*@acme.example}\n}\n", 2, "* has to stand in quotes");
    refuses("user = $HOME\n", 1, "$ has to stand in quotes");
    refuses("user = ${HOME}\n", 1, "$ has to stand in quotes");
    refuses("exempt e {\n match_login = {a\\@b}\n}\n", 2, "\\ has to stand in quotes");
    refuses("stream|scope = x\n", 1, "| has to stand in quotes");
    refuses("exempt e {\n match_sender = news+tag@a.example\n}\n", 2, "+ has to stand in quotes");
    refuses("user = a;\n", 1, "; has to stand in quotes");
    refuses("# \xc3\xa4\nuser = \xc3\xa4\n", 2, "byte 0xc3 has to stand in quotes");
    refuses("user = \x01\n", 1, "byte 0x01 has to stand in quotes");
}

static void the_environment_fills_nothing_in(void **state)
{
    (void)state;
    refuses("user = a\ngroup = \"${HOME}\"\n", 2, "environment");
    struct config *config = read_text("stream s {\n scope = s\n title = \"\\${HOME} $HOME\"\n"
                                      " list_id = '${x} <a.b>'\n match_login = a\n}\n");
    assert_string_equal(config->policy.streams[0].title, "${HOME} $HOME");
    assert_string_equal(config->policy.streams[0].list_id, "${x} <a.b>");
    config_release(config);
}

static void functions_are_refused(void **state)
{
    (void)state;
    refuses("mode = enforce\ninclude(\"/etc/passwd\")\n", 2, "include()");
    refuses("mode = enforce\ninclude = \"/etc/passwd\"\n", 2, "include");
}

static void only_needed_escapes_are_known(void **state)
{
    (void)state;
    struct config *config = read_text(
        "stream s {\n scope = s\n title = \"a \\\"b\\\" \\\\ c 'd'\"\n match_login = {'a\\'b',"
        " 'c\\\\d \"'}\n}\n");
    const struct stream *stream = &config->policy.streams[0];
    assert_string_equal(stream->title, "a \"b\" \\ c 'd'");
    assert_string_equal(stream->rule.match[MATCH_LOGIN].globs[0], "a'b");
    assert_string_equal(stream->rule.match[MATCH_LOGIN].globs[1], "c\\d \"");
    config_release(config);

    static const char *const refused[] = {"\"\\0\"", "\"\\x00\"",  "\"\\n\"", "\"a\\101\"",
                                          "'\\.'",   "\"a\\\nb\"", "'\\$'"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        char text[64];
        snprintf(text, sizeof text, "mode = enforce\nuser = %s\n", refused[i]);
        refuses(text, 2, "backslash");
    }
}

static void names_are_words(void **state)
{
    (void)state;
    refuses("mode = enforce\n\"user\" = a\n", 2, "no option's name");
    refuses("mode = enforce\n= a\n", 2, "unexpected token '='");
    refuses("= a\n", 1, "no option's name");
    refuses("mode = enforce\n\"\" {\n}\n", 2, "not understood");
    refuses("mode = enforce\nno/thing = a\n", 2, "no such option 'no/thing'");
    refuses("\"\x1b[2J\" {}\n", 1, "no such option '?[2J'");
    refuses("Mode = enforce\n", 1, "no such option 'Mode'");
    refuses("stream s {\n public_url = x\n}\n", 2,
            "no such option 'public_url' here; it may stand outside of the sections");
    refuses("exempt s {\n mode = x\n}\n", 2,
            "'mode' here; it may stand outside of the sections or in a stream");
    refuses("match_login = x\n", 1, "it may stand in a stream or in an exempt section");
}

static void lists_have_the_forms_of_the_manual(void **state)
{
    (void)state;
    struct config *config = read_text("internal = \"10.0.0.0/8\"\n");
    assert_int_equal(config->policy.internal_count, 1);
    config_release(config);
    config = read_text("internal = {}\n");
    assert_int_equal(config->policy.internal_count, 0);
    config_release(config);
    config = read_text("internal = {\n  \"10.0.0.0/8\", # one\n  ::1,\n}\n");
    assert_int_equal(config->policy.internal_count, 2);
    config_release(config);
    refuses("internal = {\"10.0.0.0/8\" \"::1\"}\n", 1, "unexpected token '::1'");
    refuses("user = {a}\n", 1, "unexpected token '{'");
}

static void sections_need_a_name_of_their_own(void **state)
{
    (void)state;
    refuses("mode = enforce\nstream {\n}\n", 2, "missing title");
    refuses("mode = enforce\nstreams s {\n}\n", 2, "no such option 'streams'");
    refuses("exempt a {\n match_login = a\n}\nexempt a {\n match_login = b\n}\n", 4,
            "the name a is taken by the section in line 1");
    refuses("exempt a {\n match_login = a\n}\nstream a {\n scope = a\n match_login = b\n}\n", 4,
            "line 1");
    refuses("exempt \"a b\" {\n match_login = a\n}\n", 1, "needs a name of letters");
    refuses("mode = enforce\nexempt \"\" {\n match_login = a\n}\n", 2, "needs a name of letters");
    refuses("exempt \"a\nb\" {\n match_login = a\n}\n", 1, "not closed on its line");
}

static void a_byte_order_mark_and_carriage_returns_are_no_harm(void **state)
{
    (void)state;
    struct config *config = read_text("\xef\xbb\xbfuser = a\r\n# b\r\ngroup = \"c\"\r\n");
    assert_string_equal(config->user, "a");
    assert_string_equal(config->group, "c");
    config_release(config);
}

static void what_is_no_text_is_refused(void **state)
{
    (void)state;
    static const char nul[] = "user = a\ngroup = \"b\0c\"\n", later[] = "user = a\n\0group = b\n";
    refuses_bytes(nul, sizeof nul - 1, 2, "not closed");
    refuses_bytes(later, sizeof later - 1, 2, "NUL byte");
    refuses("\x7f"
            "ELF",
            1, "byte 0x7f");
}

static void nothing_of_a_bad_file_stays_for_the_next(void **state)
{
    (void)state;
    static const char *const bad[] = {"user = \"a", "/* user = a",  "stream s {",
                                      "user = 'a",  "internal = {", "\"\" {}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct config *config = NULL;
        write_bytes(bad[i], strlen(bad[i]));
        assert_int_equal(config_read(reading_path, &config, NULL), ERR_CONFIG);
        config = read_text("user = a\n");
        assert_string_equal(config->user, "a");
        config_release(config);
    }
}

static void *read_often(void *result)
{
    for (int i = 0; i < 200; i++) {
        struct config *config = NULL;
        struct error why;
        if (config_read(reading_path, &config, &why) != ERR_CONFIG ||
            !strstr(why.text, ":2: user: "))
            return NULL;
    }
    return result;
}

static void threads_that_read_at_once_do_not_meet(void **state)
{
    (void)state;
    pthread_t threads[4];
    int marker;

    write_bytes("group = a\nuser = \"-\"\n", 21);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_often, &marker), 0);
    for (size_t i = 0; i < 4; i++) {
        void *result = NULL;
        pthread_join(threads[i], &result);
        assert_ptr_equal(result, &marker);
    }
}

/* A mutation never crashes or hangs the reader, and is either taken or refused with a line. */
static void no_damaged_file_harms_the_reader(void **state)
{
    (void)state;
    static const char text[] =
        "mode = monitor # x\nlist_size = 16G\ninternal = {\"10.0.0.0/8\", ::1}\n"
        "/* y */ exempt e {\n match_header = {\"X-A: b*\"}\n}\n"
        "stream s {\n scope = 'a/b'\n match_client = {\"192.0.2.1\"}\n}\n";
    static const char bytes[] = "\"'{}=,#/*\\$(\n \xc3";
    char damaged[sizeof text];

    for (size_t at = 0; at + 1 < sizeof text; at++)
        for (size_t i = 0; i < sizeof bytes; i++) { /* the final NUL is one of them */
            struct config *config = NULL;
            struct error why = {""};
            memcpy(damaged, text, sizeof text);
            damaged[at] = bytes[i];
            write_bytes(damaged, sizeof text - 1);
            int rc = config_read(reading_path, &config, &why);
            if (rc == 0)
                config_release(config);
            else if (rc != ERR_CONFIG || !strstr(why.text, "optout.conf:"))
                fail_msg("%d %s for:\n%s", rc, why.text, damaged);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comments_of_all_kinds_are_skipped),
        cmocka_unit_test(signs_of_a_comment_in_quotes_are_none),
        cmocka_unit_test(comments_do_not_upset_the_lines_of_errors),
        cmocka_unit_test(a_file_that_was_cut_off_is_refused),
        cmocka_unit_test(braces_that_do_not_pair_are_refused_where_they_are),
        cmocka_unit_test(a_quote_that_is_forgotten_does_not_swallow_lines),
        cmocka_unit_test(what_is_set_twice_is_refused),
        cmocka_unit_test(a_list_is_never_added_to),
        cmocka_unit_test(signs_outside_of_quotes_are_not_dropped),
        cmocka_unit_test(the_environment_fills_nothing_in),
        cmocka_unit_test(functions_are_refused),
        cmocka_unit_test(only_needed_escapes_are_known),
        cmocka_unit_test(names_are_words),
        cmocka_unit_test(lists_have_the_forms_of_the_manual),
        cmocka_unit_test(sections_need_a_name_of_their_own),
        cmocka_unit_test(a_byte_order_mark_and_carriage_returns_are_no_harm),
        cmocka_unit_test(what_is_no_text_is_refused),
        cmocka_unit_test(nothing_of_a_bad_file_stays_for_the_next),
        cmocka_unit_test(threads_that_read_at_once_do_not_meet),
        cmocka_unit_test(no_damaged_file_harms_the_reader),
    };
    return cmocka_run_group_tests(tests, make_reading_folder, remove_reading_folder);
}
