#include "tool/lists/importing.h"

#include "base/text.h"
#include "tool/interrupt.h"
#include "tool/output.h"
#include "tool/stops.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define REJECTS_TOLD 100 /* one by one, on standard error */

static void tell_reject(const struct row *row, const char *reason, void *argument)
{
    struct importing *im = argument;

    progress_clear(&im->progress);
    if (im->told++ < REJECTS_TOLD)
        remark("%s%sline %" PRIu64 ": %s", im->label ? im->label : "", im->label ? ": " : "",
               row->line, reason);
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

int importing_run(struct importing *im, struct site *site, struct reading *reading,
                  struct error *why)
{
    struct import_request *request = &im->request;

    request->list = site->list;
    request->list_folder = site->list_folder;
    request->lookup = &site->lookup;
    request->policy = &site->config->policy;
    request->staff = site->staff;
    request->input = reading->input;
    request->reader = reading->reader;
    request->rejects = im->rejects;
    request->reject = tell_reject;
    request->progress = follow;
    request->argument = im;
    interrupt_await();
    int code = import_run(request, &im->report, why);
    stops_hold();
    progress_clear(&im->progress);
    if (code)
        return end_early(im, code, why);
    code = excerpt_close(im->rejects, why);
    im->rejects = NULL;
    return code;
}

void importing_release(struct importing *im)
{
    excerpt_close(im->rejects, NULL);
    im->rejects = NULL;
}

int importing_status(const struct import_report *report)
{
    if (report->stops & ~(unsigned)IMPORT_STOP_STRICT)
        return STATUS_STOPPED;
    return report->counts[BATCH_REJECTED] > 0 ? STATUS_NO : STATUS_OK;
}

int importing_max_new(const char *given, uint64_t *max_new)
{
    uint64_t n = given ? IMPORT_NEW_ANY : IMPORT_NEW_DEFAULT;

    int code = given && strcmp(given, "none") != 0 ? text_to_u64(given, IMPORT_NEW_ANY - 1, &n) : 0;
    if (code == 0)
        *max_new = n;
    return code;
}
