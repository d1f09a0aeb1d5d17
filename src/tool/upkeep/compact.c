#include "tool/command.h"
#include "tool/output.h"
#include "tool/upkeep/compacting.h"

#include <inttypes.h>

enum { QUIET, JSON };
static const struct flag flags[] = {
    {.name = "quiet", .letter = 'q', .text = "do not tell how far it has come"},
    {.name = "json", .text = "one JSON object a line"},
    {0},
};

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
    struct compacted sizes;
    int code = compacting_run(upkeep, part, &sizes, why);
    if (code == 0)
        tell(part, sizes.before, sizes.after, json);
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
