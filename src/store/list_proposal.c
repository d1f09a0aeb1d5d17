/* Proposals, and what was decided on them. */
#include "base/clock.h"
#include "store/list_tables.h"
#include "store/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- the table --- */

static int pack_event(const struct list *list, const struct event_name *name, struct text *bytes)
{
    if (name->number)
        return list_pack_name(list, name, bytes);
    pack_uint(bytes, 0);
    pack_uint(bytes, 0);
    return 0;
}

static int pack_row(const struct list *list, const struct proposal_row *row, struct text *bytes)
{
    pack_array(bytes, 5);
    pack_uint(bytes, row->state);
    int code = pack_event(list, &row->decided, bytes);
    return code ? code : pack_event(list, &row->done, bytes);
}

/* Where there is no event no other node is named either. */
static struct event_name unpack_event(const struct list *list, struct unpacker *in)
{
    struct event_name name = list_unpack_name(list, in);

    if (name.number == 0 && memcmp(name.node, store_node(&list->store, 0), EVENT_NODE_SIZE) != 0)
        in->failed = true;
    return name;
}

static int unpack_row(const struct list *list, struct slice bytes, struct proposal_row *row)
{
    struct unpacker in = unpack_begin(bytes);
    struct proposal_row r;

    size_t items = unpack_array(&in);
    r.state = (enum proposal_state)unpack_uint(&in);
    r.decided = unpack_event(list, &in);
    r.done = unpack_event(list, &in);
    for (size_t i = 5; i < items && !in.failed; i++)
        unpack_skip(&in); /* a later version's */
    if (items < 5 || !unpack_is_done(&in))
        return ERR_CORRUPT;
    *row = r;
    return 0;
}

int list_proposal_row(const struct list *list, struct txn *txn, const struct event_name *name,
                      struct proposal_row *row)
{
    struct slice value;
    int code = store_get_named(&list->store, txn, TABLE_PROPOSAL, name, &value);
    return code ? code : unpack_row(list, value, row);
}

static int put_row(const struct list *list, struct txn *txn, const struct event_name *name,
                   const struct proposal_row *row)
{
    struct text bytes = TEXT_EMPTY;

    int code = pack_row(list, row, &bytes);
    if (code == 0 && bytes.failed)
        code = -ENOMEM;
    if (code == 0)
        code = store_put_named(&list->store, txn, TABLE_PROPOSAL, name,
                               SLICE(bytes.data, bytes.length));
    text_release(&bytes);
    return code;
}

struct each_row {
    const struct list *list;
    proposal_row_visitor visit;
    void *argument;
};

static int visit_entry(struct slice key, struct slice value, void *argument)
{
    const struct each_row *each = argument;
    struct event_name name;
    struct proposal_row row;

    int code = key.size == JOURNAL_KEY_SIZE ? store_unpack_name(&each->list->store, key.data, &name)
                                            : ERR_CORRUPT;
    if (code == 0)
        code = unpack_row(each->list, value, &row);
    return code ? code : each->visit(&name, &row, each->argument);
}

int list_each_proposal_row(const struct list *list, struct txn *txn, proposal_row_visitor visit,
                           void *argument)
{
    struct each_row each = {list, visit, argument};
    return txn_each(txn, TABLE_PROPOSAL, SLICE(NULL, 0), visit_entry, &each);
}

/* --- the fold --- */

/* As for a row that is withdrawn twice: of what two nodes decided the earlier event counts. */
static bool is_first(const struct list *list, const struct event_name *kept,
                     const struct event_name *event)
{
    return kept->number == 0 || list_is_earlier(list, event, kept);
}

static int fold_decision(struct list *list, struct txn *txn, const struct event *event)
{
    const struct event_decision *decision = event->decision;
    struct proposal_row row;

    int code = list_proposal_row(list, txn, &decision->proposal, &row);
    if (code)
        return code;
    if (decision->state == PROPOSAL_DONE) {
        if (is_first(list, &row.done, &event->name))
            row.done = event->name;
    } else if (is_first(list, &row.decided, &event->name)) {
        row.state = decision->state;
        row.decided = event->name;
    }
    return put_row(list, txn, &decision->proposal, &row);
}

int list_fold_proposal(struct list *list, struct txn *txn, const struct event *event)
{
    const struct proposal_row open = {.state = PROPOSAL_OPEN};

    if (event->type == EVENT_PROPOSAL && event->proposal)
        return put_row(list, txn, &event->name, &open);
    return event->type == EVENT_DECISION && event->decision ? fold_decision(list, txn, event) : 0;
}

/* --- deciding --- */

/* Whether this may be decided now. */
static int check_decision(const struct list *list, struct txn *txn,
                          const struct event_decision *decision, struct error *why)
{
    struct proposal_row row;

    int code = list_proposal_row(list, txn, &decision->proposal, &row);
    if (code)
        return code == ERR_NOT_FOUND ? error_set(why, code, "there is no such proposal") : code;
    if (decision->state == PROPOSAL_DONE && row.state != PROPOSAL_BEGUN)
        return error_set(why, -EINVAL, "the proposal was not approved");
    if (decision->state == PROPOSAL_DONE ? row.done.number : row.decided.number)
        return error_set(why, ERR_EXISTS, "the proposal was decided on already");
    return 0;
}

static int write_decision(struct list *list, struct txn *txn, const struct event_decision *decision,
                          const char *actor, const struct word *words, size_t count)
{
    struct event event = {
        .at_ms = clock_now_ms(), .type = EVENT_DECISION, .actor = actor, .decision = decision};

    int code = journal_append(&list->store, txn, &event, words, count);
    return code ? code : list_fold(&list->store, txn, &event);
}

int list_take_decision(struct list *list, struct txn *txn, const struct act *act, struct error *why)
{
    const struct event_decision *decision = act->decision;
    struct proposal_row row;

    if (!decision)
        return 0;
    if (decision->state == PROPOSAL_APPROVED) {
        int code = check_decision(list, txn, decision, why);
        if (code)
            return code == ERR_NOT_FOUND ? -EINVAL : code;
        return write_decision(list, txn, decision, act->actor, act->decision_words,
                              act->decision_word_count);
    }
    int code = list_proposal_row(list, txn, &decision->proposal, &row);
    if (code == ERR_NOT_FOUND || (code == 0 && (row.state != PROPOSAL_BEGUN || row.done.number ||
                                                decision->state != PROPOSAL_BEGUN)))
        return error_set(why, -EINVAL, "the proposal was not approved, or is carried out already");
    return code;
}

struct deciding {
    struct list *list;
    const struct event_decision *decision;
    const struct act *act;
    struct error *why;
};

static int decide_job(struct txn *txn, void *argument)
{
    const struct deciding *d = argument;
    int code = check_decision(d->list, txn, d->decision, d->why);
    return code ? code
                : write_decision(d->list, txn, d->decision, d->act->actor, d->act->words,
                                 d->act->word_count);
}

int list_decide(struct list *list, const struct event_decision *decision, const struct act *act,
                struct error *why)
{
    struct deciding d = {list, decision, act, why};

    int code = list_check_act(act, why);
    return code ? code : store_write(&list->store, decide_job, &d, why);
}

/* --- proposing --- */

struct proposing {
    struct list *list;
    struct event_proposal proposal;
    struct list_entry **sorted; /* by subject */
    const struct act *act;
    struct event_name event;
    struct error *why;
};

static int check_scopes(const struct proposing *p, struct txn *txn)
{
    int code = 0;
    uint32_t id;

    for (size_t i = 0; i < p->proposal.choice_count && code == 0; i++) {
        const char *scope = p->proposal.choices[i].choice.scope;
        code = list_id_of(txn, TABLE_SCOPE, scope, &id);
        if (code == ERR_NOT_FOUND)
            error_set(p->why, code = ERR_SCOPE, "scope %s is not registered", scope);
    }
    return code;
}

static int propose_job(struct txn *txn, void *argument)
{
    struct proposing *p = argument;
    struct event event = {.at_ms = clock_now_ms(),
                          .type = EVENT_PROPOSAL,
                          .actor = p->act->actor,
                          .source = p->act->source,
                          .proposal = &p->proposal};

    int code = check_scopes(p, txn);
    if (code == 0)
        code = list_put_addresses(p->list, txn, p->sorted, p->proposal.choice_count);
    if (code == 0)
        code = journal_append(&p->list->store, txn, &event, p->act->words, p->act->word_count);
    if (code == 0)
        code = list_fold(&p->list->store, txn, &event);
    p->event = event.name;
    return code;
}

static int compare(const void *a, const void *b)
{
    const struct list_entry *x = *(struct list_entry *const *)a,
                            *y = *(struct list_entry *const *)b;
    int order = memcmp(x->subject.bytes, y->subject.bytes, SUBJECT_SIZE);
    return order ? order : (x > y) - (x < y);
}

/* The entries by subject, and as the rows of the event. */
static void fill_choices(struct proposing *p, struct event_choice *rows, struct list_entry *entries,
                         size_t count)
{
    for (size_t i = 0; i < count; i++)
        p->sorted[i] = &entries[i];
    qsort(p->sorted, count, sizeof *p->sorted, compare);
    for (size_t i = 0; i < count; i++) {
        const struct list_entry *entry = p->sorted[i];
        rows[i] = (struct event_choice){entry->subject,
                                        {.kind = entry->kind,
                                         .confirmed = entry->confirmed,
                                         .reason = entry->reason,
                                         .scope = entry->scope,
                                         .asked = entry->asked,
                                         .until = entry->until}};
    }
    p->proposal.choices = rows;
    p->proposal.choice_count = count;
}

int list_propose(struct list *list, const struct event_proposal *proposal,
                 struct list_entry *entries, size_t count, const struct act *act,
                 struct event_name *event, struct error *why)
{
    struct proposing p = {.list = list, .proposal = *proposal, .act = act, .why = why};

    if (!list->has_address_key)
        return error_set(why, ERR_KEY, "the address key is needed to write choices");
    if (count > EVENT_ROWS_MAX || proposal->target_count > EVENT_ROWS_MAX)
        return error_set(why, ERR_TOO_LONG, "more than %d choices at once", EVENT_ROWS_MAX);
    int code = list_check_act(act, why);
    if (code)
        return code;
    struct event_choice *rows = calloc(count + 1, sizeof *rows);
    p.sorted = calloc(count + 1, sizeof *p.sorted);
    if (rows && p.sorted) {
        fill_choices(&p, rows, entries, count);
        code = store_write(&list->store, propose_job, &p, why);
    } else {
        code = error_set(why, -ENOMEM, "no memory for a proposal");
    }
    free(rows);
    free(p.sorted);
    if (code == 0)
        *event = p.event;
    return code;
}

/* --- reading --- */

static int read_proposal(struct list_view *view, const struct event_name *name,
                         const struct proposal_row *row, struct pool *pool,
                         struct list_proposal *proposal)
{
    struct list_proposal read = {.state = row->done.number ? PROPOSAL_DONE : row->state,
                                 .decided = row->decided,
                                 .done = row->done};

    int code = list_event(view, name, pool, &read.event);
    if (code == ERR_NOT_FOUND || (code == 0 && !read.event.proposal))
        code = ERR_CORRUPT;
    if (code == 0)
        *proposal = read;
    return code;
}

int list_proposal(struct list_view *view, const struct event_name *name, struct pool *pool,
                  struct list_proposal *proposal)
{
    struct proposal_row row;
    int code = list_proposal_row(view->list, view->txn, name, &row);
    return code ? code : read_proposal(view, name, &row, pool, proposal);
}

struct each {
    struct list_view *view;
    bool all;
    list_proposal_visitor visit;
    void *argument;
};

static int visit_row(const struct event_name *name, const struct proposal_row *row, void *argument)
{
    const struct each *each = argument;
    bool begun = row->state == PROPOSAL_BEGUN && row->done.number == 0;
    struct list_proposal proposal;
    struct pool pool = {0};

    if (!each->all && row->state != PROPOSAL_OPEN && !begun)
        return 0;
    int code = read_proposal(each->view, name, row, &pool, &proposal);
    if (code == 0)
        code = each->visit(&proposal, each->argument);
    pool_release(&pool);
    return code;
}

int list_each_proposal(struct list_view *view, bool all, list_proposal_visitor visit,
                       void *argument)
{
    struct each each = {view, all, visit, argument};
    return list_each_proposal_row(view->list, view->txn, visit_row, &each);
}
