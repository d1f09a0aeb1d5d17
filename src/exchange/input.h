/* A file or a stream that is read once, from its beginning to its end, as UTF-8: counted, digested,
 * and translated as it passes. */
#ifndef EXCHANGE_INPUT_H
#define EXCHANGE_INPUT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define INPUT_DIGEST_SIZE 32

struct input;

/* Opens a file, or standard input where the path is "-". `encoding` is a name for iconv(3), or
 * NULL: then a byte order mark or the zeros of UTF-16 tell, and what is neither stays as it is; a
 * cell that is no UTF-8 is then to be taken for CP1252. A byte order mark goes before a name.
 *
 * Refused with advice, ERR_FORMAT: what is no list (workbooks, archives, compressed files), and an
 * empty file. ERR_NOT_FOUND: no such encoding. -errno. */
int input_open(const char *path, const char *encoding, struct input **input, struct error *why);

/* The first step of it alone, for who may open files that others may not. -errno. */
int input_file(const char *path, int *fd, struct error *why);
/* What the path's file is called in messages. */
const char *input_file_name(const char *path);

/* The same of an open descriptor, which is taken over, also on an error. `name` is for messages and
 * is copied. */
int input_open_fd(int fd, const char *name, const char *encoding, struct input **input,
                  struct error *why);
/* NULL is allowed. */
void input_close(struct input *input);

/* Puts up to `size` octets (ENCODER_ROOM at least) into `buffer`, without a byte order mark.
 * *length is 0 at the end only. -errno. */
int input_read(struct input *input, char *buffer, size_t size, size_t *length, struct error *why);

/* The file's name without its folders, "standard input"; as long as the input. */
const char *input_name(const struct input *input);
/* The name of what it is translated from; NULL where octets stay as they are. */
const char *input_encoding(const struct input *input);
/* Whether a byte order mark was in front. */
bool input_has_mark(const struct input *input);
/* Whether nobody said which encoding it is: cells that are no UTF-8 are CP1252 then. */
bool input_is_guessed(const struct input *input);

/* Whether the open descriptor is of the same file, which must then not be written. */
bool input_is_file(const struct input *input, int fd);

/* Octets of the file read so far, and of the whole; 0 where that is not known. Both count from
 * where it was opened. */
uint64_t input_done(const struct input *input);
uint64_t input_size(const struct input *input);

/* SHA-256 of all that was read; a digest of the file only once input_read came to the end, or where
 * input_drain did. ERR_CRYPTO. */
int input_digest(const struct input *input, uint8_t digest[INPUT_DIGEST_SIZE]);

/* Reads the rest for the digest's sake. -errno. */
int input_drain(struct input *input, struct error *why);

#endif
