#include "tool/queue/queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ACTOR "cli"

/* Told to postsuper, and what it said of it. */
struct acting {
    struct queue *queue;
    struct site *site;
    enum action action;
    struct mta *postsuper;
    const char **done; /* ids that it named as done, in `said`, by strcmp */
    size_t done_count;
    struct text said;
    struct error *why;
};

/* Message-ID and sender are what strangers write into their mail: by them somebody could have
 * another one's mail taken for his. That comes back from hold, and not from deletion. */
static bool is_wanted(const struct acting *a, const struct queue_message *message)
{
    if (a->action == ACTION_DELETE && message->link == QUEUE_BY_MESSAGE_ID)
        return false;
    return message->result == QUEUE_FOUND ||
           (message->result == QUEUE_HELD && a->action == ACTION_DELETE);
}

/* What happens to the message, or to one that could not be taken out: it was handed on. */
static int write_verdict(struct acting *a, const struct queue_message *message, enum action action,
                         uint64_t *number)
{
    struct event_verdict verdict = {.stream = message->stream,
                                    .rule = "queue",
                                    .scope = message->scope,
                                    .queue_id = message->id,
                                    .action = action,
                                    .mode = MODE_ENFORCE,
                                    .given = message->recipient_count,
                                    .delivered = action == ACTION_PASS ? message->kept_back : 0,
                                    .kept_back = action == ACTION_PASS ? 0 : message->kept_back,
                                    .rows = message->rows,
                                    .row_count = message->kept_back};
    const struct word words[] = {{"staff", a->site->staff}, {"sender", message->sender}};

    memcpy(verdict.config, a->site->config->digest, sizeof verdict.config);
    return ledger_write_by(a->site->ledger, ACTOR, message->reference, &verdict, words,
                           sizeof words / sizeof *words, number, a->why);
}

/* LMDB's write lock is not fair, and the milter waits for it too. */
static void let_others_write(void)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    nanosleep(&pause, NULL);
}

static int announce(struct acting *a)
{
    int code = 0;

    for (size_t i = 0; i < a->queue->count && code == 0; i++) {
        struct queue_message *message = &a->queue->messages[i];
        uint64_t number;
        if (!is_wanted(a, message))
            continue;
        code = write_verdict(a, message, a->action, &number);
        if (code)
            break;
        message->reference = number;
        if (fprintf(a->postsuper->in, "%s\n", message->id) < 0 || fflush(a->postsuper->in))
            break; /* it has ended; mta_finish tells why */
        let_others_write();
    }
    return code;
}

/* --- what it said ---------------------------------------------------------------------------- */

static int compare_texts(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

/* "postsuper: 60A9EA722F3: removed" */
static const char *id_of(char *line, const char *done)
{
    static const char name[] = "postsuper: ";
    if (strncmp(line, name, sizeof name - 1) != 0)
        return NULL;
    char *id = line + sizeof name - 1, *end = strstr(id, ": ");
    if (!end || strcmp(end + 2, done) != 0)
        return NULL;
    *end = '\0';
    return id;
}

static int read_said(struct acting *a)
{
    const char *done = a->action == ACTION_HOLD ? "placed on hold" : "removed";
    char *save = NULL;
    size_t lines = 1;

    for (size_t i = 0; i < a->said.length; i++)
        lines += a->said.data[i] == '\n';
    a->done = reallocarray(NULL, lines, sizeof *a->done);
    if (!a->done)
        return -ENOMEM;
    char *line = a->said.data ? strtok_r(a->said.data, "\n", &save) : NULL;
    for (; line; line = strtok_r(NULL, "\n", &save)) {
        const char *id = id_of(line, done);
        if (id)
            a->done[a->done_count++] = id;
    }
    qsort(a->done, a->done_count, sizeof *a->done, compare_texts);
    return 0;
}

static bool was_done(const struct acting *a, const struct queue_message *message)
{
    return bsearch(&message->id, a->done, a->done_count, sizeof *a->done, compare_texts) != NULL;
}

/* Notes what became of those that were announced; takes back what was not done. Where postsuper
 * failed nobody knows whether a message has left the queue. */
static int settle(struct acting *a, bool failed)
{
    int code = 0;

    for (size_t i = 0; i < a->queue->count && code == 0; i++) {
        struct queue_message *message = &a->queue->messages[i];
        uint64_t number;
        if (message->reference == 0)
            continue;
        if (was_done(a, message)) {
            message->result = a->action == ACTION_HOLD ? QUEUE_HELD : QUEUE_DELETED;
            continue;
        }
        code = write_verdict(a, message, ACTION_PASS, &number);
        if (code == 0) {
            message->result = failed ? message->result : QUEUE_GONE;
            message->reference = number;
            let_others_write();
        }
    }
    return code;
}

int queue_act(struct queue *queue, struct site *site, enum action action, struct mta *postsuper,
              struct error *why)
{
    struct acting a = {
        .queue = queue, .site = site, .action = action, .postsuper = postsuper, .why = why};
    struct error of_postsuper = {""};

    int announced = announce(&a);
    int finished = mta_finish(postsuper, &a.said, &of_postsuper);
    int code = read_said(&a);
    if (code == 0)
        code = settle(&a, finished != 0);
    free(a.done);
    text_release(&a.said);
    if (code == 0)
        code = announced;
    if (code == 0 && finished)
        code = error_set(why, finished, "%s", of_postsuper.text);
    return code;
}
