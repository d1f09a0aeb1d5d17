#include "tool/choices/undoing.h"

#include "base/clock.h"
#include "store/turn.h"
#include "tool/argument.h"
#include "tool/interrupt.h"
#include "tool/output.h"
#include "tool/show.h"
#include "tool/stops.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PAUSE_NS 1000000 /* between transactions: LMDB's lock is not fair */

/* --- numbers --- */

static int numbers_add(struct numbers *numbers, uint64_t number)
{
    if (numbers->count == numbers->room) {
        size_t room = numbers->room ? 2 * numbers->room : 256;
        uint64_t *values = realloc(numbers->values, room * sizeof *values);
        if (!values)
            return -ENOMEM;
        numbers->values = values;
        numbers->room = room;
    }
    numbers->values[numbers->count++] = number;
    return 0;
}

static int compare_numbers(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static bool numbers_has(const struct numbers *numbers, uint64_t number)
{
    return numbers->count && bsearch(&number, numbers->values, numbers->count,
                                     sizeof *numbers->values, compare_numbers);
}

static int visit_event(struct txn *txn, const struct event *event, void *argument)
{
    (void)txn;
    return numbers_add(argument, event->name.number);
}

static int gather_events(struct undoing *u, const struct event_name *batch, struct numbers *numbers,
                         struct error *why)
{
    numbers->count = 0;
    int code = list_walk_batch(u->site->list_view, batch, visit_event, numbers);
    return code ? site_explain(u->site, code, why) : 0;
}

/* --- whether it may be undone --- */

static bool is_same_source(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

struct search {
    struct undoing *undoing;
    struct event_name newest;         /* import of the source that is not undone; number 0: none */
    struct event_name undoing_newest; /* that has begun to undo it */
};

/* The very same file, that came again and brought nothing. */
static bool is_repetition(const struct list_batch *batch, const struct list_batch *target)
{
    return batch->ended_ms && batch->counts[BATCH_ADDED] + batch->counts[BATCH_BLOCKED] == 0 &&
           batch->begin.has_digest && target->begin.has_digest &&
           memcmp(batch->begin.digest, target->begin.digest, sizeof batch->begin.digest) == 0;
}

static int visit_batch(const struct list_batch *batch, void *argument)
{
    struct search *s = argument;
    const struct list_batch *target = &s->undoing->batch;
    struct pool pool = {0};
    struct list_batch undo;

    if (batch->begin.kind != BATCH_IMPORT ||
        !list_is_earlier(s->undoing->site->list, &target->name, &batch->name) ||
        !is_same_source(batch->source, target->source) || is_repetition(batch, target))
        return 0;
    if (batch->undone_by.number) {
        int code = list_batch(s->undoing->site->list_view, &batch->undone_by, &pool, &undo);
        bool undone = code == 0 && undo.ended_ms;
        pool_release(&pool);
        if (code || undone)
            return code;
    }
    s->newest = batch->name;
    s->undoing_newest = batch->undone_by;
    return 0;
}

/* The next import of this source knows rows of this one, and did not write them again. */
static int check_newest(struct undoing *u, struct error *why)
{
    struct search search = {.undoing = u};
    char name[SHOW_EVENT_SIZE], newest[SHOW_EVENT_SIZE];

    int code = list_each_batch(u->site->list_view, visit_batch, &search);
    if (code)
        return site_explain(u->site, code, why);
    if (search.newest.number == 0)
        return 0;
    show_event(u->site, &search.newest, newest);
    complain(
        "batch %s is not the newest of source %s: what batch %s found there already it did "
        "not write again. `optout undo %s` comes first%s, and the import of its file behind all",
        show_event(u->site, &u->batch.name, name), u->batch.source ? u->batch.source : "(none)",
        newest, newest, search.undoing_newest.number ? ", it was broken off" : "");
    return STATUS_STOPPED;
}

static bool is_own(const struct undoing *u, const struct event_name *event)
{
    return memcmp(event->node, list_node(u->site->list), EVENT_NODE_SIZE) == 0;
}

/* Another undo has ended, or is to be gone on with. */
static int check_undone(struct undoing *u, struct error *why)
{
    char name[SHOW_EVENT_SIZE], by[SHOW_EVENT_SIZE], time[CLOCK_TEXT_SIZE];
    struct list_batch undo;

    if (u->batch.undone_by.number == 0)
        return 0;
    int code = list_batch(u->site->list_view, &u->batch.undone_by, &u->pool, &undo);
    if (code)
        return site_explain(u->site, code, why);
    if (undo.ended_ms) {
        complain("batch %s was undone already, by batch %s at %s",
                 show_event(u->site, &u->batch.name, name), show_event(u->site, &undo.name, by),
                 clock_format(undo.ended_ms / 1000, time));
        return STATUS_NO;
    }
    if (!is_own(u, &undo.name))
        return 0; /* broken off before a restore: another node cannot go on with it */
    u->undo = undo.name.number;
    u->resumed = true;
    return gather_events(u, &undo.name, &u->done, why);
}

static int find_batch(struct undoing *u, const char *given, struct error *why)
{
    struct event_name name;

    int code = argument_event(given, list_node(u->site->list), &name, why);
    if (code)
        return code;
    code = list_batch(u->site->list_view, &name, &u->pool, &u->batch);
    if (code == ERR_NOT_FOUND) {
        complain("there is no batch %s: `optout batches` shows those that are", given);
        return STATUS_NO;
    }
    if (code == 0 && u->batch.begin.kind != BATCH_IMPORT) {
        complain("batch %s is an undo itself: import the file again", given);
        return STATUS_NO;
    }
    return code ? site_explain(u->site, code, why) : 0;
}

int undoing_begin(struct undoing *u, const char *batch, struct error *why)
{
    int code = site_view(u->site, why);
    if (code == 0)
        code = find_batch(u, batch, why);
    site_end_view(u->site);
    if (code == 0 && !u->dry_run)
        code = turn_take(u->site->list_folder, u->batch.source, NULL, &u->turn, why);
    /* Who had the turn until now may have changed much. */
    if (code == 0)
        code = site_view(u->site, why);
    if (code == 0)
        code = find_batch(u, batch, why);
    if (code == 0)
        code = check_undone(u, why);
    if (code == 0)
        code = check_newest(u, why);
    if (code == 0)
        code = gather_events(u, &u->batch.name, &u->events, why);
    site_end_view(u->site);
    return code;
}

void undoing_release(struct undoing *u)
{
    turn_end(u->turn);
    free(u->events.values);
    free(u->done.values);
    pool_release(&u->pool);
}

/* --- one event of the batch --- */

enum row_state {
    ROW_STANDS,
    ROW_DONE,    /* withdrawn by an earlier run of this undo */
    ROW_SKIPPED, /* withdrawn by somebody else */
};

struct target {
    enum row_state state;
    const struct event_choice *row;
    struct list_identity identity; /* with --json */
    const struct choice **keepers; /* other choices that keep the person back */
    size_t keeper_count;
};

struct part {
    struct pool pool;
    struct event event;
    struct target *targets;
    struct event_withdrawal *withdrawals; /* of the rows that stand */
    size_t standing;
};

/* Whether a row is one of the batch's. */
static bool is_of_batch(const struct undoing *u, const struct choice *row)
{
    return memcmp(row->event.node, u->batch.name.node, EVENT_NODE_SIZE) == 0 &&
           numbers_has(&u->events, row->event.number);
}

/* The rows of the domain of a person whose address is known. */
static int read_domain(struct undoing *u, const struct subject *person, struct pool *pool,
                       struct choice **rows, size_t *count, struct error *why)
{
    struct address address, domain;
    struct subject subject;
    const char *text;
    bool any;

    *count = 0;
    int code = list_has_domains(u->site->list_view, &any);
    if (code || !any)
        return code ? site_explain(u->site, code, why) : 0;
    code = list_address(u->site->list_view, person, pool, &text);
    if (code == ERR_NOT_FOUND || (code == ERR_KEY && !u->site->has_address))
        return 0;
    if (code)
        return site_explain(u->site, code, why);
    if (address_parse(text, &address) || address.at == 0)
        return 0; /* a digest, or erased */
    address_domain(&address, &domain);
    code = site_subject(u->site, &domain, &subject, why);
    if (code == 0 && (code = list_read(u->site->list_view, LIST_STANDING, &subject, true, pool,
                                       rows, count, NULL)) != 0)
        site_explain(u->site, code, why);
    return code;
}

/* What keeps the person back from the row's scope when the batch is gone. */
static int find_keepers(struct undoing *u, struct part *part, struct target *target,
                        const struct choice *standing, size_t count, struct error *why)
{
    struct choice *of_domain = NULL;
    size_t n = 0, domain_count = 0;

    if (target->row->choice.kind == CHOICE_OPT_IN)
        return 0;
    int code = target->row->choice.domain ? 0
                                          : read_domain(u, &target->row->subject, &part->pool,
                                                        &of_domain, &domain_count, why);
    if (code || count + domain_count == 0)
        return code;
    struct choice *rows = pool_take(&part->pool, (count + domain_count) * sizeof *rows);
    target->keepers = pool_take(&part->pool, (count + domain_count) * sizeof *target->keepers);
    if (!rows || !target->keepers)
        return -ENOMEM;
    for (size_t i = 0; i < count + domain_count; i++) {
        const struct choice *row = i < count ? &standing[i] : &of_domain[i - count];
        if (!is_of_batch(u, row))
            rows[n++] = *row;
    }
    if (choice_decide(rows, n, target->row->choice.scope, false, clock_now(), target->keepers,
                      &target->keeper_count) != DECISION_OPTED_OUT)
        target->keeper_count = 0; /* what decided lets them through */
    return 0;
}

/* Whether the undo itself withdrew the row, in an earlier run. */
static int find_past(struct undoing *u, struct part *part, struct target *target, struct error *why)
{
    struct choice *rows;
    struct event_name *by;
    size_t count;

    target->state = ROW_SKIPPED;
    if (u->done.count == 0)
        return 0;
    int code = list_read(u->site->list_view, LIST_PAST, &target->row->subject,
                         target->row->choice.domain, &part->pool, &rows, &count, &by);
    if (code)
        return site_explain(u->site, code, why);
    for (size_t i = 0; i < count; i++)
        if (event_name_equal(&rows[i].event, &part->event.name) && is_own(u, &by[i]) &&
            numbers_has(&u->done, by[i].number))
            target->state = ROW_DONE;
    return 0;
}

static int look_at(struct undoing *u, struct part *part, struct target *target, struct error *why)
{
    struct choice *rows;
    size_t count;
    bool stands = false;

    int code = list_read(u->site->list_view, LIST_STANDING, &target->row->subject,
                         target->row->choice.domain, &part->pool, &rows, &count, NULL);
    if (code)
        return site_explain(u->site, code, why);
    for (size_t i = 0; i < count && !stands; i++)
        stands = event_name_equal(&rows[i].event, &part->event.name);
    target->state = ROW_STANDS;
    if (!stands)
        code = find_past(u, part, target, why);
    else
        part->withdrawals[part->standing++] =
            (struct event_withdrawal){target->row->subject, part->event.name};
    if (code == 0 && target->state != ROW_SKIPPED)
        code = find_keepers(u, part, target, rows, count, why);
    if (u->json)
        site_identity(u->site, &target->row->subject, &target->identity);
    return code;
}

/* Reads an event of the batch, and what became of its rows. */
static int read_part(struct undoing *u, uint64_t number, struct part *part, struct error *why)
{
    pool_reset(&part->pool);
    pool_reset(&u->site->pool); /* addresses that were told */
    part->standing = 0;
    struct event_name name = u->batch.name;
    name.number = number;
    int code = site_view(u->site, why);
    if (code == 0 && (code = list_event(u->site->list_view, &name, &part->pool, &part->event)) != 0)
        site_explain(u->site, code, why);
    if (code == 0) {
        size_t count = part->event.choice_count;
        part->targets = pool_take(&part->pool, (count + 1) * sizeof *part->targets);
        part->withdrawals = pool_take(&part->pool, (count + 1) * sizeof *part->withdrawals);
        if (!part->targets || !part->withdrawals)
            code = -ENOMEM;
    }
    for (size_t i = 0; code == 0 && i < part->event.choice_count; i++) {
        part->targets[i] = (struct target){.row = &part->event.choices[i]};
        code = look_at(u, part, &part->targets[i], why);
    }
    site_end_view(u->site);
    return code;
}

/* --- telling --- */

static void count_keeper(struct undoing *u, const struct choice *choice)
{
    size_t i = 0;
    while (i < u->keeper_count && (u->keepers[i].kind != choice->kind ||
                                   !is_same_source(u->keepers[i].source, choice->source)))
        i++;
    if (i == u->keeper_count && i < KEEPERS_MAX) {
        bool rest = i == KEEPERS_MAX - 1;
        const char *source = rest ? "(others)" : pool_copy(&u->pool, choice->source);
        u->keepers[u->keeper_count++] =
            (struct keeper){choice->kind, source ? source : "(no memory)", 0};
    }
    u->keepers[i < KEEPERS_MAX ? i : KEEPERS_MAX - 1].people++;
}

/* Of several choices of one kind and source, the first counts. */
static void count_keepers(struct undoing *u, const struct target *target)
{
    for (size_t i = 0; i < target->keeper_count; i++) {
        const struct choice *one = target->keepers[i];
        bool counted = false;
        for (size_t j = 0; j < i && !counted; j++)
            counted = target->keepers[j]->kind == one->kind &&
                      is_same_source(target->keepers[j]->source, one->source);
        if (!counted)
            count_keeper(u, one);
    }
    u->kept += target->keeper_count > 0;
}

static void tell(const struct part *part, const struct target *target)
{
    json_t *object = json_object(), *keepers = json_array();

    show_put_identity(object, &target->identity);
    output_put_text(object, "kind", choice_kind_name(target->row->choice.kind));
    output_put_text(object, "scope", target->row->choice.scope);
    show_put_event(object, "removed", &part->event.name);
    for (size_t i = 0; i < target->keeper_count; i++) {
        json_t *keeper = json_object();
        show_put_event(keeper, "event", &target->keepers[i]->event);
        show_put_choice(keeper, target->keepers[i]);
        output_append(keepers, keeper);
    }
    output_put(object, "kept_back_by", keepers);
    output_json(object);
}

static void take_results(struct undoing *u, const struct part *part)
{
    for (size_t i = 0; i < part->event.choice_count; i++) {
        const struct target *target = &part->targets[i];
        u->rows++;
        if (target->state == ROW_SKIPPED) {
            u->skipped++;
            continue;
        }
        u->withdrawn++;
        count_keepers(u, target);
        if (u->json)
            tell(part, target);
    }
}

/* --- the whole --- */

/* Within the batch that the undo is; the words are those of its begin. */
static struct act act_within(const struct undoing *u)
{
    return (struct act){.actor = u->act.actor, .batch = u->undo, .decision = u->act.decision};
}

static int withdraw(struct undoing *u, const struct part *part, struct error *why)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    const struct act act = act_within(u);
    struct event_name event;
    int code = 0;

    for (size_t done = 0; done < part->standing && code == 0; done += EVENT_ROWS_MAX) {
        size_t count = part->standing - done;
        code = list_withdraw(u->site->list, part->withdrawals + done,
                             count < EVENT_ROWS_MAX ? count : EVENT_ROWS_MAX, &act, &event, why);
        if (code == 0)
            code = numbers_add(&u->done, event.number);
        nanosleep(&pause, NULL);
    }
    return code;
}

/* Somebody may withdraw one of the rows between our look and our turn to write. */
static int undo_event(struct undoing *u, uint64_t number, struct part *part, struct error *why)
{
    int code = read_part(u, number, part, why);
    while (code == 0 && !u->dry_run && (code = withdraw(u, part, why)) == ERR_NOT_FOUND)
        code = read_part(u, number, part, why);
    if (code == 0)
        take_results(u, part);
    return code;
}

static int begin(struct undoing *u, struct error *why)
{
    const struct event_batch what = {.kind = BATCH_UNDO, .undoes = u->batch.name};

    return u->resumed ? 0 : list_batch_begin(u->site->list, &what, &u->act, &u->undo, why);
}

static int end(struct undoing *u, struct error *why)
{
    const struct act act = act_within(u);
    const uint64_t counts[BATCH_COUNTS] = {
        [BATCH_READ] = u->rows, [BATCH_LEFT_ALONE] = u->skipped, [BATCH_WITHDRAWN] = u->withdrawn};
    return list_batch_end(u->site->list, counts, &act, why);
}

static int undo_events(struct undoing *u, struct error *why)
{
    struct part part = {.standing = 0};
    int code = 0;

    progress_begin(&u->progress, u->dry_run ? "looking" : "withdrawing", "choices");
    for (size_t i = 0; i < u->events.count && code == 0; i++) {
        progress_tell(&u->progress, i, u->events.count, u->rows);
        if (stops_release()) /* nothing is held that others wait for */
            stops_hold();
        if (interrupt_came())
            code = error_set(why, -EINTR, "interrupted");
        else
            code = undo_event(u, u->events.values[i], &part, why);
        if (code == 0 && output_is_large() && !output_flush())
            code = error_set(why, -EIO, "the output was not taken");
    }
    progress_clear(&u->progress);
    pool_release(&part.pool);
    return code;
}

int undoing_count(struct undoing *u, uint64_t *count, struct error *why)
{
    bool json = u->json;

    u->dry_run = true;
    u->json = false;
    int code = undo_events(u, why);
    *count = u->withdrawn;
    u->rows = u->withdrawn = u->skipped = u->kept = 0;
    u->keeper_count = 0;
    u->dry_run = false;
    u->json = json;
    return code;
}

int undoing_run(struct undoing *u, struct error *why)
{
    int code = u->dry_run ? 0 : begin(u, why);
    if (code == 0)
        code = undo_events(u, why);
    return code || u->dry_run ? code : end(u, why);
}
