/* What is different between two texts, as diff(1) shows it. The texts lie in memory alone. */
#ifndef TOOL_DIFFERING_H
#define TOOL_DIFFERING_H

#include "base/error.h"
#include "base/text.h"

/* Appends the differing lines with three around them (diff -u), without names of files; nothing
 * where the texts are the same. -errno, ERR_NOT_FOUND (there is no diff(1)); `why` tells. */
int differing_show(const char *before, const char *after, struct text *difference,
                   struct error *why);

#endif
