/* Carrying out what was proposed, for `optout approve`: exactly what its event says, on what stands
 * now.
 *
 * What fits into one transaction is decided and done in it. What does not is decided first, by an
 * event that says it was begun; a run that is killed is gone on with by another one, and an event
 * at its end says that it is done. So there is never an effect without its decision. */
#ifndef TOOL_APPROVING_H
#define TOOL_APPROVING_H

#include "tool/approval/approval.h"

struct approving {
    struct site *site; /* the list is open to write, without a view */
    const struct approval *approval;
    const char *staff;    /* who proposed it */
    const char *approver; /* who approves it, or did when it was begun */
    const char *note;     /* of the decision; NULL: none */
    bool json, quiet;
};

/* 0, or a status, told, as those of what it does; as list_decide, list_withdraw, list_add. */
int approving_run(struct approving *approving, struct error *why);

#endif
