/* The access log: one line for each request, without token, mail address and the last part of the
 * client's address. */
#ifndef WEB_ACCESS_H
#define WEB_ACCESS_H

#include "web/request.h"

#define ACCESS_CLIENT_SIZE 64

/* An IPv4 address without its last octet, an IPv6 one without all behind its /48. */
const char *access_client(const struct ip *client, char text[ACCESS_CLIENT_SIZE]);

void access_log(const struct request *request, int64_t microseconds);

#endif
