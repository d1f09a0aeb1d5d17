/* Opt-outs by mail. Whatever keeps one from being written has to leave the mail in the queue, and
 * whatever cannot be acted upon must not become a bounce: its sender may be forged, and nobody
 * asked for that answer. */
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "core/inbound.h"
#include "core/token.h"
#include "exchange/date.h"
#include "speech/notice.h"
#include "tool/command.h"
#include "tool/mail/eml.h"
#include "tool/output.h"
#include "tool/show.h"
#include "tool/site.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SOURCE_TOKEN "mail" /* who holds the token got the newsletter */

#define QUEUED_MAX (30 * 86400) /* seconds that a mail server may have kept it */

enum { SENDER, RECIPIENT };
static const struct flag flags[] = {
    {.name = "sender", .argument = "ADDRESS", .text = "envelope sender; $SENDER without it"},
    {.name = "recipient",
     .argument = "ADDRESS",
     .text = "envelope recipient as given; more may follow; $ORIGINAL_RECIPIENT without it",
     .several = true},
    {0},
};

/* Who wants what. */
struct wish {
    const char *source;
    char scope[SCOPE_MAX + 1];
    struct address address;
    struct list_entry entry; /* that was written for it */
};

struct receiving {
    struct site site;
    struct message message;
    struct pool pool; /* of the message */
    /* What is asked for: one for each recipient with a token, or a single one. */
    struct wish *wishes;
    size_t count;
};

/* --- the message ----------------------------------------------------------------------------- */

/* Reads all that the mail server writes: it takes a pipe that is closed early for a failure. */
static int read_message(FILE *file, struct receiving *r, struct error *why)
{
    char rest[65536];

    int code = eml_read(file, &r->pool, &r->message.fields, &r->message.field_count, why);
    while (fread(rest, 1, sizeof rest, file) > 0)
        continue;
    return ferror(file) ? error_set(why, -EIO, "the message cannot be read") : code;
}

/* What the flags say, or else the environment, where local(8) of Postfix and others tell it. */
static int read_envelope(const struct call *call, struct receiving *r)
{
    const char *recipient = getenv("ORIGINAL_RECIPIENT");
    const char **given = call->several_count ? call->several : &recipient;
    size_t count = call->several_count ? call->several_count : recipient != NULL;
    struct recipient *list = pool_take(&r->pool, (count + 1) * sizeof *list);

    if (!list)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        list[i] = (struct recipient){.given = given[i]};
    r->message.recipients = list;
    r->message.recipient_count = count;
    r->message.sender = call->values[SENDER] ? call->values[SENDER] : getenv("SENDER");
    return 0;
}

static const char *field_value(const struct receiving *r, const char *name)
{
    size_t at = 0;
    const struct header_field *field = message_field(&r->message, name, &at);
    return field ? field->value : NULL;
}

/* When the mail server took the message, as the topmost Received tells; so the same message, handed
 * over twice, is the same statement. */
static int64_t time_of_receipt(const struct receiving *r, int64_t now)
{
    static const struct zone utc = {.count = 1};
    const char *received = field_value(r, "Received");
    const char *date = received ? strrchr(received, ';') : NULL;
    char line[128];
    int64_t seconds;

    if (!date)
        return now;
    message_unfold(date + 1, line, sizeof line);
    if (date_parse(line, strlen(line), DATE_ORDER_DMY, &utc, &seconds) != DATE_READ ||
        seconds > now || seconds < now - QUEUED_MAX)
        return now;
    return seconds;
}

/* In the mail log, too: pipe(8) writes there what a command says, local(8) only what it says with a
 * failure. */
static void tell(const struct receiving *r, const char *what, const char *more)
{
    char id[MESSAGE_ID_SIZE];

    message_id_word(&r->message, id);
    output_line("%s%s", what, more);
    log_info("receive: message-id=%s: %s%s", id, what, more);
}

/* --- what is asked for ----------------------------------------------------------------------- */

static int try_token(const char *word, void *argument)
{
    struct receiving *r = argument;
    struct wish *wish = &r->wishes[r->count];
    struct token token;

    int code = token_open(r->site.lookup.tokens, r->site.lookup.token_count, TOKEN_UNSUBSCRIBE,
                          word, &token);
    if (code)
        return code;
    wish->source = SOURCE_TOKEN;
    wish->address = token.address;
    memcpy(wish->scope, token.scope, sizeof wish->scope);
    r->count++;
    return 0;
}

/* A link that is no person's has the scope as its subject. */
static int try_scope(struct receiving *r)
{
    struct text subject = TEXT_EMPTY;
    struct wish *wish = &r->wishes[r->count];

    int code = inbound_subject(&r->message, &subject);
    if (code == 0)
        code = scope_check(subject.data) ? ERR_NOT_FOUND : 0;
    if (code == 0)
        code = list_scope_known(r->site.list_view, subject.data);
    if (code == 0)
        code = inbound_author(&r->message, &wish->address);
    if (code == 0) {
        wish->source = SOURCE_GENERAL_MAIL;
        memcpy(wish->scope, subject.data, strlen(subject.data) + 1);
        r->count++;
    }
    text_release(&subject);
    return code == ERR_SCOPE ? ERR_NOT_FOUND : code;
}

static int find_wishes(struct receiving *r, struct error *why)
{
    r->wishes = pool_take(&r->pool, (r->message.recipient_count + 1) * sizeof *r->wishes);
    int code = r->wishes ? inbound_each_word(&r->message, try_token, r) : -ENOMEM;
    if (code == ERR_NOT_FOUND && (code = site_view(&r->site, why)) == 0) {
        code = try_scope(r);
        site_end_view(&r->site);
    }
    if (code && code != ERR_NOT_FOUND && why->text[0] == '\0')
        error_set(why, code, "the message cannot be understood: %s", error_name(code));
    return code;
}

/* --- doing it -------------------------------------------------------------------------------- */

/* Only here: opt-outs never depend on the ledger. */
static int open_ledger(const struct site *site, struct ledger **ledger, struct error *why)
{
    char *folder = file_join(site->config->data_dir, "ledger");
    if (!folder)
        return -ENOMEM;
    int code = ledger_open(folder, ENV_READ, site->config->ledger_size, &site->lookup, ledger, why);
    free(folder);
    return code;
}

static int prepare_notice(struct site *site, const struct notice *notice, struct text *message,
                          struct error *why)
{
    struct notice_means means = {.config = site->config, .list = site->list};
    struct texts texts = {.count = 0};
    struct token_sealer *sealer = NULL;

    int code = token_sealer_new(keys_current_token(&site->lookup), &sealer);
    if (code == 0)
        code = texts_load(&texts, site->config->templates, why);
    if (code == 0)
        code = open_ledger(site, &means.ledger, why);
    means.texts = &texts;
    means.sealer = sealer;
    if (code == 0)
        code = notice_prepare(&means, notice, message, why);
    ledger_close(means.ledger);
    texts_release(&texts);
    token_sealer_free(sealer);
    return code;
}

/* The person is unsubscribed already, so whatever fails here is told and no more. */
static void notify(struct receiving *r, const struct wish *wish)
{
    struct site *site = &r->site;
    const struct list_entry *entry = &wish->entry;
    struct notice notice = {.address = wish->address,
                            .undo = {entry->event, entry->subject, clock_now()}};
    struct text message = TEXT_EMPTY;
    struct error why = {"no memory"};

    if (entry->known || !notice_is_on(site->config, wish->scope))
        return;
    memcpy(notice.scope, wish->scope, sizeof notice.scope);
    int code = prepare_notice(site, &notice, &message, &why);
    if (code == 0)
        code = notice_hand_over(site->config, &notice, &message, NULL, &why);
    text_release(&message);
    if (code && code != ERR_NOT_FOUND && code != ERR_EXISTS)
        tell(r, "its notice is lost: ", why.text);
}

static int opt_out(struct receiving *r, struct wish *wish, struct error *why)
{
    char id[MESSAGE_ID_SIZE], name[SHOW_EVENT_SIZE];
    message_id(&r->message, id);
    const struct word words[] = {{"sender", r->message.sender}, {"message-id", *id ? id : NULL}};
    const struct act act = {.actor = "mail",
                            .source = wish->source,
                            .words = words,
                            .word_count = sizeof words / sizeof *words};
    struct list_entry entry = {.kind = CHOICE_OPT_OUT,
                               .reason = REASON_UNSUBSCRIBE,
                               .address = wish->address.text,
                               .scope = wish->scope,
                               .asked = time_of_receipt(r, clock_now())};
    struct text done = TEXT_EMPTY;

    int code = site_subject(&r->site, &wish->address, &entry.subject, why);
    if (code == 0)
        code = list_add(r->site.list, &entry, 1, &act, why);
    if (code)
        return code;
    text_format(&done, "opt-out from %s %s, event %s", wish->scope,
                entry.known ? "known already" : "added", show_event(&r->site, &entry.event, name));
    tell(r, done.data ? done.data : "opt-out", "");
    text_release(&done);
    wish->entry = entry;
    return 0;
}

/* One that cannot be written keeps none of the others from it; the mail comes again, and finds them
 * known. */
static int opt_all_out(struct receiving *r, struct error *why)
{
    int first = 0;

    for (size_t i = 0; i < r->count; i++) {
        struct error said = {"no memory"};
        int code = opt_out(r, &r->wishes[i], &said);
        if (code)
            r->wishes[i].entry =
                (struct list_entry){.known = true}; /* of which there is no notice */
        if (code && !first)
            first = error_set(why, code, "%s", said.text);
    }
    return first;
}

static int receive(const struct call *call, struct receiving *r, struct error *why)
{
    int code = site_open(call->config_file, SITE_KEYS | SITE_WRITE, &r->site, why);
    if (code)
        return code;
    code = find_wishes(r, why);
    if (code == ERR_NOT_FOUND) {
        tell(r, "nothing was done: neither a token of this site nor a scope in its subject", "");
        return 0;
    }
    if (code)
        return code;
    code = opt_all_out(r, why);
    /* Behind all of them: a mail server can be slow. */
    for (size_t i = 0; i < r->count; i++)
        notify(r, &r->wishes[i]);
    return code;
}

static int run(const struct call *call)
{
    struct receiving r = {.count = 0};
    struct error why = {""};

    log_to_syslog("optout");
    int code = read_message(stdin, &r, &why);
    if (code == ERR_SYNTAX || code == ERR_TOO_LONG) {
        tell(&r, "nothing was done: ", why.text);
        pool_release(&r.pool);
        return output_status(0, NULL);
    }
    if (code == 0)
        code = read_envelope(call, &r);
    const char *automatic = code == 0 ? inbound_automatic(&r.message) : NULL;
    if (automatic)
        tell(&r, "nothing was done for ", automatic);
    else if (code == 0)
        code = receive(call, &r, &why);
    site_close(&r.site);
    pool_release(&r.pool);
    return output_status(code, &why);
}

const struct command command_receive = {
    .name = "receive",
    .arguments = "",
    .text = "take an opt-out by mail from standard input, for the mail server",
    .flags = flags,
    .delivers = true,
    .role = ROLE_ANYBODY,
    .run = run,
};
