#include "store/signing.h"
#include "tool/command.h"
#include "tool/output.h"
#include "tool/proof/journaling.h"
#include "tool/proof/verifying.h"

#include <errno.h>

enum { CHECKPOINT, PUBLIC_KEY, DATA, JOURNAL, NO_RECORD, JSON };
static const struct flag flags[] = {
    {.name = "checkpoint",
     .argument = "FILE",
     .text = "whether the journals hold what the checkpoints in it tell of; - is standard input",
     .is_file = true,
     .repeats = true},
    {.name = "public-key",
     .argument = "FILE",
     .text = "check checkpoints with the public keys in it, and use no secret key",
     .is_file = true},
    {.name = "data",
     .argument = "DIR",
     .text = "a copy of a data directory, without configuration and secret keys",
     .is_file = true,
     .excludes_next = true},
    {.name = "journal",
     .argument = "FILE",
     .text = "a journal that `optout log --journal` wrote",
     .is_file = true},
    {.name = "no-record", .text = "write no event of the result into the ledger"},
    {.name = "json", .text = "one JSON object a line"},
    {0},
};

/* Files are the caller's, so they are read before root is given up. */
static int read_files(const struct call *call, struct verifying *v, struct error *why)
{
    const char *public_key = call->values[PUBLIC_KEY];
    int code = 0;

    for (size_t i = 0; i < call->several_count && code == 0; i++)
        code = witnesses_collect(&v->witnesses, call->several[i], why);
    if (code == 0 && public_key)
        code = signing_read_ring(public_key, &v->ring, why);
    if (code == 0 && v->witnesses.count > 0 && v->ring.count == 0 &&
        (call->values[DATA] || call->values[JOURNAL]))
        code = error_set(why, -EINVAL, "--checkpoint needs --public-key here");
    return code;
}

static int verify_journal(const struct call *call, struct verifying *v, struct error *why)
{
    int code = witnesses_read(&v->witnesses, &v->ring);
    return code ? error_set(why, code, "the checkpoints cannot be read: %s", error_name(code))
                : journaling_verify(call->values[JOURNAL], &v->ring, &v->witnesses, v->json, why);
}

static int run(const struct call *call)
{
    struct error why = {""};
    bool keyless = call->values[PUBLIC_KEY] || call->values[DATA];
    struct verifying v = {.config_file = call->config_file,
                          .data_dir = call->values[DATA],
                          .keyless = keyless,
                          .records = !keyless && !call->values[NO_RECORD],
                          .json = call->values[JSON]};
    int status;

    int code = read_files(call, &v, &why);
    if (code)
        status = output_status(code, &why);
    else if (call->values[JOURNAL])
        status = output_status(verify_journal(call, &v, &why), &why);
    else
        status = verifying_run(&v);
    witnesses_release(&v.witnesses);
    return status;
}

const struct command command_verify = {
    .name = "verify",
    .arguments = "",
    .text = "check that the journals are whole and all else follows from them",
    .flags = flags,
    .role = ROLE_ANYBODY,
    .run = run,
};
