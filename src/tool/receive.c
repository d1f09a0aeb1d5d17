/* Opt-outs by mail. Whatever keeps one from being written has to leave the mail in the queue, and
 * whatever cannot be acted upon must not become a bounce: its sender may be forged, and nobody
 * asked for that answer. */
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "core/fields.h"
#include "core/inbound.h"
#include "core/token.h"
#include "exchange/date.h"
#include "speech/notice.h"
#include "tool/command.h"
#include "tool/eml.h"
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

struct receiving {
    struct site site;
    struct message message;
    struct pool pool; /* of the message */
    /* What is asked for. */
    const char *source;
    char scope[SCOPE_MAX + 1];
    struct address address;
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

static void message_id(const struct receiving *r, char id[FIELDS_LINE_MAX + 1])
{
    const char *value = field_value(r, "Message-ID");
    message_unfold(value ? value : "", id, FIELDS_LINE_MAX + 1);
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
    char id[FIELDS_LINE_MAX + 1];

    message_id(r, id);
    output_line("%s%s", what, more);
    log_info("receive: message-id=%s: %s%s", id, what, more);
}

/* --- what is asked for ----------------------------------------------------------------------- */

static int try_token(const char *word, void *argument)
{
    struct receiving *r = argument;
    struct token token;

    int code = token_open(r->site.lookup.tokens, r->site.lookup.token_count, TOKEN_UNSUBSCRIBE,
                          word, &token);
    if (code)
        return code;
    r->source = SOURCE_TOKEN;
    r->address = token.address;
    memcpy(r->scope, token.scope, sizeof r->scope);
    return 0;
}

/* A link that is no person's has the scope as its subject. */
static int try_scope(struct receiving *r)
{
    struct text subject = TEXT_EMPTY;

    int code = inbound_subject(&r->message, &subject);
    if (code == 0)
        code = scope_check(subject.data) ? ERR_NOT_FOUND : 0;
    if (code == 0)
        code = list_scope_known(r->site.list_view, subject.data);
    if (code == 0)
        code = inbound_author(&r->message, &r->address);
    if (code == 0) {
        r->source = SOURCE_GENERAL_MAIL;
        memcpy(r->scope, subject.data, strlen(subject.data) + 1);
    }
    text_release(&subject);
    return code == ERR_SCOPE ? ERR_NOT_FOUND : code;
}

static int find_request(struct receiving *r, struct error *why)
{
    int code = inbound_each_word(&r->message, try_token, r);
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

static int send_notice(struct site *site, const struct notice *notice, struct error *why)
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
        code = notice_send(&means, notice, why);
    ledger_close(means.ledger);
    texts_release(&texts);
    token_sealer_free(sealer);
    return code;
}

/* The person is unsubscribed already, so whatever fails here is told and no more. */
static void notify(struct receiving *r, const struct list_entry *entry)
{
    struct site *site = &r->site;
    struct notice notice = {.address = r->address,
                            .undo = {entry->event, entry->subject, clock_now()}};
    struct error why = {"no memory"};

    if (entry->known || !notice_is_on(site->config, r->scope))
        return;
    memcpy(notice.scope, r->scope, sizeof notice.scope);
    int code = send_notice(site, &notice, &why);
    if (code && code != ERR_NOT_FOUND && code != ERR_EXISTS)
        tell(r, "its notice is lost: ", why.text);
}

static int opt_out(struct receiving *r, struct error *why)
{
    char id[FIELDS_LINE_MAX + 1], name[SHOW_EVENT_SIZE];
    message_id(r, id);
    const struct word words[] = {{"sender", r->message.sender}, {"message-id", *id ? id : NULL}};
    const struct act act = {.actor = "mail",
                            .source = r->source,
                            .words = words,
                            .word_count = sizeof words / sizeof *words};
    struct list_entry entry = {.kind = CHOICE_OPT_OUT,
                               .reason = REASON_UNSUBSCRIBE,
                               .address = r->address.text,
                               .scope = r->scope,
                               .asked = time_of_receipt(r, clock_now())};
    struct text done = TEXT_EMPTY;

    int code = site_subject(&r->site, &r->address, &entry.subject, why);
    if (code == 0)
        code = list_add(r->site.list, &entry, 1, &act, why);
    if (code)
        return code;
    text_format(&done, "opt-out from %s %s, event %s", r->scope,
                entry.known ? "known already" : "added", show_event(&r->site, &entry.event, name));
    tell(r, done.data ? done.data : "opt-out", "");
    text_release(&done);
    notify(r, &entry);
    return 0;
}

static int receive(const struct call *call, struct receiving *r, struct error *why)
{
    int code = site_open(call->config_file, SITE_KEYS | SITE_WRITE, &r->site, why);
    if (code)
        return code;
    code = find_request(r, why);
    if (code == ERR_NOT_FOUND) {
        tell(r, "nothing was done: neither a token of this site nor a scope in its subject", "");
        return 0;
    }
    return code ? code : opt_out(r, why);
}

static int run(const struct call *call)
{
    struct receiving r = {.source = NULL};
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
