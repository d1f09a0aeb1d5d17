#include "web/optout.h"

#include "base/clock.h"
#include "web/answer.h"
#include "web/keyed.h"
#include "web/writing.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistr.h>

/* --- links ---------------------------------------------------------------------------------- */

/* Whether the visit goes on with what was opened; otherwise it was answered. Who guesses is held
 * back sooner; but a link that is valid is never refused for others that were not. */
static bool goes_on(struct visit *visit, int code)
{
    struct request *request = visit->request;
    const struct web_config *web = &visit->setup->config->web;
    bool bad = code == ERR_NOT_FOUND;
    enum limit limit = bad                              ? LIMIT_BAD_LINK
                       : request->method == METHOD_POST ? LIMIT_LINK
                                                        : LIMIT_LOOK;

    if (code && !bad) {
        answer_failed(request, visit->setup, "links cannot be opened: OpenSSL refused");
    } else if (!limits_allow(visit->web->limits, limit, &request->client,
                             bad ? web->limit_bad_links : web->limit_links, web_clock() / 1000)) {
        answer_limited(request, visit->setup);
    } else if (bad) {
        answer_not_found(request, visit->setup);
    } else {
        return true;
    }
    return false;
}

static bool has_keys(struct visit *visit)
{
    if (visit->setup->key_code == 0)
        return true;
    answer_failed(visit->request, visit->setup, visit->setup->key_why.text);
    return false;
}

static bool open_link(struct visit *visit, const char *text, struct token *token)
{
    if (!has_keys(visit) ||
        !goes_on(visit, keyed_open(visit->web->keyed, visit->setup, text, token)))
        return false;
    snprintf(visit->request->scope, sizeof visit->request->scope, "%s", token->scope);
    return true;
}

void optout_get(struct visit *visit, const char *text)
{
    struct token token;
    char wider[SCOPE_MAX + 1], masked[PAGE_MASK_SIZE];

    visit->request->asked = ASKED_PAGE;
    if (!open_link(visit, text, &token))
        return;
    page_mask(token.address.text, masked);
    struct page page = {.kind = PAGE_ASK, .scope = token.scope, .masked_address = masked};
    if (pages_wider_scope(web_pages(visit->setup), token.scope, wider))
        page.wider_scope = wider;
    answer_page(visit->request, visit->setup, 200, &page);
}

/* --- opting out ----------------------------------------------------------------------------- */

/* When the event that holds now was written; now where it cannot be told. */
static int64_t time_of(const struct writing *w)
{
    struct list_view *view;
    struct pool pool = {0};
    struct event event;
    int64_t when = w->entry.asked;

    if (!w->entry.known || list_view_begin(w->list, &view))
        return when;
    if (list_event(view, &w->entry.event, &pool, &event) == 0)
        when = event.at_ms / 1000;
    pool_release(&pool);
    list_view_end(view);
    return when;
}

/* What `undo` names, as the forms send it back; NULL where that cannot be. */
static const char *seal_undo(const struct writing *w, const struct undo *undo,
                             char text[TOKEN_UNDO_SIZE])
{
    return token_seal_undo(w->setup->sealer, TOKEN_UNDO, undo, text) == 0 ? text : NULL;
}

static bool clicked(struct writing *w)
{
    w->request->event = w->entry.known ? 0 : w->entry.event.number;
    answer_text(w->request, 200, "You are unsubscribed.\n");
    return false;
}

/* Whether somebody may still undo the opt-out that stood before, and with it what this visitor
 * said: a link that was forwarded is in two hands. */
static bool may_be_undone(const struct writing *w)
{
    return w->entry.known && !w->again && clock_now() - time_of(w) <= TOKEN_UNDO_SECONDS;
}

/* Undo is for who made the event: an opt-out that stood before is none of this visitor's. */
static bool chosen(struct writing *w)
{
    const struct undo undo = {w->entry.event, w->entry.subject, w->entry.asked};
    if (may_be_undone(w)) {
        w->again = true;
        w->act.source = "page-again";
        writing_opt_out(w);
        return true;
    }
    char masked[PAGE_MASK_SIZE], text[TOKEN_UNDO_SIZE];
    struct page page = {.kind = PAGE_DONE, .scope = w->scope, .masked_address = masked};

    page_mask(w->address.text, masked);
    page.when = time_of(w);
    if (!w->entry.known)
        w->request->event = w->entry.event.number;
    if (!w->entry.known && !w->again)
        page.undo = seal_undo(w, &undo, text);
    answer_page(w->request, w->setup, 200, &page);
    return false;
}

static void opt_out(struct visit *visit, const struct token *token, const char *scope,
                    const char *source, bool (*finished)(struct writing *writing))
{
    struct writing *w = writing_begin(visit, source, finished);
    if (!w)
        return;
    w->address = token->address;
    snprintf(w->scope, sizeof w->scope, "%s", scope);
    writing_opt_out(w);
}

static void choose(struct visit *visit, const struct token *token, bool all)
{
    char wider[SCOPE_MAX + 1];
    const char *scope = token->scope;

    visit->request->asked = ASKED_OPT_OUT;
    if (all && pages_wider_scope(web_pages(visit->setup), token->scope, wider))
        scope = wider;
    opt_out(visit, token, scope, "page", chosen);
}

/* --- afterwards ----------------------------------------------------------------------------- */

/* What the field `undo` holds, if it still holds; otherwise the visit was answered. */
static bool open_undo(struct visit *visit, struct page *page, struct undo *undo)
{
    const struct lookup_key *key = &visit->setup->key;
    int code = token_open_undo(key->tokens, key->token_count, TOKEN_UNDO,
                               request_field(visit->request, FIELD_UNDO), undo);

    if (code && code != ERR_NOT_FOUND) {
        answer_failed(visit->request, visit->setup, "undo cannot be opened: OpenSSL refused");
        return false;
    }
    if (code == 0 && clock_now() - undo->at <= TOKEN_UNDO_SECONDS)
        return true;
    page->kind = PAGE_UNDO_LATE;
    answer_page(visit->request, visit->setup, 400, page);
    return false;
}

/* Whether the row was withdrawn before, perhaps by a second click. */
static bool is_past(const struct writing *w)
{
    struct list_view *view;
    struct pool pool = {0};
    struct choice *rows;
    size_t count = 0;
    bool found = false;

    if (list_view_begin(w->list, &view))
        return false;
    if (list_read(view, LIST_PAST, &w->undo.subject, false, &pool, &rows, &count, NULL))
        count = 0;
    for (size_t i = 0; i < count && !found; i++)
        found = event_name_equal(&rows[i].event, &w->undo.event);
    pool_release(&pool);
    list_view_end(view);
    return found;
}

static bool undone(struct writing *w)
{
    char masked[PAGE_MASK_SIZE];
    bool is_undone = w->code == 0 || is_past(w);
    struct page page = {.kind = is_undone ? PAGE_UNDONE : PAGE_UNDO_LATE, .scope = w->scope};

    if (w->address.length > 0) {
        page_mask(w->address.text, masked);
        page.masked_address = masked;
    }
    answer_page(w->request, w->setup, is_undone ? 200 : 400, &page);
    return false;
}

/* `address` may be NULL. */
static void undo(struct visit *visit, const struct undo *what, const char *scope,
                 const struct address *address, const char *source)
{
    struct writing *w = writing_begin(visit, source, undone);
    if (!w)
        return;
    w->undo = *what;
    if (address)
        w->address = *address;
    snprintf(w->scope, sizeof w->scope, "%s", scope);
    writing_withdraw(w);
}

static void undo_choice(struct visit *visit, const struct token *token)
{
    struct undo what;
    struct page page = {.scope = token->scope};

    visit->request->asked = ASKED_UNDO;
    if (open_undo(visit, &page, &what))
        undo(visit, &what, token->scope, &token->address, "page");
}

/* --- reasons -------------------------------------------------------------------------------- */

/* Undo is offered again, as it came. */
static void thank(struct request *request, const struct setup *setup, const char *scope,
                  const struct address *address, enum page_kind kind)
{
    char masked[PAGE_MASK_SIZE];
    struct page page = {.kind = kind, .scope = scope, .masked_address = masked};

    page_mask(address->text, masked);
    if (kind == PAGE_THANKS)
        page.undo = request_field(request, FIELD_UNDO);
    answer_page(request, setup, kind == PAGE_THANKS ? 200 : 400, &page);
}

static bool thanked(struct writing *w)
{
    thank(w->request, w->setup, w->scope, &w->address, w->code ? PAGE_UNDO_LATE : PAGE_THANKS);
    return false;
}

/* Free text as it may be kept: cut at PAGE_TEXT_MAX; none where it is not UTF-8, or blanks alone. A
 * line's end is one character, though browsers send two. */
static const char *free_text(struct request *request)
{
    struct text *text = &request->fields[FIELD_TEXT];
    const uint8_t *bytes = (const uint8_t *)text->data;
    size_t left = text->length, units = 0;

    if (left == 0 || u8_check(bytes, left) || text->data[strspn(text->data, " \t\r\n")] == '\0')
        return NULL;
    while (left > 0) {
        size_t size = (size_t)u8_mblen(bytes, left);
        units += size == 4 ? 2 : *bytes == '\r' && left > 1 && bytes[1] == '\n' ? 0 : 1;
        if (units > PAGE_TEXT_MAX)
            break;
        bytes += size;
        left -= size;
    }
    text->length -= left;
    text->data[text->length] = '\0';
    return text->data;
}

static void give_reason(struct visit *visit, const struct token *token)
{
    struct request *request = visit->request;
    const char *key = request_field(request, FIELD_REASON), *text = free_text(request);
    struct undo what;
    struct page page = {.scope = token->scope};

    request->asked = ASKED_REASON;
    if (!open_undo(visit, &page, &what))
        return;
    if (*key && !pages_reason_known(web_pages(visit->setup), token->scope, key)) {
        answer_bad(request, visit->setup);
        return;
    }
    if (!*key && !text) { /* the button alone: there is nothing to note */
        thank(request, visit->setup, token->scope, &token->address, PAGE_THANKS);
        return;
    }
    struct writing *w = writing_begin(visit, "page", thanked);
    if (!w)
        return;
    w->undo = what;
    w->address = token->address;
    snprintf(w->scope, sizeof w->scope, "%s", token->scope);
    w->reason = (struct event_reason){what.event, key}; /* the request lives as long */
    w->word = (struct word){"text", text};
    writing_reason(w);
}

/* --- what is posted ------------------------------------------------------------------------- */

static bool is_one_click(const struct request *request)
{
    return request->given[FIELD_ONE_CLICK] &&
           text_equal(request_field(request, FIELD_ONE_CLICK), "One-Click");
}

void optout_post(struct visit *visit, const char *text)
{
    struct request *request = visit->request;
    struct token token;

    if (is_one_click(request))
        request->asked = ASKED_ONE_CLICK;
    if (!open_link(visit, text, &token))
        return;
    if (request->asked == ASKED_ONE_CLICK)
        opt_out(visit, &token, token.scope, "one-click", clicked);
    else if (request_field_is(request, FIELD_ACTION, "this"))
        choose(visit, &token, false);
    else if (request_field_is(request, FIELD_ACTION, "all"))
        choose(visit, &token, true);
    else if (request_field_is(request, FIELD_ACTION, "undo"))
        undo_choice(visit, &token);
    else if (request_field_is(request, FIELD_ACTION, "reason"))
        give_reason(visit, &token);
    else
        answer_bad(request, visit->setup);
}

/* --- notices -------------------------------------------------------------------------------- */

/* Of what a notice tells: its opt-out's scope, and the address in a mask. Both are left empty where
 * the list does not tell. */
struct told {
    char scope[SCOPE_MAX + 1];
    char masked[PAGE_MASK_SIZE];
};

static void read_told(struct list *list, const struct undo *what, struct told *told)
{
    struct list_view *view;
    struct pool pool = {0};
    struct event event;
    const char *address;

    if (list_view_begin(list, &view))
        return;
    if (list_event(view, &what->event, &pool, &event) == 0 && event.choice_count > 0)
        snprintf(told->scope, sizeof told->scope, "%s", event.choices[0].choice.scope);
    if (list_address(view, &what->subject, &pool, &address) == 0 && *address)
        page_mask(address, told->masked);
    pool_release(&pool);
    list_view_end(view);
}

/* Whether the notice can be opened; otherwise the visit was answered. */
static bool open_notice(struct visit *visit, const char *text, struct undo *what, struct told *told)
{
    const struct lookup_key *key = &visit->setup->key;
    struct list *list;
    struct error why;

    visit->request->asked = ASKED_UNDO;
    if (!has_keys(visit) ||
        !goes_on(visit, token_open_undo(key->tokens, key->token_count, TOKEN_NOTICE, text, what)))
        return false;
    if (stores_take_list(visit->web->stores, key, &visit->setup->address, &list, &why)) {
        answer_failed(visit->request, visit->setup, why.text);
        return false;
    }
    read_told(list, what, told);
    stores_give_list(visit->web->stores);
    snprintf(visit->request->scope, sizeof visit->request->scope, "%s", told->scope);
    return true;
}

static bool is_late(const struct undo *what)
{
    return clock_now() - what->at > TOKEN_NOTICE_SECONDS;
}

static struct page page_of(const struct told *told, enum page_kind kind)
{
    return (struct page){.kind = kind,
                         .scope = *told->scope ? told->scope : NULL,
                         .masked_address = *told->masked ? told->masked : NULL};
}

void optout_get_notice(struct visit *visit, const char *notice)
{
    struct undo what;
    struct told told = {"", ""};

    if (!open_notice(visit, notice, &what, &told))
        return;
    bool late = is_late(&what);
    struct page page = page_of(&told, late ? PAGE_UNDO_LATE : PAGE_ASK_UNDO);
    page.undo = late ? NULL : notice;
    answer_page(visit->request, visit->setup, 200, &page);
}

void optout_post_notice(struct visit *visit, const char *notice)
{
    struct undo what;
    struct told told = {"", ""};

    if (!open_notice(visit, notice, &what, &told))
        return;
    struct page page = page_of(&told, PAGE_UNDO_LATE);
    if (!request_field_is(visit->request, FIELD_ACTION, "undo"))
        answer_bad(visit->request, visit->setup);
    else if (is_late(&what))
        answer_page(visit->request, visit->setup, 400, &page);
    else
        undo(visit, &what, told.scope, NULL, "notice");
}
