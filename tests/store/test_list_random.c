/* Whatever is added and withdrawn in whatever sequence: what stands and what is past is what a
 * naive model in memory holds, and what the journal tells. */
#include "list_site.h"

#include "base/clock.h"

#define PEOPLE 7
#define STEPS 600
#define ROWS_MAX 20000

/* A row of the model. */
struct row {
    unsigned person;
    struct choice choice;
    bool past;
    struct event_name by;
};

static struct row rows[ROWS_MAX];
static size_t row_count;
static struct pool memory; /* names of opt-ins */

static const char *const scopes[] = {"/", "acme", NEWS, "acme/offers", "beta"};
static const char *const sources[] = {"cli", "web", "crm"};

/* The last two persons are domains. */
static bool is_domain(unsigned person)
{
    return person >= PEOPLE - 2;
}

static int start_over(void **state)
{
    row_count = 0;
    return set_up(state);
}

static int end(void **state)
{
    pool_release(&memory);
    return tear_down(state);
}

/* --- the model --- */

/* All that stands for a person. */
static size_t standing(unsigned person, struct choice *found)
{
    size_t n = 0;
    for (size_t i = 0; i < row_count; i++)
        if (rows[i].person == person && !rows[i].past)
            found[n++] = rows[i].choice;
    return n;
}

/* Does with one entry what the list should have done, and compares what the list said of it. */
static void model_add(unsigned person, const struct list_entry *entry, const char *source)
{
    static struct choice stands[ROWS_MAX];
    const int64_t now = clock_now();
    size_t count = standing(person, stands), named = 0;
    struct choice choice = {.kind = entry->kind,
                            .confirmed = entry->confirmed,
                            .domain = entry->domain,
                            .reason = entry->reason,
                            .scope = entry->scope,
                            .source = source,
                            .asked = entry->asked,
                            .until = entry->until};
    struct event_name *names = pool_take(&memory, (count + 1) * sizeof *names);
    assert_non_null(names);
    if (entry->kind == CHOICE_OPT_IN && entry->confirmed)
        for (size_t i = 0; i < count; i++)
            if (choice_would_be_named(&stands[i], entry->scope, now) &&
                (entry->asked == 0 || choice_was_said_by(&stands[i], now, entry->asked)))
                names[named++] = stands[i].event;
    choice.names = names;
    choice.name_count = named;
    assert_int_equal(entry->named, named);
    const struct choice *known = choice_find_known(&choice, stands, count, now);
    assert_int_equal(entry->known, known != NULL);
    if (known) {
        assert_true(event_name_equal(&entry->event, &known->event));
        return;
    }
    choice.event = entry->event;
    for (size_t i = 0; i < row_count; i++) /* one event holds a subject once */
        assert_false(rows[i].person == person &&
                     event_name_equal(&rows[i].choice.event, &choice.event));
    assert_true(row_count < ROWS_MAX);
    rows[row_count++] = (struct row){.person = person, .choice = choice};
}

/* --- random steps --- */

static void add_some(void)
{
    static const int64_t ends[] = {0, 0, 0, 1000, INT64_C(1) << 40, INT64_C(1) << 41};
    static const int64_t moments[] = {1, 2, 3, 4, INT64_C(1) << 40};
    struct list_entry entries[12];
    unsigned persons[12];
    size_t count = 1 + random_below(12);
    const struct act act = {.actor = "cli", .source = sources[random_below(3)]};

    for (size_t i = 0; i < count; i++) {
        persons[i] = random_below(PEOPLE);
        entries[i] = opt_out_of(scopes[random_below(5)], persons[i]);
        entries[i].domain = is_domain(persons[i]);
        entries[i].kind = (enum choice_kind)(1 + random_below(is_domain(persons[i]) ? 2 : 3));
        entries[i].confirmed = entries[i].kind == CHOICE_OPT_IN && random_below(2);
        entries[i].reason = (enum choice_reason)random_below(12);
        entries[i].asked = random_below(3) ? 0 : moments[random_below(5)];
        entries[i].until = entries[i].kind == CHOICE_OPT_OUT ? 0 : ends[random_below(6)];
        entries[i].address = random_below(2) ? "somebody@example.com" : NULL;
    }
    add_by(&act, entries, count);
    for (size_t i = 0; i < count; i++)
        model_add(persons[i], &entries[i], act.source);
}

static void withdraw_some(void)
{
    struct event_withdrawal targets[4];
    size_t chosen[4], count = 0;
    struct event_name event;

    for (size_t i = 0; i < 1 + random_below(4) && row_count > 0; i++) {
        size_t row = random_below((unsigned)row_count);
        bool again = rows[row].past;
        for (size_t j = 0; j < count; j++)
            again |= chosen[j] == row;
        if (again)
            continue;
        chosen[count] = row;
        targets[count++] =
            (struct event_withdrawal){subject_number(rows[row].person), rows[row].choice.event};
    }
    if (count == 0)
        return;
    assert_ok(list_withdraw(list, targets, count, &by_cli, &event, &why));
    for (size_t i = 0; i < count; i++) {
        rows[chosen[i]].past = true;
        rows[chosen[i]].by = event;
    }
}

/* --- comparing --- */

static void assert_same(const struct choice *a, const struct choice *b)
{
    assert_true(event_name_equal(&a->event, &b->event));
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->confirmed, b->confirmed);
    assert_int_equal(a->domain, b->domain);
    assert_int_equal(a->reason, b->reason);
    assert_string_equal(a->scope, b->scope);
    assert_string_equal(a->source, b->source);
    assert_true(a->asked == b->asked);
    assert_true(a->until == b->until);
    assert_int_equal(a->name_count, b->name_count);
    for (size_t i = 0; i < a->name_count; i++)
        assert_true(event_name_equal(&a->names[i], &b->names[i]));
}

static void compare(struct list_view *view, enum list_rows which, unsigned person)
{
    struct subject subject = subject_number(person);
    struct pool pool = {0};
    struct choice *read;
    struct event_name *by;
    size_t count, i = 0;

    assert_int_equal(list_read(view, which, &subject, is_domain(person), &pool, &read, &count, &by),
                     0);
    /* Both in the sequence of their events. */
    for (size_t j = 0; j < row_count; j++) {
        if (rows[j].person != person || rows[j].past != (which == LIST_PAST))
            continue;
        assert_true(i < count);
        assert_same(&read[i], &rows[j].choice);
        if (which == LIST_PAST)
            assert_true(event_name_equal(&by[i], &rows[j].by));
        i++;
    }
    assert_int_equal(i, count);
    pool_release(&pool);
}

static void compare_all(void)
{
    struct list_view *view = view_of(list);
    for (unsigned person = 0; person < PEOPLE; person++) {
        compare(view, LIST_STANDING, person);
        compare(view, LIST_PAST, person);
    }
    list_view_end(view);
}

/* The rows that the journal tells of, each the model's next one of that person. */
static int compare_event(struct txn *txn, const struct event *event, void *argument)
{
    bool *seen = argument;
    (void)txn;
    for (size_t i = 0; i < event->choice_count; i++) {
        size_t j = 0;
        const struct event_choice *row = &event->choices[i];
        for (; j < row_count; j++) {
            struct subject subject = subject_number(rows[j].person);
            if (event_name_equal(&rows[j].choice.event, &event->name) &&
                memcmp(&subject, &row->subject, sizeof subject) == 0)
                break;
        }
        assert_true(j < row_count && !seen[j]);
        assert_same(&row->choice, &rows[j].choice);
        seen[j] = true;
    }
    return 0;
}

static void compare_journal(void)
{
    static bool seen[ROWS_MAX];
    struct list_view *view = view_of(list);
    memset(seen, 0, sizeof seen);
    assert_int_equal(list_walk(view, NULL, compare_event, seen), 0);
    list_view_end(view);
    for (size_t i = 0; i < row_count; i++)
        assert_true(seen[i]);
}

static void the_list_holds_what_a_naive_model_holds(void **state)
{
    (void)state;
    for (unsigned step = 0; step < STEPS; step++) {
        if (random_below(3))
            add_some();
        else
            withdraw_some();
        if (step % 20 == 19)
            compare_all();
        if (step % 200 == 199)
            reopen_as(ENV_WRITE);
    }
    compare_all();
    compare_journal();
    verified();
    size_t past = 0, opt_ins = 0;
    for (size_t i = 0; i < row_count; i++) {
        past += rows[i].past;
        opt_ins += rows[i].choice.name_count > 0;
    }
    assert_true(past > STEPS / 10 && opt_ins > STEPS / 20 && row_count > STEPS / 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start_over, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_list_holds_what_a_naive_model_holds),
        TEST(the_list_holds_what_a_naive_model_holds), /* the numbers go on, so another sequence */
        TEST(the_list_holds_what_a_naive_model_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
