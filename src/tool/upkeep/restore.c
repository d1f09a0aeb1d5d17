#include "base/clock.h"
#include "base/file.h"
#include "store/erase.h"
#include "store/renew.h"
#include "tool/argument.h"
#include "tool/command.h"
#include "tool/output.h"
#include "tool/show.h"
#include "tool/site.h"
#include "tool/upkeep/erasing_again.h"
#include "tool/upkeep/manifest.h"
#include "tool/upkeep/rescue.h"
#include "tool/upkeep/upkeep.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ACCEPT_LOSS, JOIN, QUIET, JSON };
static const struct flag flags[] = {
    {.name = "accept-loss",
     .argument = "NOTE",
     .text = "go on without the opt-outs that a restore could not bring back"},
    {.name = "join", .text = "keep what is in place, though the backup is of another list"},
    {.name = "quiet", .letter = 'q', .text = "do not tell how far it has come"},
    {.name = "json", .text = "one JSON object a line"},
    {0},
};

struct restore {
    struct upkeep upkeep;
    const char *folder; /* of the backup */
    struct manifest manifest;
    int list, ledger; /* its files, opened before we became the user; -1: not yet */
    bool join, quiet, json;
    bool loss; /* to be accepted */
};

/* One store that is being restored. */
struct restoring {
    const struct restore *restore;
    struct rescue rescue;
    bool loss;
    bool residue; /* what was erased since the backup lies in free pages */
    char *kept;   /* where the old one is moved that could not be read; else NULL */
};

/* --- the backup --- */

static int open_file(const char *folder, const char *store, int *fd, struct error *why)
{
    char *path = NULL;

    if (asprintf(&path, "%s/%s/" ENV_DATA_FILE, folder, store) < 0)
        return -ENOMEM;
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int code = *fd < 0 ? error_set(why, -errno, "cannot open %s: %s", path, strerror(errno)) : 0;
    free(path);
    return code;
}

/* As who started this: the backup may lie where only they can read. */
static int open_backup(struct restore *r, struct error *why)
{
    int code = manifest_read(r->folder, &r->manifest, why);
    if (code == 0)
        code = open_file(r->folder, "list", &r->list, why);
    return code ? code : open_file(r->folder, "ledger", &r->ledger, why);
}

/* Without its keys a backup is worth nothing, and with others nobody would be found in it. */
static int check_keys(const struct restore *r, int code, struct error *why)
{
    const struct upkeep *u = &r->upkeep;
    const char *advice = r->manifest.with_keys ? "; those that belong to it are in its folder keys"
                                               : "; put back the copy of the keys first";

    if (code == ERR_KEY && why) {
        const struct error said = *why;
        return error_set(why, code, "%.380s%s", said.text, advice);
    }
    if (code)
        return code;
    const char *other =
        memcmp(r->manifest.lookup, u->lookup.fingerprint, sizeof r->manifest.lookup) != 0
            ? KEYS_LOOKUP_FILE
        : memcmp(r->manifest.address, u->address.fingerprint, sizeof r->manifest.address) != 0
            ? KEYS_ADDRESS_FILE
            : NULL;
    return other ? error_set(why, ERR_KEY, "%s was made with another %s file than the one in %s%s",
                             r->folder, other, u->config->key_dir, advice)
                 : 0;
}

/* What is restored is what was checked. */
static int copy_aside(const struct restore *r, const struct part *part, struct error *why)
{
    const struct manifest_file *expected = part->is_list ? &r->manifest.list : &r->manifest.ledger;
    char *path = file_join(part->aside, ENV_DATA_FILE);
    uint8_t digest[SEAL_DIGEST_SIZE];
    uint64_t size;

    if (!path)
        return -ENOMEM;
    int code = 0;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        code = -errno;
    else
        code = seal_copy(part->is_list ? r->list : r->ledger, fd, digest, &size);
    if (code == 0 && fsync(fd) < 0)
        code = -errno;
    if (fd >= 0)
        close(fd);
    if (code)
        error_set(why, code, "cannot copy the %s of %s to %s: %s", part->name, r->folder, path,
                  error_name(code));
    else if (size != expected->size || memcmp(digest, expected->digest, sizeof digest) != 0)
        code = error_set(why, ERR_CORRUPT,
                         "the %s of %s is not what was backed up: its %s differs from the manifest",
                         part->name, r->folder, size != expected->size ? "size" : "SHA-256");
    free(path);
    return code;
}

/* --- one store --- */

/* What the replaced store was good for. Returns 0 where the restore can go on. */
static int judge_rescue(struct restoring *s, const struct part *part, struct error *why)
{
    const struct rescue *rescue = &s->rescue;

    switch (rescue->result) {
    case RESCUED:
        return 0;
    case RESCUE_ABORTED:
        return error_set(why, rescue->code, "%s", rescue->why.text);
    case RESCUE_FOREIGN:
        return error_set(why, ERR_FOREIGN, "%.380s; or move %.100s away and accept the loss",
                         rescue->why.text, part->folder);
    case RESCUED_DAMAGED:
    case RESCUE_MISSING:
    case RESCUE_FAILED:
        s->loss = true;
        break;
    }
    return 0;
}

/* The folder that the unreadable store is kept in, for whoever can still get something out of it.
 */
static int name_kept(struct restoring *s, const struct part *part)
{
    char stamp[32];
    time_t now = clock_now();
    struct tm utc;

    gmtime_r(&now, &utc);
    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &utc);
    return asprintf(&s->kept, "%s.replaced-%s", part->folder, stamp) < 0 ? -ENOMEM : 0;
}

static int ask_residue(const struct store *store, bool *residue, struct error *why)
{
    struct txn *txn;

    int code = txn_begin_read(store->env, &txn);
    if (code == 0) {
        code = erase_has_residue(txn, residue);
        txn_abort(txn);
    }
    return code ? env_explain(store->env, code, why) : 0;
}

/* Called when all is in the fresh store: the node that writes from now on begins. */
static int finish(struct renewal *renewal, struct error *why)
{
    struct restoring *s = renewal->argument;
    const struct restore *r = s->restore;
    const struct word words[] = {{"staff", r->upkeep.staff},
                                 {"backup", r->manifest.time},
                                 {"lost", s->loss ? s->rescue.why.text : NULL}};
    struct event_name event;

    int code = ask_residue(renewal->fresh.store, &s->residue, why);
    if (code == 0)
        code = store_restart(renewal->fresh.store, "restore", words, 3, why);
    if (code || !s->loss)
        return code;
    return renewal->part->is_list
               ? store_mark_loss(renewal->fresh.store, why)
               : store_accept_loss(renewal->fresh.store, "restore", words, 3, &event, why);
}

/* One that was replaced before, and put back by somebody, has nothing come to it: nobody needs its
 * lock, nor gets it. */
static int open_old(struct renewal *renewal, struct error *why)
{
    struct txn *txn;

    int code = renewal_open_old(renewal, why);
    if (code)
        return code;
    struct env *env = renewal->old.store->env;
    code = txn_begin_read(env, &txn);
    if (code)
        return env_explain(env, code, why);
    code = txn_check_retired(txn);
    txn_abort(txn);
    if (code == ERR_RETIRED)
        return part_close(&renewal->old);
    return code ? env_explain(env, code, why) : 0;
}

/* An old store that can be read is replaced under its lock, with what came to it meanwhile. */
static int put_in_place(struct renewal *renewal, struct restoring *s, struct error *why)
{
    enum rescue_result result = s->rescue.result;
    int code = 0;

    if (result == RESCUED || result == RESCUED_DAMAGED)
        code = open_old(renewal, why);
    if (code == 0 && result != RESCUED && result != RESCUE_MISSING)
        code = name_kept(s, renewal->part);
    renewal->keep = s->kept;
    if (code == 0)
        code = renewal_open_fresh(renewal, why);
    return code ? code : renewal_put(renewal, why);
}

static void tell(const struct restoring *s, const struct part *part, uint64_t events)
{
    const struct restore *r = s->restore;

    if (r->json) {
        json_t *object = json_object();
        output_put_text(object, "store", part->name);
        output_put_text(object, "backup", r->manifest.time);
        output_put_number(object, "events", events);
        output_put_bool(object, "loss", s->loss);
        output_put_text(object, "fault", s->loss ? s->rescue.why.text : NULL);
        output_json(object);
    } else {
        output_line("%s: restored from %s, %" PRIu64 " events%s", part->name, r->manifest.time,
                    events, s->loss ? "" : " with what came since");
    }
    if (s->loss)
        complain("the %s in place was of no use, %s of after %s may be missing: %s", part->name,
                 part->is_list ? "opt-outs" : "verdicts", r->manifest.time, s->rescue.why.text);
    if (s->residue)
        remark("What was erased since then lies sealed in free pages of the %s: `optout compact` "
               "takes it away.",
               part->name);
    if (s->kept)
        remark("What was replaced lies in %s.", s->kept);
}

/* Copies the backup and gets out of the old store what there is to be got; nothing has changed for
 * anybody yet. */
static int prepare(struct restore *r, struct restoring *s, struct renewal *renewal,
                   struct error *why)
{
    const struct part *part = renewal->part;

    int code = renewal_begin(renewal, why);
    if (code == 0)
        code = copy_aside(r, part, why);
    if (code == 0)
        code = rescue_run(part, &r->upkeep.keys, r->join, &s->rescue);
    return code ? code : judge_rescue(s, part, why);
}

static int put(struct restore *r, struct restoring *s, struct renewal *renewal, struct error *why)
{
    int code = put_in_place(renewal, s, why);
    if (code)
        return code;
    tell(s, renewal->part, renewal->events);
    r->loss = r->loss || (s->loss && renewal->part->is_list);
    return 0;
}

/* Of a store that was lost the erasures since the backup are, too; the other one tells of them. */
static int erase_again(struct restore *r, struct error *why)
{
    uint64_t count = 0;
    int code = erasing_again(&r->upkeep, &count, why);

    if (code == 0 && count > 0)
        remark("%" PRIu64 " %s erased again, who had been before: `optout compact` takes away "
               "what still lies sealed in free pages.",
               count, count == 1 ? "person was" : "people were");
    return code;
}

static int restore_both(struct restore *r, struct error *why)
{
    struct restoring list = {.restore = r}, ledger = {.restore = r};
    struct renewal lists = {
        .upkeep = &r->upkeep, .part = &r->upkeep.list, .finish = finish, .argument = &list};
    struct renewal ledgers = {
        .upkeep = &r->upkeep, .part = &r->upkeep.ledger, .finish = finish, .argument = &ledger};

    int code = prepare(r, &list, &lists, why);
    if (code == 0)
        code = prepare(r, &ledger, &ledgers, why);
    if (code == 0)
        code = put(r, &list, &lists, why);
    if (code == 0)
        code = put(r, &ledger, &ledgers, why);
    if (code == 0 && (list.loss || ledger.loss))
        code = erase_again(r, why);
    renewal_end(&lists);
    renewal_end(&ledgers);
    free(list.kept);
    free(ledger.kept);
    return code;
}

/* --- */

static int restore(struct restore *r, const char *config_file, struct error *why)
{
    int code = upkeep_open(config_file, &r->upkeep, why);
    r->upkeep.progress.quiet = r->quiet;
    if (code == 0)
        code = open_backup(r, why);
    if (code)
        return code;
    code = check_keys(r, upkeep_begin(&r->upkeep, why), why);
    if (code)
        return code;
    code = restore_both(r, why);
    if (r->loss)
        remark("Marketing mail is put off with 451 now. Bring back what there still is, by another "
               "backup or `optout add`; then `optout restore --accept-loss NOTE`.");
    return code || !r->loss ? code : STATUS_NO;
}

static int run_restore(const struct call *call)
{
    struct restore r = {.folder = call->arguments[0],
                        .list = -1,
                        .ledger = -1,
                        .join = call->values[JOIN],
                        .quiet = call->values[QUIET],
                        .json = call->values[JSON]};
    struct error why = {""};

    int code = restore(&r, call->config_file, &why);
    if (r.list >= 0)
        close(r.list);
    if (r.ledger >= 0)
        close(r.ledger);
    upkeep_close(&r.upkeep);
    return output_status(code, &why);
}

/* --- accepting a loss --- */

static int accept_loss(struct site *site, const struct call *call, struct error *why)
{
    const struct word words[] = {{"staff", site->staff}, {"note", call->values[ACCEPT_LOSS]}};
    struct event_name event;
    char name[SHOW_EVENT_SIZE];

    int code = site_view(site, why);
    if (code == 0 && list_check_loss(site->list_view) == 0) {
        complain("there is no loss to accept");
        code = STATUS_NO;
    }
    site_end_view(site);
    if (code == 0)
        code = store_accept_loss(list_store(site->list), "cli", words, 2, &event, why);
    if (code)
        return code;
    if (call->values[JSON]) {
        json_t *object = json_object();
        show_put_event(object, "event", &event);
        output_json(object);
    } else {
        output_line("loss accepted, event %s", show_event(site, &event, name));
    }
    return 0;
}

static int run_accept(const struct call *call)
{
    struct site site = {0};
    struct error why = {""};

    int code = argument_words("accept-loss", call->values[ACCEPT_LOSS], &why);
    if (code)
        return output_status(code, &why);
    code = site_open(call->config_file, SITE_KEYS | SITE_WRITE, &site, &why);
    if (code == 0)
        code = accept_loss(&site, call, &why);
    site_close(&site);
    return output_status(code, &why);
}

static int run(const struct call *call)
{
    bool accept = call->values[ACCEPT_LOSS];
    struct error why;

    if (accept == (call->argument_count > 0) || (accept && call->values[JOIN]))
        return output_status(
            error_set(&why, ERR_SYNTAX, "restore takes the folder of a backup, or --accept-loss"),
            &why);
    return accept ? run_accept(call) : run_restore(call);
}

const struct command command_restore = {
    .name = "restore",
    .arguments = "DIR",
    .usage = "usage: optout [-c FILE] restore DIR [--join] [-q] [--json]\n"
             "       optout [-c FILE] restore --accept-loss NOTE [--json]\n",
    .text = "put a backup in place, with what came since",
    .flags = flags,
    .most = 1,
    .role = ROLE_OPS,
    .run = run,
};
