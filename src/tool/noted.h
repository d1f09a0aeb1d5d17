/* Whoever is shown what is held about people leaves a note of that in the ledger, before the first
 * word is shown: which command, whom it is about, and in the private words who it was. */
#ifndef TOOL_NOTED_H
#define TOOL_NOTED_H

#include "tool/site.h"

#include <stdbool.h>
#include <stdint.h>

struct noted {
    const char *command;
    uint64_t people;               /* 0: not counted */
    const struct address *address; /* where it is one person or domain; else NULL */
    const struct subject *subject; /* the same, where the address is not at hand */
    const char *scope;             /* what was asked about; NULL: all */
};

/* Writes the note; opens the site's ledger to write where it is not open. `event` is its name, and
 * may be NULL. What fails is why nothing may be shown: `why` says so. */
int noted_reading(struct site *site, const struct noted *noted, struct event_name *event,
                  struct error *why);

/* The same for a question that has to be answered even where the ledger is broken or full: that is
 * told, and nothing else happens. */
void noted_if_possible(struct site *site, const struct noted *noted);

#endif
