/* Rows that could not be read, in a file of the same form and encoding as the input: to be mended
 * and read again. */
#ifndef EXCHANGE_REJECTS_H
#define EXCHANGE_REJECTS_H

#include "exchange/input.h"
#include "exchange/reader.h"

#include <stdint.h>

struct rejects;

/* Makes the file, or empties the one that is there; nobody else may read a new one. The input and
 * the frame live longer. -EINVAL: it is the input itself. -errno. */
int rejects_open(const char *path, const struct input *input, const struct reader_frame *frame,
                 struct rejects **rejects, struct error *why);

/* Writes a rejected row. One that is too large to be kept has no text and is only counted. -errno.
 */
int rejects_add(struct rejects *rejects, const struct row *row, struct error *why);

/* Ends the file and sees that it is on disk; without rows it is empty. NULL is allowed. The rejects
 * are gone, also on an error. -errno. */
int rejects_close(struct rejects *rejects, struct error *why);

#endif
