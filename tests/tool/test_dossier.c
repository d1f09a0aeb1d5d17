/* What a person's record says of every kind of event that both stores can have about them: events
 * that no program writes in one run are made by hand. */
#include "tool/person.h"

/* The tool has a function of this name. */
#define site_address site_address_key
#include "../store/list_site.h"
#undef site_address

#include "base/file.h"
#include "store/erase.h"

#define WHO "jane@home.example"

static struct site site;
static struct subject subject;
static struct list_entry entry;
static struct address address;
static struct ledger *ledger;

static const struct word staff_words[] = {{"staff", "olga"}, {"note", "why"}};
static const struct word other_words[] = {{"staff", "carl"}};
static const struct act by_olga = {.actor = "cli", .words = staff_words, .word_count = 2};
static const struct act by_carl = {.actor = "cli", .words = other_words, .word_count = 1};

static const struct stream streams[] = {
    {.rule = {.name = "news"}, .scope = NEWS, .ledger = LEDGER_ALL},
    {.rule = {.name = "offers"}, .scope = "acme/offers"},
};
static char templates[80];
static struct config config = {.policy = {.streams = streams, .stream_count = 2}};

/* Titles, details and words of the page, each as a line. */
#define SHEET                                                                                      \
    "<xsl:stylesheet version='1.0' xmlns:xsl='http://www.w3.org/1999/XSL/Transform'>"              \
    "<xsl:output method='text'/>"                                                                  \
    "<xsl:template match='/person'><xsl:for-each select='fact'>"                                   \
    "<xsl:value-of select='title'/><xsl:for-each select='detail'>; "                               \
    "<xsl:value-of select='@label'/>: <xsl:value-of select='.'/></xsl:for-each>"                   \
    "<xsl:text>&#10;</xsl:text></xsl:for-each></xsl:template></xsl:stylesheet>"

static void put_file(const char *name, const char *text)
{
    char *path = file_join(templates, name);
    assert_int_equal(file_replace(path, text, strlen(text), 0600, NULL), 0);
    free(path);
}

static int begin(void **state)
{
    if (set_up(state) || address_parse(WHO, &address))
        return -1;
    snprintf(templates, sizeof templates, "%s/templates", site_folder);
    if (mkdir(templates, 0700) || subject_hasher_new(site_lookup.subject, &site.hasher))
        return -1;
    config.templates = templates;
    site.config = &config;
    site.has_address = true;
    site.list = list;
    site.ledger = ledger = open_ledger();
    return site_subject(&site, &address, &subject, NULL);
}

static int end(void **state)
{
    subject_hasher_free(site.hasher);
    if (ledger_close(ledger))
        return -1;
    memset(&site, 0, sizeof site);
    return tear_down(state);
}

/* --- writing --------------------------------------------------------------------------------- */

static void opt_out(void)
{
    entry = opt_out_of(NEWS, 0);
    entry.subject = subject;
    entry.address = WHO;
    add_by(&by_olga, &entry, 1);
}

static struct event_name propose_removal(void)
{
    const struct event_target target = {true, subject, entry.event};
    const struct event_proposal proposal = {.operation = OPERATION_REMOVE,
                                            .rows = 1,
                                            .source = "",
                                            .targets = &target,
                                            .target_count = 1};
    struct event_name event = {.number = 0};
    assert_ok(list_propose(list, &proposal, NULL, 0, &by_olga, &event, &why));
    return event;
}

static void reject(struct event_name proposal)
{
    const struct event_decision decision = {proposal, PROPOSAL_REJECTED};
    assert_ok(list_decide(list, &decision, &by_carl, &why));
}

static void approve_removal(struct event_name proposal)
{
    const struct event_decision decision = {proposal, PROPOSAL_APPROVED};
    const struct word words[] = {{"staff", "olga"}, {"approver", "carl"}};
    const struct event_withdrawal row = {subject, entry.event};
    const struct act act = {.actor = "cli",
                            .words = words,
                            .word_count = 2,
                            .decision = &decision,
                            .decision_words = other_words,
                            .decision_word_count = 1};
    struct event_name event;
    assert_ok(list_withdraw(list, &row, 1, &act, &event, &why));
}

static void erase_in(struct store *store, const struct event_name *words)
{
    const struct event_erasure row = {subject, words, words ? 1 : 0};
    struct event_name event;
    assert_ok(erase_write(store, &row, 1, "cli", staff_words, 2, NULL, &event, &why));
}

static void configure(void)
{
    struct ledger_configuration c = {
        .actor = "milter",
        .configuration = {.place = "a", .occasion = CONFIGURATION_START, .since_ms = 500},
        .text = "text"};
    memset(c.configuration.digest, 'a', EVENT_HASH_SIZE);
    assert_ok(ledger_configure(ledger, &c, 1, &why));
}

static uint64_t decide(enum action action, enum mode mode, enum recipient_state state, char under,
                       uint64_t about)
{
    struct event_verdict_row row = {.known = true, .subject = subject, .state = state};
    struct event_verdict verdict = {.stream = "news",
                                    .rule = "r",
                                    .scope = NEWS,
                                    .queue_id = "4Q1",
                                    .action = action,
                                    .mode = mode,
                                    .given = 1,
                                    .rows = &row,
                                    .row_count = 1};
    const char *actor =
        action == ACTION_HOLD || action == ACTION_DELETE || about ? "cli" : "milter";
    uint64_t number;
    memset(verdict.config, under, sizeof verdict.config);
    assert_ok(ledger_write_by(ledger, actor, about, &verdict, NULL, 0, &number, &why));
    return number;
}

/* --- reading --------------------------------------------------------------------------------- */

static void gather(struct dossier *dossier)
{
    assert_ok(site_view(&site, &why));
    assert_ok(dossier_gather(&site, &address, INT64_MIN, 1800000000, dossier, &why));
}

static void forget(void)
{
    site_end_view(&site);
    pool_release(&site.pool);
}

/* Times differ with each run: "2026-11-26T00:20:00.000Z" becomes "TIME". */
static void hide_times(char *text)
{
    char *to = text;

    while (*text)
        if (text[0] == '2' && text[1] == '0' && text[4] == '-' && text[10] == 'T') {
            memcpy(to, "TIME", 4);
            to += 4;
            text += strcspn(text, "Z") + 1;
        } else {
            *to++ = *text++;
        }
    *to = '\0';
}

static void assert_lines(const struct dossier *dossier, const char *expected)
{
    struct text text = TEXT_EMPTY;
    char name[PERSON_EVENT_SIZE];

    for (size_t i = 0; i < dossier->fact_count; i++) {
        const struct fact *fact = &dossier->facts[i];
        text_format(&text, "%s, %s: ", person_fact_name(fact->kind),
                    person_event_name(dossier, fact, name));
        person_append_fact(&text, dossier, fact);
        for (size_t j = 0; j < fact->word_count; j++)
            text_format(&text, ", %s %s", fact->words[j].name, fact->words[j].text);
        text_append(&text, "\n");
    }
    hide_times(text.data);
    assert_string_equal(text.data, expected);
    text_release(&text);
}

static void assert_page(const struct dossier *dossier, const char *expected)
{
    struct text html = TEXT_EMPTY;

    put_file("person.xsl", SHEET);
    put_file("paper.css", "");
    assert_ok(person_make_page(dossier, &html, &why));
    hide_times(html.data);
    assert_string_equal(html.data, expected);
    text_release(&html);
}

/* --------------------------------------------------------------------------------------------- */

static void what_was_proposed_and_decided_is_told(void **state)
{
    struct dossier dossier;
    (void)state;
    opt_out();
    reject(propose_removal());
    approve_removal(propose_removal());
    gather(&dossier);
    assert_true(dossier_holds(&dossier));
    assert_lines(&dossier,
                 "choice, event 3: opt-out of acme/news, reason unsubscribe, source cli, "
                 "staff olga, note why\n"
                 "proposal, event 4: proposed: removal of 1 choice, staff olga, note why\n"
                 "decision, event 5: proposal 4: rejected, staff carl\n"
                 "proposal, event 6: proposed: removal of 1 choice, staff olga, note why\n"
                 "decision, event 7: proposal 6: approved, staff carl\n"
                 "withdrawal, event 8: choice of event 3 removed: opt-out of acme/news, "
                 "proposal 6, staff olga, approver carl\n");
    assert_page(&dossier, "opt-out of acme/news; Scope: acme/news; Reason: unsubscribe; "
                          "Source: cli; Written by: cli; note: why\n"
                          "Proposed: removal of 1 choice; Written by: cli; note: why\n"
                          "Decision on a proposal: rejected; Proposal of event: 4; "
                          "Written by: cli\n"
                          "Proposed: removal of 1 choice; Written by: cli; note: why\n"
                          "Decision on a proposal: approved; Proposal of event: 6; "
                          "Written by: cli\n"
                          "Removed: opt-out of acme/news; Choice of event: 3; "
                          "Proposed by event: 6; Written by: cli\n");
    forget();
}

static void erasures_in_both_stores_are_told(void **state)
{
    struct dossier dossier;
    (void)state;
    opt_out();
    erase_in(list_store(list), &entry.event);
    erase_in(ledger_store(ledger), NULL);
    gather(&dossier);
    assert_string_equal(dossier_identity_name(&dossier), "erased");
    assert_lines(&dossier, "choice, event 3: opt-out of acme/news, reason unsubscribe, source cli\n"
                           "erasure, event 4: address erased, and the words of 1 event, "
                           "staff olga, note why\n"
                           "erasure, erasure 2: address erased, and the words of 0 events, "
                           "staff olga, note why\n");
    assert_page(&dossier, "opt-out of acme/news; Scope: acme/news; Reason: unsubscribe; "
                          "Source: cli; Written by: cli\n"
                          "Address erased, and the words of 1 event, in the list; "
                          "Written by: cli; note: why\n"
                          "Address erased, and the words of 0 events, in the ledger; "
                          "Written by: cli; note: why\n");
    forget();
}

#define UNDER                                                                                      \
    "; recognised by r, queue id 4Q1, configuration 6161616161616161 of event 2 of the ledger, "   \
    "TIME\n"
#define MAIL ": mail of stream news (acme/news): "

static void write_verdicts(void)
{
    configure();
    decide(ACTION_PASS, MODE_ENFORCE, RECIPIENT_FREE, 'a', 0);
    decide(ACTION_STRIP, MODE_ENFORCE, RECIPIENT_FREE, 'a', 0);
    decide(ACTION_STRIP, MODE_ENFORCE, RECIPIENT_OPTED_OUT, 'a', 0);
    decide(ACTION_REFUSE, MODE_MONITOR, RECIPIENT_OPTED_OUT, 'a', 0);
    decide(ACTION_REFUSE, MODE_ENFORCE, RECIPIENT_FREE, 'b', 0);
    decide(ACTION_DEFER, MODE_ENFORCE, RECIPIENT_UNKNOWN, 'a', 0);
    uint64_t held = decide(ACTION_HOLD, MODE_ENFORCE, RECIPIENT_OPTED_OUT, 'a', 0);
    decide(ACTION_PASS, MODE_ENFORCE, RECIPIENT_OPTED_OUT, 'a', held);
    decide(ACTION_DELETE, MODE_ENFORCE, RECIPIENT_OPTED_OUT, 'a', 0);
}

static void each_verdict_says_what_became_of_the_mail(void **state)
{
    struct dossier dossier;
    (void)state;
    write_verdicts();
    gather(&dossier);
    assert_lines(&dossier,
                 "verdict, verdict 3" MAIL "handed on; this address free" UNDER
                 "verdict, verdict 4" MAIL "handed on; this address free" UNDER
                 "verdict, verdict 5" MAIL "kept back (strip); this address opted-out" UNDER
                 "verdict, verdict 6" MAIL "handed on, since the stream only monitors, "
                 "else refuse; this address opted-out" UNDER "verdict, verdict 7" MAIL
                 "kept back (refuse); this address free; "
                 "recognised by r, queue id 4Q1, configuration 6262626262626262, "
                 "which the ledger does not have\n"
                 "verdict, verdict 8" MAIL "put off, since the list could not tell; "
                 "this address unknown" UNDER "verdict, verdict 9" MAIL "put on hold in the queue; "
                 "this address opted-out" UNDER "verdict, verdict 10" MAIL
                 "had left the queue, so verdict 9 came to nothing; "
                 "this address opted-out" UNDER "verdict, verdict 11" MAIL
                 "deleted from the queue; "
                 "this address opted-out" UNDER);
    forget();
}

static void titles_of_the_page_say_it_too(void **state)
{
    static const char *const titles[] = {
        "Mail handed on;",
        "Mail handed on;",
        "Mail kept back: strip;",
        "Mail handed on, since its stream only monitors (else refuse);",
        "Mail kept back: refuse;",
        "Mail put off: it could not be told whether it may be sent;",
        "Mail that was waiting in the queue put on hold;",
        "Mail that was to be taken out of the queue had left it before;",
        "Mail that was waiting in the queue deleted;",
    };
    struct text html = TEXT_EMPTY;
    struct dossier dossier;
    (void)state;
    write_verdicts();
    gather(&dossier);
    put_file("person.xsl", SHEET);
    put_file("paper.css", "");
    assert_ok(person_make_page(&dossier, &html, &why));
    const char *line = html.data;
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++) {
        if (strncmp(line, titles[i], strlen(titles[i])) != 0)
            fail_msg("line %zu begins otherwise than %s:\n%s", i, titles[i], line);
        line += strcspn(line, "\n") + 1;
    }
    assert_non_null(strstr(html.data, "Takes back verdict: 9;"));
    assert_non_null(
        strstr(html.data, "Configuration: 6161616161616161 of event 2 of the ledger, 20"));
    text_release(&html);
    forget();
}

static void for_each_stream_it_says_what_is_kept(void **state)
{
    struct dossier dossier;
    size_t found = 0;
    (void)state;
    gather(&dossier);
    assert_false(dossier_holds(&dossier));
    for (size_t i = 0; i < dossier.prospect_count; i++) {
        const struct prospect *p = &dossier.prospects[i];
        if (!p->stream)
            continue;
        assert_string_equal(person_recorded_text(p), strcmp(p->stream, "news") == 0
                                                         ? "kept by person"
                                                         : "counted, and not kept by person");
        found++;
    }
    assert_int_equal(found, 2);
    forget();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(what_was_proposed_and_decided_is_told),     TEST(erasures_in_both_stores_are_told),
        TEST(each_verdict_says_what_became_of_the_mail), TEST(titles_of_the_page_say_it_too),
        TEST(for_each_stream_it_says_what_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
