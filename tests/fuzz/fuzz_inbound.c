/* Mail to the address that takes opt-outs: whoever wrote it, nothing but a token of this site's
 * keys is taken for one, and what is read stays text of one line. */
#include "fuzz.h"

#include "base/error.h"
#include "core/inbound.h"
#include "core/token.h"
#include "tool/mail/eml.h"

#include <errno.h>

static const struct token_key key = {.id = 7,
                                     .key = "a key of this test and of nothing else, long"};

static int try_word(const char *word, void *argument)
{
    struct token token;
    size_t *count = argument;

    ++*count;
    int code = token_open(&key, 1, TOKEN_UNSUBSCRIBE, word, &token);
    PROMISE(code != 0);
    return code;
}

static void read_request(const struct message *message)
{
    struct text subject = TEXT_EMPTY;
    struct address address;
    size_t count = 0;

    const char *automatic = inbound_automatic(message);
    PROMISE(!automatic || *automatic);
    PROMISE(inbound_each_word(message, try_word, &count) == ERR_NOT_FOUND);
    PROMISE(inbound_subject(message, &subject) == 0 && !strpbrk(subject.data, "\r\n"));
    text_release(&subject);
    int code = inbound_author(message, &address);
    PROMISE(code == 0 || code == ERR_NOT_FOUND || code == -ENOMEM);
    PROMISE(code != 0 || strlen(address.text) == address.length);
}

/* The first line is the recipient. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pool pool = {0};
    const uint8_t *line = memchr(data, '\n', size);
    size_t head = line ? (size_t)(line - data) : size;
    size_t rest = line ? size - head - 1 : 0;

    if (rest == 0) /* fmemopen opens nothing of it */
        return 0;
    char *given = fuzz_string(data, head);
    FILE *file = fmemopen((void *)(uintptr_t)(line + 1), rest, "r");
    const struct recipient recipient = {.given = given};
    struct message message = {
        .sender = "a@b.example", .recipients = &recipient, .recipient_count = 1};
    PROMISE(file);
    if (eml_read(file, &pool, &message.fields, &message.field_count, NULL) == 0)
        read_request(&message);
    fclose(file);
    pool_release(&pool);
    free(given);
    return 0;
}
