#include "tool/lists/subject_set.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 1024

static const struct subject zero;

static bool equal(const struct subject *a, const struct subject *b)
{
    return memcmp(a->bytes, b->bytes, SUBJECT_SIZE) == 0;
}

/* Where the subject is, or would be. Subjects are keyed hashes and need no further one. */
static struct subject *slot_of(const struct subject_set *set, const struct subject *subject)
{
    uint64_t hash;
    memcpy(&hash, subject->bytes, sizeof hash);
    size_t i = (size_t)hash & (set->room - 1);
    while (!equal(&set->slots[i], &zero) && !equal(&set->slots[i], subject))
        i = (i + 1) & (set->room - 1);
    return &set->slots[i];
}

static int grow(struct subject_set *set)
{
    struct subject_set larger = *set;

    larger.room = set->room ? 2 * set->room : FIRST_ROOM;
    larger.slots = calloc(larger.room, sizeof *larger.slots);
    if (!larger.slots)
        return -ENOMEM;
    for (size_t i = 0; i < set->room; i++)
        if (!equal(&set->slots[i], &zero))
            *slot_of(&larger, &set->slots[i]) = set->slots[i];
    free(set->slots);
    *set = larger;
    return 0;
}

int subject_set_add(struct subject_set *set, const struct subject *subject)
{
    if (equal(subject, &zero)) {
        bool new = !set->has_zero;
        set->has_zero = true;
        set->count += new;
        return new;
    }
    if (set->count >= set->room / 4 * 3 && grow(set))
        return -ENOMEM;
    struct subject *slot = slot_of(set, subject);
    if (equal(slot, subject))
        return 0;
    *slot = *subject;
    set->count++;
    return 1;
}

bool subject_set_has(const struct subject_set *set, const struct subject *subject)
{
    if (equal(subject, &zero))
        return set->has_zero;
    return set->room > 0 && equal(slot_of(set, subject), subject);
}

void subject_set_release(struct subject_set *set)
{
    free(set->slots);
    *set = (struct subject_set){0};
}
