#include "speech/notice.h"

#include "base/clock.h"
#include "core/brand.h"
#include "speech/handover.h"
#include "speech/language.h"
#include "speech/mail.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct brand *find_brand(const struct config *config, const char *scope)
{
    return brand_of(config->brands, config->brand_count, scope);
}

bool notice_is_on(const struct config *config, const char *scope)
{
    const struct brand *brand = find_brand(config, scope);
    return config->policy.public_url && (brand ? brand->notice : config->notice);
}

/* --- whether one is due ---------------------------------------------------------------------- */

static int has_older_row(struct list_view *view, enum list_rows which, const struct undo *undo,
                         bool *older)
{
    struct pool pool = {0};
    struct choice *rows;
    size_t count;

    int code = list_read(view, which, &undo->subject, false, &pool, &rows, &count, NULL);
    for (size_t i = 0; i < count && code == 0; i++)
        *older = *older || (!event_name_equal(&rows[i].event, &undo->event) &&
                            !choice_is_anybodys_word(&rows[i]));
    pool_release(&pool);
    return code;
}

static int find_verdict(struct txn *txn, const struct event *event, void *argument)
{
    (void)txn;
    if (!event->verdict)
        return 0; /* whoever is looked up is not known by that */
    *(bool *)argument = true;
    return 1; /* one is enough */
}

static int has_verdict(struct ledger *ledger, const struct subject *subject, bool *has)
{
    struct ledger_view *view;
    int code = ledger_view_begin(ledger, &view);

    if (code)
        return code;
    code = ledger_history(view, subject, find_verdict, has);
    ledger_view_end(view);
    return code > 0 ? 0 : code;
}

/* 0: the person was known before this opt-out. ERR_NOT_FOUND, or the store's errors. */
static int check_known(const struct notice_means *means, const struct notice *notice)
{
    struct list_view *view;
    bool known = false;
    int code = list_view_begin(means->list, &view);

    if (code)
        return code;
    code = has_older_row(view, LIST_STANDING, &notice->undo, &known);
    if (code == 0)
        code = has_older_row(view, LIST_PAST, &notice->undo, &known);
    list_view_end(view);
    if (code == 0 && !known && means->ledger)
        code = has_verdict(means->ledger, &notice->undo.subject, &known);
    return code == 0 && !known ? ERR_NOT_FOUND : code;
}

/* --- what it says ---------------------------------------------------------------------------- */

struct writing {
    const struct notice_means *means;
    const struct notice *notice;
    const struct brand *brand; /* NULL: none */
    size_t language;
    struct text body;
};

static const char *text_of(const struct writing *w, const char *id)
{
    const char *text = texts_get(w->means->texts, id, w->language);
    return text ? text : "";
}

static size_t choose_language(const struct notice_means *means, const struct brand *brand)
{
    const struct texts *texts = means->texts;
    size_t found = language_find(brand ? brand->language : means->config->language,
                                 texts->languages, texts->language_count);
    return found < texts->language_count ? found : 0;
}

static void append_text(struct writing *w, const char *id)
{
    const char *scope = w->notice->scope;
    char name[SCOPE_MAX + 1];
    struct text filled = TEXT_EMPTY;

    snprintf(name, sizeof name, "%.*s", (int)strcspn(scope, "/"), scope);
    const struct slot slots[] = {{"address", w->notice->address.text},
                                 {"title", brand_title(w->brand, &w->means->config->policy, scope)},
                                 {"brand", w->brand ? w->brand->name : name}};
    texts_fill(text_of(w, id), slots, sizeof slots / sizeof *slots, &filled);
    text_append(&w->body, filled.data ? filled.data : "");
    text_append(&w->body, "\n\n");
    w->body.failed = w->body.failed || filled.failed;
    text_release(&filled);
}

static void append_sender(struct writing *w)
{
    const struct brand *brand = w->brand;

    if (!brand)
        return;
    text_format(&w->body, "-- \n%s\n", brand->name);
    for (size_t i = 0; i < brand->postal_address_count; i++)
        text_format(&w->body, "%s\n", brand->postal_address[i]);
    if (brand->imprint_url)
        text_format(&w->body, "%s\n", brand->imprint_url);
}

static int write_body(struct writing *w)
{
    const struct config *config = w->means->config;
    bool all = !brand_title(w->brand, &config->policy, w->notice->scope);
    char token[TOKEN_UNDO_SIZE];

    int code = token_seal_undo(w->means->sealer, TOKEN_NOTICE, &w->notice->undo, token);
    if (code)
        return code;
    append_text(w, all ? "done-text-all" : "done-text");
    append_text(w, "notice-undo");
    text_format(&w->body, "%su/%s\n\n", config->policy.public_url, token);
    append_text(w, "notice-end");
    append_sender(w);
    return w->body.failed ? -ENOMEM : 0;
}

static int write_mail(struct writing *w, struct text *message)
{
    const struct event_name *event = &w->notice->undo.event;
    char node[2 * EVENT_NODE_SIZE + 1], id[64];

    text_to_hex(event->node, EVENT_NODE_SIZE, node);
    snprintf(id, sizeof id, "optout-%s-%" PRIu64, node, event->number);
    int code = write_body(w);
    const struct mail mail = {.from =
                                  w->brand ? w->brand->notice_from : w->means->config->notice_from,
                              .to = w->notice->address.text,
                              .subject = text_of(w, "done-title"),
                              .body = w->body.data,
                              .id = id,
                              .at = clock_now()};
    if (code == 0)
        code = mail_write(&mail, message);
    text_release(&w->body);
    return code;
}

/* --- sending it ------------------------------------------------------------------------------ */

int notice_prepare(const struct notice_means *means, const struct notice *notice,
                   struct text *message, struct error *why)
{
    struct writing w = {
        .means = means, .notice = notice, .brand = find_brand(means->config, notice->scope)};
    struct text written = TEXT_EMPTY;

    w.language = choose_language(means, w.brand);
    int code = check_known(means, notice);
    if (code)
        return error_set(why, code, "whether a notice is due cannot be told: %s", error_name(code));
    code = write_mail(&w, &written);
    if (code)
        error_set(why, code, "no notice could be written: %s", error_name(code));
    else
        code =
            list_claim_notice(means->list, &notice->undo.subject, clock_now(), NOTICE_PAUSE, why);
    if (code)
        text_release(&written);
    else
        *message = written;
    return code;
}

int notice_hand_over(const struct config *config, const struct notice *notice,
                     const struct text *message, const atomic_bool *stop, struct error *why)
{
    return handover_send(config->smtp_server, notice->address.text, message, stop, why);
}
