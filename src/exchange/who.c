#include "exchange/who.h"

#include "base/error.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>

/* A part of a cell. */
struct span {
    const char *start;
    const char *end;
};

static size_t length_of(struct span in)
{
    return (size_t)(in.end - in.start);
}

static bool begins_with(struct span in, const char *part)
{
    size_t length = strlen(part);
    return length_of(in) >= length && memcmp(in.start, part, length) == 0;
}

static bool ends_with(struct span in, const char *part)
{
    size_t length = strlen(part);
    return length_of(in) >= length && memcmp(in.end - length, part, length) == 0;
}

/* No-break space, byte order mark, zero-width space: what copying from web pages and joining files
 * leaves at the ends. Inside of an address they remain an error. */
static const char *const blanks[] = {" ",        "\t",           "\r",          "\n",
                                     "\xc2\xa0", "\xef\xbb\xbf", "\xe2\x80\x8b"};

static bool may_be_blank(char c)
{
    return (unsigned char)c <= ' ' || (unsigned char)c >= 0x80;
}

static struct span trim(struct span in)
{
    bool trimmed = true;
    while (trimmed && in.start < in.end && (may_be_blank(*in.start) || may_be_blank(in.end[-1]))) {
        trimmed = false;
        for (size_t i = 0; i < sizeof blanks / sizeof *blanks; i++) {
            if (begins_with(in, blanks[i])) {
                in.start += strlen(blanks[i]);
                trimmed = true;
            }
            if (ends_with(in, blanks[i])) {
                in.end -= strlen(blanks[i]);
                trimmed = true;
            }
        }
    }
    return in;
}

static bool has_at(struct span in)
{
    return in.start < in.end && memchr(in.start, '@', length_of(in)) != NULL;
}

static size_t count_ats(struct span in)
{
    size_t count = 0;
    for (; in.start < in.end; in.start++)
        count += *in.start == '@';
    return count;
}

/* Takes off the apostrophe that makes a cell text to a spreadsheet, or the two that Outlook puts
 * around an address. */
static struct span without_apostrophes(struct span in)
{
    if (!begins_with(in, "'"))
        return in;
    in.start++;
    if (ends_with(in, "'"))
        in.end--;
    return trim(in);
}

/* The address of `Name <address>`. A name with another address in it is not only a name. */
static int without_name(struct span *in)
{
    if (!ends_with(*in, ">") || begins_with(*in, "<"))
        return 0;
    const char *open = in->end;
    while (open > in->start && *open != '<')
        open--;
    if (*open != '<')
        return 0;
    struct span name = {in->start, open}, inner = {open + 1, in->end - 1};
    name = trim(name);
    while (begins_with(name, "\"") && ends_with(name, "\"") && length_of(name) >= 2)
        name = (struct span){name.start + 1, name.end - 1};
    name = without_apostrophes(name);
    if (has_at(name) && (length_of(name) != length_of(inner) ||
                         memcmp(name.start, inner.start, length_of(name)) != 0))
        return FAULT_TWO_ADDRESSES;
    *in = inner;
    return 0;
}

static bool is_hex(struct span in)
{
    for (const char *c = in.start; c < in.end; c++) {
        char lower = text_lower_char(*c);
        if (!((lower >= '0' && lower <= '9') || (lower >= 'a' && lower <= 'f')))
            return false;
    }
    return in.start < in.end;
}

/* MD5, SHA-1, SHA-224, SHA-384, SHA-512. */
static bool is_other_hash(struct span in)
{
    size_t n = length_of(in);
    return (n == 32 || n == 40 || n == 56 || n == 96 || n == 128) && is_hex(in);
}

int who_read_digest(const char *text, struct row_who *who)
{
    uint8_t digest[ROW_DIGEST_SIZE];

    if (text_from_hex(text, sizeof digest, digest) < 0)
        return FAULT_HASH;
    memcpy(who->digest, digest, sizeof digest);
    who->has_digest = true;
    return 0;
}

static int read_address(const char *text, struct row_who *who)
{
    int rc = address_parse(text, &who->address);
    if (rc == -ENOMEM)
        return rc;
    if (rc < 0) {
        struct span all = {text, text + strlen(text)};
        return count_ats(all) > 1 && !strchr(text, '"') ? FAULT_TWO_ADDRESSES : FAULT_ADDRESS;
    }
    who->has_address = true;
    who->domain = false;
    return 0;
}

int who_read(const char *text, size_t length, struct row_who *who)
{
    char copy[ADDRESS_GIVEN_MAX + 1];
    struct span in = trim((struct span){text, text + length});

    if (memchr(text, '\0', length))
        return FAULT_ZERO;
    in = without_apostrophes(in);
    int fault = without_name(&in);
    if (fault)
        return fault;
    in = trim(in);
    if (length_of(in) >= 7) {
        memcpy(copy, in.start, 7);
        copy[7] = '\0';
        if (text_equal(copy, "mailto:"))
            in.start += 7;
    }
    if (in.start == in.end)
        return FAULT_NO_ADDRESS;
    if (length_of(in) > ADDRESS_GIVEN_MAX)
        return FAULT_ADDRESS;
    memcpy(copy, in.start, length_of(in));
    copy[length_of(in)] = '\0';
    if (length_of(in) == 2 * ROW_DIGEST_SIZE && who_read_digest(copy, who) == 0)
        return 0;
    if (is_other_hash(in))
        return FAULT_HASH;
    if (*copy == '@' && count_ats(in) == 1)
        return FAULT_DOMAIN;
    if (strstr(copy, "\xef\xbf\xbd"))
        return FAULT_ENCODING;
    return read_address(copy, who);
}

int who_read_own(const char *text, size_t length, struct row_who *who)
{
    if (memchr(text, '\0', length))
        return FAULT_ZERO;
    if (*text != '@')
        return read_address(text, who);
    int rc = address_parse_domain(text, &who->address);
    if (rc < 0)
        return rc == -ENOMEM ? rc : FAULT_ADDRESS;
    who->has_address = who->domain = true;
    return 0;
}
