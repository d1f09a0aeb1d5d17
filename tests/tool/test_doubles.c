#include "tool/person/doubles.h"

#include <stdarg.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

#define NEWS "acme/news"
#define ROWS_MAX 8

static struct choice choices[ROWS_MAX];
static struct stated rows[ROWS_MAX];
static size_t row_count;

static int forget_rows(void **state)
{
    (void)state;
    row_count = 0;
    return 0;
}

/* Writes a row as event 1, 2, ... at second 100, 200, ... */
static struct choice *say(enum choice_kind kind, const char *scope, const char *source)
{
    struct choice *c = &choices[row_count];

    *c = (struct choice){.kind = kind, .scope = scope, .source = source};
    c->event.number = row_count + 1;
    rows[row_count] = (struct stated){
        .choice = c, .recorded = 100 * ((int64_t)row_count + 1), .withdrawn = SIZE_MAX};
    row_count++;
    return c;
}

/* Why the last row was written, beside which. */
static void expect(enum double_why why, size_t beside)
{
    size_t found = SIZE_MAX;

    assert_int_equal(double_find(rows, row_count, row_count - 1, &found), why);
    if (why != DOUBLE_NONE) {
        assert_int_equal(found, beside);
        assert_non_null(double_text(why));
        assert_non_null(double_name(why));
    }
}

static void what_says_something_else_is_no_double(void **state)
{
    (void)state;
    say(CHOICE_OPT_OUT, NEWS, "cli");
    expect(DOUBLE_NONE, 0);
    say(CHOICE_OPT_OUT, "acme", "cli");
    expect(DOUBLE_NONE, 0);
    say(CHOICE_BLOCK, NEWS, "cli");
    expect(DOUBLE_NONE, 0);
    say(CHOICE_OPT_OUT, NEWS, "cli")->domain = true;
    expect(DOUBLE_NONE, 0);
}

static void another_source_speaks_for_itself(void **state)
{
    (void)state;
    say(CHOICE_OPT_OUT, NEWS, "cli");
    say(CHOICE_OPT_OUT, NEWS, "web");
    expect(DOUBLE_SOURCE, 0);
}

static void the_same_source_is_preferred_to_one_that_came_later(void **state)
{
    (void)state;
    say(CHOICE_OPT_OUT, NEWS, "cli");
    say(CHOICE_OPT_OUT, NEWS, "web");
    say(CHOICE_OPT_OUT, NEWS, "cli");
    expect(DOUBLE_OTHER, 0);
    say(CHOICE_OPT_OUT, NEWS, "mail");
    expect(DOUBLE_SOURCE, 2);
}

static void what_was_withdrawn_or_had_ended_is_no_double(void **state)
{
    (void)state;
    say(CHOICE_OPT_OUT, NEWS, "cli");
    rows[0].withdrawn = 1; /* before the second row */
    say(CHOICE_OPT_OUT, NEWS, "cli");
    expect(DOUBLE_NONE, 0);
    say(CHOICE_BLOCK, NEWS, "cli")->until = 350;
    say(CHOICE_BLOCK, NEWS, "cli");
    expect(DOUBLE_NONE, 0); /* written at 400 */
    rows[3].withdrawn = 5;  /* later than the row that is asked about */
    say(CHOICE_BLOCK, NEWS, "cli");
    expect(DOUBLE_OTHER, 3);
}

static void an_opt_out_after_an_opt_in_is_a_new_decision(void **state)
{
    static struct event_name lifted = {.number = 1};
    (void)state;
    say(CHOICE_OPT_OUT, NEWS, "web");
    struct choice *opt_in = say(CHOICE_OPT_IN, NEWS, "web");
    opt_in->confirmed = true;
    opt_in->names = &lifted;
    opt_in->name_count = 1;
    say(CHOICE_OPT_OUT, NEWS, "web");
    expect(DOUBLE_LIFTED, 0);
    rows[1].withdrawn = 2; /* then nothing lifts it any more */
    expect(DOUBLE_OTHER, 0);
}

static void a_later_end_is_news_and_an_earlier_one_is_not(void **state)
{
    (void)state;
    say(CHOICE_BLOCK, NEWS, "cli")->until = 10000;
    say(CHOICE_BLOCK, NEWS, "cli")->until = 20000;
    expect(DOUBLE_LONGER, 0);
    say(CHOICE_BLOCK, NEWS, "cli");
    expect(DOUBLE_LONGER, 1);
    say(CHOICE_BLOCK, NEWS, "cli")->until = 30000;
    expect(DOUBLE_OTHER, 2);
}

static void a_confirmed_opt_in_says_more(void **state)
{
    (void)state;
    say(CHOICE_OPT_IN, NEWS, "crm");
    say(CHOICE_OPT_IN, NEWS, "crm")->confirmed = true;
    expect(DOUBLE_CONFIRMED, 0);
}

static void imports_and_nodes_do_not_rest_on_each_other(void **state)
{
    (void)state;
    say(CHOICE_OPT_OUT, NEWS, "crm");
    rows[0].batch = 7;
    say(CHOICE_OPT_OUT, NEWS, "crm");
    expect(DOUBLE_BATCH, 0);
    say(CHOICE_OPT_OUT, NEWS, "crm")->event.node[0] = 1;
    expect(DOUBLE_NODE, 1);
}

#define TEST(name) cmocka_unit_test_setup(name, forget_rows)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_says_something_else_is_no_double),
        TEST(another_source_speaks_for_itself),
        TEST(the_same_source_is_preferred_to_one_that_came_later),
        TEST(what_was_withdrawn_or_had_ended_is_no_double),
        TEST(an_opt_out_after_an_opt_in_is_a_new_decision),
        TEST(a_later_end_is_news_and_an_earlier_one_is_not),
        TEST(a_confirmed_opt_in_says_more),
        TEST(imports_and_nodes_do_not_rest_on_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
