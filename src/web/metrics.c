#include "web/metrics.h"

#include "store/ledger.h"
#include "store/list.h"
#include "web/answer.h"
#include "web/follow.h"
#include "web/histogram.h"

#include <inttypes.h>
#include <stdlib.h>

#define STATUS_MIN 200
#define STATUS_MAX 599

static const int64_t latencies[] = {250,   500,   1000,   2500,   5000,    10000,
                                    25000, 50000, 100000, 250000, 1000000, 2500000};

struct metrics {
    _Atomic uint64_t answered[ASKED_COUNT][STATUS_MAX - STATUS_MIN + 1];
    _Atomic uint64_t failed;
    _Atomic uint64_t turned_away;
    struct histogram writes; /* us */
    struct follower *follower;
};

struct metrics *metrics_new(void)
{
    struct metrics *metrics = calloc(1, sizeof *metrics);
    if (!metrics)
        return NULL;
    metrics->writes.bounds = latencies;
    metrics->writes.bound_count = sizeof latencies / sizeof *latencies;
    metrics->writes.second = 1000000;
    metrics->follower = follow_new();
    if (!metrics->follower) {
        free(metrics);
        return NULL;
    }
    return metrics;
}

void metrics_free(struct metrics *metrics)
{
    if (!metrics)
        return;
    follow_free(metrics->follower);
    free(metrics);
}

void metrics_answered(struct metrics *metrics, const struct request *request)
{
    unsigned status = request->response.status;
    if (status >= STATUS_MIN && status <= STATUS_MAX)
        atomic_fetch_add(&metrics->answered[request->asked][status - STATUS_MIN], 1);
}

void metrics_wrote(struct metrics *metrics, int64_t microseconds)
{
    histogram_add(&metrics->writes, microseconds);
}

void metrics_failed(struct metrics *metrics)
{
    atomic_fetch_add(&metrics->failed, 1);
}

void metrics_turned_away(struct metrics *metrics)
{
    atomic_fetch_add(&metrics->turned_away, 1);
}

/* --- the form ------------------------------------------------------------------------------- */

void metrics_family(struct text *text, const char *name, const char *type, const char *help)
{
    text_format(text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void metrics_label(struct text *text, const char *value)
{
    for (; *value; value++) {
        if (*value == '\n') {
            text_append(text, "\\n");
            continue;
        }
        if (*value == '\\' || *value == '"')
            text_append(text, "\\");
        text_append_bytes(text, value, 1);
    }
}

static void append_number(struct text *text, const char *name, const char *type, const char *help,
                          uint64_t number)
{
    metrics_family(text, name, type, help);
    text_format(text, "%s %" PRIu64 "\n", name, number);
}

/* --- this program --------------------------------------------------------------------------- */

static void append_requests(struct metrics *metrics, struct text *text)
{
    metrics_family(text, "optout_web_requests_total", "counter", "Requests that were answered.");
    for (enum asked asked = 0; asked < ASKED_COUNT; asked++)
        for (unsigned status = STATUS_MIN; status <= STATUS_MAX; status++) {
            uint64_t count = atomic_load(&metrics->answered[asked][status - STATUS_MIN]);
            if (count)
                text_format(text,
                            "optout_web_requests_total{kind=\"%s\",status=\"%u\"} %" PRIu64 "\n",
                            request_asked_name(asked), status, count);
        }
}

static void append_own(struct metrics *metrics, struct text *text)
{
    append_requests(metrics, text);
    append_number(text, "optout_web_errors_total", "counter",
                  "Times that the list could not be written.", atomic_load(&metrics->failed));
    append_number(text, "optout_web_turned_away_total", "counter",
                  "Connections and requests beyond what one client may have at once.",
                  atomic_load(&metrics->turned_away));
    histogram_append(&metrics->writes, "optout_web_commit_seconds",
                     "From handing in what is written to its being on disk.", text);
}

/* --- the stores ----------------------------------------------------------------------------- */

/* The families of one table, line by line: Prometheus wants each family in one piece. */
struct streams {
    struct text messages, recipients;
};

static int append_stream(const struct stream_count *count, void *argument)
{
    struct streams *streams = argument;
    const char *mode = count->mode == MODE_MONITOR ? "monitor" : "enforce";
    const struct {
        const char *outcome;
        uint64_t number;
    } outcomes[] = {{"delivered", count->delivered}, {"kept_back", count->kept_back}};

    text_append(&streams->messages, "optout_messages_total{stream=\"");
    metrics_label(&streams->messages, count->stream);
    text_format(&streams->messages, "\",verdict=\"%s\",mode=\"%s\"} %" PRIu64 "\n",
                action_name(count->action), mode, count->messages);
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
        text_append(&streams->recipients, "optout_recipients_total{stream=\"");
        metrics_label(&streams->recipients, count->stream);
        text_format(&streams->recipients,
                    "\",verdict=\"%s\",mode=\"%s\",outcome=\"%s\"} %" PRIu64 "\n",
                    action_name(count->action), mode, outcomes[i].outcome, outcomes[i].number);
    }
    return 0;
}

static void append_streams(struct ledger_view *view, struct text *text)
{
    struct streams streams = {TEXT_EMPTY, TEXT_EMPTY};

    if (ledger_each_stream(view, append_stream, &streams) == 0) {
        metrics_family(text, "optout_messages_total", "counter",
                       "Marketing messages that the milter decided on.");
        text_append_bytes(text, streams.messages.data ? streams.messages.data : "",
                          streams.messages.length);
        metrics_family(text, "optout_recipients_total", "counter",
                       "Their recipients, and what became of them.");
        text_append_bytes(text, streams.recipients.data ? streams.recipients.data : "",
                          streams.recipients.length);
    }
    text_release(&streams.messages);
    text_release(&streams.recipients);
}

struct sizes {
    struct list_counts list;
    struct ledger_extent ledger;
    bool has_list, has_ledger;
};

static void read_list(const struct visit *visit, struct sizes *sizes)
{
    const struct setup *setup = visit->setup;
    struct list *list;
    struct list_view *view;
    struct error why;

    if (stores_take_list(visit->web->stores, &setup->key, &setup->address, &list, &why))
        return;
    if (list_view_begin(list, &view) == 0) {
        sizes->has_list = list_count(view, &sizes->list) == 0;
        list_view_end(view);
    }
    stores_give_list(visit->web->stores);
}

static void read_ledger(const struct visit *visit, struct sizes *sizes, struct text *text)
{
    struct ledger *ledger;
    struct ledger_view *view;
    struct error why;

    if (stores_take_ledger(visit->web->stores, &visit->setup->key, &ledger, &why))
        return;
    if (ledger_view_begin(ledger, &view) == 0) {
        append_streams(view, text);
        sizes->has_ledger = ledger_measure(view, &sizes->ledger) == 0;
        ledger_view_end(view);
    }
    stores_give_ledger(visit->web->stores);
}

static void append_sizes(const struct sizes *sizes, struct text *text)
{
    const struct {
        const char *store;
        bool there;
        uint64_t used, size, events;
    } stores[] = {{"list", sizes->has_list, sizes->list.used, sizes->list.size, sizes->list.events},
                  {"ledger", sizes->has_ledger, sizes->ledger.used, sizes->ledger.size,
                   sizes->ledger.events}};
    const size_t count = sizeof stores / sizeof *stores;

    metrics_family(text, "optout_store_up", "gauge", "Whether the store can be read.");
    for (size_t i = 0; i < count; i++)
        text_format(text, "optout_store_up{store=\"%s\"} %d\n", stores[i].store, stores[i].there);
    metrics_family(text, "optout_store_used_bytes", "gauge", "What is used of the map.");
    for (size_t i = 0; i < count; i++)
        if (stores[i].there)
            text_format(text, "optout_store_used_bytes{store=\"%s\"} %" PRIu64 "\n",
                        stores[i].store, stores[i].used);
    metrics_family(text, "optout_store_size_bytes", "gauge",
                   "Size of the map: list_size and ledger_size.");
    for (size_t i = 0; i < count; i++)
        if (stores[i].there)
            text_format(text, "optout_store_size_bytes{store=\"%s\"} %" PRIu64 "\n",
                        stores[i].store, stores[i].size);
    metrics_family(text, "optout_store_events_total", "counter", "Events in the journal.");
    for (size_t i = 0; i < count; i++)
        if (stores[i].there)
            text_format(text, "optout_store_events_total{store=\"%s\"} %" PRIu64 "\n",
                        stores[i].store, stores[i].events);
}

void metrics_get(struct visit *visit)
{
    struct metrics *metrics = visit->web->metrics;
    struct text *text = &visit->request->response.body;
    struct sizes sizes = {.has_list = false};

    follow_begin(metrics->follower, visit->web);
    append_own(metrics, text);
    if (visit->setup->key_code == 0) {
        read_list(visit, &sizes);
        read_ledger(visit, &sizes, text);
    }
    append_sizes(&sizes, text);
    follow_append(metrics->follower, text);
    visit->request->response.status = 200;
    visit->request->response.type = BODY_METRICS;
}
