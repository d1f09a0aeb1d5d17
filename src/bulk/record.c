#include "bulk/record.h"

#include "base/error.h"
#include "store/number.h"

#include <string.h>

/* subject (16), sequence (6), flags (1), reason (2), scope (2), then what the flags say: asked (8),
 * until (8); the rest is the sealed address. */
#define SEQUENCE_SIZE 6
#define HEAD_SIZE (RUNS_KEY_SIZE + 5)
#define TIME_SIZE 8

#define KIND_MASK 3
#define FLAG_DOMAIN 4
#define FLAG_ASKED 8
#define FLAG_UNTIL 16

size_t record_pack_head(const struct record *record, uint8_t *bytes)
{
    uint8_t *at = bytes + HEAD_SIZE;

    memcpy(bytes, record->subject.bytes, SUBJECT_SIZE);
    number_put(bytes + SUBJECT_SIZE, SEQUENCE_SIZE, record->sequence);
    bytes[RUNS_KEY_SIZE] =
        (uint8_t)((unsigned)record->kind | (record->domain ? FLAG_DOMAIN : 0) |
                  (record->asked ? FLAG_ASKED : 0) | (record->until ? FLAG_UNTIL : 0));
    number_put(bytes + RUNS_KEY_SIZE + 1, 2, record->reason);
    number_put(bytes + RUNS_KEY_SIZE + 3, 2, record->scope);
    if (record->asked) {
        number_put(at, TIME_SIZE, (uint64_t)record->asked);
        at += TIME_SIZE;
    }
    if (record->until) {
        number_put(at, TIME_SIZE, (uint64_t)record->until);
        at += TIME_SIZE;
    }
    return (size_t)(at - bytes);
}

static int64_t take_time(const uint8_t **at)
{
    int64_t seconds = (int64_t)number_get(*at, TIME_SIZE);
    *at += TIME_SIZE;
    return seconds;
}

int record_unpack(struct slice bytes, struct record *record)
{
    const uint8_t *at = bytes.data;

    if (bytes.size < HEAD_SIZE)
        return ERR_CORRUPT;
    unsigned flags = at[RUNS_KEY_SIZE];
    size_t times = ((flags & FLAG_ASKED) != 0) + ((flags & FLAG_UNTIL) != 0);
    if (bytes.size < HEAD_SIZE + times * TIME_SIZE)
        return ERR_CORRUPT;
    memcpy(record->subject.bytes, at, SUBJECT_SIZE);
    record->sequence = number_get(at + SUBJECT_SIZE, SEQUENCE_SIZE);
    record->kind = (enum choice_kind)(flags & KIND_MASK);
    record->domain = flags & FLAG_DOMAIN;
    record->reason = (enum choice_reason)number_get(at + RUNS_KEY_SIZE + 1, 2);
    record->scope = (uint16_t)number_get(at + RUNS_KEY_SIZE + 3, 2);
    at += HEAD_SIZE;
    record->asked = flags & FLAG_ASKED ? take_time(&at) : 0;
    record->until = flags & FLAG_UNTIL ? take_time(&at) : 0;
    record->sealed = SLICE(at, bytes.size - HEAD_SIZE - times * TIME_SIZE);
    return 0;
}
