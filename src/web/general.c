#include "web/general.h"

#include "web/answer.h"
#include "web/writing.h"

#include <errno.h>
#include <stdio.h>

/* Whether the list knows the scope; otherwise the visit was answered. */
static bool has_scope(struct visit *visit, const char *scope)
{
    const struct setup *setup = visit->setup;
    struct list_view *view;
    struct list *list;
    struct error why;

    if (scope_check(scope) < 0) {
        answer_not_found(visit->request, setup);
        return false;
    }
    int code = setup->key_code ? error_set(&why, setup->key_code, "%s", setup->key_why.text)
                               : stores_take_list(visit->web->stores, &setup->key, &setup->address,
                                                  &list, &why);
    if (code) {
        answer_failed(visit->request, setup, why.text);
        return false;
    }
    code = list_view_begin(list, &view);
    if (code == 0) {
        code = list_scope_known(view, scope);
        list_view_end(view);
    }
    if (code == ERR_SCOPE) {
        answer_not_found(visit->request, setup);
    } else if (code) {
        list_explain(list, code, &why);
        answer_failed(visit->request, setup, why.text);
    }
    stores_give_list(visit->web->stores);
    snprintf(visit->request->scope, sizeof visit->request->scope, "%s", code ? "" : scope);
    return code == 0;
}

static void show(struct visit *visit, const char *scope, const char *typed)
{
    struct page page = {.kind = PAGE_GENERAL, .scope = scope, .typed = typed};
    answer_page(visit->request, visit->setup, typed ? 400 : 200, &page);
}

void general_get(struct visit *visit, const char *scope)
{
    visit->request->asked = ASKED_GENERAL_PAGE;
    if (has_scope(visit, scope))
        show(visit, scope, NULL);
}

/* An opt-out that stood before was not written, and would be answered sooner: so something else is
 * written then, and the time tells nothing. */
static bool done(struct writing *w)
{
    char masked[PAGE_MASK_SIZE];
    struct page page = {.kind = PAGE_GENERAL_DONE,
                        .scope = w->scope,
                        .masked_address = masked,
                        .when = w->entry.asked};

    if (w->entry.known) {
        w->entry.known = false;
        writing_probe(w);
        return true;
    }
    page_mask(w->address.text, masked);
    answer_page(w->request, w->setup, 200, &page);
    return false;
}

void general_post(struct visit *visit, const char *scope)
{
    struct request *request = visit->request;
    const char *typed = request_field(request, FIELD_ADDRESS);
    struct address address;

    request->asked = ASKED_GENERAL_OPT_OUT;
    if (!limits_allow(visit->web->limits, LIMIT_ADDRESS, &request->client,
                      visit->setup->config->web.limit_addresses, web_clock() / 1000)) {
        answer_limited(request, visit->setup);
        return;
    }
    if (!has_scope(visit, scope))
        return;
    int code = address_parse(typed, &address);
    if (code == -ENOMEM) {
        answer_failed(request, visit->setup, "no memory");
        return;
    }
    if (code) {
        show(visit, scope, typed);
        return;
    }
    struct writing *w = writing_begin(visit, SOURCE_GENERAL_PAGE, done);
    if (!w)
        return;
    w->address = address;
    snprintf(w->scope, sizeof w->scope, "%s", scope);
    writing_opt_out(w);
}
