#include "store/erase.h"

#include "base/clock.h"
#include "store/words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define META_RESIDUE "residue"

/* --- the mark --- */

static struct slice residue_key(void)
{
    return SLICE(META_RESIDUE, sizeof META_RESIDUE - 1);
}

int erase_has_residue(struct txn *txn, bool *residue)
{
    struct slice value;
    int code = txn_get(txn, TABLE_META, residue_key(), &value);
    if (code && code != ERR_NOT_FOUND)
        return code;
    *residue = code == 0;
    return 0;
}

int erase_mark(struct txn *txn)
{
    bool marked;
    int code = erase_has_residue(txn, &marked);
    return code || marked ? code : txn_put(txn, TABLE_META, residue_key(), SLICE("yes", 3));
}

static int clear_job(struct txn *txn, void *argument)
{
    (void)argument;
    int code = txn_delete(txn, TABLE_META, residue_key());
    return code == ERR_NOT_FOUND ? 0 : code;
}

int erase_clear_residue(struct store *store, struct error *why)
{
    return store_write(store, clear_job, NULL, why);
}

int erase_row(struct txn *txn, unsigned table, struct slice key)
{
    int code = txn_delete(txn, table, key);
    if (code == ERR_NOT_FOUND)
        return 0;
    return code ? code : erase_mark(txn);
}

/* --- the event --- */

struct erasing {
    struct store *store;
    struct event_erasure *rows; /* by subject */
    size_t count;
    const char *actor;
    const struct word *words;
    size_t word_count;
    struct event_name event;
    const struct event_decision *decision;
};

static int erase_job(struct txn *txn, void *argument)
{
    struct erasing *e = argument;
    struct event event = {.at_ms = clock_now_ms(),
                          .type = EVENT_ERASURE,
                          .actor = e->actor,
                          .decision = e->decision,
                          .erasures = e->rows,
                          .erasure_count = e->count};

    int code = journal_append(e->store, txn, &event, e->words, e->word_count);
    e->event = event.name;
    return code ? code : e->store->kind->fold(e->store, txn, &event);
}

static int compare_rows(const void *a, const void *b)
{
    const struct event_erasure *x = a, *y = b;
    return memcmp(x->subject.bytes, y->subject.bytes, SUBJECT_SIZE);
}

int erase_write(struct store *store, const struct event_erasure *rows, size_t count,
                const char *actor, const struct word *words, size_t word_count,
                const struct event_decision *decision, struct event_name *event, struct error *why)
{
    struct erasing e = {.store = store,
                        .count = count,
                        .actor = actor,
                        .words = words,
                        .word_count = word_count,
                        .decision = decision};
    size_t named = count;

    for (size_t i = 0; i < count; i++)
        named += rows[i].event_count;
    if (named > ERASE_EVENTS_MAX)
        return error_set(why, -EINVAL, "more than %d people and events at once", ERASE_EVENTS_MAX);
    e.rows = malloc(count * sizeof *e.rows + 1);
    if (!e.rows)
        return error_set(why, -ENOMEM, "no memory to erase");
    memcpy(e.rows, rows, count * sizeof *rows);
    qsort(e.rows, count, sizeof *e.rows, compare_rows);
    int code = store_write(store, erase_job, &e, why);
    free(e.rows);
    if (code == 0)
        *event = e.event;
    return code;
}

/* Of a node that is not known here there are no words either. */
int erase_fold(const struct store *store, struct txn *txn, const struct event *event)
{
    for (size_t i = 0; i < event->erasure_count; i++)
        for (size_t j = 0; j < event->erasures[i].event_count; j++) {
            int code = journal_forget_words(store, txn, &event->erasures[i].events[j]);
            if (code && code != ERR_NOT_FOUND)
                return code;
        }
    return 0;
}

int erase_check(const struct store *store, struct txn *txn, const struct event *event)
{
    for (size_t i = 0; i < event->erasure_count; i++)
        for (size_t j = 0; j < event->erasures[i].event_count; j++) {
            int there = journal_has_words(store, txn, &event->erasures[i].events[j]);
            if (there > 0)
                return ERR_CORRUPT;
            if (there < 0 && there != ERR_NOT_FOUND)
                return there;
        }
    return 0;
}

/* --- by age --- */

struct words_erasing {
    const uint8_t (*keys)[WORDS_KEY_SIZE];
    size_t count;
};

static int words_job(struct txn *txn, void *argument)
{
    const struct words_erasing *e = argument;
    int code = 0;
    for (size_t i = 0; i < e->count && code == 0; i++)
        code = erase_row(txn, TABLE_PRIVATE, SLICE(e->keys[i], WORDS_KEY_SIZE));
    return code;
}

int erase_words(struct store *store, const uint8_t (*keys)[JOURNAL_KEY_SIZE + 1], size_t count,
                struct error *why)
{
    struct words_erasing e = {keys, count};
    return store_write(store, words_job, &e, why);
}
