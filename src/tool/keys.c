#include "store/keys.h"

#include "base/clock.h"
#include "base/text.h"
#include "store/signing.h"
#include "tool/command.h"
#include "tool/output.h"
#include "tool/site.h"

/* --- list --- */

enum { JSON };
static const struct flag list_flags[] = {
    {.name = "json", .text = "one JSON object a line"},
    {0},
};
static const struct flag no_flags[] = {{0}};

static void show_subject_key(const struct lookup_key *key, bool json)
{
    char hex[2 * KEYS_FINGERPRINT_SIZE + 1];
    text_to_hex(key->fingerprint, KEYS_FINGERPRINT_SIZE, hex);
    if (!json) {
        output_line("subject key, fingerprint %s", hex);
        return;
    }
    json_t *object = json_object();
    output_put_text(object, "key", "subject");
    output_put_text(object, "fingerprint", hex);
    output_json(object);
}

static void show_token_key(const struct lookup_key *key, size_t index, bool json)
{
    char made[CLOCK_TEXT_SIZE];
    unsigned id = key->tokens[index].id;
    bool current = &key->tokens[index] == keys_current_token(key);

    clock_format(key->token_made[index], made);
    if (!json) {
        output_line("token key %u, made %s%s", id, made, current ? ", makes new tokens" : "");
        return;
    }
    json_t *object = json_object();
    output_put_text(object, "key", "token");
    output_put_number(object, "id", id);
    output_put_text(object, "made", made);
    output_put_bool(object, "current", current);
    output_json(object);
}

static int run_list(const struct call *call)
{
    struct site site;
    struct error why = {""};
    bool json = call->values[JSON];

    int code = site_open(call->config_file, SITE_KEYS, &site, &why);
    if (code == 0)
        show_subject_key(&site.lookup, json);
    for (size_t i = 0; i < site.lookup.token_count && code == 0; i++)
        show_token_key(&site.lookup, i, json);
    site_close(&site);
    return output_status(code, &why);
}

const struct command command_keys_list = {
    .name = "keys",
    .verb = "list",
    .arguments = "",
    .text = "show the keys, without their secrets",
    .flags = list_flags,
    .role = ROLE_ANYBODY,
    .run = run_list,
};

/* --- signing --- */

enum { NEW };
static const struct flag signing_flags[] = {
    {.name = "new",
     .text = "make a new key first; the public keys of earlier ones are kept",
     .role = ROLE_OPS},
    {0},
};

static int print_ring(const struct signing_ring *ring)
{
    struct text pem = TEXT_EMPTY;
    int code = signing_append_pem(ring, &pem);
    if (code == 0)
        output_bytes(pem.data, pem.length);
    text_release(&pem);
    return code;
}

static int run_signing(const struct call *call)
{
    struct site site;
    struct error why = {""};
    struct signing_ring ring;
    struct signing_key *key = NULL;

    int code = site_open(call->config_file, SITE_USER, &site, &why);
    if (code == 0 && call->values[NEW])
        code = signing_make(site.config->key_dir, true, &why);
    if (code == 0)
        code = site_advise(&site, signing_read(site.config->key_dir, &key, &ring, &why), &why);
    if (code == 0)
        code = print_ring(&ring);
    if (code == 0 && call->values[NEW])
        remark("Give these public keys to whoever keeps checkpoints, and copy %s to where its "
               "backup is.",
               site.config->key_dir);
    signing_free(key);
    site_close(&site);
    return output_status(code, &why);
}

const struct command command_keys_signing = {
    .name = "keys",
    .verb = "signing",
    .arguments = "",
    .text = "print the public keys that checkpoints are checked with",
    .flags = signing_flags,
    .role = ROLE_EITHER,
    .run = run_signing,
};

/* --- rotate --- */

static int run_rotate(const struct call *call)
{
    struct site site;
    struct error why = {""};
    uint8_t id;

    int code = site_open(call->config_file, SITE_USER, &site, &why);
    if (code == 0)
        code = keys_rotate(site.config->key_dir, clock_now(), &id, &why);
    if (code == 0) {
        output_line("token key %u made", id);
        remark("Old tokens still open. The milter takes the new key when it is reloaded. Copy %s "
               "to where its backup is.",
               site.config->key_dir);
    } else if (code == ERR_EXISTS) {
        complain("%s", why.text);
        code = STATUS_NO;
    }
    site_close(&site);
    return output_status(code, &why);
}

const struct command command_keys_rotate = {
    .name = "keys",
    .verb = "rotate",
    .arguments = "",
    .text = "make a new token key; old links still work",
    .flags = no_flags,
    .role = ROLE_OPS,
    .run = run_rotate,
};
