/* A mail log, whoever wrote what stands in it: ids are ids, and what is kept is of the line. */
#include "fuzz.h"

#include "core/maillog.h"

static void look_at(const char *text, size_t length)
{
    char *copy = malloc(length + 1); /* so that a sanitizer sees what lies behind the line */
    struct maillog_line line;

    PROMISE(copy);
    if (length)
        memcpy(copy, text, length);
    copy = realloc(copy, length ? length : 1);
    PROMISE(copy);
    maillog_read(copy, length, &line);
    if (line.kind != MAILLOG_OTHER)
        PROMISE(maillog_is_id(line.id, strlen(line.id)));
    if (line.kind == MAILLOG_QUEUED_AS)
        PROMISE(maillog_is_id(line.other, strlen(line.other)) && strlen(line.host) > 0);
    if (line.kind == MAILLOG_PICKUP)
        PROMISE(*line.other == '\0' || maillog_is_id(line.other, strlen(line.other)));
    if (line.kind == MAILLOG_MESSAGE_ID)
        PROMISE(line.message_id > copy && line.message_id_length > 0 &&
                line.message_id + line.message_id_length == copy + length);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;

    while (size > 0) {
        const char *end = memchr(text, '\n', size);
        size_t length = end ? (size_t)(end - text) : size;
        look_at(text, length);
        length += end != NULL;
        text += length;
        size -= length;
    }
    return 0;
}
