/* The header of a message in a file, as an MTA would hand it to a milter. */
#ifndef TOOL_EML_H
#define TOOL_EML_H

#include "base/error.h"
#include "base/pool.h"
#include "core/message.h"

#include <stddef.h>
#include <stdio.h>

#define EML_HEADER_MAX (4 << 20) /* octets; the milter keeps no more of one message either */

/* Reads the header fields up to the empty line, or up to what is none (RFC 5322 section 2.2). Lines
 * may end in CRLF or LF; folded ones are kept as they are, with LF. A "From " line in front, as
 * mailboxes have, is skipped. All lies in the pool. ERR_TOO_LONG, ERR_SYNTAX (a NUL), -EIO,
 * -ENOMEM.
 */
int eml_read(FILE *file, struct pool *pool, const struct header_field **fields, size_t *count,
             struct error *why);

#endif
