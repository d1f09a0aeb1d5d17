/* The start of a daemon up to its own work, and how it hears of signals. */
#ifndef DAEMON_START_H
#define DAEMON_START_H

#include "base/error.h"
#include "config/config.h"

#include <signal.h>
#include <stdbool.h>

struct daemon_program {
    const char *name;
    const char *does; /* a sentence for --help */
    /* Whom of a configuration it becomes where root starts it; NULL: no change. */
    const char *(*user)(const struct config *config);
    /* Finds out, as that user, whether it could do its work with a configuration that is
     * well-formed, and no more than that; NULL: that says enough. */
    int (*check)(const struct config *config, struct error *why);
};

struct daemon_arguments {
    const char *config;
    bool foreground;
    bool check;
};

/* -c, -f, -n, -h and -V. Leaves the process for --help, --version and what is not understood. */
struct daemon_arguments daemon_arguments(const struct daemon_program *program, int argc,
                                         char **argv);

/* The whole of -n: says what is wrong with the configuration, or that nothing is; root's rights may
 * be gone then. An exit status. */
int daemon_check(const struct daemon_program *program, const char *path);

/* Leaves a sentence on standard error, and whom it holds for. An exit status. */
int daemon_fail(const struct daemon_program *program, int code, const struct error *why);
/* The same in the log, after what follows from it. */
void daemon_warn(const char *consequence, int code, const struct error *why);

/* Gives up root, and goes into the background where it shall. *config is the configuration's path
 * as it holds after that, to be freed. -errno, ERR_CONFIG, -ENOMEM. */
int daemon_begin(const struct daemon_program *program, const struct daemon_arguments *arguments,
                 char **config, struct error *why);

/* Blocks what daemon_wait waits for, in all threads that are started later. */
void daemon_block_signals(sigset_t *set);

/* Calls `reload` for each USR1 or HUP and tells the log what became of it; returns at TERM or INT.
 */
void daemon_wait(const sigset_t *set, int (*reload)(void *argument, struct error *why),
                 void *argument);

/* As daemon_raise_files; a warning where `needed` are too many for this process. */
void daemon_need_files(unsigned long needed, const char *option);

#endif
