/* What people type: each of these reads one argument, or leaves a sentence in `why`. */
#ifndef TOOL_ARGUMENT_H
#define TOOL_ARGUMENT_H

#include "base/error.h"
#include "core/address.h"
#include "core/choice.h"

#include <stdbool.h>
#include <stdint.h>

/* An address, or "@domain". One with * or ? before the @ has to be in quotes, since whoever leaves
 * them out means a pattern. ERR_SYNTAX, ERR_TOO_LONG, ERR_NO_DOMAIN, -ENOMEM. */
int argument_address(const char *given, struct address *address, bool *domain, struct error *why);

/* An address and nothing else. */
int argument_person(const char *given, struct address *address, struct error *why);

/* ERR_SYNTAX, ERR_TOO_LONG. `flag` is named in the sentence. */
int argument_scope(const char *given, struct error *why);
int argument_time(const char *flag, const char *given, int64_t *seconds, struct error *why);
/* Words that are kept for those who ask later; NULL is allowed. Not empty, UTF-8 of 8 KiB at most.
 */
int argument_words(const char *flag, const char *given, struct error *why);
/* A name that goes into the journal, in the clear and for good: 64 printable octets at most, and no
 * mail address. */
int argument_name(const char *flag, const char *given, struct error *why);

/* "5" is an event of `node`, "0123456789abcdef-5" one of the node before the dash. ERR_SYNTAX. */
int argument_event(const char *given, const uint8_t node[EVENT_NODE_SIZE], struct event_name *name,
                   struct error *why);
/* Whether the text could be an event's name at all, and not an address. */
bool argument_is_event(const char *given);

#endif
