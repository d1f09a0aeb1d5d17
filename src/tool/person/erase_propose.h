/* Proposing erasures, for `optout erase` where another person has to approve them. */
#ifndef TOOL_ERASE_PROPOSE_H
#define TOOL_ERASE_PROPOSE_H

#include "base/error.h"
#include "tool/command.h"

#include <stdbool.h>
#include <stdio.h>

/* One address, or where it is NULL those of the file's lines; bad ones are told and left out.
 * STATUS_PROPOSED, STATUS_NO where lines were left out; as site_open, approval_propose. */
int erase_propose(const struct call *call, const char *address, FILE *file, const char *note,
                  bool json, struct error *why);

#endif
