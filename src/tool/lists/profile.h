/* How the lists of a source are read, by its section of the configuration. */
#ifndef TOOL_PROFILE_H
#define TOOL_PROFILE_H

#include "config/config.h"
#include "exchange/mapping.h"
#include "exchange/reader.h"

#include <stdint.h>

struct profile {
    const struct source *source;
    struct reader_options options;
    struct zone zone; /* the options look at it, so the whole must not be moved */
    struct mapping mapping;
    uint64_t max_new;
};

/* Checks what the configuration's reader could not. To be called before site_open, as a zone is
 * asked of a child process. ERR_CONFIG: the sentence begins with file and line; -ENOMEM. To be
 * released whatever it returns. */
int profile_make(const struct config *config, const struct source *source, struct profile *profile,
                 struct error *why);
void profile_release(struct profile *profile);

#endif
