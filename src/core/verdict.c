#include "core/verdict.h"

const char *action_name(enum action action)
{
    switch (action) {
    case ACTION_PASS:
        return "pass";
    case ACTION_STRIP:
        return "strip";
    case ACTION_REFUSE:
        return "refuse";
    case ACTION_DISCARD:
        return "discard";
    case ACTION_DEFER:
        return "defer";
    case ACTION_HOLD:
        return "hold";
    case ACTION_DELETE:
        return "delete";
    }
    return "unknown";
}

const char *recipient_state_name(enum recipient_state state)
{
    switch (state) {
    case RECIPIENT_FREE:
        return "free";
    case RECIPIENT_OPTED_OUT:
        return "opted-out";
    case RECIPIENT_NO_CONSENT:
        return "no-consent";
    case RECIPIENT_COMPANION:
        return "companion";
    case RECIPIENT_UNREADABLE:
        return "unreadable";
    case RECIPIENT_UNREMOVABLE:
        return "unremovable";
    case RECIPIENT_UNKNOWN:
        break;
    }
    return "unknown";
}

bool recipient_is_kept_back(enum recipient_state state)
{
    return state == RECIPIENT_OPTED_OUT || state == RECIPIENT_NO_CONSENT ||
           state == RECIPIENT_UNREADABLE || state == RECIPIENT_UNREMOVABLE;
}

bool recipient_was_handed_on(enum action action, enum mode mode, enum recipient_state state)
{
    if (mode == MODE_MONITOR)
        return true;
    return (action == ACTION_PASS || action == ACTION_STRIP) && !recipient_is_kept_back(state);
}

#define CANNOT_BE_READ "a recipient cannot be read, for"
#define NO_CONSENT "no consent for"
#define OPTED_OUT "opted out of"
#define NOT_ALONE "send it to each recipient alone, some must not have it:"

const char *recipient_refusal(enum recipient_state state)
{
    if (state == RECIPIENT_UNREADABLE || state == RECIPIENT_UNREMOVABLE)
        return CANNOT_BE_READ;
    return state == RECIPIENT_NO_CONSENT ? NO_CONSENT : OPTED_OUT;
}

struct tally {
    size_t free, companions, kept_back, no_consent, unreadable, unremovable, unknown;
    size_t first_free; /* its index, where there is one */
    bool one_person;   /* all free ones are the same */
};

static struct tally count_states(const struct recipient *recipients,
                                 const enum recipient_state *states, size_t count)
{
    struct tally tally = {.one_person = true};

    for (size_t i = 0; i < count; i++) {
        if (states[i] == RECIPIENT_COMPANION) {
            tally.companions++;
        } else if (recipient_is_kept_back(states[i])) {
            tally.kept_back++;
            tally.no_consent += states[i] == RECIPIENT_NO_CONSENT;
            tally.unreadable += states[i] == RECIPIENT_UNREADABLE;
            tally.unremovable += states[i] == RECIPIENT_UNREMOVABLE;
        } else if (states[i] != RECIPIENT_FREE) {
            tally.unknown++; /* also a number that is no state: cannot tell */
        } else if (tally.free++ == 0) {
            tally.first_free = i;
        } else if (!recipient_is_same_person(&recipients[i], &recipients[tally.first_free])) {
            tally.one_person = false;
        }
    }
    return tally;
}

static enum action choose_action(const struct stream *stream, const struct tally *tally)
{
    if (tally->unknown > 0)
        return ACTION_DEFER;
    if (tally->unremovable > 0)
        return ACTION_REFUSE;
    if (tally->kept_back == 0)
        return ACTION_PASS;
    if (tally->free > 0)
        return ACTION_STRIP;
    return stream->none_left == NONE_LEFT_DISCARD ? ACTION_DISCARD : ACTION_REFUSE;
}

static const char *word_refusal(enum message_origin origin, const struct tally *tally)
{
    if (origin == ORIGIN_SENDMAIL && tally->free > 0)
        return NOT_ALONE;
    if (tally->unreadable + tally->unremovable > 0)
        return CANNOT_BE_READ;
    return tally->no_consent > 0 ? NO_CONSENT : OPTED_OUT;
}

struct verdict verdict_make(const struct stream *stream, enum message_origin origin,
                            const struct recipient *recipients, const enum recipient_state *states,
                            size_t count)
{
    struct tally tally = count_states(recipients, states, count);
    struct verdict verdict = {
        .action = choose_action(stream, &tally),
        .link = LINK_NONE,
        .kept_back = tally.kept_back,
    };

    if (verdict.action == ACTION_STRIP && origin == ORIGIN_SENDMAIL)
        verdict.action = ACTION_REFUSE;
    if (verdict.action == ACTION_REFUSE)
        verdict.refusal = word_refusal(origin, &tally);
    if (verdict.action != ACTION_PASS && verdict.action != ACTION_STRIP)
        return verdict;
    verdict.delivered = tally.free + tally.companions;
    if (tally.free == 0 || stream->list_unsubscribe == UNSUBSCRIBE_OFF)
        return verdict;
    verdict.link = tally.one_person ? LINK_PERSONAL : LINK_GENERAL;
    verdict.only_one = tally.first_free;
    return verdict;
}

enum rcpt rcpt_answer(const struct stream *stream, enum recipient_state state)
{
    if (recipient_is_kept_back(state))
        return stream->suppressed == SUPPRESSED_REFUSE ? RCPT_REFUSED : RCPT_TAKEN;
    if (state == RECIPIENT_FREE)
        return stream->recipients == SEVERAL_DEFER ? RCPT_PUT_OFF : RCPT_TAKEN;
    return state == RECIPIENT_COMPANION ? RCPT_TAKEN : RCPT_DEFERRED;
}
