/* The pages that people see: the facts of one page go in, HTML comes out. No HTTP, no store and no
 * clock here, so that every page can be looked at without a server.
 *
 * What a page looks like is a stylesheet (XSLT 1.0), what it says are the texts of all languages;
 * both are read once, from the folder of the option `templates` or the installed one. A stylesheet
 * can neither read nor write a file, nor reach the network.
 *
 * Every form is sent to the address it came from, so no token stands in a page; its fields are
 *     /TOKEN    action=this | all, action=undo with undo=UNDO,
 *               action=reason with undo=UNDO, reason=KEY, text=FREE
 *     /u/NOTICE action=undo
 *     /s/SCOPE  address=ADDRESS */
#ifndef WEB_PAGE_H
#define WEB_PAGE_H

#include "base/error.h"
#include "base/text.h"
#include "config/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum page_kind {
    PAGE_ASK,          /* GET /TOKEN: what can be chosen; nothing has happened yet */
    PAGE_DONE,         /* after action=this | all: what holds now, undo, optional reason */
    PAGE_THANKS,       /* after action=reason; undo is still offered */
    PAGE_ASK_UNDO,     /* GET of the link in a notice: one button, which withdraws the opt-out */
    PAGE_UNDONE,       /* after action=undo */
    PAGE_UNDO_LATE,    /* action=undo or =reason that came too late, or whose UNDO is not valid */
    PAGE_GENERAL,      /* GET /s/SCOPE: a field for the address, one button */
    PAGE_GENERAL_DONE, /* after its POST: the same, whether the address is known or not */
    /* From here on they say nothing but their kind; see page_fixed. */
    PAGE_NOT_FOUND,   /* 404: no such page, and every link that cannot be opened */
    PAGE_BAD_REQUEST, /* 400, 405, 413: not understood */
    PAGE_LIMITED,     /* 429: too many requests */
    PAGE_FAILED,      /* 503: nothing was stored, try again */
    PAGE_KIND_COUNT
};

struct page {
    enum page_kind kind;
    const char *accept_language; /* value of that header field; NULL: none was sent */
    /* What it is about: of the token or the path, after action=all the wider one. It tells the
     * brand. NULL: not known. */
    const char *scope;
    /* PAGE_ASK: what action=all covers, see pages_wider_scope; NULL: no such button. */
    const char *wider_scope;
    const char *masked_address; /* by page_mask; NULL: not known */
    /* UNDO as the forms send it back. PAGE_DONE, PAGE_THANKS: NULL leaves out both the undo and
     * the reason. PAGE_ASK_UNDO: has to be there. */
    const char *undo;
    int64_t when; /* PAGE_DONE, PAGE_GENERAL_DONE: since when it holds, Unix time in seconds */
    /* PAGE_GENERAL: what was typed and is no mail address, shown again; NULL: a first visit. */
    const char *typed;
};

/* Templates, texts and brands, as one configuration has them. Does not change once it is loaded, so
 * any number of threads may use it. */
struct pages;
struct texts;

/* Loads everything, and renders every kind of page in every language once: a template that would
 * fail fails here. Call it first from the main thread, before others are started. *pages keeps a
 * reference to the configuration. ERR_CONFIG, -errno, -ENOMEM; `why` names the file. */
int pages_load(const struct config *config, struct pages **pages, struct error *why);
void pages_free(struct pages *pages); /* NULL is allowed */

/* What they say. Lives as long as `pages`. */
const struct texts *pages_texts(const struct pages *pages);

/* The HTML of one page, in UTF-8; `html` must be empty. From any thread. ERR_CONFIG where the
 * stylesheet fails (the caller then sends a plain text), -ENOMEM. */
int page_render(const struct pages *pages, const struct page *page, struct text *html,
                struct error *why);

/* The HTML of a page from PAGE_NOT_FOUND on that is about nobody and nothing, as page_render would
 * make it: made once, so that who guesses links makes no work. Lives as long as `pages`. */
const struct text *page_fixed(const struct pages *pages, enum page_kind kind,
                              const char *accept_language);

/* What the button for all advertising covers beside `scope`: the scope of its brand, or without a
 * brand its first segment. False where that is no wider. `wider` takes SCOPE_MAX + 1 bytes. */
bool pages_wider_scope(const struct pages *pages, const char *scope, char *wider);

/* Whether a reason of that key is on the list of the scope's brand, so that it may be stored. */
bool pages_reason_known(const struct pages *pages, const char *scope, const char *key);

/* The longest free text of a reason, in units of UTF-16, as browsers count for the form's
 * maxlength. A unit takes nine octets of a body at most, so that what the form lets somebody write
 * always fits into one. */
#define PAGE_TEXT_MAX 800

/* A file that pages refer to: a style sheet or logo. Its name lies beside the tokens (PREFIX/NAME),
 * always has a dot, which no token has, and tells its content: it may be cached forever. */
struct page_asset {
    const char *name;
    const char *type; /* of media, for Content-Type */
    const char *bytes;
    size_t length;
};

/* The asset of that name; NULL: none. Lives as long as `pages`. */
const struct page_asset *pages_asset(const struct pages *pages, const char *name);

/* The Content-Security-Policy that every page and asset is sent with. */
#define PAGE_CONTENT_SECURITY_POLICY                                                               \
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "                   \
    "base-uri 'none'; frame-ancestors 'none'"

#define PAGE_MASK_SIZE 48 /* bytes, the final NUL counted */

/* "a…@d…" of a canonical address: the first character of either side, never more. For pages and
 * logs alike. */
void page_mask(const char *address, char masked[PAGE_MASK_SIZE]);

#endif
