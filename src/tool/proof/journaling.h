/* Journals as files: written for `optout log --journal`, checked for `optout verify --journal`. */
#ifndef TOOL_JOURNALING_H
#define TOOL_JOURNALING_H

#include "tool/proof/witness.h"
#include "tool/site.h"

/* Writes the events of the list or the ledger to standard output, as they lie in the journal up to
 * its end. `which` is "list" or "ledger". As a run function: a status or an error. */
int journaling_write(struct site *site, const char *which, struct error *why);

/* Checks the journal in a file and asks the witnesses, which were read. Without keys in the ring
 * signatures of cuts are not looked at, and it says so. STATUS_OK, STATUS_NO, or an
 * error: it cannot be read. */
int journaling_verify(const char *path, const struct signing_ring *ring,
                      struct witnesses *witnesses, bool json, struct error *why);

#endif
