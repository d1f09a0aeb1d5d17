#include "config/checks.h"

#include "base/network.h"
#include "base/socket.h"
#include "base/text.h"
#include "config/options.h"
#include "core/address.h"
#include "core/brand.h"
#include "core/color.h"
#include "core/effect.h"
#include "core/fields.h"
#include "core/retention.h"
#include "core/scope.h"

#include <limits.h>
#include <string.h>
#include <sys/un.h>

#define HEX_DIGITS "0123456789abcdefABCDEF"
#define PORT_MAX 65535
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

#define FOLDER_MAX (PATH_MAX - 64) /* room for the names of the files below */
#define SOCKET_MAX (sizeof((struct sockaddr_un *)0)->sun_path - 1)
/* The longest token, the URL and the signs around them have to stay on one line of 998 bytes. */
#define URL_MAX 256
#define ACCOUNT_MAX 32
#define TITLE_MAX 200
#define LIST_ID_MAX 255 /* of what stands between < and >, RFC 2919 section 2 */
#define STORE_MIN (UINT64_C(1) << 20)
#define STORE_MAX (UINT64_C(1) << 44)
#define CONNECTIONS_MAX 100000
#define REQUEST_SECONDS_MAX 600
#define RATE_MAX 1000000

static bool consists_of(const char *value, const char *allowed)
{
    return value[strspn(value, allowed)] == '\0';
}

static bool is_printable_ascii(const char *value)
{
    for (; *value; value++)
        if (*value < 0x20 || *value > 0x7e)
            return false;
    return true;
}

int check_folder(const char *value, struct error *why)
{
    if (value[0] != '/')
        return error_set(why, ERR_CONFIG, "\"%.60s\" is not an absolute path", value);
    if (strlen(value) > FOLDER_MAX)
        return error_set(why, ERR_CONFIG, "is longer than %d bytes", FOLDER_MAX);
    return 0;
}

static int check_socket_path(const char *path, struct error *why)
{
    if (path[0] != '/')
        return error_set(why, ERR_CONFIG,
                         "the milter's own socket needs an absolute path; only Postfix's "
                         "smtpd_milters may name it relative to the queue directory");
    if (strlen(path) > SOCKET_MAX)
        return error_set(why, ERR_CONFIG, "a socket's path has %zu bytes at most", SOCKET_MAX);
    return 0;
}

static int check_port_and_host(const char *value, bool ipv6, struct error *why)
{
    const char *host = strchr(value, '@');
    char port[6];
    uint64_t number;

    if (!host || host == value || host - value > 5)
        return error_set(why, ERR_CONFIG, "needs the form inet:PORT@HOST or inet6:PORT@HOST");
    memcpy(port, value, (size_t)(host - value));
    port[host - value] = '\0';
    if (text_to_u64(port, 65535, &number) < 0 || number == 0)
        return error_set(why, ERR_CONFIG, "\"%s\" is not a port from 1 to 65535", port);
    host++;
    if (*host == '\0' || !consists_of(host, LETTERS DIGITS ".-:[]"))
        return error_set(why, ERR_CONFIG, "\"%.60s\" is not a host to wait on", host);
    if (!ipv6 && strchr(host, ':'))
        return error_set(why, ERR_CONFIG, "an IPv6 address needs the form inet6:PORT@HOST");
    return 0;
}

int check_listen(const char *value, struct error *why)
{
    if (strncmp(value, "unix:", 5) == 0)
        return check_socket_path(value + 5, why);
    if (strncmp(value, "inet:", 5) == 0)
        return check_port_and_host(value + 5, false, why);
    if (strncmp(value, "inet6:", 6) == 0)
        return check_port_and_host(value + 6, true, why);
    return error_set(why, ERR_CONFIG,
                     "needs the form unix:/PATH, inet:PORT@HOST or inet6:PORT@HOST");
}

int check_web_listen(const char *value, struct error *why)
{
    struct socket_place place;

    if (socket_parse(value, &place) < 0)
        return error_set(why, ERR_CONFIG,
                         "needs the form ADDRESS:PORT, [IPV6-ADDRESS]:PORT or unix:/PATH");
    return 0;
}

int check_smtp_server(const char *value, struct error *why)
{
    const char *colon = strrchr(value, ':');
    size_t length = colon ? (size_t)(colon - value) : 0;
    bool bracketed = length > 2 && value[0] == '[' && colon[-1] == ']';
    const char *host = bracketed ? value + 1 : value;
    uint64_t port;

    if (bracketed)
        length -= 2;
    if (length == 0 || strspn(host, bracketed ? HEX_DIGITS ":." : LETTERS DIGITS ".-") != length ||
        text_to_u64(colon + 1, PORT_MAX, &port) < 0 || port == 0)
        return error_set(why, ERR_CONFIG, "needs the form HOST:PORT or [IPV6-ADDRESS]:PORT");
    return 0;
}

int check_checkpoint_to(const char *value, struct error *why)
{
    if (strcmp(value, "syslog") == 0)
        return 0;
    if (strncmp(value, "mail:", 5) == 0)
        return check_mailto(value + 5, why);
    if (strncmp(value, "command:", 8) == 0)
        return check_folder(value + 8, why);
    return error_set(why, ERR_CONFIG, "\"%.60s\" is none of syslog, mail:ADDRESS and command:/PATH",
                     value);
}

int check_rate(const char *value, struct error *why)
{
    uint64_t number;

    if (text_to_u64(value, RATE_MAX, &number) < 0)
        return error_set(why, ERR_CONFIG, "\"%.60s\" is not a number from 0 to %d", value,
                         RATE_MAX);
    return 0;
}

int check_public_url(const char *value, struct error *why)
{
    static const char scheme[] = "https://";

    /* What RFC 3986 has no place for, and the comma that divides links in List-Unsubscribe. */
    if (!is_printable_ascii(value) || strpbrk(value, " <>,\"\\^`{|}"))
        return error_set(why, ERR_CONFIG,
                         "may hold printable ASCII only, and none of blank < > , \" \\ ^ ` { | }");
    if (strncmp(value, scheme, sizeof scheme - 1) != 0)
        return error_set(why, ERR_CONFIG, "has to begin with https://");
    if (strpbrk(value, "?#"))
        return error_set(why, ERR_CONFIG,
                         "may not hold ? or #, since the token is written behind it");
    if (strlen(value) > URL_MAX)
        return error_set(why, ERR_CONFIG, "is longer than %d bytes", URL_MAX);

    const char *host = value + sizeof scheme - 1;
    size_t length = strcspn(host, "/");
    if (length == 0 || strspn(host, LETTERS DIGITS ".-:[]") < length || *host == ':')
        return error_set(why, ERR_CONFIG, "names no host (with a port or without) after https://");
    return 0;
}

int check_mailto(const char *value, struct error *why)
{
    struct address address;
    const char *at = strchr(value, '@');

    /* Signs that would need quoting or %-encoding in a mailto URI (RFC 6068) are not offered. */
    if (!at || !consists_of(at + 1, LETTERS DIGITS ".-") ||
        strspn(value, LETTERS DIGITS "._+-") != (size_t)(at - value) ||
        address_parse(value, &address) < 0)
        return error_set(why, ERR_CONFIG,
                         "\"%.60s\" is not a plain address such as optout@example.com", value);
    return 0;
}

int check_network(const char *value, struct error *why)
{
    struct network network;

    if (network_parse(value, &network) < 0)
        return error_set(why, ERR_CONFIG,
                         "\"%.60s\" is not an IP address or network (no bit may be set behind the "
                         "prefix)",
                         value);
    return 0;
}

int check_companion(const char *value, struct error *why)
{
    struct address address;
    int rc = address_parse(value, &address);

    if (rc < 0)
        return error_set(why, ERR_CONFIG, "\"%.60s\" is not a mail address: %s", value,
                         error_name(rc));
    /* It would stand for one address that nobody has, and let through none of those it meant. */
    if (strcspn(address.text, "*?") < address.at && !strchr(value, '"'))
        return error_set(why, ERR_CONFIG,
                         "\"%.60s\": there are no patterns here; name each address", value);
    return 0;
}

int check_account(const char *value, struct error *why)
{
    if (strlen(value) > ACCOUNT_MAX || value[0] == '-' || !consists_of(value, LETTERS DIGITS "._-"))
        return error_set(why, ERR_CONFIG, "\"%.60s\" is not a name of a user or group", value);
    return 0;
}

int check_store_size(const char *value, struct error *why)
{
    uint64_t bytes;

    if (option_size(value, &bytes) < 0 || bytes < STORE_MIN || bytes > STORE_MAX)
        return error_set(why, ERR_CONFIG, "%.60s is not between 1M and 16T", value);
    return 0;
}

int check_connections(const char *value, struct error *why)
{
    uint64_t number;

    if (text_to_u64(value, CONNECTIONS_MAX, &number) < 0 || number == 0)
        return error_set(why, ERR_CONFIG, "%.60s is not between 1 and %d", value, CONNECTIONS_MAX);
    return 0;
}

int check_request_seconds(const char *value, struct error *why)
{
    uint64_t number;

    if (text_to_u64(value, REQUEST_SECONDS_MAX, &number) < 0 || number == 0)
        return error_set(why, ERR_CONFIG, "%.60s is not between 1 and %d", value,
                         REQUEST_SECONDS_MAX);
    return 0;
}

int check_scope(const char *value, struct error *why)
{
    if (scope_check(value) < 0)
        return error_set(why, ERR_CONFIG,
                         "\"%.60s\" is not a scope: names of a-z 0-9 . _ - with single slashes "
                         "between them, %d bytes at most",
                         value, SCOPE_MAX);
    return 0;
}

int check_dates(const char *value, struct error *why)
{
    if (strcmp(value, "DMY") != 0 && strcmp(value, "MDY") != 0 && strcmp(value, "ISO") != 0)
        return error_set(why, ERR_CONFIG, "\"%.60s\" is not one of: DMY MDY ISO", value);
    return 0;
}

/* A scope has no =, so the last one divides. */
int check_map(const char *value, struct error *why)
{
    const char *equals = strrchr(value, '=');

    if (!equals || equals == value)
        return error_set(why, ERR_CONFIG, "\"%.60s\" needs the form TAG=SCOPE", value);
    return check_scope(equals + 1, why);
}

int check_max_new(const char *value, struct error *why)
{
    uint64_t number;

    if (strcmp(value, "none") != 0 && text_to_u64(value, INT64_MAX, &number) < 0)
        return error_set(why, ERR_CONFIG, "\"%.60s\" is neither a number nor none", value);
    return 0;
}

int check_age(const char *value, struct error *why)
{
    int64_t seconds;

    if (option_age(value, &seconds) < 0)
        return error_set(why, ERR_CONFIG,
                         "\"%.60s\" is not an age: a number with h, d or w behind it, as 8d",
                         value);
    return 0;
}

int check_retention(const char *value, struct error *why)
{
    struct retention retention;

    if (retention_parse(value, &retention) < 0)
        return error_set(why, ERR_CONFIG,
                         "\"%.60s\" is not a time to keep something: a number with d, w, m or y "
                         "behind it, as 90d, or forever",
                         value);
    return 0;
}

int check_effect_limit(const char *value, struct error *why)
{
    struct effect_limit limit;
    int code = effect_limit_parse(value, &limit);

    if (code == ERR_TOO_LONG)
        return error_set(why, ERR_CONFIG, "\"%.60s\" has a name of more than %d bytes", value,
                         EFFECT_NAME_MAX);
    if (code)
        return error_set(why, ERR_CONFIG,
                         "\"%.60s\" is not a limit: a name, = and a number with h, d or bd behind "
                         "it (hours, days, business days), as gmail=48h",
                         value);
    return 0;
}

int check_title(const char *value, struct error *why)
{
    if (strlen(value) > TITLE_MAX)
        return error_set(why, ERR_CONFIG, "is longer than %d bytes", TITLE_MAX);
    return 0;
}

int check_recipients(const char *value, struct error *why)
{
    if (strcmp(value, "split") == 0)
        return error_set(why, ERR_CONFIG,
                         "split (a message of its own for each recipient) is not available yet; "
                         "use plain or defer");
    return 0;
}

/* What stands before the <id>: nothing, one quoted string, or words that need no quotes. */
static bool is_phrase(const char *phrase, size_t length)
{
    static const char bare[] = LETTERS DIGITS " .!#$%&'*+-/=?^_`{|}~";

    while (length > 0 && phrase[length - 1] == ' ')
        length--;
    if (length >= 2 && phrase[0] == '"' && phrase[length - 1] == '"')
        return strcspn(phrase + 1, "\"\\") == length - 2;
    return strspn(phrase, bare) >= length;
}

/* A dot-atom with one dot at least. */
static bool is_list_id(const char *id, size_t length)
{
    static const char atom[] = LETTERS DIGITS "!#$%&'*+-/=?^_`{|}~";
    unsigned atoms = 0;

    if (length > LIST_ID_MAX)
        return false;
    for (const char *end = id + length; id <= end; atoms++) {
        size_t size = strspn(id, atom);
        if (size == 0 || (id[size] != '.' && id + size != end))
            return false;
        id += size + 1;
    }
    return atoms >= 2;
}

int check_list_id(const char *value, struct error *why)
{
    const char *open = strchr(value, '<');
    size_t length = strlen(value);

    if (!fields_is_safe("List-Id", value) || !is_printable_ascii(value))
        return error_set(why, ERR_CONFIG, "may hold printable ASCII only, on one line");
    if (!open || value[length - 1] != '>' || !is_phrase(value, (size_t)(open - value)) ||
        !is_list_id(open + 1, (size_t)(value + length - 1 - (open + 1))))
        return error_set(why, ERR_CONFIG,
                         "needs the form \"News of Acme <news.acme.example>\": words, then an "
                         "identifier with a dot in it");
    return 0;
}

/* Addresses are compared in canonical form. A glob that is an address itself, or has other letters
 * than ASCII and so will be brought into that form, has to have one. */
static int check_canonical(const char *value, struct error *why)
{
    struct address address;
    bool ascii = is_printable_ascii(value), literal = !strpbrk(value, "*?");

    if (ascii && !literal)
        return value[strlen(value) - 1] == '.'
                   ? error_set(
                         why, ERR_CONFIG,
                         "no address ever fits \"%.60s\"; write it without the dot at its end",
                         value)
                   : 0;
    if (address_parse(value, &address) < 0)
        return error_set(why, ERR_CONFIG, "no address ever fits \"%.60s\"%s", value,
                         ascii ? "" : "; write its domain in ASCII (xn--...)");
    if (ascii && !text_equal(address.text, value))
        return error_set(why, ERR_CONFIG,
                         "no address ever fits \"%.60s\"; that one is compared as %.60s", value,
                         address.text);
    return 0;
}

int check_match_address(const char *value, struct error *why)
{
    if (strpbrk(value, "<>"))
        return error_set(why, ERR_CONFIG, "\"%.60s\" is compared without < and >; leave them out",
                         value);
    if (!strpbrk(value, "@*?") || (value[0] == '@' && !strpbrk(value, "*?")))
        return error_set(why, ERR_CONFIG,
                         "no address ever fits \"%.60s\"; for a whole domain write *@DOMAIN",
                         value);
    return check_canonical(value, why);
}

int check_match_sender(const char *value, struct error *why)
{
    return strcmp(value, "<>") == 0 ? 0 : check_match_address(value, why);
}

int check_match_client(const char *value, struct error *why)
{
    struct network network;

    if (network_parse(value, &network) == 0)
        return 0;
    if (strpbrk(value, "/:[]") || consists_of(value, DIGITS ".*?"))
        return error_set(why, ERR_CONFIG,
                         "\"%.60s\" is neither an address or network such as 192.0.2.0/24 (no bit "
                         "may be set behind the prefix) nor a glob for a host's name",
                         value);
    if (!consists_of(value, LETTERS DIGITS ".-_*?"))
        return error_set(why, ERR_CONFIG, "no host name ever fits \"%.60s\"", value);
    return 0;
}

int check_match_header(const char *value, struct error *why)
{
    const char *colon = strchr(value, ':');

    if (!colon || colon == value)
        return error_set(why, ERR_CONFIG, "needs the form \"Name: glob\"");
    for (const char *c = value; c < colon; c++)
        if (*c < 0x21 || *c > 0x7e)
            return error_set(why, ERR_CONFIG,
                             "the name of a header field is printable ASCII without blanks");
    if (colon[1 + strspn(colon + 1, " ")] == '\0')
        return error_set(why, ERR_CONFIG,
                         "has no glob behind the colon; * fits every value, even an empty one");
    return 0;
}

/* --- what people see ------------------------------------------------------------------------- */

int check_language(const char *value, struct error *why)
{
    if (!language_tag_check(value))
        return error_set(why, ERR_CONFIG,
                         "\"%.60s\" is not a language such as en, de or pt-br in lower case",
                         value);
    return 0;
}

int check_picture(const char *value, struct error *why)
{
    static const char *const endings[] = {".svg", ".png", ".jpg", ".jpeg", ".webp"};
    const char *ending = strrchr(value, '.');
    int rc = check_folder(value, why);

    if (rc < 0)
        return rc;
    for (size_t i = 0; i < sizeof endings / sizeof *endings && ending; i++)
        if (text_equal(ending, endings[i]))
            return 0;
    return error_set(why, ERR_CONFIG, "\"%.60s\" does not end in .svg, .png, .jpg, .jpeg or .webp",
                     value);
}

static int check_legible(const char *value, uint32_t paper, const char *ground, const char *way_out,
                         struct error *why)
{
    uint32_t color;

    if (color_parse(value, &color) < 0)
        return error_set(why, ERR_CONFIG, "\"%.60s\" is not a colour such as \"#0b57d0\"", value);
    /* Rounded down, or 4.4995 would be told as 4.50 and refused. */
    double contrast = (int)(color_contrast(color, paper) * 100) / 100.0;
    if (contrast < COLOR_CONTRAST_MIN)
        return error_set(why, ERR_CONFIG,
                         "%s has a contrast of %.2f on the %s ground #%06x of the pages, and has "
                         "to have %.1f (WCAG 2.1, 1.4.3): take a %s shade",
                         value, contrast, ground, (unsigned)paper, COLOR_CONTRAST_MIN, way_out);
    return 0;
}

int check_color(const char *value, struct error *why)
{
    return check_legible(value, COLOR_PAPER_LIGHT, "light", "darker", why);
}

int check_color_dark(const char *value, struct error *why)
{
    return check_legible(value, COLOR_PAPER_DARK, "dark", "lighter", why);
}

int check_link(const char *value, struct error *why)
{
    if (!text_starts(value, "https://") && !text_starts(value, "http://"))
        return error_set(why, ERR_CONFIG, "\"%.60s\" does not begin with https:// or http://",
                         value);
    if (!is_printable_ascii(value) || strpbrk(value, " <>\"\\^`{|}"))
        return error_set(why, ERR_CONFIG,
                         "may hold printable ASCII only, and none of blank < > \" \\ ^ ` { | }; "
                         "write other characters as %%XX, other hosts as xn--...");
    return 0;
}

int check_reason(const char *value, struct error *why)
{
    struct reason reason;

    if (reason_parse(value, &reason) < 0)
        return error_set(why, ERR_CONFIG,
                         "\"%.60s\" is not of the form \"KEY: text\" or \"KEY[de]: text\"; a KEY "
                         "has up to %d of a-z 0-9 -",
                         value, REASON_KEY_MAX);
    for (size_t i = 0; i < REASONS_KNOWN && !reason.text; i++)
        if (strcmp(reasons_known[i].key, reason.key) == 0)
            return 0;
    if (!reason.text)
        return error_set(why, ERR_CONFIG, "%s needs a text: \"%s: text\"", value, value);
    return 0;
}
