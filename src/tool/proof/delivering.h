/* Handing a line of text to places outside, as the option checkpoint_to names them. */
#ifndef TOOL_DELIVERING_H
#define TOOL_DELIVERING_H

#include "base/error.h"
#include "config/config.h"

/* To each place; it goes on where one refuses. -EIO, ...: `why` tells of the first place that did
 * not take it. ERR_CONFIG: none is named. */
int deliver_line(const struct config *config, const char *line, struct error *why);

/* To the daemon of syslog(3) that listens at `path`, unlike which it says whether that took it.
 * -errno. */
int deliver_to_syslog(const char *path, const char *line, struct error *why);

/* To a program's standard input, which has the line with a line break; its first word is what it
 * is called with. -EIO: it did not end with 0; -errno. */
int deliver_to_command(const char *path, const char *line, struct error *why);

#endif
