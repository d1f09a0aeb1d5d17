/* Answers: a page for people, or a line of text for machines. */
#ifndef WEB_ANSWER_H
#define WEB_ANSWER_H

#include "web/web.h"

#define ANSWER_RETRY 60 /* seconds after which somebody may come again */

/* The page with what it is about; its language is the request's. */
void answer_page(struct request *request, const struct setup *setup, unsigned status,
                 struct page *page);

/* `text` is static. */
void answer_text(struct request *request, unsigned status, const char *text);

/* 404, the same for everything that is not there. */
void answer_not_found(struct request *request, const struct setup *setup);
/* 503: nothing was stored. Logs why, in a sentence that names the way out. */
void answer_failed(struct request *request, const struct setup *setup, const char *why);
/* 429. */
void answer_limited(struct request *request, const struct setup *setup);
/* 400: a form that is not understood. */
void answer_bad(struct request *request, const struct setup *setup);
/* 405; `allow` is static. */
void answer_method(struct request *request, const struct setup *setup, const char *allow);

#endif
