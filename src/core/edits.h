/* Edits: which header fields a marketing message loses and gets, planned before anything is
 * changed, so that `optout explain` tells what the milter does. */
#ifndef CORE_EDITS_H
#define CORE_EDITS_H

#include "base/pool.h"
#include "core/message.h"
#include "core/stream.h"
#include "core/token.h"
#include "core/verdict.h"

#include <stddef.h>
#include <stdint.h>

struct edit {
    const char *name;
    const char *value; /* to add; NULL: to remove */
    unsigned position; /* of the field to remove among those of its name, from 1 */
};

/* In the sequence in which they are to be made: removals from the last field to the first, since
 * each one shifts those behind it. */
struct edits {
    const struct edit *list;
    size_t count;
    /* d= of DKIM signatures of the application that no longer verify, because they cover a field
     * that is replaced or added. */
    const char *const *broken_signatures;
    size_t broken_count;
};

/* What to do for a verdict. `sealer` makes the token of a personal link, `day` is today in days
 * since 1970 (UTC). Nothing is planned where the policy has no public_url, or the verdict's link is
 * LINK_NONE. All lies in the pool. -ENOMEM, ERR_SYNTAX (a value that would not be a safe header),
 * ERR_CRYPTO. */
int edits_plan(const struct policy *policy, const struct stream *stream,
               const struct message *message, const struct recipient *recipients,
               const struct verdict *verdict, const struct token_sealer *sealer, uint16_t day,
               struct pool *pool, struct edits *edits);

#endif
