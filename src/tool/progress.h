/* How far something long has come, on standard error: a bar on a terminal, elsewhere a plain line
 * every ten seconds. */
#ifndef TOOL_PROGRESS_H
#define TOOL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool quiet;       /* nothing is ever said */
    const char *what; /* is done: "reading" */
    const char *unit; /* of what is counted: "rows" */
    /* The rest is progress.c's. */
    bool terminal, shown;
    int64_t begun_ms, told_ms;
};

/* Begins, or begins the next step; both strings must live. */
void progress_begin(struct progress *progress, const char *what, const char *unit);

/* Tells, where it is time to. `done` of `of` (0: not known) give the share and the time left,
 * `count` the rate. Cheap enough for every thousand rows. */
void progress_tell(struct progress *progress, uint64_t done, uint64_t of, uint64_t count);

/* Takes the bar away, so that something else can be written. */
void progress_clear(struct progress *progress);

#endif
