/* HTTP, and nothing else: what comes in becomes a `struct request`, what is answered goes out. The
 * only place that knows libmicrohttpd. */
#ifndef WEB_SERVER_H
#define WEB_SERVER_H

#include "base/error.h"
#include "web/web.h"

#define SERVER_BODY_MAX 8192        /* octets; more are a 413 */
#define SERVER_BODY_READ (64 << 10) /* of such a body, so that its sender gets to the answer */
#define SERVER_HEADER_MAX 8192      /* octets; more are a 431 */
#define SERVER_IDLE_SECONDS 10      /* after which a silent connection is closed */

struct server;

/* Listens where the configuration says and serves from now on. -errno, ERR_CONFIG. */
int server_start(struct web *web, struct server **server, struct error *why);

/* Takes no new connection, lets what is under way come to its end for at most so many seconds, and
 * frees the server. Returns how many requests were left; then nothing was freed, and the process
 * should end. */
unsigned server_stop(struct server *server, unsigned seconds);

#endif
