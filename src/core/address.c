#include "core/address.h"

#include "base/error.h"
#include "base/network.h"
#include "base/text.h"
#include "core/unicode.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define LABEL_MAX 63 /* octets, RFC 1035 section 2.3.4 */

/* What is still to be read. */
struct span {
    const char *start;
    const char *end;
};

/* Sets of ASCII characters, one bit each. */
#define BIT(c) (UINT64_C(1) << ((c)&63))
#define DIGITS (UINT64_C(0x3ff) << '0')
#define UPPER_CASE (UINT64_C(0x3ffffff) << ('A' & 63))
#define LETTERS (UPPER_CASE | UINT64_C(0x3ffffff) << ('a' & 63))

/* atext of RFC 5321 section 4.1.2, and the dot, wherever it stands: `a..b@x` is met. */
static const uint64_t plain_set[2] = {
    DIGITS | BIT('!') | BIT('#') | BIT('$') | BIT('%') | BIT('&') | BIT('\'') | BIT('*') |
        BIT('+') | BIT('-') | BIT('.') | BIT('/') | BIT('=') | BIT('?'),
    LETTERS | BIT('^') | BIT('_') | BIT('`') | BIT('{') | BIT('|') | BIT('}') | BIT('~'),
};

static const uint64_t label_set[2] = {DIGITS | BIT('-'), LETTERS | BIT('_')};

static bool is_in(const uint64_t set[2], char character)
{
    unsigned char c = (unsigned char)character;
    return c < 128 && (set[c >> 6] >> (c & 63) & 1);
}

static bool is_ascii(char c)
{
    return (unsigned char)c < 128;
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

static struct span trim(struct span in)
{
    while (in.start < in.end && text_is_space(*in.start))
        in.start++;
    while (in.start < in.end && text_is_space(in.end[-1]))
        in.end--;
    return in;
}

static bool has_only_ascii(struct span in)
{
    for (; in.start < in.end; in.start++)
        if (!is_ascii(*in.start))
            return false;
    return true;
}

/* The length of a source route (RFC 5321 section 4.1.1.3, "@one,@two:") in front, its colon
 * counted; 0: there is none. */
static size_t route_length(struct span in)
{
    bool in_literal = false;

    if (in.start == in.end || *in.start != '@')
        return 0;
    for (const char *c = in.start; c < in.end; c++) {
        if (*c == ':' && !in_literal)
            return (size_t)(c - in.start) + 1;
        if (*c == '[' || *c == ']')
            in_literal = *c == '[';
        else if (!is_in(label_set, *c) && is_ascii(*c) && !strchr("@,.:", *c))
            return 0;
    }
    return 0;
}

/* Takes blanks, <> and a source route off. */
static int unwrap(struct span *in)
{
    struct span inner = trim(*in);
    if (inner.start < inner.end && *inner.start == '<') {
        if (inner.end - inner.start < 2 || inner.end[-1] != '>')
            return ERR_SYNTAX;
        inner.start++;
        inner.end--;
        inner = trim(inner);
    }
    inner.start += route_length(inner);
    *in = inner;
    return 0;
}

/* Reads up to the '@' in front of the domain, with quotes and backslashes taken away and ASCII
 * letters in lower case. Quotes may stand around any part: RFC 5322 section 4.4 has `"a".b`, RFC
 * 821 had `\a`, and MTAs take both. */
static int read_local(struct span *in, char *local, size_t *length)
{
    const char *c = in->start;
    size_t n = 0;
    bool quoted = false;

    for (; c < in->end && (quoted || *c != '@'); c++) {
        if (*c == '"') {
            quoted = !quoted;
            continue;
        }
        if (*c == '\\') {
            if (++c == in->end)
                return ERR_SYNTAX;
        } else if (!quoted && !is_in(plain_set, *c) && is_ascii(*c)) {
            return ERR_SYNTAX;
        }
        if (is_control(*c))
            return ERR_SYNTAX;
        local[n++] = text_lower_char(*c);
    }
    if (quoted || n == 0)
        return ERR_SYNTAX;
    in->start = c;
    *length = n;
    return 0;
}

/* Writes what read_local left, in quotes where it needs them. */
static int write_local(const char *local, size_t length, struct address *address)
{
    bool quotes = false;
    size_t escapes = 0;

    for (size_t i = 0; i < length; i++) {
        if (is_in(plain_set, local[i]) || !is_ascii(local[i]))
            continue;
        quotes = true;
        escapes += local[i] == '"' || local[i] == '\\';
    }
    if (length + escapes + (quotes ? 2 : 0) > ADDRESS_LOCAL_MAX)
        return ERR_TOO_LONG;
    char *to = address->text;
    if (quotes)
        *to++ = '"';
    for (size_t i = 0; i < length; i++) {
        if (local[i] == '"' || local[i] == '\\')
            *to++ = '\\';
        *to++ = local[i];
    }
    if (quotes)
        *to++ = '"';
    address->at = (size_t)(to - address->text);
    return 0;
}

/* [192.0.2.1] or [IPv6:2001:db8::1], RFC 5321 section 4.1.3. An IPv6 address has many spellings, so
 * all eight groups are written, and a mapped IPv4 address as IPv4. `text` has ADDRESS_DOMAIN_MAX +
 * 1 bytes. */
static int read_literal(struct span in, char *text, size_t *length)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    char inner[sizeof "IPv6:ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255"];
    struct ip ip;
    size_t n = (size_t)(in.end - in.start);

    if (n < 2 || n - 2 >= sizeof inner || in.end[-1] != ']' || in.start[1] == '[')
        return ERR_SYNTAX;
    memcpy(inner, in.start + 1, n - 2);
    inner[n - 2] = '\0';
    if (strchr(inner, ':') && !text_starts(inner, "IPv6:"))
        return ERR_SYNTAX;
    int rc = ip_parse(inner, &ip);
    if (rc < 0)
        return rc;
    const uint8_t *b = ip.bytes;
    int written;
    if (memcmp(b, mapped, sizeof mapped) == 0)
        written =
            snprintf(text, ADDRESS_DOMAIN_MAX + 1, "[%u.%u.%u.%u]", b[12], b[13], b[14], b[15]);
    else
        written =
            snprintf(text, ADDRESS_DOMAIN_MAX + 1, "[ipv6:%x:%x:%x:%x:%x:%x:%x:%x]",
                     b[0] << 8 | b[1], b[2] << 8 | b[3], b[4] << 8 | b[5], b[6] << 8 | b[7],
                     b[8] << 8 | b[9], b[10] << 8 | b[11], b[12] << 8 | b[13], b[14] << 8 | b[15]);
    *length = (size_t)written;
    return 0;
}

static int read_labels(struct span in, char *text, size_t *length)
{
    size_t in_label = 0;
    char *to = text;

    if (in.end - in.start > ADDRESS_DOMAIN_MAX)
        return ERR_TOO_LONG;
    for (; in.start < in.end; in.start++) {
        if (*in.start == '.' && in_label > 0)
            in_label = 0;
        else if (!is_in(label_set, *in.start))
            return ERR_SYNTAX;
        else if (++in_label > LABEL_MAX)
            return ERR_TOO_LONG;
        *to++ = text_lower_char(*in.start);
    }
    if (in_label == 0)
        return ERR_SYNTAX;
    *length = (size_t)(to - text);
    return 0;
}

/* The domain behind text[at], which this fills in with its '@'. */
static int read_domain(struct span in, struct address *address)
{
    char mapped[ADDRESS_GIVEN_MAX];
    size_t length;
    char *text = address->text + address->at;
    int rc;

    if (!has_only_ascii(in)) {
        rc = unicode_domain(in.start, (size_t)(in.end - in.start), mapped, sizeof mapped, &length);
        if (rc < 0)
            return rc;
        in = (struct span){mapped, mapped + length};
    }
    if (in.start < in.end && in.end[-1] == '.')
        in.end--;
    if (in.start < in.end && *in.start == '[')
        rc = read_literal(in, text + 1, &length);
    else
        rc = read_labels(in, text + 1, &length);
    if (rc < 0)
        return rc;
    text[0] = '@';
    text[1 + length] = '\0';
    address->length = address->at + 1 + length;
    return 0;
}

static void hand_over(const struct address *result, struct address *address)
{
    memcpy(address->text, result->text, result->length + 1);
    address->length = result->length;
    address->at = result->at;
}

int address_parse(const char *given, struct address *address)
{
    char local[ADDRESS_GIVEN_MAX];
    size_t given_length = strlen(given), length;
    struct span in = {given, given + given_length};
    struct address result;

    if (given_length > ADDRESS_GIVEN_MAX)
        return ERR_TOO_LONG;
    int rc = unwrap(&in);
    if (rc == 0)
        rc = read_local(&in, local, &length);
    if (rc == 0 && !has_only_ascii((struct span){local, local + length}))
        rc = unicode_fold(local, &length, sizeof local);
    if (rc == 0)
        rc = write_local(local, length, &result);
    if (rc == 0 && in.start == in.end)
        rc = ERR_NO_DOMAIN;
    if (rc < 0)
        return rc;
    in.start++;
    rc = read_domain(in, &result);
    if (rc < 0)
        return rc;
    hand_over(&result, address);
    return 0;
}

int address_parse_domain(const char *given, struct address *address)
{
    size_t length = strlen(given);
    struct span in = trim((struct span){given, given + length});
    struct address result = {.at = 0};

    if (length > ADDRESS_GIVEN_MAX)
        return ERR_TOO_LONG;
    if (in.start == in.end || *in.start != '@')
        return ERR_SYNTAX;
    in.start++;
    int rc = read_domain(in, &result);
    if (rc < 0)
        return rc;
    hand_over(&result, address);
    return 0;
}

void address_domain(const struct address *address, struct address *domain)
{
    size_t length = address->length - address->at;
    memmove(domain->text, address->text + address->at, length + 1);
    domain->length = length;
    domain->at = 0;
}

bool address_is_routed(const struct address *address)
{
    return strcspn(address->text, "%!@") < address->at;
}

/* Whether this is one address and nothing else, to whoever reads it: quotes, comments and literals
 * are closed again, and no `Name <address>` or `group: address;` is hidden in it. */
static bool is_one_address(struct span in)
{
    size_t comments = 0;
    bool quoted = false, literal = false;

    for (const char *c = in.start; c < in.end; c++) {
        if (*c == '\\') {
            if (++c == in.end)
                return false;
        } else if (*c == '"') {
            if (comments > 0 || literal)
                return false;
            quoted = !quoted;
        } else if (!quoted && *c == '(') {
            comments++;
        } else if (!quoted && *c == ')') {
            if (comments-- == 0)
                return false;
        } else if (!quoted && comments == 0 && (*c == '[' || *c == ']')) {
            if (literal == (*c == '['))
                return false;
            literal = !literal;
        } else if (!quoted && comments == 0 && !literal && strchr("<>:;,", *c)) {
            return false;
        }
    }
    return !quoted && comments == 0 && !literal;
}

/* The source route, perhaps an empty one, of what can be removed. */
static bool find_route(struct span given, struct span *route)
{
    struct span inner = given;
    if (unwrap(&inner) < 0 || inner.start == inner.end || *inner.start == '@' ||
        !is_one_address(inner))
        return false;
    route->end = inner.start;
    inner = trim(given);
    if (*inner.start == '<')
        inner = trim((struct span){inner.start + 1, inner.end - 1});
    route->start = inner.start;
    return true;
}

bool address_is_removable(const char *given)
{
    char name[ADDRESS_GIVEN_MAX + 1];
    return address_for_removal(given, name) == 0;
}

int address_for_removal(const char *given, char *name)
{
    size_t length = strlen(given);
    struct span in = {given, given + length};
    struct span route;

    if (length > ADDRESS_GIVEN_MAX || !unicode_is_valid(given, length) || !find_route(in, &route))
        return ERR_SYNTAX;
    for (const char *c = given; *c; c++)
        if (is_control(*c))
            return ERR_SYNTAX;
    size_t before = (size_t)(route.start - given);
    memcpy(name, given, before);
    memcpy(name + before, route.end, (size_t)(in.end - route.end) + 1);
    return 0;
}
