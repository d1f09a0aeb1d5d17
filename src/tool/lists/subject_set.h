/* A set of subjects in memory: 16 octets each, and at most three quarters of its room are used. Ten
 * million take 256 MiB; while it grows a set has 64 octets for each at most. */
#ifndef TOOL_SUBJECT_SET_H
#define TOOL_SUBJECT_SET_H

#include "core/subject.h"

#include <stdbool.h>
#include <stddef.h>

struct subject_set {
    struct subject *slots; /* all zeros: free */
    size_t room;           /* a power of two, or 0 */
    size_t count;
    bool has_zero; /* the subject that is all zeros, which has no slot */
};

/* 1: it was added; 0: it was there; -ENOMEM. An empty set is {0}. */
int subject_set_add(struct subject_set *set, const struct subject *subject);
bool subject_set_has(const struct subject_set *set, const struct subject *subject);
void subject_set_release(struct subject_set *set);

#endif
