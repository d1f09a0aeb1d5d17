/* Who was sent a notice, and when: neither evidence nor part of the journal. */
#include "store/list_tables.h"
#include "store/number.h"

/* What an earlier version wrote has no mark. */
int list_notice_unpack(struct slice value, int64_t *at)
{
    if (value.size != LIST_NOTICE_TIME_SIZE && value.size != LIST_NOTICE_TIME_SIZE + SEAL_MARK_SIZE)
        return ERR_CORRUPT;
    *at = (int64_t)number_get(value.data, LIST_NOTICE_TIME_SIZE);
    return 0;
}

struct claim {
    const struct subject *subject;
    int64_t now, pause;
};

static int claim_job(struct txn *txn, void *argument)
{
    const struct claim *claim = argument;
    struct slice key = SLICE(claim->subject->bytes, SUBJECT_SIZE), value;
    uint8_t row[LIST_NOTICE_TIME_SIZE + SEAL_MARK_SIZE];
    int64_t last;

    int code = txn_get(txn, TABLE_NOTICE, key, &value);
    if (code == 0 && list_notice_unpack(value, &last) == 0 && last > claim->now - claim->pause)
        return ERR_EXISTS;
    if (code && code != ERR_NOT_FOUND)
        return code;
    number_put(row, LIST_NOTICE_TIME_SIZE, (uint64_t)claim->now);
    code = seal_mark(key, SLICE(row, LIST_NOTICE_TIME_SIZE), row + LIST_NOTICE_TIME_SIZE);
    return code ? code : txn_put(txn, TABLE_NOTICE, key, SLICE(row, sizeof row));
}

int list_notice_time(struct list_view *view, const struct subject *subject, int64_t *seconds)
{
    struct slice value;

    int code = txn_get(view->txn, TABLE_NOTICE, SLICE(subject->bytes, SUBJECT_SIZE), &value);
    return code ? code : list_notice_unpack(value, seconds);
}

int list_claim_notice(struct list *list, const struct subject *subject, int64_t now, int64_t pause,
                      struct error *why)
{
    struct claim claim = {subject, now, pause};
    return store_write(&list->store, claim_job, &claim, why);
}
