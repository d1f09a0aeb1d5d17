/* Some rows of an input in a file of the same form and encoding: those that could not be read, to
 * be mended and read again; those of a mailing list that may be mailed. */
#ifndef EXCHANGE_EXCERPT_H
#define EXCHANGE_EXCERPT_H

#include "exchange/input.h"
#include "exchange/reader.h"

struct excerpt;

/* Makes the file, or empties the one that is there; nobody else may read a new one. "-" is standard
 * output. The input and the frame live longer. -EINVAL: it is the input itself. -errno. */
int excerpt_open(const char *path, const struct input *input, const struct reader_frame *frame,
                 struct excerpt **excerpt, struct error *why);

/* The same in two steps, for who may open files that others may not: opens or makes the file, */
int excerpt_file(const char *path, int *fd, struct error *why);
/* and then empties it, and takes it over, also on an error. */
int excerpt_open_file(int fd, const char *path, const struct input *input,
                      const struct reader_frame *frame, struct excerpt **excerpt,
                      struct error *why);

/* The same of an open descriptor, which is taken over, also on an error; whether it gets to disk is
 * its owner's affair. `name` is for messages and is copied. */
int excerpt_open_fd(int fd, const char *name, const struct input *input,
                    const struct reader_frame *frame, struct excerpt **excerpt, struct error *why);

/* Writes what stands in front of the rows, also where none will come. -errno. */
int excerpt_begin(struct excerpt *excerpt, struct error *why);

/* Writes a row as it stands in the input. One that is too large to be kept has no text, and nothing
 * is written. -errno. */
int excerpt_add(struct excerpt *excerpt, const struct row *row, struct error *why);

/* Ends the file and sees that it is on disk; it is empty where nothing was begun or added. NULL is
 * allowed. The excerpt is gone, also on an error. -errno. */
int excerpt_close(struct excerpt *excerpt, struct error *why);

#endif
