#include "tool/choices/whom.h"

#include "tool/choices/rows.h"

#include <errno.h>
#include <string.h>

/* The subject of what a row tells. 0, FAULT_SUBJECT, ERR_CRYPTO. */
static int find_subject(struct site *site, const struct row_who *who, struct subject *subject)
{
    if (who->has_address)
        return subject_of_address(site->hasher, who->address.text, who->address.length, subject);
    if (who->has_digest)
        return subject_of_digest(site->hasher, who->digest, subject);
    if (memcmp(who->key, site->lookup.fingerprint, sizeof who->key) != 0)
        return FAULT_SUBJECT;
    *subject = who->subject;
    return 0;
}

/* What the list knows of one of whom the row tells no address. */
static int ask_address(struct site *site, struct whom *whom)
{
    struct list_identity identity;

    int code = list_identity(site->list_view, &whom->subject, &site->pool, &identity);
    if (code || !identity.address)
        return code;
    whom->domain = *identity.address == '@';
    code = whom->domain ? address_parse_domain(identity.address, &whom->address)
                        : address_parse(identity.address, &whom->address);
    whom->has_address = code == 0;
    return code;
}

int whom_find(struct site *site, const struct row_who *who, struct whom *whom, struct error *why)
{
    whom->has_address = who->has_address;
    whom->domain = who->has_address && who->domain;
    if (who->has_address)
        whom->address = who->address;
    int code = find_subject(site, who, &whom->subject);
    if (code == 0 && !who->has_address)
        code = ask_address(site, whom);
    return code < 0 ? site_explain(site, code, why) : code;
}

int whom_rows(struct site *site, const struct whom *whom, int64_t now, struct choice **rows,
              size_t *count, struct error *why)
{
    int code;

    if (whom->has_address) {
        code = rows_read(site, LIST_STANDING, &whom->address, rows, count, NULL, why);
    } else {
        code = list_read(site->list_view, LIST_STANDING, &whom->subject, false, &site->pool, rows,
                         count, NULL);
        if (code)
            site_explain(site, code, why);
    }
    if (code == 0)
        *count = rows_keep_standing(*rows, *count, now);
    return code;
}
