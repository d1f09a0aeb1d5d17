#include "tool/upkeep/compacting.h"

#include "base/file.h"
#include "store/erase.h"
#include "store/renew.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

static uint64_t size_of(const char *folder)
{
    struct stat file = {.st_size = 0};
    char *path = file_join(folder, ENV_DATA_FILE);
    if (path)
        stat(path, &file);
    free(path);
    return (uint64_t)file.st_size;
}

/* The version is asked first: what is written during the copy is taken over afterwards. */
static int copy_aside(struct renewal *r, struct error *why)
{
    char *path = file_join(r->part->aside, ENV_DATA_FILE);
    struct txn *txn;

    int code = path ? txn_begin_read(r->old.store->env, &txn) : -ENOMEM;
    if (code == 0) {
        r->version = txn_version(txn);
        txn_abort(txn);
        code = store_copy(r->old.store, path, why);
    }
    free(path);
    return code;
}

int compacting_run(struct upkeep *upkeep, const struct part *part, struct compacted *compacted,
                   struct error *why)
{
    struct renewal r = {.upkeep = upkeep, .part = part};
    uint64_t before = size_of(part->folder);

    int code = renewal_begin(&r, why);
    if (code == 0)
        code = renewal_open_old(&r, why);
    if (code == 0)
        code = copy_aside(&r, why);
    if (code == 0)
        code = renewal_open_fresh(&r, why);
    /* What is erased while others go on writing leaves its mark in the fresh one again. */
    if (code == 0)
        code = erase_clear_residue(r.fresh.store, why);
    if (code == 0)
        code = renewal_put(&r, why);
    if (code == 0)
        *compacted = (struct compacted){before, size_of(part->folder)};
    renewal_end(&r);
    return code;
}
