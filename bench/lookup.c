/* Asks a list as the milter does: one message with one recipient, judged under a stream's scope in
 * a view of its own; hashing and the recipient's domain included. On one thread.
 *
 *     lookup CONFIGURATION SCOPE COUNT < ADDRESSES
 *
 * prints, as words and numbers: how many were asked and kept back, look-ups a second, the median
 * and the 99th of a hundred in microseconds; and for each table its entries and the octets that an
 * entry takes, unused room in its pages included. */
#include "site.h"

#include "store/judge.h"

#include <lmdb.h>
#include <string.h>

struct asking {
    struct list *list;
    struct subject_hasher *hasher;
    struct stream stream;
    struct recipient *people;
    double *took_us;
    size_t count, kept_back;
    struct pool pool;
};

static void read_people(struct asking *a, size_t most)
{
    char line[ADDRESS_GIVEN_MAX + 2];

    a->people = calloc(most, sizeof *a->people);
    a->took_us = calloc(most, sizeof *a->took_us);
    if (!a->people || !a->took_us)
        give_up("no memory");
    while (a->count < most && fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        struct recipient *r = &a->people[a->count];
        if (address_parse(line, &r->address))
            give_up("an address cannot be read");
        r->given = r->address.text;
        a->count++;
    }
    if (a->count == 0)
        give_up("no address was given");
}

static void ask(struct asking *a, const struct recipient *recipient)
{
    struct list_view *view;
    struct judged judged;

    if (list_view_begin(a->list, &view) ||
        judge_recipients(view, a->hasher, &a->stream, recipient, 1, (int64_t)time(NULL), &a->pool,
                         &judged))
        give_up("the list cannot tell");
    list_view_end(view);
    pool_reset(&a->pool);
    a->kept_back += judged.state == RECIPIENT_OPTED_OUT;
}

static double ask_all(struct asking *a)
{
    double begun = now_us(), before = begun;

    a->kept_back = 0;
    for (size_t i = 0; i < a->count; i++) {
        ask(a, &a->people[i]);
        double after = now_us();
        a->took_us[i] = after - before;
        before = after;
    }
    return before - begun;
}

static void tell_times(struct asking *a, double whole_us)
{
    sort_times(a->took_us, a->count);
    printf("asked %zu kept_back %zu rate %.0f p50_us %.2f p99_us %.2f\n", a->count, a->kept_back,
           (double)a->count / whole_us * 1e6, a->took_us[a->count / 2],
           slowest_of_hundred(a->took_us, a->count));
}

/* By LMDB itself, when the list is closed. */
static void tell_tables(const char *folder)
{
    static const char *const names[] = {"choice", "address", "journal"};
    MDB_env *env;
    MDB_txn *txn;

    if (mdb_env_create(&env) || mdb_env_set_maxdbs(env, 16) ||
        mdb_env_open(env, folder, MDB_RDONLY, 0) || mdb_txn_begin(env, NULL, MDB_RDONLY, &txn))
        give_up("the list cannot be measured");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        MDB_dbi dbi;
        MDB_stat s;
        if (mdb_dbi_open(txn, names[i], 0, &dbi) || mdb_stat(txn, dbi, &s))
            give_up("a table cannot be measured");
        printf("%s_entries %zu %s_octets %zu %s_depth %u\n", names[i], s.ms_entries, names[i],
               (s.ms_branch_pages + s.ms_leaf_pages + s.ms_overflow_pages) * s.ms_psize, names[i],
               s.ms_depth);
    }
    mdb_txn_abort(txn);
    mdb_env_close(env);
}

int main(int argc, char **argv)
{
    struct asking a = {.stream = {.consent = CONSENT_OPT_OUT}};

    if (argc != 4)
        give_up("usage: lookup CONFIGURATION SCOPE COUNT < ADDRESSES");
    char *folder = open_site(argv[1], ENV_READ, &a.list, &a.hasher);
    a.stream.scope = argv[2];
    read_people(&a, strtoul(argv[3], NULL, 10));
    ask_all(&a); /* warms up */
    tell_times(&a, ask_all(&a));
    list_close(a.list);
    subject_hasher_free(a.hasher);
    free(a.people);
    free(a.took_us);
    pool_release(&a.pool);
    tell_tables(folder);
    free(folder);
    return 0;
}
