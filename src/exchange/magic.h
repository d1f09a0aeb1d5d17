/* What a file is that is no list at all, told from its first bytes. */
#ifndef EXCHANGE_MAGIC_H
#define EXCHANGE_MAGIC_H

#include <stddef.h>

#define MAGIC_SIZE 4096 /* octets that are enough to look at */

/* NULL where the bytes may be a list; else what they are and what to do instead, to be set behind
 * the file's name and "is ". */
const char *magic_refusal(const char *bytes, size_t length);

#endif
