/* Turns of those who write batches: an undo works on its source alone, and one input of one source
 * is imported by one process at a time. */
#ifndef STORE_TURN_H
#define STORE_TURN_H

#include "base/error.h"
#include "store/event.h"

/* Takes the turn for an input, by its digest, or where that is NULL for the source as a whole; a
 * source of NULL is that of who names none. It ends with turn_end, or with the process, however
 * that comes. ERR_BUSY: somebody has it; -errno. */
int turn_take(const char *list_folder, const char *source, const uint8_t *digest, int *turn,
              struct error *why);
/* -1 is allowed. */
void turn_end(int turn);

/* Whether somebody has the turn, in the same terms: 1 or 0; -errno where it cannot be told. For who
 * may read the list. */
int turn_is_taken(const char *list_folder, const char *source, const uint8_t *digest);

#endif
