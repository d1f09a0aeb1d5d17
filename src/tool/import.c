#include "bulk/import.h"
#include "base/file.h"
#include "base/text.h"
#include "tool/argument.h"
#include "tool/command.h"
#include "tool/import_show.h"
#include "tool/interrupt.h"
#include "tool/output.h"
#include "tool/progress.h"
#include "tool/reading.h"
#include "tool/site.h"
#include "tool/stops.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define REJECTS_TOLD 100 /* one by one, on standard error */

enum {
    SCOPE,
    MAP,
    SOURCE,
    READING_POSITIONS,
    DRY_RUN,
    REJECTS,
    STRICT,
    ALL_OPTED_OUT,
    MAX_NEW,
    OPT_IN,
    EVIDENCE,
    NOTE,
    QUIET,
    JSON
};
static const struct flag flags[] = {
    {.name = "scope", .argument = "PATH", .text = "what the rows cover that say nothing of it"},
    {.name = "map",
     .argument = "TAG=SCOPE",
     .text = "what a tag of the file means",
     .repeats = true},
    {.name = "source", .argument = "SOURCE", .text = "whose list it is, instead of the format"},
    READING_FLAGS,
    {.name = "dry-run", .text = "write nothing, and tell what would be written"},
    {.name = "rejects", .argument = "REJECTS", .text = "file for the rows that cannot be read"},
    {.name = "strict", .text = "write nothing where a row cannot be read"},
    {.name = "all-opted-out", .text = "whoever is in the file has opted out"},
    {.name = "max-new", .argument = "N", .text = "write nothing where more are new, or none"},
    {.name = "opt-in", .text = "take rows that say subscribed; needs --evidence"},
    {.name = "evidence", .argument = "TEXT", .text = "where the consent is recorded"},
    {.name = "note", .argument = "TEXT", .text = "words for those who ask later"},
    {.name = "quiet", .letter = 'q', .text = "say nothing but errors and what is rejected"},
    {.name = "json", .text = "the summary as a JSON object"},
    {0},
};

/* One run of the command. */
struct importing {
    struct import_request request;
    struct import_report report;
    struct mapping mapping;
    struct reading reading;
    struct excerpt *rejects;
    struct site site;
    bool site_opened;
    char *list_folder;
    struct progress progress;
    enum import_phase phase;
    bool begun;
    uint64_t told; /* rejects */
};

/* --- what was asked for --- */

static int read_max_new(const char *given, uint64_t *max_new, struct error *why)
{
    *max_new = IMPORT_NEW_DEFAULT;
    if (!given)
        return 0;
    *max_new = IMPORT_NEW_ANY;
    if (strcmp(given, "none") == 0)
        return 0;
    int code = text_to_u64(given, IMPORT_NEW_ANY - 1, max_new);
    return code ? error_set(why, code, "--max-new %.40s: neither a number nor none", given) : 0;
}

static int read_mapping(const struct call *call, struct mapping *mapping, struct error *why)
{
    int code = 0;
    for (size_t i = 0; i < call->several_count && code == 0; i++)
        code = mapping_add(mapping, call->several[i], why);
    return code;
}

static int read_texts(const struct call *call, struct import_request *request, struct error *why)
{
    request->scope = call->values[SCOPE];
    request->source = call->values[SOURCE];
    request->note = call->values[NOTE];
    request->evidence = call->values[EVIDENCE];
    request->opt_in = call->values[OPT_IN];
    int code = request->scope ? argument_scope(request->scope, why) : 0;
    if (code == 0 && request->source)
        code = argument_name("source", request->source, why);
    if (code == 0)
        code = argument_words("note", request->note, why);
    if (code == 0)
        code = argument_words("evidence", request->evidence, why);
    if (code == 0 && request->opt_in && !request->evidence)
        code =
            error_set(why, ERR_SYNTAX,
                      "--opt-in needs --evidence: where the consent of these people is recorded");
    if (code == 0 && request->evidence && !request->opt_in)
        code = error_set(why, ERR_SYNTAX, "--evidence belongs to --opt-in");
    return code;
}

/* Rows of our own say what they cover; all others have to be told. */
static int check_scopes(const struct importing *im, struct error *why)
{
    const struct import_request *request = &im->request;
    const struct format *format = reader_facts(im->reading.reader)->format;

    if (format->own && (request->scope || im->mapping.count))
        return error_set(why, ERR_SYNTAX,
                         "%s carries the scope of each row: --scope and --map have no place here",
                         input_name(im->reading.input));
    if (!format->own && !request->scope && im->mapping.count == 0)
        return error_set(
            why, ERR_SYNTAX,
            "what do these rows cover? --scope says it, as in --scope acme/newsletter, "
            "or --map for each tag of the file");
    return 0;
}

static int read_request(const struct call *call, struct importing *im, struct error *why)
{
    struct import_request *request = &im->request;

    request->actor = "cli";
    request->mapping = &im->mapping;
    request->dry_run = call->values[DRY_RUN];
    request->strict = call->values[STRICT];
    request->all_opted_out = call->values[ALL_OPTED_OUT];
    im->progress.quiet = call->values[QUIET];
    int code = read_texts(call, request, why);
    if (code == 0)
        code = read_max_new(call->values[MAX_NEW], &request->max_new, why);
    return code ? code : read_mapping(call, &im->mapping, why);
}

/* The files are opened by whoever runs this, who may become another user then. */
static int open_files(const struct call *call, struct importing *im, struct error *why)
{
    int code =
        reading_open(call->arguments[0], call->values + READING_FORMAT, false, &im->reading, why);
    if (code)
        return code;
    code = check_scopes(im, why);
    if (code == 0 && call->values[REJECTS])
        code = excerpt_open(call->values[REJECTS], im->reading.input,
                            reader_frame(im->reading.reader), &im->rejects, why);
    return code;
}

static int open_site(const struct call *call, struct importing *im, struct error *why)
{
    struct import_request *request = &im->request;
    struct site *site = &im->site;
    unsigned needs = SITE_KEYS | (request->dry_run ? SITE_LIST | SITE_WORDS : SITE_WRITE);

    im->site_opened = true;
    int code = site_open(call->config_file, needs, site, why);
    if (code)
        return code;
    im->list_folder = file_join(site->config->data_dir, "list");
    if (!im->list_folder)
        return -ENOMEM;
    request->list = site->list;
    request->list_folder = im->list_folder;
    request->lookup = &site->lookup;
    request->policy = &site->config->policy;
    request->input = im->reading.input;
    request->reader = im->reading.reader;
    request->rejects = im->rejects;
    request->staff = site->staff;
    return 0;
}

/* --- on the way --- */

static void tell_reject(const struct row *row, const char *reason, void *argument)
{
    struct importing *im = argument;

    progress_clear(&im->progress);
    if (im->told++ < REJECTS_TOLD)
        remark("line %" PRIu64 ": %s", row->line, reason);
    else if (im->told == REJECTS_TOLD + 1)
        remark("more lines are rejected: the summary counts them, --rejects takes them");
}

/* Stops of the terminal are let through while the input is read, which may be somebody who types,
 * and later on only here, where nothing is held. */
static int follow(const struct import_progress *progress, void *argument)
{
    static const char *const titles[] = {"reading", "comparing", "writing"};
    struct importing *im = argument;

    if (!im->begun || progress->phase != im->phase) {
        progress_begin(&im->progress, titles[progress->phase], "rows");
        im->begun = true;
        im->phase = progress->phase;
    }
    stops_release();
    if (progress->phase != IMPORT_READING)
        stops_hold();
    progress_tell(&im->progress, progress->done, progress->of, progress->rows);
    return interrupt_came() ? -EINTR : 0;
}

/* --- at the end --- */

/* The sentence for an end before the end. */
static int end_early(const struct importing *im, int code, struct error *why)
{
    const struct error said = *why;
    const char *reason = code == -EINTR ? "interrupted" : *said.text ? said.text : error_name(code);

    if (im->report.batch.number == 0)
        return error_set(why, code, "%.400s; nothing was written", reason);
    return error_set(why, code,
                     "%.330s; %" PRIu64 " choices were written before, in batch %" PRIu64
                     ": the same command completes it",
                     reason, im->report.written, im->report.batch.number);
}

static int status_of(const struct import_report *report)
{
    if (report->stops & ~(unsigned)IMPORT_STOP_STRICT)
        return STATUS_STOPPED;
    return report->counts[BATCH_REJECTED] > 0 ? STATUS_NO : STATUS_OK;
}

static int tell(const struct call *call, struct importing *im)
{
    const char *file = input_name(im->reading.input);
    const struct import_report *report = &im->report;
    bool quiet = call->values[QUIET];

    if (call->values[JSON])
        import_show_json(file, im->request.dry_run, report);
    else if (!quiet || im->request.dry_run)
        import_show_text(&im->site, file, im->request.dry_run, report);
    import_show_stops(file, report);
    if (report->has_more)
        remark("%s says of itself that it is one page of several: have the others too", file);
    return status_of(report);
}

static int import(const struct call *call, struct importing *im, struct error *why)
{
    int code = read_request(call, im, why);
    if (code == 0)
        code = open_files(call, im, why);
    if (code == 0)
        code = open_site(call, im, why);
    if (code)
        return code;
    im->request.reject = tell_reject;
    im->request.progress = follow;
    im->request.argument = im;
    interrupt_await();
    code = import_run(&im->request, &im->report, why);
    stops_hold();
    progress_clear(&im->progress);
    if (code)
        return end_early(im, code, why);
    code = excerpt_close(im->rejects, why);
    im->rejects = NULL;
    int status = tell(call, im);
    return code ? code : status;
}

static int run(const struct call *call)
{
    struct importing *im = calloc(1, sizeof *im);
    struct error why = {""};

    int code = im ? import(call, im, &why) : -ENOMEM;
    if (im) {
        excerpt_close(im->rejects, NULL);
        reading_close(&im->reading);
        if (im->site_opened)
            site_close(&im->site);
        mapping_release(&im->mapping);
        free(im->list_folder);
    }
    free(im);
    return output_status(code, &why);
}

const struct command command_import = {
    .name = "import",
    .arguments = "FILE|-",
    .text = "take the opt-outs and blocks of a list in a file",
    .flags = flags,
    .least = 1,
    .most = 1,
    .run = run,
};
