#include "core/token.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct token_key keys[3];

static int make_keys(void **state)
{
    (void)state;
    for (size_t k = 0; k < 3; k++) {
        keys[k].id = (uint8_t)(k + 1);
        for (size_t i = 0; i < TOKEN_KEY_SIZE; i++)
            keys[k].key[i] = (uint8_t)(i * 3 + k * 101);
    }
    return 0;
}

static struct address address_of(const char *text)
{
    struct address address;
    if (address_parse(text, &address) < 0)
        fail_msg("%s", text);
    return address;
}

static void seal(const struct token_key *key, const char *scope, const char *address, uint16_t day,
                 char text[TOKEN_SIZE])
{
    struct address parsed = address_of(address);
    struct token_sealer *sealer;
    assert_int_equal(token_sealer_new(key, &sealer), 0);
    assert_int_equal(token_seal(sealer, TOKEN_UNSUBSCRIBE, scope, &parsed, day, text), 0);
    token_sealer_free(sealer);
}

/* With keys that are set up now, and with keys that were before, which never say something else. */
static int open_with_all(const char *text, struct token *token)
{
    static struct token_opener *opener;
    struct token again;

    if (!opener)
        assert_int_equal(token_opener_new(keys, 3, &opener), 0);
    int code = token_open(keys, 3, TOKEN_UNSUBSCRIBE, text, token);
    assert_int_equal(token_opener_open(opener, TOKEN_UNSUBSCRIBE, text, &again), code);
    if (code == 0) {
        assert_string_equal(again.address.text, token->address.text);
        assert_string_equal(again.scope, token->scope);
        assert_int_equal(again.day, token->day);
        assert_int_equal(again.key_id, token->key_id);
    }
    return code;
}

static void what_was_sealed_is_opened(void **state)
{
    (void)state;
    static const struct {
        const char *scope, *address;
        uint16_t day;
    } cases[] = {
        {"acme/newsletter", "anna@example.com", 20515},    {"/", "a@b", 0},
        {"acme", "\"a b\\\"\"@xn--mnchen-3ya.de", 65535},  {"acme", "j\xc3\xb6rg@example.com", 1},
        {"acme", "user@[ipv6:2001:db8:0:0:0:0:0:1]", 256},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[TOKEN_SIZE];
        struct token token;
        const struct token_key *key = &keys[i % 3];
        seal(key, cases[i].scope, cases[i].address, cases[i].day, text);
        assert_int_equal(open_with_all(text, &token), 0);
        assert_int_equal(token.key_id, key->id);
        assert_int_equal(token.day, cases[i].day);
        assert_string_equal(token.scope, cases[i].scope);
        assert_string_equal(token.address.text, cases[i].address);
        assert_int_equal(token.address.length, strlen(cases[i].address));
        assert_ptr_equal(strchr(token.address.text + token.address.at, '@'),
                         token.address.text + token.address.at);
    }
}

static void the_longest_token_fits(void **state)
{
    (void)state;
    char scope[SCOPE_MAX + 1], address[ADDRESS_MAX + 1], text[TOKEN_SIZE];
    struct token token;

    memset(scope, 's', SCOPE_MAX);
    scope[SCOPE_MAX] = '\0';
    memset(address, 'a', ADDRESS_MAX);
    address[ADDRESS_LOCAL_MAX] = '@';
    for (size_t i = ADDRESS_LOCAL_MAX + 64; i < ADDRESS_MAX; i += 64)
        address[i] = '.';
    address[ADDRESS_MAX] = '\0';
    seal(&keys[0], scope, address, 7, text);
    assert_int_equal(strlen(text), TOKEN_SIZE - 1);
    assert_int_equal(open_with_all(text, &token), 0);
    assert_string_equal(token.scope, scope);
    assert_string_equal(token.address.text, address);
}

/* The format is for ever: mail of years ago bears these. Worked out apart from this program, with
 * AES-CMAC and AES-CTR put together after RFC 5297 section 2.6. */
static void a_token_of_old_still_opens(void **state)
{
    (void)state;
    char text[TOKEN_SIZE];
    struct token token;
    static const char old[] =
        "AQJMwAzSqrkfsOCAOrZuaYfDZKhs5fQj5IoR3BFg-CCmCoe1wNEX4GIdzViP3x4pc0PU2A";
    seal(&keys[1], "acme/newsletter", "anna@example.com", 20515, text);
    assert_string_equal(text, old);
    assert_int_equal(open_with_all(old, &token), 0);
    assert_string_equal(token.address.text, "anna@example.com");
    assert_string_equal(token.scope, "acme/newsletter");
    assert_int_equal(token.day, 20515);
    assert_int_equal(token.key_id, 2);
}

static void two_messages_of_one_day_give_one_link(void **state)
{
    (void)state;
    char a[TOKEN_SIZE], b[TOKEN_SIZE];
    seal(&keys[0], "acme", "anna@example.com", 9, a);
    seal(&keys[0], "acme", "anna@example.com", 9, b);
    assert_string_equal(a, b);
    seal(&keys[0], "acme", "anna@example.com", 10, b);
    assert_string_not_equal(a, b);
    seal(&keys[0], "acme", "anne@example.com", 9, b);
    assert_string_not_equal(a, b);
    seal(&keys[0], "acma", "anna@example.com", 9, b);
    assert_string_not_equal(a, b);
}

static void nothing_can_be_read_from_a_token(void **state)
{
    (void)state;
    char text[TOKEN_SIZE];
    uint8_t bytes[TOKEN_BYTES_MAX];
    size_t length;
    seal(&keys[0], "acme/newsletter", "anna@example.com", 20515, text);
    assert_int_equal(text_from_base64url(text, strlen(text), bytes, sizeof bytes, &length), 0);
    assert_int_equal(length, 2 + 16 + 2 + 1 + 15 + 16);
    assert_null(memmem(bytes, length, "anna", 4));
    assert_null(memmem(bytes, length, "acme", 4));
}

static bool is_refused(const char *text)
{
    struct token token, untouched;
    memset(&token, 0x55, sizeof token);
    memset(&untouched, 0x55, sizeof untouched);
    bool refused = open_with_all(text, &token) == ERR_NOT_FOUND;
    assert_memory_equal(&token, &untouched, sizeof token);
    return refused;
}

static void every_change_of_one_bit_is_noticed(void **state)
{
    (void)state;
    char text[TOKEN_SIZE];
    uint8_t bytes[TOKEN_BYTES_MAX];
    size_t length;
    seal(&keys[0], "acme/newsletter", "anna@example.com", 20515, text);
    assert_int_equal(text_from_base64url(text, strlen(text), bytes, sizeof bytes, &length), 0);
    for (size_t bit = 0; bit < 8 * length; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        text_to_base64url(bytes, length, text);
        assert_true(is_refused(text));
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void every_cut_and_every_addition_is_noticed(void **state)
{
    (void)state;
    char text[TOKEN_SIZE], changed[TOKEN_SIZE + 2];
    struct token token;
    seal(&keys[0], "acme/newsletter", "anna@example.com", 20515, text);
    for (size_t length = 0; length < strlen(text); length++) {
        memcpy(changed, text, length);
        changed[length] = '\0';
        assert_true(is_refused(changed));
    }
    for (int c = 1; c < 256; c++) {
        size_t length = strlen(text);
        memcpy(changed, text, length);
        changed[length] = (char)c;
        changed[length + 1] = '\0';
        assert_true(is_refused(changed));
    }
    assert_int_equal(open_with_all(text, &token), 0);
}

static void what_is_no_token_is_refused(void **state)
{
    (void)state;
    char *endless = malloc(1 << 20);
    assert_non_null(endless);
    memset(endless, 'A', 1 << 20);
    endless[(1 << 20) - 1] = '\0';
    assert_true(is_refused(""));
    assert_true(is_refused("AQE"));
    assert_true(is_refused("hello world"));
    assert_true(is_refused("https://example.com/"));
    assert_true(is_refused("\xff\xff\xff\xff"));
    assert_true(is_refused(endless));
    free(endless);
}

static void random_texts_are_refused(void **state)
{
    (void)state;
    for (int round = 0; round < 3000; round++) {
        uint8_t bytes[200];
        char text[TEXT_BASE64URL_SIZE(sizeof bytes)];
        size_t length = (size_t)rand() % sizeof bytes;
        for (size_t i = 0; i < length; i++)
            bytes[i] = (uint8_t)(rand() >> 7);
        bytes[0] = 1;
        bytes[1] = (uint8_t)(1 + round % 3);
        text_to_base64url(bytes, length, text);
        assert_true(is_refused(text));
    }
}

static void another_key_does_not_open(void **state)
{
    (void)state;
    char text[TOKEN_SIZE];
    struct token token;
    seal(&keys[0], "acme", "anna@example.com", 9, text);
    assert_int_equal(token_open(keys + 1, 2, TOKEN_UNSUBSCRIBE, text, &token), ERR_NOT_FOUND);
    assert_int_equal(token_open(keys, 0, TOKEN_UNSUBSCRIBE, text, &token), ERR_NOT_FOUND);
    /* The same id, another key. */
    struct token_key other = keys[1];
    other.id = 1;
    assert_int_equal(token_open(&other, 1, TOKEN_UNSUBSCRIBE, text, &token), ERR_NOT_FOUND);
    struct token_key both[] = {other, keys[0]};
    assert_int_equal(token_open(both, 2, TOKEN_UNSUBSCRIBE, text, &token), 0);
    struct token_opener *opener;
    assert_int_equal(token_opener_new(&other, 1, &opener), 0);
    assert_int_equal(token_opener_open(opener, TOKEN_UNSUBSCRIBE, text, &token), ERR_NOT_FOUND);
    token_opener_free(opener);
    assert_int_equal(token_opener_new(both, 2, &opener), 0);
    assert_int_equal(token_opener_open(opener, TOKEN_UNSUBSCRIBE, text, &token), 0);
    token_opener_free(opener);
}

static void another_purpose_does_not_open(void **state)
{
    (void)state;
    char text[TOKEN_SIZE];
    struct token token;
    seal(&keys[0], "acme", "anna@example.com", 9, text);
    assert_int_equal(token_open(keys, 3, (enum token_purpose)'V', text, &token), ERR_NOT_FOUND);
}

static void what_is_not_canonical_is_not_sealed(void **state)
{
    (void)state;
    char text[TOKEN_SIZE] = "untouched";
    struct address address = address_of("anna@example.com");
    struct token_key no_id = keys[0];
    struct token_sealer *sealer, *none = NULL;
    no_id.id = 0;
    assert_int_equal(token_sealer_new(&keys[0], &sealer), 0);
    assert_int_equal(token_seal(sealer, TOKEN_UNSUBSCRIBE, "Acme", &address, 1, text), ERR_SYNTAX);
    assert_int_equal(token_seal(sealer, TOKEN_UNSUBSCRIBE, "", &address, 1, text), ERR_SYNTAX);
    assert_int_equal(token_sealer_new(&no_id, &none), ERR_KEY);
    assert_null(none);
    address.text[0] = 'A';
    assert_int_equal(token_seal(sealer, TOKEN_UNSUBSCRIBE, "acme", &address, 1, text), ERR_SYNTAX);
    assert_int_equal(address_parse_domain("@example.com", &address), 0);
    assert_int_equal(token_seal(sealer, TOKEN_UNSUBSCRIBE, "acme", &address, 1, text), ERR_SYNTAX);
    assert_string_equal(text, "untouched");
    token_sealer_free(sealer);
}

/* --- undo --- */

static const struct undo undo = {.event = {{1, 2, 3, 4, 5, 6, 7, 8}, 1234567890123},
                                 .subject = {{9, 8, 7, 6, 5, 4, 3, 2, 1}},
                                 .at = 1790000000};

static void seal_undo(enum token_purpose purpose, char text[TOKEN_UNDO_SIZE])
{
    struct token_sealer *sealer;
    assert_int_equal(token_sealer_new(&keys[1], &sealer), 0);
    assert_int_equal(token_seal_undo(sealer, purpose, &undo, text), 0);
    token_sealer_free(sealer);
}

static void an_undo_is_opened_as_it_was_sealed(void **state)
{
    char text[TOKEN_UNDO_SIZE];
    struct undo opened;
    (void)state;
    seal_undo(TOKEN_UNDO, text);
    assert_int_equal(strlen(text), TOKEN_UNDO_SIZE - 1);
    assert_int_equal(token_open_undo(keys, 3, TOKEN_UNDO, text, &opened), 0);
    assert_true(event_name_equal(&opened.event, &undo.event));
    assert_memory_equal(&opened.subject, &undo.subject, sizeof undo.subject);
    assert_true(opened.at == undo.at);
}

static void an_undo_opens_for_its_purpose_alone(void **state)
{
    char text[TOKEN_UNDO_SIZE], link[TOKEN_SIZE];
    struct undo opened;
    struct token token;
    (void)state;
    seal_undo(TOKEN_UNDO, text);
    assert_int_equal(token_open_undo(keys, 3, TOKEN_NOTICE, text, &opened), ERR_NOT_FOUND);
    assert_int_equal(open_with_all(text, &token), ERR_NOT_FOUND);
    seal(&keys[0], "acme/newsletter", "anna@example.com", 1, link);
    assert_int_equal(token_open_undo(keys, 3, TOKEN_UNDO, link, &opened), ERR_NOT_FOUND);
    for (size_t i = 0; i < strlen(text); i++) {
        char other[TOKEN_UNDO_SIZE];
        memcpy(other, text, sizeof other);
        other[i] = other[i] == 'A' ? 'B' : 'A';
        assert_int_equal(token_open_undo(keys, 3, TOKEN_UNDO, other, &opened), ERR_NOT_FOUND);
    }
}

static void a_link_under_another_id_does_not_open_with_its_key(void **state)
{
    char text[TOKEN_SIZE];
    struct token_key other = keys[0];
    struct token token;
    (void)state;
    seal(&keys[0], "acme", "anna@example.com", 1, text);
    other.id = 9;
    assert_int_equal(token_open(&other, 1, TOKEN_UNSUBSCRIBE, text, &token), ERR_NOT_FOUND);
    text[2] = text[2] == 'E' ? 'I' : 'E'; /* within the id */
    assert_int_equal(token_open(keys, 1, TOKEN_UNSUBSCRIBE, text, &token), ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_sealed_is_opened),
        cmocka_unit_test(an_undo_is_opened_as_it_was_sealed),
        cmocka_unit_test(an_undo_opens_for_its_purpose_alone),
        cmocka_unit_test(a_link_under_another_id_does_not_open_with_its_key),
        cmocka_unit_test(the_longest_token_fits),
        cmocka_unit_test(a_token_of_old_still_opens),
        cmocka_unit_test(two_messages_of_one_day_give_one_link),
        cmocka_unit_test(nothing_can_be_read_from_a_token),
        cmocka_unit_test(every_change_of_one_bit_is_noticed),
        cmocka_unit_test(every_cut_and_every_addition_is_noticed),
        cmocka_unit_test(what_is_no_token_is_refused),
        cmocka_unit_test(random_texts_are_refused),
        cmocka_unit_test(another_key_does_not_open),
        cmocka_unit_test(another_purpose_does_not_open),
        cmocka_unit_test(what_is_not_canonical_is_not_sealed),
    };
    return cmocka_run_group_tests(tests, make_keys, NULL);
}
