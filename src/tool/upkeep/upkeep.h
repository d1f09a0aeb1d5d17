/* Work on the stores of a site as a whole: compacting, rebuilding, restoring. A new store is made
 * aside and takes the place of the old one, by store/renew.h.
 *
 * Started by root, it acts as the user that owns the list, and as root only where it gives the
 * ledger to its owner. */
#ifndef TOOL_UPKEEP_H
#define TOOL_UPKEEP_H

#include "tool/site.h"
#include "tool/upkeep/part.h"

struct upkeep {
    struct config *config;
    struct owners owners;
    struct part list, ledger;
    struct lookup_key lookup;
    struct address_key address;
    struct part_keys keys;
    char staff[STAFF_SIZE];
    int lock; /* on data_dir; -1: none */
    struct progress progress;
};

/* Reads the configuration. To be closed whatever it returns. ERR_CONFIG, -EPERM for who is not root
 * where files are to belong to others. */
int upkeep_open(const char *config_file, struct upkeep *upkeep, struct error *why);
void upkeep_close(struct upkeep *upkeep);

/* Makes data_dir where it is not there, becomes its owner, takes hold of it, reads the keys, and
 * removes what a run left behind that was killed. -EAGAIN: somebody else is at it. ERR_KEY. */
int upkeep_begin(struct upkeep *upkeep, struct error *why);

/* Takes hold of the folder that the stores lie in, for work on them as a whole; the caller closes
 * *lock. -EAGAIN: somebody else is at it. */
int upkeep_hold(const char *folder, int *lock, struct error *why);

/* Does that, then the work for the list and for the ledger; returns the exit status. */
int upkeep_run(const char *config_file,
               int (*work)(struct upkeep *upkeep, const struct part *part, bool json,
                           struct error *why),
               bool json, bool quiet);

/* One store that another one is to take the place of. */
struct renewal {
    struct upkeep *upkeep;
    const struct part *part;
    struct part_store old, fresh; /* old: not open where it is of no use */
    uint64_t version;             /* of the old store: all up to it is in the fresh one */
    /* Called last, with all in the fresh one; NULL: nothing is to be done. */
    int (*finish)(struct renewal *renewal, struct error *why);
    void *argument;   /* of `finish` */
    const char *keep; /* what the old one is to be called; NULL: it is removed */
    uint64_t events;  /* in the fresh one, once it was put in place */
};

/* Makes the folder aside, after a look whether it could change places, and whether the old one,
 * which is removed then, holds nothing of somebody else. -ENOTSUP, -EEXIST, -errno. */
int renewal_begin(struct renewal *renewal, struct error *why);
/* Opens the old store to write, or the one aside. As part_open. */
int renewal_open_old(struct renewal *renewal, struct error *why);
int renewal_open_fresh(struct renewal *renewal, struct error *why);
/* Takes over what the old store has got since. Others go on writing. As store_carry. */
int renewal_catch_up(struct renewal *renewal, struct error *why);
/* Verifies the fresh store and puts it in place of the old one, which others go on writing until
 * that moment. As store_carry, store_replace. */
int renewal_put(struct renewal *renewal, struct error *why);
/* Closes what is open and removes what lies aside. */
void renewal_end(struct renewal *renewal);

#endif
