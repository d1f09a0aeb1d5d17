#include "tool/person/dossier.h"

#include "store/judge.h"
#include "tool/choices/rows.h"
#include "tool/person/mentions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *const dossier_not_searched[] = {
    "Logs of the mail server and of other programs: whether mail was delivered is told there "
    "alone.",
    "Backups, exports and copies of this list.",
    "The systems that send the mail: shop, CRM, newsletter tool, ticket system.",
    "Other addresses of the same person: each has to be asked for by itself.",
    NULL,
};

struct gathering {
    struct dossier *dossier;
    struct subject subject;
    int64_t since_ms;
    struct error *why;
};

static int out_of_memory(struct error *why)
{
    return error_set(why, -ENOMEM, "no memory");
}

/* NULL without memory. */
static struct fact *new_fact(struct dossier *d)
{
    struct fact *facts =
        pool_grow(&d->site->pool, d->facts, d->fact_count, &d->fact_room, sizeof *facts);
    if (!facts)
        return NULL;
    d->facts = facts;
    return &facts[d->fact_count++];
}

/* --- the list's --- */

/* Words that cannot be read without the address key count as not there: the site told that. */
static int take_words(struct gathering *g, const struct event *event, struct fact *fact)
{
    struct site *site = g->dossier->site;
    struct word *words = NULL;

    int code = fact->ledger
                   ? ledger_words(site->ledger_view, event, &site->pool, &words, &fact->word_count)
                   : list_words(site->list_view, event, &site->pool, &words, &fact->word_count);
    fact->words = words;
    if (code == 0)
        return 0;
    fact->word_count = 0;
    if (code == ERR_KEY && !fact->ledger && !site->has_address)
        return 0;
    return error_set(g->why, code, "%s: the words of an event cannot be read: %s",
                     fact->ledger ? "ledger" : "list", error_name(code));
}

static bool copy_text(struct pool *pool, const char **text)
{
    *text = pool_copy(pool, *text);
    return *text;
}

/* What all facts have, and what either store can tell. */
static int take_event(struct gathering *g, const struct event *event, struct fact *fact)
{
    struct pool *pool = &g->dossier->site->pool;
    bool copied = true;

    fact->at_ms = event->at_ms;
    fact->event = event->name;
    fact->batch = event->name;
    fact->batch.number = event->batch;
    fact->actor = pool_copy(pool, event->actor);
    if (event->decision && event->type == EVENT_DECISION)
        fact->decision = *event->decision;
    else if (event->decision)
        fact->approved = event->decision->proposal;
    if (event->reason) {
        fact->reason = *event->reason;
        copied = copy_text(pool, &fact->reason.key);
    }
    if (event->proposal) {
        fact->proposal = *event->proposal;
        fact->proposal.target_count = fact->proposal.choice_count = 0;
        copied = copied && copy_text(pool, &fact->proposal.source);
    }
    const struct event_erasure *erasure = mentions_erasure(event, &g->subject);
    fact->erased = erasure ? erasure->event_count : 0;
    return fact->actor && copied ? take_words(g, event, fact) : out_of_memory(g->why);
}

static int keep(struct gathering *g, const struct fact *fact)
{
    struct fact *place = new_fact(g->dossier);

    if (!place)
        return out_of_memory(g->why);
    *place = *fact;
    return 0;
}

static enum fact_kind kind_of(const struct mention *mention, const struct event *event)
{
    static const enum fact_kind kinds[] = {
        [MENTION_CHOICE] = FACT_CHOICE,   [MENTION_WITHDRAWAL] = FACT_WITHDRAWAL,
        [MENTION_REASON] = FACT_REASON,   [MENTION_PROPOSAL] = FACT_PROPOSAL,
        [MENTION_ERASURE] = FACT_ERASURE,
    };
    return event->type == EVENT_DECISION ? FACT_DECISION : kinds[mention->kind];
}

static int add_mention(struct gathering *g, const struct mention *mention)
{
    struct site *site = g->dossier->site;
    struct pool pool = {0};
    struct event event;
    struct fact fact = {.choice = mention->choice};

    int code = list_event(site->list_view, &mention->event, &pool, &event);
    if (code) {
        site_explain(site, code, g->why);
    } else {
        fact.kind = kind_of(mention, &event);
        code = take_event(g, &event, &fact);
    }
    pool_release(&pool);
    return code ? code : keep(g, &fact);
}

/* The choices among the facts, which are still those of the list alone, in their sequence. */
static int explain_doubles(struct gathering *g)
{
    struct dossier *d = g->dossier;
    struct stated *rows = pool_take(&d->site->pool, (d->fact_count + 1) * sizeof *rows);
    struct fact **of = pool_take(&d->site->pool, (d->fact_count + 1) * sizeof *of);
    size_t count = 0, beside;

    if (!rows || !of)
        return out_of_memory(g->why);
    for (size_t i = 0; i < d->fact_count; i++) {
        struct fact *fact = &d->facts[i];
        if (fact->kind == FACT_WITHDRAWAL)
            for (size_t j = 0; j < count; j++)
                if (of[j]->choice.domain == fact->choice.domain &&
                    event_name_equal(&of[j]->event, &fact->choice.event)) {
                    of[j]->withdrawn_by = fact->event;
                    rows[j].withdrawn = count;
                }
        if (fact->kind != FACT_CHOICE)
            continue;
        of[count] = fact;
        rows[count++] = (struct stated){.choice = &fact->choice,
                                        .batch = fact->batch.number,
                                        .recorded = fact->at_ms / 1000,
                                        .withdrawn = SIZE_MAX};
    }
    for (size_t i = 0; i < count; i++) {
        of[i]->why = double_find(rows, count, i, &beside);
        if (of[i]->why != DOUBLE_NONE)
            of[i]->beside = of[beside]->event;
    }
    return 0;
}

static int gather_list(struct gathering *g)
{
    struct dossier *d = g->dossier;
    struct mentions mentions = {0};

    int code = mentions_gather(d->site, &d->address, &mentions, g->why);
    for (size_t i = 0; i < mentions.count && code == 0; i++)
        code = add_mention(g, &mentions.rows[i]);
    return code ? code : explain_doubles(g);
}

static int gather_notice(struct gathering *g)
{
    struct dossier *d = g->dossier;
    int64_t seconds = 0;

    int code = list_notice_time(d->site->list_view, &g->subject, &seconds);
    if (code == ERR_NOT_FOUND)
        return 0;
    if (code)
        return site_explain(d->site, code, g->why);
    struct fact *fact = new_fact(d);
    if (!fact)
        return out_of_memory(g->why);
    *fact = (struct fact){.kind = FACT_NOTICE, .at_ms = seconds * 1000, .actor = "web"};
    return 0;
}

/* --- the ledger's --- */

/* With the person's row alone. */
static bool copy_verdict(struct pool *pool, const struct event_verdict *from,
                         const struct subject *subject, struct event_verdict *verdict)
{
    struct event_verdict_row *row = pool_take(pool, sizeof *row);

    *verdict = *from;
    verdict->row_count = 0;
    verdict->rows = row;
    if (!row || !copy_text(pool, &verdict->stream) || !copy_text(pool, &verdict->rule) ||
        !copy_text(pool, &verdict->scope) || !copy_text(pool, &verdict->queue_id))
        return false;
    for (size_t i = 0; i < from->row_count && verdict->row_count == 0; i++) {
        const struct event_verdict_row *r = &from->rows[i];
        if (!r->known || memcmp(&r->subject, subject, sizeof *subject) != 0)
            continue;
        struct event_basis *basis = pool_take(pool, r->basis_count * sizeof *basis + 1);
        if (!basis)
            return false;
        if (r->basis_count > 0)
            memcpy(basis, r->basis, r->basis_count * sizeof *basis);
        *row = *r;
        row->basis = basis;
        verdict->row_count = 1;
    }
    return true;
}

static bool copy_reading(struct pool *pool, const struct event_reading *from,
                         struct event_reading *reading)
{
    *reading = *from;
    return copy_text(pool, &reading->command) && copy_text(pool, &reading->scope);
}

/* Nobody but `optout queue` writes a verdict that takes another one back. */
static enum mail_fate fate_of(const struct event *event, const struct event_verdict *v)
{
    enum recipient_state state = v->row_count ? v->rows[0].state : RECIPIENT_UNKNOWN;

    if (v->action == ACTION_HOLD)
        return FATE_HELD;
    if (v->action == ACTION_DELETE)
        return FATE_DELETED;
    if (recipient_was_handed_on(v->action, v->mode, state))
        return FATE_HANDED_ON;
    if (v->action == ACTION_PASS && event->batch)
        return FATE_LEFT;
    return v->action == ACTION_DEFER ? FATE_PUT_OFF : FATE_KEPT_BACK;
}

static int take_verdict(struct gathering *g, const struct event *event, struct fact *fact)
{
    struct site *site = g->dossier->site;

    if (!copy_verdict(&site->pool, event->verdict, &g->subject, &fact->verdict))
        return out_of_memory(g->why);
    fact->fate = fate_of(event, &fact->verdict);
    return made_under_find(site, event, &fact->under);
}

static int visit_history(struct txn *txn, const struct event *event, void *argument)
{
    struct gathering *g = argument;
    struct fact fact = {.kind = event->verdict         ? FACT_VERDICT
                                : event->reading       ? FACT_READING
                                : event->erasure_count ? FACT_ERASURE
                                                       : FACT_OTHER,
                        .ledger = true};
    (void)txn;

    int code = take_event(g, event, &fact);
    if (code == 0 && event->verdict)
        code = take_verdict(g, event, &fact);
    if (code == 0 && event->reading &&
        !copy_reading(&g->dossier->site->pool, event->reading, &fact.reading))
        code = out_of_memory(g->why);
    return code ? code : keep(g, &fact);
}

static int gather_ledger(struct gathering *g)
{
    const struct site *site = g->dossier->site;
    int code = ledger_history(site->ledger_view, &g->subject, visit_history, g);

    if (code < 0 && *g->why->text == '\0')
        error_set(g->why, code, "%s/ledger: %s", site->config->data_dir, error_name(code));
    return code;
}

/* --- what stands, and what it means --- */

static int add_prospect(struct gathering *g, const struct stream *stream, const char *scope)
{
    struct dossier *d = g->dossier;
    struct judged judged;
    bool consent = stream && stream->consent == CONSENT_OPT_IN;

    struct prospect *prospects = pool_grow(&d->site->pool, d->prospects, d->prospect_count,
                                           &d->prospect_room, sizeof *prospects);
    if (!prospects)
        return out_of_memory(g->why);
    d->prospects = prospects;
    int code = judge_address(d->site->list_view, d->site->hasher, &d->address, scope, consent,
                             d->now, &d->site->pool, &judged);
    if (code == ERR_LOSS)
        judged = (struct judged){.state = RECIPIENT_UNKNOWN};
    else if (code)
        return site_explain(d->site, code, g->why);
    d->prospects[d->prospect_count++] =
        (struct prospect){.stream = stream ? stream->rule.name : NULL,
                          .scope = scope,
                          .consent_asked = consent,
                          .ledger = stream ? stream->ledger : LEDGER_SUPPRESSED,
                          .state = judged.state,
                          .deciding = judged.deciding,
                          .deciding_count = judged.deciding_count};
    return 0;
}

static int visit_scope(const char *scope, void *argument)
{
    struct gathering *g = argument;
    struct dossier *d = g->dossier;

    for (size_t i = 0; i < d->prospect_count; i++)
        if (d->prospects[i].stream && strcmp(d->prospects[i].scope, scope) == 0)
            return 0;
    const char *copy = pool_copy(&d->site->pool, scope);
    return copy ? add_prospect(g, NULL, copy) : out_of_memory(g->why);
}

static int judge(struct gathering *g)
{
    struct dossier *d = g->dossier;
    const struct policy *policy = &d->site->config->policy;
    int code = 0;

    for (size_t i = 0; i < policy->stream_count && code == 0; i++)
        code = add_prospect(g, &policy->streams[i], policy->streams[i].scope);
    if (code == 0)
        code = list_each_scope(d->site->list_view, visit_scope, g);
    if (code < 0 && *g->why->text == '\0')
        site_explain(d->site, code, g->why);
    return code;
}

static int gather_standing(struct gathering *g)
{
    struct dossier *d = g->dossier;

    int code = rows_read(d->site, LIST_STANDING, &d->address, &d->standing, &d->standing_count,
                         NULL, g->why);
    if (code == 0)
        d->standing_count = rows_keep_standing(d->standing, d->standing_count, d->now);
    return code;
}

/* --- all --- */

/* By time; what is of one moment stays in the sequence in which it was gathered. */
static int compare_facts(const void *a, const void *b, void *facts)
{
    const struct fact *list = facts;
    size_t x = *(const size_t *)a, y = *(const size_t *)b;

    if (list[x].at_ms != list[y].at_ms)
        return list[x].at_ms < list[y].at_ms ? -1 : 1;
    return x < y ? -1 : 1;
}

static int sort_and_cut(struct gathering *g)
{
    struct dossier *d = g->dossier;
    size_t *order = pool_take(&d->site->pool, (d->fact_count + 1) * sizeof *order);
    struct fact *sorted = pool_take(&d->site->pool, (d->fact_count + 1) * sizeof *sorted);
    size_t count = 0;

    if (!order || !sorted)
        return out_of_memory(g->why);
    for (size_t i = 0; i < d->fact_count; i++)
        order[i] = i;
    qsort_r(order, d->fact_count, sizeof *order, compare_facts, d->facts);
    for (size_t i = 0; i < d->fact_count; i++)
        if (d->facts[order[i]].at_ms >= g->since_ms)
            sorted[count++] = d->facts[order[i]];
    d->facts = sorted;
    d->fact_count = count;
    for (size_t i = 0; i < count; i++)
        d->reading_count += sorted[i].kind == FACT_READING;
    return 0;
}

int dossier_gather(struct site *site, const struct address *address, int64_t since_ms, int64_t now,
                   struct dossier *dossier, struct error *why)
{
    struct gathering g = {.dossier = dossier, .since_ms = since_ms, .why = why};

    *dossier = (struct dossier){.site = site, .address = *address, .now = now};
    int code = site_subject(site, address, &g.subject, why);
    if (code)
        return code;
    site_identity(site, &g.subject, &dossier->identity);
    dossier->loss = list_check_loss(site->list_view) != 0;
    code = gather_list(&g);
    if (code == 0)
        code = gather_notice(&g);
    if (code == 0)
        code = gather_ledger(&g);
    if (code == 0)
        code = sort_and_cut(&g);
    if (code == 0)
        code = gather_standing(&g);
    return code ? code : judge(&g);
}

bool dossier_holds(const struct dossier *dossier)
{
    return dossier->identity.known != LIST_KNOWS_NOTHING || dossier->standing_count > 0 ||
           dossier->fact_count > dossier->reading_count;
}

const char *dossier_identity_name(const struct dossier *dossier)
{
    static const char *const names[] = {
        [LIST_KNOWS_NOTHING] = "nothing", [LIST_KNOWS_ADDRESS] = "address",
        [LIST_KNOWS_DIGEST] = "hash",     [LIST_KNOWS_SEALED] = "sealed",
        [LIST_KNOWS_ERASED] = "erased",
    };
    return names[dossier->identity.known];
}

const char *dossier_identity_text(const struct dossier *dossier)
{
    static const char *const texts[] = {
        [LIST_KNOWS_NOTHING] = "the list does not hold the address",
        [LIST_KNOWS_ADDRESS] = "the list holds the address, encrypted",
        [LIST_KNOWS_DIGEST] = "the list holds a hash of the address (SHA-256), not the address",
        [LIST_KNOWS_SEALED] = "the list holds the address or a hash of it, which cannot be read "
                              "here",
        [LIST_KNOWS_ERASED] = "the address was erased from the list; the choices go on holding "
                              "under a pseudonym",
    };
    return texts[dossier->identity.known];
}
