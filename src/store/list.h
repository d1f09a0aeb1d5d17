/* The list: what stands of people's choices, with the journal they came from.
 *
 * What the choice and domain tables hold is a fold over the journal: written in one transaction
 * with the event, and reproducible from it. */
#ifndef STORE_LIST_H
#define STORE_LIST_H

#include "base/pool.h"
#include "core/address.h"
#include "core/choice.h"
#include "core/subject.h"
#include "store/keys.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct list;
struct list_view;

/* Makes an empty list in an existing, empty folder. As store_create. */
int list_create(const char *folder, const struct lookup_key *lookup,
                const struct address_key *address, uint64_t map_size, struct error *why);

/* Opens it. `address` may be NULL (the milter has none): then addresses and private words cannot be
 * read, and nothing be written. `lookup` may be NULL too, for who only verifies. As store_open. */
int list_open(const char *folder, enum env_access access, uint64_t map_size,
              const struct lookup_key *lookup, const struct address_key *address,
              struct list **list, struct error *why);
/* NULL is allowed. ERR_BUSY as store_close. */
int list_close(struct list *list);

/* As env_check: whether it is still the list that was opened. */
int list_check(const struct list *list);
int list_explain(const struct list *list, int code, struct error *why);

/* --- reading --- */

/* A consistent view; short, and on one thread. */
int list_view_begin(struct list *list, struct list_view **view);
void list_view_end(struct list_view *view);

/* Rows of one subject are read in either of two states. */
enum list_rows {
    LIST_STANDING, /* what is decided on */
    LIST_PAST,     /* what was withdrawn */
};

/* The transaction of the view, for what is common to both stores. */
struct txn *list_view_txn(struct list_view *view);

/* All rows of one subject (of an address, or of "@domain"), oldest first; they and what they point
 * to lie in the pool. Finding none is 0 with *count 0; any error means: cannot tell. `withdrawn_by`
 * may be NULL; for LIST_PAST it takes an array of the events that withdrew them. */
int list_read(struct list_view *view, enum list_rows which, const struct subject *subject,
              bool domain, struct pool *pool, struct choice **rows, size_t *count,
              struct event_name **withdrawn_by);

/* The same of what stands, for many subjects: they are given in ascending sequence, those of people
 * and those of domains each, and the reader walks from one to the next. It ends before its view. */
struct list_reader;
int list_reader_begin(struct list_view *view, struct list_reader **reader);
/* NULL is allowed. */
void list_reader_end(struct list_reader *reader);
int list_reader_read(struct list_reader *reader, const struct subject *subject, bool domain,
                     struct pool *pool, struct choice **rows, size_t *count);

/* Whether there is a choice about any domain at all: where there is none, nobody's domain has to be
 * looked up. */
int list_has_domains(struct list_view *view, bool *any);

#define LIST_DIGEST_SIZE 32

/* What the list knows of a subject, apart from the choices. */
enum list_known {
    LIST_KNOWS_NOTHING,
    LIST_KNOWS_ADDRESS,
    LIST_KNOWS_DIGEST, /* SHA-256 of the address */
    LIST_KNOWS_SEALED, /* one of both, and nobody may look without the address key */
    LIST_KNOWS_ERASED,
};

struct list_identity {
    enum list_known known;
    const char *address; /* canonical; NULL unless it is known */
    uint8_t digest[LIST_DIGEST_SIZE];
};

/* What is known of one subject; the address lies in the pool. ERR_KEY: it was sealed under another
 * key or was changed. */
int list_identity(struct list_view *view, const struct subject *subject, struct pool *pool,
                  struct list_identity *identity);

/* The address that a subject stands for: as a whole into `address`. ERR_NOT_FOUND: the list never
 * held it. ERR_KEY: not without the address key. An entry that is only a hash, or was erased, gives
 * 0 and an empty text. */
int list_address(struct list_view *view, const struct subject *subject, struct pool *pool,
                 const char **address);

/* When the person was last sent a notice of an opt-out, or was about to be; in seconds.
 * ERR_NOT_FOUND: never. */
int list_notice_time(struct list_view *view, const struct subject *subject, int64_t *seconds);

/* ERR_LOSS: opt-outs may be missing, since the list was restored without what it replaced, and
 * nobody has accepted that; so nobody may be said to be free. */
int list_check_loss(const struct list_view *view);
/* Whether a sealed address (see list_seal_address) would tell the list something: it has none of
 * the subject, or only a digest. */
int list_lacks_address(struct list_view *view, const struct subject *subject, struct slice sealed,
                       bool *lacks);

/* What a verdict that rests on this event notes of its hash; zeros where it cannot be had. */
void list_event_hash(struct list_view *view, const struct event_name *event,
                     uint8_t hash[EVENT_SHORT_HASH_SIZE]);

/* 0 where the scope is registered, ERR_SCOPE where not. */
int list_scope_known(struct list_view *view, const char *scope);
typedef int (*list_scope_visitor)(const char *scope, void *argument);
int list_each_scope(struct list_view *view, list_scope_visitor visit, void *argument);

struct list_counts {
    uint64_t choices, domains, past, addresses, events, scopes;
    uint64_t used, size; /* bytes of the map */
};
int list_count(struct list_view *view, struct list_counts *counts);

/* --- the journal --- */

/* As journal_walk: over the events behind `after`, or all. */
int list_walk(struct list_view *view, const struct event_name *after, journal_visitor visit,
              void *argument);
/* Over all events of one type: of the others no more than the beginning is read. */
int list_walk_type(struct list_view *view, enum event_type type, journal_visitor visit,
                   void *argument);
/* The last event of the node that writes now. */
int list_head(struct list_view *view, struct event_name *head);
/* One event, decoded into the pool. ERR_NOT_FOUND. */
int list_event(struct list_view *view, const struct event_name *name, struct pool *pool,
               struct event *event);
/* Whether `a` comes before `b` where the journal is walked. */
bool list_is_earlier(const struct list *list, const struct event_name *a,
                     const struct event_name *b);
int list_words(struct list_view *view, const struct event *event, struct pool *pool,
               struct word **words, size_t *count);
/* Whether words of an event are there: 1, 0, or an error. */
int list_has_words(struct list_view *view, const struct event_name *name);
/* The node that writes now. */
const uint8_t *list_node(const struct list *list);
/* What it has in common with a ledger; for backup, restore and their like. It stays the list's. */
struct store *list_store(struct list *list);

/* A batch: what began it, how it ended, and whether it was undone. */
struct list_batch {
    struct event_name name;
    struct event_batch begin;
    const char *actor, *source; /* source: NULL as in its event */
    int64_t begun_ms;
    int64_t ended_ms; /* 0: it is under way, or was broken off */
    uint64_t counts[BATCH_COUNTS];
    struct event_name undone_by; /* number 0: nobody did; the undo may be under way itself */
};

/* One batch; its texts lie in the pool. ERR_NOT_FOUND: no batch has this name. */
int list_batch(struct list_view *view, const struct event_name *name, struct pool *pool,
               struct list_batch *batch);

/* All batches, oldest first; anything but 0 ends it and is returned. The texts are good until the
 * visitor returns. */
typedef int (*list_batch_visitor)(const struct list_batch *batch, void *argument);
int list_each_batch(struct list_view *view, list_batch_visitor visit, void *argument);

/* The events that a batch wrote, in sequence, without its begin and end. As list_walk. */
int list_walk_batch(struct list_view *view, const struct event_name *name, journal_visitor visit,
                    void *argument);

/* A proposal, and what became of it. */
struct list_proposal {
    struct event event; /* with .proposal */
    enum proposal_state state;
    struct event_name decided; /* the decision; number 0: none yet */
    struct event_name done;    /* for PROPOSAL_DONE: the event that says so */
};

/* One proposal; all that it points to lies in the pool. ERR_NOT_FOUND: none has this name. */
int list_proposal(struct list_view *view, const struct event_name *name, struct pool *pool,
                  struct list_proposal *proposal);

/* Proposals, oldest first: all, or those alone that are open or not carried out to the end.
 * Anything but 0 ends it and is returned. What a proposal points to is good until the visitor
 * returns. */
typedef int (*list_proposal_visitor)(const struct list_proposal *proposal, void *argument);
int list_each_proposal(struct list_view *view, bool all, list_proposal_visitor visit,
                       void *argument);

/* Checks the pages of its file, the chain, that what stands and what is past is the fold of the
 * journal, and all else that it holds, as far as there are keys for it. ERR_CORRUPT with the first
 * misfit. */
int list_verify(struct list_view *view, uint64_t *events, struct error *why);

/* --- writing: each call returns when it is on disk, or has changed nothing ---
 *
 * LMDB's write lock is not fair. Who calls again and again sleeps a millisecond between, or an
 * opt-out of another program waits for seconds. */

/* Who does something, and what they say about it. */
struct act {
    const char *actor;  /* the part of the software: cli, web, ... */
    const char *source; /* who said so; NULL: nobody but the actor */
    const struct word *words;
    size_t word_count;
    uint64_t batch; /* that the event belongs to, begun and not ended; 0: none */
    /* What is done was proposed. PROPOSAL_APPROVED: it is approved now, by an event of its own in
     * the same transaction, which gets the words below. PROPOSAL_BEGUN: it was, by list_decide.
     * NULL: nobody had to be asked. */
    const struct event_decision *decision;
    const struct word *decision_words;
    size_t decision_word_count;
};

#define LIST_ENTRIES_MAX 20000 /* in one call: others wait for the write lock meanwhile */
#define LIST_SOURCE_MAX 254    /* octets of an actor or source */

/* Seals what the list keeps of a person's address, ahead of the writing and on a thread of one's
 * own. ERR_KEY: not without the address key; ERR_CRYPTO, -ENOMEM. */
int list_sealer_new(const struct list *list, struct sealer **sealer);
#define LIST_SEALED_MAX (1 + ADDRESS_MAX + SEAL_TAG_SIZE) /* octets */

/* Makes what `sealed` of an entry takes, LIST_SEALED_MAX octets at most, and leaves its size. Of an
 * address, canonical or "@domain"; or of the SHA-256 of one that nobody told us. ERR_CRYPTO,
 * ERR_TOO_LONG. */
int list_seal_address(struct sealer *sealer, const struct subject *subject, const char *address,
                      size_t length, uint8_t *row, size_t *size);
int list_seal_digest(struct sealer *sealer, const struct subject *subject, const uint8_t digest[32],
                     uint8_t *row, size_t *size);

/* Whether one sealed row says more of an address than another one of the same subject. */
bool list_address_is_news(struct slice sealed, struct slice there);

/* A choice to be written. */
struct list_entry {
    struct subject subject;
    const char *address; /* canonical, to be sealed; NULL where only the subject is known */
    struct slice sealed; /* or sealed already; empty: it is not */
    bool domain;
    enum choice_kind kind;
    bool confirmed;
    enum choice_reason reason;
    const char *scope;
    int64_t asked;     /* seconds, 0 unknown */
    int64_t until;     /* seconds, 0: no end */
    bool address_only; /* the choice was found to be known, and only the address is news */
    /* Results. */
    bool known;              /* it says nothing new and was not written */
    struct event_name event; /* that holds it; of the row that stands already where `known`, unless
                                it was found before */
    size_t named; /* opt-outs and blocks that this opt-in names: what stood when it was asked */
    size_t later; /* those that it does not, since they came after it was proposed */
};

/* Writes the entries; those about one subject in their sequence. An opt-in that was proposed names
 * nothing that came after its proposal. ERR_SCOPE: a scope is not
 * registered, `why` names it, and none was written. -EINVAL: no such kind, an opt-in for a
 * domain, or a batch that is not under way. As list_decide where the act has a decision.
 * ERR_TOO_LONG: too many, too long a source, or an opt-in
 * that names too much. */
int list_add(struct list *list, struct list_entry *entries, size_t count, const struct act *act,
             struct error *why);

/* Withdraws rows that stand, in one event. ERR_NOT_FOUND: one does not stand (any more); none was
 * withdrawn. -EINVAL: the batch is not under way. As list_decide where the act has a decision, but
 * for a proposal that is not there, which is -EINVAL. */
int list_withdraw(struct list *list, const struct event_withdrawal *rows, size_t count,
                  const struct act *act, struct event_name *event, struct error *why);

/* Proposes something, for another person to decide on; nothing else is changed. The opt-ins of
 * OPERATION_OPT_IN are given as entries, EVENT_ROWS_MAX at most, whose addresses become known to
 * the list; `choices` of the proposal is not looked at. As list_add. */
int list_propose(struct list *list, const struct event_proposal *proposal,
                 struct list_entry *entries, size_t count, const struct act *act,
                 struct event_name *event, struct error *why);

/* Writes a decision by itself. ERR_NOT_FOUND: there is no such proposal; ERR_EXISTS: it was decided
 * on already, or for PROPOSAL_DONE is done; -EINVAL: PROPOSAL_DONE of what was not begun. */
int list_decide(struct list *list, const struct event_decision *decision, const struct act *act,
                struct error *why);

/* Begins a batch and leaves its number, to be named in the acts that belong to it. ERR_NOT_FOUND:
 * the batch to be undone is not there; ERR_EXISTS: it was undone already. */
int list_batch_begin(struct list *list, const struct event_batch *begin, const struct act *act,
                     uint64_t *number, struct error *why);

/* Ends the batch of the act. -EINVAL: it has not begun, or has ended. */
int list_batch_end(struct list *list, const uint64_t counts[BATCH_COUNTS], const struct act *act,
                   struct error *why);

/* Registers the scopes that are not, with those above them; *added says how many were new.
 * ERR_SYNTAX, ERR_TOO_LONG: one is no scope, and none was registered. */
int list_add_scopes(struct list *list, const char *const *scopes, size_t count,
                    const struct act *act, size_t *added, struct error *why);

/* Claims the one notice that a person may be sent within `pause` seconds: on disk before it is
 * sent, so that a crash between can lose one and never sends two. ERR_EXISTS: there was one. */
int list_claim_notice(struct list *list, const struct subject *subject, int64_t now, int64_t pause,
                      struct error *why);

/* --- writing without waiting, for servers: returns at once ---
 *
 * 0: `done` is called, once and on another thread, with what the blocking call would return and its
 * sentence. It has to be quick: others wait for it. All that was given stays where it is until
 * then. Any other result: nothing is written and `done` is not called. */
typedef void (*list_done)(void *argument, int code, const struct error *why);

/* As list_add. */
int list_add_later(struct list *list, struct list_entry *entries, size_t count,
                   const struct act *act, list_done done, void *argument);

/* As list_withdraw, of one row. */
int list_withdraw_later(struct list *list, const struct event_withdrawal *row,
                        const struct act *act, list_done done, void *argument);

/* Notes why somebody did what one event tells; the act has their own words.
 * ERR_NOT_FOUND: there is no such event. */
int list_reason_later(struct list *list, const struct event_reason *reason, const struct act *act,
                      list_done done, void *argument);

/* Writes a moment to where nothing is read from, to find out whether an opt-out could be stored
 * now: it takes as long as one, and fails where one would. */
int list_probe_later(struct list *list, list_done done, void *argument);

#endif
