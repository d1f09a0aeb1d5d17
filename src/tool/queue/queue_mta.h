/* Postfix's own commands, run beside us with a fixed path, fixed arguments and a clean environment.
 *
 * They are started before root is given up: only root may use postsuper(1), or postqueue(1) with
 * another configuration. What they are told and what they say goes through pipes, so that whoever
 * we are by then can go on. */
#ifndef TOOL_QUEUE_MTA_H
#define TOOL_QUEUE_MTA_H

#include "base/error.h"
#include "base/text.h"

#include <stdio.h>
#include <sys/types.h>

struct mta {
    const char *program;
    pid_t pid;  /* 0: not running */
    FILE *in;   /* what it reads; NULL: nothing, or closed */
    FILE *out;  /* what it writes to standard output; NULL: that goes nowhere */
    int errors; /* a file with what it says; -1: none */
};

#define MTA_NOT_STARTED ((struct mta){.errors = -1})

/* Finds a folder whose configuration nobody but root can have written: it names programs, and
 * root's postqueue(1) runs one where Postfix does not. `*real` is what to use in its place, without
 * links; to be freed. -EPERM, -errno. */
int mta_find_folder(const char *config_dir, char **real, struct error *why);

/* `postqueue [-c DIR] -j`, to be read from `out`. -ENOENT: it is not installed. -errno. */
int mta_list(const char *config_dir, struct mta *mta, struct error *why);

/* `postsuper [-c DIR] FLAG -`, which takes queue ids from `in`, one a line. */
int mta_super(const char *config_dir, const char *flag, struct mta *mta, struct error *why);

/* Lets it come to its end and leaves what it said. -EIO: it failed, `why` has its last words. */
int mta_finish(struct mta *mta, struct text *said, struct error *why);

/* Gives up on it; also where it was never started. */
void mta_drop(struct mta *mta);

#endif
