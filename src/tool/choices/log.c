#include "tool/argument.h"
#include "tool/choices/entry.h"
#include "tool/command.h"
#include "tool/noted.h"
#include "tool/output.h"
#include "tool/person/mentions.h"
#include "tool/proof/journaling.h"
#include "tool/site.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SINCE, UNTIL, READINGS, JOURNAL, JSON };
static const struct flag flags[] = {
    {.name = "since", .argument = "TIME", .text = "leave out what was before"},
    {.name = "until", .argument = "TIME", .text = "leave out what was then and later"},
    {.name = "readings", .text = "who was shown what is held, too"},
    {.name = "journal",
     .argument = "list|ledger",
     .text = "write the events of this journal as they are, to be kept or verified elsewhere"},
    {.name = "json", .text = "one JSON object a line"},
    {0},
};

/* What a visitor returns to end a walk that will go on. */
#define LATER 1000 /* what comes now is not in turn yet */
#define PAUSE 1001 /* there is much to be written first */

struct logging {
    struct site site;
    bool json;
    bool readings;
    bool shown;                 /* anything */
    int64_t since_ms, until_ms; /* the first moment shown, the first one not shown */
    struct error *why;
    /* Of one person. */
    struct address address;
    struct subject subject;
    struct mentions mentions;
    size_t mention_next;
    /* Of everybody. */
    struct event_name event_last, verdict_last; /* looked at, of list and ledger; number 0: none */
    int64_t verdict_end;                        /* those from this moment on have to wait */
    struct event_name own;                      /* the note that this log was shown */
};

/* Whether it is to be shown; then something is. */
static bool is_in_time(struct logging *l, int64_t at_ms)
{
    bool in_time = at_ms >= l->since_ms && at_ms < l->until_ms;
    l->shown = l->shown || in_time;
    return in_time;
}

/* --- one person --- */

static int show_mention(struct logging *l, const struct mention *mention)
{
    struct pool pool = {0};
    struct event event;
    struct entry entry;

    if (!is_in_time(l, mention->at_ms))
        return 0;
    int code = list_event(l->site.list_view, &mention->event, &pool, &event);
    if (code) {
        pool_release(&pool);
        return site_explain(&l->site, code, l->why);
    }
    code = entry_open(&entry, &l->site, ENTRY_LIST, l->json, &event, l->why);
    if (code == 0 && mention->kind == MENTION_REASON) {
        entry_show_reason(&entry);
    } else if (code == 0 && mention->kind == MENTION_PROPOSAL) {
        entry_show_all(&entry);
    } else if (code == 0 && mention->kind == MENTION_ERASURE) {
        entry_show_erasure(&entry, mentions_erasure(&event, &mention->subject));
    } else if (code == 0 && mention->kind == MENTION_WITHDRAWAL) {
        const struct event_withdrawal w = {mention->subject, mention->choice.event};
        entry_show_withdrawal(&entry, &w);
    } else if (code == 0) {
        entry_show_choice(&entry, &mention->subject, &mention->choice);
    }
    entry_close(&entry);
    pool_release(&pool);
    return code;
}

static int show_mentions_until(struct logging *l, int64_t at_ms)
{
    int code = 0;
    while (code == 0 && l->mention_next < l->mentions.count &&
           l->mentions.rows[l->mention_next].at_ms <= at_ms)
        code = show_mention(l, &l->mentions.rows[l->mention_next++]);
    return code;
}

/* Whoever looks leaves a note, and looking often would bury what was looked for. */
static bool is_wanted(const struct logging *l, const struct event *event)
{
    return !event->reading || (l->readings && !event_name_equal(&event->name, &l->own));
}

static int show_verdict(struct logging *l, const struct event *event, const struct subject *only)
{
    struct entry entry;
    int code = 0;

    if (!is_wanted(l, event) || !is_in_time(l, event->at_ms))
        return 0;
    code = entry_open(&entry, &l->site, ENTRY_LEDGER, l->json, event, l->why);
    if (code == 0 && only && event->verdict)
        entry_show_verdict(&entry, only);
    else if (code == 0 && only && mentions_erasure(event, only))
        entry_show_erasure(&entry, mentions_erasure(event, only));
    else if (code == 0)
        entry_show_all(&entry);
    entry_close(&entry);
    if (!only)
        pool_reset(&l->site.pool); /* the addresses that were shown */
    return code;
}

static int visit_history(struct txn *txn, const struct event *event, void *argument)
{
    struct logging *l = argument;
    (void)txn;
    int code = show_mentions_until(l, event->at_ms);
    return code ? code : show_verdict(l, event, &l->subject);
}

static int log_person(struct logging *l)
{
    int code = site_subject(&l->site, &l->address, &l->subject, l->why);
    if (code == 0)
        code = mentions_gather(&l->site, &l->address, &l->mentions, l->why);
    if (code == 0)
        code = ledger_history(l->site.ledger_view, &l->subject, visit_history, l);
    if (code == 0)
        code = show_mentions_until(l, INT64_MAX);
    if (code == 0 && !l->shown)
        remark("Nothing is known of %s%s.", l->address.text,
               l->since_ms > INT64_MIN || l->until_ms < INT64_MAX ? " in this time" : "");
    return code;
}

/* --- everybody --- */

static int visit_verdict(struct txn *txn, const struct event *event, void *argument)
{
    struct logging *l = argument;
    (void)txn;
    if (event->at_ms >= l->verdict_end)
        return LATER;
    l->verdict_last = event->name;
    int code = show_verdict(l, event, NULL);
    return code == 0 && output_is_large() ? PAUSE : code;
}

static const struct event_name *behind(const struct event_name *last)
{
    return last->number ? last : NULL;
}

static int show_verdicts_until(struct logging *l, int64_t at_ms)
{
    l->verdict_end = at_ms;
    int code = ledger_walk(l->site.ledger_view, behind(&l->verdict_last), visit_verdict, l);
    return code == LATER ? 0 : code;
}

static int visit_event(struct txn *txn, const struct event *event, void *argument)
{
    struct logging *l = argument;
    struct entry entry;
    (void)txn;

    int code = show_verdicts_until(l, event->at_ms);
    if (code)
        return code;
    l->event_last = event->name;
    if (!is_in_time(l, event->at_ms))
        return 0;
    code = entry_open(&entry, &l->site, ENTRY_LIST, l->json, event, l->why);
    if (code == 0)
        entry_show_all(&entry);
    entry_close(&entry);
    pool_reset(&l->site.pool); /* the addresses that were shown */
    return code == 0 && output_is_large() ? PAUSE : code;
}

/* Writes while no view is open, and goes on with what has come meanwhile. */
static int write_gathered(struct logging *l)
{
    site_end_view(&l->site);
    return output_flush() ? site_view(&l->site, l->why) : STATUS_CANNOT;
}

static int log_all(struct logging *l)
{
    int code = PAUSE;

    while (code == PAUSE) {
        code = list_walk(l->site.list_view, behind(&l->event_last), visit_event, l);
        if (code == 0)
            code = show_verdicts_until(l, INT64_MAX);
        if (code == PAUSE) {
            int broken = write_gathered(l);
            if (broken)
                return broken;
        }
    }
    return code;
}

/* --- */

static int read_times(const struct call *call, struct logging *l)
{
    const char *since = call->values[SINCE], *until = call->values[UNTIL];
    int64_t from = 0, to = 0;

    int code = since ? argument_time("since", since, &from, l->why) : 0;
    if (code == 0 && until)
        code = argument_time("until", until, &to, l->why);
    if (since)
        l->since_ms = from * 1000;
    if (until)
        l->until_ms = to * 1000;
    return code;
}

static int note(struct logging *l, bool person)
{
    const struct noted noted = {
        .command = "log", .people = person ? 1 : 0, .address = person ? &l->address : NULL};
    return noted_reading(&l->site, &noted, &l->own, l->why);
}

/* The journal's octets, and nothing else. */
static int run_journal(const struct call *call)
{
    struct site site;
    struct error why = {""};

    if (call->values[SINCE] || call->values[UNTIL] || call->values[JSON] ||
        call->argument_count > 0) {
        error_set(&why, -EINVAL, "--journal writes all of a journal, and goes with nothing else");
        return output_status(-EINVAL, &why);
    }
    int code = site_open(call->config_file, SITE_KEYS | SITE_LIST | SITE_LEDGER, &site, &why);
    if (code == 0)
        code = journaling_write(&site, call->values[JOURNAL], &why);
    site_close(&site);
    return output_status(code, &why);
}

static int run(const struct call *call)
{
    struct error why = {""};
    struct logging l = {.json = call->values[JSON],
                        .readings = call->values[READINGS],
                        .since_ms = INT64_MIN,
                        .until_ms = INT64_MAX,
                        .why = &why};
    bool domain, person = call->argument_count > 0;

    if (call->values[JOURNAL])
        return run_journal(call);
    int code = read_times(call, &l);
    if (code == 0 && person)
        code = argument_address(call->arguments[0], &l.address, &domain, &why);
    if (code)
        return output_status(code, &why);
    code = site_open(call->config_file, SITE_KEYS | SITE_WORDS | SITE_LIST | SITE_LEDGER_WRITE,
                     &l.site, &why);
    if (code == 0)
        code = note(&l, person);
    if (code == 0)
        code = site_view(&l.site, &why);
    if (code == 0)
        code = person ? log_person(&l) : log_all(&l);
    if (code < 0 && *why.text == '\0')
        error_set(&why, code, "a store in %s cannot be read: %s", l.site.config->data_dir,
                  error_name(code));
    site_close(&l.site);
    return output_status(code, &why);
}

const struct command command_log = {
    .name = "log",
    .arguments = "[ADDRESS]",
    .text = "show choices and verdicts, oldest first",
    .flags = flags,
    .most = 1,
    .role = ROLE_COMPLIANCE,
    .run = run,
};
