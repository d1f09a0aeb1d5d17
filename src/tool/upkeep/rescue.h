/* What a restore can still get out of the store that it replaces.
 *
 * That store may be damaged in any way, and LMDB trusts what it maps: so it is read by a process of
 * its own, which may be killed by what it finds. Whatever it had written into the restored store by
 * then is whole. */
#ifndef TOOL_RESCUE_H
#define TOOL_RESCUE_H

#include "tool/upkeep/part.h"

enum rescue_result {
    RESCUED,         /* all that it has is in the restored store */
    RESCUED_DAMAGED, /* the same, but the journal does not hold together */
    RESCUE_MISSING,  /* there is nothing in its place */
    RESCUE_FAILED,   /* it cannot be read, or only to a part; something may have been taken over */
    RESCUE_FOREIGN,  /* it has no history in common with the backup, or another one */
    RESCUE_ABORTED,  /* it could not be tried to the end, for a reason that is no damage */
};

struct rescue {
    enum rescue_result result;
    int code;         /* for RESCUE_ABORTED */
    struct error why; /* for all but the first */
};

/* Takes over what the store in place has and that aside lacks. `join`: even where they have no
 * event in common. Neither is open in this process. -errno: it could not be tried. */
int rescue_run(const struct part *part, const struct part_keys *keys, bool join,
               struct rescue *rescue);

#endif
