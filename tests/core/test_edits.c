/* Edits, done to a header as an MTA would do them: what stands there afterwards. */
#include "core/edits.h"

#include "base/error.h"
#include "core/fields.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define URL "https://out.acme.example/"
#define DAY 20000
#define FIELDS_MAX 16

static const struct token_key key = {.id = 7, .key = {1, 2, 3}};
static struct token_sealer *sealer;
static struct pool pool;
static struct recipient anna;

static int set_up(void **state)
{
    (void)state;
    anna.given = "<anna@x.example>";
    return address_parse(anna.given, &anna.address) || token_sealer_new(&key, &sealer);
}

static int tear_down(void **state)
{
    (void)state;
    token_sealer_free(sealer);
    pool_release(&pool);
    return 0;
}

/* --- headers in words: "Name: value | Name: value" ----------------------------------------------
 */

struct header {
    char text[1024];
    struct header_field fields[FIELDS_MAX];
    size_t count;
};

static void read_header(const char *words, struct header *header)
{
    header->count = 0;
    assert_true(strlen(words) < sizeof header->text);
    strcpy(header->text, words);
    for (char *field = header->text; *field;) {
        char *next = strstr(field, " | ");
        char *colon = strstr(field, ": ");
        assert_true(colon && header->count < FIELDS_MAX);
        *colon = '\0';
        header->fields[header->count++] = (struct header_field){field, colon + 2};
        if (!next)
            break;
        *next = '\0';
        field = next + 3;
    }
}

static const struct message *message_of(const struct header *header)
{
    static struct message message;
    message.fields = header->fields;
    message.field_count = header->count;
    return &message;
}

/* --- the MTA ------------------------------------------------------------------------------------
 */

enum counting {
    MARKS,  /* a removed field keeps its number among those of its name */
    SHIFTS, /* those behind it move up */
};

struct outcome {
    struct header_field fields[FIELDS_MAX];
    bool gone[FIELDS_MAX];
    size_t count;
};

static void remove_one(struct outcome *outcome, const struct edit *edit, enum counting counting)
{
    unsigned number = 0;
    for (size_t i = 0; i < outcome->count; i++) {
        bool counts = counting == MARKS || !outcome->gone[i];
        if (strcasecmp(outcome->fields[i].name, edit->name) != 0 || !counts ||
            ++number != edit->position)
            continue;
        assert_false(outcome->gone[i]);
        outcome->gone[i] = true;
        return;
    }
    fail_msg("%s number %u is not there", edit->name, edit->position);
}

static void edit_header(const struct header *header, const struct edits *edits,
                        enum counting counting, struct outcome *outcome)
{
    *outcome = (struct outcome){.count = header->count};
    memcpy(outcome->fields, header->fields, sizeof outcome->fields);
    for (size_t i = 0; i < edits->count; i++) {
        const struct edit *edit = &edits->list[i];
        if (!edit->value) {
            remove_one(outcome, edit, counting);
            continue;
        }
        assert_true(outcome->count < FIELDS_MAX);
        assert_true(fields_is_safe(edit->name, edit->value));
        outcome->fields[outcome->count++] = (struct header_field){edit->name, edit->value};
    }
}

/* "Name: value | ..." of what is left; a personal link as (whom, scope, day). */
static void describe(const struct outcome *outcome, char *text, size_t size)
{
    size_t length = 0;

    text[0] = '\0';
    for (size_t i = 0; i < outcome->count; i++) {
        const char *value = outcome->fields[i].value;
        char link[512];
        struct token token;
        if (outcome->gone[i])
            continue;
        if (sscanf(value, "<" URL "%500[A-Za-z0-9_-]>", link) == 1 &&
            token_open(&key, 1, TOKEN_UNSUBSCRIBE, link, &token) == 0) {
            snprintf(link, sizeof link, "(%s, %s, %u)", token.address.text, token.scope, token.day);
            value = link;
        }
        length += (size_t)snprintf(text + length, size - length, "%s%s: %s", length ? " | " : "",
                                   outcome->fields[i].name, value);
        assert_true(length < size);
    }
}

/* --- cases --------------------------------------------------------------------------------------
 */

#define OLD "List-Unsubscribe: <https://old.example/1>"
#define OLD_POST "List-Unsubscribe-Post: List-Unsubscribe=One-Click"
#define PERSONAL "List-Unsubscribe: (anna@x.example, acme/news, 20000)"
#define GENERAL "List-Unsubscribe: <" URL "s/acme/news>"
#define ID "Acme News <news.acme.example>"

static const struct {
    const char *sentence;
    const char *before;
    enum unsubscribe_action action;
    enum link_kind link;
    const char *list_id;
    const char *after;
} cases[] = {
    {"One person gets a link of their own and one-click.", "From: a@acme.example",
     UNSUBSCRIBE_REPLACE, LINK_PERSONAL, NULL, "From: a@acme.example | " PERSONAL " | " OLD_POST},
    {"The application's pair is replaced.", OLD " | " OLD_POST " | From: a", UNSUBSCRIBE_REPLACE,
     LINK_PERSONAL, NULL, "From: a | " PERSONAL " | " OLD_POST},
    {"All of them are, however they are written and wherever they stand.",
     "LIST-UNSUBSCRIBE: <x> | From: a | list-unsubscribe-post: b | List-Unsubscribe: <y> | "
     "List-Unsubscribe-Post: c | To: d | List-Unsubscribe: <z>",
     UNSUBSCRIBE_REPLACE, LINK_PERSONAL, NULL, "From: a | To: d | " PERSONAL " | " OLD_POST},
    {"Several people get a general link and never one-click, the application's neither.",
     OLD " | " OLD_POST, UNSUBSCRIBE_REPLACE, LINK_GENERAL, NULL, GENERAL},
    {"What is kept is kept as a pair.", OLD " | " OLD_POST, UNSUBSCRIBE_KEEP, LINK_PERSONAL, NULL,
     OLD " | " OLD_POST},
    {"A kept one without one-click does not get it: it would not answer a POST.", OLD,
     UNSUBSCRIBE_KEEP, LINK_PERSONAL, NULL, OLD},
    {"Where there is nothing to keep, ours is written.", "From: a", UNSUBSCRIBE_KEEP, LINK_PERSONAL,
     NULL, "From: a | " PERSONAL " | " OLD_POST},
    {"A -Post without its partner is no pair.", OLD_POST, UNSUBSCRIBE_KEEP, LINK_GENERAL, NULL,
     GENERAL},
    {"A verdict without a link writes nothing, no List-Id either.", OLD " | " OLD_POST,
     UNSUBSCRIBE_OFF, LINK_NONE, ID, OLD " | " OLD_POST},
    {"A List-Id is added.", "From: a", UNSUBSCRIBE_REPLACE, LINK_GENERAL, ID,
     "From: a | " GENERAL " | List-Id: " ID},
    {"Not beside another one.", "list-id: <other.example>", UNSUBSCRIBE_REPLACE, LINK_GENERAL, ID,
     "list-id: <other.example> | " GENERAL},
    {"It is added to what is kept, too.", OLD, UNSUBSCRIBE_KEEP, LINK_PERSONAL, ID,
     OLD " | List-Id: " ID},
};

static struct stream stream_of(enum unsubscribe_action action, const char *list_id)
{
    return (struct stream){.scope = "acme/news", .list_unsubscribe = action, .list_id = list_id};
}

static int plan(const char *url, const struct stream *stream, const struct header *header,
                enum link_kind link, struct edits *edits)
{
    const struct policy policy = {.public_url = url};
    const struct verdict verdict = {.action = ACTION_PASS, .link = link, .only_one = 0};
    return edits_plan(&policy, stream, message_of(header), &anna, &verdict, sealer, DAY, &pool,
                      edits);
}

static void a_header_after_its_edits_is_what_the_table_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        for (enum counting counting = MARKS; counting <= SHIFTS; counting++) {
            struct stream stream = stream_of(cases[i].action, cases[i].list_id);
            struct header header;
            struct outcome outcome;
            struct edits edits;
            char after[2048];
            read_header(cases[i].before, &header);
            assert_int_equal(plan(URL, &stream, &header, cases[i].link, &edits), 0);
            edit_header(&header, &edits, counting, &outcome);
            describe(&outcome, after, sizeof after);
            if (strcmp(after, cases[i].after) != 0)
                fail_msg("%s\n%s\nexpected\n%s", cases[i].sentence, after, cases[i].after);
        }
}

static void without_public_url_nothing_is_touched(void **state)
{
    struct stream stream = stream_of(UNSUBSCRIBE_REPLACE, ID);
    struct header header;
    struct edits edits = {.count = 99};
    (void)state;
    read_header(OLD " | " OLD_POST, &header);
    assert_int_equal(plan(NULL, &stream, &header, LINK_PERSONAL, &edits), 0);
    assert_int_equal(edits.count, 0);
    assert_int_equal(edits.broken_count, 0);
}

static void a_link_that_would_be_no_safe_header_is_an_error_and_plans_nothing(void **state)
{
    struct stream stream = stream_of(UNSUBSCRIBE_REPLACE, ID);
    struct header header;
    struct edits edits;
    (void)state;
    read_header(OLD, &header);
    assert_int_equal(
        plan("https://out.example/\r\nBcc: x", &stream, &header, LINK_PERSONAL, &edits),
        ERR_SYNTAX);
    assert_int_equal(edits.count, 0);
    assert_int_equal(plan("http://out.example/", &stream, &header, LINK_GENERAL, &edits),
                     ERR_SYNTAX);
}

static void the_mail_address_stands_behind_the_link(void **state)
{
    struct stream stream = stream_of(UNSUBSCRIBE_REPLACE, NULL);
    struct header header;
    struct edits edits;
    (void)state;
    stream.mailto = "stop@acme.example";
    read_header("From: a", &header);
    assert_int_equal(plan(URL, &stream, &header, LINK_GENERAL, &edits), 0);
    assert_string_equal(edits.list[0].value, "<" URL "s/acme/news>,\n\t<mailto:stop@acme.example"
                                             "?subject=acme%2Fnews>");
}

/* --- signatures ---------------------------------------------------------------------------------
 */

#define SIGNED(domain, names) "DKIM-Signature: v=1; d=" domain "; h=" names "; b=x"

static const struct {
    const char *sentence;
    const char *before;
    enum unsubscribe_action action;
    const char *broken;
} signatures[] = {
    {"One that covers a replaced field is broken.",
     OLD " | " SIGNED("a.example", "from:list-unsubscribe"), UNSUBSCRIBE_REPLACE, "a.example"},
    {"One that covers another field is not.", OLD " | " SIGNED("a.example", "from:subject"),
     UNSUBSCRIBE_REPLACE, ""},
    {"One that says a field is not there is broken by adding it.",
     SIGNED("a.example", "from:List-Unsubscribe-Post"), UNSUBSCRIBE_REPLACE, "a.example"},
    {"One over an added List-Id too.", OLD " | " SIGNED("a.example", "list-id"), UNSUBSCRIBE_KEEP,
     "a.example"},
    {"What is kept breaks none.", OLD " | " SIGNED("a.example", "list-unsubscribe"),
     UNSUBSCRIBE_KEEP, ""},
    {"Each broken one is named.",
     SIGNED("a.example", "list-unsubscribe") " | " SIGNED("b.example", "from") " | " SIGNED(
         "c.example", "list-unsubscribe-post"),
     UNSUBSCRIBE_REPLACE, "a.example c.example"},
};

static void broken_signatures_are_named_by_their_domain(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(signatures); i++) {
        struct stream stream = stream_of(signatures[i].action, ID);
        struct header header;
        struct edits edits;
        char broken[256] = "";
        read_header(signatures[i].before, &header);
        assert_int_equal(plan(URL, &stream, &header, LINK_PERSONAL, &edits), 0);
        for (size_t j = 0; j < edits.broken_count; j++) {
            strcat(broken, *broken ? " " : "");
            strcat(broken, edits.broken_signatures[j]);
        }
        if (strcmp(broken, signatures[i].broken) != 0)
            fail_msg("%s: %s", signatures[i].sentence, broken);
    }
}

/* --- strain -------------------------------------------------------------------------------------
 */

static void without_memory_nothing_is_planned(void **state)
{
    struct stream stream = stream_of(UNSUBSCRIBE_REPLACE, ID);
    struct header header;
    struct edits edits;
    int code;
    size_t failures = 0;
    (void)state;
    read_header(OLD " | " OLD_POST " | " SIGNED("a.example", "list-unsubscribe"), &header);
    for (size_t limit = 1;; limit += 16) {
        pool_reset(&pool);
        pool.limit = limit;
        code = plan(URL, &stream, &header, LINK_PERSONAL, &edits);
        if (code == 0)
            break;
        assert_int_equal(code, -ENOMEM);
        assert_int_equal(edits.count, 0);
        assert_int_equal(edits.broken_count, 0);
        failures++;
    }
    pool.limit = 0;
    assert_true(failures > 5);
    assert_int_equal(edits.broken_count, 1);
}

/* Each signature held against each edit would take minutes for a header of this size. */
static void a_header_full_of_fields_and_signatures_takes_no_product_of_time(void **state)
{
    enum { MANY = 40000 };
    struct header_field *fields = calloc(2 * MANY, sizeof *fields);
    struct stream stream = stream_of(UNSUBSCRIBE_REPLACE, NULL);
    struct message message = {.fields = fields, .field_count = 2 * MANY};
    const struct policy policy = {.public_url = URL};
    const struct verdict verdict = {.action = ACTION_PASS, .link = LINK_PERSONAL};
    struct edits edits;
    (void)state;
    assert_non_null(fields);
    for (size_t i = 0; i < MANY; i++) {
        fields[2 * i] = (struct header_field){"List-Unsubscribe", "<https://old.example/>"};
        fields[2 * i + 1] = (struct header_field){"DKIM-Signature", "d=a.example; h=from:to"};
    }
    clock_t begun = clock();
    assert_int_equal(
        edits_plan(&policy, &stream, &message, &anna, &verdict, sealer, DAY, &pool, &edits), 0);
    assert_true((clock() - begun) / CLOCKS_PER_SEC < 5);
    assert_int_equal(edits.count, MANY + 2);
    assert_int_equal(edits.broken_count, 0);
    free(fields);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_after_its_edits_is_what_the_table_says),
        cmocka_unit_test(without_public_url_nothing_is_touched),
        cmocka_unit_test(a_link_that_would_be_no_safe_header_is_an_error_and_plans_nothing),
        cmocka_unit_test(the_mail_address_stands_behind_the_link),
        cmocka_unit_test(broken_signatures_are_named_by_their_domain),
        cmocka_unit_test(without_memory_nothing_is_planned),
        cmocka_unit_test(a_header_full_of_fields_and_signatures_takes_no_product_of_time),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
