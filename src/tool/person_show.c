#include "tool/person.h"

#include "base/clock.h"
#include "tool/output.h"
#include "tool/proposal_show.h"
#include "tool/show.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *person_fact_name(enum fact_kind kind)
{
    static const char *const names[] = {
        [FACT_CHOICE] = "choice",     [FACT_WITHDRAWAL] = "withdrawal", [FACT_REASON] = "reason",
        [FACT_PROPOSAL] = "proposal", [FACT_DECISION] = "decision",     [FACT_ERASURE] = "erasure",
        [FACT_NOTICE] = "notice",     [FACT_VERDICT] = "verdict",       [FACT_READING] = "reading",
        [FACT_OTHER] = "other",
    };
    return names[kind];
}

const char *person_prospect_text(const struct prospect *prospect)
{
    switch (prospect->state) {
    case RECIPIENT_FREE:
        return "may be mailed";
    case RECIPIENT_NO_CONSENT:
        return "is kept back: consent is asked for and there is none";
    case RECIPIENT_OPTED_OUT:
        return "is kept back";
    case RECIPIENT_UNREADABLE:
        return "is kept back: the address is a route, which may lead to somebody else";
    case RECIPIENT_COMPANION:
    case RECIPIENT_UNREMOVABLE:
    case RECIPIENT_UNKNOWN:
        break;
    }
    return "cannot be told, and its mail would be put off";
}

const char *person_recorded_text(const struct prospect *prospect)
{
    return prospect->ledger == LEDGER_ALL ? "kept by person" : "counted, and not kept by person";
}

const char *person_fate_name(enum mail_fate fate)
{
    static const char *const names[] = {
        [FATE_HANDED_ON] = "handed-on", [FATE_KEPT_BACK] = "kept-back", [FATE_PUT_OFF] = "put-off",
        [FATE_HELD] = "held",           [FATE_DELETED] = "deleted",     [FATE_LEFT] = "left",
    };
    return names[fate];
}

const char *person_event_name(const struct dossier *dossier, const struct fact *fact,
                              char text[PERSON_EVENT_SIZE])
{
    char name[SHOW_EVENT_SIZE];

    if (!fact->event.number)
        return "";
    if (fact->ledger)
        snprintf(text, PERSON_EVENT_SIZE, "%s %s",
                 fact->kind == FACT_OTHER ? "ledger event" : person_fact_name(fact->kind),
                 show_ledger_event(dossier->site, &fact->event, name));
    else
        snprintf(text, PERSON_EVENT_SIZE, "event %s",
                 show_event(dossier->site, &fact->event, name));
    return text;
}

/* --- what a fact says --- */

static void append_fate(struct text *line, const struct dossier *dossier, const struct fact *fact)
{
    const struct event_verdict *v = &fact->verdict;
    char name[SHOW_EVENT_SIZE];

    switch (fact->fate) {
    case FATE_HANDED_ON:
        text_append(line, "handed on");
        if (v->mode == MODE_MONITOR && v->action != ACTION_PASS)
            text_format(line, ", since the stream only monitors, else %s", action_name(v->action));
        return;
    case FATE_KEPT_BACK:
        text_format(line, "kept back (%s)", action_name(v->action));
        return;
    case FATE_PUT_OFF:
        text_append(line, "put off, since the list could not tell");
        return;
    case FATE_HELD:
        text_append(line, "put on hold in the queue");
        return;
    case FATE_DELETED:
        text_append(line, "deleted from the queue");
        return;
    case FATE_LEFT:
        text_format(line, "had left the queue, so verdict %s came to nothing",
                    show_ledger_event(dossier->site, &fact->batch, name));
        return;
    }
}

static void append_verdict(struct text *line, const struct dossier *dossier,
                           const struct fact *fact)
{
    const struct event_verdict *v = &fact->verdict;
    char name[SHOW_EVENT_SIZE];

    text_format(line, "mail of stream %s (%s): ", v->stream, v->scope);
    append_fate(line, dossier, fact);
    for (size_t i = 0; i < v->row_count; i++) {
        text_format(line, "; this address %s", recipient_state_name(v->rows[i].state));
        for (size_t j = 0; j < v->rows[i].basis_count; j++)
            text_format(line, "%s%s", j ? " " : " by event ",
                        show_event(dossier->site, &v->rows[i].basis[j].event, name));
    }
    text_format(line, "; recognised by %s, queue id %s, configuration ", v->rule,
                *v->queue_id ? v->queue_id : "none");
    made_under_append(line, dossier->site, &fact->under);
}

/* Name and state of the proposal, or what was proposed. */
static void append_proposal(struct text *line, const struct dossier *dossier,
                            const struct fact *fact)
{
    char name[SHOW_EVENT_SIZE];

    if (fact->kind == FACT_PROPOSAL) {
        text_append(line, "proposed: ");
        proposal_append(line, dossier->site, &fact->proposal);
        return;
    }
    text_format(line, "proposal %s: %s", show_event(dossier->site, &fact->decision.proposal, name),
                proposal_decision_text(fact->decision.state));
}

void person_append_fact(struct text *line, const struct dossier *dossier, const struct fact *fact)
{
    char name[SHOW_EVENT_SIZE];

    switch (fact->kind) {
    case FACT_CHOICE:
        show_append_choice(line, dossier->site, &fact->choice);
        break;
    case FACT_WITHDRAWAL:
        text_format(line, "choice of event %s removed: ",
                    show_event(dossier->site, &fact->choice.event, name));
        show_append_kind(line, &fact->choice);
        break;
    case FACT_REASON:
        text_format(line, "reason for event %s: %s",
                    show_event(dossier->site, &fact->reason.about, name),
                    *fact->reason.key ? fact->reason.key : "in their own words");
        break;
    case FACT_PROPOSAL:
    case FACT_DECISION:
        append_proposal(line, dossier, fact);
        break;
    case FACT_ERASURE:
        text_format(line, "address erased, and the words of %" PRIu64 " event%s", fact->erased,
                    fact->erased == 1 ? "" : "s");
        break;
    case FACT_NOTICE:
        text_append(line, "a notice of the opt-out was sent, or was about to be; only the last "
                          "one is kept");
        break;
    case FACT_VERDICT:
        append_verdict(line, dossier, fact);
        break;
    case FACT_READING:
        text_format(line, "optout %s showed what is held about this address%s%s",
                    fact->reading.command, *fact->reading.scope ? ", about " : "",
                    fact->reading.scope);
        break;
    case FACT_OTHER:
        text_append(line, "something that this version does not know");
        break;
    }
    if (fact->batch.number && fact->kind != FACT_VERDICT)
        text_format(line, ", batch %s", show_event(dossier->site, &fact->batch, name));
    if (fact->approved.number)
        text_format(line, ", proposal %s", show_event(dossier->site, &fact->approved, name));
}

/* --- text --- */

static void show_fact(const struct dossier *dossier, const struct fact *fact)
{
    char time[CLOCK_TEXT_SIZE], name[PERSON_EVENT_SIZE], other[SHOW_EVENT_SIZE];
    struct text line = TEXT_EMPTY;
    const char *event = person_event_name(dossier, fact, name);

    text_format(&line, "%s %s: ", clock_format_ms(fact->at_ms, time), *event ? event : "notice");
    person_append_fact(&line, dossier, fact);
    text_format(&line, "; by %s", fact->actor);
    for (size_t i = 0; i < fact->word_count; i++)
        text_format(&line, ", %s: %s", fact->words[i].name, fact->words[i].text);
    output_text(&line);
    if (fact->withdrawn_by.number)
        output_line("    removed by event %s",
                    show_event(dossier->site, &fact->withdrawn_by, other));
    if (fact->why != DOUBLE_NONE)
        output_line("    beside event %s, which says the same: %s",
                    show_event(dossier->site, &fact->beside, other), double_text(fact->why));
}

static void show_prospect(const struct dossier *dossier, const struct prospect *p)
{
    struct text line = TEXT_EMPTY;
    char name[SHOW_EVENT_SIZE];

    if (p->stream)
        text_format(&line, "  stream %s (%s): ", p->stream, p->scope);
    else
        text_format(&line, "  %s: ", p->scope);
    text_append(&line, person_prospect_text(p));
    for (size_t i = 0; i < p->deciding_count; i++)
        text_format(&line, "%s%s", i ? " " : ", by event ",
                    show_event(dossier->site, &p->deciding[i]->event, name));
    output_text(&line);
}

void person_show_text(const struct dossier *d)
{
    output_line("%s", d->address.text);
    output_line("Held: %s.", dossier_identity_text(d));
    if (d->loss)
        output_line("Opt-outs may be missing: the list was restored without what it replaced.");
    output_line("Record, oldest first (%zu):", d->fact_count);
    for (size_t i = 0; i < d->fact_count; i++)
        show_fact(d, &d->facts[i]);
    output_line("What stands now (%zu):", d->standing_count);
    for (size_t i = 0; i < d->standing_count; i++)
        show_row(d->site, &d->standing[i]);
    output_line("What it means:");
    for (size_t i = 0; i < d->prospect_count; i++)
        show_prospect(d, &d->prospects[i]);
    output_line("Mail that went out as it came, as the streams are set now:");
    for (size_t i = 0; i < d->prospect_count; i++)
        if (d->prospects[i].stream)
            output_line("  stream %s: %s", d->prospects[i].stream,
                        person_recorded_text(&d->prospects[i]));
    output_line("Not searched:");
    for (size_t i = 0; dossier_not_searched[i]; i++)
        output_line("  %s", dossier_not_searched[i]);
    output_line("Who asks has to be known to be that person before any of this is handed over.");
}

/* --- JSON --- */

static void put_name(json_t *object, const char *member, const struct event_name *event)
{
    if (event->number)
        show_put_event(object, member, event);
    else
        output_put_text(object, member, NULL);
}

static json_t *prospect_object(struct site *site, const struct prospect *p)
{
    json_t *object = json_object(), *deciding = json_array();

    output_put_text(object, "stream", p->stream);
    output_put_text(object, "scope", p->scope);
    output_put_text(object, "ledger",
                    !p->stream                ? NULL
                    : p->ledger == LEDGER_ALL ? "all"
                                              : "suppressed");
    output_put_bool(object, "may_be_mailed", p->state == RECIPIENT_FREE);
    output_put_text(object, "state", recipient_state_name(p->state));
    for (size_t i = 0; i < p->deciding_count; i++)
        output_append(deciding, show_json_row(site, p->deciding[i]));
    output_put(object, "deciding", deciding);
    return object;
}

static void show_head(const struct dossier *d)
{
    json_t *object = json_object(), *standing = json_array(), *scopes = json_array(),
           *not_searched = json_array();

    output_put_text(object, "type", "person");
    output_put_text(object, "address", d->address.text);
    output_put_time(object, "time", d->now);
    output_put_bool(object, "held", dossier_holds(d));
    output_put_text(object, "identity", dossier_identity_name(d));
    output_put_number(object, "address_rules", ADDRESS_RULES);
    output_put_bool(object, "loss", d->loss);
    output_put_number(object, "entries", d->fact_count);
    for (size_t i = 0; i < d->standing_count; i++)
        output_append(standing, show_json_row(d->site, &d->standing[i]));
    output_put(object, "standing", standing);
    for (size_t i = 0; i < d->prospect_count; i++)
        output_append(scopes, prospect_object(d->site, &d->prospects[i]));
    output_put(object, "scopes", scopes);
    for (size_t i = 0; dossier_not_searched[i]; i++)
        output_append(not_searched, json_string(dossier_not_searched[i]));
    output_put(object, "not_searched", not_searched);
    output_json(object);
}

static void put_verdict(json_t *object, const struct fact *fact)
{
    const struct event_verdict *v = &fact->verdict;
    char name[SHOW_EVENT_SIZE];
    json_t *basis = json_array();

    output_put_text(object, "outcome", person_fate_name(fact->fate));
    show_put_verdict(object, v);
    made_under_put(object, &fact->under);
    output_put_text(object, "state", v->row_count ? recipient_state_name(v->rows[0].state) : NULL);
    for (size_t i = 0; v->row_count && i < v->rows[0].basis_count; i++)
        output_append(basis, json_string(show_event_in_full(&v->rows[0].basis[i].event, name)));
    output_put(object, "events", basis);
}

static void put_details(json_t *object, const struct fact *fact)
{
    switch (fact->kind) {
    case FACT_CHOICE:
        show_put_choice(object, &fact->choice);
        put_name(object, "removed_by", &fact->withdrawn_by);
        put_name(object, "beside", &fact->beside);
        output_put_text(object, "why", double_name(fact->why));
        break;
    case FACT_WITHDRAWAL:
        show_put_event(object, "removed", &fact->choice.event);
        break;
    case FACT_REASON:
        show_put_event(object, "about", &fact->reason.about);
        output_put_text(object, "reason", *fact->reason.key ? fact->reason.key : NULL);
        break;
    case FACT_PROPOSAL:
        proposal_put(object, &fact->proposal);
        break;
    case FACT_DECISION:
        show_put_event(object, "proposal", &fact->decision.proposal);
        output_put_text(object, "decision", proposal_state_name(fact->decision.state));
        break;
    case FACT_ERASURE:
        output_put_text(object, "store", fact->ledger ? "ledger" : "list");
        output_put_number(object, "words_erased", fact->erased);
        break;
    case FACT_VERDICT:
        put_verdict(object, fact);
        break;
    case FACT_READING:
        output_put_text(object, "command", fact->reading.command);
        output_put_text(object, "scope", *fact->reading.scope ? fact->reading.scope : NULL);
        break;
    case FACT_NOTICE:
    case FACT_OTHER:
        break;
    }
}

static void show_fact_json(const struct fact *fact)
{
    json_t *object = json_object(), *words = json_object();
    char time[CLOCK_TEXT_SIZE];

    output_put_text(object, "type", person_fact_name(fact->kind));
    output_put_text(object, "time", clock_format_ms(fact->at_ms, time));
    put_name(object, "event", &fact->event);
    output_put_text(object, "actor", fact->actor);
    put_name(object, "batch", &fact->batch);
    put_details(object, fact);
    if (fact->approved.number)
        show_put_event(object, "proposal", &fact->approved);
    for (size_t i = 0; i < fact->word_count; i++)
        output_put_text(words, fact->words[i].name, fact->words[i].text);
    output_put(object, "words", words);
    output_json(object);
}

void person_show_json(const struct dossier *dossier)
{
    show_head(dossier);
    for (size_t i = 0; i < dossier->fact_count; i++)
        show_fact_json(&dossier->facts[i]);
}
