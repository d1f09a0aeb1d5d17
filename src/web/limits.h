/* How often one client may do something. A client is an IPv4 address or the /64 network of an IPv6
 * one. Each has a bucket that a minute fills; memory is fixed, and who was not there for longest
 * makes room. */
#ifndef WEB_LIMITS_H
#define WEB_LIMITS_H

#include "base/network.h"

#include <stdbool.h>
#include <stdint.h>

enum limit {
    LIMIT_LINK,     /* a valid link was used */
    LIMIT_LOOK,     /* it was looked at; link scanners use up nobody's clicks */
    LIMIT_BAD_LINK, /* one that is not valid */
    LIMIT_ADDRESS,  /* an address was entered into a general page */
    LIMIT_COUNT
};

struct limits;

/* NULL without memory. */
struct limits *limits_new(void);
void limits_free(struct limits *limits);

/* Counts once more, and says whether that was within `rate` a minute (0: any number is). `now_ms`
 * is of a clock that only goes on. Safe from any thread. */
bool limits_allow(struct limits *limits, enum limit limit, const struct ip *client, unsigned rate,
                  int64_t now_ms);

/* How many connections one address has. Two addresses may, rarely, be counted as one. */
unsigned limits_connections(const struct limits *limits, const struct ip *peer);
void limits_enter(struct limits *limits, const struct ip *peer);
void limits_leave(struct limits *limits, const struct ip *peer);

#endif
