#include "web/answer.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

void answer_text(struct request *request, unsigned status, const char *text)
{
    text_release(&request->response.body);
    request->response.status = status;
    request->response.type = BODY_PLAIN;
    text_append(&request->response.body, text);
}

void answer_page(struct request *request, const struct setup *setup, unsigned status,
                 struct page *page)
{
    struct response *response = &request->response;
    struct error why = {"no memory"};

    page->accept_language = request->accept_language;
    text_release(&response->body);
    response->status = status;
    response->type = BODY_HTML;
    if (page_render(web_pages(setup), page, &response->body, &why) == 0)
        return;
    log_error("a page could not be made: %s", why.text);
    /* What was done holds all the same. */
    answer_text(request, status, status == 200 ? "Done.\n" : "This is not possible.\n");
}

/* A page that says nothing but its kind. */
static void answer_fixed(struct request *request, const struct setup *setup, unsigned status,
                         enum page_kind kind)
{
    struct response *response = &request->response;
    const struct text *html = page_fixed(web_pages(setup), kind, request->accept_language);

    text_release(&response->body);
    response->status = status;
    response->type = BODY_HTML;
    text_append_bytes(&response->body, html->data, html->length);
}

void answer_not_found(struct request *request, const struct setup *setup)
{
    answer_fixed(request, setup, 404, PAGE_NOT_FOUND);
}

/* One line a second is enough to be heard, and does not fill the disk that may be full. */
static void complain(const char *why)
{
    static _Atomic int64_t last;
    static atomic_uint unsaid;
    int64_t now = clock_now(), before = atomic_exchange(&last, now);

    if (before == now) {
        atomic_fetch_add(&unsaid, 1);
        return;
    }
    unsigned more = atomic_exchange(&unsaid, 0);
    if (more)
        log_error("a request was answered with 503 (and %u before it): %s", more, why);
    else
        log_error("a request was answered with 503: %s", why);
}

void answer_failed(struct request *request, const struct setup *setup, const char *why)
{
    complain(why);
    request->response.retry_after = ANSWER_RETRY;
    if (request->asked == ASKED_ONE_CLICK || request->asked == ASKED_MACHINE)
        answer_text(request, 503, "Nothing was stored, please try again later.\n");
    else
        answer_fixed(request, setup, 503, PAGE_FAILED);
}

void answer_limited(struct request *request, const struct setup *setup)
{
    request->response.retry_after = ANSWER_RETRY;
    answer_fixed(request, setup, 429, PAGE_LIMITED);
}

void answer_bad(struct request *request, const struct setup *setup)
{
    answer_fixed(request, setup, 400, PAGE_BAD_REQUEST);
}

void answer_method(struct request *request, const struct setup *setup, const char *allow)
{
    request->response.allow = allow;
    answer_fixed(request, setup, 405, PAGE_BAD_REQUEST);
}
