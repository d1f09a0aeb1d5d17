#include "exchange/writer.h"

#include "base/error.h"
#include "exchange/put.h"
#include "exchange/translate.h"
#include "feeding.h"

#include <stdio.h>
#include <stdlib.h>

#define ASKED INT64_C(1736277945) /* Tue, 07 Jan 2025 19:25:45 UTC */
#define UNTIL INT64_C(1767225600) /* 2026-01-01 */

static const uint8_t key[ROW_KEY_SIZE] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77};

static struct row row_about(const char *address, enum row_what what, enum choice_reason reason)
{
    struct row row = {.what = what, .reason = reason, .scope = "acme", .source = "cli"};

    if (!address)
        return row;
    row.who.has_address = true;
    row.who.domain = *address == '@';
    if (row.who.domain)
        assert_int_equal(address_parse_domain(address, &row.who.address), 0);
    else
        assert_int_equal(address_parse(address, &row.who.address), 0);
    return row;
}

static void writes(const char *name, const struct row *rows, size_t count, const char *expected)
{
    const struct target *target = writer_find(name);
    struct text out = TEXT_EMPTY;
    bool first = true;

    assert_non_null(target);
    writer_begin(target, key, &out);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(writer_row(target, &rows[i], first, &out), WRITER_CARRIES);
        first = false;
    }
    writer_end(target, &out);
    assert_false(out.failed);
    if (strcmp(out.data, expected) != 0)
        fail_msg("%s gave\n%s", name, out.data);
    text_release(&out);
}

static enum writer_lack lack_of(const char *name, const struct row *row)
{
    struct text out = TEXT_EMPTY;
    enum writer_lack lack = writer_row(writer_find(name), row, true, &out);
    if (lack != WRITER_CARRIES)
        assert_int_equal(out.length, 0);
    text_release(&out);
    return lack;
}

static void each_provider_has_its_form(void **state)
{
    (void)state;
    struct row rows[2] = {row_about("ann@example.com", ROW_OPT_OUT, REASON_UNSUBSCRIBE),
                          row_about("\"b,c\"@example.com", ROW_OPT_OUT, REASON_COMPLAINT)};
    struct row block = row_about("gone@example.com", ROW_BLOCK, REASON_BOUNCE);
    rows[0].asked = ASKED;
    block.asked = ASKED;

    writes("mailgun", rows, 2,
           "address,tags,created_at\n"
           "ann@example.com,*,\"Tue, 07 Jan 2025 19:25:45 +0000\"\n"
           "\"\"\"b,c\"\"@example.com\",*,\"\"\n");
    writes("mailgun-bounces", &block, 1,
           "address,code,error,created_at\n"
           "gone@example.com,550,,\"Tue, 07 Jan 2025 19:25:45 +0000\"\n");
    writes("mailgun-complaints", &rows[1], 1,
           "address,created_at\n\"\"\"b,c\"\"@example.com\",\"\"\n");
    writes("ses", rows, 1, "ann@example.com,COMPLAINT\n");
    writes("ses", &block, 1, "gone@example.com,BOUNCE\n");
    writes("sendgrid", rows, 1, "email,created\nann@example.com,1736277945\n");
    writes("sparkpost", rows, 1,
           "recipient,type,description\nann@example.com,non_transactional,unsubscribe\n");
    writes("mandrill", &block, 1,
           "email,reason,detail,created_at,expires_at\n"
           "gone@example.com,hard-bounce,,2025-01-07 19:25:45,\n");
    writes("postmark", rows, 2,
           "{\"Suppressions\":[\n"
           "{\"EmailAddress\":\"ann@example.com\",\"SuppressionReason\":\"ManualSuppression\","
           "\"Origin\":\"Recipient\",\"CreatedAt\":\"2025-01-07T19:25:45Z\"},\n"
           "{\"EmailAddress\":\"\\\"b,c\\\"@example.com\",\"SuppressionReason\":\"SpamComplaint\","
           "\"Origin\":\"Recipient\"}\n]}\n");
    writes("mailchimp", rows, 1, "Email Address\nann@example.com\n");
    writes("mautic", rows, 1, "email,doNotEmail\nann@example.com,1\n");
    writes("listmonk", rows, 1, "email,name,attributes\nann@example.com,,{}\n");
    writes("brevo", rows, 1, "EMAIL\nann@example.com\n");
    writes("hubspot", rows, 1, "Email\nann@example.com\n");
    writes("klaviyo", rows, 1, "Email\nann@example.com\n");
    writes("plain", rows, 2, "ann@example.com\n\"b,c\"@example.com\n");
    block.until = UNTIL;
    writes("cloudflare", rows, 1, "ann@example.com\n");
    writes("cloudflare", &block, 1, "gone@example.com,2026-01-01T00:00:00Z\n");
}

static void a_hash_is_that_of_the_address_or_the_one_that_is_known(void **state)
{
    (void)state;
    struct row row = row_about("ann@example.com", ROW_OPT_OUT, REASON_UNSUBSCRIBE);
    struct row hashed = row_about(NULL, ROW_BLOCK, REASON_BOUNCE);

    /* As `printf ann@example.com | sha256sum` has it. */
    writes("sha256", &row, 1, "71d4f55f72fa128dfb468a1a3901507c804b74316488744d769d7f4b16696476\n");
    hashed.who.has_digest = true;
    memset(hashed.who.digest, 0xab, ROW_DIGEST_SIZE);
    writes("sha256", &hashed, 1,
           "abababababababababababababababababababababababababababababababab\n");
}

static void what_a_format_lacks_is_told(void **state)
{
    (void)state;
    struct row out = row_about("ann@example.com", ROW_OPT_OUT, REASON_UNSUBSCRIBE);
    struct row block = row_about("ann@example.com", ROW_BLOCK, REASON_BOUNCE);
    struct row in = row_about("ann@example.com", ROW_OPT_IN, REASON_CONSENT);
    struct row domain = row_about("@example.com", ROW_OPT_OUT, REASON_MANUAL);
    struct row erased = row_about(NULL, ROW_OPT_OUT, REASON_UNSUBSCRIBE);

    erased.who.has_subject = true;
    assert_int_equal(lack_of("mailgun", &out), WRITER_CARRIES);
    assert_int_equal(lack_of("mailgun", &block), WRITER_LACKS_KIND);
    assert_int_equal(lack_of("mailgun-bounces", &out), WRITER_LACKS_KIND);
    assert_int_equal(lack_of("mailgun-complaints", &out), WRITER_LACKS_KIND);
    assert_int_equal(lack_of("ses", &in), WRITER_LACKS_KIND);
    assert_int_equal(lack_of("ses", &domain), WRITER_LACKS_DOMAINS);
    assert_int_equal(lack_of("ses", &erased), WRITER_LACKS_ADDRESS);
    assert_int_equal(lack_of("sha256", &erased), WRITER_LACKS_ADDRESS);
    assert_int_equal(lack_of("sha256", &domain), WRITER_LACKS_DOMAINS);
    block.until = UNTIL;
    assert_int_equal(lack_of("ses", &block), WRITER_LACKS_END);
    assert_int_equal(lack_of("mandrill", &block), WRITER_CARRIES);
    assert_int_equal(lack_of("csv", &in), WRITER_CARRIES);
    assert_int_equal(lack_of("csv", &domain), WRITER_CARRIES);
    assert_int_equal(lack_of("ndjson", &erased), WRITER_CARRIES);
}

static void targets_are_found_by_name(void **state)
{
    (void)state;
    const char *title = NULL, *name;
    size_t count = 0;

    while ((name = writer_name(count, &title))) {
        assert_non_null(writer_find(name));
        assert_non_null(title);
        count++;
    }
    assert_true(count >= 19);
    assert_null(writer_find("xlsx"));
    for (int lack = WRITER_CARRIES; lack < WRITER_LACK_COUNT; lack++)
        assert_non_null(writer_lack_text((enum writer_lack)lack));
}

/* What a provider is given reads as the same again, as far as the provider has words for it. */
static void what_is_written_for_a_provider_can_be_read_again(void **state)
{
    (void)state;
    static const char *const names[] = {
        "mailgun",   "mailgun-bounces", "mailgun-complaints", "ses",      "sendgrid",
        "sparkpost", "mandrill",        "postmark",           "mautic",   "plain",
        "sha256",    "brevo",           "mailchimp",          "listmonk", "cloudflare"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct target *target = writer_find(names[i]);
        struct row row = row_about(
            "\"o;b,c\"@example.com",
            strcmp(names[i], "mailgun-bounces") == 0 ? ROW_BLOCK : ROW_OPT_OUT, REASON_COMPLAINT);
        struct reader_options options = {.format = names[i]};
        struct text bytes = TEXT_EMPTY;
        row.asked = ASKED;
        writer_begin(target, key, &bytes);
        assert_int_equal(writer_row(target, &row, true, &bytes), WRITER_CARRIES);
        writer_end(target, &bytes);
        struct input *input = open_bytes(bytes.data, bytes.length, NULL);
        struct text out = read_list(input, &options);
        const char *what = row.what == ROW_BLOCK ? " block " : " opt-out ";
        const char *who = strcmp(names[i], "sha256") == 0 ? " sha256 " : " \"o;b,c\"@example.com ";
        if (!strstr(out.data, what) || !strstr(out.data, who) || strchr(out.data, '\n')[1])
            fail_msg("%s: %swas read as %s", names[i], bytes.data, out.data);
        text_release(&out);
        text_release(&bytes);
        input_close(input);
    }
}

/* --- our own --- */

static void cells_that_a_spreadsheet_would_run_are_guarded(void **state)
{
    (void)state;
    static const char *const plain[] = {"", "ann@example.com", "a=b", "a'b", "1"};
    static const struct {
        const char *text, *written;
    } guarded[] = {{"=1+1", "'=1+1"},   {"+cli", "'+cli"},
                   {"-x", "'-x"},       {"@example.com", "'@example.com"},
                   {"'a", "''a"},       {"\tx", "\"'\tx\""},
                   {"\rx", "\"'\rx\""}, {"=\"a\"", "\"'=\"\"a\"\"\""}};

    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        struct text out = TEXT_EMPTY;
        text_append(&out, "");
        put_guarded_cell(&out, plain[i]);
        assert_string_equal(out.data, plain[i]);
        text_release(&out);
    }
    for (size_t i = 0; i < sizeof guarded / sizeof *guarded; i++) {
        struct text out = TEXT_EMPTY;
        put_guarded_cell(&out, guarded[i].text);
        assert_string_equal(out.data, guarded[i].written);
        text_release(&out);
    }
}

static void long_cells_are_quoted_too(void **state)
{
    (void)state;
    char longer[2000];
    struct text out = TEXT_EMPTY;

    memset(longer, '"', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    put_cell(&out, longer);
    assert_int_equal(out.length, 2 * (sizeof longer - 1) + 2);
    text_release(&out);
}

static void dates_are_written_in_the_forms_of_others(void **state)
{
    (void)state;
    struct text out = TEXT_EMPTY;
    put_rfc2822(&out, ASKED);
    text_append(&out, "|");
    put_rfc2822(&out, 951782400);
    text_append(&out, "|");
    put_sql_time(&out, ASKED);
    text_append(&out, "|");
    put_rfc3339(&out, ASKED);
    text_append(&out, "|");
    put_unix_time(&out, ASKED);
    text_append(&out, "|");
    put_rfc2822(&out, 0);
    put_sql_time(&out, 0);
    put_rfc3339(&out, 0);
    put_unix_time(&out, 0);
    assert_string_equal(out.data, "Tue, 07 Jan 2025 19:25:45 +0000|Tue, 29 Feb 2000 00:00:00 +0000|"
                                  "2025-01-07 19:25:45|2025-01-07T19:25:45Z|1736277945|");
    text_release(&out);
}

static void our_own_csv_has_a_column_for_all(void **state)
{
    (void)state;
    struct event_name names[2] = {{.number = 5}, {.number = 77}};
    struct row row = row_about("=ann@example.com", ROW_OPT_IN, REASON_DOUBLE_OPT_IN);

    memset(names[0].node, 0xaa, EVENT_NODE_SIZE);
    memset(names[1].node, 0xbb, EVENT_NODE_SIZE);
    row.confirmed = true;
    row.asked = ASKED;
    row.until = UNTIL;
    row.recorded_ms = ASKED * 1000 + 123;
    row.event = names[1];
    row.names = names;
    row.name_count = 2;
    row.who.has_subject = true;
    memset(row.who.subject.bytes, 0xcd, SUBJECT_SIZE);
    writes("csv", &row, 1,
           "kind,address,sha256,subject_0011223344556677,scope,source,reason,confirmed,asked,until,"
           "recorded,event,names\n"
           "opt-in,'=ann@example.com,,cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd,acme,cli,double-opt-in,yes,"
           "2025-01-07T19:25:45Z,2026-01-01T00:00:00Z,2025-01-07T19:25:45.123Z,"
           "bbbbbbbbbbbbbbbb-77,aaaaaaaaaaaaaaaa-5 bbbbbbbbbbbbbbbb-77\n");
}

static void our_own_json_has_what_there_is(void **state)
{
    (void)state;
    struct row row = row_about("@example.com", ROW_OPT_OUT, REASON_NONE);
    row.source = "a\"b\\\xc3\xbc";
    writes("ndjson", &row, 1,
           "{\"kind\":\"opt-out\",\"address\":\"@example.com\",\"scope\":\"acme\","
           "\"source\":\"a\\\"b\\\\\xc3\xbc\"}\n");
}

static uint32_t seed;

static uint32_t draw(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
}

static void draw_name(struct event_name *name)
{
    for (size_t i = 0; i < EVENT_NODE_SIZE; i++)
        name->node[i] = (uint8_t)draw(256);
    name->number = 1 + (((uint64_t)draw(1 << 24)) << (draw(5) * 8));
}

static void draw_who(struct row *row)
{
    static const char *const addresses[] = {"ann@example.com",     "=x@example.com",
                                            "'x@example.com",      "+1@example.com",
                                            "-@example.com",       "\"a,\\\"b\"@example.com",
                                            "\"a;b\"@example.com", "\xc3\xbc@example.com",
                                            "@example.org",        "x@[192.0.2.1]"};

    row->who.has_subject = draw(3) > 0;
    for (size_t i = 0; i < SUBJECT_SIZE; i++)
        row->who.subject.bytes[i] = (uint8_t)draw(256);
    memcpy(row->who.key, key, sizeof key);
    if (draw(3) > 0) {
        struct row other = row_about(addresses[draw(sizeof addresses / sizeof *addresses)],
                                     ROW_OPT_OUT, REASON_NONE);
        row->who.address = other.who.address;
        row->who.has_address = true;
        row->who.domain = other.who.domain;
    } else if (draw(2) > 0 || !row->who.has_subject) {
        row->who.has_digest = true;
        for (size_t i = 0; i < ROW_DIGEST_SIZE; i++)
            row->who.digest[i] = (uint8_t)draw(256);
    }
}

static void draw_row(struct row *row, struct event_name names[4])
{
    static const char *const scopes[] = {"/", "acme", "acme/newsletter", "a.b-c_d/e"};
    static const char *const sources[] = {NULL,      "cli", "=1+1",      "a,b;c",
                                          "quo\"te", "'q",  "\xc3\xbc x"};

    memset(row, 0, sizeof *row);
    row->what = (enum row_what)(ROW_OPT_OUT + (int)draw(4));
    draw_who(row);
    row->scope = scopes[draw(4)];
    row->source = sources[draw(7)];
    row->reason = (enum choice_reason)draw(15);
    row->asked = draw(2) ? ASKED + draw(1000000) : 0;
    row->until = draw(2) && row->what != ROW_OPT_OUT ? UNTIL + draw(1000000) : 0;
    row->confirmed = row->what == ROW_OPT_IN && draw(2);
    row->recorded_ms = draw(2) ? (ASKED * 1000) + draw(1000000) : 0;
    if (draw(2))
        draw_name(&row->event);
    row->names = names;
    row->name_count = row->what == ROW_WITHDRAWAL ? 1 + draw(3) : row->confirmed ? draw(4) : 0;
    for (size_t i = 0; i < row->name_count; i++)
        draw_name(&names[i]);
}

static void is_same_who(const struct row_who *a, const struct row_who *b)
{
    assert_int_equal(a->has_address, b->has_address);
    assert_int_equal(a->has_subject, b->has_subject);
    assert_int_equal(a->domain, b->domain);
    if (a->has_address)
        assert_string_equal(a->address.text, b->address.text);
    else
        assert_int_equal(a->has_digest, b->has_digest);
    if (a->has_digest && !a->has_address)
        assert_memory_equal(a->digest, b->digest, ROW_DIGEST_SIZE);
    if (a->has_subject) {
        assert_memory_equal(&a->subject, &b->subject, sizeof a->subject);
        assert_memory_equal(a->key, b->key, sizeof a->key);
    }
}

static void is_same_row(const struct row *a, const struct row *b)
{
    assert_int_equal(a->what, b->what);
    is_same_who(&a->who, &b->who);
    assert_string_equal(a->scope, b->scope);
    assert_string_equal(a->source ? a->source : "", b->source ? b->source : "");
    assert_int_equal(a->reason, b->reason);
    assert_int_equal(a->confirmed, b->confirmed);
    assert_int_equal(a->asked, b->asked);
    assert_int_equal(a->until, b->until);
    assert_int_equal(a->recorded_ms, b->recorded_ms);
    assert_int_equal(a->event.number, b->event.number);
    if (a->event.number)
        assert_true(event_name_equal(&a->event, &b->event));
    assert_int_equal(a->name_count, b->name_count);
    for (size_t i = 0; i < a->name_count; i++)
        assert_true(event_name_equal(&a->names[i], &b->names[i]));
}

static void our_own_formats_lose_nothing(void **state)
{
    (void)state;
    static const char *const names[] = {"csv", "ndjson"};
    static struct row row, again;
    struct event_name drawn[4];

    for (size_t i = 0; i < 2; i++) {
        const struct target *target = writer_find(names[i]);
        struct text bytes = TEXT_EMPTY;
        struct reader *reader = NULL;
        struct error why = {""};
        static const struct reader_options none;
        seed = 42;
        writer_begin(target, key, &bytes);
        for (int n = 0; n < 2000; n++) {
            draw_row(&row, drawn);
            assert_int_equal(writer_row(target, &row, n == 0, &bytes), WRITER_CARRIES);
        }
        struct input *input = open_bytes(bytes.data, bytes.length, NULL);
        assert_int_equal(reader_open(input, &none, &reader, &why), 0);
        assert_false(reader_facts(reader)->says_nothing);
        seed = 42;
        for (int n = 0; n < 2000; n++) {
            draw_row(&row, drawn);
            assert_int_equal(reader_next(reader, &again, &why), 1);
            if (again.what == ROW_REJECTED)
                fail_msg("%s: %.*s", row_fault_text(again.fault), (int)again.length, again.text);
            is_same_row(&row, &again);
        }
        assert_int_equal(reader_next(reader, &again, &why), 0);
        reader_close(reader);
        input_close(input);
        text_release(&bytes);
    }
}

static void names_of_events_are_read(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "0123456789abcdef",
                                        "0123456789abcdef-",
                                        "0123456789abcdef-0",
                                        "0123456789abcde-1",
                                        "0123456789abcdeg-1",
                                        "0123456789abcdef-1x",
                                        "0123456789abcdef-18446744073709551616",
                                        "5"};
    struct event_name name = {.number = 42};
    const char *text = "0123456789abcdef-18446744073709551615 x";

    assert_int_equal(translate_event(&text, &name), 0);
    assert_true(name.number == UINT64_MAX);
    assert_int_equal(name.node[7], 0xef);
    assert_string_equal(text, " x");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        text = wrong[i];
        assert_int_equal(translate_event(&text, &name), ERR_SYNTAX);
        assert_ptr_equal(text, wrong[i]);
        assert_true(name.number == UINT64_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_provider_has_its_form),
        cmocka_unit_test(a_hash_is_that_of_the_address_or_the_one_that_is_known),
        cmocka_unit_test(what_a_format_lacks_is_told),
        cmocka_unit_test(targets_are_found_by_name),
        cmocka_unit_test(what_is_written_for_a_provider_can_be_read_again),
        cmocka_unit_test(cells_that_a_spreadsheet_would_run_are_guarded),
        cmocka_unit_test(long_cells_are_quoted_too),
        cmocka_unit_test(dates_are_written_in_the_forms_of_others),
        cmocka_unit_test(our_own_csv_has_a_column_for_all),
        cmocka_unit_test(our_own_json_has_what_there_is),
        cmocka_unit_test(our_own_formats_lose_nothing),
        cmocka_unit_test(names_of_events_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
