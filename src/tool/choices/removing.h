/* Withdrawing single choices, for `optout remove` and for the approval of one. */
#ifndef TOOL_REMOVING_H
#define TOOL_REMOVING_H

#include "tool/site.h"

#include <stdbool.h>
#include <stddef.h>

/* A row that is to be withdrawn; what it points to lies in the site's pool. */
struct removing {
    struct subject subject;
    struct choice choice;
    struct list_identity identity;
};

/* Fills one in, of a row that stands. Needs a view. */
void removing_fill(struct site *site, const struct subject *subject, const struct choice *choice,
                   struct removing *row);

/* Withdraws all of them in one event, and tells of each. As list_withdraw. */
int removing_run(struct site *site, const struct removing *rows, size_t count,
                 const struct act *act, bool json, struct error *why);

#endif
