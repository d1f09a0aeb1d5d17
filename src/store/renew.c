#include "store/renew.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define META_LOSS "loss"
#define META_HEADS "head" /* what the names of all heads begin with */

static struct slice loss_name(void)
{
    return SLICE(META_LOSS, sizeof META_LOSS - 1);
}

/* --- copies --- */

/* A store that was replaced while it was copied is not what the site's is, and with its mark nobody
 * could ever write to the copy. Asked afterwards, since the copy is of an earlier moment. */
static int check_in_force(const struct store *store)
{
    struct txn *txn;

    int code = env_check(store->env);
    if (code == 0)
        code = txn_begin_read(store->env, &txn);
    if (code)
        return code;
    code = txn_check_retired(txn);
    txn_abort(txn);
    return code;
}

int store_copy(const struct store *store, const char *path, struct error *why)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set(why, -errno, "cannot make %s: %s", path, strerror(errno));
    int code = env_copy(store->env, fd);
    if (code == 0)
        code = check_in_force(store);
    if (code == 0 && fsync(fd) < 0)
        code = -errno;
    if (close(fd) < 0 && code == 0)
        code = -errno;
    if (code == 0)
        return 0;
    unlink(path);
    return error_set(why, code, "%s could not be copied to %s: %s", env_folder(store->env), path,
                     error_name(code));
}

/* --- a store without events --- */

/* What the events will say, and what is true of the file alone. */
static bool is_derived(struct slice key)
{
    static const char *const names[] = {META_HEADS, "cut", "residue"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t length = strlen(names[i]);
        if (key.size >= length && memcmp(key.data, names[i], length) == 0)
            return true;
    }
    return false;
}

static int copy_meta_job(struct txn *txn, void *argument)
{
    struct txn *like = argument;
    struct cursor *cursor;
    struct slice key, value;

    int code = cursor_open(like, TABLE_META, &cursor);
    if (code)
        return code;
    code = cursor_seek(cursor, SLICE(NULL, 0), &key, &value);
    while (code == 0) {
        if (!is_derived(key))
            code = txn_insert(txn, TABLE_META, key, value);
        if (code == 0)
            code = cursor_next(cursor, &key, &value);
    }
    cursor_close(cursor);
    return code == ERR_NOT_FOUND ? 0 : code;
}

int store_create_like(const char *folder, const struct store *like, uint64_t map_size,
                      struct error *why)
{
    struct txn *txn;

    int code = txn_begin_read(like->env, &txn);
    if (code)
        return env_explain(like->env, code, why);
    code = store_make(folder, like->kind, map_size, copy_meta_job, txn, NULL, why);
    txn_abort(txn);
    return code;
}

bool store_is_related(const struct store *a, const struct store *b)
{
    uint64_t local;
    for (size_t i = 0; i < a->node_count; i++)
        if (store_local(b, a->nodes[i], &local) == 0)
            return true;
    return false;
}

/* --- events of a restore --- */

struct telling {
    struct store *store;
    const char *actor;
    const struct word *words;
    size_t word_count;
    struct event_name event;
};

static int restart_job(struct txn *txn, void *argument)
{
    const struct telling *t = argument;
    struct event_continued end;

    memcpy(end.event.node, t->store->node, EVENT_NODE_SIZE);
    int code = journal_head(txn, t->store->node_count - 1, &end.event.number, end.hash);
    if (code == 0 && end.event.number == 0)
        code = ERR_CORRUPT;
    return code ? code : store_begin_node(t->store, txn, t->actor, &end, t->words, t->word_count);
}

int store_restart(struct store *store, const char *actor, const struct word *words,
                  size_t word_count, struct error *why)
{
    struct telling t = {.store = store, .actor = actor, .words = words, .word_count = word_count};
    return store_write(store, restart_job, &t, why);
}

static int mark_loss_job(struct txn *txn, void *argument)
{
    (void)argument;
    return txn_put(txn, TABLE_META, loss_name(), SLICE("yes", 3));
}

int store_mark_loss(struct store *store, struct error *why)
{
    return store_write(store, mark_loss_job, NULL, why);
}

int store_has_loss(struct txn *txn, bool *loss)
{
    struct slice value;
    int code = txn_get(txn, TABLE_META, loss_name(), &value);
    if (code && code != ERR_NOT_FOUND)
        return code;
    *loss = code == 0;
    return 0;
}

static int accept_loss_job(struct txn *txn, void *argument)
{
    struct telling *t = argument;
    struct event event = {.at_ms = clock_now_ms(), .type = EVENT_LOSS, .actor = t->actor};
    bool loss;

    int code = store_has_loss(txn, &loss);
    if (code == 0 && loss)
        code = txn_delete(txn, TABLE_META, loss_name());
    if (code == 0)
        code = journal_append(t->store, txn, &event, t->words, t->word_count);
    t->event = event.name;
    return code;
}

int store_accept_loss(struct store *store, const char *actor, const struct word *words,
                      size_t word_count, struct event_name *event, struct error *why)
{
    struct telling t = {.store = store, .actor = actor, .words = words, .word_count = word_count};
    int code = store_write(store, accept_loss_job, &t, why);
    if (code == 0)
        *event = t.event;
    return code;
}

/* --- changing places --- */

struct replacing {
    int (*place)(struct txn *txn, void *argument);
    void *argument;
    bool placed;
};

static int replace_job(struct txn *txn, void *argument)
{
    struct replacing *r = argument;
    int code = r->place(txn, r->argument);
    r->placed = code == 0;
    return code ? code : txn_retire(txn);
}

int store_replace(struct store *old, int (*place)(struct txn *txn, void *argument), void *argument,
                  struct error *why)
{
    struct replacing r = {.place = place, .argument = argument};
    int code = store_write(old, replace_job, &r, why);
    /* Whoever has the old one open finds another file under its name; the mark is for who would put
     * it back. */
    return r.placed ? 0 : code;
}
