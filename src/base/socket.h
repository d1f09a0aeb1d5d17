/* Sockets that a daemon waits on. */
#ifndef BASE_SOCKET_H
#define BASE_SOCKET_H

#include "base/error.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

struct socket_place {
    union {
        struct sockaddr any;
        struct sockaddr_in ipv4;
        struct sockaddr_in6 ipv6;
        struct sockaddr_un path;
    } address;
    socklen_t length;
};

/* "127.0.0.1:8480", "[::1]:8480" or "unix:/path": 0, ERR_SYNTAX, ERR_TOO_LONG. */
int socket_parse(const char *text, struct socket_place *place);

/* Whether a socket may be made at this path: nobody answers there, nothing but a socket has that
 * name, and its folder is there. `folder` ends the sentence about a folder that is missing.
 * ERR_CONFIG, -EADDRINUSE, -errno. */
int socket_check_unused(const char *path, const char *folder, struct error *why);

/* Opens a stream socket there and listens on it; the file of a Unix socket gets this mode, and
 * takes the place of one that nobody answers at. -errno, ERR_CONFIG. */
int socket_listen(const struct socket_place *place, mode_t mode, int *fd, struct error *why);

#endif
