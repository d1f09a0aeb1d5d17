/* Proposals and decisions of all shapes come back as they were; what is damaged is told. */
#include "store/event.h"

#include "store/pack.h"

#include "site.h"

#include <errno.h>

#define ROWS 12
#define EVENTS 1000

static const char *const scopes[] = {"/", "acme", "acme/news", "beta"};

static struct pool pool;

static void *take(size_t size)
{
    void *memory = pool_take(&pool, size);
    assert_non_null(memory);
    memset(memory, 0, size);
    return memory;
}

static uint64_t any_number(void)
{
    return random_number() >> random_below(64);
}

static struct event_name any_name(void)
{
    struct event_name name = {.number = any_number()};
    memset(name.node, (int)random_below(4), sizeof name.node);
    return name;
}

static struct subject any_subject(void)
{
    return subject_number((unsigned)random_below(1000));
}

static struct event_target *any_targets(size_t count)
{
    struct event_target *targets = take((count + 1) * sizeof *targets);
    for (size_t i = 0; i < count; i++) {
        targets[i].known = random_below(2);
        if (targets[i].known)
            targets[i].subject = any_subject();
        if (random_below(4))
            targets[i].event = any_name();
    }
    return targets;
}

static struct event_choice *any_choices(const struct event *event, size_t count)
{
    struct event_choice *rows = take((count + 1) * sizeof *rows);
    for (size_t i = 0; i < count; i++) {
        rows[i].subject = any_subject();
        rows[i].choice = (struct choice){.event = event->name,
                                         .source = event->source ? event->source : event->actor,
                                         .kind = CHOICE_OPT_IN,
                                         .confirmed = random_below(2),
                                         .reason = (enum choice_reason)random_below(12),
                                         .scope = scopes[random_below(4)],
                                         .asked = (int64_t)any_number(),
                                         .until = random_below(2) ? (int64_t)any_number() : 0};
    }
    return rows;
}

static struct event event_of(enum event_type type)
{
    pool_reset(&pool);
    return (struct event){.name = any_name(),
                          .at_ms = (int64_t)any_number(),
                          .type = type,
                          .actor = "cli",
                          .source = random_below(2) ? "crm" : NULL};
}

static struct event any_proposal(void)
{
    struct event event = event_of(EVENT_PROPOSAL);
    struct event_proposal *proposal = take(sizeof *proposal);

    *proposal = (struct event_proposal){.operation = (enum operation)random_below(9),
                                        .rows = any_number(),
                                        .source = random_below(2) ? "web" : "",
                                        .since_ms = (int64_t)any_number(),
                                        .until_ms = (int64_t)any_number(),
                                        .target_count = random_below(ROWS),
                                        .choice_count = random_below(ROWS)};
    proposal->targets = any_targets(proposal->target_count);
    proposal->choices = any_choices(&event, proposal->choice_count);
    event.proposal = proposal;
    return event;
}

/* --- */

static void assert_choices_equal(const struct event_proposal *a, const struct event_proposal *b)
{
    assert_int_equal(a->choice_count, b->choice_count);
    for (size_t i = 0; i < a->choice_count; i++) {
        const struct choice *x = &a->choices[i].choice, *y = &b->choices[i].choice;
        assert_memory_equal(&a->choices[i].subject, &b->choices[i].subject, SUBJECT_SIZE);
        assert_true(event_name_equal(&x->event, &y->event));
        assert_string_equal(x->source, y->source);
        assert_string_equal(x->scope, y->scope);
        assert_true(x->kind == y->kind && x->confirmed == y->confirmed && x->reason == y->reason &&
                    x->asked == y->asked && x->until == y->until);
        assert_int_equal(y->name_count, 0);
    }
}

static void assert_proposals_equal(const struct event_proposal *a, const struct event_proposal *b)
{
    assert_non_null(b);
    assert_true(a->operation == b->operation && a->rows == b->rows && a->since_ms == b->since_ms &&
                a->until_ms == b->until_ms);
    assert_string_equal(a->source, b->source);
    assert_int_equal(a->target_count, b->target_count);
    for (size_t i = 0; i < a->target_count; i++) {
        const struct event_target *x = &a->targets[i], *y = &b->targets[i];
        assert_true(x->known == y->known && x->event.number == y->event.number);
        assert_memory_equal(&x->subject, &y->subject, SUBJECT_SIZE);
        assert_true(x->event.number == 0 || event_name_equal(&x->event, &y->event));
    }
    assert_choices_equal(a, b);
}

static void any_proposal_comes_back_as_it_was(void **state)
{
    (void)state;
    for (size_t i = 0; i < EVENTS; i++) {
        struct event event = any_proposal(), read;
        struct text bytes = TEXT_EMPTY;
        struct pool memory = {0};
        assert_int_equal(event_encode(&event, &bytes), 0);
        assert_int_equal(event_decode(SLICE(bytes.data, bytes.length), &memory, &read), 0);
        assert_proposals_equal(event.proposal, read.proposal);
        assert_null(read.decision);
        assert_int_equal(read.choice_count, 0); /* they are no choices yet */
        text_release(&bytes);
        pool_release(&memory);
    }
}

static void decisions_come_back_as_they_were_in_events_of_any_kind(void **state)
{
    (void)state;
    for (size_t i = 0; i < EVENTS; i++) {
        const struct event_decision decision = {any_name(), (enum proposal_state)random_below(9)};
        struct event event = event_of(i % 2 ? EVENT_DECISION : EVENT_WITHDRAWAL), read;
        struct text bytes = TEXT_EMPTY;
        struct pool memory = {0};
        event.decision = &decision;
        assert_int_equal(event_encode(&event, &bytes), 0);
        assert_int_equal(event_decode(SLICE(bytes.data, bytes.length), &memory, &read), 0);
        assert_non_null(read.decision);
        assert_true(event_name_equal(&read.decision->proposal, &decision.proposal));
        assert_int_equal(read.decision->state, decision.state);
        text_release(&bytes);
        pool_release(&memory);
    }
}

/* In memory of exactly that size, so that ASan and valgrind see an octet too many. */
static int decode_exactly(const char *bytes, size_t size)
{
    struct pool memory = {0};
    struct event event;
    char *exact = malloc(size ? size : 1);

    assert_non_null(exact);
    memcpy(exact, bytes, size);
    int code = event_decode(SLICE(exact, size), &memory, &event);
    assert_true(code == 0 || code == ERR_CORRUPT);
    free(exact);
    pool_release(&memory);
    return code;
}

static void one_that_was_cut_short_or_changed_is_an_error_or_another(void **state)
{
    (void)state;
    for (size_t i = 0; i < 50; i++) {
        struct event event = any_proposal();
        struct text bytes = TEXT_EMPTY;
        assert_int_equal(event_encode(&event, &bytes), 0);
        for (size_t size = 0; size < bytes.length; size++)
            assert_int_equal(decode_exactly(bytes.data, size), ERR_CORRUPT);
        for (size_t flips = 0; flips < 200; flips++) {
            size_t at = random_below((unsigned)bytes.length);
            char octet = bytes.data[at];
            bytes.data[at] ^= (char)(1 << random_below(8));
            decode_exactly(bytes.data, bytes.length);
            bytes.data[at] = octet;
        }
        text_release(&bytes);
    }
}

/* --- octets, which never change --- */

static struct event event_number(enum event_type type, uint64_t number)
{
    struct event event = {.type = type, .actor = "cli", .name = {.number = number}};
    memset(event.name.node, 0x11, sizeof event.name.node);
    return event;
}

static struct event_name name_of(uint8_t node, uint64_t number)
{
    struct event_name name = {.number = number};
    memset(name.node, node, sizeof name.node);
    return name;
}

static struct subject subject_of(uint8_t octet)
{
    struct subject subject;
    memset(subject.bytes, octet, sizeof subject.bytes);
    return subject;
}

/* The event's octets end so, behind those that every event has. */
static void assert_end(const struct event *event, const char *hex)
{
    struct text bytes = TEXT_EMPTY;
    char found[512];

    assert_int_equal(event_encode(event, &bytes), 0);
    assert_true(2 * bytes.length < sizeof found && 2 * bytes.length > strlen(hex));
    text_to_hex((const uint8_t *)bytes.data, bytes.length, found);
    assert_string_equal(found + 2 * bytes.length - strlen(hex), hex);
    text_release(&bytes);
}

static void the_octets_of_a_proposal(void **state)
{
    const struct event_target targets[] = {{true, subject_of(0x77), name_of(0x11, 7)},
                                           {false, subject_of(0), name_of(0xa0, 300)},
                                           {true, subject_of(0x78), {.number = 0}}};
    const struct event_choice opt_in = {
        subject_of(0x79),
        {.kind = CHOICE_OPT_IN, .confirmed = true, .reason = REASON_CONSENT, .scope = "a"}};
    struct event_proposal proposal = {.operation = OPERATION_REMOVE,
                                      .rows = 3,
                                      .source = "",
                                      .targets = targets,
                                      .target_count = 3};
    struct event event = event_number(EVENT_PROPOSAL, 24);
    (void)state;
    event.proposal = &proposal;
    assert_end(&event, "0a8148a0a0a0a0a0a0a0a0"
                       "1487010360000083"
                       "8350777777777777777777777777777777770007"
                       "83400119012c"
                       "8350787878787878787878787878787878780000"
                       "80");
    proposal = (struct event_proposal){.operation = OPERATION_OPT_IN,
                                       .rows = 1,
                                       .source = "",
                                       .choices = &opt_in,
                                       .choice_count = 1};
    assert_end(&event, "09816161"
                       "148702016000008081"
                       "85507979797979797979797979797979797907000900");
    proposal = (struct event_proposal){.operation = OPERATION_SWEEP,
                                       .rows = 300,
                                       .source = "web",
                                       .since_ms = 1000,
                                       .until_ms = 2000};
    assert_end(&event, "14870419012c637765621903e81907d08080");
}

static void the_octets_of_a_decision(void **state)
{
    const struct event_decision decision = {name_of(0xa0, 300), PROPOSAL_REJECTED};
    struct event event = event_number(EVENT_DECISION, 24);
    (void)state;
    event.decision = &decision;
    assert_end(&event, "040b0563636c690a8148a0a0a0a0a0a0a0a015830119012c02");
}

/* --- damage --- */

static void decode_with(const char *rest, size_t size, int expected)
{
    struct event event = event_of(EVENT_PROPOSAL);
    struct text bytes = TEXT_EMPTY;

    event.source = NULL;
    assert_int_equal(event_encode(&event, &bytes), 0);
    bytes.data[0]++; /* the map has one pair more */
    text_append_bytes(&bytes, rest, size);
    if (decode_exactly(bytes.data, bytes.length) != expected)
        fail_msg("case \"\\x%02x\\x%02x...\" of %zu octets: expected %d", (uint8_t)rest[0],
                 (uint8_t)rest[1], size, expected);
    text_release(&bytes);
}

#define WITH(literal, expected) decode_with(literal, sizeof(literal) - 1, expected)
#define SUBJECT "\x50ssssssssssssssss"

static void rows_that_lack_something_are_damage(void **state)
{
    (void)state;
    WITH("\x14\x87\x01\x01\x60\x00\x00\x80\x80", 0);
    WITH("\x14\x88\x01\x01\x60\x00\x00\x80\x80\xf6", 0); /* a later version's */
    WITH("\x14\x86\x01\x01\x60\x00\x00\x80", ERR_CORRUPT);
    WITH("\x14\x87\x01\x01\x60\x00\x00\x81\x83" SUBJECT "\x00\x05\x80", 0);
    WITH("\x14\x87\x01\x01\x60\x00\x00\x81\x84" SUBJECT "\x00\x05\xf6\x80", 0);
    WITH("\x14\x87\x01\x01\x60\x00\x00\x81\x83\x40\x00\x05\x80", 0);
    WITH("\x14\x87\x01\x01\x60\x00\x00\x81\x82" SUBJECT "\x00\x80", ERR_CORRUPT);
    WITH("\x14\x87\x01\x01\x60\x00\x00\x81\x83\x41s\x00\x05\x80", ERR_CORRUPT);
    WITH("\x14\x87\x01\x01\x60\x00\x00\x81\x83\x40\x01\x05\x80", ERR_CORRUPT); /* no such node */
    WITH("\x14\x87\x01\x01\x00\x00\x00\x80\x80", ERR_CORRUPT);                 /* no text */
    WITH("\x14\x87\x01\x01\x60\x00\x00\x80\x81\x85" SUBJECT "\x07\x00\x00\x00", ERR_CORRUPT);
    WITH("\x15\x83\x00\x05\x01", 0);
    WITH("\x15\x84\x00\x05\x01\xf6", 0);
    WITH("\x15\x82\x00\x05", ERR_CORRUPT);
    WITH("\x15\x83\x01\x05\x01", ERR_CORRUPT);
    WITH("\x15\x83\x00\x05\x60", ERR_CORRUPT);
}

static int release(void **state)
{
    (void)state;
    pool_release(&pool);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_octets_of_a_proposal),
        cmocka_unit_test(the_octets_of_a_decision),
        cmocka_unit_test(any_proposal_comes_back_as_it_was),
        cmocka_unit_test(decisions_come_back_as_they_were_in_events_of_any_kind),
        cmocka_unit_test(one_that_was_cut_short_or_changed_is_an_error_or_another),
        cmocka_unit_test(rows_that_lack_something_are_damage),
    };
    return cmocka_run_group_tests(tests, NULL, release);
}
