#include "tool/mail/outcome_show.h"

#include "tool/mail/trace.h"
#include "tool/output.h"
#include "tool/show.h"

/* --- text --- */

static const char *rcpt_text(enum rcpt rcpt)
{
    switch (rcpt) {
    case RCPT_REFUSED:
        return ", RCPT is answered with 550 5.7.1";
    case RCPT_PUT_OFF:
        return ", RCPT is answered with 452 4.5.3: one recipient a message";
    case RCPT_DEFERRED:
        return ", RCPT is answered with 451 4.3.0";
    case RCPT_TAKEN:
        break;
    }
    return "";
}

/* Why somebody cannot be looked up; NULL where they can. */
static const char *why_unreadable(const struct recipient *recipient)
{
    if (recipient->problem)
        return error_name(recipient->problem);
    return !recipient->companion && address_is_routed(&recipient->address)
               ? "a route, which a mail server may follow to somebody else"
               : NULL;
}

static void show_recipients(struct site *site, const struct message *message,
                            const struct outcome *o)
{
    for (size_t i = 0; i < message->recipient_count; i++) {
        const struct recipient *r = &message->recipients[i];
        const char *why = why_unreadable(r);
        output_line("%s: %s%s%s%s%s", r->problem ? r->given : r->address.text,
                    recipient_state_name(o->judged[i].state), why ? " (" : "", why ? why : "",
                    why ? ")" : "", rcpt_text(o->rcpt[i]));
        for (size_t j = 0; j < o->judged[i].deciding_count; j++)
            show_row(site, o->judged[i].deciding[j]);
    }
}

static const char *action_text(enum action action)
{
    switch (action) {
    case ACTION_PASS:
        return "goes to all recipients";
    case ACTION_STRIP:
        return "goes to the recipients who may have it, the others are taken out";
    case ACTION_REFUSE:
        return "is refused with 550 5.7.1";
    case ACTION_DISCARD:
        return "is accepted with 250, and nobody gets it";
    case ACTION_DEFER:
        return "is put off with 451 4.3.0";
    case ACTION_HOLD:
    case ACTION_DELETE: /* no milter's */
        break;
    }
    return "unknown";
}

/* As the sender reads it, but for the reference. */
static void append_refusal(struct text *line, const struct outcome *o)
{
    if (o->verdict.refusal)
        text_format(line, ": %s %s", o->verdict.refusal, o->recognition.stream->scope);
}

static bool is_monitored(const struct outcome *o)
{
    return o->recognition.stream->mode == MODE_MONITOR;
}

static void show_verdict(const struct message *message, const struct outcome *o)
{
    bool all = o->taken_count == message->recipient_count;
    struct text line = TEXT_EMPTY;

    if (o->taken_count == 0) {
        output_line("message: nobody is left, so the mail server ends it before its content");
        return;
    }
    text_format(&line, "message: %s: %s %s", action_name(o->verdict.action),
                is_monitored(o) ? "passes untouched, since monitor mode only records what "
                                  "enforcing does: it"
                                : "it",
                action_text(o->verdict.action));
    append_refusal(&line, o);
    text_append(&line, all ? "" : ", of those that RCPT has taken");
    output_text(&line);
}

/* In one line; an MTA gets the value folded. */
static void show_field(const char *name, const char *value)
{
    struct text line = TEXT_EMPTY;
    text_format(&line, "add %s: ", name);
    for (; *value; value++)
        if (*value != '\n')
            text_append_bytes(&line, *value == '\t' ? " " : value, 1);
    output_text(&line);
}

static void show_edits(const struct edits *edits)
{
    for (size_t i = 0; i < edits->count; i++) {
        const struct edit *edit = &edits->list[i];
        if (edit->value)
            show_field(edit->name, edit->value);
        else
            output_line("remove %s (number %u of that name)", edit->name, edit->position);
    }
    for (size_t i = 0; i < edits->broken_count; i++)
        output_line("the DKIM signature of %s will not verify: sign behind the milter",
                    edits->broken_signatures[i]);
}

static void show_fields(const struct site *site, const struct outcome *o)
{
    bool goes_out = o->verdict.action == ACTION_PASS || o->verdict.action == ACTION_STRIP;

    if (o->taken_count == 0 || !goes_out)
        return;
    if (is_monitored(o))
        output_line("header fields, if it were enforced:");
    show_edits(&o->edits);
    if (o->edits.count == 0)
        output_line("no header field is changed%s",
                    site->config->policy.public_url ? "" : ", since public_url is not set");
}

void outcome_show(struct site *site, const struct message *message, const struct outcome *o)
{
    struct text line = TEXT_EMPTY;

    switch (o->recognition.what) {
    case RECOGNISED_STREAM:
        text_format(&line, "stream %s (%s), by ", o->recognition.rule->name,
                    o->recognition.stream->scope);
        trace_append_rule(&line, o->recognition.rule);
        output_text(&line);
        trace_show_unbelieved(&site->config->policy, message);
        show_recipients(site, message, o);
        show_verdict(message, o);
        show_fields(site, o);
        break;
    case RECOGNISED_EXEMPTION:
        text_format(&line, "exempt %s, by ", o->recognition.rule->name);
        trace_append_rule(&line, o->recognition.rule);
        text_append(&line, ": goes to all recipients untouched");
        output_text(&line);
        break;
    case RECOGNISED_NOTHING:
    case RECOGNISED_NOT_YET:
        output_line("no stream: goes to all recipients untouched%s",
                    message_has_bulk_sign(message)
                        ? "; it bears a sign of bulk, `optout stats --unclaimed` counts it"
                        : "");
        trace_show_unbelieved(&site->config->policy, message);
        trace_show_misses(&site->config->policy, message);
        break;
    }
}

/* --- JSON --- */

static const char *rcpt_reply(enum rcpt rcpt)
{
    static const char *const replies[] = {[RCPT_TAKEN] = "250",
                                          [RCPT_REFUSED] = "550 5.7.1",
                                          [RCPT_PUT_OFF] = "452 4.5.3",
                                          [RCPT_DEFERRED] = "451 4.3.0"};
    return replies[rcpt];
}

static void put_recipients(json_t *object, struct site *site, const struct message *message,
                           const struct outcome *o)
{
    json_t *list = json_array();
    for (size_t i = 0; i < message->recipient_count; i++) {
        const struct recipient *r = &message->recipients[i];
        json_t *one = json_object(), *deciding = json_array();
        output_put_text(one, "given", r->given);
        output_put_text(one, "address", r->problem ? NULL : r->address.text);
        output_put_text(one, "state", recipient_state_name(o->judged[i].state));
        output_put_text(one, "rcpt", rcpt_reply(o->rcpt[i]));
        for (size_t j = 0; j < o->judged[i].deciding_count; j++)
            output_append(deciding, show_json_row(site, o->judged[i].deciding[j]));
        output_put(one, "deciding", deciding);
        output_append(list, one);
    }
    output_put(object, "recipients", list);
}

static void put_edits(json_t *object, const struct edits *edits)
{
    json_t *list = json_array(), *broken = json_array();
    for (size_t i = 0; i < edits->count; i++) {
        const struct edit *edit = &edits->list[i];
        json_t *one = json_object();
        output_put_text(one, "do", edit->value ? "add" : "remove");
        output_put_text(one, "name", edit->name);
        if (edit->value)
            output_put_text(one, "value", edit->value);
        else
            output_put_number(one, "number", edit->position);
        output_append(list, one);
    }
    for (size_t i = 0; i < edits->broken_count; i++)
        output_append(broken, json_string(edits->broken_signatures[i]));
    output_put(object, "fields", list);
    output_put(object, "broken_signatures", broken);
}

static void put_stream(json_t *object, struct site *site, const struct message *message,
                       const struct outcome *o)
{
    const struct stream *stream = o->recognition.stream;
    output_put_text(object, "scope", stream->scope);
    output_put_text(object, "mode", stream->mode == MODE_MONITOR ? "monitor" : "enforce");
    output_put_text(object, "action", o->taken_count > 0 ? action_name(o->verdict.action) : NULL);
    output_put_text(object, "refusal", o->verdict.refusal);
    output_put_number(object, "delivered", o->verdict.delivered);
    output_put_number(object, "kept_back", o->verdict.kept_back);
    put_recipients(object, site, message, o);
    put_edits(object, &o->edits);
}

void outcome_show_json(struct site *site, const struct message *message, const struct outcome *o)
{
    static const char *const names[] = {[RECOGNISED_NOTHING] = "nothing",
                                        [RECOGNISED_EXEMPTION] = "exempt",
                                        [RECOGNISED_STREAM] = "stream",
                                        [RECOGNISED_NOT_YET] = "nothing"};
    const struct recognition *found = &o->recognition;
    json_t *object = json_object();

    output_put_text(object, "recognised", names[found->what]);
    output_put_text(object, "name", found->rule ? found->rule->name : NULL);
    if (found->what == RECOGNISED_STREAM)
        put_stream(object, site, message, o);
    output_put(object, "rules", trace_json(&site->config->policy, message));
    output_json(object);
}
