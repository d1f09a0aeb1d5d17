#include "core/maillog.h"

#include "base/text.h"

#include <string.h>

/* What is left to be read. */
struct rest {
    const char *at, *end;
};

static bool is_alphanumeric(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool maillog_is_id(const char *text, size_t length)
{
    if (length == 0 || length > MAILLOG_ID_MAX || (length == 3 && memcmp(text, "ALL", 3) == 0))
        return false;
    for (size_t i = 0; i < length; i++)
        if (!is_alphanumeric(text[i]))
            return false;
    return true;
}

bool maillog_is_reused(const char *id)
{
    return id[strspn(id, "0123456789ABCDEF")] == '\0';
}

/* --- pieces ---------------------------------------------------------------------------------- */

static bool skip(struct rest *rest, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(rest->end - rest->at) < length || memcmp(rest->at, word, length) != 0)
        return false;
    rest->at += length;
    return true;
}

/* The octets up to one of `ends`, which is not taken; false where there is none. */
static bool take_until(struct rest *rest, const char *ends, struct rest *taken)
{
    for (const char *p = rest->at; p < rest->end; p++)
        if (strchr(ends, *p) && *p) {
            *taken = (struct rest){rest->at, p};
            rest->at = p;
            return true;
        }
    return false;
}

static size_t size_of(const struct rest *rest)
{
    return (size_t)(rest->end - rest->at);
}

/* Behind the only place where the word stands; false where it stands nowhere, or twice. */
static bool behind_only(const struct rest *in, const char *word, struct rest *behind)
{
    size_t length = strlen(word);
    const char *found = NULL;

    for (const char *p = in->at; p < in->end; p++) {
        if ((size_t)(in->end - p) < length || memcmp(p, word, length) != 0)
            continue;
        if (found)
            return false;
        found = p;
    }
    if (found)
        *behind = (struct rest){found + length, in->end};
    return found != NULL;
}

static bool copy_id(const struct rest *from, char id[MAILLOG_ID_MAX + 1])
{
    if (!maillog_is_id(from->at, size_of(from)))
        return false;
    memcpy(id, from->at, size_of(from));
    id[size_of(from)] = '\0';
    return true;
}

/* "localhost[127.0.0.1]", with whatever follows: the address. */
static bool copy_host(struct rest *rest, char host[MAILLOG_HOST_MAX + 1])
{
    struct rest name, address;

    if (!take_until(rest, "[, ", &name) || !skip(rest, "[") || !take_until(rest, "]", &address) ||
        size_of(&address) > MAILLOG_HOST_MAX)
        return false;
    memcpy(host, address.at, size_of(&address));
    host[size_of(&address)] = '\0';
    return true;
}

/* --- the head: time, host, program, id ------------------------------------------------------- */

static bool take_number(struct rest *rest, size_t digits, unsigned *number)
{
    *number = 0;
    if (size_of(rest) < digits)
        return false;
    for (size_t i = 0; i < digits; i++, rest->at++) {
        if (*rest->at == ' ' && i == 0 && digits == 2)
            continue; /* a day of one digit */
        if (*rest->at < '0' || *rest->at > '9')
            return false;
        *number = *number * 10 + (unsigned)(*rest->at - '0');
    }
    return true;
}

/* "Nov  6 00:19:04" */
static bool take_traditional(struct rest *rest, struct clock_fields *local)
{
    static const char *const months[] = {"Jan ", "Feb ", "Mar ", "Apr ", "May ", "Jun ",
                                         "Jul ", "Aug ", "Sep ", "Oct ", "Nov ", "Dec "};
    struct clock_fields t = {.year = 0};
    unsigned i = 0;

    while (i < 12 && !skip(rest, months[i]))
        i++;
    t.month = i + 1;
    if (i == 12 || !take_number(rest, 2, &t.day) || !skip(rest, " ") ||
        !take_number(rest, 2, &t.hour) || !skip(rest, ":") || !take_number(rest, 2, &t.minute) ||
        !skip(rest, ":") || !take_number(rest, 2, &t.second))
        return false;
    *local = t;
    return t.day >= 1 && t.day <= 31 && t.hour < 24 && t.minute < 60 && t.second <= 60;
}

static bool take_time(struct rest *rest, struct maillog_line *line)
{
    char text[CLOCK_TEXT_SIZE + 8];
    struct rest word;

    if (take_traditional(rest, &line->local))
        return true;
    if (!take_until(rest, " ", &word) || size_of(&word) >= sizeof text)
        return false;
    memcpy(text, word.at, size_of(&word));
    text[size_of(&word)] = '\0';
    line->has_moment = clock_parse(text, &line->moment) == 0;
    return line->has_moment;
}

/* "mta postfix/smtpd[8903]: 60A9EA722F3: ": what the program is called behind its last slash. */
static bool take_head(struct rest *rest, struct maillog_line *line, struct rest *program)
{
    struct rest host, tag, number, id;

    if (!skip(rest, " ") || !take_until(rest, " ", &host) || !skip(rest, " ") ||
        !take_until(rest, "[ ", &tag) || !skip(rest, "[") || !take_until(rest, "]", &number) ||
        !skip(rest, "]: ") || !take_until(rest, ": ", &id) || !skip(rest, ": ") ||
        !copy_id(&id, line->id))
        return false;
    *program = tag;
    for (const char *p = tag.at; p < tag.end; p++)
        if (*p == '/')
            program->at = p + 1;
    return program->at > tag.at; /* postfix/…, and not some program of that name */
}

static bool is_program(const struct rest *program, const char *name)
{
    return size_of(program) == strlen(name) && memcmp(program->at, name, strlen(name)) == 0;
}

/* --- what it says ---------------------------------------------------------------------------- */

static enum maillog_kind read_client(struct rest rest, struct maillog_line *line)
{
    return skip(&rest, "client=") && copy_host(&rest, line->host) ? MAILLOG_CLIENT : MAILLOG_OTHER;
}

/* "uid=102 from=<news@acme.example> orig_id=60A9EA722F3". What claims to be the other id must end
 * the line, and the sender have no blank: a sender could look like one. */
static enum maillog_kind read_pickup(struct rest rest, struct maillog_line *line)
{
    struct rest digits, sender, behind;

    if (!skip(&rest, "uid=") || !take_until(&rest, " ", &digits) || !skip(&rest, " from=<"))
        return MAILLOG_OTHER;
    if (!take_until(&rest, " ", &sender))
        return MAILLOG_PICKUP; /* not from the queue */
    if (!behind_only(&rest, " orig_id=", &behind) || behind.at != rest.at + strlen(" orig_id=") ||
        !copy_id(&behind, line->other))
        return MAILLOG_OTHER;
    return MAILLOG_PICKUP;
}

static enum maillog_kind read_message_id(struct rest rest, struct maillog_line *line)
{
    if (!skip(&rest, "message-id=") || size_of(&rest) == 0)
        return MAILLOG_OTHER;
    line->message_id = rest.at;
    line->message_id_length = size_of(&rest);
    return MAILLOG_MESSAGE_ID;
}

/* "to=<a@b>, relay=127.0.0.1[127.0.0.1]:10026, …, status=sent (250 2.0.0 Ok: queued as ID)" */
static enum maillog_kind read_delivery(struct rest rest, struct maillog_line *line)
{
    struct rest relay, status, queued, id;

    if (!skip(&rest, "to=<") || !behind_only(&rest, ", relay=", &relay) ||
        !behind_only(&rest, ", status=", &status) || status.at < relay.at ||
        !skip(&status, "sent (") || !behind_only(&status, " queued as ", &queued) ||
        !take_until(&queued, ")", &id) || queued.at + 1 != queued.end ||
        !copy_id(&id, line->other) || !copy_host(&relay, line->host))
        return MAILLOG_OTHER;
    return MAILLOG_QUEUED_AS;
}

void maillog_read(const char *text, size_t length, struct maillog_line *line)
{
    struct rest rest = {text, text + length}, program;

    *line = (struct maillog_line){.kind = MAILLOG_OTHER};
    if (!take_time(&rest, line) || !take_head(&rest, line, &program))
        return;
    if (is_program(&program, "smtpd"))
        line->kind = read_client(rest, line);
    else if (is_program(&program, "pickup"))
        line->kind = read_pickup(rest, line);
    else if (is_program(&program, "cleanup"))
        line->kind = read_message_id(rest, line);
    else if (is_program(&program, "smtp") || is_program(&program, "lmtp"))
        line->kind = read_delivery(rest, line);
}
