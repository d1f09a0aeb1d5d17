/* The tally: what is counted without being written down at once. A message that matches no stream
 * never touches the store; what it adds here is written by somebody else, now and then. */
#ifndef MILTER_TALLY_H
#define MILTER_TALLY_H

#include "core/verdict.h"
#include "store/ledger.h"

#include <stddef.h>
#include <stdint.h>

struct tally;

struct tally *tally_new(void); /* NULL without memory */
void tally_free(struct tally *tally);

/* From any thread. Without memory a count is lost; mail is not. */
void tally_verdict(struct tally *tally, const struct stream *stream, enum mode mode,
                   const struct verdict *verdict, size_t given);

/* Bulk mail that no stream claims. What is more than a thousand kinds between two writings is
 * counted as `others`. */
void tally_unclaimed(struct tally *tally, const char *login, const char *listener,
                     const char *sender_domain, size_t recipients, int64_t now);

/* Adds what was counted to the ledger. After an error it is kept for the next time. */
int tally_write(struct tally *tally, struct ledger *ledger, struct error *why);

#endif
