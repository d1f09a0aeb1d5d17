/* The rule of decision, as cases to read. What holds for every set of choices is in
 * test_choice_random.c. */
#include "core/choice.h"

#include "base/error.h"
#include "core/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ROWS_MAX 8
#define DAY 86400
#define NOW (1000 * (int64_t)DAY)

/* --- choices in words -------------------------------------------------------------------------
 *
 *     A1: opt-out of acme/newsletter
 *     A2: block of acme, until tomorrow
 *     B1: opt-out of acme, for the whole domain, by crm, said on day 3
 *     A3: confirmed opt-in to acme, naming A1 B1
 *
 * The letter is the node that wrote the event, the number is the event's. A confirmed opt-in names
 * what it would name if it were given after the choices above it, unless it says what. */

struct words {
    struct choice rows[ROWS_MAX];
    size_t count;
    char scopes[ROWS_MAX][SCOPE_MAX + 1];
    char sources[ROWS_MAX][32];
    struct event_name names[ROWS_MAX][ROWS_MAX];
};

static struct event_name read_event(const char *word)
{
    struct event_name event = {.number = strtoull(word + 1, NULL, 10)};
    assert_in_range(word[0], 'A', 'Z');
    assert_int_not_equal(event.number, 0);
    event.node[0] = (uint8_t)word[0];
    return event;
}

static void name_events(struct choice *row, struct event_name *names, char *words)
{
    char *rest = words;
    row->names = names;
    row->name_count = 0;
    for (char *word; (word = strtok_r(NULL, " ", &rest)) != NULL;)
        if (strcmp(word, "nothing") != 0)
            names[row->name_count++] = read_event(word);
}

static void name_what_stands(struct words *words, struct choice *row, struct event_name *names)
{
    row->names = names;
    row->name_count = 0;
    for (size_t i = 0; i < words->count; i++)
        if (choice_would_be_named(&words->rows[i], row->scope, NOW))
            names[row->name_count++] = words->rows[i].event;
}

/* "opt-out of SCOPE", "confirmed opt-in to SCOPE" */
static void read_first_phrase(struct words *words, struct choice *row, const char *phrase)
{
    static const struct {
        const char *words;
        enum choice_kind kind;
        bool confirmed;
    } forms[] = {
        {"opt-out of ", CHOICE_OPT_OUT, false},
        {"block of ", CHOICE_BLOCK, false},
        {"asserted opt-in to ", CHOICE_OPT_IN, false},
        {"confirmed opt-in to ", CHOICE_OPT_IN, true},
    };
    size_t n = words->count;
    size_t i = 0;
    while (strncmp(phrase, forms[i].words, strlen(forms[i].words)) != 0) {
        i++;
        assert_true(i < sizeof forms / sizeof *forms);
    }
    snprintf(words->scopes[n], sizeof words->scopes[n], "%s", phrase + strlen(forms[i].words));
    assert_int_equal(scope_check(words->scopes[n]), 0);
    row->scope = words->scopes[n];
    row->kind = forms[i].kind;
    row->confirmed = forms[i].confirmed;
    if (row->confirmed)
        name_what_stands(words, row, words->names[n]);
}

static void read_other_phrase(struct words *words, struct choice *row, char *phrase)
{
    size_t n = words->count;
    if (strcmp(phrase, "until tomorrow") == 0)
        row->until = NOW + DAY;
    else if (strcmp(phrase, "until next week") == 0)
        row->until = NOW + 7 * DAY;
    else if (strcmp(phrase, "ended yesterday") == 0)
        row->until = NOW - DAY;
    else if (strcmp(phrase, "ending now") == 0)
        row->until = NOW;
    else if (strcmp(phrase, "for the whole domain") == 0)
        row->domain = true;
    else if (strncmp(phrase, "naming ", 7) == 0)
        name_events(row, words->names[n], phrase + 7);
    else if (strncmp(phrase, "by ", 3) == 0)
        snprintf(words->sources[n], sizeof words->sources[n], "%s", phrase + 3);
    else if (strncmp(phrase, "said on day ", 12) == 0)
        row->asked = strtoll(phrase + 12, NULL, 10) * DAY;
    else if (strncmp(phrase, "said at noon of day ", 20) == 0)
        row->asked = strtoll(phrase + 20, NULL, 10) * DAY + DAY / 2;
    else
        fail_msg("cannot read: %s", phrase);
}

static void read_choice(struct words *words, const char *text)
{
    char copy[256];
    char *rest = copy;
    struct choice row = {.event = read_event(text), .source = words->sources[words->count]};

    assert_true(words->count < ROWS_MAX);
    snprintf(words->sources[words->count], sizeof words->sources[0], "web");
    assert_non_null(strstr(text, ": "));
    snprintf(copy, sizeof copy, "%s", strstr(text, ": ") + 2);
    for (bool first = true; rest; first = false) {
        char *phrase = rest;
        rest = strstr(phrase, ", ");
        if (rest) {
            *rest = '\0';
            rest += 2;
        }
        if (first)
            read_first_phrase(words, &row, phrase);
        else
            read_other_phrase(words, &row, phrase);
    }
    words->rows[words->count++] = row;
}

/* --- answers in words ------------------------------------------------------------------------- */

#define ANSWER_SIZE 128

static int compare_events(const void *a, const void *b)
{
    const struct choice *const *x = a, *const *y = b;
    int order = memcmp((*x)->event.node, (*y)->event.node, EVENT_NODE_SIZE);
    return order != 0 ? order : ((*x)->event.number > (*y)->event.number) * 2 - 1;
}

/* "kept back by A1 B1", "may be mailed by A2", "may be mailed", "no consent". */
static void decide_in_words(const struct choice *rows, size_t count, const char *scope,
                            bool consent_asked, char answer[ANSWER_SIZE])
{
    const struct choice *deciding[64];
    size_t n = 999;
    enum decision decision = choice_decide(rows, count, scope, consent_asked, NOW, deciding, &n);

    assert_true(n <= count);
    qsort(deciding, n, sizeof *deciding, compare_events);
    snprintf(answer, ANSWER_SIZE, "%s%s",
             decision == DECISION_OPTED_OUT    ? "kept back"
             : decision == DECISION_NO_CONSENT ? "no consent"
                                               : "may be mailed",
             n > 0 ? " by" : "");
    for (size_t i = 0; i < n; i++) {
        size_t length = strlen(answer);
        snprintf(answer + length, ANSWER_SIZE - length, " %c%u", deciding[i]->event.node[0],
                 (unsigned)deciding[i]->event.number);
    }
}

/* --- the table of cases ---------------------------------------------------------------------- */

/* clang-format off */
static const struct {
    const char *sentence;
    const char *choices[5];
    const char *stream;
    bool consent; /* the stream asks for consent */
    const char *answer;
} cases[] = {
    /* What covers what. */
    {"Who said nothing may be mailed.", {NULL}, "acme/newsletter", false, "may be mailed"},
    {"An opt-out keeps back the mail of its scope.",
     {"A1: opt-out of acme/newsletter"},
     "acme/newsletter", false, "kept back by A1"},
    {"An opt-out of a wide scope covers all below it.",
     {"A1: opt-out of acme"},
     "acme/newsletter", false, "kept back by A1"},
    {"An opt-out of everything covers every stream.",
     {"A1: opt-out of /"},
     "acme/newsletter", false, "kept back by A1"},
    {"An opt-out of one newsletter leaves the others.",
     {"A1: opt-out of acme/newsletter"},
     "acme/offers", false, "may be mailed"},
    {"An opt-out of a part does not cover the whole.",
     {"A1: opt-out of acme/newsletter/de"},
     "acme/newsletter", false, "may be mailed"},
    {"Scopes are compared by segment, not by letter.",
     {"A1: opt-out of acme"},
     "acmeplus/newsletter", false, "may be mailed"},
    {"Every choice that keeps back is told.",
     {"A1: opt-out of acme", "A2: block of /", "A3: opt-out of acme/offers"},
     "acme/newsletter", false, "kept back by A1 A2"},

    /* Blocks and ends. */
    {"A block keeps back like an opt-out.",
     {"A1: block of acme"},
     "acme/newsletter", false, "kept back by A1"},
    {"A block stands until its end.",
     {"A1: block of acme, until tomorrow"},
     "acme/newsletter", false, "kept back by A1"},
    {"A block that has ended keeps nothing back.",
     {"A1: block of acme, ended yesterday"},
     "acme/newsletter", false, "may be mailed"},
    {"At the moment of its end a block no longer stands.",
     {"A1: block of acme, ending now"},
     "acme/newsletter", false, "may be mailed"},
    {"An expired bounce uncovers the unsubscribe beside it.",
     {"A1: opt-out of acme/newsletter", "A2: block of acme, ended yesterday"},
     "acme/newsletter", false, "kept back by A1"},
    {"An opt-out has no end, even if somebody wrote one.",
     {"A1: opt-out of acme, ended yesterday"},
     "acme/newsletter", false, "kept back by A1"},

    /* What an opt-in lifts. */
    {"A confirmed opt-in lifts the opt-out that stood when it was given.",
     {"A1: opt-out of acme/newsletter", "A2: confirmed opt-in to acme/newsletter"},
     "acme/newsletter", false, "may be mailed by A2"},
    {"A confirmed opt-in lifts blocks too.",
     {"A1: block of acme/newsletter, until tomorrow", "A2: opt-out of acme/newsletter",
      "A3: confirmed opt-in to acme/newsletter"},
     "acme/newsletter", false, "may be mailed by A3"},
    {"An asserted opt-in lifts nothing.",
     {"A1: opt-out of acme/newsletter", "A2: asserted opt-in to acme/newsletter"},
     "acme/newsletter", false, "kept back by A1"},
    {"An asserted opt-in lifts nothing, even if it names something.",
     {"A1: opt-out of acme/newsletter", "A2: asserted opt-in to acme/newsletter, naming A1"},
     "acme/newsletter", false, "kept back by A1"},
    {"A later opt-out is a second row, and stands.",
     {"A1: opt-out of acme/newsletter", "A2: confirmed opt-in to acme/newsletter",
      "A3: opt-out of acme/newsletter"},
     "acme/newsletter", false, "kept back by A3"},
    {"An opt-out that the opt-in had not seen goes on standing.",
     {"A1: opt-out of acme/newsletter", "B1: opt-out of acme/newsletter",
      "A2: confirmed opt-in to acme/newsletter, naming A1"},
     "acme/newsletter", false, "kept back by B1"},
    {"Events of two nodes with the same number are two events.",
     {"B1: opt-out of acme/newsletter", "A2: confirmed opt-in to acme/newsletter, naming A1"},
     "acme/newsletter", false, "kept back by B1"},
    {"A confirmed opt-in that names nothing lifts nothing.",
     {"A1: opt-out of acme/newsletter", "A2: confirmed opt-in to acme/newsletter, naming nothing"},
     "acme/newsletter", false, "kept back by A1"},
    {"An opt-in to a wide scope does not lift the opt-out of a part.",
     {"A1: opt-out of acme/newsletter", "A2: confirmed opt-in to acme"},
     "acme/newsletter", false, "kept back by A1"},
    {"An opt-in to a part lifts the wide opt-out there...",
     {"A1: opt-out of acme", "A2: confirmed opt-in to acme/newsletter"},
     "acme/newsletter", false, "may be mailed by A2"},
    {"... and nowhere else.",
     {"A1: opt-out of acme", "A2: confirmed opt-in to acme/newsletter"},
     "acme/offers", false, "kept back by A1"},
    {"An opt-in that has ended lifts nothing any more.",
     {"A1: opt-out of acme/newsletter", "A2: confirmed opt-in to acme/newsletter, ended yesterday"},
     "acme/newsletter", false, "kept back by A1"},
    {"One of two opt-ins is enough for one opt-out, not for the other.",
     {"A1: opt-out of acme/newsletter", "A2: confirmed opt-in to acme/newsletter",
      "A3: block of acme", "A4: confirmed opt-in to acme/newsletter, naming A1"},
     "acme/newsletter", false, "kept back by A3"},
    {"What opt-ins lift between them may be mailed.",
     {"A1: opt-out of acme/newsletter", "A2: confirmed opt-in to acme/newsletter",
      "A3: block of acme", "A4: confirmed opt-in to acme/newsletter, naming A3"},
     "acme/newsletter", false, "may be mailed by A2 A4"},
    {"An opt-in that was not needed is not told.",
     {"A1: asserted opt-in to acme", "A2: confirmed opt-in to acme"},
     "acme/newsletter", false, "may be mailed"},
    {"When the opt-in is withdrawn, the opt-out beside it counts again.",
     {"A1: opt-out of acme/newsletter" /* A2, the opt-in, is gone */},
     "acme/newsletter", false, "kept back by A1"},

    /* Whole domains. */
    {"An opt-out of a domain covers its people.",
     {"A1: opt-out of acme, for the whole domain"},
     "acme/newsletter", false, "kept back by A1"},
    {"A person's opt-in does not lift the domain's opt-out.",
     {"A1: opt-out of acme, for the whole domain", "A2: opt-out of acme",
      "A3: confirmed opt-in to acme"},
     "acme/newsletter", false, "kept back by A1"},
    {"A person's opt-in does not lift it even by name.",
     {"A1: opt-out of acme, for the whole domain", "A2: confirmed opt-in to acme, naming A1"},
     "acme/newsletter", false, "kept back by A1"},
    {"An opt-in for a domain speaks for nobody.",
     {"A1: opt-out of acme", "A2: confirmed opt-in to acme, for the whole domain, naming A1"},
     "acme/newsletter", false, "kept back by A1"},

    /* Streams that ask for consent. */
    {"Without consent nothing goes out.", {NULL}, "acme/newsletter", true, "no consent"},
    {"An asserted opt-in is consent.",
     {"A1: asserted opt-in to acme/newsletter"},
     "acme/newsletter", true, "may be mailed by A1"},
    {"Consent to a wide scope is consent to its parts.",
     {"A1: asserted opt-in to acme"},
     "acme/newsletter", true, "may be mailed by A1"},
    {"Consent to a part is none to the whole.",
     {"A1: confirmed opt-in to acme/newsletter/de"},
     "acme/newsletter", true, "no consent"},
    {"Consent that has ended is none.",
     {"A1: confirmed opt-in to acme/newsletter, ended yesterday"},
     "acme/newsletter", true, "no consent"},
    {"Consent stands until its end.",
     {"A1: asserted opt-in to acme/newsletter, until tomorrow"},
     "acme/newsletter", true, "may be mailed by A1"},
    {"An opt-out stands before any consent.",
     {"A1: opt-out of acme/newsletter", "A2: asserted opt-in to acme/newsletter"},
     "acme/newsletter", true, "kept back by A1"},
    {"A confirmed opt-in lifts and is consent.",
     {"A1: opt-out of acme/newsletter", "A2: confirmed opt-in to acme/newsletter"},
     "acme/newsletter", true, "may be mailed by A2"},
    {"Nobody consents for a domain.",
     {"A1: asserted opt-in to acme, for the whole domain"},
     "acme/newsletter", true, "no consent"},
};

/* clang-format on */

static void the_rule_of_decision_holds_in_every_case(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct words words = {.count = 0};
        char answer[ANSWER_SIZE];

        for (size_t j = 0; j < 5 && cases[i].choices[j]; j++)
            read_choice(&words, cases[i].choices[j]);
        decide_in_words(words.rows, words.count, cases[i].stream, cases[i].consent, answer);
        if (strcmp(answer, cases[i].answer) != 0)
            fail_msg("%s Expected: %s. Answer: %s", cases[i].sentence, cases[i].answer, answer);
    }
}

/* --- what is known already ------------------------------------------------------------------- */

/* clang-format off */
static const struct {
    const char *sentence;
    const char *standing[4];
    const char *candidate;
    bool known;
} known_cases[] = {
    {"Beside nothing, everything is new.", {NULL}, "A9: opt-out of acme", false},
    {"The same from the same source is known.",
     {"A1: opt-out of acme, by crm, said on day 1"},
     "A9: opt-out of acme, by crm, said on day 2", true},
    {"Another source is new.", {"A1: opt-out of acme, by crm"}, "A9: opt-out of acme", false},
    {"Another scope is new, even a narrower one.",
     {"A1: opt-out of acme"},
     "A9: opt-out of acme/newsletter", false},
    {"Another kind is new.", {"A1: block of acme"}, "A9: opt-out of acme", false},
    {"A domain is not one of its people.",
     {"A1: opt-out of acme, for the whole domain"},
     "A9: opt-out of acme", false},

    {"A later end is new.",
     {"A1: block of acme, until tomorrow"},
     "A9: block of acme, until next week", false},
    {"No end is later than any.",
     {"A1: block of acme, until tomorrow"},
     "A9: block of acme", false},
    {"An earlier end is known.",
     {"A1: block of acme, until next week"},
     "A9: block of acme, until tomorrow", true},
    {"The same end is known.",
     {"A1: block of acme, until tomorrow"},
     "A9: block of acme, until tomorrow", true},
    {"Any end is earlier than none.",
     {"A1: block of acme"},
     "A9: block of acme, until tomorrow", true},
    {"A row that no longer stands is not there.",
     {"A1: block of acme, ended yesterday"},
     "A9: block of acme, ended yesterday", false},

    {"An opt-out after the opt-in is written.",
     {"A1: opt-out of acme, said on day 1", "A2: confirmed opt-in to acme, said on day 2"},
     "A9: opt-out of acme, said on day 3", false},
    {"So is a block.",
     {"A1: block of acme, said on day 1", "A2: confirmed opt-in to acme, said on day 2"},
     "A9: block of acme, said on day 3", false},
    {"The very statement that the opt-in named is known: the nightly import brings it again.",
     {"A1: opt-out of acme, by crm, said on day 1", "A2: confirmed opt-in to acme, said on day 2"},
     "A9: opt-out of acme, by crm, said on day 1", true},
    {"Another date is another statement, even an earlier one.",
     {"A1: opt-out of acme, said on day 2", "A2: confirmed opt-in to acme, said on day 3"},
     "A9: opt-out of acme, said on day 1", false},
    {"Without dates nobody can tell: it is written.",
     {"A1: opt-out of acme", "A2: confirmed opt-in to acme, said on day 2"},
     "A9: opt-out of acme", false},
    {"What was said in the same second as the opt-in may be a change of mind: it is written.",
     {"A1: opt-out of acme, said on day 2", "A2: confirmed opt-in to acme, said on day 2"},
     "A9: opt-out of acme, said on day 2", false},
    {"So may what was said on the day of the opt-in, no time is told: it is written.",
     {"A1: opt-out of acme, said on day 2", "A2: confirmed opt-in to acme, said at noon of day 2"},
     "A9: opt-out of acme, said on day 2", false},
    {"What has a time may be of the day of the opt-in, and is known.",
     {"A1: opt-out of acme, said at noon of day 2", "A2: confirmed opt-in to acme, said on day 3"},
     "A9: opt-out of acme, said at noon of day 2", true},
    {"Where the opt-in has no date, nobody can tell either.",
     {"A1: opt-out of acme, said on day 1", "A2: confirmed opt-in to acme"},
     "A9: opt-out of acme, said on day 1", false},
    {"Written once after the opt-in, it is known again.",
     {"A1: opt-out of acme", "A2: confirmed opt-in to acme, said on day 2", "A3: opt-out of acme"},
     "A9: opt-out of acme", true},
    {"An opt-in that has ended names nothing any more.",
     {"A1: opt-out of acme, said on day 1",
      "A2: confirmed opt-in to acme, said on day 2, ended yesterday"},
     "A9: opt-out of acme, said on day 3", true},
    {"An asserted opt-in names nothing.",
     {"A1: opt-out of acme, said on day 1", "A2: asserted opt-in to acme, said on day 2"},
     "A9: opt-out of acme, said on day 3", true},
    {"An opt-in to a part is enough to make a later opt-out new.",
     {"A1: opt-out of acme, said on day 1",
      "A2: confirmed opt-in to acme/newsletter, said on day 2"},
     "A9: opt-out of acme, said on day 3", false},
    {"Two opt-ins name it, and the later statement came between them: it is written.",
     {"A1: opt-out of acme, said on day 3", "A2: confirmed opt-in to acme, said on day 2",
      "A3: confirmed opt-in to acme, said on day 4"},
     "A9: opt-out of acme, said on day 3", false},

    {"The same opt-in is known.",
     {"A1: asserted opt-in to acme"},
     "A9: asserted opt-in to acme", true},
    {"A confirmed opt-in beside an asserted one is new.",
     {"A1: asserted opt-in to acme"},
     "A9: confirmed opt-in to acme", false},
    {"An asserted opt-in beside a confirmed one is known.",
     {"A1: confirmed opt-in to acme"},
     "A9: asserted opt-in to acme", true},
    {"An opt-in that names more is new.",
     {"A1: opt-out of acme", "A2: confirmed opt-in to acme", "A3: block of acme"},
     "A9: confirmed opt-in to acme, naming A1 A3", false},
    {"An opt-in that names no more is known.",
     {"A1: opt-out of acme", "A3: block of acme", "A2: confirmed opt-in to acme"},
     "A9: confirmed opt-in to acme, naming A3", true},
    {"An opt-in that ends later is new.",
     {"A1: asserted opt-in to acme, until tomorrow"},
     "A9: asserted opt-in to acme", false},
};

/* clang-format on */

static void only_what_says_nothing_new_is_known(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof known_cases / sizeof *known_cases; i++) {
        struct words words = {.count = 0};

        for (size_t j = 0; j < 4 && known_cases[i].standing[j]; j++)
            read_choice(&words, known_cases[i].standing[j]);
        read_choice(&words, known_cases[i].candidate);
        words.count--;
        if ((choice_find_known(&words.rows[words.count], words.rows, words.count, NOW) != NULL) !=
            known_cases[i].known)
            fail_msg("%s", known_cases[i].sentence);
    }
}

/* --- the rest -------------------------------------------------------------------------------- */

static void what_an_opt_in_names_stands_covers_its_scope_and_is_the_persons_own(void **state)
{
    struct words words = {.count = 0};
    (void)state;
    read_choice(&words, "A1: opt-out of acme/newsletter");
    read_choice(&words, "A2: block of acme");
    read_choice(&words, "A3: opt-out of acme/newsletter/de");
    read_choice(&words, "A4: block of acme, ended yesterday");
    read_choice(&words, "A5: opt-out of acme, for the whole domain");
    read_choice(&words, "A6: asserted opt-in to acme");
    read_choice(&words, "A7: opt-out of /");
    static const bool expected[] = {true, true, false, false, false, false, true};
    for (size_t i = 0; i < words.count; i++)
        assert_int_equal(choice_would_be_named(&words.rows[i], "acme/newsletter", NOW),
                         expected[i]);
}

static void an_opt_in_has_seen_what_was_said_before_it(void **state)
{
    const int64_t friday = 100 * DAY, sunday = 102 * DAY, monday = 103 * DAY;
    struct choice row = {.kind = CHOICE_OPT_OUT, .scope = "acme", .source = "web"};
    (void)state;
    assert_true(choice_was_said_by(&row, friday, friday));
    assert_true(choice_was_said_by(&row, friday, monday));
    assert_false(choice_was_said_by(&row, sunday, friday));
    row.asked = friday + 60; /* and written down on Monday */
    assert_true(choice_was_said_by(&row, monday, friday + 60));
    assert_false(choice_was_said_by(&row, monday, friday + 59));
    row.asked = friday; /* some time on that day */
    assert_true(choice_was_said_by(&row, monday, sunday));
    assert_false(choice_was_said_by(&row, monday, friday + DAY / 2));
    assert_true(choice_was_said_by(&row, friday + DAY / 2, friday + DAY / 2));
}

static void reasons_have_names_and_unknown_ones_their_number(void **state)
{
    char buffer[CHOICE_REASON_SIZE];
    enum choice_reason reason = REASON_OTHER;
    (void)state;
    for (unsigned i = 0; i <= REASON_OTHER; i++) {
        assert_int_equal(choice_reason_parse(choice_reason_name(i, buffer), &reason), 0);
        assert_int_equal(reason, i);
    }
    assert_string_equal(choice_reason_name(REASON_SOFT_BOUNCE, buffer), "soft-bounce");
    assert_string_equal(choice_reason_name(12, buffer), "reason-12");
    assert_string_equal(choice_reason_name(65535, buffer), "reason-65535");
    reason = REASON_PAUSE;
    assert_int_equal(choice_reason_parse("reason-12", &reason), ERR_NOT_FOUND);
    assert_int_equal(choice_reason_parse("", &reason), ERR_NOT_FOUND);
    assert_int_equal(reason, REASON_PAUSE);
}

static void kinds_have_names(void **state)
{
    (void)state;
    assert_string_equal(choice_kind_name(CHOICE_OPT_OUT), "opt-out");
    assert_string_equal(choice_kind_name(CHOICE_BLOCK), "block");
    assert_string_equal(choice_kind_name(CHOICE_OPT_IN), "opt-in");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rule_of_decision_holds_in_every_case),
        cmocka_unit_test(only_what_says_nothing_new_is_known),
        cmocka_unit_test(what_an_opt_in_names_stands_covers_its_scope_and_is_the_persons_own),
        cmocka_unit_test(an_opt_in_has_seen_what_was_said_before_it),
        cmocka_unit_test(reasons_have_names_and_unknown_ones_their_number),
        cmocka_unit_test(kinds_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
