#include "tool/mail/outcome.h"

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

/* Whether somebody else than recipient `i`, who may be mailed, was taken before. */
static bool follows_another(const struct outcome *o, const struct recipient *recipients, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (o->rcpt[j] == RCPT_TAKEN && o->judged[j].state == RECIPIENT_FREE &&
            !recipient_is_same_person(&recipients[j], &recipients[i]))
            return true;
    return false;
}

static enum rcpt answer_recipient(const struct policy *policy, const struct message *message,
                                  const struct outcome *o, size_t i)
{
    struct message so_far = *message;

    so_far.recipient_count = i + 1;
    const struct stream *stream = stream_answering(policy, &so_far);
    enum rcpt rcpt = stream ? rcpt_answer(stream, o->judged[i].state) : RCPT_TAKEN;
    return rcpt == RCPT_PUT_OFF && !follows_another(o, message->recipients, i) ? RCPT_TAKEN : rcpt;
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
        o->rcpt[i] = answer_recipient(policy, message, o, i);
    if (code == 0)
        code = settle(site, message, o);
    return code ? code : plan(site, message, o);
}
