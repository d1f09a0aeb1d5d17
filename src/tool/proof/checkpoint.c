#include "store/checkpoint.h"

#include "base/clock.h"
#include "tool/command.h"
#include "tool/output.h"
#include "tool/proof/delivering.h"
#include "tool/show.h"
#include "tool/site.h"

#include <errno.h>

enum { DELIVER, JSON };
static const struct flag flags[] = {
    {.name = "deliver", .text = "hand the line to the places that checkpoint_to names, too"},
    {.name = "json", .text = "one JSON object"},
    {0},
};

static json_t *part_object(const struct checkpoint_part *part)
{
    char hash[2 * EVENT_HASH_SIZE + 1];
    json_t *heads = json_array();

    for (size_t i = 0; i < part->count; i++) {
        json_t *head = json_object();
        show_put_event(head, "event", &part->heads[i].event);
        text_to_hex(part->heads[i].hash, EVENT_HASH_SIZE, hash);
        output_put_text(head, "hash", hash);
        output_append(heads, head);
    }
    return heads;
}

static void show(const struct checkpoint *checkpoint, const char *line, bool json)
{
    char key[2 * SIGNING_ID_SIZE + 1];

    if (!json) {
        output_line("%s", line);
        return;
    }
    json_t *object = json_object();
    output_put_text(object, "checkpoint", line);
    output_put_time(object, "time", checkpoint->at);
    output_put(object, "list", part_object(&checkpoint->list));
    output_put(object, "ledger", part_object(&checkpoint->ledger));
    text_to_hex(checkpoint->key, SIGNING_ID_SIZE, key);
    output_put_text(object, "key", key);
    output_json(object);
}

/* Two views, one after the other: each journal is told of as it was at a moment, and both only
 * grow. */
static int take(struct site *site, struct checkpoint *checkpoint, struct error *why)
{
    struct txn *txn;
    const struct store *stores[] = {list_store(site->list), ledger_store(site->ledger)};
    struct checkpoint_part *parts[] = {&checkpoint->list, &checkpoint->ledger};

    checkpoint->at = clock_now();
    for (size_t i = 0; i < 2; i++) {
        int code = txn_begin_read(stores[i]->env, &txn);
        if (code)
            return env_explain(stores[i]->env, code, why);
        code = checkpoint_take(stores[i], txn, parts[i], why);
        txn_abort(txn);
        if (code)
            return code;
    }
    return 0;
}

/* It does not fail because nobody took it before it was shown. */
static int make(struct site *site, const struct call *call, struct error *why)
{
    struct checkpoint checkpoint = {.at = 0};
    struct signing_key *key = NULL;
    struct text line = TEXT_EMPTY;

    int code = site_advise(site, signing_read(site->config->key_dir, &key, NULL, why), why);
    if (code == 0)
        code = take(site, &checkpoint, why);
    if (code == 0 && (code = checkpoint_sign(&checkpoint, key, &line)) != 0)
        error_set(why, code, "the checkpoint could not be signed: %s", error_name(code));
    if (code == 0) {
        show(&checkpoint, line.data, call->values[JSON]);
        if (call->values[DELIVER])
            code = output_flush() ? deliver_line(site->config, line.data, why) : STATUS_CANNOT;
    }
    signing_free(key);
    text_release(&line);
    return code;
}

static int run(const struct call *call)
{
    struct site site;
    struct error why = {""};

    int code = site_open(call->config_file, SITE_KEYS | SITE_LIST | SITE_LEDGER, &site, &why);
    if (code == 0)
        code = make(&site, call, &why);
    site_close(&site);
    return output_status(code, &why);
}

const struct command command_checkpoint = {
    .name = "checkpoint",
    .arguments = "",
    .text = "sign how far the journals have come, in one line to be kept elsewhere",
    .flags = flags,
    .role = ROLE_EITHER,
    .run = run,
};
