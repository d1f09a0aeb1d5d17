#include "tool/mail/letter.h"

#include "base/text.h"
#include "tool/mail/eml.h"

#include <errno.h>
#include <string.h>

#define PORT_MAX 65535

static const char *without_brackets(const char *sender, struct pool *pool)
{
    size_t length = strlen(sender);
    if (length >= 2 && sender[0] == '<' && sender[length - 1] == '>')
        return pool_copy_bytes(pool, sender + 1, length - 2);
    return sender;
}

static void set_client(const struct letter_facts *facts, struct message *message)
{
    if (facts->sendmail) {
        /* What Postfix tells of mail that had no client. */
        message->origin = ORIGIN_SENDMAIL;
        message->client_name = "localhost";
        message->client_known = ip_parse("127.0.0.1", &message->client_ip) == 0;
    } else if (facts->client) {
        message->client_known = ip_parse(facts->client, &message->client_ip) == 0;
        message->client_name = message->client_known ? NULL : facts->client;
    }
}

static void set_listener(const struct letter_facts *facts, struct message *message)
{
    uint64_t port;
    if (!facts->listener)
        return;
    if (text_to_u64(facts->listener, PORT_MAX, &port) == 0)
        message->listener_port = facts->listener;
    else
        message->listener = facts->listener;
}

static int set_recipients(const struct letter_facts *facts, struct pool *pool,
                          struct message *message)
{
    struct recipient *list = pool_take(pool, (facts->recipient_count + 1) * sizeof *list);
    if (!list)
        return -ENOMEM;
    for (size_t i = 0; i < facts->recipient_count; i++) {
        list[i] = (struct recipient){.given = facts->recipients[i]};
        list[i].problem = address_parse(list[i].given, &list[i].address);
    }
    message->recipients = list;
    message->recipient_count = facts->recipient_count;
    return 0;
}

int letter_read(FILE *file, const struct letter_facts *facts, struct pool *pool,
                struct message *message, struct error *why)
{
    struct message m = {.origin = ORIGIN_SMTP, .login = facts->login};

    int code = eml_read(file, pool, &m.fields, &m.field_count, why);
    if (code)
        return code;
    m.sender = without_brackets(facts->sender, pool);
    set_client(facts, &m);
    set_listener(facts, &m);
    code = m.sender ? set_recipients(facts, pool, &m) : -ENOMEM;
    if (code == 0)
        *message = m;
    return code;
}

int letter_mark_companions(const struct policy *policy, struct pool *pool, struct message *message)
{
    struct recipient *list = pool_take(pool, (message->recipient_count + 1) * sizeof *list);
    if (!list)
        return -ENOMEM;
    for (size_t i = 0; i < message->recipient_count; i++) {
        list[i] = message->recipients[i];
        list[i].companion = list[i].problem == 0 && policy_is_companion(policy, &list[i].address);
    }
    message->recipients = list;
    return 0;
}
