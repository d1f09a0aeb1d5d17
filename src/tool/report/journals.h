/* What both journals tell of a period, event by event; shared by the files that take the events. */
#ifndef TOOL_REPORT_JOURNALS_H
#define TOOL_REPORT_JOURNALS_H

#include "tool/report/facts.h"
#include "tool/report/series.h"

#define JOURNALS_TYPES_MAX 64 /* of events that are counted; more are not known */

/* What somebody was shown, added up. */
struct readings {
    const char *command, *staff; /* staff: NULL where names are not told */
    uint64_t times, people;      /* people: where they were counted */
};

/* Mail that was in the MTA's queue when the opt-out came. */
struct queue_count {
    uint64_t messages, recipients;
};

struct journals {
    struct site *site;
    const struct report_question *question;
    struct progress *progress;
    struct pool *pool;
    struct event_name last; /* looked at; number 0: none */
    bool in_ledger;         /* which of them is walked */
    uint64_t seen, of;
    uint64_t types[JOURNALS_TYPES_MAX]; /* events of the period */
    /* Of the list. */
    struct series_set optouts;
    uint64_t blocks, opt_ins, confirmed, erased;
    int64_t list_begins_ms;
    json_t *removals;
    /* Of the ledger. */
    struct series_set refusals, monitored, handed_on;
    struct queue_count held, deleted;
    struct readings *readings;
    size_t reading_count, reading_room;
    int64_t ledger_begins_ms;
    json_t *verified, *cut; /* the last ones, whenever they were */
    /* Of both: when events were lost, and when a backup took the place of a store. */
    json_t *losses, *restores;
};

/* An event of the period. 0 or a negative error. */
int journals_take_list(struct journals *j, const struct event *event);
int journals_take_ledger(struct journals *j, const struct event *event);

/* What the question asks about. */
bool journals_is_asked(const struct journals *j, const char *scope);

json_t *journals_readings(const struct journals *j);

#endif
