/* What happens, in numbers, as Prometheus reads them: of this program since it started, and of the
 * whole site from its stores, so that the milter needs no listener. */
#ifndef WEB_METRICS_H
#define WEB_METRICS_H

#include "base/text.h"
#include "web/web.h"

#include <stdint.h>

struct metrics;

/* NULL without memory. */
struct metrics *metrics_new(void);
/* NULL is allowed. */
void metrics_free(struct metrics *metrics);

/* Safe from any thread. */
void metrics_answered(struct metrics *metrics, const struct request *request);
void metrics_wrote(struct metrics *metrics, int64_t microseconds); /* from submission to commit */
void metrics_failed(struct metrics *metrics);                      /* the list could not be had */
void metrics_turned_away(struct metrics *metrics);                 /* a connection */

/* Answers /metrics. */
void metrics_get(struct visit *visit);

/* The lines before a family's values. */
void metrics_family(struct text *text, const char *name, const char *type, const char *help);
/* A label's value, without its quotes. */
void metrics_label(struct text *text, const char *value);

#endif
