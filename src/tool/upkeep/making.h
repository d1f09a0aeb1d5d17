/* Making a site: keys, list and ledger, each of which is there as a whole or not at all.
 *
 * Keys and stores are made in a folder MAKING_FOLDER beside their place, where nobody looks, and
 * moved up when they are complete. That folder in key_dir stays until everything is there, so a
 * next run knows that it goes on with its own work, and not with what is left of an old site. */
#ifndef TOOL_MAKING_H
#define TOOL_MAKING_H

#include "base/error.h"
#include "tool/owners.h"
#include "tool/site.h"

#include <stdbool.h>

#define MAKING_FOLDER ".init"
#define MAKING_KEYS_COUNT 3
#define MAKING_KEY_NAMES "lookup, address and signing"

struct present {
    bool interrupted; /* an earlier run did not come to its end */
    unsigned keys;    /* of the three files */
    bool list, ledger;
};

struct making {
    struct config *config;
    struct owners owners;
    struct present present;
    char *list, *ledger;      /* folders of the stores */
    char *key_stage;          /* key_dir/.init */
    int lock;                 /* on key_stage, -1: none */
    struct lookup_key lookup; /* from making_keys on */
    struct address_key address;
    char staff[STAFF_SIZE];
};

/* Reads the configuration and looks at what there is. To be closed whatever it returns. -errno,
 * ERR_CONFIG; -EPERM for who is not root where files are to belong to others. */
int making_open(const char *config_file, struct making *making, struct error *why);
void making_close(struct making *making);

/* The folders. -EAGAIN: somebody else is at it. */
int making_begin(struct making *making, struct error *why);
/* What is there is left alone and used. */
int making_keys(struct making *making, struct error *why);
int making_list(struct making *making, struct error *why);
/* The scopes that the configuration speaks of: "/", those of streams and of brands, each once. The
 * caller frees the list; its strings belong to the configuration. NULL without memory. */
const char **making_scopes(const struct config *config, size_t *count);
int making_ledger(struct making *making, struct error *why);
int making_end(struct making *making, struct error *why);

#endif
