/* What a ledger can tell of: for which scope and time it must have all mail that was handed on.
 *
 * Read once over the whole ledger, then asked about many people. What leaves anything open counts
 * as not covered. */
#ifndef STORE_LEDGER_REACH_H
#define STORE_LEDGER_REACH_H

#include "store/ledger.h"

#include <stdbool.h>
#include <stdint.h>

struct ledger_reach;

/* -ENOMEM, or as ledger_walk. To be given back by ledger_reach_free. */
int ledger_reach_read(struct ledger_view *view, struct ledger_reach **reach);
/* NULL is allowed. */
void ledger_reach_free(struct ledger_reach *reach);

/* Whether it must have all mail under the scope, and under those below it, from one moment to the
 * other (milliseconds, the second one not included). -ENOMEM. */
int ledger_reach_covers(struct ledger_reach *reach, const char *scope, int64_t from_ms,
                        int64_t until_ms, bool *covers);

#endif
