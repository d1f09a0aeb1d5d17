/* The part of the intake that makes records: a thread that hashes, seals and sorts what another
 * one hands it in chunks. */
#ifndef BULK_SEALING_H
#define BULK_SEALING_H

#include "bulk/record.h"
#include "bulk/runs.h"
#include "exchange/row.h"
#include "store/list.h"

struct sealing;

/* Starts the thread. ERR_KEY, -ENOMEM, -errno. */
int sealing_start(struct list *list, const struct lookup_key *lookup, struct runs *runs,
                  struct sealing **sealing, struct error *why);

/* Copies what a record shall be made of: `record` without subject and address, and whom it is
 * about. False: the thread gave up, sealing_end tells why. */
bool sealing_put(struct sealing *sealing, const struct record *record, const struct row_who *who);

/* Waits for the thread's end and frees it. As runs_put; ERR_CRYPTO. NULL is allowed. */
int sealing_end(struct sealing *sealing, struct error *why);

#endif
