#include "tool/upkeep/making.h"

#include "base/clock.h"
#include "base/file.h"
#include "tool/output.h"
#include "tool/staff.h"
#include "tool/stops.h"
#include "tool/upkeep/part.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define MODE_DATA 02750
#define MODE_KEYS 02750

/* `lookup` comes last: with it the set counts as complete. */
static const struct {
    const char *name;
    mode_t mode;
} key_files[MAKING_KEYS_COUNT] = {
    {KEYS_ADDRESS_FILE, 0400},
    {KEYS_SIGNING_FILE, 0400},
    {KEYS_LOOKUP_FILE, 0440},
};

/* --- looking --- */

static int look(struct making *m, struct error *why)
{
    struct present *p = &m->present;
    int found = place_has(m->config->key_dir, MAKING_FOLDER, why);

    p->interrupted = found > 0;
    for (size_t i = 0; i < MAKING_KEYS_COUNT && found >= 0; i++) {
        found = place_has(m->config->key_dir, key_files[i].name, why);
        p->keys += found > 0;
    }
    if (found >= 0) {
        found = place_has(m->list, ENV_DATA_FILE, why);
        p->list = found > 0;
    }
    if (found >= 0) {
        found = place_has(m->ledger, ENV_DATA_FILE, why);
        p->ledger = found > 0;
    }
    return found < 0 ? found : 0;
}

int making_open(const char *config_file, struct making *making, struct error *why)
{
    *making = (struct making){.lock = -1};
    stops_hold();
    staff_name(making->staff, sizeof making->staff);
    int code = config_read(config_file, &making->config, why);
    if (code)
        return code;
    making->list = file_join(making->config->data_dir, "list");
    making->ledger = file_join(making->config->data_dir, "ledger");
    making->key_stage = file_join(making->config->key_dir, MAKING_FOLDER);
    if (!making->list || !making->ledger || !making->key_stage)
        return -ENOMEM;
    code = owners_find(making->config, &making->owners, why);
    return code ? code : look(making, why);
}

void making_close(struct making *making)
{
    if (making->lock >= 0)
        close(making->lock);
    keys_forget(&making->lookup, sizeof making->lookup);
    keys_forget(&making->address, sizeof making->address);
    free(making->list);
    free(making->ledger);
    free(making->key_stage);
    config_release(making->config);
    stops_release();
}

/* --- folders --- */

/* Who makes the keys holds this folder, so that two runs do not mix theirs. */
static int take_stage(struct making *m, struct error *why)
{
    int code = file_make_folder(m->key_stage, 0700, why);
    if (code)
        return code;
    m->lock = open(m->key_stage, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (m->lock < 0)
        return error_set(why, -errno, "cannot open %s: %s", m->key_stage, strerror(errno));
    if (flock(m->lock, LOCK_EX | LOCK_NB) < 0)
        return error_set(why, -EAGAIN, "another `optout init` is at work in %s", m->key_stage);
    return 0;
}

int making_begin(struct making *m, struct error *why)
{
    int code = place_folder(m->config->data_dir, true, MODE_DATA, &m->owners.list, why);
    if (code == 0)
        code = place_folder(m->config->key_dir, true, MODE_KEYS, &m->owners.list, why);
    /* With keys that were there before, nothing is made that could be mixed up. */
    if (code || (!m->present.interrupted && m->present.keys > 0))
        return code;
    code = take_stage(m, why);
    /* Who held the folder until now may have come to the end. */
    m->present = (struct present){0};
    return code ? code : look(m, why);
}

/* --- keys --- */

static int move_keys(struct making *m, struct error *why)
{
    int code = 0;
    for (size_t i = 0; i < MAKING_KEYS_COUNT && code == 0; i++) {
        int found = place_has(m->key_stage, key_files[i].name, why);
        code = found < 0 ? found : 0;
        if (found > 0) /* else an earlier run moved it */
            code = place_file(m->key_stage, m->config->key_dir, key_files[i].name,
                              key_files[i].mode, &m->owners.list, why);
    }
    return code ? code : place_sync(m->config->key_dir, why);
}

/* An incomplete set is made anew; nobody has used it. */
static int make_keys(struct making *m, struct error *why)
{
    int complete = place_has(m->key_stage, KEYS_LOOKUP_FILE, why);
    if (complete < 0)
        return complete;
    if (!complete) {
        int code = place_empty(m->key_stage, why);
        if (code == 0)
            code = keys_create(m->key_stage, clock_now(), why);
        if (code)
            return code;
    }
    return move_keys(m, why);
}

int making_keys(struct making *m, struct error *why)
{
    int code = 0;
    if (m->present.keys < MAKING_KEYS_COUNT)
        code = make_keys(m, why);
    if (code == 0)
        code = keys_read_lookup(m->config->key_dir, &m->lookup, why);
    if (code == 0)
        code = keys_read_address(m->config->key_dir, &m->address, why);
    if (code == 0)
        output_line("keys:   %s%s", m->config->key_dir,
                    m->present.keys == MAKING_KEYS_COUNT ? " (there already)" : "");
    return code;
}

/* --- stores --- */

static size_t add_scope(const char **scopes, size_t count, const char *scope)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(scopes[i], scope) == 0)
            return count;
    scopes[count] = scope;
    return count + 1;
}

const char **making_scopes(const struct config *config, size_t *count)
{
    size_t most = 1 + config->policy.stream_count + config->brand_count, added = 0;
    const char **scopes = calloc(most, sizeof *scopes);

    if (!scopes)
        return NULL;
    added = add_scope(scopes, added, "/");
    for (size_t i = 0; i < config->policy.stream_count; i++)
        added = add_scope(scopes, added, config->policy.streams[i].scope);
    for (size_t i = 0; i < config->brand_count; i++)
        added = add_scope(scopes, added, config->brands[i].scope);
    *count = added;
    return scopes;
}

static int register_scopes(struct making *m, const char *folder, struct error *why)
{
    const struct word words[] = {{"staff", m->staff}};
    const struct act act = {.actor = "init", .words = words, .word_count = 1};
    struct list *list = NULL;
    size_t added, count = 0;
    const char **scopes = making_scopes(m->config, &count);

    if (!scopes)
        return -ENOMEM;
    int code =
        list_open(folder, ENV_WRITE, m->config->list_size, &m->lookup, &m->address, &list, why);
    if (code == 0)
        code = list_add_scopes(list, scopes, count, &act, &added, why);
    list_close(list);
    free(scopes);
    return code;
}

static int make_list(struct making *m, const char *folder, struct error *why)
{
    int code = list_create(folder, &m->lookup, &m->address, m->config->list_size, why);
    return code ? code : register_scopes(m, folder, why);
}

static int make_ledger(struct making *m, const char *folder, struct error *why)
{
    return ledger_create(folder, &m->lookup, &m->address, m->config->ledger_size, why);
}

/* The data file comes last: with it the store counts as made. A lock file that is there already
 * belongs to no store. */
static int move_store(const char *stage, const char *folder, mode_t data_mode,
                      const struct owner *owner, struct error *why)
{
    char *stale = file_join(folder, ENV_LOCK_FILE);
    int code = stale ? 0 : -ENOMEM;
    if (code == 0 && unlink(stale) < 0 && errno != ENOENT)
        code = error_set(why, -errno, "cannot remove %s: %s", stale, strerror(errno));
    free(stale);
    if (code == 0)
        code = place_file(stage, folder, ENV_LOCK_FILE, 0660, owner, why);
    if (code == 0)
        code = place_file(stage, folder, ENV_DATA_FILE, data_mode, owner, why);
    if (code == 0)
        code = place_remove(stage, why);
    return code ? code : place_sync(folder, why);
}

struct plan {
    const char *name;
    const char *folder;
    bool present;
    mode_t mode, data_mode;
    const struct owner *owner;
    int (*make)(struct making *, const char *stage, struct error *);
};

static int make_store(struct making *m, const struct plan *plan, const char *stage,
                      struct error *why)
{
    int code = place_folder(plan->folder, false, plan->mode, plan->owner, why);
    if (code == 0)
        code = place_remove(stage, why);
    if (code == 0)
        code = file_make_folder(stage, 0700, why);
    if (code == 0)
        code = plan->make(m, stage, why);
    if (code == 0)
        code = move_store(stage, plan->folder, plan->data_mode, plan->owner, why);
    return code;
}

static int provide_store(struct making *m, const struct plan *plan, struct error *why)
{
    char *stage = file_join(plan->folder, MAKING_FOLDER);
    int code = stage ? 0 : -ENOMEM;
    if (code == 0 && !plan->present)
        code = make_store(m, plan, stage, why);
    else if (code == 0 && m->present.interrupted)
        code = place_remove(stage, why);
    free(stage);
    if (code == 0)
        output_line("%-7s %s%s", plan->name, plan->folder, plan->present ? " (there already)" : "");
    return code;
}

int making_list(struct making *m, struct error *why)
{
    const struct plan plan = {.name = "list:",
                              .folder = m->list,
                              .present = m->present.list,
                              .mode = PART_LIST_MODE,
                              .data_mode = PART_LIST_DATA_MODE,
                              .owner = &m->owners.list,
                              .make = make_list};
    return provide_store(m, &plan, why);
}

int making_ledger(struct making *m, struct error *why)
{
    const struct plan plan = {.name = "ledger:",
                              .folder = m->ledger,
                              .present = m->present.ledger,
                              .mode = PART_LEDGER_MODE,
                              .data_mode = PART_LEDGER_DATA_MODE,
                              .owner = &m->owners.ledger,
                              .make = make_ledger};
    return provide_store(m, &plan, why);
}

int making_end(struct making *m, struct error *why)
{
    return m->lock < 0 ? 0 : place_remove(m->key_stage, why);
}
