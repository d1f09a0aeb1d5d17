/* A result that must come as a whole or not at all: kept in a file without a name until it is
 * certain that it is one. A pipe's reader that looks at no exit status could take half of it for
 * the whole. */
#ifndef TOOL_SPOOL_H
#define TOOL_SPOOL_H

#include "base/error.h"

/* Makes an empty file without a name in $TMPDIR, or in /tmp; the descriptor is the caller's.
 * -errno. */
int spool_open(int *fd, struct error *why);

/* Writes all of it to standard output. -errno. */
int spool_hand_over(int fd, struct error *why);

#endif
