/* Whom one of the two stores tells to be erased, while the other one was restored from before that.
 */
#ifndef TOOL_ERASING_AGAIN_H
#define TOOL_ERASING_AGAIN_H

#include "tool/upkeep/upkeep.h"

/* Erases them again, in both stores, which are not open; *count: of how many people there was
 * something. As erase_write. */
int erasing_again(struct upkeep *upkeep, uint64_t *count, struct error *why);

#endif
