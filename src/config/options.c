#include "config/options.h"

#include "base/text.h"
#include "config/checks.h"

#include <stdio.h>
#include <string.h>
#include <unistr.h>

#define VALUE_MAX 900 /* bytes: whatever fits into a header line of 998 with room to spare */

const struct option option_table[] = {
    {"data_dir", PLACE_GLOBAL, OPTION_TEXT, "/var/lib/optout", NULL, check_folder,
     "Folder of the two stores, in its subfolders list and ledger."},
    {"key_dir", PLACE_GLOBAL, OPTION_TEXT, "/etc/optout/keys", NULL, check_folder,
     "Folder of the keys, which never lie beside the data."},
    {"listen", PLACE_GLOBAL, OPTION_TEXT, "unix:/var/spool/postfix/optout/milter.sock", NULL,
     check_listen, "Where the milter waits for the mail server."},
    {"public_url", PLACE_GLOBAL, OPTION_TEXT, NULL, NULL, check_public_url,
     "Start of every unsubscribe link; without it no header field is written."},
    {"internal", PLACE_GLOBAL, OPTION_TEXTS, "127.0.0.0/8 ::1", NULL, check_network,
     "Networks whose mail may be recognised by sender, From or header fields alone."},
    {"companions", PLACE_GLOBAL, OPTION_TEXTS, NULL, NULL, check_companion,
     "Addresses that are let through beside the others, not counted and not looked up."},
    {"user", PLACE_GLOBAL, OPTION_TEXT, NULL, NULL, check_account,
     "Owner of the list: whom optout becomes when root starts it."},
    {"milter_user", PLACE_GLOBAL, OPTION_TEXT, NULL, NULL, check_account,
     "Owner of the ledger: whom optout-milter becomes when root starts it."},
    {"group", PLACE_GLOBAL, OPTION_TEXT, NULL, NULL, check_account,
     "Group that may read the list and the lookup keys."},
    {"ops_group", PLACE_GLOBAL, OPTION_TEXT, NULL, NULL, check_account,
     "Group whose members alone may change something with optout; unset: whoever may run it."},
    {"compliance_group", PLACE_GLOBAL, OPTION_TEXT, NULL, NULL, check_account,
     "Group whose members alone are shown what is held about people; likewise."},
    {"approval", PLACE_GLOBAL, OPTION_WORD, "off", "off on", NULL,
     "Whether what could bring people back is only proposed, and takes effect once another person "
     "approves it."},
    {"approval_rows", PLACE_GLOBAL, OPTION_NUMBER, "100", NULL, check_rate,
     "How many choices one person alone may withdraw by the undo of an import."},
    {"list_size", PLACE_GLOBAL, OPTION_SIZE, "16G", NULL, check_store_size,
     "Largest size of the list; reserved, not used up."},
    {"ledger_size", PLACE_GLOBAL, OPTION_SIZE, "16G", NULL, check_store_size,
     "Largest size of the ledger; reserved, not used up."},
    {"connections", PLACE_GLOBAL, OPTION_NUMBER, "1000", NULL, check_connections,
     "Connections of the mail server that are served at once."},
    {"web_listen", PLACE_GLOBAL, OPTION_TEXT, "127.0.0.1:8480", NULL, check_web_listen,
     "Where optout-web waits for the proxy in front of it."},
    {"proxies", PLACE_GLOBAL, OPTION_TEXTS, "127.0.0.0/8 ::1", NULL, check_network,
     "Networks of the proxies whose X-Forwarded-For is believed."},
    {"web_connections", PLACE_GLOBAL, OPTION_NUMBER, "4000", NULL, check_connections,
     "Connections that optout-web serves at once."},
    {"web_client_connections", PLACE_GLOBAL, OPTION_NUMBER, "50", NULL, check_connections,
     "How many of them one address may have that is no proxy."},
    {"web_request_seconds", PLACE_GLOBAL, OPTION_NUMBER, "30", NULL, check_request_seconds,
     "How long one request may take to come in as a whole, however slowly."},
    {"limit_links", PLACE_GLOBAL, OPTION_NUMBER, "6000", NULL, check_rate,
     "Requests with a valid link that one client may make in a minute; 0: any number."},
    {"limit_bad_links", PLACE_GLOBAL, OPTION_NUMBER, "20", NULL, check_rate,
     "Requests with a link that is not valid, likewise."},
    {"limit_addresses", PLACE_GLOBAL, OPTION_NUMBER, "10", NULL, check_rate,
     "Addresses that one client may enter into a general page in a minute, likewise."},
    {"access_log", PLACE_GLOBAL, OPTION_WORD, "on", "off on", NULL,
     "Whether optout-web logs a line for each request, without token and full address."},
    {"mode", PLACE_GLOBAL | PLACE_STREAM, OPTION_WORD, "enforce", "enforce monitor", NULL,
     "Whether mail is held back, or decided, logged and let through unchanged."},
    {"mailto", PLACE_GLOBAL | PLACE_STREAM, OPTION_TEXT, NULL, NULL, check_mailto,
     "Address that takes opt-outs by mail, offered as the second link."},
    {"mailto_token", PLACE_GLOBAL | PLACE_STREAM, OPTION_WORD, "subject", "subject local-part",
     NULL, "Where a mail to that address bears the token."},
    {"templates", PLACE_GLOBAL, OPTION_TEXT, NULL, NULL, check_folder,
     "Folder with a page.xsl, page.css or texts.xml that replaces the installed one."},
    {"language", PLACE_GLOBAL | PLACE_BRAND, OPTION_TEXT, "en", NULL, check_language,
     "Language of the pages for browsers that ask for none that there is."},
    {"scope", PLACE_STREAM | PLACE_SOURCE | PLACE_BRAND, OPTION_TEXT, NULL, NULL, check_scope,
     "What an opt-out has to cover to keep a stream's mail back (has to be set there); what those "
     "of a source's files cover that name no scope; whose pages speak for a brand (has to be "
     "set)."},
    {"title", PLACE_STREAM, OPTION_TEXT, NULL, NULL, check_title,
     "Name of the stream for the people who get it."},
    {"suppressed", PLACE_STREAM, OPTION_WORD, "strip", "strip refuse", NULL,
     "What happens to a recipient who opted out."},
    {"none_left", PLACE_STREAM, OPTION_WORD, "refuse", "refuse discard", NULL,
     "What happens to a message that nobody may have."},
    {"consent", PLACE_STREAM, OPTION_WORD, "opt-out", "opt-out opt-in", NULL,
     "Whether a recorded consent is needed."},
    {"recipients", PLACE_STREAM, OPTION_WORD, "plain", "plain defer", check_recipients,
     "What happens where a message has several recipients who may have it."},
    {"list_unsubscribe", PLACE_STREAM, OPTION_WORD, "replace", "replace keep off", NULL,
     "What happens to the fields List-Unsubscribe and List-Unsubscribe-Post."},
    {"list_id", PLACE_STREAM, OPTION_TEXT, NULL, NULL, check_list_id,
     "Value of the field List-Id for mail that comes without one."},
    {"ledger", PLACE_GLOBAL | PLACE_STREAM, OPTION_WORD, "suppressed", "suppressed all", NULL,
     "Whether the ledger has those alone from whom mail was kept, or everybody it was handed on "
     "to."},
    {"match_sender", PLACE_STREAM | PLACE_EXEMPT, OPTION_TEXTS, NULL, NULL, check_match_sender,
     "Globs for the envelope sender; <> is the empty one of bounces."},
    {"match_from", PLACE_STREAM | PLACE_EXEMPT, OPTION_TEXTS, NULL, NULL, check_match_address,
     "Globs for the address in the field From."},
    {"match_login", PLACE_STREAM | PLACE_EXEMPT, OPTION_TEXTS, NULL, NULL, NULL,
     "Globs for the SASL login."},
    {"match_client", PLACE_STREAM | PLACE_EXEMPT, OPTION_TEXTS, NULL, NULL, check_match_client,
     "Addresses, networks or globs of host names that hand the mail in."},
    {"match_listener", PLACE_STREAM | PLACE_EXEMPT, OPTION_TEXTS, NULL, NULL, NULL,
     "Daemon name or port that took the mail, or sendmail for mail from sendmail(1)."},
    {"match_header", PLACE_STREAM | PLACE_EXEMPT, OPTION_TEXTS, NULL, NULL, check_match_header,
     "A header field's name, a colon and a glob for its value."},
    {"match_recipient", PLACE_STREAM | PLACE_EXEMPT, OPTION_TEXTS, NULL, NULL, check_match_address,
     "Globs one of which every recipient has to fit."},
    {"notice", PLACE_GLOBAL | PLACE_BRAND, OPTION_WORD, "off", "off on", NULL,
     "Whether somebody who opted out is told so by mail, with a link that undoes it."},
    {"notice_from", PLACE_GLOBAL | PLACE_BRAND, OPTION_TEXT, NULL, NULL, check_mailto,
     "Address in the From of such a notice; needed where there are any."},
    {"smtp_server", PLACE_GLOBAL, OPTION_TEXT, "127.0.0.1:25", NULL, check_smtp_server,
     "Where notices are handed to the mail server."},
    {"retain_verdicts", PLACE_GLOBAL, OPTION_TEXT, "3y", NULL, check_retention,
     "How long verdicts stay in the ledger, with their words."},
    {"retain_network", PLACE_GLOBAL, OPTION_TEXT, "90d", NULL, check_retention,
     "How long network addresses of clients stay beside verdicts."},
    {"retain_text", PLACE_GLOBAL, OPTION_TEXT, "6m", NULL, check_retention,
     "How long what people wrote about their reasons stays."},
    {"retain_reads", PLACE_GLOBAL, OPTION_TEXT, "2y", NULL, check_retention,
     "How long it stays who looked somebody up."},
    {"retain_addresses", PLACE_GLOBAL, OPTION_TEXT, "1y", NULL, check_retention,
     "How long the address of somebody stays for whom no choice stands any more."},
    {"effect_limits", PLACE_GLOBAL, OPTION_TEXTS, "gmail-yahoo=48h can-spam-casl=10bd", NULL,
     check_effect_limit, "How long an opt-out may take from the moment when it was asked for."},
    {"checkpoint_to", PLACE_GLOBAL, OPTION_TEXTS, NULL, NULL, check_checkpoint_to,
     "Where optout checkpoint --deliver hands its line: syslog, mail:ADDRESS, command:/PATH."},
    {"name", PLACE_BRAND, OPTION_TEXT, NULL, NULL, check_title,
     "Name of the brand for the people who see its pages; has to be set."},
    {"logo", PLACE_BRAND, OPTION_TEXT, NULL, NULL, check_picture,
     "File with the brand's logo: SVG, PNG, JPEG or WebP."},
    {"logo_dark", PLACE_BRAND, OPTION_TEXT, NULL, NULL, check_picture,
     "File with the logo for pages on a dark ground."},
    {"color", PLACE_BRAND, OPTION_TEXT, "#0b57d0", NULL, check_color,
     "Colour of buttons and links, as #RRGGBB; it has to be legible on white."},
    {"color_dark", PLACE_BRAND, OPTION_TEXT, NULL, NULL, check_color_dark,
     "The same on a dark ground; without it, a lighter shade of color."},
    {"imprint_url", PLACE_BRAND, OPTION_TEXT, NULL, NULL, check_link, "Link to the imprint."},
    {"privacy_url", PLACE_BRAND, OPTION_TEXT, NULL, NULL, check_link,
     "Link to the privacy notice."},
    {"accessibility_url", PLACE_BRAND, OPTION_TEXT, NULL, NULL, check_link,
     "Link to the accessibility statement."},
    {"postal_address", PLACE_BRAND, OPTION_TEXTS, NULL, NULL, check_title,
     "Lines of the postal address at the foot of each page."},
    {"reasons", PLACE_BRAND, OPTION_TEXTS, "too-many not-relevant never-signed-up other", NULL,
     check_reason, "Reasons to choose from after an opt-out; an empty list asks for none."},
    {"format", PLACE_SOURCE, OPTION_TEXT, NULL, NULL, NULL,
     "What the source's files are, where they do not tell."},
    {"dates", PLACE_SOURCE, OPTION_TEXT, NULL, NULL, check_dates,
     "What 03/04/2026 is in the source's files: DMY, MDY or ISO (neither)."},
    {"tz", PLACE_SOURCE, OPTION_TEXT, NULL, NULL, NULL,
     "Time zone of times that name none: Europe/Berlin, +01:00."},
    {"encoding", PLACE_SOURCE, OPTION_TEXT, NULL, NULL, NULL,
     "Characters of the source's files, as iconv(1) names them."},
    {"map", PLACE_SOURCE, OPTION_TEXTS, NULL, NULL, check_map,
     "What the tags of the source's files mean, each TAG=SCOPE."},
    {"all_opted_out", PLACE_SOURCE, OPTION_WORD, "no", "no yes", NULL,
     "Whether everybody in a file has opted out that does not say so itself."},
    {"max_new", PLACE_SOURCE, OPTION_TEXT, NULL, NULL, check_max_new,
     "How many new opt-outs and blocks a file may bring, or none for no limit."},
    {"max_age", PLACE_SOURCE, OPTION_TEXT, NULL, NULL, check_age,
     "How old the source's last import may be before optout sources fails."},
};
const size_t option_count = sizeof option_table / sizeof *option_table;

const struct option *option_find(const char *name)
{
    for (size_t i = 0; i < option_count; i++)
        if (strcmp(option_table[i].name, name) == 0)
            return &option_table[i];
    return NULL;
}

const char *option_place_name(enum option_place place)
{
    switch (place) {
    case PLACE_GLOBAL:
        return "file";
    case PLACE_STREAM:
        return "stream";
    case PLACE_EXEMPT:
        return "exempt";
    case PLACE_SOURCE:
        return "source";
    case PLACE_BRAND:
        return "brand";
    }
    return "unknown";
}

const char *option_type_name(enum option_type type)
{
    switch (type) {
    case OPTION_TEXT:
        return "text";
    case OPTION_TEXTS:
        return "list";
    case OPTION_WORD:
        return "word";
    case OPTION_SIZE:
        return "size";
    case OPTION_NUMBER:
        return "number";
    }
    return "unknown";
}

int option_word(const struct option *option, const char *value)
{
    size_t length = strlen(value);
    int index = 0;

    for (const char *word = option->words; word && *word; index++) {
        size_t size = strcspn(word, " ");
        if (size == length && memcmp(word, value, length) == 0)
            return index;
        word += size;
        word += strspn(word, " ");
    }
    return -1;
}

int option_size(const char *value, uint64_t *bytes)
{
    static const char units[] = "kmgt";
    char digits[24];
    uint64_t number;
    unsigned shift = 0;
    size_t length = strlen(value);

    if (length == 0 || length >= sizeof digits)
        return ERR_SYNTAX;
    memcpy(digits, value, length + 1);
    const char *unit = strchr(units, text_lower_char(digits[length - 1]));
    if (unit) {
        shift = 10 * ((unsigned)(unit - units) + 1);
        digits[length - 1] = '\0';
    }
    int rc = text_to_u64(digits, UINT64_MAX >> shift, &number);
    if (rc < 0)
        return rc;
    *bytes = number << shift;
    return 0;
}

int option_age(const char *value, int64_t *seconds)
{
    static const char units[] = "hdw";
    static const int64_t sizes[] = {3600, 86400, 604800};
    char digits[8];
    uint64_t number;
    size_t length = strlen(value);

    if (length < 2 || length > sizeof digits)
        return ERR_SYNTAX;
    const char *unit = strchr(units, value[length - 1]);
    memcpy(digits, value, length - 1);
    digits[length - 1] = '\0';
    int rc = unit ? text_to_u64(digits, 999999, &number) : ERR_SYNTAX;
    if (rc == 0 && number == 0)
        rc = ERR_SYNTAX;
    if (rc == 0)
        *seconds = (int64_t)number * sizes[unit - units];
    return rc;
}

int option_check_bytes(const char *value, struct error *why)
{
    size_t length = strlen(value);

    if (length == 0)
        return error_set(why, ERR_CONFIG, "is empty; leave the option out instead");
    if (length > VALUE_MAX)
        return error_set(why, ERR_CONFIG, "is longer than %d bytes", VALUE_MAX);
    if (u8_check((const uint8_t *)value, length))
        return error_set(why, ERR_CONFIG, "is not valid UTF-8");
    for (const unsigned char *c = (const unsigned char *)value; *c; c++)
        if (*c < 0x20 || *c == 0x7f || (*c == 0xc2 && c[1] < 0xa0))
            return error_set(why, ERR_CONFIG, "contains a control character");
    if (value[0] == ' ' || value[length - 1] == ' ')
        return error_set(why, ERR_CONFIG, "begins or ends with a blank");
    return 0;
}

static int check_type(const struct option *option, const char *value, struct error *why)
{
    uint64_t number;

    switch (option->type) {
    case OPTION_WORD:
        if (option_word(option, value) < 0)
            return error_set(why, ERR_CONFIG, "\"%.60s\" is not one of: %s", value, option->words);
        return 0;
    case OPTION_SIZE:
        if (option_size(value, &number) < 0)
            return error_set(why, ERR_CONFIG,
                             "\"%.60s\" is not a size: a number with k, M, G or T behind it",
                             value);
        return 0;
    case OPTION_NUMBER:
        if (text_to_u64(value, UINT64_MAX, &number) < 0)
            return error_set(why, ERR_CONFIG, "\"%.60s\" is not a number", value);
        return 0;
    case OPTION_TEXT:
    case OPTION_TEXTS:
        return 0;
    }
    return 0;
}

/* A word's own check comes before the list of words: it knows words that are no longer or not yet
 * there, and tells why. */
int option_check(const struct option *option, const char *value, struct error *why)
{
    int rc = option_check_bytes(value, why);

    if (rc == 0 && option->type == OPTION_WORD && option->check)
        rc = option->check(value, why);
    if (rc == 0)
        rc = check_type(option, value, why);
    if (rc == 0 && option->type != OPTION_WORD && option->check)
        rc = option->check(value, why);
    return rc;
}
