#include "tool/progress.h"

#include "base/text.h"
#include "tool/output.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define BAR_WIDTH 24
#define BAR_EVERY_MS 200
#define LINE_EVERY_MS 10000
#define SETTLED_MS 1000 /* before that no time left is told */

/* The clock that nobody sets. */
static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void progress_begin(struct progress *progress, const char *what, const char *unit)
{
    progress_clear(progress);
    progress->what = what;
    progress->unit = unit;
    progress->terminal = isatty(STDERR_FILENO) == 1;
    progress->begun_ms = progress->told_ms = now_ms();
}

static void append_time(struct text *line, uint64_t seconds)
{
    if (seconds >= 3600)
        text_format(line, "%" PRIu64 " h %02" PRIu64 " min", seconds / 3600, seconds % 3600 / 60);
    else if (seconds >= 60)
        text_format(line, "%" PRIu64 " min %02" PRIu64 " s", seconds / 60, seconds % 60);
    else
        text_format(line, "%" PRIu64 " s", seconds);
}

static void append_numbers(const struct progress *progress, int64_t elapsed_ms, uint64_t done,
                           uint64_t of, uint64_t count, struct text *line)
{
    uint64_t elapsed = elapsed_ms > 0 ? (uint64_t)elapsed_ms : 1;

    if (of > 0)
        text_format(line, " %3" PRIu64 " %%,", done >= of ? 100 : done * 100 / of);
    text_format(line, " %" PRIu64 " %s, %" PRIu64 "/s", count, progress->unit,
                count * 1000 / elapsed);
    if (of > done && done > 0 && elapsed_ms >= SETTLED_MS) {
        text_append(line, ", ");
        append_time(line, (uint64_t)((double)elapsed / 1000 * (double)(of - done) / (double)done));
        text_append(line, " left");
    }
}

static void append_bar(uint64_t done, uint64_t of, struct text *line)
{
    uint64_t full = done >= of ? BAR_WIDTH : done * BAR_WIDTH / of;

    text_append(line, " [");
    for (uint64_t i = 0; i < BAR_WIDTH; i++)
        text_append(line, i < full ? "#" : ".");
    text_append(line, "]");
}

void progress_tell(struct progress *progress, uint64_t done, uint64_t of, uint64_t count)
{
    struct text line = TEXT_EMPTY;

    if (progress->quiet)
        return;
    int64_t now = now_ms();
    if (now - progress->told_ms < (progress->terminal ? BAR_EVERY_MS : LINE_EVERY_MS))
        return;
    progress->told_ms = now;
    text_format(&line, "%s:", progress->what);
    if (progress->terminal && of > 0)
        append_bar(done, of, &line);
    append_numbers(progress, now - progress->begun_ms, done, of, count, &line);
    if (line.failed)
        progress->shown = false;
    else if (progress->terminal)
        fprintf(stderr, "\r%s\033[K", line.data);
    else
        remark("%s", line.data);
    progress->shown = progress->terminal && !line.failed;
    text_release(&line);
}

void progress_clear(struct progress *progress)
{
    if (progress->shown)
        fprintf(stderr, "\r\033[K");
    progress->shown = false;
}
