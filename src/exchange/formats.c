/* The table of formats, and nothing else. Where two could be meant the first is taken. */
#include "exchange/formats.h"

#define OPT_OUT(word, reason)                                                                      \
    {                                                                                              \
        word, ROW_OPT_OUT, reason, false                                                           \
    }
#define BLOCK(word, reason)                                                                        \
    {                                                                                              \
        word, ROW_BLOCK, reason, false                                                             \
    }
#define OPT_IN(word)                                                                               \
    {                                                                                              \
        word, ROW_OPT_IN, REASON_CONSENT, false                                                    \
    }
#define NOTHING(word)                                                                              \
    {                                                                                              \
        word, ROW_NOTHING, REASON_NONE, false                                                      \
    }
#define END                                                                                        \
    {                                                                                              \
        .word = NULL                                                                               \
    }

#define MUST COLUMN_MUST_BE
#define MAY COLUMN_MAY_BE
#define SIGN COLUMN_IS_SIGN

/* --- our own --- */

static const struct format_column own_columns[] = {
    {"kind", COLUMN_KIND, MUST},        {"address", COLUMN_ADDRESS, SIGN},
    {"sha256", COLUMN_DIGEST, SIGN},    {"subject", COLUMN_SUBJECT, SIGN},
    {"scope", COLUMN_SCOPE, MUST},      {"source", COLUMN_SOURCE, MAY},
    {"reason", COLUMN_REASON, MAY},     {"confirmed", COLUMN_CONFIRMED, MAY},
    {"asked", COLUMN_ASKED, MAY},       {"until", COLUMN_UNTIL, MAY},
    {"recorded", COLUMN_RECORDED, MAY}, {"event", COLUMN_EVENT, MAY},
    {"names", COLUMN_NAMES, MAY},       END};

static const struct format_status own_kinds[] = {OPT_OUT("optout", REASON_NONE),
                                                 BLOCK("block", REASON_NONE),
                                                 {"optin", ROW_OPT_IN, REASON_NONE, false},
                                                 {"withdrawal", ROW_WITHDRAWAL, REASON_NONE, false},
                                                 END};

/* --- providers --- */

static const struct format_column mailgun_columns[] = {
    {"address", COLUMN_ADDRESS, MUST}, {"tags", COLUMN_TAG, SIGN}, {"tag", COLUMN_TAG, SIGN},
    {"createdat", COLUMN_ASKED, MAY},  {"id", COLUMN_NONE, MAY},   END};
static const struct format_column mailgun_bounce_columns[] = {
    {"address", COLUMN_ADDRESS, MUST}, {"code", COLUMN_NONE, MUST},
    {"error", COLUMN_NONE, MUST},      {"createdat", COLUMN_ASKED, MAY},
    {"messagehash", COLUMN_NONE, MAY}, END};
static const struct format_column mailgun_complaint_columns[] = {{"address", COLUMN_ADDRESS, MUST},
                                                                 {"createdat", COLUMN_ASKED, MUST},
                                                                 {"count", COLUMN_NONE, MAY},
                                                                 END};

static const struct format_column ses_columns[] = {{"emailaddress", COLUMN_ADDRESS, MUST},
                                                   {"reason", COLUMN_STATUS, MUST},
                                                   {"lastupdatetime", COLUMN_ASKED, MAY},
                                                   {"attributes", COLUMN_NONE, MAY},
                                                   END};
static const struct format_status ses_statuses[] = {BLOCK("bounce", REASON_BOUNCE),
                                                    OPT_OUT("complaint", REASON_COMPLAINT), END};

static const struct format_column sendgrid_columns[] = {
    {"email", COLUMN_ADDRESS, MUST}, {"created", COLUMN_ASKED, MUST}, END};
static const struct format_column sendgrid_bounce_columns[] = {{"email", COLUMN_ADDRESS, MUST},
                                                               {"created", COLUMN_ASKED, MUST},
                                                               {"status", COLUMN_NONE, MUST},
                                                               {"reason", COLUMN_NONE, MUST},
                                                               END};
static const struct format_column sendgrid_spam_columns[] = {{"email", COLUMN_ADDRESS, MUST},
                                                             {"created", COLUMN_ASKED, MUST},
                                                             {"ip", COLUMN_NONE, MUST},
                                                             END};
static const struct format_column sendgrid_invalid_columns[] = {{"email", COLUMN_ADDRESS, MUST},
                                                                {"created", COLUMN_ASKED, MUST},
                                                                {"reason", COLUMN_NONE, MUST},
                                                                END};

static const struct format_column sparkpost_columns[] = {
    {"recipient", COLUMN_ADDRESS, MUST},    {"type", COLUMN_STATUS, MUST},
    {"source", COLUMN_ORIGIN, MAY},         {"description", COLUMN_NONE, MAY},
    {"created", COLUMN_ASKED, MAY},         {"updated", COLUMN_NONE, MAY},
    {"subaccountid", COLUMN_TAG, MAY},      {"transactional", COLUMN_NONE, MAY},
    {"nontransactional", COLUMN_NONE, MAY}, END};
static const struct format_status sparkpost_statuses[] = {
    {"nontransactional", ROW_OPT_OUT, REASON_NONE, true},
    {"transactional", ROW_OPT_OUT, REASON_NONE, true},
    END};
static const struct format_status sparkpost_origins[] = {
    OPT_OUT("spamcomplaint", REASON_COMPLAINT),
    OPT_OUT("listunsubscribe", REASON_UNSUBSCRIBE),
    OPT_OUT("unsubscribelink", REASON_UNSUBSCRIBE),
    BLOCK("bouncerule", REASON_BOUNCE),
    OPT_OUT("manuallyadded", REASON_MANUAL),
    OPT_OUT("compliance", REASON_OTHER),
    END};

static const struct format_column mandrill_columns[] = {
    {"email", COLUMN_ADDRESS, MUST},  {"reason", COLUMN_STATUS, MUST},
    {"detail", COLUMN_NONE, SIGN},    {"createdat", COLUMN_ASKED, MUST},
    {"expiresat", COLUMN_UNTIL, MAY}, {"lasteventat", COLUMN_NONE, SIGN},
    {"subaccount", COLUMN_TAG, MAY},  {"expired", COLUMN_NONE, MAY},
    {"sender", COLUMN_NONE, MAY},     END};
static const struct format_status mandrill_statuses[] = {
    BLOCK("hardbounce", REASON_BOUNCE),   BLOCK("softbounce", REASON_SOFT_BOUNCE),
    OPT_OUT("spam", REASON_COMPLAINT),    OPT_OUT("unsub", REASON_UNSUBSCRIBE),
    OPT_OUT("custom", REASON_MANUAL),     BLOCK("invalid", REASON_INVALID),
    BLOCK("invalidsender", REASON_OTHER), END};

static const struct format_column postmark_columns[] = {{"emailaddress", COLUMN_ADDRESS, MUST},
                                                        {"suppressionreason", COLUMN_STATUS, MUST},
                                                        {"origin", COLUMN_ORIGIN, MAY},
                                                        {"createdat", COLUMN_ASKED, MAY},
                                                        END};
static const struct format_status postmark_statuses[] = {
    BLOCK("hardbounce", REASON_BOUNCE),
    OPT_OUT("spamcomplaint", REASON_COMPLAINT),
    {"manualsuppression", ROW_OPT_OUT, REASON_MANUAL, true},
    END};
static const struct format_status postmark_origins[] = {OPT_OUT("recipient", REASON_UNSUBSCRIBE),
                                                        OPT_OUT("customer", REASON_MANUAL),
                                                        OPT_OUT("admin", REASON_MANUAL), END};

/* Other columns are the audience's own, in any language. */
static const struct format_column mailchimp_columns[] = {{"emailaddress", COLUMN_ADDRESS, MUST},
                                                         {"unsubtime", COLUMN_OUT_SINCE, SIGN},
                                                         {"unsubreason", COLUMN_ORIGIN, MAY},
                                                         {"cleantime", COLUMN_BAD_SINCE, SIGN},
                                                         {"leid", COLUMN_NONE, SIGN},
                                                         {"euid", COLUMN_NONE, SIGN},
                                                         {"memberrating", COLUMN_NONE, SIGN},
                                                         {"optintime", COLUMN_NONE, SIGN},
                                                         END};
static const struct format_status mailchimp_origins[] = {
    OPT_OUT("spam", REASON_COMPLAINT), OPT_OUT("abuse", REASON_COMPLAINT),
    OPT_OUT("spamcomplaint", REASON_COMPLAINT), END};

/* --- applications --- */

static const struct format_column mautic_columns[] = {
    {"email", COLUMN_ADDRESS, MUST}, {"donotemail", COLUMN_OPTED_OUT, MUST}, END};

static const struct format_column listmonk_columns[] = {
    {"email", COLUMN_ADDRESS, MUST}, {"name", COLUMN_NONE, MUST}, {"attributes", COLUMN_NONE, MUST},
    {"status", COLUMN_STATUS, MAY},  {"uuid", COLUMN_NONE, MAY},  {"createdat", COLUMN_NONE, MAY},
    {"updatedat", COLUMN_NONE, MAY}, {"id", COLUMN_NONE, MAY},    END};
static const struct format_status listmonk_statuses[] = {OPT_OUT("blocklisted", REASON_UNSUBSCRIBE),
                                                         OPT_OUT("blacklisted", REASON_UNSUBSCRIBE),
                                                         BLOCK("disabled", REASON_PAUSE),
                                                         NOTHING("enabled"),
                                                         NOTHING(""),
                                                         END};

static const struct format_column cloudflare_columns[] = {{"email", COLUMN_ADDRESS, MUST},
                                                          {"expiry", COLUMN_UNTIL, MAY},
                                                          {"scope", COLUMN_TAG, MAY},
                                                          END};

/* --- what anybody may have written --- */

static const struct format_column plain_columns[] = {{"email", COLUMN_ADDRESS, MAY}, END};

/* The words of one column stand in the sequence in which they are preferred. */
static const struct format_column contact_columns[] = {
    {"email", COLUMN_ADDRESS, SIGN},
    {"emailaddress", COLUMN_ADDRESS, SIGN},
    {"emailadresse", COLUMN_ADDRESS, SIGN},
    {"subscriberemail", COLUMN_ADDRESS, SIGN},
    {"emailaddr", COLUMN_ADDRESS, SIGN},
    {"mailadresse", COLUMN_ADDRESS, SIGN},
    {"mailaddress", COLUMN_ADDRESS, SIGN},
    {"mail", COLUMN_ADDRESS, SIGN},
    {"email1", COLUMN_ADDRESS, SIGN},
    {"primaryemail", COLUMN_ADDRESS, SIGN},
    {"recipient", COLUMN_ADDRESS, SIGN},
    {"address", COLUMN_ADDRESS, SIGN},
    {"adresse", COLUMN_ADDRESS, SIGN},
    {"sha256", COLUMN_DIGEST, SIGN},
    {"emailsha256", COLUMN_DIGEST, SIGN},
    {"sha256email", COLUMN_DIGEST, SIGN},
    {"hashedemail", COLUMN_DIGEST, SIGN},
    {"emailhash", COLUMN_DIGEST, SIGN},
    {"hash", COLUMN_DIGEST, SIGN},
    {"status", COLUMN_STATUS, MAY},
    {"subscriptionstatus", COLUMN_STATUS, MAY},
    {"emailmarketingconsent", COLUMN_STATUS, MAY},
    {"emailstatus", COLUMN_STATUS, MAY},
    {"donotemail", COLUMN_OPTED_OUT, MAY},
    {"unsubscribed", COLUMN_OPTED_OUT, MAY},
    {"unsubscribedfromallemail", COLUMN_OPTED_OUT, MAY},
    {"optedoutofallemail", COLUMN_OPTED_OUT, MAY},
    {"optedout", COLUMN_OPTED_OUT, MAY},
    {"optout", COLUMN_OPTED_OUT, MAY},
    {"emailoptout", COLUMN_OPTED_OUT, MAY},
    {"hasoptedoutofemail", COLUMN_OPTED_OUT, MAY},
    {"hsemailoptout", COLUMN_OPTED_OUT, MAY},
    {"emailblacklisted", COLUMN_OPTED_OUT, MAY},
    {"blacklisted", COLUMN_OPTED_OUT, MAY},
    {"blocklisted", COLUMN_OPTED_OUT, MAY},
    {"suppressed", COLUMN_OPTED_OUT, MAY},
    {"abgemeldet", COLUMN_OPTED_OUT, MAY},
    {"bounced", COLUMN_BOUNCED, MAY},
    {"hardbounced", COLUMN_BOUNCED, MAY},
    {"unsubscribedat", COLUMN_OUT_SINCE, MAY},
    {"unsubscribedate", COLUMN_OUT_SINCE, MAY},
    {"unsubscribetime", COLUMN_OUT_SINCE, MAY},
    {"unsubscribedon", COLUMN_OUT_SINCE, MAY},
    {"optedoutat", COLUMN_OUT_SINCE, MAY},
    {"optoutdate", COLUMN_OUT_SINCE, MAY},
    {"optouttime", COLUMN_OUT_SINCE, MAY},
    {"abgemeldetam", COLUMN_OUT_SINCE, MAY},
    END};
static const struct format_status contact_statuses[] = {OPT_OUT("unsubscribed", REASON_UNSUBSCRIBE),
                                                        OPT_OUT("unsubscribe", REASON_UNSUBSCRIBE),
                                                        OPT_OUT("unsub", REASON_UNSUBSCRIBE),
                                                        OPT_OUT("optout", REASON_UNSUBSCRIBE),
                                                        OPT_OUT("optedout", REASON_UNSUBSCRIBE),
                                                        OPT_OUT("abgemeldet", REASON_UNSUBSCRIBE),
                                                        OPT_OUT("donotemail", REASON_UNSUBSCRIBE),
                                                        OPT_OUT("donotmail", REASON_UNSUBSCRIBE),
                                                        OPT_OUT("suppressed", REASON_OTHER),
                                                        OPT_OUT("blocklisted", REASON_OTHER),
                                                        OPT_OUT("blacklisted", REASON_OTHER),
                                                        OPT_OUT("complaint", REASON_COMPLAINT),
                                                        OPT_OUT("complained", REASON_COMPLAINT),
                                                        OPT_OUT("spam", REASON_COMPLAINT),
                                                        OPT_OUT("spamcomplaint", REASON_COMPLAINT),
                                                        OPT_OUT("spamreport", REASON_COMPLAINT),
                                                        BLOCK("bounce", REASON_BOUNCE),
                                                        BLOCK("bounced", REASON_BOUNCE),
                                                        BLOCK("hardbounce", REASON_BOUNCE),
                                                        BLOCK("hardbounced", REASON_BOUNCE),
                                                        BLOCK("cleaned", REASON_BOUNCE),
                                                        BLOCK("softbounce", REASON_SOFT_BOUNCE),
                                                        BLOCK("softbounced", REASON_SOFT_BOUNCE),
                                                        BLOCK("invalid", REASON_INVALID),
                                                        BLOCK("paused", REASON_PAUSE),
                                                        OPT_IN("subscribed"),
                                                        OPT_IN("optin"),
                                                        OPT_IN("optedin"),
                                                        OPT_IN("confirmed"),
                                                        OPT_IN("angemeldet"),
                                                        NOTHING("active"),
                                                        NOTHING("enabled"),
                                                        NOTHING("neversubscribed"),
                                                        NOTHING("nonsubscribed"),
                                                        NOTHING("notsubscribed"),
                                                        NOTHING("unconfirmed"),
                                                        NOTHING("pending"),
                                                        NOTHING(""),
                                                        END};

#define MAILCHIMP(file_part, row_kind, row_reason, is_clear)                                       \
    .file = file_part, .columns = mailchimp_columns, .origins = mailchimp_origins,                 \
    .what = row_kind, .reason = row_reason, .says = is_clear

const struct format formats[] = {
    {.name = "optout",
     .aliases = " csv ndjson optout-milter ",
     .title = "our own export",
     .columns = own_columns,
     .statuses = own_kinds,
     .what = ROW_REJECTED,
     .says = true,
     .own = true},
    {.name = "mailgun",
     .title = "Mailgun, unsubscribes",
     .columns = mailgun_columns,
     .closed = true,
     .what = ROW_OPT_OUT,
     .reason = REASON_UNSUBSCRIBE,
     .says = true},
    {.name = "mailgun-bounces",
     .title = "Mailgun, bounces",
     .columns = mailgun_bounce_columns,
     .closed = true,
     .what = ROW_BLOCK,
     .reason = REASON_BOUNCE,
     .says = true},
    {.name = "mailgun-complaints",
     .title = "Mailgun, complaints",
     .columns = mailgun_complaint_columns,
     .closed = true,
     .what = ROW_OPT_OUT,
     .reason = REASON_COMPLAINT,
     .says = true},
    {.name = "ses",
     .aliases = " amazon aws ",
     .title = "Amazon SES",
     .columns = ses_columns,
     .places = 2,
     .closed = true,
     .statuses = ses_statuses,
     .what = ROW_REJECTED,
     .says = true},
    {.name = "sendgrid",
     .title = "SendGrid, unsubscribes",
     .columns = sendgrid_columns,
     .closed = true,
     .what = ROW_OPT_OUT,
     .reason = REASON_UNSUBSCRIBE,
     .says = true},
    /* Blocks look like bounces, and are none: SendGrid itself goes on mailing them. */
    {.name = "sendgrid-blocks",
     .title = "SendGrid, blocks, which are no opt-outs",
     .file = "block",
     .columns = sendgrid_bounce_columns,
     .closed = true,
     .what = ROW_NOTHING,
     .says = true},
    {.name = "sendgrid-bounces",
     .title = "SendGrid, bounces",
     .columns = sendgrid_bounce_columns,
     .closed = true,
     .what = ROW_BLOCK,
     .reason = REASON_BOUNCE,
     .says = true},
    {.name = "sendgrid-spam",
     .title = "SendGrid, spam reports",
     .columns = sendgrid_spam_columns,
     .closed = true,
     .what = ROW_OPT_OUT,
     .reason = REASON_COMPLAINT,
     .says = true},
    {.name = "sendgrid-invalid",
     .title = "SendGrid, invalid addresses",
     .columns = sendgrid_invalid_columns,
     .closed = true,
     .what = ROW_BLOCK,
     .reason = REASON_INVALID,
     .says = true},
    {.name = "sparkpost",
     .title = "SparkPost",
     .columns = sparkpost_columns,
     .closed = true,
     .statuses = sparkpost_statuses,
     .origins = sparkpost_origins,
     .what = ROW_REJECTED,
     .says = true},
    {.name = "mandrill",
     .title = "Mandrill",
     .columns = mandrill_columns,
     .closed = true,
     .statuses = mandrill_statuses,
     .what = ROW_REJECTED,
     .says = true},
    {.name = "postmark",
     .title = "Postmark",
     .columns = postmark_columns,
     .closed = true,
     .statuses = postmark_statuses,
     .origins = postmark_origins,
     .what = ROW_REJECTED,
     .says = true},
    {.name = "mailchimp-unsubscribed",
     .title = "Mailchimp, unsubscribed",
     MAILCHIMP("unsubscribed", ROW_OPT_OUT, REASON_UNSUBSCRIBE, true)},
    {.name = "mailchimp-cleaned",
     .title = "Mailchimp, cleaned",
     MAILCHIMP("cleaned", ROW_BLOCK, REASON_BOUNCE, true)},
    {.name = "mailchimp-nonsubscribed",
     .title = "Mailchimp, non-subscribed",
     MAILCHIMP("nonsubscribed", ROW_NOTHING, REASON_NONE, true)},
    {.name = "mailchimp-subscribed",
     .title = "Mailchimp, subscribed",
     MAILCHIMP("subscribed", ROW_OPT_IN, REASON_CONSENT, true)},
    {.name = "mailchimp",
     .title = "Mailchimp, told by its columns",
     MAILCHIMP(NULL, ROW_NOTHING, REASON_NONE, false)},
    {.name = "mautic", .title = "Mautic", .columns = mautic_columns, .what = ROW_NOTHING},
    {.name = "listmonk",
     .title = "listmonk",
     .columns = listmonk_columns,
     .closed = true,
     .statuses = listmonk_statuses,
     .what = ROW_NOTHING},
    {.name = "cloudflare",
     .title = "Cloudflare",
     .columns = cloudflare_columns,
     .places = 3,
     .hidden = true,
     .what = ROW_OPT_OUT,
     .reason = REASON_NONE,
     .says = true,
     .end_is_block = true},
    {.name = "plain",
     .aliases = " text sha256 ",
     .title = "addresses or SHA-256 hashes, one a line",
     .columns = plain_columns,
     .places = 1,
     .hidden = true,
     .what = ROW_NOTHING},
    {.name = "contacts",
     .aliases = " brevo hubspot klaviyo generic ",
     .title = "contacts: any columns, one of them with addresses",
     .columns = contact_columns,
     .statuses = contact_statuses,
     .what = ROW_NOTHING},
};

const size_t format_count = sizeof formats / sizeof *formats;
