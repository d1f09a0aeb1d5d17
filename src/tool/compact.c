#include "base/file.h"
#include "store/renew.h"
#include "tool/command.h"
#include "tool/output.h"
#include "tool/upkeep.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { QUIET, JSON };
static const struct flag flags[] = {
    {.name = "quiet", .letter = 'q', .text = "do not tell how far it has come"},
    {.name = "json", .text = "one JSON object a line"},
    {0},
};

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

static void tell(const struct part *part, uint64_t before, uint64_t after, bool json)
{
    if (json) {
        json_t *object = json_object();
        output_put_text(object, "store", part->name);
        output_put_number(object, "before", before);
        output_put_number(object, "after", after);
        output_json(object);
        return;
    }
    output_line("%s: %" PRIu64 " octets, before %" PRIu64, part->name, after, before);
}

static int compact(struct upkeep *upkeep, const struct part *part, bool json, struct error *why)
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
    if (code == 0)
        code = renewal_put(&r, why);
    if (code == 0)
        tell(part, before, size_of(part->folder), json);
    renewal_end(&r);
    return code;
}

static int run(const struct call *call)
{
    return upkeep_run(call->config_file, compact, call->values[JSON], call->values[QUIET]);
}

const struct command command_compact = {
    .name = "compact",
    .arguments = "",
    .text = "give the free space in list and ledger back to the disk",
    .flags = flags,
    .role = ROLE_OPS,
    .run = run,
};
