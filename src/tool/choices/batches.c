#include "base/clock.h"
#include "store/turn.h"
#include "tool/argument.h"
#include "tool/command.h"
#include "tool/output.h"
#include "tool/show.h"
#include "tool/site.h"

#include <inttypes.h>
#include <string.h>

#define DIGEST_SHOWN 6 /* octets: enough to find the file again */

enum { SOURCE, SINCE, JSON };
static const struct flag flags[] = {
    {.name = "source", .argument = "SOURCE", .text = "of this one alone"},
    {.name = "since", .argument = "TIME", .text = "leave out what was begun before"},
    {.name = "json", .text = "one JSON object a line"},
    {0},
};

struct listing {
    struct site site;
    const char *source; /* NULL: all */
    int64_t since_ms;
    bool json;
};

/* A batch, and what its events and others tell of it. */
struct told {
    const struct list_batch *batch;
    const char *source; /* of an undo, that of what it undoes */
    const char *state;
    struct word *words;
    size_t word_count;
};

/* --- gathering --- */

/* Who may not ask cannot tell which of both it is. */
static const char *state_of(const struct listing *l, const struct told *told)
{
    if (told->batch->ended_ms)
        return "ended";
    const struct event_batch *begin = &told->batch->begin;
    int taken =
        turn_is_taken(l->site.list_folder, told->source, begin->has_digest ? begin->digest : NULL);
    return taken > 0 ? "under way" : taken == 0 ? "broken off" : "not ended";
}

static int read_words(const struct listing *l, struct pool *pool, struct told *told)
{
    struct event event;
    int code = list_event(l->site.list_view, &told->batch->name, pool, &event);
    if (code == 0)
        code = list_words(l->site.list_view, &event, pool, &told->words, &told->word_count);
    return code == ERR_KEY && !l->site.has_address ? 0 : code; /* the site told that */
}

static int gather(const struct listing *l, const struct list_batch *batch, struct pool *pool,
                  struct told *told)
{
    struct list_batch undone;
    int code = 0;

    *told = (struct told){.batch = batch, .source = batch->source};
    if (batch->begin.undoes.number) {
        code = list_batch(l->site.list_view, &batch->begin.undoes, pool, &undone);
        told->source = code == 0 ? undone.source : NULL;
    }
    told->state = state_of(l, told);
    return code ? code : read_words(l, pool, told);
}

/* --- showing --- */

static void show(const struct listing *l, const struct told *told)
{
    const struct list_batch *batch = told->batch;
    const char *file = word_text(told->words, told->word_count, "file"),
               *staff = word_text(told->words, told->word_count, "staff");
    char time[CLOCK_TEXT_SIZE], name[SHOW_EVENT_SIZE], digest[2 * DIGEST_SHOWN + 1];
    struct text line = TEXT_EMPTY;

    text_format(&line, "%s batch %s: ", clock_format(batch->begun_ms / 1000, time),
                show_event(&l->site, &batch->name, name));
    if (batch->begin.undoes.number)
        text_format(&line, "undo of batch %s", show_event(&l->site, &batch->begin.undoes, name));
    else
        text_format(&line, "import of %s", file ? file : "a file");
    text_format(&line, ", source %s", told->source ? told->source : "(none)");
    text_to_hex(batch->begin.digest, DIGEST_SHOWN, digest);
    if (batch->begin.has_digest)
        text_format(&line, ", %" PRIu64 " octets, SHA-256 %s", batch->begin.size, digest);
    if (batch->ended_ms) {
        text_format(&line, ", ended %s:", clock_format(batch->ended_ms / 1000, time));
        show_append_counts(&line, batch->counts);
    } else {
        text_format(&line, ", %s", told->state);
    }
    if (batch->undone_by.number)
        text_format(&line, "; undone by batch %s", show_event(&l->site, &batch->undone_by, name));
    text_format(&line, "; by %s%s%s", batch->actor, staff ? ", " : "", staff ? staff : "");
    output_text(&line);
}

static void put_time_ms(json_t *object, const char *name, int64_t at_ms)
{
    char time[CLOCK_TEXT_SIZE];
    output_put_text(object, name, at_ms ? clock_format_ms(at_ms, time) : NULL);
}

static void show_json(const struct told *told)
{
    const struct list_batch *batch = told->batch;
    json_t *object = json_object(), *words = json_object();

    show_put_event(object, "event", &batch->name);
    output_put_number(object, "number", batch->name.number);
    show_put_batch(object, &batch->begin, told->source);
    output_put_text(object, "state", told->state);
    put_time_ms(object, "begun", batch->begun_ms);
    put_time_ms(object, "ended", batch->ended_ms);
    if (batch->ended_ms)
        show_put_counts(object, batch->counts);
    if (batch->undone_by.number)
        show_put_event(object, "undone_by", &batch->undone_by);
    else
        output_put_text(object, "undone_by", NULL);
    output_put_text(object, "actor", batch->actor);
    for (size_t i = 0; i < told->word_count; i++)
        output_put_text(words, told->words[i].name, told->words[i].text);
    output_put(object, "words", words);
    output_json(object);
}

static int visit(const struct list_batch *batch, void *argument)
{
    struct listing *l = argument;
    struct pool pool = {0};
    struct told told;

    if (batch->begun_ms < l->since_ms)
        return 0;
    int code = gather(l, batch, &pool, &told);
    bool wanted = !l->source || (told.source && strcmp(told.source, l->source) == 0);
    if (code == 0 && wanted && l->json)
        show_json(&told);
    else if (code == 0 && wanted)
        show(l, &told);
    pool_release(&pool);
    return code;
}

/* --- */

static int run(const struct call *call)
{
    struct error why = {""};
    struct listing l = {
        .source = call->values[SOURCE], .json = call->values[JSON], .since_ms = INT64_MIN};
    int64_t since;
    int code = 0;

    if (call->values[SINCE] &&
        (code = argument_time("since", call->values[SINCE], &since, &why)) == 0)
        l.since_ms = since * 1000;
    if (code)
        return output_status(code, &why);
    code = site_open(call->config_file, SITE_KEYS | SITE_WORDS | SITE_LIST, &l.site, &why);
    if (code == 0)
        code = site_view(&l.site, &why);
    if (code == 0 && (code = list_each_batch(l.site.list_view, visit, &l)) != 0)
        site_explain(&l.site, code, &why);
    site_close(&l.site);
    return output_status(code, &why);
}

const struct command command_batches = {
    .name = "batches",
    .arguments = "",
    .text = "show imports and undos, oldest first",
    .flags = flags,
    .role = ROLE_ANYBODY,
    .run = run,
};
