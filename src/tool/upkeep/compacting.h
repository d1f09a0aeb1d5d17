/* A copy without free pages in the place of a store: gives room back to the disk, and takes away
 * what was erased from the file, too. */
#ifndef TOOL_COMPACTING_H
#define TOOL_COMPACTING_H

#include "tool/upkeep/upkeep.h"

/* Sizes of the data file, in octets. */
struct compacted {
    uint64_t before, after;
};

/* Nobody in this process has the store open. As renewal_put. */
int compacting_run(struct upkeep *upkeep, const struct part *part, struct compacted *compacted,
                   struct error *why);

#endif
