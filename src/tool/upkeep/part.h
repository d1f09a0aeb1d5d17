/* List and ledger of a site as two of one kind: what is backed up, restored, compacted and rebuilt
 * in the same way. */
#ifndef TOOL_PART_H
#define TOOL_PART_H

#include "config/config.h"
#include "store/keys.h"
#include "store/ledger.h"
#include "store/list.h"
#include "tool/owners.h"
#include "tool/progress.h"

#include <stdbool.h>

/* Permissions of the folders and of the data files in them: the list's readers may not write it,
 * the milter owns the ledger and the tool may write it too. */
#define PART_LIST_MODE 02750
#define PART_LIST_DATA_MODE 0640
#define PART_LEDGER_MODE 02770
#define PART_LEDGER_DATA_MODE 0660

struct part {
    bool is_list;
    const char *name; /* "list", "ledger" */
    char *folder;     /* where everybody looks for it */
    char *aside;      /* where another one is made */
    uint64_t map_size;
    mode_t mode, data_mode; /* of the folder, and of the data file */
    const struct owner *owner;
};

struct part_keys {
    const struct lookup_key *lookup;
    const struct address_key *address; /* of a list; NULL: words cannot be read */
};

/* One of them, open. */
struct part_store {
    struct list *list; /* one of the two */
    struct ledger *ledger;
    struct store *store; /* what they have in common; NULL: nothing is open */
};

/* `owners` must live longer. To be released whatever it returns. -ENOMEM. */
int part_init(struct part *part, bool is_list, const struct config *config,
              const struct owners *owners);
void part_release(struct part *part);

/* Opens the store in `folder`, which need not be the part's own. As list_open, ledger_open. */
int part_open(const struct part *part, const char *folder, enum env_access access,
              const struct part_keys *keys, struct part_store *store, struct error *why);
/* ERR_BUSY as store_close. */
int part_close(struct part_store *store);

/* From now on what takes long with the store is told; `progress` must live longer than it. */
void part_watch(struct part_store *store, struct progress *progress);

/* Checks its chain and what follows from it; *events: how many there are. As list_verify. */
int part_verify(const struct part_store *store, uint64_t *events, struct error *why);

#endif
