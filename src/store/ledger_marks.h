/* What the events of a ledger say about which mail it has: the configurations that milters ran
 * with, as core/coverage takes them, and verdicts that leave something open. */
#ifndef STORE_LEDGER_MARKS_H
#define STORE_LEDGER_MARKS_H

#include "base/pool.h"
#include "core/coverage.h"
#include "store/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Begins as all zero. Everything lies in the pool. */
struct ledger_marks {
    struct coverage_mark *marks;
    uint8_t (*digests)[EVENT_SHORT_HASH_SIZE]; /* for each mark, of its configuration */
    size_t count, room;
};

/* Takes one more event, in the sequence of the ledger: a milter's configuration becomes a mark, and
 * what several events say of one is put together. Any other event changes nothing. -ENOMEM. */
int ledger_marks_take(struct ledger_marks *marks, const struct event *event, struct pool *pool);

/* The same of what cuts told once more, ahead of everything else: of each place the last one
 * counts.
 */
int ledger_marks_take_kept(struct ledger_marks *marks, const struct event *event,
                           struct pool *pool);

/* Whether it is a milter's verdict under a configuration that was not told of before. Ahead of the
 * first one nothing is known in any case. */
bool ledger_marks_lack(const struct ledger_marks *marks, const struct event *verdict);

/* Whether somebody whom nobody can name was handed the message. */
bool ledger_marks_nameless(const struct event_verdict *verdict);

#endif
