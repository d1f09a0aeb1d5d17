/* What a daemon owes to whoever started it: to say when it is ready, and why it is not. */
#ifndef BASE_DAEMON_H
#define BASE_DAEMON_H

#include "base/error.h"

/* Goes into the background: the caller returns in a child process without a terminal. The parent
 * waits until the child says daemon_ready and then exits with 0; if the child ends before, it exits
 * as the child does, whose words went to the same standard error. Before any thread is started.
 * -errno. */
int daemon_detach(struct error *why);

/* Tells the service manager and, after daemon_detach, the parent; standard streams then lead
 * nowhere. */
void daemon_ready(void);

/* Tells the service manager that the end has begun. */
void daemon_stopping(void);

/* Lets the process open as many files as the system allows it; returns how many that are. */
unsigned long daemon_raise_files(void);

#endif
