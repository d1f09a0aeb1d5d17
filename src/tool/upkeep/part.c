#include "tool/upkeep/part.h"

#include "base/file.h"

#include <errno.h>
#include <stdlib.h>

int part_init(struct part *part, bool is_list, const struct config *config,
              const struct owners *owners)
{
    *part = (struct part){.is_list = is_list,
                          .name = is_list ? "list" : "ledger",
                          .map_size = is_list ? config->list_size : config->ledger_size,
                          .mode = is_list ? PART_LIST_MODE : PART_LEDGER_MODE,
                          .data_mode = is_list ? PART_LIST_DATA_MODE : PART_LEDGER_DATA_MODE,
                          .owner = is_list ? &owners->list : &owners->ledger};
    part->folder = file_join(config->data_dir, part->name);
    part->aside = file_join(config->data_dir, is_list ? ".list-new" : ".ledger-new");
    return part->folder && part->aside ? 0 : -ENOMEM;
}

void part_release(struct part *part)
{
    free(part->folder);
    free(part->aside);
}

int part_open(const struct part *part, const char *folder, enum env_access access,
              const struct part_keys *keys, struct part_store *store, struct error *why)
{
    struct part_store s = {0};

    int code =
        part->is_list
            ? list_open(folder, access, part->map_size, keys->lookup, keys->address, &s.list, why)
            : ledger_open(folder, access, part->map_size, keys->lookup, &s.ledger, why);
    if (code)
        return code;
    s.store = part->is_list ? list_store(s.list) : ledger_store(s.ledger);
    *store = s;
    return 0;
}

int part_close(struct part_store *store)
{
    int code = store->list ? list_close(store->list) : ledger_close(store->ledger);
    if (code == 0)
        *store = (struct part_store){0};
    return code;
}

static void tell(uint64_t done, uint64_t of, void *argument)
{
    progress_tell(argument, done, of, done);
}

void part_watch(struct part_store *store, struct progress *progress)
{
    store->store->watch = tell;
    store->store->watcher = progress;
}

int part_verify(const struct part_store *store, uint64_t *events, struct error *why)
{
    struct txn *txn;
    int code = txn_begin_read(store->store->env, &txn);
    if (code)
        return env_explain(store->store->env, code, why);
    code = store->store->kind->verify(store->store, txn, events, why);
    txn_abort(txn);
    return code;
}
