/* A choice on its way into the list, as bytes in memory and in run files. It names nobody: the
 * subject is keyed, the address sealed. */
#ifndef BULK_RECORD_H
#define BULK_RECORD_H

#include "bulk/runs.h"
#include "core/choice.h"
#include "core/subject.h"
#include "store/env.h"

#include <stdbool.h>
#include <stdint.h>

#define RECORD_SEQUENCE_MAX ((UINT64_C(1) << 48) - 1)

struct record {
    struct subject subject;
    uint64_t sequence; /* of the choice in the input */
    enum choice_kind kind;
    bool domain;
    enum choice_reason reason;
    uint16_t scope;      /* its number in the table of the import */
    int64_t asked;       /* seconds; 0: unknown */
    int64_t until;       /* seconds; 0: no end */
    struct slice sealed; /* what `sealed` of a list_entry takes; empty: only the subject is known */
};

#define RECORD_HEAD_MAX (RUNS_KEY_SIZE + 21) /* octets in front of the sealed address */

/* Puts all but the sealed address, and returns the octets that this took; the address goes behind
 * them. The bytes sort by subject, then by sequence. */
size_t record_pack_head(const struct record *record, uint8_t *bytes);

/* The sealed address points into the bytes. ERR_CORRUPT. */
int record_unpack(struct slice bytes, struct record *record);

#endif
