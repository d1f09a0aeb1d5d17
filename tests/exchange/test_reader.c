#include "exchange/reader.h"

#include "base/file.h"
#include "exchange/excerpt.h"
#include "feeding.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], path[96];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/optout-test-reader-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/rejects", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static void a_header_without_addresses_is_refused(void **state)
{
    (void)state;
    struct reader_options plain = {.format = "plain"}, ses = {.format = "ses"};

    refuses_list("name,phone\nAnn,5\n", NULL,
                 "line 1 has no column with addresses: \"name,phone\"");
    refuses_list("not an address\nann@example.com\n", NULL, "--format");
    reads("not an address\nann@example.com\n", &plain,
          "1 rejected, not an address: not an address\n2 opt-out ann@example.com none\n");
    reads("name,x\nann@example.com,BOUNCE\n", &ses,
          "1 rejected, a status that is not known: name,x\n"
          "2 block ann@example.com bounce status BOUNCE\n");
}

static void columns_without_names_are_refused(void **state)
{
    (void)state;
    struct reader_options mailgun = {.format = "mailgun"}, none = {.format = "nonsense"};

    refuses_list("ann@example.com,Ann,5\n", NULL, "no header, and 3 columns");
    refuses_list("ann@example.com,x\n", &mailgun, "has no header");
    refuses_list("email\nann@example.com\n", &none, "no format \"nonsense\"");
    refuses_list("{\"email\":\"ann@example.com\"}\n", &none, "no format \"nonsense\"");
    refuses_list("\n\n \n", NULL, "nothing but empty lines");
    refuses_list("\"open,email\nann@example.com\n", NULL, "line 1 cannot be read");
    refuses_list("email\nann@example.com\n", &none, "optout(1)");
    char wide[1100];
    memset(wide, ',', sizeof wide);
    memcpy(wide, "email", 5);
    memcpy(wide + sizeof wide - 3, "x\n", 3);
    refuses_list(wide, NULL, "line 1 has more than 1024 columns");
}

static void expiries_further_down_tell_the_format(void **state)
{
    (void)state;
    reads("a@example.com\nb@example.com,2030-01-01T00:00:00Z\nc@example.com,,news\n", NULL,
          "1 opt-out a@example.com none\n"
          "2 block b@example.com other until 2030-01-01T00:00:00Z\n"
          "3 opt-out c@example.com none tag news\n");
}

static void json_without_addresses_is_refused(void **state)
{
    (void)state;
    refuses_list("{\"name\":\"Ann\"}\n", NULL, "line 1 has an entry without an address");
    refuses_list("{\"email\":", NULL, "cannot be read: cut");
    refuses_list("{}\n", NULL, "without an address");
}

static void a_list_without_entries_is_one(void **state)
{
    (void)state;
    reads("{\"Suppressions\":[]}", NULL, "");
    reads("[]", NULL, "");
    reads("email,created\n", NULL, "");
}

static void a_list_that_says_nothing_is_told_from_one_that_does(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *format;
        bool says_nothing;
    } cases[] = {
        {"email\na@example.com\n", NULL, true},
        {"email\na@example.com\n", "hubspot", true},
        {"a@example.com\n", NULL, true},
        {"973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813b\n", NULL, true},
        {"[\"a@example.com\"]", NULL, true},
        {"{\"email\":\"a@example.com\"}", NULL, true},
        {"email,name,attributes\na@example.com,,\n", NULL, true},
        {"Email Address,LEID\na@example.com,5\n", NULL, true},
        {"Email Address,UNSUB_TIME\na@example.com,\n", NULL, false},
        {"email,name,attributes,status\na@example.com,,,enabled\n", NULL, false},
        {"email,unsubscribed\na@example.com,1\n", NULL, false},
        {"email,bounced\na@example.com,1\n", NULL, false},
        {"{\"email\":\"a@example.com\",\"unsubscribed\":true}", NULL, false},
        {"email,created\na@example.com,1736277945\n", NULL, false},
        {"a@example.com,BOUNCE\n", NULL, false},
        {"a@example.com\n", "cloudflare", false},
        {"a@example.com\nb@example.com,2030-01-01T00:00:00Z\n", NULL, false},
        {"a@example.com\n\"2030, b\" <b@example.com>\nb@example.com,2030\n", NULL, true},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reader_options options = {.format = cases[i].format};
        struct input *input = open_bytes(cases[i].bytes, strlen(cases[i].bytes), NULL);
        struct reader *reader = NULL;
        struct error why = {""};
        if (reader_open(input, &options, &reader, &why) != 0)
            fail_msg("%s: %s", cases[i].bytes, why.text);
        if (reader_facts(reader)->says_nothing != cases[i].says_nothing)
            fail_msg("says_nothing is wrong of %s", cases[i].bytes);
        reader_close(reader);
        input_close(input);
    }
}

static void the_stricter_of_two_columns_counts(void **state)
{
    (void)state;
    reads("email,unsubscribed,opted_out,bounced,status\n"
          "a@example.com,0,1,0,subscribed\n"
          "b@example.com,0,0,1,subscribed\n"
          "c@example.com,0,0,0,subscribed\n"
          "d@example.com,1,0,1,bounced\n"
          "e@example.com,no,,,\n",
          NULL,
          "2 opt-out a@example.com unsubscribe status subscribed\n"
          "3 block b@example.com bounce status subscribed\n"
          "4 opt-in c@example.com consent status subscribed\n"
          "5 opt-out d@example.com unsubscribe status bounced\n"
          "6 nothing\n");
}

static void what_is_not_used_may_be_anything(void **state)
{
    (void)state;
    reads("email,unsubscribed,note\n"
          "a@example.com,1,M\xfcller\n"
          "not an address,0,x\n",
          NULL, "2 opt-out a@example.com unsubscribe\n3 nothing\n");
}

static void a_cell_that_is_no_utf_8_is_cp1252_where_nobody_says_otherwise(void **state)
{
    (void)state;
    const char *bytes = "email,status\nb\xfc"
                        "b@example.com,unsubscribed\n";
    static const struct reader_options none;

    reads(bytes, NULL,
          "2 opt-out b\xc3\xbc"
          "b@example.com unsubscribe status unsubscribed\n");
    struct input *input = open_bytes(bytes, strlen(bytes), "UTF-8");
    struct text out = read_list(input, &none);
    assert_non_null(strstr(out.data, "2 rejected, not in the file's encoding"));
    text_release(&out);
    input_close(input);
}

static void a_nul_in_a_cell_is_a_fault(void **state)
{
    (void)state;
    static const char bytes[] = "email,status\na@example.com\0.evil,unsubscribed\n";
    static const struct reader_options none;
    struct input *input = open_bytes(bytes, sizeof bytes - 1, NULL);
    struct text out = read_list(input, &none);
    assert_non_null(strstr(out.data, "2 rejected, a NUL"));
    text_release(&out);
    input_close(input);
}

static void too_many_tags_are_a_fault(void **state)
{
    (void)state;
    struct text bytes = TEXT_EMPTY;
    text_append(&bytes, "address,tags\na@example.com,\"x");
    for (int i = 1; i < ROW_TAGS_MAX; i++)
        text_append(&bytes, ",x");
    text_append(&bytes, "\"\nb@example.com,\"x");
    for (int i = 0; i < ROW_TAGS_MAX; i++)
        text_append(&bytes, ",x");
    text_append(&bytes, "\"\n");
    static const struct reader_options none;
    struct input *input = open_bytes(bytes.data, bytes.length, NULL);
    struct text out = read_list(input, &none);
    assert_non_null(strstr(out.data, "2 opt-out a@example.com"));
    assert_non_null(strstr(out.data, "3 rejected, too many tags"));
    text_release(&out);
    input_close(input);
    text_release(&bytes);
}

/* --- rejects --- */

/* Reads the bytes, writes what is rejected to `path`, and gives back what is in there. */
static char *reject(const char *bytes, size_t length, const char *encoding, const char **format,
                    size_t *rejected)
{
    struct reader_options options = {.format = *format};
    static struct row row;
    struct input *input = open_bytes(bytes, length, encoding);
    struct reader *reader = NULL;
    struct excerpt *rejects = NULL;
    struct error why = {""};
    char *content;

    assert_int_equal(reader_open(input, &options, &reader, &why), 0);
    *format = reader_facts(reader)->format->name;
    assert_int_equal(excerpt_open(path, input, reader_frame(reader), &rejects, &why), 0);
    while (reader_next(reader, &row, &why) == 1)
        if (row.what == ROW_REJECTED)
            assert_int_equal(excerpt_add(rejects, &row, &why), 0);
    assert_int_equal(excerpt_close(rejects, &why), 0);
    reader_close(reader);
    input_close(input);
    assert_int_equal(file_read(path, 100000, &content, rejected, &why), 0);
    return content;
}

static void rejects_as(const char *bytes, size_t length, const char *encoding, const char *expected,
                       size_t expected_length)
{
    const char *format = NULL;
    size_t got, again_length;
    char *content = reject(bytes, length, encoding, &format, &got);
    if (got != expected_length || memcmp(content, expected, got) != 0)
        fail_msg("gave\n%s", content);
    /* All of it is rejected again, and nothing is lost. */
    if (got > 0) {
        char *again = reject(content, got, encoding, &format, &again_length);
        assert_int_equal(again_length, got);
        assert_memory_equal(again, content, got);
        free(again);
    }
    free(content);
}

#define BYTES(literal) literal, sizeof literal - 1

static void rejects_have_the_form_of_the_input(void **state)
{
    (void)state;
    rejects_as(
        BYTES("email;status\na@example.com;unsubscribed\nb;unsubscribed\n\"c\nd\";unsubscribed\n"),
        NULL, BYTES("email;status\nb;unsubscribed\n\"c\nd\";unsubscribed\n"));
    rejects_as(BYTES("sep=|\r\nemail|status\r\nb|unsubscribed\r\n"), NULL,
               BYTES("sep=|\r\nemail|status\r\nb|unsubscribed\r\n"));
    rejects_as(BYTES("email;status\rb;unsubscribed\r"), NULL,
               BYTES("email;status\rb;unsubscribed\r"));
    rejects_as(BYTES("a@example.com,BOUNCE\nb@example.com,FOO"), NULL,
               BYTES("b@example.com,FOO\n"));
    rejects_as(BYTES("email,status\na@example.com,unsubscribed\n"), NULL, BYTES(""));
}

static void rejects_of_json_are_json(void **state)
{
    (void)state;
    rejects_as(
        BYTES("{\"Suppressions\":[{\"EmailAddress\":\"a@example.com\",\"SuppressionReason\":"
              "\"HardBounce\"},\n{\"EmailAddress\":\"b\",\"SuppressionReason\":\"HardBounce\"},"
              "{\"EmailAddress\":\"c\",\"SuppressionReason\":\"HardBounce\"}],\"x\":1}"),
        NULL,
        BYTES("{\"Suppressions\":[{\"EmailAddress\":\"b\",\"SuppressionReason\":"
              "\"HardBounce\"},\n{\"EmailAddress\":\"c\",\"SuppressionReason\":\"HardBounce\"}"
              "]}\n"));
    rejects_as(BYTES("{\"email\":\"a@example.com\",\"status\":\"x\"}\n{\"email\":\"b\"}\n"), NULL,
               BYTES("{\"email\":\"a@example.com\",\"status\":\"x\"}\n"));
    rejects_as(BYTES("[\"a@example.com\",\"b\"]"), NULL, BYTES("[\"b\"]\n"));
}

static void rejects_have_the_encoding_of_the_input(void **state)
{
    (void)state;
    rejects_as(BYTES("email,n,status\nx,M\xfcller,unsubscribed\n"), NULL,
               BYTES("email,n,status\nx,M\xfcller,unsubscribed\n"));
    rejects_as(BYTES("email,n,status\nx,\xa4,unsubscribed\n"), "ISO-8859-15",
               BYTES("email,n,status\nx,\xa4,unsubscribed\n"));
    rejects_as(BYTES("\xff\xfe"
                     "e\0m\0a\0i\0l\0\n\0\xfc\0\n\0"),
               NULL,
               BYTES("\xff\xfe"
                     "e\0m\0a\0i\0l\0\n\0\xfc\0\n\0"));
    rejects_as(BYTES("\xef\xbb\xbf"
                     "email\nx\n"),
               NULL,
               BYTES("\xef\xbb\xbf"
                     "email\nx\n"));
}

static void the_input_is_not_overwritten_with_its_rejects(void **state)
{
    (void)state;
    static const struct reader_options none;
    struct input *input = NULL;
    struct reader *reader = NULL;
    struct excerpt *rejects = NULL;
    struct error why = {""};
    char *content;
    size_t length;

    assert_int_equal(file_replace(path, "email\nx\n", 8, 0600, &why), 0);
    assert_int_equal(input_open(path, NULL, &input, &why), 0);
    assert_int_equal(reader_open(input, &none, &reader, &why), 0);
    assert_int_equal(excerpt_open(path, input, reader_frame(reader), &rejects, &why), -EINVAL);
    assert_non_null(strstr(why.text, "the input itself"));
    assert_null(rejects);
    reader_close(reader);
    input_close(input);
    assert_int_equal(file_read(path, 100, &content, &length, &why), 0);
    assert_string_equal(content, "email\nx\n");
    free(content);
}

static void rejects_are_for_their_owner_alone(void **state)
{
    (void)state;
    const char *format = NULL;
    struct stat info;
    size_t length;

    unlink(path);
    free(reject("email\nx\n", 8, NULL, &format, &length));
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void a_mailing_list_without_anybody_has_its_header_still(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *expected;
    } cases[] = {{"email;name\na@example.com;A\n", "email;name\n"},
                 {"email;name\r\na@example.com;A\r\n", "email;name\r\n"},
                 {"a@example.com\n", ""},
                 {"{\"email\":\"a@example.com\"}", ""},
                 {"[{\"email\":\"a@example.com\"}]", "[]\n"}};
    static const struct reader_options none;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct input *input = open_bytes(cases[i].bytes, strlen(cases[i].bytes), NULL);
        struct reader *reader = NULL;
        struct excerpt *excerpt = NULL;
        struct error why = {""};
        char *content;
        size_t length;
        assert_int_equal(reader_open(input, &none, &reader, &why), 0);
        assert_int_equal(excerpt_open(path, input, reader_frame(reader), &excerpt, &why), 0);
        assert_int_equal(excerpt_begin(excerpt, &why), 0);
        assert_int_equal(excerpt_close(excerpt, &why), 0);
        assert_int_equal(file_read(path, 100, &content, &length, &why), 0);
        assert_string_equal(content, cases[i].expected);
        free(content);
        reader_close(reader);
        input_close(input);
    }
}

static void an_excerpt_goes_to_an_open_file_too(void **state)
{
    static const struct reader_options none;
    static struct row row;
    struct reader *reader = NULL;
    struct excerpt *excerpt = NULL;
    struct error why = {""};
    char content[64] = "";
    struct input *input = open_bytes(BYTES("email\na@example.com\nb@example.com\n"), NULL);
    int fd = memory_file("", 0);
    (void)state;
    assert_int_equal(reader_open(input, &none, &reader, &why), 0);
    assert_int_equal(
        excerpt_open_fd(dup(fd), "somewhere", input, reader_frame(reader), &excerpt, &why), 0);
    while (reader_next(reader, &row, &why) == 1)
        if (row.line == 3)
            assert_int_equal(excerpt_add(excerpt, &row, &why), 0);
    assert_int_equal(excerpt_close(excerpt, &why), 0);
    assert_int_equal(pread(fd, content, sizeof content - 1, 0), 20);
    assert_string_equal(content, "email\nb@example.com\n");
    close(fd);
    assert_int_equal(excerpt_open_fd(-1, "nowhere", input, reader_frame(reader), &excerpt, &why),
                     -EBADF);
    assert_non_null(strstr(why.text, "cannot write nowhere"));
    reader_close(reader);
    input_close(input);
}

static void whom_a_list_is_about_can_be_asked_alone(void **state)
{
    (void)state;
    struct reader_options people = {.people = true};
    static const char bytes[] = "email,status,unsubscribed at\n"
                                "a@example.com,lead,yesterday\n"
                                "b,unsubscribed,\n";
    static struct row row;
    struct input *input = open_bytes(bytes, strlen(bytes), NULL);
    struct reader *reader = NULL;
    struct error why = {""};

    assert_int_equal(reader_open(input, &people, &reader, &why), 0);
    assert_int_equal(reader_next(reader, &row, &why), 1);
    assert_int_equal(row.what, ROW_NOTHING);
    assert_true(row.who.has_address);
    assert_string_equal(row.who.address.text, "a@example.com");
    assert_int_equal(reader_next(reader, &row, &why), 1);
    assert_int_equal(row.what, ROW_REJECTED);
    assert_int_equal(row.fault, FAULT_ADDRESS);
    assert_int_equal(reader_next(reader, &row, &why), 0);
    reader_close(reader);
    input_close(input);
}

static void of_several_members_the_preferred_one_counts(void **state)
{
    (void)state;
    reads("{\"address\":\"1 Main St\",\"email\":\"a@example.com\"}\n"
          "{\"email\":\"b@example.com\",\"address\":null}\n",
          NULL, "1 opt-out a@example.com none\n2 opt-out b@example.com none\n");
}

static void a_page_of_several_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        bool more;
    } cases[] = {{"{\"items\":[\"a@b.c\"],\"NextToken\":\"AAMA\"}", true},
                 {"{\"NextToken\":\"AAMA\",\"items\":[\"a@b.c\"]}", true},
                 {"{\"items\":[\"a@b.c\"],\"NextToken\":null}", false},
                 {"{\"items\":[\"a@b.c\"],\"NextToken\":\"\"}", false},
                 {"{\"items\":[\"a@b.c\"]}", false}};
    static const struct reader_options none;
    static struct row row;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct input *input = open_bytes(cases[i].bytes, strlen(cases[i].bytes), NULL);
        struct reader *reader = NULL;
        assert_int_equal(reader_open(input, &none, &reader, NULL), 0);
        while (reader_next(reader, &row, NULL) == 1)
            ;
        assert_int_equal(reader_has_more(reader), cases[i].more);
        reader_close(reader);
        input_close(input);
    }
}

static void a_place_that_cannot_be_written_is_told(void **state)
{
    (void)state;
    static const struct reader_frame frame = {"", "\n", "\n"};
    struct input *input = open_bytes("x\n", 2, NULL);
    struct excerpt *rejects = NULL;
    struct error why = {""};
    static struct row row = {.text = "x", .length = 1};

    assert_int_equal(excerpt_open("/nowhere/at/all", input, &frame, &rejects, &why), -ENOENT);
    assert_non_null(strstr(why.text, "/nowhere/at/all"));
    assert_int_equal(excerpt_open("/dev/full", input, &frame, &rejects, &why), 0);
    assert_int_equal(excerpt_add(rejects, &row, &why), 0);
    assert_int_equal(excerpt_close(rejects, &why), -ENOSPC);
    assert_int_equal(excerpt_close(NULL, &why), 0);
    input_close(input);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_without_addresses_is_refused),
        cmocka_unit_test(columns_without_names_are_refused),
        cmocka_unit_test(expiries_further_down_tell_the_format),
        cmocka_unit_test(json_without_addresses_is_refused),
        cmocka_unit_test(a_list_without_entries_is_one),
        cmocka_unit_test(a_list_that_says_nothing_is_told_from_one_that_does),
        cmocka_unit_test(the_stricter_of_two_columns_counts),
        cmocka_unit_test(what_is_not_used_may_be_anything),
        cmocka_unit_test(a_cell_that_is_no_utf_8_is_cp1252_where_nobody_says_otherwise),
        cmocka_unit_test(a_nul_in_a_cell_is_a_fault),
        cmocka_unit_test(too_many_tags_are_a_fault),
        cmocka_unit_test(an_excerpt_goes_to_an_open_file_too),
        cmocka_unit_test(whom_a_list_is_about_can_be_asked_alone),
        cmocka_unit_test(of_several_members_the_preferred_one_counts),
        cmocka_unit_test(a_page_of_several_is_told),
        cmocka_unit_test(rejects_have_the_form_of_the_input),
        cmocka_unit_test(rejects_of_json_are_json),
        cmocka_unit_test(rejects_have_the_encoding_of_the_input),
        cmocka_unit_test(the_input_is_not_overwritten_with_its_rejects),
        cmocka_unit_test(rejects_are_for_their_owner_alone),
        cmocka_unit_test(a_mailing_list_without_anybody_has_its_header_still),
        cmocka_unit_test(a_place_that_cannot_be_written_is_told),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
