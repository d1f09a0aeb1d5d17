#include "bulk/import.h"

#include "bulk/intake.h"
#include "bulk/load.h"
#include "bulk/plan.h"
#include "bulk/runs.h"
#include "bulk/scopes.h"
#include "store/turn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SORT_MEMORY ((size_t)32 << 20)
#define NEW_SHARE 20 /* of the list: a twentieth */
#define NEW_LEAST 1000

struct import {
    const struct import_request *request;
    struct import_report *report;
    struct error *why;
    struct scopes scopes;
    struct runs *runs;
    struct plan_facts facts;
};

/* --- what is known before --- */

/* Scopes that were given are looked at before anything is read. */
static int check_given(struct import *import)
{
    const struct import_request *request = import->request;
    uint16_t number;
    int code = 0;

    if (request->scope)
        code = scopes_number(&import->scopes, request->scope, &number, import->why);
    for (size_t i = 0; i < request->mapping->count && code == 0; i++)
        code = scopes_number(&import->scopes, request->mapping->entries[i].scope, &number,
                             import->why);
    return code ? code : scopes_check(&import->scopes, request->list, import->why);
}

/* --- guards --- */

struct counting {
    const struct import *import;
    uint64_t fresh; /* opt-outs and blocks */
};

static int count_record(const struct record *record, enum plan_outcome outcome, void *argument)
{
    struct counting *counting = argument;
    uint64_t *counts = counting->import->report->counts;

    if (outcome != PLAN_FRESH)
        return 0;
    counting->fresh += record->kind != CHOICE_OPT_IN;
    if (counting->import->request->dry_run)
        counts[record->kind == CHOICE_BLOCK ? BATCH_BLOCKED : BATCH_ADDED]++;
    return 0;
}

static int tell_counting(const struct import *import, uint64_t done)
{
    const struct import_request *request = import->request;
    const struct import_progress progress = {
        .phase = IMPORT_COUNTING, .done = done, .of = runs_count(import->runs), .rows = done};
    return request->progress ? request->progress(&progress, request->argument) : 0;
}

static int pause_counting(uint64_t done, void *argument)
{
    const struct counting *counting = argument;
    return tell_counting(counting->import, done);
}

/* Counts what is new; for a dry run also what is known. */
static int count_fresh(struct import *import)
{
    struct counting counting = {.import = import};
    const struct plan_handler handler = {count_record, pause_counting, &counting};
    uint64_t known;

    int code = plan_run(&import->facts, import->runs, &handler, &known, import->why);
    if (code)
        return code;
    import->report->fresh = counting.fresh;
    import->report->fresh_counted = true;
    if (import->request->dry_run)
        import->report->counts[BATCH_KNOWN] = known;
    return 0;
}

static int find_limit(struct import *import)
{
    const struct import_request *request = import->request;
    struct list_counts counts;
    struct list_view *view;

    import->report->limit = request->max_new;
    if (request->max_new != IMPORT_NEW_DEFAULT)
        return 0;
    int code = list_view_begin(request->list, &view);
    if (code == 0) {
        code = list_count(view, &counts);
        list_view_end(view);
    }
    if (code)
        return list_explain(request->list, code, import->why);
    uint64_t share = counts.choices / NEW_SHARE;
    import->report->limit = share > NEW_LEAST ? share : NEW_LEAST;
    return 0;
}

static int check_limit(struct import *import)
{
    struct import_report *report = import->report;

    int code = find_limit(import);
    /* Who sends less than may come need not be counted. */
    if (code == 0 && (import->request->dry_run || (report->limit != IMPORT_NEW_ANY &&
                                                   runs_count(import->runs) > report->limit)))
        code = count_fresh(import);
    if (code == 0 && report->limit != IMPORT_NEW_ANY && report->fresh > report->limit)
        report->stops |= IMPORT_STOP_NEW;
    return code;
}

/* --- the batch --- */

/* What an earlier run of this very input wrote. */
struct earlier {
    const struct import *import;
    uint64_t counts[BATCH_COUNTS];
    bool other; /* what this run would not: it was a run with other flags */
};

struct search {
    const struct import *import;
    struct list_view *view;
    uint64_t number;               /* of the batch that was broken off; 0: none */
    uint64_t counts[BATCH_COUNTS]; /* added to it */
    uint64_t head;                 /* of the last event */
    bool imported;                 /* the input was, and that was not undone */
};

static int count_event(struct txn *txn, const struct event *event, void *argument)
{
    struct earlier *earlier = argument;
    const struct import *import = earlier->import;

    (void)txn;
    for (size_t i = 0; i < event->choice_count; i++) {
        const struct choice *choice = &event->choices[i].choice;
        earlier->counts[choice->kind == CHOICE_BLOCK ? BATCH_BLOCKED : BATCH_ADDED]++;
        earlier->other = earlier->other || !scopes_has(&import->scopes, choice->scope) ||
                         (choice->kind == CHOICE_OPT_IN && !import->request->opt_in);
    }
    return 0;
}

/* Notes one that was broken off, if it is this run's to complete: not one for other scopes. */
static int look_at_open(struct search *search, const struct event_name *name)
{
    struct earlier earlier = {.import = search->import};

    /* One that was broken off before a restore belongs to another node, and stays as it is. */
    if (memcmp(name->node, list_node(search->import->request->list), EVENT_NODE_SIZE) != 0)
        return 0;
    int code = list_walk_batch(search->view, name, count_event, &earlier);
    if (code || earlier.other)
        return code;
    search->number = name->number;
    memcpy(search->counts, earlier.counts, sizeof search->counts);
    return 0;
}

static int look_at_batch(const struct list_batch *batch, void *argument)
{
    struct search *search = argument;
    const struct import_report *report = search->import->report;

    if (batch->begin.kind != BATCH_IMPORT || batch->undone_by.number || !batch->begin.has_digest ||
        !batch->source || strcmp(batch->source, report->source) != 0 ||
        memcmp(batch->begin.digest, report->digest, INPUT_DIGEST_SIZE) != 0)
        return 0;
    if (!batch->ended_ms)
        return look_at_open(search, &batch->name);
    search->imported = true;
    return 0;
}

/* Finds the batch that an earlier run of this very input left open, and what that run added; or
 * whether one came to its end. */
static int find_batch(const struct import *import, struct search *found)
{
    struct list *list = import->request->list;
    struct search search = {.import = import};
    struct event_name head;

    int code = list_view_begin(list, &search.view);
    if (code)
        return list_explain(list, code, import->why);
    code = list_head(search.view, &head);
    if (code == 0)
        code = list_each_batch(search.view, look_at_batch, &search);
    list_view_end(search.view);
    if (code)
        return list_explain(list, code, import->why);
    search.head = head.number;
    *found = search;
    return 0;
}

/* Of what an earlier run wrote, this one found at most what it knows. */
static void move_known(struct import_report *report, enum batch_count to, uint64_t earlier)
{
    uint64_t *known = &report->counts[BATCH_KNOWN];
    uint64_t moved = earlier < *known ? earlier : *known;

    report->counts[to] += moved;
    *known -= moved;
}

/* The batch is one, whatever number of runs it took: what an earlier one wrote was added too. This
 * one knows it, unless it was withdrawn meanwhile. */
static void add_earlier(struct import_report *report, const uint64_t earlier[BATCH_COUNTS])
{
    move_known(report, BATCH_ADDED, earlier[BATCH_ADDED]);
    move_known(report, BATCH_BLOCKED, earlier[BATCH_BLOCKED]);
}

static int write_batch(struct import *import, struct act *act)
{
    const struct import_request *request = import->request;
    struct import_report *report = import->report;
    struct event_batch begin = {.kind = BATCH_IMPORT, .has_digest = true, .size = report->size};
    struct search search = {.number = 0};

    memcpy(begin.digest, report->digest, sizeof begin.digest);
    int code = find_batch(import, &search);
    if (code)
        return code;
    act->batch = search.number;
    report->resumed = act->batch != 0;
    import->facts.since = act->batch ? act->batch : search.head;
    code = load_run(request, &import->facts, import->runs, &begin, act, report, import->why);
    /* It came: that is noted, unless it is only the same again. */
    if (code == 0 && !act->batch && (request->recorded || !search.imported))
        code = load_begin(request, &begin, act, import->why);
    if (act->batch) {
        memcpy(report->batch.node, list_node(request->list), sizeof report->batch.node);
        report->batch.number = act->batch;
    }
    if (code)
        return code;
    add_earlier(report, search.counts);
    report->nothing_new = !report->resumed && report->written == 0;
    return act->batch ? list_batch_end(request->list, report->counts, act, import->why) : 0;
}

static int write_all(struct import *import)
{
    const struct import_request *request = import->request;
    struct import_report *report = import->report;
    struct act act = {.actor = request->actor, .source = report->source};
    int turn = -1;

    int code = turn_take(request->list_folder, report->source, report->digest, &turn, import->why);
    if (code)
        return code;
    code = write_batch(import, &act);
    report->finished = code == 0;
    turn_end(turn);
    return code;
}

/* --- all of it --- */

/* Sorted runs lie where the list has its room, unless somebody names another place. */
static const char *run_folder(const struct import_request *request)
{
    const char *named = getenv("TMPDIR");
    return named && *named ? named : request->list_folder;
}

static int run(struct import *import)
{
    const struct import_request *request = import->request;
    struct import_report *report = import->report;

    int code = check_given(import);
    if (code == 0 && report->stops && !request->dry_run)
        return 0; /* whatever may be in it */
    if (code == 0)
        code = runs_open(run_folder(request), SORT_MEMORY, &import->runs, import->why);
    if (code == 0)
        code = intake_run(request, &import->scopes, import->runs, report, import->why);
    if (code == 0)
        code = runs_end(import->runs, import->why);
    if (code == 0)
        code = scopes_check(&import->scopes, request->list, import->why);
    if (code || (report->stops && !request->dry_run))
        return code;
    import->facts = (struct plan_facts){.list = request->list,
                                        .source = report->source,
                                        .scopes = (const char *const *)import->scopes.names};
    code = tell_counting(import, 0);
    if (code == 0)
        code = check_limit(import);
    return code || report->stops || request->dry_run ? code : write_all(import);
}

/* Nothing was written, so all that would have been was left alone. */
static void count_stopped(struct import_report *report)
{
    uint64_t *counts = report->counts;

    report->stopped = counts[BATCH_READ] - counts[BATCH_LEFT_ALONE] - counts[BATCH_REJECTED];
    counts[BATCH_LEFT_ALONE] += report->stopped;
}

int import_run(const struct import_request *request, struct import_report *report,
               struct error *why)
{
    struct import import = {.request = request, .report = report, .why = why};

    memset(report, 0, sizeof *report);
    report->format = reader_facts(request->reader)->format->name;
    report->source = request->source ? request->source : report->format;
    if (reader_facts(request->reader)->says_nothing && !request->all_opted_out)
        report->stops |= IMPORT_STOP_SAYS_NOTHING;
    int code = run(&import);
    if (report->stops && !request->dry_run)
        count_stopped(report);
    runs_close(import.runs);
    scopes_release(&import.scopes);
    return code;
}
