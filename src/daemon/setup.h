/* The setup: a configuration and the keys that were read with it. A reload replaces it as a whole;
 * what is under way keeps the one that it began with. */
#ifndef DAEMON_SETUP_H
#define DAEMON_SETUP_H

#include "base/error.h"
#include "config/config.h"
#include "core/token.h"
#include "store/keys.h"

#include <stdatomic.h>
#include <stdbool.h>

/* Does not change. */
struct setup {
    const struct config *config;
    int key_code; /* 0, or why the keys do not count; `key_why` says it */
    struct error key_why;
    struct lookup_key key;
    struct address_key address;  /* where the daemon asks for it */
    struct token_sealer *sealer; /* of the current token key; NULL where the keys do not count */
    void *extra;                 /* what the daemon made of the configuration; or NULL */
    struct setup *lender;        /* whose `extra` it is, with a reference; NULL: its own */
    atomic_uint users;
    const struct setup_kind *kind;
};

/* What a daemon needs. */
struct setup_kind {
    bool needs_address_key;
    /* Makes `extra` of a configuration that was read, and frees it. NULL: nothing. */
    int (*make)(const struct config *config, void **extra, struct error *why);
    void (*release)(void *extra);
};

/* The setup of now. */
struct setups;

/* Reads configuration and keys. Missing keys are no error here: what needs them has to wait until
 * they are there, and they are looked for again once a second at most; what was made of the
 * configuration is not made again for that. `kind` stays where it is.
 * -errno, ERR_CONFIG, or as setup_kind.make. */
int setups_new(const char *config_path, const struct setup_kind *kind, struct setups **setups,
               struct error *why);
/* NULL is allowed. */
void setups_free(struct setups *setups);

/* From any thread. */
struct setup *setups_take(struct setups *setups);
/* Counts one more user; returns its argument. */
struct setup *setup_hold(struct setup *setup);
/* NULL is allowed. */
void setup_give(struct setup *setup);

/* Reads everything again, for a reload: one to be given back or to be put in the place of the
 * other, which takes the reference. Here missing keys are an error. */
int setups_read(struct setups *setups, struct setup **fresh, struct error *why);
void setups_replace(struct setups *setups, struct setup *fresh);

#endif
