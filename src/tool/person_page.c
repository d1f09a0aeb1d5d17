/* The page that is handed over: facts as a document, made HTML by person.xsl. */
#include "tool/person.h"

#include "base/clock.h"
#include "speech/paper.h"
#include "tool/proposal_show.h"
#include "tool/show.h"

#include <inttypes.h>
#include <string.h>

struct page {
    const struct dossier *dossier;
    struct document document;
};

/* Everything that is not ours may hold what XML has no place for. */
static xmlNode *add(struct page *p, xmlNode *parent, const char *name, const char *text)
{
    return document_add_foreign(&p->document, parent, name, text);
}

static void set(struct page *p, xmlNode *node, const char *name, const char *value)
{
    document_set_foreign(&p->document, node, name, value);
}

/* A line with a label, which the page shows as such. */
static void add_detail(struct page *p, xmlNode *parent, const char *label, const char *text)
{
    if (text && *text)
        set(p, add(p, parent, "detail", text), "label", label);
}

static void add_text(struct page *p, xmlNode *parent, const char *name, struct text *line)
{
    p->document.failed |= line->failed;
    add(p, parent, name, line->data ? line->data : "");
    text_release(line);
}

static void set_time(struct page *p, xmlNode *node, int64_t at_ms)
{
    char time[CLOCK_TEXT_SIZE];
    clock_format(at_ms / 1000, time);
    document_set(&p->document, node, "time", time);
}

/* --- the record --- */

static void add_verdict(struct page *p, xmlNode *node, const struct fact *fact)
{
    const struct event_verdict *v = &fact->verdict;
    char name[SHOW_EVENT_SIZE];
    struct text basis = TEXT_EMPTY, under = TEXT_EMPTY;

    add_detail(p, node, "Stream", v->stream);
    add_detail(p, node, "Scope", v->scope);
    add_detail(p, node, "Recognised by", v->rule);
    if (v->row_count) {
        add_detail(p, node, "This address", recipient_state_name(v->rows[0].state));
        for (size_t i = 0; i < v->rows[0].basis_count; i++)
            text_format(&basis, "%s%s", i ? ", " : "",
                        show_event(p->dossier->site, &v->rows[0].basis[i].event, name));
    }
    made_under_append(&under, p->dossier->site, &fact->under);
    p->document.failed |= basis.failed || under.failed;
    add_detail(p, node, "By event", basis.data);
    if (fact->fate == FATE_LEFT)
        add_detail(p, node, "Takes back verdict",
                   show_ledger_event(p->dossier->site, &fact->batch, name));
    add_detail(p, node, "Queue id", v->queue_id);
    add_detail(p, node, "Configuration", under.data);
    text_release(&basis);
    text_release(&under);
}

static void add_choice(struct page *p, xmlNode *node, const struct choice *c)
{
    char reason[CHOICE_REASON_SIZE], time[CLOCK_TEXT_SIZE];

    add_detail(p, node, "Scope", c->scope);
    add_detail(p, node, "Of", c->domain ? "the whole domain" : NULL);
    add_detail(p, node, "Reason", choice_reason_name(c->reason, reason));
    add_detail(p, node, "Source", c->source);
    add_detail(p, node, "Asked", c->asked ? clock_format(c->asked, time) : NULL);
    add_detail(p, node, "Until", c->until ? clock_format(c->until, time) : NULL);
}

static void add_remarks(struct page *p, xmlNode *node, const struct fact *fact)
{
    struct text line = TEXT_EMPTY;
    char name[SHOW_EVENT_SIZE];

    if (fact->withdrawn_by.number) {
        text_format(&line, "Removed by event %s.",
                    show_event(p->dossier->site, &fact->withdrawn_by, name));
        add_text(p, node, "remark", &line);
    }
    if (fact->why != DOUBLE_NONE) {
        line = TEXT_EMPTY;
        text_format(&line, "Event %s says the same. Both are there because %s.",
                    show_event(p->dossier->site, &fact->beside, name), double_text(fact->why));
        add_text(p, node, "remark", &line);
    }
}

static void append_mail_title(struct text *line, const struct fact *fact)
{
    const char *action = action_name(fact->verdict.action);

    switch (fact->fate) {
    case FATE_HANDED_ON:
        if (fact->verdict.mode == MODE_MONITOR && fact->verdict.action != ACTION_PASS)
            text_format(line, "Mail handed on, since its stream only monitors (else %s)", action);
        else
            text_append(line, "Mail handed on");
        break;
    case FATE_KEPT_BACK:
        text_format(line, "Mail kept back: %s", action);
        break;
    case FATE_PUT_OFF:
        text_append(line, "Mail put off: it could not be told whether it may be sent");
        break;
    case FATE_HELD:
        text_append(line, "Mail that was waiting in the queue put on hold");
        break;
    case FATE_DELETED:
        text_append(line, "Mail that was waiting in the queue deleted");
        break;
    case FATE_LEFT:
        text_append(line, "Mail that was to be taken out of the queue had left it before");
        break;
    }
}

static void append_title(struct text *line, const struct dossier *dossier, const struct fact *fact)
{
    switch (fact->kind) {
    case FACT_CHOICE:
        show_append_kind(line, &fact->choice);
        break;
    case FACT_WITHDRAWAL:
        text_append(line, "Removed: ");
        show_append_kind(line, &fact->choice);
        break;
    case FACT_REASON:
        text_format(line, "Reason given: %s",
                    *fact->reason.key ? fact->reason.key : "in their own words");
        break;
    case FACT_NOTICE:
        text_append(line, "Notice of the opt-out sent by mail (only the last one is kept)");
        break;
    case FACT_PROPOSAL:
        text_append(line, "Proposed: ");
        proposal_append(line, dossier->site, &fact->proposal);
        break;
    case FACT_DECISION:
        text_format(line, "Decision on a proposal: %s",
                    proposal_decision_text(fact->decision.state));
        break;
    case FACT_ERASURE:
        text_format(line, "Address erased, and the words of %" PRIu64 " event%s, in the %s",
                    fact->erased, fact->erased == 1 ? "" : "s", fact->ledger ? "ledger" : "list");
        break;
    case FACT_VERDICT:
        append_mail_title(line, fact);
        break;
    case FACT_READING:
        text_format(line, "Record looked at, with optout %s", fact->reading.command);
        break;
    case FACT_OTHER:
        text_append(line, "Something that this version does not know");
        break;
    }
}

/* Who works here is nobody's to hand over: text and JSON tell it. */
static void add_words(struct page *p, xmlNode *node, const struct fact *fact)
{
    for (size_t i = 0; i < fact->word_count; i++)
        if (strcmp(fact->words[i].name, "staff") != 0 &&
            strcmp(fact->words[i].name, "approver") != 0)
            add_detail(p, node, fact->words[i].name, fact->words[i].text);
}

static void add_details(struct page *p, xmlNode *node, const struct fact *fact)
{
    const struct site *site = p->dossier->site;
    char name[SHOW_EVENT_SIZE];

    if (fact->kind == FACT_CHOICE)
        add_choice(p, node, &fact->choice);
    if (fact->kind == FACT_REASON)
        add_detail(p, node, "About event", show_event(site, &fact->reason.about, name));
    if (fact->kind == FACT_WITHDRAWAL)
        add_detail(p, node, "Choice of event", show_event(site, &fact->choice.event, name));
    if (fact->kind == FACT_DECISION)
        add_detail(p, node, "Proposal of event", show_event(site, &fact->decision.proposal, name));
    if (fact->kind == FACT_VERDICT)
        add_verdict(p, node, fact);
    if (fact->kind == FACT_READING)
        add_detail(p, node, "Scope", fact->reading.scope);
}

static void add_fact(struct page *p, xmlNode *parent, const struct fact *fact)
{
    char name[PERSON_EVENT_SIZE], other[SHOW_EVENT_SIZE];
    struct text title = TEXT_EMPTY;
    xmlNode *node = add(p, parent, "fact", NULL);

    document_set(&p->document, node, "kind", person_fact_name(fact->kind));
    set_time(p, node, fact->at_ms);
    document_set(&p->document, node, "event", person_event_name(p->dossier, fact, name));
    append_title(&title, p->dossier, fact);
    add_text(p, node, "title", &title);
    add_details(p, node, fact);
    if (fact->batch.number && fact->kind != FACT_VERDICT)
        add_detail(p, node, "Import", show_event(p->dossier->site, &fact->batch, other));
    if (fact->approved.number)
        add_detail(p, node, "Proposed by event",
                   show_event(p->dossier->site, &fact->approved, other));
    add_detail(p, node, "Written by", fact->actor);
    add_words(p, node, fact);
    add_remarks(p, node, fact);
}

/* --- what it means --- */

static void add_prospect(struct page *p, xmlNode *parent, const struct prospect *prospect)
{
    char name[SHOW_EVENT_SIZE];
    struct text events = TEXT_EMPTY;
    xmlNode *node = add(p, parent, "prospect", NULL);

    set(p, node, "stream", prospect->stream);
    set(p, node, "scope", prospect->scope);
    document_set(&p->document, node, "free", prospect->state == RECIPIENT_FREE ? "yes" : NULL);
    document_set(&p->document, node, "text", person_prospect_text(prospect));
    if (prospect->stream)
        document_set(&p->document, node, "recorded", person_recorded_text(prospect));
    for (size_t i = 0; i < prospect->deciding_count; i++)
        text_format(&events, "%s%s", i ? ", " : "",
                    show_event(p->dossier->site, &prospect->deciding[i]->event, name));
    add_text(p, node, "events", &events);
}

static void add_head(struct page *p)
{
    const struct dossier *d = p->dossier;
    xmlNode *root = p->document.root;
    struct text count = TEXT_EMPTY;

    set(p, root, "address", d->address.text);
    set_time(p, root, d->now * 1000);
    document_set(&p->document, root, "identity", dossier_identity_name(d));
    document_set(&p->document, root, "identity-text", dossier_identity_text(d));
    document_set(&p->document, root, "held", dossier_holds(d) ? "yes" : NULL);
    document_set(&p->document, root, "loss", d->loss ? "yes" : NULL);
    document_set(&p->document, root, "program", PACKAGE_STRING);
    document_set_number(&p->document, root, "address-rules", ADDRESS_RULES);
    text_format(&count, "%zu", d->standing_count);
    document_set(&p->document, root, "standing", count.data);
    text_release(&count);
    for (size_t i = 0; dossier_not_searched[i]; i++)
        add(p, root, "not-searched", dossier_not_searched[i]);
}

int person_make_page(const struct dossier *dossier, struct text *html, struct error *why)
{
    struct page page = {.dossier = dossier};

    document_begin(&page.document, "person");
    add_head(&page);
    for (size_t i = 0; i < dossier->prospect_count; i++)
        add_prospect(&page, page.document.root, &dossier->prospects[i]);
    for (size_t i = 0; i < dossier->fact_count; i++)
        add_fact(&page, page.document.root, &dossier->facts[i]);
    int code =
        paper_make(dossier->site->config->templates, "person.xsl", &page.document, html, why);
    document_release(&page.document);
    return code;
}
