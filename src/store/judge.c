#include "store/judge.h"

#include <errno.h>
#include <string.h>

static int read_domain_rows(struct list_view *view, struct subject_hasher *hasher,
                            const struct address *address, struct pool *pool, struct choice **rows,
                            size_t *count)
{
    struct subject domain;
    bool any;

    int code = list_has_domains(view, &any);
    if (code == 0 && !any) {
        *count = 0;
        return 0;
    }
    if (code == 0)
        code = subject_of_address(hasher, address->text + address->at,
                                  address->length - address->at, &domain);
    return code ? code : list_read(view, LIST_STANDING, &domain, true, pool, rows, count, NULL);
}

/* All rows that count for an address: its own, and those of its domain. */
static int read_rows(struct list_view *view, struct subject_hasher *hasher,
                     const struct address *address, struct subject *subject, struct pool *pool,
                     struct choice **rows, size_t *count)
{
    struct choice *own, *of_domain;
    size_t own_count, domain_count;

    int code = subject_of_address(hasher, address->text, address->length, subject);
    if (code == 0)
        code = list_read(view, LIST_STANDING, subject, false, pool, &own, &own_count, NULL);
    if (code == 0)
        code = read_domain_rows(view, hasher, address, pool, &of_domain, &domain_count);
    if (code)
        return code;
    if (domain_count == 0) {
        *rows = own;
        *count = own_count;
        return 0;
    }
    struct choice *all = pool_take(pool, (own_count + domain_count) * sizeof *all);
    if (!all)
        return -ENOMEM;
    if (own_count)
        memcpy(all, own, own_count * sizeof *all);
    memcpy(all + own_count, of_domain, domain_count * sizeof *all);
    *rows = all;
    *count = own_count + domain_count;
    return 0;
}

/* Applies the rule to the rows. */
static int decide(const struct choice *rows, size_t count, const char *scope, bool consent_asked,
                  int64_t now, struct pool *pool, struct judged *result)
{
    const struct choice **deciding = pool_take(pool, (count + 1) * sizeof *deciding);
    if (!deciding)
        return -ENOMEM;
    result->state = RECIPIENT_FREE;
    switch (
        choice_decide(rows, count, scope, consent_asked, now, deciding, &result->deciding_count)) {
    case DECISION_OPTED_OUT:
        result->state = RECIPIENT_OPTED_OUT;
        break;
    case DECISION_NO_CONSENT:
        result->state = RECIPIENT_NO_CONSENT;
        break;
    case DECISION_MAY_BE_MAILED:
        break;
    }
    result->deciding = deciding;
    return 0;
}

int judge_address(struct list_view *view, struct subject_hasher *hasher,
                  const struct address *address, const char *scope, bool consent_asked, int64_t now,
                  struct pool *pool, struct judged *judged)
{
    struct judged result = {.has_subject = true};
    struct choice *rows;
    size_t count;

    if (address_is_routed(address)) {
        *judged = (struct judged){.state = RECIPIENT_UNREADABLE};
        return 0;
    }
    int code = list_check_loss(view);
    if (code == 0)
        code = read_rows(view, hasher, address, &result.subject, pool, &rows, &count);
    if (code == 0)
        code = decide(rows, count, scope, consent_asked, now, pool, &result);
    if (code == 0)
        *judged = result;
    return code;
}

int judge_subject(struct list_view *view, const struct subject *subject, const char *scope,
                  bool consent_asked, int64_t now, struct pool *pool, struct judged *judged)
{
    struct judged result = {.has_subject = true, .subject = *subject};
    struct choice *rows;
    size_t count;
    bool domains;

    int code = list_check_loss(view);
    if (code == 0)
        code = list_read(view, LIST_STANDING, subject, false, pool, &rows, &count, NULL);
    if (code == 0)
        code = list_has_domains(view, &domains);
    if (code == 0)
        code = decide(rows, count, scope, consent_asked, now, pool, &result);
    if (code)
        return code;
    if (domains && result.state == RECIPIENT_FREE)
        result.state = RECIPIENT_UNKNOWN;
    *judged = result;
    return 0;
}

static int judge_one(struct list_view *view, struct subject_hasher *hasher,
                     const struct stream *stream, const struct recipient *recipient, int64_t now,
                     struct pool *pool, struct judged *judged)
{
    int code = 0;

    *judged = (struct judged){.state = RECIPIENT_UNKNOWN};
    if (recipient->companion)
        judged->state = RECIPIENT_COMPANION;
    else if (recipient->problem)
        judged->state = RECIPIENT_UNREADABLE;
    else if (view && hasher)
        code = judge_address(view, hasher, &recipient->address, stream->scope,
                             stream->consent == CONSENT_OPT_IN, now, pool, judged);
    if (recipient_is_kept_back(judged->state) && !address_is_removable(recipient->given))
        judged->state = RECIPIENT_UNREMOVABLE;
    return code;
}

int judge_recipients(struct list_view *view, struct subject_hasher *hasher,
                     const struct stream *stream, const struct recipient *recipients, size_t count,
                     int64_t now, struct pool *pool, struct judged *judged)
{
    int first = view ? list_scope_known(view, stream->scope) : 0;
    if (first)
        view = NULL;
    for (size_t i = 0; i < count; i++) {
        int code = judge_one(view, hasher, stream, &recipients[i], now, pool, &judged[i]);
        if (first == 0)
            first = code;
    }
    return first;
}
