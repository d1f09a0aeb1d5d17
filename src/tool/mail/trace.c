#include "tool/mail/trace.h"

#include "tool/output.h"

#include <arpa/inet.h>
#include <string.h>

static unsigned bit(int criterion)
{
    return 1u << criterion;
}

void trace_append_rule(struct text *line, const struct rule *rule)
{
    const char *before = "";
    for (int c = 0; c < CRITERION_COUNT; c++)
        if (rule->match[c].count > 0) {
            text_format(line, "%s%s", before, criterion_name((enum criterion)c));
            before = ", ";
        }
}

/* --- what is missing --- */

/* What the message has to say to a criterion; NULL where that is not one text. */
static const char *fact(enum criterion criterion, const struct message *m,
                        char text[ADDRESS_GIVEN_MAX + 1])
{
    size_t at = 0;
    const struct header_field *from;

    switch (criterion) {
    case MATCH_SENDER:
        return m->sender && *m->sender ? m->sender : "<>";
    case MATCH_FROM:
        from = message_field(m, "From", &at);
        if (!from)
            return "not there";
        message_from_address(from->value, text, ADDRESS_GIVEN_MAX + 1);
        return text;
    case MATCH_LOGIN:
        return m->login ? m->login : "unknown";
    case MATCH_CLIENT:
        if (m->client_name)
            return m->client_name;
        return m->client_known && inet_ntop(AF_INET6, m->client_ip.bytes, text, INET6_ADDRSTRLEN)
                   ? text
                   : "unknown";
    case MATCH_LISTENER:
        return m->origin == ORIGIN_SENDMAIL ? "sendmail"
               : m->listener                ? m->listener
               : m->listener_port           ? m->listener_port
                                            : "unknown";
    case MATCH_HEADER:
    case MATCH_RECIPIENT:
    case CRITERION_COUNT:
        break;
    }
    return NULL;
}

static void append_missing(struct text *line, const struct rule *rule, enum criterion criterion,
                           const struct message *message)
{
    char text[ADDRESS_GIVEN_MAX + 1];
    const struct patterns *wanted = &rule->match[criterion];
    const char *is = fact(criterion, message, text);

    text_format(line, "%s does not hold (wanted", criterion_name(criterion));
    for (size_t i = 0; i < wanted->count; i++)
        text_format(line, "%s %s", i ? " or" : "", wanted->globs[i]);
    if (is)
        text_format(line, "; is %s", is);
    text_append(line, ")");
}

static void append_trace(struct text *line, const struct rule *rule, const struct rule_trace *trace,
                         const struct message *message)
{
    const char *before = "";

    for (int c = 0; c < CRITERION_COUNT; c++) {
        if (!(trace->asked & bit(c)))
            continue;
        text_append(line, before);
        if (trace->matched & bit(c))
            text_format(line, "%s holds", criterion_name((enum criterion)c));
        else
            append_missing(line, rule, (enum criterion)c, message);
        before = ", ";
    }
    if (trace->needs_internal)
        text_append(line, ", but all that rests on what the mail says of itself, and the client is "
                          "neither internal nor logged in");
    if (trace->conversation)
        text_append(line, ", but it matches by header fields alone, and the mail is an answer or "
                          "goes through a discussion list");
}

/* --- showing --- */

/* From 0 to 1; a rule of which everything holds came nearest. */
static double nearness(const struct rule_trace *trace)
{
    int asked = __builtin_popcount(trace->asked), matched = __builtin_popcount(trace->matched);
    return asked ? (double)matched / asked : 0;
}

static void show(const char *head, const struct policy *policy, const struct rule *rule,
                 const struct message *message)
{
    struct rule_trace trace = rule_trace(policy, rule, message);
    struct text line = TEXT_EMPTY;

    text_format(&line, "  %s%s: ", head, rule->name);
    append_trace(&line, rule, &trace, message);
    output_text(&line);
}

void trace_show_unbelieved(const struct policy *policy, const struct message *message)
{
    for (size_t i = 0; i < policy->exemption_count; i++)
        if (rule_trace(policy, &policy->exemptions[i], message).needs_internal)
            show("not exempt by ", policy, &policy->exemptions[i], message);
}

void trace_show_misses(const struct policy *policy, const struct message *message)
{
    size_t nearest = 0;
    double best = -1;

    for (size_t i = 0; i < policy->stream_count; i++) {
        struct rule_trace trace = rule_trace(policy, &policy->streams[i].rule, message);
        if (nearness(&trace) > best) {
            best = nearness(&trace);
            nearest = i;
        }
    }
    if (policy->stream_count > 0)
        show("nearest: stream ", policy, &policy->streams[nearest].rule, message);
    for (size_t i = 0; i < policy->stream_count; i++)
        if (i != nearest)
            show("stream ", policy, &policy->streams[i].rule, message);
}

static json_t *names_of(unsigned set)
{
    json_t *names = json_array();
    for (int c = 0; c < CRITERION_COUNT; c++)
        if (set & bit(c))
            output_append(names, json_string(criterion_name((enum criterion)c)));
    return names;
}

static json_t *rule_object(const struct policy *policy, const struct rule *rule, const char *kind,
                           const struct message *message)
{
    struct rule_trace trace = rule_trace(policy, rule, message);
    json_t *object = json_object();

    output_put_text(object, "kind", kind);
    output_put_text(object, "name", rule->name);
    output_put(object, "asked", names_of(trace.asked));
    output_put(object, "missing", names_of(trace.asked & ~trace.matched));
    output_put_bool(object, "needs_internal", trace.needs_internal);
    output_put_bool(object, "conversation", trace.conversation);
    return object;
}

json_t *trace_json(const struct policy *policy, const struct message *message)
{
    json_t *rules = json_array();
    for (size_t i = 0; i < policy->exemption_count; i++)
        output_append(rules, rule_object(policy, &policy->exemptions[i], "exempt", message));
    for (size_t i = 0; i < policy->stream_count; i++)
        output_append(rules, rule_object(policy, &policy->streams[i].rule, "stream", message));
    return rules;
}
