/* Choices and events in the tool's words, as text and as JSON. */
#ifndef TOOL_SHOW_H
#define TOOL_SHOW_H

#include "base/text.h"
#include "store/list.h"
#include "tool/site.h"

#include <jansson.h>

#define SHOW_EVENT_SIZE (2 * EVENT_NODE_SIZE + 1 + 20 + 1)

/* "0123456789abcdef-5". */
const char *show_event_in_full(const struct event_name *event, char text[SHOW_EVENT_SIZE]);
/* The number alone for an event of the list's own node. */
const char *show_event(const struct site *site, const struct event_name *event,
                       char text[SHOW_EVENT_SIZE]);

/* "opt-out of acme", "block for acme", "opt-in to acme", "confirmed opt-in to acme". */
void show_append_kind(struct text *line, const struct choice *choice);
/* The same, and all that the row says but event and time: ", reason manual, source cli". */
void show_append_choice(struct text *line, const struct site *site, const struct choice *choice);

/* One line of the result: "  event 5: opt-out of acme, reason manual, source cli, TIME". */
void show_row(struct site *site, const struct choice *choice);

/* Who it is, into an object: address, and sha256 where only that is known; what is NULL is null. */
void show_put_person(json_t *object, const char *address, const uint8_t *digest);
void show_put_identity(json_t *object, const struct list_identity *identity);

/* What a row says, into an object: kind, scope, reason and so on. */
void show_put_choice(json_t *object, const struct choice *choice);
/* An event's full name under `name`. */
void show_put_event(json_t *object, const char *name, const struct event_name *event);
/* The row as an object, with its event and the time when that was written. NULL without memory. */
json_t *show_json_row(struct site *site, const struct choice *choice);

/* "start", "reload", "alone", "stop"; "unknown". */
const char *show_occasion(enum configuration_occasion occasion);
/* The streams of a configuration, under "streams". */
void show_put_streams(json_t *object, const struct event_configuration *configuration);
/* The configuration that was in force for a verdict: what its digest begins with, in hex. */
#define SHOW_CONFIG_SIZE (2 * EVENT_SHORT_HASH_SIZE + 1)
const char *show_config(const uint8_t digest[EVENT_SHORT_HASH_SIZE], char text[SHOW_CONFIG_SIZE]);

/* What a verdict says of the message as a whole: action, mode, stream, rule, scope, queue id. */
void show_put_verdict(json_t *object, const struct event_verdict *verdict);

/* The number alone for an event of the ledger's own node. */
const char *show_ledger_event(const struct site *site, const struct event_name *event,
                              char text[SHOW_EVENT_SIZE]);
/* Bulk mail that no stream claims, of one place; with its login where `logins`. */
void show_put_unclaimed(json_t *object, const struct unclaimed_count *count, bool logins);

/* What began a batch: kind, source, SHA-256 and size of the input, the batch that it undoes. */
void show_put_batch(json_t *object, const struct event_batch *begin, const char *source);
/* The counts of a batch, each under its name. */
void show_put_counts(json_t *object, const uint64_t counts[BATCH_COUNTS]);
/* " 5 read, 4 added, 1 known"; what is 0 is left out. */
void show_append_counts(struct text *line, const uint64_t counts[BATCH_COUNTS]);

#endif
