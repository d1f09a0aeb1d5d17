#include "milter/facts.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define FACTS_MAX (4 << 20) /* bytes of header fields and addresses kept of one message */
#define ROOM_KEPT 128       /* entries of a list that a connection keeps for its next message */

struct session *session_new(struct service *service, bool answers)
{
    struct session *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->service = service;
    s->answers = answers;
    s->pool.limit = FACTS_MAX;
    s->connection_pool.limit = FACTS_MAX;
    s->connection_failed = true; /* until session_connect */
    atomic_fetch_add(&service->connections, 1);
    return s;
}

void session_free(struct session *s)
{
    if (!s)
        return;
    session_reset(s);
    atomic_fetch_sub(&s->service->connections, 1);
    pool_release(&s->pool);
    pool_release(&s->work);
    pool_release(&s->connection_pool);
    subject_hasher_free(s->hasher);
    keys_forget(s->hasher_key, sizeof s->hasher_key);
    free(s->recipients);
    free(s->offered);
    free(s->fields);
    free(s);
}

/* One big message must not cost memory for as long as the connection lasts. */
static void shrink(struct session *s)
{
    if (s->recipient_room > ROOM_KEPT) {
        free(s->recipients);
        free(s->offered);
        s->recipients = NULL;
        s->offered = NULL;
        s->recipient_room = 0;
    }
    if (s->field_room > ROOM_KEPT) {
        free(s->fields);
        s->fields = NULL;
        s->field_room = 0;
    }
}

void session_reset(struct session *s)
{
    if (!s->in_message)
        return;
    s->in_message = false;
    s->failed = false;
    s->message = (struct message){0};
    s->recipient_count = 0;
    s->field_count = 0;
    shrink(s);
    pool_reset(&s->pool);
    pool_reset(&s->work);
    setup_give(s->setup);
    s->setup = NULL;
    atomic_fetch_sub(&s->service->messages, 1);
}

/* --- the connection --- */

static bool read_client(const struct sockaddr *client, struct ip *ip, unsigned *port)
{
    if (!client)
        return false;
    if (client->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)client;
        memset(ip->bytes, 0, 10);
        ip->bytes[10] = ip->bytes[11] = 0xff;
        memcpy(ip->bytes + 12, &in->sin_addr, 4);
        *port = ntohs(in->sin_port);
        return true;
    }
    if (client->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)client;
        memcpy(ip->bytes, &in6->sin6_addr, 16);
        *port = ntohs(in6->sin6_port);
        return true;
    }
    return false;
}

/* Mail from sendmail(1) has no client: Postfix says localhost, the loopback address and port 0,
 * which no connection has. All three are asked for, since a proxy that does not know the port says
 * 0 too. */
static bool is_sendmail(const char *name, const struct ip *ip, unsigned port)
{
    static const struct ip loopback4 = {{[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}};
    static const struct ip loopback6 = {{[15] = 1}};
    bool loopback =
        memcmp(ip, &loopback4, sizeof *ip) == 0 || memcmp(ip, &loopback6, sizeof *ip) == 0;
    return port == 0 && loopback && name && text_equal(name, "localhost");
}

/* A copy of what was told, NULL where nothing was; *failed where it could not be kept. */
static const char *keep(struct pool *pool, const char *text, bool *failed)
{
    if (!text)
        return NULL;
    const char *copy = pool_copy(pool, text);
    if (!copy)
        *failed = true;
    return copy;
}

void session_connect(struct session *s, const char *client_name, const struct sockaddr *client,
                     const char *listener, const char *listener_port)
{
    unsigned port = 0;

    pool_reset(&s->connection_pool);
    s->connection_failed = false;
    s->client_known = read_client(client, &s->client_ip, &port);
    s->origin = s->client_known && is_sendmail(client_name, &s->client_ip, port) ? ORIGIN_SENDMAIL
                                                                                 : ORIGIN_SMTP;
    s->client_name = keep(&s->connection_pool, client_name, &s->connection_failed);
    s->listener = keep(&s->connection_pool, listener, &s->connection_failed);
    s->listener_port = keep(&s->connection_pool, listener_port, &s->connection_failed);
}

/* --- the message --- */

/* "<a@b>" without its brackets. */
static const char *keep_sender(struct session *s, const char *sender)
{
    size_t length = strlen(sender);
    if (length >= 2 && sender[0] == '<' && sender[length - 1] == '>')
        return pool_copy_bytes(&s->pool, sender + 1, length - 2);
    return pool_copy(&s->pool, sender);
}

void session_mail(struct session *s, const char *sender, const char *login)
{
    session_reset(s);
    s->in_message = true;
    s->failed = s->connection_failed;
    atomic_fetch_add(&s->service->messages, 1);
    s->setup = setups_take(s->service->setups);
    s->message.sender = keep_sender(s, sender);
    s->message.login = keep(&s->pool, login, &s->failed);
    if (!s->message.sender)
        s->failed = true;
}

/* The list, with room for one more entry; NULL without memory, and it is as it was. */
static void *grown(void *list, size_t size, size_t count, size_t *room)
{
    if (count < *room)
        return list;
    size_t more = *room ? 2 * *room : 8;
    void *larger = reallocarray(list, more, size);
    if (larger)
        *room = more;
    return larger;
}

/* Room for one more recipient in both arrays. */
static int grow_recipients(struct session *s)
{
    size_t room = s->recipient_room, same = s->recipient_room;
    struct recipient *recipients =
        grown(s->recipients, sizeof *recipients, s->recipient_count, &room);
    if (!recipients)
        return -ENOMEM;
    s->recipients = recipients;
    enum offered *offered = grown(s->offered, sizeof *offered, s->recipient_count, &same);
    if (!offered)
        return -ENOMEM;
    s->offered = offered;
    s->recipient_room = room;
    return 0;
}

struct recipient *session_add_recipient(struct session *s, const char *given)
{
    if (grow_recipients(s)) {
        s->failed = true;
        return NULL;
    }
    struct recipient *r = &s->recipients[s->recipient_count];
    *r = (struct recipient){.given = keep(&s->pool, given, &s->failed)};
    if (!r->given)
        return NULL;
    r->problem = address_parse(given, &r->address);
    if (r->problem == -ENOMEM)
        s->failed = true;
    r->companion = r->problem == 0 && policy_is_companion(&s->setup->config->policy, &r->address);
    s->offered[s->recipient_count++] = OFFERED_UNJUDGED;
    return r;
}

static const char *const kept_names[] = {
    "From",      "Message-ID",     "List-Unsubscribe", "List-Unsubscribe-Post", "List-Id",
    "List-Post", "Auto-Submitted", "Precedence",       "Feedback-ID",           "DKIM-Signature",
};

static bool asked_by(const struct rule *rule, const char *name)
{
    const struct patterns *headers = &rule->match[MATCH_HEADER];
    size_t length = strlen(name);
    for (size_t i = 0; i < headers->count; i++)
        if (text_starts(headers->globs[i], name) && headers->globs[i][length] == ':')
            return true;
    return false;
}

/* Whether a field of this name can matter. */
static bool is_kept(const struct policy *policy, const char *name)
{
    for (size_t i = 0; i < sizeof kept_names / sizeof *kept_names; i++)
        if (text_equal(kept_names[i], name))
            return true;
    for (size_t i = 0; i < policy->exemption_count; i++)
        if (asked_by(&policy->exemptions[i], name))
            return true;
    for (size_t i = 0; i < policy->stream_count; i++)
        if (asked_by(&policy->streams[i].rule, name))
            return true;
    return false;
}

void session_field(struct session *s, const char *name, const char *value)
{
    if (!s->in_message || s->failed || !is_kept(&s->setup->config->policy, name))
        return;
    struct header_field *fields = grown(s->fields, sizeof *fields, s->field_count, &s->field_room);
    if (!fields) {
        s->failed = true;
        return;
    }
    s->fields = fields;
    struct header_field *field = &fields[s->field_count++];
    field->name = keep(&s->pool, name, &s->failed);
    field->value = keep(&s->pool, value, &s->failed);
    if (s->failed)
        s->field_count--;
}

const struct message *session_message(struct session *s)
{
    struct message *m = &s->message;
    m->origin = s->origin;
    m->listener = s->listener;
    m->listener_port = s->listener_port;
    m->client_name = s->client_name;
    m->client_known = s->client_known;
    m->client_ip = s->client_ip;
    m->fields = s->fields;
    m->field_count = s->field_count;
    m->recipients = s->recipients;
    m->recipient_count = s->recipient_count;
    return m;
}

int session_hasher(struct session *s, struct subject_hasher **hasher, struct error *why)
{
    const struct setup *setup = s->setup;

    if (setup->key_code)
        return error_set(why, setup->key_code, "%s", setup->key_why.text);
    if (s->hasher && memcmp(s->hasher_key, setup->key.subject, SUBJECT_KEY_SIZE) != 0) {
        subject_hasher_free(s->hasher);
        s->hasher = NULL;
    }
    if (!s->hasher) {
        int code = subject_hasher_new(setup->key.subject, &s->hasher);
        if (code)
            return error_set(why, code, "no keyed hash: %s", error_name(code));
        memcpy(s->hasher_key, setup->key.subject, SUBJECT_KEY_SIZE);
    }
    *hasher = s->hasher;
    return 0;
}
