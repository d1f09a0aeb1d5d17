#include "milter/record.h"

#include "base/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#define RULE_SIZE 128
/* A ledger that another one takes the place of is opened again as soon as its last user has given
 * it back: no reason to put mail off. */
#define TRIES 200
#define PAUSE_NS 10000000
#define BASIS_MAX 16 /* events named for one recipient; more add nothing to the proof */
#define EVENTS_LOGGED 20

/* The events that decided about one recipient. NULL without memory. */
static struct event_basis *name_basis(const struct judged *judged, struct list_view *view,
                                      struct pool *pool, size_t count)
{
    struct event_basis *basis = pool_take(pool, (count + 1) * sizeof *basis);

    for (size_t i = 0; basis && i < count; i++) {
        basis[i] = (struct event_basis){.event = judged->deciding[i]->event};
        if (view)
            list_event_hash(view, &basis[i].event, basis[i].hash);
    }
    return basis;
}

/* The subject of one of whom the list was not asked: a companion, or anybody where there is no list
 * to ask. One that cannot be read has none. */
static int find_subject(const struct record *record, const struct recipient *recipient,
                        struct event_verdict_row *row)
{
    struct subject_hasher *hasher;

    if (recipient->problem || address_is_routed(&recipient->address))
        return 0;
    int code = session_hasher(record->session, &hasher, NULL);
    if (code == 0)
        code = subject_of_address(hasher, recipient->address.text, recipient->address.length,
                                  &row->subject);
    row->known = code == 0;
    return code;
}

static int prepare_row(const struct record *record, size_t i, struct list_view *view,
                       struct event_verdict_row *row)
{
    const struct judged *judged = &record->judged[i];
    size_t n = judged->deciding_count < BASIS_MAX ? judged->deciding_count : BASIS_MAX;
    struct event_basis *basis = name_basis(judged, view, &record->session->work, n);

    if (!basis)
        return -ENOMEM;
    *row = (struct event_verdict_row){.known = judged->has_subject,
                                      .subject = judged->subject,
                                      .state = judged->state,
                                      .basis = basis,
                                      .basis_count = n};
    return row->known ? 0 : find_subject(record, &record->recipients[i], row);
}

int record_prepare(struct record *record, struct list_view *view)
{
    struct event_verdict_row *rows =
        pool_take(&record->session->work, (record->count + 1) * sizeof *rows);
    size_t count = 0;

    if (!rows)
        return -ENOMEM;
    for (size_t i = 0; i < record->count; i++) {
        if (!record_is_needed(record) && !recipient_is_kept_back(record->judged[i].state))
            continue;
        int code = prepare_row(record, i, view, &rows[count++]);
        if (code)
            return code;
    }
    record->rows = rows;
    record->row_count = count;
    return 0;
}

bool record_is_needed(const struct record *record)
{
    return record->stream->ledger == LEDGER_ALL;
}

const char *record_name(const struct record *record)
{
    return *record->queue_id ? record->queue_id : "NOQUEUE";
}

/* "match_login+match_header" */
static void describe_rule(const struct rule *rule, char text[RULE_SIZE])
{
    size_t length = 0;
    text[0] = '\0';
    for (int i = 0; i < CRITERION_COUNT; i++) {
        const char *name = criterion_name((enum criterion)i);
        size_t size = strlen(name);
        if (rule->match[i].count == 0 || length + size + 2 > RULE_SIZE)
            continue;
        if (length)
            text[length++] = '+';
        memcpy(text + length, name, size + 1);
        length += size;
    }
}

static const char *client_text(const struct message *message, char text[INET6_ADDRSTRLEN])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    const uint8_t *bytes = message->client_ip.bytes;

    if (!message->client_known)
        return NULL;
    if (memcmp(bytes, mapped, sizeof mapped) == 0)
        return inet_ntop(AF_INET, bytes + sizeof mapped, text, INET6_ADDRSTRLEN);
    return inet_ntop(AF_INET6, bytes, text, INET6_ADDRSTRLEN);
}

/* The spellings that could not be looked up; nothing else tells who they were. */
static void append_unreadable(const struct record *record, struct text *text)
{
    for (size_t i = 0; i < record->count; i++)
        if (recipient_is_kept_back(record->judged[i].state) && !record->judged[i].has_subject) {
            if (text->length)
                text_append(text, " ");
            text_append(text, record->recipients[i].given);
        }
}

static int try_to_write(struct record *record, const struct event_verdict *verdict,
                        const struct word *words, size_t word_count, struct error *why)
{
    struct session *session = record->session;
    struct ledger *ledger;

    int code = stores_take_ledger(session->service->stores, &session->setup->key, &ledger, why);
    if (code)
        return code;
    code = chronicle_write(session->service->chronicle, ledger, why);
    if (code == 0)
        code = ledger_write(ledger, verdict, words, word_count, &record->reference, why);
    stores_give_ledger(session->service->stores);
    return code;
}

/* Where it was replaced nothing of the verdict was written. */
static int write_verdict(struct record *record, const struct event_verdict *verdict,
                         const struct word *words, size_t word_count, struct error *why)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    int code = try_to_write(record, verdict, words, word_count, why);

    for (int i = 1; i < TRIES && code == ERR_RETIRED; i++) {
        nanosleep(&pause, NULL);
        code = try_to_write(record, verdict, words, word_count, why);
    }
    return code;
}

int record_write(struct record *record, struct error *why)
{
    const struct message *message = session_message(record->session);
    char client[INET6_ADDRSTRLEN], rule[RULE_SIZE], id[MESSAGE_ID_SIZE];
    struct text unreadable = TEXT_EMPTY;

    if (record->row_count == 0)
        return 0;
    describe_rule(record->rule, rule);
    append_unreadable(record, &unreadable);
    message_id(message, id);
    if (unreadable.failed) {
        text_release(&unreadable);
        return error_set(why, -ENOMEM, "no memory for its words");
    }
    struct event_verdict verdict = {.stream = record->stream->rule.name,
                                    .rule = rule,
                                    .scope = record->stream->scope,
                                    .queue_id = record->queue_id,
                                    .action = record->verdict.action,
                                    .mode = record->mode,
                                    .given = record->count,
                                    .delivered = record->verdict.delivered,
                                    .kept_back = record->verdict.kept_back,
                                    .rows = record->rows,
                                    .row_count = record->row_count};
    const struct word words[] = {{"sender", message->sender},
                                 {"login", message->login},
                                 {"client", client_text(message, client)},
                                 {"message-id", *id ? id : NULL},
                                 {"unreadable", unreadable.data}};
    memcpy(verdict.config, record->session->setup->config->digest, sizeof verdict.config);
    int code = write_verdict(record, &verdict, words, sizeof words / sizeof *words, why);
    text_release(&unreadable);
    return code;
}

/* The events behind the refusals, each one once. */
static void append_events(const struct record *record, struct text *line)
{
    const struct event_name *seen[EVENTS_LOGGED];
    size_t count = 0;

    for (size_t i = 0; i < record->row_count; i++) {
        const struct event_verdict_row *row = &record->rows[i];
        size_t basis_count = recipient_is_kept_back(row->state) ? row->basis_count : 0;
        for (size_t j = 0; j < basis_count; j++) {
            const struct event_name *event = &row->basis[j].event;
            size_t k = 0;
            while (k < count && !event_name_equal(seen[k], event))
                k++;
            if (k < count)
                continue;
            if (count == EVENTS_LOGGED) {
                text_append(line, ",...");
                return;
            }
            seen[count++] = event;
            text_format(line, "%s%llu", count == 1 ? " events=" : ",",
                        (unsigned long long)event->number);
        }
    }
}

void record_log(const struct record *record)
{
    const struct verdict *verdict = &record->verdict;
    struct text line = TEXT_EMPTY;
    char rule[RULE_SIZE];

    describe_rule(record->rule, rule);
    text_format(&line, "%s: stream=%s rule=%s verdict=%s%s in=%zu out=%zu kept_back=%zu",
                record_name(record), record->stream->rule.name, rule, action_name(verdict->action),
                record->mode == MODE_MONITOR ? " mode=monitor" : "", record->count,
                verdict->delivered, verdict->kept_back);
    if (record->reference)
        text_format(&line, " ref=%llu", (unsigned long long)record->reference);
    append_events(record, &line);
    log_info("%s", line.data && !line.failed ? line.data : "a verdict, and no memory for its line");
    text_release(&line);
}
