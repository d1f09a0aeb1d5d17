#include "core/fields.h"

#include "base/error.h"
#include "core/address.h"
#include "core/scope.h"

#include <errno.h>
#include <string.h>

static const char unsubscribe_field[] = "List-Unsubscribe";

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_visible(char c)
{
    return c > 0x20 && c < 0x7f;
}

/* --- what is safe ---------------------------------------------------------------------------- */

static bool is_field_name(const char *name)
{
    for (const char *c = name; *c; c++)
        if (!is_visible(*c) || *c == ':')
            return false;
    return *name != '\0';
}

/* One line without its line break: bytes that may stand in a header, and something to see. */
static bool is_safe_line(const char *line, size_t length)
{
    bool seen = false;
    for (size_t i = 0; i < length; i++) {
        if (!is_visible(line[i]) && line[i] != ' ' && line[i] != '\t')
            return false;
        seen = seen || is_visible(line[i]);
    }
    return seen;
}

bool fields_is_safe(const char *name, const char *value)
{
    size_t before = strlen(name) + 2; /* with the colon and the blank */

    if (!is_field_name(name))
        return false;
    for (;;) {
        size_t length = strcspn(value, "\n");
        if (before + length > FIELDS_LINE_MAX || !is_safe_line(value, length))
            return false;
        if (value[length] == '\0')
            return true;
        value += length + 1;
        if (*value != '\t')
            return false;
        before = 0;
    }
}

/* The configuration's word: an absolute https URL of a folder, that cannot end the angle brackets
 * (RFC 3986 appendix C). */
static bool is_public_url(const char *url)
{
    static const char scheme[] = "https://";
    size_t length = url ? strlen(url) : 0;

    if (length < sizeof scheme + 1 || !text_starts(url, scheme) || url[length - 1] != '/')
        return false;
    for (const char *c = url; *c; c++)
        if (!is_visible(*c) || strchr("<>\"\\^`{|}?#", *c))
            return false;
    return true;
}

static bool is_token(const char *token)
{
    for (const char *c = token; *c; c++)
        if (!is_alphanumeric(*c) && *c != '-' && *c != '_')
            return false;
    return *token != '\0';
}

/* --- List-Unsubscribe --------------------------------------------------------------------------
 */

/* Percent-encodes all but what RFC 6068 section 2 lets stand in an address and in a subject alike.
 */
static void append_encoded(struct text *value, const char *string, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (is_alphanumeric(string[i]) || strchr("-._~!$'*+", string[i]))
            text_append_bytes(value, &string[i], 1);
        else
            text_format(value, "%%%02X", (unsigned)(unsigned char)string[i]);
    }
}

/* Whether `word` behind a + keeps the local part within what RFC 5321 section 4.5.3.1.1 allows. A
 * quoted one is left alone. */
static bool fits_local_part(const char *mailto, size_t local_length, const char *word)
{
    return *mailto != '"' && local_length + 1 + strlen(word) <= ADDRESS_LOCAL_MAX;
}

static void append_mailto(struct text *value, const char *mailto, bool in_local_part,
                          const char *word)
{
    const char *at = strrchr(mailto, '@');
    size_t local_length = (size_t)(at - mailto);

    in_local_part = in_local_part && fits_local_part(mailto, local_length, word);
    text_append(value, ",\n\t<mailto:");
    append_encoded(value, mailto, local_length);
    if (in_local_part) {
        text_append(value, "+");
        text_append(value, word);
    }
    text_append(value, "@");
    append_encoded(value, at + 1, strlen(at + 1));
    if (!in_local_part) {
        text_append(value, "?subject=");
        append_encoded(value, word, strlen(word));
    }
    text_append(value, ">");
}

/* `path` goes behind the URL; `word` is what the mail address gets. */
static int write_targets(const struct unsubscribe_targets *targets, const char *path,
                         const char *word, bool in_local_part, struct text *value)
{
    if (!is_public_url(targets->public_url))
        return ERR_SYNTAX;
    if (targets->mailto && !strrchr(targets->mailto, '@'))
        return ERR_SYNTAX;

    text_append(value, "<");
    text_append(value, targets->public_url);
    text_append(value, path);
    text_append(value, ">");
    if (targets->mailto)
        append_mailto(value, targets->mailto, in_local_part, word);

    int rc = 0;
    if (value->failed)
        rc = -ENOMEM;
    else if (!fields_is_safe(unsubscribe_field, value->data))
        rc = ERR_SYNTAX;
    if (rc < 0)
        text_release(value);
    return rc;
}

int fields_personal(const struct unsubscribe_targets *targets, const char *token,
                    struct text *value)
{
    if (!is_token(token))
        return ERR_SYNTAX;
    return write_targets(targets, token, token, targets->mailto_local_part, value);
}

int fields_general(const struct unsubscribe_targets *targets, const char *scope, struct text *value)
{
    char path[2 + SCOPE_MAX + 1] = "s/";

    if (scope_check(scope) < 0)
        return ERR_SYNTAX;
    if (strcmp(scope, "/") != 0) /* "s//" would be shortened to "s/" on the way */
        strcat(path, scope);
    return write_targets(targets, path, scope, false, value);
}

/* --- DKIM-Signature ----------------------------------------------------------------------------
 */

/* Without the blanks and folds around it. */
struct span {
    const char *begin;
    const char *end;
};

static struct span trim(const char *begin, const char *end)
{
    while (begin < end && text_is_space(*begin))
        begin++;
    while (end > begin && text_is_space(end[-1]))
        end--;
    return (struct span){begin, end};
}

static size_t span_length(struct span span)
{
    return (size_t)(span.end - span.begin);
}

/* The value of a tag (RFC 6376 section 3.2: the case of its name counts); false: there is none. */
static bool find_tag(const char *list, const char *tag, struct span *value)
{
    for (;;) {
        const char *stop = list + strcspn(list, ";");
        const char *equals = memchr(list, '=', (size_t)(stop - list));
        if (equals) {
            struct span name = trim(list, equals);
            if (span_length(name) == strlen(tag) && memcmp(name.begin, tag, strlen(tag)) == 0) {
                *value = trim(equals + 1, stop);
                return true;
            }
        }
        if (*stop == '\0')
            return false;
        list = stop + 1;
    }
}

bool fields_signature_covers(const char *signature, const char *name)
{
    struct span names;

    if (!find_tag(signature, "h", &names))
        return false;
    for (;;) {
        const char *colon = memchr(names.begin, ':', span_length(names));
        struct span one = trim(names.begin, colon ? colon : names.end);
        if (span_length(one) == strlen(name) && text_starts(one.begin, name))
            return true;
        if (!colon)
            return false;
        names.begin = colon + 1;
    }
}

void fields_signature_domain(const char *signature, char *domain, size_t size)
{
    struct span value = {signature, signature};
    size_t length = 0;

    if (size == 0)
        return;
    find_tag(signature, "d", &value);
    for (const char *c = value.begin; c < value.end && length + 1 < size; c++)
        if (!text_is_space(*c))
            domain[length++] = *c;
    domain[length] = '\0';
}
