/* Whom the parts of a site belong to, by the configuration. */
#ifndef TOOL_OWNERS_H
#define TOOL_OWNERS_H

#include "config/config.h"
#include "tool/upkeep/place.h"

#include <stdbool.h>

struct owners {
    struct owner list; /* and keys */
    struct owner ledger;
    char group[64];      /* the name of the group that both have */
    bool milter_outside; /* milter_user is not in it */
};

/* Where the configuration names nobody, they are those of the process. -ENOENT for names that
 * nobody has; -EPERM for who is not root where others are named. */
int owners_find(const struct config *config, struct owners *owners, struct error *why);

/* Whether there are the users and the group that the configuration names. ERR_CONFIG: one of them
 * there is not. -errno: nobody can tell. */
int owners_check(const struct config *config, struct error *why);

/* Adds what to do to a sentence about a user or group that there is not. Returns code. */
int owners_explain(const struct config *config, int code, struct error *why);

#endif
