/* Events: the entries of a journal, and their bytes.
 *
 * An event is one CBOR map with small numbers as keys, EVENT_MAX octets at most. Its hash is the
 * SHA-256 of exactly these bytes; the next event of the same node carries it. Numbers, once given,
 * never change their meaning; they ascend. A reader skips keys that it does not know, and items
 * behind those of an array that it knows. Keys 0 to 5 are in every event.
 *
 *      0  hash of the event before (32 octets, zero for the first)
 *      1  node (8 octets)
 *      2  number, from 1
 *      3  time, ms since 1970
 *      4  type
 *      5  actor
 *      6  source
 *      7  number of the event that began its batch
 *      8  hashes of its private words (array): of those about it as a whole, zeros where there are
 *         none; of network addresses
 *      9  scopes (array of strings)
 *     10  other nodes named (array), counted from 1; 0 stands for key 1
 *     11  choices [subject, flags, scope, reason, asked, until, names]
 *     12  withdrawals [subject, node, number]
 *     13  genesis [kind, format, hash, address rules]
 *     14  verdict [stream, rule, scope, queue id, configuration, action, mode, given, delivered,
 *         kept back, rows]
 *     15  begin of a batch [kind, SHA-256 of the input or nothing, its size in octets, node and
 *         number of the batch that is undone]
 *     16  counts of a batch (array), as enum batch_count has them
 *     17  what a restored node continues [node, number, hash of that event]; in its genesis
 *     18  reason that somebody gave: [node and number of the event it is about, key]
 *     19  erasures [subject, [node, number, ...]]: whose address, and events that lost their words
 *     20  proposal [operation, how many rows it would concern, source, since, until, targets
 *         [subject or nothing, node, number], choices as in 11]
 *     21  decision [node and number of the proposal, state]; in an event that is no decision
 *         itself: what it does was proposed, and approved
 *     22  configuration [where the actor listens, occasion, SHA-256, since, whether the one before
 * may still be in use (0, 1), streams [name, scope, rows of the ledger, mode]]
 *     23  reading of people's records [command, people, subject or nothing, scope]
 *     24  what is cut off the journal's front: [[node, number of the last event that is gone, its
 *         hash, times of the first and the last one, ...], id of the key, signature (64 octets)]
 *     25  result of a verify [list whole (0 or 1), events, node and number of its last event; the
 *         same of the ledger; checkpoints that fit, that do not, when the last that fits was made]
 *
 * In a choice, flags are kind + 4 * confirmed + 8 * domain; scope is a position in 9; names are
 * pairs of node and number; what is 0 or empty at its end is left out. A row of a verdict is
 * [subject, state, [node, number, first 8 octets of the event's hash, ...]]; an unreadable
 * recipient's subject is empty. A time before 1970 is written as the number that has the same 64
 * bits. A string that is not UTF-8 is a byte string.
 *
 * A verdict that has another one for its batch has more of that one's rows; where that one is a
 * hold or delete and it is a pass, it takes that back, since the message could not be taken out. */
#ifndef STORE_EVENT_H
#define STORE_EVENT_H

#include "base/pool.h"
#include "base/text.h"
#include "core/choice.h"
#include "core/subject.h"
#include "core/verdict.h"
#include "store/env.h"

#include <stddef.h>
#include <stdint.h>

#define EVENT_MAX 65536
#define EVENT_HASH_SIZE 32
#define EVENT_SHORT_HASH_SIZE 8
#define EVENT_ROWS_MAX 1000 /* choices or withdrawals that this program puts into one event */

enum event_type {
    EVENT_GENESIS = 1, /* the first of a node: what kind of store this is */
    EVENT_SCOPES = 2,  /* registers scopes */
    EVENT_CHOICES = 3,
    EVENT_WITHDRAWAL = 4, /* of choices, by name */
    EVENT_BATCH = 5,      /* begins a batch, whose name it is */
    EVENT_BATCH_END = 6,
    EVENT_LOSS = 7,   /* events of the store that was replaced are missing, and that was accepted */
    EVENT_REASON = 8, /* why somebody opted out, told afterwards */
    EVENT_ERASURE = 9,        /* of people's addresses and words; in a list and in a ledger */
    EVENT_PROPOSAL = 10,      /* of what takes effect once another person approves it */
    EVENT_DECISION = 11,      /* on a proposal */
    EVENT_VERDICT = 32,       /* on one marketing message; in a ledger */
    EVENT_CONFIGURATION = 33, /* that a daemon runs with; in a ledger */
    EVENT_READING = 34,       /* somebody was shown what is held about people; in a ledger */
    EVENT_CUT = 35,           /* the journal's front is taken away; in a ledger */
    EVENT_VERIFIED = 36,      /* what `optout verify` found; in a ledger */
};

/* "genesis", "scopes", "choices", "withdrawal", "batch", "batch-end", "loss", "reason", "erasure",
 * "proposal", "decision", "verdict", "configuration", "reading", "cut",
 * "verified"; "unknown". */
const char *event_type_name(enum event_type type);

struct event_choice {
    struct subject subject;
    struct choice choice; /* .event is that of the event; .source too */
};

struct event_withdrawal {
    struct subject subject;
    struct event_name target;
};

struct event_genesis {
    const char *kind; /* "list" or "ledger" */
    uint64_t format;
    const char *hash; /* "SHA-256" */
    uint64_t address_rules;
};

/* The last event that was there when a restored node began. */
struct event_continued {
    struct event_name event;
    uint8_t hash[EVENT_HASH_SIZE];
};

/* An event that a decision rests on. */
struct event_basis {
    struct event_name event;
    uint8_t hash[EVENT_SHORT_HASH_SIZE]; /* zero where the event was not there to be hashed */
};

struct event_verdict_row {
    bool known; /* whether there is a subject; an unreadable recipient has none */
    struct subject subject;
    enum recipient_state state;
    const struct event_basis *basis;
    size_t basis_count;
};

struct event_verdict {
    const char *stream;
    const char *rule; /* the criteria that recognised it */
    const char *scope;
    const char *queue_id;                  /* "" where the MTA had none yet */
    uint8_t config[EVENT_SHORT_HASH_SIZE]; /* first octets of the configuration's digest */
    enum action action;
    enum mode mode; /* in MODE_MONITOR it says what would have been done */
    uint64_t given; /* recipients of the message as it came */
    uint64_t delivered;
    uint64_t kept_back;
    const struct event_verdict_row *rows;
    size_t row_count;
};

enum batch_kind {
    BATCH_IMPORT = 1, /* the rows of one file */
    BATCH_UNDO = 2,   /* withdrawals of what another batch wrote */
};

struct event_batch {
    enum batch_kind kind;
    bool has_digest;
    uint8_t digest[EVENT_HASH_SIZE]; /* SHA-256 of the input */
    uint64_t size;                   /* of the input, octets */
    struct event_name undoes;        /* number 0: nothing */
};

/* What became of the rows of an input: read = added + known + blocked + left alone + rejected. */
enum batch_count {
    BATCH_READ,
    BATCH_ADDED,      /* opt-outs and opt-ins */
    BATCH_KNOWN,      /* they stood already */
    BATCH_BLOCKED,    /* blocks */
    BATCH_LEFT_ALONE, /* they say nothing that a list takes over */
    BATCH_REJECTED,
    BATCH_WITHDRAWN, /* of an undo */
    BATCH_COUNTS,    /* of the values above */
};

/* Why somebody did what another event tells; what they wrote themselves is in its private words, as
 * "text". Where there are several about one event, the last one counts. */
struct event_reason {
    struct event_name about;
    const char *key; /* of the list of reasons that was shown; "" for words alone */
};

enum configuration_occasion {
    CONFIGURATION_START = 1,
    CONFIGURATION_RELOAD = 2,
    CONFIGURATION_ALONE = 3, /* what began under the ones before has come to its end */
    CONFIGURATION_STOP = 4,  /* the daemon has ended in good order */
    /* Told once more where the journal was cut: it was in force there. These stand before all other
     * ones of the same actor and place, and the last one of them counts. */
    CONFIGURATION_KEPT = 5,
    CONFIGURATION_KEPT_STOP = 6, /* the daemon had ended, after what an earlier cut had told */
};

bool configuration_is_kept(enum configuration_occasion occasion);

/* A stream as far as it matters to who asks what the ledger has. */
struct event_stream {
    const char *name;
    const char *scope;
    enum ledger_rows ledger;
    enum mode mode;
};

/* What a daemon, the actor, runs with. The text of the file is in the private words of the event,
 * as "configuration", where it is not that of the daemon's last event. One with very many streams
 * is several events: the later ones have the first as their batch, and more of the streams. */
struct event_configuration {
    const char *place; /* where it listens, which tells two daemons of one kind apart */
    enum configuration_occasion occasion;
    uint8_t digest[EVENT_HASH_SIZE]; /* SHA-256 of the text */
    int64_t since_ms; /* when it came into force; the event can be later, after a full disk */
    bool overlaps;    /* messages that began under the one before may still be under way */
    const struct event_stream *streams;
    size_t stream_count;
};

/* A person whose address was erased, and the events that lost their private words with it, since
 * they tell of nobody else. */
struct event_erasure {
    struct subject subject;
    const struct event_name *events;
    size_t event_count;
};

/* The front of one node's journal, which is taken away. Its numbers began with 1, so the last one
 * tells how many they are. */
struct event_cut_row {
    struct event_name last;
    uint8_t hash[EVENT_HASH_SIZE]; /* of the last one's bytes */
    int64_t first_ms, last_ms;     /* times of the first and of the last one */
};

#define EVENT_KEY_ID_SIZE 8
#define EVENT_SIGNATURE_SIZE 64

/* All that is cut, of all nodes: the newest such event tells all that the others did. What is
 * signed: store/cut.h. */
struct event_cut {
    const struct event_cut_row *rows; /* by node, each once */
    size_t row_count;
    uint8_t key_id[EVENT_KEY_ID_SIZE];
    uint8_t signature[EVENT_SIGNATURE_SIZE];
};

/* What somebody was shown; who it was is in the private words, as "staff". */
struct event_reading {
    const char *command; /* of the tool: "person", "token open" */
    uint64_t people;     /* how many; 0: not counted, everybody of the store may be among them */
    bool has_subject;    /* there is one person, or domain, and this is it */
    struct subject subject;
    const char *scope; /* what was asked about; "": all */
};

/* What somebody alone may only propose. */
enum operation {
    OPERATION_REMOVE = 1, /* withdraws its targets */
    OPERATION_OPT_IN = 2, /* writes its choices, which are confirmed opt-ins and name nothing yet */
    OPERATION_UNDO = 3,   /* undoes the batch that its one target names */
    OPERATION_SWEEP = 4,  /* withdraws single opt-outs of its source between two moments */
    OPERATION_ERASE = 5,  /* takes address and words of its targets away, people without an event */
};

/* A row, or an event as a whole. */
struct event_target {
    bool known; /* whether there is a subject */
    struct subject subject;
    struct event_name event; /* number 0: none */
};

struct event_proposal {
    enum operation operation;
    uint64_t rows;      /* that it would have concerned when it was made */
    const char *source; /* "": none */
    int64_t since_ms, until_ms;
    const struct event_target *targets;
    size_t target_count;
    const struct event_choice *choices;
    size_t choice_count;
};

enum proposal_state {
    PROPOSAL_OPEN = 0,     /* nobody has decided; no event says so */
    PROPOSAL_APPROVED = 1, /* and carried out in the same transaction */
    PROPOSAL_REJECTED = 2, /* or taken back by who made it */
    PROPOSAL_BEGUN = 3,    /* approved, and carried out in many transactions */
    PROPOSAL_DONE = 4,     /* the last of them */
};

struct event_decision {
    struct event_name proposal;
    enum proposal_state state;
};

/* Of one of the two stores. */
struct event_verified_store {
    bool whole;
    uint64_t events;        /* of all nodes; 0 where it is not whole */
    struct event_name last; /* of the node that writes; number 0 where it is not whole */
};

struct event_verified {
    struct event_verified_store list, ledger;
    uint64_t fitting, misfitting; /* checkpoints */
    uint64_t checkpoint_at; /* when the last fitting one was made, seconds; 0: there is none */
};

struct event {
    uint8_t previous[EVENT_HASH_SIZE];
    struct event_name name;
    int64_t at_ms;
    enum event_type type;
    const char *actor;         /* the part of the software that wrote it: cli, milter, web, ... */
    const char *source;        /* who said so; NULL: nobody but the actor */
    uint64_t batch;            /* number of this node's event that began it; 0: none */
    const uint8_t *words;      /* digest of its private words (EVENT_HASH_SIZE); NULL: none */
    const uint8_t *network;    /* the same of network addresses */
    const char *const *scopes; /* EVENT_SCOPES */
    size_t scope_count;
    const struct event_choice *choices; /* sorted by subject, each subject once */
    size_t choice_count;
    const struct event_withdrawal *withdrawals; /* sorted by subject */
    size_t withdrawal_count;
    const struct event_genesis *genesis;
    const struct event_continued *continues; /* NULL: nothing */
    const struct event_verdict *verdict;
    const struct event_batch *begin; /* EVENT_BATCH */
    const uint64_t *counts;          /* EVENT_BATCH_END: BATCH_COUNTS of them */
    const struct event_reason *reason;
    const struct event_configuration *configuration;
    const struct event_erasure *erasures; /* sorted by subject, each subject once */
    size_t erasure_count;
    const struct event_cut *cut;
    const struct event_reading *reading;
    const struct event_proposal *proposal;
    const struct event_decision *decision;
    const struct event_verified *verified;
};

/* Appends the event's bytes; nothing where it fails. ERR_TOO_LONG, -ENOMEM. */
int event_encode(const struct event *event, struct text *bytes);

/* Reads no more than the hash of the event before. ERR_CORRUPT. */
int event_decode_previous(struct slice bytes, uint8_t previous[EVENT_HASH_SIZE]);

/* Reads one number, of those that stand before the rows (event_keys.h), and nothing behind it.
 * ERR_NOT_FOUND: it has none; ERR_CORRUPT. */
int event_decode_number(struct slice bytes, unsigned key, uint64_t *number);

/* Reads an event; all that it points to lies in the pool. ERR_CORRUPT, -ENOMEM. */
int event_decode(struct slice bytes, struct pool *pool, struct event *event);

#endif
