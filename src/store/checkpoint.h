/* Checkpoints: one line of text that says how far the journals had come, signed, to be kept
 * elsewhere. Whoever has it can tell later whether what was there then is still there.
 *
 *     optout-checkpoint 1 TIME list=HEADS ledger=HEADS key=ID sig=SIGNATURE
 *
 * TIME is in UTC, as 2026-11-26T04:00:00Z. HEADS are NODE:NUMBER:HASH, divided by commas, of the
 * node that writes and then of those before it, the latest first: the number of a node's last event
 * and the SHA-256 of its bytes, in hex. As many nodes as there is room for are named; +N behind
 * them tells how many are not. ID says which key signed (signing.h). SIGNATURE is base64, of
 * Ed25519, over all of the line before " sig=". */
#ifndef STORE_CHECKPOINT_H
#define STORE_CHECKPOINT_H

#include "store/signing.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHECKPOINT_LINE_MAX                                                                        \
    900 /* octets, without a line break: what a line of syslog or mail holds */
#define CHECKPOINT_HEADS_MAX 8 /* of one store */
#define CHECKPOINT_WORD "optout-checkpoint 1 "

struct checkpoint_head {
    struct event_name event; /* the last one of its node */
    uint8_t hash[EVENT_HASH_SIZE];
};

/* How far one journal had come. */
struct checkpoint_part {
    struct checkpoint_head heads[CHECKPOINT_HEADS_MAX];
    size_t count;      /* 1 at least */
    uint64_t left_out; /* nodes */
};

struct checkpoint {
    int64_t at; /* seconds */
    struct checkpoint_part list, ledger;
    uint8_t key[SIGNING_ID_SIZE];
};

/* Reads the heads of a store. ERR_CORRUPT: one is not the hash of its event. */
int checkpoint_take(const struct store *store, struct txn *txn, struct checkpoint_part *part,
                    struct error *why);

/* Appends the signed line, without a line break; nodes that it has no room for are left out, and
 * key is filled in. ERR_CRYPTO, -ENOMEM. */
int checkpoint_sign(struct checkpoint *checkpoint, const struct signing_key *key,
                    struct text *line);

/* Finds the checkpoint that a line holds; anything may stand before it, as in a log. *start and
 * *length: where. False: there is none. */
bool checkpoint_find(const char *line, const char **start, size_t *length);

/* Reads a checkpoint and checks its signature. ERR_SYNTAX: it is none, or was changed in its form;
 * ERR_NOT_FOUND: another key signed it; ERR_KEY: nobody signed this. */
int checkpoint_read(const char *start, size_t length, const struct signing_ring *ring,
                    struct checkpoint *checkpoint);

/* What became of an event that a checkpoint names. */
enum checkpoint_fit {
    CHECKPOINT_FITS,
    CHECKPOINT_UNKNOWN_NODE, /* the store has no event of this node */
    CHECKPOINT_MISSING,      /* the node's journal ends before it */
    CHECKPOINT_OTHER,        /* the event with this number is another one */
    CHECKPOINT_CUT, /* it was taken away with the front of the journal, so nobody can tell */
};

/* Whether a store still holds the event. An error: it cannot be told. */
int checkpoint_compare(const struct store *store, struct txn *txn,
                       const struct checkpoint_head *head, enum checkpoint_fit *fit);

#endif
