/* Turns: of imports and undos of one source, only one is at work. Another one could not tell which
 * rows are about to come, or to go. */
#ifndef STORE_TURN_H
#define STORE_TURN_H

#include "base/error.h"

#define TURN_FILE "turns" /* in the data directory */

/* Takes the source's turn (NULL: that of who names none), and leaves the descriptor that holds it
 * until turn_leave, or the end of the process, however that comes. Only for who owns the list.
 * ERR_BUSY: somebody has it; -errno. */
int turn_take(const char *data_dir, const char *source, int *turn, struct error *why);

/* -1 is allowed. */
void turn_leave(int turn);

/* Whether somebody has the source's turn: 1 or 0; -errno where it cannot be told. For who may read
 * the list. */
int turn_is_taken(const char *data_dir, const char *source);

#endif
