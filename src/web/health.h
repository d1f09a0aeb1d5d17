/* /healthz: whether an opt-out could be stored now. It is found out by storing something, once a
 * second at most. */
#ifndef WEB_HEALTH_H
#define WEB_HEALTH_H

#include "web/web.h"

void health_get(struct visit *visit);

#endif
