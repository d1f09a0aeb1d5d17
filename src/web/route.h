/* Which handler a request goes to, by its method and path. */
#ifndef WEB_ROUTE_H
#define WEB_ROUTE_H

#include "web/web.h"

/* Answers the request, or suspends it until it can be answered. */
void route_request(struct web *web, struct request *request);

/* The path behind that of the public URL, which a proxy may pass on or cut off. */
const char *route_path(const char *public_url, const char *path);

#endif
