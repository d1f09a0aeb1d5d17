/* What holds for every set of choices, tried on random ones from fixed seeds. */
#include "core/choice.h"

#include "core/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW 1000000

#define RANDOM_SETS 20000
#define RANDOM_ROWS 10

static uint64_t random_state;

static unsigned random_below(unsigned limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state >> 11) % limit;
}

static const char *const random_scopes[] = {"/",           "acme",     "acme/news", "acme/news/de",
                                            "acme/offers", "acmeplus", "beta"};
#define RANDOM_SCOPES (sizeof random_scopes / sizeof *random_scopes)

static struct event_name random_event(void)
{
    struct event_name event = {.number = 1 + random_below(RANDOM_ROWS)};
    event.node[0] = (uint8_t)('A' + random_below(2));
    return event;
}

static struct choice random_choice(struct event_name *names)
{
    static const int64_t ends[] = {0, 0, NOW - 1, NOW, NOW + 1};
    struct choice row = {
        .event = random_event(),
        .kind = (enum choice_kind)(1 + random_below(3)),
        .domain = random_below(5) == 0,
        .scope = random_scopes[random_below(RANDOM_SCOPES)],
        .source = random_below(2) ? "web" : "crm",
        .asked = random_below(4),
        .until = ends[random_below(5)],
        .names = names,
    };
    if (row.kind == CHOICE_OPT_IN) {
        row.confirmed = random_below(4) != 0;
        row.name_count = random_below(RANDOM_ROWS);
        for (size_t i = 0; i < row.name_count; i++)
            names[i] = random_event();
    }
    return row;
}

struct random_set {
    struct choice rows[RANDOM_ROWS + 1];
    size_t count;
    struct event_name names[RANDOM_ROWS + 1][RANDOM_ROWS];
    const char *stream;
    bool consent;
};

/* As a confirmed opt-in would: it names nearly all that is there. */
static void name_most(struct random_set *set, struct choice *opt_in, struct event_name *names)
{
    opt_in->confirmed = true;
    opt_in->name_count = 0;
    for (size_t i = 0; i < set->count; i++)
        if (random_below(8) != 0)
            names[opt_in->name_count++] = set->rows[i].event;
}

static void make_random_set(struct random_set *set)
{
    set->count = random_below(RANDOM_ROWS + 1);
    for (size_t i = 0; i < set->count; i++) {
        set->rows[i] = random_choice(set->names[i]);
        set->rows[i].reason = (enum choice_reason)i;
    }
    for (size_t i = 0; i < set->count; i++)
        if (set->rows[i].kind == CHOICE_OPT_IN && random_below(2))
            name_most(set, &set->rows[i], set->names[i]);
    set->stream = random_scopes[1 + random_below(RANDOM_SCOPES - 1)];
    set->consent = random_below(2);
}

static enum decision decide(const struct random_set *set, const struct choice **deciding,
                            size_t *count)
{
    return choice_decide(set->rows, set->count, set->stream, set->consent, NOW, deciding, count);
}

static void insert_anywhere(struct random_set *set, struct choice row)
{
    size_t place = random_below((unsigned)set->count + 1);
    memmove(&set->rows[place + 1], &set->rows[place], (set->count - place) * sizeof row);
    set->rows[place] = row;
    set->count++;
}

static void shuffle(struct random_set *set)
{
    for (size_t i = set->count; i > 1; i--) {
        size_t j = random_below((unsigned)i);
        struct choice row = set->rows[i - 1];
        set->rows[i - 1] = set->rows[j];
        set->rows[j] = row;
    }
}

/* Both kinds of answer have to be frequent, or the properties would say nothing. */
static void the_random_sets_are_worth_something(void **state)
{
    size_t seen[3] = {0}, lifted = 0;
    (void)state;
    random_state = 0x6f70746f75740001;
    for (size_t i = 0; i < RANDOM_SETS; i++) {
        struct random_set set;
        const struct choice *deciding[RANDOM_ROWS + 1];
        size_t n;
        make_random_set(&set);
        enum decision decision = decide(&set, deciding, &n);
        seen[decision]++;
        lifted += decision == DECISION_MAY_BE_MAILED && !set.consent && n > 0;
    }
    assert_true(seen[DECISION_MAY_BE_MAILED] > RANDOM_SETS / 10);
    assert_true(seen[DECISION_OPTED_OUT] > RANDOM_SETS / 10);
    assert_true(seen[DECISION_NO_CONSENT] > RANDOM_SETS / 20);
    assert_true(lifted > RANDOM_SETS / 50);
}

static void one_more_opt_out_or_block_never_lets_mail_go(void **state)
{
    (void)state;
    random_state = 0x6f70746f75740002;
    for (size_t i = 0; i < RANDOM_SETS; i++) {
        struct random_set set;
        const struct choice *deciding[RANDOM_ROWS + 1];
        struct event_name unused[RANDOM_ROWS];
        size_t n;

        make_random_set(&set);
        enum decision before = decide(&set, deciding, &n);
        struct choice more = random_choice(unused);
        more.kind = random_below(2) ? CHOICE_OPT_OUT : CHOICE_BLOCK;
        bool unseen = random_below(2);
        if (unseen)
            more.event.number += 1000; /* no opt-in names it */
        insert_anywhere(&set, more);
        enum decision after = decide(&set, deciding, &n);
        if (before != DECISION_MAY_BE_MAILED)
            assert_int_not_equal(after, DECISION_MAY_BE_MAILED);
        if (before == DECISION_OPTED_OUT)
            assert_int_equal(after, DECISION_OPTED_OUT);
        if (unseen && choice_stands(&more, NOW) && scope_covers(more.scope, set.stream))
            assert_int_equal(after, DECISION_OPTED_OUT);
    }
}

/* The reason decides nothing; here it tells the rows of a set apart. */
static bool is_among(const struct choice *const *deciding, size_t count, const struct choice *row)
{
    for (size_t i = 0; i < count; i++)
        if (deciding[i]->reason == row->reason)
            return true;
    return false;
}

static void the_sequence_of_rows_never_matters(void **state)
{
    (void)state;
    random_state = 0x6f70746f75740003;
    for (size_t i = 0; i < RANDOM_SETS; i++) {
        struct random_set set, other;
        const struct choice *before[RANDOM_ROWS + 1], *after[RANDOM_ROWS + 1];
        struct event_name names[RANDOM_ROWS];
        size_t before_count, after_count;

        make_random_set(&set);
        struct choice candidate = random_choice(names);
        other = set;
        shuffle(&other);
        assert_int_equal(decide(&set, before, &before_count), decide(&other, after, &after_count));
        assert_int_equal(before_count, after_count);
        for (size_t j = 0; j < before_count; j++)
            assert_true(is_among(after, after_count, before[j]));
        assert_int_equal(choice_find_known(&candidate, set.rows, set.count, NOW) != NULL,
                         choice_find_known(&candidate, other.rows, other.count, NOW) != NULL);
    }
}

static bool opt_in_names(const struct choice *opt_in, const struct choice *row)
{
    for (size_t i = 0; i < opt_in->name_count; i++)
        if (event_name_equal(&opt_in->names[i], &row->event))
            return opt_in->confirmed && !opt_in->domain && !row->domain;
    return false;
}

static void an_opt_in_lifts_nothing_that_it_does_not_name(void **state)
{
    (void)state;
    random_state = 0x6f70746f75740004;
    for (size_t i = 0; i < RANDOM_SETS; i++) {
        struct random_set set, more;
        const struct choice *before[RANDOM_ROWS + 1], *after[RANDOM_ROWS + 1];
        struct event_name names[RANDOM_ROWS];
        size_t before_count, after_count;

        make_random_set(&set);
        struct choice opt_in = random_choice(names);
        opt_in.kind = CHOICE_OPT_IN;
        opt_in.reason = (enum choice_reason)RANDOM_ROWS;
        more = set;
        insert_anywhere(&more, opt_in);
        if (decide(&set, before, &before_count) != DECISION_OPTED_OUT)
            continue;
        enum decision decision = decide(&more, after, &after_count);
        for (size_t j = 0; j < before_count; j++) {
            if (opt_in_names(&opt_in, before[j]))
                continue;
            assert_int_equal(decision, DECISION_OPTED_OUT);
            assert_true(is_among(after, after_count, before[j]));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_random_sets_are_worth_something),
        cmocka_unit_test(one_more_opt_out_or_block_never_lets_mail_go),
        cmocka_unit_test(the_sequence_of_rows_never_matters),
        cmocka_unit_test(an_opt_in_lifts_nothing_that_it_does_not_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
