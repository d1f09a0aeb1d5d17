#include "core/stream.h"

#include "base/text.h"

#include <string.h>

/* Sorted, so that the answer to several criteria is the least of theirs. */
enum answer {
    ANSWER_NO,
    ANSWER_OPEN, /* what is still to come decides */
    ANSWER_YES,
};

static const char *const criterion_names[CRITERION_COUNT] = {
    [MATCH_SENDER] = "match_sender",       [MATCH_FROM] = "match_from",
    [MATCH_LOGIN] = "match_login",         [MATCH_CLIENT] = "match_client",
    [MATCH_LISTENER] = "match_listener",   [MATCH_HEADER] = "match_header",
    [MATCH_RECIPIENT] = "match_recipient",
};

const char *criterion_name(enum criterion criterion)
{
    return criterion_names[criterion];
}

/* --- single criteria: whether some glob fits -------------------------------------------------- */

static bool is_ascii(const char *string)
{
    for (; *string; string++)
        if ((unsigned char)*string >= 0x80)
            return false;
    return true;
}

/* `address` is canonical, or as it stands. A glob with other letters than ASCII was written in a
 * person's spelling, and is brought into canonical form where that is possible. */
static bool some_fits_address(const struct patterns *patterns, const char *address)
{
    for (size_t i = 0; i < patterns->count; i++) {
        const char *glob = patterns->globs[i];
        struct address canonical;
        if (text_glob(glob, address))
            return true;
        if (!is_ascii(glob) && address_parse(glob, &canonical) == 0 &&
            text_glob(canonical.text, address))
            return true;
    }
    return false;
}

static bool some_fits_spelling(const struct patterns *patterns, const char *given)
{
    struct address address;
    return some_fits_address(patterns, address_parse(given, &address) == 0 ? address.text : given);
}

static bool fits_sender(const struct patterns *patterns, const struct message *message)
{
    if (!message->sender)
        return false;
    if (*message->sender != '\0')
        return some_fits_spelling(patterns, message->sender);
    for (size_t i = 0; i < patterns->count; i++)
        if (strcmp(patterns->globs[i], "<>") == 0)
            return true;
    return false;
}

/* Any mailbox of any From field: a second one must not hide the first. */
static bool fits_from(const struct patterns *patterns, const struct message *message)
{
    const struct header_field *field;

    for (size_t at = 0; (field = message_field(message, "From", &at)) != NULL;) {
        char address[ADDRESS_GIVEN_MAX + 1];
        const char *rest = field->value;
        while (message_next_mailbox(&rest, address, sizeof address))
            if (some_fits_spelling(patterns, address))
                return true;
    }
    return false;
}

static bool has_login(const struct message *message)
{
    return message->login && *message->login != '\0';
}

static bool fits_login(const struct patterns *patterns, const struct message *message)
{
    char plain[ADDRESS_GIVEN_MAX + 1];

    if (!has_login(message))
        return false;
    const char *at = strrchr(message->login, '@');
    size_t length = at ? (size_t)(at - message->login) : strlen(message->login);
    bool short_enough = length < sizeof plain;
    if (short_enough) {
        memcpy(plain, message->login, length);
        plain[length] = '\0';
    }
    for (size_t i = 0; i < patterns->count; i++) {
        const char *glob = patterns->globs[i];
        if (strchr(glob, '@') ? text_glob(glob, message->login)
                              : short_enough && text_glob(glob, plain))
            return true;
    }
    return false;
}

/* A name in brackets is an address that has no verified name. */
static bool is_host_name(const char *name)
{
    return name && *name != '[';
}

static bool fits_client(const struct patterns *patterns, const struct message *message)
{
    for (size_t i = 0; i < patterns->count; i++) {
        struct network network;
        if (network_parse(patterns->globs[i], &network) == 0) {
            if (message->client_known && network_contains(&network, &message->client_ip))
                return true;
        } else if (is_host_name(message->client_name) &&
                   text_glob(patterns->globs[i], message->client_name)) {
            return true;
        }
    }
    return false;
}

/* For mail from sendmail(1), Postfix gives the host's name as the listener's; it is none. */
static bool fits_listener(const struct patterns *patterns, const struct message *message)
{
    for (size_t i = 0; i < patterns->count; i++) {
        const char *glob = patterns->globs[i];
        bool means_sendmail = text_equal(glob, "sendmail");
        if (message->origin == ORIGIN_SENDMAIL || means_sendmail) {
            if (message->origin == ORIGIN_SENDMAIL && means_sendmail)
                return true;
        } else if ((message->listener && text_glob(glob, message->listener)) ||
                   (message->listener_port && text_glob(glob, message->listener_port))) {
            return true;
        }
    }
    return false;
}

/* One value "Name: glob". One without a colon is none. */
static bool fits_header_value(const char *pattern, const struct message *message)
{
    size_t length = strcspn(pattern, ":");
    if (pattern[length] == '\0')
        return false;
    const char *glob = pattern + length + 1;
    while (text_is_space(*glob))
        glob++;
    while (length > 0 && text_is_space(pattern[length - 1]))
        length--;
    for (size_t i = 0; i < message->field_count; i++) {
        const struct header_field *field = &message->fields[i];
        if (strlen(field->name) == length && text_starts(pattern, field->name) &&
            message_value_fits(glob, field->value))
            return true;
    }
    return false;
}

static bool fits_header(const struct patterns *patterns, const struct message *message)
{
    for (size_t i = 0; i < patterns->count; i++)
        if (fits_header_value(patterns->globs[i], message))
            return true;
    return false;
}

/* --- recipients: all of them ------------------------------------------------------------------ */

static enum answer ask_recipients(const struct patterns *patterns, const struct message *message,
                                  enum stage stage)
{
    bool some = false;

    for (size_t i = 0; i < message->recipient_count; i++) {
        const struct recipient *recipient = &message->recipients[i];
        if (recipient->companion)
            continue;
        if (recipient->problem != 0 || !some_fits_address(patterns, recipient->address.text))
            return ANSWER_NO;
        some = true;
    }
    if (stage == STAGE_RECIPIENT)
        return ANSWER_OPEN;
    return some ? ANSWER_YES : ANSWER_NO;
}

/* --- rules ------------------------------------------------------------------------------------ */

static bool fits_one(enum criterion criterion, const struct patterns *patterns,
                     const struct message *message)
{
    static bool (*const functions[CRITERION_COUNT])(const struct patterns *,
                                                    const struct message *) = {
        [MATCH_SENDER] = fits_sender,     [MATCH_FROM] = fits_from,
        [MATCH_LOGIN] = fits_login,       [MATCH_CLIENT] = fits_client,
        [MATCH_LISTENER] = fits_listener, [MATCH_HEADER] = fits_header,
    };
    return functions[criterion](patterns, message);
}

static enum answer ask_one(enum criterion criterion, const struct patterns *patterns,
                           const struct message *message, enum stage stage)
{
    if (criterion == MATCH_RECIPIENT)
        return ask_recipients(patterns, message, stage);
    if (stage == STAGE_RECIPIENT && (criterion == MATCH_FROM || criterion == MATCH_HEADER))
        return ANSWER_OPEN;
    return fits_one(criterion, patterns, message) ? ANSWER_YES : ANSWER_NO;
}

static bool is_exemption(const struct policy *policy, const struct rule *rule)
{
    for (size_t i = 0; i < policy->exemption_count; i++)
        if (rule == &policy->exemptions[i])
            return true;
    return false;
}

static bool some_recipient_is_routed(const struct message *message)
{
    for (size_t i = 0; i < message->recipient_count; i++) {
        const struct recipient *recipient = &message->recipients[i];
        if (!recipient->companion && !recipient->problem && address_is_routed(&recipient->address))
            return true;
    }
    return false;
}

/* Whom a route leads to is not known, so no exemption means them. A stream compares it as it
 * stands: one that did not mean them would let them go. */
static enum answer ask_of_rule(const struct policy *policy, const struct rule *rule,
                               enum criterion criterion, const struct message *message,
                               enum stage stage)
{
    if (criterion == MATCH_RECIPIENT && is_exemption(policy, rule) &&
        some_recipient_is_routed(message))
        return ANSWER_NO;
    return ask_one(criterion, &rule->match[criterion], message, stage);
}

static bool asks_for(const struct rule *rule, enum criterion criterion)
{
    return rule->match[criterion].count > 0;
}

/* Whether nothing but what the message says of itself, envelope included, leads to the rule. */
static bool rests_on_own_words(const struct rule *rule)
{
    return !asks_for(rule, MATCH_LOGIN) && !asks_for(rule, MATCH_CLIENT) &&
           !asks_for(rule, MATCH_LISTENER);
}

static bool matches_by_headers_alone(const struct rule *rule)
{
    return rests_on_own_words(rule) && !asks_for(rule, MATCH_SENDER) &&
           (asks_for(rule, MATCH_HEADER) || asks_for(rule, MATCH_FROM));
}

static bool lacks_internal(const struct policy *policy, const struct rule *rule,
                           const struct message *message)
{
    return rests_on_own_words(rule) && !policy_is_internal(policy, message);
}

static bool is_kept_out_as_conversation(const struct rule *rule, const struct message *message)
{
    return matches_by_headers_alone(rule) && message_is_conversation(message);
}

static enum answer ask_rule(const struct policy *policy, const struct rule *rule,
                            const struct message *message, enum stage stage)
{
    enum answer answer = ANSWER_YES;
    bool asked = false;

    for (enum criterion c = 0; c < CRITERION_COUNT && answer != ANSWER_NO; c++) {
        if (!asks_for(rule, c))
            continue;
        enum answer one = ask_of_rule(policy, rule, c, message, stage);
        if (one < answer)
            answer = one;
        asked = true;
    }
    if (!asked || answer == ANSWER_NO || lacks_internal(policy, rule, message))
        return ANSWER_NO;
    return answer;
}

/* Headers are not yet known at STAGE_RECIPIENT, and a rule that rests on them is open anyway. */
static enum answer ask_stream(const struct policy *policy, const struct stream *stream,
                              const struct message *message, enum stage stage)
{
    enum answer answer = ask_rule(policy, &stream->rule, message, stage);
    if (answer == ANSWER_YES && is_kept_out_as_conversation(&stream->rule, message))
        return ANSWER_NO;
    return answer;
}

struct recognition stream_recognise(const struct policy *policy, const struct message *message,
                                    enum stage stage)
{
    static const struct recognition not_yet = {.what = RECOGNISED_NOT_YET};

    for (size_t i = 0; i < policy->exemption_count; i++) {
        const struct rule *rule = &policy->exemptions[i];
        enum answer answer = ask_rule(policy, rule, message, stage);
        if (answer == ANSWER_OPEN)
            return not_yet;
        if (answer == ANSWER_YES)
            return (struct recognition){.what = RECOGNISED_EXEMPTION, .rule = rule};
    }
    for (size_t i = 0; i < policy->stream_count; i++) {
        const struct stream *stream = &policy->streams[i];
        enum answer answer = ask_stream(policy, stream, message, stage);
        if (answer == ANSWER_OPEN)
            return not_yet;
        if (answer == ANSWER_YES)
            return (struct recognition){RECOGNISED_STREAM, &stream->rule, stream};
    }
    return (struct recognition){.what = RECOGNISED_NOTHING};
}

struct rule_trace rule_trace(const struct policy *policy, const struct rule *rule,
                             const struct message *message)
{
    struct rule_trace trace = {0};

    for (enum criterion c = 0; c < CRITERION_COUNT; c++) {
        if (!asks_for(rule, c))
            continue;
        trace.asked |= 1u << c;
        if (ask_of_rule(policy, rule, c, message, STAGE_COMPLETE) == ANSWER_YES)
            trace.matched |= 1u << c;
    }
    if (trace.asked != 0 && trace.matched == trace.asked) {
        trace.needs_internal = lacks_internal(policy, rule, message);
        trace.conversation =
            !is_exemption(policy, rule) && is_kept_out_as_conversation(rule, message);
    }
    return trace;
}

/* --- the policy ------------------------------------------------------------------------------- */

bool policy_is_internal(const struct policy *policy, const struct message *message)
{
    if (message->origin == ORIGIN_SENDMAIL || has_login(message))
        return true;
    for (size_t i = 0; message->client_known && i < policy->internal_count; i++)
        if (network_contains(&policy->internal[i], &message->client_ip))
            return true;
    return false;
}

bool policy_is_companion(const struct policy *policy, const struct address *address)
{
    for (size_t i = 0; i < policy->companion_count; i++)
        if (strcmp(policy->companions[i].text, address->text) == 0)
            return true;
    return false;
}

static bool answers_recipients(const struct stream *stream)
{
    return stream->mode == MODE_ENFORCE &&
           (stream->suppressed == SUPPRESSED_REFUSE || stream->recipients == SEVERAL_DEFER);
}

/* Whether the rule can hold before a header and the last recipient are known. */
static bool can_be_known_early(const struct rule *rule)
{
    return !asks_for(rule, MATCH_FROM) && !asks_for(rule, MATCH_HEADER) &&
           !asks_for(rule, MATCH_RECIPIENT);
}

bool policy_answers_recipients(const struct policy *policy)
{
    for (size_t i = 0; i < policy->stream_count; i++) {
        const struct stream *stream = &policy->streams[i];
        if (answers_recipients(stream) && can_be_known_early(&stream->rule))
            return true;
    }
    return false;
}

/* Mail from sendmail(1) has no RCPT: Postfix would take an answer for a broken milter. */
const struct stream *stream_answering(const struct policy *policy, const struct message *message)
{
    if (message->origin == ORIGIN_SENDMAIL)
        return NULL;
    const struct stream *stream = stream_recognise(policy, message, STAGE_RECIPIENT).stream;
    return stream && answers_recipients(stream) ? stream : NULL;
}
