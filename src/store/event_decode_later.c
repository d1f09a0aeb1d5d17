#include "store/event_decoder.h"

#include "store/event_keys.h"

#include <string.h>

static void take_reason(struct decoder *d, struct event *event)
{
    struct event_reason *reason = decoder_memory(d, 1, sizeof *reason);
    size_t items = decoder_row(d, 3);
    if (d->in.failed)
        return;
    reason->about = decoder_name(d, event);
    reason->key = decoder_string(d);
    decoder_skip_rest(d, items, 3);
    event->reason = reason;
}

static void take_streams(struct decoder *d, struct event_configuration *configuration)
{
    size_t count = unpack_array(&d->in);
    struct event_stream *streams = decoder_memory(d, count, sizeof *streams);
    for (size_t i = 0; i < count && !d->in.failed; i++) {
        size_t items = decoder_row(d, 4);
        streams[i].name = decoder_string(d);
        streams[i].scope = decoder_string(d);
        streams[i].ledger = (enum ledger_rows)decoder_small(d);
        streams[i].mode = (enum mode)decoder_small(d);
        decoder_skip_rest(d, items, 4);
    }
    configuration->streams = streams;
    configuration->stream_count = count;
}

static void take_configuration(struct decoder *d, struct event *event)
{
    struct event_configuration *configuration = decoder_memory(d, 1, sizeof *configuration);
    size_t items = decoder_row(d, 6);
    if (d->in.failed)
        return;
    configuration->place = decoder_string(d);
    configuration->occasion = (enum configuration_occasion)decoder_small(d);
    decoder_octets(d, configuration->digest, EVENT_HASH_SIZE);
    configuration->since_ms = (int64_t)unpack_uint(&d->in);
    configuration->overlaps = unpack_uint(&d->in) != 0;
    take_streams(d, configuration);
    decoder_skip_rest(d, items, 6);
    event->configuration = configuration;
}

static void take_erasure(struct decoder *d, const struct event *event, struct event_erasure *row)
{
    size_t items = decoder_row(d, 2);
    decoder_octets(d, row->subject.bytes, SUBJECT_SIZE);
    size_t count = decoder_groups(d, 2);
    struct event_name *events = decoder_memory(d, count, sizeof *events);
    for (size_t i = 0; i < count && !d->in.failed; i++)
        events[i] = decoder_name(d, event);
    row->events = events;
    row->event_count = count;
    decoder_skip_rest(d, items, 2);
}

static void take_erasures(struct decoder *d, struct event *event)
{
    size_t count = unpack_array(&d->in);
    struct event_erasure *rows = decoder_memory(d, count, sizeof *rows);
    for (size_t i = 0; i < count && !d->in.failed; i++)
        take_erasure(d, event, &rows[i]);
    event->erasures = rows;
    event->erasure_count = count;
}

static void take_cut(struct decoder *d, struct event *event)
{
    struct event_cut *cut = decoder_memory(d, 1, sizeof *cut);
    size_t items = decoder_row(d, 3), count = decoder_groups(d, 5);
    struct event_cut_row *rows = decoder_memory(d, count, sizeof *rows);

    for (size_t i = 0; i < count && !d->in.failed; i++) {
        rows[i].last = decoder_name(d, event);
        decoder_octets(d, rows[i].hash, EVENT_HASH_SIZE);
        rows[i].first_ms = (int64_t)unpack_uint(&d->in);
        rows[i].last_ms = (int64_t)unpack_uint(&d->in);
    }
    if (d->in.failed)
        return;
    cut->rows = rows;
    cut->row_count = count;
    decoder_octets(d, cut->key_id, sizeof cut->key_id);
    decoder_octets(d, cut->signature, sizeof cut->signature);
    decoder_skip_rest(d, items, 3);
    event->cut = cut;
}

static void take_reading(struct decoder *d, struct event *event)
{
    struct event_reading *reading = decoder_memory(d, 1, sizeof *reading);
    size_t items = decoder_row(d, 4);
    if (d->in.failed)
        return;
    *reading = (struct event_reading){.command = decoder_string(d), .people = unpack_uint(&d->in)};
    struct slice subject = unpack_bytes(&d->in);
    reading->has_subject = subject.size == SUBJECT_SIZE;
    if (reading->has_subject)
        memcpy(reading->subject.bytes, subject.data, SUBJECT_SIZE);
    else if (subject.size != 0)
        d->in.failed = true;
    reading->scope = decoder_string(d);
    decoder_skip_rest(d, items, 4);
    event->reading = reading;
}

static void take_targets(struct decoder *d, const struct event *event,
                         struct event_proposal *proposal)
{
    size_t count = unpack_array(&d->in);
    struct event_target *targets = decoder_memory(d, count, sizeof *targets);
    for (size_t i = 0; i < count && !d->in.failed; i++) {
        size_t items = decoder_row(d, 3);
        struct slice subject = unpack_bytes(&d->in);
        targets[i] = (struct event_target){.known = subject.size == SUBJECT_SIZE};
        if (targets[i].known)
            memcpy(targets[i].subject.bytes, subject.data, SUBJECT_SIZE);
        else if (subject.size != 0)
            d->in.failed = true;
        targets[i].event = decoder_name(d, event);
        decoder_skip_rest(d, items, 3);
    }
    proposal->targets = targets;
    proposal->target_count = count;
}

static void take_proposal(struct decoder *d, struct event *event)
{
    struct event_proposal *proposal = decoder_memory(d, 1, sizeof *proposal);
    size_t items = decoder_row(d, 7);
    if (d->in.failed)
        return;
    *proposal = (struct event_proposal){.operation = (enum operation)decoder_small(d)};
    proposal->rows = unpack_uint(&d->in);
    proposal->source = decoder_string(d);
    proposal->since_ms = (int64_t)unpack_uint(&d->in);
    proposal->until_ms = (int64_t)unpack_uint(&d->in);
    take_targets(d, event, proposal);
    proposal->choices = decoder_choices(d, event, &proposal->choice_count);
    decoder_skip_rest(d, items, 7);
    event->proposal = proposal;
}

static void take_decision(struct decoder *d, struct event *event)
{
    struct event_decision *decision = decoder_memory(d, 1, sizeof *decision);
    size_t items = decoder_row(d, 3);
    if (d->in.failed)
        return;
    decision->proposal = decoder_name(d, event);
    decision->state = (enum proposal_state)decoder_small(d);
    decoder_skip_rest(d, items, 3);
    event->decision = decision;
}

static void take_verified_store(struct decoder *d, const struct event *event,
                                struct event_verified_store *store)
{
    store->whole = unpack_uint(&d->in) != 0;
    store->events = unpack_uint(&d->in);
    store->last = decoder_name(d, event);
    if (store->last.number == 0)
        memset(&store->last, 0, sizeof store->last);
}

static void take_verified(struct decoder *d, struct event *event)
{
    struct event_verified *verified = decoder_memory(d, 1, sizeof *verified);
    size_t items = decoder_row(d, 11);
    if (d->in.failed)
        return;
    memset(verified, 0, sizeof *verified);
    take_verified_store(d, event, &verified->list);
    take_verified_store(d, event, &verified->ledger);
    verified->fitting = unpack_uint(&d->in);
    verified->misfitting = unpack_uint(&d->in);
    verified->checkpoint_at = unpack_uint(&d->in);
    decoder_skip_rest(d, items, 11);
    event->verified = verified;
}

/* What events told that came later. */
void decoder_later(struct decoder *d, struct event *event, uint64_t key)
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
