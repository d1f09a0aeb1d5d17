/* Ten thousand bits anywhere, and five thousand where something stands, each turned in a store with
 * events and rows of all kinds: verify finds it, or it stands where nobody reads.
 *
 * OPTOUT_FLIPS: another number than ten thousand; OPTOUT_SEED: other places. */
#include "site.h"

#include "base/clock.h"
#include "lmdb_map.h"
#include "store/ledger_tables.h"
#include "store/renew.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#define NEWS "acme/news"
#define PEOPLE 400
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define FLIPS 1000 /* of a slow program; the quick one turns all of them */
#else
#define FLIPS 10000
#endif
#define PATIENCE_S 60 /* for one flip */

static struct subject_hasher *hasher;

static struct subject subject_of(const char *address)
{
    struct subject subject;
    assert_int_equal(subject_of_address(hasher, address, strlen(address), &subject), 0);
    return subject;
}

/* --- what is written --- */

struct waiting {
    pthread_mutex_t lock;
    pthread_cond_t told;
    bool done;
};

static void on_done(void *argument, int code, const struct error *why)
{
    struct waiting *w = argument;
    if (code)
        fail_msg("%s", why->text);
    pthread_mutex_lock(&w->lock);
    w->done = true;
    pthread_cond_signal(&w->told);
    pthread_mutex_unlock(&w->lock);
}

static void wait_for(struct waiting *w)
{
    pthread_mutex_lock(&w->lock);
    while (!w->done)
        pthread_cond_wait(&w->told, &w->lock);
    pthread_mutex_unlock(&w->lock);
}

#define WAITING                                                                                    \
    {                                                                                              \
        PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false                                 \
    }

static const struct word words[] = {{"note", "she called"}, {"staff", "anna"}};
static const struct act by_hotline = {
    .actor = "cli", .source = "hotline", .words = words, .word_count = 2};

/* A batch of many rows, in an event of many pages. */
static uint64_t add_batch(struct list *list)
{
    static struct list_entry entries[PEOPLE];
    static char addresses[PEOPLE][40];
    const struct event_batch begin = {
        .kind = BATCH_IMPORT, .has_digest = true, .digest = {7}, .size = 4711};
    const uint64_t counts[BATCH_COUNTS] = {PEOPLE, PEOPLE};
    struct act act = {.actor = "import", .source = "mailchimp"};

    assert_ok(list_batch_begin(list, &begin, &act, &act.batch, &why));
    for (size_t i = 0; i < PEOPLE; i++) {
        snprintf(addresses[i], sizeof addresses[i], "person%zu@mail%zu.example", i, i % 7);
        entries[i] = (struct list_entry){.subject = subject_of(addresses[i]),
                                         .address = i % 10 ? addresses[i] : NULL,
                                         .kind = i % 9 ? CHOICE_OPT_OUT : CHOICE_BLOCK,
                                         .reason = REASON_UNSUBSCRIBE,
                                         .scope = i % 2 ? NEWS : "beta",
                                         .asked = 1700000000 + (int64_t)i,
                                         .until = i % 9 ? 0 : 1900000000};
    }
    assert_ok(list_add(list, entries, PEOPLE, &act, &why));
    assert_ok(list_batch_end(list, counts, &act, &why));
    return act.batch;
}

static struct event_name add_person(struct list *list, const char *address, enum choice_kind kind)
{
    struct list_entry entry = {.subject = subject_of(address),
                               .address = address,
                               .domain = *address == '@',
                               .kind = kind,
                               .confirmed = kind == CHOICE_OPT_IN,
                               .reason = REASON_UNSUBSCRIBE,
                               .scope = NEWS};
    assert_ok(list_add(list, &entry, 1, &by_hotline, &why));
    return entry.event;
}

static void undo_batch(struct list *list, uint64_t number, const struct event_name *row)
{
    const struct event_withdrawal withdrawal = {subject_of("person3@mail3.example"), *row};
    struct event_batch begin = {.kind = BATCH_UNDO, .undoes = {.number = number}};
    const uint64_t counts[BATCH_COUNTS] = {[BATCH_WITHDRAWN] = 1};
    struct act act = {.actor = "cli"};
    struct event_name event;

    memcpy(begin.undoes.node, list_node(list), EVENT_NODE_SIZE);
    assert_ok(list_batch_begin(list, &begin, &act, &act.batch, &why));
    assert_ok(list_withdraw(list, &withdrawal, 1, &act, &event, &why));
    assert_ok(list_batch_end(list, counts, &act, &why));
}

static void add_reason(struct list *list, const struct event_name *about)
{
    const struct event_reason reason = {*about, "too-many"};
    struct waiting w = WAITING;
    assert_int_equal(list_reason_later(list, &reason, &by_hotline, on_done, &w), 0);
    wait_for(&w);
}

static void probe(struct list *list)
{
    struct waiting w = WAITING;
    assert_int_equal(list_probe_later(list, on_done, &w), 0);
    wait_for(&w);
}

/* Marks one that was erased, and one of whom only the hash was ever told. */
static void put_other_addresses(void)
{
    struct raw raw;
    struct subject erased = subject_of("person10@mail3.example");
    raw_begin(site_list, &raw);
    raw_put(&raw, "address", raw_val(&erased, sizeof erased), raw_val("\3", 1));
    raw_end(&raw);
}

static struct event_name first_row_of(struct list *list, const char *address)
{
    struct subject subject = subject_of(address);
    struct list_view *view = view_of(list);
    struct pool pool = {0};
    struct choice *rows;
    size_t count;
    assert_int_equal(list_read(view, LIST_STANDING, &subject, false, &pool, &rows, &count, NULL),
                     0);
    assert_true(count > 0);
    struct event_name name = rows[0].event;
    list_view_end(view);
    pool_release(&pool);
    return name;
}

static void fill_list(void)
{
    struct subject anna = subject_of("anna@example.com");
    struct list *list = open_list();
    struct event_withdrawal row = {.subject = anna};
    struct event_name event;

    add_scope(list, NEWS);
    add_scope(list, "beta");
    uint64_t batch = add_batch(list);
    row.target = add_person(list, "anna@example.com", CHOICE_OPT_OUT);
    add_reason(list, &row.target);
    add_person(list, "anna@example.com", CHOICE_OPT_IN);
    add_person(list, "@example.org", CHOICE_OPT_OUT);
    assert_ok(list_withdraw(list, &row, 1, &by_hotline, &event, &why));
    event = first_row_of(list, "person3@mail3.example");
    undo_batch(list, batch, &event);
    for (int i = 0; i < 40; i++) {
        struct subject subject = subject_number((unsigned)i);
        assert_ok(list_claim_notice(list, &subject, 1800000000 + i, 3600, &why));
    }
    probe(list);
    assert_ok(store_restart(list_store(list), "restore", words, 2, &why));
    add_person(list, "bert@example.com", CHOICE_BLOCK);
    list_close(list);
    put_other_addresses();
}

static void fill_ledger(void)
{
    struct event_basis basis = {.event = {.number = 5}, .hash = {1, 2, 3}};
    struct event_verdict_row rows[2] = {
        {.known = true, .state = RECIPIENT_OPTED_OUT, .basis = &basis, .basis_count = 1},
        {.known = false, .state = RECIPIENT_UNREADABLE}};
    const struct event_verdict verdict = {.stream = "news",
                                          .rule = "match_login",
                                          .scope = NEWS,
                                          .queue_id = "4Q1",
                                          .action = ACTION_STRIP,
                                          .given = 3,
                                          .delivered = 1,
                                          .kept_back = 2,
                                          .rows = rows,
                                          .row_count = 2};
    const struct stream_count stream = {"news", ACTION_STRIP, MODE_ENFORCE, 1, 40, 38, 300};
    struct ledger *ledger = open_ledger();
    uint64_t number;

    for (unsigned i = 0; i < 300; i++) {
        struct unclaimed_count unclaimed = {"mautic", "", "a.example", i + 1, 2, 3, 4};
        rows[0].subject = subject_number(i % 90);
        assert_ok(ledger_write(ledger, &verdict, words, i % 3 ? 0 : 2, &number, &why));
        if (i % 20 == 0)
            assert_ok(ledger_count(ledger, &stream, 1, &unclaimed, 1, &why));
        if (i == 200)
            assert_ok(store_restart(ledger_store(ledger), "restore", words, 2, &why));
    }
    ledger_close(ledger);
}

static int make_stores(void **state)
{
    if (make_site(state) || subject_hasher_new(site_lookup.subject, &hasher))
        return -1;
    fill_list();
    fill_ledger();
    return 0;
}

static int remove_stores(void **state)
{
    subject_hasher_free(hasher);
    return remove_site(state);
}

/* --- verifying, and what is there to be read --- */

#define TOLD 1 /* it is no fault, but is told: pages are lost, of which nothing came before */

static int verify_the_list(struct error *why)
{
    struct list *list;
    struct list_view *view;
    uint64_t events;

    int code = list_open(site_list, ENV_READ, SITE_MAP, &site_lookup, &site_address, &list, why);
    if (code)
        return code;
    code = list_view_begin(list, &view);
    if (code == 0) {
        code = list_verify(view, &events, why);
        if (code == 0 && list_store(list)->remarks.lost)
            code = TOLD;
        list_view_end(view);
    }
    list_close(list);
    return code;
}

static int compare_with_list(const struct ledger_view *view, struct error *why)
{
    struct list *list;
    struct list_view *of_list;

    int code = list_open(site_list, ENV_READ, SITE_MAP, &site_lookup, &site_address, &list, why);
    if (code)
        return code;
    code = list_view_begin(list, &of_list);
    if (code == 0) {
        code =
            store_verify_keys(list_store(list), of_list->txn, &view->ledger->store, view->txn, why);
        list_view_end(of_list);
    }
    list_close(list);
    return code;
}

static int verify_the_ledger(struct error *why)
{
    struct ledger *ledger;
    struct ledger_view *view;
    uint64_t events;

    int code = ledger_open(site_ledger, ENV_READ, SITE_MAP, &site_lookup, &ledger, why);
    if (code)
        return code;
    code = ledger_view_begin(ledger, &view);
    if (code == 0) {
        code = ledger_verify(view, &events, why);
        if (code == 0 && ledger_store(ledger)->remarks.lost)
            code = TOLD;
        if (code == 0)
            code = compare_with_list(view, why);
        ledger_view_end(view);
    }
    ledger_close(ledger);
    return code;
}

static void digest_table(MDB_txn *txn, const char *name, struct text *all)
{
    MDB_dbi dbi;
    MDB_cursor *cursor;
    MDB_val key, value;

    assert_int_equal(mdb_dbi_open(txn, name, 0, &dbi), 0);
    assert_int_equal(mdb_cursor_open(txn, dbi, &cursor), 0);
    for (MDB_cursor_op op = MDB_FIRST; mdb_cursor_get(cursor, &key, &value, op) == 0;
         op = MDB_NEXT) {
        text_append_bytes(all, (char *)&key.mv_size, sizeof key.mv_size);
        text_append_bytes(all, key.mv_data, key.mv_size);
        /* When it was last asked whether opt-outs can be stored: nobody reads that. */
        if (key.mv_size != 5 || memcmp(key.mv_data, "probe", 5) != 0)
            text_append_bytes(all, value.mv_data, value.mv_size);
    }
    mdb_cursor_close(cursor);
}

/* Of all that LMDB reads in a store. */
static void digest_rows(const char *folder, const struct store *store,
                        uint8_t digest[SEAL_DIGEST_SIZE])
{
    struct text all = TEXT_EMPTY;
    struct raw raw;

    raw_begin(folder, &raw);
    for (size_t i = 0; i < store->kind->table_count; i++)
        digest_table(raw.txn, store->kind->tables[i], &all);
    mdb_txn_abort(raw.txn);
    mdb_env_close(raw.env);
    assert_int_equal(seal_digest(SLICE(all.data, all.length), digest), 0);
    text_release(&all);
}

/* --- flips --- */

struct flip {
    size_t octet;
    unsigned bit;
    bool found, died;
    uint8_t digest[SEAL_DIGEST_SIZE]; /* of all rows, where it was not */
};

/* One store, and the places in it; shared with the processes that look. */
struct ground {
    const char *folder;
    int (*verify)(struct error *why);
    struct store store; /* for its tables */
    int fd;
    size_t next, count;
    struct flip flips[];
};

static void turn(const struct ground *ground, const struct flip *flip)
{
    uint8_t octet;
    assert_int_equal(pread(ground->fd, &octet, 1, (off_t)flip->octet), 1);
    octet ^= (uint8_t)(1u << flip->bit);
    assert_int_equal(pwrite(ground->fd, &octet, 1, (off_t)flip->octet), 1);
}

/* What a process dies of that reads damage; cmocka would catch it. */
static const int deaths[] = {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE};
#define DEATHS (sizeof deaths / sizeof *deaths)

static int look(struct ground *ground)
{
    int null = open("/dev/null", O_WRONLY);
    for (size_t i = 0; i < DEATHS; i++)
        signal(deaths[i], SIG_DFL);
    dup2(null, STDERR_FILENO); /* what LMDB says before it aborts */
    for (; ground->next < ground->count; ground->next++) {
        struct flip *flip = &ground->flips[ground->next];
        struct error why = {""};
        alarm(PATIENCE_S);
        turn(ground, flip);
        flip->found = ground->verify(&why) != 0;
        if (!flip->found)
            digest_rows(ground->folder, &ground->store, flip->digest);
        turn(ground, flip);
    }
    return 0;
}

/* A process that dies of what it reads has found it too, as `optout verify` does. */
static void look_at_all(struct ground *ground)
{
    char lock[128];

    snprintf(lock, sizeof lock, "%s/lock.mdb", ground->folder);
    while (ground->next < ground->count) {
        unlink(lock);
        fflush(NULL);
        pid_t child = fork();
        if (child == 0)
            _exit(look(ground));
        int outcome = outcome_of(child);
        if (outcome == 0)
            continue;
        bool died = false;
        for (size_t i = 0; i < DEATHS; i++)
            died = died || outcome == 100 + deaths[i];
        struct flip *flip = &ground->flips[ground->next];
        if (!died && outcome != 1) /* 1: AddressSanitizer saw it die */
            fail_msg("bit %u of octet %zu of %s: %d", flip->bit, flip->octet, ground->folder,
                     outcome);
        flip->found = flip->died = true;
        turn(ground, flip);
        ground->next++;
    }
}

static size_t setting(const char *name, size_t usual)
{
    const char *value = getenv(name);
    return value ? strtoul(value, NULL, 10) : usual;
}

/* Anywhere; a third of them among those octets that say something. */
static void choose_places(struct ground *ground, const struct lmdb_map *map)
{
    for (size_t i = 0; i < ground->count; i++) {
        struct flip *flip = &ground->flips[i];
        do {
            flip->octet = random_number() % map->size;
            flip->bit = random_below(8);
        } while (i % 3 == 2 && map->octets[flip->octet] != OCTET_USED);
    }
}

static struct ground *make_ground(const char *folder, size_t count, const struct store *store,
                                  int (*verify)(struct error *why), struct lmdb_map *map)
{
    char path[128];
    struct stat status;
    struct ground *ground = mmap(NULL, sizeof *ground + count * sizeof *ground->flips,
                                 PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(ground, MAP_FAILED);
    ground->folder = folder;
    ground->verify = verify;
    ground->store.kind = store->kind;
    ground->count = count;
    snprintf(path, sizeof path, "%s/data.mdb", folder);
    ground->fd = open(path, O_RDWR);
    assert_true(ground->fd >= 0 && fstat(ground->fd, &status) == 0);
    *map = (struct lmdb_map){.size = (size_t)status.st_size};
    uint8_t *file = malloc(map->size);
    map->octets = malloc(map->size);
    assert_true(file && map->octets);
    assert_int_equal(pread(ground->fd, file, map->size, 0), map->size);
    map->file = file;
    map_file(map);
    choose_places(ground, map);
    return ground;
}

static void judge(const struct ground *ground, const struct lmdb_map *map,
                  const uint8_t digest[SEAL_DIGEST_SIZE])
{
    static const char *const names[] = {"unused", "between keys", "used"};
    size_t found[3] = {0}, all[3] = {0}, died = 0;

    for (size_t i = 0; i < ground->count; i++) {
        const struct flip *flip = &ground->flips[i];
        enum octet octet = map->octets[flip->octet];
        all[octet]++;
        found[octet] += flip->found;
        died += flip->died;
        if (flip->found)
            continue;
        if (memcmp(flip->digest, digest, SEAL_DIGEST_SIZE) != 0)
            fail_msg("bit %u of octet %zu (%s, page %zu) of %s: a row was changed", flip->bit,
                     flip->octet, names[octet], flip->octet / map->page_size, ground->folder);
        if (octet == OCTET_USED)
            fail_msg("bit %u of octet %zu (page %zu) of %s was not found", flip->bit, flip->octet,
                     flip->octet / map->page_size, ground->folder);
    }
    for (size_t i = 0; i < 3; i++)
        print_message("%s: %zu of %zu %s found\n", ground->folder, found[i], all[i], names[i]);
    print_message("%s: %zu of them by a crash\n", ground->folder, died);
    assert_true(all[OCTET_USED] > ground->count / 4);
}

static void flip_all(const char *folder, size_t count, const struct store *store,
                     int (*verify)(struct error *why))
{
    uint8_t digest[SEAL_DIGEST_SIZE];
    struct lmdb_map map;
    struct ground *ground = make_ground(folder, count, store, verify, &map);

    assert_ok(verify(&why));
    digest_rows(folder, &ground->store, digest);
    look_at_all(ground);
    judge(ground, &map, digest);
    assert_ok(verify(&why));
    close(ground->fd);
    munmap(ground, sizeof *ground + count * sizeof *ground->flips);
    free((void *)(uintptr_t)map.file);
    free(map.octets);
}

static void seed(void)
{
    uint64_t number = setting("OPTOUT_SEED", 20261126);
    print_message("OPTOUT_SEED=%llu\n", (unsigned long long)number);
    random_state = number * UINT64_C(0x9e3779b97f4a7c15) | 1;
}

static void a_bit_that_turns_in_the_list_is_found(void **state)
{
    struct list *list = open_list();
    struct store store = {.kind = list_store(list)->kind};
    (void)state;
    list_close(list);
    seed();
    flip_all(site_list, setting("OPTOUT_FLIPS", FLIPS) * 9 / 10, &store, verify_the_list);
}

static void a_bit_that_turns_in_the_ledger_is_found(void **state)
{
    struct ledger *ledger = open_ledger();
    struct store store = {.kind = ledger_store(ledger)->kind};
    (void)state;
    ledger_close(ledger);
    seed();
    flip_all(site_ledger, setting("OPTOUT_FLIPS", FLIPS) * 6 / 10, &store, verify_the_ledger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bit_that_turns_in_the_list_is_found),
        cmocka_unit_test(a_bit_that_turns_in_the_ledger_is_found),
    };
    return cmocka_run_group_tests(tests, make_stores, remove_stores);
}
