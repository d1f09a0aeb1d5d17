#include "exchange/entries.h"

#include "base/text.h"
#include "feeding.h"

#include <inttypes.h>
#include <stdlib.h>

/* The entries as text: "1: {"a":1}", with their faults, then the frame; the caller releases it. */
static struct text read_entries(const char *bytes, size_t length)
{
    struct input *input = open_bytes(bytes, length, NULL);
    struct window window;
    struct entries *entries;
    struct entry entry;
    struct text out = TEXT_EMPTY;
    int rc;

    assert_int_equal(window_open(&window, input), 0);
    assert_int_equal(entries_open(&window, true, &entries), 0);
    while ((rc = entries_next(entries, &entry, NULL)) == 1) {
        text_format(&out, "%" PRIu64 ": ", entry.line);
        if (entry.value) {
            char *dumped = json_dumps(entry.value, JSON_COMPACT | JSON_ENCODE_ANY);
            text_append(&out, dumped);
            free(dumped);
            assert_int_equal(entry.fault, FAULT_NONE);
        } else {
            text_format(&out, "%s <%.*s>", row_fault_text(entry.fault), (int)entry.length,
                        entry.text);
        }
        text_append(&out, "\n");
    }
    assert_int_equal(rc, 0);
    text_append(&out, "");
    entries_close(entries);
    window_close(&window);
    input_close(input);
    return out;
}

static void gives(const char *bytes, const char *expected)
{
    struct text out = read_entries(bytes, strlen(bytes));
    if (strcmp(out.data, expected) != 0)
        fail_msg("gave\n%sinstead of\n%sfor\n%s", out.data, expected, bytes);
    text_release(&out);
}

static void objects_stand_on_lines(void **state)
{
    (void)state;
    gives("{\"a\":1}\n{\"a\":2}\n", "1: {\"a\":1}\n2: {\"a\":2}\n");
    gives("\n {\"a\": {\"b\": [1, {}]}} \r\n\n{}", "2: {\"a\":{\"b\":[1,{}]}}\n4: {}\n");
    gives("{\n  \"a\":\n 1\n}\n{\"a\":2}", "1: {\"a\":1}\n5: {\"a\":2}\n");
    gives("\"a@b\"\n\"c@d\"\n", "1: \"a@b\"\n2: \"c@d\"\n");
    gives(" ", "");
}

static void they_stand_in_an_array(void **state)
{
    (void)state;
    gives("[{\"a\":1},\n {\"a\":2}\n]\n", "1: {\"a\":1}\n2: {\"a\":2}\n");
    gives("[]", "");
    gives("[\"a@b\" , \"c@d\"]", "1: \"a@b\"\n1: \"c@d\"\n");
    gives("[1, null, true, [2], {\"a\":3}]", "1: neither an entry nor an address <1>\n"
                                             "1: neither an entry nor an address <null>\n"
                                             "1: neither an entry nor an address <true>\n"
                                             "1: neither an entry nor an address <[2]>\n"
                                             "1: {\"a\":3}\n");
}

static void they_stand_in_a_member(void **state)
{
    (void)state;
    gives("{\"Suppressions\":[{\"a\":1},{\"a\":2}]}", "1: {\"a\":1}\n1: {\"a\":2}\n");
    gives("{\"NextToken\":\"x]}\", \"paging\":{\"items\":[]},\n\"items\": [\n{\"a\":1}], \"n\": "
          "[1,2]}",
          "3: {\"a\":1}\n");
    gives("{\"SuppressedDestinationSummaries\": []}", "");
    gives("{\"items\":[{\"a\":1}],\"results\":[{\"a\":2}]}", "1: {\"a\":1}\n1: {\"a\":2}\n");
    /* An array of that name in an entry is no list, as an entry has other members. */
    gives("{\"a\":1,\"tags\":[\"x\"]}", "1: {\"a\":1,\"tags\":[\"x\"]}\n");
}

static void documents_may_follow_each_other(void **state)
{
    (void)state;
    gives("{\"Suppressions\":[{\"a\":1}]}\n{\"Suppressions\":[{\"a\":2}]}\n[{\"a\":3}]{\"a\":4}",
          "1: {\"a\":1}\n2: {\"a\":2}\n3: {\"a\":3}\n3: {\"a\":4}\n");
}

static void brackets_and_quotes_in_strings_are_text(void **state)
{
    (void)state;
    gives("[{\"a\":\"]}{[,\\\"\\\\\"},{\"b\":\"\\u007b\"}]",
          "1: {\"a\":\"]}{[,\\\"\\\\\"}\n1: {\"b\":\"{\"}\n");
}

static void a_bad_line_costs_itself_alone(void **state)
{
    (void)state;
    gives("{\"a\":1}\n{\"a\":,}\n{\"a\":3}\n",
          "1: {\"a\":1}\n2: not well-formed JSON <{\"a\":,}>\n3: {\"a\":3}\n");
    gives("{\"a\":1}\n{\"a\":\"x\n{\"a\":3}\n",
          "1: {\"a\":1}\n2: not well-formed JSON <{\"a\":\"x>\n3: {\"a\":3}\n");
    gives("{\"a\":1\n{\"a\":2}\n", "1: not well-formed JSON <{\"a\":1>\n2: {\"a\":2}\n");
    gives("}\n{\"a\":2}\n", "1: not well-formed JSON <}>\n2: {\"a\":2}\n");
    gives("{\"a\":1,\"a\":2}\n{\"a\":2}\n",
          "1: not well-formed JSON <{\"a\":1,\"a\":2}>\n2: {\"a\":2}\n");
    gives("{\"a\":\"x\\u0000\"}\n", "1: not well-formed JSON <{\"a\":\"x\\u0000\"}>\n");
}

static void a_bad_entry_of_a_list_costs_itself_alone(void **state)
{
    (void)state;
    gives("[{\"a\":,},{\"a\":2}]", "1: not well-formed JSON <{\"a\":,}>\n1: {\"a\":2}\n");
    gives("[{\"a\":1},\n{\"a\":\"x},\n{\"a\":3},\n{\"a\":4}]",
          "1: {\"a\":1}\n2: not well-formed JSON <{\"a\":\"x},>\n3: {\"a\":3}\n4: {\"a\":4}\n");
    gives("[}, {\"a\":2}]", "1: not well-formed JSON <},>\n1: {\"a\":2}\n");
}

static void what_is_cut_is_told_once(void **state)
{
    (void)state;
    gives("{\"a\":1}\n{\"a\":",
          "1: {\"a\":1}\n2: cut in the middle: the file ends here <{\"a\":>\n");
    gives("[{\"a\":1},{\"a\":",
          "1: {\"a\":1}\n1: cut in the middle: the file ends here <{\"a\":>\n");
    gives("[{\"a\":1},", "1: {\"a\":1}\n1: cut in the middle: the file ends here <>\n");
    gives("{\"items\":[{\"a\":1}]", "1: {\"a\":1}\n1: cut in the middle: the file ends here <>\n");
    gives("{\"items\":[{\"a\":1}],\"b\":",
          "1: {\"a\":1}\n1: cut in the middle: the file ends here <>\n");
    gives("[", "1: cut in the middle: the file ends here <>\n");
    gives("{\"a\":\"x\\", "1: cut in the middle: the file ends here <{\"a\":\"x\\>\n");
}

static void what_is_nested_deep_is_no_entry(void **state)
{
    (void)state;
    struct text bytes = TEXT_EMPTY;
    for (int i = 0; i < 20; i++)
        text_append(&bytes, "[");
    for (int i = 0; i < 20; i++)
        text_append(&bytes, "]");
    text_append(&bytes, "\n,{\"a\":1}]");
    struct text out = read_entries(bytes.data, bytes.length);
    assert_non_null(strstr(out.data, "not well-formed JSON"));
    assert_non_null(strstr(out.data, "2: {\"a\":1}\n"));
    text_release(&bytes);
    text_release(&out);
}

static void an_entry_that_is_too_large_is_told_and_passed_over(void **state)
{
    (void)state;
    for (int list = 0; list < 2; list++) {
        struct text bytes = TEXT_EMPTY;
        text_append(&bytes, list ? "[{\"a\":\"" : "{\"a\":\"");
        for (int i = 0; i < 2 * WINDOW_SIZE; i++)
            text_append(&bytes, "x");
        text_append(&bytes, list ? "\"},\n{\"a\":2}]" : "\"}\n{\"a\":2}");
        struct text out = read_entries(bytes.data, bytes.length);
        assert_string_equal(out.data, "1: too large <>\n2: {\"a\":2}\n");
        text_release(&bytes);
        text_release(&out);
    }
}

static void entries_across_the_window_s_end_are_whole(void **state)
{
    (void)state;
    struct text bytes = TEXT_EMPTY, expected = TEXT_EMPTY;
    text_append(&bytes, "{\"TotalCount\":30000,\"Suppressions\":[");
    for (int i = 1; i <= 30000; i++) {
        text_format(&bytes, "%s{\"a\":\"%d]\"}\n", i > 1 ? "," : "", i * 7);
        text_format(&expected, "%d: {\"a\":\"%d]\"}\n", i, i * 7);
    }
    text_append(&bytes, "]}");
    struct text out = read_entries(bytes.data, bytes.length);
    assert_string_equal(out.data, expected.data);
    text_release(&bytes);
    text_release(&expected);
    text_release(&out);
}

static void blanks_without_end_need_no_memory(void **state)
{
    (void)state;
    struct text bytes = TEXT_EMPTY;
    text_append(&bytes, "[");
    for (int i = 0; i < 3 * WINDOW_SIZE; i++)
        text_append(&bytes, i % 2 ? " " : "\n");
    text_append(&bytes, "{\"a\":1}]");
    struct text out = read_entries(bytes.data, bytes.length);
    assert_string_equal(out.data, "393217: {\"a\":1}\n");
    text_release(&bytes);
    text_release(&out);
}

static void what_is_no_utf_8_is_cp1252(void **state)
{
    (void)state;
    gives("{\"a\":\"M\xfcller\"}", "1: {\"a\":\"M\xc3\xbcller\"}\n");
}

static void the_frame_is_that_of_the_document(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *head, *tail;
    } cases[] = {{"{\"a\":1}", "", ""},
                 {"[{\"a\":1}]", "[", "]"},
                 {"{\"x\":1,\"Suppressions\":[{\"a\":1}]}", "{\"Suppressions\":[", "]}"}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct input *input = open_bytes(cases[i].bytes, strlen(cases[i].bytes), NULL);
        struct window window;
        struct entries *entries;
        struct entry entry;
        assert_int_equal(window_open(&window, input), 0);
        assert_int_equal(entries_open(&window, true, &entries), 0);
        assert_int_equal(entries_next(entries, &entry, NULL), 1);
        assert_string_equal(entries_head(entries), cases[i].head);
        assert_string_equal(entries_tail(entries), cases[i].tail);
        entries_close(entries);
        window_close(&window);
        input_close(input);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_stand_on_lines),
        cmocka_unit_test(they_stand_in_an_array),
        cmocka_unit_test(they_stand_in_a_member),
        cmocka_unit_test(documents_may_follow_each_other),
        cmocka_unit_test(brackets_and_quotes_in_strings_are_text),
        cmocka_unit_test(a_bad_line_costs_itself_alone),
        cmocka_unit_test(a_bad_entry_of_a_list_costs_itself_alone),
        cmocka_unit_test(what_is_cut_is_told_once),
        cmocka_unit_test(what_is_nested_deep_is_no_entry),
        cmocka_unit_test(an_entry_that_is_too_large_is_told_and_passed_over),
        cmocka_unit_test(entries_across_the_window_s_end_are_whole),
        cmocka_unit_test(blanks_without_end_need_no_memory),
        cmocka_unit_test(what_is_no_utf_8_is_cp1252),
        cmocka_unit_test(the_frame_is_that_of_the_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
