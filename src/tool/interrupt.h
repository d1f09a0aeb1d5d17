/* SIGINT and SIGTERM as a request: the first one ends the work behind the transaction in work, so
 * that it can be told how much is done; the second one ends the process at once. */
#ifndef TOOL_INTERRUPT_H
#define TOOL_INTERRUPT_H

#include <stdbool.h>

/* From now on they are noted. */
void interrupt_await(void);

/* Whether one came. */
bool interrupt_came(void);

/* Holds them off, or lets them through, while it would do harm, or somebody may have to wait. */
void interrupt_hold(void);
void interrupt_release(void);

#endif
