#include "store/erase.h"
#include "store/list_tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Names that rows have, by id; the last one at hand, since most rows have the same. */
struct name_check {
    unsigned table;
    bool *seen; /* two nodes may have registered one scope */
    uint64_t size, count;
    struct pool pool;
    uint32_t id; /* of `last`; 0: none yet */
    char last[ENV_KEY_MAX + 1];
};

struct fold_check {
    struct list *list;
    uint64_t choices; /* rows of all events */
    uint64_t withdrawals;
    struct name_check scopes, sources;
    uint64_t batches, ends, undone;
    uint64_t proposals, decided, done;
    struct text row;    /* as it should be */
    struct text others; /* subjects of erasures and proposals, one behind the other */
};

/* Counts a name and leaves its id; either leads to the other. */
static int check_name(struct name_check *check, struct txn *txn, const char *name, uint32_t *id)
{
    const char *back;

    if (check->id && strcmp(check->last, name) == 0) {
        *id = check->id;
        return 0;
    }
    if (strlen(name) >= sizeof check->last)
        return ERR_CORRUPT;
    int code = list_id_of(txn, check->table, name, id);
    if (code == 0)
        code = list_name_of(txn, check->table, *id, &check->pool, &back);
    if (code == 0 && strcmp(back, name) != 0)
        code = ERR_CORRUPT;
    pool_reset(&check->pool);
    if (code)
        return code;
    if (*id == 0 || *id >= check->size)
        return ERR_CORRUPT; /* ids are given one after the other */
    check->count += !check->seen[*id];
    check->seen[*id] = true;
    check->id = *id;
    strcpy(check->last, name);
    return 0;
}

/* The bytes of the row that an event wrote; those of its withdrawal stand behind it. */
static int make_row(struct fold_check *check, struct txn *txn, const struct choice *choice)
{
    struct list_ids ids = {0};

    check->row.length = 0;
    int code = check_name(&check->scopes, txn, choice->scope, &ids.scope_id);
    if (code == 0)
        code = check_name(&check->sources, txn, choice->source, &ids.source_id);
    return code ? code : list_row_pack_as(check->list, choice, &ids, &check->row);
}

/* It stands, or is past. */
static int check_row(struct fold_check *check, struct txn *txn, const struct event_choice *row)
{
    uint8_t key[CHOICE_KEY_SIZE];
    struct slice value = {0};
    bool past = false;

    int code = list_row_key(check->list, &row->subject, &row->choice.event, key);
    if (code == 0)
        code = txn_get(txn, row->choice.domain ? TABLE_DOMAIN : TABLE_CHOICE,
                       SLICE(key, sizeof key), &value);
    if (code == ERR_NOT_FOUND) {
        past = true;
        code = txn_get(txn, TABLE_PAST, SLICE(key, sizeof key), &value);
    }
    if (code == 0)
        code = make_row(check, txn, &row->choice);
    if (code)
        return code;
    size_t size = check->row.length;
    return (past ? value.size > size : value.size == size) &&
                   memcmp(value.data, check->row.data, size) == 0
               ? 0
               : ERR_CORRUPT;
}

/* What was done by an event is kept as done by it, or by an earlier one, which is counted then. */
static int check_first(const struct fold_check *check, const struct event_name *kept,
                       const struct event *event, uint64_t *count)
{
    bool same = event_name_equal(kept, &event->name);
    *count += same;
    return same || list_is_earlier(check->list, kept, &event->name) ? 0 : ERR_CORRUPT;
}

static int check_withdrawal(struct fold_check *check, struct txn *txn, const struct event *event,
                            const struct event_withdrawal *row)
{
    uint8_t key[CHOICE_KEY_SIZE];
    struct slice value;

    int code = list_row_key(check->list, &row->subject, &row->target, key);
    if (code == 0)
        code = txn_get(txn, TABLE_PAST, SLICE(key, sizeof key), &value);
    if (code)
        return code;
    struct unpacker in = unpack_begin(value);
    unpack_skip(&in);
    struct event_name by = list_unpack_name(check->list, &in);
    return unpack_is_done(&in) ? check_first(check, &by, event, &check->withdrawals) : ERR_CORRUPT;
}

/* An undo that was broken off before a restore gave way to a later one. */
static int check_undone(struct fold_check *check, struct txn *txn, const struct event_name *kept,
                        const struct event *event)
{
    struct batch_row row;

    int code = list_batch_row(check->list, txn, &event->name, &row);
    if (code == 0 && row.end == 0 && list_is_earlier(check->list, &event->name, kept))
        return 0;
    return code ? code : check_first(check, kept, event, &check->undone);
}

static int check_batch(struct fold_check *check, struct txn *txn, const struct event *event)
{
    struct batch_row row;
    int code = 0;

    if (event->type == EVENT_BATCH && event->begin) {
        check->batches++;
        code = list_batch_row(check->list, txn, &event->name, &row);
        if (code == 0 && event->begin->undoes.number) {
            code = list_batch_row(check->list, txn, &event->begin->undoes, &row);
            if (code == 0)
                code = check_undone(check, txn, &row.undone_by, event);
        }
    } else if (event->type == EVENT_BATCH_END) {
        struct event_name name = event->name;
        name.number = event->batch;
        check->ends++;
        code = list_batch_row(check->list, txn, &name, &row);
        if (code == 0 && row.end != event->name.number)
            code = ERR_CORRUPT;
    }
    return code;
}

/* What is done by an approval stands behind the decision that allowed it. */
static int check_allowed(const struct fold_check *check, const struct proposal_row *row,
                         const struct event *event)
{
    return row->decided.number && list_is_earlier(check->list, &row->decided, &event->name)
               ? 0
               : ERR_CORRUPT;
}

static int check_proposal(struct fold_check *check, struct txn *txn, const struct event *event)
{
    const struct event_decision *decision = event->decision;
    struct proposal_row row;

    if (event->type == EVENT_PROPOSAL && event->proposal) {
        check->proposals++;
        for (size_t i = 0; i < event->proposal->choice_count; i++)
            text_append_bytes(&check->others,
                              (const char *)event->proposal->choices[i].subject.bytes,
                              SUBJECT_SIZE);
        if (check->others.failed)
            return -ENOMEM;
        return list_proposal_row(check->list, txn, &event->name, &row);
    }
    if (!decision)
        return 0;
    int code = list_proposal_row(check->list, txn, &decision->proposal, &row);
    if (code)
        return code;
    if (event->type != EVENT_DECISION)
        return check_allowed(check, &row, event);
    if (decision->state == PROPOSAL_DONE)
        return check_first(check, &row.done, event, &check->done);
    if (event_name_equal(&row.decided, &event->name) && row.state != decision->state)
        return ERR_CORRUPT;
    return check_first(check, &row.decided, event, &check->decided);
}

/* A reason tells of an event that was there before it. */
static int check_reason(const struct fold_check *check, struct txn *txn, const struct event *event)
{
    struct slice bytes;

    if (!event->reason)
        return 0;
    const struct event_name *about = &event->reason->about;
    bool own = memcmp(about->node, event->name.node, EVENT_NODE_SIZE) == 0;
    if (own && about->number >= event->name.number)
        return ERR_CORRUPT;
    return journal_bytes(&check->list->store, txn, about, &bytes);
}

/* What was erased is gone, and stays so. */
static int check_erasures(struct fold_check *check, struct txn *txn, const struct event *event)
{
    struct slice row;
    int code = erase_check(&check->list->store, txn, event);

    for (size_t i = 0; i < event->erasure_count && code == 0; i++) {
        code = txn_get(txn, TABLE_ADDRESS, SLICE(event->erasures[i].subject.bytes, SUBJECT_SIZE),
                       &row);
        if (code == 0 && (row.size != 1 || *(const uint8_t *)row.data != ADDRESS_ERASED))
            code = ERR_CORRUPT;
        text_append_bytes(&check->others, (const char *)event->erasures[i].subject.bytes,
                          SUBJECT_SIZE);
    }
    return code == 0 && check->others.failed ? -ENOMEM : code;
}

static int check_event(struct txn *txn, const struct event *event, void *argument)
{
    struct fold_check *check = argument;
    uint32_t id;
    int code = 0;

    for (size_t i = 0; i < event->scope_count && code == 0; i++)
        code = check_name(&check->scopes, txn, event->scopes[i], &id);
    for (size_t i = 0; i < event->choice_count && code == 0; i++)
        code = check_row(check, txn, &event->choices[i]);
    for (size_t i = 0; i < event->withdrawal_count && code == 0; i++)
        code = check_withdrawal(check, txn, event, &event->withdrawals[i]);
    if (code == 0)
        code = check_batch(check, txn, event);
    if (code == 0)
        code = check_proposal(check, txn, event);
    if (code == 0)
        code = check_reason(check, txn, event);
    if (code == 0)
        code = check_erasures(check, txn, event);
    check->choices += event->choice_count;
    return code;
}

/* Each event's rows were found, so more rows than that came from no event. */
static int check_counts(struct list_view *view, const struct fold_check *check, struct error *why)
{
    uint64_t standing, domains, past;
    const char *folder = env_folder(view->list->store.env);

    int code = txn_count(view->txn, TABLE_CHOICE, &standing);
    if (code == 0)
        code = txn_count(view->txn, TABLE_DOMAIN, &domains);
    if (code == 0)
        code = txn_count(view->txn, TABLE_PAST, &past);
    if (code)
        return list_explain(view->list, code, why);
    if (past != check->withdrawals)
        return error_set(why, ERR_CORRUPT,
                         "%s: %llu choices are withdrawn, but events withdrew %llu", folder,
                         (unsigned long long)past, (unsigned long long)check->withdrawals);
    if (standing + domains + past != check->choices)
        return error_set(why, ERR_CORRUPT, "%s: %llu choices are there, but events wrote %llu",
                         folder, (unsigned long long)(standing + domains + past),
                         (unsigned long long)check->choices);
    code = list_verify_names(view->list, view->txn, TABLE_SCOPE, check->scopes.count, why);
    return code ? code
                : list_verify_names(view->list, view->txn, TABLE_SOURCE, check->sources.count, why);
}

static int count_batch(const struct list_batch *batch, void *argument)
{
    struct fold_check *check = argument;
    check->batches--;
    check->ends -= batch->ended_ms != 0;
    check->undone -= batch->undone_by.number != 0;
    return 0;
}

/* Each event about a batch was found in the table, so what else the table says came from none. */
static int check_batches(struct list_view *view, struct fold_check *check, struct error *why)
{
    int code = list_each_batch(view, count_batch, check);
    if (code)
        return list_explain(view->list, code, why);
    if (check->batches || check->ends || check->undone)
        return error_set(why, ERR_CORRUPT,
                         "%s: what is kept of batches does not follow from events",
                         env_folder(view->list->store.env));
    return 0;
}

static int count_proposal(const struct event_name *name, const struct proposal_row *row,
                          void *argument)
{
    struct fold_check *check = argument;
    (void)name;
    /* What nobody decided on is open, or it could be carried out. */
    check->proposals -= row->decided.number || row->state == PROPOSAL_OPEN;
    check->decided -= row->decided.number != 0;
    check->done -= row->done.number != 0;
    return 0;
}

/* The same of proposals. */
static int check_proposals(struct list_view *view, struct fold_check *check, struct error *why)
{
    int code = list_each_proposal_row(view->list, view->txn, count_proposal, check);
    if (code)
        return list_explain(view->list, code, why);
    if (check->proposals || check->decided || check->done)
        return error_set(why, ERR_CORRUPT,
                         "%s: what is kept of proposals does not follow from events",
                         env_folder(view->list->store.env));
    return 0;
}

static int begin_names(struct name_check *check, struct txn *txn, unsigned table)
{
    uint64_t rows;

    int code = txn_count(txn, table, &rows);
    if (code)
        return code;
    check->table = table;
    check->size = rows / 2 + 1;
    check->seen = calloc(check->size, sizeof *check->seen);
    return check->seen ? 0 : -ENOMEM;
}

static void end_names(struct name_check *check)
{
    pool_release(&check->pool);
    free(check->seen);
}

static int verify(struct list_view *view, struct fold_check *check, uint64_t *events,
                  struct error *why)
{
    int code = begin_names(&check->scopes, view->txn, TABLE_SCOPE);
    if (code == 0)
        code = begin_names(&check->sources, view->txn, TABLE_SOURCE);
    if (code)
        return list_explain(view->list, code, why);
    code = journal_verify(&view->list->store, view->txn, check_event, check, events, why);
    if (code == 0)
        code = check_counts(view, check, why);
    if (code == 0)
        code = check_batches(view, check, why);
    if (code == 0)
        code = check_proposals(view, check, why);
    if (code == 0)
        code = list_verify_addresses(view, SLICE(check->others.data, check->others.length), why);
    return code ? code : list_verify_notices(view->list, view->txn, why);
}

int list_verify(struct list_view *view, uint64_t *events, struct error *why)
{
    struct fold_check check = {.list = view->list};
    uint64_t count;

    int code = store_verify_frame(&view->list->store, view->txn, why);
    if (code == 0)
        code = verify(view, &check, &count, why);
    text_release(&check.row);
    text_release(&check.others);
    end_names(&check.scopes);
    end_names(&check.sources);
    if (code == 0)
        *events = count;
    return code;
}

int list_verify_store(struct store *store, struct txn *txn, uint64_t *events, struct error *why)
{
    struct list_view view = {.list = (struct list *)store, .txn = txn};
    return list_verify(&view, events, why);
}
