#include "milter/session.h"

#include "base/clock.h"
#include "base/log.h"
#include "core/edits.h"
#include "milter/facts.h"
#include "milter/record.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define REPLY_SIZE 400 /* octets of text; a reply line has 512, RFC 5321 section 4.5.3.1.5 */
#define SECONDS_A_DAY 86400

/* --- asking the list --- */

/* Judges the recipients of the record and prepares what the ledger says; in one read transaction. A
 * store that cannot tell leaves them RECIPIENT_UNKNOWN. The reason is in `why` then, as it is after
 * -ENOMEM. */
static int judge(struct record *record, struct judged *judged, struct error *why)
{
    struct session *s = record->session;
    struct subject_hasher *hasher = NULL;
    struct list_view *view = NULL;
    struct list *list = NULL;

    int code = session_hasher(s, &hasher, why);
    if (code == 0)
        code = stores_take_list(s->service->stores, &s->setup->key, NULL, &list, why);
    if (code == 0 && (code = list_view_begin(list, &view)) != 0)
        list_explain(list, code, why);
    int judging = judge_recipients(view, hasher, record->stream, record->recipients, record->count,
                                   clock_now(), &s->work, judged);
    if (code == 0 && judging == ERR_SCOPE)
        error_set(why, judging, "scope %s is not registered: `optout scope add %s` does it",
                  record->stream->scope, record->stream->scope);
    else if (code == 0 && judging)
        list_explain(list, judging, why);
    record->judged = judged;
    code = record_prepare(record, view);
    if (code == -ENOMEM || code == ERR_CRYPTO)
        error_set(why, code, "a verdict cannot be prepared: %s", error_name(code));
    list_view_end(view);
    if (list)
        stores_give_list(s->service->stores);
    return code;
}

/* --- replies --- */

static enum answer defer(const struct mta *mta)
{
    mta->set_reply(mta->context, "451", "4.3.0",
                   "opt-outs cannot be looked up now, try again later");
    return ANSWER_DEFER;
}

/* Says why nobody may have it, and where to look it up. */
static enum answer refuse(const struct mta *mta, const struct record *record)
{
    char text[REPLY_SIZE];

    snprintf(text, sizeof text, "%s %s, ref %llu", record->verdict.refusal, record->stream->scope,
             (unsigned long long)record->reference);
    int code = mta->set_reply(mta->context, "550", "5.7.1", text);
    return code ? defer(mta) : ANSWER_REFUSE;
}

/* --- RCPT --- */

/* Whether a recipient that was taken before counts as somebody who may be mailed; in doubt it does.
 */
static bool is_live(struct session *s, const struct stream *stream, size_t i)
{
    struct error why;
    struct judged judged;
    struct record record = {.session = s,
                            .stream = stream,
                            .recipients = &s->recipients[i],
                            .count = 1,
                            .mode = stream->mode};

    if (s->offered[i] != OFFERED_UNJUDGED)
        return s->offered[i] == OFFERED_LIVE;
    if (judge(&record, &judged, &why) || judged.state == RECIPIENT_UNKNOWN)
        return true;
    s->offered[i] = judged.state == RECIPIENT_FREE ? OFFERED_LIVE : OFFERED_DEAD;
    return s->offered[i] == OFFERED_LIVE;
}

/* Whether somebody else than the last recipient, who may be mailed, was taken before. */
static bool follows_another(struct session *s, const struct stream *stream)
{
    size_t last = s->recipient_count - 1;
    for (size_t i = 0; i < last; i++)
        if (!recipient_is_same_person(&s->recipients[i], &s->recipients[last]) &&
            is_live(s, stream, i))
            return true;
    return false;
}

static enum answer refuse_recipient(struct record *record, const struct mta *mta)
{
    struct error why;

    record->verdict = (struct verdict){.action = ACTION_REFUSE,
                                       .kept_back = 1,
                                       .refusal = recipient_refusal(record->judged->state)};
    if (record_write(record, &why)) {
        log_error("%s: a refusal could not be recorded: %s", record->stream->rule.name, why.text);
        return defer(mta);
    }
    record_log(record);
    tally_verdict(record->session->service->tally, record->stream, MODE_ENFORCE, &record->verdict,
                  1);
    return refuse(mta, record);
}

static enum answer decide_recipient(struct session *s, const struct mta *mta,
                                    const struct stream *stream, const char *queue_id)
{
    size_t last = s->recipient_count - 1;
    struct error why = {""};
    struct judged judged;
    struct record record = {.session = s,
                            .stream = stream,
                            .rule = &stream->rule,
                            .recipients = &s->recipients[last],
                            .count = 1,
                            .mode = stream->mode,
                            .queue_id = queue_id ? queue_id : ""};

    enum recipient_state state = judge(&record, &judged, &why) ? RECIPIENT_UNKNOWN : judged.state;
    s->offered[last] = state == RECIPIENT_FREE ? OFFERED_LIVE : OFFERED_DEAD;
    switch (rcpt_answer(stream, state)) {
    case RCPT_DEFERRED:
        log_error("%s: a recipient is put off: %s", stream->rule.name, why.text);
        return defer(mta);
    case RCPT_REFUSED:
        return refuse_recipient(&record, mta);
    case RCPT_PUT_OFF:
        if (!follows_another(s, stream))
            break;
        mta->set_reply(mta->context, "452", "4.5.3",
                       "one recipient a message, send this one again on its own");
        return ANSWER_DEFER;
    case RCPT_TAKEN:
        break;
    }
    return ANSWER_CONTINUE;
}

enum answer session_recipient(struct session *s, const struct mta *mta, const char *given,
                              const char *queue_id)
{
    if (!s->in_message || !session_add_recipient(s, given) || !s->answers || s->failed)
        return ANSWER_CONTINUE;
    const struct stream *stream = stream_answering(&s->setup->config->policy, session_message(s));
    if (!stream)
        return ANSWER_CONTINUE;
    enum answer answer = decide_recipient(s, mta, stream, queue_id);
    if (answer != ANSWER_CONTINUE)
        s->offered[s->recipient_count - 1] = OFFERED_OUT;
    pool_reset(&s->work);
    return answer;
}

/* --- end of message --- */

static void count_unclaimed(struct session *s, const struct message *message)
{
    struct address sender;
    bool parsed = address_parse(message->sender, &sender) == 0;
    const char *listener = message->origin == ORIGIN_SENDMAIL ? "sendmail" : message->listener;

    if (message_has_bulk_sign(message))
        tally_unclaimed(s->service->tally, message->login, listener,
                        parsed ? sender.text + sender.at + 1 : "", message->recipient_count,
                        clock_now());
}

static size_t move_present_forward(struct session *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->recipient_count; i++)
        if (s->offered[i] != OFFERED_OUT) {
            s->offered[n] = s->offered[i];
            s->recipients[n++] = s->recipients[i];
        }
    return n;
}

/* Leaves the recipients that the MTA still has. Not before the stream is settled: it is recognised
 * by all that were offered. Where it should have none, it would not have come this far: it did not
 * listen, and has them all. */
static void drop_absent(struct session *s)
{
    size_t present = move_present_forward(s);
    if (present > 0)
        s->recipient_count = present;
}

static int strip(const struct record *record, const struct mta *mta)
{
    for (size_t i = 0; i < record->count; i++) {
        char name[ADDRESS_GIVEN_MAX + 1];
        if (!recipient_is_kept_back(record->judged[i].state))
            continue;
        int code = address_for_removal(record->recipients[i].given, name);
        if (code == 0)
            code = mta->delete_recipient(mta->context, name);
        if (code)
            return code;
    }
    return 0;
}

static int edit_fields(const struct record *record, const struct mta *mta)
{
    struct session *s = record->session;
    struct edits edits;

    int code = edits_plan(&s->setup->config->policy, record->stream, session_message(s),
                          record->recipients, &record->verdict, s->setup->sealer,
                          (uint16_t)(clock_now() / SECONDS_A_DAY), &s->work, &edits);
    for (size_t i = 0; i < edits.count && code == 0; i++) {
        const struct edit *edit = &edits.list[i];
        code = edit->value ? mta->add_field(mta->context, edit->name, edit->value)
                           : mta->remove_field(mta->context, edit->name, edit->position);
    }
    for (size_t i = 0; i < edits.broken_count && code == 0; i++)
        log_warning("%s: a DKIM signature of %s covers a field that is replaced, and will not "
                    "verify: sign after this milter",
                    record_name(record), edits.broken_signatures[i]);
    return code;
}

/* Does what the verdict says, and gives the answer that goes with it. */
static enum answer act(const struct record *record, const struct mta *mta)
{
    int code = 0;

    switch (record->verdict.action) {
    case ACTION_REFUSE:
        return refuse(mta, record);
    case ACTION_DISCARD:
        return ANSWER_DISCARD;
    case ACTION_DEFER:
        return defer(mta);
    case ACTION_STRIP:
        code = strip(record, mta);
        break;
    case ACTION_PASS:
    case ACTION_HOLD:
    case ACTION_DELETE: /* these are no answers */
        break;
    }
    if (code == 0)
        code = edit_fields(record, mta);
    if (code) {
        log_error("%s: the message could not be changed: %s", record_name(record),
                  error_name(code));
        return defer(mta);
    }
    return ANSWER_ACCEPT;
}

/* The verdict could not be recorded, and the message may not be handed on without. */
static void put_off(struct record *record, const struct error *why)
{
    log_error("%s: put off, its verdict could not be recorded: %s", record_name(record), why->text);
    record->mode = MODE_ENFORCE;
    record->verdict = (struct verdict){.action = ACTION_DEFER};
}

/* In monitor mode: tells what would have been done, and lets everything pass. But where the ledger
 * has to have all that is handed on, nothing is without it. */
static enum answer watch(struct record *record, const struct mta *mta)
{
    struct error why = {"it is not known whom it is for"};
    bool missing = record_is_needed(record) && record->row_count < record->count;

    if (missing || record_write(record, &why)) {
        if (record_is_needed(record))
            put_off(record, &why);
        else
            log_error("%s: a verdict in monitor mode could not be recorded: %s",
                      record_name(record), why.text);
    }
    record_log(record);
    return record->mode == MODE_MONITOR ? ANSWER_ACCEPT : act(record, mta);
}

static enum answer enforce(struct record *record, const struct mta *mta)
{
    struct error why = {""};
    if (record->verdict.action != ACTION_DEFER && record_write(record, &why))
        put_off(record, &why);
    record_log(record);
    return act(record, mta);
}

/* Without memory everything is put off. */
static int decide(struct record *record, struct error *why)
{
    struct session *s = record->session;
    struct judged *judged = pool_take(&s->work, (record->count + 1) * sizeof *judged);
    enum recipient_state *states = pool_take(&s->work, (record->count + 1) * sizeof *states);

    record->verdict = (struct verdict){.action = ACTION_DEFER};
    if (!judged || !states)
        return error_set(why, -ENOMEM, "no memory for %zu recipients", record->count);
    int code = judge(record, judged, why);
    if (code)
        return code;
    for (size_t i = 0; i < record->count; i++)
        states[i] = judged[i].state;
    record->verdict = verdict_make(record->stream, record->session->origin, record->recipients,
                                   states, record->count);
    return 0;
}

static enum answer settle(struct session *s, const struct mta *mta,
                          const struct recognition *recognition, const char *queue_id)
{
    struct error why = {""};

    if (atomic_load(&s->service->ended))
        return defer(mta);
    drop_absent(s);
    struct record record = {.session = s,
                            .stream = recognition->stream,
                            .rule = recognition->rule,
                            .recipients = s->recipients,
                            .count = s->recipient_count,
                            .mode = recognition->stream->mode,
                            .queue_id = queue_id ? queue_id : ""};
    if (decide(&record, &why) || record.verdict.action == ACTION_DEFER)
        log_error("%s: %s: %s", record_name(&record), record.stream->rule.name, why.text);
    enum answer answer = record.mode == MODE_MONITOR ? watch(&record, mta) : enforce(&record, mta);
    tally_verdict(s->service->tally, record.stream, record.mode, &record.verdict, record.count);
    return answer;
}

/* Whether all mail passes, whatever it is, and without a record. */
static bool is_only_watching(const struct policy *policy)
{
    for (size_t i = 0; i < policy->stream_count; i++)
        if (policy->streams[i].mode != MODE_MONITOR || policy->streams[i].ledger == LEDGER_ALL)
            return false;
    return true;
}

/* It may be marketing or not. */
static enum answer end_unknown(const struct session *s, const struct mta *mta, const char *queue_id)
{
    bool pass = is_only_watching(&s->setup->config->policy);
    log_error("%s: %s, its facts could not be kept", queue_id ? queue_id : "NOQUEUE",
              pass ? "not looked at" : "put off");
    return pass ? ANSWER_ACCEPT : defer(mta);
}

enum answer session_end(struct session *s, const struct mta *mta, const char *queue_id)
{
    if (!s->in_message)
        return defer(mta);
    if (s->failed)
        return end_unknown(s, mta, queue_id);
    const struct message *message = session_message(s);
    struct recognition recognition =
        stream_recognise(&s->setup->config->policy, message, STAGE_COMPLETE);
    if (recognition.what == RECOGNISED_STREAM)
        return settle(s, mta, &recognition, queue_id);
    if (recognition.what == RECOGNISED_NOTHING)
        count_unclaimed(s, message);
    return ANSWER_ACCEPT;
}
