#include "tool/choices/rows.h"

#include <errno.h>
#include <string.h>

struct part {
    struct choice *rows;
    struct event_name *by;
    size_t count;
};

/* `from`: where in the address the text of the subject begins, 0 for all of it. */
static int read_part(struct site *site, enum list_rows which, const struct address *address,
                     size_t from, struct part *part, struct error *why)
{
    struct subject subject;
    bool domain = address->text[from] == '@';

    int code =
        subject_of_address(site->hasher, address->text + from, address->length - from, &subject);
    if (code)
        return error_set(why, code, "no keyed hash: %s", error_name(code));
    code = list_read(site->list_view, which, &subject, domain, &site->pool, &part->rows,
                     &part->count, &part->by);
    return code ? site_explain(site, code, why) : 0;
}

int rows_read(struct site *site, enum list_rows which, const struct address *address,
              struct choice **rows, size_t *count, struct event_name **withdrawn_by,
              struct error *why)
{
    struct part own = {0}, of_domain = {0};

    int code = read_part(site, which, address, 0, &own, why);
    if (code == 0 && address->at > 0)
        code = read_part(site, which, address, address->at, &of_domain, why);
    if (code)
        return code;
    size_t n = own.count + of_domain.count;
    struct choice *all = pool_take(&site->pool, (n + 1) * sizeof *all);
    struct event_name *by = pool_take(&site->pool, (n + 1) * sizeof *by);
    if (!all || !by)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        const struct part *part = i < own.count ? &own : &of_domain;
        size_t j = i < own.count ? i : i - own.count;
        all[i] = part->rows[j];
        all[i].domain = part == &of_domain || address->at == 0;
        by[i] = part->by[j];
    }
    *rows = all;
    *count = n;
    if (withdrawn_by)
        *withdrawn_by = by;
    return 0;
}

size_t rows_keep_standing(struct choice *rows, size_t count, int64_t now)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (choice_stands(&rows[i], now))
            rows[n++] = rows[i];
    return n;
}

/* Whether the row keeps back mail of this scope. `scratch` has room for all rows. */
static bool keeps_back(const struct choice *rows, size_t count, const struct choice *row,
                       const char *scope, int64_t now, const struct choice **scratch)
{
    size_t n;
    if (choice_decide(rows, count, scope, false, now, scratch, &n) != DECISION_OPTED_OUT)
        return false;
    for (size_t i = 0; i < n; i++)
        if (scratch[i] == row)
            return true;
    return false;
}

int rows_keeping_back(const struct choice *rows, size_t count, const char *scope, int64_t now,
                      struct pool *pool, const struct choice ***keeping, size_t *keeping_count)
{
    const struct choice **found = pool_take(pool, (2 * count + 1) * sizeof *found);
    size_t n = 0;
    if (!found)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        if (rows[i].kind != CHOICE_OPT_IN &&
            keeps_back(rows, count, &rows[i], scope ? scope : rows[i].scope, now, found + count))
            found[n++] = &rows[i];
    *keeping = found;
    *keeping_count = n;
    return 0;
}
