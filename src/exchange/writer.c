#include "exchange/writer.h"

#include "base/clock.h"
#include "exchange/put.h"

#include <openssl/evp.h>
#include <string.h>

#define KIND(what) (1u << (what))
#define OPT_OUTS KIND(ROW_OPT_OUT)
#define BLOCKS KIND(ROW_BLOCK)
#define ALL_KINDS (OPT_OUTS | BLOCKS | KIND(ROW_OPT_IN) | KIND(ROW_WITHDRAWAL))

struct target {
    const char *name, *title;
    const char *head; /* in front of all rows */
    const char *between, *tail;
    unsigned kinds;
    bool complaints_only;
    bool ends;    /* a block may have an end */
    bool domains; /* also whole domains */
    bool digests; /* the address need not be known */
    bool own;     /* nothing need be known but the subject; the head names its key */
    void (*put)(const struct row *row, struct text *out);
};

/* --- our own --- */

static const char *const kind_names[] = {[ROW_OPT_OUT] = "opt-out",
                                         [ROW_BLOCK] = "block",
                                         [ROW_OPT_IN] = "opt-in",
                                         [ROW_WITHDRAWAL] = "withdrawal"};

/* The values that are neither address nor source: safe in any file. */
struct plain_values {
    char digest[2 * ROW_DIGEST_SIZE + 1], subject[2 * SUBJECT_SIZE + 1];
    char reason[CHOICE_REASON_SIZE];
    char asked[CLOCK_TEXT_SIZE], until[CLOCK_TEXT_SIZE], recorded[CLOCK_TEXT_SIZE];
    const char *reason_name;
};

static void make_plain_values(const struct row *row, struct plain_values *values)
{
    memset(values, 0, sizeof *values);
    if (row->who.has_digest && !row->who.has_address)
        text_to_hex(row->who.digest, ROW_DIGEST_SIZE, values->digest);
    if (row->who.has_subject)
        text_to_hex(row->who.subject.bytes, SUBJECT_SIZE, values->subject);
    values->reason_name =
        row->reason == REASON_NONE ? "" : choice_reason_name(row->reason, values->reason);
    if (row->asked)
        clock_format(row->asked, values->asked);
    if (row->until)
        clock_format(row->until, values->until);
    if (row->recorded_ms)
        clock_format_ms(row->recorded_ms, values->recorded);
}

static void put_names(const struct row *row, const char *before, const char *between,
                      const char *after, struct text *out)
{
    for (size_t i = 0; i < row->name_count; i++) {
        text_append(out, i > 0 ? between : before);
        put_event(out, &row->names[i]);
    }
    text_append(out, row->name_count > 0 ? after : "");
}

static void put_own_csv(const struct row *row, struct text *out)
{
    struct plain_values values;

    make_plain_values(row, &values);
    text_format(out, "%s,", kind_names[row->what]);
    put_guarded_cell(out, row->who.has_address ? row->who.address.text : "");
    text_format(out, ",%s,%s,%s,", values.digest, values.subject, row->scope);
    put_guarded_cell(out, row->source ? row->source : "");
    text_format(out, ",%s,%s,%s,%s,%s,", values.reason_name, row->confirmed ? "yes" : "",
                values.asked, values.until, values.recorded);
    if (row->event.number)
        put_event(out, &row->event);
    text_append(out, ",");
    put_names(row, "", " ", "", out);
    text_append(out, "\n");
}

static void put_member(struct text *out, const char *name, const char *value)
{
    if (*value)
        text_format(out, ",\"%s\":\"%s\"", name, value);
}

/* The subject's member bears its key in its name, which is put in place by writer_row. */
static void put_own_json(const struct row *row, struct text *out)
{
    struct plain_values values;
    char key[2 * ROW_KEY_SIZE + 1], subject_name[sizeof key + 8] = "subject_";

    make_plain_values(row, &values);
    text_to_hex(row->who.key, ROW_KEY_SIZE, key);
    strcat(subject_name, key);
    text_format(out, "{\"kind\":\"%s\"", kind_names[row->what]);
    if (row->who.has_address) {
        text_append(out, ",\"address\":");
        put_json_string(out, row->who.address.text);
    }
    put_member(out, "sha256", values.digest);
    put_member(out, subject_name, values.subject);
    put_member(out, "scope", row->scope);
    if (row->source) {
        text_append(out, ",\"source\":");
        put_json_string(out, row->source);
    }
    put_member(out, "reason", values.reason_name);
    text_append(out, row->confirmed ? ",\"confirmed\":true" : "");
    put_member(out, "asked", values.asked);
    put_member(out, "until", values.until);
    put_member(out, "recorded", values.recorded);
    if (row->event.number) {
        text_append(out, ",\"event\":\"");
        put_event(out, &row->event);
        text_append(out, "\"");
    }
    put_names(row, ",\"names\":[\"", "\",\"", "\"]", out);
    text_append(out, "}\n");
}

/* --- lists --- */

static void put_address(const struct row *row, struct text *out)
{
    put_cell(out, row->who.address.text);
}

static void put_address_line(const struct row *row, struct text *out)
{
    text_append(out, row->who.address.text);
    text_append(out, "\n");
}

static void put_cell_line(const struct row *row, struct text *out)
{
    put_address(row, out);
    text_append(out, "\n");
}

static void put_digest_line(const struct row *row, struct text *out)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    char hex[2 * ROW_DIGEST_SIZE + 1];

    if (row->who.has_digest)
        memcpy(digest, row->who.digest, ROW_DIGEST_SIZE);
    else if (EVP_Digest(row->who.address.text, row->who.address.length, digest, NULL, EVP_sha256(),
                        NULL) != 1)
        out->failed = true;
    text_to_hex(digest, ROW_DIGEST_SIZE, hex);
    text_append(out, hex);
    text_append(out, "\n");
}

/* --- providers --- */

static void put_mailgun(const struct row *row, struct text *out)
{
    put_address(row, out);
    text_append(out, ",*,\"");
    put_rfc2822(out, row->asked);
    text_append(out, "\"\n");
}

static void put_mailgun_bounce(const struct row *row, struct text *out)
{
    put_address(row, out);
    text_append(out, row->reason == REASON_SOFT_BOUNCE ? ",450,,\"" : ",550,,\"");
    put_rfc2822(out, row->asked);
    text_append(out, "\"\n");
}

static void put_mailgun_complaint(const struct row *row, struct text *out)
{
    put_address(row, out);
    text_append(out, ",\"");
    put_rfc2822(out, row->asked);
    text_append(out, "\"\n");
}

/* SES has no word for unsubscribing. */
static void put_ses(const struct row *row, struct text *out)
{
    put_address(row, out);
    text_append(out, row->what == ROW_BLOCK ? ",BOUNCE\n" : ",COMPLAINT\n");
}

static void put_sendgrid(const struct row *row, struct text *out)
{
    put_address(row, out);
    text_append(out, ",");
    put_unix_time(out, row->asked);
    text_append(out, "\n");
}

static void put_sparkpost(const struct row *row, struct text *out)
{
    char reason[CHOICE_REASON_SIZE];
    put_address(row, out);
    text_format(out, ",non_transactional,%s\n", choice_reason_name(row->reason, reason));
}

static const char *mandrill_reason(const struct row *row)
{
    if (row->what == ROW_BLOCK)
        return row->reason == REASON_SOFT_BOUNCE ? "soft-bounce" : "hard-bounce";
    return row->reason == REASON_COMPLAINT ? "spam"
           : row->reason == REASON_MANUAL  ? "custom"
                                           : "unsub";
}

static void put_mandrill(const struct row *row, struct text *out)
{
    put_address(row, out);
    text_format(out, ",%s,,", mandrill_reason(row));
    put_sql_time(out, row->asked);
    text_append(out, ",");
    put_sql_time(out, row->until);
    text_append(out, "\n");
}

static void put_postmark(const struct row *row, struct text *out)
{
    text_append(out, "{\"EmailAddress\":");
    put_json_string(out, row->who.address.text);
    text_format(out, ",\"SuppressionReason\":\"%s\",\"Origin\":\"%s\"",
                row->what == ROW_BLOCK            ? "HardBounce"
                : row->reason == REASON_COMPLAINT ? "SpamComplaint"
                                                  : "ManualSuppression",
                row->reason == REASON_MANUAL ? "Customer" : "Recipient");
    if (row->asked) {
        text_append(out, ",\"CreatedAt\":\"");
        put_rfc3339(out, row->asked);
        text_append(out, "\"");
    }
    text_append(out, "}");
}

static void put_mautic(const struct row *row, struct text *out)
{
    put_address(row, out);
    text_append(out, ",1\n");
}

static void put_listmonk(const struct row *row, struct text *out)
{
    put_address(row, out);
    text_append(out, ",,{}\n");
}

static void put_cloudflare(const struct row *row, struct text *out)
{
    put_address(row, out);
    text_append(out, row->until ? "," : "");
    put_rfc3339(out, row->until);
    text_append(out, "\n");
}

/* --- the table --- */

static const struct target targets[] = {
    {.name = "csv",
     .title = "our own, as CSV",
     .head = "kind,address,sha256,subject_%s,scope,source,reason,confirmed,asked,until,recorded,"
             "event,names\n",
     .kinds = ALL_KINDS,
     .ends = true,
     .domains = true,
     .digests = true,
     .own = true,
     .put = put_own_csv},
    {.name = "ndjson",
     .title = "our own, a JSON object a line",
     .kinds = ALL_KINDS,
     .ends = true,
     .domains = true,
     .digests = true,
     .own = true,
     .put = put_own_json},
    {.name = "sha256",
     .title = "SHA-256 of the addresses, one a line",
     .kinds = OPT_OUTS | BLOCKS,
     .digests = true,
     .put = put_digest_line},
    {.name = "plain",
     .title = "addresses, one a line",
     .kinds = OPT_OUTS | BLOCKS,
     .put = put_address_line},
    {.name = "mailgun",
     .title = "Mailgun, unsubscribes",
     .head = "address,tags,created_at\n",
     .kinds = OPT_OUTS,
     .put = put_mailgun},
    {.name = "mailgun-bounces",
     .title = "Mailgun, bounces",
     .head = "address,code,error,created_at\n",
     .kinds = BLOCKS,
     .put = put_mailgun_bounce},
    {.name = "mailgun-complaints",
     .title = "Mailgun, complaints",
     .head = "address,created_at\n",
     .kinds = OPT_OUTS,
     .complaints_only = true,
     .put = put_mailgun_complaint},
    {.name = "ses", .title = "Amazon SES", .kinds = OPT_OUTS | BLOCKS, .put = put_ses},
    {.name = "sendgrid",
     .title = "SendGrid, unsubscribes",
     .head = "email,created\n",
     .kinds = OPT_OUTS,
     .put = put_sendgrid},
    {.name = "sparkpost",
     .title = "SparkPost",
     .head = "recipient,type,description\n",
     .kinds = OPT_OUTS | BLOCKS,
     .put = put_sparkpost},
    {.name = "mandrill",
     .title = "Mandrill",
     .head = "email,reason,detail,created_at,expires_at\n",
     .kinds = OPT_OUTS | BLOCKS,
     .ends = true,
     .put = put_mandrill},
    {.name = "postmark",
     .title = "Postmark",
     .head = "{\"Suppressions\":[\n",
     .between = ",\n",
     .tail = "\n]}\n",
     .kinds = OPT_OUTS | BLOCKS,
     .put = put_postmark},
    {.name = "mailchimp",
     .title = "Mailchimp",
     .head = "Email Address\n",
     .kinds = OPT_OUTS,
     .put = put_cell_line},
    {.name = "mautic",
     .title = "Mautic",
     .head = "email,doNotEmail\n",
     .kinds = OPT_OUTS,
     .put = put_mautic},
    {.name = "listmonk",
     .title = "listmonk, for its blocklist",
     .head = "email,name,attributes\n",
     .kinds = OPT_OUTS,
     .put = put_listmonk},
    {.name = "brevo", .title = "Brevo", .head = "EMAIL\n", .kinds = OPT_OUTS, .put = put_cell_line},
    {.name = "hubspot",
     .title = "HubSpot",
     .head = "Email\n",
     .kinds = OPT_OUTS,
     .put = put_cell_line},
    {.name = "klaviyo",
     .title = "Klaviyo",
     .head = "Email\n",
     .kinds = OPT_OUTS,
     .put = put_cell_line},
    {.name = "cloudflare",
     .title = "Cloudflare",
     .kinds = OPT_OUTS | BLOCKS,
     .ends = true,
     .put = put_cloudflare},
};
#define TARGET_COUNT (sizeof targets / sizeof *targets)

const struct target *writer_find(const char *name)
{
    for (size_t i = 0; i < TARGET_COUNT; i++)
        if (strcmp(targets[i].name, name) == 0)
            return &targets[i];
    return NULL;
}

const char *writer_name(size_t i, const char **title)
{
    if (i >= TARGET_COUNT)
        return NULL;
    *title = targets[i].title;
    return targets[i].name;
}

bool writer_is_own(const struct target *target)
{
    return target->own;
}

bool writer_is_hashed(const struct target *target)
{
    return target->digests && !target->own;
}

const char *writer_lack_text(enum writer_lack lack)
{
    static const char *const texts[WRITER_LACK_COUNT] = {
        [WRITER_CARRIES] = "nothing is lacking",
        [WRITER_LACKS_ADDRESS] = "the address is not known",
        [WRITER_LACKS_DOMAINS] = "it is about a whole domain",
        [WRITER_LACKS_KIND] = "the format has nothing of this kind",
        [WRITER_LACKS_END] = "it ends, and the format has no end",
    };
    return texts[lack];
}

void writer_begin(const struct target *target, const uint8_t key[ROW_KEY_SIZE], struct text *out)
{
    char hex[2 * ROW_KEY_SIZE + 1];

    if (!target->head)
        return;
    const char *place = target->own ? strstr(target->head, "%s") : NULL;
    if (!place) {
        text_append(out, target->head);
        return;
    }
    text_to_hex(key, ROW_KEY_SIZE, hex);
    text_append_bytes(out, target->head, (size_t)(place - target->head));
    text_append(out, hex);
    text_append(out, place + 2);
}

static enum writer_lack find_lack(const struct target *target, const struct row *row)
{
    if (!(target->kinds & KIND(row->what)) ||
        (target->complaints_only && row->reason != REASON_COMPLAINT))
        return WRITER_LACKS_KIND;
    if (row->until && !target->ends)
        return WRITER_LACKS_END;
    if (row->who.domain && !target->domains)
        return WRITER_LACKS_DOMAINS;
    if (row->who.has_address || target->own || (target->digests && row->who.has_digest))
        return WRITER_CARRIES;
    return WRITER_LACKS_ADDRESS;
}

enum writer_lack writer_row(const struct target *target, const struct row *row, bool first,
                            struct text *out)
{
    enum writer_lack lack = find_lack(target, row);

    if (lack != WRITER_CARRIES)
        return lack;
    if (!first && target->between)
        text_append(out, target->between);
    target->put(row, out);
    return WRITER_CARRIES;
}

void writer_end(const struct target *target, struct text *out)
{
    if (target->tail)
        text_append(out, target->tail);
}
