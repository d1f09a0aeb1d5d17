#include "tool/choices/entry_private.h"

#include "base/clock.h"
#include "tool/approval/proposal_show.h"
#include "tool/output.h"
#include "tool/show.h"

#include <inttypes.h>
#include <string.h>

int entry_open(struct entry *entry, struct site *site, enum entry_of of, bool json,
               const struct event *event, struct error *why)
{
    *entry = (struct entry){.site = site, .of = of, .json = json, .event = event};
    bool ledger = of == ENTRY_LEDGER;
    int code = ledger ? ledger_words(site->ledger_view, event, &entry->pool, &entry->words,
                                     &entry->word_count)
                      : list_words(site->list_view, event, &entry->pool, &entry->words,
                                   &entry->word_count);
    if (code == ERR_KEY && !site->has_address && !ledger)
        code = 0; /* the site told that */
    if (code)
        error_set(why, code, "%s: the words of event %" PRIu64 " cannot be read: %s",
                  ledger ? "ledger" : "list", event->name.number, error_name(code));
    return code;
}

void entry_close(struct entry *entry)
{
    pool_release(&entry->pool);
}

/* --- what every entry has --- */

/* A number alone is one of the journal that is written now. */
static const char *name_entry(const struct entry *entry, char text[SHOW_EVENT_SIZE])
{
    return entry->of == ENTRY_LIST ? show_event(entry->site, &entry->event->name, text)
                                   : show_ledger_event(entry->site, &entry->event->name, text);
}

/* The same numbers are given in the list and in the ledger, whose events are therefore called by
 * what they are. */
static const char *word_of(const struct event *event)
{
    static const char *const words[] = {
        [EVENT_GENESIS] = "ledger",
        [EVENT_LOSS] = "ledger loss",
        [EVENT_ERASURE] = "erasure",
        [EVENT_VERDICT] = "verdict",
        [EVENT_CONFIGURATION] = "configuration",
        [EVENT_READING] = "reading",
        [EVENT_CUT] = "cut",
        [EVENT_VERIFIED] = "verify",
    };
    size_t type = event->type;

    return type < sizeof words / sizeof *words && words[type] ? words[type] : "ledger event";
}

void entry_begin_line(const struct entry *entry, struct text *line)
{
    char time[CLOCK_TEXT_SIZE], name[SHOW_EVENT_SIZE];

    *line = TEXT_EMPTY;
    text_format(line, "%s %s %s: ", clock_format_ms(entry->event->at_ms, time),
                entry->of == ENTRY_LIST ? "event" : word_of(entry->event), name_entry(entry, name));
}

/* The proposal that an event carries out; NULL: nobody had to be asked. */
static const struct event_name *proposal_behind(const struct event *event)
{
    return event->decision && event->type != EVENT_DECISION ? &event->decision->proposal : NULL;
}

void entry_end_line(const struct entry *entry, struct text *line)
{
    const struct event_name *proposal = proposal_behind(entry->event);
    char name[SHOW_EVENT_SIZE];

    if (proposal)
        text_format(line, ", proposal %s", show_event(entry->site, proposal, name));
    text_format(line, "; by %s", entry->event->actor);
    for (size_t i = 0; i < entry->word_count; i++)
        text_format(line, ", %s: %s", entry->words[i].name, entry->words[i].text);
    output_text(line);
}

json_t *entry_begin_object(const struct entry *entry, const char *type)
{
    char time[CLOCK_TEXT_SIZE];
    json_t *object = json_object();
    output_put_text(object, "time", clock_format_ms(entry->event->at_ms, time));
    output_put_text(object, "type", type);
    show_put_event(object, "event", &entry->event->name);
    output_put_number(object, "number", entry->event->name.number);
    output_put_text(object, "actor", entry->event->actor);
    return object;
}

void entry_end_object(const struct entry *entry, json_t *object)
{
    const struct event_name *proposal = proposal_behind(entry->event);
    json_t *words = json_object();

    if (proposal)
        show_put_event(object, "proposal", proposal);
    for (size_t i = 0; i < entry->word_count; i++)
        output_put_text(words, entry->words[i].name, entry->words[i].text);
    output_put(object, "words", words);
    output_json(object);
}

/* The batch that an event belongs to is one of its own node. */
static struct event_name batch_of(const struct event *event)
{
    struct event_name batch = event->name;
    batch.number = event->batch;
    return batch;
}

static void append_batch(const struct entry *entry, struct text *line)
{
    struct event_name batch = batch_of(entry->event);
    char name[SHOW_EVENT_SIZE];
    if (batch.number)
        text_format(line, ", batch %s", show_event(entry->site, &batch, name));
}

static void put_batch(const struct entry *entry, json_t *object)
{
    struct event_name batch = batch_of(entry->event);
    if (batch.number)
        show_put_event(object, "batch", &batch);
    else
        output_put_text(object, "batch", NULL);
}

/* --- the list's --- */

void entry_show_choice(const struct entry *entry, const struct subject *subject,
                       const struct choice *choice)
{
    struct list_identity identity;
    struct text line;

    site_identity(entry->site, subject, &identity);
    if (entry->json) {
        json_t *object = entry_begin_object(entry, "choice");
        show_put_identity(object, &identity);
        show_put_choice(object, choice);
        put_batch(entry, object);
        entry_end_object(entry, object);
        return;
    }
    entry_begin_line(entry, &line);
    text_format(&line, "%s: ", site_identity_text(&identity));
    show_append_choice(&line, entry->site, choice);
    append_batch(entry, &line);
    entry_end_line(entry, &line);
}

void entry_show_withdrawal(const struct entry *entry, const struct event_withdrawal *withdrawal)
{
    struct list_identity identity;
    char name[SHOW_EVENT_SIZE];
    struct text line;

    site_identity(entry->site, &withdrawal->subject, &identity);
    if (entry->json) {
        json_t *object = entry_begin_object(entry, "withdrawal");
        show_put_identity(object, &identity);
        show_put_event(object, "removed", &withdrawal->target);
        put_batch(entry, object);
        entry_end_object(entry, object);
        return;
    }
    entry_begin_line(entry, &line);
    text_format(&line, "%s: choice of event %s removed", site_identity_text(&identity),
                show_event(entry->site, &withdrawal->target, name));
    append_batch(entry, &line);
    entry_end_line(entry, &line);
}

static void show_scopes(const struct entry *entry)
{
    const struct event *event = entry->event;
    struct text line;

    if (entry->json) {
        json_t *object = entry_begin_object(entry, "scopes"), *scopes = json_array();
        for (size_t i = 0; i < event->scope_count; i++)
            output_append(scopes, json_string(event->scopes[i]));
        output_put(object, "scopes", scopes);
        entry_end_object(entry, object);
        return;
    }
    entry_begin_line(entry, &line);
    text_append(&line, "registered");
    for (size_t i = 0; i < event->scope_count; i++)
        text_format(&line, " %s", event->scopes[i]);
    entry_end_line(entry, &line);
}

static void show_genesis(const struct entry *entry)
{
    const struct event_genesis *genesis = entry->event->genesis;
    const struct event_continued *continues = entry->event->continues;
    char name[SHOW_EVENT_SIZE];
    struct text line;

    if (entry->json) {
        json_t *object = entry_begin_object(entry, "genesis");
        output_put_text(object, "store", genesis->kind);
        if (continues)
            show_put_event(object, "continues", &continues->event);
        entry_end_object(entry, object);
        return;
    }
    entry_begin_line(entry, &line);
    if (continues)
        text_format(&line, "the %s was restored, behind event %s", genesis->kind,
                    show_event_in_full(&continues->event, name));
    else
        text_format(&line, "a new %s", genesis->kind);
    entry_end_line(entry, &line);
}

static void show_loss(const struct entry *entry)
{
    struct text line;

    if (entry->json) {
        entry_end_object(entry, entry_begin_object(entry, "loss"));
        return;
    }
    entry_begin_line(entry, &line);
    text_append(&line, "what was written since the backup may be missing");
    entry_end_line(entry, &line);
}

static void show_begin(const struct entry *entry)
{
    const struct event_batch *begin = entry->event->begin;
    char name[SHOW_EVENT_SIZE];
    struct text line;

    if (entry->json) {
        json_t *object = entry_begin_object(entry, "batch");
        show_put_batch(object, begin, entry->event->source);
        entry_end_object(entry, object);
        return;
    }
    entry_begin_line(entry, &line);
    if (begin->undoes.number)
        text_format(&line, "began to undo batch %s", show_event(entry->site, &begin->undoes, name));
    else
        text_format(&line, "began an import of %" PRIu64 " octets", begin->size);
    if (entry->event->source)
        text_format(&line, ", source %s", entry->event->source);
    entry_end_line(entry, &line);
}

static void show_end(const struct entry *entry)
{
    const uint64_t *counts = entry->event->counts;
    struct text line;

    if (entry->json) {
        json_t *object = entry_begin_object(entry, "batch-end");
        put_batch(entry, object);
        show_put_counts(object, counts);
        entry_end_object(entry, object);
        return;
    }
    entry_begin_line(entry, &line);
    text_format(&line, "ended batch %" PRIu64 ":", entry->event->batch);
    show_append_counts(&line, counts);
    entry_end_line(entry, &line);
}

void entry_show_reason(const struct entry *entry)
{
    const struct event_reason *reason = entry->event->reason;
    char name[SHOW_EVENT_SIZE];
    struct text line;

    if (entry->json) {
        json_t *object = entry_begin_object(entry, "reason");
        show_put_event(object, "about", &reason->about);
        output_put_text(object, "reason", *reason->key ? reason->key : NULL);
        entry_end_object(entry, object);
        return;
    }
    entry_begin_line(entry, &line);
    text_format(&line, "reason for event %s: %s", show_event(entry->site, &reason->about, name),
                *reason->key ? reason->key : "in their own words");
    entry_end_line(entry, &line);
}

void entry_show_erasure(const struct entry *entry, const struct event_erasure *erasure)
{
    struct list_identity identity;
    struct text line;

    site_identity(entry->site, &erasure->subject, &identity);
    if (entry->json) {
        json_t *object = entry_begin_object(entry, "erasure");
        show_put_identity(object, &identity);
        output_put_number(object, "words_erased", erasure->event_count);
        entry_end_object(entry, object);
        return;
    }
    entry_begin_line(entry, &line);
    text_format(&line, "%s: address erased, and the words of %zu event%s",
                site_identity_text(&identity), erasure->event_count,
                erasure->event_count == 1 ? "" : "s");
    entry_end_line(entry, &line);
}

/* Among the entries of everybody, where addresses stand, too. */
static void show_reason_without_words(const struct entry *entry)
{
    struct entry bare = *entry;

    bare.word_count = 0;
    entry_show_reason(&bare);
}

static void show_proposal(const struct entry *entry)
{
    const struct event_proposal *proposal = entry->event->proposal;
    struct text line;

    if (entry->json) {
        json_t *object = entry_begin_object(entry, "proposal");
        proposal_put(object, proposal);
        entry_end_object(entry, object);
        return;
    }
    entry_begin_line(entry, &line);
    text_append(&line, "proposed: ");
    proposal_append(&line, entry->site, proposal);
    entry_end_line(entry, &line);
}

static void show_decision(const struct entry *entry)
{
    const struct event_decision *decision = entry->event->decision;
    char name[SHOW_EVENT_SIZE];
    struct text line;

    if (entry->json) {
        json_t *object = entry_begin_object(entry, "decision");
        show_put_event(object, "proposal", &decision->proposal);
        output_put_text(object, "decision", proposal_state_name(decision->state));
        entry_end_object(entry, object);
        return;
    }
    entry_begin_line(entry, &line);
    text_format(&line, "proposal %s %s", show_event(entry->site, &decision->proposal, name),
                proposal_decision_text(decision->state));
    entry_end_line(entry, &line);
}

/* One that a later version wrote. */
static void show_unknown(const struct entry *entry)
{
    struct text line;

    if (entry->json) {
        entry_end_object(entry, entry_begin_object(entry, "unknown"));
        return;
    }
    entry_begin_line(entry, &line);
    text_append(&line, "something that this version does not know");
    entry_end_line(entry, &line);
}

/* --- all --- */

void entry_show_all(const struct entry *entry)
{
    const struct event *event = entry->event;

    if (strcmp(event_type_name(event->type), "unknown") == 0)
        show_unknown(entry);
    if (event->genesis)
        show_genesis(entry);
    if (event->type == EVENT_LOSS)
        show_loss(entry);
    if (event->scope_count > 0)
        show_scopes(entry);
    for (size_t i = 0; i < event->choice_count; i++)
        entry_show_choice(entry, &event->choices[i].subject, &event->choices[i].choice);
    for (size_t i = 0; i < event->withdrawal_count; i++)
        entry_show_withdrawal(entry, &event->withdrawals[i]);
    if (event->begin)
        show_begin(entry);
    if (event->counts)
        show_end(entry);
    if (event->reason)
        show_reason_without_words(entry);
    if (event->configuration)
        entry_show_configuration(entry);
    for (size_t i = 0; i < event->erasure_count; i++)
        entry_show_erasure(entry, &event->erasures[i]);
    if (event->cut)
        entry_show_cut(entry);
    if (event->proposal)
        show_proposal(entry);
    if (event->type == EVENT_DECISION && event->decision)
        show_decision(entry);
    if (event->verdict)
        entry_show_verdict(entry, NULL);
    if (event->reading)
        entry_show_reading(entry);
    if (event->verified)
        entry_show_verified(entry);
}
