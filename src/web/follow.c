#include "web/follow.h"

#include "store/ledger.h"
#include "store/list.h"
#include "web/delays.h"
#include "web/histogram.h"
#include "web/metrics.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PIECE 2000     /* events that are read in one view */
#define PAUSE_MS 20    /* between two pieces */
#define IDLE_MS 2000   /* where nothing is left */
#define SOURCES_MAX 64 /* that are told apart; the rest are "other" */
#define ENOUGH 1000    /* what a visitor returns at the end of a piece */

static const int64_t waits[] = {1000,     10000,    60000,     600000,    3600000,
                                21600000, 86400000, 604800000, 2592000000};

struct source_count {
    char *name;
    uint64_t opt_outs;
    struct source_delay delay;
};

struct follower {
    struct web *web;
    pthread_t thread;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t wake;
    bool begun, stopping;
    struct source_count sources[SOURCES_MAX + 1];
    size_t source_count;
    struct delays delays;
    struct histogram first; /* ms from an opt-out to the first refusal */
    /* Of the thread alone. */
    uint8_t node[EVENT_NODE_SIZE];
    struct event_name list_last, ledger_last; /* events that were read; number 0: none */
    size_t left;                              /* of the piece */
    uint8_t *refused;    /* a bit for each event of the list that kept mail back */
    size_t refused_size; /* octets */
    struct list_view *view;
};

struct follower *follow_new(void)
{
    struct follower *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->wake, NULL);
    f->first.bounds = waits;
    f->first.bound_count = sizeof waits / sizeof *waits;
    f->first.second = 1000;
    for (size_t i = 0; i <= SOURCES_MAX; i++)
        delays_begin(&f->sources[i].delay);
    return f;
}

/* --- opt-outs by source --------------------------------------------------------------------- */

/* Under the lock. */
static struct source_count *source_named(struct follower *f, const char *name)
{
    size_t i = 0;
    while (i < f->source_count && strcmp(f->sources[i].name, name) != 0)
        i++;
    if (i < f->source_count)
        return &f->sources[i];
    if (i >= SOURCES_MAX - 1)
        name = "other";
    if (i >= SOURCES_MAX)
        return &f->sources[SOURCES_MAX - 1];
    f->sources[i].name = strdup(name);
    if (!f->sources[i].name)
        return &f->sources[SOURCES_MAX]; /* counted, and not shown */
    f->source_count++;
    return &f->sources[i];
}

/* Under the lock. */
static void count_opt_outs(struct follower *f, const struct event *event)
{
    struct source_count *source = NULL;

    for (size_t i = 0; i < event->choice_count; i++) {
        const struct choice *choice = &event->choices[i].choice;
        const struct effect effect = {.asked = choice->asked, .recorded_ms = event->at_ms};
        if (choice->kind != CHOICE_OPT_OUT)
            continue;
        if (!source)
            source = source_named(f, event->source ? event->source : event->actor);
        source->opt_outs++;
        delays_add(&f->delays, &source->delay, &effect);
    }
}

static int visit_choice(struct txn *txn, const struct event *event, void *argument)
{
    struct follower *f = argument;
    (void)txn;

    f->list_last = event->name;
    if (event->choice_count > 0) {
        pthread_mutex_lock(&f->lock);
        count_opt_outs(f, event);
        pthread_mutex_unlock(&f->lock);
    }
    return --f->left == 0 ? ENOUGH : 0;
}

/* --- from an opt-out to its first refusal --------------------------------------------------- */

/* Whether this event had kept no mail back until now. */
static bool is_first(struct follower *f, uint64_t number)
{
    size_t at = number / 8;
    uint8_t bit = (uint8_t)(1u << number % 8);

    if (at >= f->refused_size) {
        size_t size = at * 2 + 1024;
        uint8_t *more = realloc(f->refused, size);
        if (!more)
            return false;
        memset(more + f->refused_size, 0, size - f->refused_size);
        f->refused = more;
        f->refused_size = size;
    }
    bool first = !(f->refused[at] & bit);
    f->refused[at] |= bit;
    return first;
}

/* An import's rows share an event and are left out: they were asked for long before it. */
static void note_basis(struct follower *f, const struct event_name *name, int64_t refused_ms)
{
    struct pool pool = {0};
    struct event event;

    if (memcmp(name->node, f->node, EVENT_NODE_SIZE) != 0 || !is_first(f, name->number))
        return;
    if (list_event(f->view, name, &pool, &event) == 0 && event.choice_count == 1 &&
        event.batch == 0 && event.choices[0].choice.kind == CHOICE_OPT_OUT)
        histogram_add(&f->first, refused_ms > event.at_ms ? refused_ms - event.at_ms : 0);
    pool_release(&pool);
}

static int visit_verdict(struct txn *txn, const struct event *event, void *argument)
{
    struct follower *f = argument;
    const struct event_verdict *verdict = event->verdict;
    (void)txn;

    f->ledger_last = event->name;
    for (size_t i = 0; verdict && verdict->mode == MODE_ENFORCE && i < verdict->row_count; i++) {
        const struct event_verdict_row *row = &verdict->rows[i];
        for (size_t j = 0; row->state == RECIPIENT_OPTED_OUT && j < row->basis_count; j++)
            note_basis(f, &row->basis[j].event, event->at_ms);
    }
    return --f->left == 0 ? ENOUGH : 0;
}

/* --- the thread ----------------------------------------------------------------------------- */

/* Counts the list from its beginning again. */
static void forget_list(struct follower *f)
{
    f->list_last.number = 0;
    pthread_mutex_lock(&f->lock);
    memset(f->delays.near, 0, sizeof f->delays.near);
    memset(f->delays.over, 0, sizeof f->delays.over);
    for (size_t i = 0; i <= SOURCES_MAX; i++) {
        f->sources[i].opt_outs = 0;
        delays_begin(&f->sources[i].delay);
    }
    pthread_mutex_unlock(&f->lock);
}

/* A list that was restored is another one. */
static void look_at_node(struct follower *f, const struct list *list)
{
    if (memcmp(f->node, list_node(list), EVENT_NODE_SIZE) == 0)
        return;
    memcpy(f->node, list_node(list), EVENT_NODE_SIZE);
    if (f->refused)
        memset(f->refused, 0, f->refused_size);
    forget_list(f);
}

/* Other limits are other counts. */
static void look_at_limits(struct follower *f, const struct config *config)
{
    pthread_mutex_lock(&f->lock);
    bool others = delays_limit(&f->delays, config->effect_limits, config->effect_limit_count);
    pthread_mutex_unlock(&f->lock);
    if (others)
        forget_list(f);
}

static const struct event_name *behind(const struct event_name *last)
{
    return last->number ? last : NULL;
}

/* True: there is more to be read. */
static bool read_ledger(struct follower *f, const struct setup *setup)
{
    struct ledger *ledger;
    struct ledger_view *view;
    struct error why;
    int code = 0;

    if (stores_take_ledger(f->web->stores, &setup->key, &ledger, &why))
        return false;
    if (ledger_view_begin(ledger, &view) == 0) {
        f->left = PIECE;
        code = ledger_walk(view, behind(&f->ledger_last), visit_verdict, f);
        ledger_view_end(view);
    }
    stores_give_ledger(f->web->stores);
    if (code == ERR_NOT_FOUND)
        f->ledger_last.number = 0; /* it is another one now */
    return code == ENOUGH;
}

static bool read_piece(struct follower *f)
{
    struct setup *setup = setups_take(f->web->setups);
    struct list *list;
    struct error why;
    bool more = false;

    if (setup->key_code == 0 &&
        stores_take_list(f->web->stores, &setup->key, &setup->address, &list, &why) == 0) {
        look_at_node(f, list);
        look_at_limits(f, setup->config);
        if (list_view_begin(list, &f->view) == 0) {
            f->left = PIECE;
            more = list_walk(f->view, behind(&f->list_last), visit_choice, f) == ENOUGH;
            more = read_ledger(f, setup) || more;
            list_view_end(f->view);
        }
        stores_give_list(f->web->stores);
    }
    setup_give(setup);
    return more;
}

static void *follow(void *argument)
{
    struct follower *f = argument;

    pthread_mutex_lock(&f->lock);
    while (!f->stopping) {
        pthread_mutex_unlock(&f->lock);
        long pause_ms = read_piece(f) ? PAUSE_MS : IDLE_MS;
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += pause_ms / 1000;
        until.tv_nsec += pause_ms % 1000 * 1000000;
        if (until.tv_nsec >= 1000000000) {
            until.tv_sec++;
            until.tv_nsec -= 1000000000;
        }
        pthread_mutex_lock(&f->lock);
        if (!f->stopping)
            pthread_cond_timedwait(&f->wake, &f->lock, &until);
    }
    pthread_mutex_unlock(&f->lock);
    return NULL;
}

void follow_begin(struct follower *f, struct web *web)
{
    pthread_mutex_lock(&f->lock);
    if (!f->begun) {
        f->web = web;
        f->begun = pthread_create(&f->thread, NULL, follow, f) == 0;
    }
    pthread_mutex_unlock(&f->lock);
}

void follow_free(struct follower *f)
{
    if (!f)
        return;
    pthread_mutex_lock(&f->lock);
    f->stopping = true;
    pthread_cond_signal(&f->wake);
    pthread_mutex_unlock(&f->lock);
    if (f->begun)
        pthread_join(f->thread, NULL);
    for (size_t i = 0; i < f->source_count; i++)
        free(f->sources[i].name);
    free(f->refused);
    pthread_cond_destroy(&f->wake);
    pthread_mutex_destroy(&f->lock);
    free(f);
}

/* Under the lock. */
static void append_delays(const struct follower *f, struct text *text)
{
    delays_append_heads(text);
    for (size_t i = 0; i < f->source_count; i++)
        delays_append_source(&f->sources[i].delay, f->sources[i].name, text);
    metrics_family(text, "optout_undated_total", "counter",
                   "Opt-outs of which nobody told when they were asked for.");
    for (size_t i = 0; i < f->source_count; i++) {
        text_append(text, "optout_undated_total{source=\"");
        metrics_label(text, f->sources[i].name);
        text_format(text, "\"} %" PRIu64 "\n", f->sources[i].delay.undated);
    }
    delays_append(&f->delays, text);
}

void follow_append(struct follower *f, struct text *text)
{
    metrics_family(text, "optout_opt_outs_total", "counter",
                   "Opt-outs in the list's journal, by who said so.");
    pthread_mutex_lock(&f->lock);
    for (size_t i = 0; i < f->source_count; i++) {
        text_append(text, "optout_opt_outs_total{source=\"");
        metrics_label(text, f->sources[i].name);
        text_format(text, "\"} %" PRIu64 "\n", f->sources[i].opt_outs);
    }
    append_delays(f, text);
    pthread_mutex_unlock(&f->lock);
    histogram_append(&f->first, "optout_first_refusal_seconds",
                     "From an opt-out to the first mail that it kept back.", text);
}
