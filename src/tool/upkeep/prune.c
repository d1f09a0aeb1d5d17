#include "store/prune.h"

#include "base/clock.h"
#include "tool/command.h"
#include "tool/interrupt.h"
#include "tool/output.h"
#include "tool/progress.h"
#include "tool/show.h"
#include "tool/site.h"
#include "tool/stops.h"
#include "tool/upkeep/upkeep.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PAUSE_NS 1000000 /* between transactions: LMDB's lock is not fair */

enum { DRY_RUN, QUIET, JSON };
static const struct flag flags[] = {
    {.name = "dry-run", .letter = 'n', .text = "say what would go, and leave it"},
    {.name = "quiet", .letter = 'q', .text = "do not tell how far it has come"},
    {.name = "json", .text = "one JSON object a line"},
    {0},
};

struct pruning {
    struct site site;
    struct prune_limits limits;
    struct progress progress;
    int64_t now;
    bool dry_run, json;
    struct error *why;
    /* What came of it. */
    struct prune_walk words[2], addresses; /* of list and ledger; of the list */
    uint64_t events;                       /* cut */
    int64_t last_ms;                       /* the time of the last one */
    struct event_name event;               /* that tells of it; number 0: none */
};

static int64_t limit_ms(const struct retention *retention, int64_t now)
{
    int64_t limit = retention_limit(retention, now);
    return limit == INT64_MIN ? limit : limit * 1000;
}

static void set_limits(struct pruning *p)
{
    const struct retentions *retain = &p->site.config->retain;

    p->now = clock_now();
    p->limits = (struct prune_limits){.verdicts = limit_ms(&retain->verdicts, p->now),
                                      .network = limit_ms(&retain->network, p->now),
                                      .text = limit_ms(&retain->text, p->now),
                                      .reads = limit_ms(&retain->reads, p->now),
                                      .addresses = limit_ms(&retain->addresses, p->now),
                                      .now_ms = p->now * 1000};
}

/* Between two short pieces of work, where nothing is held that others wait for. */
static int breathe(struct pruning *p)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};

    if (stops_release())
        stops_hold();
    nanosleep(&pause, NULL);
    return interrupt_came() ? error_set(p->why, -EINTR, "interrupted; the next run goes on") : 0;
}

/* --- words and addresses --- */

static int prune_walk(struct pruning *p, struct store *store, struct prune_walk *walk)
{
    int code = 0;

    progress_begin(&p->progress, store ? store->kind->name : "addresses", "rows");
    while (code == 0 && !walk->done) {
        code = store ? prune_words(store, &p->limits, p->dry_run, walk, p->why)
                     : prune_addresses(p->site.list, &p->limits, p->now, p->dry_run, walk, p->why);
        progress_tell(&p->progress, walk->looked_at, 0, walk->looked_at);
        if (code == 0)
            code = breathe(p);
    }
    progress_clear(&p->progress);
    return code;
}

/* --- the ledger's journal --- */

static int remove_cut(struct pruning *p)
{
    struct store *store = ledger_store(p->site.ledger);
    bool more = true;
    uint64_t done = 0;
    int code = 0;

    progress_begin(&p->progress, "cutting", "events");
    while (code == 0 && more) {
        code = cut_remove(store, &more, p->why);
        done++;
        progress_tell(&p->progress, done, 0, done);
        if (code == 0 && more)
            code = breathe(p);
    }
    progress_clear(&p->progress);
    return code;
}

static int write_cut(struct pruning *p, const struct cut *cut)
{
    struct signing_key *key;

    int code = signing_read(p->site.config->key_dir, &key, NULL, p->why);
    if (code)
        return code;
    code = cut_write(ledger_store(p->site.ledger), cut, key, "prune", &p->event, p->why);
    signing_free(key);
    return code;
}

/* What a run that was broken off has left is removed first. */
static int prune_journal(struct pruning *p)
{
    struct pool pool = {0};
    struct cut cut = {NULL, 0};

    int code = p->dry_run ? 0 : remove_cut(p);
    if (code == 0)
        code = prune_find_cut(ledger_store(p->site.ledger), &p->limits, &pool, &cut, &p->events,
                              p->why);
    for (size_t i = 0; code == 0 && i < cut.count; i++)
        if (cut.rows[i].last_ms > p->last_ms)
            p->last_ms = cut.rows[i].last_ms;
    if (code == 0 && p->events > 0 && !p->dry_run) {
        code = write_cut(p, &cut);
        if (code == 0)
            code = remove_cut(p);
    }
    pool_release(&pool);
    return code;
}

/* --- telling --- */

static void put_store(json_t *object, const struct pruning *p, size_t store)
{
    output_put_text(object, "store", store ? "ledger" : "list");
    output_put_bool(object, "dry_run", p->dry_run);
    output_put_number(object, "network", p->words[store].network);
    output_put_number(object, "text", p->words[store].text);
    output_put_number(object, "reads", p->words[store].reads);
}

static void tell_json(const struct pruning *p)
{
    char time[CLOCK_TEXT_SIZE];
    json_t *list = json_object(), *ledger = json_object();

    put_store(list, p, 0);
    output_put_number(list, "addresses", p->addresses.addresses);
    output_json(list);
    put_store(ledger, p, 1);
    output_put_number(ledger, "events", p->events);
    output_put_text(ledger, "until", p->events ? clock_format_ms(p->last_ms, time) : NULL);
    if (p->event.number)
        show_put_event(ledger, "event", &p->event);
    else
        output_put_text(ledger, "event", NULL);
    output_json(ledger);
}

static void tell(const struct pruning *p)
{
    const char *done = p->dry_run ? "to be removed" : "removed";
    char time[CLOCK_TEXT_SIZE];
    struct text line = TEXT_EMPTY;

    if (p->json) {
        tell_json(p);
        return;
    }
    output_line("list: %" PRIu64 " texts and %" PRIu64 " addresses %s", p->words[0].text,
                p->addresses.addresses, done);
    text_format(&line,
                "ledger: %" PRIu64 " network addresses and the words of %" PRIu64 " reads %s",
                p->words[1].network, p->words[1].reads, done);
    if (p->events)
        text_format(&line, ", %" PRIu64 " events of up to %s %s", p->events,
                    clock_format_ms(p->last_ms, time), p->dry_run ? "to be cut" : "cut");
    if (p->event.number)
        text_format(&line, ", event %" PRIu64, p->event.number);
    output_text(&line);
}

/* --- */

static int prune(struct pruning *p)
{
    int code = 0;

    set_limits(p);
    interrupt_await();
    code = prune_walk(p, list_store(p->site.list), &p->words[0]);
    if (code == 0)
        code = prune_walk(p, NULL, &p->addresses);
    if (code == 0)
        code = prune_journal(p);
    if (code == 0)
        code = prune_walk(p, ledger_store(p->site.ledger), &p->words[1]);
    if (code == 0)
        tell(p);
    if (code == 0 && !p->dry_run &&
        p->events + p->addresses.addresses + p->words[0].text + p->words[1].network +
                p->words[1].reads >
            0)
        remark("What went lies sealed in free pages until they are used again, or until "
               "`optout compact`.");
    return code;
}

static int run(const struct call *call)
{
    struct error why = {""};
    struct pruning p = {.dry_run = call->values[DRY_RUN], .json = call->values[JSON], .why = &why};
    unsigned needs =
        p.dry_run ? SITE_WORDS | SITE_LIST | SITE_LEDGER : SITE_WRITE | SITE_LEDGER_WRITE;
    int lock = -1;

    p.progress.quiet = call->values[QUIET];
    int code = site_open(call->config_file, SITE_KEYS | needs, &p.site, &why);
    if (code == 0 && !p.dry_run)
        code = upkeep_hold(p.site.config->data_dir, &lock, &why);
    if (code == 0)
        code = prune(&p);
    if (lock >= 0)
        close(lock);
    site_close(&p.site);
    return output_status(code, &why);
}

const struct command command_prune = {
    .name = "prune",
    .arguments = "",
    .text = "take away what has been kept long enough",
    .flags = flags,
    .role = ROLE_OPS,
    .run = run,
};
