/* The milter protocol by libmilter: the only place that knows it. */
#ifndef MILTER_CALLBACKS_H
#define MILTER_CALLBACKS_H

#include "base/error.h"
#include "milter/service.h"

/* Opens the socket of the configuration. A socket file that nobody answers at is replaced; one that
 * somebody does is -EADDRINUSE. Its mode is 0660, its group the folder's where that has the
 * set-group-id bit. ERR_CONFIG. */
int callbacks_listen(const char *listen, struct service *service, struct error *why);

/* Serves, and returns only if libmilter gives up. It takes no signals. */
void callbacks_serve(void);

/* From another thread. New connections are told to come back; those that are in a message go on. */
void callbacks_drain(const char *listen);

#endif
