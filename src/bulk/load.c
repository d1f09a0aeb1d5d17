#include "bulk/load.h"

#include "base/clock.h"
#include "bulk/queue.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BLOCKS 3
#define PAUSE_NS 1000000 /* between transactions: LMDB's lock is not fair */
#define ROUNDS 50 /* choices about one person in a transaction: each reads all that were before */
#define TRIES 15  /* for a write lock that others hold, each as long as the committer waits */
#define TELL_EVERY_MS 100 /* progress: the other thread has to let go of its view for that */

/* What one look at the list found to be written. */
struct block {
    struct list_entry *entries;
    size_t count, room;
    size_t fresh;     /* of them; the others bring an address alone */
    uint64_t done;    /* records up to its end */
    struct pool pool; /* of sealed addresses */
};

struct load {
    const struct import_request *request;
    const struct plan_facts *facts;
    struct runs *runs;
    const struct event_batch *begin;
    struct act *act;
    struct import_report *report;
    struct error *why;
    int64_t told_ms;
    /* The thread that plans. */
    pthread_t thread;
    pthread_mutex_t viewing; /* it has a view open */
    struct queue *empty, *full;
    struct block blocks[BLOCKS];
    struct block *block;
    uint64_t known;
    int code;
    struct error plan_why;
};

/* --- planning --- */

static int take(const struct record *record, enum plan_outcome outcome, void *argument)
{
    struct load *load = argument;
    struct block *block = load->block;

    if (block->count == block->room) {
        size_t room = block->room ? 2 * block->room : 1024;
        struct list_entry *entries = realloc(block->entries, room * sizeof *entries);
        if (!entries)
            return error_set(&load->plan_why, -ENOMEM, "no memory for what is to be written");
        block->entries = entries;
        block->room = room;
    }
    char *sealed = pool_copy_bytes(&block->pool, record->sealed.data, record->sealed.size);
    if (!sealed)
        return error_set(&load->plan_why, -ENOMEM, "no memory for what is to be written");
    block->entries[block->count++] =
        (struct list_entry){.subject = record->subject,
                            .sealed = SLICE(sealed, record->sealed.size),
                            .domain = record->domain,
                            .kind = record->kind,
                            .reason = record->reason,
                            .scope = load->facts->scopes[record->scope],
                            .asked = record->asked,
                            .until = record->until,
                            .address_only = outcome == PLAN_ADDRESS};
    block->fresh += outcome == PLAN_FRESH;
    return 0;
}

/* Hands on the block, and waits for an empty one. */
static int change_block(struct load *load)
{
    if (load->block && !queue_put(load->full, load->block))
        return -ECANCELED;
    load->block = queue_take(load->empty);
    if (!load->block)
        return -ECANCELED;
    load->block->count = load->block->fresh = 0;
    pool_reset(&load->block->pool);
    return 0;
}

static int between_views(uint64_t done, void *argument)
{
    struct load *load = argument;

    if (load->block)
        load->block->done = done;
    pthread_mutex_unlock(&load->viewing);
    int code = change_block(load);
    pthread_mutex_lock(&load->viewing);
    return code;
}

static void *plan(void *argument)
{
    struct load *load = argument;
    const struct plan_handler handler = {take, between_views, load};

    pthread_mutex_lock(&load->viewing);
    load->code = plan_run(load->facts, load->runs, &handler, &load->known, &load->plan_why);
    if (load->code == 0 && load->block)
        load->block->done = runs_count(load->runs);
    pthread_mutex_unlock(&load->viewing);
    if (load->code == 0 && load->block)
        queue_put(load->full, load->block);
    queue_close(load->full);
    return NULL;
}

/* --- writing --- */

/* Those that bring an address alone were counted as known when that was seen. */
static void count_written(struct load *load, const struct list_entry *entries, size_t count)
{
    uint64_t *counts = load->report->counts;

    for (size_t i = 0; i < count; i++) {
        bool known = entries[i].known;
        if (entries[i].address_only)
            continue;
        counts[known                             ? BATCH_KNOWN
               : entries[i].kind == CHOICE_BLOCK ? BATCH_BLOCKED
                                                 : BATCH_ADDED]++;
        load->report->written += !known;
    }
}

int load_begin(const struct import_request *request, const struct event_batch *what,
               struct act *act, struct error *why)
{
    struct act begin = *act;
    const struct word words[] = {{"file", input_name(request->input)},
                                 {"note", request->note},
                                 {"evidence", request->evidence},
                                 {"staff", request->staff}};
    begin.words = words;
    begin.word_count = sizeof words / sizeof *words;
    return list_batch_begin(request->list, what, &begin, &act->batch, why);
}

/* Nobody has anything open meanwhile: the process may even be stopped. */
static int tell_progress(struct load *load, uint64_t done, bool always)
{
    const struct import_request *request = load->request;
    const struct import_progress progress = {
        .phase = IMPORT_WRITING, .done = done, .of = runs_count(load->runs), .rows = done};
    int64_t now_ms = clock_now_ms();

    if (!request->progress || (!always && now_ms - load->told_ms < TELL_EVERY_MS))
        return 0;
    load->told_ms = now_ms;
    pthread_mutex_lock(&load->viewing);
    int code = request->progress(&progress, request->argument);
    pthread_mutex_unlock(&load->viewing);
    return code;
}

/* One transaction. Somebody may hold the write lock for longer than a click waits, a backup for
 * one; an import has more time. */
static int write_entries(struct load *load, struct list_entry *entries, size_t count, uint64_t done)
{
    int code = ERR_BUSY;

    for (int i = 0; i < TRIES && code == ERR_BUSY; i++) {
        code = i > 0 ? tell_progress(load, done, true) : 0;
        if (code == 0)
            code = list_add(load->request->list, entries, count, load->act, load->why);
    }
    if (code == 0)
        count_written(load, entries, count);
    return code;
}

/* How many of the entries, sorted by subject, one transaction takes. */
static size_t count_together(const struct list_entry *entries, size_t left)
{
    size_t n = 0, of_one = 0;

    for (; n < left && n < LIST_ENTRIES_MAX && of_one < ROUNDS; n++) {
        const struct subject *subject = &entries[n].subject;
        bool again = n > 0 && memcmp(subject, &entries[n - 1].subject, sizeof *subject) == 0;
        of_one = again ? of_one + 1 : 1;
    }
    return n;
}

static int write_block(struct load *load, const struct block *block, uint64_t before)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    size_t count;
    int code = 0;

    if (block->fresh && load->act->batch == 0)
        code = load_begin(load->request, load->begin, load->act, load->why);
    for (size_t i = 0; i < block->count && code == 0; i += count) {
        count = count_together(block->entries + i, block->count - i);
        code = write_entries(load, block->entries + i, count, before);
        nanosleep(&pause, NULL);
    }
    return code;
}

static int write_blocks(struct load *load)
{
    struct block *block;
    uint64_t before = 0;
    int code = tell_progress(load, 0, true);

    while (code == 0 && (block = queue_take(load->full))) {
        code = write_block(load, block, before);
        before = block->done;
        queue_put(load->empty, block);
        if (code == 0)
            code = tell_progress(load, before, before == runs_count(load->runs));
    }
    queue_close(load->empty);
    queue_close(load->full);
    return code;
}

/* --- both --- */

static int start(struct load *load)
{
    sigset_t all, before;

    load->empty = queue_new(BLOCKS);
    load->full = queue_new(BLOCKS);
    if (!load->empty || !load->full)
        return error_set(load->why, -ENOMEM, "no memory to write");
    for (size_t i = 0; i < BLOCKS; i++)
        queue_put(load->empty, &load->blocks[i]);
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int code = -pthread_create(&load->thread, NULL, plan, load);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (code == 0)
        pthread_setname_np(load->thread, "planning"); /* for top(1) and perf(1) */
    return code ? error_set(load->why, code, "no thread to plan with: %s", error_name(code)) : 0;
}

int load_run(const struct import_request *request, const struct plan_facts *facts,
             struct runs *runs, const struct event_batch *begin, struct act *act,
             struct import_report *report, struct error *why)
{
    struct load load = {.request = request,
                        .facts = facts,
                        .runs = runs,
                        .begin = begin,
                        .act = act,
                        .report = report,
                        .why = why};

    pthread_mutex_init(&load.viewing, NULL);
    int code = start(&load);
    if (code == 0) {
        code = write_blocks(&load);
        pthread_join(load.thread, NULL);
        if (code == 0 && load.code) {
            code = load.code;
            error_set(why, code, "%s", load.plan_why.text);
        }
        report->counts[BATCH_KNOWN] += load.known;
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        pool_release(&load.blocks[i].pool);
        free(load.blocks[i].entries);
    }
    queue_free(load.empty);
    queue_free(load.full);
    pthread_mutex_destroy(&load.viewing);
    return code;
}
