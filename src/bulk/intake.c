#include "bulk/intake.h"

#include "base/clock.h"
#include "bulk/record.h"
#include "bulk/sealing.h"
#include "bulk/survey.h"

#include <errno.h>
#include <string.h>

#define ROWS_BETWEEN 1024  /* looks at whether to go on */
#define CLOCKS_APART 86400 /* seconds that a date may lie ahead of our clock */

struct intake {
    const struct import_request *request;
    struct scopes *scopes;
    struct import_report *report;
    struct sealing *sealing;
    struct error *why;
    bool own; /* rows carry their scopes */
    int64_t now;
    uint64_t rows, sequence;
};

/* --- rows that do not come in --- */

static int reject(struct intake *in, const struct row *row, const char *reason)
{
    const struct import_request *request = in->request;

    in->report->counts[BATCH_READ]++;
    in->report->counts[BATCH_REJECTED]++;
    survey_count(&in->report->faults, reason);
    if (request->reject)
        request->reject(row, reason, request->argument);
    return request->rejects ? excerpt_add(request->rejects, row, in->why) : 0;
}

static int leave_alone(struct intake *in, uint64_t *count)
{
    in->report->counts[BATCH_READ]++;
    in->report->counts[BATCH_LEFT_ALONE]++;
    ++*count;
    return 0;
}

/* --- rows that do --- */

/* Hands on one choice of a row. */
static int put_choice(struct intake *in, const struct row *row, struct record *record,
                      const char *scope)
{
    int code = scopes_number(in->scopes, scope, &record->scope, in->why);
    if (code)
        return code;
    record->sequence = in->sequence++;
    in->report->counts[BATCH_READ]++;
    in->report->undated += record->asked == 0;
    if (in->request->dry_run)
        survey_choice(scope, record->asked, in->report);
    /* Why the other thread gave up is told at its end. */
    return sealing_put(in->sealing, record, &row->who) ? 0 : -ECANCELED;
}

static bool is_among(const char *const *scopes, size_t count, const char *scope)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(scopes[i], scope) == 0)
            return true;
    return false;
}

/* The scopes of a row's tags, each once. */
static int put_tags(struct intake *in, const struct row *row, struct record *record)
{
    const char *scopes[ROW_TAGS_MAX];
    size_t count = 0;
    int code = 0;

    for (size_t i = 0; i < row->tag_count && code == 0; i++) {
        const char *scope = mapping_find(in->request->mapping, row->tags[i]);
        if (!scope)
            scope = in->request->scope;
        if (!scope) {
            survey_count(&in->report->missing, row->tags[i]);
            code = leave_alone(in, &in->report->unscoped);
        } else if (!is_among(scopes, count, scope)) {
            scopes[count++] = scope;
            code = put_choice(in, row, record, scope);
        }
    }
    return code;
}

static int put_row(struct intake *in, const struct row *row, enum choice_kind kind)
{
    struct record record = {
        .kind = kind,
        .domain = row->who.domain,
        .reason = row->reason,
        .asked = row->asked,
        .until = kind == CHOICE_OPT_OUT ? 0 : row->until,
    };

    /* What lies ahead cannot have been said. */
    if (record.asked > in->now + CLOCKS_APART) {
        in->report->future++;
        record.asked = 0;
    }
    if (record.until && record.until <= in->now)
        return leave_alone(in, &in->report->over);
    if (in->own)
        return put_choice(in, row, &record, row->scope);
    if (row->tag_count > 0)
        return put_tags(in, row, &record);
    if (in->request->scope)
        return put_choice(in, row, &record, in->request->scope);
    survey_count(&in->report->missing, NULL);
    return leave_alone(in, &in->report->unscoped);
}

/* Only a subject is known, and another key made it: nobody could tell whose it is. */
static bool is_foreign(const struct intake *in, const struct row_who *who)
{
    return !who->has_address && !who->has_digest &&
           memcmp(who->key, in->request->lookup->fingerprint, ROW_KEY_SIZE) != 0;
}

static int take_row(struct intake *in, const struct row *row)
{
    bool says_who = row->what != ROW_REJECTED && row->what != ROW_NOTHING;

    if (in->request->dry_run)
        survey_row(in->request, row, in->report);
    if (says_who && is_foreign(in, &row->who))
        return reject(in, row, "only a subject, made with another site's key");
    switch (row->what) {
    case ROW_REJECTED:
        return reject(in, row, row_fault_text(row->fault));
    case ROW_NOTHING:
        return leave_alone(in, &in->report->silent);
    case ROW_WITHDRAWAL:
        return leave_alone(in, &in->report->withdrawals);
    case ROW_OPT_OUT:
        return put_row(in, row, CHOICE_OPT_OUT);
    case ROW_BLOCK:
        return put_row(in, row, CHOICE_BLOCK);
    case ROW_OPT_IN:
        break;
    }
    if (!in->request->opt_in)
        return leave_alone(in, &in->report->subscribed);
    return row->who.domain ? reject(in, row, "an opt-in for a whole domain")
                           : put_row(in, row, CHOICE_OPT_IN);
}

/* --- all of them --- */

static int tell_progress(const struct intake *in)
{
    const struct import_request *request = in->request;
    const struct import_progress progress = {.phase = IMPORT_READING,
                                             .done = input_done(request->input),
                                             .of = input_size(request->input),
                                             .rows = in->rows};
    return request->progress ? request->progress(&progress, request->argument) : 0;
}

static int read_rows(struct intake *in)
{
    struct row row;
    int code = tell_progress(in);

    while (code == 0) {
        int rc = reader_next(in->request->reader, &row, in->why);
        if (rc <= 0)
            return rc < 0 ? rc : tell_progress(in);
        code = take_row(in, &row);
        if (++in->rows % ROWS_BETWEEN == 0 && code == 0)
            code = tell_progress(in);
    }
    return code;
}

static void note_stops(const struct intake *in)
{
    struct import_report *report = in->report;

    if (report->unscoped)
        report->stops |= IMPORT_STOP_SCOPE;
    if (in->request->strict && report->counts[BATCH_REJECTED])
        report->stops |= IMPORT_STOP_STRICT;
    report->has_more = reader_has_more(in->request->reader);
}

int intake_run(const struct import_request *request, struct scopes *scopes, struct runs *runs,
               struct import_report *report, struct error *why)
{
    struct intake in = {.request = request,
                        .scopes = scopes,
                        .report = report,
                        .why = why,
                        .own = reader_facts(request->reader)->format->own,
                        .now = clock_now()};

    int code = sealing_start(request->list, request->lookup, runs, &in.sealing, why);
    if (code)
        return code;
    code = read_rows(&in);
    int sealed = sealing_end(in.sealing, why);
    if (sealed)
        return sealed;
    if (code == 0)
        code = input_drain(request->input, why);
    if (code == 0 && (code = input_digest(request->input, report->digest)) != 0)
        error_set(why, code, "the input cannot be digested");
    report->size = input_done(request->input);
    note_stops(&in);
    return code;
}
