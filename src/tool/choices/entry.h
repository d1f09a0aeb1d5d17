/* Entries of `optout log`: what an event did, as a line of text or a JSON object. */
#ifndef TOOL_ENTRY_H
#define TOOL_ENTRY_H

#include "base/pool.h"
#include "store/event.h"
#include "tool/site.h"

#include <stdbool.h>
#include <stddef.h>

enum entry_of { ENTRY_LIST, ENTRY_LEDGER };

/* One event that is being shown. Needs a view of the store that it comes from. */
struct entry {
    struct site *site;
    enum entry_of of; /* the store that it comes from */
    bool json;
    const struct event *event;
    struct word *words;
    size_t word_count;
    struct pool pool; /* of the words */
};

/* Reads the event's words; without the key, or where they were erased, there are none. An error of
 * the store. To be closed whatever it returns. */
int entry_open(struct entry *entry, struct site *site, enum entry_of of, bool json,
               const struct event *event, struct error *why);
void entry_close(struct entry *entry);

/* What the event did to one person. */
void entry_show_choice(const struct entry *entry, const struct subject *subject,
                       const struct choice *choice);
void entry_show_withdrawal(const struct entry *entry, const struct event_withdrawal *withdrawal);
/* That somebody's address and words were erased. */
void entry_show_erasure(const struct entry *entry, const struct event_erasure *erasure);
/* The reason that somebody gave. */
void entry_show_reason(const struct entry *entry);
/* Its verdict: all recipients that it tells of, or only this one. */
void entry_show_verdict(const struct entry *entry, const struct subject *only);
/* Everything that it did; what somebody wrote beside a reason is shown in their own record alone.
 */
void entry_show_all(const struct entry *entry);

#endif
