/* Long journals, to be verified.
 *
 *     journals fill CONFIGURATION SCOPE COUNT
 *
 * writes COUNT opt-outs of one person each into the list, as pages write them, and as many verdicts
 * on one recipient into the ledger, both in no sequence of subjects. The tables beside the journals
 * are what the fold makes, written in their sequence, which takes minutes instead of hours.
 *
 *     journals hash FOLDER
 *
 * reads the bytes of all events in their sequence, and does no more than one SHA-256 over all of
 * them, then one over each; prints, as words and numbers: events, octets, and the seconds of
 * either. */
#include "site.h"

#include "base/clock.h"
#include "store/ledger_tables.h"
#include "store/list_tables.h"

#include <lmdb.h>
#include <openssl/evp.h>
#include <string.h>

#define PORTION 50000 /* events or rows in one transaction */
#define STEP 6700417  /* a prime: numbers in no sequence, each once */

struct person {
    struct subject subject;
    uint64_t event;
};

struct filling {
    struct list *list;
    struct ledger *ledger;
    struct subject_hasher *hasher;
    const char *scope;
    struct person *people; /* by event at first, then by subject */
    size_t count, done;
};

static size_t write_address(size_t number, char text[ADDRESS_MAX + 1])
{
    return (size_t)snprintf(text, ADDRESS_MAX + 1, "%011zu@mail%03zu.example", number,
                            number % 997);
}

static void make_people(struct filling *f)
{
    char text[ADDRESS_MAX + 1];

    for (size_t i = 0; i < f->count; i++) {
        size_t length = write_address(i * STEP % f->count, text);
        if (subject_of_address(f->hasher, text, length, &f->people[i].subject))
            give_up("no keyed hash");
    }
}

static size_t end_of_portion(const struct filling *f)
{
    return f->count - f->done < PORTION ? f->count : f->done + PORTION;
}

/* --- events --- */

static int list_job(struct txn *txn, void *argument)
{
    struct filling *f = argument;
    size_t end = end_of_portion(f);
    int code = 0;

    for (size_t i = f->done; i < end && code == 0; i++) {
        struct event_choice row = {
            .subject = f->people[i].subject,
            .choice = {.kind = CHOICE_OPT_OUT, .scope = f->scope, .reason = REASON_UNSUBSCRIBE}};
        struct event event = {.at_ms = clock_now_ms(),
                              .type = EVENT_CHOICES,
                              .actor = "web",
                              .source = "link",
                              .choices = &row,
                              .choice_count = 1};
        code = journal_append(&f->list->store, txn, &event, NULL, 0);
        f->people[i].event = event.name.number;
    }
    return code;
}

static int ledger_job(struct txn *txn, void *argument)
{
    struct filling *f = argument;
    size_t end = end_of_portion(f);
    int code = 0;

    for (size_t i = f->done; i < end && code == 0; i++) {
        struct event_basis basis = {.event = {.number = i + 1}, .hash = {1}};
        struct event_verdict_row row = {.known = true,
                                        .subject = f->people[i].subject,
                                        .state = RECIPIENT_OPTED_OUT,
                                        .basis = &basis,
                                        .basis_count = 1};
        struct event_verdict verdict = {.stream = "newsletter",
                                        .rule = "match_login",
                                        .scope = f->scope,
                                        .queue_id = "4Yk2Rz1vWxz1",
                                        .action = ACTION_STRIP,
                                        .given = 2,
                                        .delivered = 1,
                                        .kept_back = 1,
                                        .rows = &row,
                                        .row_count = 1};
        struct event event = {
            .at_ms = clock_now_ms(), .type = EVENT_VERDICT, .actor = "milter", .verdict = &verdict};
        memcpy(basis.event.node, f->list->store.node, EVENT_NODE_SIZE);
        code = journal_append(&f->ledger->store, txn, &event, NULL, 0);
        f->people[i].event = event.name.number;
    }
    return code;
}

/* --- tables --- */

static int compare_people(const void *a, const void *b)
{
    return memcmp(a, b, SUBJECT_SIZE);
}

static void make_row_key(const struct person *person, uint8_t key[CHOICE_KEY_SIZE])
{
    memcpy(key, person->subject.bytes, SUBJECT_SIZE);
    memset(key + SUBJECT_SIZE, 0, JOURNAL_KEY_SIZE);
    for (size_t i = 0; i < 6; i++)
        key[CHOICE_KEY_SIZE - 1 - i] = (uint8_t)(person->event >> 8 * i);
}

static int choice_job(struct txn *txn, void *argument)
{
    struct filling *f = argument;
    size_t end = end_of_portion(f);
    struct inserter inserter;
    struct list_ids ids = {0};
    struct text value = TEXT_EMPTY;
    struct slice there;

    int code = insert_begin(&inserter, txn, TABLE_CHOICE);
    for (size_t i = f->done; i < end && code == 0; i++) {
        uint8_t key[CHOICE_KEY_SIZE];
        struct choice choice = {.kind = CHOICE_OPT_OUT,
                                .scope = f->scope,
                                .source = "link",
                                .reason = REASON_UNSUBSCRIBE};
        value.length = 0;
        make_row_key(&f->people[i], key);
        code = list_row_pack(f->list, txn, &choice, &ids, &value);
        if (code == 0)
            code = insert_next(&inserter, SLICE(key, sizeof key), SLICE(value.data, value.length),
                               &there);
    }
    insert_end(&inserter);
    text_release(&value);
    return code;
}

/* An event's number tells whose address it was: the journal's begin is the same in each list. */
static int address_job(struct txn *txn, void *argument)
{
    struct filling *f = argument;
    size_t end = end_of_portion(f), first = 2;
    struct inserter inserter;
    struct sealer *sealer = NULL;
    struct slice there;
    uint64_t lowest = UINT64_MAX;

    for (size_t i = 0; i < f->count; i++)
        if (f->people[i].event < lowest)
            lowest = f->people[i].event;
    first = lowest;
    int code = list_sealer_new(f->list, &sealer);
    if (code == 0)
        code = insert_begin(&inserter, txn, TABLE_ADDRESS);
    for (size_t i = f->done; i < end && code == 0; i++) {
        char text[ADDRESS_MAX + 1];
        uint8_t sealed[LIST_SEALED_MAX];
        size_t size = 0, number = (f->people[i].event - first) * STEP % f->count;
        code = list_seal_address(sealer, &f->people[i].subject, text, write_address(number, text),
                                 sealed, &size);
        if (code == 0)
            code = insert_next(&inserter, SLICE(f->people[i].subject.bytes, SUBJECT_SIZE),
                               SLICE(sealed, size), &there);
    }
    insert_end(&inserter);
    sealer_free(sealer);
    return code;
}

static int history_job(struct txn *txn, void *argument)
{
    struct filling *f = argument;
    size_t end = end_of_portion(f);
    struct inserter inserter;
    struct slice there;

    int code = insert_begin(&inserter, txn, TABLE_HISTORY);
    for (size_t i = f->done; i < end && code == 0; i++) {
        uint8_t key[CHOICE_KEY_SIZE];
        make_row_key(&f->people[i], key);
        code = insert_next(&inserter, SLICE(key, sizeof key), SLICE("", 0), &there);
    }
    insert_end(&inserter);
    return code;
}

static void write_all(struct filling *f, struct store *store, committer_job job)
{
    struct error why = {""};

    for (f->done = 0; f->done < f->count; f->done = end_of_portion(f))
        if (store_write(store, job, f, &why))
            give_up(why.text);
}

static struct ledger *open_ledger(const char *path)
{
    struct config *config;
    struct lookup_key lookup;
    struct ledger *ledger = NULL;
    struct error why = {""};
    char *folder = NULL;

    if (config_read(path, &config, &why) || keys_read_lookup(config->key_dir, &lookup, &why) ||
        !(folder = file_join(config->data_dir, "ledger")) ||
        ledger_open(folder, ENV_WRITE, config->ledger_size, &lookup, &ledger, &why))
        give_up(why.text);
    config_release(config);
    free(folder);
    return ledger;
}

static void fill(const char *path, const char *scope, size_t count)
{
    struct filling f = {.scope = scope, .count = count};
    char *folder = open_site(path, ENV_WRITE, &f.list, &f.hasher);

    f.ledger = open_ledger(path);
    f.people = calloc(count, sizeof *f.people);
    if (!f.people || count % STEP == 0)
        give_up("no memory, or a number that is not taken");
    make_people(&f);
    write_all(&f, &f.ledger->store, ledger_job);
    qsort(f.people, count, sizeof *f.people, compare_people);
    write_all(&f, &f.ledger->store, history_job);
    make_people(&f);
    write_all(&f, &f.list->store, list_job);
    qsort(f.people, count, sizeof *f.people, compare_people);
    write_all(&f, &f.list->store, choice_job);
    write_all(&f, &f.list->store, address_job);
    ledger_close(f.ledger);
    list_close(f.list);
    subject_hasher_free(f.hasher);
    free(f.people);
    free(folder);
}

/* --- hashing --- */

static double hash_all(MDB_txn *txn, MDB_dbi dbi, bool each, size_t *events, size_t *octets)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t digest[EVP_MAX_MD_SIZE];
    MDB_cursor *cursor = NULL;
    MDB_val key, value;
    double begun = now_us();

    *events = *octets = 0;
    if (!context || mdb_cursor_open(txn, dbi, &cursor) ||
        EVP_DigestInit_ex2(context, EVP_sha256(), NULL) != 1)
        give_up("the journal cannot be read");
    for (MDB_cursor_op op = MDB_FIRST; mdb_cursor_get(cursor, &key, &value, op) == 0;
         op = MDB_NEXT) {
        if (EVP_DigestUpdate(context, value.mv_data, value.mv_size) != 1 ||
            (each && (EVP_DigestFinal_ex(context, digest, NULL) != 1 ||
                      EVP_DigestInit_ex2(context, NULL, NULL) != 1)))
            give_up("no hash");
        ++*events;
        *octets += value.mv_size;
    }
    if (EVP_DigestFinal_ex(context, digest, NULL) != 1)
        give_up("no hash");
    mdb_cursor_close(cursor);
    EVP_MD_CTX_free(context);
    return (now_us() - begun) / 1e6;
}

static void hash(const char *folder)
{
    MDB_env *env = NULL;
    MDB_txn *txn = NULL;
    MDB_dbi dbi = 0;
    size_t events, octets;

    if (mdb_env_create(&env) || mdb_env_set_maxdbs(env, 16) ||
        mdb_env_open(env, folder, MDB_RDONLY, 0) || mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) ||
        mdb_dbi_open(txn, "journal", 0, &dbi))
        give_up("the journal cannot be read");
    hash_all(txn, dbi, false, &events, &octets); /* warms up */
    double bare = hash_all(txn, dbi, false, &events, &octets);
    double each = hash_all(txn, dbi, true, &events, &octets);
    printf("events %zu octets %zu bare %.3f each %.3f\n", events, octets, bare, each);
    mdb_txn_abort(txn);
    mdb_env_close(env);
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "fill") == 0)
        fill(argv[2], argv[3], strtoul(argv[4], NULL, 10));
    else if (argc == 3 && strcmp(argv[1], "hash") == 0)
        hash(argv[2]);
    else
        give_up("usage: journals fill CONFIGURATION SCOPE COUNT | journals hash FOLDER");
    return 0;
}
