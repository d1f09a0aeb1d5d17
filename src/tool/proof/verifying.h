/* What `optout verify` does with the two stores.
 *
 * A store may be damaged in any way, and LMDB trusts what it maps: so it is read by a process of
 * its own, which may be killed by what it finds. */
#ifndef TOOL_VERIFYING_H
#define TOOL_VERIFYING_H

#include "tool/proof/witness.h"

#include <stdbool.h>

struct verifying {
    const char *config_file;
    const char *data_dir; /* a copy, of which no configuration is read; NULL: the site's own */
    bool keyless;         /* without any secret key */
    bool records;         /* writes an event of the result, where the ledger can be written */
    bool json;
    struct witnesses witnesses;
    struct signing_ring ring; /* to check them with; empty: that of the key folder */
};

/* Verifies and tells. The exit status. */
int verifying_run(struct verifying *verifying);

#endif
