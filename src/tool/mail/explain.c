#include "tool/command.h"
#include "tool/mail/letter.h"
#include "tool/mail/outcome_show.h"
#include "tool/noted.h"
#include "tool/output.h"

#include <errno.h>
#include <string.h>

enum { SENDER, RECIPIENT, LOGIN, CLIENT, LISTENER, SENDMAIL, JSON };
static const struct flag flags[] = {
    {.name = "sender", .argument = "ADDRESS", .text = "envelope sender", .required = true},
    {.name = "recipient",
     .argument = "ADDRESS",
     .text = "envelope recipient; more may follow",
     .required = true,
     .several = true},
    {.name = "login", .argument = "LOGIN", .text = "SASL login"},
    {.name = "client", .argument = "HOST", .text = "address or name of the client"},
    {.name = "listener", .argument = "NAME", .text = "name of the mail server's daemon, or port"},
    {.name = "sendmail", .text = "the message came from sendmail(1)"},
    {.name = "json", .text = "a JSON object"},
    {0},
};

static int read_letter(const struct call *call, struct pool *pool, struct message *message,
                       struct error *why)
{
    const char *path = call->arguments[0];
    const struct letter_facts facts = {.sender = call->values[SENDER],
                                       .login = call->values[LOGIN],
                                       .client = call->values[CLIENT],
                                       .listener = call->values[LISTENER],
                                       .sendmail = call->values[SENDMAIL] != NULL,
                                       .recipients = call->several,
                                       .recipient_count = call->several_count};
    struct error reason = {""};

    if (facts.sendmail && (facts.client || facts.listener || facts.login))
        return error_set(why, ERR_SYNTAX, "mail from sendmail(1) has no client, listener or login");
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (!file)
        return error_set(why, -errno, "%s: %s", path, strerror(errno));
    int code = letter_read(file, &facts, pool, message, &reason);
    if (code)
        error_set(why, code, "%s: %s", path, *reason.text ? reason.text : error_name(code));
    else if (message->field_count == 0)
        remark("%s has no header field: is it a message?", path);
    if (file != stdin)
        fclose(file);
    return code;
}

/* What becomes of their mail tells what is held about them. */
static void note(struct site *site, const struct message *message)
{
    bool one = message->recipient_count == 1 && message->recipients[0].problem == 0;
    const struct noted noted = {.command = "explain",
                                .people = message->recipient_count,
                                .address = one ? &message->recipients[0].address : NULL};
    noted_if_possible(site, &noted);
}

/* A list that cannot be asked leaves the stream to be told, and what the milter does then. */
static int explain(const struct call *call, struct site *site, struct message *message,
                   struct error *why)
{
    struct outcome outcome = {.code = 0};

    int code = site_open(call->config_file, SITE_KEYS | SITE_LIST, site, &outcome.why);
    if (code == 0)
        code = site_view(site, &outcome.why);
    if (!site->config)
        return error_set(why, code, "%s", outcome.why.text);
    int found = letter_mark_companions(&site->config->policy, &site->pool, message);
    if (found == 0)
        found = outcome_find(site, message, code, &outcome);
    if (found)
        return error_set(why, found, "the outcome cannot be told: %s", error_name(found));
    if (code == 0 && outcome.recognition.what == RECOGNISED_STREAM)
        note(site, message);
    if (call->values[JSON])
        outcome_show_json(site, message, &outcome);
    else
        outcome_show(site, message, &outcome);
    if (outcome.code && outcome.recognition.what == RECOGNISED_STREAM)
        return error_set(why, outcome.code, "%s", outcome.why.text);
    return 0;
}

static int run(const struct call *call)
{
    struct site site = {0};
    struct message message;
    struct pool pool = {0};
    struct error why = {""};

    /* The file is the caller's to read, not the list's owner's. */
    int code = read_letter(call, &pool, &message, &why);
    if (code == 0) {
        code = explain(call, &site, &message, &why);
        site_close(&site);
    }
    pool_release(&pool);
    return output_status(code, &why);
}

const struct command command_explain = {
    .name = "explain",
    .arguments = "FILE",
    .text = "say what the milter would do with a message, and why",
    .flags = flags,
    .least = 1,
    .most = 1,
    .role = ROLE_EITHER,
    .reads_file = true,
    .run = run,
};
