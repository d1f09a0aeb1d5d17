#include "store/renew.h"
#include "tool/command.h"
#include "tool/output.h"
#include "tool/upkeep/upkeep.h"

#include <inttypes.h>

enum { REBUILD, QUIET, JSON };
static const struct flag flags[] = {
    {.name = "rebuild", .text = "make all that follows from the journals anew"},
    {.name = "quiet", .letter = 'q', .text = "do not tell how far it has come"},
    {.name = "json", .text = "one JSON object a line"},
    {0},
};

/* There is one format yet: a store of another one does not open, and says so. */
static void tell(const struct part *part, uint64_t rebuilt, bool json)
{
    if (json) {
        json_t *object = json_object();
        output_put_text(object, "store", part->name);
        output_put_number(object, "format", STORE_FORMAT);
        output_put_number(object, "needed", STORE_FORMAT);
        output_put_bool(object, "rebuilt", rebuilt > 0);
        output_json(object);
    } else if (rebuilt > 0) {
        output_line("%s: format %d, rebuilt from %" PRIu64 " events", part->name, STORE_FORMAT,
                    rebuilt);
    } else {
        output_line("%s: format %d, up to date", part->name, STORE_FORMAT);
    }
}

static int check(struct upkeep *upkeep, const struct part *part, bool json, struct error *why)
{
    struct part_store store;
    int code = part_open(part, part->folder, ENV_READ, &upkeep->keys, &store, why);
    if (code)
        return code;
    tell(part, 0, json);
    return part_close(&store);
}

static int rebuild(struct upkeep *upkeep, const struct part *part, bool json, struct error *why)
{
    struct renewal r = {.upkeep = upkeep, .part = part};

    int code = renewal_begin(&r, why);
    if (code == 0)
        code = renewal_open_old(&r, why);
    if (code == 0)
        code = journal_check(r.old.store, why); /* or the new one would hide its faults */
    if (code == 0)
        code = store_create_like(part->aside, r.old.store, part->map_size, why);
    if (code == 0)
        code = renewal_open_fresh(&r, why);
    if (code == 0)
        code = renewal_catch_up(&r, why);
    if (code == 0)
        code = renewal_put(&r, why);
    if (code == 0)
        tell(part, r.events, json);
    renewal_end(&r);
    return code;
}

static int run(const struct call *call)
{
    return upkeep_run(call->config_file, call->values[REBUILD] ? rebuild : check,
                      call->values[JSON], call->values[QUIET]);
}

const struct command command_migrate = {
    .name = "migrate",
    .arguments = "",
    .text = "say which format the stores have, or rebuild them",
    .flags = flags,
    .role = ROLE_OPS,
    .run = run,
};
