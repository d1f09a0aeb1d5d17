/* Taking one file of a drop folder, for `optout sync`: imported by its source's profile, then moved
 * to where it belongs, with a report beside it.
 *
 * Killed at any moment, the next run takes the file again, finds what is in the list already, and
 * moves it. */
#ifndef TOOL_SYNCING_H
#define TOOL_SYNCING_H

#include "tool/lists/drop.h"
#include "tool/lists/profile.h"
#include "tool/site.h"

#include <stdbool.h>
#include <stdint.h>

struct syncing {
    struct site site; /* the list is open to write; in a dry run to read */
    bool dry_run, json, quiet;
    int64_t settle; /* seconds for which a file must not have changed */
};

/* What became of it is told. Returns the exit status that it stands for; -EINTR: a signal came and
 * the file stays. */
int syncing_take(struct syncing *syncing, const struct profile *profile, const struct drop *drop,
                 const char *name);

#endif
