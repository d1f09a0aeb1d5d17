/* Checkpoints that were kept elsewhere, as witnesses of what the journals held then. */
#ifndef TOOL_WITNESS_H
#define TOOL_WITNESS_H

#include "store/checkpoint.h"
#include "store/journal_file.h"

#include <stdbool.h>
#include <stddef.h>

struct witness {
    char *place;               /* "FILE:LINE" */
    char *line;                /* of the file */
    struct checkpoint content; /* once it was read */
    bool is_read;
    struct error fault; /* the first one; empty: it fits, as far as it was asked */
};

struct witnesses {
    struct witness *all;
    size_t count, room;
};

/* Collects the checkpoints of a file, or of standard input ("-"); what else stands in it is left
 * alone. ERR_NOT_FOUND: there is none; -errno, -ENOMEM. */
int witnesses_collect(struct witnesses *witnesses, const char *path, struct error *why);
void witnesses_release(struct witnesses *witnesses);

/* Reads all of them, and checks their signatures. -ENOMEM, ERR_CRYPTO. */
int witnesses_read(struct witnesses *witnesses, const struct signing_ring *ring);

/* Asks a store whether it holds what each of them tells of it. An error: it cannot be told. */
int witnesses_ask(struct witnesses *witnesses, bool ledger, const struct store *store,
                  struct txn *txn);

/* The same of an exported journal, in two steps: the events that are asked for, which the caller
 * frees, and what became of them. -ENOMEM. */
int witnesses_name(const struct witnesses *witnesses, bool ledger, struct journal_witness **named,
                   size_t *count);
void witnesses_hear(struct witnesses *witnesses, bool ledger, const struct journal_witness *named,
                    size_t count);

/* Those that are not of this kind of journal are not asked: whether all of them may count as
 * fitting. */
size_t witnesses_misfitting(const struct witnesses *witnesses);
/* The time of the last one that fits; 0: none does. */
int64_t witnesses_last(const struct witnesses *witnesses);

/* Tells of each, as JSON, or of those that do not fit and how many do. */
void witnesses_tell(const struct witnesses *witnesses, bool json);

#endif
