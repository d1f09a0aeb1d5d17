#include "tool/site.h"

#include "base/file.h"
#include "base/privilege.h"
#include "tool/output.h"
#include "tool/owners.h"
#include "tool/staff.h"
#include "tool/stops.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int read_keys(struct site *site, unsigned needs, struct error *why)
{
    const char *folder = site->config->key_dir;

    int code = keys_read_lookup(folder, &site->lookup, why);
    if (code == 0 && (code = subject_hasher_new(site->lookup.subject, &site->hasher)) != 0)
        error_set(why, code, "no keyed hash: %s", error_name(code));
    if (code || !(needs & (SITE_WORDS | SITE_WRITE)))
        return code;
    code = keys_read_address(folder, &site->address, why);
    site->has_address = code == 0;
    if (code && !(needs & SITE_WRITE)) {
        complain("%s; addresses and words cannot be shown", why->text);
        code = 0;
    }
    return code;
}

static int open_list(struct site *site, enum env_access access, struct error *why)
{
    const struct config *config = site->config;
    site->list_folder = file_join(config->data_dir, "list");
    if (!site->list_folder)
        return -ENOMEM;
    return list_open(site->list_folder, access, config->list_size, &site->lookup,
                     site->has_address ? &site->address : NULL, &site->list, why);
}

int site_open_ledger(struct site *site, enum env_access access, struct error *why)
{
    const struct config *config = site->config;
    char *folder = file_join(config->data_dir, "ledger");
    if (!folder)
        return -ENOMEM;
    int code = ledger_open(folder, access, config->ledger_size, &site->lookup, &site->ledger, why);
    free(folder);
    return code;
}

static bool is_this_user(const char *name)
{
    struct error why;
    uid_t uid;
    gid_t gid;
    return privilege_user(name, &uid, &gid, &why) == 0 && uid == geteuid();
}

int site_advise(const struct site *site, int code, struct error *why)
{
    const char *user = site->config->user;

    if ((code != -EACCES && code != -EPERM) || geteuid() == 0 || !why)
        return code;
    const struct error said = *why;
    if (user && is_this_user(user))
        return error_set(why, code, "%.400s; see to its owner and mode: it belongs to %.64s",
                         said.text, user);
    return error_set(why, code, "%.400s; run it as root%s%.64s", said.text,
                     user ? ", or by sudo -u " : "", user ? user : "");
}

static int begin(const char *config_file, bool becomes, struct site *site, struct error *why)
{
    memset(site, 0, sizeof *site);
    staff_name(site->staff, sizeof site->staff);
    int code = config_read(config_file, &site->config, why);
    if (code == 0 && becomes)
        code = owners_explain(site->config,
                              privilege_become(site->config->user, site->config->group, why), why);
    return site->config ? site_advise(site, code, why) : code;
}

int site_enter(const char *config_file, struct site *site, struct error *why)
{
    return begin(config_file, true, site, why);
}

int site_open(const char *config_file, unsigned needs, struct site *site, struct error *why)
{
    stops_hold();
    int code = begin(config_file, needs != 0, site, why);
    return code ? code : site_open_stores(site, needs, why);
}

int site_open_stores(struct site *site, unsigned needs, struct error *why)
{
    struct error unwritable;
    int code = 0;

    stops_hold();
    if (needs & ~(unsigned)SITE_USER)
        code = read_keys(site, needs, why);
    if (code == 0 && needs & (SITE_LIST | SITE_WRITE))
        code = open_list(site, needs & SITE_WRITE ? ENV_WRITE : ENV_READ, why);
    if (code == 0 && needs & SITE_LEDGER_NOTE &&
        site_open_ledger(site, ENV_WRITE, &unwritable) == 0)
        return 0;
    if (code == 0 && needs & (SITE_LEDGER | SITE_LEDGER_WRITE | SITE_LEDGER_NOTE))
        code = site_open_ledger(site, needs & SITE_LEDGER_WRITE ? ENV_WRITE : ENV_READ, why);
    return site_advise(site, code, why);
}

void site_close(struct site *site)
{
    site_end_view(site);
    /* A writer that is still held up keeps its store open; the process ends in any case. */
    list_close(site->list);
    free(site->list_folder);
    ledger_close(site->ledger);
    subject_hasher_free(site->hasher);
    keys_forget(&site->lookup, sizeof site->lookup);
    keys_forget(&site->address, sizeof site->address);
    pool_release(&site->pool);
    config_release(site->config);
    stops_release();
}

int site_view(struct site *site, struct error *why)
{
    /* A store that was replaced meanwhile still shows what it held. */
    int code = site->list ? list_check(site->list) : 0;
    if (code == 0 && site->list)
        code = list_view_begin(site->list, &site->list_view);
    if (code)
        return site_explain(site, code, why);
    code = site->ledger ? ledger_view_begin(site->ledger, &site->ledger_view) : 0;
    return code ? error_set(why, code, "%s/ledger: %s", site->config->data_dir, error_name(code))
                : 0;
}

void site_end_view(struct site *site)
{
    list_view_end(site->list_view);
    ledger_view_end(site->ledger_view);
    site->list_view = NULL;
    site->ledger_view = NULL;
}

int site_explain(const struct site *site, int code, struct error *why)
{
    return list_explain(site->list, code, why);
}

int site_subject(struct site *site, const struct address *address, struct subject *subject,
                 struct error *why)
{
    int code = subject_of_address(site->hasher, address->text, address->length, subject);
    return code ? error_set(why, code, "no keyed hash: %s", error_name(code)) : 0;
}

int site_check_scope(struct site *site, const char *scope, struct error *why)
{
    int code = list_scope_known(site->list_view, scope);
    if (code == ERR_SCOPE)
        return error_set(why, code,
                         "scope %s is not registered: `optout scope list` shows those that are, "
                         "`optout scope add` makes a new one",
                         scope);
    return code ? site_explain(site, code, why) : 0;
}

void site_identity(struct site *site, const struct subject *subject, struct list_identity *identity)
{
    if (list_identity(site->list_view, subject, &site->pool, identity))
        *identity = (struct list_identity){.known = LIST_KNOWS_SEALED};
}

const char *site_address(struct site *site, const struct subject *subject)
{
    struct list_identity identity;

    site_identity(site, subject, &identity);
    return site_identity_text(&identity);
}

const char *site_identity_text(const struct list_identity *identity)
{
    static const char *const texts[] = {
        [LIST_KNOWS_NOTHING] = "(address not on the list)",
        [LIST_KNOWS_DIGEST] = "(only a hash is known)",
        [LIST_KNOWS_SEALED] = "(address unreadable)",
        [LIST_KNOWS_ERASED] = "(address erased)",
    };
    return identity->address ? identity->address : texts[identity->known];
}
