/* Judging: what the list says of the recipients of one message. The milter, `optout explain` and
 * `optout check` ask the same way. */
#ifndef STORE_JUDGE_H
#define STORE_JUDGE_H

#include "base/pool.h"
#include "core/verdict.h"
#include "store/list.h"

#include <stddef.h>
#include <stdint.h>

struct judged {
    enum recipient_state state;
    struct subject subject; /* not for companions and who cannot be looked up */
    bool has_subject;
    /* What decided, as choice_decide tells. */
    const struct choice *const *deciding;
    size_t deciding_count;
};

/* Looks one address up, with its domain, and decides by the rule. One that is routed reaches
 * somebody else, who cannot be told from it: RECIPIENT_UNREADABLE. An error: the store cannot tell.
 */
int judge_address(struct list_view *view, struct subject_hasher *hasher,
                  const struct address *address, const char *scope, bool consent_asked, int64_t now,
                  struct pool *pool, struct judged *judged);

/* The same where only the subject is known, of a hash: by the choices of the address alone. Whether
 * its domain has any nobody can tell then: where there are such choices, who would be free is
 * RECIPIENT_UNKNOWN. */
int judge_subject(struct list_view *view, const struct subject *subject, const char *scope,
                  bool consent_asked, int64_t now, struct pool *pool, struct judged *judged);

/* Judges every recipient. `view` and `hasher` may be NULL where there is no list to ask: then
 * whoever would have to be looked up is RECIPIENT_UNKNOWN. Who is kept back, for whatever reason,
 * and is not certain to be removable is RECIPIENT_UNREMOVABLE. Returns 0 or the first error that
 * left somebody unknown; `judged` is filled in either case. */
int judge_recipients(struct list_view *view, struct subject_hasher *hasher,
                     const struct stream *stream, const struct recipient *recipients, size_t count,
                     int64_t now, struct pool *pool, struct judged *judged);

#endif
