/* The rows of one address, for showing. */
#ifndef TOOL_ROWS_H
#define TOOL_ROWS_H

#include "store/list.h"
#include "tool/site.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All rows of an address, and of its domain; of a "@domain" just those. They lie in the site's
 * pool. `withdrawn_by` may be NULL. As list_read. Needs a view. */
int rows_read(struct site *site, enum list_rows which, const struct address *address,
              struct choice **rows, size_t *count, struct event_name **withdrawn_by,
              struct error *why);

/* Keeps the rows that stand at this moment, at the front; returns how many they are. */
size_t rows_keep_standing(struct choice *rows, size_t count, int64_t now);

/* Which opt-outs and blocks keep back mail of `scope`; NULL: mail of their own scope, which is to
 * say anything at all. `rows` are all of a person that stand. *keeping lies in the pool. -ENOMEM.
 */
int rows_keeping_back(const struct choice *rows, size_t count, const char *scope, int64_t now,
                      struct pool *pool, const struct choice ***keeping, size_t *keeping_count);

#endif
