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

/* Whether the event is in the journal. */
static int check_about(const struct list *list, struct txn *txn, const struct event_name *about)
{
    struct slice bytes;
    return journal_bytes(&list->store, txn, about, &bytes);
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
    return code ? code : list_fold(&r->later.list->store, txn, &event);
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
#define PROBE_SIZE 1300    /* octets; three of them do not go into one page */
#define PROBE_ENTRIES 3

/* Changes pages of a table as an opt-out would at its worst, and takes what it put there away. */
static int probe_table(struct txn *txn, unsigned table)
{
    uint8_t key[CHOICE_KEY_SIZE] = {0}, value[PROBE_SIZE] = {0};
    int code = 0;

    for (uint8_t i = 0; i < PROBE_ENTRIES && code == 0; i++) {
        key[CHOICE_KEY_SIZE - 1] = i;
        code = txn_insert(txn, table, SLICE(key, sizeof key), SLICE(value, sizeof value));
    }
    for (uint8_t i = 0; i < PROBE_ENTRIES && code == 0; i++) {
        key[CHOICE_KEY_SIZE - 1] = i;
        code = txn_delete(txn, table, SLICE(key, sizeof key));
    }
    return code;
}

static int probe_job(struct txn *txn, void *argument)
{
    static const unsigned tables[] = {TABLE_JOURNAL, TABLE_CHOICE, TABLE_ADDRESS};
    uint8_t moment[8];
    int code = 0;
    (void)argument;

    for (size_t i = 0; i < sizeof tables / sizeof *tables && code == 0; i++)
        code = probe_table(txn, tables[i]);
    number_put(moment, sizeof moment, (uint64_t)clock_now_ms());
    return code ? code
                : txn_put(txn, TABLE_META, SLICE(META_PROBE, sizeof META_PROBE - 1),
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
