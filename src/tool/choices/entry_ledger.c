/* Events that stand in a ledger alone. */
#include "base/clock.h"
#include "tool/choices/entry_private.h"
#include "tool/output.h"
#include "tool/show.h"

#include <inttypes.h>
#include <string.h>

void entry_show_cut(const struct entry *entry)
{
    const struct event_cut *cut = entry->event->cut;
    char time[CLOCK_TEXT_SIZE], name[SHOW_EVENT_SIZE];
    struct text line;

    if (entry->json) {
        json_t *object = entry_begin_object(entry, "cut"), *rows = json_array();
        for (size_t i = 0; i < cut->row_count; i++) {
            json_t *row = json_object();
            show_put_event(row, "event", &cut->rows[i].last);
            output_put_text(row, "since", clock_format_ms(cut->rows[i].first_ms, time));
            output_put_text(row, "until", clock_format_ms(cut->rows[i].last_ms, time));
            output_append(rows, row);
        }
        output_put(object, "journals", rows);
        entry_end_object(entry, object);
        return;
    }
    entry_begin_line(entry, &line);
    text_append(&line, "cut off its journal:");
    for (size_t i = 0; i < cut->row_count; i++)
        text_format(&line, "%s all up to %s of %s", i ? "," : "",
                    show_event_in_full(&cut->rows[i].last, name),
                    clock_format_ms(cut->rows[i].last_ms, time));
    entry_end_line(entry, &line);
}

/* Without its text: `optout config history` has it. */
void entry_show_configuration(const struct entry *entry)
{
    const struct event_configuration *c = entry->event->configuration;
    char hex[2 * EVENT_HASH_SIZE + 1], since[CLOCK_TEXT_SIZE];
    struct entry bare = *entry;
    struct text line;

    bare.word_count = 0;
    text_to_hex(c->digest, EVENT_HASH_SIZE, hex);
    if (entry->json) {
        json_t *object = entry_begin_object(entry, "configuration");
        output_put_text(object, "place", c->place);
        output_put_text(object, "occasion", show_occasion(c->occasion));
        output_put_text(object, "since", clock_format_ms(c->since_ms, since));
        output_put_bool(object, "overlaps", c->overlaps);
        output_put_text(object, "configuration", hex);
        show_put_streams(object, c);
        entry_end_object(&bare, object);
        return;
    }
    entry_begin_line(entry, &line);
    text_format(&line, "%s at %s with %s", show_occasion(c->occasion), c->place, hex);
    entry_end_line(&bare, &line);
}

static void append_row(struct text *line, const struct entry *entry,
                       const struct event_verdict_row *row)
{
    char name[SHOW_EVENT_SIZE];

    text_format(line, "%s %s",
                row->known ? site_address(entry->site, &row->subject) : "(address not readable)",
                recipient_state_name(row->state));
    for (size_t i = 0; i < row->basis_count; i++)
        text_format(line, "%s%s", i ? " " : " by event ",
                    show_event(entry->site, &row->basis[i].event, name));
}

static json_t *row_object(const struct entry *entry, const struct event_verdict_row *row)
{
    char name[SHOW_EVENT_SIZE];
    json_t *object = json_object(), *basis = json_array();
    struct list_identity identity = {.known = LIST_KNOWS_NOTHING};

    if (row->known)
        site_identity(entry->site, &row->subject, &identity);
    show_put_identity(object, &identity);
    output_put_text(object, "state", recipient_state_name(row->state));
    for (size_t i = 0; i < row->basis_count; i++)
        output_append(basis, json_string(show_event_in_full(&row->basis[i].event, name)));
    output_put(object, "events", basis);
    return object;
}

static bool is_shown(const struct event_verdict_row *row, const struct subject *only)
{
    return !only || (row->known && memcmp(&row->subject, only, sizeof *only) == 0);
}

static void show_verdict_json(const struct entry *entry, const struct subject *only)
{
    const struct event_verdict *v = entry->event->verdict;
    json_t *object = entry_begin_object(entry, "verdict"), *rows = json_array();

    show_put_verdict(object, v);
    output_put_number(object, "given", v->given);
    output_put_number(object, "delivered", v->delivered);
    output_put_number(object, "kept_back", v->kept_back);
    for (size_t i = 0; i < v->row_count; i++)
        if (is_shown(&v->rows[i], only))
            output_append(rows, row_object(entry, &v->rows[i]));
    output_put(object, "recipients", rows);
    entry_end_object(entry, object);
}

void entry_show_verdict(const struct entry *entry, const struct subject *only)
{
    const struct event_verdict *v = entry->event->verdict;
    const char *before = ": ";
    struct text line;

    if (entry->json) {
        show_verdict_json(entry, only);
        return;
    }
    entry_begin_line(entry, &line);
    text_format(&line, "%s%s, %s (%s) by %s, queue id %s, %" PRIu64 " given, %" PRIu64 " kept back",
                action_name(v->action), v->mode == MODE_MONITOR ? " if it were enforced" : "",
                v->stream, v->scope, v->rule, *v->queue_id ? v->queue_id : "none", v->given,
                v->kept_back);
    for (size_t i = 0; i < v->row_count; i++) {
        if (!is_shown(&v->rows[i], only))
            continue;
        text_append(&line, before);
        append_row(&line, entry, &v->rows[i]);
        before = ", ";
    }
    entry_end_line(entry, &line);
}

void entry_show_reading(const struct entry *entry)
{
    const struct event_reading *r = entry->event->reading;
    struct list_identity identity = {.known = LIST_KNOWS_NOTHING};
    struct text line;

    if (r->has_subject)
        site_identity(entry->site, &r->subject, &identity);
    if (entry->json) {
        json_t *object = entry_begin_object(entry, "reading");
        output_put_text(object, "command", r->command);
        show_put_identity(object, &identity);
        if (r->people)
            output_put_number(object, "people", r->people);
        else
            output_put(object, "people", json_null());
        output_put_text(object, "scope", *r->scope ? r->scope : NULL);
        entry_end_object(entry, object);
        return;
    }
    entry_begin_line(entry, &line);
    text_format(&line, "optout %s showed ", r->command);
    if (r->has_subject)
        text_append(&line, site_identity_text(&identity));
    else if (r->people)
        text_format(&line, "%" PRIu64 " people", r->people);
    else
        text_append(&line, "people, not counted");
    if (*r->scope)
        text_format(&line, ", about %s", r->scope);
    entry_end_line(entry, &line);
}

static void append_verified(struct text *line, const char *name,
                            const struct event_verified_store *store)
{
    if (store->whole)
        text_format(line, "%s whole, %" PRIu64 " events", name, store->events);
    else
        text_format(line, "%s not whole", name);
}

static json_t *verified_object(const struct event_verified_store *store)
{
    json_t *object = json_object();

    output_put_bool(object, "whole", store->whole);
    if (store->whole) {
        output_put_number(object, "events", store->events);
        show_put_event(object, "last", &store->last);
    }
    return object;
}

void entry_show_verified(const struct entry *entry)
{
    const struct event_verified *v = entry->event->verified;
    struct text line;

    if (entry->json) {
        json_t *object = entry_begin_object(entry, "verified");
        output_put(object, "list", verified_object(&v->list));
        output_put(object, "ledger", verified_object(&v->ledger));
        output_put_number(object, "checkpoints_fitting", v->fitting);
        output_put_number(object, "checkpoints_misfitting", v->misfitting);
        output_put_time(object, "last_checkpoint", (int64_t)v->checkpoint_at);
        entry_end_object(entry, object);
        return;
    }
    entry_begin_line(entry, &line);
    append_verified(&line, "list", &v->list);
    append_verified(&line, "; ledger", &v->ledger);
    if (v->fitting + v->misfitting > 0)
        text_format(&line, "; checkpoints: %" PRIu64 " fit, %" PRIu64 " do not", v->fitting,
                    v->misfitting);
    entry_end_line(entry, &line);
}
