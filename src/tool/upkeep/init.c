#include "tool/command.h"
#include "tool/output.h"
#include "tool/upkeep/making.h"

#include <stdlib.h>

enum { REUSE_KEYS };
static const struct flag flags[] = {
    {.name = "reuse-keys", .text = "make new stores although the keys are not new"},
    {0},
};

/* --- what there is, and what follows --- */

/* Refuses what would make a new site of the rest of an old one. Returns 0 where there is something
 * to make. */
static int judge(const struct making *m, bool reuse_keys, struct error *why)
{
    const struct present *p = &m->present;
    bool whole = p->keys == MAKING_KEYS_COUNT;

    if (p->interrupted)
        return 0;
    if (p->keys == 0 && !p->list && !p->ledger)
        return 0;
    if (whole && p->list && p->ledger)
        return error_set(why, ERR_EXISTS,
                         "the keys in %s and the stores in %s are there already; nothing was "
                         "changed",
                         m->config->key_dir, m->config->data_dir);
    if (p->keys == 0)
        return error_set(why, ERR_EXISTS,
                         "%s holds a store, but the keys in %s are missing: restore them from "
                         "their backup; new ones would not open it",
                         m->config->data_dir, m->config->key_dir);
    if (!whole)
        return error_set(why, ERR_EXISTS,
                         "%s holds some of the files " MAKING_KEY_NAMES " and not all: restore "
                         "them from their backup",
                         m->config->key_dir);
    if (!reuse_keys)
        return error_set(why, ERR_EXISTS,
                         "the keys in %s are in use, but the %s in %s is missing: restore it from "
                         "a backup. An empty one forgets everything that was in it; `optout init "
                         "--reuse-keys` makes it nevertheless",
                         m->config->key_dir, p->list ? "ledger" : "list", m->config->data_dir);
    return 0;
}

static int make_all(struct making *m, struct error *why)
{
    int code = making_begin(m, why);
    if (code == 0)
        code = making_keys(m, why);
    if (code == 0)
        code = making_list(m, why);
    if (code == 0)
        code = making_ledger(m, why);
    if (code == 0)
        code = making_end(m, why);
    return code;
}

/* --- telling --- */

/* Scopes that the configuration got since; who forgot them would find out by an error. */
static void tell_new_scopes(const char *config_file)
{
    struct site site;
    struct error why = {""};
    const char **scopes = NULL;
    size_t count = 0;

    int code = site_open(config_file, SITE_KEYS | SITE_LIST, &site, &why);
    if (code == 0)
        code = site_view(&site, &why);
    if (code == 0)
        scopes = making_scopes(site.config, &count);
    for (size_t i = 0; scopes && i < count; i++)
        if (list_scope_known(site.list_view, scopes[i]) == ERR_SCOPE)
            complain("scope %s of the configuration is not registered: optout scope add %s",
                     scopes[i], scopes[i]);
    free(scopes);
    if (code)
        complain("%s", why.text);
    site_close(&site);
}

static void tell_next(const struct making *m)
{
    if (m->owners.milter_outside)
        complain("%s is not in group %s, and may not be able to read the list: usermod -aG %s %s",
                 m->config->milter_user, m->owners.group, m->owners.group, m->config->milter_user);
    remark("%s", "");
    remark("Lost keys are a lost list: nobody in it could be looked up any more.");
    remark("Copy %s now, and keep the copy apart from the backups of %s.", m->config->key_dir,
           m->config->data_dir);
    remark("Next: `optout add ADDRESS --scope PATH` for who has opted out already, then start");
    remark("optout-milter and name its socket to the mail server, as optout-milter(8) tells.");
}

/* What root made, its owner must be able to open: a folder on the way may be closed to them. */
static int check_open(const char *config_file, struct error *why)
{
    struct site site;
    int code = site_open(config_file, SITE_KEYS | SITE_WRITE | SITE_LEDGER, &site, why);
    if (code && site.config && site.config->user)
        complain("all was made, but user %s cannot use it", site.config->user);
    site_close(&site);
    return code;
}

static int run(const struct call *call)
{
    struct making m;
    struct error why = {""};
    bool made = false;

    int code = making_open(call->config_file, &m, &why);
    if (code == 0)
        code = judge(&m, call->values[REUSE_KEYS], &why);
    if (code == ERR_EXISTS) {
        complain("%s", why.text);
        if (m.present.keys == MAKING_KEYS_COUNT && m.present.list)
            tell_new_scopes(call->config_file);
        code = STATUS_NO;
    } else if (code == 0) {
        code = make_all(&m, &why);
        made = code == 0;
    }
    if (made) {
        output_flush();
        tell_next(&m);
    }
    making_close(&m);
    if (made)
        code = check_open(call->config_file, &why);
    return output_status(code, &why);
}

const struct command command_init = {
    .name = "init",
    .arguments = "",
    .text = "make keys and stores for a new site",
    .flags = flags,
    .role = ROLE_OPS,
    .run = run,
};
