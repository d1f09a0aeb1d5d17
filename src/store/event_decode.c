#include "store/event_decoder.h"
#include "store/event_keys.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* Without these an event says nothing. */
#define KEYS_NEEDED                                                                                \
    (1u << KEY_PREVIOUS | 1u << KEY_NODE | 1u << KEY_NUMBER | 1u << KEY_TIME | 1u << KEY_TYPE |    \
     1u << KEY_ACTOR)

void *decoder_memory(struct decoder *d, size_t count, size_t size)
{
    void *memory = pool_take(d->pool, count * size + 1);
    if (!memory) {
        d->no_memory = true;
        d->in.failed = true;
    }
    return memory;
}

const char *decoder_string(struct decoder *d)
{
    struct slice s = unpack_string(&d->in);
    char *copy = decoder_memory(d, s.size, 1);
    if (!d->in.failed && s.size > 0 && memchr(s.data, '\0', s.size))
        d->in.failed = true; /* it would be taken for its beginning */
    if (d->in.failed)
        return "";
    memcpy(copy, s.data, s.size);
    copy[s.size] = '\0';
    return copy;
}

/* Octets of exactly this size. */
void decoder_octets(struct decoder *d, void *to, size_t size)
{
    struct slice s = unpack_bytes(&d->in);
    if (s.size != size)
        d->in.failed = true;
    else
        memcpy(to, s.data, size);
}

/* A number that is an enumeration's; one that we do not know stays as it is. */
int decoder_small(struct decoder *d)
{
    uint64_t number = unpack_uint(&d->in);
    if (number > INT_MAX)
        d->in.failed = true;
    return d->in.failed ? 0 : (int)number;
}

/* How many items a row has. Later versions may put more behind those that we know. */
size_t decoder_row(struct decoder *d, size_t known)
{
    size_t items = unpack_array(&d->in);
    if (items < known)
        d->in.failed = true;
    return items;
}

void decoder_skip_rest(struct decoder *d, size_t items, size_t known)
{
    for (size_t i = known; i < items && !d->in.failed; i++)
        unpack_skip(&d->in);
}

/* How many groups of `size` items an array has. */
size_t decoder_groups(struct decoder *d, size_t size)
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
    size_t items = decoder_row(d, 1), known = items < 2 ? items : 2;
    uint8_t *words = decoder_memory(d, 2, EVENT_HASH_SIZE);

    for (size_t i = 0; i < known && !d->in.failed; i++)
        decoder_octets(d, words + i * EVENT_HASH_SIZE, EVENT_HASH_SIZE);
    decoder_skip_rest(d, items, known);
    if (d->in.failed)
        return;
    event->words = memcmp(words, none, sizeof none) ? words : NULL;
    event->network = known > 1 ? words + EVENT_HASH_SIZE : NULL;
}

static void take_scopes(struct decoder *d)
{
    size_t count = unpack_array(&d->in);
    d->scopes = decoder_memory(d, count, sizeof *d->scopes);
    for (size_t i = 0; i < count && !d->in.failed; i++)
        d->scopes[i] = decoder_string(d);
    d->scope_count = count;
}

static void take_nodes(struct decoder *d)
{
    size_t count = unpack_array(&d->in);
    uint8_t(*nodes)[EVENT_NODE_SIZE] = decoder_memory(d, count, sizeof *nodes);
    for (size_t i = 0; i < count && !d->in.failed; i++)
        decoder_octets(d, nodes[i], EVENT_NODE_SIZE);
    d->nodes = (const uint8_t(*)[EVENT_NODE_SIZE])nodes;
    d->node_count = count;
}

const char *decoder_scope(struct decoder *d)
{
    uint64_t position = unpack_uint(&d->in);
    if (d->in.failed || position >= d->scope_count) {
        d->in.failed = true;
        return "";
    }
    return d->scopes[position];
}

struct event_name decoder_name(struct decoder *d, const struct event *event)
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
    size_t count = decoder_groups(d, 2);
    struct event_name *names = decoder_memory(d, count, sizeof *names);
    for (size_t i = 0; i < count && !d->in.failed; i++)
        names[i] = decoder_name(d, event);
    choice->names = names;
    choice->name_count = count;
}

static void take_choice(struct decoder *d, const struct event *event, struct event_choice *row)
{
    size_t items = decoder_row(d, 5);
    struct choice *choice = &row->choice;

    memset(row, 0, sizeof *row);
    decoder_octets(d, row->subject.bytes, SUBJECT_SIZE);
    uint64_t flags = unpack_uint(&d->in);
    choice->kind = (enum choice_kind)(flags & KIND_MASK);
    choice->confirmed = flags & FLAG_CONFIRMED;
    choice->domain = flags & FLAG_DOMAIN;
    choice->scope = decoder_scope(d);
    choice->reason = (enum choice_reason)decoder_small(d);
    choice->asked = (int64_t)unpack_uint(&d->in);
    if (items > 5)
        choice->until = (int64_t)unpack_uint(&d->in);
    if (items > 6)
        take_choice_names(d, event, choice);
    decoder_skip_rest(d, items, 7);
    if (choice->kind == 0)
        d->in.failed = true;
}

const struct event_choice *decoder_choices(struct decoder *d, const struct event *event,
                                           size_t *count)
{
    *count = unpack_array(&d->in);
    struct event_choice *rows = decoder_memory(d, *count, sizeof *rows);
    for (size_t i = 0; i < *count && !d->in.failed; i++)
        take_choice(d, event, &rows[i]);
    return rows;
}

static void take_withdrawals(struct decoder *d, struct event *event)
{
    size_t count = unpack_array(&d->in);
    struct event_withdrawal *rows = decoder_memory(d, count, sizeof *rows);
    for (size_t i = 0; i < count && !d->in.failed; i++) {
        size_t items = decoder_row(d, 3);
        decoder_octets(d, rows[i].subject.bytes, SUBJECT_SIZE);
        rows[i].target = decoder_name(d, event);
        decoder_skip_rest(d, items, 3);
    }
    event->withdrawals = rows;
    event->withdrawal_count = count;
}

static void take_genesis(struct decoder *d, struct event *event)
{
    struct event_genesis *genesis = decoder_memory(d, 1, sizeof *genesis);
    size_t items = decoder_row(d, 4);
    if (d->in.failed)
        return;
    genesis->kind = decoder_string(d);
    genesis->format = unpack_uint(&d->in);
    genesis->hash = decoder_string(d);
    genesis->address_rules = unpack_uint(&d->in);
    decoder_skip_rest(d, items, 4);
    event->genesis = genesis;
}

static void take_verdict_row(struct decoder *d, const struct event *event,
                             struct event_verdict_row *row)
{
    memset(row, 0, sizeof *row);
    size_t items = decoder_row(d, 3);
    struct slice subject = unpack_bytes(&d->in);
    row->known = subject.size == SUBJECT_SIZE;
    if (row->known)
        memcpy(row->subject.bytes, subject.data, SUBJECT_SIZE);
    else if (subject.size != 0)
        d->in.failed = true;
    row->state = (enum recipient_state)decoder_small(d);
    size_t count = decoder_groups(d, 3);
    struct event_basis *basis = decoder_memory(d, count, sizeof *basis);
    for (size_t i = 0; i < count && !d->in.failed; i++) {
        basis[i].event = decoder_name(d, event);
        decoder_octets(d, basis[i].hash, EVENT_SHORT_HASH_SIZE);
    }
    row->basis = basis;
    row->basis_count = count;
    decoder_skip_rest(d, items, 3);
}

static void take_verdict(struct decoder *d, struct event *event)
{
    struct event_verdict *verdict = decoder_memory(d, 1, sizeof *verdict);
    size_t items = decoder_row(d, 11);
    if (d->in.failed)
        return;
    verdict->stream = decoder_string(d);
    verdict->rule = decoder_string(d);
    verdict->scope = decoder_string(d);
    verdict->queue_id = decoder_string(d);
    decoder_octets(d, verdict->config, sizeof verdict->config);
    verdict->action = (enum action)decoder_small(d);
    verdict->mode = (enum mode)decoder_small(d);
    verdict->given = unpack_uint(&d->in);
    verdict->delivered = unpack_uint(&d->in);
    verdict->kept_back = unpack_uint(&d->in);
    size_t count = unpack_array(&d->in);
    struct event_verdict_row *rows = decoder_memory(d, count, sizeof *rows);
    for (size_t i = 0; i < count && !d->in.failed; i++)
        take_verdict_row(d, event, &rows[i]);
    decoder_skip_rest(d, items, 11);
    verdict->rows = rows;
    verdict->row_count = count;
    event->verdict = verdict;
}

static void take_begin(struct decoder *d, struct event *event)
{
    struct event_batch *begin = decoder_memory(d, 1, sizeof *begin);
    size_t items = decoder_row(d, 3);
    if (d->in.failed)
        return;
    *begin = (struct event_batch){.kind = (enum batch_kind)decoder_small(d)};
    struct slice digest = unpack_bytes(&d->in);
    begin->has_digest = digest.size == EVENT_HASH_SIZE;
    if (begin->has_digest)
        memcpy(begin->digest, digest.data, EVENT_HASH_SIZE);
    else if (digest.size != 0)
        d->in.failed = true;
    begin->size = unpack_uint(&d->in);
    if (items > 4)
        begin->undoes = decoder_name(d, event);
    decoder_skip_rest(d, items, items > 4 ? 5 : 3);
    event->begin = begin;
}

static void take_continued(struct decoder *d, struct event *event)
{
    struct event_continued *continued = decoder_memory(d, 1, sizeof *continued);
    size_t items = decoder_row(d, 3);
    if (d->in.failed)
        return;
    continued->event = decoder_name(d, event);
    decoder_octets(d, continued->hash, EVENT_HASH_SIZE);
    decoder_skip_rest(d, items, 3);
    event->continues = continued;
}

/* Of those that a later version may have behind ours nothing is kept. */
static void take_counts(struct decoder *d, struct event *event)
{
    uint64_t *counts = decoder_memory(d, BATCH_COUNTS, sizeof *counts);
    size_t items = decoder_row(d, BATCH_COUNTS);
    for (size_t i = 0; i < BATCH_COUNTS && !d->in.failed; i++)
        counts[i] = unpack_uint(&d->in);
    decoder_skip_rest(d, items, BATCH_COUNTS);
    event->counts = counts;
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

static void take_pair(struct decoder *d, struct event *event)
{
    uint64_t key = unpack_uint(&d->in);
    note_key(d, key);
    switch (key) {
    case KEY_PREVIOUS:
        decoder_octets(d, event->previous, sizeof event->previous);
        break;
    case KEY_NODE:
        decoder_octets(d, event->name.node, sizeof event->name.node);
        break;
    case KEY_NUMBER:
        event->name.number = unpack_uint(&d->in);
        break;
    case KEY_TIME:
        event->at_ms = (int64_t)unpack_uint(&d->in);
        break;
    case KEY_TYPE:
        event->type = (enum event_type)decoder_small(d);
        break;
    case KEY_ACTOR:
        event->actor = decoder_string(d);
        break;
    case KEY_SOURCE:
        event->source = decoder_string(d);
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
        event->choices = decoder_choices(d, event, &event->choice_count);
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
        decoder_later(d, event, key);
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
