#include "tool/queue/queue.h"

#include "base/network.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PASSES_MAX 8 /* ids before the present one */
#define SLACK 5      /* seconds between a log's clock and a queue file's */

/* What is looked for in one pass: the life of a message under its earliest id that is known. */
struct search {
    struct queue_message *message;
    const char *id;
    uint64_t end;
    /* Found. */
    bool born;
    bool from_inside; /* by a client of `internal`, or from the queue itself */
    int64_t from;
    char before[MAILLOG_ID_MAX + 1]; /* what it was called before; "": not known */
    uint64_t before_end;
    int64_t before_until;
    const char *message_id;
};

struct following {
    struct queue *queue;
    const struct policy *policy;
    int64_t now;
    struct search *searches; /* by id */
    size_t count;
    uint64_t line; /* that is read, from 1 */
};

/* --- time ------------------------------------------------------------------------------------ */

/* A local time without a year is the last one that has been. */
static int64_t time_of(const struct following *f, const struct maillog_line *line)
{
    time_t now = (time_t)f->now;
    struct tm today;

    if (line->has_moment)
        return line->moment;
    if (!localtime_r(&now, &today))
        return 0;
    for (int back = 0; back < 2; back++) {
        struct tm t = {.tm_year = today.tm_year - back,
                       .tm_mon = (int)line->local.month - 1,
                       .tm_mday = (int)line->local.day,
                       .tm_hour = (int)line->local.hour,
                       .tm_min = (int)line->local.minute,
                       .tm_sec = (int)line->local.second,
                       .tm_isdst = -1};
        time_t at = mktime(&t);
        if (at <= now + 86400)
            return (int64_t)at;
    }
    return 0;
}

/* --- one line -------------------------------------------------------------------------------- */

static int compare_searches(const void *a, const void *b)
{
    const struct search *x = a, *y = b;
    return strcmp(x->id, y->id);
}

/* The first search for this id; those that follow it may be for the same one. NULL: none. */
static struct search *find_searches(const struct following *f, const char *id)
{
    size_t low = 0, high = f->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(f->searches[middle].id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < f->count && strcmp(f->searches[low].id, id) == 0 ? &f->searches[low] : NULL;
}

static struct search *next_search(const struct following *f, struct search *search)
{
    struct search *next = search + 1;
    return next < f->searches + f->count && strcmp(next->id, search->id) == 0 ? next : NULL;
}

static bool is_internal(const struct policy *policy, const char *host)
{
    struct ip address;

    if (ip_parse(host, &address))
        return false;
    for (size_t i = 0; i < policy->internal_count; i++)
        if (network_contains(&policy->internal[i], &address))
            return true;
    return false;
}

/* A new life: what was found of an earlier message with this id was another one's. */
static void note_birth(const struct following *f, const struct maillog_line *line,
                       struct search *search)
{
    search->born = true;
    search->from = time_of(f, line);
    search->from_inside = line->kind == MAILLOG_PICKUP || is_internal(f->policy, line->host);
    search->message_id = NULL;
    memcpy(search->before, line->other, sizeof search->before);
    search->before_end = f->line;
    search->before_until = search->from;
}

static void note_origin(const struct following *f, const struct maillog_line *line,
                        struct search *search)
{
    if (!search->born || !search->from_inside || !is_internal(f->policy, line->host))
        return;
    memcpy(search->before, line->id, sizeof search->before);
    search->before_end = f->line;
    search->before_until = time_of(f, line);
}

static int note(struct following *f, const struct maillog_line *line)
{
    const char *id = line->kind == MAILLOG_QUEUED_AS ? line->other : line->id;

    for (struct search *s = find_searches(f, id); s; s = next_search(f, s)) {
        if (f->line >= s->end)
            continue;
        if (line->kind == MAILLOG_QUEUED_AS) {
            note_origin(f, line, s);
        } else if (line->kind == MAILLOG_MESSAGE_ID) {
            s->message_id =
                pool_copy_bytes(&f->queue->pool, line->message_id, line->message_id_length);
            if (!s->message_id)
                return -ENOMEM;
        } else {
            note_birth(f, line, s);
        }
    }
    return 0;
}

/* --- passes ---------------------------------------------------------------------------------- */

static int read_log(struct following *f, const struct queue_log *log, struct error *why)
{
    struct maillog_line line;
    char *text = NULL;
    size_t size = 0;
    ssize_t length;
    int code = 0;

    rewind(log->file);
    errno = 0;
    while (code == 0 && (length = getline(&text, &size, log->file)) > 0) {
        f->line++;
        maillog_read(text, (size_t)length - (text[length - 1] == '\n'), &line);
        if (line.kind != MAILLOG_OTHER)
            code = note(f, &line);
    }
    if (code == 0 && ferror(log->file))
        code = errno ? -errno : -EIO;
    free(text);
    return code ? error_set(why, code, "%s: %s", log->name, error_name(code)) : 0;
}

/* A log that ends before the message came tells of an earlier one with its id. */
static bool is_of_another(const struct search *search)
{
    const struct queue_message *message = search->message;
    return !message->first->next && search->born && search->from < message->arrived - SLACK;
}

/* Puts what was found into the message. False: there is nothing more to look for. -ENOMEM. */
static int settle(struct following *f, const struct search *search)
{
    struct queue_message *message = search->message;
    struct queue_step *step;

    if (is_of_another(search))
        return false;
    message->first->born = search->born;
    message->first->from = search->from;
    if (!message->message_id)
        message->message_id = search->message_id;
    if (!*search->before)
        return false;
    const char *id = pool_copy(&f->queue->pool, search->before);
    step = pool_take(&f->queue->pool, sizeof *step);
    if (!id || !step)
        return -ENOMEM;
    *step = (struct queue_step){
        .id = id, .next = message->first, .end = search->before_end, .until = search->before_until};
    message->first = step;
    return true;
}

static int settle_all(struct following *f)
{
    size_t left = 0;

    for (size_t i = 0; i < f->count; i++) {
        struct queue_message *message = f->searches[i].message;
        int more = settle(f, &f->searches[i]);
        if (more < 0)
            return more;
        if (more)
            f->searches[left++] = (struct search){
                .message = message, .id = message->first->id, .end = message->first->end};
    }
    f->count = left;
    return 0;
}

int queue_follow(struct queue *queue, const struct policy *policy, const struct queue_log *logs,
                 size_t count, int64_t now, struct error *why)
{
    struct following f = {.queue = queue, .policy = policy, .now = now, .count = queue->count};
    int code = 0;

    f.searches = calloc(queue->count + 1, sizeof *f.searches);
    if (!f.searches)
        return -ENOMEM;
    for (size_t i = 0; i < queue->count; i++)
        f.searches[i] = (struct search){
            .message = &queue->messages[i], .id = queue->messages[i].id, .end = UINT64_MAX};
    for (int pass = 0; pass <= PASSES_MAX && f.count > 0 && count > 0 && code == 0; pass++) {
        qsort(f.searches, f.count, sizeof *f.searches, compare_searches);
        f.line = 0;
        for (size_t i = 0; i < count && code == 0; i++)
            code = read_log(&f, &logs[i], why);
        if (code == 0)
            code = settle_all(&f);
    }
    free(f.searches);
    return code;
}
