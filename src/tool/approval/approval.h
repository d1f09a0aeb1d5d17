/* Four eyes: what could bring people back is proposed by one person and done once another one
 * approves it, where the configuration says `approval = on`.
 *
 * Persons are those whom site->staff names. Root and the owner of the list are nobody: whoever
 * works as one of them could propose as the one and approve as the other. */
#ifndef TOOL_APPROVAL_H
#define TOOL_APPROVAL_H

#include "store/list.h"
#include "tool/site.h"

#include <stdbool.h>
#include <stddef.h>

/* A proposal, with the words of its event. */
struct approval {
    struct list_proposal proposal;
    struct word *words;
    size_t word_count;
    struct pool pool; /* of both */
};

/* Whether it can be told which person runs this. -EPERM. */
int approval_check_person(const struct site *site, struct error *why);

/* Proposes, and tells under which name; as list_propose. STATUS_PROPOSED, told; -EPERM: the person
 * cannot be told. */
int approval_propose(struct site *site, const struct event_proposal *proposal,
                     struct list_entry *entries, size_t count, const struct act *act, bool json,
                     struct error *why);

/* Finds a proposal by what somebody gave as its name. Needs a view. STATUS_NO, told: there is none.
 * To be released whatever it returns. */
int approval_find(struct site *site, const char *given, struct approval *approval,
                  struct error *why);
void approval_release(struct approval *approval);

/* Among the words that event has; NULL: it has none of that name, or they were erased. */
const char *approval_word(const struct approval *approval, const char *name);

/* The staff who wrote an event, in the pool; NULL where that cannot be told. Needs a view. */
const char *approval_staff(struct site *site, const struct event_name *event, struct pool *pool);

/* Whether it is about this person. */
bool approval_is_about(const struct event_proposal *proposal, const struct subject *subject);

/* Visits the proposals that concern a person, and the decisions on them; not undos, which concern
 * whole batches. Anything but 0 ends it and is returned. Needs a view. */
typedef int (*approval_visitor)(const struct event *event, void *argument);
int approval_each_about(struct site *site, const struct subject *subject, approval_visitor visit,
                        void *argument, struct error *why);

/* STATUS_NO and a sentence where the proposal is not open. Needs a view. */
int approval_check_open(struct site *site, const struct list_proposal *proposal);

#endif
