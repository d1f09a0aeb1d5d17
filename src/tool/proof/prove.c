#include "base/clock.h"
#include "tool/argument.h"
#include "tool/command.h"
#include "tool/noted.h"
#include "tool/output.h"
#include "tool/proof/proving.h"
#include "tool/show.h"
#include "tool/site.h"

#include <inttypes.h>
#include <string.h>

enum { SCOPE, SINCE, UNTIL, JSON };
static const struct flag flags[] = {
    {.name = "scope", .argument = "PATH", .text = "what the mail was for", .required = true},
    {.name = "since", .argument = "TIME", .text = "the first moment", .required = true},
    {.name = "until", .argument = "TIME", .text = "the first moment behind it; else now"},
    {.name = "json", .text = "one JSON object a line"},
    {0},
};

struct proving {
    struct site site;
    struct address address;
    struct proof proof;
    bool json;
};

static enum status answer_of(const struct proof *proof)
{
    return proof->message_count ? STATUS_NO : proof->doubt_count ? STATUS_CANNOT : STATUS_OK;
}

/* --- messages -------------------------------------------------------------------------------- */

static void show_message(const struct proving *p, const struct handed_on *m)
{
    char time[CLOCK_TEXT_SIZE], name[SHOW_EVENT_SIZE];
    struct text line = TEXT_EMPTY;

    text_format(&line, "%s event %s: %s (%s), queue id %s, Message-ID %s, %s%s",
                clock_format_ms(m->at_ms, time), show_ledger_event(&p->site, &m->event, name),
                m->stream, m->scope, *m->queue_id ? m->queue_id : "none",
                m->message_id ? m->message_id : "unknown", recipient_state_name(m->state),
                m->mode == MODE_MONITOR ? ", in monitor mode" : "");
    text_append(&line, ", configuration ");
    made_under_append(&line, &p->site, &m->under);
    output_text(&line);
    if (m->taken)
        output_line("  %s by event %s, %s",
                    m->taken == ACTION_HOLD ? "put on hold in the queue later"
                                            : "deleted from the queue later",
                    show_ledger_event(&p->site, &m->taken_by, name),
                    clock_format_ms(m->taken_ms, time));
}

static void put_message(const struct handed_on *m)
{
    char time[CLOCK_TEXT_SIZE];
    json_t *object = json_object();

    output_put_text(object, "type", "handed-on");
    output_put_text(object, "time", clock_format_ms(m->at_ms, time));
    show_put_event(object, "event", &m->event);
    output_put_number(object, "number", m->event.number);
    output_put_text(object, "stream", m->stream);
    output_put_text(object, "scope", m->scope);
    output_put_text(object, "queue_id", *m->queue_id ? m->queue_id : NULL);
    output_put_text(object, "message_id", m->message_id);
    output_put_text(object, "state", recipient_state_name(m->state));
    output_put_text(object, "mode", m->mode == MODE_MONITOR ? "monitor" : "enforce");
    made_under_put(object, &m->under);
    output_put_text(object, "taken_out", m->taken ? action_name(m->taken) : NULL);
    if (m->taken)
        show_put_event(object, "taken_out_by", &m->taken_by);
    else
        output_put_text(object, "taken_out_by", NULL);
    output_json(object);
}

/* --- doubts ---------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *text;
} doubts[] = {
    [DOUBT_UNKNOWN] = {"not-known-yet", "the ledger does not tell yet what the milter ran with"},
    [DOUBT_NO_STREAM] = {"no-stream", "no stream was of this scope, so such mail was not "
                                      "recognised"},
    [DOUBT_SUPPRESSED] = {"suppressed-only", "the ledger has those alone from whom mail was kept "
                                             "(ledger = suppressed)"},
    [DOUBT_CUT] = {"events-cut", "events were taken out of the ledger"},
    [DOUBT_LOST] = {"events-lost", "the ledger was restored, and what was written since the backup "
                                   "is missing"},
    [DOUBT_CONFIGURATION] = {"unknown-configuration",
                             "the ledger does not have the configuration that verdicts were made "
                             "under"},
    [DOUBT_CLOCK] = {"clock", "the clock was put back over the first or last moment asked about"},
    [DOUBT_RULES] = {"address-rules", "addresses had another canonical form, so this one may have "
                                      "been somebody else's number"},
    [DOUBT_UNREADABLE] = {"unreadable", "a message was handed on to somebody whose address could "
                                        "not be read"},
};

static const char *moment(int64_t at_ms, char time[CLOCK_TEXT_SIZE])
{
    return at_ms == INT64_MIN ? NULL : clock_format_ms(at_ms, time);
}

static void show_doubt(const struct proving *p, const struct doubt *d)
{
    char from[CLOCK_TEXT_SIZE], until[CLOCK_TEXT_SIZE], name[SHOW_EVENT_SIZE];
    struct text line = TEXT_EMPTY;

    text_format(&line,
                "  %s to %s: ", d->from_ms == INT64_MIN ? "before" : moment(d->from_ms, from),
                moment(d->until_ms, until));
    if (d->stream)
        text_format(&line, "stream %s: ", d->stream);
    text_append(&line, doubts[d->kind].text);
    if (d->has_event)
        text_format(&line, ", event %s", show_ledger_event(&p->site, &d->event, name));
    output_text(&line);
}

static void put_doubt(const struct doubt *d)
{
    char from[CLOCK_TEXT_SIZE], until[CLOCK_TEXT_SIZE];
    json_t *object = json_object();

    output_put_text(object, "type", "gap");
    output_put_text(object, "reason", doubts[d->kind].name);
    output_put_text(object, "from", moment(d->from_ms, from));
    output_put_text(object, "until", moment(d->until_ms, until));
    output_put_text(object, "stream", d->stream);
    if (d->has_event)
        show_put_event(object, "event", &d->event);
    else
        output_put_text(object, "event", NULL);
    output_json(object);
}

/* --- all of it ------------------------------------------------------------------------------- */

/* What was looked at, and what was not: an answer is worth no more than that. */
static void show_reach(const struct proving *p)
{
    const struct proof *proof = &p->proof;
    char from[CLOCK_TEXT_SIZE], until[CLOCK_TEXT_SIZE], node[2 * EVENT_NODE_SIZE + 1];
    struct text line = TEXT_EMPTY;

    text_to_hex(ledger_node(p->site.ledger), EVENT_NODE_SIZE, node);
    text_format(&line, "Looked at: mail of stream%s", proof->stream_count == 1 ? "" : "s");
    for (size_t i = 0; i < proof->stream_count; i++)
        text_format(&line, "%s %s", i ? "," : "", proof->streams[i]);
    text_format(&line,
                "%s to this spelling of the address, handed on to the mail server of this host "
                "(ledger %s); whether it was delivered, the mail log tells.",
                proof->stream_count ? "" : " (none)", node);
    output_text(&line);
    output_line("Not looked at: programs that send elsewhere, what the mail server makes of an "
                "alias, and what came while the milter did not run (milter_default_action).");
    for (size_t i = 0; i < proof->stopped_count; i++)
        output_line("  %s to %s: it did not run", moment(proof->stopped[i].from_ms, from),
                    moment(proof->stopped[i].until_ms, until));
    if (proof->others)
        output_line("Handed on to this address in this time for other scopes: %" PRIu64
                    " message%s.",
                    proof->others, proof->others == 1 ? "" : "s");
}

static void show(const struct proving *p)
{
    const struct proof *proof = &p->proof;
    const struct coverage_question *q = &proof->question;
    char from[CLOCK_TEXT_SIZE], until[CLOCK_TEXT_SIZE];

    moment(q->since_ms, from);
    moment(q->until_ms, until);
    if (proof->message_count)
        output_line("Yes: %zu message%s for %s to %s between %s and %s", proof->message_count,
                    proof->message_count == 1 ? "" : "s", q->scope, p->address.text, from, until);
    else if (proof->doubt_count)
        output_line("Cannot tell from this ledger whether any message for %s was handed on to %s "
                    "between %s and %s",
                    q->scope, p->address.text, from, until);
    else
        output_line("No message for %s was handed on to %s between %s and %s", q->scope,
                    p->address.text, from, until);
    for (size_t i = 0; i < proof->message_count; i++)
        show_message(p, &proof->messages[i]);
    if (proof->message_count && proof->doubt_count)
        output_line("Whether there were others cannot be told from this ledger:");
    for (size_t i = 0; i < proof->doubt_count; i++)
        show_doubt(p, &proof->doubts[i]);
    show_reach(p);
}

static json_t *stopped_spans(const struct proof *proof)
{
    char from[CLOCK_TEXT_SIZE], until[CLOCK_TEXT_SIZE];
    json_t *spans = json_array();

    for (size_t i = 0; i < proof->stopped_count; i++) {
        json_t *span = json_object();
        output_put_text(span, "from", moment(proof->stopped[i].from_ms, from));
        output_put_text(span, "until", moment(proof->stopped[i].until_ms, until));
        output_append(spans, span);
    }
    return spans;
}

static void put_answer(const struct proving *p)
{
    static const char *const answers[] = {
        [STATUS_OK] = "no", [STATUS_NO] = "yes", [STATUS_CANNOT] = "cannot-tell"};
    const struct proof *proof = &p->proof;
    char time[CLOCK_TEXT_SIZE], node[2 * EVENT_NODE_SIZE + 1];
    json_t *object = json_object(), *streams = json_array();

    text_to_hex(ledger_node(p->site.ledger), EVENT_NODE_SIZE, node);
    for (size_t i = 0; i < proof->stream_count; i++)
        output_append(streams, json_string(proof->streams[i]));
    output_put_text(object, "type", "answer");
    output_put_text(object, "handed_on", answers[answer_of(proof)]);
    output_put_bool(object, "covered", proof->doubt_count == 0);
    output_put_text(object, "address", p->address.text);
    output_put_text(object, "scope", proof->question.scope);
    output_put_text(object, "since", clock_format_ms(proof->question.since_ms, time));
    output_put_text(object, "until", clock_format_ms(proof->question.until_ms, time));
    output_put_number(object, "messages", proof->message_count);
    output_put_number(object, "other_scopes", proof->others);
    output_put(object, "streams", streams);
    output_put_text(object, "ledger", node);
    output_put(object, "not_running", stopped_spans(proof));
    output_json(object);
}

static void put(const struct proving *p)
{
    for (size_t i = 0; i < p->proof.message_count; i++)
        put_message(&p->proof.messages[i]);
    for (size_t i = 0; i < p->proof.doubt_count; i++)
        put_doubt(&p->proof.doubts[i]);
    put_answer(p);
}

/* --- */

static int read_arguments(const struct call *call, struct proving *p,
                          struct coverage_question *question, struct error *why)
{
    int64_t since = 0, until = 0;

    int code = argument_person(call->arguments[0], &p->address, why);
    if (code == 0)
        code = argument_scope(call->values[SCOPE], why);
    if (code == 0)
        code = argument_time("since", call->values[SINCE], &since, why);
    if (code == 0 && call->values[UNTIL])
        code = argument_time("until", call->values[UNTIL], &until, why);
    if (code)
        return code;
    question->scope = call->values[SCOPE];
    question->since_ms = since * 1000;
    question->until_ms = call->values[UNTIL] ? until * 1000 : INT64_MAX;
    return 0;
}

/* "Now" is before the view: of what comes behind it nothing is known. */
static int begin(struct proving *p, struct coverage_question *question, struct error *why)
{
    int64_t now_ms = clock_now_ms();

    if (question->until_ms > now_ms)
        question->until_ms = now_ms;
    if (question->since_ms >= question->until_ms)
        return error_set(why, ERR_SYNTAX, "there is no time between --since and --until, or now");
    return site_view(&p->site, why);
}

static int prove(struct proving *p, struct coverage_question *question, struct error *why)
{
    struct subject subject;

    int code = site_check_scope(&p->site, question->scope, why);
    if (code == 0)
        code = site_subject(&p->site, &p->address, &subject, why);
    if (code == 0)
        code = proving_gather(&p->site, &subject, question, &p->proof, why);
    if (code)
        return code;
    const struct noted noted = {
        .command = "prove", .people = 1, .address = &p->address, .scope = question->scope};
    return noted_reading(&p->site, &noted, NULL, why);
}

static int run(const struct call *call)
{
    struct proving p = {.json = call->values[JSON]};
    struct coverage_question question;
    struct error why = {""};

    int code = read_arguments(call, &p, &question, &why);
    if (code)
        return output_status(code, &why);
    code = site_open(call->config_file, SITE_KEYS | SITE_LIST | SITE_LEDGER_WRITE, &p.site, &why);
    if (code == 0)
        code = begin(&p, &question, &why);
    if (code == 0)
        code = prove(&p, &question, &why);
    if (code == 0) {
        if (p.json)
            put(&p);
        else
            show(&p);
        code = (int)answer_of(&p.proof);
    }
    site_close(&p.site);
    return output_status(code, &why);
}

const struct command command_prove = {
    .name = "prove",
    .arguments = "ADDRESS",
    .text = "say whether mail was handed on to a person: no (exit status 0), yes (1), cannot tell "
            "(2)",
    .flags = flags,
    .least = 1,
    .most = 1,
    .role = ROLE_COMPLIANCE,
    .run = run,
};
