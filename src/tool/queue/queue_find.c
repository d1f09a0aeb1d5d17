#include "tool/queue/queue.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SLACK_MS 5000       /* between the ledger's times and those of log and queue file */
#define SENDING_MS 3600000  /* the end of a message comes so long behind its beginning, at most */
#define FILTER_MS 432000000 /* a filter keeps a message so long, at most: Postfix gives up then */

/* A key to a message: an id that it has or had, or its Message-ID. */
struct key {
    const char *text;
    struct queue_message *message;
    const struct queue_step *step; /* NULL: a Message-ID */
};

struct finding {
    struct queue *queue;
    struct site *site;
    struct key *keys; /* by text */
    size_t count;
    int64_t from_ms, until_ms; /* when what has these Message-IDs can have been decided on */
    struct pool words;
};

/* --- keys ------------------------------------------------------------------------------------ */

static int compare_keys(const void *a, const void *b)
{
    const struct key *x = a, *y = b;
    return strcmp(x->text, y->text);
}

static const struct key *find_keys(const struct finding *f, const char *text)
{
    size_t low = 0, high = f->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(f->keys[middle].text, text) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < f->count && strcmp(f->keys[low].text, text) == 0 ? &f->keys[low] : NULL;
}

static const struct key *next_key(const struct finding *f, const struct key *key)
{
    const struct key *next = key + 1;
    return next < f->keys + f->count && strcmp(next->text, key->text) == 0 ? next : NULL;
}

/* Room for what add_ids or add_message_ids puts there. */
static int make_keys(struct finding *f)
{
    size_t room = 1;

    for (size_t i = 0; i < f->queue->count; i++)
        for (const struct queue_step *s = f->queue->messages[i].first; s; s = s->next)
            room++;
    f->keys = reallocarray(NULL, room, sizeof *f->keys);
    return f->keys ? 0 : -ENOMEM;
}

static void add_ids(struct finding *f)
{
    f->count = 0;
    for (size_t i = 0; i < f->queue->count; i++)
        for (const struct queue_step *s = f->queue->messages[i].first; s; s = s->next)
            f->keys[f->count++] = (struct key){s->id, &f->queue->messages[i], s};
    qsort(f->keys, f->count, sizeof *f->keys, compare_keys);
}

static void add_message_ids(struct finding *f)
{
    f->count = 0;
    f->from_ms = INT64_MAX;
    f->until_ms = INT64_MIN;
    for (size_t i = 0; i < f->queue->count; i++) {
        struct queue_message *m = &f->queue->messages[i];
        int64_t arrived_ms = m->arrived * 1000;
        if (m->link != QUEUE_UNKNOWN || !m->message_id)
            continue;
        f->keys[f->count++] = (struct key){m->message_id, m, NULL};
        if (arrived_ms - FILTER_MS < f->from_ms)
            f->from_ms = arrived_ms - FILTER_MS;
        if (arrived_ms + SENDING_MS > f->until_ms)
            f->until_ms = arrived_ms + SENDING_MS;
    }
    qsort(f->keys, f->count, sizeof *f->keys, compare_keys);
}

/* --- verdicts -------------------------------------------------------------------------------- */

/* Whether a message with this verdict went into the queue. */
static bool went_on(const struct event_verdict *verdict)
{
    return verdict->mode == MODE_MONITOR || verdict->action == ACTION_PASS ||
           verdict->action == ACTION_STRIP;
}

/* Ids are given again, so the verdict has to be of that very life. One of which the log does not
 * tell where it began is known by its id alone, if that is never given again. */
static bool is_of_step(const struct key *key, int64_t at_ms)
{
    const struct queue_step *step = key->step;

    if (!step->next) {
        int64_t began = key->message->arrived;
        if (step->born && step->from > began)
            began = step->from;
        return at_ms >= began * 1000 - SLACK_MS && at_ms <= began * 1000 + SENDING_MS;
    }
    if (at_ms > step->until * 1000 + SLACK_MS)
        return false;
    return step->born ? at_ms >= step->from * 1000 - SLACK_MS : !maillog_is_reused(step->id);
}

/* Takes over whom it was handed on to, where the verdict names them all. */
static int take_people(struct pool *pool, const struct event_verdict *verdict,
                       struct queue_message *message)
{
    uint64_t expected = verdict->mode == MODE_MONITOR ? verdict->given : verdict->delivered;
    struct subject *people = pool_take(pool, (verdict->row_count + 1) * sizeof *people);
    size_t count = 0;

    if (!people)
        return -ENOMEM;
    for (size_t i = 0; i < verdict->row_count; i++) {
        const struct event_verdict_row *row = &verdict->rows[i];
        if (!recipient_was_handed_on(verdict->action, verdict->mode, row->state))
            continue;
        if (!row->known)
            return 0;
        people[count++] = row->subject;
    }
    if (count > 0 && count == expected) {
        message->people = people;
        message->people_count = count;
    }
    return 0;
}

static int link_to(struct finding *f, const struct event *event, enum queue_link link,
                   struct queue_message *message)
{
    if (message->link != QUEUE_UNKNOWN)
        return 0;
    const char *stream = pool_copy(&f->queue->pool, event->verdict->stream);
    const char *scope = pool_copy(&f->queue->pool, event->verdict->scope);
    if (!stream || !scope)
        return -ENOMEM;
    message->link = link;
    message->verdict = event->name;
    message->stream = stream;
    message->scope = scope;
    message->monitored = event->verdict->mode == MODE_MONITOR;
    return take_people(&f->queue->pool, event->verdict, message);
}

static int visit_for_ids(struct txn *txn, const struct event *event, void *argument)
{
    struct finding *f = argument;
    int code = 0;
    (void)txn;

    if (!event->verdict || !*event->verdict->queue_id || !went_on(event->verdict))
        return 0;
    const struct key *key = find_keys(f, event->verdict->queue_id);
    for (; key && code == 0; key = next_key(f, key))
        if (is_of_step(key, event->at_ms))
            code = link_to(f, event, key->step->next ? QUEUE_BY_LOG : QUEUE_BY_ID, key->message);
    return code;
}

/* The word of that name; "" where there is none. */
static const char *word_of(const struct word *words, size_t count, const char *name)
{
    const char *text = word_text(words, count, name);
    return text ? text : "";
}

/* Without blanks around it, and a sender without its <>; in the pool. */
static const char *trim(struct pool *pool, const char *text, const char *around)
{
    size_t length = strlen(text);

    while (*text && strchr(around, *text)) {
        text++;
        length--;
    }
    while (length > 0 && strchr(around, text[length - 1]))
        length--;
    return pool_copy_bytes(pool, text, length);
}

/* One Message-ID can be on mail of different kinds, so the sender has to be the same too. */
static int match_words(struct finding *f, const struct event *event, const struct word *words,
                       size_t count)
{
    const char *id = trim(&f->words, word_of(words, count, "message-id"), " \t\r\n");
    const char *sender = trim(&f->words, word_of(words, count, "sender"), " <>");
    int code = 0;

    if (!id || !sender)
        return -ENOMEM;
    const struct key *key = find_keys(f, id);
    for (; key && code == 0; key = next_key(f, key)) {
        int64_t arrived_ms = key->message->arrived * 1000;
        if (text_equal(sender, key->message->sender) && event->at_ms >= arrived_ms - FILTER_MS &&
            event->at_ms <= arrived_ms + SENDING_MS)
            code = link_to(f, event, QUEUE_BY_MESSAGE_ID, key->message);
    }
    return code;
}

static int visit_for_message_ids(struct txn *txn, const struct event *event, void *argument)
{
    struct finding *f = argument;
    struct word *words;
    size_t count;
    (void)txn;

    if (!event->verdict || !event->words || !went_on(event->verdict) || event->at_ms < f->from_ms ||
        event->at_ms > f->until_ms)
        return 0;
    int code = ledger_words(f->site->ledger_view, event, &f->words, &words, &count);
    if (code == 0)
        code = match_words(f, event, words, count);
    pool_reset(&f->words);
    return code == ERR_NOT_FOUND ? 0 : code; /* they were erased */
}

int queue_find(struct queue *queue, struct site *site, struct error *why)
{
    struct finding f = {.queue = queue, .site = site};

    int code = make_keys(&f);
    if (code == 0) {
        add_ids(&f);
        code = f.count ? ledger_walk(site->ledger_view, NULL, visit_for_ids, &f) : 0;
    }
    if (code == 0) {
        add_message_ids(&f);
        code = f.count ? ledger_walk(site->ledger_view, NULL, visit_for_message_ids, &f) : 0;
    }
    free(f.keys);
    pool_release(&f.words);
    return code ? error_set(why, code, "the ledger in %s cannot be read: %s",
                            site->config->data_dir, error_name(code))
                : 0;
}
