/* Stop signals of the terminal (Ctrl-Z), held off while a store is in use: a process that is
 * stopped in the middle keeps others waiting, and what it was reading keeps a store growing. */
#ifndef TOOL_STOPS_H
#define TOOL_STOPS_H

#include <stdbool.h>

void stops_hold(void);

/* A stop that came meanwhile happens now. Returns whether they were held. */
bool stops_release(void);

#endif
