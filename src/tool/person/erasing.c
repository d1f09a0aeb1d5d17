#include "tool/person/erasing.h"

#include "core/token.h"
#include "store/erase.h"
#include "tool/approval/approval.h"
#include "tool/output.h"
#include "tool/show.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#define PAUSE_NS 1000000 /* between transactions: LMDB's lock is not fair */
#define LATER 1000       /* what a visitor returns to end a walk */

/* Names of events, each once. */
struct names {
    struct event_name *at;
    size_t count, room;
};

/* What is held of one person. */
struct holding {
    struct erasing *erasing;
    struct list_view *list;
    struct ledger_view *ledger;
    struct subject subject;
    struct pool pool;                       /* of names and rows */
    bool erased;                            /* the address is, already */
    bool known;                             /* to either store */
    bool ledger_told;                       /* of an erasure */
    struct names ours;                      /* the list's events whose words are to go */
    struct names verdicts;                  /* the ledger's */
    struct names shared, shared_verdicts;   /* that tell of others, too, and keep their words */
    struct event_name event, verdict_event; /* that tell of it; number 0: none */
    struct error *why;
};

/* One that is not there yet. */
static int append_name(struct holding *h, struct names *names, const struct event_name *name)
{
    if (names->count == names->room) {
        size_t room = 2 * names->room + 16;
        struct event_name *more = pool_take(&h->pool, room * sizeof *more);
        if (!more)
            return -ENOMEM;
        if (names->count)
            memcpy(more, names->at, names->count * sizeof *more);
        names->at = more;
        names->room = room;
    }
    names->at[names->count++] = *name;
    return 0;
}

static int add_name(struct holding *h, struct names *names, const struct event_name *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (event_name_equal(&names->at[i], name))
            return 0;
    return append_name(h, names, name);
}

/* Whether a subject is the person, or somebody who was erased. */
static int is_gone(struct holding *h, const struct subject *subject, bool *gone)
{
    struct pool pool = {0};
    struct list_identity identity;

    *gone = memcmp(subject, &h->subject, sizeof *subject) == 0;
    if (*gone)
        return 0;
    int code = list_identity(h->list, subject, &pool, &identity);
    *gone = code == 0 && identity.known == LIST_KNOWS_ERASED;
    pool_release(&pool);
    return code == ERR_KEY ? 0 : code;
}

/* --- the list --- */

static int check_alone(struct holding *h, const struct event *event, bool *alone)
{
    int code = 0;

    *alone = true;
    for (size_t i = 0; i < event->choice_count && *alone && code == 0; i++)
        code = is_gone(h, &event->choices[i].subject, alone);
    for (size_t i = 0; i < event->withdrawal_count && *alone && code == 0; i++)
        code = is_gone(h, &event->withdrawals[i].subject, alone);
    return code;
}

static int note_event(struct holding *h, const struct event *event)
{
    bool alone;
    int there = list_has_words(h->list, &event->name);

    if (there <= 0)
        return there;
    int code = check_alone(h, event, &alone);
    return code ? code : add_name(h, alone ? &h->ours : &h->shared, &event->name);
}

struct reason_search {
    struct holding *holding;
    struct event_name about;
    int64_t end_ms; /* nobody was asked any more */
};

static int visit_for_reason(struct txn *txn, const struct event *event, void *argument)
{
    struct reason_search *search = argument;
    (void)txn;
    if (event->at_ms > search->end_ms)
        return LATER;
    return event->reason && event_name_equal(&event->reason->about, &search->about)
               ? note_event(search->holding, event)
               : 0;
}

/* The event, and what was said about it afterwards. */
static int note_row(struct holding *h, const struct event_name *name)
{
    struct pool pool = {0};
    struct event event;

    int code = list_event(h->list, name, &pool, &event);
    if (code == 0)
        code = note_event(h, &event);
    if (code == 0 && strcmp(event.actor, "web") == 0) {
        struct reason_search search = {h, event.name,
                                       event.at_ms + (TOKEN_UNDO_SECONDS + 60) * INT64_C(1000)};
        code = list_walk(h->list, &event.name, visit_for_reason, &search);
        code = code == LATER ? 0 : code;
    }
    pool_release(&pool);
    return code;
}

/* Of what was proposed for several people the words are about all of them, and so are those of the
 * decision. What was said of an erasure stays. */
static int check_proposal_alone(struct holding *h, const struct event_proposal *proposal,
                                bool *alone)
{
    int code = 0;

    *alone = true;
    for (size_t i = 0; i < proposal->target_count && *alone && code == 0; i++)
        code = is_gone(h, &proposal->targets[i].subject, alone);
    for (size_t i = 0; i < proposal->choice_count && *alone && code == 0; i++)
        code = is_gone(h, &proposal->choices[i].subject, alone);
    return code;
}

static int note_words(struct holding *h, const struct event_name *name, bool alone)
{
    int there = name->number ? list_has_words(h->list, name) : 0;
    return there <= 0 ? there : add_name(h, alone ? &h->ours : &h->shared, name);
}

static int visit_proposal(const struct list_proposal *proposal, void *argument)
{
    struct holding *h = argument;
    bool alone;

    if (!approval_is_about(proposal->event.proposal, &h->subject) ||
        proposal->event.proposal->operation == OPERATION_ERASE)
        return 0;
    h->known = true;
    int code = check_proposal_alone(h, proposal->event.proposal, &alone);
    if (code == 0)
        code = note_words(h, &proposal->event.name, alone);
    return code ? code : note_words(h, &proposal->decided, alone);
}

static int find_in_list(struct holding *h)
{
    struct list_identity identity;
    struct choice *standing, *past;
    struct event_name *by;
    size_t count, past_count;

    int code = list_identity(h->list, &h->subject, &h->pool, &identity);
    if (code == 0)
        code = list_read(h->list, LIST_STANDING, &h->subject, false, &h->pool, &standing, &count,
                         NULL);
    if (code == 0)
        code = list_read(h->list, LIST_PAST, &h->subject, false, &h->pool, &past, &past_count, &by);
    if (code)
        return code;
    h->erased = identity.known == LIST_KNOWS_ERASED;
    h->known = identity.known != LIST_KNOWS_NOTHING || count > 0 || past_count > 0;
    for (size_t i = 0; i < count && code == 0; i++)
        code = note_row(h, &standing[i].event);
    for (size_t i = 0; i < past_count && code == 0; i++) {
        code = note_row(h, &past[i].event);
        if (code == 0)
            code = note_row(h, &by[i]);
    }
    return code ? code : list_each_proposal(h->list, true, visit_proposal, h);
}

/* --- the ledger --- */

/* A recipient that could not be read may be anybody, so is somebody else. */
static int check_verdict_alone(struct holding *h, const struct event *event, bool *alone)
{
    int code = 0;

    *alone = true;
    for (size_t i = 0; i < ledger_subjects(event) && *alone && code == 0; i++) {
        const struct subject *subject = ledger_subject(event, i);
        *alone = subject != NULL;
        if (subject)
            code = is_gone(h, subject, alone);
    }
    return code;
}

/* What was said of an erasure stays: it tells why nothing else is there. There may be very many
 * verdicts, each once. */
static int visit_history(struct txn *txn, const struct event *event, void *argument)
{
    struct holding *h = argument;
    bool alone;
    (void)txn;

    h->known = true;
    if (event->type == EVENT_ERASURE) {
        h->ledger_told = true;
        return 0;
    }
    int there = ledger_has_words(h->ledger, &event->name);
    if (there <= 0)
        return there;
    int code = check_verdict_alone(h, event, &alone);
    return code ? code : append_name(h, alone ? &h->verdicts : &h->shared_verdicts, &event->name);
}

static int find(struct holding *h)
{
    struct erasing *e = h->erasing;

    int code = list_view_begin(e->list, &h->list);
    if (code == 0)
        code = ledger_view_begin(e->ledger, &h->ledger);
    if (code == 0)
        code = find_in_list(h);
    if (code)
        list_explain(e->list, code, h->why);
    if (code == 0 && (code = ledger_history(h->ledger, &h->subject, visit_history, h)) != 0)
        error_set(h->why, code, "the ledger cannot be read: %s", error_name(code));
    list_view_end(h->list);
    ledger_view_end(h->ledger);
    return code;
}

/* --- doing it --- */

/* In one event, or in several where there are very many words. */
static int erase_in(struct holding *h, struct store *store, const struct names *names,
                    struct event_name *event)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    const struct erasing *e = h->erasing;
    size_t done = 0;
    int code;

    do {
        size_t left = names->count - done;
        struct event_erasure row = {h->subject, names->at ? names->at + done : NULL,
                                    left < ERASE_EVENTS_MAX ? left : ERASE_EVENTS_MAX - 1};
        code =
            erase_write(store, &row, 1, "cli", e->words, e->word_count, e->decision, event, h->why);
        done += row.event_count;
        nanosleep(&pause, NULL);
    } while (code == 0 && done < names->count);
    return code;
}

/* The list first: what its mark keeps from being sealed again cannot come in between. */
static int erase(struct holding *h)
{
    struct erasing *e = h->erasing;
    int code = 0;

    if (!h->erased || h->ours.count > 0)
        code = erase_in(h, list_store(e->list), &h->ours, &h->event);
    if (code == 0 && (!h->ledger_told || h->verdicts.count > 0))
        code = erase_in(h, ledger_store(e->ledger), &h->verdicts, &h->verdict_event);
    return code;
}

/* --- telling --- */

static void put_names(json_t *object, const char *name, const struct names *names)
{
    char text[SHOW_EVENT_SIZE];
    json_t *array = json_array();
    for (size_t i = 0; i < names->count; i++)
        output_append(array, json_string(show_event_in_full(&names->at[i], text)));
    output_put(object, name, array);
}

static void put_event(json_t *object, const char *name, const struct event_name *event)
{
    if (event->number)
        show_put_event(object, name, event);
    else
        output_put_text(object, name, NULL);
}

static void tell_json(const struct holding *h, const char *shown, const char *result)
{
    json_t *object = json_object();
    output_put_text(object, "address", shown);
    output_put_text(object, "result", result);
    output_put_number(object, "words", h->ours.count + h->verdicts.count);
    put_names(object, "kept", &h->shared);
    put_names(object, "kept_verdicts", &h->shared_verdicts);
    put_event(object, "event", &h->event);
    put_event(object, "ledger_event", &h->verdict_event);
    output_json(object);
}

static void append_kept(struct text *line, const char *what, const struct names *names)
{
    for (size_t i = 0; i < names->count && i < 10; i++)
        text_format(line, "%s%" PRIu64, i ? ", " : what, names->at[i].number);
    if (names->count > 10)
        text_append(line, ", ...");
}

static void tell(const struct holding *h, const char *shown)
{
    struct text line = TEXT_EMPTY;
    size_t words = h->ours.count + h->verdicts.count,
           kept = h->shared.count + h->shared_verdicts.count;
    bool nothing = h->event.number == 0 && h->verdict_event.number == 0;

    if (h->erasing->json) {
        tell_json(h, shown, !h->known ? "unknown" : nothing ? "known" : "erased");
        return;
    }
    if (!h->known)
        text_format(&line, "%s: neither list nor ledger knows of it", shown);
    else if (nothing)
        text_format(&line, "%s: erased already", shown);
    else
        text_format(&line, "%s: address erased, and the words of %zu event%s", shown, words,
                    words == 1 ? "" : "s");
    if (kept > 0) {
        text_format(&line, "; %zu tell%s of others too and keep%s them (", kept,
                    kept == 1 ? "s" : "", kept == 1 ? "s" : "");
        append_kept(&line, "event ", &h->shared);
        if (h->shared.count && h->shared_verdicts.count)
            text_append(&line, "; ");
        append_kept(&line, "verdict ", &h->shared_verdicts);
        text_append(&line, ")");
    }
    output_text(&line);
}

int erasing_person(struct erasing *e, const struct address *address, struct error *why)
{
    struct subject subject;

    int code = subject_of_address(e->hasher, address->text, address->length, &subject);
    return code ? error_set(why, code, "no keyed hash: %s", error_name(code))
                : erasing_subject(e, &subject, address->text, why);
}

int erasing_subject(struct erasing *e, const struct subject *subject, const char *shown,
                    struct error *why)
{
    struct holding h = {.erasing = e, .why = why, .subject = *subject};

    int code = find(&h);
    if (code == 0 && h.known)
        code = erase(&h);
    if (code == 0) {
        bool nothing = h.event.number == 0 && h.verdict_event.number == 0;
        e->unknown += !h.known;
        e->already += h.known && nothing;
        e->erased += h.known && !nothing;
        if (shown)
            tell(&h, shown);
    }
    pool_release(&h.pool);
    return code;
}
