#include "base/text.h"
#include "tool/command.h"
#include "tool/interrupt.h"
#include "tool/lists/syncing.h"
#include "tool/output.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define SETTLE 60 /* seconds: longer than an upload that goes on stands still */

enum { DRY_RUN, SETTLE_TIME, JSON, QUIET };
static const struct flag flags[] = {
    {.name = "dry-run", .text = "change and move nothing, tell what would be done"},
    {.name = "settle",
     .argument = "SECONDS",
     .text = "how long a file must have been left alone, not 60"},
    {.name = "json", .text = "one JSON object a line"},
    {.name = "quiet", .letter = 'q', .text = "tell of errors only"},
    {0},
};

/* One run of the command. */
struct job {
    struct config *config;
    struct profile *profiles; /* one for each source of the configuration */
    struct syncing syncing;
    bool site_opened;
    const char *path; /* of the drop folder */
    int top;          /* -1 */
    int status;       /* the worst */
};

/* --- what is worst: it cannot be done, a guard wants somebody to look, try again, some rows --- */

static int weight(int status)
{
    return status == STATUS_CANNOT    ? 4
           : status == STATUS_STOPPED ? 3
           : status == STATUS_AGAIN   ? 2
                                      : status != STATUS_OK;
}

static void note_status(struct job *job, int status)
{
    if (weight(status) > weight(job->status))
        job->status = status;
}

/* --- before --- */

static int make_profiles(const struct call *call, struct job *job, struct error *why)
{
    int code = config_read(call->config_file, &job->config, why);
    if (code)
        return code;
    if (job->config->source_count == 0)
        return error_set(why, ERR_CONFIG,
                         "%s: no source is configured, and there is nothing to be looked for",
                         job->config->path);
    job->profiles = calloc(job->config->source_count, sizeof *job->profiles);
    if (!job->profiles)
        return -ENOMEM;
    for (size_t i = 0; i < job->config->source_count && code == 0; i++)
        code = profile_make(job->config, &job->config->sources[i], &job->profiles[i], why);
    return code;
}

static int read_call(const struct call *call, struct job *job, struct error *why)
{
    uint64_t settle = SETTLE;

    if (call->values[SETTLE_TIME] && text_to_u64(call->values[SETTLE_TIME], 86400, &settle))
        return error_set(why, ERR_SYNTAX, "--settle %.40s: not a number of seconds up to a day",
                         call->values[SETTLE_TIME]);
    job->syncing.settle = (int64_t)settle;
    job->syncing.dry_run = call->values[DRY_RUN];
    job->syncing.json = call->values[JSON];
    job->syncing.quiet = call->values[QUIET];
    job->path = call->arguments[0];
    return 0;
}

/* One run at a time looks through a folder. */
static int open_top(struct job *job, struct error *why)
{
    job->top = open(job->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (job->top < 0)
        return error_set(why, -errno, "cannot open the folder %s: %s", job->path, strerror(errno));
    if (flock(job->top, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK
                   ? error_set(why, ERR_BUSY, "another `optout sync` is at work in %s", job->path)
                   : error_set(why, -errno, "cannot lock %s: %s", job->path, strerror(errno));
    return 0;
}

/* --- the folders --- */

static int is_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* What lies where nobody would ever take it. */
static int tell_strangers(struct job *job, struct error *why)
{
    struct dirent **entries;
    int count = scandirat(job->top, ".", &entries, is_shown, alphasort);

    if (count < 0)
        return error_set(why, -errno, "cannot read the folder %s: %s", job->path, strerror(errno));
    for (int i = 0; i < count; i++) {
        if (!config_source(job->config, entries[i]->d_name)) {
            complain("%s/%s is left: there is no source of this name in %s", job->path,
                     entries[i]->d_name, job->config->path);
            note_status(job, STATUS_CANNOT);
        }
        free(entries[i]);
    }
    free(entries);
    return 0;
}

static int take_files(struct job *job, const struct profile *profile, const struct drop *drop)
{
    int status = STATUS_OK;

    for (size_t i = 0; i < drop->count && status >= 0; i++) {
        status =
            interrupt_came() ? -EINTR : syncing_take(&job->syncing, profile, drop, drop->names[i]);
        if (status >= 0)
            note_status(job, status);
    }
    return status < 0 ? status : 0;
}

/* A folder that cannot be read does not keep the others waiting. */
static int look_into(struct job *job, const struct profile *profile)
{
    struct error why = {""};
    struct drop drop;

    int code = drop_open(job->top, profile->source->name, &drop, &why);
    if (code == 0) {
        code = take_files(job, profile, &drop);
    } else if (code == ERR_NOT_FOUND) {
        code = 0; /* nothing comes from there, or not yet */
    } else if (code != -ENOMEM) {
        complain("%s: %s", job->path, why.text);
        note_status(job, STATUS_CANNOT);
        code = 0;
    }
    drop_close(&drop);
    return code;
}

/* --- */

static int sync_all(const struct call *call, struct job *job, struct error *why)
{
    int code = read_call(call, job, why);
    if (code == 0)
        code = make_profiles(call, job, why);
    if (code)
        return code;
    interrupt_await();
    signal(SIGIO, SIG_IGN); /* somebody opens a file in the very moment that it is asked about */
    job->site_opened = true;
    code = site_open(call->config_file,
                     SITE_KEYS | (job->syncing.dry_run ? SITE_LIST | SITE_WORDS : SITE_WRITE),
                     &job->syncing.site, why);
    if (code == 0)
        code = open_top(job, why);
    if (code == 0)
        code = tell_strangers(job, why);
    for (size_t i = 0; i < job->config->source_count && code == 0; i++)
        code = look_into(job, &job->profiles[i]);
    return code ? code : job->status;
}

static int run(const struct call *call)
{
    struct job job = {.top = -1};
    struct error why = {""};

    int code = sync_all(call, &job, &why);
    if (code == -EINTR)
        error_set(&why, code, "interrupted; the next run goes on");
    if (job.top >= 0)
        close(job.top);
    if (job.site_opened)
        site_close(&job.syncing.site);
    for (size_t i = 0; job.profiles && i < job.config->source_count; i++)
        profile_release(&job.profiles[i]);
    free(job.profiles);
    config_release(job.config);
    return output_status(code, &why);
}

const struct command command_sync = {
    .name = "sync",
    .arguments = "DIR",
    .text = "import what lies in the folders of the sources below DIR",
    .flags = flags,
    .least = 1,
    .most = 1,
    .role = ROLE_OPS,
    .run = run,
};
