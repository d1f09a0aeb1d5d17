/* A request that writes to the list: what it writes stays in place until it is known what became of
 * it, while the connection waits without a thread. */
#ifndef WEB_WRITING_H
#define WEB_WRITING_H

#include "core/token.h"
#include "store/list.h"
#include "web/web.h"

struct writing {
    struct web *web;
    struct request *request;
    struct setup *setup;
    struct list *list;
    /* What is written. */
    struct act act;
    struct list_entry entry;
    struct address address;
    char scope[SCOPE_MAX + 1];
    struct undo undo;
    struct event_reason reason;
    struct word word;
    bool opts_out; /* what is under way is the opt-out of `scope` */
    bool again;    /* that visitor's own word, beside one that stands already */
    bool may_miss; /* what it is about may be gone: ERR_NOT_FOUND is an answer */
    /* What became of it. */
    int code;
    struct error why;
    int64_t submitted; /* web_clock */
    /* Makes the answer where `code` is 0, or ERR_NOT_FOUND where that may be; everything else is a
     * 503. True: it has submitted something else, and is called again. */
    bool (*finished)(struct writing *writing);
};

/* NULL: the request was answered, there is no list to write to. */
struct writing *writing_begin(struct visit *visit, const char *source,
                              bool (*finished)(struct writing *writing));

/* Writes one choice: an opt-out of `writing->scope` by `writing->address`, dated now. */
void writing_opt_out(struct writing *writing);
/* Withdraws what `writing->undo` tells. */
void writing_withdraw(struct writing *writing);
/* Notes `writing->reason`, with `writing->word`. */
void writing_reason(struct writing *writing);
/* Writes nothing that is read. */
void writing_probe(struct writing *writing);

#endif
