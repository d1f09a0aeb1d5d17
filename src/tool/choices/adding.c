#include "tool/choices/adding.h"

#include "base/text.h"
#include "tool/approval/approval.h"
#include "tool/argument.h"
#include "tool/file_lines.h"
#include "tool/interrupt.h"
#include "tool/output.h"
#include "tool/show.h"
#include "tool/stops.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCH (LIST_ENTRIES_MAX / 8) /* who types sees that something happens */
#define PAUSE_NS 1000000             /* between batches: LMDB's lock is not fair */

int adding_read(const struct adding *adding, const char *given, struct person *person,
                struct error *why)
{
    struct person p;
    int code = argument_address(given, &p.address, &p.domain, why);
    if (code == 0 && p.domain && adding->model.kind == CHOICE_OPT_IN)
        code = error_set(why, ERR_SYNTAX, "%s: an opt-in is a person's, not a domain's",
                         p.address.text);
    if (code == 0)
        *person = p;
    return code;
}

/* --- telling --- */

static void tell_json(const struct list_entry *entry)
{
    json_t *object = json_object();
    output_put_text(object, "address", entry->address);
    output_put_text(object, "result", entry->known ? "known" : "added");
    output_put_text(object, "kind", choice_kind_name(entry->kind));
    output_put_bool(object, "confirmed", entry->confirmed);
    output_put_text(object, "scope", entry->scope);
    show_put_event(object, "event", &entry->event);
    output_put_number(object, "number", entry->event.number);
    output_put_number(object, "lifts", entry->named);
    if (entry->later)
        output_put_number(object, "came_later", entry->later);
    output_json(object);
}

void adding_tell(const struct site *site, const struct list_entry *entry, bool json)
{
    struct text line = TEXT_EMPTY;
    char name[SHOW_EVENT_SIZE];
    const struct choice choice = {
        .kind = entry->kind, .confirmed = entry->confirmed, .scope = entry->scope};

    if (json) {
        tell_json(entry);
        return;
    }
    text_format(&line, "%s: ", entry->address);
    show_append_kind(&line, &choice);
    text_format(&line, " %s, event %s", entry->known ? "known already" : "added",
                show_event(site, &entry->event, name));
    if (entry->confirmed && !entry->known)
        text_format(&line, ", lifts %zu choice%s", entry->named, entry->named == 1 ? "" : "s");
    if (entry->later)
        text_format(&line, "; what came since it was proposed holds: %zu choice%s", entry->later,
                    entry->later == 1 ? "" : "s");
    output_text(&line);
}

static void tell(struct adding *adding, const struct list_entry *entry)
{
    if (entry->known)
        adding->known++;
    else
        adding->added++;
    adding_tell(&adding->site, entry, adding->json);
}

/* --- writing --- */

static int fill(struct adding *adding, const struct person *people, size_t count,
                struct list_entry *entries, struct error *why)
{
    int code = 0;
    for (size_t i = 0; i < count && code == 0; i++) {
        entries[i] = adding->model;
        entries[i].address = people[i].address.text;
        entries[i].domain = people[i].domain;
        code = site_subject(&adding->site, &people[i].address, &entries[i].subject, why);
    }
    return code;
}

/* What was proposed before an error stays proposed. */
static int propose(struct adding *adding, struct list_entry *entries, size_t count,
                   struct error *why)
{
    struct event_proposal proposal = {.operation = OPERATION_OPT_IN, .source = ""};
    int code = STATUS_PROPOSED;

    for (size_t i = 0; i < count && code == STATUS_PROPOSED; i += proposal.rows) {
        proposal.rows = count - i < EVENT_ROWS_MAX ? count - i : EVENT_ROWS_MAX;
        code = approval_propose(&adding->site, &proposal, entries + i, proposal.rows, &adding->act,
                                adding->json, why);
        if (code == STATUS_PROPOSED)
            adding->proposed += proposal.rows;
    }
    return code == STATUS_PROPOSED ? 0 : code;
}

int adding_write(struct adding *adding, const struct person *people, size_t count,
                 struct error *why)
{
    struct list_entry *entries = calloc(count + 1, sizeof *entries);
    if (!entries)
        return -ENOMEM;
    int code = fill(adding, people, count, entries, why);
    if (code == 0)
        code = adding->proposes ? propose(adding, entries, count, why)
                                : list_add(adding->site.list, entries, count, &adding->act, why);
    for (size_t i = 0; i < count && code == 0 && !adding->proposes; i++)
        tell(adding, &entries[i]);
    free(entries);
    return code;
}

/* --- from a file --- */

/* Reads up to BATCH people; `bad` counts the lines that were left out. */
static size_t read_batch(struct adding *adding, struct file_lines *lines, struct person *people,
                         uint64_t *bad)
{
    struct error why;
    size_t count = 0;
    bool held = stops_release(); /* somebody may be typing */

    interrupt_release();
    while (count < BATCH && !interrupt_came() && file_lines_next(lines)) {
        if (lines->bad)
            error_set(&why, ERR_SYNTAX, "too long, or not text");
        if (!lines->bad && adding_read(adding, lines->text, &people[count], &why) == 0) {
            count++;
            continue;
        }
        remark("line %" PRIu64 ": %s", lines->number, why.text);
        ++*bad;
    }
    interrupt_hold();
    if (held)
        stops_hold();
    return count;
}

/* The sentence for an end before the end of the input, with the last line that was dealt with. */
static int end_early(int code, const char *reason, uint64_t done, struct error *why)
{
    if (done == 0)
        return error_set(why, code, "%.400s; nothing was added", reason);
    return error_set(why, code, "%.400s; all up to line %" PRIu64 " is done, the rest is not",
                     reason, done);
}

static int add_batches(struct adding *adding, struct file_lines *lines, struct person *people,
                       uint64_t *bad, struct error *why)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    uint64_t done = 0; /* the last line that was dealt with */
    size_t count;

    while ((count = read_batch(adding, lines, people, bad)) > 0 && !interrupt_came()) {
        struct error reason = {""};
        int code = adding_write(adding, people, count, &reason);
        if (code)
            return end_early(code, *reason.text ? reason.text : error_name(code), done, why);
        done = lines->number;
        if (!output_flush())
            return end_early(-EIO, "the output was not taken", done, why);
        nanosleep(&pause, NULL);
    }
    if (interrupt_came())
        return end_early(-EINTR, "interrupted", done, why);
    return ferror(lines->file) ? end_early(-EIO, "the input cannot be read", done, why) : 0;
}

int adding_from_input(struct adding *adding, FILE *file, struct error *why)
{
    struct file_lines *lines = calloc(1, sizeof *lines);
    struct person *people = calloc(BATCH, sizeof *people);
    uint64_t bad = 0;
    int code = -ENOMEM;

    if (lines && people) {
        lines->file = file;
        interrupt_await();
        code = add_batches(adding, lines, people, &bad, why);
    }
    free(lines);
    free(people);
    if (code)
        return code;
    if (adding->proposes)
        remark("%" PRIu64 " proposed, %" PRIu64 " line%s left out", adding->proposed, bad,
               bad == 1 ? "" : "s");
    else
        remark("%" PRIu64 " added, %" PRIu64 " known already, %" PRIu64 " line%s left out",
               adding->added, adding->known, bad, bad == 1 ? "" : "s");
    return bad > 0 ? STATUS_NO : STATUS_OK;
}
