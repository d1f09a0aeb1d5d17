#include "core/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define RECIPIENTS_MAX 6

/* --- recipients in letters: what is known of each, and who it is --------------------------------
 *
 * "F1 F2 O3": F free, O opted out, N without consent, C companion, U unreadable, R unremovable,
 * ? unknown; the digit is the person. */

struct envelope {
    struct recipient recipients[RECIPIENTS_MAX];
    enum recipient_state states[RECIPIENTS_MAX];
    size_t count;
};

static void read_envelope(const char *words, struct envelope *envelope)
{
    static const char letters[] = "FONCUR?";
    static const enum recipient_state states[] = {
        RECIPIENT_FREE,       RECIPIENT_OPTED_OUT,   RECIPIENT_NO_CONSENT, RECIPIENT_COMPANION,
        RECIPIENT_UNREADABLE, RECIPIENT_UNREMOVABLE, RECIPIENT_UNKNOWN};

    memset(envelope, 0, sizeof *envelope);
    for (; *words; words += words[2] ? 3 : 2) {
        struct recipient *recipient = &envelope->recipients[envelope->count];
        const char *letter = strchr(letters, words[0]);
        assert_non_null(letter);
        envelope->states[envelope->count] = states[letter - letters];
        recipient->companion = words[0] == 'C';
        recipient->problem = words[0] == 'U' || words[0] == 'R' ? -1 : 0;
        if (recipient->problem == 0)
            snprintf(recipient->address.text, sizeof recipient->address.text, "p%c@x.example",
                     words[1]);
        envelope->count++;
        assert_true(envelope->count <= RECIPIENTS_MAX);
    }
}

static struct verdict judge(const struct stream *stream, const char *words)
{
    struct envelope envelope;
    read_envelope(words, &envelope);
    return verdict_make(stream, ORIGIN_SMTP, envelope.recipients, envelope.states, envelope.count);
}

/* --- cases ------------------------------------------------------------------------------------ */

static const struct {
    const char *sentence;
    const char *recipients;
    enum action action;
    enum link_kind link;
    size_t only_one, delivered, kept_back;
} cases[] = {
    {"One free person gets it, with a link of their own.", "F1", ACTION_PASS, LINK_PERSONAL, 0, 1,
     0},
    {"Several free people get it, with a general link.", "F1 F2", ACTION_PASS, LINK_GENERAL, 0, 2,
     0},
    {"One person twice is one person.", "F1 F1 F1", ACTION_PASS, LINK_PERSONAL, 0, 3, 0},
    {"One person twice and another are several.", "F1 F1 F2", ACTION_PASS, LINK_GENERAL, 0, 3, 0},
    {"Who comes back later does not hide the other.", "F1 F2 F1", ACTION_PASS, LINK_GENERAL, 0, 3,
     0},
    {"A companion is not counted.", "C9 F1 C8", ACTION_PASS, LINK_PERSONAL, 1, 3, 0},
    {"Companions alone pass, and get no link.", "C9 C8", ACTION_PASS, LINK_NONE, 0, 2, 0},
    {"Who opted out is stripped, and one is left.", "O1 F2", ACTION_STRIP, LINK_PERSONAL, 1, 1, 1},
    {"Who opted out is stripped, and several are left.", "F1 O2 F3", ACTION_STRIP, LINK_GENERAL, 0,
     2, 1},
    {"Missing consent strips too.", "N1 F2", ACTION_STRIP, LINK_PERSONAL, 1, 1, 1},
    {"So does an address that cannot be read.", "U1 F2", ACTION_STRIP, LINK_PERSONAL, 1, 1, 1},
    {"All kinds are counted.", "O1 N2 U3 F4 C5", ACTION_STRIP, LINK_PERSONAL, 3, 2, 3},
    {"Nobody left is refused.", "O1", ACTION_REFUSE, LINK_NONE, 0, 0, 1},
    {"Nobody left of several is refused.", "O1 N2 U3", ACTION_REFUSE, LINK_NONE, 0, 0, 3},
    {"A companion left alone is nobody.", "O1 C9", ACTION_REFUSE, LINK_NONE, 0, 0, 1},
    {"Who cannot be removed for certain refuses the message.", "F1 R2", ACTION_REFUSE, LINK_NONE, 0,
     0, 1},
    {"Even alone.", "R1", ACTION_REFUSE, LINK_NONE, 0, 0, 1},
    {"Whom the store cannot tell of defers the message.", "F1 ?2", ACTION_DEFER, LINK_NONE, 0, 0,
     0},
    {"What is unknown comes before what cannot be removed.", "R1 O2 ?3 F4", ACTION_DEFER, LINK_NONE,
     0, 0, 2},
    {"Even beside companions alone.", "C9 ?1", ACTION_DEFER, LINK_NONE, 0, 0, 0},
};

static void the_verdict_is_right_in_every_case(void **state)
{
    const struct stream stream = {.none_left = NONE_LEFT_REFUSE};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct verdict verdict = judge(&stream, cases[i].recipients);
        if (verdict.action != cases[i].action || verdict.link != cases[i].link ||
            verdict.delivered != cases[i].delivered || verdict.kept_back != cases[i].kept_back ||
            (verdict.link == LINK_PERSONAL && verdict.only_one != cases[i].only_one))
            fail_msg("%s Verdict: %s, link %d for %zu, %zu delivered, %zu kept back",
                     cases[i].sentence, action_name(verdict.action), (int)verdict.link,
                     verdict.only_one, verdict.delivered, verdict.kept_back);
    }
}

static const struct {
    const char *sentence;
    enum message_origin origin;
    const char *recipients;
    const char *refusal;
} refusals[] = {
    {"Who opted out.", ORIGIN_SMTP, "O1", "opted out of"},
    {"Missing consent is said of several.", ORIGIN_SMTP, "O1 N2", "no consent for"},
    {"What cannot be read comes first.", ORIGIN_SMTP, "N1 U2 O3",
     "a recipient cannot be read, for"},
    {"Also where it cannot be removed.", ORIGIN_SMTP, "F1 R2", "a recipient cannot be read, for"},
    {"By sendmail(1), how the others get it.", ORIGIN_SENDMAIL, "F1 O2",
     "send it to each recipient alone, some must not have it:"},
    {"But not where there are none.", ORIGIN_SENDMAIL, "O1 N2", "no consent for"},
    {"A companion is nobody to send it to.", ORIGIN_SENDMAIL, "O1 C9", "opted out of"},
    {"What is stripped is not refused.", ORIGIN_SMTP, "F1 O2", NULL},
    {"What passes neither.", ORIGIN_SENDMAIL, "F1", NULL},
    {"What waits neither.", ORIGIN_SMTP, "O1 ?2", NULL},
};

static void a_refusal_says_why(void **state)
{
    const struct stream stream = {.none_left = NONE_LEFT_REFUSE};
    (void)state;
    for (size_t i = 0; i < COUNT(refusals); i++) {
        struct envelope envelope;
        read_envelope(refusals[i].recipients, &envelope);
        struct verdict verdict = verdict_make(&stream, refusals[i].origin, envelope.recipients,
                                              envelope.states, envelope.count);
        if (verdict.refusal != refusals[i].refusal &&
            (!verdict.refusal || !refusals[i].refusal ||
             strcmp(verdict.refusal, refusals[i].refusal) != 0))
            fail_msg("%s Refusal: %s", refusals[i].sentence, verdict.refusal);
    }
}

static void discarding_is_for_mail_with_nobody_left_alone(void **state)
{
    const struct stream stream = {.none_left = NONE_LEFT_DISCARD};
    (void)state;
    assert_int_equal(judge(&stream, "O1 C9").action, ACTION_DISCARD);
    assert_int_equal(judge(&stream, "O1 N2").action, ACTION_DISCARD);
    assert_int_equal(judge(&stream, "O1").delivered, 0);
    assert_int_equal(judge(&stream, "O1 F2").action, ACTION_STRIP);
    assert_int_equal(judge(&stream, "R1").action, ACTION_REFUSE);
    assert_int_equal(judge(&stream, "O1 ?2").action, ACTION_DEFER);
    assert_int_equal(judge(&stream, "C9").action, ACTION_PASS);
}

static void a_stream_without_list_unsubscribe_gets_no_link(void **state)
{
    const struct stream off = {.list_unsubscribe = UNSUBSCRIBE_OFF};
    const struct stream keep = {.list_unsubscribe = UNSUBSCRIBE_KEEP};
    (void)state;
    assert_int_equal(judge(&off, "F1").link, LINK_NONE);
    assert_int_equal(judge(&off, "F1 F2").link, LINK_NONE);
    assert_int_equal(judge(&off, "F1 F2").delivered, 2);
    assert_int_equal(judge(&keep, "F1").link, LINK_PERSONAL);
}

/* All mixes of four recipients in seven states, as sets of promises. */
static void in_every_mix_nobody_gets_mail_who_may_not(void **state)
{
    static const char letters[] = "FONCUR?";
    size_t seen = 0;
    (void)state;
    for (unsigned mix = 0; mix < 7 * 7 * 7 * 7; mix++) {
        const struct stream stream = {.none_left =
                                          (mix & 1) ? NONE_LEFT_DISCARD : NONE_LEFT_REFUSE};
        char words[16];
        snprintf(words, sizeof words, "%c1 %c2 %c3 %c4", letters[mix % 7], letters[mix / 7 % 7],
                 letters[mix / 49 % 7], letters[mix / 343]);
        struct verdict verdict = judge(&stream, words);
        bool goes_out = verdict.action == ACTION_PASS || verdict.action == ACTION_STRIP;

        assert_int_equal(goes_out, verdict.delivered > 0);
        if (strchr(words, '?'))
            assert_int_equal(verdict.action, ACTION_DEFER);
        if (verdict.action == ACTION_PASS)
            assert_null(strpbrk(words, "ONUR?"));
        if (verdict.action == ACTION_STRIP)
            assert_true(strchr(words, 'F') && verdict.kept_back > 0 && !strpbrk(words, "R?"));
        if (goes_out)
            assert_int_equal(verdict.delivered + verdict.kept_back, 4);
        if (verdict.link == LINK_PERSONAL)
            assert_int_equal(words[3 * verdict.only_one], 'F');
        if (verdict.link != LINK_NONE)
            assert_true(goes_out);
        seen++;
    }
    assert_int_equal(seen, 2401);
}

static void nobody_can_be_removed_for_certain_from_mail_of_sendmail_1(void **state)
{
    const struct stream stream = {.none_left = NONE_LEFT_DISCARD};
    struct envelope envelope;
    (void)state;
    read_envelope("F1 O2", &envelope);
    struct verdict verdict = verdict_make(&stream, ORIGIN_SENDMAIL, envelope.recipients,
                                          envelope.states, envelope.count);
    assert_int_equal(verdict.action, ACTION_REFUSE);
    assert_int_equal(verdict.delivered, 0);
    assert_int_equal(verdict.link, LINK_NONE);
}

static void mail_of_sendmail_1_that_all_may_have_passes(void **state)
{
    const struct stream stream = {.none_left = NONE_LEFT_REFUSE};
    struct envelope envelope;
    (void)state;
    read_envelope("F1", &envelope);
    struct verdict verdict = verdict_make(&stream, ORIGIN_SENDMAIL, envelope.recipients,
                                          envelope.states, envelope.count);
    assert_int_equal(verdict.action, ACTION_PASS);
    assert_int_equal(verdict.link, LINK_PERSONAL);
}

static void a_state_that_is_none_cannot_tell(void **state)
{
    const struct stream stream = {.none_left = NONE_LEFT_DISCARD};
    struct envelope envelope;
    (void)state;
    read_envelope("F1 F2", &envelope);
    envelope.states[1] = (enum recipient_state)0;
    assert_int_equal(
        verdict_make(&stream, ORIGIN_SMTP, envelope.recipients, envelope.states, envelope.count)
            .action,
        ACTION_DEFER);
}

static void handed_on_is_who_got_it(void **state)
{
    static const enum action to_nobody[] = {ACTION_REFUSE, ACTION_DISCARD, ACTION_DEFER};
    (void)state;
    assert_true(recipient_was_handed_on(ACTION_PASS, MODE_ENFORCE, RECIPIENT_FREE));
    assert_true(recipient_was_handed_on(ACTION_STRIP, MODE_ENFORCE, RECIPIENT_FREE));
    assert_true(recipient_was_handed_on(ACTION_STRIP, MODE_ENFORCE, RECIPIENT_COMPANION));
    assert_false(recipient_was_handed_on(ACTION_STRIP, MODE_ENFORCE, RECIPIENT_OPTED_OUT));
    assert_false(recipient_was_handed_on(ACTION_STRIP, MODE_ENFORCE, RECIPIENT_UNREADABLE));
    for (size_t i = 0; i < sizeof to_nobody / sizeof *to_nobody; i++) {
        assert_false(recipient_was_handed_on(to_nobody[i], MODE_ENFORCE, RECIPIENT_FREE));
        assert_true(recipient_was_handed_on(to_nobody[i], MODE_MONITOR, RECIPIENT_OPTED_OUT));
    }
}

static void kept_back_is_who_must_not_get_it(void **state)
{
    (void)state;
    assert_true(recipient_is_kept_back(RECIPIENT_OPTED_OUT));
    assert_true(recipient_is_kept_back(RECIPIENT_NO_CONSENT));
    assert_true(recipient_is_kept_back(RECIPIENT_UNREADABLE));
    assert_true(recipient_is_kept_back(RECIPIENT_UNREMOVABLE));
    assert_false(recipient_is_kept_back(RECIPIENT_FREE));
    assert_false(recipient_is_kept_back(RECIPIENT_COMPANION));
    assert_false(recipient_is_kept_back(RECIPIENT_UNKNOWN));
}

static void rcpt_is_answered_by_what_the_stream_says(void **state)
{
    static const struct {
        enum recipient_state state;
        enum rcpt strip_plain, strip_defer, refuse_plain, refuse_defer;
    } answers[] = {
        {RECIPIENT_FREE, RCPT_TAKEN, RCPT_PUT_OFF, RCPT_TAKEN, RCPT_PUT_OFF},
        {RECIPIENT_OPTED_OUT, RCPT_TAKEN, RCPT_TAKEN, RCPT_REFUSED, RCPT_REFUSED},
        {RECIPIENT_NO_CONSENT, RCPT_TAKEN, RCPT_TAKEN, RCPT_REFUSED, RCPT_REFUSED},
        {RECIPIENT_COMPANION, RCPT_TAKEN, RCPT_TAKEN, RCPT_TAKEN, RCPT_TAKEN},
        {RECIPIENT_UNREADABLE, RCPT_TAKEN, RCPT_TAKEN, RCPT_REFUSED, RCPT_REFUSED},
        {RECIPIENT_UNREMOVABLE, RCPT_TAKEN, RCPT_TAKEN, RCPT_REFUSED, RCPT_REFUSED},
        {RECIPIENT_UNKNOWN, RCPT_DEFERRED, RCPT_DEFERRED, RCPT_DEFERRED, RCPT_DEFERRED},
        {(enum recipient_state)0, RCPT_DEFERRED, RCPT_DEFERRED, RCPT_DEFERRED, RCPT_DEFERRED},
    };
    const struct stream strip_plain = {.suppressed = SUPPRESSED_STRIP},
                        strip_defer = {.recipients = SEVERAL_DEFER},
                        refuse_plain = {.suppressed = SUPPRESSED_REFUSE},
                        refuse_defer = {.suppressed = SUPPRESSED_REFUSE,
                                        .recipients = SEVERAL_DEFER};
    (void)state;
    for (size_t i = 0; i < COUNT(answers); i++) {
        assert_int_equal(rcpt_answer(&strip_plain, answers[i].state), answers[i].strip_plain);
        assert_int_equal(rcpt_answer(&strip_defer, answers[i].state), answers[i].strip_defer);
        assert_int_equal(rcpt_answer(&refuse_plain, answers[i].state), answers[i].refuse_plain);
        assert_int_equal(rcpt_answer(&refuse_defer, answers[i].state), answers[i].refuse_defer);
    }
}

static void actions_and_states_have_names(void **state)
{
    static const char *const actions[] = {"pass", "strip", "refuse", "discard", "defer"};
    static const char *const states[] = {"free",       "opted-out",   "no-consent", "companion",
                                         "unreadable", "unremovable", "unknown"};
    (void)state;
    for (size_t i = 0; i < COUNT(actions); i++)
        assert_string_equal(action_name((enum action)(ACTION_PASS + i)), actions[i]);
    for (size_t i = 0; i < COUNT(states); i++)
        assert_string_equal(recipient_state_name((enum recipient_state)(RECIPIENT_FREE + i)),
                            states[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_verdict_is_right_in_every_case),
        cmocka_unit_test(a_refusal_says_why),
        cmocka_unit_test(discarding_is_for_mail_with_nobody_left_alone),
        cmocka_unit_test(a_stream_without_list_unsubscribe_gets_no_link),
        cmocka_unit_test(in_every_mix_nobody_gets_mail_who_may_not),
        cmocka_unit_test(nobody_can_be_removed_for_certain_from_mail_of_sendmail_1),
        cmocka_unit_test(mail_of_sendmail_1_that_all_may_have_passes),
        cmocka_unit_test(a_state_that_is_none_cannot_tell),
        cmocka_unit_test(handed_on_is_who_got_it),
        cmocka_unit_test(kept_back_is_who_must_not_get_it),
        cmocka_unit_test(rcpt_is_answered_by_what_the_stream_says),
        cmocka_unit_test(actions_and_states_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
