#include "store/event.h"
#include "store/event_keys.h"
#include "store/pack.h"

#include <errno.h>
#include <string.h>

#define TABLE_MAX                                                                                  \
    4096 /* scopes or nodes in one event; a row may bring at most one of each with it */

const char *event_type_name(enum event_type type)
{
    switch (type) {
    case EVENT_GENESIS:
        return "genesis";
    case EVENT_SCOPES:
        return "scopes";
    case EVENT_CHOICES:
        return "choices";
    case EVENT_WITHDRAWAL:
        return "withdrawal";
    case EVENT_BATCH:
        return "batch";
    case EVENT_BATCH_END:
        return "batch-end";
    case EVENT_REASON:
        return "reason";
    case EVENT_LOSS:
        return "loss";
    case EVENT_ERASURE:
        return "erasure";
    case EVENT_PROPOSAL:
        return "proposal";
    case EVENT_DECISION:
        return "decision";
    case EVENT_VERDICT:
        return "verdict";
    case EVENT_CONFIGURATION:
        return "configuration";
    case EVENT_READING:
        return "reading";
    case EVENT_CUT:
        return "cut";
    case EVENT_VERIFIED:
        return "verified";
    }
    return "unknown";
}

/* What rows of one event refer to by position. */
struct tables {
    const uint8_t *own_node;
    const char *scopes[TABLE_MAX];
    size_t scope_count;
    const uint8_t *nodes[TABLE_MAX];
    size_t node_count;
};

static size_t scope_position(struct tables *tables, const char *scope)
{
    size_t i = 0;
    while (i < tables->scope_count && strcmp(tables->scopes[i], scope) != 0)
        i++;
    if (i == tables->scope_count && i < TABLE_MAX)
        tables->scopes[tables->scope_count++] = scope;
    return i;
}

static size_t node_position(struct tables *tables, const uint8_t *node)
{
    size_t i = 0;
    if (memcmp(tables->own_node, node, EVENT_NODE_SIZE) == 0)
        return 0;
    while (i < tables->node_count && memcmp(tables->nodes[i], node, EVENT_NODE_SIZE) != 0)
        i++;
    if (i == tables->node_count && i < TABLE_MAX)
        tables->nodes[tables->node_count++] = node;
    return i + 1;
}

static void pack_names(struct text *out, struct tables *tables, const struct choice *choice)
{
    pack_array(out, 2 * choice->name_count);
    for (size_t i = 0; i < choice->name_count; i++) {
        pack_uint(out, node_position(tables, choice->names[i].node));
        pack_uint(out, choice->names[i].number);
    }
}

static void pack_choices(struct text *out, struct tables *tables, const struct event_choice *rows,
                         size_t count)
{
    pack_array(out, count);
    for (size_t i = 0; i < count; i++) {
        const struct choice *choice = &rows[i].choice;
        pack_array(out, choice->name_count ? 7 : choice->until ? 6 : 5);
        pack_bytes(out, rows[i].subject.bytes, SUBJECT_SIZE);
        pack_uint(out, (unsigned)choice->kind | (choice->confirmed ? FLAG_CONFIRMED : 0) |
                           (choice->domain ? FLAG_DOMAIN : 0));
        pack_uint(out, scope_position(tables, choice->scope));
        pack_uint(out, choice->reason);
        pack_uint(out, (uint64_t)choice->asked);
        if (choice->until || choice->name_count)
            pack_uint(out, (uint64_t)choice->until);
        if (choice->name_count)
            pack_names(out, tables, choice);
    }
}

static void pack_withdrawals(struct text *out, struct tables *tables, const struct event *event)
{
    pack_array(out, event->withdrawal_count);
    for (size_t i = 0; i < event->withdrawal_count; i++) {
        const struct event_withdrawal *row = &event->withdrawals[i];
        pack_array(out, 3);
        pack_bytes(out, row->subject.bytes, SUBJECT_SIZE);
        pack_uint(out, node_position(tables, row->target.node));
        pack_uint(out, row->target.number);
    }
}

static void pack_verdict_rows(struct text *out, struct tables *tables,
                              const struct event_verdict *verdict)
{
    pack_array(out, verdict->row_count);
    for (size_t i = 0; i < verdict->row_count; i++) {
        const struct event_verdict_row *row = &verdict->rows[i];
        pack_array(out, 3);
        pack_bytes(out, row->subject.bytes, row->known ? SUBJECT_SIZE : 0);
        pack_uint(out, row->state);
        pack_array(out, 3 * row->basis_count);
        for (size_t j = 0; j < row->basis_count; j++) {
            pack_uint(out, node_position(tables, row->basis[j].event.node));
            pack_uint(out, row->basis[j].event.number);
            pack_bytes(out, row->basis[j].hash, EVENT_SHORT_HASH_SIZE);
        }
    }
}

static void pack_verdict(struct text *out, struct tables *tables,
                         const struct event_verdict *verdict)
{
    pack_array(out, 11);
    pack_string(out, verdict->stream);
    pack_string(out, verdict->rule);
    pack_string(out, verdict->scope);
    pack_string(out, verdict->queue_id);
    pack_bytes(out, verdict->config, sizeof verdict->config);
    pack_uint(out, verdict->action);
    pack_uint(out, verdict->mode);
    pack_uint(out, verdict->given);
    pack_uint(out, verdict->delivered);
    pack_uint(out, verdict->kept_back);
    pack_verdict_rows(out, tables, verdict);
}

static void pack_genesis(struct text *out, const struct event_genesis *genesis)
{
    pack_array(out, 4);
    pack_string(out, genesis->kind);
    pack_uint(out, genesis->format);
    pack_string(out, genesis->hash);
    pack_uint(out, genesis->address_rules);
}

static void pack_continued(struct text *out, struct tables *tables,
                           const struct event_continued *continued)
{
    pack_array(out, 3);
    pack_uint(out, node_position(tables, continued->event.node));
    pack_uint(out, continued->event.number);
    pack_bytes(out, continued->hash, EVENT_HASH_SIZE);
}

static void pack_begin(struct text *out, struct tables *tables, const struct event_batch *begin)
{
    bool undoes = begin->undoes.number != 0;
    pack_array(out, undoes ? 5 : 3);
    pack_uint(out, begin->kind);
    pack_bytes(out, begin->digest, begin->has_digest ? EVENT_HASH_SIZE : 0);
    pack_uint(out, begin->size);
    if (undoes) {
        pack_uint(out, node_position(tables, begin->undoes.node));
        pack_uint(out, begin->undoes.number);
    }
}

static void pack_counts(struct text *out, const uint64_t counts[BATCH_COUNTS])
{
    pack_array(out, BATCH_COUNTS);
    for (size_t i = 0; i < BATCH_COUNTS; i++)
        pack_uint(out, counts[i]);
}

static void pack_reason(struct text *out, struct tables *tables, const struct event_reason *reason)
{
    pack_array(out, 3);
    pack_uint(out, node_position(tables, reason->about.node));
    pack_uint(out, reason->about.number);
    pack_string(out, reason->key);
}

static void pack_configuration(struct text *out, const struct event_configuration *c)
{
    pack_array(out, 6);
    pack_string(out, c->place);
    pack_uint(out, c->occasion);
    pack_bytes(out, c->digest, EVENT_HASH_SIZE);
    pack_uint(out, (uint64_t)c->since_ms);
    pack_uint(out, c->overlaps);
    pack_array(out, c->stream_count);
    for (size_t i = 0; i < c->stream_count; i++) {
        pack_array(out, 4);
        pack_string(out, c->streams[i].name);
        pack_string(out, c->streams[i].scope);
        pack_uint(out, c->streams[i].ledger);
        pack_uint(out, c->streams[i].mode);
    }
}

static void pack_erasures(struct text *out, struct tables *tables, const struct event *event)
{
    pack_array(out, event->erasure_count);
    for (size_t i = 0; i < event->erasure_count; i++) {
        const struct event_erasure *row = &event->erasures[i];
        pack_array(out, 2);
        pack_bytes(out, row->subject.bytes, SUBJECT_SIZE);
        pack_array(out, 2 * row->event_count);
        for (size_t j = 0; j < row->event_count; j++) {
            pack_uint(out, node_position(tables, row->events[j].node));
            pack_uint(out, row->events[j].number);
        }
    }
}

static void pack_cut(struct text *out, struct tables *tables, const struct event_cut *cut)
{
    pack_array(out, 3);
    pack_array(out, 5 * cut->row_count);
    for (size_t i = 0; i < cut->row_count; i++) {
        pack_uint(out, node_position(tables, cut->rows[i].last.node));
        pack_uint(out, cut->rows[i].last.number);
        pack_bytes(out, cut->rows[i].hash, EVENT_HASH_SIZE);
        pack_uint(out, (uint64_t)cut->rows[i].first_ms);
        pack_uint(out, (uint64_t)cut->rows[i].last_ms);
    }
    pack_bytes(out, cut->key_id, sizeof cut->key_id);
    pack_bytes(out, cut->signature, sizeof cut->signature);
}

static void pack_words(struct text *out, const struct event *event)
{
    static const uint8_t none[EVENT_HASH_SIZE] = {0};

    pack_array(out, event->network ? 2 : 1);
    pack_bytes(out, event->words ? event->words : none, EVENT_HASH_SIZE);
    if (event->network)
        pack_bytes(out, event->network, EVENT_HASH_SIZE);
}

static void pack_reading(struct text *out, const struct event_reading *reading)
{
    pack_array(out, 4);
    pack_string(out, reading->command);
    pack_uint(out, reading->people);
    pack_bytes(out, reading->subject.bytes, reading->has_subject ? SUBJECT_SIZE : 0);
    pack_string(out, reading->scope);
}

static void pack_targets(struct text *out, struct tables *tables,
                         const struct event_proposal *proposal)
{
    pack_array(out, proposal->target_count);
    for (size_t i = 0; i < proposal->target_count; i++) {
        const struct event_target *target = &proposal->targets[i];
        const struct event_name *event = &target->event;
        pack_array(out, 3);
        pack_bytes(out, target->subject.bytes, target->known ? SUBJECT_SIZE : 0);
        pack_uint(out, event->number ? node_position(tables, event->node) : 0);
        pack_uint(out, event->number);
    }
}

static void pack_proposal(struct text *out, struct tables *tables,
                          const struct event_proposal *proposal)
{
    pack_array(out, 7);
    pack_uint(out, proposal->operation);
    pack_uint(out, proposal->rows);
    pack_string(out, proposal->source);
    pack_uint(out, (uint64_t)proposal->since_ms);
    pack_uint(out, (uint64_t)proposal->until_ms);
    pack_targets(out, tables, proposal);
    pack_choices(out, tables, proposal->choices, proposal->choice_count);
}

static void pack_decision(struct text *out, struct tables *tables,
                          const struct event_decision *decision)
{
    pack_array(out, 3);
    pack_uint(out, node_position(tables, decision->proposal.node));
    pack_uint(out, decision->proposal.number);
    pack_uint(out, decision->state);
}

static void pack_verified_store(struct text *out, struct tables *tables,
                                const struct event_verified_store *store)
{
    pack_uint(out, store->whole);
    pack_uint(out, store->events);
    pack_uint(out, store->last.number ? node_position(tables, store->last.node) : 0);
    pack_uint(out, store->last.number);
}

static void pack_verified(struct text *out, struct tables *tables,
                          const struct event_verified *verified)
{
    pack_array(out, 11);
    pack_verified_store(out, tables, &verified->list);
    pack_verified_store(out, tables, &verified->ledger);
    pack_uint(out, verified->fitting);
    pack_uint(out, verified->misfitting);
    pack_uint(out, verified->checkpoint_at);
}

/* Keys 0 to 8. */
static size_t pack_head(struct text *out, const struct event *event)
{
    pack_uint(out, KEY_PREVIOUS);
    pack_bytes(out, event->previous, sizeof event->previous);
    pack_uint(out, KEY_NODE);
    pack_bytes(out, event->name.node, sizeof event->name.node);
    pack_uint(out, KEY_NUMBER);
    pack_uint(out, event->name.number);
    pack_uint(out, KEY_TIME);
    pack_uint(out, (uint64_t)event->at_ms);
    pack_uint(out, KEY_TYPE);
    pack_uint(out, event->type);
    pack_uint(out, KEY_ACTOR);
    pack_string(out, event->actor);
    size_t pairs = 6;
    if (event->source) {
        pack_uint(out, KEY_SOURCE);
        pack_string(out, event->source);
        pairs++;
    }
    if (event->batch) {
        pack_uint(out, KEY_BATCH);
        pack_uint(out, event->batch);
        pairs++;
    }
    if (event->words || event->network) {
        pack_uint(out, KEY_WORDS);
        pack_words(out, event);
        pairs++;
    }
    return pairs;
}

static size_t pack_tables(struct text *out, const struct tables *tables)
{
    size_t pairs = 0;
    if (tables->scope_count) {
        pack_uint(out, KEY_SCOPES);
        pack_array(out, tables->scope_count);
        for (size_t i = 0; i < tables->scope_count; i++)
            pack_string(out, tables->scopes[i]);
        pairs++;
    }
    if (tables->node_count) {
        pack_uint(out, KEY_NODES);
        pack_array(out, tables->node_count);
        for (size_t i = 0; i < tables->node_count; i++)
            pack_bytes(out, tables->nodes[i], EVENT_NODE_SIZE);
        pairs++;
    }
    return pairs;
}

/* What events tell that came later. */
static size_t pack_later(struct text *out, struct tables *tables, const struct event *event)
{
    size_t pairs = 0;

    if (event->reason) {
        pack_uint(out, KEY_REASON);
        pack_reason(out, tables, event->reason);
        pairs++;
    }
    if (event->erasure_count) {
        pack_uint(out, KEY_ERASURES);
        pack_erasures(out, tables, event);
        pairs++;
    }
    if (event->proposal) {
        pack_uint(out, KEY_PROPOSAL);
        pack_proposal(out, tables, event->proposal);
        pairs++;
    }
    if (event->decision) {
        pack_uint(out, KEY_DECISION);
        pack_decision(out, tables, event->decision);
        pairs++;
    }
    if (event->configuration) {
        pack_uint(out, KEY_CONFIGURATION);
        pack_configuration(out, event->configuration);
        pairs++;
    }
    if (event->reading) {
        pack_uint(out, KEY_READING);
        pack_reading(out, event->reading);
        pairs++;
    }
    if (event->cut) {
        pack_uint(out, KEY_CUT);
        pack_cut(out, tables, event->cut);
        pairs++;
    }
    if (event->verified) {
        pack_uint(out, KEY_VERIFIED);
        pack_verified(out, tables, event->verified);
        pairs++;
    }
    return pairs;
}

static size_t pack_body(struct text *out, struct tables *tables, const struct event *event)
{
    size_t pairs = 0;
    for (size_t i = 0; i < event->scope_count; i++)
        scope_position(tables, event->scopes[i]);
    if (event->choice_count) {
        pack_uint(out, KEY_CHOICES);
        pack_choices(out, tables, event->choices, event->choice_count);
        pairs++;
    }
    if (event->withdrawal_count) {
        pack_uint(out, KEY_WITHDRAWALS);
        pack_withdrawals(out, tables, event);
        pairs++;
    }
    if (event->genesis) {
        pack_uint(out, KEY_GENESIS);
        pack_genesis(out, event->genesis);
        pairs++;
    }
    if (event->verdict) {
        pack_uint(out, KEY_VERDICT);
        pack_verdict(out, tables, event->verdict);
        pairs++;
    }
    if (event->begin) {
        pack_uint(out, KEY_BEGIN);
        pack_begin(out, tables, event->begin);
        pairs++;
    }
    if (event->counts) {
        pack_uint(out, KEY_COUNTS);
        pack_counts(out, event->counts);
        pairs++;
    }
    if (event->continues) {
        pack_uint(out, KEY_CONTINUES);
        pack_continued(out, tables, event->continues);
        pairs++;
    }
    return pairs + pack_later(out, tables, event);
}

static int check_parts(const struct text *front, const struct text *head, const struct text *body,
                       const struct tables *tables)
{
    if (front->failed || head->failed || body->failed)
        return -ENOMEM;
    if (tables->scope_count == TABLE_MAX || tables->node_count == TABLE_MAX)
        return ERR_TOO_LONG;
    return front->length + head->length + body->length > EVENT_MAX ? ERR_TOO_LONG : 0;
}

int event_encode(const struct event *event, struct text *bytes)
{
    struct tables tables; /* of 64 KiB, which are not cleared for the sake of a few names */
    struct text front = TEXT_EMPTY, head = TEXT_EMPTY, body = TEXT_EMPTY;

    tables.own_node = event->name.node;
    tables.scope_count = tables.node_count = 0;
    /* The body first: it fills the tables that stand in front of it. */
    size_t pairs = pack_body(&body, &tables, event);
    pairs += pack_head(&head, event);
    pairs += pack_tables(&head, &tables);
    pack_map(&front, pairs);
    int code = check_parts(&front, &head, &body, &tables);
    if (code == 0) {
        text_append_bytes(bytes, front.data, front.length);
        text_append_bytes(bytes, head.data, head.length);
        text_append_bytes(bytes, body.data, body.length);
        code = bytes->failed ? -ENOMEM : 0;
    }
    text_release(&front);
    text_release(&head);
    text_release(&body);
    return code;
}
