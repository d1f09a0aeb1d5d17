/* Lists that came in, and were undone. */
#include "base/clock.h"
#include "tool/output.h"
#include "tool/report/facts.h"
#include "tool/show.h"

#include <string.h>

struct imports {
    struct site *site;
    const struct report_question *question;
    json_t *array;
    uint64_t lists;
};

static int put_staff(struct imports *i, const struct list_batch *batch, json_t *object)
{
    struct pool pool = {0};
    struct event event;
    struct word *words;
    size_t count = 0;

    int code = list_event(i->site->list_view, &batch->name, &pool, &event);
    if (code == 0)
        code = list_words(i->site->list_view, &event, &pool, &words, &count);
    const char *staff = code == 0 ? word_text(words, count, "staff") : NULL;
    if (staff)
        output_put_text(object, "staff", staff);
    pool_release(&pool);
    return code == ERR_KEY ? 0 : code; /* the site told that */
}

static int visit(const struct list_batch *batch, void *argument)
{
    struct imports *i = argument;
    char time[CLOCK_TEXT_SIZE];

    if (period_find(&i->question->period, batch->begun_ms / 1000) == i->question->period.count)
        return 0;
    i->lists += batch->begin.kind == BATCH_IMPORT;
    json_t *object = json_object();
    output_put_text(object, "time", clock_format_ms(batch->begun_ms, time));
    show_put_event(object, "event", &batch->name);
    show_put_batch(object, &batch->begin, batch->source);
    output_put_bool(object, "ended", batch->ended_ms != 0);
    output_put_bool(object, "undone", batch->undone_by.number != 0);
    if (batch->ended_ms)
        show_put_counts(object, batch->counts);
    output_put_text(object, "actor", batch->actor);
    int code = i->question->names ? put_staff(i, batch, object) : 0;
    output_append(i->array, object);
    return code;
}

int report_imports(struct site *site, const struct report_question *question, json_t *facts,
                   struct error *why)
{
    struct imports imports = {.site = site, .question = question, .array = json_array()};

    int code = list_each_batch(site->list_view, visit, &imports);
    output_put(facts, "imports", imports.array);
    output_put_number(facts, "lists_imported", imports.lists);
    return code < 0 ? site_explain(site, code, why) : code;
}
