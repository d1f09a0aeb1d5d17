/* Events of the list: choices, what was taken back, people who were erased. */
#include "base/clock.h"
#include "tool/output.h"
#include "tool/report/journals.h"
#include "tool/show.h"

#include <string.h>

static const char *source_of(const struct event *event, const struct choice *choice)
{
    return choice->source && *choice->source ? choice->source
           : event->source                   ? event->source
                                             : event->actor;
}

static int count_choices(struct journals *j, const struct event *event)
{
    int code = 0;

    for (size_t i = 0; i < event->choice_count && code == 0; i++) {
        const struct choice *choice = &event->choices[i].choice;
        if (!journals_is_asked(j, choice->scope))
            continue;
        if (choice->kind == CHOICE_OPT_OUT)
            code = series_add(&j->optouts, source_of(event, choice), event->at_ms / 1000, 1);
        j->blocks += choice->kind == CHOICE_BLOCK;
        j->opt_ins += choice->kind == CHOICE_OPT_IN;
        j->confirmed += choice->kind == CHOICE_OPT_IN && choice->confirmed;
    }
    return code;
}

/* Whether one of the choices that were withdrawn is of the scope: 1 or 0. */
static int concerns(const struct journals *j, const struct event *event)
{
    int found = j->question->scope == NULL;

    for (size_t i = 0; i < event->withdrawal_count && found == 0; i++) {
        struct pool pool = {0};
        struct event about;
        int code = list_event(j->site->list_view, &event->withdrawals[i].target, &pool, &about);
        for (size_t n = 0; n < about.choice_count && code == 0 && !found; n++)
            found = memcmp(&about.choices[n].subject, &event->withdrawals[i].subject,
                           sizeof about.choices[n].subject) == 0 &&
                    journals_is_asked(j, about.choices[n].choice.scope);
        pool_release(&pool);
        if (code && code != ERR_NOT_FOUND)
            return code;
    }
    return found;
}

/* Who took something back, and why; a note can have people in it, an address for one. */
static int put_words(const struct journals *j, const struct event *event, json_t *object)
{
    struct pool pool = {0};
    struct word *words = NULL;
    size_t count = 0;

    int code = list_words(j->site->list_view, event, &pool, &words, &count);
    if (code == 0) {
        output_put_text(object, "staff", word_text(words, count, "staff"));
        output_put_text(object, "note", word_text(words, count, "note"));
    }
    pool_release(&pool);
    return code == ERR_KEY ? 0 : code; /* the site told that */
}

/* The withdrawals of an undo are counted by its batch. */
static int note_removal(struct journals *j, const struct event *event)
{
    char time[CLOCK_TEXT_SIZE];

    if (event->batch)
        return 0;
    int code = concerns(j, event);
    if (code <= 0)
        return code;
    json_t *object = json_object();
    output_put_text(object, "time", clock_format_ms(event->at_ms, time));
    show_put_event(object, "event", &event->name);
    output_put_text(object, "actor", event->actor);
    output_put_text(object, "source", event->source);
    output_put_number(object, "choices", event->withdrawal_count);
    code = j->question->names ? put_words(j, event, object) : 0;
    output_append(j->removals, object);
    return code;
}

int journals_take_list(struct journals *j, const struct event *event)
{
    if (event->type == EVENT_CHOICES)
        return count_choices(j, event);
    if (event->type == EVENT_WITHDRAWAL)
        return note_removal(j, event);
    j->erased += event->erasure_count;
    return 0;
}
