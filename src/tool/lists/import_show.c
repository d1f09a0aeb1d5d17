#include "tool/lists/import_show.h"

#include "base/clock.h"
#include "base/text.h"
#include "tool/output.h"
#include "tool/show.h"

#include <inttypes.h>
#include <string.h>

/* --- words --- */

/* "TITLE: 5 not an address, 2 no address". */
static void show_tally(const char *title, const struct import_tally *tally)
{
    struct text line = TEXT_EMPTY;

    if (tally->count == 0)
        return;
    text_format(&line, "%s:", title);
    for (size_t i = 0; i < tally->count; i++)
        text_format(&line, "%s %" PRIu64 " %s", i ? "," : "", tally->words[i].count,
                    tally->words[i].text);
    if (tally->others)
        text_format(&line, ", %" PRIu64 " others", tally->others);
    output_text(&line);
}

static void append_part(struct text *line, uint64_t count, const char *what)
{
    if (count > 0)
        text_format(line, "%s %" PRIu64 " %s", line->data[line->length - 1] == ':' ? "" : ",",
                    count, what);
}

static void show_left_alone(const struct import_report *report)
{
    struct text line = TEXT_EMPTY;

    if (report->counts[BATCH_LEFT_ALONE] == 0)
        return;
    text_append(&line, "left alone:");
    if (!line.failed) {
        append_part(&line, report->subscribed, "subscribed (--opt-in takes them)");
        append_part(&line, report->silent, "that say nothing");
        append_part(&line, report->over, "that have ended");
        append_part(&line, report->withdrawals, "withdrawals");
        append_part(&line, report->unscoped, "without a scope");
        append_part(&line, report->stopped, "as it was stopped");
    }
    output_text(&line);
}

static void show_dates(const struct import_report *report)
{
    char first[CLOCK_TEXT_SIZE], last[CLOCK_TEXT_SIZE];

    if (report->first_asked)
        output_line("dates: %s to %s, %" PRIu64 " without",
                    clock_format(report->first_asked, first),
                    clock_format(report->last_asked, last), report->undated);
    else
        output_line("dates: none");
}

static void show_limit(const struct import_report *report)
{
    if (report->limit == IMPORT_NEW_ANY)
        output_line("new opt-outs and blocks: %" PRIu64, report->fresh);
    else
        output_line("new opt-outs and blocks: %" PRIu64 ", up to %" PRIu64 " may come",
                    report->fresh, report->limit);
}

static void show_dry_run(const struct import_report *report)
{
    show_tally("statuses", &report->statuses);
    show_tally("scopes", &report->scopes);
    show_dates(report);
    show_limit(report);
    show_tally("companions among them", &report->companions);
    show_tally("exempt recipients among them", &report->exempt);
    for (size_t i = 0; i < report->sample_count; i++)
        output_line("sample: %s", report->samples[i]);
}

void import_show_text(const struct site *site, const char *file, bool dry_run,
                      const struct import_report *report)
{
    struct text line = TEXT_EMPTY;
    char name[SHOW_EVENT_SIZE];

    text_format(&line, "%s (format %s, source %s):", file, report->format, report->source);
    show_append_counts(&line, report->counts);
    output_text(&line);
    show_left_alone(report);
    show_tally("rejected", &report->faults);
    if (report->future)
        output_line("dates that lie ahead of us, and were left out: %" PRIu64, report->future);
    if (dry_run)
        show_dry_run(report);
    if (report->stops)
        return;
    if (dry_run)
        output_line("A dry run: nothing was written.");
    else if (report->nothing_new)
        output_line("Nothing new: the list holds all of it already, and %s%s.",
                    report->batch.number ? "that it came is batch " : "nothing was written",
                    report->batch.number ? show_event(site, &report->batch, name) : "");
    else if (report->batch.number)
        output_line("%s batch %s%s", report->finished ? "written:" : "broken off:",
                    show_event(site, &report->batch, name),
                    report->resumed ? ", begun by a run that was broken off" : "");
}

/* --- JSON --- */

static json_t *tally_of(const struct import_tally *tally)
{
    json_t *object = json_object();
    for (size_t i = 0; i < tally->count; i++)
        output_put_number(object, tally->words[i].text, tally->words[i].count);
    if (tally->others)
        output_put_number(object, "others", tally->others);
    return object;
}

static json_t *stops_of(const struct import_report *report)
{
    static const struct {
        unsigned bit;
        const char *name;
    } names[] = {{IMPORT_STOP_SAYS_NOTHING, "says-nothing"},
                 {IMPORT_STOP_SCOPE, "scope"},
                 {IMPORT_STOP_NEW, "max-new"},
                 {IMPORT_STOP_STRICT, "strict"}};
    json_t *array = json_array();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (report->stops & names[i].bit)
            output_append(array, json_string(names[i].name));
    return array;
}

static json_t *left_alone_of(const struct import_report *report)
{
    json_t *object = json_object();
    output_put_number(object, "subscribed", report->subscribed);
    output_put_number(object, "silent", report->silent);
    output_put_number(object, "ended", report->over);
    output_put_number(object, "withdrawals", report->withdrawals);
    output_put_number(object, "unscoped", report->unscoped);
    output_put_number(object, "stopped", report->stopped);
    return object;
}

static void put_dry_run(json_t *object, const struct import_report *report)
{
    json_t *samples = json_array();

    output_put(object, "statuses", tally_of(&report->statuses));
    output_put(object, "scopes", tally_of(&report->scopes));
    output_put_time(object, "first_asked", report->first_asked);
    output_put_time(object, "last_asked", report->last_asked);
    output_put_number(object, "undated", report->undated);
    output_put_number(object, "new", report->fresh);
    output_put(object, "max_new",
               report->limit == IMPORT_NEW_ANY ? json_null()
                                               : json_integer((json_int_t)report->limit));
    output_put(object, "companions", tally_of(&report->companions));
    output_put(object, "exempt", tally_of(&report->exempt));
    for (size_t i = 0; i < report->sample_count; i++)
        output_append(samples, json_string(report->samples[i]));
    output_put(object, "samples", samples);
}

json_t *import_show_object(const char *file, bool dry_run, const struct import_report *report)
{
    char digest[2 * INPUT_DIGEST_SIZE + 1];
    json_t *object = json_object();

    text_to_hex(report->digest, sizeof report->digest, digest);
    output_put_text(object, "file", file);
    output_put_text(object, "format", report->format);
    output_put_text(object, "source", report->source);
    output_put_number(object, "size", report->size);
    output_put_text(object, "sha256", report->size ? digest : NULL);
    show_put_counts(object, report->counts);
    output_put(object, "left_alone_for", left_alone_of(report));
    output_put(object, "rejected_for", tally_of(&report->faults));
    output_put(object, "missing_tags", tally_of(&report->missing));
    output_put_number(object, "future_dates", report->future);
    output_put_bool(object, "one_page_of_several", report->has_more);
    if (dry_run)
        put_dry_run(object, report);
    output_put_bool(object, "dry_run", dry_run);
    output_put(object, "stopped_by", stops_of(report));
    output_put_bool(object, "finished", report->finished);
    output_put_bool(object, "resumed", report->resumed);
    if (report->batch.number)
        show_put_event(object, "batch", &report->batch);
    else
        output_put(object, "batch", json_null());
    return object;
}

/* --- what stopped it --- */

/* The options that let it through, as one has to write them. */
static const struct ways {
    const char *all, *new_is, *map, *scope;
    const char *end; /* of what is said */
} ways[] = {
    [IMPORT_WAY_FLAGS] = {"--all-opted-out", "--max-new ", "--map TAG=SCOPE", "--scope", ""},
    [IMPORT_WAY_SECTION] = {"all_opted_out = yes", "max_new = ", "map", "scope",
                            "; set it in the source's section, and put the file back from failed"},
};

static void tell_scopes(const char *file, const struct ways *way,
                        const struct import_report *report)
{
    struct text tags = TEXT_EMPTY;

    for (size_t i = 0; i < report->missing.count; i++)
        text_format(&tags, "%s%s", i ? ", " : "",
                    strcmp(report->missing.words[i].text, "-") == 0
                        ? "no tag"
                        : report->missing.words[i].text);
    complain("%s: rows that belong to no scope: %" PRIu64 " (%s%s): %s says what a tag "
             "means, %s what all others do%s",
             file, report->unscoped, tags.failed ? "" : tags.data,
             report->missing.others ? ", ..." : "", way->map, way->scope, way->end);
    text_release(&tags);
}

void import_show_stops(const char *file, enum import_way by, const struct import_report *report)
{
    const struct ways *way = &ways[by];

    if (report->stops & IMPORT_STOP_SAYS_NOTHING)
        complain("%s: nothing in it says who has opted out; if all of them have, %s says so%s",
                 file, way->all, way->end);
    if (report->stops & IMPORT_STOP_SCOPE)
        tell_scopes(file, way, report);
    if (report->stops & IMPORT_STOP_NEW)
        complain("%s: %" PRIu64 " opt-outs and blocks are new, more than %" PRIu64
                 ": if it is the right file, %s%" PRIu64 " takes them%s",
                 file, report->fresh, report->limit, way->new_is, report->fresh, way->end);
    if (report->stops & IMPORT_STOP_STRICT)
        complain("%s: %" PRIu64 " rows cannot be read, and --strict wants all of them", file,
                 report->counts[BATCH_REJECTED]);
    if (report->stops)
        complain("%s: nothing was written", file);
}
