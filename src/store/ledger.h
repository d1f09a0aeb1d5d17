/* The ledger: verdicts on marketing mail, with a journal of their own, and what is counted; and
 * who was shown what is held about people.
 *
 * What keeps mail from somebody is an event, on disk before the MTA is answered. What was counted
 * (mail that passed, bulk mail that no stream claims) is gathered in memory and added up here now
 * and then; it is no evidence and not in the journal. */
#ifndef STORE_LEDGER_H
#define STORE_LEDGER_H

#include "base/pool.h"
#include "core/subject.h"
#include "store/keys.h"
#include "store/store.h"

#include <stddef.h>
#include <stdint.h>

struct ledger;
struct ledger_view;

/* As list_create and list_open. The ledger's words are sealed under a subkey of the lookup key,
 * since the milter writes them; without it (NULL, to verify) they cannot be read. */
int ledger_create(const char *folder, const struct lookup_key *lookup,
                  const struct address_key *address, uint64_t map_size, struct error *why);
int ledger_open(const char *folder, enum env_access access, uint64_t map_size,
                const struct lookup_key *lookup, struct ledger **ledger, struct error *why);
int ledger_close(struct ledger *ledger);
int ledger_check(const struct ledger *ledger);
/* The node that writes now. */
const uint8_t *ledger_node(const struct ledger *ledger);
/* What it has in common with a list; for backup, restore and their like. It stays the ledger's. */
struct store *ledger_store(struct ledger *ledger);

#define LEDGER_BASIS_MAX 1000 /* events named by one row; more are left out */

/* Writes a verdict as one event, or as several where it has very many rows: the later ones have the
 * first as their batch, say the same of the message, and have no words. Returns when it is on disk.
 * *number: of the first one, the reference that a refused sender is told. `rows` of the verdict may
 * be in any sequence. */
int ledger_write(struct ledger *ledger, const struct event_verdict *verdict,
                 const struct word *words, size_t word_count, uint64_t *number, struct error *why);

/* Notes that somebody is about to be shown what is held about people. Returns when it is on disk;
 * *event (may be NULL) is its name. */
int ledger_write_reading(struct ledger *ledger, const struct event_reading *reading,
                         const struct word *words, size_t word_count, struct event_name *event,
                         struct error *why);
/* The same by another part of the software than the milter. `about`: the number of an earlier
 * verdict that this one takes back, and becomes its batch; 0: none. */
int ledger_write_by(struct ledger *ledger, const char *actor, uint64_t about,
                    const struct event_verdict *verdict, const struct word *words,
                    size_t word_count, uint64_t *number, struct error *why);

/* Writes what a verify found. */
int ledger_note_verified(struct ledger *ledger, const struct event_verified *verified,
                         const struct word *words, size_t word_count, struct error *why);

/* What was counted of one stream and action. */
struct stream_count {
    const char *stream;
    enum action action;
    enum mode mode;
    uint64_t messages, given, delivered, kept_back;
};

#define LEDGER_UNCLAIMED_MAX 10000 /* places that are counted by themselves */
#define LEDGER_OTHERS "others"     /* the domain of all further ones, with no login or listener */

/* Bulk mail that no stream claims, by where it came from; a text that is not known is empty.
 * Sealed, since a login or a name can be a person's. */
struct unclaimed_count {
    const char *login;
    const char *listener;
    const char *domain; /* of the envelope sender */
    uint64_t messages, recipients;
    int64_t first, last; /* seconds */
};

/* Adds to what is there. */
int ledger_count(struct ledger *ledger, const struct stream_count *streams, size_t stream_count,
                 const struct unclaimed_count *unclaimed, size_t unclaimed_count,
                 struct error *why);

/* --- configurations --- */

/* One that a daemon ran or runs with. */
struct ledger_configuration {
    const char *actor; /* "milter", "web" */
    struct event_configuration configuration;
    const char *text; /* of its file */
    bool if_changed;  /* not told where the actor's event before has the same digest */
};

#define LEDGER_CONFIGURATION_WORD "configuration" /* the private word with the text */

/* Writes, in their sequence, those that the ledger does not have yet: told a second time they are
 * known by their actor, place, occasion, time and digest. The text is left out where it is that of
 * the actor's event before, and still here. On disk when it returns. */
int ledger_configure(struct ledger *ledger, const struct ledger_configuration *configurations,
                     size_t count, struct error *why);

/* Only the events of configurations, oldest first; found without a walk over the journal. */
int ledger_configurations(struct ledger_view *view, journal_visitor visit, void *argument);

/* The configuration that the verdict of this event was made under: the last event before it with
 * the verdict's digest that a milter told. In the pool. ERR_NOT_FOUND: the ledger has none. */
int ledger_configuration_of(struct ledger_view *view, const struct event *verdict,
                            struct pool *pool, struct event *configuration);

/* --- reading --- */

int ledger_view_begin(struct ledger *ledger, struct ledger_view **view);
void ledger_view_end(struct ledger_view *view);

/* The transaction of the view, for what is common to both stores. */
struct txn *ledger_view_txn(struct ledger_view *view);

/* As journal_walk: over the events behind `after`, or all. */
int ledger_walk(struct ledger_view *view, const struct event_name *after, journal_visitor visit,
                void *argument);
/* Only the events about this subject: verdicts with a row of it, and readings of its record. */
int ledger_history(struct ledger_view *view, const struct subject *subject, journal_visitor visit,
                   void *argument);
/* ERR_NOT_FOUND, as event_decode. */
int ledger_event(struct ledger_view *view, const struct event_name *name, struct pool *pool,
                 struct event *event);
/* Whom an event of a ledger tells of: so many places, and the subject at each; NULL where nobody
 * is known there. */
size_t ledger_subjects(const struct event *event);
const struct subject *ledger_subject(const struct event *event, size_t place);
int ledger_words(struct ledger_view *view, const struct event *event, struct pool *pool,
                 struct word **words, size_t *count);

typedef int (*stream_count_visitor)(const struct stream_count *count, void *argument);
typedef int (*unclaimed_visitor)(const struct unclaimed_count *count, void *argument);
int ledger_each_stream(struct ledger_view *view, stream_count_visitor visit, void *argument);
int ledger_each_unclaimed(struct ledger_view *view, unclaimed_visitor visit, void *argument);

/* As list_has_words. */
int ledger_has_words(struct ledger_view *view, const struct event_name *name);

struct ledger_extent {
    uint64_t events;
    uint64_t used, size; /* bytes of the map */
};
int ledger_measure(struct ledger_view *view, struct ledger_extent *extent);

/* The pages of its file, the chain, that `history` follows from it, and all else that it holds, as
 * far as there are keys for it. ERR_CORRUPT with the first misfit. */
int ledger_verify(struct ledger_view *view, uint64_t *events, struct error *why);

#endif
