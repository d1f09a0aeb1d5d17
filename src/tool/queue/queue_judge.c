#include "tool/queue/queue.h"

#include <errno.h>
#include <string.h>

#define BASIS_MAX 16 /* events named for one recipient; more add nothing to the proof */

struct judging {
    struct queue *queue;
    struct site *site;
    int64_t now;
};

/* As judge_recipients; whom an address stands for that cannot be read nobody knows, so it counts as
 * somebody who may have the mail. */
static int judge_one(const struct judging *j, const char *given, const char *scope, bool consent,
                     struct judged *judged)
{
    struct address address;
    int code = address_parse(given, &address);

    *judged = (struct judged){.state = RECIPIENT_UNREADABLE};
    if (code == -ENOMEM)
        return code;
    if (code)
        return 0;
    if (policy_is_companion(&j->site->config->policy, &address)) {
        judged->state = RECIPIENT_COMPANION;
        return 0;
    }
    return judge_address(j->site->list_view, j->site->hasher, &address, scope, consent, j->now,
                         &j->queue->pool, judged);
}

/* --- mail that nothing is known of ----------------------------------------------------------- */

/* Whether somebody opted out of any stream that there is. */
static int judge_unknown(const struct judging *j, struct queue_message *message)
{
    const struct policy *policy = &j->site->config->policy;

    for (size_t i = 0; i < message->recipient_count; i++) {
        struct queue_recipient *recipient = &message->recipients[i];
        for (size_t k = 0; k < policy->stream_count; k++) {
            int code =
                judge_one(j, recipient->given, policy->streams[k].scope, false, &recipient->judged);
            if (code)
                return code;
            if (recipient->judged.state != RECIPIENT_OPTED_OUT)
                continue;
            message->result = QUEUE_DOUBTFUL;
            break;
        }
    }
    return 0;
}

/* --- marketing ------------------------------------------------------------------------------- */

static bool must_not_have_it(const struct judged *judged)
{
    return judged->state == RECIPIENT_OPTED_OUT || judged->state == RECIPIENT_NO_CONSENT;
}

static int add_row(const struct judging *j, const struct judged *judged,
                   struct queue_message *message)
{
    size_t count = judged->deciding_count < BASIS_MAX ? judged->deciding_count : BASIS_MAX;
    struct event_basis *basis = pool_take(&j->queue->pool, (count + 1) * sizeof *basis);

    if (!basis)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        basis[i] = (struct event_basis){.event = judged->deciding[i]->event};
        list_event_hash(j->site->list_view, &basis[i].event, basis[i].hash);
    }
    message->rows[message->kept_back++] = (struct event_verdict_row){.known = judged->has_subject,
                                                                     .subject = judged->subject,
                                                                     .state = judged->state,
                                                                     .basis = basis,
                                                                     .basis_count = count};
    return 0;
}

/* Makes a row of each who got it handed on, if all of them must not have it any more: whoever the
 * MTA has made of them then must not either. A companion is nobody. */
static int judge_people(const struct judging *j, bool consent, struct queue_message *message,
                        size_t *others)
{
    struct queue_message tried = *message;
    int code = 0;

    tried.kept_back = 0;
    tried.rows = pool_take(&j->queue->pool, (message->people_count + 1) * sizeof *tried.rows);
    if (!tried.rows)
        return -ENOMEM;
    for (size_t i = 0; i < message->people_count && code == 0; i++) {
        struct judged judged;
        code = judge_subject(j->site->list_view, &message->people[i], message->scope, consent,
                             j->now, &j->queue->pool, &judged);
        if (code == 0 && !must_not_have_it(&judged))
            return 0;
        if (code == 0)
            code = add_row(j, &judged, &tried);
    }
    if (code)
        return code;
    message->rows = tried.rows;
    message->kept_back = tried.kept_back;
    for (size_t i = 0; i < message->recipient_count; i++)
        message->recipients[i].replaces =
            !must_not_have_it(&message->recipients[i].judged) &&
            message->recipients[i].judged.state != RECIPIENT_COMPANION;
    *others = 0;
    return 0;
}

static enum queue_result result_of(const struct queue_message *message, size_t others)
{
    if (message->kept_back == 0)
        return QUEUE_FREE;
    if (others)
        return QUEUE_SHARED;
    if (message->monitored)
        return QUEUE_MONITORED;
    return strcmp(message->queue, "hold") == 0 ? QUEUE_HELD : QUEUE_FOUND;
}

static int judge_marketing(const struct judging *j, struct queue_message *message)
{
    const struct stream *stream = config_stream(j->site->config, message->stream);
    bool consent = stream && stream->consent == CONSENT_OPT_IN;
    size_t others = 0;
    int code = 0;

    if (stream)
        message->monitored = stream->mode == MODE_MONITOR;
    message->rows =
        pool_take(&j->queue->pool, (message->recipient_count + 1) * sizeof *message->rows);
    if (!message->rows)
        return -ENOMEM;
    for (size_t i = 0; i < message->recipient_count && code == 0; i++) {
        struct judged *judged = &message->recipients[i].judged;
        code = judge_one(j, message->recipients[i].given, message->scope, consent, judged);
        if (code == 0 && must_not_have_it(judged))
            code = add_row(j, judged, message);
        else
            others += judged->state != RECIPIENT_COMPANION;
    }
    if (code == 0 && others && message->people)
        code = judge_people(j, consent, message, &others);
    if (code == 0)
        message->result = result_of(message, others);
    return code;
}

int queue_judge(struct queue *queue, struct site *site, int64_t now, struct error *why)
{
    const struct judging j = {queue, site, now};
    int code = 0;

    for (size_t i = 0; i < queue->count && code == 0; i++) {
        struct queue_message *message = &queue->messages[i];
        code = message->link == QUEUE_UNKNOWN ? judge_unknown(&j, message)
                                              : judge_marketing(&j, message);
    }
    return code ? site_explain(site, code, why) : 0;
}
