/* Going through all that stands, and who it is about.
 *
 * A scan reads some thousand rows in a view of its own and goes on behind the last person in
 * another one, so that a reader that takes its time never keeps an old view open and lets the store
 * grow. What is found is therefore not the list of one moment: a person's rows are, and they are
 * those that were written up to the moment at which the scan was opened and still stood when that
 * person's turn came. Whoever goes on with the journal behind list_scan_head learns of everything
 * that was written or withdrawn meanwhile, and has the whole. */
#ifndef STORE_LIST_SCAN_H
#define STORE_LIST_SCAN_H

#include "store/list.h"

#define LIST_SCAN_ROWS 2000 /* in one view; more where they are of one person */
#define LIST_DIGEST_SIZE 32

/* What the list knows of a subject, apart from the choices. */
enum list_known {
    LIST_KNOWS_NOTHING,
    LIST_KNOWS_ADDRESS,
    LIST_KNOWS_DIGEST, /* SHA-256 of the address */
    LIST_KNOWS_SEALED, /* one of both, and nobody may look without the address key */
    LIST_KNOWS_ERASED,
};

struct list_identity {
    enum list_known known;
    const char *address; /* canonical; NULL unless it is known */
    uint8_t digest[LIST_DIGEST_SIZE];
};

/* What is known of one subject; the address lies in the pool. ERR_KEY: it was sealed under another
 * key or was changed. */
int list_identity(struct list_view *view, const struct subject *subject, struct pool *pool,
                  struct list_identity *identity);

/* When an event of this node was written, in milliseconds. ERR_NOT_FOUND. */
int list_event_time(struct list_view *view, uint64_t number, int64_t *at_ms);

/* All that stands for one address, or one "@domain". */
struct list_person {
    struct subject subject;
    bool domain;
    struct list_identity identity;
    struct choice *rows;        /* oldest first; one at least. Ends are not looked at */
    const int64_t *recorded_ms; /* when each was written */
    size_t count;
};

struct list_scan;

/* -ENOMEM, or another error: cannot tell. The list stays the caller's and lives longer. */
int list_scan_open(struct list *list, struct list_scan **scan);
/* NULL is allowed. */
void list_scan_close(struct list_scan *scan);

/* The number of the last event that counts. */
uint64_t list_scan_head(const struct list_scan *scan);

/* The next people, addresses first, then domains, each sorted by subject, so the sequence is always
 * the same; they lie in the pool. No view is open afterwards. 0, with *count 0 at the end; any
 * error: cannot tell. */
int list_scan_next(struct list_scan *scan, struct pool *pool, struct list_person **people,
                   size_t *count);

#endif
