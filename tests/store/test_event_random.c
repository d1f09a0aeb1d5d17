/* Events of all shapes come back as they were; what is no event is told from one. */
#include "store/event.h"

#include "base/error.h"
#include "store/pack.h"

#include "event_site.h"
#include "site.h"

#include <errno.h>

#define ROWS 12
#define EVENTS 3000

static const char *const scopes[] = {"/", "acme", "acme/news", "acme/offers", "beta"};
static const char *const strings[] = {"cli", "", "web", "m\u00fcller", "not utf-8: \xff\xfe"};

static struct pool pool;

static uint64_t any_number(void)
{
    return random_number() >> random_below(64);
}

static void fill(void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)bytes)[i] = (uint8_t)random_below(256);
}

static struct event_name any_name(void)
{
    struct event_name name = {.number = any_number()};
    memset(name.node, (int)random_below(4), sizeof name.node);
    return name;
}

static const char *any_of(const char *const *list, size_t count)
{
    return list[random_below((unsigned)count)];
}

static void *take(size_t size)
{
    void *memory = pool_take(&pool, size);
    assert_non_null(memory);
    memset(memory, 0, size);
    return memory;
}

static void make_choices(struct event *event)
{
    struct event_choice *rows = take(ROWS * sizeof *rows);
    event->choice_count = 1 + random_below(ROWS);
    for (size_t i = 0; i < event->choice_count; i++) {
        struct choice *choice = &rows[i].choice;
        fill(&rows[i].subject, sizeof rows[i].subject);
        choice->event = event->name;
        choice->source = event->source ? event->source : event->actor;
        choice->kind = (enum choice_kind)(1 + random_below(3));
        choice->confirmed = random_below(2);
        choice->domain = random_below(2);
        choice->reason = (enum choice_reason)random_below(3000);
        choice->scope = any_of(scopes, 5);
        choice->asked = (int64_t)any_number();
        choice->until = random_below(2) ? (int64_t)any_number() : 0;
        struct event_name *names = take(ROWS * sizeof *names);
        choice->name_count = random_below(3) ? 0 : random_below(ROWS);
        for (size_t j = 0; j < choice->name_count; j++)
            names[j] = any_name();
        choice->names = names;
    }
    event->choices = rows;
}

static void make_withdrawals(struct event *event)
{
    struct event_withdrawal *rows = take(ROWS * sizeof *rows);
    event->withdrawal_count = 1 + random_below(ROWS);
    for (size_t i = 0; i < event->withdrawal_count; i++) {
        fill(&rows[i].subject, sizeof rows[i].subject);
        rows[i].target = any_name();
    }
    event->withdrawals = rows;
}

static void make_verdict(struct event *event)
{
    struct event_verdict *verdict = take(sizeof *verdict);
    struct event_verdict_row *rows = take(ROWS * sizeof *rows);

    *verdict = (struct event_verdict){.stream = any_of(strings, 5),
                                      .rule = any_of(strings, 5),
                                      .scope = any_of(scopes, 5),
                                      .queue_id = any_of(strings, 5),
                                      .action = (enum action)random_below(9),
                                      .mode = (enum mode)random_below(2),
                                      .given = any_number(),
                                      .delivered = any_number(),
                                      .kept_back = any_number(),
                                      .rows = rows,
                                      .row_count = random_below(ROWS)};
    fill(verdict->config, sizeof verdict->config);
    for (size_t i = 0; i < verdict->row_count; i++) {
        rows[i].known = random_below(4) != 0;
        if (rows[i].known)
            fill(&rows[i].subject, sizeof rows[i].subject);
        rows[i].state = (enum recipient_state)random_below(99);
        struct event_basis *basis = take(ROWS * sizeof *basis);
        rows[i].basis_count = random_below(ROWS);
        for (size_t j = 0; j < rows[i].basis_count; j++) {
            basis[j].event = any_name();
            fill(basis[j].hash, sizeof basis[j].hash);
        }
        rows[i].basis = basis;
    }
    event->verdict = verdict;
}

static void make_genesis(struct event *event)
{
    struct event_genesis *genesis = take(sizeof *genesis);
    *genesis =
        (struct event_genesis){any_of(strings, 5), any_number(), any_of(strings, 5), any_number()};
    event->genesis = genesis;
}

static void make_continued(struct event *event)
{
    struct event_continued *continued = take(sizeof *continued);
    continued->event = any_name();
    fill(continued->hash, sizeof continued->hash);
    event->continues = continued;
}

static void make_begin(struct event *event)
{
    struct event_batch *begin = take(sizeof *begin);
    *begin = (struct event_batch){.kind = random_below(2) ? BATCH_IMPORT : BATCH_UNDO,
                                  .has_digest = random_below(2),
                                  .size = any_number()};
    if (begin->has_digest)
        fill(begin->digest, sizeof begin->digest);
    if (random_below(2))
        begin->undoes = any_name();
    event->begin = begin;
}

static void make_counts(struct event *event)
{
    uint64_t *counts = take(BATCH_COUNTS * sizeof *counts);
    for (size_t i = 0; i < BATCH_COUNTS; i++)
        counts[i] = any_number();
    event->counts = counts;
}

static void make_reason(struct event *event)
{
    struct event_reason *reason = take(sizeof *reason);
    *reason = (struct event_reason){any_name(), any_of(strings, 5)};
    event->reason = reason;
}

static void make_reading(struct event *event)
{
    static const struct event_reading all = {"export", 0, false, {{0}}, "acme"},
                                      one = {"person", 1, true, {{0xab}}, ""};
    event->reading = random_below(2) ? &all : &one;
}

static void make_verified(struct event *event)
{
    static const struct event_verified none = {.fitting = 7}, both = {{true, 77, {{0xcd}, 7}},
                                                                      {true, 1, {{0}, 1}},
                                                                      2,
                                                                      1,
                                                                      1700000000};
    event->verified = random_below(2) ? &none : &both;
}

static void make_scopes(struct event *event)
{
    event->scopes = scopes;
    event->scope_count = random_below(6);
}

/* In the pool, which is reset first. */
static struct event any_event(void)
{
    static const struct {
        enum event_type type;
        void (*make)(struct event *event);
    } kinds[] = {{EVENT_GENESIS, make_genesis},  {EVENT_SCOPES, make_scopes},
                 {EVENT_CHOICES, make_choices},  {EVENT_WITHDRAWAL, make_withdrawals},
                 {EVENT_VERDICT, make_verdict},  {EVENT_BATCH, make_begin},
                 {EVENT_BATCH_END, make_counts}, {EVENT_REASON, make_reason},
                 {EVENT_READING, make_reading},  {EVENT_VERIFIED, make_verified}};
    size_t kind = random_below(sizeof kinds / sizeof *kinds);
    pool_reset(&pool);
    struct event event = {.name = any_name(),
                          .at_ms = (int64_t)any_number(),
                          .type = kinds[kind].type,
                          .actor = any_of(strings, 5),
                          .source = random_below(2) ? any_of(strings, 5) : NULL,
                          .batch = random_below(2) ? any_number() : 0};
    fill(event.previous, sizeof event.previous);
    uint8_t *words = take(EVENT_HASH_SIZE);
    fill(words, EVENT_HASH_SIZE);
    event.words = random_below(2) ? words : NULL;
    kinds[kind].make(&event);
    if (event.type == EVENT_GENESIS && random_below(2))
        make_continued(&event);
    return event;
}

/* --- being equal --- */

static void assert_names_equal(const struct event_name *a, const struct event_name *b)
{
    assert_true(event_name_equal(a, b));
}

static void assert_choices_equal(const struct event *a, const struct event *b)
{
    assert_int_equal(a->choice_count, b->choice_count);
    for (size_t i = 0; i < a->choice_count; i++) {
        const struct choice *x = &a->choices[i].choice, *y = &b->choices[i].choice;
        assert_memory_equal(&a->choices[i].subject, &b->choices[i].subject, SUBJECT_SIZE);
        assert_names_equal(&x->event, &y->event);
        assert_int_equal(x->kind, y->kind);
        assert_int_equal(x->confirmed, y->confirmed);
        assert_int_equal(x->domain, y->domain);
        assert_int_equal(x->reason, y->reason);
        assert_string_equal(x->scope, y->scope);
        assert_string_equal(x->source, y->source);
        assert_true(x->asked == y->asked);
        assert_true(x->until == y->until);
        assert_int_equal(x->name_count, y->name_count);
        for (size_t j = 0; j < x->name_count; j++)
            assert_names_equal(&x->names[j], &y->names[j]);
    }
}

static void assert_verdicts_equal(const struct event_verdict *a, const struct event_verdict *b)
{
    assert_string_equal(a->stream, b->stream);
    assert_string_equal(a->rule, b->rule);
    assert_string_equal(a->scope, b->scope);
    assert_string_equal(a->queue_id, b->queue_id);
    assert_memory_equal(a->config, b->config, sizeof a->config);
    assert_int_equal(a->action, b->action);
    assert_int_equal(a->mode, b->mode);
    assert_true(a->given == b->given);
    assert_true(a->delivered == b->delivered);
    assert_true(a->kept_back == b->kept_back);
    assert_int_equal(a->row_count, b->row_count);
    for (size_t i = 0; i < a->row_count; i++) {
        const struct event_verdict_row *x = &a->rows[i], *y = &b->rows[i];
        assert_int_equal(x->known, y->known);
        assert_memory_equal(&x->subject, &y->subject, SUBJECT_SIZE);
        assert_int_equal(x->state, y->state);
        assert_int_equal(x->basis_count, y->basis_count);
        for (size_t j = 0; j < x->basis_count; j++) {
            assert_names_equal(&x->basis[j].event, &y->basis[j].event);
            assert_memory_equal(x->basis[j].hash, y->basis[j].hash, EVENT_SHORT_HASH_SIZE);
        }
    }
}

static void assert_batches_equal(const struct event *a, const struct event *b)
{
    assert_int_equal(!a->begin, !b->begin);
    if (a->begin) {
        assert_int_equal(a->begin->kind, b->begin->kind);
        assert_int_equal(a->begin->has_digest, b->begin->has_digest);
        assert_memory_equal(a->begin->digest, b->begin->digest, EVENT_HASH_SIZE);
        assert_true(a->begin->size == b->begin->size);
        assert_true(a->begin->undoes.number == b->begin->undoes.number);
        if (a->begin->undoes.number)
            assert_names_equal(&a->begin->undoes, &b->begin->undoes);
    }
    assert_true(!a->reason == !b->reason &&
                (!a->reason || (event_name_equal(&a->reason->about, &b->reason->about) &&
                                strcmp(a->reason->key, b->reason->key) == 0)));
    assert_int_equal(!a->reading, !b->reading);
    if (a->reading) {
        assert_string_equal(a->reading->command, b->reading->command);
        assert_memory_equal(&a->reading->subject, &b->reading->subject, SUBJECT_SIZE);
        assert_string_equal(a->reading->scope, b->reading->scope);
    }
    assert_int_equal(!a->verified, !b->verified);
    if (a->verified) {
        assert_memory_equal(&a->verified->list.last, &b->verified->list.last,
                            sizeof a->verified->list.last);
        assert_true(a->verified->list.events == b->verified->list.events &&
                    a->verified->fitting == b->verified->fitting &&
                    a->verified->checkpoint_at == b->verified->checkpoint_at);
    }
    assert_int_equal(!a->counts, !b->counts);
    if (a->counts)
        assert_memory_equal(a->counts, b->counts, BATCH_COUNTS * sizeof *a->counts);
}

static void assert_events_equal(const struct event *a, const struct event *b)
{
    assert_int_equal(!a->continues, !b->continues);
    if (a->continues) {
        assert_names_equal(&a->continues->event, &b->continues->event);
        assert_memory_equal(a->continues->hash, b->continues->hash, EVENT_HASH_SIZE);
    }
    assert_memory_equal(a->previous, b->previous, EVENT_HASH_SIZE);
    assert_names_equal(&a->name, &b->name);
    assert_true(a->at_ms == b->at_ms);
    assert_int_equal(a->type, b->type);
    assert_string_equal(a->actor, b->actor);
    assert_int_equal(!a->source, !b->source);
    if (a->source)
        assert_string_equal(a->source, b->source);
    assert_true(a->batch == b->batch);
    assert_int_equal(!a->words, !b->words);
    if (a->words)
        assert_memory_equal(a->words, b->words, EVENT_HASH_SIZE);
    assert_int_equal(a->scope_count, b->scope_count);
    for (size_t i = 0; i < a->scope_count; i++)
        assert_string_equal(a->scopes[i], b->scopes[i]);
    assert_choices_equal(a, b);
    assert_int_equal(a->withdrawal_count, b->withdrawal_count);
    for (size_t i = 0; i < a->withdrawal_count; i++) {
        assert_memory_equal(&a->withdrawals[i].subject, &b->withdrawals[i].subject, SUBJECT_SIZE);
        assert_names_equal(&a->withdrawals[i].target, &b->withdrawals[i].target);
    }
    assert_batches_equal(a, b);
    assert_int_equal(!a->verdict, !b->verdict);
    if (a->verdict)
        assert_verdicts_equal(a->verdict, b->verdict);
    assert_int_equal(!a->genesis, !b->genesis);
    if (a->genesis) {
        assert_string_equal(a->genesis->kind, b->genesis->kind);
        assert_true(a->genesis->format == b->genesis->format);
        assert_string_equal(a->genesis->hash, b->genesis->hash);
        assert_true(a->genesis->address_rules == b->genesis->address_rules);
    }
}

/* --- */

static void any_event_comes_back_as_it_was(void **state)
{
    (void)state;
    for (size_t i = 0; i < EVENTS; i++) {
        struct event event = any_event(), read;
        struct text bytes = TEXT_EMPTY;
        struct pool memory = {0};
        assert_int_equal(event_encode(&event, &bytes), 0);
        assert_int_equal(event_decode(SLICE(bytes.data, bytes.length), &memory, &read), 0);
        assert_events_equal(&event, &read);
        text_release(&bytes);
        pool_release(&memory);
    }
}

static void an_event_that_was_cut_short_is_an_error_wherever_it_was_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < 60; i++) {
        struct event event = any_event();
        struct text bytes = TEXT_EMPTY;
        assert_int_equal(event_encode(&event, &bytes), 0);
        for (size_t size = 0; size < bytes.length; size++)
            assert_int_equal(decode_exactly(bytes.data, size), ERR_CORRUPT);
        text_append_bytes(&bytes, "\0", 1);
        assert_int_equal(decode_exactly(bytes.data, bytes.length), ERR_CORRUPT);
        text_release(&bytes);
    }
}

static void flipped_bits_give_an_error_or_another_event_and_never_a_crash(void **state)
{
    size_t refused = 0, read = 0;
    (void)state;
    for (size_t i = 0; i < EVENTS; i++) {
        struct event event = any_event();
        struct text bytes = TEXT_EMPTY;
        assert_int_equal(event_encode(&event, &bytes), 0);
        for (size_t j = 0; j < 20; j++) {
            for (size_t k = 1 + random_below(3); k > 0; k--) {
                size_t at = random_below((unsigned)bytes.length);
                bytes.data[at] = (char)(bytes.data[at] ^ 1 << random_below(8));
            }
            if (decode_exactly(bytes.data, bytes.length) == 0)
                read++;
            else
                refused++;
        }
        text_release(&bytes);
    }
    assert_true(read > EVENTS && refused > EVENTS); /* both ways were gone */
}

static void octets_that_mean_nothing_are_no_event(void **state)
{
    char bytes[200];
    (void)state;
    for (size_t i = 0; i < 20000; i++) {
        size_t size = random_below(sizeof bytes);
        fill(bytes, size);
        if (size > 2 && i % 2)
            bytes[0] = (char)(0xa0 + random_below(16)); /* a map at least */
        assert_int_equal(decode_exactly(bytes, size), ERR_CORRUPT);
    }
}

static void no_memory_is_told_from_damage(void **state)
{
    (void)state;
    for (size_t i = 0; i < 200; i++) {
        struct event event = any_event(), read;
        struct text bytes = TEXT_EMPTY;
        struct pool little = {.limit = random_below(300) + 1};
        assert_int_equal(event_encode(&event, &bytes), 0);
        int code = event_decode(SLICE(bytes.data, bytes.length), &little, &read);
        assert_true(code == 0 || code == -ENOMEM);
        text_release(&bytes);
        pool_release(&little);
    }
}

static int release_pool(void **state)
{
    (void)state;
    pool_release(&pool);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_event_comes_back_as_it_was),
        cmocka_unit_test(an_event_that_was_cut_short_is_an_error_wherever_it_was_cut),
        cmocka_unit_test(flipped_bits_give_an_error_or_another_event_and_never_a_crash),
        cmocka_unit_test(octets_that_mean_nothing_are_no_event),
        cmocka_unit_test(no_memory_is_told_from_damage),
    };
    return cmocka_run_group_tests(tests, NULL, release_pool);
}
