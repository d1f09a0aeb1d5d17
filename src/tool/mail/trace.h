/* Why a rule of the configuration did not take a message, in words. */
#ifndef TOOL_TRACE_H
#define TOOL_TRACE_H

#include "base/text.h"
#include "core/stream.h"

#include <jansson.h>

/* "match_login, match_header": what a rule asks for. */
void trace_append_rule(struct text *line, const struct rule *rule);

/* A line for each stream that did not match, the nearest miss first. */
void trace_show_misses(const struct policy *policy, const struct message *message);

/* A line for each exemption that holds, but is not believed of this client. */
void trace_show_unbelieved(const struct policy *policy, const struct message *message);

/* All rules, exemptions first, each with what it asks for and what of that does not hold. */
json_t *trace_json(const struct policy *policy, const struct message *message);

#endif
