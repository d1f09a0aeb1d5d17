#include "web/writing.h"

#include "base/clock.h"
#include "web/answer.h"
#include "web/keyed.h"
#include "web/metrics.h"
#include "web/notifier.h"

#include <stdlib.h>
#include <string.h>

static void release(struct writing *writing)
{
    stores_give_list(writing->web->stores);
    setup_give(writing->setup);
    free(writing);
}

struct writing *writing_begin(struct visit *visit, const char *source,
                              bool (*finished)(struct writing *writing))
{
    struct setup *setup = visit->setup;
    struct writing *w = calloc(1, sizeof *w);
    struct error why = {"no memory"};

    if (!w || stores_take_list_to_write(visit->web->stores, &setup->key, &setup->address, &w->list,
                                        &why)) {
        metrics_failed(visit->web->metrics);
        answer_failed(visit->request, setup, why.text);
        free(w);
        return NULL;
    }
    w->web = visit->web;
    w->request = visit->request;
    w->setup = setup_hold(setup);
    w->act = (struct act){.actor = "web", .source = source};
    w->finished = finished;
    return w;
}

/* An opt-out that is on disk, and did not stand before. */
static void notify(struct writing *w)
{
    struct notice notice = {.address = w->address,
                            .undo = {w->entry.event, w->entry.subject, w->entry.asked}};

    memcpy(notice.scope, w->scope, sizeof notice.scope);
    notifier_add(w->web->notifier, w->setup, &notice);
}

static void notify_once(struct writing *w)
{
    if (w->opts_out && w->code == 0 && !w->entry.known && !w->again)
        notify(w);
    w->opts_out = false;
}

/* On a thread of the server. */
static void finish(struct request *request)
{
    struct writing *w = request->work;

    notify_once(w);
    if (w->code && !(w->may_miss && w->code == ERR_NOT_FOUND)) {
        metrics_failed(w->web->metrics);
        answer_failed(request, w->setup, w->why.text);
    } else if (w->finished(w)) {
        return;
    }
    release(w);
}

/* The same, where nobody is left to answer. What is written stays, and nothing else is begun. */
static void abandon(struct request *request)
{
    struct writing *w = request->work;

    notify_once(w);
    release(w);
}

/* On the committer's thread: quickly. */
static void on_done(void *argument, int code, const struct error *why)
{
    struct writing *w = argument;

    w->code = code;
    if (code)
        w->why = *why;
    else
        metrics_wrote(w->web->metrics, web_clock() - w->submitted);
    w->request->resume(w->request);
}

static void begin(struct writing *w)
{
    w->submitted = web_clock();
    w->request->work = w;
    w->request->finish = finish;
    w->request->abandon = abandon;
    w->request->suspend(w->request);
}

/* What was not taken is answered likewise. */
static void submitted(struct writing *w, int code)
{
    struct error why;

    if (code == 0)
        return;
    error_set(&why, code, "the list cannot be written: %s", error_name(code));
    on_done(w, code, &why);
}

void writing_opt_out(struct writing *w)
{
    w->entry.address = w->address.text;
    w->entry.scope = w->scope;
    w->entry.kind = CHOICE_OPT_OUT;
    w->entry.reason = REASON_UNSUBSCRIBE;
    w->entry.asked = clock_now();
    w->opts_out = true;
    w->may_miss = false;
    begin(w);
    int code = keyed_subject(w->web->keyed, w->setup, &w->address, &w->entry.subject);
    submitted(w, code ? code : list_add_later(w->list, &w->entry, 1, &w->act, on_done, w));
}

void writing_withdraw(struct writing *w)
{
    const struct event_withdrawal row = {w->undo.subject, w->undo.event};

    w->may_miss = true;
    begin(w);
    submitted(w, list_withdraw_later(w->list, &row, &w->act, on_done, w));
}

void writing_reason(struct writing *w)
{
    w->act.words = &w->word;
    w->act.word_count = 1;
    w->may_miss = true;
    begin(w);
    submitted(w, list_reason_later(w->list, &w->reason, &w->act, on_done, w));
}

void writing_probe(struct writing *w)
{
    w->may_miss = false;
    begin(w);
    submitted(w, list_probe_later(w->list, on_done, w));
}
