/* Whom a cell is about: an address in whatever dress, or a SHA-256. */
#ifndef EXCHANGE_WHO_H
#define EXCHANGE_WHO_H

#include "exchange/row.h"

#include <stdbool.h>
#include <stddef.h>

/* Reads an address out of a list of others: with a name around <>, with `mailto:`, with the
 * apostrophes of spreadsheets, with blanks that only Unicode calls so; or 64 hex digits. 0 (the
 * address or the digest is set), a fault, -ENOMEM. */
int who_read(const char *text, size_t length, struct row_who *who);

/* Reads a canonical address, or "@domain", as our own export writes it. 0, a fault, -ENOMEM. */
int who_read_own(const char *text, size_t length, struct row_who *who);

/* Reads 64 hex digits. 0, FAULT_HASH. */
int who_read_digest(const char *text, struct row_who *who);

#endif
