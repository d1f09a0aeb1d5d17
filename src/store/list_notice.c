/* Who was sent a notice, and when: neither evidence nor part of the journal. */
#include "store/list_tables.h"
#include "store/number.h"

struct claim {
    const struct subject *subject;
    int64_t now, pause;
};

static int claim_job(struct txn *txn, void *argument)
{
    const struct claim *claim = argument;
    struct slice key = SLICE(claim->subject->bytes, SUBJECT_SIZE), value;
    uint8_t time[LIST_NOTICE_SIZE];

    int code = txn_get(txn, TABLE_NOTICE, key, &value);
    if (code == 0 && value.size == LIST_NOTICE_SIZE &&
        (int64_t)number_get(value.data, LIST_NOTICE_SIZE) > claim->now - claim->pause)
        return ERR_EXISTS;
    if (code && code != ERR_NOT_FOUND)
        return code;
    number_put(time, LIST_NOTICE_SIZE, (uint64_t)claim->now);
    return txn_put(txn, TABLE_NOTICE, key, SLICE(time, LIST_NOTICE_SIZE));
}

int list_notice_time(struct list_view *view, const struct subject *subject, int64_t *seconds)
{
    struct slice value;

    int code = txn_get(view->txn, TABLE_NOTICE, SLICE(subject->bytes, SUBJECT_SIZE), &value);
    if (code)
        return code;
    if (value.size != LIST_NOTICE_SIZE)
        return ERR_CORRUPT;
    *seconds = (int64_t)number_get(value.data, LIST_NOTICE_SIZE);
    return 0;
}

int list_claim_notice(struct list *list, const struct subject *subject, int64_t now, int64_t pause,
                      struct error *why)
{
    struct claim claim = {subject, now, pause};
    return store_write(&list->store, claim_job, &claim, why);
}
