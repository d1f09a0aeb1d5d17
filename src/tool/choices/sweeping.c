#include "tool/choices/sweeping.h"

#include "tool/interrupt.h"
#include "tool/output.h"
#include "tool/stops.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#define PAUSE_NS 1000000 /* between transactions: LMDB's lock is not fair */
#define FULL 1000        /* what a visitor returns where an event's worth is gathered */

/* One event's worth. */
struct gathered {
    struct sweeping *sweeping;
    struct event_withdrawal rows[EVENT_ROWS_MAX];
    size_t count;
    struct event_name last; /* that was looked at; number 0: none */
    struct pool pool;
};

static bool is_meant(const struct sweeping *s, const struct event *event)
{
    const char *source = event->source ? event->source : event->actor;

    if (s->before && !list_is_earlier(s->site->list, &event->name, s->before))
        return false;
    return event->batch == 0 && event->at_ms >= s->since_ms && event->at_ms < s->until_ms &&
           strcmp(source, s->source) == 0;
}

static int gather_row(struct gathered *g, const struct event_choice *row)
{
    struct choice *rows;
    size_t count;

    g->sweeping->found++;
    int code = list_read(g->sweeping->site->list_view, LIST_STANDING, &row->subject,
                         row->choice.domain, &g->pool, &rows, &count, NULL);
    for (size_t i = 0; code == 0 && i < count; i++)
        if (event_name_equal(&rows[i].event, &row->choice.event))
            g->rows[g->count++] = (struct event_withdrawal){row->subject, row->choice.event};
    pool_reset(&g->pool);
    return code;
}

/* An event that does not fit any more is looked at in the next round. */
static int visit(struct txn *txn, const struct event *event, void *argument)
{
    struct gathered *g = argument;
    int code = 0;
    (void)txn;

    if (event->choice_count > EVENT_ROWS_MAX - g->count)
        return FULL;
    for (size_t i = 0; i < event->choice_count && code == 0; i++)
        if (event->choices[i].choice.kind == CHOICE_OPT_OUT && is_meant(g->sweeping, event))
            code = gather_row(g, &event->choices[i]);
    g->last = event->name;
    return code;
}

static int withdraw(struct gathered *g, struct error *why)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    struct site *site = g->sweeping->site;
    struct event_name event;

    if (g->count == 0 || g->sweeping->dry_run)
        return 0;
    int code = list_withdraw(site->list, g->rows, g->count, g->sweeping->act, &event, why);
    nanosleep(&pause, NULL);
    return code;
}

/* FULL: there is more. */
static int sweep_once(struct gathered *g, struct error *why)
{
    struct site *site = g->sweeping->site;

    g->count = 0;
    int code = site_view(site, why);
    if (code)
        return code;
    int walked = list_walk(site->list_view, g->last.number ? &g->last : NULL, visit, g);
    if (walked < 0)
        site_explain(site, walked, why);
    site_end_view(site);
    code = walked < 0 ? walked : withdraw(g, why);
    if (code == 0)
        g->sweeping->withdrawn += g->count;
    return code ? code : walked;
}

int sweeping_run(struct sweeping *s, struct error *why)
{
    struct gathered g = {.sweeping = s};
    int code = FULL;

    while (code == FULL) {
        if (stops_release()) /* nothing is held that others wait for */
            stops_hold();
        code = interrupt_came() ? error_set(why, -EINTR, "interrupted") : sweep_once(&g, why);
    }
    pool_release(&g.pool);
    return code;
}

void sweeping_show(const struct sweeping *s, bool json)
{
    if (json) {
        json_t *object = json_object();
        output_put_text(object, "source", s->source);
        output_put_bool(object, "dry_run", s->dry_run);
        output_put_number(object, "rows", s->found);
        output_put_number(object, "withdrawn", s->withdrawn);
        output_put_number(object, "skipped", s->found - s->withdrawn);
        output_json(object);
        return;
    }
    output_line("source %s: %" PRIu64 " of %" PRIu64 " opt-out%s %s", s->source, s->withdrawn,
                s->found, s->found == 1 ? "" : "s",
                s->dry_run ? "would be withdrawn" : "withdrawn");
}
