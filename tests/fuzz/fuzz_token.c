/* Tokens as they come back in a link: garbage opens nothing, a token that was changed neither, and
 * what was sealed comes out again. */
#include "fuzz.h"

#include "core/token.h"

static const struct token_key key = {.id = 7,
                                     .key = "a key of this test and of nothing else, long"};

static void seal_change_and_open(const struct address *address, const uint8_t *data, size_t size)
{
    char text[TOKEN_SIZE];
    struct token token;

    struct token_sealer *sealer;
    PROMISE(token_sealer_new(&key, &sealer) == 0);
    PROMISE(token_seal(sealer, TOKEN_UNSUBSCRIBE, "acme/news", address, 20000, text) == 0);
    token_sealer_free(sealer);
    PROMISE(token_open(&key, 1, TOKEN_UNSUBSCRIBE, text, &token) == 0);
    PROMISE(strcmp(token.address.text, address->text) == 0 && token.day == 20000);
    PROMISE(strcmp(token.scope, "acme/news") == 0 && token.key_id == key.id);

    char *changed = &text[data[0] % strlen(text)];
    char before = *changed;
    *changed = (char)data[size - 1];
    if (*changed != before)
        PROMISE(token_open(&key, 1, TOKEN_UNSUBSCRIBE, text, &token) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct token token;
    struct address address;
    char *string = fuzz_string(data, size);

    struct undo undo;
    PROMISE(token_open(&key, 1, TOKEN_UNSUBSCRIBE, string, &token) != 0);
    PROMISE(token_open_undo(&key, 1, TOKEN_UNDO, string, &undo) != 0);
    if (size && address_parse(string, &address) == 0)
        seal_change_and_open(&address, data, size);
    free(string);
    return 0;
}
