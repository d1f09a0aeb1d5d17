#include "tool/argument.h"
#include "tool/command.h"
#include "tool/lists/import_show.h"
#include "tool/lists/importing.h"
#include "tool/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
    {.name = "rejects",
     .argument = "REJECTS",
     .text = "file for the rows that cannot be read",
     .is_file = true,
     .guarded = true},
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
struct job {
    struct importing importing;
    struct mapping mapping;
    struct reading reading;
    int rejects; /* the file for them, until it is taken over; -1: none */
    struct site site;
    bool site_entered;
};

/* --- what was asked for --- */

static int read_max_new(const char *given, struct import_request *request, struct error *why)
{
    int code = importing_max_new(given, &request->max_new);
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
static int check_scopes(const struct job *job, struct error *why)
{
    const struct import_request *request = &job->importing.request;
    const struct format *format = reader_facts(job->reading.reader)->format;

    if (format->own && (request->scope || job->mapping.count))
        return error_set(why, ERR_SYNTAX,
                         "%s carries the scope of each row: --scope and --map have no place here",
                         input_name(job->reading.input));
    if (!format->own && !request->scope && job->mapping.count == 0)
        return error_set(
            why, ERR_SYNTAX,
            "what do these rows cover? --scope says it, as in --scope acme/newsletter, "
            "or --map for each tag of the file");
    return 0;
}

static int check_rejects(const char *path, struct error *why)
{
    if (!path || strcmp(path, "-") != 0)
        return 0;
    return error_set(why, ERR_SYNTAX,
                     "--rejects -: standard output has the summary already; name a file");
}

static int read_request(const struct call *call, struct job *job, struct error *why)
{
    struct import_request *request = &job->importing.request;

    request->actor = "cli";
    request->mapping = &job->mapping;
    request->dry_run = call->values[DRY_RUN];
    request->strict = call->values[STRICT];
    request->all_opted_out = call->values[ALL_OPTED_OUT];
    job->importing.progress.quiet = call->values[QUIET];
    int code = check_rejects(call->values[REJECTS], why);
    if (code == 0)
        code = read_texts(call, request, why);
    if (code == 0)
        code = read_max_new(call->values[MAX_NEW], request, why);
    return code ? code : read_mapping(call, &job->mapping, why);
}

/* The files are opened by whoever runs this, who becomes another user before a stranger's octets
 * are looked at. */
static int open_files(const struct call *call, struct job *job, struct error *why)
{
    int code = reading_open(call->arguments[0], &job->reading, why);
    if (code == 0 && call->values[REJECTS])
        code = excerpt_file(call->values[REJECTS], &job->rejects, why);
    if (code)
        return code;
    job->site_entered = true;
    return site_enter(call->config_file, &job->site, why);
}

static int begin_reading(const struct call *call, struct job *job, struct error *why)
{
    int code = reading_begin(call->values + READING_FORMAT, false, &job->reading, why);
    if (code == 0)
        code = check_scopes(job, why);
    if (code || job->rejects < 0)
        return code;
    int fd = job->rejects;
    job->rejects = -1;
    return excerpt_open_file(fd, call->values[REJECTS], job->reading.input,
                             reader_frame(job->reading.reader), &job->importing.rejects, why);
}

static int open_site(const struct call *call, struct job *job, struct error *why)
{
    unsigned needs = call->values[DRY_RUN] ? SITE_LIST | SITE_WORDS : SITE_WRITE;

    return site_open_stores(&job->site, SITE_KEYS | needs, why);
}

/* --- at the end --- */

static int tell(const struct call *call, struct job *job)
{
    const char *file = input_name(job->reading.input);
    const struct import_report *report = &job->importing.report;
    bool quiet = call->values[QUIET];

    if (call->values[JSON])
        output_json(import_show_object(file, job->importing.request.dry_run, report));
    else if (!quiet || job->importing.request.dry_run)
        import_show_text(&job->site, file, job->importing.request.dry_run, report);
    import_show_stops(file, IMPORT_WAY_FLAGS, report);
    if (report->has_more)
        remark("%s says of itself that it is one page of several: have the others too", file);
    return importing_status(report);
}

static int import(const struct call *call, struct job *job, struct error *why)
{
    int code = read_request(call, job, why);
    if (code == 0)
        code = open_files(call, job, why);
    if (code == 0)
        code = begin_reading(call, job, why);
    if (code == 0)
        code = open_site(call, job, why);
    if (code == 0)
        code = importing_run(&job->importing, &job->site, &job->reading, why);
    if (code && !job->importing.report.finished)
        return code;
    int status = tell(call, job);
    return code ? code : status;
}

static int run(const struct call *call)
{
    struct job *job = calloc(1, sizeof *job);
    struct error why = {""};

    if (job)
        job->rejects = -1;
    int code = job ? import(call, job, &why) : -ENOMEM;
    if (job) {
        if (job->rejects >= 0)
            close(job->rejects);
        importing_release(&job->importing);
        reading_close(&job->reading);
        if (job->site_entered)
            site_close(&job->site);
        mapping_release(&job->mapping);
    }
    free(job);
    return output_status(code, &why);
}

const struct command command_import = {
    .name = "import",
    .arguments = "FILE|-",
    .text = "take the opt-outs and blocks of a list in a file",
    .flags = flags,
    .least = 1,
    .most = 1,
    .role = ROLE_OPS,
    .reads_file = true,
    .run = run,
};
