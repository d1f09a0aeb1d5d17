#include "tool/argument.h"

#include "base/clock.h"
#include "base/text.h"
#include "core/scope.h"
#include "core/unicode.h"

#include <errno.h>
#include <string.h>

#define WORDS_MAX 8192
#define NAME_MAX_OCTETS 64

static const char *skip_blanks(const char *text)
{
    while (text_is_space(*text))
        text++;
    return text;
}

static bool is_quoted(const char *given)
{
    size_t length = strlen(given);
    return length > 1 && given[0] == '"' && given[length - 1] == '"';
}

static int bad_address(const char *given, int code, struct error *why)
{
    if (is_quoted(given))
        return error_set(why, code, "%.200s: quotes around an address are not taken off", given);
    switch (code) {
    case ERR_NO_DOMAIN:
        return error_set(why, code,
                         "%.200s: there is no @ in it; a whole domain is written @example.com",
                         given);
    case ERR_TOO_LONG:
        return error_set(why, code, "%.200s: longer than an address can be", given);
    case -ENOMEM:
        return error_set(why, code, "no memory");
    default:
        return error_set(why, code, "%.200s: not a mail address", given);
    }
}

/* Nothing is a pattern here. Who means the characters themselves can quote them. */
static int check_pattern(const char *given, const struct address *address, struct error *why)
{
    if (strcspn(address->text, "*?") >= address->at || strchr(given, '"'))
        return 0;
    return error_set(why, ERR_SYNTAX,
                     "%.80s: there are no patterns here: a whole domain is written %s, and an "
                     "address with such a character \"%.*s\"%s",
                     given, address->text + address->at, (int)address->at, address->text,
                     address->text + address->at);
}

int argument_address(const char *given, struct address *address, bool *domain, struct error *why)
{
    bool whole = *skip_blanks(given) == '@';
    struct address a;
    int code = whole ? address_parse_domain(given, &a) : address_parse(given, &a);
    if (code)
        return bad_address(given, code, why);
    code = check_pattern(given, &a, why);
    if (code)
        return code;
    *address = a;
    *domain = whole;
    return 0;
}

int argument_person(const char *given, struct address *address, struct error *why)
{
    int code = address_parse(given, address);
    return code ? bad_address(given, code, why) : 0;
}

int argument_scope(const char *given, struct error *why)
{
    int code = scope_check(given);
    return code ? error_set(why, code,
                            "%.200s: not a scope: lower-case letters, digits and . _ -, in parts "
                            "divided by single slashes, as in acme/newsletter, or / for all",
                            *given ? given : "\"\"")
                : 0;
}

int argument_time(const char *flag, const char *given, int64_t *seconds, struct error *why)
{
    int code = clock_parse(given, seconds);
    return code ? error_set(why, code,
                            "--%s %.60s: not a time: 2026-03-03T12:00:00Z, or 2026-03-03 for its "
                            "first second in UTC",
                            flag, given)
                : 0;
}

int argument_words(const char *flag, const char *given, struct error *why)
{
    if (!given)
        return 0;
    size_t length = strlen(given);
    if (*skip_blanks(given) == '\0')
        return error_set(why, ERR_SYNTAX, "--%s needs some words", flag);
    if (length > WORDS_MAX)
        return error_set(why, ERR_TOO_LONG, "--%s: more than %d bytes", flag, WORDS_MAX);
    if (!unicode_is_valid(given, length))
        return error_set(why, ERR_SYNTAX, "--%s: not UTF-8", flag);
    return 0;
}

int argument_name(const char *flag, const char *given, struct error *why)
{
    size_t length = strlen(given);
    if (strchr(given, '@'))
        return error_set(why, ERR_SYNTAX,
                         "--%s: a mail address would stand in the journal for good; --note seals "
                         "what it is given",
                         flag);
    bool fine = length > 0 && length <= NAME_MAX_OCTETS && unicode_is_valid(given, length) &&
                given[0] != ' ' && given[length - 1] != ' ';
    for (const char *c = given; *c && fine; c++)
        fine = (unsigned char)*c >= 0x20 && *c != 0x7f;
    return fine ? 0
                : error_set(why, ERR_SYNTAX, "--%s: not a name of 1 to %d printable bytes", flag,
                            NAME_MAX_OCTETS);
}

bool argument_is_event(const char *given)
{
    return *given && !strchr(given, '@');
}

int argument_event(const char *given, const uint8_t node[EVENT_NODE_SIZE], struct event_name *name,
                   struct error *why)
{
    const char *dash = strchr(given, '-');
    const char *digits = dash ? dash + 1 : given;
    struct event_name n;
    char hex[2 * EVENT_NODE_SIZE + 1] = "";
    int code = 0;

    memcpy(n.node, node, sizeof n.node);
    if (dash) {
        if (dash - given == 2 * EVENT_NODE_SIZE)
            memcpy(hex, given, 2 * EVENT_NODE_SIZE);
        code = text_from_hex(hex, EVENT_NODE_SIZE, n.node);
    }
    if (code == 0)
        code = text_to_u64(digits, INT64_MAX, &n.number);
    if (code || n.number == 0)
        return error_set(why, ERR_SYNTAX, "%.200s: neither an event's name nor an address", given);
    *name = n;
    return 0;
}
