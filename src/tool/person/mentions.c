#include "tool/person/mentions.h"

#include "core/token.h"
#include "tool/approval/approval.h"
#include "tool/choices/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LATER 1000 /* what a visitor returns to end a walk: nothing comes any more */

struct gathering {
    struct site *site;
    const struct address *address;
    struct subject subject;
    struct mentions *mentions;
    struct error *why;
};

/* NULL without memory. */
static struct mention *new_mention(struct gathering *g)
{
    struct mentions *m = g->mentions;
    struct mention *rows = pool_grow(&g->site->pool, m->rows, m->count, &m->room, sizeof *rows);
    if (!rows)
        return NULL;
    m->rows = rows;
    return &rows[m->count++];
}

/* --- reasons that were given for an event --- */

struct reason_search {
    struct gathering *gathering;
    struct event_name about;
    int64_t about_ms;
};

/* Beyond that time nobody was asked any more. */
static int visit_for_reason(struct txn *txn, const struct event *event, void *argument)
{
    struct reason_search *search = argument;
    (void)txn;
    if (event->at_ms > search->about_ms + (TOKEN_UNDO_SECONDS + 60) * INT64_C(1000))
        return LATER;
    if (!event->reason || !event_name_equal(&event->reason->about, &search->about))
        return 0;
    struct mention *m = new_mention(search->gathering);
    if (!m)
        return -ENOMEM;
    *m = (struct mention){.event = event->name, .at_ms = event->at_ms, .kind = MENTION_REASON};
    return 0;
}

static int add_reasons(struct gathering *g, const struct event_name *about, int64_t about_ms)
{
    struct reason_search search = {g, *about, about_ms};
    int code = list_walk(g->site->list_view, about, visit_for_reason, &search);
    return code == LATER ? 0 : code < 0 ? site_explain(g->site, code, g->why) : code;
}

/* --- choices and proposals --- */

static int add_mention(struct gathering *g, const struct choice *choice,
                       const struct event_name *name, enum mention_kind kind)
{
    struct pool pool = {0};
    struct event event;
    struct address domain;
    struct mention m = {.event = *name, .kind = kind, .choice = *choice, .subject = g->subject};

    int code = list_event(g->site->list_view, name, &pool, &event);
    if (code)
        site_explain(g->site, code, g->why);
    else
        m.at_ms = event.at_ms;
    bool asked = code == 0 && kind == MENTION_CHOICE && strcmp(event.actor, "web") == 0;
    pool_release(&pool);
    if (code == 0 && choice->domain && g->address->at > 0) {
        address_domain(g->address, &domain);
        code = site_subject(g->site, &domain, &m.subject, g->why);
    }
    if (code)
        return code;
    struct mention *place = new_mention(g);
    if (!place)
        return -ENOMEM;
    *place = m;
    return asked ? add_reasons(g, &choice->event, m.at_ms) : 0;
}

static int add_proposal(const struct event *event, void *argument)
{
    struct mention *m = new_mention(argument);

    if (!m)
        return -ENOMEM;
    *m = (struct mention){.event = event->name, .at_ms = event->at_ms, .kind = MENTION_PROPOSAL};
    return 0;
}

/* --- erasures --- */

const struct event_erasure *mentions_erasure(const struct event *event,
                                             const struct subject *subject)
{
    for (size_t i = 0; i < event->erasure_count; i++)
        if (memcmp(&event->erasures[i].subject, subject, sizeof *subject) == 0)
            return &event->erasures[i];
    return NULL;
}

static int visit_erasure(struct txn *txn, const struct event *event, void *argument)
{
    struct gathering *g = argument;
    (void)txn;

    if (!mentions_erasure(event, &g->subject))
        return 0;
    struct mention *m = new_mention(g);
    if (!m)
        return -ENOMEM;
    *m = (struct mention){.event = event->name,
                          .at_ms = event->at_ms,
                          .kind = MENTION_ERASURE,
                          .subject = g->subject};
    return 0;
}

/* No table leads to them, and few people are asked about who were erased. */
static int gather_erasures(struct gathering *g)
{
    struct list_identity identity;

    site_identity(g->site, &g->subject, &identity);
    if (identity.known != LIST_KNOWS_ERASED)
        return 0;
    int code = list_walk_type(g->site->list_view, EVENT_ERASURE, visit_erasure, g);
    return code < 0 ? site_explain(g->site, code, g->why) : code;
}

/* --- all of it --- */

static int compare_mentions(const void *a, const void *b, void *list)
{
    const struct mention *x = a, *y = b;
    return list_is_earlier(list, &x->event, &y->event)   ? -1
           : list_is_earlier(list, &y->event, &x->event) ? 1
                                                         : 0;
}

int mentions_gather(struct site *site, const struct address *address, struct mentions *mentions,
                    struct error *why)
{
    struct gathering g = {.site = site, .address = address, .mentions = mentions, .why = why};
    struct choice *standing, *past;
    struct event_name *by;
    size_t standing_count, past_count;

    int code = site_subject(site, address, &g.subject, why);
    if (code == 0)
        code = rows_read(site, LIST_STANDING, address, &standing, &standing_count, NULL, why);
    if (code == 0)
        code = rows_read(site, LIST_PAST, address, &past, &past_count, &by, why);
    if (code)
        return code;
    for (size_t i = 0; i < standing_count && code == 0; i++)
        code = add_mention(&g, &standing[i], &standing[i].event, MENTION_CHOICE);
    for (size_t i = 0; i < past_count && code == 0; i++) {
        code = add_mention(&g, &past[i], &past[i].event, MENTION_CHOICE);
        if (code == 0)
            code = add_mention(&g, &past[i], &by[i], MENTION_WITHDRAWAL);
    }
    if (code == 0)
        code = approval_each_about(site, &g.subject, add_proposal, &g, why);
    if (code == 0)
        code = gather_erasures(&g);
    if (mentions->count > 0)
        qsort_r(mentions->rows, mentions->count, sizeof *mentions->rows, compare_mentions,
                site->list);
    return code;
}
