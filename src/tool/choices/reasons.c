#include "tool/choices/reasons.h"

#include "tool/output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* One event that gives a reason. */
struct given {
    struct event_name about; /* the opt-out's event */
    struct event_name event; /* this one */
    size_t position;         /* in the sequence in which they were found */
    const char *key;         /* "": words alone */
};

struct counting {
    struct site *site;
    const struct reasons_question *question;
    struct given *given;
    size_t given_count, given_room;
    struct reasons_row *rows;
    size_t row_count;
};

/* Room for one more in an array that grows; NULL without memory. */
static void *grown(void *array, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return array;
    size_t more = *room ? 2 * *room : 64;
    void *larger = reallocarray(array, more, size);
    if (larger)
        *room = more;
    return larger;
}

/* --- gathering ------------------------------------------------------------------------------- */

static int visit(struct txn *txn, const struct event *event, void *argument)
{
    struct counting *c = argument;
    (void)txn;

    if (event->type != EVENT_REASON || event->at_ms < c->question->since_ms ||
        (c->question->until_ms && event->at_ms >= c->question->until_ms))
        return 0;
    const char *key = pool_copy(&c->site->pool, event->reason->key);
    struct given *given = grown(c->given, c->given_count, &c->given_room, sizeof *given);
    if (!given || !key)
        return -ENOMEM;
    c->given = given;
    given[c->given_count] = (struct given){event->reason->about, event->name, c->given_count, key};
    c->given_count++;
    return 0;
}

static int compare_given(const void *a, const void *b)
{
    const struct given *x = a, *y = b;
    int order = memcmp(x->about.node, y->about.node, EVENT_NODE_SIZE);

    if (order)
        return order;
    if (x->about.number != y->about.number)
        return x->about.number < y->about.number ? -1 : 1;
    return x->position < y->position ? -1 : x->position > y->position;
}

/* The row of that scope and key, perhaps a new one; NULL without memory. */
static struct reasons_row *find_row(struct counting *c, const char *scope, const char *key)
{
    for (size_t i = 0; i < c->row_count; i++)
        if (strcmp(c->rows[i].scope, scope) == 0 && strcmp(c->rows[i].key, key) == 0)
            return &c->rows[i];
    struct reasons_row *rows = reallocarray(c->rows, c->row_count + 1, sizeof *rows);
    if (!rows)
        return NULL;
    c->rows = rows;
    scope = pool_copy(&c->site->pool, scope);
    if (!scope)
        return NULL;
    rows[c->row_count] = (struct reasons_row){.scope = scope, .key = key};
    return &rows[c->row_count++];
}

/* Adds what somebody wrote to the row; nothing where it was erased or cannot be read here. */
static int add_words(struct counting *c, const struct event_name *name, struct reasons_row *row)
{
    struct site *site = c->site;
    struct event event;
    struct word *words;
    size_t count;

    int code = list_event(site->list_view, name, &site->pool, &event);
    if (code == 0)
        code = list_words(site->list_view, &event, &site->pool, &words, &count);
    if (code == ERR_KEY && !site->has_address)
        return 0; /* the site told that */
    for (size_t i = 0; i < count && code == 0; i++) {
        if (strcmp(words[i].name, "text") != 0)
            continue;
        const char **texts = reallocarray(row->words, row->word_count + 1, sizeof *texts);
        if (!texts)
            return -ENOMEM;
        row->words = texts;
        texts[row->word_count++] = words[i].text;
    }
    return code;
}

static int count_one(struct counting *c, const struct given *given)
{
    const struct reasons_question *q = c->question;
    struct pool pool = {0};
    struct event event;
    int code = list_event(c->site->list_view, &given->about, &pool, &event);

    if (code == 0 && event.choice_count > 0 &&
        (!q->scope || scope_covers(q->scope, event.choices[0].choice.scope))) {
        struct reasons_row *row = find_row(c, event.choices[0].choice.scope, given->key);
        if (row)
            row->count++;
        code = !row ? -ENOMEM : q->words ? add_words(c, &given->event, row) : 0;
    }
    pool_release(&pool);
    return code;
}

static int compare_rows(const void *a, const void *b)
{
    const struct reasons_row *x = a, *y = b;
    int order = strcmp(x->scope, y->scope);

    if (order == 0)
        order = x->count > y->count ? -1 : x->count < y->count;
    return order ? order : strcmp(x->key, y->key);
}

static int gather(struct counting *c)
{
    int code = list_walk(c->site->list_view, NULL, visit, c);

    if (c->given_count)
        qsort(c->given, c->given_count, sizeof *c->given, compare_given);
    for (size_t i = 0; i < c->given_count && code == 0; i++)
        if (i + 1 == c->given_count ||
            !event_name_equal(&c->given[i].about, &c->given[i + 1].about))
            code = count_one(c, &c->given[i]);
    if (c->row_count)
        qsort(c->rows, c->row_count, sizeof *c->rows, compare_rows);
    return code;
}

void reasons_free(struct reasons_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(rows[i].words);
    free(rows);
}

int reasons_gather(struct site *site, const struct reasons_question *question,
                   struct reasons_row **rows, size_t *count, struct error *why)
{
    struct counting c = {.site = site, .question = question};

    int code = gather(&c);
    free(c.given);
    if (code) {
        reasons_free(c.rows, c.row_count);
        return site_explain(site, code, why);
    }
    *rows = c.rows;
    *count = c.row_count;
    return 0;
}

/* --- showing --------------------------------------------------------------------------------- */

/* The next stream with exactly this scope; NULL: no more. Start at 0. */
static const char *next_stream(const struct site *site, const char *scope, size_t *position)
{
    const struct policy *policy = &site->config->policy;

    while (*position < policy->stream_count) {
        const struct stream *stream = &policy->streams[(*position)++];
        if (strcmp(stream->scope, scope) == 0)
            return stream->rule.name;
    }
    return NULL;
}

static void show_json(const struct site *site, const struct reasons_row *row)
{
    json_t *object = json_object(), *streams = json_array(), *words = json_array();
    const char *name;

    for (size_t at = 0; (name = next_stream(site, row->scope, &at)) != NULL;)
        output_append(streams, json_string(name));
    for (size_t i = 0; i < row->word_count; i++)
        output_append(words, output_text_value(row->words[i]));
    output_put(object, "streams", streams);
    output_put_text(object, "scope", row->scope);
    output_put_text(object, "reason", *row->key ? row->key : NULL);
    output_put_number(object, "count", row->count);
    output_put(object, "words", words);
    output_json(object);
}

static void show_line(const struct site *site, const struct reasons_row *row)
{
    struct text streams = TEXT_EMPTY;
    const char *name;

    for (size_t at = 0; (name = next_stream(site, row->scope, &at)) != NULL;)
        text_format(&streams, "%s%s", streams.length ? "," : "", name);
    output_line("%-20s %-24s %-20s %8" PRIu64, streams.length ? streams.data : "-", row->scope,
                *row->key ? row->key : "-", row->count);
    text_release(&streams);
    for (size_t i = 0; i < row->word_count; i++)
        output_line("    %s", row->words[i]);
}

int reasons_show(struct site *site, const struct reasons_question *question, struct error *why)
{
    struct reasons_row *rows = NULL;
    size_t count = 0;

    int code = reasons_gather(site, question, &rows, &count, why);
    if (code)
        return code;
    if (!question->json && count == 0)
        remark("Nobody has given a reason%s.",
               question->scope || question->since_ms > INT64_MIN ? " for that, in this time" : "");
    else if (!question->json)
        output_line("%-20s %-24s %-20s %8s", "stream", "scope", "reason", "opt-outs");
    for (size_t i = 0; i < count; i++)
        if (question->json)
            show_json(site, &rows[i]);
        else
            show_line(site, &rows[i]);
    reasons_free(rows, count);
    return 0;
}
