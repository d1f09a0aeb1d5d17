#include "store/event.h"
#include "store/event_keys.h"
#include "store/pack.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* Without these an event says nothing. */
#define KEYS_NEEDED                                                                                \
    (1u << KEY_PREVIOUS | 1u << KEY_NODE | 1u << KEY_NUMBER | 1u << KEY_TIME | 1u << KEY_TYPE |    \
     1u << KEY_ACTOR)

struct decoder {
    struct unpacker in;
    struct pool *pool;
    const char **scopes;
    size_t scope_count;
    const uint8_t (*nodes)[EVENT_NODE_SIZE];
    size_t node_count;
    unsigned seen; /* a bit for each key that we know */
    bool no_memory;
};

static void *take_memory(struct decoder *d, size_t count, size_t size)
{
    void *memory = pool_take(d->pool, count * size + 1);
    if (!memory) {
        d->no_memory = true;
        d->in.failed = true;
    }
    return memory;
}

static const char *take_string(struct decoder *d)
{
    struct slice s = unpack_string(&d->in);
    char *copy = take_memory(d, s.size, 1);
    if (!d->in.failed && s.size > 0 && memchr(s.data, '\0', s.size))
        d->in.failed = true; /* it would be taken for its beginning */
    if (d->in.failed)
        return "";
    memcpy(copy, s.data, s.size);
    copy[s.size] = '\0';
    return copy;
}

/* Octets of exactly this size. */
static void take_octets(struct decoder *d, void *to, size_t size)
{
    struct slice s = unpack_bytes(&d->in);
    if (s.size != size)
        d->in.failed = true;
    else
        memcpy(to, s.data, size);
}

/* A number that is an enumeration's; one that we do not know stays as it is. */
static int take_small(struct decoder *d)
{
    uint64_t number = unpack_uint(&d->in);
    if (number > INT_MAX)
        d->in.failed = true;
    return d->in.failed ? 0 : (int)number;
}

/* How many items a row has. Later versions may put more behind those that we know. */
static size_t take_row(struct decoder *d, size_t known)
{
    size_t items = unpack_array(&d->in);
    if (items < known)
        d->in.failed = true;
    return items;
}

static void skip_rest(struct decoder *d, size_t items, size_t known)
{
    for (size_t i = known; i < items && !d->in.failed; i++)
        unpack_skip(&d->in);
}

/* How many groups of `size` items an array has. */
static size_t take_groups(struct decoder *d, size_t size)
{
    size_t items = unpack_array(&d->in);
    if (items % size != 0)
        d->in.failed = true;
    return items / size;
}

/* Zeros stand for no words. */
static void take_words(struct decoder *d, struct event *event)
{
    static const uint8_t none[EVENT_HASH_SIZE] = {0};
    size_t items = take_row(d, 1), known = items < 2 ? items : 2;
    uint8_t *words = take_memory(d, 2, EVENT_HASH_SIZE);

    for (size_t i = 0; i < known && !d->in.failed; i++)
        take_octets(d, words + i * EVENT_HASH_SIZE, EVENT_HASH_SIZE);
    skip_rest(d, items, known);
    if (d->in.failed)
        return;
    event->words = memcmp(words, none, sizeof none) ? words : NULL;
    event->network = known > 1 ? words + EVENT_HASH_SIZE : NULL;
}

static void take_scopes(struct decoder *d)
{
    size_t count = unpack_array(&d->in);
    d->scopes = take_memory(d, count, sizeof *d->scopes);
    for (size_t i = 0; i < count && !d->in.failed; i++)
        d->scopes[i] = take_string(d);
    d->scope_count = count;
}

static void take_nodes(struct decoder *d)
{
    size_t count = unpack_array(&d->in);
    uint8_t(*nodes)[EVENT_NODE_SIZE] = take_memory(d, count, sizeof *nodes);
    for (size_t i = 0; i < count && !d->in.failed; i++)
        take_octets(d, nodes[i], EVENT_NODE_SIZE);
    d->nodes = (const uint8_t(*)[EVENT_NODE_SIZE])nodes;
    d->node_count = count;
}

static const char *take_scope(struct decoder *d)
{
    uint64_t position = unpack_uint(&d->in);
    if (d->in.failed || position >= d->scope_count) {
        d->in.failed = true;
        return "";
    }
    return d->scopes[position];
}

static struct event_name take_name(struct decoder *d, const struct event *event)
{
    struct event_name name = {0};
    uint64_t position = unpack_uint(&d->in);
    name.number = unpack_uint(&d->in);
    if (d->in.failed || position > d->node_count)
        d->in.failed = true;
    else
        memcpy(name.node, position == 0 ? event->name.node : d->nodes[position - 1],
               EVENT_NODE_SIZE);
    return name;
}

static void take_choice_names(struct decoder *d, const struct event *event, struct choice *choice)
{
    size_t count = take_groups(d, 2);
    struct event_name *names = take_memory(d, count, sizeof *names);
    for (size_t i = 0; i < count && !d->in.failed; i++)
        names[i] = take_name(d, event);
    choice->names = names;
    choice->name_count = count;
}

static void take_choice(struct decoder *d, const struct event *event, struct event_choice *row)
{
    size_t items = take_row(d, 5);
    struct choice *choice = &row->choice;

    memset(row, 0, sizeof *row);
    take_octets(d, row->subject.bytes, SUBJECT_SIZE);
    uint64_t flags = unpack_uint(&d->in);
    choice->kind = (enum choice_kind)(flags & KIND_MASK);
    choice->confirmed = flags & FLAG_CONFIRMED;
    choice->domain = flags & FLAG_DOMAIN;
    choice->scope = take_scope(d);
    choice->reason = (enum choice_reason)take_small(d);
    choice->asked = (int64_t)unpack_uint(&d->in);
    if (items > 5)
        choice->until = (int64_t)unpack_uint(&d->in);
    if (items > 6)
        take_choice_names(d, event, choice);
    skip_rest(d, items, 7);
    if (choice->kind == 0)
        d->in.failed = true;
}

static const struct event_choice *take_choices(struct decoder *d, const struct event *event,
                                               size_t *count)
{
    *count = unpack_array(&d->in);
    struct event_choice *rows = take_memory(d, *count, sizeof *rows);
    for (size_t i = 0; i < *count && !d->in.failed; i++)
        take_choice(d, event, &rows[i]);
    return rows;
}

static void take_withdrawals(struct decoder *d, struct event *event)
{
    size_t count = unpack_array(&d->in);
    struct event_withdrawal *rows = take_memory(d, count, sizeof *rows);
    for (size_t i = 0; i < count && !d->in.failed; i++) {
        size_t items = take_row(d, 3);
        take_octets(d, rows[i].subject.bytes, SUBJECT_SIZE);
        rows[i].target = take_name(d, event);
        skip_rest(d, items, 3);
    }
    event->withdrawals = rows;
    event->withdrawal_count = count;
}

static void take_genesis(struct decoder *d, struct event *event)
{
    struct event_genesis *genesis = take_memory(d, 1, sizeof *genesis);
    size_t items = take_row(d, 4);
    if (d->in.failed)
        return;
    genesis->kind = take_string(d);
    genesis->format = unpack_uint(&d->in);
    genesis->hash = take_string(d);
    genesis->address_rules = unpack_uint(&d->in);
    skip_rest(d, items, 4);
    event->genesis = genesis;
}

static void take_verdict_row(struct decoder *d, const struct event *event,
                             struct event_verdict_row *row)
{
    memset(row, 0, sizeof *row);
    size_t items = take_row(d, 3);
    struct slice subject = unpack_bytes(&d->in);
    row->known = subject.size == SUBJECT_SIZE;
    if (row->known)
        memcpy(row->subject.bytes, subject.data, SUBJECT_SIZE);
    else if (subject.size != 0)
        d->in.failed = true;
    row->state = (enum recipient_state)take_small(d);
    size_t count = take_groups(d, 3);
    struct event_basis *basis = take_memory(d, count, sizeof *basis);
    for (size_t i = 0; i < count && !d->in.failed; i++) {
        basis[i].event = take_name(d, event);
        take_octets(d, basis[i].hash, EVENT_SHORT_HASH_SIZE);
    }
    row->basis = basis;
    row->basis_count = count;
    skip_rest(d, items, 3);
}

static void take_verdict(struct decoder *d, struct event *event)
{
    struct event_verdict *verdict = take_memory(d, 1, sizeof *verdict);
    size_t items = take_row(d, 11);
    if (d->in.failed)
        return;
    verdict->stream = take_string(d);
    verdict->rule = take_string(d);
    verdict->scope = take_string(d);
    verdict->queue_id = take_string(d);
    take_octets(d, verdict->config, sizeof verdict->config);
    verdict->action = (enum action)take_small(d);
    verdict->mode = (enum mode)take_small(d);
    verdict->given = unpack_uint(&d->in);
    verdict->delivered = unpack_uint(&d->in);
    verdict->kept_back = unpack_uint(&d->in);
    size_t count = unpack_array(&d->in);
    struct event_verdict_row *rows = take_memory(d, count, sizeof *rows);
    for (size_t i = 0; i < count && !d->in.failed; i++)
        take_verdict_row(d, event, &rows[i]);
    skip_rest(d, items, 11);
    verdict->rows = rows;
    verdict->row_count = count;
    event->verdict = verdict;
}

static void take_begin(struct decoder *d, struct event *event)
{
    struct event_batch *begin = take_memory(d, 1, sizeof *begin);
    size_t items = take_row(d, 3);
    if (d->in.failed)
        return;
    *begin = (struct event_batch){.kind = (enum batch_kind)take_small(d)};
    struct slice digest = unpack_bytes(&d->in);
    begin->has_digest = digest.size == EVENT_HASH_SIZE;
    if (begin->has_digest)
        memcpy(begin->digest, digest.data, EVENT_HASH_SIZE);
    else if (digest.size != 0)
        d->in.failed = true;
    begin->size = unpack_uint(&d->in);
    if (items > 4)
        begin->undoes = take_name(d, event);
    skip_rest(d, items, items > 4 ? 5 : 3);
    event->begin = begin;
}

static void take_continued(struct decoder *d, struct event *event)
{
    struct event_continued *continued = take_memory(d, 1, sizeof *continued);
    size_t items = take_row(d, 3);
    if (d->in.failed)
        return;
    continued->event = take_name(d, event);
    take_octets(d, continued->hash, EVENT_HASH_SIZE);
    skip_rest(d, items, 3);
    event->continues = continued;
}

/* Of those that a later version may have behind ours nothing is kept. */
static void take_counts(struct decoder *d, struct event *event)
{
    uint64_t *counts = take_memory(d, BATCH_COUNTS, sizeof *counts);
    size_t items = take_row(d, BATCH_COUNTS);
    for (size_t i = 0; i < BATCH_COUNTS && !d->in.failed; i++)
        counts[i] = unpack_uint(&d->in);
    skip_rest(d, items, BATCH_COUNTS);
    event->counts = counts;
}

static void take_reason(struct decoder *d, struct event *event)
{
    struct event_reason *reason = take_memory(d, 1, sizeof *reason);
    size_t items = take_row(d, 3);
    if (d->in.failed)
        return;
    reason->about = take_name(d, event);
    reason->key = take_string(d);
    skip_rest(d, items, 3);
    event->reason = reason;
}

static void take_streams(struct decoder *d, struct event_configuration *configuration)
{
    size_t count = unpack_array(&d->in);
    struct event_stream *streams = take_memory(d, count, sizeof *streams);
    for (size_t i = 0; i < count && !d->in.failed; i++) {
        size_t items = take_row(d, 4);
        streams[i].name = take_string(d);
        streams[i].scope = take_string(d);
        streams[i].ledger = (enum ledger_rows)take_small(d);
        streams[i].mode = (enum mode)take_small(d);
        skip_rest(d, items, 4);
    }
    configuration->streams = streams;
    configuration->stream_count = count;
}

static void take_configuration(struct decoder *d, struct event *event)
{
    struct event_configuration *configuration = take_memory(d, 1, sizeof *configuration);
    size_t items = take_row(d, 6);
    if (d->in.failed)
        return;
    configuration->place = take_string(d);
    configuration->occasion = (enum configuration_occasion)take_small(d);
    take_octets(d, configuration->digest, EVENT_HASH_SIZE);
    configuration->since_ms = (int64_t)unpack_uint(&d->in);
    configuration->overlaps = unpack_uint(&d->in) != 0;
    take_streams(d, configuration);
    skip_rest(d, items, 6);
    event->configuration = configuration;
}

static void take_erasure(struct decoder *d, const struct event *event, struct event_erasure *row)
{
    size_t items = take_row(d, 2);
    take_octets(d, row->subject.bytes, SUBJECT_SIZE);
    size_t count = take_groups(d, 2);
    struct event_name *events = take_memory(d, count, sizeof *events);
    for (size_t i = 0; i < count && !d->in.failed; i++)
        events[i] = take_name(d, event);
    row->events = events;
    row->event_count = count;
    skip_rest(d, items, 2);
}

static void take_erasures(struct decoder *d, struct event *event)
{
    size_t count = unpack_array(&d->in);
    struct event_erasure *rows = take_memory(d, count, sizeof *rows);
    for (size_t i = 0; i < count && !d->in.failed; i++)
        take_erasure(d, event, &rows[i]);
    event->erasures = rows;
    event->erasure_count = count;
}

static void take_cut(struct decoder *d, struct event *event)
{
    struct event_cut *cut = take_memory(d, 1, sizeof *cut);
    size_t items = take_row(d, 3), count = take_groups(d, 5);
    struct event_cut_row *rows = take_memory(d, count, sizeof *rows);

    for (size_t i = 0; i < count && !d->in.failed; i++) {
        rows[i].last = take_name(d, event);
        take_octets(d, rows[i].hash, EVENT_HASH_SIZE);
        rows[i].first_ms = (int64_t)unpack_uint(&d->in);
        rows[i].last_ms = (int64_t)unpack_uint(&d->in);
    }
    if (d->in.failed)
        return;
    cut->rows = rows;
    cut->row_count = count;
    take_octets(d, cut->key_id, sizeof cut->key_id);
    take_octets(d, cut->signature, sizeof cut->signature);
    skip_rest(d, items, 3);
    event->cut = cut;
}

static void take_reading(struct decoder *d, struct event *event)
{
    struct event_reading *reading = take_memory(d, 1, sizeof *reading);
    size_t items = take_row(d, 4);
    if (d->in.failed)
        return;
    *reading = (struct event_reading){.command = take_string(d), .people = unpack_uint(&d->in)};
    struct slice subject = unpack_bytes(&d->in);
    reading->has_subject = subject.size == SUBJECT_SIZE;
    if (reading->has_subject)
        memcpy(reading->subject.bytes, subject.data, SUBJECT_SIZE);
    else if (subject.size != 0)
        d->in.failed = true;
    reading->scope = take_string(d);
    skip_rest(d, items, 4);
    event->reading = reading;
}

static void take_targets(struct decoder *d, const struct event *event,
                         struct event_proposal *proposal)
{
    size_t count = unpack_array(&d->in);
    struct event_target *targets = take_memory(d, count, sizeof *targets);
    for (size_t i = 0; i < count && !d->in.failed; i++) {
        size_t items = take_row(d, 3);
        struct slice subject = unpack_bytes(&d->in);
        targets[i] = (struct event_target){.known = subject.size == SUBJECT_SIZE};
        if (targets[i].known)
            memcpy(targets[i].subject.bytes, subject.data, SUBJECT_SIZE);
        else if (subject.size != 0)
            d->in.failed = true;
        targets[i].event = take_name(d, event);
        skip_rest(d, items, 3);
    }
    proposal->targets = targets;
    proposal->target_count = count;
}

static void take_proposal(struct decoder *d, struct event *event)
{
    struct event_proposal *proposal = take_memory(d, 1, sizeof *proposal);
    size_t items = take_row(d, 7);
    if (d->in.failed)
        return;
    *proposal = (struct event_proposal){.operation = (enum operation)take_small(d)};
    proposal->rows = unpack_uint(&d->in);
    proposal->source = take_string(d);
    proposal->since_ms = (int64_t)unpack_uint(&d->in);
    proposal->until_ms = (int64_t)unpack_uint(&d->in);
    take_targets(d, event, proposal);
    proposal->choices = take_choices(d, event, &proposal->choice_count);
    skip_rest(d, items, 7);
    event->proposal = proposal;
}

static void take_decision(struct decoder *d, struct event *event)
{
    struct event_decision *decision = take_memory(d, 1, sizeof *decision);
    size_t items = take_row(d, 3);
    if (d->in.failed)
        return;
    decision->proposal = take_name(d, event);
    decision->state = (enum proposal_state)take_small(d);
    skip_rest(d, items, 3);
    event->decision = decision;
}

static void take_verified_store(struct decoder *d, const struct event *event,
                                struct event_verified_store *store)
{
    store->whole = unpack_uint(&d->in) != 0;
    store->events = unpack_uint(&d->in);
    store->last = take_name(d, event);
    if (store->last.number == 0)
        memset(&store->last, 0, sizeof store->last);
}

static void take_verified(struct decoder *d, struct event *event)
{
    struct event_verified *verified = take_memory(d, 1, sizeof *verified);
    size_t items = take_row(d, 11);
    if (d->in.failed)
        return;
    memset(verified, 0, sizeof *verified);
    take_verified_store(d, event, &verified->list);
    take_verified_store(d, event, &verified->ledger);
    verified->fitting = unpack_uint(&d->in);
    verified->misfitting = unpack_uint(&d->in);
    verified->checkpoint_at = unpack_uint(&d->in);
    skip_rest(d, items, 11);
    event->verified = verified;
}

/* A key that stands there twice is damage: two readers could take two different ones. */
static void note_key(struct decoder *d, uint64_t key)
{
    if (key > KEY_LAST)
        return;
    if (d->seen & 1u << key)
        d->in.failed = true;
    d->seen |= 1u << key;
}

/* What events told that came later. */
static void take_later_pair(struct decoder *d, struct event *event, uint64_t key)
{
    switch (key) {
    case KEY_REASON:
        take_reason(d, event);
        break;
    case KEY_ERASURES:
        take_erasures(d, event);
        break;
    case KEY_PROPOSAL:
        take_proposal(d, event);
        break;
    case KEY_DECISION:
        take_decision(d, event);
        break;
    case KEY_CONFIGURATION:
        take_configuration(d, event);
        break;
    case KEY_VERIFIED:
        take_verified(d, event);
        break;
    case KEY_READING:
        take_reading(d, event);
        break;
    case KEY_CUT:
        take_cut(d, event);
        break;
    default:
        unpack_skip(&d->in);
    }
}

static void take_pair(struct decoder *d, struct event *event)
{
    uint64_t key = unpack_uint(&d->in);
    note_key(d, key);
    switch (key) {
    case KEY_PREVIOUS:
        take_octets(d, event->previous, sizeof event->previous);
        break;
    case KEY_NODE:
        take_octets(d, event->name.node, sizeof event->name.node);
        break;
    case KEY_NUMBER:
        event->name.number = unpack_uint(&d->in);
        break;
    case KEY_TIME:
        event->at_ms = (int64_t)unpack_uint(&d->in);
        break;
    case KEY_TYPE:
        event->type = (enum event_type)take_small(d);
        break;
    case KEY_ACTOR:
        event->actor = take_string(d);
        break;
    case KEY_SOURCE:
        event->source = take_string(d);
        break;
    case KEY_BATCH:
        event->batch = unpack_uint(&d->in);
        break;
    case KEY_WORDS:
        take_words(d, event);
        break;
    case KEY_SCOPES:
        take_scopes(d);
        break;
    case KEY_NODES:
        take_nodes(d);
        break;
    case KEY_CHOICES:
        event->choices = take_choices(d, event, &event->choice_count);
        break;
    case KEY_WITHDRAWALS:
        take_withdrawals(d, event);
        break;
    case KEY_GENESIS:
        take_genesis(d, event);
        break;
    case KEY_VERDICT:
        take_verdict(d, event);
        break;
    case KEY_BEGIN:
        take_begin(d, event);
        break;
    case KEY_COUNTS:
        take_counts(d, event);
        break;
    case KEY_CONTINUES:
        take_continued(d, event);
        break;
    default:
        take_later_pair(d, event, key);
    }
}

/* What a row has of its event. */
static void complete_choices(const struct event *event, const struct event_choice *choices,
                             size_t count)
{
    struct event_choice *rows = (struct event_choice *)(uintptr_t)choices;
    for (size_t i = 0; i < count; i++) {
        rows[i].choice.event = event->name;
        rows[i].choice.source = event->source ? event->source : event->actor;
    }
}

int event_decode(struct slice bytes, struct pool *pool, struct event *event)
{
    struct decoder d = {.in = unpack_begin(bytes), .pool = pool};
    struct event read = {.actor = ""};

    size_t pairs = unpack_map(&d.in);
    for (size_t i = 0; i < pairs && !d.in.failed; i++)
        take_pair(&d, &read);
    if (d.no_memory)
        return -ENOMEM;
    if (!unpack_is_done(&d.in) || (d.seen & KEYS_NEEDED) != KEYS_NEEDED)
        return ERR_CORRUPT;
    if (read.type == EVENT_SCOPES) {
        read.scopes = d.scopes;
        read.scope_count = d.scope_count;
    }
    complete_choices(&read, read.choices, read.choice_count);
    if (read.proposal)
        complete_choices(&read, read.proposal->choices, read.proposal->choice_count);
    *event = read;
    return 0;
}
