#include "tool/upkeep/upkeep.h"

#include "base/file.h"
#include "base/privilege.h"
#include "store/renew.h"
#include "tool/output.h"
#include "tool/staff.h"
#include "tool/stops.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define MODE_DATA 02750

/* --- the site --- */

int upkeep_open(const char *config_file, struct upkeep *upkeep, struct error *why)
{
    *upkeep = (struct upkeep){.lock = -1};
    stops_hold();
    staff_name(upkeep->staff, sizeof upkeep->staff);
    int code = config_read(config_file, &upkeep->config, why);
    if (code == 0)
        code = owners_find(upkeep->config, &upkeep->owners, why);
    if (code)
        return code;
    int list = part_init(&upkeep->list, true, upkeep->config, &upkeep->owners);
    int ledger = part_init(&upkeep->ledger, false, upkeep->config, &upkeep->owners);
    return list ? list : ledger;
}

void upkeep_close(struct upkeep *upkeep)
{
    if (upkeep->lock >= 0)
        close(upkeep->lock);
    keys_forget(&upkeep->lookup, sizeof upkeep->lookup);
    keys_forget(&upkeep->address, sizeof upkeep->address);
    part_release(&upkeep->list);
    part_release(&upkeep->ledger);
    config_release(upkeep->config);
    privilege_return(NULL);
    stops_release();
}

int upkeep_hold(const char *folder, int *lock, struct error *why)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return error_set(why, -errno, "cannot open %s: %s", folder, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        close(fd);
        return error_set(why, -EAGAIN,
                         "another program restores, compacts or prunes in %s, try again", folder);
    }
    *lock = fd;
    return 0;
}

int upkeep_begin(struct upkeep *u, struct error *why)
{
    int code = place_folder(u->config->data_dir, true, MODE_DATA, &u->owners.list, why);
    if (code == 0)
        code = privilege_lend(u->owners.list.uid, u->owners.list.gid, why);
    if (code == 0)
        code = upkeep_hold(u->config->data_dir, &u->lock, why);
    if (code == 0)
        code = keys_read_lookup(u->config->key_dir, &u->lookup, why);
    if (code == 0)
        code = keys_read_address(u->config->key_dir, &u->address, why);
    u->keys = (struct part_keys){&u->lookup, &u->address};
    /* What lies aside was not finished, or is what was replaced: the store in its place counts. */
    if (code == 0)
        code = place_remove(u->list.aside, why);
    return code ? code : place_remove(u->ledger.aside, why);
}

int upkeep_run(const char *config_file,
               int (*work)(struct upkeep *upkeep, const struct part *part, bool json,
                           struct error *why),
               bool json, bool quiet)
{
    struct upkeep upkeep;
    struct error why = {""};

    int code = upkeep_open(config_file, &upkeep, &why);
    upkeep.progress.quiet = quiet;
    if (code == 0)
        code = upkeep_begin(&upkeep, &why);
    if (code == 0)
        code = work(&upkeep, &upkeep.list, json, &why);
    if (code == 0)
        code = work(&upkeep, &upkeep.ledger, json, &why);
    upkeep_close(&upkeep);
    return output_status(code, &why);
}

/* --- one store --- */

int renewal_begin(struct renewal *r, struct error *why)
{
    int code = place_try_exchange(r->upkeep->config->data_dir, why);
    if (code == 0)
        code = place_check_store(r->part->folder, why);
    if (code == 0)
        code = place_remove(r->part->aside, why);
    return code ? code : file_make_folder(r->part->aside, 0700, why);
}

int renewal_open_old(struct renewal *r, struct error *why)
{
    return part_open(r->part, r->part->folder, ENV_WRITE, &r->upkeep->keys, &r->old, why);
}

int renewal_open_fresh(struct renewal *r, struct error *why)
{
    struct progress *progress = &r->upkeep->progress;

    int code = part_open(r->part, r->part->aside, ENV_WRITE, &r->upkeep->keys, &r->fresh, why);
    if (code == 0) {
        progress_begin(progress, r->part->name, "events");
        part_watch(&r->fresh, progress);
    }
    return code;
}

static int catch_up(struct renewal *r, struct txn *txn, struct error *why)
{
    uint64_t version = txn_version(txn);
    int code = version == r->version ? 0 : store_carry(r->old.store, txn, r->fresh.store, why);
    if (code == 0)
        r->version = version;
    return code;
}

int renewal_catch_up(struct renewal *r, struct error *why)
{
    struct txn *txn;
    int code = txn_begin_read(r->old.store->env, &txn);
    if (code)
        return env_explain(r->old.store->env, code, why);
    code = catch_up(r, txn, why);
    txn_abort(txn);
    return code;
}

/* --- changing places --- */

struct putting {
    struct renewal *renewal;
    struct error *why;
};

/* To somebody else only root can. */
static int give_away(const struct upkeep *u, const struct part *part, struct error *why)
{
    int code = privilege_return(why);
    if (code)
        return code;
    code =
        place_give(part->aside, u->owners.list.uid, part->mode, part->data_mode, part->owner, why);
    int lent = privilege_lend(u->owners.list.uid, u->owners.list.gid, code ? NULL : why);
    return code ? code : lent;
}

/* What is to be kept gets its name in the same moment: what lies aside, the next run removes. */
static int exchange(const struct renewal *r, struct error *why)
{
    const char *aside = r->part->aside;

    if (r->keep && rename(aside, r->keep) < 0)
        return error_set(why, -errno, "cannot move %s to %s: %s", aside, r->keep, strerror(errno));
    int code = place_exchange(r->keep ? r->keep : aside, r->part->folder, why);
    if (code && r->keep)
        place_remove(r->keep, NULL);
    return code;
}

/* With owner and permissions; nobody has it open. */
static int put(struct renewal *r, struct error *why)
{
    const struct part *part = r->part;

    int code = r->finish ? r->finish(r, why) : 0;
    if (code == 0)
        code = part_close(&r->fresh);
    if (code)
        return code;
    code = give_away(r->upkeep, part, why);
    if (code == 0)
        code = exchange(r, why);
    return code ? code : place_sync(r->upkeep->config->data_dir, why);
}

static int put_job(struct txn *txn, void *argument)
{
    const struct putting *p = argument;
    int code = catch_up(p->renewal, txn, p->why);
    return code ? code : put(p->renewal, p->why);
}

int renewal_put(struct renewal *r, struct error *why)
{
    struct error said = {""};
    struct putting p = {r, &said};

    int code = part_verify(&r->fresh, &r->events, why);
    progress_clear(&r->upkeep->progress);
    if (code == 0 && r->old.store)
        code = renewal_catch_up(r, why);
    if (code)
        return code;
    code = r->old.store ? store_replace(r->old.store, put_job, &p, why) : put(r, &said);
    if (code)
        return *said.text ? error_set(why, code, "%s", said.text) : code;
    part_close(&r->old);
    return place_remove(r->part->aside, why); /* the old one, unless it is kept */
}

void renewal_end(struct renewal *r)
{
    progress_clear(&r->upkeep->progress);
    part_close(&r->fresh);
    part_close(&r->old);
    place_remove(r->part->aside, NULL);
}
