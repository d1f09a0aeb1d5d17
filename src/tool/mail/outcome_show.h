/* An outcome in the tool's words. */
#ifndef TOOL_OUTCOME_SHOW_H
#define TOOL_OUTCOME_SHOW_H

#include "tool/mail/outcome.h"

void outcome_show(struct site *site, const struct message *message, const struct outcome *outcome);
void outcome_show_json(struct site *site, const struct message *message,
                       const struct outcome *outcome);

#endif
