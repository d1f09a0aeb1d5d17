#include "tool/queue/queue.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define ARRIVED_MAX INT64_C(253402300799) /* the end of 9999 */

/* A member's text in the pool; NULL where there is none, or no memory. */
static const char *text_of(struct queue *queue, const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? pool_copy(&queue->pool, text) : NULL;
}

static int read_recipients(struct queue *queue, const json_t *object, struct queue_message *message)
{
    const json_t *array = json_object_get(object, "recipients");
    size_t count = json_array_size(array);

    message->recipients = pool_take(&queue->pool, (count + 1) * sizeof *message->recipients);
    if (!message->recipients)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        const char *given = text_of(queue, json_array_get(array, i), "address");
        if (!given)
            return ERR_SYNTAX;
        message->recipients[i] = (struct queue_recipient){.given = given};
    }
    message->recipient_count = count;
    return 0;
}

static int read_message(struct queue *queue, const json_t *object, struct queue_message *message)
{
    const json_t *arrived = json_object_get(object, "arrival_time");
    const json_t *size = json_object_get(object, "message_size");
    struct queue_message made = {.id = text_of(queue, object, "queue_id"),
                                 .queue = text_of(queue, object, "queue_name"),
                                 .sender = text_of(queue, object, "sender"),
                                 .first = pool_take(&queue->pool, sizeof *made.first)};

    if (!made.id || !made.queue || !made.sender || !json_is_integer(arrived) ||
        json_integer_value(arrived) < 0 || json_integer_value(arrived) > ARRIVED_MAX ||
        !maillog_is_id(made.id, strlen(made.id)))
        return ERR_SYNTAX;
    if (strcmp(made.sender, "MAILER-DAEMON") == 0)
        made.sender = "";
    made.arrived = json_integer_value(arrived);
    made.size = json_is_integer(size) ? (uint64_t)json_integer_value(size) : 0;
    if (!made.first)
        return -ENOMEM;
    *made.first = (struct queue_step){.id = made.id, .end = UINT64_MAX, .until = INT64_MAX};
    int code = read_recipients(queue, object, &made);
    if (code == 0)
        *message = made;
    return code;
}

static int read_line(struct queue *queue, const char *line, size_t length)
{
    if (queue->count == queue->room) {
        size_t room = queue->room * 2 + 64;
        struct queue_message *more = reallocarray(queue->messages, room, sizeof *more);
        if (!more)
            return -ENOMEM;
        queue->messages = more;
        queue->room = room;
    }
    json_t *object = json_loadb(line, length, 0, NULL);
    int code = object ? read_message(queue, object, &queue->messages[queue->count]) : ERR_SYNTAX;
    json_decref(object);
    queue->count += code == 0;
    queue->unread += code == ERR_SYNTAX;
    return code == ERR_SYNTAX ? 0 : code;
}

int queue_read(FILE *from, struct queue *queue, struct error *why)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    int code = 0;

    errno = 0;
    while (code == 0 && (length = getline(&line, &size, from)) > 0)
        code = read_line(queue, line, (size_t)length);
    if (code == 0 && ferror(from))
        code = errno ? -errno : -EIO;
    free(line);
    return code ? error_set(why, code, "what postqueue writes cannot be read: %s", error_name(code))
                : 0;
}

void queue_release(struct queue *queue)
{
    free(queue->messages);
    pool_release(&queue->pool);
    *queue = (struct queue){.messages = NULL};
}
