/* Who asks: whoever connected, or whom a proxy that is believed names in X-Forwarded-For. */
#ifndef WEB_CLIENT_H
#define WEB_CLIENT_H

#include "base/network.h"
#include "config/config.h"

#include <stdbool.h>
#include <sys/socket.h>

/* The address of a socket; that of a Unix socket is ::. */
struct ip client_peer(const struct sockaddr *address);

/* Whether it is one of the proxies, as everybody is who comes by a Unix socket. */
bool client_is_proxy(const struct web_config *web, const struct ip *peer);

/* The last address of the field's value (NULL: there was none) that no proxy of ours has; the peer
 * itself where it is no proxy, and where there is no such address. */
struct ip client_of(const struct web_config *web, const struct ip *peer, const char *forwarded);

/* Whether it comes from this host itself, without a proxy. */
bool client_is_local(const struct ip *peer, const char *forwarded);

#endif
