/* Writing whose outcome is told, and reasons, which are written in no other way. */
#include "base/clock.h"
#include "store/list_tables.h"
#include "store/number.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void tell(void *argument, int code)
{
    struct later *later = argument;

    if (code && later->why.text[0] == '\0')
        list_explain(later->list, code, &later->why);
    later->done(later->argument, code, &later->why);
    free(later);
}

int list_write_later(struct later *later, committer_job job, void *argument)
{
    int code = store_submit(&later->list->store, job, argument, tell, later);
    if (code)
        free(later);
    return code;
}

/* --- reasons --- */

struct reasoning {
    struct later later;
    struct event_reason reason;
    const struct act *act;
};

/* Whether this node wrote the event. */
static int check_about(const struct list *list, struct txn *txn, const struct event_name *about)
{
    struct slice bytes;
    uint64_t local;
    int code = list_local_number(list, about->node, &local);
    return code ? code : journal_bytes(txn, about->number, &bytes);
}

static int reason_job(struct txn *txn, void *argument)
{
    struct reasoning *r = argument;
    struct event event = {.at_ms = clock_now_ms(),
                          .type = EVENT_REASON,
                          .actor = r->act->actor,
                          .source = r->act->source,
                          .reason = &r->reason};

    int code = check_about(r->later.list, txn, &r->reason.about);
    if (code == ERR_NOT_FOUND)
        return error_set(&r->later.why, code, "a reason for an event that is not in the journal");
    if (code == 0)
        code =
            journal_append(&r->later.list->store, txn, &event, r->act->words, r->act->word_count);
    return code ? code : list_fold(r->later.list, txn, &event);
}

int list_reason_later(struct list *list, const struct event_reason *reason, const struct act *act,
                      list_done done, void *argument)
{
    struct reasoning *r = calloc(1, sizeof *r);

    if (!r)
        return -ENOMEM;
    *r = (struct reasoning){
        .later = {.list = list, .done = done, .argument = argument}, .reason = *reason, .act = act};
    return list_write_later(&r->later, reason_job, r);
}

/* --- probes --- */

#define META_PROBE "probe" /* 8 octets: ms since 1970, when it was last asked */

static int probe_job(struct txn *txn, void *argument)
{
    uint8_t moment[8];
    (void)argument;
    number_put(moment, sizeof moment, (uint64_t)clock_now_ms());
    return txn_put(txn, TABLE_META, SLICE(META_PROBE, sizeof META_PROBE - 1),
                   SLICE(moment, sizeof moment));
}

int list_probe_later(struct list *list, list_done done, void *argument)
{
    struct later *later = calloc(1, sizeof *later);

    if (!later)
        return -ENOMEM;
    *later = (struct later){.list = list, .done = done, .argument = argument};
    return list_write_later(later, probe_job, NULL);
}
