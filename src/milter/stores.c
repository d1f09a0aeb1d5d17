#include "milter/stores.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

/* One store and who uses it. LMDB must not open a file twice in a process, so a store that is stale
 * is opened again only when its last user has given it back. */
struct slot {
    int (*open)(const struct slot *slot, const struct lookup_key *key, void **store,
                struct error *why);
    int (*check)(const void *store);
    void (*close)(void *store);
    char *folder;
    uint64_t size;
    void *store; /* NULL: not open */
    unsigned users;
    bool stale;
    int code; /* why it could not be opened last time, and when that was */
    struct error why;
    int64_t tried;
};

struct stores {
    pthread_mutex_t lock;
    struct slot list;
    struct slot ledger;
};

/* --- the two kinds --- */

static int open_list(const struct slot *slot, const struct lookup_key *key, void **store,
                     struct error *why)
{
    struct list *list;
    int code = list_open(slot->folder, ENV_READ, slot->size, key, NULL, &list, why);
    if (code == 0)
        *store = list;
    return code;
}

static int check_list(const void *store)
{
    return list_check(store);
}

static void close_list(void *store)
{
    list_close(store);
}

static int open_ledger(const struct slot *slot, const struct lookup_key *key, void **store,
                       struct error *why)
{
    struct ledger *ledger;
    int code = ledger_open(slot->folder, ENV_WRITE, slot->size, key, &ledger, why);
    if (code == 0)
        *store = ledger;
    return code;
}

static int check_ledger(const void *store)
{
    return ledger_check(store);
}

static void close_ledger(void *store)
{
    ledger_close(store);
}

/* --- slots --- */

static void close_unused(struct slot *slot)
{
    if (!slot->stale || slot->users > 0)
        return;
    slot->close(slot->store);
    slot->store = NULL;
    slot->stale = false;
}

static void check_open(struct slot *slot)
{
    if (!slot->store || slot->stale)
        return;
    int code = slot->check(slot->store);
    if (code) {
        log_warning("%s: %s; it is opened again", slot->folder, error_name(code));
        slot->stale = true;
        slot->tried = 0;
    }
    close_unused(slot);
}

static int open_now(struct slot *slot, const struct lookup_key *key)
{
    int64_t now = clock_now();
    if (slot->code && slot->tried == now)
        return slot->code;
    slot->tried = now;
    int before = slot->code;
    slot->code = slot->open(slot, key, &slot->store, &slot->why);
    if (slot->code == 0 && before)
        log_info("%s: open again", slot->folder);
    return slot->code;
}

static int take(struct stores *stores, struct slot *slot, const struct lookup_key *key,
                void **store, struct error *why)
{
    int code = 0;

    pthread_mutex_lock(&stores->lock);
    check_open(slot);
    if (slot->stale)
        code = error_set(why, ERR_RETIRED, "%s was replaced and is still in use", slot->folder);
    else if (!slot->store && (code = open_now(slot, key)) != 0)
        error_set(why, code, "%s", slot->why.text);
    if (code == 0) {
        slot->users++;
        *store = slot->store;
    }
    pthread_mutex_unlock(&stores->lock);
    return code;
}

static void give(struct stores *stores, struct slot *slot)
{
    pthread_mutex_lock(&stores->lock);
    slot->users--;
    close_unused(slot);
    pthread_mutex_unlock(&stores->lock);
}

/* --- */

int stores_new(const struct config *config, struct stores **stores)
{
    struct stores *s = calloc(1, sizeof *s);
    if (!s)
        return -ENOMEM;
    pthread_mutex_init(&s->lock, NULL);
    s->list = (struct slot){.open = open_list,
                            .check = check_list,
                            .close = close_list,
                            .folder = file_join(config->data_dir, "list"),
                            .size = config->list_size};
    s->ledger = (struct slot){.open = open_ledger,
                              .check = check_ledger,
                              .close = close_ledger,
                              .folder = file_join(config->data_dir, "ledger"),
                              .size = config->ledger_size};
    if (!s->list.folder || !s->ledger.folder) {
        stores_free(s);
        return -ENOMEM;
    }
    *stores = s;
    return 0;
}

void stores_free(struct stores *stores)
{
    if (!stores)
        return;
    if (stores->list.store)
        stores->list.close(stores->list.store);
    if (stores->ledger.store)
        stores->ledger.close(stores->ledger.store);
    free(stores->list.folder);
    free(stores->ledger.folder);
    pthread_mutex_destroy(&stores->lock);
    free(stores);
}

int stores_take_list(struct stores *stores, const struct lookup_key *key, struct list **list,
                     struct error *why)
{
    void *store;
    int code = take(stores, &stores->list, key, &store, why);
    if (code == 0)
        *list = store;
    return code;
}

void stores_give_list(struct stores *stores)
{
    give(stores, &stores->list);
}

int stores_take_ledger(struct stores *stores, const struct lookup_key *key, struct ledger **ledger,
                       struct error *why)
{
    void *store;
    int code = take(stores, &stores->ledger, key, &store, why);
    if (code == 0)
        *ledger = store;
    return code;
}

void stores_give_ledger(struct stores *stores)
{
    give(stores, &stores->ledger);
}
