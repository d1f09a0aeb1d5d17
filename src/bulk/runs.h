/* Records of any number in bounded memory, put in any sequence and taken back sorted.
 *
 * What fills the memory is sorted and written behind the run before, in one file that has no name:
 * nothing of it is left, however the process ends. Few records need no file at all. A record is a
 * string of octets; its first RUNS_KEY_SIZE are what it is sorted by, as memcmp(3) does, and are to
 * be different in each. */
#ifndef BULK_RUNS_H
#define BULK_RUNS_H

#include "base/error.h"
#include "store/env.h"

#include <stddef.h>
#include <stdint.h>

#define RUNS_KEY_SIZE 22
#define RUNS_RECORD_MAX 512 /* octets */

struct runs;

/* `memory` octets are used while records are put, RUNS_RECORD_MAX at least, and about as much again
 * for sorting. The file lies in `folder`, which is copied. -ENOMEM. */
int runs_open(const char *folder, size_t memory, struct runs **runs, struct error *why);
/* NULL is allowed. */
void runs_close(struct runs *runs);

/* Copies the record. -ENOSPC and others where the file cannot be written, `why` names its folder;
 * ERR_TOO_LONG. */
int runs_put(struct runs *runs, struct slice record, struct error *why);

/* Ends the putting. As runs_put. */
int runs_end(struct runs *runs, struct error *why);

/* Records that were put, and octets of them that lie in the file. */
uint64_t runs_count(const struct runs *runs);
uint64_t runs_size(const struct runs *runs);

/* Takes all records in their sequence; may be done several times, one after the other. The runs
 * live longer. -ENOMEM. */
struct merge;
int merge_open(struct runs *runs, struct merge **merge, struct error *why);
void merge_close(struct merge *merge);

/* 1 with the next record, good until the next call; 0 at the end; -errno, ERR_CORRUPT. */
int merge_next(struct merge *merge, struct slice *record, struct error *why);

#endif
