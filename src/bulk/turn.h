/* Whose turn it is: one input of one source is imported by one process at a time. */
#ifndef BULK_TURN_H
#define BULK_TURN_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Takes the turn for what the digest and the source stand for. It ends with turn_end, or with the
 * process. ERR_BUSY: another one has it; -errno. */
int turn_take(const char *list_folder, const uint8_t *digest, size_t size, const char *source,
              int *turn, struct error *why);
/* -1 is allowed. */
void turn_end(int turn);

#endif
