/* Events of the ledger: verdicts, what was done in the MTA's queue, what people were shown. */
#include "base/clock.h"
#include "tool/output.h"
#include "tool/report/journals.h"

#include <errno.h>
#include <string.h>

#define QUEUE_RULE "queue" /* of verdicts on mail that was in the queue */

/* --- verdicts --- */

/* Whether the verdict's rows that were kept back were so for good: who is put off comes again. */
static bool is_final(const struct event_verdict *verdict)
{
    return verdict->action != ACTION_PASS && verdict->action != ACTION_DEFER;
}

static int count_rows(struct journals *j, const struct event *event)
{
    const struct event_verdict *verdict = event->verdict;
    struct series_set *set = verdict->mode == MODE_MONITOR ? &j->monitored : &j->refusals;
    uint64_t kept_back = 0, free = 0;

    for (size_t i = 0; i < verdict->row_count; i++) {
        enum recipient_state state = verdict->rows[i].state;
        if (recipient_is_kept_back(state))
            kept_back += is_final(verdict);
        else
            free += recipient_was_handed_on(verdict->action, verdict->mode, state);
    }
    int code = kept_back ? series_add(set, verdict->stream, event->at_ms / 1000, kept_back) : 0;
    if (code == 0 && free > 0)
        code = series_add(&j->handed_on, verdict->stream, event->at_ms / 1000, free);
    return code;
}

/* What was announced and could not be done is taken back by a pass about it. */
static int count_taken_back(struct journals *j, const struct event *event)
{
    struct event_name name = event->name;
    struct pool pool = {0};
    struct event about;

    name.number = event->batch;
    int code = ledger_event(j->site->ledger_view, &name, &pool, &about);
    if (code == 0 && about.verdict &&
        period_find(&j->question->period, about.at_ms / 1000) < j->question->period.count) {
        struct queue_count *count = about.verdict->action == ACTION_HOLD     ? &j->held
                                    : about.verdict->action == ACTION_DELETE ? &j->deleted
                                                                             : NULL;
        if (count && count->messages > 0) {
            count->messages--;
            count->recipients -= about.verdict->kept_back;
        }
    }
    pool_release(&pool);
    return code == ERR_NOT_FOUND ? 0 : code;
}

/* One that has another for its batch has more of that one's rows. */
static int count_queue(struct journals *j, const struct event *event)
{
    const struct event_verdict *verdict = event->verdict;
    struct queue_count *count = verdict->action == ACTION_HOLD ? &j->held : &j->deleted;

    if (verdict->action == ACTION_PASS)
        return event->batch ? count_taken_back(j, event) : 0;
    if (event->batch == 0) {
        count->messages++;
        count->recipients += verdict->kept_back;
    }
    return 0;
}

static int count_verdict(struct journals *j, const struct event *event)
{
    if (!journals_is_asked(j, event->verdict->scope))
        return 0;
    bool queued = strcmp(event->verdict->rule, QUEUE_RULE) == 0 &&
                  strcmp(event->actor, "milter") != 0; /* whose rules are criteria */
    return queued ? count_queue(j, event) : count_rows(j, event);
}

/* --- readings --- */

static struct readings *find_readings(struct journals *j, const char *command, const char *staff)
{
    for (size_t i = 0; i < j->reading_count; i++) {
        struct readings *r = &j->readings[i];
        if (strcmp(r->command, command) == 0 &&
            (staff && r->staff ? strcmp(r->staff, staff) == 0 : staff == r->staff))
            return r;
    }
    struct readings *readings =
        pool_grow(j->pool, j->readings, j->reading_count, &j->reading_room, sizeof *readings);
    if (!readings)
        return NULL;
    j->readings = readings;
    struct readings made = {.command = pool_copy(j->pool, command),
                            .staff = staff ? pool_copy(j->pool, staff) : NULL};
    if (!made.command || (staff && !made.staff))
        return NULL;
    j->readings[j->reading_count] = made;
    return &j->readings[j->reading_count++];
}

static int count_reading(struct journals *j, const struct event *event)
{
    struct pool pool = {0};
    struct word *words = NULL;
    size_t count = 0;

    int code =
        j->question->names ? ledger_words(j->site->ledger_view, event, &pool, &words, &count) : 0;
    if (code == 0 || code == ERR_KEY) {
        struct readings *r =
            find_readings(j, event->reading->command, word_text(words, count, "staff"));
        code = r ? 0 : -ENOMEM;
        if (r) {
            r->times++;
            r->people += event->reading->people;
        }
    }
    pool_release(&pool);
    return code;
}

json_t *journals_readings(const struct journals *j)
{
    json_t *array = json_array();

    for (size_t i = 0; i < j->reading_count; i++) {
        json_t *object = json_object();
        output_put_text(object, "command", j->readings[i].command);
        if (j->question->names)
            output_put_text(object, "staff", j->readings[i].staff);
        output_put_number(object, "times", j->readings[i].times);
        output_put_number(object, "people", j->readings[i].people);
        output_append(array, object);
    }
    return array;
}

/* --- */

int journals_take_ledger(struct journals *j, const struct event *event)
{
    if (event->type == EVENT_VERDICT)
        return count_verdict(j, event);
    return event->reading ? count_reading(j, event) : 0;
}
