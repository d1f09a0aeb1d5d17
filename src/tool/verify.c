#include "store/signing.h"
#include "tool/command.h"
#include "tool/output.h"
#include "tool/site.h"

#include <inttypes.h>

enum { JSON };
static const struct flag flags[] = {
    {.name = "json", .text = "one JSON object a line"},
    {0},
};

/* Tells of one store; STATUS_NO where it does not hold together. */
static int tell(const char *store, int code, uint64_t events, const struct error *why, bool json)
{
    if (code && code != ERR_CORRUPT)
        return code;
    if (json) {
        json_t *object = json_object();
        output_put_text(object, "store", store);
        output_put_bool(object, "whole", code == 0);
        if (code == 0)
            output_put_number(object, "events", events);
        else
            output_put_text(object, "fault", why->text);
        output_json(object);
    } else if (code == 0) {
        output_line("%s: %" PRIu64 " event%s, whole", store, events, events == 1 ? "" : "s");
    }
    if (code)
        complain("%s", why->text);
    return code ? STATUS_NO : STATUS_OK;
}

/* What is derived from a journal that is whole can be made anew. */
static void advise(const struct site *site, bool list_whole, bool ledger_whole)
{
    if ((list_whole || journal_check(list_store(site->list), NULL) == 0) &&
        (ledger_whole || journal_check(ledger_store(site->ledger), NULL) == 0))
        remark("The journals are whole: `optout migrate --rebuild` makes anew what follows from "
               "them.");
    else
        remark("Keep a copy of the folder to look into, and restore the last backup that "
               "verifies: `optout restore DIR` takes over what can still be read.");
}

static int verify(struct site *site, bool json, struct error *why)
{
    uint64_t events = 0;

    int code = list_verify(site->list_view, &events, why);
    int list = tell("list", code, events, why, json);
    if (list < 0)
        return list;
    code = ledger_verify(site->ledger_view, &events, why);
    int ledger = tell("ledger", code, events, why, json);
    if (ledger < 0)
        return ledger;
    if (list == STATUS_OK && ledger == STATUS_OK)
        return STATUS_OK;
    advise(site, list == STATUS_OK, ledger == STATUS_OK);
    return STATUS_NO;
}

/* Whose signatures stand below cuts of the ledger. */
static void read_ring(struct site *site, struct signing_ring *ring)
{
    struct signing_key *key;
    struct error why;

    if (signing_read(site->config->key_dir, &key, ring, &why)) {
        complain("%s; signatures of cuts are not checked", why.text);
        return;
    }
    signing_free(key);
    ledger_store(site->ledger)->ring = ring;
}

static int run(const struct call *call)
{
    struct site site;
    struct signing_ring ring;
    struct error why = {""};

    int code =
        site_open(call->config_file, SITE_KEYS | SITE_WORDS | SITE_LIST | SITE_LEDGER, &site, &why);
    if (code == 0)
        read_ring(&site, &ring);
    if (code == 0)
        code = site_view(&site, &why);
    if (code == 0)
        code = verify(&site, call->values[JSON], &why);
    site_close(&site);
    return output_status(code, &why);
}

const struct command command_verify = {
    .name = "verify",
    .arguments = "",
    .text = "check that the journals are whole and the choices follow from them",
    .flags = flags,
    .role = ROLE_ANYBODY,
    .run = run,
};
