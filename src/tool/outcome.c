#include "tool/outcome.h"

#include "base/clock.h"

#include <errno.h>
#include <string.h>

#define SECONDS_A_DAY 86400

static void *take(struct site *site, size_t count, size_t size)
{
    void *memory = pool_take(&site->pool, (count + 1) * size);
    if (memory)
        memset(memory, 0, (count + 1) * size);
    return memory;
}

/* --- RCPT --- */

/* Whether the stream is known, and acts, when the last of the first `count` recipients is given. */
static bool acts_early(const struct policy *policy, const struct message *message, size_t count,
                       const struct stream *stream)
{
    struct message so_far = *message;

    if (!policy_answers_recipients(policy) || message->origin == ORIGIN_SENDMAIL)
        return false;
    so_far.field_count = 0;
    so_far.recipient_count = count;
    return stream_recognise(policy, &so_far, STAGE_RECIPIENT).stream == stream &&
           stream->mode == MODE_ENFORCE;
}

static bool is_same_person(const struct recipient *a, const struct recipient *b)
{
    return !a->problem && !b->problem && strcmp(a->address.text, b->address.text) == 0;
}

static bool follows_another(const struct outcome *o, const struct recipient *recipients, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (o->rcpt[j] == RCPT_TAKEN && o->judged[j].state == RECIPIENT_FREE &&
            !is_same_person(&recipients[j], &recipients[i]))
            return true;
    return false;
}

static enum rcpt answer_recipient(const struct outcome *o, const struct stream *stream,
                                  const struct recipient *recipients, size_t i)
{
    enum recipient_state state = o->judged[i].state;

    if (stream->suppressed != SUPPRESSED_REFUSE && stream->recipients != SEVERAL_DEFER)
        return RCPT_TAKEN;
    if (state == RECIPIENT_UNKNOWN)
        return RCPT_DEFERRED;
    if (recipient_is_kept_back(state))
        return stream->suppressed == SUPPRESSED_REFUSE ? RCPT_REFUSED : RCPT_TAKEN;
    return state == RECIPIENT_FREE && stream->recipients == SEVERAL_DEFER &&
                   follows_another(o, recipients, i)
               ? RCPT_PUT_OFF
               : RCPT_TAKEN;
}

/* --- the end of the message --- */

/* The message as the mail server has it then, and its verdict. */
static int settle(struct site *site, const struct message *message, struct outcome *o)
{
    enum recipient_state *states = take(site, message->recipient_count, sizeof *states);

    if (!states)
        return -ENOMEM;
    for (size_t i = 0; i < message->recipient_count; i++)
        if (o->rcpt[i] == RCPT_TAKEN) {
            states[o->taken_count] = o->judged[i].state;
            o->taken[o->taken_count++] = message->recipients[i];
        }
    if (o->taken_count > 0)
        o->verdict =
            verdict_make(o->recognition.stream, message->origin, o->taken, states, o->taken_count);
    return 0;
}

static int plan(struct site *site, const struct message *message, struct outcome *o)
{
    const struct stream *stream = o->recognition.stream;

    /* The key is needed for a link alone, and a link is for who was looked up. */
    if (o->verdict.link == LINK_NONE || site->lookup.token_count == 0)
        return 0;
    struct token_sealer *sealer;
    int code = token_sealer_new(keys_current_token(&site->lookup), &sealer);
    if (code)
        return code;
    code = edits_plan(&site->config->policy, stream, message, o->taken, &o->verdict, sealer,
                      (uint16_t)(clock_now() / SECONDS_A_DAY), &site->pool, &o->edits);
    token_sealer_free(sealer);
    return code;
}

static int judge_all(struct site *site, const struct message *message, struct outcome *o)
{
    const struct stream *stream = o->recognition.stream;

    int code = judge_recipients(site->list_view, site->list_view ? site->hasher : NULL, stream,
                                message->recipients, message->recipient_count, clock_now(),
                                &site->pool, o->judged);
    if (o->code || code == 0)
        return 0;
    o->code = code;
    if (code == ERR_SCOPE)
        error_set(&o->why, code, "scope %s is not registered: `optout scope add %s` does it",
                  stream->scope, stream->scope);
    else
        site_explain(site, code, &o->why);
    return 0;
}

int outcome_find(struct site *site, const struct message *message, int open,
                 struct outcome *outcome)
{
    const struct policy *policy = &site->config->policy;
    struct outcome *o = outcome;
    size_t count = message->recipient_count;

    o->code = open;
    o->recognition = stream_recognise(policy, message, STAGE_COMPLETE);
    if (o->recognition.what != RECOGNISED_STREAM)
        return 0;
    o->judged = take(site, count, sizeof *o->judged);
    o->rcpt = take(site, count, sizeof *o->rcpt);
    o->taken = take(site, count, sizeof *o->taken);
    if (!o->judged || !o->rcpt || !o->taken)
        return -ENOMEM;
    int code = judge_all(site, message, o);
    for (size_t i = 0; i < count && code == 0; i++)
        if (acts_early(policy, message, i + 1, o->recognition.stream))
            o->rcpt[i] = answer_recipient(o, o->recognition.stream, message->recipients, i);
    if (code == 0)
        code = settle(site, message, o);
    return code ? code : plan(site, message, o);
}
