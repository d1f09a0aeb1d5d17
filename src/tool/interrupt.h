/* Being interrupted: the first SIGINT or SIGTERM is only noted, so that what is under way can come
 * to an end and tell how far it is; the second one ends the process at once. */
#ifndef TOOL_INTERRUPT_H
#define TOOL_INTERRUPT_H

#include <stdbool.h>

void interrupt_await(void);
bool interrupt_came(void);

/* Holds both signals off on this thread, or lets them come again. */
void interrupt_hold(void);
void interrupt_release(void);

#endif
