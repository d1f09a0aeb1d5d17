#include "daemon/stores.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOOK_US 250 /* for so long a look at the files holds for who only writes */

/* One store and who uses it. LMDB must not open a file twice in a process, so a store that is stale
 * is opened again only when its last user has given it back. */
struct slot {
    bool is_list;
    enum env_access access;
    bool or_read;
    char *folder;
    uint64_t size;
    pthread_mutex_t lock; /* guards all below */
    struct list *list;    /* what is open: this or the ledger, never both */
    struct ledger *ledger;
    unsigned users;
    bool stale;
    int code; /* why it could not be opened last time, when that was, and for which key */
    struct error why;
    int64_t tried; /* seconds */
    uint8_t key[KEYS_FINGERPRINT_SIZE];
    _Atomic int64_t looked; /* us; when the files were looked at last */
};

struct stores {
    struct slot list;
    struct slot ledger;
};

/* What a store is opened with. */
struct site_keys {
    const struct lookup_key *lookup;
    const struct address_key *address; /* NULL: none */
};

/* --- the two kinds --- */

static bool is_open(const struct slot *slot)
{
    return slot->list || slot->ledger;
}

static int open_store(struct slot *slot, const struct site_keys *keys)
{
    if (slot->is_list)
        return list_open(slot->folder, slot->access, slot->size, keys->lookup, keys->address,
                         &slot->list, &slot->why);
    int code = ledger_open(slot->folder, slot->access, slot->size, keys->lookup, &slot->ledger,
                           &slot->why);
    if (slot->or_read && (code == -EACCES || code == -EROFS))
        code = ledger_open(slot->folder, ENV_READ, slot->size, keys->lookup, &slot->ledger,
                           &slot->why);
    return code;
}

static int check_store(const struct slot *slot)
{
    return slot->list ? list_check(slot->list) : ledger_check(slot->ledger);
}

static int close_store(struct slot *slot)
{
    int code = slot->list ? list_close(slot->list) : ledger_close(slot->ledger);
    if (code)
        return code;
    slot->list = NULL;
    slot->ledger = NULL;
    return 0;
}

/* --- slots --- */

static bool is_key(const struct slot *slot, const struct lookup_key *key)
{
    return memcmp(slot->key, key->fingerprint, sizeof slot->key) == 0;
}

/* A ledger whose writer hangs in another program's lock cannot be closed; that takes two seconds to
 * find out, so it is not tried by everybody who comes. */
static void close_stale(struct slot *slot)
{
    if (!slot->stale || slot->users > 0 || slot->tried == clock_now())
        return;
    if (close_store(slot) == 0)
        slot->stale = false;
    else
        slot->tried = clock_now();
}

/* To find out that it is still missing takes no time. */
static int open_now(struct slot *slot, const struct site_keys *keys)
{
    int64_t now = clock_now();
    int before = slot->code;

    if (before && before != ERR_NOT_FOUND && slot->tried == now && is_key(slot, keys->lookup))
        return before;
    slot->tried = now;
    memcpy(slot->key, keys->lookup->fingerprint, sizeof slot->key);
    slot->code = open_store(slot, keys);
    if (slot->code == 0 && before)
        log_info("%s: open again", slot->folder);
    return slot->code;
}

static int make_ready(struct slot *slot, const struct site_keys *keys, struct error *why)
{
    close_stale(slot);
    if (slot->stale)
        return error_set(why, ERR_RETIRED, "%s was replaced and is still in use", slot->folder);
    if (!is_open(slot) && open_now(slot, keys))
        return error_set(why, slot->code, "%s", slot->why.text);
    /* Subjects under another key are other people: nobody would be found, and all be mailed. */
    if (!is_key(slot, keys->lookup))
        return error_set(why, ERR_KEY,
                         "%s belongs to another lookup file than the one that is in key_dir now: "
                         "put back the one that belongs to it",
                         slot->folder);
    return 0;
}

static int take_unchecked(struct slot *slot, const struct site_keys *keys, struct error *why)
{
    pthread_mutex_lock(&slot->lock);
    int code = make_ready(slot, keys, why);
    if (code == 0)
        slot->users++;
    pthread_mutex_unlock(&slot->lock);
    return code;
}

static void give(struct slot *slot)
{
    pthread_mutex_lock(&slot->lock);
    slot->users--;
    pthread_mutex_unlock(&slot->lock);
}

static void give_stale(struct slot *slot, int code)
{
    pthread_mutex_lock(&slot->lock);
    slot->users--;
    if (!slot->stale) {
        log_warning("%s: %s; it is opened again", slot->folder, error_name(code));
        slot->stale = true;
        slot->tried = 0;
    }
    pthread_mutex_unlock(&slot->lock);
}

/* Of a clock that only goes on. */
static int64_t microseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* The files are looked at outside the lock, since nobody has to wait for that; not where somebody
 * did so less than `within` microseconds ago. */
static int take(struct slot *slot, const struct site_keys *keys, int64_t within, struct error *why)
{
    int64_t now = microseconds();
    int code = take_unchecked(slot, keys, why);
    if (code || now - atomic_load(&slot->looked) < within)
        return code;
    code = check_store(slot);
    if (code == 0) {
        atomic_store(&slot->looked, now);
        return 0;
    }
    give_stale(slot, code);
    return take_unchecked(slot, keys, why);
}

/* --- */

static void slot_init(struct slot *slot, const char *data_dir, const char *name, uint64_t size)
{
    pthread_mutex_init(&slot->lock, NULL);
    slot->folder = file_join(data_dir, name);
    slot->size = size;
}

int stores_new(const struct config *config, struct stores_access access, struct stores **stores)
{
    struct stores *s = calloc(1, sizeof *s);
    if (!s)
        return -ENOMEM;
    slot_init(&s->list, config->data_dir, "list", config->list_size);
    slot_init(&s->ledger, config->data_dir, "ledger", config->ledger_size);
    s->list.is_list = true;
    s->list.access = access.list;
    s->ledger.access = access.ledger;
    s->ledger.or_read = access.or_read;
    if (!s->list.folder || !s->ledger.folder) {
        stores_free(s);
        return -ENOMEM;
    }
    *stores = s;
    return 0;
}

static void slot_release(struct slot *slot)
{
    if (is_open(slot))
        close_store(slot);
    free(slot->folder);
    pthread_mutex_destroy(&slot->lock);
}

void stores_free(struct stores *stores)
{
    if (!stores)
        return;
    slot_release(&stores->list);
    slot_release(&stores->ledger);
    free(stores);
}

int stores_take_list(struct stores *stores, const struct lookup_key *key,
                     const struct address_key *address, struct list **list, struct error *why)
{
    int code = take(&stores->list, &(struct site_keys){key, address}, 0, why);
    if (code == 0)
        *list = stores->list.list;
    return code;
}

int stores_take_list_to_write(struct stores *stores, const struct lookup_key *key,
                              const struct address_key *address, struct list **list,
                              struct error *why)
{
    int code = take(&stores->list, &(struct site_keys){key, address}, LOOK_US, why);
    if (code == 0)
        *list = stores->list.list;
    return code;
}

void stores_give_list(struct stores *stores)
{
    give(&stores->list);
}

int stores_take_ledger(struct stores *stores, const struct lookup_key *key, struct ledger **ledger,
                       struct error *why)
{
    int code = take(&stores->ledger, &(struct site_keys){key, NULL}, 0, why);
    if (code == 0)
        *ledger = stores->ledger.ledger;
    return code;
}

void stores_give_ledger(struct stores *stores)
{
    give(&stores->ledger);
}
